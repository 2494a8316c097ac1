"""How rows come out: columns, order, slices, single rows, counts, iterators, raw SQL."""

from contextlib import suppress

from asgiref.sync import async_to_sync
from django.db import connection
from django.db.models import CharField, F, OrderBy, Q, Value
from django.db.models.expressions import RawSQL
from django.db.models.functions import Lower

from tests.orm_expressions.models import Author, Book, Film, Reserved, Review
from tests.orm_expressions.suite import expression


@expression
def values():
    return Book.objects.values()


@expression
def values_of_some():
    return Book.objects.values("title", "author__name")


@expression
def values_of_expression():
    return Book.objects.values(low=Lower("title"))


@expression
def values_list():
    return Book.objects.values_list("pk", "title")


@expression
def values_list_flat():
    return Book.objects.values_list("title", flat=True)


@expression
def values_list_named():
    return Book.objects.values_list("pk", "title", named=True)


@expression
def values_across_many_to_many():
    return Book.objects.values_list("title", "tags__label")


@expression
def only():
    return Book.objects.only("title")


@expression
def defer():
    return Book.objects.defer("data", "title")


@expression
def deferred_field():
    Book.objects.only("title").order_by("pk").first().pages


@expression
def distinct():
    return Book.objects.values("author").distinct()


@expression
def distinct_rows():
    return Book.objects.distinct().order_by("title")


@expression(only="postgresql")
def distinct_on():
    return Book.objects.order_by("author", "-pages").distinct("author")


@expression
def dates():
    return Book.objects.dates("published", "month")


@expression
def dates_backward():
    return Book.objects.dates("published", "year", order="DESC")


@expression
def datetimes():
    return Book.objects.datetimes("released", "hour")


@expression
def order_by():
    return Book.objects.order_by("-pages", "title")


@expression
def order_by_nothing():
    return Review.objects.order_by()


@expression
def order_by_random():
    return Book.objects.order_by("?")


@expression
def order_by_expression():
    return Book.objects.order_by(Lower("title").desc())


@expression
def order_by_nulls_last():
    return Book.objects.order_by(F("isbn").desc(nulls_last=True))


@expression
def order_by_nulls_first():
    return Book.objects.order_by(OrderBy(F("isbn"), nulls_first=True), "pk")


@expression
def order_by_annotation():
    return Book.objects.annotate(low=Lower("title")).order_by("low")


@expression
def order_by_arithmetic():
    return Book.objects.order_by(F("pages") * 2 - F("author_id"))


@expression
def order_by_key():
    return Book.objects.order_by("author", "publisher_id")


@expression
def order_by_reserved_word():
    return Reserved.objects.order_by("group", "-select", "camelCase")


@expression
def reversed_order():
    return Review.objects.reverse()


@expression
def reversed_nulls():
    return Book.objects.order_by(F("isbn").asc(nulls_first=True)).reverse()


@expression
def page():
    return Book.objects.order_by("pk")[:2]


@expression
def next_page():
    return Book.objects.order_by("pk")[2:4]


@expression
def rest():
    return Book.objects.order_by("pk")[2:]


@expression
def every_second():
    Book.objects.order_by("pk")[:4:2]


@expression
def one_of_slice():
    Book.objects.order_by("pk")[1]


@expression
def empty_slice():
    return Book.objects.all()[3:3]


@expression
def get():
    Book.objects.get(title="Book 1")


@expression
def get_by_pk(book):
    Book.objects.get(pk=book.pk)


@expression
def get_missing():
    with suppress(Book.DoesNotExist):
        Book.objects.get(pk=0)


@expression
def first():
    Book.objects.first()


@expression
def first_of_ordered():
    Book.objects.order_by("title").first()


@expression
def last():
    Book.objects.last()


@expression
def last_of_ordered():
    Book.objects.order_by("title", "-pages").last()


@expression
def latest():
    Review.objects.latest()


@expression
def earliest():
    Book.objects.earliest("published", "pk")


@expression
def count():
    Book.objects.count()


@expression
def count_of_filtered():
    Book.objects.filter(author__name="Ann").count()


@expression
def count_of_distinct():
    Book.objects.filter(tags__label="new").distinct().count()


