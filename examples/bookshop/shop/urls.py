"""What everybody may look at."""

from django.urls import path

from shop import api, live, pages, search

urlpatterns = [
    path("books/<int:pk>/", pages.book, name="book"),
    path("authors/", pages.authors, name="authors"),
    path("authors/<int:pk>/", pages.author, name="author"),
    path("publishers/", pages.publishers, name="publishers"),
    path("publishers/<int:pk>/", pages.PublisherView.as_view(), name="publisher"),
    path("tags/", pages.tags, name="tags"),
    path("sitemap.xml", pages.sitemap, name="sitemap"),
    path("search/", search.SearchView.as_view(), name="search"),
    path("live/suggestions/", live.suggestions, name="suggestions"),
    path("live/authors/", live.busiest_authors, name="busiest_authors"),
    path("api/books/", api.books, name="api_books"),
    path("api/books/<int:pk>/", api.book, name="api_book"),
    path("api/books/<int:pk>/reviews/", api.reviews, name="api_reviews"),
    path("api/authors/", api.authors, name="api_authors"),
]
