"""The basket, alone and on its page."""

from django.test import SimpleTestCase, TestCase
from django.urls import reverse
from orders.basket import MOST_OF_A_BOOK, Basket, BasketError
from orders.forms import CountForm

from shop.models import Book, Offer
from shop.tests.making import make_book, make_books


class EmptyBasketTest(SimpleTestCase):
    def test_it_has_nothing_in_it(self):
        basket = Basket({})
        self.assertEqual((len(basket), basket.counts, basket.lines(), basket.total_cents()), (0, {}, [], 0))

    def test_it_leaves_the_session_alone(self):
        session = {}
        Basket(session).clear()
        self.assertEqual(session, {})

    def test_what_is_not_in_it_can_be_removed(self):
        basket = Basket({})
        basket.remove(7)
        self.assertEqual(len(basket), 0)

    def test_a_count_is_a_number_of_books(self):
        for typed, is_valid in (
            ("1", True),
            (str(MOST_OF_A_BOOK), True),
            ("0", False),
            ("21", False),
            ("x", False),
            ("", False),
        ):
            with self.subTest(typed):
                self.assertIs(CountForm({"count": typed}).is_valid(), is_valid)


class BasketTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.emma = make_book("Emma", price_cents=1250, stock=3)
        cls.ulysses = make_book("Ulysses", "Joyce", price_cents=2000, stock=30)
        cls.sanditon = make_book("Sanditon")

    def setUp(self):
        self.session = {}
        self.basket = Basket(self.session)

    def test_it_counts_books(self):
        self.basket.add(self.emma, 2)
        self.basket.add(self.ulysses)
        self.assertEqual(len(self.basket), 3)

    def test_the_same_book_again_is_one_line(self):
        self.basket.add(self.emma)
        self.basket.add(self.emma)
        self.assertEqual(self.basket.lines(), [(self.emma, 2)])

    def test_lines_come_by_title(self):
        self.basket.add(self.ulysses)
        self.basket.add(self.emma)
        self.assertEqual([book.title for book, _ in self.basket.lines()], ["Emma", "Ulysses"])

    def test_the_total_is_that_of_all_lines(self):
        self.basket.add(self.emma, 2)
        self.basket.add(self.ulysses)
        self.assertEqual(self.basket.total_cents(), 4500)

    def test_a_price_that_changed_counts(self):
        self.basket.add(self.emma)
        Offer.objects.filter(book=self.emma).update(price_cents=1)
        self.assertEqual(self.basket.total_cents(), 1)

    def test_no_more_than_there_are(self):
        self.basket.add(self.emma, 3)
        with self.assertRaisesMessage(BasketError, "there are not 4 of Emma"):
            self.basket.add(self.emma)
        self.assertEqual(len(self.basket), 3)

    def test_no_more_than_a_shop_sells_to_one(self):
        with self.assertRaises(BasketError):
            self.basket.add(self.ulysses, MOST_OF_A_BOOK + 1)

    def test_nothing_that_is_out_of_print(self):
        with self.assertRaisesMessage(BasketError, "Sanditon is out of print"):
            self.basket.add(self.sanditon)

    def test_a_line_can_be_removed(self):
        self.basket.add(self.emma)
        self.basket.add(self.ulysses)
        self.basket.remove(self.emma.pk)
        self.assertEqual(self.basket.lines(), [(self.ulysses, 1)])

    def test_a_book_that_is_gone_is_no_line(self):
        self.basket.add(self.emma)
        Book.objects.filter(pk=self.emma.pk).delete()
        self.assertEqual(self.basket.lines(), [])

    def test_it_lives_in_the_session(self):
        self.basket.add(self.emma)
        self.assertEqual(len(Basket(self.session)), 1)


class BasketPageTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.books = make_books(4, price_cents=500)

    def add(self, book, count=1, **more):
        return self.client.post(reverse("add", args=[book.pk]), {"count": count}, **more)

    def test_an_empty_basket_says_so(self):
        self.assertContains(self.client.get(reverse("basket")), "The basket is empty.")

    def test_what_was_added_is_shown(self):
        self.assertRedirects(self.add(self.books[0], 2), reverse("basket"))
        response = self.client.get(reverse("basket"))
        self.assertContains(response, "2 x Book 00 at 5.00")
        self.assertContains(response, "1000 cents")

    def test_four_books_are_four_lines(self):
        for book in self.books:
            self.add(book)
        self.assertContains(self.client.get(reverse("basket")), "1 x Book", count=4)

    def test_the_navigation_counts_them(self):
        self.add(self.books[0], 3)
        self.assertContains(self.client.get(reverse("authors")), "Basket (3)")

    def test_removed_books_are_gone(self):
        self.add(self.books[0])
        self.client.post(reverse("remove", args=[self.books[0].pk]))
        self.assertContains(self.client.get(reverse("basket")), "The basket is empty.")

    def test_what_cannot_be_had_is_told(self):
        response = self.add(self.books[0], 6, follow=True)
        self.assertContains(response, "there are not 6 of Book 00")

    def test_what_is_no_number_is_told(self):
        response = self.add(self.books[0], "many", follow=True)
        self.assertContains(response, "That is no number of books.")

    def test_a_book_that_is_not_there_is_not_found(self):
        self.assertEqual(self.client.post(reverse("add", args=[999999]), {"count": 1}).status_code, 404)

    def test_looking_changes_nothing(self):
        for name in ("add", "remove"):
            with self.subTest(name):
                self.assertEqual(self.client.get(reverse(name, args=[self.books[0].pk])).status_code, 405)
