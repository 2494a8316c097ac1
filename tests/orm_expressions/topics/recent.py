"""What came to Django after 4.2."""

from django.db.models import F, Q, Value

from tests.orm_expressions.models import Author, Book
from tests.orm_expressions.suite import expression


@expression(since=(5, 0))
def update_or_create_with_create_defaults():
    Author.objects.update_or_create(name="Dee", defaults={"rating": 1}, create_defaults={"rating": 2})


@expression(since=(5, 2))
def values_in_given_order():
    return Book.objects.annotate(x=F("pages") + 1).values("x", "title")


@expression(since=(5, 2))
def json_array():
    from django.db.models.functions import JSONArray

    return Author.objects.annotate(x=JSONArray("name", "rating"))


@expression(since=(6, 0))
def text_aggregate():
    from django.db.models import StringAgg

    return Author.objects.annotate(x=StringAgg("books__title", delimiter=Value(", ")))


@expression(since=(6, 0), only="postgresql")
def text_aggregate_ordered():
    from django.db.models import StringAgg

    return Author.objects.annotate(x=StringAgg("books__title", delimiter=Value(", "), order_by="books__pages"))


@expression(since=(6, 0), only="sqlite")
def any_value():
    from django.db.models import AnyValue

    return Book.objects.values("author").annotate(x=AnyValue("title", filter=Q(pages__gt=1)))


@expression(since=(6, 1))
def fetched_with_peers():
    from django.db.models import FETCH_PEERS

    for book in Book.objects.fetch_mode(FETCH_PEERS).order_by("pk"):
        book.publisher
