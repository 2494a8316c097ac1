"""Each kind of relation, walked row by row, and the same walks with the rows loaded beforehand."""

from django.contrib.auth.models import User
from django.db.models import Prefetch, prefetch_related_objects

from tests.labelled.models import (
    Category,
    Comment,
    Company,
    Invoice,
    Membership,
    Office,
    OpenTask,
    Person,
    Place,
    Product,
    Profile,
    Project,
    Task,
)
from tests.labelled.suite import case, n_plus_one, nested


@case(n_plus_one("Project.lead"))
def forward_key():
    """A list that names each row's owner (category: forward foreign key)."""
    for project in Project.objects.all():  # loop
        project.lead.name  # query


@case(n_plus_one("Task.assignee"))
def forward_key_that_may_be_null():
    """Half of the rows have no partner, so half of them query (category: forward foreign key)."""
    Task.objects.filter(title__endswith=".0").update(assignee=None)
    for task in Task.objects.all():  # loop
        if task.assignee:  # query
            task.assignee.name


@case(n_plus_one("Person.profile"))
def reverse_one_to_one():
    """User profiles beside a list of people (zeal#7; category: one-to-one)."""
    for person in Person.objects.all():  # loop
        person.profile.text  # query


@case(n_plus_one("Profile.person"))
def forward_one_to_one():
    """The profile table walked back to its people (category: one-to-one)."""
    for profile in Profile.objects.all():  # loop
        profile.person.name  # query


@case(n_plus_one("Project.tasks"))
def reverse_key():
    """Children of each row (category: reverse foreign key)."""
    for project in Project.objects.all():  # loop
        for task in project.tasks.all():  # query
            task.title


@case(n_plus_one("Project.topics"))
def many_to_many():
    """Tags beside each title (category: many-to-many)."""
    for project in Project.objects.all():  # loop
        ", ".join(topic.name for topic in project.topics.all())  # query


@case(n_plus_one("Project.members"))
def many_to_many_through():
    """A membership table with a role of its own (category: through model)."""
    for project in Project.objects.all():  # loop
        list(project.members.all())  # query


@case(n_plus_one("Project.memberships"), n_plus_one("Membership.person"))
def through_rows_and_their_people():
    """The through rows are loaded by project, the person by row: two causes (category: through model)."""
    for project in Project.objects.all():  # loop Project.memberships
        for membership in project.memberships.all():  # query Project.memberships # loop Membership.person
            membership.person.name  # query Membership.person


@case(n_plus_one("Task.blocked_by"))
def many_to_many_of_self():
    """What blocks each task (category: self relation)."""
    for task in Task.objects.all():  # loop
        list(task.blocked_by.all())  # query


@case(n_plus_one("Person.boss"))
def key_to_self():
    """Each person's manager (category: self relation)."""
    for person in Person.objects.filter(boss__isnull=False):  # loop
        person.boss.name  # query


@case(n_plus_one("Comment.target"))
def generic_key():
    """An activity feed over any model (zeal#66; category: generic relation)."""
    for comment in Comment.objects.filter(projects__isnull=False):  # loop
        comment.target.title  # query


@case(n_plus_one("Project.comments"))
def generic_relation():
    """Comments of each row (category: generic relation)."""
    for project in Project.objects.all():  # loop
        list(project.comments.all())  # query


@case(n_plus_one("Project.company"), n_plus_one("Company.country"))
def chain_of_keys():
    """Two hops on one line are two causes (category: two relations on one line)."""
    for project in Project.objects.all():  # loop
        project.company.country.name  # query


@case(n_plus_one("Project.lead"), n_plus_one("Project.deputy"))
def two_keys_to_one_model_on_one_line():
    """Identical SQL from two sites of one line (design: tried)."""
    for project in Project.objects.all():  # loop
        print(project.lead.name, project.deputy.name, file=_nowhere)  # query


@case(n_plus_one("Project.lead"))
def all_rows_share_one_partner():
    """The identical parameter each time, because the rows share their owner (design: 17 % run so)."""
    lead = Person.objects.order_by("pk")[0]
    Project.objects.update(lead=lead)
    for project in Project.objects.all():  # loop
        project.lead.name  # query


@case(n_plus_one("Project.body"))
def deferred_column():
    """A text column left out of the list and then shown (zeal#57; category: deferred fields)."""
    for project in Project.objects.defer("body"):  # loop
        len(project.body)  # query


@case(n_plus_one("Task.notes"))
def column_left_out_by_only():
    """`only()` that forgot a column (category: deferred fields)."""
    for task in Task.objects.only("title"):  # loop
        task.notes  # query


@case(n_plus_one("Place.office"))
def child_of_multi_table_inheritance():
    """Each place asks for its subclass's row (nplusone#39; category: inheritance)."""
    for place in Place.objects.all():  # loop
        place.office.desks  # query


@case(n_plus_one("OpenTask.assignee|Task.assignee"), also=(OpenTask,))
def key_of_a_proxy():
    """A proxy model with a property (category: proxy model)."""
    for task in OpenTask.objects.all():  # loop
        task.owner


