"""The catalog, as it is often written and repaired."""

from django.test import TestCase
from django.urls import reverse

from shop.models import Author, Book, Publisher, Review, Tag
from shop.seed import seed
from shop.tests.making import make_book, make_books


class CatalogTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        make_book("Persuasion", "Austen", "Murray", ["novel", "classic"], [5, 4])
        make_book("Middlemarch", "Eliot", "Blackwood", ["novel"])
        make_book("Ulysses", "Joyce", "Beach", stars=[1, 5, 3])

    def test_each_book_is_shown_with_its_author(self):
        response = self.client.get(reverse("catalog"))
        for text in ("Persuasion, by Austen", "Middlemarch, by Eliot", "Ulysses, by Joyce"):
            self.assertContains(response, text)

    def test_books_come_by_title(self):
        body = self.client.get(reverse("catalog")).content.decode()
        self.assertLess(body.index("Middlemarch"), body.index("Persuasion"))
        self.assertLess(body.index("Persuasion"), body.index("Ulysses"))

    def test_the_publisher_is_shown(self):
        self.assertContains(self.client.get(reverse("catalog")), "<td>Blackwood</td>", html=True)

    def test_tags_are_shown_in_one_cell(self):
        self.assertContains(self.client.get(reverse("catalog")), "novel, classic")

    def test_reviews_are_counted(self):
        response = self.client.get(reverse("catalog"))
        self.assertContains(response, "3 reviews")
        self.assertContains(response, "0 reviews")

    def test_the_repaired_page_is_the_same(self):
        pages = [self.client.get(reverse(name)).content for name in ("catalog", "repaired")]
        self.assertEqual(*pages)

    def test_the_repaired_page_takes_two_queries(self):
        with self.assertNumQueries(2):
            self.client.get(reverse("repaired"))

    def test_both_templates_are_used(self):
        self.assertTemplateUsed(self.client.get(reverse("catalog")), "shop/catalog.html")
        self.assertTemplateUsed(self.client.get(reverse("repaired")), "shop/repaired.html")


class EmptyCatalogTest(TestCase):
    def test_a_shop_without_books_has_an_empty_table(self):
        for name in ("catalog", "repaired"):
            with self.subTest(name):
                self.assertNotContains(self.client.get(reverse(name)), "<tr>")

    def test_a_title_is_escaped(self):
        make_book("<b>Bold</b>")
        self.assertContains(self.client.get(reverse("catalog")), "&lt;b&gt;Bold&lt;/b&gt;")


class SeedTest(TestCase):
    def test_it_makes_as_many_books_as_it_is_told(self):
        seed(7)
        self.assertEqual(Book.objects.count(), 7)

    def test_each_book_has_three_tags(self):
        seed(4)
        for book in Book.objects.prefetch_related("tags"):
            with self.subTest(book.title):
                self.assertEqual(len(book.tags.all()), 3)

    def test_it_makes_the_same_books_each_time(self):
        told = []
        for _ in range(2):
            seed(5)
            told.append(list(Book.objects.order_by("title").values_list("title", "author__name", "publisher__name")))
        self.assertEqual(*told)

    def test_it_replaces_what_was_there(self):
        make_book("Emma")
        seed(2)
        self.assertFalse(Book.objects.filter(title="Emma").exists())

    def test_authors_and_publishers_do_not_grow(self):
        seed(3)
        self.assertEqual((Author.objects.count(), Publisher.objects.count(), Tag.objects.count()), (40, 12, 20))

    def test_stars_go_from_one_to_five(self):
        seed(30)
        stars = set(Review.objects.values_list("stars", flat=True))
        self.assertEqual(stars, {1, 2, 3, 4, 5})


class ManyBooksTest(TestCase):
    def test_all_of_them_are_on_one_page(self):
        make_books(30)
        body = self.client.get(reverse("catalog")).content.decode()
        self.assertEqual(body.count("<tr>"), 30)
