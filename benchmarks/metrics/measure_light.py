"""What always-on metrics add to a query and to a request under light capture: a line of JSON a round.

    python benchmarks/metrics/measure_light.py ROUNDS

Nanoseconds of processor time. The database answers nothing, so what is left is Mercury's own; the calls without
Mercury are taken off.
"""

import json
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import django
from django.conf import settings

QUERIES = 1000
REQUESTS = 300
SQL = 'SELECT "shop_book"."id", "shop_book"."title" FROM "shop_book" WHERE "shop_book"."id" = %s LIMIT 21'


def per_call(function, count):
    started = time.thread_time_ns()
    for _ in range(count):
        function()
    return (time.thread_time_ns() - started) / count


def measure():
    from django.db import connection
    from django.http import HttpResponse
    from django.test import RequestFactory

    import mercury
    from mercury.capture.database import watch_query
    from mercury.django.middleware import MercuryMiddleware

    request, response, context = RequestFactory().get("/books/"), HttpResponse(), {"connection": connection}

    def execute(*query):
        """Sends nothing."""

    def query():
        watch_query(execute, SQL, (7,), False, context)

    def view(request):
        return response

    def view_of_five(request):
        for _ in range(5):
            query()
        return response

    bare = per_call(lambda: execute(SQL, (7,), False, context), QUERIES)
    with mercury.monitor("block"):
        queries = per_call(query, QUERIES) - bare
    empty, of_five = MercuryMiddleware(view), MercuryMiddleware(view_of_five)
    return {
        "light capture of a query": queries,
        "light capture of a request": per_call(lambda: empty(request), REQUESTS),
        "light capture of a request with five queries": per_call(lambda: of_five(request), REQUESTS),
    }


def main():
    with tempfile.TemporaryDirectory() as folder:
        settings.configure(
            ALLOWED_HOSTS=["testserver"],
            DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}},
            MERCURY={"metrics": f"{folder}/metrics.segment", "sample_rate": 0.0, "max_overhead": 1.0},
        )
        django.setup()
        measure()
        for _ in range(int(sys.argv[1])):
            print(json.dumps(measure()), flush=True)


if __name__ == "__main__":
    main()
