"""Queries behind properties, methods, helpers, dispatchers and decorators."""

import functools

from django.utils.functional import cached_property

from tests.labelled.models import Company, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, repeating_pattern


def name_of_lead(project):
    return project.lead.name  # query


def hours_of(project):
    return sum(task.hours for task in project.tasks.all())  # query


def traced(function):
    @functools.wraps(function)
    def wrapper(*args):
        return function(*args)

    return wrapper


@traced
def name_of_company(project):
    return project.company.name  # query


class Row:
    """A view model around a row."""

    def __init__(self, project):
        self.project = project

    @cached_property
    def members(self):
        return list(self.project.members.all())  # query

    def as_dict(self):
        return {"title": self.project.title, "members": len(self.members)}


class Export:
    """A table with a column for each question, as export packages build it."""

    def __init__(self, columns):
        self.columns = columns

    def rows(self, queryset):
        return [[column(row) for column in self.columns] for row in queryset]  # loop


@case(n_plus_one("Project.company"), n_plus_one("Company.country"), also=(Project.country_name,))
def property_over_two_hops():
    """A property hides two hops (category: properties)."""
    for project in Project.objects.all():  # loop
        project.country_name


@case(n_plus_one("Project.memberships|Membership"), also=(Project.is_staffed,))
def method_with_a_filter():
    """A permission method of the model (category: methods)."""
    [project for project in Project.objects.all() if project.is_staffed()]  # loop


@case(n_plus_one("Project.company"), also=(Project.get_absolute_url,))
def address_of_each_row():
    """`get_absolute_url` follows a key (category: methods)."""
    for project in Project.objects.all():  # loop
        project.get_absolute_url()


@case(n_plus_one("Project.lead"), also=(name_of_lead,))
def helper_of_a_module():
    """A helper that follows a key (category: helpers)."""
    for project in Project.objects.all():  # loop
        name_of_lead(project)


@case(n_plus_one("Project.lead"), also=(name_of_lead,))
def helper_called_from_two_lines():
    """One helper, called in a loop and once outside it (design: two sites)."""
    name_of_lead(Project.objects.order_by("pk")[0])
    for project in Project.objects.all():  # loop
        name_of_lead(project)


@case(n_plus_one("Project.company"), also=(name_of_company,))
def decorated_helper():
    """A decorator's wrapper stands between loop and query (category: helpers)."""
    for project in Project.objects.all():  # loop
        name_of_company(project)


@case(n_plus_one("Project.members"), also=(Row,))
def view_model():
    """A cached property of an object around each row (category: properties)."""
    [Row(project).as_dict() for project in Project.objects.all()]  # loop


@case(
    repeating_pattern("Project.lead|Project.tasks|Project.company"),
    also=(Export, name_of_lead, hours_of, name_of_company),
)
def exported_columns():
    """A, B, C, A, B, C: an export with three asking columns (design: repeating pattern)."""
    Export([name_of_lead, hours_of, name_of_company]).rows(Project.objects.all())


@case(n_plus_one("Project.lead"))
def sorted_by_a_key():
    """The loop is inside `sorted` (category: loops in C)."""
    sorted(Project.objects.all(), key=lambda project: project.lead.name)  # query # loop


@case(n_plus_one("Project.tasks"))
def any_over_rows():
    """`any()` over a generator, which never finds (category: generators)."""
    any(project.tasks.filter(status="lost").exists() for project in Project.objects.all())  # query # loop


@case()
def property_over_joined_rows():
    """The property, with its hops joined (category: the fix)."""
    [project.country_name for project in Project.objects.select_related("company__country")]


@case()
def helper_called_on_two_lines():
    """One helper for two rows, on two lines (design: paths that differ in one offset)."""
    first, second = Project.objects.order_by("pk")[:2]
    name_of_lead(first)
    name_of_lead(second)


@case()
def helper_called_twice_on_one_line():
    """One helper for two rows, on one line (design: two sites on one source line)."""
    first, second = Project.objects.order_by("pk")[:2]
    print(name_of_lead(first), name_of_lead(second), file=open_nowhere())


@case()
def cached_property_asked_often():
    """A cached property of one row, read in a loop (category: caches)."""
    row = Row(Project.objects.order_by("pk")[0])
    for _ in range(5):
        row.as_dict()


@case()
def key_cached_by_the_instance():
    """One row's relation, read in a loop (category: caches)."""
    project = Project.objects.order_by("pk")[0]
    for _ in range(5):
        project.lead.name


@case()
def helpers_of_a_page():
    """A page's three helpers ask one question each (category: straight-line code)."""
    project = Project.objects.order_by("pk")[0]
    name_of_lead(project)
    hours_of(project)
    name_of_company(project)


@case()
def widgets_of_a_dashboard():
    """A loop over a page's widgets, each with a question of its own table (design: constants)."""
    for model in (Task, Project, Person, Company):
        model.objects.count()


@case()
def latest_of_prefetched():
    """A property that only reads what the prefetch brought (category: the fix)."""
    [project.latest_task for project in Project.objects.prefetch_related("tasks")]


def open_nowhere():
    class Nowhere:
        def write(self, text):
            pass

    return Nowhere()
