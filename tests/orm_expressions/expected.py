"""What every expression must send, by Django's version and by database: `expected.json`, and its figures.

    {"statements": {id: canonical text}, "expressions": {name: [{"on": {database: versions}, "ids": [...]}]}}

An expression whose statements have the same ids everywhere has one entry. `differences.json` gives the reason for each
further one; `tests/test_orm_expressions.py` holds the two files against each other.
"""

import json
from pathlib import Path
from typing import Any, Dict, Iterable, List, NamedTuple, Optional, Tuple

VERSIONS = ("4.2", "5.2", "6.0", "6.1")
VENDORS = ("sqlite", "postgresql")

_FOLDER = Path(__file__).resolve().parent
EXPECTED_FILE = _FOLDER / "expected.json"

Ids = Tuple[str, ...]


class Expected(NamedTuple):
    """The checked-in answer."""

    statements: Dict[str, str]
    """Canonical text by id."""
    ids: Dict[str, Dict[Tuple[str, str], Ids]]
    """By expression, then by version and database: the ids in the order in which they were sent."""

    def of(self, version: str, vendor: str) -> Dict[str, Ids]:
        """What one Django sends to one database; empty for a version that is not in the file."""
        return {name: runs[version, vendor] for name, runs in self.ids.items() if (version, vendor) in runs}

    def text(self, ids: Ids) -> str:
        """The canonical texts behind `ids`, a line each."""
        return "\n".join(self.texts(ids))

    def texts(self, ids: Optional[Ids]) -> List[str]:
        """The canonical texts behind `ids`; one that the file does not know is its id."""
        return [self.statements.get(identity, identity) for identity in ids or ()]


def read() -> Expected:
    """`expected.json`."""
    content = json.loads(EXPECTED_FILE.read_text(encoding="utf-8"))
    ids = {
        name: {
            (version, vendor): tuple(entry["ids"])
            for entry in entries
            for vendor, versions in entry["on"].items()
            for version in versions.split()
        }
        for name, entries in content["expressions"].items()
    }
    return Expected(content["statements"], ids)


def _entries(runs: Dict[Tuple[str, str], Ids]) -> List[Dict[str, Any]]:
    entries = []
    for ids in dict.fromkeys(runs.values()):
        on = {
            vendor: " ".join(version for version in VERSIONS if runs.get((version, vendor)) == ids)
            for vendor in VENDORS
        }
        entries.append({"on": {vendor: versions for vendor, versions in on.items() if versions}, "ids": list(ids)})
    return entries


def section(name: str, items: Dict[str, Any]) -> str:
    """One part of a JSON object, a line for each of its items."""
    lines = (f"  {json.dumps(key)}: {json.dumps(items[key])}" for key in sorted(items))
    return f' "{name}": {{\n' + ",\n".join(lines) + "\n }"


def write(captured: Iterable[Dict[str, Any]]) -> None:
    """Makes `expected.json` out of what `capture.py` gave for every combination."""
    statements: Dict[str, str] = {}
    runs: Dict[str, Dict[Tuple[str, str], Ids]] = {}
    for run in captured:
        for name, sent in run["expressions"].items():
            statements.update({identity: text for _, text, identity in sent})
            runs.setdefault(name, {})[run["version"], run["vendor"]] = tuple(identity for _, _, identity in sent)
    expressions = {name: _entries(of_name) for name, of_name in runs.items()}
    sections = (section("expressions", expressions), section("statements", statements))
    EXPECTED_FILE.write_text("{\n" + ",\n".join(sections) + "\n}\n", encoding="utf-8")


def unexpected(run: Dict[str, Any], expected: Expected) -> List[str]:
    """One text for each expression of a run that is not as expected."""
    wanted = expected.of(run["version"], run["vendor"])
    sent = {name: tuple(identity for _, _, identity in rows) for name, rows in run["expressions"].items()}
    return [
        "\n  ".join(
            [f"{name} ({run['version']}, {run['vendor']})", "expected", *expected.texts(wanted.get(name)), "sent"]
            + [text for _, text, _ in run["expressions"].get(name, ())]
        )
        for name in sorted({*wanted, *sent})
        if wanted.get(name) != sent.get(name)
    ]
