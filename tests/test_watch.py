"""What a test did is counted whole, in whichever of the process's threads it did it."""

import sys
import threading
from importlib.util import find_spec

import pytest

from mercury.core.records import Group, Totals
from mercury.metrics import PerformanceMetrics
from mercury.report import Report
from mercury.testing.watch import Watch
from mercury.trace import Evidence

THREADS = 4
REQUESTS = 500


@pytest.fixture
def hasty_threads():
    interval = sys.getswitchinterval()
    sys.setswitchinterval(1e-6)
    yield
    sys.setswitchinterval(interval)


@pytest.fixture
def own_handlers(monkeypatch):
    """Whoever watches tests has all later requests of the process be units of work."""
    if find_spec("django"):
        from django.core.handlers.base import BaseHandler

        monkeypatch.setattr(BaseHandler, "load_middleware", BaseHandler.load_middleware)


def request_of_one_query():
    group = Group(*[0] * len(Group._fields))._replace(count=1)
    totals = Totals(*[0] * len(Totals._fields))
    metrics = PerformanceMetrics(1.0, 1.0, None, 1, 0, 0.5, None, None, False)
    return Report("GET /", metrics, [], [], "request"), Evidence(totals, [group], [], [], {}, {}, {}, ["default"], [])


@pytest.mark.usefixtures("hasty_threads", "own_handlers")
def test_requests_that_end_at_once_in_several_threads_are_all_counted():
    watch = Watch(None, ".")
    watch.begin("tests.test_live", ("", 0), sys._getframe())
    report, evidence = request_of_one_query()

    def serve():
        for _ in range(REQUESTS):
            watch.witness(report, evidence)

    threads = [threading.Thread(target=serve) for _ in range(THREADS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    watch.end()
    assert watch.take().figures.queries.reads == THREADS * REQUESTS
