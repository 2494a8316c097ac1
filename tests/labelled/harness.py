"""Runs a case over a fresh population, and decides which of its statements grow with the rows.

`python -m tests.labelled.harness` prints what each case sends, as JSON.
"""

import inspect
import itertools
import json
import os
import re
import shutil
import sys
import tempfile
from collections import Counter
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import Any, Dict, Iterator, List, Set, Tuple

from tests.labelled.suite import UNUSED, Case

ROWS = 3
# PostgreSQL's driver declares a cursor around a query whose rows are fetched in chunks.
_SERVER_CURSOR = re.compile(r'^DECLARE "[^"]*" [A-Z ]*CURSOR [A-Z ]*FOR ')
# Of `UNNEST((%s)::bigint[])` it makes `UNNEST(('{1,2}'::int2[])::bigint[])`, which is another statement.
_ADAPTED_LIST = re.compile(r"\('(?:[^']|'')*'::\w+\[\]\)")
TRANSACTIONS = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT")


@dataclass(frozen=True)
class Family:
    """Statements of one fingerprint: how many at n and 2n rows, and how many of those at n are equal to the letter."""

    fingerprint: str
    sql: str
    at_n: int
    at_2n: int
    equal: int

    @property
    def growth(self) -> str:
        """`grows` where each further row costs a statement or more, `batched` where several rows share one."""
        further = self.at_2n - self.at_n if self.at_2n > 1 else 0
        return "grows" if further >= ROWS else "batched" if further > 0 else "flat"


def set_up() -> None:
    """Django with the suite's own settings; what a tool needs in them is set before."""
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.labelled.settings"
    import django

    django.setup()


class Populations:
    """The test database, and how to bring it back to n rows for each run."""

    def __init__(self) -> None:
        self._images: Dict[int, str] = {}
        self._copied: Set[int] = set()
        self._folder = tempfile.mkdtemp(prefix="mercury-labelled-")

    @contextmanager
    def database(self) -> Iterator["Populations"]:
        from django.db import connection
        from django.test.utils import setup_databases, teardown_databases

        made = setup_databases(verbosity=0, interactive=False)
        self._is_file = connection.vendor == "sqlite"
        if self._is_file:
            self._keep_image(0)
        try:
            yield self
        finally:
            if self._is_file:
                self._restore(0)
            teardown_databases(made, verbosity=0)
            shutil.rmtree(self._folder)

    def fresh(self, n: int) -> None:
        """Exactly the population of n, and no cache that remembers another."""
        if self._is_file:
            self._fresh_file(n)
        else:
            self._fresh_server(n)
        forget()

    def _fresh_file(self, n: int) -> None:
        if n not in self._images:
            self._restore(0)
            _populate(n)
            self._keep_image(n)
        self._restore(n)

    def _fresh_server(self, n: int) -> None:
        from django.core.management import call_command

        from tests.labelled import population_copies

        if n in self._copied:
            population_copies.restore(n)
            return
        call_command("flush", verbosity=0, interactive=False, reset_sequences=True)
        _populate(n)
        population_copies.keep(n)
        self._copied.add(n)

    def _keep_image(self, n: int) -> None:
        from django.db import connection

        connection.close()
        self._images[n] = os.path.join(self._folder, f"{n}.sqlite3")
        shutil.copyfile(connection.settings_dict["NAME"], self._images[n])

    def _restore(self, n: int) -> None:
        from django.db import connection

        connection.close()
        shutil.copyfile(self._images[n], connection.settings_dict["NAME"])
        connection.ensure_connection()


def forget() -> None:
    """Empties the caches that would spare a case its queries."""
    from django.contrib.contenttypes.models import ContentType
    from django.core.cache import cache

    cache.clear()
    ContentType.objects.clear_cache()


def _populate(n: int) -> None:
    from django.db import transaction

    from tests.labelled.models import populate

    with transaction.atomic():
        populate(n)


def call(case: Case) -> None:
    """Runs the case's function; a coroutine runs in a loop of its own, its database work in this thread."""
    if inspect.iscoroutinefunction(case.function):
        from asgiref.sync import async_to_sync

        async_to_sync(case.function)()
    else:
        case.function()


@contextmanager
def captured() -> Iterator[List[str]]:
    """The texts of all statements, with parameters, of this connection and of those that other threads open."""
    from django.db import connections
    from django.db.backends.signals import connection_created
    from django.test.utils import CaptureQueriesContext

    texts: List[str] = []
    logs: Dict[int, Any] = {}  # a connection that is opened again keeps its log
    here = connections["default"]

    def follow(sender: Any, connection: Any, **kwargs: Any) -> None:
        if connection is not here:
            connection.force_debug_cursor = True
            if id(connection.queries_log) not in logs:
                connection.queries_log.clear()  # an alias of this thread outlives the case
            logs[id(connection.queries_log)] = connection.queries_log

    with CaptureQueriesContext(here) as context:
        connection_created.connect(follow)
        try:
            yield texts
        finally:
            connection_created.disconnect(follow)
    texts += [_as_django_wrote(query["sql"]) for log in (context.captured_queries, *logs.values()) for query in log]
    texts[:] = [text for text in texts if text and not text.startswith(TRANSACTIONS)]


