"""Ways in which real code queries in loops, with the verdict each deserves.

A case is a function. The line that sends the query ends in `# query`, the head of the
loop in `# loop`. `expect` names the kind, what is loaded, and a part of the fix; cases
without it deserve no finding.
"""

from collections import namedtuple
from itertools import groupby, product

from django import forms
from django.contrib.contenttypes.models import ContentType
from django.core.paginator import Paginator
from django.db import connection, transaction
from django.db.models import Count, Max, Prefetch, Q
from django.db.models.functions import Length
from django.template import engines
from django.test import RequestFactory

from tests.project.models import Author, Biography, Book, Chapter, Mark, Review, Tag

Expectation = namedtuple("Expectation", "kind target fix")
CASES = {}


def case(*expected):
    def add(function):
        CASES[function.__name__] = (function, expected)
        return function

    return add


def expect(kind, target="", fix=""):
    return Expectation(kind, target, fix)


@case(expect("n_plus_one", "Book.author", 'add .select_related("author") to the Book queryset'))
def forward_key():
    for book in Book.objects.all():  # loop
        book.author.name  # query


@case(expect("n_plus_one", "Author.biography", 'add .select_related("biography")'))
def reverse_one_to_one():
    for author in Author.objects.filter(books__isnull=False):  # loop
        author.biography.text  # query


@case(expect("n_plus_one", "Book.reviews", 'add .prefetch_related("reviews")'))
def reverse_key():
    for book in Book.objects.all():  # loop
        list(book.reviews.all())  # query


@case(expect("n_plus_one", "Book.tags", 'add .prefetch_related("tags")'))
def many_to_many():
    for book in Book.objects.all():  # loop
        list(book.tags.all())  # query


@case(expect("n_plus_one", "Tag.books", 'add .prefetch_related("books")'))
def reverse_many_to_many():
    for tag in Tag.objects.all():  # loop
        list(tag.books.all())  # query


@case(expect("n_plus_one", "Book.reviews", 'add .annotate(reviews_count=Count("reviews"))'))
def count_of_related():
    for book in Book.objects.all():  # loop
        book.reviews.count()  # query


@case(expect("n_plus_one", "Book.reviews", 'add .annotate(reviews_count=Count("reviews"))'))
def existence_of_related():
    for book in Book.objects.all():  # loop
        book.reviews.exists()  # query


@case(expect("n_plus_one", "Book.tags", 'add .annotate(tags_count=Count("tags"))'))
def count_of_many_to_many():
    for book in Book.objects.all():  # loop
        book.tags.count()  # query


@case(expect("n_plus_one", "Tag.books", 'add .annotate(books_count=Count("books"))'))
def existence_of_reverse_many_to_many():
    for tag in Tag.objects.all():  # loop
        tag.books.exists()  # query


@case(expect("n_plus_one", "Book.reviews", 'Prefetch("reviews", queryset=Review.objects.filter('))
def filtered_related():
    for book in Book.objects.prefetch_related("reviews"):  # loop
        list(book.reviews.filter(stars=5))  # query


@case(expect("n_plus_one", "Book.blurb", 'take "blurb" out of .defer()'))
def deferred_column():
    for book in Book.objects.defer("blurb"):  # loop
        book.blurb  # query


@case(expect("n_plus_one", "Mark.target", 'add .prefetch_related("target")'))
def generic_key():
    for mark in Mark.objects.all():  # loop
        mark.target  # query


@case(expect("n_plus_one", "Book.marks", 'add .prefetch_related("marks")'))
def generic_relation():
    for book in Book.objects.all():  # loop
        list(book.marks.all())  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def comprehension():
    [book.author.name for book in Book.objects.all()]  # loop # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def generator():
    def names(books):
        for book in books:  # loop
            yield book.author.name  # query

    list(names(Book.objects.all()))


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def loop_in_c():
    def name(book):
        return book.author.name  # query

    list(map(name, Book.objects.all()))  # loop


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def while_loop():
    books = list(Book.objects.all())
    while books:  # loop
        books.pop().author.name  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def two_rows_are_enough():
    for book in Book.objects.filter(title__in=("book 0", "book 1")):  # loop
        book.author.name  # query


