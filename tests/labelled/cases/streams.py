"""Streamed bodies: the loop runs after the view has returned."""

import csv
import json

from django.http import StreamingHttpResponse

from tests.labelled.models import Project, Task
from tests.labelled.suite import case, n_plus_one


class Echo:
    def write(self, value):
        return value


def sent(response):
    return b"".join(response.streaming_content)


def exported(request):
    writer = csv.writer(Echo())
    tasks = Task.objects.all()
    rows = (writer.writerow([task.title, task.project.title]) for task in tasks)  # query # loop
    return StreamingHttpResponse(rows)


def lines(projects):
    for project in projects:  # loop
        yield json.dumps([project.title, [task.title for task in project.tasks.all()]])  # query


@case(n_plus_one("Task.project"), also=(exported,))
def exported_sheet():
    """A CSV export follows a key while it streams (category: streamed bodies)."""
    sent(exported(None))


@case(n_plus_one("Project.tasks"), also=(lines,))
def exported_lines():
    """JSON lines with children (category: streamed bodies)."""
    sent(StreamingHttpResponse(lines(Project.objects.all())))


@case(n_plus_one("Project.lead"))
def rows_by_iterator():
    """`iterator()` behind the response (category: streamed bodies)."""
    rows = Project.objects.iterator(chunk_size=2)
    sent(StreamingHttpResponse(project.lead.name for project in rows))  # query # loop


@case()
def exported_sheet_joined():
    """The export, repaired (category: the fix)."""
    sent(StreamingHttpResponse(task.project.title for task in Task.objects.select_related("project")))


@case()
def exported_lines_prefetched():
    """The lines, repaired (category: the fix)."""
    sent(StreamingHttpResponse(lines(Project.objects.prefetch_related("tasks"))))


@case()
def parts_of_a_page():
    """A page in three parts, each with its own question (category: streamed bodies)."""

    def parts():
        yield str(Project.objects.count())
        yield str(Task.objects.filter(status="open").count())
        yield str(Task.objects.filter(status="closed").count())

    sent(StreamingHttpResponse(parts()))
