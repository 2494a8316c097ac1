"""Books by a word of the title, a tag and a price."""

from django import forms
from django.core.paginator import Paginator
from django.shortcuts import render
from django.views import View

from shop.models import Book, Tag

PAGE_SIZE = 20


class TagChoice(forms.ModelChoiceField):
    def label_from_instance(self, tag):
        return tag.name


class SearchForm(forms.Form):
    q = forms.CharField(max_length=100, required=False)
    tag = TagChoice(Tag.objects.order_by("name"), required=False)
    at_most = forms.DecimalField(min_value=0, max_digits=6, decimal_places=2, required=False)
    available = forms.BooleanField(required=False)

    def books(self):
        """The books that match; all of them for an empty form."""
        found = Book.objects.order_by("title").select_related("author", "offer")
        wanted = self.cleaned_data
        if wanted["q"]:
            found = found.filter(title__icontains=wanted["q"])
        if wanted["tag"]:
            found = found.filter(tags=wanted["tag"])
        if wanted["at_most"] is not None:
            found = found.filter(offer__price_cents__lte=int(wanted["at_most"] * 100))
        if wanted["available"]:
            found = found.filter(offer__stock__gt=0)
        return found


class SearchView(View):
    """The stars of each hit are asked for by the template."""

    def get(self, request):
        form = SearchForm(request.GET)
        books = form.books() if form.is_valid() else Book.objects.none()
        page = Paginator(books, PAGE_SIZE).get_page(request.GET.get("page"))
        status = 200 if form.is_valid() else 400
        return render(request, "shop/search.html", {"form": form, "page": page}, status=status)
