"""Ways in which real code queries in loops, with the verdict each deserves.

A case is a function. The line that sends the query ends in `# query`, the head of the
loop in `# loop`. `expect` names the kind, what is loaded, and a part of the fix; cases
without it deserve no finding.
"""

from collections import namedtuple

from django.db import connection
from django.db.models import Count
from django.template import engines

from tests.project.models import Author, Book, Chapter, Mark, Review, Tag

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


@case(expect("n_plus_one", "Book.reviews", 'Prefetch("reviews", queryset=Review.objects.filter(...)'))
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
    for book in Book.objects.all()[:2]:  # loop
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


@case(expect("n_plus_one", "Book.reviews", 'add .annotate(reviews_count=Count("reviews")) to the Book queryset'))
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
