from django.apps import AppConfig


class Library(AppConfig):
    name = "tests.orm_expressions"
    label = "library"
    default_auto_field = "django.db.models.BigAutoField"
