"""Writes in loops, and the bulk calls that replace them."""

from django.db import transaction
from django.db.models import F

from tests.labelled.models import Comment, Entry, Invoice, Membership, Person, Product, Project, Task, Topic
from tests.labelled.suite import case, n_plus_one, repeated_in_loop, write_loop


@case(write_loop("Project"))
def save_in_a_loop():
    """`save()` of each row (category: write loops)."""
    for project in Project.objects.all():  # loop
        project.views += 1
        project.save()  # query


@case(write_loop("Project"))
def save_of_one_column_in_a_loop():
    """`save(update_fields=…)` of each row (category: write loops)."""
    for position, project in enumerate(Project.objects.all()):  # loop
        project.position = position
        project.save(update_fields=["position"])  # query


@case(write_loop("Entry"))
def create_in_a_loop():
    """`create()` for each row (category: write loops)."""
    for project in Project.objects.all():  # loop
        Entry.objects.create(text=project.title)  # query


@case(write_loop("Task"))
def update_by_filter_in_a_loop():
    """`filter(pk=…).update(…)` for each row (category: write loops)."""
    for task in Task.objects.all():  # loop
        Task.objects.filter(pk=task.pk).update(hours=task.hours + 1)  # query


@case(write_loop("Membership"))
def delete_in_a_loop():
    """`delete()` of each row (category: write loops)."""
    for membership in Membership.objects.all():  # loop
        membership.delete()  # query


@case(write_loop("Project.topics|Topic"))
def add_in_a_loop():
    """`add()` to a many-to-many relation for each row (category: write loops)."""
    topic = Topic.objects.create(name="new")
    for project in Project.objects.all():  # loop
        project.topics.add(topic)  # query


@case(write_loop("Product"))
def stock_of_each_product():
    """A counter that is decremented row by row (category: write loops)."""
    for product in Product.objects.all():  # loop
        Product.objects.filter(pk=product.pk).update(stock=F("stock") - 1)  # query


@case(write_loop("Comment"))
def create_through_a_generic_relation():
    """A comment for each row (category: write loops and generic relations)."""
    author = Person.objects.order_by("pk")[0]
    for project in Project.objects.all():  # loop
        project.comments.create(author=author, text="closed")  # query


@case(n_plus_one("Invoice.project"), write_loop("Invoice"))
def read_and_save_in_a_loop():
    """Follows a key and saves: two causes (category: write loops)."""
    for invoice in Invoice.objects.all():  # loop
        invoice.total += len(invoice.project.title)  # query Invoice.project
        invoice.save()  # query Invoice


@case(write_loop("Entry"))
def create_inside_a_transaction_each():
    """A savepoint around each write; the savepoints are no finding (design: framework work)."""
    with transaction.atomic():
        for project in Project.objects.all():  # loop
            with transaction.atomic():
                Entry.objects.create(text=project.title)  # query


@case(write_loop("Task"))
def set_of_children_with_bulk_off():
    """`add(bulk=False)` saves each child (category: write loops)."""
    project = Project.objects.order_by("pk")[0]
    project.tasks.add(*Task.objects.all(), bulk=False)  # query


@case()
def bulk_created():
    """`bulk_create` (category: the fix)."""
    Entry.objects.bulk_create([Entry(text=project.title) for project in Project.objects.all()])


@case()
def bulk_updated():
    """`bulk_update` (category: the fix)."""
    projects = list(Project.objects.all())
    for position, project in enumerate(projects):
        project.position = position
    Project.objects.bulk_update(projects, ["position"])


@case()
def updated_at_once():
    """`update()` (category: the fix)."""
    Task.objects.filter(status="open").update(hours=F("hours") + 1)


@case()
def deleted_at_once():
    """A cascade over several tables is one operation (design: operations, not statements)."""
    Project.objects.all().delete()


@case()
def cascade_of_one_row():
    """`delete()` of one row with all that hangs on it (design: operations)."""
    Project.objects.order_by("pk")[0].delete()


@case()
def added_at_once():
    """`add(*rows)` (category: the fix)."""
    topic = Topic.objects.create(name="new")
    topic.projects.add(*Project.objects.all())


@case()
def set_of_children():
    """`set()` reads and writes once (category: the fix)."""
    project = Project.objects.order_by("pk")[0]
    project.members.set(Person.objects.all())


@case()
def two_rows_on_two_lines():
    """A transfer saves two rows (category: straight-line code)."""
    first, second = Product.objects.order_by("pk")[:2]
    first.stock -= 1
    first.save()
    second.stock += 1
    second.save()


@case(repeated_in_loop("Entry"))
def three_log_lines():
    """Three steps, logged by a loop over their names (design: constants)."""
    for step in ("start", "work", "end"):  # loop
        Entry.objects.create(text=step)  # query


@case()
def form_of_one_row_saved():
    """A row and its relation, saved one after the other (category: straight-line code)."""
    project = Project.objects.select_related("lead").order_by("pk")[0]
    project.lead.name = "new"
    project.lead.save()
    project.title = "new"
    project.save()


@case()
def comments_moved_at_once():
    """A filter over a subquery (category: the fix)."""
    Comment.objects.filter(author__in=Person.objects.filter(name__startswith="lead")).update(text="moved")


@case()
def emptied_and_filled():
    """`clear()` and `add()` of one row (category: straight-line code)."""
    project = Project.objects.order_by("pk")[0]
    topics = list(project.topics.all())
    project.topics.clear()
    project.topics.add(*topics)
