"""The pages of a customer: log in, check out, look at orders."""

import datetime

from django.contrib.auth.models import Permission
from django.core import mail
from django.test import TestCase, override_settings
from django.urls import reverse
from orders.forms import CustomerForm
from orders.models import ArchivedOrder, Customer, Order

from shop.models import Offer
from shop.tests.making import make_book, make_books, make_customer, make_order, make_user


@override_settings(PASSWORD_HASHERS=["django.contrib.auth.hashers.MD5PasswordHasher"])
class LoginTest(TestCase):
    def test_the_right_password_opens_the_orders(self):
        user = make_user()
        user.set_password("lovelace")
        user.save()
        response = self.client.post(reverse("login"), {"username": "ada", "password": "lovelace"})
        self.assertRedirects(response, reverse("orders"))

    def test_a_wrong_one_does_not(self):
        response = self.client.post(reverse("login"), {"username": "ada", "password": "x"})
        self.assertContains(response, "Please enter a correct username")

    def test_orders_want_a_login(self):
        for name, args in (("orders", []), ("order", [1]), ("customer", []), ("archive", [])):
            with self.subTest(name):
                url = reverse(name, args=args)
                self.assertRedirects(self.client.get(url), f"{reverse('login')}?next={url}")


class CheckoutPageTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer(email="ada@example.com")
        cls.books = make_books(3, price_cents=500)

    def setUp(self):
        self.client.force_login(self.customer.user)

    def fill(self, count=1):
        for book in self.books:
            self.client.post(reverse("add", args=[book.pk]), {"count": count})

    def test_a_basket_becomes_an_order(self):
        self.fill(2)
        response = self.client.post(reverse("checkout"))
        order = Order.objects.get()
        self.assertRedirects(response, reverse("order", args=[order.pk]))
        self.assertEqual((order.customer, order.total_cents), (self.customer, 3000))

    def test_it_is_confirmed(self):
        self.fill()
        self.client.post(reverse("checkout"))
        self.assertEqual([message.to for message in mail.outbox], [["ada@example.com"]])

    def test_the_basket_is_empty_then(self):
        self.fill()
        self.client.post(reverse("checkout"))
        self.assertContains(self.client.get(reverse("basket")), "The basket is empty.")

    def test_an_empty_basket_is_told(self):
        self.assertContains(self.client.post(reverse("checkout"), follow=True), "the basket is empty")

    def test_what_was_sold_in_the_meantime_is_told(self):
        self.fill(3)
        Offer.objects.filter(book=self.books[1]).update(stock=0)
        response = self.client.post(reverse("checkout"), follow=True)
        self.assertContains(response, "Book 01 was sold in the meantime")
        self.assertContains(response, "3 x Book", count=3)

    def test_who_is_no_customer_yet_becomes_one_first(self):
        self.client.force_login(make_user("bob"))
        self.assertRedirects(self.client.post(reverse("checkout")), reverse("customer"))

    def test_looking_orders_nothing(self):
        self.assertEqual(self.client.get(reverse("checkout")).status_code, 405)


class CustomerPageTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.user = make_user()

    def setUp(self):
        self.client.force_login(self.user)

    def test_a_user_becomes_a_customer(self):
        response = self.client.post(reverse("customer"), {"name": "Ada", "city": "London"})
        self.assertRedirects(response, reverse("orders"))
        self.assertEqual(Customer.objects.get().user, self.user)

    def test_a_customer_can_move(self):
        Customer.objects.create(user=self.user, name="Ada", city="London")
        self.client.post(reverse("customer"), {"name": "Ada", "city": "Paris"})
        self.assertEqual(Customer.objects.get().city, "Paris")

    def test_what_is_known_stands_in_the_form(self):
        Customer.objects.create(user=self.user, name="Ada", city="London")
        self.assertContains(self.client.get(reverse("customer")), 'value="London"')

    def test_a_name_is_wanted(self):
        response = self.client.post(reverse("customer"), {"name": "", "city": "London"})
        self.assertContains(response, "This field is required")

    def test_a_name_belongs_to_one_customer(self):
        make_customer("Bob")
        form = CustomerForm({"name": " bob ", "city": ""}, instance=Customer(user=self.user))
        self.assertEqual(form.errors, {"name": ["There is a customer of this name."]})

    def test_ones_own_name_can_stay(self):
        customer = Customer.objects.create(user=self.user, name="Ada")
        self.assertTrue(CustomerForm({"name": "Ada", "city": "Rome"}, instance=customer).is_valid())


class OrdersPageTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer()
        cls.book = make_book("Emma", price_cents=500)

    def setUp(self):
        self.client.force_login(self.customer.user)

    def test_no_orders_are_told(self):
        self.assertContains(self.client.get(reverse("orders")), "No orders yet.")

    def test_the_latest_comes_first(self):
        orders = [make_order(self.customer, (self.book, count)) for count in (1, 2, 3)]
        found = self.client.get(reverse("orders")).context["orders"]
        self.assertEqual(list(found), orders[::-1])

    def test_each_has_its_total(self):
        for count in (1, 2, 3):
            make_order(self.customer, (self.book, count))
        response = self.client.get(reverse("orders"))
        for cents in (500, 1000, 1500):
            self.assertContains(response, f"open: {cents} cents")

    def test_those_of_others_are_not_shown(self):
        make_order(make_customer("Bob"), (self.book, 1))
        self.assertContains(self.client.get(reverse("orders")), "No orders yet.")


class OrderPageTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer()
        cls.books = [make_book("Emma", "Austen", price_cents=500), make_book("Ulysses", "Joyce", price_cents=900)]
        cls.order = make_order(cls.customer, (cls.books[0], 2), (cls.books[1], 1))
        cls.url = reverse("order", args=[cls.order.pk])

    def test_its_lines_are_shown(self):
        self.client.force_login(self.customer.user)
        response = self.client.get(self.url)
        self.assertContains(response, "2 x Emma by Austen: 1000 cents")
        self.assertContains(response, "1 x Ulysses by Joyce: 900 cents")

    def test_it_takes_as_many_queries_for_more_lines(self):
        self.client.force_login(self.customer.user)
        with self.assertNumQueries(4):
            self.client.get(self.url)

    def test_others_do_not_see_it(self):
        self.client.force_login(make_customer("Bob").user)
        self.assertEqual(self.client.get(self.url).status_code, 404)

    def test_the_staff_does(self):
        self.client.force_login(make_user("root", is_staff=True))
        self.assertContains(self.client.get(self.url), f"Order {self.order.pk} of Ada")

    def test_it_can_be_canceled(self):
        self.client.force_login(self.customer.user)
        response = self.client.post(reverse("cancel", args=[self.order.pk]), follow=True)
        self.assertContains(response, "canceled")
        self.assertEqual(Offer.objects.get(book=self.books[0]).stock, 7)

    def test_twice_is_told(self):
        self.client.force_login(self.customer.user)
        for _ in range(2):
            response = self.client.post(reverse("cancel", args=[self.order.pk]), follow=True)
        self.assertContains(response, "the order is canceled already")


class SendTest(TestCase):
    @classmethod
    def setUpTestData(cls):
        cls.order = make_order(make_customer(), status=Order.Status.PAID)
        cls.packer = make_user("packer", is_staff=True)
        cls.packer.user_permissions.add(Permission.objects.get(codename="send_order"))

    def send(self, user):
        self.client.force_login(user)
        return self.client.post(reverse("send", args=[self.order.pk]))

    def test_who_may_send_sends(self):
        self.assertEqual(self.send(self.packer).status_code, 302)
        self.order.refresh_from_db()
        self.assertEqual(self.order.status, Order.Status.SENT)

    def test_who_may_not_does_not(self):
        self.assertEqual(self.send(make_user("bob", is_staff=True)).status_code, 403)

    def test_what_is_not_paid_stays(self):
        Order.objects.update(status=Order.Status.OPEN)
        self.assertEqual(self.send(self.packer).status_code, 404)

    def test_the_permission_belongs_to_orders(self):
        permission = Permission.objects.select_related("content_type").get(codename="send_order")
        self.assertEqual(permission.content_type.model_class(), Order)
        self.assertTrue(self.packer.has_perm("orders.send_order"))


class ArchivePageTest(TestCase):
    databases = ["default", "archive"]

    @classmethod
    def setUpTestData(cls):
        cls.customer = make_customer()
        for number, name in ((1, "Ada"), (2, "Bob"), (3, "Ada")):
            day = datetime.date(2020, 1, number)
            ArchivedOrder.objects.create(number=number, customer=name, placed_on=day, total_cents=number * 100)

    def test_a_customer_sees_the_own_ones(self):
        self.client.force_login(self.customer.user)
        response = self.client.get(reverse("archive"))
        self.assertEqual([order.number for order in response.context["orders"]], [3, 1])
        self.assertContains(response, "Order 3 of 2020-01-03: 300 cents")

    def test_who_is_no_customer_sees_nothing(self):
        self.client.force_login(make_user("carl"))
        self.assertContains(self.client.get(reverse("archive")), "Nothing in the archive.")
