"""Which finding of a run is which entry of the baseline.

A finding is known by what stays where lines move: kind, subject, database, file and function. Of several that share
these, first those go together that have the same loop and whose lines read the same, then those with either, then the
rest in the order of lines. So one of two that was repaired is one gone, and one more is one new, at its own line. A
function that was renamed, or a file that was moved, takes its entries along where the lines still read the same.
"""

import hashlib
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, Optional, Sequence, Tuple

from mercury.testing.baseline_format import Entry
from mercury.testing.sources import Sources
from mercury.testing.suite import Cause, Suite, SuiteFinding


class Match(NamedTuple):
    """A finding, with the id that it has in the baseline; what a file written now would say of it; what it says."""

    finding: SuiteFinding
    fresh: Entry
    known: Optional[Entry]


_Law = Callable[[Entry], Any]
"""What an entry and a finding must have in common; something false for nothing at all."""

_LAWS: Tuple[_Law, ...] = (
    lambda entry: (entry.origin, entry.loop, entry.code),
    lambda entry: (entry.origin, entry.loop),
    lambda entry: (entry.origin, entry.code),
    lambda entry: entry.origin,
    lambda entry: entry.code and (entry.kind, entry.subject, entry.database, entry.code, "file", entry.file),
    lambda entry: entry.code and (entry.kind, entry.subject, entry.database, entry.code, "function", entry.function),
)
"""The first law that pairs a finding with an entry holds."""


def match(suite: Suite, entries: Sequence[Entry], root: Path) -> List[Match]:
    """All findings but advice, in the suite's order. Reads the sources below `root`."""
    sources = Sources(root)
    findings = [finding for finding in suite.findings() if not finding.cause.is_advisory]
    fresh = [_entry(finding.cause, sources) for finding in findings]
    paired = _pair(fresh, entries)
    return [
        Match(replace(finding, id=own.id), own, known)
        for finding, own, known in zip(findings, _numbered(fresh, paired, entries), paired)
    ]


def _entry(cause: Cause, sources: Sources) -> Entry:
    """As the first of its origin."""
    return Entry(
        kind=cause.kind,
        subject=cause.subject,
        file=cause.file,
        function=cause.function,
        database=cause.database,
        number=1,
        loop=f"{cause.loop_file} {sources.function(cause.loop_file, cause.loop_line)}".strip(),
        count=cause.count,
        code=_digest(sources.text(cause.file, cause.line), sources.text(cause.loop_file, cause.loop_line)),
    )


def _digest(text: str, loop_text: str) -> str:
    """16 hexadecimal digits; empty where the line of the query cannot be read."""
    both = f"{text}\0{loop_text}".encode("utf-8", "replace")
    return hashlib.blake2b(both, digest_size=8).hexdigest() if text else ""


def _pair(found: Sequence[Entry], entries: Sequence[Entry]) -> List[Optional[Entry]]:
    """The entry that knows each finding. Both come in the order of lines."""
    paired: List[Optional[Entry]] = [None] * len(found)
    taken: Dict[str, None] = {}
    for law in _LAWS:
        waiting: Dict[Any, List[Entry]] = {}
        for entry in reversed(entries):
            if law(entry) and entry.id not in taken:
                waiting.setdefault(law(entry), []).append(entry)
        for index, fresh in enumerate(found):
            if paired[index] is None and waiting.get(law(fresh)):
                known = paired[index] = waiting[law(fresh)].pop()
                taken[known.id] = None
    return paired


def _numbered(found: Sequence[Entry], paired: Sequence[Optional[Entry]], entries: Sequence[Entry]) -> List[Entry]:
    """The findings with the numbers of their entries; others of the same origin get the lowest that are free."""
    taken = {entry.id for entry in entries}
    numbered = []
    for fresh, known in zip(found, paired):
        own = fresh
        if known is not None and known.origin == fresh.origin:
            own = replace(fresh, number=known.number)
        else:
            while own.id in taken:
                own = replace(own, number=own.number + 1)
            taken.add(own.id)
        numbered.append(own)
    return numbered
