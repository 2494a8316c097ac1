"""Relations between two tables, as the application's models declare them."""

import re
import sys
from typing import Any, Dict, List, Optional, Tuple

from mercury.capture import rows
from mercury.capture.provenance import Sighting

_MAIN_TABLE = re.compile(r'^select .*? from "?(\w+)"?(?: |$)')
_JOIN = re.compile(
    r' join "?(?P<table>\w+)"?(?: "?(?P<alias>\w+)"?)? on \("?(?P<other>\w+)"?\."?(?P<column>\w+)"?'
    r' = "?(?P<joined>\w+)"?\."?(?P<key>\w+)"?\)'
)
_MAX_JOINS = 10


def between(owning: str, table: str, prefetch: str) -> Optional[Sighting]:
    """The relation by which rows of the table `owning` lead to the many rows of `table` that `prefetch` selects.

    None where there is no such one, or more than one that it could be.
    """
    owner, related = _model_of(owning), _model_of(table)
    if owner is None or related is None or owner is related:
        return None
    names = _names(owner, related, prefetch.partition(" where ")[2])
    if len(names) != 1:
        return None
    label = rows.model_name(owner)
    return Sighting("many", label, names[0], rows.model_name(related), "", False, "", rows.table_of(owner))


def main_table(canonical: str) -> str:
    """The table that a SELECT reads first; empty where there is none."""
    found = _MAIN_TABLE.match(canonical)
    return found.group(1) if found else ""


def selects_rows(canonical: str, table: str) -> bool:
    """Does a SELECT give several columns of a table, as whoever makes instances of it does?"""
    return _column_count(canonical, table) > 1


def selects_along(canonical: str, table: str) -> bool:
    """Does a SELECT from another table give rows of this one?"""
    return main_table(canonical) != table.lower() and selects_rows(canonical, table)


def _column_count(canonical: str, name: str) -> int:
    columns = canonical.partition(" from ")[0]
    return len(re.findall(rf'[ (]"?{re.escape(name.lower())}"?\.', columns))


def joined_tables(canonical: str) -> Tuple[str, ...]:
    """The tables that a SELECT joins, once each."""
    return tuple(dict.fromkeys(found["table"] for found in _JOIN.finditer(canonical)))


def joined(canonical: str, table: str) -> Tuple[Sighting, ...]:
    """The relations by which a SELECT brings rows of `table` along, the outermost first.

    Empty where they came on no way that the models declare, or on more than one.
    """
    joins = {found["alias"] or found["table"]: found for found in _JOIN.finditer(canonical)}
    names = [name for name, found in joins.items() if found["table"] == table.lower()]
    names = [name for name in names if _column_count(canonical, name) > 1]
    return _way_to(names[0], joins, main_table(canonical)) if len(names) == 1 else ()


def _way_to(name: str, joins: "Dict[str, re.Match[str]]", main: str) -> Tuple[Sighting, ...]:
    found: List[Sighting] = []
    while name != main:
        join = joins.get(name)
        if join is None or len(found) >= _MAX_JOINS:
            return ()
        before = joins[join["other"]]["table"] if join["other"] in joins else join["other"]
        relation = _one_of(_model_of(before), _model_of(join["table"]), join)
        if relation is None:
            return ()
        found.insert(0, relation)
        name = join["other"]
    return tuple(found)


def _one_of(owner: Any, related: Any, join: "re.Match[str]") -> Optional[Sighting]:
    """The attribute of `owner` that holds the one row of `related` which is joined."""
    if owner is None or related is None:
        return None
    kind = "forward"
    names = [
        str(field.name)
        for field in owner._meta.concrete_fields
        if field.related_model is not None and field.column.lower() == join["column"]
    ]
    if not names:
        kind = "reverse_one"
        names = [
            str(each.get_accessor_name() or "")
            for each in owner._meta.related_objects
            if each.one_to_one and each.related_model is related and each.field.column.lower() == join["key"]
        ]
    if len(names) != 1 or not names[0]:
        return None
    label, table = rows.model_name(owner), rows.table_of(owner)
    return Sighting(kind, label, names[0], rows.model_name(related), "", False, "", table)


def _model_of(table: str) -> Any:
    apps: Any = getattr(sys.modules.get("django.apps"), "apps", None)
    if apps is None or not table or not apps.models_ready:
        return None
    return next((model for model in apps.get_models() if rows.table_of(model).lower() == table.lower()), None)


def _names(owner: Any, related: Any, condition: str) -> List[str]:
    """The attributes of `owner` that hold many of `related`; of several those whose key the condition names."""
    meta = owner._meta
    found = [(str(field.name), "") for field in meta.many_to_many if field.related_model is related]
    for relation in meta.related_objects:
        if relation.related_model is related and (relation.one_to_many or relation.many_to_many):
            found.append((str(relation.get_accessor_name() or ""), str(relation.field.column or "")))
    if len(found) > 1:
        found = [(name, column) for name, column in found if column and re.search(rf"\b{column}\b", condition)]
    return [name for name, _ in found if name]
