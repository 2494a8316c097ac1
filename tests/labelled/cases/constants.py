"""Loops over constants: they repeat and never grow, however many rows there are."""

import enum
import operator
import re

from django.dispatch import Signal

from tests.labelled.models import (
    LANGUAGES,
    OPTIONS,
    Company,
    Invoice,
    Language,
    Option,
    Product,
    Project,
    Task,
    Translation,
)
from tests.labelled.suite import case, n_plus_one, nested, repeated_in_loop, write_loop


class Status(enum.Enum):
    OPEN = "open"
    WAITING = "waiting"
    CLOSED = "closed"


@case(repeated_in_loop("Invoice"))
def months():
    """A chart with a point for each month (design: months)."""
    for month in range(1, 13):  # loop
        Invoice.objects.filter(month=month).count()  # query


@case(repeated_in_loop("Task"))
def hours():
    """A histogram by a comprehension (design: hours)."""
    [Task.objects.filter(hours=hour).count() for hour in range(24)]  # query # loop


@case(repeated_in_loop("Translation"))
def languages_of_a_setting():
    """The site's languages from the settings (design: languages)."""
    for code in LANGUAGES:  # loop
        Translation.objects.filter(language__code=code).count()  # query


@case(repeated_in_loop("Language"))
def languages_by_code():
    """`.get()` of each constant (design: languages)."""
    found = {}
    for code in LANGUAGES:  # loop
        found[code] = Language.objects.get(code=code)  # query


@case(repeated_in_loop("Task"))
def members_of_an_enum():
    """A column of a board for each member of an enum (design: enum)."""
    {status: list(Task.objects.filter(status=status.value)) for status in Status}  # query # loop


@case(repeated_in_loop("Option"))
def flags():
    """Feature flags, read one by one (design: flags)."""
    for key in OPTIONS:  # loop
        Option.objects.filter(key=key, value="on").exists()  # query


@case(repeated_in_loop("Option"))
def options_of_a_dictionary():
    """Defaults in a dictionary, compared with the stored ones (design: options)."""
    for key, default in {"theme": "dark", "footer": "", "currency": "EUR"}.items():  # loop
        Option.objects.get(key=key).value or default  # query


@case(repeated_in_loop("Task"))
def choices_of_a_field():
    """A filter bar counts each choice through a helper (design: constants)."""

    def count(status):
        return Task.objects.filter(status=status).count()  # query

    [(status, count(status)) for status in Task.STATUSES]  # loop


@case(repeated_in_loop("Task"))
def mapped_constants():
    """`map` over constants (category: loops in C)."""
    list(map(lambda status: Task.objects.filter(status=status).exists(), Task.STATUSES))  # noqa: C417 # query # loop


@case(repeated_in_loop("Project"))
def retries():
    """Up to three tries with growing limits (category: constants)."""
    for limit in (1, 2, 3):  # loop
        list(Project.objects.filter(views__gte=limit))  # query


@case(repeated_in_loop("Task"))
def constants_of_one_row():
    """One row's children by status: a row stands outside the loop, not behind it (design: tried)."""
    project = Project.objects.order_by("pk")[0]
    for status in Task.STATUSES:  # loop
        project.tasks.filter(status=status).count()  # query


@case(repeated_in_loop("Language.translations"))
def translations_of_each_language():
    """Rows of a table that does not grow: a row stands behind the query, nothing grows (design: languages)."""
    for language in Language.objects.all():  # loop
        language.translations.count()  # query


@case()
def months_at_once():
    """The chart by one aggregate (category: the fix)."""
    from django.db.models import Count

    counts = dict(Invoice.objects.values_list("month").annotate(Count("pk")))
    [counts.get(month, 0) for month in range(1, 13)]


@case(n_plus_one("Company.projects"))
def rows_beside_constants():
    """A loop over rows whose body loops over constants without asking (category: constants)."""
    for company in Company.objects.all():  # loop
        projects = list(company.projects.all())  # query
        {status: len(projects) for status in Task.STATUSES}


@case(n_plus_one("Project.tasks"))
def constants_inside_rows():
    """Rows times constants: three counts a row (category: nested, one level of rows)."""
    for project in Project.objects.all():  # loop
        for status in Task.STATUSES:  # loop
            project.tasks.filter(status=status).count()  # query


@case(n_plus_one("Product.translations|Translation"))
def rows_inside_constants():
    """Constants times rows: a translation for each language and row (category: nested, one level of rows)."""
    products = list(Product.objects.all())
    for code in LANGUAGES:  # loop
        for product in products:  # loop
            product.translations.filter(language__code=code).first()  # query


@case(nested("Task"))
def rows_times_rows():
    """Each company with each product: the quadratic kind that hurts (design: show N x M)."""
    products = list(Product.objects.all())
    for company in Company.objects.all():  # loop
        for product in products:  # loop
            Task.objects.filter(project__company=company, title=product.name).exists()  # query


find_plugins = Signal()


def first_plugin(sender, **kwargs):
    return "first"


def second_plugin(sender, **kwargs):
    return ["second", "third", "fourth"]


find_plugins.connect(first_plugin)
find_plugins.connect(second_plugin)


def plugins():
    """A registry as plugins fill it: whoever listens brings one thing, or several."""
    found = []
    for _, response in find_plugins.send(sender=None):
        if isinstance(response, list):
            found += response
        else:
            found.append(response)
    return {name: name.title() for name in found}


@case(repeated_in_loop("Project.tasks|Task"))
def defaults_of_registered_plugins():
    """Each plugin's default for one row, whatever the rows (pretix: default sales channels)."""
    project = Project.objects.order_by("pk")[0]
    for title in plugins().values():  # loop
        project.tasks.get_or_create(title=title)  # query


@case(write_loop("Project.tasks|Task"))
def defaults_of_plugins_for_each_row():
    """The same for all rows (category: rows times constants)."""
    for project in Project.objects.all():  # loop
        for title in plugins().values():  # loop
            project.tasks.get_or_create(title=title)  # query


@case(repeated_in_loop("Project.tasks|Task"))
def words_of_a_text_for_one_row():
    """What a function of C returns tells nothing, and one row behind all queries no more (category: constants)."""
    project = Project.objects.order_by("pk")[0]
    for status in re.findall(r"\w+", "open, waiting, closed, gone"):  # loop
        project.tasks.filter(status=status).count()  # query


@case(n_plus_one("Project.tasks|Task"))
def words_of_rows_for_one_row():
    """The same words, but of a text that was made of rows (category: constants that are none)."""
    project = Project.objects.order_by("pk")[0]
    titles = ",".join(Task.objects.values_list("title", flat=True))
    for title in re.findall(r"[^,]+", titles):  # loop
        project.tasks.filter(title=title).count()  # query


@case(n_plus_one("Project.tasks|Task"))
def another_row_for_each_key_of_nobody_knows_what():
    """Nothing tells what the loop runs over, but each query stands behind another row (category: opaque loops)."""
    projects = {project.title: project for project in Project.objects.all()}
    for title in operator.itemgetter(slice(None))([*projects]):  # loop
        projects[title].tasks.count()  # query
