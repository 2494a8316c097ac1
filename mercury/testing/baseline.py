"""The baseline: findings that are known and fail nothing. It grows where somebody says so, and else only shrinks.

A finding is known by what stays where lines move: kind, subject, database, file and function. Of several that share
these, first those go together whose lines read the same, then the rest in the order of lines; so that one of two
repaired is one gone, and one more is one new, at its own line. A function that was renamed, or a file that was moved,
takes its entries along where the line still reads the same.
"""

import hashlib
import linecache
import os
import stat
import tempfile
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Optional, Sequence, Tuple

from mercury.errors import BaselineError
from mercury.testing.baseline_format import (
    ANEW,
    MAX_BYTES,
    Baseline,
    Entry,
    entry_of,
    from_bytes,
    to_bytes,
)
from mercury.testing.suite import SKIPPED, Suite, SuiteFinding
from mercury.testing.verdict import ADVICE, KNOWN, NEW, Gone, JudgedFinding

__all__ = ["FILE", "Baseline", "Entry", "Judgment", "Update", "judge", "read", "update", "write"]

FILE = Path(".mercury", "baseline.json")
"""Where the baseline lies below the project's root, if nobody says otherwise."""


class Judgment(NamedTuple):
    """What a baseline says of a suite. `findings` are sorted as the suite has them."""

    findings: List[JudgedFinding]
    gone: List[Gone]
    """Of a complete run; empty for others."""
    is_gone_failing: bool
    """False where tests were skipped or something was not measured: that depends on the machine."""
    previous: Dict[str, int]
    """By the id of a finding that is known, the count of its entry."""


class Update(NamedTuple):
    """What is to be written, and how it differs from what there was."""

    baseline: Baseline
    added: int
    removed: int
    sentence: str


def read(path: Path) -> Optional[Baseline]:
    """The baseline in this file; None where there is no file. Raises BaselineError."""
    try:
        return from_bytes(_bytes(path))
    except FileNotFoundError:
        if os.path.islink(path):
            _refuse(path, "it is a link to nothing. Delete it, or mend it.")
        return None
    except OSError as error:
        _refuse(path, f"it cannot be read: {_reason(error)}. Make it a file that can be read, or delete it.")
    except BaselineError as error:
        _refuse(path, str(error))


def write(path: Path, baseline: Baseline) -> None:
    """Puts the file there whole, or leaves it as it is: never half of it. Makes its folder. Raises BaselineError."""
    data = to_bytes(baseline)
    target = Path(os.path.realpath(path))
    try:
        # A read-only checkout whose baseline is right is no fault.
        if not (target.is_file() and target.stat().st_size == len(data) and target.read_bytes() == data):
            target.parent.mkdir(parents=True, exist_ok=True)
            _replace(target, data)
    except OSError as error:
        raise BaselineError(
            f"{path} was not written, and is as it was: {_reason(error)}. "
            "Mend this, then run with --mercury-update again."
        ) from None


def _bytes(path: Path) -> bytes:
    # Opening a pipe would wait for its writer.
    if not stat.S_ISREG(os.stat(path).st_mode):
        raise BaselineError("it is no regular file. Move it away.")
    with open(path, "rb") as file:
        data = file.read(MAX_BYTES + 1)
    if len(data) > MAX_BYTES:
        raise BaselineError(f"it is larger than {MAX_BYTES >> 20} MiB, which no baseline is. {ANEW}")
    return data


def _refuse(path: Path, why: str) -> NoReturn:
    raise BaselineError(f"{path} cannot be used: {why}") from None


def _reason(error: OSError) -> str:
    return error.strerror or type(error).__name__


