"""Moves what was sent or canceled before a day to the archive."""

import datetime

from django.core.management.base import BaseCommand, CommandError

from orders.checkout import archive


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("before", help="a day, such as 2026-01-01")

    def handle(self, *args, before, **options):
        try:
            day = datetime.date.fromisoformat(before)
        except ValueError:
            raise CommandError(f"{before} is no day") from None
        self.stdout.write(f"{archive(day)} orders archived")
