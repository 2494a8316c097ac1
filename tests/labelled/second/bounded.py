"""Loops whose number of turns is written in the code or in the settings, in many disguises."""

import datetime
from itertools import chain, product

from django.apps import apps
from django.conf import settings
from django.contrib.auth.models import Group
from django.db.models import Count, Max, Min

from tests.labelled.models import Company, Invoice, Person, Project, Task, Translation
from tests.labelled.suite import case, n_plus_one, nested, repeated_in_loop, write_loop


class Widget:
    """A box of a dashboard; which boxes there are is written in the code."""

    def __init__(self, title, **filters):
        self.title = title
        self.filters = filters

    @property
    def number(self):
        return Task.objects.filter(**self.filters).count()  # query


DASHBOARD = [Widget("to do", status="open"), Widget("stuck", status="waiting"), Widget("done", status="closed")]
ROLES = {"editor": "Editors", "author": "Authors", "guest": "Guests"}


def last_days(number):
    today = datetime.date(2024, 3, 10)
    return (today - datetime.timedelta(days=31 * day) for day in range(number))


def invoices_of(day):
    return Invoice.objects.filter(month=day.month).count()  # query


@case(repeated_in_loop("Task"), also=(Widget,))
def boxes_of_a_dashboard():
    """Each box of a dashboard is an object with a question of its own (category: loops over constants)."""
    [(widget.title, widget.number) for widget in DASHBOARD]  # loop


@case(repeated_in_loop("Invoice"), also=(invoices_of,))
def dates_of_a_generator():
    """A chart over the last dates, which a generator makes (category: loops over dates)."""
    {day: invoices_of(day) for day in last_days(5)}  # loop


@case(repeated_in_loop("Translation"))
def languages_of_the_settings():
    """The first languages of Django's own settings (category: loops over settings)."""
    for code, _name in settings.LANGUAGES[:4]:  # loop
        Translation.objects.filter(language__code=code).exists()  # query


@case(repeated_in_loop("Task"))
def cells_of_a_pivot():
    """A table of statuses by hours (category: loops over constants)."""
    for status, hours in product(Task.STATUSES, (1, 8)):  # loop
        Task.objects.filter(status=status, hours=hours).count()  # query


@case(repeated_in_loop("Group"))
def roles_made_sure_of():
    """A handler of `post_migrate` makes sure that the roles exist (category: idempotent warm-ups)."""
    for name in ROLES.values():  # loop
        Group.objects.get_or_create(name=name)  # query


@case(repeated_in_loop("Project"))
def three_featured_rows():
    """Three featured rows, each by its offset (category: a fixed number in spite of the data)."""
    for offset in range(3):  # loop
        Project.objects.order_by("pk")[offset]  # query


@case(repeated_in_loop("Task"))
def thresholds_until_one_holds():
    """The first limit that is not reached ends the loop (category: loops that end early)."""
    for limit in (1, 2, 1000, 2000):  # loop
        if not Task.objects.filter(hours__gte=limit).exists():  # query
            break


@case()
def every_model_counted():
    """A health check counts each model of the app: as many shapes as models (category: loops over models)."""
    {model.__name__: model.objects.count() for model in apps.get_app_config("labelled").get_models()}


@case()
def several_aggregates_of_a_page():
    """Minimum, maximum and number, each on its line (category: aggregates)."""
    Invoice.objects.aggregate(Min("total"))
    Invoice.objects.aggregate(Max("total"))
    Invoice.objects.filter(month=1).aggregate(Count("pk"))
    Invoice.objects.filter(month=2).aggregate(Count("pk"))


@case(n_plus_one("Company.invoices|Invoice"))
def aggregate_of_each_row():
    """A maximum over two tables for each key of a list (category: aggregates in a loop)."""
    for key in keys_of(Company):  # loop
        Invoice.objects.filter(project__company=key).aggregate(Max("total"))  # query


def keys_of(model):
    return list(model.objects.values_list("pk", flat=True))


@case(n_plus_one("Person.led_projects"))
def latest_of_each_row():
    """`latest()` of each row, with an answer for those that have none (category: `.latest()` loops)."""
    for person in Person.objects.all():  # loop
        try:
            person.led_projects.latest("pk")  # query
        except Project.DoesNotExist:
            continue


@case(nested("Invoice"))
def companies_times_projects():
    """Each company with each project, by `itertools.product`: no loop is inside another (category: N x M)."""
    projects = list(Project.objects.all())
    for company, project in product(Company.objects.all(), projects):  # loop
        Invoice.objects.filter(project__company=company, month=project.pk).exists()  # query


@case(n_plus_one("Task.project|Invoice.project"))
def feed_of_two_tables():
    """A feed chains two lists, and each entry follows its key to one table (category: chained querysets)."""
    for entry in chain(Task.objects.all(), Invoice.objects.all()):  # loop
        entry.project.title  # query


@case(write_loop("Project.members|Membership"))
def member_of_each_row():
    """One person joins every project by `add()` (category: m2m add in loops)."""
    person = Person.objects.order_by("pk")[0]
    for project in Project.objects.filter(title__startswith="project"):  # loop
        project.members.add(person, through_defaults={"role": "guest"})  # query


@case()
def three_topics_added():
    """Three `add()` on three lines (prosopite#64)."""
    project = Project.objects.order_by("pk")[0]
    first, second, third = project.topics.model.objects.order_by("-pk")[:3]
    project.topics.add(first)
    project.topics.add(second)
    project.topics.add(third)
