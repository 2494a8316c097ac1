"""Baskets, orders, and what the staff looks at."""

from django.contrib.auth.views import LoginView
from django.urls import path

from orders import reports, views

urlpatterns = [
    path("login/", LoginView.as_view(), name="login"),
    path("basket/", views.basket, name="basket"),
    path("basket/<int:pk>/add/", views.add, name="add"),
    path("basket/<int:pk>/remove/", views.remove, name="remove"),
    path("checkout/", views.checkout, name="checkout"),
    path("customer/", views.customer, name="customer"),
    path("orders/", views.orders, name="orders"),
    path("orders/<int:pk>/", views.order, name="order"),
    path("orders/<int:pk>/cancel/", views.cancel, name="cancel"),
    path("orders/<int:pk>/send/", views.send, name="send"),
    path("archive/", views.archive, name="archive"),
    path("reports/stock/", reports.stock, name="stock"),
    path("reports/stock.csv", reports.stock_csv, name="stock_csv"),
    path("reports/sales/", reports.sales, name="sales"),
    path("reports/history/", reports.history, name="history"),
]
