"""Statements that came more than once and are no finding, with the reason."""

from dataclasses import dataclass
from typing import Dict, List, Tuple

from mercury.core.records import LOOP_OPERATION, unsigned
from mercury.findings.case import PROVEN, Case
from mercury.findings.finding import Finding


@dataclass(frozen=True)
class Cleared:
    """One repeated statement that was looked at and let go. `file` and `line` are where it was sent first."""

    sql: str
    fingerprint: int
    database: str
    count: int
    file: str
    line: int
    reason: str


def find(case: Case, findings: List[Finding]) -> List[Cleared]:
    """One entry for each statement of which more than one came and no finding tells."""
    told = {(finding.fingerprint, finding.database) for finding in findings}
    repeated: Dict[Tuple[int, int], List[int]] = {}
    for index, group in enumerate(case.evidence.groups):
        if index not in case.explained:
            repeated.setdefault((group.fingerprint, group.database), []).append(index)
    return [
        _cleared(case, indexes)
        for (fingerprint, database), indexes in repeated.items()
        if sum(case.evidence.groups[index].count for index in indexes) > 1
        and (unsigned(fingerprint), case.database(database)) not in told
    ]


def _cleared(case: Case, indexes: List[int]) -> Cleared:
    groups = [case.evidence.groups[index] for index in indexes]
    place = case.trigger(groups[0])
    return Cleared(
        sql=case.statement(groups[0].fingerprint).canonical,
        fingerprint=unsigned(groups[0].fingerprint),
        database=case.database(groups[0].database),
        count=sum(group.count for group in groups),
        file=place.file,
        line=place.line,
        reason=_reason(case, indexes),
    )


def _reason(case: Case, indexes: List[int]) -> str:
    noted = [case.reasons[index] for index in indexes if index in case.reasons]
    if noted:
        return noted[0]
    groups = [case.evidence.groups[index] for index in indexes]
    batch = [site for site in case.looped if site.growth.is_batch and set(site.groups) & set(indexes)]
    if batch:
        return batch[0].growth.reason
    if any(group.loop in PROVEN and group.operation_count > 1 for group in groups):
        return "what loops around it was told by another finding"
    if any(group.loop == LOOP_OPERATION for group in groups):
        return "one call of the ORM sent all of them, as a batch or a prefetch does"
    if len(groups) == 1:
        return "the function that sends it was called anew each time; no loop around it was proven"
    return f"{len(groups)} places of straight-line code sent it; none of them ran twice"
