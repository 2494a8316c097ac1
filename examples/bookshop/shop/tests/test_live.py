"""Asynchronous views and the asynchronous side of models."""

from django.test import TestCase, TransactionTestCase
from django.urls import reverse

from shop.live import MOST_SUGGESTIONS
from shop.models import Author, Book
from shop.tests.making import make_book, make_books


class SuggestionsTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        for title in ("Emma", "Emma in Love", "Evelina"):
            make_book(title, author=title)

    async def titles(self, typed):
        response = await self.async_client.get(reverse("suggestions"), {"q": typed})
        self.assertEqual(response.status_code, 200)
        return response.json()["titles"]

    async def test_titles_begin_with_what_was_typed(self):
        self.assertEqual(await self.titles("emm"), ["Emma", "Emma in Love"])

    async def test_one_letter_is_enough(self):
        self.assertEqual(await self.titles("e"), ["Emma", "Emma in Love", "Evelina"])

    async def test_nothing_typed_suggests_nothing(self):
        self.assertEqual(await self.titles("  "), [])

    async def test_nothing_found_is_an_empty_list(self):
        self.assertEqual(await self.titles("z"), [])

    def test_a_synchronous_client_gets_the_same(self):
        response = self.client.get(reverse("suggestions"), {"q": "ev"})
        self.assertEqual(response.json(), {"titles": ["Evelina"]})


class ManySuggestionsTest(TestCase):
    async def test_there_are_never_too_many(self):
        for number in range(MOST_SUGGESTIONS + 2):
            author, _ = await Author.objects.aget_or_create(name="A")
            await Book.objects.acreate(title=f"T{number}", author=author, publisher_id=await self.publisher())
        response = await self.async_client.get(reverse("suggestions"), {"q": "t"})
        self.assertEqual(len(response.json()["titles"]), MOST_SUGGESTIONS)

    async def publisher(self):
        from shop.models import Publisher

        publisher, _ = await Publisher.objects.aget_or_create(name="P")
        return publisher.pk


class BusiestAuthorsTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        make_book("Emma", "Austen")
        make_book("Persuasion", "Austen")
        make_book("Ulysses", "Joyce")
        make_book("Evelina", "Burney")

    async def test_the_busiest_comes_first(self):
        told = (await self.async_client.get(reverse("busiest_authors"))).json()["authors"]
        expected = [("Austen", 2), ("Burney", 1), ("Joyce", 1)]
        self.assertEqual([(author["name"], author["books"]) for author in told], expected)

    async def test_an_author_without_books_comes_last(self):
        await Author.objects.acreate(name="Aaron")
        told = (await self.async_client.get(reverse("busiest_authors"))).json()["authors"]
        self.assertEqual(told[-1], {"name": "Aaron", "books": 0})

    async def test_books_can_be_walked_asynchronously(self):
        titles = [book.title async for book in Book.objects.order_by("title")]
        self.assertEqual(titles, ["Emma", "Evelina", "Persuasion", "Ulysses"])

    async def test_related_rows_can_be_awaited(self):
        austen = await Author.objects.aget(name="Austen")
        self.assertEqual(await austen.books.acount(), 2)
        self.assertTrue(await austen.books.filter(title="Emma").aexists())


class CommittedTest(TransactionTestCase):
    """What a request sees that others have committed."""

    async def test_a_committed_book_is_suggested(self):
        from asgiref.sync import sync_to_async

        await sync_to_async(make_books)(2)
        response = await self.async_client.get(reverse("suggestions"), {"q": "book"})
        self.assertEqual(response.json()["titles"], ["Book 00", "Book 01"])
