"""Keys, paths and values of JSON columns."""

from django.db.models import Count, F, Q, Value
from django.db.models.fields.json import KT, KeyTransform
from django.db.models.functions import Cast

from tests.orm_expressions.models import Book
from tests.orm_expressions.suite import expression


@expression
def whole():
    return Book.objects.filter(data={"a": 1})


@expression
def key():
    return Book.objects.filter(data__rare=True)


@expression
def key_of_text():
    return Book.objects.filter(data__name="x")


@expression
def path():
    return Book.objects.filter(data__shelf__row=1)


@expression
def index_of_list():
    return Book.objects.filter(data__words__0="a")


@expression
def key_greater_than():
    return Book.objects.filter(data__shelf__row__gt=1)


@expression
def key_in():
    return Book.objects.filter(data__shelf__row__in=[1, 2])


@expression
def key_icontains():
    return Book.objects.filter(data__name__icontains="x")


@expression
def key_startswith():
    return Book.objects.filter(data__name__startswith="x")


@expression
def key_iexact():
    return Book.objects.filter(data__name__iexact="x")


@expression
def key_regex():
    return Book.objects.filter(data__name__regex="^x")


@expression
def key_is_null():
    return Book.objects.filter(data__rare__isnull=True)


@expression
def key_is_none():
    return Book.objects.filter(data__rare=None)


@expression
def excluded_key():
    return Book.objects.exclude(data__rare=True)


@expression
def has_key():
    return Book.objects.filter(data__has_key="rare")


@expression
def has_key_in_path():
    return Book.objects.filter(data__shelf__has_key="row")


@expression
def has_keys():
    return Book.objects.filter(data__has_keys=["rare", "words"])


@expression
def has_any_keys():
    return Book.objects.filter(data__has_any_keys=["rare", "words"])


@expression(only="postgresql")
def contains():
    return Book.objects.filter(data__contains={"rare": True})


@expression(only="postgresql")
def contained_by():
    return Book.objects.filter(data__contained_by={"rare": True, "x": 1})


@expression
def key_as_column():
    return Book.objects.annotate(row=F("data__shelf__row"))


@expression
def key_as_text():
    return Book.objects.annotate(row=KT("data__shelf__row"))


@expression
def key_values():
    return Book.objects.values("data__rare", "data__shelf__row")


@expression
def key_in_order():
    return Book.objects.order_by("data__shelf__row")


@expression
def key_in_group():
    return Book.objects.values("data__rare").annotate(n=Count("pk"))


@expression
def key_transform():
    return Book.objects.annotate(words=KeyTransform("words", "data")).filter(words__isnull=False)


@expression
def key_or_key():
    return Book.objects.filter(Q(data__rare=True) | Q(data__rare=False))


@expression
def updated():
    Book.objects.filter(pk=1).update(data={"a": [1, 2]})


@expression
def value():
    from django.db.models import JSONField

    return Book.objects.annotate(x=Value({"a": 1}, output_field=JSONField()))


@expression
def cast():
    from django.db.models import JSONField

    return Book.objects.annotate(x=Cast("isbn", JSONField()))
