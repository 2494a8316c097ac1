"""Tests as functions, for pytest alone: `python manage.py test` leaves this folder out."""

import pytest
from django.urls import reverse
from shop.models import Author
from shop.tests.making import make_book, make_books


@pytest.fixture
def austen(db):
    make_book("Emma", "Austen", price_cents=1250)
    make_book("Persuasion", "Austen")
    return Author.objects.get(name="Austen")


@pytest.mark.django_db
@pytest.mark.parametrize("count", [0, 1, 3])
def test_the_catalog_has_a_row_for_each_book(client, count):
    make_books(count)
    assert client.get(reverse("catalog")).content.decode().count("<tr>") == count


def test_an_author_has_a_page(client, austen):
    assert "Persuasion" in client.get(reverse("author", args=[austen.pk])).content.decode()


def test_the_api_takes_two_queries(client, austen, django_assert_num_queries):
    with django_assert_num_queries(2):
        client.get(reverse("api_books"))


def test_an_order_page_wants_a_login(client, db):
    assert client.get(reverse("orders")).status_code == 302


@pytest.mark.django_db(transaction=True)
def test_committed_books_are_counted(client):
    make_books(2)
    assert client.get(reverse("authors")).content.decode().count("<li>") == 2


@pytest.mark.django_db
def test_the_admin_lists_books(admin_client):
    make_book("Emma")
    assert "Emma" in admin_client.get(reverse("admin:shop_book_changelist")).content.decode()
