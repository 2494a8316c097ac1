"""A small shop from a fixture, as it was dumped."""

from django.core import serializers
from django.test import TestCase
from django.urls import reverse
from orders.models import Event, Order

from shop.models import Author, Book, Offer


class FixtureTest(TestCase):
    fixtures = ["small_shop"]

    def test_all_of_it_is_there(self):
        self.assertEqual((Author.objects.count(), Book.objects.count(), Offer.objects.count()), (2, 3, 2))

    def test_keys_are_those_of_the_dump(self):
        self.assertEqual(Book.objects.get(pk=12).title, "Ulysses")

    def test_its_catalog_is_shown(self):
        self.assertContains(self.client.get(reverse("catalog")), "<tr>", count=3)

    def test_its_tags_are_linked(self):
        self.assertEqual(Book.objects.get(pk=10).labels, "novel, classic")

    def test_its_order_has_a_total(self):
        self.assertEqual(Order.objects.get().total_cents, 4500)

    def test_loading_notes_no_events(self):
        self.assertEqual(Event.objects.count(), 0)

    def test_the_stock_can_be_sold(self):
        response = self.client.post(reverse("add", args=[12]), {"count": 1}, follow=True)
        self.assertContains(response, "1 x Ulysses at 20.00")

    def test_books_can_be_dumped_again(self):
        (told,) = serializers.serialize("python", Book.objects.filter(pk=10))
        self.assertEqual(told["fields"], {"title": "Emma", "author": 1, "publisher": 1, "tags": [1, 2]})
