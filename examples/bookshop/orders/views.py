"""From the basket to the list of orders."""

from django.contrib import messages
from django.contrib.auth.decorators import login_required, permission_required
from django.core.exceptions import ObjectDoesNotExist
from django.shortcuts import get_object_or_404, redirect, render
from django.views.decorators.http import require_POST
from shop.models import Book

from orders import checkout as shipping
from orders.basket import BasketError
from orders.forms import CountForm, CustomerForm
from orders.models import ArchivedOrder, Customer, Order


def basket(request):
    context = {"lines": request.basket.lines(), "total_cents": request.basket.total_cents()}
    return render(request, "orders/basket.html", context)


@require_POST
def add(request, pk):
    book = get_object_or_404(Book.objects.select_related("offer"), pk=pk)
    form = CountForm(request.POST)
    if not form.is_valid():
        messages.error(request, "That is no number of books.")
        return redirect("book", pk)
    try:
        request.basket.add(book, form.cleaned_data["count"])
    except BasketError as error:
        messages.error(request, str(error))
        return redirect("book", pk)
    return redirect("basket")


@require_POST
def remove(request, pk):
    request.basket.remove(pk)
    return redirect("basket")


def _customer_of(user):
    try:
        return user.customer
    except ObjectDoesNotExist:
        return None


@login_required
@require_POST
def checkout(request):
    buyer = _customer_of(request.user)
    if buyer is None:
        return redirect("customer")
    try:
        placed = shipping.place_order(buyer, request.basket)
    except shipping.CheckoutError as error:
        messages.error(request, str(error))
        return redirect("basket")
    shipping.confirm(placed)
    return redirect("order", placed.pk)


@login_required
def customer(request):
    instance = _customer_of(request.user) or Customer(user=request.user)
    form = CustomerForm(request.POST or None, instance=instance)
    if request.method == "POST" and form.is_valid():
        form.save()
        return redirect("orders")
    return render(request, "orders/customer.html", {"form": form})


@login_required
def orders(request):
    """The total of each order is asked for order by order."""
    mine = Order.objects.filter(customer__user=request.user).order_by("-placed_at", "-pk")
    return render(request, "orders/orders.html", {"orders": mine})


def _order_of(user, pk):
    orders = Order.objects.select_related("customer__user")
    return get_object_or_404(orders if user.is_staff else orders.filter(customer__user=user), pk=pk)


@login_required
def order(request, pk):
    found = _order_of(request.user, pk)
    lines = found.lines.select_related("book__author").order_by("book__title")
    return render(request, "orders/order.html", {"order": found, "lines": lines})


@login_required
@require_POST
def cancel(request, pk):
    try:
        shipping.cancel(_order_of(request.user, pk))
    except shipping.CheckoutError as error:
        messages.error(request, str(error))
    return redirect("order", pk)


@permission_required("orders.send_order", raise_exception=True)
@require_POST
def send(request, pk):
    found = get_object_or_404(Order, pk=pk, status=Order.Status.PAID)
    found.status = Order.Status.SENT
    found.save(update_fields=["status"])
    return redirect("order", pk)


@login_required
def archive(request):
    customer = _customer_of(request.user)
    name = customer.name if customer else ""
    past = ArchivedOrder.objects.filter(customer=name).order_by("-placed_on", "-number")
    return render(request, "orders/archive.html", {"orders": past})
