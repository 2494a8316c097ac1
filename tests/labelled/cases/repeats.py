"""Repeated questions and caches."""

import functools

from django.contrib.contenttypes.models import ContentType
from django.core.cache import cache

from tests.labelled.models import Comment, Company, Option, Person, Project, Task
from tests.labelled.suite import case, duplicate, n_plus_one, repeated_in_loop


def option(key):
    return Option.objects.get(key=key).value  # query


def cached_option(key):
    return cache.get_or_set(f"option-{key}", lambda: Option.objects.get(key=key).value)


def current_person():
    return Person.objects.order_by("pk").first()  # query


@case(duplicate("Task"))
def one_question_on_two_lines():
    """The view and its helper ask the same (debug-toolbar#995)."""
    Task.objects.filter(status="open").count()  # query
    Task.objects.filter(status="open").count()  # query


@case(duplicate("Option"), also=(option,))
def one_setting_from_many_places():
    """A setting is read by every helper of a page (silk#738)."""
    option("theme")
    option("footer")
    option("theme")


@case(duplicate("Person"), also=(current_person,))
def current_person_asked_three_times():
    """Middleware, view and context processor each load the user (category: duplicates)."""
    current_person()
    current_person()
    current_person()


@case(duplicate("Option"), also=(option,))
def one_setting_in_a_loop():
    """The same question five times, with no row behind it (design: same parameters)."""
    for _ in range(5):  # loop
        option("theme")


@case(duplicate("Project.tasks|Task"))
def relation_evaluated_twice():
    """`.all()` makes a new queryset each time (category: duplicates)."""
    project = Project.objects.order_by("pk")[0]
    list(project.tasks.all())  # query
    list(project.tasks.all())  # query


@case(duplicate("Task"))
def queryset_evaluated_by_copies():
    """`.all()` of one queryset, twice, on one line (category: duplicates)."""
    tasks = Task.objects.filter(status="open")
    list(tasks.all()), list(tasks.all())  # query


@case(duplicate("Project"))
def refresh_of_one_row_in_a_loop():
    """Polling one row a fixed number of times (category: duplicates)."""
    project = Project.objects.order_by("pk")[0]
    for _ in range(3):  # loop
        project.refresh_from_db()  # query


@case(n_plus_one("Option"), also=(option,))
def one_setting_for_each_row():
    """The same setting is read again for every row (design: same parameters alone make no duplicate)."""
    for project in Project.objects.all():  # loop
        project.title, option("currency")


@case(n_plus_one("Company.country"))
def cache_missed_for_each_row():
    """A cache keyed by the row is empty at the first request (pytest-django#1156)."""
    for company in Company.objects.all():  # loop
        cache.get_or_set(f"country-{company.pk}", lambda company=company: company.country.name)  # query


@case(repeated_in_loop("Option"))
def settings_cached_one_by_one():
    """A cold cache of four settings (design: constants; sentry's users report cache spans)."""
    for key in ("theme", "footer", "currency", "timezone"):  # loop
        cache.get_or_set(f"option-{key}", lambda key=key: Option.objects.get(key=key).value)  # query


@case()
def one_setting_cached():
    """One question, four answers (category: caches)."""
    for _ in range(4):
        cached_option("theme")


@case()
def memoized_question():
    """`lru_cache` in front of the question (category: caches)."""

    @functools.lru_cache(maxsize=None)
    def value(key):
        return Option.objects.get(key=key).value

    for project in Project.objects.all():
        project.title, value("theme")


@case()
def queryset_evaluated_once():
    """A queryset keeps its rows (category: caches)."""
    tasks = Task.objects.filter(status="open")
    for _ in range(3):
        len(tasks), bool(tasks), [task.title for task in tasks]


@case()
def content_types_warmed_up():
    """The content type of each of three models, once (design: content-type warm-up)."""
    for model in (Project, Task, Person):
        ContentType.objects.get_for_model(model)


@case()
def content_type_for_each_row():
    """`get_for_model` in a loop answers from its cache (design: content-type warm-up)."""
    for comment in Comment.objects.all():
        ContentType.objects.get_for_id(comment.content_type_id)


@case()
def question_before_and_after_a_write():
    """The same question on both sides of a write has two answers (category: duplicates)."""
    before = Task.objects.filter(status="open").count()
    Task.objects.update(status="closed")
    before - Task.objects.filter(status="open").count()


@case()
def other_parameters():
    """The same shape with other parameters on two lines (silk#738)."""
    Option.objects.get(key="theme").value
    Option.objects.get(key="footer").value


@case()
def settings_at_once():
    """All settings in one query (category: the fix)."""
    values = dict(Option.objects.values_list("key", "value"))
    [values[key] for key in ("theme", "footer", "currency")]
