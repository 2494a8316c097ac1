"""Visits the pages of an application at n and at 2n rows, and prints what was sent and found, as JSON.

python -m tests.applications.driver pretix_shop
"""

import contextlib
import importlib
import json
import os
import sys
from collections import Counter
from importlib import metadata
from typing import Any, Callable, Dict, Iterator, List

ROWS = 4
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")


class Visits:
    """The statements of the requests since the last one, counted by fingerprint, and Mercury's report of them."""

    def __init__(self) -> None:
        self.reports: List[Any] = []
        self.counts: Counter[str] = Counter()
        self.texts: Dict[str, str] = {}

    def note(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        import mercury

        if not sql.startswith(TRANSACTIONS):
            identity = f"{mercury.fingerprint(sql, context['connection'].vendor):016x}"
            self.counts[identity] += 1
            self.texts[identity] = mercury.normalize(sql, context["connection"].vendor)
        return execute(sql, params, many, context)

    def visit(self, client: Any, address: str) -> Dict[str, Any]:
        """The second of two visits: the first fills what the application caches."""
        for _ in range(2):
            self.reports.clear()
            self.counts.clear()
            response = client.get(address)
            body = b"".join(response) if response.streaming else response.content
        return {
            "status": response.status_code,
            "bytes": len(body),
            "counts": dict(self.counts),
            "findings": [described(finding) for report in self.reports for finding in report.findings],
        }


def described(finding: Any) -> Dict[str, Any]:
    return {
        "kind": finding.kind,
        "target": finding.target,
        "count": finding.count,
        "fingerprint": f"{finding.fingerprint:016x}",
        "query": f"{finding.file}:{finding.line}",
        "loop": f"{finding.loop_file}:{finding.loop_line}",
        "tree": list(finding.tree),
        "fix": finding.fix,
        "why": finding.why,
    }


@contextlib.contextmanager
def database() -> Iterator[None]:
    from django.test.utils import setup_databases, teardown_databases

    made = setup_databases(verbosity=0, interactive=False)
    try:
        yield
    finally:
        teardown_databases(made, verbosity=0)


def visited(application: Any, n: int) -> Dict[str, Any]:
    """What each page sends and Mercury finds, over a population of n."""
    from django.db import connection
    from django.test import Client

    from mercury.django.signals import report_ready

    visits = Visits()

    def keep(report: Any, **kwargs: Any) -> None:
        visits.reports.append(report)

    with database():
        application.populate(n)
        client = Client()
        application.sign_in(client)
        report_ready.connect(keep)
        with connection.execute_wrapper(visits.note):
            pages = {page: visits.visit(client, application.address(page)) for page in application.PAGES}
        report_ready.disconnect(keep)
    return {"n": n, "pages": pages, "texts": visits.texts}


def versions(application: Any) -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in (application.DISTRIBUTION, "Django"))


def main() -> None:
    name = sys.argv[1]
    os.environ["DJANGO_SETTINGS_MODULE"] = f"tests.applications.{name.split('_')[0]}_settings"
    import django

    django.setup()
    application = importlib.import_module(f"tests.applications.{name}")
    sizes = [visited(application, n) for n in (ROWS, 2 * ROWS)]
    json.dump({"versions": versions(application), "sizes": sizes}, sys.stdout, indent=1)


if __name__ == "__main__":
    main()
