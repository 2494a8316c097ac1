"""Writes row by row: a loop is proven, it runs over rows, and each turn writes.

Django writes many rows at once as well as one, and each kind of write has its own call for it.
"""

from typing import List

from mercury.capture.provenance import Sighting
from mercury.findings import fix
from mercury.findings.case import Case, Site
from mercury.findings.finding import Finding
from mercury.findings.n_plus_one import loop_words
from mercury.findings.places import short

KIND = "write_loop"


def find(case: Case) -> List[Finding]:
    """One finding for each place that writes once for each row."""
    sites = [site for site in case.looped if site.growth.row and site.is_write]
    for site in sites:
        case.explained.update(site.groups)
    return [_finding(site) for site in sites]


def _finding(site: Site) -> Finding:
    site = _of_what_is_written(site)
    each = f", {site.further + 1} statements each" if site.further else ""
    why = f"{loop_words(site)}, each time for {site.growth.row}; {site.operation_count:,} writes{each}"
    return site.finding(KIND, _fix(site), why)


def bulk_call(site: Site) -> str:
    """How the rows are written at once that this place writes one by one."""
    return _fix(_of_what_is_written(site))


def _of_what_is_written(site: Site) -> Site:
    """A row that a related manager writes is of the related model; only a table between is the relation itself."""
    sighting = site.sighting
    if sighting.kind == "many" and sighting.method not in _BETWEEN:
        sighting = sighting._replace(kind="queryset", model=sighting.related_model, field="")
    return site._replace(sighting=sighting)


_BETWEEN = ("add", "remove", "set", "clear")


def _fix(site: Site) -> str:
    sighting = site.sighting
    model = sighting.model
    before = f"the loop at {short(site.loop_place.file)}:{site.loop_place.line}" if site.loop_place.line else "the loop"
    verb = site.statement.verb
    if not model:
        return f"collect the values in {before} and send them once, with cursor.executemany(sql, rows)"
    if sighting.kind == "cache":
        return fix.for_cache(sighting, before)
    if sighting.kind == "many":
        return _for_table_between(sighting, before)
    if sighting.method in ("get_or_create", "aget_or_create"):
        return (
            f"load what is there with one {model}.objects.filter(...__in=keys) before {before}, and create the rest "
            f"with {model}.objects.bulk_create(rows, ignore_conflicts=True)"
        )
    if sighting.method in ("update_or_create", "aupdate_or_create"):
        return (
            f"collect the rows in {before}, then {model}.objects.bulk_create(rows, update_conflicts=True, "
            f"unique_fields=[...], update_fields=[...])"
        )
    if verb == "insert":
        return f"collect the rows in {before}, then {model}.objects.bulk_create(rows)"
    if verb == "delete":
        return f"delete them at once instead of in {before}: {model}.objects.filter(pk__in=keys).delete()"
    if sighting.kind == "instance":
        return f"set the values in {before}, then {model}.objects.bulk_update(rows, {_columns(site)})"
    return (
        f"write them at once instead of in {before}: {model}.objects.filter(...).update(...), with F() where the "
        f"value depends on the row, or {model}.objects.bulk_update(rows, [...])"
    )


def _for_table_between(sighting: Sighting, before: str) -> str:
    through = f"{sighting.model}.{sighting.field}.through.objects"
    if sighting.method in ("remove", "clear"):
        return f"delete the rows of the table between at once instead of in {before}: {through}.filter(...).delete()"
    return (
        f"collect the rows of the table between in {before}, then {through}.bulk_create(rows, ignore_conflicts=True); "
        f"or add all of them from the other side, with one add(*rows)"
    )


_MAX_COLUMNS = 8


def _columns(site: Site) -> str:
    """What an UPDATE sets, as a list of names; Django takes columns for fields."""
    assignments = site.statement.canonical.partition(" set ")[2].partition(" where ")[0]
    names = [each.partition("=")[0].strip().strip('"') for each in assignments.split(", ")]
    if not assignments or len(names) > _MAX_COLUMNS or not all(name.isidentifier() for name in names):
        return "[...]"
    return "[" + ", ".join(f'"{name}"' for name in names) + "]"