def _replace(path: Path, data: bytes) -> None:
    descriptor, made = tempfile.mkstemp(prefix=f".{path.name}.", dir=path.parent)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.chmod(made, stat.S_IMODE(path.stat().st_mode) if path.exists() else 0o644)
        os.replace(made, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(made)
        raise


def judge(suite: Suite, baseline: Baseline, root: Path) -> Judgment:
    """Which findings are new, which are known, which entries are gone. Reads lines of the sources below `root`."""
    matched = _match(suite, baseline, root)
    left = {match.entry.id for match in matched if match.entry is not None}
    return Judgment(
        [JudgedFinding(match.finding, match.state) for match in matched],
        [_gone(entry) for entry in baseline.entries if entry.id not in left] if _is_conclusive(suite, baseline) else [],
        _is_whole(suite),
        {match.finding.id: match.entry.count for match in matched if match.entry is not None},
    )


def update(suite: Suite, baseline: Optional[Baseline], root: Path) -> Update:
    """What `--mercury-update` writes: after a complete run what was found, else what there was and what is new."""
    before = baseline or Baseline((), suite.scope)
    matched = [match for match in _match(suite, before, root) if match.state != ADVICE]
    found = [match.fresh for match in matched]
    is_conclusive = _is_conclusive(suite, before)
    if not is_conclusive:
        known = {entry.id for entry in before.entries}
        found = [*before.entries, *(entry for entry in found if entry.id not in known)]
    scope = suite.scope if is_conclusive else before.scope
    after = Baseline(tuple(sorted(found, key=lambda entry: entry.order)), scope)
    added = sum(match.state == NEW for match in matched)
    removed = len(before.entries) + added - len(found) if is_conclusive else 0
    told = f"{added} added, {removed} removed, {len(found)} in all"
    return Update(after, added, removed, told + _caution(suite, is_conclusive, removed))


def _caution(suite: Suite, is_conclusive: bool, removed: int) -> str:
    if not is_conclusive:
        return "; nothing was removed, because not all tests that the baseline is about ran to their end"
    if removed and not _is_whole(suite):
        return "; some tests were skipped or not measured: look whether what was removed is really gone"
    return ""


def _is_conclusive(suite: Suite, baseline: Baseline) -> bool:
    """Is what this run has not found gone?"""
    is_covered = all(any(_covers(ran, part) for ran in suite.scope) for part in baseline.scope)
    return bool(suite.tests) and suite.is_complete and is_covered


def _covers(ran: str, part: str) -> bool:
    """Folders hold files, files and modules hold tests."""
    return ran in (".", part) or part.startswith((f"{ran}/", f"{ran}::", f"{ran}."))


def _is_whole(suite: Suite) -> bool:
    return not (suite.notes or suite.count(SKIPPED) or any(test.notes for test in suite.tests.values()))


def _gone(entry: Entry) -> Gone:
    return Gone(entry.id, entry.kind, entry.subject, entry.file)


class _Match(NamedTuple):
    """A finding with the id that is its own in the baseline, what the file would say of it, and what it says."""

    finding: SuiteFinding
    fresh: Entry
    entry: Optional[Entry]
    state: str


_Law = Callable[[Entry], Any]
"""What an entry and a finding must have in common; None for none at all."""

_LAWS: Tuple[_Law, ...] = (
    lambda entry: (entry.origin, entry.code),
    lambda entry: entry.origin,
    lambda entry: entry.code and (entry.kind, entry.subject, entry.database, entry.code, "file", entry.file),
    lambda entry: entry.code and (entry.kind, entry.subject, entry.database, entry.code, "function", entry.function),
)
"""The first law that pairs a finding with an entry holds."""


def _match(suite: Suite, baseline: Baseline, root: Path) -> List[_Match]:
    findings = suite.findings()
    fresh = [entry_of(finding, _digest(root, finding.cause.file, finding.cause.line)) for finding in findings]
    judged = [index for index, finding in enumerate(findings) if not finding.cause.is_advisory]
    paired = _pair([(index, fresh[index]) for index in judged], baseline.entries)
    matches = [_Match(finding, entry, None, ADVICE) for finding, entry in zip(findings, fresh)]
    for index, own in _numbered([(index, fresh[index], paired.get(index)) for index in judged], baseline.entries):
        known = paired.get(index)
        finding = replace(findings[index], id=own.id)
        matches[index] = _Match(finding, own, known, NEW if known is None else KNOWN)
    return matches


def _pair(found: List[Tuple[int, Entry]], entries: Sequence[Entry]) -> Dict[int, Entry]:
    """By the index of a finding the entry that knows it. Both come in the order of lines."""
    paired: Dict[int, Entry] = {}
    free = list(entries)
    for law in _LAWS:
        waiting: Dict[Any, List[Entry]] = {}
        for entry in reversed(free):
            waiting.setdefault(law(entry) or None, []).append(entry)
        waiting.pop(None, None)
        for index, entry in found:
            if index not in paired and waiting.get(law(entry)):
                paired[index] = waiting[law(entry)].pop()
        taken = {entry.id for entry in paired.values()}
        free = [entry for entry in free if entry.id not in taken]
    return paired


def _numbered(found: List[Tuple[int, Entry, Optional[Entry]]], entries: Sequence[Entry]) -> List[Tuple[int, Entry]]:
    """The findings with the numbers of their entries; the others get the lowest that are free."""
    taken = {entry.id for entry in entries}
    numbered = []
    for index, fresh, known in found:
        own = fresh
        if known is not None and known.origin == fresh.origin:
            own = replace(fresh, number=known.number)
        else:
            while own.id in taken:
                own = replace(own, number=own.number + 1)
            taken.add(own.id)
        numbered.append((index, own))
    return numbered


def _digest(root: Path, file: str, line: int) -> str:
    """16 hexadecimal digits of BLAKE2b over a line without its white space; empty where it cannot be read."""
    path = str(root / file)
    try:
        linecache.checkcache(path)
        text = "".join(linecache.getline(path, line).split())
    except ValueError:
        return ""
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest() if text else ""
