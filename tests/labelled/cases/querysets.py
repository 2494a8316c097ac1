"""Questions asked of a queryset for each row: get, first, count, exists, filters and slices."""

from django.db.models import Count, Exists, F, OuterRef, Prefetch, Q, Subquery, Sum

from tests.labelled.models import Company, InvoiceLine, Membership, Person, Product, Project, Task, Translation
from tests.labelled.suite import case, n_plus_one, repeated_in_loop


@case(n_plus_one("Person"))
def get_by_key_of_row():
    """`.get()` in a loop (zeal#7)."""
    for project in Project.objects.all():  # loop
        Person.objects.get(pk=project.lead_id)  # query


@case(n_plus_one("Project"))
def get_by_key_of_values():
    """The rows are plain values; still each asks again (category: provenance from values)."""
    for key in list(Task.objects.values_list("project_id", flat=True)):  # loop
        Project.objects.get(pk=key)  # query


@case(n_plus_one("Person"))
def get_by_column_of_a_values_row():
    """`values()` rows as dictionaries (category: provenance from values)."""
    for row in Project.objects.values("title", "lead_id"):  # loop
        Person.objects.filter(pk=row["lead_id"]).values_list("name", flat=True).get()  # query


@case(n_plus_one("Project.tasks"))
def first_of_related():
    """`.first()` on a reverse manager (category of field.md: peers miss `.filter().first()`)."""
    for project in Project.objects.all():  # loop
        project.tasks.order_by("title").first()  # query


@case(n_plus_one("Project.tasks"))
def count_of_related():
    """A badge with the number of children (category: `.count()` loops)."""
    for project in Project.objects.all():  # loop
        project.tasks.count()  # query


@case(n_plus_one("Project.members"))
def existence_of_related():
    """`.exists()` for each row (category: `.exists()` loops)."""
    for project in Project.objects.all():  # loop
        project.members.exists()  # query


@case(n_plus_one("Project.tasks"))
def filter_defeats_the_prefetch():
    """`.filter()` on a prefetched relation asks again (category: prefetch defeated)."""
    for project in Project.objects.prefetch_related("tasks"):  # loop
        list(project.tasks.filter(status="open"))  # query


@case(n_plus_one("Project.topics"))
def order_defeats_the_prefetch():
    """`.order_by()` on a prefetched relation asks again (category: prefetch defeated)."""
    for project in Project.objects.prefetch_related("topics"):  # loop
        list(project.topics.order_by("name"))  # query


@case(n_plus_one("Project.tasks"))
def first_defeats_the_prefetch():
    """`.first()` on a prefetched relation without an order of its own asks again (nplusone#39)."""
    for project in Project.objects.prefetch_related("tasks"):  # loop
        project.tasks.filter(hours__gt=0).first()  # query


@case(n_plus_one("Project.tasks"))
def sum_for_each_row():
    """An aggregate for each row (category: aggregates)."""
    for project in Project.objects.all():  # loop
        project.tasks.aggregate(Sum("hours"))  # query


@case(n_plus_one("Project.memberships|Membership"))
def existence_by_own_filter():
    """A permission check written as a filter on the other table (category: `.exists()` loops)."""
    for project in Project.objects.all():  # loop
        Membership.objects.filter(project=project, role="owner").exists()  # query


@case(n_plus_one("Translation|Product.translations"))
def translation_of_each_row():
    """The text in the reader's language, row by row (category: translations)."""
    for product in Product.objects.all():  # loop
        Translation.objects.filter(product_id=product.pk, language__code="de").first()  # query


@case(n_plus_one("Project.tasks"), n_plus_one("Project.topics"))
def existence_then_rows():
    """Two different questions for each row (category: two relations)."""
    for project in Project.objects.all():  # loop
        if project.tasks.exists():  # query Project.tasks
            list(project.topics.all())  # query Project.topics


@case(n_plus_one("Project"))
def refresh_of_each_row():
    """`refresh_from_db()` of every row of a list (zeal#7)."""
    for project in list(Project.objects.all()):  # loop
        project.refresh_from_db()  # query


