"""The pages that are requested: two with many queries, one with few and many rows, one with one query."""

from django.http import HttpResponse
from django.shortcuts import render
from django.urls import path
from shop.models import Author, Book, Publisher, Tag


def catalog(request, books, counts):
    """`counts` queries, one for the books, and four for each book: 24 and 3 are 100 queries, 206 and 0 are 825."""
    totals = [model.objects.count() for model in (Author, Publisher, Tag)[:counts]]
    chosen = Book.objects.order_by("title")[:books]
    for book in chosen:
        book.byline = f"by {book.author.name}"
    return render(request, "shop/catalog.html", {"books": chosen, "totals": totals})


def listed(request):
    """100 books in 4 queries: how many there are, the books, their tags and their reviews."""
    books = Book.objects.order_by("title")
    chosen = books.select_related("author", "publisher").prefetch_related("tags", "reviews")[:100]
    return render(request, "overhead/list.html", {"total": books.count(), "books": chosen})


def one(request, key):
    return HttpResponse(Book.objects.get(pk=key).title)


urlpatterns = [
    path("catalog/<int:books>/<int:counts>/", catalog),
    path("list/", listed),
    path("one/<int:key>/", one),
]
