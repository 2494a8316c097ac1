"""Books, who wrote and printed them, and what readers say."""

from django.db import models


class Author(models.Model):
    name = models.CharField(max_length=100)


class Publisher(models.Model):
    name = models.CharField(max_length=100)


class Tag(models.Model):
    name = models.CharField(max_length=50)


class Book(models.Model):
    title = models.CharField(max_length=200)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    publisher = models.ForeignKey(Publisher, on_delete=models.CASCADE, related_name="books")
    tags = models.ManyToManyField(Tag, related_name="books")

    @property
    def labels(self):
        return ", ".join(tag.name for tag in self.tags.all())

    def __str__(self):
        return self.title


class Review(models.Model):
    book = models.ForeignKey(Book, on_delete=models.CASCADE, related_name="reviews")
    stars = models.PositiveSmallIntegerField()


class OfferQuerySet(models.QuerySet):
    def available(self):
        return self.filter(stock__gt=0)

    def scarce(self):
        return self.filter(stock__lte=models.F("reorder_at"))


class Offer(models.Model):
    """What a book costs, and how many there are; a book without an offer is out of print."""

    book = models.OneToOneField(Book, on_delete=models.CASCADE, related_name="offer")
    isbn = models.CharField(max_length=13, unique=True)
    price_cents = models.PositiveIntegerField()
    stock = models.PositiveIntegerField(default=0)
    reorder_at = models.PositiveSmallIntegerField(default=2)

    objects = OfferQuerySet.as_manager()

    def __str__(self):
        return self.isbn

    @property
    def price(self):
        return f"{self.price_cents // 100}.{self.price_cents % 100:02}"

    @property
    def is_scarce(self):
        return self.stock <= self.reorder_at