def _as_django_wrote(text: str) -> str:
    """The log has what the driver made of a statement; this takes back what would make another one of it."""
    return _ADAPTED_LIST.sub("(%s)", _SERVER_CURSOR.sub("", text))


def measure(populations: Populations, cases: List[Case]) -> Dict[str, List[Family]]:
    """The families of statements that each case sends, by its name, counted at n and at 2n rows."""
    at_n, at_2n = (dict(_families(populations, cases, n)) for n in (ROWS, 2 * ROWS))
    return {case.name: _compared(at_n[case.name], at_2n[case.name]) for case in cases}


def measure_without(populations: Populations, cases: List[Case]) -> Dict[str, Tuple[int, int]]:
    """How many statements each case that loads a relation in vain sends at 2n rows: as it is, and without that load."""
    found = {}
    for case in cases:
        fields = {each.target.rpartition(".")[2] for each in case.expected if each.kind == UNUSED}
        if fields:
            populations.fresh(2 * ROWS)
            with captured() as texts:
                call(case)
            populations.fresh(2 * ROWS)
            with captured() as fewer, _without(fields):
                call(case)
            found[case.name] = len(texts), len(fewer)
    return found


@contextmanager
def _without(fields: Set[str]) -> Iterator[None]:
    """Eager loads go as far as one of these relations, and no further."""
    from unittest import mock

    from django.db.models import QuerySet

    def shortened(original: Any) -> Any:
        def method(self: Any, *lookups: Any) -> Any:
            kept = [short for short in (_cut(lookup, fields) for lookup in lookups) if short]
            return original(self, *kept) if kept else self._chain()

        return method

    names = ("prefetch_related", "select_related")
    with mock.patch.multiple(QuerySet, **{name: shortened(getattr(QuerySet, name)) for name in names}):
        yield


def _cut(lookup: Any, fields: Set[str]) -> Any:
    parts = getattr(lookup, "prefetch_through", lookup).split("__")
    kept = list(itertools.takewhile(lambda part: part not in fields, parts))
    return lookup if kept == parts else "__".join(kept)


def _families(populations: Populations, cases: List[Case], n: int) -> Iterator[Tuple[str, Dict[int, List[str]]]]:
    """A population serves until a case has written to it."""
    populations.fresh(n)
    for case in cases:
        with captured() as texts:
            call(case)
        if all(text.startswith("SELECT") for text in texts):
            forget()
        else:
            populations.fresh(n)
        yield case.name, _by_family(texts)


def _compared(at_n: Dict[int, List[str]], at_2n: Dict[int, List[str]]) -> List[Family]:
    return [
        Family(
            f"{fingerprint:016x}",
            normalized(texts[0]),
            len(at_n.get(fingerprint, ())),
            len(at_2n.get(fingerprint, ())),
            max(Counter(at_n.get(fingerprint, ())).values(), default=0),
        )
        for fingerprint, texts in {**at_2n, **at_n}.items()
    ]


def _by_family(texts: List[str]) -> Dict[int, List[str]]:
    families: Dict[int, List[str]] = {}
    for text in texts:
        families.setdefault(fingerprinted(text), []).append(text)
    return families


def dialect() -> str:
    from django.db import connection

    return str(connection.vendor)


def fingerprinted(text: str) -> int:
    import mercury

    return mercury.fingerprint(text, dialect())


def normalized(text: str) -> str:
    import mercury

    return mercury.normalize(text, dialect())


def main() -> None:
    from tests.labelled.suite import load

    set_up()
    with Populations().database() as populations:
        measured = measure(populations, load())
        without = measure_without(populations, load())
    told = {case.name: {**_described(case, measured[case.name]), "without": without.get(case.name)} for case in load()}
    json.dump(told, sys.stdout, indent=1)


def _described(case: Case, families: List[Family]) -> Dict[str, Any]:
    return {
        "set": case.set,
        "topic": case.topic,
        "stands_for": (case.function.__doc__ or "").strip(),
        "expected": [[expectation.kind, expectation.target] for expectation in case.expected],
        "is_positive": case.is_positive,
        "batched": case.batched,
        "stray_marks": case.stray_marks(),
        "families": [{**asdict(family), "growth": family.growth} for family in families],
    }


if __name__ == "__main__":
    main()
