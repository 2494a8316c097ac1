"""The wording of fixes: what to write, and on which queryset.

Each kind of access has the one remedy that Django's documentation recommends for it. A
fix names code that can be pasted; where the frames did not tell enough, it says what
to do instead of inventing a name.
"""

import re
import sys
from typing import List, NamedTuple, Optional, Sequence, Tuple

from mercury.capture.provenance import Sighting
from mercury.findings.places import Place, short

_FETCH_PEERS = (6, 1)
"""The first version of Django with fetch modes."""


class Change(NamedTuple):
    """What to write behind the queryset of `model` that `rows` loads, and what to do with the result.

    `selects`, `prefetches` and `annotations` are arguments, as code; `other` is said in words.
    """

    model: str
    rows: Optional[Place] = None
    selects: Tuple[str, ...] = ()
    prefetches: Tuple[str, ...] = ()
    annotations: Tuple[str, ...] = ()
    other: str = ""
    afterwards: str = ""

    def together_with(self, later: "Change") -> "Change":
        """One change for two, which must be of one queryset."""
        return self._replace(
            selects=_once(self.selects, later.selects),
            prefetches=_once(self.prefetches, later.prefetches),
            annotations=_once(self.annotations, later.annotations),
            afterwards=self.afterwards + later.afterwards,
        )

    def __str__(self) -> str:
        calls = [("select_related", self.selects), ("prefetch_related", self.prefetches)]
        calls.append(("annotate", self._distinct_annotations()))
        code = "".join(f".{name}({', '.join(arguments)})" for name, arguments in calls if arguments)
        return f"{self.other or f'add {code}'}{_target(self.model, self.rows)}{self.afterwards}"

    def _distinct_annotations(self) -> Tuple[str, ...]:
        """Two counts over two relations multiply each other unless they are distinct."""
        if len(self.annotations) < 2:
            return self.annotations
        return tuple(re.sub(r'Count\(("[^"]*")', r"Count(\1, distinct=True", each) for each in self.annotations)


def _once(one: Tuple[str, ...], other: Tuple[str, ...]) -> Tuple[str, ...]:
    return tuple(dict.fromkeys(one + other))


def _target(model: str, rows: Optional[Place]) -> str:
    if rows is not None and model:
        return f" to the {model} queryset that {short(rows.file)}:{rows.line} loads"
    return f" to the {model} queryset" if model else ""


class Access(NamedTuple):
    """One query behind a row: who asked, through which parents the row came (the outermost first), and how.

    `chain` are the calls behind the relation's name in the source, such as `.filter(stars=5)`, empty
    where the source does not tell; `canonical` is the statement.
    """

    sighting: Sighting
    parents: Tuple[Sighting, ...] = ()
    chain: str = ""
    canonical: str = ""

    @property
    def root(self) -> Sighting:
        """Who holds the relation that the queryset in question can bring along."""
        return self.parents[0] if self.parents else self.sighting

    @property
    def lookup(self) -> str:
        """`author`, or `author__publisher` where the author was loaded row by row as well."""
        return "__".join([*(parent.field for parent in self.parents), self.sighting.field])


def parents_of(sighting: Sighting, around: Sequence[Sighting]) -> Tuple[Sighting, ...]:
    """The relations that were followed row by row to get to the row behind a query, the outermost first."""
    chain: List[Sighting] = []
    child = sighting
    while True:
        found = [other for other in around if _leads_to(other, child) and other not in chain and other != sighting]
        if not found:
            return tuple(chain)
        chain.insert(0, found[0])
        child = found[0]


def _leads_to(other: Sighting, child: Sighting) -> bool:
    is_relation = other.kind in ("forward", "reverse_one") or (other.kind == "many" and other.method not in _ANSWERS)
    return is_relation and bool(other.field) and other.related_model == child.model


_ANSWERS = ("count", "exists", "aggregate")


def is_relation(sighting: Sighting) -> bool:
    """Can a queryset of the row bring the answer along?"""
    return bool(sighting.field) and sighting.kind not in ("raw", "instance", "queryset", "key_check", "cache")


def as_relation(sighting: Sighting) -> Sighting:
    """A query of a model's own manager, seen as the relation by which the row's queryset could bring its answer."""
    if sighting.relation is None or sighting.kind != "queryset":
        return sighting
    model, field, table = sighting.relation
    return sighting._replace(kind="many", model=model, field=field, related_model=sighting.model, table=table)


def change_for(access: Access, rows: Optional[Place]) -> Change:
    """The change of the queryset that loads the rows at `rows`."""
    change = Change(access.root.model, rows)
    kind = access.sighting.kind
    argument = f'"{access.lookup}"'
    if kind in ("forward", "reverse_one") and not _has_many(access):
        return change._replace(selects=(argument,), afterwards=_peers())
    if kind == "deferred":
        other = f"take {argument} out of .defer(), or add it to .only(),"
        return change._replace(other=other, afterwards=_peers())
    if kind == "many":
        return _for_many(access, change)
    return change._replace(prefetches=(argument,), afterwards=_peers() if kind == "generic" else "")


