"""Pages of books, authors, publishers and tags."""

from django.contrib.sites.models import Site
from django.test import TestCase
from django.urls import reverse

from shop.models import Author, Publisher
from shop.pages import absolute_url
from shop.tests.making import make_book, make_books


class BookPageTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.emma = make_book("Emma", "Austen", "Murray", ["novel", "classic"], [5, 4, 4], price_cents=1250)
        cls.persuasion = make_book("Persuasion", "Austen", price_cents=900)
        cls.sanditon = make_book("Sanditon", "Austen")
        cls.ulysses = make_book("Ulysses", "Joyce")

    def page(self, book):
        return self.client.get(reverse("book", args=[book.pk]))

    def test_it_shows_title_author_and_publisher(self):
        response = self.page(self.emma)
        self.assertContains(response, "<h1>Emma</h1>", html=True)
        self.assertContains(response, reverse("author", args=[self.emma.author_id]))
        self.assertContains(response, "Murray")

    def test_it_shows_the_price(self):
        self.assertContains(self.page(self.emma), '<span class="price">12.50</span>', html=True)

    def test_a_book_without_an_offer_is_out_of_print(self):
        self.assertContains(self.page(self.ulysses), "out of print", count=1)

    def test_it_shows_the_average_of_the_stars(self):
        self.assertContains(self.page(self.emma), "4.3 of 5 (3)")

    def test_a_book_without_reviews_has_no_stars(self):
        self.assertNotContains(self.page(self.ulysses), 'class="stars"')

    def test_it_shows_what_else_the_author_wrote(self):
        response = self.page(self.emma)
        self.assertEqual([book.title for book in response.context["others"]], ["Persuasion", "Sanditon"])
        self.assertContains(response, "9.00")

    def test_an_only_book_has_no_such_list(self):
        self.assertNotContains(self.page(self.ulysses), "By the same author")

    def test_its_labels_are_shown(self):
        self.assertContains(self.page(self.emma), "<p>novel, classic</p>", html=True)

    def test_its_pieces_are_templates_of_their_own(self):
        for name in ("shop/base.html", "shop/_price.html", "shop/_book_item.html"):
            with self.subTest(name):
                self.assertTemplateUsed(self.page(self.emma), name)

    def test_a_book_that_is_not_there_is_not_found(self):
        self.assertEqual(self.client.get(reverse("book", args=[999999])).status_code, 404)


class AuthorPagesTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.emma = make_book("Emma", "Austen", price_cents=1250)
        make_book("Persuasion", "Austen")
        make_book("Ulysses", "Joyce")
        cls.silent = Author.objects.create(name="Nobody")

    def test_the_list_counts_the_books_of_each(self):
        rows = self.client.get(reverse("authors")).context["rows"]
        self.assertEqual([(author.name, count) for author, count in rows], [("Austen", 2), ("Joyce", 1), ("Nobody", 0)])

    def test_the_list_links_to_each(self):
        self.assertContains(self.client.get(reverse("authors")), reverse("author", args=[self.silent.pk]))

    def test_an_author_has_a_page_with_the_books(self):
        response = self.client.get(reverse("author", args=[self.emma.author_id]))
        self.assertContains(response, "Emma")
        self.assertContains(response, "Persuasion")
        self.assertNotContains(response, "Ulysses")

    def test_an_author_without_books_has_a_page_too(self):
        self.assertContains(self.client.get(reverse("author", args=[self.silent.pk])), "nothing yet")

    def test_an_authors_page_takes_two_queries(self):
        with self.assertNumQueries(2):
            self.client.get(reverse("author", args=[self.emma.author_id]))

    def test_an_author_who_is_not_there_is_not_found(self):
        self.assertEqual(self.client.get(reverse("author", args=[999999])).status_code, 404)


class ListOfAuthorsTest(TestCase):
    def test_twelve_authors_are_twelve_lines(self):
        make_books(12)
        self.assertContains(self.client.get(reverse("authors")), "<li>", count=12)


class PublisherPagesTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        make_book("Emma", "Austen", "Murray")
        make_book("Don Juan", "Byron", "Murray")
        make_book("Ulysses", "Joyce", "Beach")
        Publisher.objects.create(name="Newcomer")

    def test_the_busiest_publisher_comes_first(self):
        found = self.client.get(reverse("publishers")).context["publishers"]
        self.assertEqual(
            [(publisher.name, publisher.book_count) for publisher in found],
            [("Murray", 2), ("Beach", 1), ("Newcomer", 0)],
        )

    def test_the_list_takes_one_query(self):
        with self.assertNumQueries(1):
            self.client.get(reverse("publishers"))

    def test_a_publisher_has_a_page_with_books_and_authors(self):
        murray = Publisher.objects.get(name="Murray")
        response = self.client.get(reverse("publisher", args=[murray.pk]))
        for text in ("Emma", "Austen", "Don Juan", "Byron"):
            self.assertContains(response, text)
        self.assertNotContains(response, "Ulysses")

    def test_a_publisher_who_is_not_there_is_not_found(self):
        self.assertEqual(self.client.get(reverse("publisher", args=[999999])).status_code, 404)


class TagsTest(TestCase):
    def test_tags_come_by_name_with_their_books(self):
        make_book("One", tags=["novel", "classic"])
        make_book("Two", tags=["novel"])
        found = self.client.get(reverse("tags")).context["tags"]
        self.assertEqual([(tag.name, tag.book_count) for tag in found], [("classic", 1), ("novel", 2)])

    def test_a_tag_without_books_is_left_out(self):
        make_book(tags=["novel"]).tags.clear()
        self.assertNotContains(self.client.get(reverse("tags")), "novel")


class SitemapTest(TestCase):
    def test_it_has_the_address_of_each_book(self):
        books = make_books(3)
        body = self.client.get(reverse("sitemap")).content.decode()
        for book in books:
            self.assertIn(f"<loc>https://example.com/books/{book.pk}/</loc>", body)

    def test_it_is_xml(self):
        self.assertEqual(self.client.get(reverse("sitemap")).headers["Content-Type"], "application/xml")

    def test_the_domain_is_that_of_the_site(self):
        Site.objects.update(domain="books.example")
        Site.objects.clear_cache()
        self.addCleanup(Site.objects.clear_cache)
        make_book()
        self.assertContains(self.client.get(reverse("sitemap")), "https://books.example/books/")

    def test_addresses_for_mail_have_it_too(self):
        self.assertEqual(absolute_url("basket"), "https://example.com/basket/")
