"""INSERT, UPDATE and DELETE, one row or many, with all that hangs on them."""

from contextlib import suppress
from datetime import date, timedelta

from django.db.models import Case, Exists, F, OuterRef, ProtectedError, Q, Value, When
from django.db.models.functions import Concat, Lower, Now

from tests.orm_expressions.models import (
    FIRST_OF_MAY,
    Author,
    Biography,
    Book,
    Country,
    Film,
    Membership,
    Note,
    Publisher,
    Reserved,
    Review,
    Sample,
    ShortFilm,
    Tag,
)
from tests.orm_expressions.suite import expression


def _tags(count, start=0):
    return [Tag(label=f"label {number}") for number in range(start, start + count)]


@expression
def create():
    Tag.objects.create(label="fresh")


@expression
def create_with_every_type():
    Sample.objects.create(length=timedelta(days=1), raw=b"\0", address="::1", checked=True)


@expression
def create_with_json(author, publisher):
    Book.objects.create(title="New", author=author, publisher=publisher, data={"a": 1}, released=FIRST_OF_MAY)


@expression
def create_with_expression(author, publisher):
    Book.objects.create(title=Lower(Value("NEW")), author=author, publisher=publisher, released=Now())


@expression
def create_with_given_key():
    Country.objects.create(code="IT", name="Italy")


@expression
def create_child():
    Film.objects.create(name="New", minutes=3)


@expression
def create_grandchild():
    ShortFilm.objects.create(name="New", festival="x")


@expression
def create_with_reserved_words():
    Reserved.objects.create(user="x", group="y", select=1)


@expression
def create_related(author, publisher):
    author.books.create(title="x", publisher=publisher)


@expression
def save_new():
    Tag(label="fresh").save()


@expression
def save_with_given_key():
    Country(code="IT", name="Italy").save()


@expression
def save_forced():
    Country(code="IT", name="Italy").save(force_insert=True)


@expression
def save(book):
    book.title = "Changed"
    book.save()


@expression
def save_some(book):
    book.title = "Changed"
    book.save(update_fields=["title", "pages"])


@expression
def save_expression(book):
    book.pages = F("pages") + 1
    book.save()


@expression
def save_deferred():
    book = Book.objects.only("title", "pages").order_by("pk")[0]
    book.title = "Changed"
    book.save()


@expression
def save_child(film):
    film.minutes = 3
    film.save()


@expression
def save_sample(sample):
    sample.small = 3
    sample.save()


@expression
def bulk_create():
    Tag.objects.bulk_create(_tags(3))


@expression
def bulk_create_one():
    Tag.objects.bulk_create(_tags(1))


@expression
def bulk_create_in_batches():
    Tag.objects.bulk_create(_tags(5), batch_size=2)


@expression
def bulk_create_with_keys():
    Tag.objects.bulk_create([Tag(pk=100 + number, label=str(number)) for number in range(3)])


@expression
def bulk_create_mixed():
    Tag.objects.bulk_create([*_tags(2), Tag(pk=100, label="with key")])


@expression
def bulk_create_ignoring_conflicts():
    Tag.objects.bulk_create(_tags(3), ignore_conflicts=True)


@expression
def bulk_create_updating_conflicts():
    Tag.objects.bulk_create(_tags(3), update_conflicts=True, update_fields=["label"], unique_fields=["label"])


@expression
def bulk_create_updating_by_key():
    countries = [Country(code=code, name="new") for code in ("NO", "SE")]
    Country.objects.bulk_create(countries, update_conflicts=True, update_fields=["name"], unique_fields=["pk"])


@expression
def bulk_create_many_columns(author, publisher):
    Book.objects.bulk_create(
        Book(title=title, author=author, publisher=publisher, data={}, published=date(2020, 1, 1)) for title in "abc"
    )


@expression
def bulk_create_with_expression(author, publisher):
    titles = (Lower(Value(title)) for title in "AB")
    Book.objects.bulk_create(Book(title=title, author=author, publisher=publisher) for title in titles)


@expression
def bulk_create_samples():
    Sample.objects.bulk_create([Sample(address="::1", raw=b"x"), Sample(length=timedelta(1))])


@expression
def bulk_update(books):
    for book in books:
        book.title = book.title.upper()
    Book.objects.bulk_update(books, ["title"])


@expression
def bulk_update_two_fields(books):
    Book.objects.bulk_update(books, ["pages", "published"])


@expression
def bulk_update_in_batches(books):
    Book.objects.bulk_update(books, ["pages"], batch_size=2)


@expression
def bulk_update_expressions(books):
    for book in books:
        book.pages = F("pages") + 1
    Book.objects.bulk_update(books, ["pages"])


@expression
def bulk_update_json(books):
    Book.objects.bulk_update(books, ["data"])


@expression
def update():
    Book.objects.filter(pages=0).update(title="None", in_print=False)


