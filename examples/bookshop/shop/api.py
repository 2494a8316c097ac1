"""The catalog as JSON."""

import json

from django.http import JsonResponse
from django.shortcuts import get_object_or_404
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_GET, require_http_methods

from shop.models import Author, Book, Review
from shop.serializers import author_as_dict, book_as_dict, review_as_dict

PAGE_SIZE = 50


def _page_of(request, rows):
    try:
        start = max(int(request.GET.get("start", 0)), 0)
    except ValueError:
        start = 0
    return rows[start : start + PAGE_SIZE]


def _books():
    return Book.objects.select_related("author", "publisher", "offer").prefetch_related("tags")


@require_GET
def books(request):
    rows = _page_of(request, _books().order_by("pk"))
    return JsonResponse({"books": [book_as_dict(row) for row in rows]})


@require_GET
def book(request, pk):
    return JsonResponse(book_as_dict(get_object_or_404(_books(), pk=pk)))


@require_GET
def authors(request):
    rows = _page_of(request, Author.objects.order_by("pk"))
    return JsonResponse({"authors": [author_as_dict(row) for row in rows]})


@csrf_exempt
@require_http_methods(["GET", "POST"])
def reviews(request, pk):
    book = get_object_or_404(Book, pk=pk)
    if request.method == "GET":
        return JsonResponse({"reviews": [review_as_dict(review) for review in book.reviews.order_by("pk")]})
    try:
        stars = json.loads(request.body)["stars"]
    except (ValueError, KeyError, TypeError):
        return JsonResponse({"error": "a review is an object with stars"}, status=400)
    if type(stars) is not int or not 1 <= stars <= 5:
        return JsonResponse({"error": "stars go from 1 to 5"}, status=400)
    return JsonResponse(review_as_dict(Review.objects.create(book=book, stars=stars)), status=201)
