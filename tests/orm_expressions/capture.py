"""Runs every expression in this process and prints what it sent, as JSON.

    {"version": "5.2", "vendor": "sqlite", "expressions": {"filters.exact": [[sql, canonical text, id], ...]}}

SQL is as Django's execute wrappers see it. MERCURY_TEST_DATABASE chooses the database.
"""

import json
import os
import sys
from typing import Any, Callable, Dict, List, Tuple

import django

import mercury
from tests.orm_expressions.suite import Expression, load

Statement = Tuple[str, str, str]
"""SQL, canonical text, id in 16 hexadecimal digits."""


class Recorder:
    """An execute wrapper that notes each statement with its id in the dialect of its database."""

    def __init__(self) -> None:
        self.statements: List[Statement] = []

    def __call__(self, execute: Callable[..., Any], sql: Any, params: Any, many: bool, context: Any) -> Any:
        # psycopg's own objects for SQL are text only together with a connection.
        text = sql if isinstance(sql, str) else sql.as_string(context["connection"].connection)
        dialect = context["connection"].vendor
        identity = f"{mercury.fingerprint(text, dialect):016x}"
        self.statements.append((text, mercury.normalize(text, dialect), identity))
        return execute(sql, params, many, context)


def _row(name: str) -> Any:
    from django.apps import apps

    wants_all = name.endswith("s")
    model = apps.get_model("library", name[:-1] if wants_all else name)
    rows = model._base_manager.order_by("pk")
    return list(rows) if wants_all else rows[0]


def _statements(expression: Expression) -> List[Statement]:
    from django.db import connection
    from django.db.models import QuerySet

    rows = {name: _row(name) for name in expression.rows()}
    recorder = Recorder()
    with connection.execute_wrapper(recorder):
        result = expression.run(**rows)
        if isinstance(result, QuerySet):
            list(result)
    return recorder.statements


def _undone(expression: Expression) -> List[Statement]:
    """Its statements; what they wrote is rolled back."""
    from django.contrib.contenttypes.models import ContentType
    from django.db import transaction

    from tests.orm_expressions.models import Book

    # A look-up of a content type is sent once a process: here before the expression, for all alike.
    ContentType.objects.get_for_model(Book)
    if not expression.atomic:
        return _statements(expression)
    with transaction.atomic():
        statements = _statements(expression)
        transaction.set_rollback(True)
    return statements


def _named(expression: Expression) -> List[Statement]:
    try:
        return _undone(expression)
    except Exception as error:
        raise RuntimeError(f"the expression {expression.name} failed") from error


def captured() -> Dict[str, Any]:
    """What every expression sends under this Django to this database."""
    from django.db import connection
    from django.test.utils import setup_databases, teardown_databases

    expressions = load(connection.vendor)
    databases = setup_databases(verbosity=0, interactive=False, serialized_aliases=[])
    try:
        from tests.orm_expressions.models import fill

        fill()
        # What Django asks a database only once is asked here: SQLite's knowledge of JSON.
        connection.features.supports_json_field
        return {
            "version": "{}.{}".format(*django.VERSION),
            "vendor": connection.vendor,
            "expressions": {name: _named(expression) for name, expression in sorted(expressions.items())},
        }
    finally:
        teardown_databases(databases, verbosity=0)


if __name__ == "__main__":
    os.environ["DJANGO_SETTINGS_MODULE"] = "tests.orm_expressions.settings"
    django.setup()
    json.dump(captured(), sys.stdout)
