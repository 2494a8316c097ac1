"""Coroutines, executors, worker threads and a second alias of the database."""

import asyncio
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

from asgiref.sync import sync_to_async
from django.db import connection, connections
from django.http import StreamingHttpResponse

from tests.labelled.models import OPTIONS, Option, Person, Project, Task
from tests.labelled.suite import case, duplicate, n_plus_one, repeated_in_loop, write_loop


def closing(function, *arguments):
    """What worker threads do at their end, so that no connection stays open."""
    try:
        return function(*arguments)
    finally:
        connection.close()


def on_replica(function, *arguments):
    try:
        return function(*arguments)
    finally:
        connections["replica"].close()


async def lead_of(project, gate):
    async with gate:
        return await Person.objects.aget(pk=project.lead_id)  # query


async def lines():
    async for project in Project.objects.order_by("pk"):  # loop
        yield f"{project.title}: {await project.tasks.acount()}"  # query


def title_of(task):
    return task.project.title  # query


def worked_off(keys):
    """A worker thread: takes keys until it meets None."""
    while True:  # loop
        key = keys.get()
        if key is None:
            break
        Person.objects.get(pk=key).name  # query


def shard(number, of=3):
    return [task.title for task in Task.objects.extra(where=["id %% %s = %s"], params=[of, number])]  # query


def theme():
    return Option.objects.get(key="theme").value  # query


async def count(status):
    return await Task.objects.filter(status=status).acount()


@case(n_plus_one("Person"), also=(lead_of,))
async def gathered_behind_a_gate():
    """Gathered coroutines, two at a time behind a semaphore (zeal#20)."""
    gate = asyncio.Semaphore(2)
    projects = [project async for project in Project.objects.all()]
    await asyncio.gather(*[lead_of(project, gate) for project in projects])  # loop


@case(write_loop("Project"))
async def saved_by_coroutines():
    """`asave` of each row (category: async writes)."""
    async for project in Project.objects.all():  # loop
        project.views += 1
        await project.asave(update_fields=["views"])  # query


@case(n_plus_one("Project.tasks"), also=(lines,))
async def asynchronous_body():
    """A streamed body made by an asynchronous generator, read after the view (debug-toolbar#1828)."""
    response = StreamingHttpResponse(lines())
    [part async for part in response]


@case(n_plus_one("Task.project"), also=(title_of,))
async def function_of_a_row_in_the_executor():
    """The rows are sent to the executor one after the other, in one coroutine each (category: sync_to_async)."""
    tasks = await sync_to_async(list)(Task.objects.all())
    waiting = [asyncio.ensure_future(sync_to_async(title_of)(task)) for task in tasks]  # loop
    for done in asyncio.as_completed(waiting):
        await done


@case(n_plus_one("Person"), also=(worked_off,))
def worker_threads_over_a_queue():
    """Two worker threads take keys from a queue (silk#593: work outside requests)."""
    keys = queue.Queue()
    for key in Project.objects.values_list("lead_id", flat=True):
        keys.put(key)
    workers = [threading.Thread(target=closing, args=(worked_off, keys)) for _ in range(2)]
    for worker in workers:
        keys.put(None)
        worker.start()
    for worker in workers:
        worker.join()


@case(n_plus_one("Task.project"), also=(title_of,))
async def row_for_row_in_a_pool():
    """`run_in_executor` of a pool of the project's own, for each row (pytest-django#1068)."""
    tasks = [task async for task in Task.objects.all()]
    with ThreadPoolExecutor(max_workers=2) as pool:
        loop = asyncio.get_running_loop()
        await asyncio.gather(*(loop.run_in_executor(pool, closing, title_of, task) for task in tasks))  # loop


@case(n_plus_one("Person"))
def replica_asked_for_each_row():
    """Each row asks the reading alias for its owner (category: several databases)."""

    def names():
        for project in Project.objects.all():  # loop
            Person.objects.using("replica").get(pk=project.lead_id).name  # query

    on_replica(names)


@case()
async def fanned_out():
    """Three questions of one page run side by side: their number is that of the lines (sentry: parallel fan-out)."""
    await asyncio.gather(
        count("open"),
        count("waiting"),
        count("closed"),
    )


@case(repeated_in_loop("Option"))
async def defaults_by_coroutines():
    """`aget_or_create` of the site's options (category: loops over constants)."""
    for key in OPTIONS:  # loop
        await Option.objects.aget_or_create(key=key)  # query


@case(repeated_in_loop("Task"), also=(shard,))
def shards_in_threads():
    """Three threads read a third of the table each (category: threads)."""
    with ThreadPoolExecutor(max_workers=3) as pool:
        list(pool.map(closing, [shard] * 3, range(3)))  # loop


@case(duplicate("Option"), also=(theme,))
def fragments_in_threads():
    """Two fragments of a page are made in two threads and read the same setting (category: threads)."""
    with ThreadPoolExecutor(max_workers=2) as pool:
        header, footer = pool.submit(closing, theme), pool.submit(closing, theme)
        header.result(), footer.result()


@case(repeated_in_loop("Task"))
def aliases_compared():
    """A check that two databases hold the same number of rows (category: several databases)."""

    def counts():
        return {alias: Task.objects.using(alias).count() for alias in ("default", "replica")}  # query # loop

    on_replica(counts)


@case()
async def rows_joined_and_streamed():
    """The streamed body over rows that bring their partners (category: the fix)."""

    async def joined():
        async for project in Project.objects.select_related("lead", "company"):
            yield f"{project.title} {project.lead.name} {project.company.name}"

    [part async for part in StreamingHttpResponse(joined())]
