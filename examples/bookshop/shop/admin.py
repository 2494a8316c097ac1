"""The catalog for those who keep it."""

from django.contrib import admin

from shop.models import Author, Book, Offer, Publisher, Review, Tag


class OfferInline(admin.StackedInline):
    model = Offer


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):
    """The name of each author is asked for row by row."""

    list_display = ["title", "author_name"]
    search_fields = ["title"]
    inlines = [OfferInline]
    raw_id_fields = ["author", "publisher", "tags"]

    @admin.display(ordering="author__name")
    def author_name(self, book):
        return book.author.name


@admin.register(Offer)
class OfferAdmin(admin.ModelAdmin):
    list_display = ["isbn", "book", "price", "stock"]
    list_select_related = ["book"]
    actions = ["sell_off"]

    @admin.action(description="Sell off at half the price")
    def sell_off(self, request, offers):
        for offer in offers:
            offer.price_cents //= 2
            offer.save(update_fields=["price_cents"])
        self.message_user(request, f"{len(offers)} offers are sold off")


@admin.register(Author, Publisher, Tag)
class NamedAdmin(admin.ModelAdmin):
    list_display = ["name"]
    search_fields = ["name"]


@admin.register(Review)
class ReviewAdmin(admin.ModelAdmin):
    list_display = ["book", "stars"]
    list_filter = ["stars"]
    list_select_related = ["book"]