@expression
def update_all():
    Book.objects.update(pages=1)


@expression
def update_to_null():
    Book.objects.update(editor=None, published=None)


@expression
def update_with_column():
    Book.objects.update(pages=F("pages") + 1)


@expression
def update_with_arithmetic():
    Book.objects.filter(pages__gt=3).update(price=F("price") * 2 - 1)


@expression
def update_with_case():
    Book.objects.update(pages=Case(When(in_print=True, then=F("pages") + 1), default=Value(0)))


@expression
def update_with_function():
    Book.objects.update(title=Concat("title", Value("!")), released=Now())


@expression
def update_across_relation():
    Book.objects.filter(author__name="Ann").update(pages=1)


@expression
def update_in_queryset():
    Book.objects.filter(author__in=Author.objects.filter(rating__gt=1)).update(pages=1)


@expression
def update_where_exists():
    Book.objects.filter(Exists(Review.objects.filter(book=OuterRef("pk")))).update(pages=1)


@expression
def update_ordered():
    Book.objects.order_by("-pk").update(pages=1)


@expression
def update_child():
    Film.objects.filter(name="Long").update(name="Longer", minutes=3)


@expression
def update_moment():
    Book.objects.update(released=F("released") + timedelta(days=1))


@expression
def update_reserved_words():
    Reserved.objects.filter(user="ann").update(group="x", select=F("select") + 1)


@expression
def get_or_create_existing():
    Tag.objects.get_or_create(label="new")


@expression
def get_or_create_missing():
    Tag.objects.get_or_create(label="fresh")


@expression
def get_or_create_with_defaults(author):
    Biography.objects.get_or_create(author=author, defaults={"text": "x"})


@expression
def get_or_create_related(book):
    book.tags.get_or_create(label="fresh")


@expression
def update_or_create_existing():
    Author.objects.update_or_create(name="Ann", defaults={"rating": 3})


@expression
def update_or_create_missing():
    Author.objects.update_or_create(name="Dee", defaults={"rating": 3})


@expression
def delete(tag):
    tag.delete()


@expression
def delete_leaf(review):
    review.delete()


@expression
def delete_with_cascade(book):
    book.delete()


@expression
def delete_with_deep_cascade(author):
    author.delete()


@expression
def delete_protected(country):
    with suppress(ProtectedError):
        country.delete()


@expression
def delete_child(shortfilm):
    shortfilm.delete()


@expression
def delete_child_keeping_parent(film):
    film.delete(keep_parents=True)


@expression
def delete_queryset():
    Review.objects.filter(stars=5).delete()


@expression
def delete_queryset_with_cascade():
    Publisher.objects.filter(name="Fjord").delete()


@expression
def delete_across_relation():
    Review.objects.filter(book__author__name="Ann").delete()


@expression
def delete_everything():
    Note.objects.all().delete()


@expression
def delete_nothing():
    Tag.objects.filter(pk__in=[]).delete()


@expression
def delete_at_once():
    Review.objects.filter(stars=5)._raw_delete("default")


@expression
def delete_in_subquery():
    Membership.objects.filter(author__in=Author.objects.filter(rating=0)).delete()


@expression
def many_to_many_add(book, tags):
    book.tags.add(*tags)


@expression
def many_to_many_add_one(book, tag):
    book.tags.add(tag)


@expression
def many_to_many_add_nothing(book):
    book.tags.add()


@expression
def many_to_many_add_backward(tag, books):
    tag.books.add(*books)


@expression
def many_to_many_add_through(club, authors):
    club.members.add(*authors, through_defaults={"role": "guest"})


@expression
def many_to_many_add_symmetrical(authors):
    authors[2].friends.add(*authors[:2])


@expression
def many_to_many_remove(book, tag):
    book.tags.remove(tag)


@expression
def many_to_many_remove_symmetrical(authors):
    authors[0].friends.remove(authors[1])


@expression
def many_to_many_set(book, tags):
    book.tags.set(tags[1:])


@expression
def many_to_many_set_cleared(book, tags):
    book.tags.set(tags[:1], clear=True)


@expression
def many_to_many_clear(book):
    book.tags.clear()


@expression
def many_to_many_create(book):
    book.tags.create(label="fresh")


@expression
def reverse_key_add(author, books):
    author.edited.add(*books)


@expression
def reverse_key_add_in_bulk_off(author, books):
    author.edited.add(*books, bulk=False)


@expression
def reverse_key_remove(author, books):
    author.edited.remove(books[0], books[1])


@expression
def reverse_key_set(author, books):
    author.edited.set(books[1:])


@expression
def reverse_key_clear(author):
    author.edited.clear()


@expression
def generic_add(book, notes):
    book.notes.add(*notes)


@expression
def generic_set(book, notes):
    book.notes.set(notes[1:])


@expression
def update_of_either():
    Book.objects.filter(Q(pages=1) | Q(pages=2)).update(in_print=True)
