"""The form of `.mercury/baseline.json`: entries without line numbers, in an order of their own.

docs/baseline-format.md specifies it. What was merged badly or edited wrongly is refused with words on what to do.
"""

import json
import re
from dataclasses import dataclass
from typing import Any, Callable, Dict, List, NamedTuple, NoReturn, Tuple

from mercury.errors import BaselineError
from mercury.testing.suite import identifier

FORMAT = 1
"""The version of the file's form."""
FINGERPRINTS = 1
"""The version of docs/fingerprint-spec.md, by which the subjects of statements without a model are made."""
IDS = 1
"""The version of the law by which ids are made; see `suite.identifier`."""

MAX_BYTES = 16 << 20

Document = Dict[str, Any]

MIGRATIONS: Dict[int, Callable[[Document], Document]] = {}
"""By an older format, what makes the next one of its document. There is no older format yet."""

ANEW = "Restore it from version control, or delete it and run the whole suite with --mercury-update."

_VERSIONS = {"format": FORMAT, "fingerprints": FINGERPRINTS, "ids": IDS}
_MARKERS = re.compile(rb"(?m)^(?:<{7}|\|{7}|>{7})(?: |\r?$)")


@dataclass(frozen=True)
class Entry:
    """One finding that is known. `number` counts those that share kind, subject, database, file and function from 1.

    `loop` is the file and the function of the loop around it, `code` a digest of the text of both lines, or empty: they
    tell apart what shares an origin, in any order.
    """

    kind: str
    subject: str
    file: str
    function: str
    database: str
    number: int
    loop: str
    count: int
    code: str

    @property
    def origin(self) -> Tuple[str, ...]:
        """As that of a cause."""
        return (self.kind, self.subject, self.database, self.file, self.function)

    @property
    def id(self) -> str:
        return identifier(self.origin, self.number)

    @property
    def order(self) -> Tuple[Any, ...]:
        """Entries of one file stand together."""
        return (self.file, self.function, self.kind, self.subject, self.database, self.number)


class Baseline(NamedTuple):
    """What is known, sorted, and what was asked to run when it was written; see `Suite.scope`."""

    entries: Tuple[Entry, ...] = ()
    scope: Tuple[str, ...] = (".",)


def to_bytes(baseline: Baseline) -> bytes:
    """The same bytes for the same entries, ASCII alone, with a line feed at the end."""
    entries = sorted(baseline.entries, key=lambda entry: entry.order)
    document = {
        **_VERSIONS,
        "scope": list(baseline.scope),
        "findings": [{"id": entry.id, **vars(entry)} for entry in entries],
    }
    return json.dumps(document, indent=2).encode("ascii") + b"\n"


def from_bytes(data: bytes) -> Baseline:
    """The baseline in a file. Raises BaselineError."""
    document = _migrated(_document(data))
    _check_keys(document, (*_VERSIONS, "scope", "findings"), "it")
    for name in ("fingerprints", "ids"):
        if _check_version(document, name) < _VERSIONS[name]:
            _refuse(f'its version of "{name}" was never published')
    scope, findings = document["scope"], document["findings"]
    if type(scope) is not list or not scope or any(type(part) is not str for part in scope):
        _refuse('its "scope" is no list of texts')
    if type(findings) is not list:
        _refuse('its "findings" are no list')
    entries = [_entry(value, index) for index, value in enumerate(findings)]
    _check_unique(entries)
    return Baseline(tuple(sorted(entries, key=lambda entry: entry.order)), tuple(sorted(set(scope))))


def _refuse(why: str, what_to_do: str = ANEW) -> NoReturn:
    raise BaselineError(f"{why}. {what_to_do}")


def _document(data: bytes) -> Document:
    if _MARKERS.search(data):
        _refuse(
            "it holds the markers of a merge conflict",
            "Take either side whole, then run the whole suite with --mercury-update.",
        )
    try:
        document = json.loads(data.decode("utf-8-sig"))
    except UnicodeDecodeError:
        _refuse("it is no UTF-8")
    except json.JSONDecodeError as error:
        _refuse(f"it is no JSON: line {error.lineno}, column {error.colno}")
    except (ValueError, RecursionError):
        _refuse("it is no JSON")
    if type(document) is not dict:
        _refuse("it is no JSON object")
    return dict(document)


def _migrated(document: Document) -> Document:
    version = _check_version(document, "format")
    while version < FORMAT:
        migrate = MIGRATIONS.get(version)
        if migrate is None:
            _refuse(f"its format {version} was never published")
        document = migrate(document)
        version += 1
    return document


def _check_version(document: Document, name: str) -> int:
    version = document.get(name)
    if type(version) is not int or version < 0:
        _refuse(f'its "{name}" is no version')
    if version > _VERSIONS[name]:
        _refuse(
            f'its "{name}" has version {str(version)[:20]}, and this Mercury knows {_VERSIONS[name]}',
            "Upgrade mercury-native to what wrote it.",
        )
    return version


_TEXTS = ("kind", "subject", "file", "function", "database", "loop", "code")
_NUMBERS = ("number", "count")
_KEYS = ("id", *_TEXTS, *_NUMBERS)


def _entry(value: Any, index: int) -> Entry:
    where = f"findings[{index}]"
    if type(value) is not dict:
        _refuse(f"{where} is no object")
    _check_keys(value, _KEYS, where)
    for key in ("id", *_TEXTS):
        if type(value[key]) is not str:
            _refuse(f'the "{key}" of {where} is no text')
    for key in _NUMBERS:
        if type(value[key]) is not int or not 1 <= value[key] < 1 << 53:
            _refuse(f'the "{key}" of {where} is no whole number from 1 on')
    return Entry(**{key: value[key] for key in (*_TEXTS, *_NUMBERS)})


def _check_keys(value: Document, known: Tuple[str, ...], where: str) -> None:
    for key in known:
        if key not in value:
            _refuse(f'{where} has no "{key}"')
    if len(value) > len(known):
        _refuse(f"{where} has a key that is none of {', '.join(known)}")


def _check_unique(entries: List[Entry]) -> None:
    # The id that counts is the one that the words give: who renames a file may rename it here, too.
    seen: Dict[str, int] = {}
    for index, entry in enumerate(entries):
        if entry.id in seen:
            _refuse(
                f"findings[{seen[entry.id]}] and findings[{index}] are one finding",
                "Delete either, then run the whole suite with --mercury-update.",
            )
        seen[entry.id] = index
