"""A command with an N+1, as many have one."""

from django.core.management.base import BaseCommand, CommandError

from tests.project.models import Book


class Command(BaseCommand):
    def add_arguments(self, parser):
        parser.add_argument("--fail", action="store_true")

    def handle(self, *args, **options):
        for book in Book.objects.all():  # loop
            self.stdout.write(book.author.name)  # query
        if options["fail"]:
            raise CommandError("the command's own")
