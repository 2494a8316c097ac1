"""One ignore: what it is about, why, whose it is, and how long it holds.

Wherever it is written, it has kinds and a reason. What lacks them ignores nothing: an
ignore that nobody can explain is how real findings disappear.
"""

import datetime
import difflib
import re
from dataclasses import dataclass
from typing import Any, Iterable, Optional, Tuple

from mercury.findings import Finding

KINDS = (
    "n_plus_one",
    "write_loop",
    "nested",
    "repeating_pattern",
    "repeated_in_loop",
    "duplicate",
    "slow_query",
    "unused_eager_load",
    "consecutive_independent",
)
"""Kinds of findings that may be ignored."""

MAX_TEXT = 200
"""Characters of a reason or an owner that are kept."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


class BrokenIgnore(ValueError):
    """An ignore that cannot be used; the message says why and quotes nothing."""


@dataclass(frozen=True)
class Rule:
    """One ignore that is well formed. `where` says where it is written; it holds through the day `until`."""

    kinds: Tuple[str, ...]
    reason: str
    owner: str
    until: Optional[datetime.date]
    where: str

    def is_expired(self, today: datetime.date) -> bool:
        return self.until is not None and self.until < today

    def covers(self, finding: Finding) -> bool:
        """Whether it is about findings of this kind."""
        return finding.kind in self.kinds

    def __str__(self) -> str:
        notes = [self.owner] if self.owner else []
        if self.until is not None:
            notes.append(f"until {self.until.isoformat()}")
        return f"{self.reason} ({', '.join(notes)})" if notes else self.reason


def make(kinds: Iterable[Any], reason: Any, owner: Any, until: Any, where: str) -> Rule:
    """A rule of values that anybody may have written. Raises BrokenIgnore."""
    names = tuple(kinds)
    if not names:
        raise BrokenIgnore("it names no kind of finding")
    for name in names:
        if type(name) is not str or name not in KINDS:
            raise BrokenIgnore(_unknown_kind(name))
    return Rule(names, _reason(reason), _text(owner, "owner"), date(until), where)


def date(value: Any) -> Optional[datetime.date]:
    """A day: a date, or a text as 2027-01-31. Raises BrokenIgnore."""
    if value is None or type(value) is datetime.date:
        return value
    if type(value) is str and _DATE.fullmatch(value):
        try:
            return datetime.date.fromisoformat(value)
        except ValueError:
            pass
    raise BrokenIgnore("`until` is no day of the form 2027-01-31")


def _reason(value: Any) -> str:
    reason = _text(value, "reason")
    if not reason:
        raise BrokenIgnore("it gives no reason")
    return reason


def _text(value: Any, name: str) -> str:
    if value is None:
        return ""
    if type(value) is not str:
        raise BrokenIgnore(f"its {name} is no text")
    shown = "".join(character if character.isprintable() else " " for character in value[: MAX_TEXT + 1])
    return " ".join(shown.split())[:MAX_TEXT]


def _unknown_kind(name: Any) -> str:
    close = difflib.get_close_matches(name[:40].lower(), KINDS, 1) if type(name) is str else []
    hint = f'did you mean "{close[0]}"?' if close else f"known are {', '.join(KINDS)}"
    return f"it names something that is no kind of finding; {hint}"