@case(expect("repeated_in_loop", "Book.author"))
def two_rows_that_never_get_more():
    for book in Book.objects.all()[:2]:  # loop
        book.author.name  # query


@case(expect("repeated_in_loop", "Book.author"))
def two_rows_that_never_get_more_in_a_template():
    source = "{% for book in books|slice:':2' %}{{ book.author.name }}{% endfor %}"
    render(source, books=Book.objects.all())


@case(expect("n_plus_one", "Book.author"))
def a_page_that_is_not_full():
    for book in Book.objects.all()[:20]:  # loop
        book.author.name  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def one_author_for_all_books():
    author = Author.objects.get(name="author 0")
    Book.objects.update(author=author)
    for book in Book.objects.all():  # loop
        book.author.name  # query


@case(
    expect("n_plus_one", "Book.author", 'add .select_related("author")'),
    expect("n_plus_one", "Author.publisher", 'add .select_related("author__publisher") to the Book queryset'),
)
def chain_of_keys():
    for book in Book.objects.all():
        book.author.publisher.name


@case(
    expect("n_plus_one", "Book.author", 'add .select_related("author")'),
    expect("n_plus_one", "Book.editor", 'add .select_related("editor")'),
)
def two_keys_on_one_line():
    for book in Book.objects.all():
        book.author.name, book.editor.name


@case(expect("n_plus_one", "Review", 'add .annotate(reviews_count=Count("reviews")) to the Book queryset'))
def own_manager_filtered_by_row():
    for book in Book.objects.all():  # loop
        Review.objects.filter(book=book).count()  # query


@case(expect("n_plus_one", "Author", "Author.objects.in_bulk(keys)"))
def get_by_key_of_row():
    for book in Book.objects.all():  # loop
        Author.objects.get(pk=book.author_id)  # query


@case(expect("n_plus_one", "", "IN (...)"))
def raw_cursor_by_row():
    for book in Book.objects.all():  # loop
        with connection.cursor() as cursor:
            cursor.execute("SELECT stars FROM project_review WHERE book_id = %s", [book.pk])  # query
            cursor.fetchall()


@case(expect("n_plus_one", "Chapter.parts", 'add .prefetch_related("parts")'))
def recursion():
    def walk(chapter):
        for part in chapter.parts.all():  # query # loop
            walk(part)

    walk(Chapter.objects.get(title="root"))


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def helper_called_from_two_lines():
    def name(book):
        return book.author.name  # query

    for book in Book.objects.all():  # loop
        name(book)
    for book in Book.objects.all()[:1]:
        name(book)


@case(expect("repeated_in_loop", "Book"))
def loop_over_constants():
    for stars in (1, 2, 3):  # loop
        Book.objects.filter(reviews__stars=stars).count()  # query


@case(expect("repeated_in_loop", "Tag", "then Tag.objects.bulk_create(rows)"))
def rows_made_of_constants():
    for name in ("new", "old", "rare"):  # loop
        Tag.objects.create(name=name)  # query


@case(expect("repeated_in_loop", "Review", "Review.objects.filter(pk__in=keys).delete()"))
def rows_deleted_by_constants():
    for stars in (7, 8, 9):  # loop
        Review.objects.filter(stars=stars).delete()  # query


@case(expect("duplicate", "Book", "load the Book once, before the loop"))
def same_question_in_loop():
    for _ in range(3):  # loop
        Book.objects.filter(title="book 0").count()  # query


@case(expect("duplicate", "Book", "load the Book once and pass it on"))
def same_question_twice():
    Book.objects.filter(title="book 0").count()  # query
    Book.objects.filter(title="book 0").count()


@case()
def one_query():
    list(Book.objects.all())


