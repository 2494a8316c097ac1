"""What is noted of each order and customer when they change."""

from django.db.models.signals import post_save

from orders.models import Customer, Event, Order


def note(sender, instance, created, raw=False, **kwargs):
    """Fixtures bring events of their own."""
    if not raw:
        Event.objects.create(subject=instance, verb="created" if created else "changed")


def connect():
    for model in (Customer, Order):
        post_save.connect(note, sender=model, dispatch_uid=f"note_{model.__name__}")
