"""Fills the bookshop with the same books every time."""

import random

from django.db import transaction

from shop.models import Author, Book, Publisher, Review, Tag

BOOK_COUNT = 206
"""One query for the books and four for each of them: 825."""


@transaction.atomic
def seed(book_count=BOOK_COUNT):
    """Replaces everything in the shop by `book_count` books with authors, tags and reviews."""
    for model in (Review, Book, Tag, Publisher, Author):
        model.objects.all().delete()
    chance = random.Random(825)
    authors = Author.objects.bulk_create([Author(name=f"Author {number}") for number in range(40)])
    publishers = Publisher.objects.bulk_create([Publisher(name=f"Publisher {number}") for number in range(12)])
    tags = Tag.objects.bulk_create([Tag(name=f"tag {number}") for number in range(20)])
    books = Book.objects.bulk_create(
        [
            Book(title=f"Book {number:03}", author=chance.choice(authors), publisher=chance.choice(publishers))
            for number in range(book_count)
        ]
    )
    labels = [Book.tags.through(book=book, tag=tag) for book in books for tag in chance.sample(tags, 3)]
    Book.tags.through.objects.bulk_create(labels)
    reviews = [Review(book=book, stars=chance.randint(1, 5)) for book in books for _ in range(chance.randint(0, 4))]
    Review.objects.bulk_create(reviews)
