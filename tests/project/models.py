"""One model for each kind of relation that can be loaded lazily."""

from functools import cached_property

from django.contrib.contenttypes.fields import GenericForeignKey, GenericRelation
from django.contrib.contenttypes.models import ContentType
from django.db import models


class Publisher(models.Model):
    name = models.CharField(max_length=100)


class Author(models.Model):
    name = models.CharField(max_length=100)
    publisher = models.ForeignKey(Publisher, on_delete=models.CASCADE, related_name="authors")

    @cached_property
    def titles(self):
        return [book.title for book in self.books.all()]


class Biography(models.Model):
    author = models.OneToOneField(Author, on_delete=models.CASCADE, related_name="biography")
    text = models.TextField()


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Mark(models.Model):
    content_type = models.ForeignKey(ContentType, on_delete=models.CASCADE)
    object_id = models.PositiveBigIntegerField()
    target = GenericForeignKey()


class Book(models.Model):
    title = models.CharField(max_length=200)
    blurb = models.TextField(default="")
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    editor = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="edited")
    tags = models.ManyToManyField(Tag, related_name="books")
    marks = GenericRelation(Mark)

    @property
    def publisher_name(self):
        return self.author.publisher.name


class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="reviews")
    stars = models.PositiveSmallIntegerField()

    def __str__(self):
        return f"{self.stars} stars for {self.book.title}"


class Chapter(models.Model):
    parent = models.ForeignKey("self", null=True, on_delete=models.CASCADE, related_name="parts")
    title = models.CharField(max_length=100)


def fill(book_count=4):
    """Books with an author and an editor each; every author has a publisher of his own."""
    for number in range(book_count):
        publisher = Publisher.objects.create(name=f"publisher {number}")
        author = Author.objects.create(name=f"author {number}", publisher=publisher)
        editor = Author.objects.create(name=f"editor {number}", publisher=publisher)
        Biography.objects.create(author=author, text="born, wrote")
        book = Book.objects.create(title=f"book {number}", author=author, editor=editor)
        book.tags.add(Tag.objects.create(name=f"tag {number}"))
        Review.objects.create(book=book, stars=5)
        Mark.objects.create(target=book)
    root = Chapter.objects.create(title="root")
    for number in range(2):
        part = Chapter.objects.create(title=f"part {number}", parent=root)
        Chapter.objects.create(title=f"section {number}", parent=part)
