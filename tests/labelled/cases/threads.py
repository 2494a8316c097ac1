"""Queries in other threads, each with a connection of its own."""

import contextvars
import threading
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from tests.labelled.models import Company, Project, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop


def closing(function, *args):
    """What worker threads do at their end, so that no connection stays open."""
    try:
        return function(*args)
    finally:
        connection.close()


def names_of_leads():
    return [project.lead.name for project in Project.objects.all()]  # query # loop


def count_tasks(project):
    return project.tasks.count()  # query


def in_thread(function, *args):
    """A thread that keeps the caller's context, as instrumented code starts it."""
    context = contextvars.copy_context()
    thread = threading.Thread(target=context.run, args=(closing, function, *args))
    thread.start()
    thread.join()


@case(n_plus_one("Project.lead"), also=(names_of_leads,))
def loop_in_a_thread():
    """The loop runs in a plain thread (pytest-django#1068)."""
    thread = threading.Thread(target=closing, args=(names_of_leads,))
    thread.start()
    thread.join()


@case(n_plus_one("Project.lead"), also=(names_of_leads,))
def loop_in_a_thread_with_context():
    """The same with the context carried over (inline-snapshot-django#9)."""
    in_thread(names_of_leads)


@case(n_plus_one("Project.tasks"), also=(count_tasks,))
def pool_mapped_over_rows():
    """`ThreadPoolExecutor.map` over rows (design: pools)."""
    projects = list(Project.objects.all())
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(closing, [count_tasks] * len(projects), projects))  # loop


@case(n_plus_one("Project.tasks"), also=(count_tasks,))
def submitted_for_each_row():
    """`submit` in a loop (design: pools, with the line that spawned them)."""
    with ThreadPoolExecutor(max_workers=1) as pool:
        futures = [pool.submit(closing, count_tasks, project) for project in Project.objects.all()]  # loop
        [future.result() for future in futures]


@case(n_plus_one("Project.tasks"), also=(count_tasks,))
def thread_for_each_row():
    """A thread a row, joined at once (design: threads)."""
    for project in Project.objects.all():  # loop
        in_thread(count_tasks, project)


@case()
def question_in_a_thread():
    """A single question in a thread (category: threads)."""
    in_thread(Task.objects.count)


@case()
def two_threads_side_by_side():
    """Two threads, two different questions (category: threads)."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        list(pool.map(closing, [Task.objects.count, Project.objects.count]))


@case()
def joined_rows_in_a_thread():
    """The loop in a thread, repaired (category: the fix)."""

    def names():
        return [project.lead.name for project in Project.objects.select_related("lead")]

    in_thread(names)


@case(repeated_in_loop("Task"))
def pool_over_constants():
    """A pool that asks one question a status (design: constants)."""

    def count(status):
        return Task.objects.filter(status=status).count()  # query

    with ThreadPoolExecutor(max_workers=1) as pool:
        list(pool.map(closing, [count] * 3, Task.STATUSES))  # loop


@case()
def same_helper_in_two_threads():
    """Two threads on two lines run one helper for two rows (design: straight-line code)."""
    first, second = Company.objects.order_by("pk")[:2]
    in_thread(lambda: first.country.name)
    in_thread(lambda: second.country.name)
