"""Relations: keys, many-to-many, one-to-one, generic, inherited, loaded lazily, joined or prefetched."""

from django.contrib.contenttypes.models import ContentType
from django.db.models import FilteredRelation, Prefetch, Q, prefetch_related_objects

from tests.orm_expressions.models import (
    Author,
    Bestseller,
    Biography,
    Book,
    Club,
    Film,
    Medium,
    Membership,
    Note,
    Publisher,
    Review,
    ShortFilm,
    Tag,
)
from tests.orm_expressions.suite import expression


@expression
def forward_key():
    return Book.objects.filter(author__name="Ann")


@expression
def forward_key_by_id():
    return Book.objects.filter(author_id=1, publisher__id=2)


@expression
def two_keys_to_one_table():
    return Book.objects.filter(author__name="Ann", editor__name="Bo")


@expression
def two_steps():
    return Book.objects.filter(publisher__country__name="NO")


@expression
def reverse_key():
    return Author.objects.filter(books__pages__gt=10)


@expression
def reverse_key_distinct():
    return Author.objects.filter(books__pages__gt=10).distinct()


@expression
def reverse_key_twice():
    return Author.objects.filter(books__pages__gt=10).filter(books__title="x")


@expression
def reverse_key_is_null():
    return Author.objects.filter(books__isnull=True)


@expression
def excluded_reverse_key():
    return Author.objects.exclude(books__pages=0)


@expression
def excluded_many_to_many():
    return Book.objects.exclude(tags__label="new")


@expression
def nullable_key():
    return Book.objects.filter(Q(editor__name="Bo") | Q(pages=1))


@expression
def self_key():
    return Author.objects.filter(mentor__name="Ann", students__isnull=True)


@expression
def many_to_many():
    return Book.objects.filter(tags__label="new")


@expression
def many_to_many_by_id():
    return Book.objects.filter(tags=1)


@expression
def many_to_many_in():
    return Book.objects.filter(tags__in=[1, 2]).distinct()


@expression
def many_to_many_backward():
    return Tag.objects.filter(books__author__name="Ann")


@expression
def many_to_many_through():
    return Club.objects.filter(membership__role="head", members__name="Ann")


@expression
def symmetrical():
    return Author.objects.filter(friends__name="Bo")


@expression
def one_to_one():
    return Author.objects.filter(biography__text="")


@expression
def one_to_one_backward():
    return Biography.objects.filter(author__name="Ann")


@expression
def lazy_key(book):
    book.author


@expression
def lazy_one_to_one(author):
    author.biography


@expression
def lazy_one_to_one_backward(biography):
    biography.author


@expression
def lazy_reverse_key(author):
    return author.books.all()


@expression
def lazy_reverse_key_filtered(author):
    return author.books.filter(pages__gt=1).order_by("title")


@expression
def lazy_many_to_many(book):
    return book.tags.all()


@expression
def lazy_many_to_many_backward(tag):
    return tag.books.all()


@expression
def lazy_through(club):
    return club.members.filter(membership__role="")


@expression
def lazy_symmetrical(author):
    return author.friends.all()


@expression
def lazy_parent_and_child(film):
    film.medium_ptr.film


@expression
def count_of_reverse_key(author):
    author.books.count()


@expression
def count_of_many_to_many(book):
    book.tags.count()


@expression
def many_to_many_exists(book):
    book.tags.exists()


@expression
def loop_over_keys():
    for book in Book.objects.order_by("pk"):
        book.publisher


@expression
def select_related():
    return Book.objects.select_related("author")


@expression
def select_related_nullable():
    return Book.objects.select_related("editor", "author")


@expression
def select_related_two_steps():
    return Review.objects.select_related("book__publisher__country")


@expression
def select_related_everything():
    return Biography.objects.select_related()


@expression
def select_related_backward():
    return Author.objects.select_related("biography")


@expression
def select_related_and_only():
    return Book.objects.select_related("author").only("title", "author__name")


@expression
def select_related_reset():
    return Book.objects.select_related("author").select_related(None)


@expression
def prefetch_reverse_key():
    return Author.objects.prefetch_related("books")


@expression
def prefetch_many_to_many():
    return Book.objects.prefetch_related("tags")


@expression
def prefetch_many_to_many_backward():
    return Tag.objects.prefetch_related("books")


@expression
def prefetch_forward_key():
    return Book.objects.prefetch_related("author")


@expression
def prefetch_one_forward_key():
    return Book.objects.filter(pk=1).prefetch_related("publisher")


@expression
def prefetch_one_to_one():
    return Author.objects.prefetch_related("biography")


@expression
def prefetch_two_steps():
    return Author.objects.prefetch_related("books__tags")


@expression
def prefetch_through():
    return Club.objects.prefetch_related("members")


@expression
def prefetch_with_queryset():
    books = Book.objects.filter(pages__gt=10).order_by("title")
    return Author.objects.prefetch_related(Prefetch("books", books, to_attr="thick"))


@expression
def prefetch_with_join():
    return Author.objects.prefetch_related(Prefetch("books", Book.objects.select_related("publisher")))


@expression
def prefetch_sliced():
    return Author.objects.prefetch_related(Prefetch("books", Book.objects.order_by("pk")[:2], to_attr="two"))


@expression
def prefetch_two_at_once():
    return Book.objects.prefetch_related("reviews", "tags", "publisher__country")


@expression
def prefetch_later(books):
    prefetch_related_objects(books, "author", "reviews")


@expression
def prefetch_symmetrical():
    return Author.objects.prefetch_related("friends")


@expression
def generic_backward(book):
    return book.notes.all()


@expression
def generic_filter():
    return Book.objects.filter(notes__text="read")


@expression
def generic_forward(note):
    note.target


@expression
def generic_prefetch():
    return Book.objects.prefetch_related("notes")


@expression
def generic_prefetch_forward():
    return Note.objects.prefetch_related("target")


@expression
def generic_create(book):
    book.notes.create(text="again")


@expression
def content_type_by_model():
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_model(Book)


@expression
def content_types_by_models():
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_models(Book, Author)


@expression
def content_type_by_id(note):
    ContentType.objects.clear_cache()
    ContentType.objects.get_for_id(note.content_type_id)


@expression
def inherited():
    return Film.objects.filter(name="Long", minutes__gt=10)


@expression
def inherited_twice():
    return ShortFilm.objects.filter(name="Short", festival="")


@expression
def parent_by_child():
    return Medium.objects.filter(film__minutes__gt=10)


@expression
def children_by_select_related():
    return Medium.objects.select_related("film__shortfilm")


@expression
def child_of_parent(medium):
    medium.film


@expression
def proxy():
    return Bestseller.objects.filter(pages__gt=10)


@expression
def proxy_backward():
    return Author.objects.filter(books__in=Bestseller.objects.all()[:3])


@expression
def filtered_relation():
    thick = FilteredRelation("books", condition=Q(books__pages__gt=100))
    return Author.objects.annotate(thick=thick).filter(thick__title="x")


@expression
def filtered_relation_selected():
    chief = FilteredRelation("editor", condition=Q(editor__rating__gt=3))
    return Book.objects.annotate(chief=chief).select_related("chief")


@expression
def through_table():
    return Membership.objects.select_related("club", "author").order_by("club__name")


@expression
def hidden_through_table():
    return Book.tags.through.objects.filter(tag__label="new")


@expression
def order_by_relation():
    return Book.objects.order_by("author__name", "-publisher__country__name")


@expression
def order_by_related_ordering():
    return Book.objects.order_by("reviews")


@expression
def deep():
    return Publisher.objects.filter(books__reviews__stars=5, books__author__country__code="PE").distinct()
