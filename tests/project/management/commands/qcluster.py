"""A worker by its name, which waits for tasks elsewhere."""

from django.core.management.base import BaseCommand

from tests.project.models import Book


class Command(BaseCommand):
    def handle(self, *args, **options):
        Book.objects.count()
