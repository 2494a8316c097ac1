"""Adapters of other tools, each at its shipped defaults; `make bench-detection` installs and compares them."""

import threading
import warnings
from collections import Counter, defaultdict
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from typing import Any, Callable, DefaultDict, Dict, Iterator, List

from tests.labelled.harness import TRANSACTIONS, fingerprinted
from tests.labelled.tools import Found, Tool, place

WRITES = ("INSERT", "UPDATE", "DELETE")


def _kind(sql: str) -> str:
    return "write_loop" if sql.startswith(WRITES) else "n_plus_one"


def _prepare_zeal(settings: Any) -> None:
    """It raises at the first finding; as warnings it tells all of them."""
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "zeal"]
    settings.ZEAL_RAISE = False


@contextmanager
def _watch_by_zeal(name: str) -> Iterator[List[Found]]:
    from zeal import zeal_context

    found: Dict[Found, None] = {}
    told: DefaultDict[int, List[Found]] = defaultdict(list)  # by thread, until their statement follows

    def hear(message: Any, category: Any, filename: str, lineno: int, *rest: Any) -> None:
        text = str(message)
        if text.startswith("N+1 detected on "):
            target = text.split()[3].split(".", 1)[1].replace(".get()", "")
            told[threading.get_ident()].append(Found("n_plus_one", target, place(filename, lineno)))

    def follow(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        for each in told.pop(threading.get_ident(), ()):
            found[replace(each, fingerprint=f"{fingerprinted(sql):016x}")] = None
        return execute(sql, params, many, context)

    result: List[Found] = []
    with zeal_context(), warnings.catch_warnings(), _each_statement(follow):
        warnings.simplefilter("always")
        warnings.showwarning = hear
        yield result
    result += [*found, *(each for rest in told.values() for each in rest)]


@contextmanager
def _each_statement(follow: Callable[..., Any]) -> Iterator[None]:
    """Puts a wrapper around the statements of this thread's connections, and of those that are opened."""
    from django.db import connections
    from django.db.backends.signals import connection_created

    def wrap(sender: Any, connection: Any, **kwargs: Any) -> None:
        if follow not in connection.execute_wrappers:
            connection.execute_wrappers.append(follow)

    with ExitStack() as stack:
        for connection in connections.all(initialized_only=True):
            stack.enter_context(connection.execute_wrapper(follow))
        connection_created.connect(wrap)
        stack.callback(connection_created.disconnect, wrap)
        yield


def _prepare_query_doctor(settings: Any) -> None:
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "query_doctor"]


@contextmanager
def _watch_by_query_doctor(name: str) -> Iterator[List[Found]]:
    from query_doctor.context_managers import diagnose_queries

    found: List[Found] = []
    with diagnose_queries() as report:
        yield found
    statements: DefaultDict[str, List[str]] = defaultdict(list)
    for query in report.captured_queries:
        statements[query.fingerprint].append(query.sql)
    kinds = {"n_plus_one": "n_plus_one", "write_n_plus_one": "write_loop", "duplicate_query": "duplicate"}
    for told in report.prescriptions:
        kind = kinds.get(told.issue_type.value)
        if kind:
            site = told.callsite
            line = place(site.filepath, site.line_number) if site else None
            ((sql, _),) = Counter(statements[told.fingerprint]).most_common(1)
            found.append(Found(kind, _target(told.extra), line, fingerprint=f"{fingerprinted(sql):016x}"))


def _target(extra: Dict[str, Any]) -> str:
    model = str(extra.get("model") or "").rpartition(".")[2]
    return f"{model}.{extra['field']}" if model and extra.get("field") else model


def _nothing_to_prepare(settings: Any) -> None:
    pass


@contextmanager
def _watch_by_query_contract(name: str) -> Iterator[List[Found]]:
    from django_query_contract import QueryCapture, find_n_plus_one

    found: List[Found] = []
    with QueryCapture() as capture:
        yield found
    for told in find_n_plus_one(capture):
        sql = told.records[0].sql
        if not sql.startswith(TRANSACTIONS):  # the suite leaves them out
            site = told.project_call_site
            line = place(site.filename, site.lineno) if site else None
            found.append(Found(_kind(sql), line=line, fingerprint=f"{fingerprinted(sql):016x}"))


PEERS: Dict[str, Tool] = {
    "zeal": Tool(_prepare_zeal, _watch_by_zeal),
    "query-doctor": Tool(_prepare_query_doctor, _watch_by_query_doctor),
    "query-contract": Tool(_nothing_to_prepare, _watch_by_query_contract),
}
