"""`get_or_create` and `update_or_create`, over rows and over constants."""

from django.utils.crypto import get_random_string

from tests.labelled.models import LANGUAGES, OPTIONS, Entry, Language, Option, Person, Product, Project, Task, Topic
from tests.labelled.suite import case, n_plus_one, repeated_in_loop, write_loop


@case(write_loop("Entry"))
def get_or_create_for_each_row():
    """An import that creates what is missing (category: get_or_create)."""
    for project in Project.objects.all():  # loop
        Entry.objects.get_or_create(text=project.title)  # query


@case(write_loop("Entry"))
def update_or_create_for_each_row():
    """A synchronization (category: update_or_create)."""
    for person in Person.objects.all():  # loop
        Entry.objects.update_or_create(text=person.name, defaults={"text": person.name.upper()})  # query


@case(write_loop("Topic"))
def get_or_create_of_imported_names():
    """Rows of a sheet; their number follows the data (category: get_or_create)."""
    names = [f"sheet {key}" for key in Project.objects.values_list("pk", flat=True)]
    for name in names:  # loop
        Topic.objects.get_or_create(name=name)  # query


@case(write_loop("Product"))
def missing_rows_created():
    """`get`, `DoesNotExist`, `create`, by hand (category: get_or_create)."""
    category = Product.objects.select_related("category").order_by("pk")[0].category
    for project in Project.objects.all():  # loop
        try:
            Product.objects.get(name=project.title)  # query
        except Product.DoesNotExist:
            Product.objects.create(name=project.title, category=category)  # query


@case(repeated_in_loop("Option"))
def default_options():
    """`get_or_create` of defaults at the start of a request (design: nearly all inventions)."""
    for key in OPTIONS:  # loop
        Option.objects.get_or_create(key=key)  # query


@case(repeated_in_loop("Language"))
def default_languages():
    """`update_or_create` of the site's languages (design: languages)."""
    for code in LANGUAGES:  # loop
        Language.objects.update_or_create(code=code, defaults={"code": code})  # query


@case()
def one_get_or_create():
    """A single one sends several statements (category: one operation)."""
    Entry.objects.get_or_create(text="once")


@case()
def two_get_or_creates():
    """Two of them on two lines (category: straight-line code)."""
    Topic.objects.get_or_create(name="first")
    Topic.objects.get_or_create(name="second")


@case()
def missing_rows_created_in_bulk():
    """What is there, then `bulk_create` of what is not (category: the fix)."""
    names = list(Project.objects.values_list("title", flat=True))
    known = set(Topic.objects.filter(name__in=names).values_list("name", flat=True))
    Topic.objects.bulk_create([Topic(name=name) for name in names if name not in known])


@case()
def upsert():
    """`bulk_create(ignore_conflicts=True)` (category: the fix)."""
    Option.objects.bulk_create(
        [Option(key=f"key {person.pk}") for person in Person.objects.all()], ignore_conflicts=True
    )


@case(repeated_in_loop("Option"))
def code_that_is_free():
    """Codes are tried until one is free; how many depends on luck and not on the rows (pretix: codes of orders)."""
    candidates = iter([*OPTIONS, "free"])
    while True:  # loop
        code = next(candidates)
        if not Option.objects.filter(key=code).exists():  # query
            return code


def free_code():
    """A random code that no task has."""
    while True:
        code = get_random_string(12)
        if not Task.objects.filter(title=code).exists():  # query
            return code


@case(n_plus_one("Task"), also=(free_code,))
def free_code_for_each_row():
    """Each row of an import asks whether its code is free (pretix: codes of the positions of an order)."""
    return {project.pk: free_code() for project in Project.objects.all()}  # loop
