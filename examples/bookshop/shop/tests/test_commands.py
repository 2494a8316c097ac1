"""The management commands."""

import datetime
import os
import tempfile
from io import StringIO

from django.contrib.contenttypes.models import ContentType
from django.core.management import CommandError, call_command
from django.db import connection
from django.test import TestCase, TransactionTestCase
from orders.models import ArchivedOrder, Order

from shop.models import Author, Book, Offer
from shop.tests.making import make_book, make_books, make_customer, make_order


def called(name, *arguments, **options):
    out = StringIO()
    call_command(name, *arguments, stdout=out, **options)
    return out.getvalue().splitlines()


class RestockTest(TestCase):
    def test_what_is_scarce_is_filled_up(self):
        make_books(3, price_cents=1, stock=1)
        called("restock")
        self.assertEqual(set(Offer.objects.values_list("stock", flat=True)), {10})

    def test_what_is_not_stays(self):
        make_book(price_cents=1, stock=3)
        self.assertEqual(called("restock"), ["0 offers"])

    def test_it_tells_how_many_of_each(self):
        book = make_book(price_cents=1, stock=2)
        self.assertEqual(called("restock", up_to=7), [f"{book.offer.isbn}: 5", "1 offers"])

    def test_a_dry_run_changes_nothing(self):
        make_book(price_cents=1, stock=0)
        self.assertEqual(called("restock", dry_run=True)[-1], "1 offers")
        self.assertEqual(Offer.objects.get().stock, 0)

    def test_less_than_one_is_refused(self):
        with self.assertRaisesMessage(CommandError, "--up-to is to be 1 or more"):
            called("restock", up_to=0)


class ImportTest(TestCase):
    HEAD = "title,author,publisher,isbn,price,stock\n"

    def import_text(self, text):
        with tempfile.TemporaryDirectory() as folder:
            path = os.path.join(folder, "books.csv")
            with open(path, "w", encoding="utf-8") as file:
                file.write(text)
            return called("import_books", path)

    def test_each_row_is_a_book_with_an_offer(self):
        told = self.import_text(self.HEAD + "Emma,Austen,Murray,1,12.50,3\nUlysses,Joyce,Beach,2,20,0\n")
        self.assertEqual(told, ["2 books imported"])
        rows = Offer.objects.order_by("isbn").values_list("book__title", "book__author__name", "price_cents", "stock")
        self.assertEqual(list(rows), [("Emma", "Austen", 1250, 3), ("Ulysses", "Joyce", 2000, 0)])

    def test_authors_are_not_made_twice(self):
        Author.objects.create(name="Austen")
        self.import_text(self.HEAD + "Emma,Austen,Murray,1,1,1\nPersuasion,Austen,Murray,2,1,1\n")
        self.assertEqual(Author.objects.get().books.count(), 2)

    def test_no_rows_are_no_books(self):
        self.assertEqual(self.import_text(self.HEAD), ["0 books imported"])

    def test_other_columns_are_refused(self):
        with self.assertRaisesMessage(CommandError, "the columns are to be: title, author"):
            self.import_text("title,isbn\n")

    def test_what_is_no_number_is_told(self):
        for price, stock in (("cheap", "1"), ("1", "many")):
            with self.subTest(price=price, stock=stock), self.assertRaisesMessage(CommandError, "of Emma is no number"):
                self.import_text(self.HEAD + f"Emma,Austen,Murray,1,{price},{stock}\n")


class FailedImportTest(TransactionTestCase):
    def test_a_failed_import_leaves_nothing_behind(self):
        with self.assertRaises(CommandError):
            ImportTest.import_text(self, ImportTest.HEAD + "Emma,Austen,Murray,1,1,1\nUlysses,Joyce,Beach,2,x,1\n")
        self.assertEqual((Book.objects.count(), Author.objects.count()), (0, 0))


class ArchiveOrdersTest(TestCase):
    databases = ["default", "archive"]

    def test_it_moves_and_tells(self):
        placed_at = datetime.datetime(2025, 5, 1, tzinfo=datetime.timezone.utc)
        for name in ("Ada", "Bob"):
            make_order(make_customer(name), (make_book(name), 1), status=Order.Status.SENT, placed_at=placed_at)
        self.assertEqual(called("archive_orders", "2026-01-01"), ["2 orders archived"])
        self.assertEqual(ArchivedOrder.objects.count(), 2)

    def test_what_is_no_day_is_refused(self):
        with self.assertRaisesMessage(CommandError, "soon is no day"):
            called("archive_orders", "soon")


class MigrationsTest(TestCase):
    def test_they_make_what_the_models_say(self):
        called("makemigrations", check=True, dry_run=True)

    def test_the_archive_holds_nothing_else(self):
        tables = connection.introspection.table_names()
        self.assertIn("orders_order", tables)
        self.assertNotIn("orders_archivedorder", tables)

    def test_each_model_has_a_content_type(self):
        found = {model for (model,) in ContentType.objects.filter(app_label="shop").values_list("model")}
        self.assertEqual(found, {"author", "book", "offer", "publisher", "review", "tag"})
