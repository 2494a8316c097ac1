"""The catalog twice, as it is often written and repaired; and the rest of a shop."""

from django.contrib import admin
from django.urls import include, path
from shop import views

urlpatterns = [
    path("", views.catalog, name="catalog"),
    path("repaired/", views.repaired_catalog, name="repaired"),
    path("admin/", admin.site.urls),
    path("", include("shop.urls")),
    path("", include("orders.urls")),
]
