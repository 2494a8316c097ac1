"""WHERE: lookups, Q objects, ranges, parts of dates."""

import operator
from datetime import date, time, timedelta
from functools import reduce

from django.db.models import Count, F, Q, Value
from django.db.models.functions import Lower, Upper
from django.db.models.lookups import GreaterThan, IsNull

from tests.orm_expressions.models import FIRST_OF_MAY, Author, Book, Publisher, Reserved, Review, Sample
from tests.orm_expressions.suite import expression


@expression
def everything():
    return Book.objects.all()


@expression
def exact():
    return Book.objects.filter(pages=100)


@expression
def exact_text():
    return Author.objects.filter(name="Ann")


@expression
def exact_none():
    return Book.objects.filter(editor=None)


@expression
def iexact():
    return Author.objects.filter(name__iexact="ann")


@expression
def contains():
    return Book.objects.filter(title__contains="ook")


@expression
def icontains():
    return Book.objects.filter(title__icontains="OOK")


@expression
def contains_percent():
    return Book.objects.filter(title__contains="100%")


@expression
def startswith():
    return Book.objects.filter(title__startswith="B")


@expression
def istartswith():
    return Book.objects.filter(title__istartswith="b")


@expression
def endswith():
    return Book.objects.filter(title__endswith="1")


@expression
def iendswith():
    return Book.objects.filter(title__iendswith="K 1")


@expression
def contains_column():
    return Book.objects.filter(title__contains=F("isbn"))


@expression
def regex():
    return Book.objects.filter(title__regex=r"^B.+\d$")


@expression
def iregex():
    return Book.objects.filter(title__iregex=r"^b.+\d$")


@expression
def greater_than():
    return Book.objects.filter(pages__gt=10, price__gte=5)


@expression
def less_than():
    return Book.objects.filter(pages__lt=300, price__lte=20)


@expression
def between():
    return Book.objects.filter(pages__range=(10, 200))


@expression
def between_dates():
    return Book.objects.filter(published__range=(date(2024, 1, 1), date(2024, 12, 31)))


@expression
def in_one():
    return Book.objects.filter(pk__in=[1])


@expression
def in_many():
    return Book.objects.filter(pk__in=[1, 2, 3, 4, 5])


@expression
def in_texts():
    return Author.objects.filter(name__in=["Ann", "Bo"])


@expression
def in_nothing():
    return Book.objects.filter(pk__in=[])


@expression
def not_in_nothing():
    return Book.objects.exclude(pk__in=[])


@expression
def in_uuids(sample):
    return Sample.objects.filter(pk__in=[sample.pk, sample.pk.int])


@expression
def in_columns():
    return Book.objects.filter(pages__in=[F("id"), F("author_id")])


@expression
def is_null():
    return Book.objects.filter(isbn__isnull=True)


@expression
def is_not_null():
    return Book.objects.filter(isbn__isnull=False)


@expression
def true():
    return Book.objects.filter(in_print=True)


@expression
def false():
    return Book.objects.filter(in_print=False)


@expression
def nullable_boolean():
    return Sample.objects.filter(checked=False)


@expression
def manager():
    return Book.printed.all()


@expression
def year():
    return Book.objects.filter(published__year=2024)


@expression
def year_after():
    return Book.objects.filter(published__year__gte=2024)


@expression
def month():
    return Book.objects.filter(published__month=5)


@expression
def week_day():
    return Book.objects.filter(published__week_day=2)


@expression
def date_of_moment():
    return Book.objects.filter(released__date=date(2024, 5, 1))


@expression
def year_of_moment():
    return Book.objects.filter(released__year=2024)


@expression
def hour_of_moment():
    return Book.objects.filter(released__hour__lt=13)


@expression
def moment():
    return Book.objects.filter(released__lte=FIRST_OF_MAY)


@expression
def time_of_day():
    return Sample.objects.filter(at__gte=time(11))


@expression
def duration():
    return Sample.objects.filter(length__gt=timedelta(minutes=5))


@expression
def address():
    return Sample.objects.filter(address="127.0.0.1")


@expression
def big_number():
    return Sample.objects.filter(big__gt=1 << 40, small__lt=7)


@expression
def binary():
    return Sample.objects.filter(raw=b"x")


@expression
def decimal():
    return Book.objects.filter(price="9.90")


@expression
def column_with_column():
    return Book.objects.filter(pages__gt=F("author_id"))


@expression
def arithmetic():
    return Book.objects.filter(pages__gt=F("author_id") * 2 + 1)


@expression
def minus():
    return Book.objects.filter(pages__gte=F("author_id") - 5)


@expression
def modulo():
    return Book.objects.annotate(rest=F("pages") % 7).filter(rest=0)


@expression
def negative_number():
    return Book.objects.filter(pages__gt=-1)


@expression
def either():
    return Book.objects.filter(Q(pages__gt=100) | Q(in_print=False))


@expression
def either_of_one_column():
    return Book.objects.filter(Q(pages=1) | Q(pages=2) | Q(pages=3))


@expression
def either_of_reduced():
    return Author.objects.filter(reduce(operator.or_, (Q(name=name) for name in "abc")))


@expression
def both():
    return Book.objects.filter(Q(pages__gt=1) & Q(pages__lt=500))


@expression
def neither():
    return Book.objects.filter(~(Q(pages__gt=500) | Q(title="")))


@expression
def excluded():
    return Book.objects.exclude(pages=0)


@expression
def excluded_nullable():
    return Book.objects.exclude(isbn="0")


@expression
def excluded_with_negation():
    return Book.objects.exclude(~Q(title="x"), pages=0)


@expression
def one_or_other():
    return Book.objects.filter(Q(pages__gt=100) ^ Q(in_print=True))


@expression
def one_of_three():
    return Book.objects.filter(Q(pages__gt=100) ^ Q(in_print=True) ^ Q(title="x"))


@expression
def empty_q():
    return Book.objects.filter(Q())


@expression
def none():
    return Book.objects.none()


@expression
def chained():
    return Book.objects.filter(pages__gt=1).exclude(title="x").filter(in_print=True)


@expression
def of_row(author):
    return Book.objects.filter(author=author)


@expression
def of_rows(authors):
    return Book.objects.filter(author__in=authors)


@expression
def transformed():
    return Book.objects.annotate(small=Lower("title")).filter(small="book 1")


@expression
def expression_on_the_left():
    return Book.objects.filter(GreaterThan(F("pages"), Value(3)))


@expression
def is_null_of_expression():
    return Book.objects.filter(IsNull(F("isbn"), True))


@expression
def upper_of_key():
    return Book.objects.filter(author__name=Upper(Value("ann")))


@expression
def reserved_words():
    return Reserved.objects.filter(user="ann", group="", select__lt=4, camelCase=0)


@expression
def combined_with_or():
    return Book.objects.filter(pages=1) | Book.objects.filter(title="x")


@expression
def combined_with_and():
    return Book.objects.filter(pages=1) & Book.objects.filter(title="x")


@expression
def combined_with_xor():
    return Book.objects.filter(pages=1) ^ Book.objects.filter(title="x")


@expression
def filter_after_annotation():
    return Publisher.objects.annotate(n=Count("books")).filter(Q(n__gt=1) | Q(name="x"))


@expression
def ordered_by_meta():
    return Review.objects.filter(stars__gte=4)
