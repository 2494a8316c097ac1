"""Imports, exports, commands and queues: code that reads or writes rows one by one, or many at a time."""

import csv
import io

from django.core import serializers
from django.core.management import call_command
from django.core.management.base import BaseCommand
from django.db import IntegrityError, connection, transaction
from django.db.models import Sum
from django.http import StreamingHttpResponse
from django.template.loader import render_to_string

from tests.labelled.models import Category, Entry, Invoice, Option, Product, Project, Task, Topic
from tests.labelled.suite import case, duplicate, n_plus_one, repeated_in_loop, write_loop

FOLDER = "templates/labelled/second/"


class Restock(BaseCommand):
    def handle(self, *args, **options):
        for key in list(Product.objects.values_list("pk", flat=True)):  # loop
            with transaction.atomic():
                self.restock(key)

    def restock(self, key):
        product = Product.objects.select_for_update().get(pk=key)  # query
        product.stock = 100
        product.save(update_fields=["stock"])  # query


class Report(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("statuses", nargs="*")

    def handle(self, *args, **options):
        for status in options["statuses"] or Task.STATUSES:  # loop
            self.stdout.write(f"{status}: {Task.objects.filter(status=status).count()}")  # query


def sheet_of_products():
    """A file as a shop keeps it, with names instead of keys."""
    sheet = io.StringIO()
    writer = csv.writer(sheet)
    writer.writerow(["name", "category"])
    writer.writerows(Product.objects.values_list("name", "category__name"))
    sheet.seek(0)
    return sheet


def next_open_task():
    return Task.objects.filter(status="open").order_by("pk").first()  # query


def free_title(title):
    """The first title with a number that nobody has."""
    number = 0
    while Project.objects.filter(title=f"{title} {number}").exists():  # query # loop
        number += 1
    return f"{title} {number}"


def cards(projects):
    for project in projects:  # loop
        yield render_to_string("labelled/second/person.html", {"person": project.lead})  # query Project.lead


@case(n_plus_one("Category"), write_loop("Product"))
def sheet_with_names_for_keys():
    """Each line of a file looks up its category by name and is written (import-export#2142)."""
    for line in csv.DictReader(sheet_of_products()):  # loop
        category = Category.objects.get(name=line["category"])  # query Category
        Product.objects.update_or_create(name=line["name"], defaults={"category": category})  # query Product


@case(n_plus_one("Project.topics"))
def rows_dumped_with_their_topics():
    """Django's serializers read a many-to-many relation row by row (category: dumpdata)."""
    serializers.serialize("json", Project.objects.all())  # query # loop


@case(write_loop("Topic"))
def dump_loaded_again():
    """Each deserialized object saves itself (category: loaddata)."""
    dump = serializers.serialize("json", Topic.objects.all())
    for each in serializers.deserialize("json", dump):  # loop
        each.save()  # query


@case(n_plus_one("Product"), write_loop("Product"), also=(Restock,))
def command_that_locks_each_row():
    """A command takes a lock for each row, in a transaction of its own (category: select_for_update)."""
    call_command(Restock(), stdout=io.StringIO())


@case(n_plus_one("Task"), write_loop("Task"), also=(next_open_task,))
def queue_until_empty():
    """A worker takes the next job until none is left: no rows are looped over (category: queues)."""
    while True:  # loop
        task = next_open_task()
        if task is None:
            break
        task.status = "closed"
        task.save(update_fields=["status"])  # query


@case(n_plus_one("Project"), also=(free_title,))
def title_that_nobody_has():
    """A free title is sought by counting up: one question for each taken one (category: unique slugs)."""
    free_title("project")


@case(n_plus_one("Project.lead"), n_plus_one("Person.company"), also=(cards, FOLDER + "person.html"))
def streamed_cards():
    """A streamed body renders a template for each row (category: streaming responses)."""
    b"".join(StreamingHttpResponse(cards(Project.objects.all())).streaming_content)


@case(write_loop("Invoice"))
def rows_deleted_with_their_lines():
    """`delete()` of each row, each with a cascade of its own (nplusone#47)."""
    for invoice in Invoice.objects.all():  # loop
        invoice.delete()  # query


@case(write_loop("Project"))
def sums_written_back():
    """An aggregate is written into its rows, one by one (category: denormalized columns)."""
    for row in Invoice.objects.values("project").annotate(sum=Sum("total")):  # loop
        Project.objects.filter(pk=row["project"]).update(views=row["sum"])  # query


@case(write_loop("Task"))
def bulk_for_each_row():
    """`bulk_create` of three children inside a loop over parents: wide statements, one a row (category: bulk)."""
    for project in Project.objects.all():  # loop
        Task.objects.bulk_create([Task(project=project, title=title) for title in ("plan", "do", "check")])  # query


@case(write_loop("labelled_product"))
def raw_update_for_each_row():
    """A data migration by hand: rows of one cursor, updates by another (category: raw cursors)."""
    with connection.cursor() as reader, connection.cursor() as writer:
        reader.execute("SELECT id, stock FROM labelled_product")
        for key, stock in reader.fetchall():  # loop
            writer.execute("UPDATE labelled_product SET stock = %s WHERE id = %s", [stock + 1, key])  # query


@case(repeated_in_loop("Group.permissions|Permission"))
def two_groups_dumped():
    """The same for the two groups of the site, which are no more when the rows double (category: dumpdata)."""
    from django.contrib.auth.models import Group

    serializers.serialize("json", Group.objects.all())  # query # loop


@case(duplicate("Task"))
def polled_until_done():
    """A view waits for a job that another process finishes (category: polling)."""
    task = Task.objects.order_by("pk")[0]
    polls = 0
    while task.status != "closed":  # loop
        polls += 1
        if polls == 3:
            Task.objects.filter(pk=task.pk).update(status="closed")
        task.refresh_from_db(fields=["status"])  # query


@case(repeated_in_loop("Option"))
def retried_after_a_conflict():
    """A write that meets a unique column is tried three times, each in a savepoint (category: retries)."""
    for _attempt in range(3):  # loop
        try:
            with transaction.atomic():
                Option.objects.create(key="theme")  # query
            break
        except IntegrityError:
            continue


@case(repeated_in_loop("Task"))
def bulk_for_each_status():
    """One `bulk_create` for each of three statuses, as wide as there are rows (category: bulk operations)."""
    projects = list(Project.objects.all())
    for status in Task.STATUSES:  # loop
        Task.objects.bulk_create([Task(project=each, title="new", status=status) for each in projects])  # query


@case(repeated_in_loop("Task"))
def statuses_moved_on():
    """A nightly job moves each status to the next (category: loops over constants)."""
    for old, new in (("waiting", "closed"), ("open", "waiting")):  # loop
        Task.objects.filter(status=old).update(status=new)  # query


@case(repeated_in_loop("Task"), also=(Report,))
def command_over_its_arguments():
    """A command counts for each of its arguments (category: management commands)."""
    call_command(Report(), "open", "closed", stdout=io.StringIO())


@case(batched=True)
def raw_keyset_pages():
    """Pages by key from a raw cursor until one is short (design: keyset pages)."""
    last, rows = 0, [()]
    with connection.cursor() as cursor:
        while rows:
            cursor.execute("SELECT id, title FROM labelled_project WHERE id > %s ORDER BY id LIMIT 2", [last])
            rows = cursor.fetchall()
            last = rows[-1][0] if rows else last


@case(batched=True)
def streamed_chunks_with_partners():
    """A streamed export that loads the partners of each chunk by `in_bulk` (category: streaming responses)."""

    def lines():
        keys = list(Project.objects.order_by("pk").values_list("pk", flat=True))
        for start in range(0, len(keys), 2):
            chunk = Project.objects.in_bulk(keys[start : start + 2])
            yield "".join(project.title for project in chunk.values())

    b"".join(StreamingHttpResponse(lines()).streaming_content)


@case()
def sheet_with_categories_at_once():
    """The names of a file are looked up at once, and the rows written at once (category: the fix)."""
    lines = list(csv.DictReader(sheet_of_products()))
    categories = {each.name: each for each in Category.objects.filter(name__in=[line["category"] for line in lines])}
    Product.objects.bulk_create(Product(name=line["name"], category=categories[line["category"]]) for line in lines)


@case()
def three_steps_logged():
    """Three steps of one job, each logged on a line of its own (category: straight-line code)."""
    Entry.objects.create(text="started")
    Project.objects.update(position=0)
    Entry.objects.create(text="moved")
    Task.objects.filter(status="closed").delete()
    Entry.objects.create(text="cleaned")
