"""Ignores in the settings: by `Model.field`, by a pattern for paths, by fingerprint.

"ignore": [
    {"kinds": ["n_plus_one"], "field": "Book.author", "reason": "three rows at most", "until": "2027-01-31"},
    {"kinds": ["duplicate"], "path": "shop/legacy/*", "reason": "goes with the old shop", "owner": "shop"},
    {"kinds": ["n_plus_one"], "fingerprint": "31aa09d71571ed9e", "reason": "cached by the proxy"},
]
"""

import fnmatch
import re
from dataclasses import dataclass
from typing import Any, Tuple

from mercury.findings import Finding
from mercury.suppression.rule import BrokenIgnore, Rule, make

_KEYS = ("kinds", "field", "path", "fingerprint", "reason", "owner", "until")
_HEX = re.compile(r"[0-9a-f]{16}", re.ASCII)


@dataclass(frozen=True)
class Entry(Rule):
    """A rule of the settings. Each of the last three that is not empty must match."""

    field: str = ""
    path: str = ""
    fingerprint: str = ""

    def covers(self, finding: Finding) -> bool:
        return super().covers(finding) and self._is_field(finding) and self._is_path(finding) and self._is_text(finding)

    def _is_field(self, finding: Finding) -> bool:
        return not self.field or self.field in (finding.model, f"{finding.model}.{finding.field}")

    def _is_path(self, finding: Finding) -> bool:
        return not self.path or any(_matches(file, self.path) for file in (finding.file, finding.loop_file))

    def _is_text(self, finding: Finding) -> bool:
        return not self.fingerprint or self.fingerprint == f"{finding.fingerprint:016x}"


def _matches(file: str, pattern: str) -> bool:
    """The pattern is for the whole path or for its last part: `shop/*` matches /srv/site/shop/views.py."""
    path = file.replace("\\", "/")
    return fnmatch.fnmatchcase(path, pattern) or fnmatch.fnmatchcase(path, f"*/{pattern}")


def parse(value: Any, where: str) -> Entry:
    """The rule that one entry of the settings is. Raises BrokenIgnore."""
    if not isinstance(value, dict):
        raise BrokenIgnore("it is no dict")
    for key in value:
        if type(key) is not str or key not in _KEYS:
            raise BrokenIgnore(f"it has a key that is none of {', '.join(_KEYS)}")
    kinds = value.get("kinds")
    rule = make(_kinds(kinds), value.get("reason"), value.get("owner"), value.get("until"), where)
    field, path = _selector(value, "field"), _selector(value, "path")
    fingerprint = _selector(value, "fingerprint").lower()
    if not (field or path or fingerprint):
        raise BrokenIgnore("it has neither `field` nor `path` nor `fingerprint`")
    if fingerprint and not _HEX.fullmatch(fingerprint):
        raise BrokenIgnore("its fingerprint is not of 16 hexadecimal digits")
    return Entry(rule.kinds, rule.reason, rule.owner, rule.until, rule.where, field, path, fingerprint)


def _kinds(value: Any) -> Tuple[Any, ...]:
    if type(value) is str:
        return (value,)
    if type(value) not in (list, tuple):
        raise BrokenIgnore("it names no kind of finding")
    return tuple(value)


def _selector(value: Any, key: str) -> str:
    found = value.get(key, "")
    if type(found) is not str:
        raise BrokenIgnore(f"its {key} is no text")
    return found