@case(n_plus_one("User.groups"))
def groups_of_users():
    """A user list with its groups (category: auth)."""
    for user in User.objects.all():  # loop
        [group.name for group in user.groups.all()]  # query


@case(n_plus_one("Company.projects"), nested("Project.tasks"))
def nested_children():
    """Three levels without a prefetch: N and N times M (category: nested)."""
    for company in Company.objects.all():  # loop Company.projects
        for project in company.projects.all():  # query Company.projects # loop Project.tasks
            for task in project.tasks.all():  # query Project.tasks
                task.title


@case(n_plus_one("Task.assignee"))
def key_of_prefetched_children():
    """The prefetch stops one hop short (category: prefetch)."""
    for project in Project.objects.prefetch_related("tasks"):
        for task in project.tasks.all():  # loop
            task.assignee.name  # query


@case()
def joined_keys():
    """`select_related` over two hops (category: the fix)."""
    for project in Project.objects.select_related("company__country", "lead", "deputy"):
        project.company.country.name, project.lead.name, project.deputy.name


@case()
def prefetched_children():
    """`prefetch_related` of every many-sided relation (category: the fix)."""
    for project in Project.objects.prefetch_related("tasks", "topics", "members", "comments"):
        list(project.tasks.all()), list(project.topics.all()), list(project.members.all()), list(project.comments.all())


@case()
def prefetch_of_three_levels():
    """One statement a level (category: the fix of the nested loop)."""
    for company in Company.objects.prefetch_related("projects__tasks__assignee"):
        for project in company.projects.all():
            [task.assignee.name for task in project.tasks.all()]


@case()
def prefetched_generic_keys():
    """One statement a content type (zeal#66)."""
    for comment in Comment.objects.prefetch_related("target"):
        comment.target.title


@case()
def two_prefetches_of_one_relation():
    """Two `Prefetch` of one relation: equal SQL on one path, and no loop (design: tried)."""
    queryset = Project.objects.prefetch_related(
        Prefetch("tasks", Task.objects.filter(status="open"), to_attr="open"),
        Prefetch("tasks", Task.objects.filter(status="closed"), to_attr="closed"),
    )
    for project in queryset:
        len(project.open), len(project.closed)


@case()
def prefetch_for_loaded_rows():
    """`prefetch_related_objects` on a list in hand (category: prefetch)."""
    projects = list(Project.objects.all())
    prefetch_related_objects(projects, "tasks", "lead")
    for project in projects:
        list(project.tasks.all()), project.lead.name


@case()
def several_keys_of_one_row():
    """A detail page: each relation of one row once (category: straight-line code)."""
    project = Project.objects.order_by("pk")[0]
    project.lead.name
    project.deputy.name
    project.company.country.name
    list(project.tasks.all())
    list(project.topics.all())


@case()
def keys_without_their_rows():
    """`lead_id` needs no query (category: attribute that looks lazy)."""
    [(project.lead_id, project.company_id) for project in Project.objects.all()]


@case()
def parent_known_from_the_manager():
    """Rows that came through a reverse manager know their parent (category: attribute that looks lazy)."""
    company = Company.objects.order_by("pk")[0]
    [project.company.name for project in company.projects.all()]


@case()
def child_rows_with_their_parent_columns():
    """Multi-table inheritance joins by itself (category: inheritance)."""
    [(office.address, office.desks) for office in Office.objects.all()]


@case()
def related_columns_by_values():
    """`values()` across relations (category: the fix)."""
    [row["lead__name"] for row in Project.objects.values("title", "lead__name", "company__country__name")]


@case()
def one_row_in_a_loop():
    """A loop over a queryset that gives one row: nothing repeats (sentry-python#4887)."""
    for project in Project.objects.filter(title="project 0"):
        project.lead.name


@case()
def loaded_by_a_dictionary():
    """Partners fetched once and looked up by key (category: `in_bulk`)."""
    projects = list(Project.objects.all())
    people = Person.objects.in_bulk([project.lead_id for project in projects])
    [people[project.lead_id].name for project in projects]


@case()
def through_rows_joined():
    """The through rows with their people in one statement (category: the fix)."""
    for membership in Membership.objects.select_related("person", "project"):
        membership.person.name, membership.project.title


@case(n_plus_one("Invoice.project"), n_plus_one("Product.category"))
def two_lists_one_after_the_other():
    """Two loops of one function, each with its cause (category: two loops)."""
    for invoice in Invoice.objects.all():  # loop Invoice.project
        invoice.project.title  # query Invoice.project
    for product in Product.objects.all():  # loop Product.category
        product.category.name  # query Product.category


@case(n_plus_one("Category.parent"))
def parents_of_leaves():
    """Leaves of a tree show their branch (category: self relation)."""
    for category in Category.objects.filter(name__startswith="leaf"):  # loop
        category.parent.name  # query


class _Nowhere:
    def write(self, text):
        pass


_nowhere = _Nowhere()
