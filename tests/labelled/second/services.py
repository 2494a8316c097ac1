"""Python between the rows and the query: layers, presenters, dispatch, encoders, caches, permissions."""

import json
from functools import lru_cache, singledispatch
from operator import attrgetter

from django.contrib.auth.models import User
from django.core.cache import cache
from django.db.models.signals import pre_save
from django.utils.functional import cached_property

from tests.labelled.models import (
    Company,
    Entry,
    Invoice,
    Language,
    Membership,
    OpenTask,
    Option,
    Person,
    Product,
    Project,
    Task,
    Translation,
)
from tests.labelled.suite import case, duplicate, n_plus_one, repeated_in_loop, write_loop


class Card:
    """What a page shows of a project."""

    def __init__(self, project):
        self.project = project

    @cached_property
    def owner(self):
        return self.project.lead.name  # query

    def as_text(self):
        return f"{self.project.title} by {self.owner}, {self.owner.upper()}"


class Repository:
    def company_of(self, project):
        return project.company  # query


class Service:
    def __init__(self, repository):
        self.repository = repository

    def describe(self, project):
        return {"title": project.title, "company": self.repository.company_of(project).name}


class Controller:
    def __init__(self):
        self.service = Service(Repository())

    def answer(self):
        return json.dumps(list(map(self.service.describe, Project.objects.all())))  # loop


class PersonEncoder(json.JSONEncoder):
    def default(self, value):
        if isinstance(value, Person):
            return {"name": value.name, "company": value.company.name}  # query
        return super().default(value)


@singledispatch
def owner_of(row):
    raise TypeError(type(row))


@owner_of.register(Project)
def owner_of_project(project):
    return project.deputy.name  # query Project.deputy


@owner_of.register(Task)
def owner_of_task(task):
    return task.project.title  # query Task.project


def numbered_invoice(project):
    last = Invoice.objects.filter(project=project).order_by("-month").first()  # query
    return Invoice.objects.create(project=project, month=last.month + 1)  # query


def visible(node, depth=0):
    """The entries of a menu that an option switches on; the menu is a constant."""
    shown = Option.objects.filter(key=node["option"]).exists()  # query
    return shown and [visible(child, depth + 1) for child in node.get("children", ())]  # loop


MENU = {
    "option": "theme",
    "children": [
        {"option": "footer", "children": [{"option": "currency"}, {"option": "timezone"}]},
        {"option": "currency"},
    ],
}


@case(n_plus_one("Project.company"), also=(Controller.answer, Repository.company_of))
def layers_of_objects():
    """A controller, a service and a repository between the loop and the key (sentry#42977: where in my code)."""
    Controller().answer()


@case(n_plus_one("Project.lead"), also=(Card,))
def cached_property_of_each_row():
    """A cached property helps within a row, and each row asks once (category: cached_property)."""
    [Card(project).as_text() for project in Project.objects.all()]  # loop


@case(n_plus_one("Person.company"), also=(PersonEncoder,))
def rows_met_by_an_encoder():
    """The encoder in C calls back for each row that it meets (design: JSON encoder)."""
    json.dumps({"people": list(Person.objects.all())}, cls=PersonEncoder)  # loop


@case(n_plus_one("Project.deputy"), n_plus_one("Task.project"), also=(owner_of_project, owner_of_task))
def dispatched_by_type():
    """A mixed list of rows, dispatched by their types (category: helper layers)."""
    rows = [*Project.objects.all(), *Task.objects.all()]
    [owner_of(row) for row in rows]  # loop


@case(n_plus_one("Project.lead"))
def getter_over_a_key():
    """`attrgetter` follows a key with no frame of Python between (category: loops in C)."""
    sorted(Project.objects.all(), key=attrgetter("lead.name"))  # query # loop


@case(n_plus_one("OpenTask|Task"))
def manager_of_a_proxy_for_each_row():
    """A manager of the project's own narrows for each row (category: managers)."""
    for project in Project.objects.all():  # loop
        OpenTask.objects.filter(project=project).earliest("pk").title  # query


@case(n_plus_one("Invoice"), write_loop("Invoice"), also=(numbered_invoice,))
def next_number_of_each_row():
    """The last number is read and the next row written, in a service (category: services that write)."""
    for project in Project.objects.all():  # loop
        numbered_invoice(project)


