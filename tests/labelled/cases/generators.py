"""Generators, comprehensions, itertools and other loops that are not `for` statements."""

import functools
import itertools

from tests.labelled.models import Company, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, nested


def leads(projects):
    for project in projects:  # loop
        yield project.lead  # query


def tasks_of(projects):
    for project in projects:  # loop
        yield from project.tasks.all()  # query


def titles(projects):
    for project in projects:
        yield project.title


@case(n_plus_one("Project.lead"))
def list_comprehension():
    """`[p.lead.name for p in …]` (category: comprehensions)."""
    [project.lead.name for project in Project.objects.all()]  # query # loop


@case(n_plus_one("Project.company"))
def dictionary_comprehension():
    """A mapping by a followed key (category: comprehensions)."""
    {project.pk: project.company.name for project in Project.objects.all()}  # query # loop


@case(n_plus_one("Project.lead"), also=(leads,))
def generator_function():
    """The generator's frame comes and goes (category: generators)."""
    list(leads(Project.objects.all()))


@case(n_plus_one("Project.tasks"), also=(tasks_of,))
def delegating_generator():
    """`yield from` a queryset for each row (category: generators)."""
    for task in tasks_of(Project.objects.all()):
        task.title


@case(n_plus_one("Project.lead"))
def generator_expression_joined():
    """`", ".join(...)` pulls the generator (category: generators)."""
    ", ".join(project.lead.name for project in Project.objects.all())  # query # loop


@case(n_plus_one("Project.lead"))
def mapped_function():
    """`map` loops in C (category: loops in C)."""
    list(map(lambda project: project.lead.name, Project.objects.all()))  # noqa: C417 # query # loop


@case(n_plus_one("Person.profile"))
def reduced_rows():
    """`functools.reduce` over rows (category: loops in C)."""
    functools.reduce(lambda found, person: found + len(person.profile.text), Person.objects.all(), 0)  # query # loop


@case(n_plus_one("Task.project"))
def grouped_rows():
    """`itertools.groupby` by a followed key (category: loops in C)."""
    for _, group in itertools.groupby(Task.objects.order_by("pk"), lambda task: task.project.title):  # query # loop
        list(group)


@case(n_plus_one("Project.lead"))
def while_loop():
    """A work list that is popped until empty (category: while loops)."""
    waiting = list(Project.objects.all())
    while waiting:  # loop
        waiting.pop().lead.name  # query


@case(n_plus_one("Company.people"), nested("Person.tasks"))
def comprehension_in_a_comprehension():
    """Two levels in one expression (category: nested)."""
    [[person.tasks.count() for person in company.people.all()] for company in Company.objects.all()]  # query # loop


@case(n_plus_one("Project.lead"))
def pipeline_of_generators():
    """Three generators, one on top of the other (category: generators)."""
    rows = (project for project in Project.objects.all())
    names = (project.lead.name for project in rows)  # query # loop
    "".join(name.upper() for name in names)


@case(n_plus_one("Project.lead"))
def zipped_rows():
    """`zip` and `enumerate` around the queryset (category: loop variables that are tuples)."""
    for _number, (project, _) in enumerate(zip(Project.objects.all(), itertools.count())):  # loop
        project.lead.name  # query


@case(n_plus_one("Project.lead"))
def sliced_iterator():
    """`iterator()` row by row (category: chunked iterator)."""
    for project in Project.objects.iterator():  # loop
        project.lead.name  # query


@case()
def generator_over_loaded_rows():
    """The generator over joined rows (category: the fix)."""
    [lead.name for lead in leads(Project.objects.select_related("lead"))]


@case()
def generator_of_plain_columns():
    """A generator that asks nothing (category: generators)."""
    list(titles(Project.objects.all()))


@case()
def first_of_a_generator():
    """Only the first row is pulled (category: generators)."""
    next(leads(Project.objects.all())).name


@case()
def two_generators_side_by_side():
    """Two generators, pulled alternately, each a single query (category: generators)."""
    for title, person in zip(titles(Project.objects.all()), Person.objects.order_by("pk").iterator()):
        title, person.name


@case()
def chained_querysets():
    """`itertools.chain` of two querysets (category: loops in C)."""
    [row.pk for row in itertools.chain(Project.objects.all(), Task.objects.all())]


@case()
def one_generator_pulled_twice():
    """`next()` on two lines: straight-line code through one generator (design: tried)."""
    found = leads(Project.objects.order_by("pk")[:2])
    next(found)
    next(found)
