"""Aggregates, GROUP BY and HAVING."""

from django.db.models import (
    Avg,
    Case,
    Count,
    DecimalField,
    ExpressionWrapper,
    F,
    FloatField,
    Max,
    Min,
    OuterRef,
    Q,
    StdDev,
    Subquery,
    Sum,
    Value,
    Variance,
    When,
)
from django.db.models.functions import Coalesce, ExtractYear, Length, Round, TruncMonth

from tests.orm_expressions.models import Author, Book, Country, Publisher, Review, Tag
from tests.orm_expressions.suite import expression


@expression
def count():
    Book.objects.aggregate(n=Count("pk"))


@expression
def count_star():
    Book.objects.aggregate(n=Count("*"))


@expression
def count_distinct():
    Book.objects.aggregate(n=Count("author", distinct=True))


@expression
def average():
    Book.objects.aggregate(Avg("pages"))


@expression
def average_of_decimals():
    Book.objects.aggregate(Avg("price"))


@expression
def total_of_decimals():
    Book.objects.aggregate(Sum("price"))


@expression
def extremes():
    Book.objects.aggregate(Min("published"), Max("published"), Min("price"))


@expression
def total_with_default():
    Book.objects.filter(pages__gt=9000).aggregate(n=Sum("pages", default=0))


@expression
def deviation():
    Author.objects.aggregate(StdDev("rating"), Variance("rating", sample=True))


@expression
def of_product():
    Book.objects.aggregate(n=Sum(F("pages") * F("price"), output_field=DecimalField()))


@expression
def of_pages():
    Book.objects.aggregate(n=Sum(F("pages") * 2 - 1))


@expression
def filtered():
    Book.objects.aggregate(n=Count("pk", filter=Q(pages__gt=10)), m=Sum("pages", filter=Q(in_print=True)))


@expression
def over_slice():
    Book.objects.order_by("pk")[:2].aggregate(Sum("pages"))


@expression
def over_distinct():
    Book.objects.values("author").distinct().aggregate(n=Count("author"))


@expression
def over_annotation():
    Author.objects.annotate(n=Count("books")).aggregate(Avg("n"))


@expression
def across_relation():
    Publisher.objects.aggregate(n=Avg("books__reviews__stars"))


@expression
def counted():
    return Author.objects.annotate(n=Count("books"))


@expression
def counted_with_filter():
    return Author.objects.annotate(n=Count("books", filter=Q(books__pages__gt=10)))


@expression
def counted_distinct_twice():
    return Author.objects.annotate(n=Count("books", distinct=True), m=Count("books__reviews", distinct=True))


@expression
def counted_many_to_many():
    return Tag.objects.annotate(n=Count("books")).order_by("-n", "label")


@expression
def counted_and_joined():
    return Book.objects.select_related("author").annotate(n=Count("reviews"))


@expression
def counted_and_filtered_before():
    return Author.objects.filter(books__pages__gt=1).annotate(n=Count("books"))


@expression
def having():
    return Author.objects.annotate(n=Count("books")).filter(n__gt=1)


@expression
def having_and_where():
    return Author.objects.annotate(n=Count("books")).filter(n__gte=1, name="Ann")


@expression
def having_or_where():
    return Author.objects.annotate(n=Count("books")).filter(Q(n__gte=1) | Q(name="Ann"))


@expression
def having_column():
    return Author.objects.annotate(n=Max("books__pages")).filter(n__gt=F("rating"))


@expression
def having_negated():
    return Author.objects.annotate(n=Count("books")).exclude(n=2)


@expression
def grouped_by_values():
    return Book.objects.values("author").annotate(n=Count("pk")).order_by("author")


@expression
def grouped_by_relation():
    return Book.objects.values("publisher__name").annotate(n=Sum("pages")).order_by("-n")


@expression
def grouped_by_two():
    return Book.objects.values("author", "in_print").annotate(n=Count("*"), p=Avg("price"))


@expression
def grouped_by_month():
    months = Book.objects.annotate(month=TruncMonth("published")).values("month")
    return months.annotate(n=Count("pk")).order_by("month")


@expression
def grouped_by_year():
    return Book.objects.values(year=ExtractYear("published")).annotate(n=Count("pk"))


@expression
def grouped_by_expression():
    return Book.objects.values(n=Length("title")).annotate(m=Count("pk")).order_by("n")


@expression
def grouped_by_case():
    size = Case(When(pages__gt=100, then=Value("thick")), default=Value("thin"))
    return Book.objects.annotate(size=size).values("size").annotate(n=Count("pk")).order_by("size")


@expression
def grouped_by_constant():
    return Book.objects.annotate(one=Value(1)).values("one").annotate(n=Count("pk"))


@expression
def grouped_by_subquery():
    best = Review.objects.filter(book=OuterRef("pk")).order_by("-stars").values("stars")[:1]
    return Book.objects.annotate(best=Subquery(best)).values("best").annotate(n=Count("pk"))


@expression
def grouped_after_annotation():
    return Author.objects.annotate(n=Count("books")).values("name", "n")


@expression
def grouped_with_having():
    return Book.objects.values("author__country").annotate(n=Sum("pages")).filter(n__gt=5)


@expression
def total_or_zero():
    return Author.objects.annotate(n=Coalesce(Sum("books__pages"), 0))


@expression
def ratio():
    share = ExpressionWrapper(Count("books") * 1.0 / (Count("friends") + 1), output_field=FloatField())
    return Author.objects.annotate(share=share)


@expression
def rounded():
    return Author.objects.annotate(n=Round(Avg("books__pages"), precision=1))


@expression
def ordered_by_aggregate():
    return Author.objects.alias(n=Count("books")).order_by(F("n").desc())


@expression
def counted_rows_of_groups():
    Book.objects.values("author").annotate(n=Count("pk")).count()


@expression
def counted_rows_with_annotation():
    Author.objects.annotate(n=Count("books")).count()


@expression
def counted_rows_with_having():
    Author.objects.annotate(n=Count("books")).filter(n__gt=1).count()


@expression
def exists_with_annotation():
    Author.objects.annotate(n=Count("books")).filter(n__gt=1).exists()


@expression
def two_levels():
    return Country.objects.annotate(n=Count("publishers__books"), pages=Sum("publishers__books__pages"))


@expression
def alias():
    return Author.objects.alias(n=Count("books")).filter(n__gt=1)


@expression
def aggregate_of_case():
    Book.objects.aggregate(n=Sum(Case(When(pages__gt=1, then=1), default=0)))
