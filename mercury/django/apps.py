"""The Django app: watches every database connection, command and task from the start."""

from django.apps import AppConfig

from mercury import settings
from mercury.capture import database
from mercury.django import celery_tasks, checks, log, management_commands, tasks
from mercury.django.signals import announce_reports


class MercuryConfig(AppConfig):
    name = "mercury.django"
    label = "mercury"
    verbose_name = "Mercury"

    def ready(self) -> None:
        checks.register()
        if settings.active().enabled:
            database.install()
            management_commands.watch()
            celery_tasks.watch()
            tasks.watch()
        announce_reports()
        if settings.is_debugging():
            log.show()
