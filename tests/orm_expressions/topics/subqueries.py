"""Subqueries, EXISTS, combined querysets and windows."""

from django.db.models import (
    Avg,
    Case,
    Count,
    Exists,
    F,
    Func,
    IntegerField,
    Max,
    OuterRef,
    Q,
    RowRange,
    Subquery,
    Sum,
    Value,
    When,
    Window,
)
from django.db.models.functions import Coalesce, DenseRank, FirstValue, Lag, Lead, Ntile, Rank, RowNumber

from tests.orm_expressions.models import Author, Book, Publisher, Review
from tests.orm_expressions.suite import expression


def _reviews(**conditions):
    return Review.objects.filter(book=OuterRef("pk"), **conditions)


@expression
def in_queryset():
    return Book.objects.filter(author__in=Author.objects.filter(rating__gt=1))


@expression
def in_values():
    return Book.objects.filter(author__name__in=Author.objects.values("name"))


@expression
def in_sliced_queryset():
    return Book.objects.filter(author__in=Author.objects.order_by("pk")[:2])


@expression
def in_empty_queryset():
    return Book.objects.filter(author__in=Author.objects.none())


@expression
def not_in_queryset():
    return Author.objects.exclude(pk__in=Book.objects.values("author"))


@expression
def equal_to_queryset():
    return Book.objects.filter(author=Author.objects.filter(name="Ann")[:1])


@expression
def exists():
    return Book.objects.filter(Exists(_reviews(stars=5)))


@expression
def not_exists():
    return Book.objects.filter(~Exists(_reviews(stars=5)))


@expression
def exists_or():
    return Book.objects.filter(Exists(_reviews(stars=5)) | Q(pages=0))


@expression
def exists_as_column():
    return Book.objects.annotate(reviewed=Exists(_reviews()))


@expression
def exists_as_column_filtered():
    return Book.objects.annotate(reviewed=Exists(_reviews())).filter(reviewed=True)


@expression
def exists_in_case():
    return Book.objects.annotate(x=Case(When(Exists(_reviews()), then=1), default=0))


@expression
def exists_of_nothing():
    return Book.objects.annotate(x=Exists(Review.objects.none()))


@expression
def subquery_as_column():
    return Book.objects.annotate(best=Subquery(_reviews().order_by("-stars").values("stars")[:1]))


@expression
def subquery_with_fallback():
    best = Subquery(_reviews().order_by("-stars").values("stars")[:1])
    return Book.objects.annotate(best=Coalesce(best, 0)).filter(best__gt=1).order_by("-best")


@expression
def subquery_with_aggregate():
    stars = _reviews().order_by().values("book").annotate(n=Avg("stars")).values("n")
    return Book.objects.annotate(stars=Subquery(stars))


@expression
def subquery_with_count():
    count = _reviews().order_by().annotate(n=Func(F("pk"), function="COUNT")).values("n")
    return Book.objects.annotate(n=Subquery(count, output_field=IntegerField()))


@expression
def subquery_in_filter():
    newest = Book.objects.filter(author=OuterRef("author")).order_by("-published")
    return Book.objects.filter(pk=Subquery(newest.values("pk")[:1]))


@expression
def subquery_in_subquery():
    reviews = Review.objects.filter(book__author=OuterRef(OuterRef("pk")), book=OuterRef("pk"))
    return Author.objects.filter(Exists(Book.objects.filter(Exists(reviews))))


@expression
def subquery_in_update():
    Book.objects.update(pages=Subquery(_reviews().order_by("-stars").values("stars")[:1]))


@expression
def subquery_in_aggregate():
    Book.objects.annotate(n=Subquery(_reviews().order_by("pk").values("stars")[:1])).aggregate(Sum("n"))


@expression
def outer_reference_through_key():
    same = Author.objects.filter(country=OuterRef("author__country")).exclude(pk=OuterRef("author"))
    return Book.objects.annotate(x=Exists(same))


@expression
def union():
    return Book.objects.filter(pages=1).union(Book.objects.filter(pages=2))


@expression
def union_all():
    return Book.objects.filter(pages=1).union(Book.objects.filter(pages=2), all=True)


@expression
def union_of_three():
    return Book.objects.filter(pages=1).union(Book.objects.filter(pages=2), Book.objects.filter(pages=3))


@expression
def union_of_values():
    return Book.objects.values_list("title").union(Author.objects.values_list("name"))


@expression
def union_ordered():
    return Book.objects.filter(pages=1).union(Book.objects.filter(pages=2)).order_by("title")[:3]


@expression
def union_counted():
    Book.objects.filter(pages=1).union(Book.objects.filter(pages=2)).count()


@expression
def union_exists():
    Book.objects.filter(pages=1).union(Book.objects.filter(pages=2)).exists()


@expression
def union_with_empty():
    return Book.objects.none().union(Book.objects.filter(pages=2))


@expression
def union_of_sliced_ids():
    books = Book.objects.values("author_id").union(Book.objects.values("editor_id"))
    return Author.objects.filter(pk__in=books)


@expression
def intersection():
    return Book.objects.filter(pages__gt=1).intersection(Book.objects.filter(in_print=True))


@expression
def difference():
    return Book.objects.values("pk").difference(Book.objects.filter(in_print=False).values("pk"))


@expression
def row_number():
    return Book.objects.annotate(n=Window(RowNumber(), order_by="pages"))


@expression
def rank_in_partition():
    rank = Window(Rank(), partition_by="author", order_by=F("pages").desc())
    return Book.objects.annotate(n=rank)


@expression
def rank_filtered():
    rank = Window(DenseRank(), partition_by="publisher", order_by="pages")
    return Book.objects.annotate(n=rank).filter(n__lte=2)


@expression
def neighbours():
    by_date = {"order_by": [F("published").asc(), F("pk").desc()]}
    before, after = Window(Lag("pages"), **by_date), Window(Lead("pages", offset=2, default=0), **by_date)
    return Book.objects.annotate(before=before, after=after)


@expression
def first_in_partition():
    first = Window(FirstValue("title"), partition_by=["author", "publisher"], order_by="pk")
    return Book.objects.annotate(first=first)


@expression
def running_total():
    frame = RowRange(start=None, end=0)
    return Book.objects.annotate(n=Window(Sum("pages"), order_by="pk", frame=frame))


@expression
def moving_average():
    frame = RowRange(start=-2, end=2)
    return Book.objects.annotate(n=Window(Avg("pages"), order_by="pk", frame=frame))


@expression
def window_of_aggregate():
    groups = Book.objects.values("author").annotate(n=Count("pk"))
    return groups.annotate(rank=Window(Rank(), order_by=F("n").desc()))


@expression
def quartile():
    return Book.objects.annotate(n=Window(Ntile(4), order_by="published"))


@expression
def window_ordered_by():
    return Book.objects.order_by(Window(Max("pages"), partition_by="author").desc(), "pk")


@expression
def counted_with_subquery():
    Publisher.objects.annotate(x=Exists(Book.objects.filter(publisher=OuterRef("pk")))).filter(x=True).count()


@expression
def values_with_subquery():
    author = Author.objects.filter(pk=OuterRef("author")).values("name")[:1]
    return Book.objects.values("title", x=Subquery(author), y=Value("z"))
