"""Relations that are loaded along with their rows: read, not read, and read in ways that are easily overlooked.

Half of the cases are what makes peers cry wolf: empty relations, branches, templates, copies, serialized rows.
"""

import contextlib
import copy
import pickle
import threading

from django.core import serializers as django_serializers
from django.core.cache import cache
from django.db.models import Prefetch, prefetch_related_objects
from django.forms import model_to_dict
from django.template.loader import render_to_string
from rest_framework import serializers

from tests.labelled.models import Category, Comment, Person, Project, Task
from tests.labelled.suite import case, unused_eager_load


class HeadlineSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["title", "company"]


class WithTasksSerializer(serializers.ModelSerializer):
    class Meta:
        model = Project
        fields = ["title", "tasks"]


@case(unused_eager_load("Project.tasks"))
def prefetch_nobody_reads():
    """A list that lost its column, and kept the prefetch (category: unused prefetch)."""
    return [project.title for project in Project.objects.prefetch_related("tasks")]  # query


@case(unused_eager_load("Project.lead"))
def join_nobody_reads():
    """The key is enough: `lead_id` needs no join (category: unused select_related)."""
    return [project.lead_id for project in Project.objects.select_related("lead")]  # query


@case(unused_eager_load("Project.topics"))
def one_of_two_prefetches():
    """Two relations, of which the page shows one (nplusone: eager loads by association)."""
    projects = list(Project.objects.prefetch_related("tasks", "topics"))  # query
    return [task.title for project in projects for task in project.tasks.all()]


@case(unused_eager_load("Project.deputy"))
def one_of_two_joins():
    """Two keys to one model, of which the page shows one (category: unused select_related)."""
    return [project.lead.name for project in Project.objects.select_related("lead", "deputy")]  # query


@case(unused_eager_load("Task.comments"))
def second_level_of_a_prefetch():
    """The tasks are shown, their comments are not (nplusone#34: nested prefetches)."""
    projects = list(Project.objects.prefetch_related("tasks__comments"))  # query
    return [len(project.tasks.all()) for project in projects]


@case(unused_eager_load("Project.tasks"))
def both_levels_of_a_prefetch():
    """Two levels nobody reads are one finding: the outer one (category: unused prefetch)."""
    return [project.title for project in Project.objects.prefetch_related("tasks__comments")]  # query


@case(unused_eager_load("Company.country"))
def second_level_of_a_join():
    """The company is shown, its country is not (category: unused select_related)."""
    return [project.company.name for project in Project.objects.select_related("company__country")]  # query


@case(unused_eager_load("Project.company"))
def key_prefetched_in_vain():
    """A key by `prefetch_related`, as for many rows of few companies (category: unused prefetch)."""
    return [project.title for project in Project.objects.prefetch_related("company")]  # query


@case(unused_eager_load("Comment.target"))
def generic_key_in_vain():
    """A generic key, one query for each model behind it (category: unused prefetch)."""
    return [comment.text for comment in Comment.objects.prefetch_related("target")]  # query


@case(unused_eager_load("Person.profile"))
def one_to_one_in_vain():
    """The other side of a one-to-one key (category: unused select_related)."""
    return [person.name for person in Person.objects.select_related("profile")]  # query


@case(unused_eager_load("Project.tasks"))
def prefetch_for_another_template():
    """The view still loads what its template no longer shows (category: templates)."""
    projects = list(Project.objects.select_related("lead").prefetch_related("tasks"))  # query
    render_to_string("labelled/leads.html", {"projects": projects})


@case(unused_eager_load("Project.company"))
def serializer_that_shows_the_key():
    """A serializer shows the key alone, and the queryset joins (category: serializers)."""
    return HeadlineSerializer(Project.objects.select_related("company"), many=True).data  # query


@case(unused_eager_load("Project.members"))
def prefetch_of_rows_in_hand():
    """`prefetch_related_objects` over rows in hand (nplusone#50)."""
    projects = list(Project.objects.all())
    prefetch_related_objects(projects, "members")  # query
    return [project.title for project in projects]


@case(unused_eager_load("Project.tasks"))
def attribute_nobody_reads():
    """`to_attr` makes a plain attribute of it (category: to_attr)."""
    tasks = Prefetch("tasks", to_attr="all_of_them")
    return [project.title for project in Project.objects.prefetch_related(tasks)]  # query


@case()
def prefetch_read():
    """What it is for (category: eager loads in use)."""
    return [len(project.tasks.all()) for project in Project.objects.prefetch_related("tasks")]


@case()
def join_read():
    """What it is for (category: eager loads in use)."""
    return [project.lead.name for project in Project.objects.select_related("lead")]


@case()
def join_read_for_one_row():
    """Only the last row is asked for its lead (category: eager loads in use)."""
    projects = list(Project.objects.select_related("lead"))
    return projects[-1].lead.name


@case()
def relations_that_are_empty():
    """Nothing was loaded, so nothing could be read (nplusone#13)."""
    leaves = Category.objects.filter(name__startswith="leaf").prefetch_related("children")
    return [leaf.name for leaf in leaves]