@case(n_plus_one("Task"))
def list_of_differing_length():
    """`IN` lists of differing width, one for each row (design: what peers get wrong)."""
    for number, project in enumerate(Project.objects.all(), 1):  # loop
        list(Task.objects.filter(project_id=project.pk, hours__in=list(range(number))))  # query


@case(n_plus_one("Project.tasks"))
def slice_of_related():
    """The last three comments of each row (category: slices)."""
    for project in Project.objects.all():  # loop
        list(project.tasks.order_by("-pk")[:3])  # query


@case(n_plus_one("Company.people"))
def loop_over_a_dictionary_of_rows():
    """The rows went through `in_bulk` first (category: provenance)."""
    companies = Company.objects.in_bulk()
    for key in companies:  # loop
        list(companies[key].people.all())  # query


@case()
def annotated_counts():
    """Counts by annotation (category: the fix)."""
    for project in Project.objects.annotate(count=Count("tasks"), hours=Sum("tasks__hours")):
        project.count, project.hours


@case()
def annotated_existence():
    """A subquery instead of a question a row (category: the fix)."""
    owners = Membership.objects.filter(project=OuterRef("pk"), role="owner")
    [project.owned for project in Project.objects.annotate(owned=Exists(owners))]


@case()
def annotated_first():
    """The newest child by a subquery (category: the fix)."""
    newest = Task.objects.filter(project=OuterRef("pk")).order_by("-pk")
    [project.newest for project in Project.objects.annotate(newest=Subquery(newest.values("title")[:1]))]


@case()
def filtered_prefetch():
    """`Prefetch` with a queryset of its own (category: the fix)."""
    tasks = Prefetch("tasks", Task.objects.filter(status="open"), to_attr="open")
    [len(project.open) for project in Project.objects.prefetch_related(tasks)]


@case()
def questions_on_lines_of_their_own():
    """A dashboard: equal shapes on three lines, other parameters (design: straight-line code)."""
    Task.objects.filter(status="open").count()
    Task.objects.filter(status="waiting").count()
    Task.objects.filter(status="closed").count()


@case()
def two_questions_on_one_line():
    """Two equal shapes from two sites of one line (design: two sites on one source line)."""
    Task.objects.filter(status="open").count() + Task.objects.filter(status="closed").count()


@case()
def rows_of_all_keys():
    """The keys first, then one `IN` (category: the fix)."""
    keys = list(Project.objects.values_list("lead_id", flat=True))
    list(Person.objects.filter(pk__in=keys))


@case()
def count_of_prefetched():
    """`len()` and `.count()` of a prefetched relation ask nothing (category: the fix)."""
    for project in Project.objects.prefetch_related("tasks"):
        project.tasks.count(), len(project.tasks.all()), project.tasks.exists()


@case()
def filters_built_in_a_loop():
    """A queryset narrowed row by row and sent once (category: lazy querysets)."""
    wanted = Q()
    for project in Project.objects.all():
        wanted |= Q(project=project)
    list(Task.objects.filter(wanted))


@case()
def querysets_built_and_never_sent():
    """One lazy queryset for each row, none evaluated (category: lazy querysets)."""
    [project.tasks.filter(status="open") for project in Project.objects.all()]


@case(repeated_in_loop("Task"))
def count_for_each_status():
    """The tabs of a list, one count a status (design: `for s in ("open", "closed")`)."""
    for status in Task.STATUSES:  # loop
        Task.objects.filter(status=status).count()  # query


@case()
def last_rows_of_a_table():
    """`.first()`, `.last()`, `.latest()` once each (category: straight-line code)."""
    Task.objects.order_by("pk").first()
    Task.objects.order_by("pk").last()
    Task.objects.latest("pk")


@case()
def grouped_in_python():
    """Lines loaded once and grouped by a dictionary (category: the fix)."""
    lines = {}
    for line in InvoiceLine.objects.annotate(project=F("invoice__project")):
        lines.setdefault(line.project, []).append(line.amount)
    [lines.get(project.pk) for project in Project.objects.all()]