@case()
def select_related():
    for book in Book.objects.select_related("author__publisher"):
        book.publisher_name


@case()
def prefetch_related():
    for book in Book.objects.prefetch_related("reviews", "tags"):
        list(book.reviews.all()), list(book.tags.all())


@case()
def two_questions_on_two_lines():
    Book.objects.filter(title="book 0").count()
    Book.objects.filter(title="book 1").count()


@case()
def bulk_create_in_batches():
    book = Book.objects.get(title="book 0")
    Review.objects.bulk_create([Review(book=book, stars=1) for _ in range(6)], batch_size=2)


@case()
def cascade():
    Author.objects.all().delete()


@case()
def annotated():
    for book in Book.objects.annotate(reviews_count=Count("reviews")):
        book.reviews_count


def render(source, **context):
    return engines["django"].from_string(source).render(context)


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def template_loop():
    render("{% for book in books %}\n{{ book.author.name }}{% endfor %}", books=Book.objects.all())


@case(
    expect("n_plus_one", "Book.author", 'add .select_related("author")'),
    expect("n_plus_one", "Book.editor", 'add .select_related("editor")'),
)
def two_keys_in_one_template_line():
    render("{% for book in books %}{{ book.author.name }} {{ book.editor.name }}{% endfor %}", books=Book.objects.all())


@case()
def two_keys_of_one_row_in_a_template():
    render("{{ book.author.name }} {{ book.editor.name }}", book=Book.objects.get(title="book 0"))


@case(expect("n_plus_one", "Book.reviews", 'add .prefetch_related("reviews")'))
def first_of_related():
    for book in Book.objects.all():  # loop
        book.reviews.first()  # query


@case(expect("n_plus_one", "Book.reviews", 'add .annotate(reviews_stars_max=Max("reviews__stars"))'))
def aggregate_of_related():
    for book in Book.objects.all():  # loop
        book.reviews.aggregate(Max("stars"))  # query


@case(expect("n_plus_one", "Book.reviews", 'add .prefetch_related("reviews")'))
def values_of_related():
    for book in Book.objects.all():  # loop
        list(book.reviews.values("stars"))  # query


@case(expect("n_plus_one", "Review", 'add .annotate(reviews_count=Count("reviews"))'))
def own_manager_exists_by_row():
    for book in Book.objects.all():  # loop
        Review.objects.filter(book=book).exists()  # query


@case(expect("n_plus_one", "Review"))
def own_manager_first_by_row():
    for book in Book.objects.all():  # loop
        Review.objects.filter(book_id=book.pk).first()  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'), expect("n_plus_one", "Book", "in_bulk"))
def another_row_of_the_table_in_the_loop():
    for book in Book.objects.all():  # rows
        Book.objects.filter(pk=book.pk - 1).first()
        book.author.name


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'), expect("n_plus_one", "Book", "in_bulk"))
def row_that_each_turn_loads():
    for pk in list(Book.objects.values_list("pk", flat=True)):
        book = Book.objects.get(pk=pk)  # rows
        book.author.name


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def rows_counted_after_they_were_loaded():
    books = list(Book.objects.all())  # rows
    Book.objects.count()
    Book.objects.filter(title="nothing").exists()
    for book in books:
        book.author.name


@case(expect("n_plus_one", "Book.author", 'add .select_related("book__author") to the Review queryset'))
def key_of_a_row_that_was_joined():
    list(Book.objects.all()[:1])
    for review in Review.objects.select_related("book"):  # rows
        review.book.author.name


@case(expect("n_plus_one", "Book.tags", 'add .prefetch_related("author__books__tags") to the Biography queryset'))
def rows_of_a_row_that_was_joined():
    for biography in Biography.objects.select_related("author").prefetch_related("author__books"):  # rows
        for book in biography.author.books.all():
            list(book.tags.all())


