"""What the staff looks at."""

import csv

from django.test import SimpleTestCase, TestCase
from django.urls import reverse
from orders.reports import Echo

from shop.tests.making import make_book, make_books, make_customer, make_order, make_user


class StaffTest(TestCase):
    def setUp(self):
        self.client.force_login(make_user("root", is_staff=True))


class AccessTest(TestCase):
    def test_reports_are_for_the_staff(self):
        self.client.force_login(make_user())
        for name in ("stock", "stock_csv", "sales", "history"):
            with self.subTest(name):
                response = self.client.get(reverse(name))
                self.assertRedirects(response, f"{reverse('admin:login')}?next={reverse(name)}", target_status_code=200)


class StockTest(StaffTest):
    @classmethod
    def setUpTestData(cls):
        make_book("Emma", publisher="Murray", price_cents=1000, stock=1)
        make_book("Ulysses", publisher="Beach", price_cents=500, stock=10)
        make_book("Sanditon", publisher="Murray")

    def test_offers_come_by_title(self):
        offers = self.client.get(reverse("stock")).context["offers"]
        self.assertEqual([offer.book.title for offer in offers], ["Emma", "Ulysses"])

    def test_what_is_scarce_is_marked(self):
        self.assertContains(self.client.get(reverse("stock")), 'class="scarce"', count=1)

    def test_the_value_is_that_of_all_books(self):
        self.assertContains(self.client.get(reverse("stock")), "6000 cents")

    def test_publishers_are_counted(self):
        self.assertContains(self.client.get(reverse("stock")), "<li>Murray: 2</li>", html=True)

    def test_it_takes_as_many_queries_for_more_books(self):
        make_books(10, price_cents=1)
        with self.assertNumQueries(5):
            self.client.get(reverse("stock"))


class EmptyStockTest(StaffTest):
    def test_nothing_is_worth_nothing(self):
        self.assertContains(self.client.get(reverse("stock")), '<p class="value">0 cents</p>', html=True)


class StockFileTest(StaffTest):
    def rows(self):
        response = self.client.get(reverse("stock_csv"))
        self.assertTrue(response.streaming)
        return list(csv.reader(response.getvalue().decode().splitlines()))

    def test_it_has_a_row_for_each_book(self):
        book = make_book("Emma", "Austen", price_cents=1, stock=4)
        self.assertEqual(self.rows(), [["title", "author", "isbn", "stock"], ["Emma", "Austen", book.offer.isbn, "4"]])

    def test_a_book_out_of_print_has_empty_cells(self):
        make_book("Emma", "Austen")
        self.assertEqual(self.rows()[1], ["Emma", "Austen", "", ""])

    def test_a_shop_without_books_has_a_head(self):
        self.assertEqual(len(self.rows()), 1)

    def test_a_comma_in_a_title_is_quoted(self):
        make_book("Eats, Shoots & Leaves")
        self.assertEqual(self.rows()[1][0], "Eats, Shoots & Leaves")

    def test_many_books_come_by_title(self):
        make_books(6, price_cents=1)
        self.assertEqual([row[0] for row in self.rows()[1:]], [f"Book {number:02}" for number in range(6)])


class EchoTest(SimpleTestCase):
    def test_it_hands_back_what_is_written(self):
        self.assertEqual(csv.writer(Echo()).writerow(["a", 1]), "a,1\r\n")


class SalesTest(StaffTest):
    @classmethod
    def setUpTestData(cls):
        customer = make_customer()
        murray = [make_book(title, publisher="Murray", price_cents=100) for title in ("Emma", "Persuasion")]
        beach = make_book("Ulysses", publisher="Beach", price_cents=500)
        make_order(customer, (murray[0], 2), (beach, 1))
        make_order(customer, (murray[0], 1), (murray[1], 3))

    def test_each_publisher_has_what_was_sold(self):
        rows = self.client.get(reverse("sales")).context["rows"]
        self.assertEqual(rows, [("Beach", 500), ("Murray", 600)])

    def test_a_publisher_who_sold_nothing_is_shown(self):
        make_book("New", publisher="Newcomer")
        self.assertContains(self.client.get(reverse("sales")), "Newcomer: 0 cents")


class HistoryTest(StaffTest):
    def test_the_latest_comes_first(self):
        order = make_order(make_customer())
        events = self.client.get(reverse("history")).context["events"]
        self.assertEqual([str(event.subject) for event in events], [f"Order {order.pk}", "Ada"])

    def test_it_takes_a_query_for_each_table(self):
        customers = [make_customer(name) for name in ("Ada", "Bob", "Eve")]
        for customer in customers:
            make_order(customer)
        with self.assertNumQueries(5):
            self.assertContains(self.client.get(reverse("history")), "created", count=6)

    def test_what_is_gone_is_shown_as_such(self):
        make_order(make_customer()).delete()
        self.assertContains(self.client.get(reverse("history")), "None created")
