"""Who buys, what was bought, and what happened to it."""

from django.conf import settings
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.utils import timezone
from shop.models import Book


class Customer(models.Model):
    user = models.OneToOneField(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="customer")
    name = models.CharField(max_length=100)
    city = models.CharField(max_length=100, blank=True)

    def __str__(self):
        return self.name


class Order(models.Model):
    class Status(models.TextChoices):
        OPEN = "open"
        PAID = "paid"
        SENT = "sent"
        CANCELED = "canceled"

    customer = models.ForeignKey(Customer, on_delete=models.CASCADE, related_name="orders")
    status = models.CharField(max_length=10, choices=Status.choices, default=Status.OPEN)
    placed_at = models.DateTimeField(default=timezone.now)

    class Meta:
        permissions = [("send_order", "Can send an order")]

    def __str__(self):
        return f"Order {self.pk}"

    @property
    def total_cents(self):
        return sum(line.total_cents for line in self.lines.all())


class OrderLine(models.Model):
    order = models.ForeignKey(Order, on_delete=models.CASCADE, related_name="lines")
    book = models.ForeignKey(Book, on_delete=models.PROTECT, related_name="order_lines")
    count = models.PositiveSmallIntegerField()
    price_cents = models.PositiveIntegerField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["order", "book"], name="one_line_for_a_book")]

    @property
    def total_cents(self):
        return self.count * self.price_cents


class Event(models.Model):
    """Something that happened to a row of any table."""

    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    subject = GenericForeignKey("content_type", "object_id")
    verb = models.CharField(max_length=20)
    happened_at = models.DateTimeField(default=timezone.now)


class ArchivedOrder(models.Model):
    """An order of a past year, in a database of its own."""

    number = models.PositiveBigIntegerField(unique=True)
    customer = models.CharField(max_length=100)
    placed_on = models.DateField()
    total_cents = models.PositiveIntegerField()
