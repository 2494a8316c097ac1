"""Requests that gevent serves in turns in one thread: no query and no cache read of one is told of another."""

import json
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

SERVED = """
    import sys

    if sys.argv[1] == "late":
        # As where a server loads the application before it makes the standard library cooperative.
        import mercury._monitor, mercury.capture.cache, mercury.trace
    from gevent import monkey

    monkey.patch_all()
    import json, os, tempfile
    import gevent
    from gevent.pool import Pool
    from tests.project import settings

    settings.DATABASES["default"] = {
        "ENGINE": "django.db.backends.sqlite3",
        "NAME": os.path.join(tempfile.mkdtemp(), "gevent.sqlite3"),
    }
    settings.CACHES["default"] = {"BACKEND": "tests.project.waiting_cache.WaitingCache"}
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.project.settings"
    import django

    django.setup()
    from django.core.cache import cache
    from django.core.management import call_command
    from django.http import HttpResponse
    from django.test import RequestFactory
    from mercury.django.middleware import MercuryMiddleware
    from mercury.django.signals import report_ready
    from tests.project.models import Book, Tag, fill

    call_command("migrate", run_syncdb=True, verbosity=0)
    fill()

    def looping(request):
        for book in Book.objects.order_by("pk"):
            gevent.sleep(0)
            book.author.name
            cache.get("looping")
        return HttpResponse("looped")

    def plain(request):
        for _ in range(5):
            cache.get("plain")
        list(Tag.objects.all())
        return HttpResponse("asked")

    reports = []

    def keep(sender, report, **kwargs):
        reports.append(report)

    report_ready.connect(keep)
    Pool(8).map(lambda view: MercuryMiddleware(view)(RequestFactory().get("/")), [looping, plain] * 4)
    told = [
        [
            report.metrics.query_count,
            report.metrics.cache_misses,
            [finding.target for finding in report.findings],
            report.notes,
        ]
        for report in reports
    ]
    print(json.dumps(sorted(told)))
"""


@pytest.mark.parametrize("when", ["early", "late"])
def test_requests_that_take_turns_do_not_mix(when):
    pytest.importorskip("django", reason="Django is not installed: pip install django")
    pytest.importorskip("gevent", reason="gevent is not installed: pip install gevent")
    done = subprocess.run(
        [sys.executable, "-W", "ignore", "-c", textwrap.dedent(SERVED), when],
        cwd=str(ROOT),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    looped, asked = [5, 4, ["Book.author"], []], [1, 5, [], []]
    assert json.loads(done.stdout) == [asked] * 4 + [looped] * 4
