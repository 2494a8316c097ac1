"""An N+1 is planted on a database, and must be found at its line.

It reads a temporary table, which no other connection can see and which ends with this one, made and filled
within a transaction that is rolled back. Nothing else of the database is touched.
"""

import os
import pkgutil
import secrets
import tempfile
from contextlib import contextmanager
from importlib.util import module_from_spec, spec_from_file_location
from types import ModuleType
from typing import Any, Iterator, List, Tuple

from django.apps.registry import Apps
from django.db import connections, models, router, transaction

from mercury.commands.doctor.diagnosis import OK, UNKNOWN, WRONG, Diagnosis
from mercury.commands.doctor.watch import Seen, watch

ROWS = 3
VENDORS = ("mysql", "postgresql", "sqlite")
"""Those where CREATE TEMPORARY TABLE makes a table of this connection alone."""

MODEL, FIELD = "MercuryDoctorRow", "parent"

_NOT_SEEN = "A database backend must be built on django.db.backends.base and send its queries through execute_wrappers."


def examine(alias: str) -> Diagnosis:
    """OK if the planted N+1 was found, with the right lines; UNKNOWN where none can be planted."""
    name = f"database {alias}"
    connection = connections[alias]
    if connection.vendor not in VENDORS:
        return Diagnosis(name, UNKNOWN, f"no N+1 was planted: temporary tables of {connection.vendor} are not known")
    if _lacks_its_file(connection):
        return Diagnosis(name, UNKNOWN, "its file is not there yet", "python manage.py migrate makes it.")
    try:
        connection.ensure_connection()
    except Exception as error:
        hint = f"python manage.py check --database {alias} says more."
        return Diagnosis(name, WRONG, f"no connection: {type(error).__name__}", hint)
    try:
        return _plant(name, alias)
    finally:
        connection.close()


def _lacks_its_file(connection: Any) -> bool:
    """A connection to a SQLite file that does not exist would make it."""
    file = str(connection.settings_dict["NAME"])
    return (
        connection.vendor == "sqlite"
        and not connection.is_in_memory_db()
        and not file.startswith("file:")
        and not os.path.exists(file)
    )


def _plant(name: str, alias: str) -> Diagnosis:
    try:
        with _planted() as (module, lines):
            seen = _run(alias, module)
    except Exception as error:
        hint = "Read-only databases and roles without the right to make temporary tables refuse it."
        return Diagnosis(name, UNKNOWN, f"no N+1 could be planted: {type(error).__name__}", hint)
    return _judge(name, seen, lines)


def _judge(name: str, seen: Seen, lines: Tuple[int, int]) -> Diagnosis:
    found = [each for each in seen.findings if (each.kind, each.model, each.field) == ("n_plus_one", MODEL, FIELD)]
    if not found:
        text = f"the planted N+1 was not found: {seen.query_count} of {ROWS + 1} queries were seen"
        return Diagnosis(name, WRONG, text, _NOT_SEEN)
    if (found[0].loop_line, found[0].line) != lines:
        text = f"the planted N+1 was found at line {found[0].line} in place of {lines[1]}"
        return Diagnosis(name, WRONG, text, _NOT_SEEN)
    return Diagnosis(name, OK, f"an N+1 planted in a temporary table was found, at its line ({ROWS + 1} queries)")


def _run(alias: str, module: ModuleType) -> Seen:
    with _no_routers(), transaction.atomic(using=alias):
        try:
            return watch(module.read_parents, _fill(alias))
        finally:
            transaction.set_rollback(True, using=alias)


def _fill(alias: str) -> Any:
    """A new temporary table; gives the queryset of its rows that have a parent."""
    table = f"mercury_doctor_{secrets.token_hex(8)}"
    connection = connections[alias]
    name, key, parent = (connection.ops.quote_name(each) for each in (table, "id", "parent_id"))
    with connection.cursor() as cursor:
        cursor.execute(f"CREATE TEMPORARY TABLE {name} ({key} integer NOT NULL PRIMARY KEY, {parent} integer NULL)")
    rows = _model(table)._base_manager.using(alias)
    rows.bulk_create(rows.model(id=number) for number in range(ROWS, 2 * ROWS))
    rows.bulk_create(rows.model(id=number, parent_id=number + ROWS) for number in range(ROWS))
    return rows.filter(parent__isnull=False)


def _model(table: str) -> Any:
    """A model that the project's registry of apps does not know."""
    options = type("Meta", (), {"app_label": "mercury", "apps": Apps(), "db_table": table, "managed": False})
    fields = {
        "__module__": __name__,
        "Meta": options,
        "id": models.IntegerField(primary_key=True),
        FIELD: models.ForeignKey("self", models.DO_NOTHING, null=True, db_constraint=False),
    }
    return type(MODEL, (models.Model,), fields)


@contextmanager
def _no_routers() -> Iterator[None]:
    """The project's routers might send the planted queries to another database than the one examined."""
    routers: List[Any] = router.routers
    router.routers = []
    try:
        yield
    finally:
        router.routers = routers


@contextmanager
def _planted() -> Iterator[Tuple[ModuleType, Tuple[int, int]]]:
    """planted.py as a module outside of this package, with the lines of its loop and of its query."""
    source = pkgutil.get_data(__package__, "planted.py") or b""
    numbers = {line.strip(): number for number, line in enumerate(source.decode().splitlines(), 1)}
    lines = numbers["for row in rows:"], numbers["found.append(row.parent.id)"]
    with tempfile.TemporaryDirectory(prefix="mercury-doctor-") as folder:
        path = os.path.join(folder, "mercury_doctor_planted.py")
        with open(path, "wb") as file:
            file.write(source)
        spec = spec_from_file_location("mercury_doctor_planted", path)
        assert spec is not None and spec.loader is not None
        module = module_from_spec(spec)
        spec.loader.exec_module(module)
        yield module, lines
