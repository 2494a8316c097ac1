"""Duplicates: one statement sent again with the same parameters, and no row behind it.

The same author loaded for each of his books is an N+1 and is told as such; what is left
here is work that was done twice for one answer.
"""

from dataclasses import replace
from typing import Any, Dict, FrozenSet, List

from mercury.analysis import analyze
from mercury.core.records import EVENT_WRITE, Duplicate, unsigned
from mercury.findings import fix, places
from mercury.findings.case import Case, Site
from mercury.findings.finding import Finding
from mercury.findings.places import NOWHERE, Place, short
from mercury.trace import PathEntry

KIND = "duplicate"


def find(case: Case) -> List[Finding]:
    """One finding for each statement and set of parameters that came more than once."""
    findings = []
    for record, duplicate in enumerate(case.evidence.duplicates):
        groups = [index for index in duplicate.places if index >= 0]
        if groups and case.explained.isdisjoint(groups) and not _is_of_a_loop(case, groups):
            reason = _reason_against(case, duplicate, groups)
            if reason:
                case.reasons.update(dict.fromkeys(groups, reason))
            else:
                findings.append(replace(_finding(case, duplicate, groups), records=(~record,)))
    _explain_constant_loops(case)
    return _merged(findings)


def _explain_constant_loops(case: Case) -> None:
    """A loop that asks the same question again is a duplicate and needs no second finding."""
    for site in case.looped:
        if site.distinct_count <= 1:
            case.explained.update(site.groups)


def _is_of_a_loop(case: Case, groups: List[int]) -> bool:
    """A loop that asks different questions, some of them twice, is told as one that repeats."""
    return any(site.distinct_count > 1 and set(groups) <= set(site.groups) for site in case.looped)


def _reason_against(case: Case, duplicate: Duplicate, groups: List[int]) -> str:
    """Why asking again was right, or nobody's to change; empty if it was neither."""
    if duplicate.count == 2 and _is_written_between(case, duplicate):
        return "what it reads was written between the two"
    sighting = case.sighting(groups)
    if sighting.kind == "cache" and not fix.is_reading_cache(sighting):
        return "the cache in the database asks so before each write"
    if _is_of_a_library(case, groups):
        return "code of a library alone sends it again; nothing of the application stands between"
    return ""


def _is_written_between(case: Case, duplicate: Duplicate) -> bool:
    writes = [
        group
        for group in case.evidence.groups
        if group.flags & EVENT_WRITE
        and any(duplicate.first_event < event < duplicate.last_event for event in (group.first_event, group.last_event))
    ]
    read = _tables(case, duplicate.fingerprint) if writes else frozenset()
    return any(read & _tables(case, write.fingerprint) for write in writes)


def _tables(case: Case, fingerprint: int) -> FrozenSet[str]:
    return frozenset(analyze(case.statement(fingerprint).canonical).tables)


def _is_of_a_library(case: Case, groups: List[int]) -> bool:
    """Do the ways to these queries part within a library, with nothing of the application further in?"""
    paths = [case.path(case.evidence.groups[index]) for index in groups]
    if len(paths) < 2:
        return False
    same = _shared_depth(paths)
    return all(len(path) > same + 1 and not any(map(places.is_own, path[same:-1])) for path in paths)


def _shared_depth(paths: List[List[PathEntry]]) -> int:
    """How many of their outermost entries all these call paths have in common."""
    same = 0
    for entries in zip(*paths):
        if entries.count(entries[0]) < len(entries):
            break
        same += 1
    return same


def _joint(case: Case, groups: List[int]) -> str:
    """The file of the innermost function of the application that asked for all of these queries; empty if none did."""
    paths = [case.path(case.evidence.groups[index]) for index in groups]
    same = _shared_depth(paths)
    parting = [path[same] for path in paths if same < len(path)]
    shared = paths[0][:same] + parting[:1] * (len({id(entry.code) for entry in parting}) == 1)
    return next((entry.code.co_filename for entry in reversed(shared) if places.is_own(entry)), "")


def _finding(case: Case, duplicate: Duplicate, groups: List[int]) -> Finding:
    triggers = [case.trigger(case.evidence.groups[index]) for index in groups]
    loop = _loop_of(case, groups)
    statement = case.statement(duplicate.fingerprint)
    sighting = case.sighting(groups)
    return Finding(
        kind=KIND,
        model=sighting.model,
        field=sighting.field,
        count=duplicate.count,
        sql=statement.canonical,
        fingerprint=unsigned(duplicate.fingerprint),
        database=case.database(duplicate.database),
        duration_ns=duplicate.duration_ns,
        file=triggers[0].file,
        line=triggers[0].line,
        function=triggers[0].function,
        loop_file=loop.file,
        loop_line=loop.line,
        fix=_fix(loop, sighting.related_model or sighting.model),
        why=f"the statement came {duplicate.count:,} times with the same parameters{_where(triggers)}",
        places=tuple(dict.fromkeys(map(str, triggers))),
        first_event=duplicate.first_event,
        joints=(_joint(case, groups),),
    )


def _loop_of(case: Case, groups: List[int]) -> Place:
    around: List[Site] = [site for site in case.looped if set(site.groups) & set(groups)]
    return around[0].loop_place if around else NOWHERE


def _fix(loop: Place, model: str) -> str:
    what = f"the {model}" if model else "the result"
    if loop.line:
        return f"load {what} once, before the loop at {short(loop.file)}:{loop.line}, and use it in the loop"
    return f"load {what} once and pass it on, or cache it for the length of the request"


def _where(triggers: List[Place]) -> str:
    names = list(dict.fromkeys(f"{short(place.file)}:{place.line}" for place in triggers))
    return "" if len(names) == 1 else ", from " + " and ".join(names)


def _merged(findings: List[Finding]) -> List[Finding]:
    """One finding per cause: the same statement from the same places, whatever the parameters."""
    causes: Dict[Any, Finding] = {}
    for finding in findings:
        key = (finding.fingerprint, finding.database, finding.file, finding.line, finding.places)
        known = causes.get(key)
        if known is None:
            causes[key] = finding
        else:
            causes[key] = replace(
                known,
                count=known.count + finding.count,
                duration_ns=known.duration_ns + finding.duration_ns,
                joints=known.joints + finding.joints,
                records=known.records + finding.records,
            )
    return list(causes.values())
