"""Relations that came along with rows, by `select_related` or `prefetch_related`, and that nobody read.

Advice: the next request may read what this one did not. So nothing is said either where a function on the way to
the query reads an attribute of that name, if only in a branch that was not taken.
"""

import os
import stat
from dataclasses import replace
from functools import lru_cache
from types import CodeType
from typing import Dict, List, Optional, Tuple

from mercury.capture.code import is_library
from mercury.capture.eager_loads import EagerLoad
from mercury.capture.elements import CompiledTemplate, TemplateElement
from mercury.findings import places
from mercury.findings.case import Case
from mercury.findings.finding import Finding
from mercury.findings.places import short
from mercury.trace import PathEntry

KIND = "unused_eager_load"

_MAX_CODES = 200
_MAX_TEMPLATE_BYTES = 1_000_000
_MAX_TEMPLATES = 16


def find(case: Case) -> List[Finding]:
    """One finding for each relation and each line that loads it."""
    loads: List[EagerLoad] = list(case.evidence.eager_loads)
    groups: Dict[Tuple[int, int], List[int]] = {}
    for index, group in enumerate(case.evidence.groups if loads else ()):
        groups.setdefault((group.path, group.fingerprint), []).append(index)
    findings = [
        _finding(case, load, groups[load.path, load.fingerprint], _within(load, loads))
        for load in loads
        if (load.path, load.fingerprint) in groups and not _is_within_other(load, loads)
    ]
    return _once([finding for finding in findings if finding is not None])


def _within(load: EagerLoad, loads: List[EagerLoad]) -> List[str]:
    """Further lookups that lead through this one and are of no use without it."""
    return [each.lookup for each in loads if each.path == load.path and each.lookup.startswith(load.lookup + "__")]


def _is_within_other(load: EagerLoad, loads: List[EagerLoad]) -> bool:
    return any(load.lookup in _within(other, loads) for other in loads)


def _finding(case: Case, load: EagerLoad, indexes: List[int], within: List[str]) -> Optional[Finding]:
    path = case.path(case.evidence.groups[indexes[0]])
    place = places.trigger(path)
    if not place.line or is_library(place.file) or any(_may_read(entry, load.field) for entry in path[:-1]):
        return None
    lookups = " and ".join(f'"{lookup}"' for lookup in (load.lookup, *within))
    fix = (
        f"take {lookups} out of {load.method}() of the queryset that {short(place.file)}:{place.line} loads; "
        "where only another branch reads it, load it there"
    )
    why = f"{load.method}() loaded {load.model}.{load.field} along with the rows, and nothing read it before the end"
    return replace(case.finding(KIND, indexes, fix, why), model=load.model, field=load.field)


def _may_read(entry: PathEntry, name: str) -> bool:
    """Does this function or template of the application name the attribute, if only in a branch?"""
    element = entry.element
    if isinstance(element, (TemplateElement, CompiledTemplate)):
        text = _text(element.file)
        return text is None or f".{name}" in text
    return not is_library(entry.code.co_filename) and _names_it(entry.code, name)


def _names_it(code: CodeType, name: str) -> bool:
    """Looks into the functions within as well; a module's are no part of it."""
    if code.co_name == "<module>":
        return name in code.co_names
    left = [code]
    for _ in range(_MAX_CODES):
        if not left:
            return False
        code = left.pop()
        if name in code.co_names:
            return True
        left += [each for each in code.co_consts if isinstance(each, CodeType)]
    return True


def _text(file: str) -> Optional[str]:
    """The text of a template; None where it cannot be read or is too long."""
    try:
        status = os.stat(file)
        is_readable = stat.S_ISREG(status.st_mode) and status.st_size <= _MAX_TEMPLATE_BYTES
        return _read(file, status.st_mtime_ns, status.st_size) if is_readable else None
    except (OSError, ValueError):
        return None


@lru_cache(_MAX_TEMPLATES)
def _read(file: str, changed_ns: int, size: int) -> str:
    """Reads a file that was last changed then and has this size: another one is read again."""
    with open(file, encoding="utf-8", errors="replace") as source:
        return source.read(_MAX_TEMPLATE_BYTES)


def _once(findings: List[Finding]) -> List[Finding]:
    """One finding for each line and relation; another way to the line is no other cause."""
    found: Dict[Tuple[str, int, str], Finding] = {}
    for finding in findings:
        key = (finding.file, finding.line, finding.target)
        known = found.get(key)
        together = finding if known is None else _together(known, finding)
        found[key] = together
    return list(found.values())


def _together(known: Finding, other: Finding) -> Finding:
    return replace(known, count=known.count + other.count, duration_ns=known.duration_ns + other.duration_ns)