@case(expect("n_plus_one", "Author.publisher", 'add .select_related("publisher") to the Author queryset'))
def row_joined_on_two_ways():
    for book in Book.objects.select_related("author", "editor"):
        book.author.publisher.name
        book.editor.name


@case(expect("n_plus_one", "Book.reviews", 'add the same figures over "reviews", with their'))
def several_figures_of_related():
    for book in Book.objects.all():  # loop rows
        book.reviews.aggregate(all=Count("pk"), good=Count("pk", filter=Q(stars=5)))  # query


@case(expect("n_plus_one", "Book.reviews", 'add the same figures over "reviews", with their'))
def figure_of_some_related():
    for book in Book.objects.all():  # loop rows
        book.reviews.filter(stars__gt=2).aggregate(Max("stars"))  # query


@case(expect("n_plus_one", "Book.reviews", '[:1], to_attr="first_reviews"'))
def slice_of_related():
    for book in Book.objects.all():  # loop rows
        list(book.reviews.order_by("-stars")[:1])  # query


@case(expect("n_plus_one", "Book.reviews", '[:1], to_attr="first_reviews"'))
def first_by_index_of_related():
    for book in Book.objects.all():  # loop rows
        book.reviews.order_by("-stars")[0]  # query


@case(expect("n_plus_one", "Book.reviews", 'to_attr="chosen_reviews"'))
def computed_values_of_related():
    for book in Book.objects.all():  # loop rows
        list(book.reviews.values_list(Length("book__title")))  # query


@case(expect("n_plus_one", "Book.reviews", "Review.objects.filter(book_id__in=keys)"), expect("n_plus_one", "Book"))
def related_of_rows_that_come_one_by_one():
    for pk in list(Book.objects.values_list("pk", flat=True)):
        list(Book.objects.get(pk=pk).reviews.all())


@case(expect("n_plus_one", "Author", "Author.objects.in_bulk(keys)"))
def get_by_key_of_values():
    for row in Book.objects.values("pk", "author_id"):  # loop
        Author.objects.get(pk=row["author_id"])  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def iterator():
    for book in Book.objects.iterator():  # loop
        book.author.name  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def raw_queryset():
    for book in Book.objects.raw("SELECT * FROM project_book"):  # loop
        book.author.name  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def rows_of_in_bulk():
    for book in Book.objects.in_bulk().values():  # loop
        book.author.name  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def enumerated():
    for number, book in enumerate(Book.objects.all()):  # loop
        number, book.author.name  # query


@case(expect("n_plus_one", "Author", "Author.objects.in_bulk(keys)"))
def get_by_key_of_enumerated_row():
    for number, book in enumerate(Book.objects.all()):  # loop
        number, Author.objects.get(pk=book.author_id)  # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def sorted_by_related():
    sorted(Book.objects.all(), key=lambda book: book.author.name)  # loop # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def any_of_generator():
    any(book.author.name == "nobody" for book in Book.objects.all())  # loop # query


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def dict_comprehension():
    {book.pk: book.author.name for book in Book.objects.all()}  # loop # query


@case(expect("n_plus_one", "Author.biography", 'add .select_related("biography")'))
def missing_one_to_one_is_asked_again():
    Biography.objects.all().delete()
    for author in Author.objects.all():  # loop
        try:
            author.biography.text  # query
        except Biography.DoesNotExist:
            continue


@case(expect("n_plus_one", "Author.books", 'add .prefetch_related("books")'))
def cached_property_of_each_row():
    for author in Author.objects.all():  # loop
        author.titles


@case(expect("n_plus_one", "Review.book", 'add .select_related("book")'))
def text_of_each_row():
    [str(review) for review in Review.objects.all()]  # loop


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def each_in_its_own_transaction():
    for book in Book.objects.all():  # loop
        with transaction.atomic():
            book.author.name  # query


@case(expect("n_plus_one", "Book", "Book.objects.in_bulk(keys)"))
def each_locked():
    with transaction.atomic():
        for book in Book.objects.all():  # loop
            Book.objects.select_for_update().get(pk=book.pk)  # query


