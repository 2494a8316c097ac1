"""Functions of the database and conditional expressions."""

from datetime import timedelta
from decimal import Decimal

from django.db.models import (
    BooleanField,
    Case,
    CharField,
    DateField,
    DateTimeField,
    DurationField,
    ExpressionWrapper,
    F,
    FloatField,
    Func,
    IntegerField,
    Q,
    TextField,
    Value,
    When,
)
from django.db.models import functions as fn

from tests.orm_expressions.models import FIRST_OF_MAY, Author, Book, Review, Sample
from tests.orm_expressions.suite import expression


@expression
def cast_to_text():
    return Book.objects.annotate(x=fn.Cast("pages", TextField()))


@expression
def cast_to_varchar():
    return Book.objects.annotate(x=fn.Cast("pages", CharField(max_length=10)))


@expression
def cast_to_integer():
    return Book.objects.annotate(x=fn.Cast("isbn", IntegerField()))


@expression
def cast_to_float():
    return Book.objects.annotate(x=fn.Cast("pages", FloatField()))


@expression
def cast_to_date():
    return Book.objects.annotate(x=fn.Cast("released", DateField()))


@expression
def coalesce():
    return Author.objects.annotate(x=fn.Coalesce("email", "name"))


@expression
def coalesce_value():
    return Author.objects.annotate(x=fn.Coalesce("email", Value("")))


@expression
def null_if():
    return Book.objects.annotate(x=fn.NullIf("title", Value("")))


@expression
def greatest():
    return Book.objects.annotate(x=fn.Greatest("pages", "author__rating", output_field=FloatField()))


@expression
def least():
    return Book.objects.annotate(x=fn.Least("pages", Value(3)))


@expression
def concat():
    return Author.objects.annotate(x=fn.Concat("name", Value(" <"), "country__name", Value(">")))


@expression
def concat_pair():
    return Book.objects.annotate(x=fn.Concat("title", "isbn"))


@expression
def lower_and_upper():
    return Author.objects.annotate(x=fn.Lower("name"), y=fn.Upper("name"))


@expression
def length():
    return Author.objects.annotate(x=fn.Length("name")).filter(x__gt=2)


@expression
def substring():
    return Author.objects.annotate(x=fn.Substr("name", 1, 2))


@expression
def left_and_right():
    return Author.objects.annotate(x=fn.Left("name", 1), y=fn.Right("name", 1))


@expression
def trimmed():
    return Author.objects.annotate(x=fn.Trim("name"), y=fn.LTrim("name"), z=fn.RTrim("name"))


@expression
def replaced():
    return Author.objects.annotate(x=fn.Replace("name", Value("A"), Value("B")))


@expression
def position():
    return Author.objects.annotate(x=fn.StrIndex("name", Value("n")))


@expression
def padded():
    return Author.objects.annotate(x=fn.LPad("name", 10, Value(".")), y=fn.RPad("name", 10))


@expression
def repeated():
    return Author.objects.annotate(x=fn.Repeat("name", 2))


@expression
def reversed_text():
    return Author.objects.annotate(x=fn.Reverse("name"))


@expression
def code_and_character():
    return Author.objects.annotate(x=fn.Ord("name"), y=fn.Chr(fn.Length("name") + 47))


@expression
def digest():
    return Author.objects.annotate(x=fn.MD5("name"))


@expression
def absolute():
    return Book.objects.annotate(x=fn.Abs("pages"), y=fn.Sign("pages"))


@expression
def rounded():
    return Author.objects.annotate(x=fn.Round("rating"), y=fn.Ceil("rating"), z=fn.Floor("rating"))


@expression
def power_and_root():
    return Author.objects.annotate(x=fn.Power("rating", 2), y=fn.Sqrt("rating"))


@expression
def logarithm():
    return Author.objects.filter(rating__gt=0).annotate(x=fn.Ln("rating"), y=fn.Exp("rating"))


@expression
def remainder():
    return Book.objects.annotate(x=fn.Mod("pages", 7))


@expression
def random():
    return Book.objects.order_by(fn.Random())


@expression
def now():
    return Book.objects.filter(released__lte=fn.Now())


@expression
def trunc_year():
    return Book.objects.annotate(x=fn.TruncYear("published"))


@expression
def trunc_month():
    return Book.objects.annotate(x=fn.TruncMonth("published"))


