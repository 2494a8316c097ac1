"""The baseline: findings that are known and fail nothing. It grows where somebody says so, and else only shrinks.

`baseline_format.py` is the form of its file, `baseline_match.py` the law by which a finding is known.
"""

import os
import stat
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Dict, List, NamedTuple, NoReturn, Optional, Tuple

from mercury.errors import BaselineError
from mercury.testing.baseline_format import (
    ANEW,
    MAX_BYTES,
    Baseline,
    Entry,
    from_bytes,
    to_bytes,
)
from mercury.testing.baseline_match import Match, match
from mercury.testing.suite import SKIPPED, Suite
from mercury.testing.verdict import ADVICE, KNOWN, NEW, Gone, JudgedFinding

__all__ = ["FILE", "Baseline", "Entry", "Judgment", "Update", "is_conclusive", "judge", "read", "update", "write"]

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
        raise BaselineError("it is no regular file. Name another, or move it away.")
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
    matches = match(suite, baseline.entries, root)
    found = {each.known.id for each in matches if each.known is not None}
    gone = [entry for entry in baseline.entries if entry.id not in found] if is_conclusive(suite, baseline) else []
    return Judgment(
        _states(suite, matches),
        [Gone(entry.id, entry.kind, entry.subject, entry.file) for entry in gone],
        _is_whole(suite),
        {each.finding.id: each.known.count for each in matches if each.known is not None},
    )


def _states(suite: Suite, matches: List[Match]) -> List[JudgedFinding]:
    judged = [JudgedFinding(each.finding, NEW if each.known is None else KNOWN) for each in matches]
    return judged + [JudgedFinding(each, ADVICE) for each in suite.findings() if each.cause.is_advisory]


def update(suite: Suite, baseline: Optional[Baseline], root: Path) -> Update:
    """What `--mercury-update` writes: after a complete run what was found, else what there was and what is new."""
    before = baseline or Baseline((), suite.scope)
    matches = match(suite, before.entries, root)
    found = [each.fresh for each in matches]
    is_proof = is_conclusive(suite, before)
    if not is_proof:
        known = {entry.id for entry in before.entries}
        found = [*before.entries, *(entry for entry in found if entry.id not in known)]
    added = sum(each.known is None for each in matches)
    after = Baseline(tuple(sorted(found, key=lambda entry: entry.order)), _scope(suite, before, is_proof, added))
    removed = len(before.entries) + added - len(found) if is_proof else 0
    told = f"the baseline was written: {added} added, {removed} removed, {len(found)} in all"
    return Update(after, added, removed, told + _caution(suite, is_proof, removed))


def _scope(suite: Suite, before: Baseline, is_proof: bool, added: int) -> Tuple[str, ...]:
    """What must run to prove an entry gone: all that has added one."""
    if is_proof:
        return suite.scope
    both = {*before.scope, *(suite.scope if added else ())}
    return (".",) if "." in both else tuple(sorted(both))


def _caution(suite: Suite, is_proof: bool, removed: int) -> str:
    if not is_proof:
        return "; nothing was removed, because not all tests that the baseline is about ran to their end"
    if removed and not _is_whole(suite):
        return "; some tests were skipped or not measured: look whether what was removed is really gone"
    return ""


def is_conclusive(suite: Suite, baseline: Baseline) -> bool:
    """Did this run prove that what it has not found is gone: all tests that the baseline is about, to their end?"""
    is_covered = all(any(_covers(ran, part) for ran in suite.scope) for part in baseline.scope)
    return bool(suite.tests) and suite.is_complete and is_covered


def _covers(ran: str, part: str) -> bool:
    """Folders hold files, files and modules hold tests."""
    return ran in (".", part) or part.startswith((f"{ran}/", f"{ran}::", f"{ran}."))


def _is_whole(suite: Suite) -> bool:
    return not (suite.notes or suite.count(SKIPPED) or any(test.notes for test in suite.tests.values()))