@case(expect("n_plus_one", "Book"))
def each_refreshed():
    for book in Book.objects.all():  # loop
        book.refresh_from_db()  # query


@case(expect("n_plus_one", "Chapter.parent", 'add .select_related("parent")'))
def way_up():
    chapter = Chapter.objects.get(title="section 0")
    while chapter.parent_id:  # loop
        chapter = chapter.parent  # query


@case(
    expect("n_plus_one", "Author.books", 'add .prefetch_related("books")'),
    expect("nested", "Book.reviews", 'add .prefetch_related("'),
)
def loop_in_a_loop():
    for author in Author.objects.filter(books__isnull=False):
        for book in author.books.all():
            list(book.reviews.all())


@case(expect("nested", "Review", "__in=keys)"))
def rows_times_rows():
    tags = list(Tag.objects.all())
    for book in Book.objects.all():
        for tag in tags:  # loop
            Review.objects.filter(book=book, stars=tag.pk).exists()  # query


@case(expect("repeating_pattern", "Book.author", '"author"'))
def columns_of_a_table():
    columns = (lambda book: book.author.name, lambda book: book.reviews.count())  # query
    for book in Book.objects.all():  # loop
        for column in columns:
            column(book)


@case(expect("n_plus_one", "Book.author"), expect("n_plus_one", "Book.reviews"))
def straight_line_code_of_a_loop():
    for book in Book.objects.all():
        for handle in (_author_and_reviews,):
            handle(book)


def _author_and_reviews(book):
    book.author.name
    book.reviews.count()


@case()
def asked_again_after_a_write():
    Tag.objects.filter(name="new").exists()
    Tag.objects.create(name="new")
    Tag.objects.filter(name="new").exists()


@case(expect("n_plus_one", "Book.reviews", 'add .prefetch_related("books__reviews") to the Author queryset'))
def inner_loop_of_a_prefetched_one():
    for author in Author.objects.filter(books__isnull=False).prefetch_related("books"):
        for book in author.books.all():  # loop
            list(book.reviews.all())  # query


@case(
    expect("n_plus_one", "Book.author", 'add .select_related("author")'),
    expect("n_plus_one", "Book.editor", 'add .select_related("editor")'),
)
def two_querysets_on_one_line():
    [book.author.name for book in Book.objects.all()], [book.editor.name for book in Book.objects.order_by("pk")]


@case(expect("n_plus_one", "", "IN (...)"))
def raw_cursor_with_a_literal_by_row():
    for book in Book.objects.all():  # loop
        with connection.cursor() as cursor:
            cursor.execute("SELECT stars FROM project_review WHERE stars > 0 AND book_id = %s", [book.pk])  # query
            cursor.fetchall()


@case(expect("n_plus_one", "Review.book", 'add .select_related("book")'))
def text_of_each_row_in_a_template():
    render("{% for review in reviews %}{{ review }}{% endfor %}", reviews=Review.objects.all())


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def template_include():
    part = engines["django"].from_string("{{ book.author.name }}").template
    render("{% for book in books %}{% include part %}{% endfor %}", books=Book.objects.all(), part=part)


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def template_with():
    source = "{% for book in books %}{% with author=book.author %}{{ author.name }}{% endwith %}{% endfor %}"
    render(source, books=Book.objects.all())


@case(
    expect("n_plus_one", "Author.books", 'add .prefetch_related("books") to the Author queryset'),
    expect("n_plus_one", "Book.editor", 'add .prefetch_related("books__editor") to the Author queryset'),
)
def template_loop_in_a_loop():
    source = """{% for author in authors %}
    {% for book in author.books.all %}
    {{ book.editor.name }}
    {% endfor %}{% endfor %}"""
    render(source, authors=Author.objects.filter(books__isnull=False))


@case(expect("n_plus_one", "Book.reviews", 'Count("reviews")'))
def template_condition():
    render("{% for book in books %}{% if book.reviews.exists %}yes{% endif %}{% endfor %}", books=Book.objects.all())


