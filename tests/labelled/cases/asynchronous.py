"""Async code: `aget`, `async for`, `sync_to_async`, gathered coroutines."""

import asyncio

from asgiref.sync import sync_to_async
from django.db.models import prefetch_related_objects

from tests.labelled.models import Option, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop, write_loop


def name_of_lead(project):
    return project.lead.name  # query


async def count_tasks(project):
    return await project.tasks.acount()  # query


async def titles():
    async for project in Project.objects.order_by("pk"):
        yield project.title


@case(n_plus_one("Person"))
async def aget_for_each_row():
    """`aget` in an `async for` (zeal#20)."""
    async for project in Project.objects.all():  # loop
        await Person.objects.aget(pk=project.lead_id)  # query


@case(n_plus_one("Project.tasks"))
async def async_for_inside_async_for():
    """Children by `async for` (debug-toolbar#1430)."""
    async for project in Project.objects.all():  # loop
        async for task in project.tasks.all():  # query
            task.title


@case(n_plus_one("Project.tasks"))
async def acount_for_each_row():
    """`acount` of each row's children (debug-toolbar#1828)."""
    for project in [project async for project in Project.objects.all()]:  # loop
        await project.tasks.acount()  # query


@case(n_plus_one("Project.lead"), also=(name_of_lead,))
async def helper_through_sync_to_async():
    """A helper sent to the executor for each row (zeal#20)."""
    async for project in Project.objects.all():  # loop
        await sync_to_async(name_of_lead)(project)


@case(n_plus_one("Project.tasks"), also=(count_tasks,))
async def gathered_for_each_row():
    """`asyncio.gather` over rows (design: gathered tasks)."""
    projects = [project async for project in Project.objects.all()]
    await asyncio.gather(*(count_tasks(project) for project in projects))  # loop


@case(n_plus_one("Project.topics"))
async def awaited_comprehension():
    """A comprehension that awaits (category: async)."""
    projects = [project async for project in Project.objects.all()]
    [await project.topics.aexists() for project in projects]  # query # loop


@case(write_loop("Project"))
async def aupdate_for_each_row():
    """`aupdate` of each row (category: async writes)."""
    async for project in Project.objects.all():  # loop
        await Project.objects.filter(pk=project.pk).aupdate(views=1)  # query


@case(n_plus_one("Project.lead"), also=(name_of_lead,))
async def loop_inside_the_executor():
    """The whole loop runs in `sync_to_async` (category: async)."""
    await sync_to_async(lambda: [name_of_lead(project) for project in Project.objects.all()])()  # loop


@case()
async def two_awaits_in_a_row():
    """Equal shapes on two lines, through one executor (design: two awaits in a row are no loop)."""
    await Task.objects.filter(status="open").acount()
    await Task.objects.filter(status="closed").acount()


@case()
async def two_helpers_through_sync_to_async():
    """One helper for two rows, on two lines (design: executor stacks are cut)."""
    first, second = [project async for project in Project.objects.order_by("pk")[:2]]
    await sync_to_async(name_of_lead)(first)
    await sync_to_async(name_of_lead)(second)


@case()
async def gathered_questions():
    """Three different questions at once (design: gathered tasks)."""
    await asyncio.gather(
        Task.objects.acount(), Project.objects.filter(views=0).aexists(), Person.objects.order_by("pk").afirst()
    )


@case()
async def joined_rows():
    """`async for` over joined rows (category: the fix)."""
    [project.lead.name async for project in Project.objects.select_related("lead")]


@case()
async def prefetched_rows():
    """`async for` over a prefetch (category: the fix)."""
    async for project in Project.objects.prefetch_related("tasks"):
        [task.title for task in project.tasks.all()]


@case()
async def prefetched_objects():
    """`prefetch_related_objects` through the executor (category: the fix)."""
    projects = [project async for project in Project.objects.all()]
    await sync_to_async(prefetch_related_objects)(projects, "tasks", "topics")
    [len(project.tasks.all()) for project in projects]


@case()
async def asynchronous_generator():
    """A generator of plain columns (category: async)."""
    [title async for title in titles()]


@case(repeated_in_loop("Option"))
async def constants_awaited():
    """Settings, awaited one by one (design: constants)."""
    for key in ("theme", "footer", "currency"):  # loop
        await Option.objects.aget(key=key)  # query


@case()
async def in_bulk_awaited():
    """`ain_bulk` of all keys (category: the fix)."""
    keys = [project.lead_id async for project in Project.objects.all()]
    await Person.objects.ain_bulk(keys)
