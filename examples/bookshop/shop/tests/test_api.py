"""The catalog as JSON."""

import json

from django.test import SimpleTestCase, TestCase
from django.urls import reverse

from shop.api import PAGE_SIZE
from shop.models import Author, Offer, Review
from shop.serializers import offer_as_dict, review_as_dict
from shop.tests.making import make_book, make_books


class SerializerTest(SimpleTestCase):
    def test_an_offer_tells_whether_there_is_one_left(self):
        for stock, available in ((0, False), (1, True)):
            with self.subTest(stock):
                told = offer_as_dict(Offer(isbn="1", price_cents=999, stock=stock))
                self.assertEqual(told, {"isbn": "1", "price": "9.99", "available": available})

    def test_no_offer_is_nothing(self):
        self.assertIsNone(offer_as_dict(None))

    def test_a_review_is_its_stars(self):
        self.assertEqual(review_as_dict(Review(pk=3, stars=4)), {"id": 3, "stars": 4})


class BooksTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.emma = make_book("Emma", "Austen", "Murray", ["novel", "classic"], price_cents=1250)
        cls.ulysses = make_book("Ulysses", "Joyce", "Beach")

    def test_a_book_is_told_with_all_that_belongs_to_it(self):
        told = self.client.get(reverse("api_book", args=[self.emma.pk])).json()
        expected = {"id": self.emma.pk, "title": "Emma", "author": "Austen", "publisher": "Murray"}
        expected["tags"] = ["classic", "novel"]
        expected["offer"] = {"isbn": self.emma.offer.isbn, "price": "12.50", "available": True}
        self.assertEqual(told, expected)

    def test_a_book_out_of_print_has_no_offer(self):
        self.assertIsNone(self.client.get(reverse("api_book", args=[self.ulysses.pk])).json()["offer"])

    def test_the_list_has_all_of_them(self):
        told = self.client.get(reverse("api_books")).json()["books"]
        self.assertEqual([book["title"] for book in told], ["Emma", "Ulysses"])

    def test_the_list_takes_two_queries(self):
        with self.assertNumQueries(2):
            self.client.get(reverse("api_books"))

    def test_a_book_that_is_not_there_is_not_found(self):
        self.assertEqual(self.client.get(reverse("api_book", args=[999999])).status_code, 404)

    def test_books_are_not_written_here(self):
        for name, args in (("api_books", []), ("api_book", [self.emma.pk]), ("api_authors", [])):
            with self.subTest(name):
                self.assertEqual(self.client.post(reverse(name, args=args)).status_code, 405)


class PagesOfBooksTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        make_books(PAGE_SIZE + 2)

    def test_a_page_has_a_bounded_length(self):
        self.assertEqual(len(self.client.get(reverse("api_books")).json()["books"]), PAGE_SIZE)

    def test_the_next_page_starts_where_it_is_told(self):
        told = self.client.get(reverse("api_books"), {"start": PAGE_SIZE}).json()["books"]
        self.assertEqual([book["title"] for book in told], ["Book 50", "Book 51"])

    def test_a_start_that_is_no_number_is_the_beginning(self):
        for start in ("x", "-5", ""):
            with self.subTest(start):
                told = self.client.get(reverse("api_books"), {"start": start}).json()["books"]
                self.assertEqual(told[0]["title"], "Book 00")


class AuthorsTest(TestCase):
    def test_authors_come_with_their_titles(self):
        make_book("Persuasion", "Austen")
        make_book("Emma", "Austen")
        make_book("Ulysses", "Joyce")
        told = self.client.get(reverse("api_authors")).json()["authors"]
        self.assertEqual(
            [(each["name"], each["titles"]) for each in told],
            [("Austen", ["Emma", "Persuasion"]), ("Joyce", ["Ulysses"])],
        )

    def test_an_author_without_books_has_an_empty_list(self):
        Author.objects.create(name="Nobody")
        self.assertEqual(self.client.get(reverse("api_authors")).json()["authors"][0]["titles"], [])


class ReviewsTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.book = make_book(stars=[5, 3])

    def setUp(self):
        self.url = reverse("api_reviews", args=[self.book.pk])

    def post(self, body):
        return self.client.post(self.url, body, content_type="application/json")

    def test_reviews_come_as_they_were_written(self):
        told = self.client.get(self.url).json()["reviews"]
        self.assertEqual([review["stars"] for review in told], [5, 3])

    def test_a_review_can_be_written(self):
        response = self.post({"stars": 4})
        self.assertEqual((response.status_code, response.json()["stars"]), (201, 4))
        self.assertEqual(self.book.reviews.count(), 3)

    def test_stars_that_are_none_are_refused(self):
        for stars in (0, 6, -1, "5", 4.5, None, True):
            with self.subTest(stars):
                self.assertEqual(self.post({"stars": stars}).status_code, 400)
        self.assertEqual(self.book.reviews.count(), 2)

    def test_what_is_no_review_is_refused(self):
        for body in ("", "{", "[]", "5", json.dumps({"star": 5})):
            with self.subTest(body):
                self.assertEqual(self.post(body).json(), {"error": "a review is an object with stars"})

    def test_a_book_that_is_not_there_has_none(self):
        self.assertEqual(self.client.get(reverse("api_reviews", args=[999999])).status_code, 404)

    def test_a_review_cannot_be_deleted(self):
        self.assertEqual(self.client.delete(self.url).status_code, 405)
