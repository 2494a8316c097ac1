"""The search: its form and its page."""

from django.test import TestCase
from django.urls import reverse

from shop.models import Tag
from shop.search import PAGE_SIZE, SearchForm
from shop.tests.making import make_book, make_books


class SearchFormTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        make_book("Emma", "Austen", tags=["novel"], price_cents=1250, stock=0)
        make_book("Emma in Love", "Tennant", tags=["novel", "sequel"], price_cents=799)
        make_book("Ulysses", "Joyce", price_cents=2000)
        make_book("Sanditon", "Austen")

    def titles(self, **typed):
        form = SearchForm(typed)
        self.assertTrue(form.is_valid(), form.errors)
        return [book.title for book in form.books()]

    def test_an_empty_form_finds_all(self):
        self.assertEqual(self.titles(), ["Emma", "Emma in Love", "Sanditon", "Ulysses"])

    def test_a_word_may_stand_anywhere(self):
        self.assertEqual(self.titles(q="LOVE"), ["Emma in Love"])

    def test_a_tag_narrows(self):
        novel, sequel = Tag.objects.order_by("name")
        self.assertEqual(self.titles(tag=novel.pk), ["Emma", "Emma in Love"])
        self.assertEqual(self.titles(tag=sequel.pk), ["Emma in Love"])

    def test_a_price_narrows(self):
        for price, titles in (("7.99", ["Emma in Love"]), ("7.98", []), ("12.50", ["Emma", "Emma in Love"])):
            with self.subTest(price):
                self.assertEqual(self.titles(at_most=price), titles)

    def test_what_is_not_there_can_be_left_out(self):
        self.assertEqual(self.titles(available="on"), ["Emma in Love", "Ulysses"])

    def test_all_of_it_narrows_together(self):
        self.assertEqual(self.titles(q="emma", at_most="20", available="on"), ["Emma in Love"])

    def test_what_makes_no_sense_is_refused(self):
        for typed in ({"at_most": "-1"}, {"at_most": "cheap"}, {"tag": "999999"}, {"q": "x" * 101}):
            with self.subTest(typed):
                self.assertFalse(SearchForm(typed).is_valid())

    def test_tags_are_offered_by_name(self):
        labels = [label for _, label in SearchForm().fields["tag"].choices]
        self.assertEqual(labels[1:], ["novel", "sequel"])


class SearchPageTest(TestCase):
    def test_it_shows_hits_with_author_price_and_reviews(self):
        make_book("Emma", "Austen", stars=[5, 4], price_cents=1250)
        response = self.client.get(reverse("search"), {"q": "emm"})
        for text in ("1 found", "Emma by Austen", "12.50", "2 reviews"):
            self.assertContains(response, text)

    def test_nothing_found_is_said(self):
        self.assertContains(self.client.get(reverse("search"), {"q": "x"}), "0 found")

    def test_a_bad_form_finds_nothing(self):
        make_book()
        response = self.client.get(reverse("search"), {"at_most": "cheap"})
        self.assertContains(response, "0 found", status_code=400)

    def test_many_hits_have_pages(self):
        make_books(PAGE_SIZE + 3)
        first = self.client.get(reverse("search"), {"q": "book"})
        self.assertEqual(len(first.context["page"]), PAGE_SIZE)
        self.assertContains(first, "?q=book&amp;page=2")
        second = self.client.get(reverse("search"), {"q": "book", "page": 2})
        self.assertEqual([book.title for book in second.context["page"]], ["Book 20", "Book 21", "Book 22"])
        self.assertNotContains(second, "more</a>")

    def test_a_page_too_far_is_the_last_one(self):
        make_book()
        self.assertEqual(self.client.get(reverse("search"), {"page": 99}).context["page"].number, 1)