@expression
def count_of_slice():
    Book.objects.all()[:2].count()


@expression
def exists():
    Book.objects.filter(pages__gt=1).exists()


@expression
def exists_of_distinct():
    Book.objects.filter(tags__label="new").distinct().exists()


@expression
def exists_of_slice():
    Book.objects.order_by("pk")[1:3].exists()


@expression
def contains(book):
    Book.objects.contains(book)


@expression
def in_bulk():
    Book.objects.in_bulk([1, 2, 3])


@expression
def in_bulk_of_all():
    Book.objects.in_bulk()


@expression
def in_bulk_by_field():
    Book.objects.in_bulk(["0", "1"], field_name="isbn")


@expression
def iterator():
    list(Book.objects.iterator())


@expression
def iterator_in_chunks():
    list(Book.objects.order_by("pk").iterator(chunk_size=2))


@expression
def iterator_with_prefetch():
    list(Author.objects.prefetch_related("books").order_by("pk").iterator(chunk_size=2))


@expression
def iterator_of_values():
    list(Book.objects.values_list("title", "author__name").iterator())


@expression
def asynchronous_list():
    async def titles():
        return [book.title async for book in Book.objects.filter(pages__gt=1)]

    async_to_sync(titles)()


@expression
def asynchronous_iterator():
    async def titles():
        return [book.title async for book in Book.objects.order_by("pk").aiterator(chunk_size=2)]

    async_to_sync(titles)()


@expression
def asynchronous_get():
    async def get():
        return await Book.objects.aget(title="Book 1"), await Book.objects.acount(), await Book.objects.afirst()

    async_to_sync(get)()


@expression
def asynchronous_write():
    async def write():
        author = await Author.objects.acreate(name="Dee")
        author.name = "Eve"
        await author.asave()
        await author.adelete()

    async_to_sync(write)()


@expression
def explain():
    Book.objects.filter(pages__gt=1).explain()


@expression(only="postgresql")
def explain_with_options():
    Book.objects.filter(pages__gt=1).explain(format="json", analyze=True)


@expression
def raw():
    list(Book.objects.raw("SELECT * FROM library_book WHERE pages > %s", [10]))


@expression
def raw_with_names():
    list(Book.objects.raw("SELECT id, title FROM library_book WHERE pages > %(pages)s", {"pages": 10}))


@expression
def raw_with_deferred_field():
    for book in Book.objects.raw("SELECT id FROM library_book ORDER BY id LIMIT 1"):
        book.title


@expression
def raw_expression():
    return Book.objects.annotate(x=RawSQL("pages + %s", (1,)))


@expression
def raw_condition():
    return Book.objects.filter(pk__in=RawSQL("SELECT book_id FROM library_review WHERE stars > %s", (1,)))


@expression
def extra():
    return Book.objects.extra(select={"x": "pages + %s"}, select_params=(1,), where=["pages > %s"], params=[1])


@expression
def extra_order():
    return Book.objects.extra(order_by=["-library_book.pages"])


@expression
def extra_table():
    return Book.objects.extra(tables=["library_author"], where=["library_author.id = library_book.author_id"])


@expression
def cursor():
    with connection.cursor() as cursor:
        cursor.execute("SELECT title FROM library_book WHERE pages > %s AND title LIKE 'B%%'", [1])
        cursor.fetchall()


@expression
def cursor_with_many():
    with connection.cursor() as cursor:
        cursor.executemany("UPDATE library_book SET pages = %s WHERE id = %s", [(1, 1), (2, 2)])


@expression
def cursor_with_literals():
    with connection.cursor() as cursor:
        cursor.execute("SELECT COUNT(*) FROM library_book WHERE pages > 10 AND title <> 'x'")


@expression
def refresh(book):
    book.refresh_from_db()


@expression
def refresh_some(book):
    book.refresh_from_db(fields=["title", "pages"])


@expression
def other_database_by_name():
    return Book.objects.using("default").filter(Q(pages=1))


@expression
def annotated_constant():
    return Book.objects.annotate(kind=Value("book", output_field=CharField())).values("kind", "pk")


@expression
def inherited_values():
    return Film.objects.values("name", "minutes")


@expression
def inherited_only():
    return Film.objects.only("name")
