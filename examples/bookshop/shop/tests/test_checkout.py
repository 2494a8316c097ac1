"""From a basket to an order and back."""

import datetime

from django.core import mail
from django.db import transaction
from django.test import TestCase, TransactionTestCase
from django.utils import timezone
from orders.basket import Basket
from orders.checkout import CheckoutError, archive, cancel, confirm, place_order
from orders.models import ArchivedOrder, Event, Order, OrderLine

from shop.models import Offer
from shop.tests.making import make_book, make_books, make_customer, make_order


def basket_of(*lines):
    basket = Basket({})
    for book, count in lines:
        basket.add(book, count)
    return basket


class PlaceOrderTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer(email="ada@example.com")
        cls.emma = make_book("Emma", price_cents=1250, stock=3)
        cls.ulysses = make_book("Ulysses", "Joyce", price_cents=2000, stock=3)

    def stock(self, book):
        return Offer.objects.get(book=book).stock

    def test_an_order_has_a_line_for_each_book(self):
        order = place_order(self.customer, basket_of((self.emma, 2), (self.ulysses, 1)))
        lines = order.lines.order_by("book__title").values_list("book__title", "count", "price_cents")
        self.assertEqual(list(lines), [("Emma", 2, 1250), ("Ulysses", 1, 2000)])

    def test_its_total_is_that_of_the_basket(self):
        basket = basket_of((self.emma, 2), (self.ulysses, 1))
        total_cents = basket.total_cents()
        self.assertEqual(place_order(self.customer, basket).total_cents, total_cents)

    def test_the_books_leave_the_stock(self):
        place_order(self.customer, basket_of((self.emma, 2)))
        self.assertEqual((self.stock(self.emma), self.stock(self.ulysses)), (1, 3))

    def test_the_basket_is_empty_then(self):
        basket = basket_of((self.emma, 2))
        place_order(self.customer, basket)
        self.assertEqual(len(basket), 0)

    def test_an_empty_basket_is_no_order(self):
        with self.assertRaisesMessage(CheckoutError, "the basket is empty"):
            place_order(self.customer, basket_of())
        self.assertEqual(Order.objects.count(), 0)

    def test_what_was_sold_in_the_meantime_is_told(self):
        basket = basket_of((self.emma, 2), (self.ulysses, 3))
        Offer.objects.filter(book=self.ulysses).update(stock=1)
        with self.assertRaisesMessage(CheckoutError, "Ulysses was sold in the meantime"):
            place_order(self.customer, basket)

    def test_then_nothing_is_taken_and_the_basket_stays(self):
        basket = basket_of((self.emma, 2), (self.ulysses, 3))
        Offer.objects.filter(book=self.ulysses).update(stock=1)
        with self.assertRaises(CheckoutError):
            place_order(self.customer, basket)
        self.assertEqual((self.stock(self.emma), len(basket), Order.objects.count()), (3, 5, 0))

    def test_it_is_confirmed_by_mail(self):
        order = place_order(self.customer, basket_of((self.emma, 1)))
        self.assertTrue(confirm(order))
        (message,) = mail.outbox
        self.assertEqual((message.to, message.subject), (["ada@example.com"], f"Order {order.pk}"))
        self.assertIn(f"https://example.com/orders/{order.pk}/", message.body)

    def test_without_an_address_there_is_no_mail(self):
        order = place_order(make_customer("Bob"), basket_of((self.emma, 1)))
        self.assertFalse(confirm(order))
        self.assertEqual(mail.outbox, [])

    def test_that_is_noted(self):
        order = place_order(self.customer, basket_of((self.emma, 1)))
        event = Event.objects.latest("pk")
        self.assertEqual((event.subject, event.verb), (order, "created"))


class CancelTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer()
        cls.books = make_books(3, price_cents=100, stock=4)

    def test_the_books_come_back(self):
        order = place_order(self.customer, basket_of(*((book, 2) for book in self.books)))
        cancel(order)
        self.assertEqual(set(Offer.objects.values_list("stock", flat=True)), {4})

    def test_the_order_stays_as_canceled(self):
        order = make_order(self.customer, (self.books[0], 1))
        cancel(order)
        order.refresh_from_db()
        self.assertEqual(order.status, Order.Status.CANCELED)

    def test_what_has_left_cannot_be_canceled(self):
        for status in (Order.Status.SENT, Order.Status.CANCELED):
            with self.subTest(status):
                order = make_order(self.customer, (self.books[0], 1), status=status)
                with self.assertRaisesMessage(CheckoutError, f"the order is {status.value} already"):
                    cancel(order)
        self.assertEqual(Offer.objects.get(book=self.books[0]).stock, 4)


class ArchiveTest(TestCase):
    databases = ["default", "archive"]

    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer()
        cls.book = make_book(price_cents=700)
        cls.day = datetime.date(2026, 1, 1)

    def order(self, days_before, status=Order.Status.SENT):
        noon = datetime.datetime.combine(self.day, datetime.time(12), tzinfo=datetime.timezone.utc)
        placed_at = noon - datetime.timedelta(days=days_before)
        return make_order(self.customer, (self.book, 2), status=status, placed_at=placed_at)

    def test_what_is_over_moves(self):
        order = self.order(1)
        self.assertEqual(archive(self.day), 1)
        told = ArchivedOrder.objects.values_list("number", "customer", "placed_on", "total_cents")
        self.assertEqual(list(told), [(order.pk, "Ada", datetime.date(2025, 12, 31), 1400)])
        self.assertEqual((Order.objects.count(), OrderLine.objects.count()), (0, 0))

    def test_canceled_orders_move_too(self):
        self.order(1, Order.Status.CANCELED)
        self.assertEqual(archive(self.day), 1)

    def test_what_is_not_over_stays(self):
        for status in (Order.Status.OPEN, Order.Status.PAID):
            self.order(1, status)
        self.assertEqual((archive(self.day), Order.objects.count()), (0, 2))

    def test_what_is_recent_stays(self):
        self.order(0)
        self.order(-1)
        self.assertEqual((archive(self.day), Order.objects.count()), (0, 2))

    def test_nothing_to_move_is_nothing(self):
        self.assertEqual(archive(self.day), 0)

    def test_many_orders_take_few_queries(self):
        for days_before in range(1, 13):
            self.order(days_before)
        with self.assertNumQueries(7):
            self.assertEqual(archive(self.day), 12)

    def test_the_archive_has_tables_of_its_own(self):
        self.assertEqual(ArchivedOrder.objects.db, "archive")
        self.assertEqual(Order.objects.db, "default")


class NotesTest(TestCase):
    def test_a_new_customer_is_noted(self):
        customer = make_customer()
        event = Event.objects.get()
        self.assertEqual((event.subject, event.verb), (customer, "created"))

    def test_a_change_is_noted(self):
        order = make_order(make_customer())
        order.status = Order.Status.PAID
        order.save()
        self.assertEqual(
            list(Event.objects.order_by("pk").values_list("verb", flat=True)), ["created", "created", "changed"]
        )

    def test_queryset_updates_are_not(self):
        make_order(make_customer())
        Order.objects.update(status=Order.Status.PAID)
        self.assertFalse(Event.objects.filter(verb="changed").exists())


class CommitTest(TransactionTestCase):
    """What only a real commit and a real rollback show."""

    def test_a_failed_order_leaves_nothing_behind(self):
        customer, book = make_customer(), make_book(price_cents=100, stock=2)
        basket = basket_of((book, 2))
        Offer.objects.update(stock=1)
        with self.assertRaises(CheckoutError):
            place_order(customer, basket)
        self.assertEqual((Order.objects.count(), Offer.objects.get().stock), (0, 1))

    def test_mail_can_wait_for_the_commit(self):
        order = make_order(make_customer(email="ada@example.com"))
        with transaction.atomic():
            transaction.on_commit(lambda: confirm(order))
            self.assertEqual(mail.outbox, [])
        self.assertEqual(len(mail.outbox), 1)

    def test_an_order_is_placed_now(self):
        before = timezone.now()
        order = make_order(make_customer())
        self.assertTrue(before <= order.placed_at <= timezone.now())
