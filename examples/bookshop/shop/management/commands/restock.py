"""Orders more of what is scarce: each offer is written by itself."""

from django.core.management.base import BaseCommand, CommandError

from shop.models import Offer


class Command(BaseCommand):
    help = __doc__

    def add_arguments(self, parser):
        parser.add_argument("--up-to", type=int, default=10)
        parser.add_argument("--dry-run", action="store_true")

    def handle(self, *args, up_to, dry_run, **options):
        if up_to < 1:
            raise CommandError("--up-to is to be 1 or more")
        scarce = Offer.objects.scarce().filter(stock__lt=up_to).order_by("isbn")
        for offer in scarce:
            self.stdout.write(f"{offer.isbn}: {up_to - offer.stock}")
            if not dry_run:
                offer.stock = up_to
                offer.save(update_fields=["stock"])
        self.stdout.write(f"{len(scarce)} offers")