@case(n_plus_one("Permission"))
def permission_of_each_user():
    """`has_perm` of each user loads that user's permissions (guardian#799)."""
    for user in User.objects.filter(is_active=True):  # loop
        user.has_perm("labelled.view_task")  # query


@case(n_plus_one("Person"))
def memoized_by_key():
    """A memo keyed by a row's key is missed by each row (pytest-django#1156: caches that are warm in tests)."""

    @lru_cache(maxsize=None)
    def person(key):
        return Person.objects.get(pk=key)  # query

    [person(project.lead_id).name for project in Project.objects.all()]  # loop


@case(n_plus_one("Company.places"))
def rows_without_children():
    """Each question finds nothing, and is asked all the same (nplusone#13)."""
    for company in Company.objects.all():  # loop
        list(company.places.filter(address="nowhere"))  # query


@case(repeated_in_loop("Language"))
def memoized_small_table():
    """A memo over three languages: three statements for any number of translations (category: caches)."""
    known = {}
    for translation in Translation.objects.all():  # loop
        if translation.language_id not in known:
            known[translation.language_id] = Language.objects.get(pk=translation.language_id)  # query
        known[translation.language_id].code


@case()
def permissions_of_one_user():
    """One user's permissions are loaded once, whatever the number of rows (category: caches)."""
    user = User.objects.order_by("pk")[0]
    [user.has_perm("labelled.view_task") for _ in Task.objects.all()]


@case(duplicate("Permission"))
def user_loaded_twice_with_permissions():
    """Two layers load one user and ask for its permissions (django-beam#127: `has_perm` loads again)."""
    for_view = User.objects.get(pk=1)
    for_view.has_perm("labelled.view_task")  # query
    for_template = User.objects.get(pk=1)
    for_template.has_perm("labelled.view_task")  # query


@case(duplicate("Option"))
def warmed_up_twice():
    """A warm-up that may run again: startup and first request both run it (category: idempotent warm-ups)."""

    def warm_up():
        cache.set_many({option.key: option.value for option in Option.objects.all()})  # query

    warm_up()
    warm_up()


@case()
def missing_ones_filled_at_once():
    """`get_many`, then one query for what the cache did not have (category: the fix)."""
    keys = list(Project.objects.values_list("pk", flat=True))
    known = cache.get_many([f"project-{key}" for key in keys])
    missing = [key for key in keys if f"project-{key}" not in known]
    cache.set_many({f"project-{project.pk}": project.title for project in Project.objects.filter(pk__in=missing)})


@case(duplicate("Option"))
def two_handlers_of_one_save():
    """Two handlers of one saved row read the same setting (bullet#417: callbacks)."""

    def stamp(sender, instance, **kwargs):
        instance.text += Option.objects.get(key="currency").value  # query

    def sign(sender, instance, **kwargs):
        instance.text += Option.objects.get(key="currency").value  # query

    pre_save.connect(stamp, sender=Entry)
    pre_save.connect(sign, sender=Entry)
    try:
        Entry.objects.create(text="one")
    finally:
        pre_save.disconnect(stamp, sender=Entry)
        pre_save.disconnect(sign, sender=Entry)


@case(repeated_in_loop("Option"), also=(visible,))
def menu_of_constants_by_recursion():
    """Recursion over a menu that is written in the code (category: recursion without rows)."""
    visible(MENU)


@case()
def one_created_and_asked_at_once():
    """A row is created and its children asked on several lines (bullet#243)."""
    project = Project.objects.order_by("pk")[0]
    task = Task.objects.create(project=project, title="new")
    task.blocked_by.exists()
    task.comments.exists()
    task.blocks.exists()
    Membership.objects.filter(project=project).count()


@case()
def stock_of_two_products():
    """Source and target of a movement are locked, one after the other (category: select_for_update)."""
    from django.db import transaction

    with transaction.atomic():
        source = Product.objects.select_for_update().get(pk=1)
        target = Product.objects.select_for_update().get(pk=2)
        source.stock, target.stock = source.stock - 1, target.stock + 1
        source.save(update_fields=["stock"])
        target.save(update_fields=["stock"])
