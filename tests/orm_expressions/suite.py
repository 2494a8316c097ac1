"""How an expression is written down: a function that a decorator puts on the list."""

import importlib
import inspect
import pkgutil
from typing import Any, Callable, Dict, NamedTuple, Optional, Tuple

import django


class Expression(NamedTuple):
    """One use of the ORM."""

    name: str
    """Its topic and its function: `joins.forward_key`."""
    run: Callable[..., Any]
    """Takes rows, named after their models; a queryset that it returns is evaluated."""
    atomic: bool
    """Whether it runs inside a transaction, as a view with ATOMIC_REQUESTS does."""

    def rows(self) -> Tuple[str, ...]:
        """The models of which it wants a row, in lower case; with an `s` it wants all rows."""
        return tuple(inspect.signature(self.run).parameters)


EXPRESSIONS: Dict[str, Expression] = {}
"""What the loaded topics hold for this Django on this database."""

_vendor: Optional[str] = None


def expression(
    run: Optional[Callable[..., Any]] = None,
    *,
    since: Tuple[int, int] = (4, 2),
    only: Optional[str] = None,
    atomic: bool = True,
) -> Callable[..., Any]:
    """Puts a function on the list, from the Django `since` on and, if need be, `only` on one database.

    With `atomic=False` it runs outside a transaction, and must leave the rows as they were.
    """

    def put(run: Callable[..., Any]) -> Callable[..., Any]:
        name = f"{run.__module__.rpartition('.')[2]}.{run.__name__}"
        if name in EXPRESSIONS:
            raise ValueError(f"two expressions are called {name}")
        if since <= django.VERSION and only in (None, _vendor):
            EXPRESSIONS[name] = Expression(name, run, atomic)
        return run

    return put if run is None else put(run)


def load(vendor: str) -> Dict[str, Expression]:
    """Imports every topic, those of one database only there: they need its driver."""
    global _vendor
    _vendor = vendor
    from tests.orm_expressions import topics

    for module in pkgutil.iter_modules(topics.__path__):
        if module.name != "postgresql_only" or vendor == "postgresql":
            importlib.import_module(f"{topics.__name__}.{module.name}")
    return EXPRESSIONS
