"""Rows for the tests, with as little said of them as a test needs."""

from django.contrib.auth import get_user_model
from orders.models import Customer, Order, OrderLine

from shop.models import Author, Book, Offer, Publisher, Review, Tag


def make_book(title="Emma", author="Austen", publisher="Murray", tags=(), stars=(), price_cents=None, stock=5):
    """A book; with an offer where it has a price."""
    book = Book.objects.create(
        title=title,
        author=Author.objects.get_or_create(name=author)[0],
        publisher=Publisher.objects.get_or_create(name=publisher)[0],
    )
    book.tags.set(Tag.objects.get_or_create(name=name)[0] for name in tags)
    Review.objects.bulk_create([Review(book=book, stars=each) for each in stars])
    if price_cents is not None:
        Offer.objects.create(book=book, isbn=f"978{book.pk:010}", price_cents=price_cents, stock=stock)
    return book


def make_books(count, **common):
    """Books of as many authors, so that nothing is shared but what is said."""
    return [make_book(f"Book {number:02}", author=f"Author {number:02}", **common) for number in range(count)]


def make_user(name="ada", **more):
    """Without a password, which would take longer than the rest of a test."""
    return get_user_model().objects.create(username=name, **more)


def make_customer(name="Ada", **more):
    return Customer.objects.create(user=make_user(name.lower(), **more), name=name)


def make_order(customer, *lines, **more):
    """An order with lines of (book, count); the price is that of the offer, else 1,000 cents."""
    order = Order.objects.create(customer=customer, **more)
    for book, count in lines:
        offer = Offer.objects.filter(book=book).first()
        price_cents = offer.price_cents if offer else 1000
        OrderLine.objects.create(order=order, book=book, count=count, price_cents=price_cents)
    return order