@case(expect("n_plus_one", "Book.author", 'add .select_related("author")'))
def template_filter():
    render("{% for book in books %}{{ book.author.name|upper }}{% endfor %}", books=Book.objects.all())


class ReviewForm(forms.Form):
    review = forms.ModelChoiceField(queryset=Review.objects.all())


@case(expect("n_plus_one", "Review.book", 'add .select_related("book")'))
def labels_of_a_choice_field():
    ReviewForm().as_p()


@case(expect("n_plus_one", "Tag", "load the Tag once, before the loop"))
def one_question_for_each_row():
    for _book in Book.objects.all():  # loop
        Tag.objects.filter(name="tag 0").count()  # query


@case(expect("repeated_in_loop", "Tag"))
def get_or_create_of_constants():
    for name in ("tag 0", "tag 1", "tag 2"):  # loop
        Tag.objects.get_or_create(name=name)  # query


@case()
def pages():
    for page in Paginator(Book.objects.order_by("pk"), 1):
        list(page)


@case()
def keyset_pages():
    last = 0
    while True:
        page = list(Book.objects.filter(pk__gt=last).order_by("pk")[:2])
        if not page:
            break
        last = page[-1].pk


@case(expect("n_plus_one", "Book"), expect("write_loop", "Book"))
def work_until_none_is_left():
    while True:
        book = Book.objects.filter(blurb="").order_by("pk").first()
        if book is None:
            break
        book.blurb = "done"
        book.save()


@case(expect("duplicate", "Book"))
def polled_until_done():
    book = Book.objects.get(title="book 0")
    attempts = 0
    while book.title != "done" and attempts < 3:
        book.refresh_from_db()
        attempts += 1


@case(expect("n_plus_one", "Tag"))
def counted_up_to_a_free_name():
    number = 0
    while Tag.objects.filter(name=f"tag {number}").exists():  # query # loop
        number += 1


@case(expect("n_plus_one", "Review"))
def keys_grouped_by_their_row():
    reviews = {}
    for book, review in [*Review.objects.values_list("book", "pk")] * 2:
        reviews.setdefault(book, []).append(review)
    for keys in reviews.values():  # loop
        list(Review.objects.filter(pk__in=keys))  # query


@case(expect("n_plus_one", "Book.author"))
def rows_of_a_page_that_is_not_full():
    page = Paginator(Book.objects.order_by("pk"), 30).page(1)
    render("{% for book in books %}{{ book.author.name }}{% endfor %}", books=page.object_list)


@case(expect("n_plus_one", "Book.author"))
def first_rows_of_groups():
    groups = [list(books) for _, books in groupby(Book.objects.order_by("title"), key=lambda book: book.title)]
    for books in groups:  # loop
        books[0].author.name  # query


@case(expect("nested", "Review"))
def product_of_rows():
    for book, tag in product(Book.objects.all(), Tag.objects.all()):  # loop
        Review.objects.filter(book=book, stars=tag.pk).exists()  # query


@case(expect("repeated_in_loop", "Book.author"))
def ends_of_a_template_loop():
    render(
        "{% for book in books %}{% if forloop.first or forloop.last %}{{ book.author.name }}{% endif %}{% endfor %}",
        books=Book.objects.all(),
    )


@case(expect("repeated_in_loop", "Tag"))
def constants_of_a_tree():
    _marked({"name": "a", "inner": [{"name": "b", "inner": [{"name": "c"}]}, {"name": "d"}]})


def _marked(node):
    return Tag.objects.filter(name=node["name"]).exists(), [_marked(inner) for inner in node.get("inner", ())]


@case(expect("repeated_in_loop", "Tag"))
def names_of_an_address():
    request = RequestFactory().get("/?tag=a&tag=b&tag=c")
    for name in request.GET.getlist("tag"):  # loop
        Tag.objects.filter(name=name).exists()  # query


