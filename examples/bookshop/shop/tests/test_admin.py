"""The admin's pages."""

from django.contrib.admin.models import LogEntry
from django.contrib.contenttypes.models import ContentType
from django.test import TestCase
from django.urls import reverse
from orders.models import Order

from shop.models import Book, Offer
from shop.tests.making import make_book, make_books, make_customer, make_order, make_user


class AdminTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.root = make_user("root", is_staff=True, is_superuser=True)

    def setUp(self):
        self.client.force_login(self.root)


class IndexTest(AdminTest):
    def test_all_tables_are_listed(self):
        response = self.client.get(reverse("admin:index"))
        for name in ("Books", "Offers", "Orders", "Customers", "Sites"):
            with self.subTest(name):
                self.assertContains(response, name)

    def test_who_is_no_staff_is_sent_away(self):
        self.client.force_login(make_user())
        self.assertEqual(self.client.get(reverse("admin:index")).status_code, 302)


class BookListTest(AdminTest):
    def test_each_row_has_its_author(self):
        make_books(5)
        response = self.client.get(reverse("admin:shop_book_changelist"))
        for number in range(5):
            self.assertContains(response, f"Author {number:02}")

    def test_titles_can_be_searched(self):
        make_books(3)
        response = self.client.get(reverse("admin:shop_book_changelist"), {"q": "book 01"})
        self.assertContains(response, "1 book")
        self.assertNotContains(response, "Book 02")


class BookFormTest(AdminTest):
    def form(self, book, **more):
        data = {"title": book.title, "author": book.author_id, "publisher": book.publisher_id, "tags": ""}
        data.update({"offer-TOTAL_FORMS": 0, "offer-INITIAL_FORMS": 0}, **more)
        data["tags"] = ",".join(str(tag.pk) for tag in book.tags.all())
        return data

    def test_it_shows_the_book_and_its_offer(self):
        book = make_book(price_cents=1250)
        response = self.client.get(reverse("admin:shop_book_change", args=[book.pk]))
        self.assertContains(response, 'value="Emma"')
        self.assertContains(response, book.offer.isbn)

    def test_a_title_can_be_changed(self):
        book = make_book(tags=["novel"])
        data = self.form(book, title="Emma, revised")
        response = self.client.post(reverse("admin:shop_book_change", args=[book.pk]), data)
        self.assertRedirects(response, reverse("admin:shop_book_changelist"))
        self.assertEqual(Book.objects.get().title, "Emma, revised")

    def test_that_is_logged(self):
        book = make_book(tags=["novel"])
        self.client.post(reverse("admin:shop_book_change", args=[book.pk]), self.form(book, title="New"))
        entry = LogEntry.objects.get()
        self.assertEqual(entry.content_type, ContentType.objects.get_for_model(Book))
        self.assertEqual((entry.user, entry.get_edited_object()), (self.root, book))

    def test_a_book_can_be_deleted(self):
        book = make_book(stars=[1, 2])
        self.client.post(reverse("admin:shop_book_delete", args=[book.pk]), {"post": "yes"})
        self.assertFalse(Book.objects.exists())

    def test_an_ordered_book_is_protected(self):
        book = make_book()
        make_order(make_customer(), (book, 1))
        response = self.client.get(reverse("admin:shop_book_delete", args=[book.pk]))
        self.assertContains(response, "would require deleting the following protected related objects")


class OfferListTest(AdminTest):
    def test_books_come_with_the_offers(self):
        make_books(4, price_cents=1250)
        self.assertContains(self.client.get(reverse("admin:shop_offer_changelist")), "12.50", count=4)

    def test_offers_can_be_sold_off(self):
        make_books(3, price_cents=1001)
        keys = list(Offer.objects.values_list("pk", flat=True))
        data = {"action": "sell_off", "_selected_action": keys}
        response = self.client.post(reverse("admin:shop_offer_changelist"), data, follow=True)
        self.assertContains(response, "3 offers are sold off")
        self.assertEqual(set(Offer.objects.values_list("price_cents", flat=True)), {500})


class OtherListsTest(AdminTest):
    @classmethod
    def setUpTestData(cls):
        super().setUpTestData()
        for name in ("Ada", "Bob", "Eve"):
            make_order(make_customer(name), (make_book(f"Of {name}", stars=[3]), 1))

    def test_each_list_opens(self):
        for table in ("shop_author", "shop_publisher", "shop_tag", "shop_review", "orders_order", "sites_site"):
            with self.subTest(table):
                self.assertEqual(self.client.get(reverse(f"admin:{table}_changelist")).status_code, 200)

    def test_customers_have_their_number_of_orders(self):
        response = self.client.get(reverse("admin:orders_customer_changelist"))
        self.assertContains(response, '<td class="field-order_count">1</td>', count=3, html=True)

    def test_orders_can_be_narrowed_by_status(self):
        Order.objects.filter(customer__name="Ada").update(status=Order.Status.SENT)
        response = self.client.get(reverse("admin:orders_order_changelist"), {"status__exact": "sent"})
        self.assertContains(response, "1 order")

    def test_an_order_shows_its_lines(self):
        order = Order.objects.get(customer__name="Bob")
        self.assertContains(self.client.get(reverse("admin:orders_order_change", args=[order.pk])), "Of Bob")

    def test_events_show_what_they_are_about(self):
        response = self.client.get(reverse("admin:orders_event_changelist"))
        for name in ("Ada", "Bob", "Eve"):
            self.assertContains(response, name)
