"""A library: every kind of relation, and a column of every type that SQLite and PostgreSQL share."""

import uuid
from datetime import date, datetime, time, timedelta, timezone
from decimal import Decimal

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Country(models.Model):
    code = models.CharField(max_length=2, primary_key=True)
    name = models.CharField(max_length=50)


class Publisher(models.Model):
    name = models.CharField(max_length=50)
    country = models.ForeignKey(Country, models.PROTECT, null=True, related_name="publishers")


class Author(models.Model):
    name = models.CharField(max_length=50)
    email = models.EmailField(null=True, unique=True)
    born = models.DateField(null=True)
    rating = models.FloatField(default=0)
    country = models.ForeignKey(Country, models.SET_NULL, null=True)
    mentor = models.ForeignKey("self", models.SET_NULL, null=True, related_name="students")
    friends = models.ManyToManyField("self")


class Biography(models.Model):
    author = models.OneToOneField(Author, models.CASCADE)
    text = models.TextField(default="")


class Tag(models.Model):
    label = models.CharField(max_length=30, unique=True)


class Note(models.Model):
    text = models.CharField(max_length=100)
    content_type = models.ForeignKey(ContentType, models.CASCADE)
    object_id = models.BigIntegerField()
    target = GenericForeignKey()


class InPrint(models.Manager):
    def get_queryset(self):
        return super().get_queryset().filter(in_print=True)


class Book(models.Model):
    title = models.CharField(max_length=100)
    author = models.ForeignKey(Author, models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, models.SET_NULL, null=True, related_name="edited")
    publisher = models.ForeignKey(Publisher, models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books")
    isbn = models.CharField(max_length=13, null=True, unique=True)
    pages = models.IntegerField(default=0)
    price = models.DecimalField(max_digits=8, decimal_places=2, default=Decimal("9.90"))
    published = models.DateField(null=True)
    released = models.DateTimeField(null=True)
    in_print = models.BooleanField(default=True)
    data = models.JSONField(default=dict)
    notes = GenericRelation(Note)

    objects = models.Manager()
    printed = InPrint()


class Bestseller(Book):
    class Meta:
        proxy = True
        ordering = ["-pages"]


class Review(models.Model):
    book = models.ForeignKey(Book, models.CASCADE, related_name="reviews")
    stars = models.SmallIntegerField(default=3)
    text = models.TextField(default="")
    written = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ["-written", "pk"]
        get_latest_by = "written"


class Club(models.Model):
    name = models.CharField(max_length=50)
    members = models.ManyToManyField(Author, through="Membership", related_name="clubs")


class Membership(models.Model):
    club = models.ForeignKey(Club, models.CASCADE)
    author = models.ForeignKey(Author, models.CASCADE)
    role = models.CharField(max_length=20, default="")
    joined = models.DateField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["club", "author"], name="once_a_club")]


class Medium(models.Model):
    name = models.CharField(max_length=50)


class Film(Medium):
    minutes = models.IntegerField(default=90)
    book = models.ForeignKey(Book, models.SET_NULL, null=True, related_name="films")


class ShortFilm(Film):
    festival = models.CharField(max_length=50, default="")


class Reserved(models.Model):
    """A table and columns that need their quotes."""

    user = models.CharField(max_length=20, default="")
    group = models.CharField(max_length=20, default="")
    select = models.IntegerField(default=0)
    camelCase = models.IntegerField(default=0)  # noqa: N815 - quoting is what it is for

    class Meta:
        db_table = "order"


class Sample(models.Model):
    """The rarer types."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4)
    small = models.PositiveSmallIntegerField(default=0)
    big = models.BigIntegerField(default=0)
    length = models.DurationField(default=timedelta)
    at = models.TimeField(null=True)
    raw = models.BinaryField(default=b"")
    address = models.GenericIPAddressField(null=True)
    slug = models.SlugField(default="")
    checked = models.BooleanField(null=True)


FIRST_OF_MAY = datetime(2024, 5, 1, 12, 30, tzinfo=timezone.utc)


def fill():
    """Two or more rows of everything."""
    norway, peru = (Country.objects.create(code=code, name=code) for code in ("NO", "PE"))
    houses = [Publisher.objects.create(name=name, country=norway) for name in ("Fjord", "Isle")]
    authors = [Author.objects.create(name=name, email=f"{name}@x.org", country=peru) for name in ("Ann", "Bo", "Cy")]
    authors[1].friends.add(authors[0])
    Author.objects.filter(name="Bo").update(mentor=authors[0], born=date(1970, 2, 3), rating=4.5)
    Biography.objects.create(author=authors[0])
    tags = [Tag.objects.create(label=label) for label in ("new", "old", "odd")]
    for number, author in enumerate(authors):
        book = Book.objects.create(
            title=f"Book {number}",
            author=author,
            editor=authors[0],
            publisher=houses[number % 2],
            isbn=str(number),
            pages=100 * number,
            published=date(2024, 5, number + 1),
            released=FIRST_OF_MAY + timedelta(days=number),
            data={"shelf": {"row": number}, "words": ["a", "b"], "rare": bool(number)},
        )
        book.tags.add(*tags[number:])
        Review.objects.create(book=book, stars=number)
        Review.objects.create(book=book, stars=5)
        Note.objects.create(text="read", target=book)
    club = Club.objects.create(name="Poets")
    Membership.objects.create(club=club, author=authors[0])
    Film.objects.create(name="Long", book=book)
    ShortFilm.objects.create(name="Short", book=book)
    Reserved.objects.create(user="ann")
    Sample.objects.create(slug="first", at=time(12), length=timedelta(hours=1))
