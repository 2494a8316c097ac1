"""Serializers of Django REST framework: each field that queries is one cause, at the line that made it."""

import inspect

import pytest

import mercury
from tests.django_database import database, shop  # noqa: F401 - fixtures
from tests.project.models import Author, Book, Review

from django.core.handlers.base import BaseHandler  # isort: skip
from django.test import RequestFactory  # isort: skip

serializers = pytest.importorskip(
    "rest_framework.serializers", reason="Django REST framework is not installed: pip install djangorestframework"
)

generics = pytest.importorskip("rest_framework.generics")
renderers = pytest.importorskip("rest_framework.renderers")

pytestmark = pytest.mark.usefixtures("shop")


class AuthorSerializer(serializers.ModelSerializer):
    class Meta:
        model = Author
        fields = ("name",)


class BookSerializer(serializers.ModelSerializer):
    author = AuthorSerializer()
    editor = AuthorSerializer()

    class Meta:
        model = Book
        fields = ("title", "author", "editor")


class SourceSerializer(serializers.Serializer):
    name = serializers.CharField(source="author.name")


class MethodSerializer(serializers.Serializer):
    stars = serializers.SerializerMethodField()

    def get_stars(self, book):
        return [review.stars for review in book.reviews.all()]


class KeysSerializer(serializers.ModelSerializer):
    class Meta:
        model = Book
        fields = ("title", "tags")


def found(serializer, rows):
    with mercury.monitor("serializer") as watch:
        serializer(rows, many=True).data  # the call
    assert watch.report.notes == []
    return {(finding.kind, finding.target): finding for finding in watch.report.findings}


def test_two_nested_serializers_of_one_model_are_two_causes():
    findings = found(BookSerializer, Book.objects.all())
    assert set(findings) == {("n_plus_one", "Book.author"), ("n_plus_one", "Book.editor")}
    for field in ("author", "editor"):
        assert f'add .select_related("{field}") to the Book queryset' in findings["n_plus_one", f"Book.{field}"].fix


def test_a_source_with_dots():
    findings = found(SourceSerializer, Book.objects.all())
    assert set(findings) == {("n_plus_one", "Book.author")}


def test_a_method_field_is_found_at_its_line():
    findings = found(MethodSerializer, Book.objects.all())
    (finding,) = findings.values()
    assert (finding.kind, finding.target) == ("n_plus_one", "Book.reviews")
    lines, first = inspect.getsourcelines(MethodSerializer.get_stars)
    (line,) = [first + index for index, text in enumerate(lines) if "book.reviews.all()" in text]
    assert (finding.file, finding.line) == (inspect.getsourcefile(MethodSerializer), line)


def test_keys_of_a_many_to_many_field():
    findings = found(KeysSerializer, Book.objects.all())
    assert set(findings) == {("n_plus_one", "Book.tags")}


def test_joined_and_prefetched_rows_are_no_finding():
    assert found(BookSerializer, Book.objects.select_related("author", "editor")) == {}
    assert found(MethodSerializer, Book.objects.prefetch_related("reviews")) == {}
    assert found(KeysSerializer, Book.objects.prefetch_related("tags")) == {}


def test_two_keys_of_one_row_are_no_finding():
    with mercury.monitor("serializer") as watch:
        BookSerializer(Book.objects.get(title="book 0")).data
    assert watch.report.metrics.query_count == 3
    assert watch.report.findings == []


def test_validation_of_one_row_is_no_finding():
    class Form(serializers.ModelSerializer):
        class Meta:
            model = Book
            fields = ("title", "author", "editor")

    author, editor = Author.objects.all()[:2]
    with mercury.monitor("serializer") as watch:
        assert Form(data={"title": "new", "author": author.pk, "editor": editor.pk}).is_valid()
    assert watch.report.metrics.query_count == 2
    assert watch.report.findings == []


def test_validation_of_many_rows_is_a_cause():
    class Form(serializers.ModelSerializer):
        class Meta:
            model = Review
            fields = ("book", "stars")

    books = list(Book.objects.all())
    with mercury.monitor("serializer") as watch:
        assert Form(data=[{"book": book.pk, "stars": 1} for book in books], many=True).is_valid()
    assert watch.report.metrics.query_count == 4
    assert [finding.model for finding in watch.report.findings] == ["Book"]


class BookList(generics.ListAPIView):
    queryset = Book.objects.order_by("pk")
    serializer_class = BookSerializer
    permission_classes = ()
    renderer_classes = (renderers.JSONRenderer,)

    def perform_authentication(self, request):
        """The test project has no users."""


def _line_of(owner, text):
    lines, first = inspect.getsourcelines(owner)
    (line,) = [first + index for index, each in enumerate(lines) if each.strip().startswith(text)]
    return line


def outer_middleware(view):
    handler = BaseHandler()
    handler.load_middleware()
    handler.resolve_request = lambda request: (view, (), {})

    def get_response(request):
        return handler._get_response(request)

    return get_response


def test_a_list_view_without_code_is_told_at_its_declarations():
    respond = outer_middleware(BookList.as_view())
    with mercury.monitor("list") as watch:
        respond(RequestFactory().get("/"))
    author = next(finding for finding in watch.report.findings if finding.field == "author")
    assert (author.file, author.line) == (__file__, _line_of(BookSerializer, "author"))
    assert (author.loop_file, author.loop_line) == (__file__, _line_of(BookList, "queryset"))
    assert author.fix.startswith('add .select_related("author") to the Book queryset')
    assert f"test_rest_framework.py:{_line_of(BookList, 'queryset')} loads" in author.fix
