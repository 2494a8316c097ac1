"""The shop behind a real server."""

import json
import urllib.error
import urllib.request

from django.test import LiveServerTestCase

from shop.models import Review
from shop.tests.making import make_book, make_books


class ServerTest(LiveServerTestCase):
    def fetch(self, path, data=None):
        with urllib.request.urlopen(self.live_server_url + path, data) as response:
            return response.status, response.read().decode()

    def test_the_catalog_is_served(self):
        make_books(3)
        status, body = self.fetch("/")
        self.assertEqual((status, body.count("<tr>")), (200, 3))

    def test_the_api_is_served(self):
        make_book("Emma", "Austen")
        _, body = self.fetch("/api/books/")
        self.assertEqual([book["title"] for book in json.loads(body)["books"]], ["Emma"])

    def test_a_review_is_written(self):
        book = make_book()
        status, _ = self.fetch(f"/api/books/{book.pk}/reviews/", json.dumps({"stars": 5}).encode())
        self.assertEqual((status, Review.objects.get().stars), (201, 5))

    def test_what_is_not_there_is_not_found(self):
        with self.assertRaises(urllib.error.HTTPError) as caught:
            self.fetch("/books/999999/")
        caught.exception.close()
        self.assertEqual(caught.exception.code, 404)

    def test_an_asynchronous_view_is_served(self):
        make_book("Emma")
        self.assertEqual(json.loads(self.fetch("/live/suggestions/?q=e")[1]), {"titles": ["Emma"]})