def _peers() -> str:
    """What Django can do from 6.1 on without knowing the relation."""
    version = getattr(sys.modules.get("django"), "VERSION", (0,))
    return "; or let each row load for all its peers, with .fetch_mode(models.FETCH_PEERS)" * (version >= _FETCH_PEERS)


def _has_many(access: Access) -> bool:
    return any(parent.kind == "many" for parent in access.parents)


def _for_many(access: Access, change: Change) -> Change:
    name, method = access.sighting.field, access.sighting.method
    if method in ("count", "exists"):
        verb = "read" if method == "count" else "test"
        condition = f", filter={_as_condition(access)}" if access.sighting.is_filtered else ""
        counted = _annotated(access, change, f"{name}_count", "Count", "", condition)
        return counted._replace(afterwards=f", and {verb} {name}_count")
    if method == "aggregate":
        return _for_aggregate(access, change)
    if access.canonical.endswith(" limit ?") and not _instead_of(method, ""):
        return _for_first(access, change)
    if access.sighting.is_filtered or _computes(access.canonical):
        return _for_filtered(access, change)
    return change._replace(prefetches=(f'"{access.lookup}"',), afterwards=_instead_of(method, f"{name}.all()"))


_ONE_CONDITION = re.compile(r"\.filter\((\w+)=([^=,()]+)\)$")


def _as_condition(access: Access) -> str:
    """The filter of a relation, seen from the row."""
    found = _ONE_CONDITION.match(access.chain)
    if found is None:
        return "Q(...)"
    lookup = access.sighting.field if _has_many(access) else access.lookup
    return f"Q({lookup}__{found.group(1)}={found.group(2)})"


def _annotated(access: Access, change: Change, name: str, function: str, column: str, condition: str = "") -> Change:
    if not _has_many(access):
        return change._replace(annotations=(f'{name}={function}("{access.lookup}{column}"{condition})',))
    # The rows in question come with a prefetch themselves: that is the place to annotate them.
    path = "__".join(parent.field for parent in access.parents)
    owner = access.sighting.model
    queryset = f'{owner}.objects.annotate({name}={function}("{access.sighting.field}{column}"{condition}))'
    return change._replace(prefetches=(f'Prefetch("{path}", queryset={queryset})',))


_AGGREGATE = re.compile(
    r'select (avg|sum|max|min|count)\((?:distinct )?(?:"?\w+"?\.)?"?(\w+)"?\)(?: as "?\w+"?)? from '
)
"""One figure, of all rows; whoever asks for several, or for those under a condition, is told in words."""


def _for_aggregate(access: Access, change: Change) -> Change:
    found = _AGGREGATE.match(access.canonical)
    if found is None or access.sighting.is_filtered:
        other = f'add the same figures over "{access.lookup}", with their filters, as .annotate(...)'
        return change._replace(other=other, afterwards=", and read the annotations")
    function, column = found.groups()
    name = f"{access.sighting.field}_{column}_{function}"
    annotated = _annotated(access, change, name, function.capitalize(), f"__{column}")
    return annotated._replace(afterwards=f", and read {name}")


def _computes(canonical: str) -> bool:
    """Does a SELECT give more than columns, which rows that are loaded before do not have?"""
    return "(" in canonical.partition(" from ")[0]


def _for_first(access: Access, change: Change) -> Change:
    """Only the rows that a slice wants are to come along."""
    name = f"first_{access.sighting.field}"
    queryset = f"{access.sighting.related_model}.objects{access.chain or '.order_by(...)'}[:1]"
    code = f'Prefetch("{access.lookup}", queryset={queryset}, to_attr="{name}")'
    return change._replace(prefetches=(code,), afterwards=f", with as many as the slice wants, and read {name}")


def _for_filtered(access: Access, change: Change) -> Change:
    name = f"chosen_{access.sighting.field}"
    chain = access.chain or ".filter(...)"
    queryset = f"{access.sighting.related_model}.objects{chain}"
    code = f'Prefetch("{access.lookup}", queryset={queryset}, to_attr="{name}")'
    afterwards = _instead_of(access.sighting.method, name) or f", and read {name}"
    return change._replace(prefetches=(code,), afterwards=afterwards)


_OF_ONE = {each: f"the {each}" for each in ("first", "last", "latest", "earliest")}
_OF_ONE["get"] = "the one"


def _instead_of(method: str, rows: str) -> str:
    """A queryset's method that picks one row asks again, whatever was prefetched."""
    which = _OF_ONE.get(method) or _OF_ONE.get(method[1:])
    return f", and take {which} of {rows} in Python" if which else ""


def for_one_answer(sighting: Sighting, loop: Place) -> str:
    """The fix for one question that each row of a loop asks again."""
    what = f"the {sighting.related_model or sighting.model}" if sighting.model else "the result"
    before = f", before the loop at {short(loop.file)}:{loop.line}" if loop.line else ""
    return f"load {what} once{before}, and use it for each row"


def for_endless(sighting: Sighting, loop: Place) -> str:
    """The fix for a `while` that asks for one row at each turn."""
    what = f"rows of {sighting.model}" if sighting.model else "rows"
    where = f" at {short(loop.file)}:{loop.line}" if loop.line else ""
    return f"ask for many {what} at each turn of the loop{where}, with a slice such as [:500], instead of for one"


