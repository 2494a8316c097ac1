"""The wording of fixes: what to write, and on which queryset.

Each kind of access has the one remedy that Django's documentation recommends for it. A
fix names code that can be pasted; where the frames did not tell enough, it says what
to do instead of inventing a name.
"""

from typing import List, Optional, Sequence, Tuple

from mercury.capture.provenance import Sighting
from mercury.findings.places import Place, short


def words(sighting: Sighting, rows: Optional[Place], around: Sequence[Sighting]) -> str:
    """The fix for queries that one row each stands behind.

    `rows` is where the rows were loaded; `around` are the other sightings of the same
    loop, through which the row itself may have been loaded.
    """
    if sighting.kind == "key_check":
        return _for_key_check(sighting)
    if not sighting.field or sighting.kind in ("raw", "instance", "queryset"):
        return for_unrelated(sighting)
    code, afterwards = remedy(sighting, lookup_path(sighting, around))
    return f"{code}{_target(root_model(sighting, around), rows)}{afterwards}"


def as_relation(sighting: Sighting) -> Sighting:
    """A query of a model's own manager, seen as the relation by which the row's queryset could bring its answer."""
    if sighting.relation is None or sighting.kind != "queryset":
        return sighting
    model, field, table = sighting.relation
    return sighting._replace(kind="many", model=model, field=field, related_model=sighting.model, table=table)


def remedy(sighting: Sighting, lookup: str) -> Tuple[str, str]:
    """The code to write on the queryset, and what to do with its result where that is not plain."""
    if sighting.kind in ("forward", "reverse_one"):
        return f'add .select_related("{lookup}")', ""
    if sighting.kind in ("generic", "prefetch"):
        return f'add .prefetch_related("{lookup}")', ""
    if sighting.kind == "deferred":
        return f'take "{lookup}" out of .defer(), or add it to .only(),', ""
    return _for_many(sighting, lookup)


def lookup_path(sighting: Sighting, around: Sequence[Sighting]) -> str:
    """`author`, or `author__publisher` where the author was loaded row by row as well."""
    names = [sighting.field]
    for parent in _parents(sighting, around):
        names.insert(0, parent.field)
    return "__".join(names)


def root_model(sighting: Sighting, around: Sequence[Sighting]) -> str:
    """The model whose queryset the fix belongs to."""
    parents = _parents(sighting, around)
    return parents[-1].model if parents else sighting.model


def _parents(sighting: Sighting, around: Sequence[Sighting]) -> List[Sighting]:
    chain: List[Sighting] = []
    child = sighting
    while True:
        parent = next(
            (
                other
                for other in around
                if other.kind in ("forward", "reverse_one")
                and other.related_model == child.model
                and other not in chain
            ),
            None,
        )
        if parent is None or parent == sighting:
            return chain
        chain.append(parent)
        child = parent


def _for_many(sighting: Sighting, lookup: str) -> Tuple[str, str]:
    name = sighting.field
    if sighting.method == "count":
        return f'add .annotate({name}_count=Count("{lookup}"))', f", and read {name}_count"
    if sighting.method == "exists":
        return f'add .annotate({name}_count=Count("{lookup}"))', f", and test {name}_count"
    if sighting.method == "aggregate":
        return f'add .annotate(...) over "{lookup}"', ", and read the annotation"
    if sighting.is_filtered:
        queryset = f"{sighting.related_model}.objects.filter(...)"
        return f'add .prefetch_related(Prefetch("{lookup}", queryset={queryset}, to_attr="..."))', ""
    return f'add .prefetch_related("{lookup}")', ""


def for_one_answer(sighting: Sighting, loop: Place) -> str:
    """The fix for one question that each row of a loop asks again."""
    what = f"the {sighting.related_model or sighting.model}" if sighting.model else "the result"
    before = f", before the loop at {short(loop.file)}:{loop.line}" if loop.line else ""
    return f"load {what} once{before}, and use it for each row"


def _for_key_check(sighting: Sighting) -> str:
    return (
        f"check all keys with one {sighting.related_model}.objects.in_bulk(keys), and leave the key out of the "
        f'validation of each {sighting.model}: full_clean(exclude=["{sighting.field}"])'
    )


def for_unrelated(sighting: Sighting) -> str:
    """The fix where no relation is known that leads from the row to the query."""
    if sighting.kind == "queryset" and sighting.method in ("get", "first"):
        return f"collect the keys and load them once with {sighting.model}.objects.in_bulk(keys) before the loop"
    if sighting.model:
        wanted = sighting.related_model or sighting.model
        return f"load the rows of {wanted} for all keys with one filter(...__in=keys) before the loop"
    return "send one statement with IN (...) for all rows before the loop"


def _target(model: str, rows: Optional[Place]) -> str:
    if rows is not None and model:
        return f" to the {model} queryset that {short(rows.file)}:{rows.line} loads"
    return f" to the {model} queryset" if model else ""
