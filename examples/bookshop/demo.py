"""Serves the bookshop's two catalog pages over HTTP, fetches them, and prints what Mercury found.

Everything is made from nothing: the database, its rows, the server. Exit code 0 means that
the slow page made 825 queries, that its causes were found, and that the repaired page has none.
"""

import logging
import os
import sys
import tempfile
import threading
import urllib.request
from pathlib import Path
from wsgiref.simple_server import WSGIRequestHandler, make_server

HERE = Path(__file__).resolve().parent
EXPECTED_QUERIES = 825
MOST_QUERIES_REPAIRED = 6


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *args):
        """The reports are what this program prints."""


def main():
    sys.path.insert(0, str(HERE))
    os.environ["DJANGO_SETTINGS_MODULE"] = "bookshop.settings"
    with tempfile.TemporaryDirectory() as folder:
        os.environ["BOOKSHOP_DATABASE"] = str(Path(folder) / "bookshop.sqlite3")
        make_shop()
        slow, repaired = fetch_reports(["/", "/repaired/"])
    show(slow, repaired)
    return verdict(slow, repaired)


def make_shop():
    import django
    from django.core.management import call_command

    print("Making the bookshop's database ...", flush=True)
    django.setup()
    call_command("migrate", "shop", verbosity=0)  # all that these two pages want
    from shop.seed import BOOK_COUNT, seed

    seed()
    print(f"  {BOOK_COUNT} books with authors, publishers, tags and reviews", flush=True)


def fetch_reports(paths):
    """The report of each page, as Mercury's signal brings it while a real server answers."""
    from bookshop.wsgi import application
    from django.db import connections

    from mercury.django.signals import report_ready

    # The reports are printed below, so the log need not show them as well.
    logging.getLogger("mercury").disabled = True
    reports = []

    def keep(sender, report, **kwargs):
        reports.append(report)

    report_ready.connect(keep)
    server = make_server("127.0.0.1", 0, application, handler_class=QuietHandler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        for path in paths:
            url = f"http://127.0.0.1:{server.server_port}{path}"
            print(f"GET {url}", flush=True)
            with urllib.request.urlopen(url) as response:
                print(f"  {response.status}, {len(response.read()):,} bytes", flush=True)
    finally:
        server.shutdown()
        server.server_close()
        connections.close_all()
    return reports


def show(slow, repaired):
    from mercury.report.console import render, wants_color

    for title, report in (("Before", slow), ("After: the fixes above, applied", repaired)):
        print(f"\n--- {title} ---\n")
        print(render(report, color=wants_color(sys.stdout)))


def verdict(slow, repaired):
    found = [finding for finding in slow.findings if finding.kind == "n_plus_one"]
    left = [finding for finding in repaired.findings if finding.kind == "n_plus_one"]
    before, after = slow.metrics, repaired.metrics
    print(f"\n{before.query_count} queries -> {after.query_count}, {len(found)} N+1 -> {len(left)}, ", end="")
    print(f"{before.response_time_ms:,.0f} ms -> {after.response_time_ms:,.0f} ms (under Mercury, on this machine)")
    counts_hold = before.query_count == EXPECTED_QUERIES and after.query_count <= MOST_QUERIES_REPAIRED
    if counts_hold and len(found) >= 3 and not left:
        return 0
    print("This is not what the demo should show.", file=sys.stderr)
    return 1


if __name__ == "__main__":
    sys.exit(main())