@expression
def trunc_day_of_moment():
    return Book.objects.annotate(x=fn.TruncDay("released"))


@expression
def trunc_hour_of_moment():
    return Book.objects.annotate(x=fn.TruncHour("released"))


@expression
def trunc_date_of_moment():
    return Book.objects.annotate(x=fn.TruncDate("released"), y=fn.TruncTime("released"))


@expression
def trunc_of_kind():
    return Book.objects.annotate(x=fn.Trunc("released", "week", output_field=DateTimeField()))


@expression
def extract_year():
    return Book.objects.annotate(x=fn.ExtractYear("published"), y=fn.ExtractMonth("published"))


@expression
def extract_of_moment():
    return Book.objects.annotate(x=fn.ExtractHour("released"), y=fn.ExtractWeekDay("released"))


@expression
def extract_of_time():
    return Sample.objects.annotate(x=fn.ExtractMinute("at"))


@expression
def date_plus_days():
    return Book.objects.filter(released__gt=F("released") - timedelta(days=1))


@expression
def moment_minus_moment():
    age = ExpressionWrapper(F("released") - Value(FIRST_OF_MAY), output_field=DurationField())
    return Book.objects.annotate(age=age)


@expression
def column_minus_column():
    return Review.objects.annotate(age=F("written") - F("book__released"))


@expression
def value_of_text():
    return Book.objects.annotate(x=Value("x"))


@expression
def value_of_number():
    return Book.objects.annotate(x=Value(7))


@expression
def value_of_decimal():
    return Book.objects.annotate(x=Value(Decimal("1.5")))


@expression
def value_of_boolean():
    return Book.objects.annotate(x=Value(True))


@expression
def value_of_null():
    return Book.objects.annotate(x=Value(None, output_field=IntegerField()))


@expression
def arithmetic():
    return Book.objects.annotate(x=F("pages") * 2 + F("author_id") - 1)


@expression
def decimal_arithmetic():
    return Book.objects.annotate(x=F("price") * Decimal("1.19"))


@expression
def division():
    return Book.objects.annotate(x=F("pages") / 2)


@expression
def raised_to():
    return Book.objects.annotate(x=F("pages") ** 2)


@expression
def bits():
    return Book.objects.annotate(x=F("pages").bitand(6), y=F("pages").bitor(1), z=F("pages").bitleftshift(1))


@expression
def case():
    size = Case(When(pages__gt=100, then=Value("thick")), When(pages=0, then=Value("none")), default=Value("thin"))
    return Book.objects.annotate(size=size)


@expression
def case_of_numbers():
    return Book.objects.annotate(x=Case(When(pages__gt=100, then=1), default=0))


@expression
def case_of_columns():
    return Book.objects.annotate(x=Case(When(in_print=True, then=F("pages")), default=F("pages") + 1))


@expression
def case_without_default():
    return Book.objects.annotate(x=Case(When(Q(pages=1) | Q(pages=2), then=F("pages"))))


@expression
def case_across_relation():
    return Book.objects.annotate(x=Case(When(author__name="Ann", then=F("author__rating"))))


@expression
def case_in_filter():
    return Book.objects.filter(pages__gt=Case(When(in_print=True, then=10), default=20))


@expression
def case_in_order():
    return Book.objects.order_by(Case(When(title="Book 2", then=0), default=1), "pk")


@expression
def case_never_true():
    return Book.objects.annotate(x=Case(When(pk__in=[], then=Value("x")), default=Value("y")))


@expression
def condition_as_column():
    return Book.objects.annotate(x=ExpressionWrapper(Q(pages__gt=10), output_field=BooleanField()))


@expression
def own_function():
    return Author.objects.annotate(x=Func("name", Value("n"), Value("m"), function="REPLACE"))


@expression
def own_template():
    return Author.objects.annotate(x=Func("name", template="UPPER(%(expressions)s)", output_field=CharField()))


@expression
def nested():
    return Author.objects.annotate(x=fn.Upper(fn.Concat(fn.Left("name", 1), Value("."))))


@expression
def function_in_filter():
    return Author.objects.filter(name__iexact=fn.Lower(Value("ANN")))


@expression
def json_object():
    return Author.objects.annotate(x=fn.JSONObject(name="name", low=fn.Lower("name"), n=F("rating")))
