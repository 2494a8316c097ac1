"""Pages of books, authors, publishers and tags."""

from django.contrib.sites.models import Site
from django.contrib.sites.shortcuts import get_current_site
from django.db.models import Avg, Count
from django.http import HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.views.generic import DetailView

from shop.models import Author, Book, Publisher, Tag


def book(request, pk):
    found = get_object_or_404(
        Book.objects.select_related("author", "publisher", "offer").prefetch_related("tags"), pk=pk
    )
    others = Book.objects.filter(author=found.author).exclude(pk=pk).order_by("title")
    context = {
        "book": found,
        "stars": found.reviews.aggregate(average=Avg("stars"), count=Count("pk")),
        "others": others,
    }
    return render(request, "shop/book.html", context)


def authors(request):
    """Each author with the number of his books, asked for one by one."""
    rows = [(author, author.books.count()) for author in Author.objects.order_by("name")]
    return render(request, "shop/authors.html", {"rows": rows})


def author(request, pk):
    found = get_object_or_404(Author, pk=pk)
    books = found.books.select_related("publisher", "offer").order_by("title")
    return render(request, "shop/author.html", {"author": found, "books": books})


def publishers(request):
    found = Publisher.objects.annotate(book_count=Count("books")).order_by("-book_count", "name")
    return render(request, "shop/publishers.html", {"publishers": found})


class PublisherView(DetailView):
    """A publisher with the books, whose authors the template asks for one by one."""

    model = Publisher
    template_name = "shop/publisher.html"


def tags(request):
    found = Tag.objects.annotate(book_count=Count("books")).filter(book_count__gt=0).order_by("name")
    return render(request, "shop/tags.html", {"tags": found})


def sitemap(request):
    """The address of each book; the site is looked up for each, as framework code does, and Django remembers it."""
    lines = []
    for pk in Book.objects.order_by("pk").values_list("pk", flat=True):
        domain = get_current_site(request).domain
        lines.append(f"<url><loc>https://{domain}{reverse('book', args=[pk])}</loc></url>")
    return HttpResponse("<urlset>" + "".join(lines) + "</urlset>", content_type="application/xml")


def absolute_url(name, *args):
    """The address of a page for e-mails, where there is no request."""
    return f"https://{Site.objects.get_current().domain}{reverse(name, args=args)}"