@case(expect("n_plus_one", "Review.book"))
def keys_proven_one_by_one():
    for key in list(Book.objects.values_list("pk", flat=True)):  # loop
        Review(book_id=key, stars=5).full_clean()  # query


def title_is_free(title):
    while True:
        title += "!"
        if not Book.objects.filter(title=title).exists():  # query
            return title


@case(expect("n_plus_one", "Book", 'set(Book.objects.filter(title__in=candidates).values_list("title", flat=True))'))
def free_titles_tried_for_each_row():
    for book in Book.objects.all():  # loop
        title_is_free(book.title)


@case(expect("n_plus_one", "Review", "Review.objects.filter(...__in=keys)"))
def column_of_a_joined_table():
    for title in Book.objects.values_list("title", flat=True):  # loop
        Review.objects.filter(book__title=title).exists()  # query


@case(expect("n_plus_one", "Review", "Review.objects.filter(...__in=keys)"))
def first_by_two_columns():
    for key in Book.objects.values_list("pk", flat=True):  # loop
        Review.objects.filter(book_id=key, stars=5).first()  # query


@case(expect("n_plus_one", "Author.books", "ask Author.books once, before the loop at project/cases.py:"))
def one_row_asked_for_each_row():
    author = Author.objects.first()
    for book in Book.objects.all():  # loop
        author.books.filter(title=book.title).first()  # query


@case()
def chunked_keys():
    keys = list(Book.objects.values_list("pk", flat=True))
    for start in range(0, len(keys), 2):
        list(Book.objects.filter(pk__in=keys[start : start + 2]))


@case(expect("n_plus_one", "Book"))
def chunks_of_one_key():
    keys = list(Book.objects.values_list("pk", flat=True))
    for start in range(0, len(keys), 1):  # loop
        list(Book.objects.filter(pk__in=keys[start : start + 1]))  # query


@case()
def one_page():
    list(Paginator(Book.objects.order_by("pk"), 2).page(1))


@case()
def iterator_in_chunks():
    for book in Book.objects.iterator(chunk_size=1):
        book.title


@case()
def prefetch_in_chunks():
    for book in Book.objects.prefetch_related("reviews").iterator(chunk_size=1):
        list(book.reviews.all())


@case()
def prefetch_of_prefetched():
    for author in Author.objects.prefetch_related("books__reviews", "books__tags"):
        [[*book.reviews.all(), *book.tags.all()] for book in author.books.all()]


@case()
def prefetch_to_attribute():
    for book in Book.objects.prefetch_related(Prefetch("reviews", Review.objects.filter(stars=5), to_attr="best")):
        book.best


@case()
def generic_key_prefetched():
    for mark in Mark.objects.prefetch_related("target"):
        mark.target.title


@case()
def content_types():
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_model(Book)
    ContentType.objects.get_for_model(Author)
    ContentType.objects.get_for_model(Book)


@case()
def in_bulk():
    authors = Author.objects.in_bulk([book.author_id for book in Book.objects.all()])
    for book in Book.objects.all()[:1]:
        authors[book.author_id].name


@case(expect("write_loop", "Book.tags", "Book.tags.through.objects.bulk_create(rows, ignore_conflicts=True)"))
def related_added_in_loop():
    tag = Tag.objects.create(name="new")
    for book in Book.objects.all():  # loop
        book.tags.add(tag)  # query


@case(expect("write_loop", "Book", 'Book.objects.bulk_update(rows, ["title", '))
def saved_in_loop():
    for book in Book.objects.all():  # loop
        book.title = book.title.upper()
        book.save()  # query


@case(expect("write_loop", "Tag", "Tag.objects.bulk_create(rows)"))
def created_in_loop():
    for book in Book.objects.all():  # loop
        Tag.objects.create(name=book.title)  # query


@case(expect("write_loop", "Tag", "Tag.objects.bulk_create(rows)"))
def created_by_names_of_rows():
    names = []
    for book in Book.objects.all():
        names.append(book.title.upper())
    create_tags(names)