@case()
def rows_that_are_none():
    """The queryset itself is empty (nplusone#13)."""
    return [project.title for project in Project.objects.filter(title="none").prefetch_related("tasks")]


@case()
def keys_that_are_null():
    """No task of these has an assignee (nplusone#13)."""
    return [task.title for task in Task.objects.filter(assignee=None).select_related("assignee")]


@case()
def one_row_and_its_relation():
    """A page of one row may read its relation or not; loading it late costs as much (nplusone#10)."""
    return Project.objects.select_related("lead").prefetch_related("tasks").first().title


@case()
def read_where_a_condition_holds():
    """The condition holds for no row today (category: conditional use)."""
    found = []
    for project in Project.objects.select_related("lead").prefetch_related("tasks"):
        if project.views > 1000:
            found += [project.lead.name, *project.tasks.all()]
    return found


@case()
def left_before_it_is_read():
    """An early return, before the page is made (category: early returns)."""
    projects = list(Project.objects.prefetch_related("tasks"))
    if len(projects) < 1000:
        return []
    return [task.title for project in projects for task in project.tasks.all()]


@case()
def failed_before_it_is_read():
    """An error before the page is made (category: errors)."""
    with contextlib.suppress(ZeroDivisionError):
        page_that_fails()


def page_that_fails():
    projects = list(Project.objects.select_related("lead"))
    share = 1 / sum(project.views for project in projects)
    return share, [project.lead.name for project in projects]


@case()
def read_by_templates_alone():
    """Only templates name the relations (category: templates)."""
    projects = list(Project.objects.select_related("lead").prefetch_related("tasks"))
    render_to_string("labelled/leads.html", {"projects": projects})
    render_to_string("labelled/tasks.html", {"projects": projects})


@case()
def read_by_a_serializer_alone():
    """Only the names in a serializer's `fields` tell (category: serializers)."""
    return WithTasksSerializer(Project.objects.prefetch_related("tasks"), many=True).data


@case()
def nested_prefetch_read_by_all():
    """A prefetch within a prefetch, read by `.all()` of `.all()` (nplusone#34)."""
    tasks = Task.objects.prefetch_related("comments")
    projects = list(Project.objects.prefetch_related(Prefetch("tasks", queryset=tasks)))
    return [list(task.comments.all()) for project in projects for task in project.tasks.all()]


@case()
def joined_only_to_go_on():
    """The lead is loaded for the sake of what hangs on him (nplusone#34)."""
    projects = list(Project.objects.select_related("lead").prefetch_related("lead__comments"))
    return [list(project.lead.comments.all()) for project in projects]


@case()
def attribute_read():
    """`to_attr` makes a plain list of it (category: to_attr)."""
    tasks = Prefetch("tasks", queryset=Task.objects.filter(status="open"), to_attr="open_ones")
    return [len(project.open_ones) for project in Project.objects.prefetch_related(tasks)]


@case()
def level_behind_an_attribute():
    """The way to the comments leads through `to_attr` (category: to_attr)."""
    tasks = Prefetch("tasks", to_attr="all_of_them")
    projects = list(Project.objects.prefetch_related(tasks, "all_of_them__comments"))
    return [list(task.comments.all()) for project in projects for task in project.all_of_them]


@case()
def read_by_name():
    """The relation's name is text (category: indirect reads)."""
    name = "top" + "ics"
    return [list(getattr(project, name).all()) for project in Project.objects.prefetch_related("topics")]


@case()
def copied_and_pickled():
    """Pickled rows take along what was loaded with them (category: rows that leave)."""
    projects = list(Project.objects.prefetch_related("tasks"))
    people = list(Person.objects.select_related("company"))
    return pickle.dumps(projects), copy.deepcopy(people)


@case()
def put_into_the_cache():
    """Whoever gets them from the cache may read all of it (category: rows that leave)."""
    cache.set("projects", list(Project.objects.select_related("lead").prefetch_related("tasks")))


@case()
def read_by_a_thread():
    """A thread reads what the page has loaded (category: threads)."""
    projects = list(Project.objects.select_related("lead").prefetch_related("tasks"))
    reader = threading.Thread(target=names_of, args=(projects,))
    reader.start()
    reader.join()


def names_of(projects):
    return [(project.lead.name, len(project.tasks.all())) for project in projects]


@case()
def dumped_by_django():
    """`serializers.serialize` lists the keys of a many-to-many relation (category: indirect reads)."""
    return django_serializers.serialize("json", Project.objects.prefetch_related("topics"))


@case()
def initial_values_of_forms():
    """`model_to_dict` reads many-to-many relations (category: indirect reads)."""
    return [model_to_dict(project, fields=["topics"]) for project in Project.objects.prefetch_related("topics")]


@case(batched=True)
def streamed_in_chunks():
    """`iterator` prefetches chunk by chunk, and each is read at once (category: streamed bodies)."""
    projects = Project.objects.select_related("lead").prefetch_related("tasks").iterator(chunk_size=2)
    return [(project.lead.name, len(project.tasks.all())) for project in projects]


KEPT = []


@case()
def kept_for_later():
    """Rows that a module keeps may be read at any time (category: rows that leave)."""
    KEPT[:] = Project.objects.select_related("lead").prefetch_related("tasks")
