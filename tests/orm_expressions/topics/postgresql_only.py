"""What SQLite has no word for: full text search, arrays, its own aggregates and lookups."""

from django.contrib.postgres.aggregates import ArrayAgg, BoolAnd, JSONBAgg
from django.contrib.postgres.aggregates import StringAgg as PostgresStringAgg
from django.contrib.postgres.expressions import ArraySubquery
from django.contrib.postgres.functions import RandomUUID, TransactionNow
from django.contrib.postgres.search import SearchHeadline, SearchQuery, SearchRank, SearchVector
from django.db.models import F, OuterRef, Q, Value

from tests.orm_expressions.models import Author, Book, Review
from tests.orm_expressions.suite import expression


@expression
def search():
    return Book.objects.filter(title__search="book")


@expression
def search_vector():
    return Book.objects.annotate(found=SearchVector("title", "author__name")).filter(found="book")


@expression
def search_configured():
    vector, query = SearchVector("title", config="english"), SearchQuery("book", config="english")
    return Book.objects.annotate(found=vector).filter(found=query)


@expression
def search_weighted():
    vector = SearchVector("title", weight="A") + SearchVector("isbn", weight="B")
    return Book.objects.annotate(found=vector).filter(found=SearchQuery("book"))


@expression
def search_queries_combined():
    query = (SearchQuery("book") | SearchQuery("film")) & ~SearchQuery("disc")
    return Book.objects.annotate(found=SearchVector("title")).filter(found=query)


@expression
def search_phrase():
    query = SearchQuery("thick book", search_type="phrase")
    return Book.objects.annotate(found=SearchVector("title")).filter(found=query)


@expression
def search_web():
    query = SearchQuery("thick -book", search_type="websearch")
    return Book.objects.annotate(found=SearchVector("title")).filter(found=query)


@expression
def search_rank():
    return Book.objects.annotate(rank=SearchRank(SearchVector("title"), SearchQuery("book"))).order_by("-rank")


@expression
def search_rank_weighted():
    rank = SearchRank(SearchVector("title"), SearchQuery("book"), weights=[0.1, 0.2, 0.4, 1.0], normalization=2)
    return Book.objects.annotate(rank=rank).filter(rank__gte=0.1)


@expression
def search_headline():
    return Book.objects.annotate(line=SearchHeadline("title", SearchQuery("book"), min_words=3, max_words=10))


@expression
def array_aggregate():
    return Author.objects.annotate(titles=ArrayAgg("books__title", distinct=True))


@expression
def array_aggregate_filtered():
    return Author.objects.annotate(titles=ArrayAgg("books__title", filter=Q(books__pages__gt=1), default=Value([])))


@expression
def text_aggregate():
    return Author.objects.annotate(titles=PostgresStringAgg("books__title", delimiter=Value(", ")))


@expression
def json_aggregate():
    return Author.objects.annotate(x=JSONBAgg("books__data"))


@expression
def boolean_aggregate():
    Book.objects.aggregate(x=BoolAnd("in_print"))


@expression
def array_subquery():
    stars = Review.objects.filter(book=OuterRef("pk")).order_by("pk").values("stars")
    return Book.objects.annotate(stars=ArraySubquery(stars))


@expression
def functions():
    return Book.objects.annotate(a=RandomUUID(), b=TransactionNow())


@expression
def json_contained_in_key():
    return Book.objects.filter(data__shelf__contains={"row": 1}, data__words__contains=["a"])


@expression
def json_has_key_of_column():
    return Book.objects.filter(Q(data__has_key="a") & Q(data__has_any_keys=["b", "c"]), pages__gt=F("author_id"))
