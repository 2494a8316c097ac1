"""Books from a CSV file with the columns title, author, publisher, isbn, price and stock."""

import csv
from decimal import Decimal, InvalidOperation

from django.core.management.base import BaseCommand, CommandError
from django.db import transaction

from shop.models import Author, Book, Offer, Publisher

COLUMNS = ["title", "author", "publisher", "isbn", "price", "stock"]


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("file")

    @transaction.atomic
    def handle(self, *args, file, **options):
        with open(file, newline="", encoding="utf-8") as lines:
            reader = csv.DictReader(lines)
            if reader.fieldnames != COLUMNS:
                raise CommandError(f"the columns are to be: {', '.join(COLUMNS)}")
            rows = list(reader)
        books = [self.book(row) for row in rows]
        Book.objects.bulk_create(books)
        Offer.objects.bulk_create([self.offer(book, row) for book, row in zip(books, rows)])
        self.stdout.write(f"{len(books)} books imported")

    def book(self, row):
        """Author and publisher are looked up for each row, and made where they are new."""
        author, _ = Author.objects.get_or_create(name=row["author"])
        publisher, _ = Publisher.objects.get_or_create(name=row["publisher"])
        return Book(title=row["title"], author=author, publisher=publisher)

    def offer(self, book, row):
        try:
            cents, stock = int(Decimal(row["price"]) * 100), int(row["stock"])
        except (InvalidOperation, ValueError):
            raise CommandError(f"price or stock of {book.title} is no number") from None
        return Offer(book=book, isbn=row["isbn"], price_cents=cents, stock=stock)
