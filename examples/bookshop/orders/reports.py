"""What the staff looks at."""

import csv

from django.contrib.admin.views.decorators import staff_member_required
from django.db.models import Count, F, Sum
from django.http import StreamingHttpResponse
from django.shortcuts import render
from shop.models import Book, Offer, Publisher

from orders.models import Event, OrderLine


@staff_member_required
def stock(request):
    offers = Offer.objects.select_related("book__publisher").order_by("book__title")
    context = {
        "offers": offers,
        "value_cents": offers.aggregate(value=Sum(F("stock") * F("price_cents")))["value"] or 0,
        "publishers": Publisher.objects.annotate(book_count=Count("books")).order_by("name"),
    }
    return render(request, "orders/stock.html", context)


class Echo:
    """A file that hands back what is written to it."""

    def write(self, text):
        return text


def stock_rows():
    """A row for each book; author and offer are asked for while the response is sent."""
    yield ["title", "author", "isbn", "stock"]
    for book in Book.objects.order_by("title"):
        offer = getattr(book, "offer", None)
        yield [book.title, book.author.name, offer.isbn if offer else "", offer.stock if offer else ""]


@staff_member_required
def stock_csv(request):
    writer = csv.writer(Echo())
    lines = (writer.writerow(row) for row in stock_rows())
    return StreamingHttpResponse(lines, content_type="text/csv")


@staff_member_required
def sales(request):
    """What each publisher has sold, in two loops: N publishers, M books each."""
    rows = []
    for publisher in Publisher.objects.order_by("name"):
        sold = 0
        for book in publisher.books.all():
            sold += sum(line.total_cents for line in OrderLine.objects.filter(book=book))
        rows.append((publisher.name, sold))
    return render(request, "orders/sales.html", {"rows": rows})


@staff_member_required
def history(request):
    """The rows that events are about come with one query a table."""
    events = Event.objects.order_by("-pk").prefetch_related("subject")[:100]
    return render(request, "orders/history.html", {"events": events})
