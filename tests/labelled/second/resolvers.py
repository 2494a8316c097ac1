"""Resolvers of a query language, with and without a loader that batches, and prefetches that are or are not met."""

import asyncio

from django.db.models import Exists, F, OuterRef, Prefetch, Window
from django.db.models.functions import RowNumber

from tests.labelled.models import Comment, Membership, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, nested, repeated_in_loop


class Loader:
    """Collects the keys of one turn of the event loop and loads them at once."""

    def __init__(self, queryset):
        self.queryset = queryset
        self.waiting = {}

    async def load(self, key):
        if not self.waiting:
            asyncio.get_running_loop().call_soon(lambda: asyncio.ensure_future(self.dispatch()))
        future = self.waiting.setdefault(key, asyncio.get_running_loop().create_future())
        return await future

    async def dispatch(self):
        waiting, self.waiting = self.waiting, {}
        rows = {row.pk: row async for row in self.queryset.filter(pk__in=list(waiting))}  # query
        for key, future in waiting.items():
            future.set_result(rows[key])


class PersonNode:
    """A type whose `get_node` knows nothing of the list that asks, as `get_queryset` types are resolved."""

    @staticmethod
    def get_node(key):
        return Person.objects.get(pk=key)  # query


def project_by_key(source, pk):
    return Project.objects.get(pk=pk)  # query


def tasks_of(source):
    return list(source.tasks.all())  # query Project.tasks


def assignee_of(source):
    return source.assignee  # query Task.assignee


RESOLVERS = {
    "project": project_by_key,
    "projects": lambda source: list(Project.objects.all()),
    "lead": lambda source: PersonNode.get_node(source.lead_id),
    "tasks": tasks_of,
    "assignee": assignee_of,
}


def executed(selection, source=None):
    """Resolves a selection of fields, and the selections in them, for one row."""
    return {alias: resolved(field, source) for alias, field in selection.items()}  # loop


def resolved(field, source):
    name, arguments, inner = field
    if name not in RESOLVERS:
        return getattr(source, name)
    value = RESOLVERS[name](source, **arguments)
    if isinstance(value, list):
        return [executed(inner, row) for row in value]  # loop
    return executed(inner, value)


def field(name, inner=None, **arguments):
    return name, arguments, inner or {}


@case(n_plus_one("Person"), also=(PersonNode, resolved))
def nodes_of_their_own_queryset():
    """A type that gets its node by key is asked for each row, in spite of the join (graphene-django#197)."""
    executed({"projects": field("projects", {"lead": field("lead", {"name": field("name")})})})


@case(n_plus_one("Project.tasks"), nested("Task.assignee"), also=(resolved, tasks_of, assignee_of))
def selection_of_three_levels():
    """Lists in lists through one generic executor (graphene#1040)."""
    people = field("assignee", {"name": field("name")})
    executed({"projects": field("projects", {"tasks": field("tasks", {"assignee": people})})})


@case(n_plus_one("Person"), also=(Loader,))
async def loader_awaited_one_by_one():
    """A loader that is awaited in a loop has batches of one (graphene-django#409)."""
    loader = Loader(Person.objects.all())
    async for project in Project.objects.all():  # loop
        (await loader.load(project.lead_id)).name


@case(n_plus_one("Project.tasks"))
def prefetched_to_another_name():
    """`to_attr` fills one name and the loop reads the other (category: prefetch with to_attr)."""
    for project in Project.objects.prefetch_related(Prefetch("tasks", to_attr="all_tasks")):  # loop
        [task.title for task in project.tasks.all()]  # query


@case(n_plus_one("Project.tasks"))
def prefetched_on_other_instances():
    """A badge prefetches; the list below shows the same rows by another queryset (bullet#778)."""
    sum(len(project.tasks.all()) for project in Project.objects.prefetch_related("tasks"))
    for project in Project.objects.order_by("title"):  # loop
        [task.title for task in project.tasks.all()]  # query


@case(n_plus_one("Task"))
def previous_version_of_each_row():
    """The row before each row, as history packages find it (simple-history#1430)."""
    for task in Task.objects.order_by("pk"):  # loop
        Task.objects.filter(pk__lt=task.pk).order_by("-pk").first()  # query


@case(n_plus_one("Person"))
def bulk_of_each_row():
    """`in_bulk` of each row's people: wide, and one a row (category: in_bulk)."""
    people = {}
    for project, person in Membership.objects.values_list("project", "person"):
        people.setdefault(project, []).append(person)
    for keys in people.values():  # loop
        Person.objects.in_bulk(keys)  # query


@case(n_plus_one("Comment.content_type"), n_plus_one("Project"), n_plus_one("Task"))
def targets_by_content_type():
    """A comment's target by `get_object_for_this_type` (category: content types)."""
    for comment in Comment.objects.all():  # loop
        kind = comment.content_type  # query Comment.content_type
        kind.get_object_for_this_type(pk=comment.object_id)  # query Project # query Task


@case()
async def loader_gathered():
    """Two fields of every row through one loader: two waves, however many rows (category: dataloader)."""
    loader = Loader(Person.objects.all())
    projects = [project async for project in Project.objects.all()]
    await asyncio.gather(*(loader.load(project.lead_id) for project in projects))
    await asyncio.gather(*(loader.load(project.deputy_id) for project in projects))


@case(repeated_in_loop("Project"), also=(executed, project_by_key))
def aliases_of_one_question():
    """A question names one field twice, with two keys (category: bounded by the request)."""
    executed({"first": field("project", {"title": field("title")}, pk=1), "second": field("project", pk=2)})


@case()
def prefetched_and_read_by_its_name():
    """`to_attr` read by its own name, twice (category: the fix)."""
    for project in Project.objects.prefetch_related(Prefetch("tasks", to_attr="all_tasks")):
        len(project.all_tasks), [task.title for task in project.all_tasks]


@case()
def previous_rows_by_a_window():
    """Numbers and existence by a window and a subquery (category: the fix)."""
    number = Window(RowNumber(), partition_by=F("project"), order_by=F("pk").asc())
    blocked = Exists(Task.objects.filter(blocks=OuterRef("pk")))
    [(task.number, task.blocked) for task in Task.objects.annotate(number=number, blocked=blocked)]


@case()
def two_lists_prefetched_apart():
    """Two lists of one page each prefetch the same relation (debug-toolbar#1239: seen twice, sent once each)."""
    list(Project.objects.filter(views=0).prefetch_related("tasks__assignee"))
    list(Project.objects.filter(position=0).prefetch_related("tasks__assignee"))
