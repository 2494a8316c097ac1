"""The Django app: watches every database connection from the start."""

from django.apps import AppConfig
from django.core import checks

from mercury import settings
from mercury.capture import database
from mercury.django.checks import check_settings
from mercury.django.signals import announce_reports


class MercuryConfig(AppConfig):
    name = "mercury.django"
    label = "mercury"
    verbose_name = "Mercury"

    def ready(self) -> None:
        checks.register(check_settings)
        if settings.active().enabled:
            database.install()
        announce_reports()