def for_one_owner(sighting: Sighting, loop: Place, canonical: str, is_same: bool) -> str:
    """The fix where each turn asks one and the same row for some of its many rows; `is_same`: always for the same."""
    owner = f"{sighting.model}.{sighting.field}"
    where = f" at {short(loop.file)}:{loop.line}" if loop.line else ""
    if is_same:
        return f"ask {owner} once, before the loop{where}, and use the answer for each row"
    name = _last_column(canonical)
    return (
        f"ask {owner} once, before the loop{where}, for all that its turns need, with .filter({name}__in=keys): the "
        f"{sighting.model} is the same each time"
    )


def for_candidates(sighting: Sighting, loop: Place, canonical: str) -> str:
    """The fix where each row tries values, such as random codes, until one is free."""
    name = _column(canonical) or "..."
    where = f" at {short(loop.file)}:{loop.line}" if loop.line else ""
    taken = f'set({sighting.model}.objects.filter({name}__in=candidates).values_list("{name}", flat=True))'
    return f"make candidates for all rows before the loop{where}, and ask once which of them are taken: {taken}"


def for_choice(sighting: Sighting, loop: Place) -> str:
    """The fix where each of many forms has a key proven by its own field."""
    where = f" at {short(loop.file)}:{loop.line}" if loop.line else ""
    return (
        f"each form's ModelChoiceField asks for its own key: load the rows with one "
        f"{sighting.model}.objects.in_bulk(keys) before the loop{where}, and have the field's to_python() take them "
        f"from there"
    )


def for_key_of_form(sighting: Sighting) -> str:
    """The fix where each of many model forms proves a key again that its field has proven."""
    return (
        f"each form's field has proven the key already: leave it out of the model's validation, in the form with "
        f'def _get_validation_exclusions(self): return super()._get_validation_exclusions() | {{"{sighting.field}"}}'
    )


_CONDITIONS = re.compile(r" where \(?(?P<conditions>.*?)\)?(?: order by .*?)?(?: limit \?)?(?: for update.*)?$")
_EQUALITY = re.compile(r'(?:["`]?(?P<table>\w+)["`]?\.)?["`]?(?P<column>\w+)["`]? = \?$')
_READ_TABLE = re.compile(r' from ["`]?(?P<table>\w+)')


def _columns(canonical: str) -> List[str]:
    """The columns of the table that is read which a SELECT compares with one value each; empty where it does more."""
    found = _CONDITIONS.search(canonical)
    table = _READ_TABLE.search(canonical)
    if found is None or table is None:
        return []
    names = []
    for condition in found["conditions"].split(" and "):
        equality = _EQUALITY.match(condition)
        if equality is None or (equality["table"] or table["table"]) != table["table"]:
            return []
        names.append(equality["column"])
    return names


def _column(canonical: str) -> str:
    """The only column that a SELECT compares with a value; empty where it is none, or not of the table that is read."""
    names = _columns(canonical)
    return names[0] if len(names) == 1 else ""


def _last_column(canonical: str) -> str:
    names = _columns(canonical)
    return names[1] if len(names) == 2 else "..."


def for_cache(sighting: Sighting, loop: str) -> str:
    """The fix for calls of a cache in the database, one in each turn of `loop`."""
    if is_reading_cache(sighting):
        return f"ask the cache for all keys at once before {loop}, with cache.get_many(keys)"
    if sighting.field.startswith("delete"):
        return f"collect the keys in {loop}, then cache.delete_many(keys)"
    return (
        f"put one value for all rows into the cache instead of one in each turn of {loop}: a cache in the database "
        f"sends several statements for each key, with set_many() too"
    )


def is_reading_cache(sighting: Sighting) -> bool:
    return sighting.kind == "cache" and sighting.field.startswith(("get", "has_key"))


def for_unrelated(sighting: Sighting, canonical: str = "") -> str:
    """The fix where no relation is known that leads from the row to the query."""
    if sighting.kind == "cache":
        return for_cache(sighting, "the loop")
    if sighting.kind == "key_check":
        return (
            f"check all keys with one {sighting.related_model}.objects.in_bulk(keys), and leave the key out of the "
            f'validation of each {sighting.model}: full_clean(exclude=["{sighting.field}"])'
        )
    if not sighting.model:
        return "send one statement with IN (...) for all rows before the loop"
    name = _column(canonical)
    wanted = sighting.related_model or sighting.model
    if name and sighting.kind == "queryset" and sighting.method in ("get", "aget", "first", "afirst"):
        if name == "id":
            return f"collect the keys and load them once with {sighting.model}.objects.in_bulk(keys) before the loop"
        return (
            f"collect the keys and load them once before the loop: {{row.{name}: row for row in "
            f"{sighting.model}.objects.filter({name}__in=keys)}}"
        )
    name = name or "..."
    return f"load the rows of {wanted} for all keys with one {wanted}.objects.filter({name}__in=keys) before the loop"
