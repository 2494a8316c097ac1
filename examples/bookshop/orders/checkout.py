"""From a basket to an order, to its parcel, to the archive."""

from django.core.mail import send_mail
from django.db import transaction
from django.db.models import F
from shop.models import Offer
from shop.pages import absolute_url

from orders.models import ArchivedOrder, Order, OrderLine


class CheckoutError(Exception):
    """Why there was no order; the text is for the customer."""


@transaction.atomic
def place_order(customer, basket):
    """Makes an order of a basket and takes the books from the stock, line by line. Raises CheckoutError."""
    lines = basket.lines()
    if not lines:
        raise CheckoutError("the basket is empty")
    order = Order.objects.create(customer=customer)
    for book, count in lines:
        taken = Offer.objects.filter(book=book, stock__gte=count).update(stock=F("stock") - count)
        if not taken:
            raise CheckoutError(f"{book.title} was sold in the meantime")
        OrderLine.objects.create(order=order, book=book, count=count, price_cents=book.offer.price_cents)
    basket.clear()
    return order


def confirm(order):
    """Tells the customer by e-mail; returns whether there was an address."""
    address = order.customer.user.email
    if not address:
        return False
    body = f"Your order: {absolute_url('order', order.pk)}"
    send_mail(f"Order {order.pk}", body, None, [address])
    return True


@transaction.atomic
def cancel(order):
    """Gives the books back. Raises CheckoutError where the parcel has left."""
    if order.status in (Order.Status.SENT, Order.Status.CANCELED):
        raise CheckoutError(f"the order is {order.status} already")
    for line in order.lines.all():
        Offer.objects.filter(book_id=line.book_id).update(stock=F("stock") + line.count)
    order.status = Order.Status.CANCELED
    order.save(update_fields=["status"])


def archive(before):
    """Moves what was sent or canceled before a day to the archive; returns how many orders that were."""
    over = Order.objects.filter(placed_at__date__lt=before, status__in=[Order.Status.SENT, Order.Status.CANCELED])
    orders = list(over.select_related("customer").prefetch_related("lines").order_by("pk"))
    with transaction.atomic(using="archive"), transaction.atomic():
        ArchivedOrder.objects.bulk_create(
            [
                ArchivedOrder(
                    number=order.pk,
                    customer=order.customer.name,
                    placed_on=order.placed_at.date(),
                    total_cents=order.total_cents,
                )
                for order in orders
            ]
        )
        Order.objects.filter(pk__in=[order.pk for order in orders]).delete()
    return len(orders)
