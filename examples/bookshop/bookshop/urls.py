"""Two pages with the same content: as it is often written, and repaired."""

from django.urls import path
from shop import views

urlpatterns = [
    path("", views.catalog, name="catalog"),
    path("repaired/", views.repaired_catalog, name="repaired"),
]
