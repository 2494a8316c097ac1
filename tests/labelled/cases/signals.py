"""Queries in signal handlers."""

from django.db.models.signals import pre_delete

from tests.labelled.models import Entry, Membership, Project, Ticket, log_ticket, remember_project
from tests.labelled.suite import case, n_plus_one, write_loop


@case(n_plus_one("Ticket.project"), also=(remember_project,))
def handler_of_post_init():
    """A `post_init` handler loads inside `list(queryset)` (design: a real N+1 inside one operation)."""
    list(Ticket.objects.all())  # loop


@case(n_plus_one("Ticket.project"), write_loop("Entry|Ticket"), also=(log_ticket, remember_project))
def handler_of_post_save():
    """An audit line a saved row, and a join that comes too late for `post_init` (category: signals)."""
    for ticket in Ticket.objects.select_related("project"):  # loop
        ticket.save(update_fields=["title"])  # query Ticket


@case(write_loop("Entry"))
def handler_of_pre_delete():
    """A handler that writes for each row of a cascade (design: operations end at a user's frame)."""

    def log(sender, instance, **kwargs):
        Entry.objects.create(text=str(instance.pk))  # query

    pre_delete.connect(log, sender=Membership)
    try:
        Membership.objects.all().delete()  # loop
    finally:
        pre_delete.disconnect(log, sender=Membership)


@case(n_plus_one("Membership.project"))
def handler_that_reads():
    """A handler that follows a key for each deleted row (category: signals)."""

    def read(sender, instance, **kwargs):
        instance.project.title  # query

    pre_delete.connect(read, sender=Membership)
    try:
        Membership.objects.all().delete()  # loop
    finally:
        pre_delete.disconnect(read, sender=Membership)


@case()
def handler_of_one_row():
    """The audit line of one saved row (category: signals)."""
    Ticket.objects.create(project=Project.objects.order_by("pk")[0], title="new")


@case()
def handler_without_queries():
    """Handlers that only count (category: signals)."""
    seen = []

    def count(sender, instance, **kwargs):
        seen.append(instance.pk)

    pre_delete.connect(count, sender=Membership)
    try:
        Membership.objects.all().delete()
    finally:
        pre_delete.disconnect(count, sender=Membership)


@case()
def handlers_passed_by():
    """`bulk_create` and `update` send no signals (category: the fix)."""
    Ticket.objects.bulk_create([Ticket(project=project, title="new") for project in Project.objects.all()])
    Ticket.objects.update(title="newer")


@case()
def values_pass_the_handler_by():
    """`values()` makes no instances, so `post_init` never runs (category: the fix)."""
    list(Ticket.objects.values("title", "project__title"))
