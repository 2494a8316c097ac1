"""Relations between two tables, as the application's models declare them."""

import re
import sys
from typing import Any, List, Optional

from mercury.capture import rows
from mercury.capture.provenance import Sighting

_MAIN_TABLE = re.compile(r'^select .*? from "?(\w+)"?(?: |$)')


def between(canonical: str, table: str, prefetch: str) -> Optional[Sighting]:
    """The relation by which rows of one SELECT lead to the many rows of `table` that `prefetch` selects.

    None where there is no such one, or more than one that it could be.
    """
    found = _MAIN_TABLE.match(canonical)
    owner, related = _model_of(found.group(1) if found else ""), _model_of(table)
    if owner is None or related is None or owner is related:
        return None
    names = _names(owner, related, prefetch.partition(" where ")[2])
    if len(names) != 1:
        return None
    label = rows.model_name(owner)
    return Sighting("many", label, names[0], rows.model_name(related), "", False, "", rows.table_of(owner))


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
