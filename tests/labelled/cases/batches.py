"""Batches, chunks, pages and iterators: repeated statements that carry many rows each."""

from django.core.paginator import Paginator

from tests.labelled.models import Company, Entry, Person, Project, Task
from tests.labelled.suite import case, n_plus_one, repeated_in_loop

PAGE = 2


def chunks(rows, size):
    for start in range(0, len(rows), size):
        yield rows[start : start + size]


@case(batched=True)
def created_in_batches():
    """`bulk_create(batch_size=…)` (design: operations)."""
    Entry.objects.bulk_create([Entry(text=person.name) for person in Person.objects.all()], batch_size=4)


@case(batched=True)
def updated_in_batches():
    """`bulk_update(batch_size=…)` (design: operations)."""
    people = list(Person.objects.all())
    for person in people:
        person.name = person.name.upper()
    Person.objects.bulk_update(people, ["name"], batch_size=4)


@case(batched=True)
def chunked_keys():
    """`IN` lists in chunks of their own loop (design: what peers get wrong)."""
    for part in chunks(list(Person.objects.values_list("pk", flat=True)), 4):
        list(Task.objects.filter(assignee__in=part))


@case(batched=True)
def chunked_iterator_with_prefetch():
    """`iterator(chunk_size=…)` prefetches a chunk at a time (design: operations)."""
    for person in Person.objects.prefetch_related("tasks").iterator(chunk_size=4):
        list(person.tasks.all())


@case(batched=True)
def pages_of_a_table():
    """An export that walks all pages (design: pages)."""
    paginator = Paginator(Task.objects.order_by("pk"), 4)
    for page in paginator:
        [task.title for task in page]


@case(batched=True)
def keyset_pages():
    """`pk__gt=last` until nothing is left (design: keyset pages)."""
    last = 0
    while True:
        rows = list(Task.objects.filter(pk__gt=last).order_by("pk")[:4])
        if not rows:
            break
        last = rows[-1].pk


@case(batched=True)
def chunks_created_by_hand():
    """One `bulk_create` for each chunk of an import (design: work width)."""
    for part in chunks([person.name for person in Person.objects.all()], 4):
        Entry.objects.bulk_create([Entry(text=name) for name in part])


@case(batched=True)
def deleted_in_chunks():
    """A cleanup that deletes a few hundred rows at a time (design: work width)."""
    for part in chunks(list(Task.objects.values_list("pk", flat=True)), 4):
        Task.objects.filter(pk__in=part).delete()


@case(batched=True)
def updated_in_chunks():
    """A migration of data, a chunk at a time (design: work width)."""
    for part in chunks(list(Person.objects.values_list("pk", flat=True)), 4):
        Person.objects.filter(pk__in=part).update(name="anonymous")


@case(repeated_in_loop("Project"))
def first_three_pages():
    """A crawl that stops after three pages (design: a page size)."""
    for number in range(3):  # loop
        list(Project.objects.order_by("pk")[number : number + 1])  # query


@case()
def one_page():
    """A page: the count and its rows (category: pages)."""
    page = Paginator(Task.objects.order_by("pk"), PAGE).get_page(1)
    [task.title for task in page]


@case()
def keys_of_a_page():
    """The rows of one page follow a key: bounded by the page's size (design: a page size)."""
    page = Paginator(Project.objects.select_related("lead").order_by("pk"), PAGE).get_page(1)
    [project.lead.name for project in page]


@case(repeated_in_loop("Project.lead"))
def keys_of_the_newest_two():
    """A box with the two newest rows follows a key, however many rows there are (design: a page size)."""
    for project in Project.objects.order_by("-pk")[:2]:  # loop
        project.lead.name  # query


@case()
def streamed_rows():
    """`iterator()` over plain columns (category: chunked iterator)."""
    for task in Task.objects.iterator(chunk_size=2):
        task.title


@case(n_plus_one("Task.assignee"), batched=True)
def keys_inside_pages():
    """The pages are no problem, the key that each row follows is (category: pages)."""
    for page in Paginator(Task.objects.order_by("pk"), 4):
        for task in page:  # loop
            task.assignee.name  # query


@case(n_plus_one("Person.tasks"))
def rows_inside_chunks():
    """Chunked keys, and a question for each row of a chunk (category: chunks)."""
    for part in chunks(list(Person.objects.all()), 4):
        for person in part:  # loop
            list(person.tasks.all())  # query


@case(n_plus_one("Company.projects"))
def prefetch_for_each_instance():
    """`prefetch_related_objects([row])` in a loop: a prefetch of one (zeal#66)."""
    from django.db.models import prefetch_related_objects

    for company in Company.objects.all():  # loop
        prefetch_related_objects([company], "projects")  # query


@case(n_plus_one("Project"))
def chunks_of_one():
    """A chunk size of one is no batch (design: work width)."""
    for part in chunks(list(Project.objects.values_list("pk", flat=True)), 1):  # loop
        list(Project.objects.filter(pk__in=part))  # query
