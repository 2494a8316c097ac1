"""The catalog page, twice: 825 queries, and the same page for two."""

from django.db.models import Count
from django.shortcuts import render

from shop.models import Book


def catalog(request):
    books = Book.objects.order_by("title")
    for book in books:
        book.byline = f"by {book.author.name}"
    return render(request, "shop/catalog.html", {"books": books})


def repaired_catalog(request):
    books = (
        Book.objects.order_by("title")
        .select_related("author", "publisher")
        .prefetch_related("tags")
        .annotate(reviews_count=Count("reviews"))
    )
    for book in books:
        book.byline = f"by {book.author.name}"
    return render(request, "shop/repaired.html", {"books": books})
