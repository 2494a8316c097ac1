"""Resolvers of GraphQL, as graphene-django runs them, are named with their type and field."""

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

graphene = pytest.importorskip("graphene", reason="graphene-django is not installed: pip install graphene-django")

from graphene_django import DjangoObjectType

import mercury
from tests.project.models import Author, Book

pytestmark = pytest.mark.usefixtures("shop")


class AuthorType(DjangoObjectType):
    class Meta:
        model = Author
        fields = ["name"]


class BookType(DjangoObjectType):
    class Meta:
        model = Book
        fields = ["title", "author", "editor"]  # declared

    review_count = graphene.Int()

    def resolve_review_count(self, info):
        return self.reviews.count()  # counted


class Query(graphene.ObjectType):
    books = graphene.List(BookType)

    def resolve_books(self, info):  # listed
        return Book.objects.all()


schema = graphene.Schema(query=Query)


def line_of(mark):
    with open(__file__, encoding="utf-8") as source:
        return next(number for number, text in enumerate(source, 1) if text.endswith(f"# {mark}\n"))


def findings_of(query):
    with mercury.monitor() as watch:
        assert schema.execute(query).errors is None
    return {finding.target: finding for finding in watch.report.findings}


def test_a_field_that_the_type_takes_from_its_model():
    found = findings_of("{ books { author { name } editor { name } } }")
    assert sorted(found) == ["Book.author", "Book.editor"]
    for finding in found.values():
        assert (finding.file, finding.line, finding.function) == (
            __file__,
            line_of("declared"),
            f"BookType.{finding.field}",
        )
        assert (finding.loop_file, finding.loop_line) == (__file__, line_of("listed"))
        assert f"the resolver BookType.{finding.field} asks for it" in finding.why
        assert f'.select_related("{finding.field}") to the Book queryset' in finding.fix


def test_a_resolver_of_the_application():
    (finding,) = findings_of("{ books { count: reviewCount } }").values()
    assert (finding.target, finding.line, finding.function) == (
        "Book.reviews",
        line_of("counted"),
        "resolve_review_count",
    )
    assert "the resolver BookType.reviewCount asks for it" in finding.why