def create_tags(names):
    for name in names:
        Tag.objects.create(name=name)


@case(expect("repeated_in_loop", "Tag"))
def created_by_given_names():
    create_tags(["one", "two", "three"])


@case(expect("write_loop", "Mark", "Mark.objects.filter(pk__in=keys).delete()"))
def deleted_in_loop():
    for mark in Mark.objects.all():  # loop
        mark.delete()  # query


@case(expect("write_loop", "Book", "Book.objects.filter(...).update(...)"))
def updated_in_loop():
    for key in Book.objects.values_list("pk", flat=True):  # loop
        Book.objects.filter(pk=key).update(blurb="new")  # query


@case(expect("write_loop", "Tag", "bulk_create(rows, update_conflicts=True"))
def updated_or_created_in_loop():
    for title in [book.title for book in Book.objects.all()]:  # loop
        Tag.objects.update_or_create(name=title, defaults={"name": title})  # query


@case(expect("write_loop", "insert into project_tag(name) values", "cursor.executemany(sql, rows)"))
def inserted_by_cursor_in_loop():
    with connection.cursor() as cursor:
        for book in Book.objects.all():  # loop
            cursor.execute("INSERT INTO project_tag (name) VALUES (%s)", [book.title])  # query


@case()
def bulk_update_in_batches():
    books = list(Book.objects.all())
    for book in books:
        book.blurb = "new"
    Book.objects.bulk_update(books, ["blurb"], batch_size=1)


@case()
def locked_once():
    with transaction.atomic():
        list(Book.objects.select_for_update())


@case()
def savepoints_in_loop():
    for _ in range(3):
        with transaction.atomic():
            pass


@case()
def cached_property_of_one_row():
    author = Author.objects.get(name="author 0")
    for _ in range(3):
        author.titles


@case()
def keys_of_one_row():
    book = Book.objects.get(title="book 0")
    for _ in range(3):
        book.author.name
    book.editor.name


@case()
def two_limits():
    list(Book.objects.all()[:1]), list(Book.objects.all()[:2])


@case()
def two_questions_on_one_line():
    Book.objects.filter(title="book 0").count(), Book.objects.filter(title="book 1").count()


@case()
def helper_called_from_two_places():
    def count(title):
        return Book.objects.filter(title=title).count()

    count("book 0")
    count("book 1")


@case()
def validation_of_one_row():
    Book.objects.get(title="book 0").full_clean(exclude=["blurb"])


class AuthoredForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ("title", "author")


class BookForm(forms.ModelForm):
    class Meta:
        model = Book
        fields = ("title", "author", "editor")


@case(
    expect("n_plus_one", "Author", "Author.objects.in_bulk(keys) before the loop"),
    expect("n_plus_one", "Book.author", '_get_validation_exclusions() | {"author"}'),
)
def form_for_each_row_of_values():
    for values in list(Book.objects.values("title", "author")):  # loop
        assert AuthoredForm(values).is_valid()


@case()
def form_with_two_keys():
    author, editor = Author.objects.all()[:2]
    assert BookForm({"title": "new", "author": author.pk, "editor": editor.pk}).is_valid()


@case()
def choice_field_over_joined_rows():
    form = ReviewForm()
    form.fields["review"].queryset = Review.objects.select_related("book")
    form.as_p()


@case()
def template_loop_over_joined_rows():
    render("{% for book in books %}{{ book.author.name }}{% endfor %}", books=Book.objects.select_related("author"))


@case()
def template_that_asks_twice():
    render("{{ books.count }}{% for book in books %}{{ book.title }}{% endfor %}", books=Book.objects.all())


@case()
def existence_then_row():
    if Book.objects.filter(title="book 0").exists():
        Book.objects.get(title="book 0")


@case()
def joined_with_union():
    list(Book.objects.filter(title="book 0").union(Book.objects.filter(title="book 1")))
