"""Books, offers, orders: what their methods say."""

from django.db import IntegrityError, transaction
from django.db.models import ProtectedError
from django.test import SimpleTestCase, TestCase
from orders.models import Customer, Order, OrderLine

from shop.models import Author, Book, Offer, Review
from shop.tests.making import make_book, make_customer, make_order


class PriceTest(SimpleTestCase):
    def test_cents_have_two_digits(self):
        for cents, price in (
            (0, "0.00"),
            (5, "0.05"),
            (99, "0.99"),
            (100, "1.00"),
            (1250, "12.50"),
            (123456, "1234.56"),
        ):
            with self.subTest(cents):
                self.assertEqual(Offer(price_cents=cents).price, price)

    def test_what_has_reached_its_mark_is_scarce(self):
        for stock, is_scarce in ((0, True), (2, True), (3, False)):
            with self.subTest(stock):
                self.assertIs(Offer(price_cents=1, stock=stock, reorder_at=2).is_scarce, is_scarce)

    def test_a_line_costs_its_count_times_its_price(self):
        self.assertEqual(OrderLine(count=3, price_cents=450).total_cents, 1350)

    def test_rows_are_named_for_people(self):
        self.assertEqual(str(Book(title="Emma")), "Emma")
        self.assertEqual(str(Offer(isbn="9780000000001")), "9780000000001")
        self.assertEqual(str(Customer(name="Ada")), "Ada")
        self.assertEqual(str(Order(pk=7)), "Order 7")


class OfferTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.gone = make_book("Gone", price_cents=100, stock=0)
        cls.scarce = make_book("Scarce", price_cents=200, stock=2)
        cls.plenty = make_book("Plenty", price_cents=300, stock=50)

    def test_available_is_what_there_is_one_of(self):
        titles = set(Offer.objects.available().values_list("book__title", flat=True))
        self.assertEqual(titles, {"Scarce", "Plenty"})

    def test_scarce_is_what_has_reached_its_mark(self):
        titles = set(Offer.objects.scarce().values_list("book__title", flat=True))
        self.assertEqual(titles, {"Gone", "Scarce"})

    def test_both_can_be_asked_for_together(self):
        self.assertEqual(Offer.objects.available().scarce().get().book, self.scarce)

    def test_a_number_belongs_to_one_book(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Offer.objects.create(book=make_book("New"), isbn=self.gone.offer.isbn, price_cents=1)

    def test_a_book_has_one_offer(self):
        with self.assertRaises(IntegrityError), transaction.atomic():
            Offer.objects.create(book=self.gone, isbn="1", price_cents=1)

    def test_a_book_without_an_offer_says_so(self):
        with self.assertRaises(Offer.DoesNotExist):
            make_book("New").offer


class BookTest(TestCase):
    def test_labels_are_the_names_of_the_tags(self):
        self.assertEqual(make_book(tags=["a", "b"]).labels, "a, b")

    def test_a_book_without_tags_has_no_labels(self):
        self.assertEqual(make_book().labels, "")

    def test_labels_follow_the_tags(self):
        book = make_book(tags=["a", "b"])
        book.tags.remove(book.tags.get(name="a"))
        self.assertEqual(book.labels, "b")

    def test_reviews_go_with_their_book(self):
        make_book(stars=[1, 2]).delete()
        self.assertEqual(Review.objects.count(), 0)

    def test_books_go_with_their_author(self):
        make_book()
        Author.objects.all().delete()
        self.assertEqual(Book.objects.count(), 0)

    def test_a_book_that_was_ordered_stays(self):
        book = make_book()
        make_order(make_customer(), (book, 1))
        with self.assertRaises(ProtectedError):
            book.delete()


class OrderTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer()
        cls.book = make_book(price_cents=500)

    def test_the_total_is_that_of_all_lines(self):
        other = make_book("Other", price_cents=250)
        self.assertEqual(make_order(self.customer, (self.book, 2), (other, 1)).total_cents, 1250)

    def test_an_order_without_lines_costs_nothing(self):
        self.assertEqual(make_order(self.customer).total_cents, 0)

    def test_the_price_is_that_of_the_day(self):
        order = make_order(self.customer, (self.book, 1))
        Offer.objects.update(price_cents=900)
        self.assertEqual(Order.objects.get(pk=order.pk).total_cents, 500)

    def test_a_book_stands_in_one_line(self):
        order = make_order(self.customer, (self.book, 1))
        with self.assertRaises(IntegrityError), transaction.atomic():
            OrderLine.objects.create(order=order, book=self.book, count=1, price_cents=1)

    def test_a_new_order_is_open(self):
        self.assertEqual(make_order(self.customer).status, Order.Status.OPEN)

    def test_orders_go_with_their_customer(self):
        make_order(self.customer, (self.book, 1))
        self.customer.user.delete()
        self.assertEqual((Order.objects.count(), OrderLine.objects.count()), (0, 0))
