"""The figures of docs/orm-fingerprints.md, out of `expected.json` and `differences.json` alone."""

from collections import Counter
from pathlib import Path
from typing import Dict, List, Tuple

from tests.orm_expressions import reasons
from tests.orm_expressions.expected import VENDORS, VERSIONS, Expected

PAGE = Path(__file__).resolve().parent.parent.parent / "docs" / "orm-fingerprints.md"
BEGIN = "<!-- made by `python3 -m tests.orm_expressions.run --write` -->"
END = "<!-- end -->"
TITLES = {"sqlite": "SQLite", "postgresql": "PostgreSQL"}


def _equal_over_versions(expected: Expected, vendor: str) -> Tuple[int, int]:
    """How many expressions run under two versions or more, and how many of those never change."""
    runs = [[ids for (_, on), ids in runs.items() if on == vendor] for runs in expected.ids.values()]
    known = [ids for ids in runs if len(ids) > 1]
    return sum(len(set(ids)) == 1 for ids in known), len(known)


def _equal_over_databases(expected: Expected, version: str) -> Tuple[int, int]:
    runs = [[runs.get((version, vendor)) for vendor in VENDORS] for runs in expected.ids.values()]
    known = [ids for ids in runs if None not in ids]
    return sum(len(set(ids)) == 1 for ids in known), len(known)


def _names(found: List[str]) -> str:
    topics: Dict[str, List[str]] = {}
    for name in found:
        topic, _, function = name.partition(".")
        topics.setdefault(topic, []).append(function)
    return "; ".join(f"{topic}: {', '.join(functions)}" for topic, functions in topics.items())


def _rows(table: reasons.Table, known: Dict[str, reasons.Reason]) -> List[str]:
    rows = []
    for reason in known:
        found = {
            name: [place for place, names in places.items() if reason in names.split()]
            for name, places in table.items()
        }
        found = {name: places for name, places in found.items() if places}
        places = Counter(place for of_name in found.values() for place in of_name)
        where = ", ".join(f"{place} ({count})" for place, count in sorted(places.items()))
        if found:
            rows.append(f"| {known[reason].text} | {where} | {_names(sorted(found))} |")
    return rows


def figures(expected: Expected) -> str:
    """The part of the page that is made."""
    versions, databases = reasons.read()
    combinations = {(version, vendor) for version in VERSIONS for vendor in VENDORS}
    everywhere = sum(set(runs) == combinations for runs in expected.ids.values())
    only = {vendor: sum({on for _, on in runs} == {vendor} for runs in expected.ids.values()) for vendor in VENDORS}
    lines = [
        f"{len(expected.ids)} expressions; {everywhere} run under all versions on both databases, "
        f"{only['postgresql']} on PostgreSQL only, {only['sqlite']} on SQLite only.",
        "",
        "| compared | equal | of |",
        "|---|---|---|",
    ]
    for vendor in VENDORS:
        equal, known = _equal_over_versions(expected, vendor)
        lines.append(f"| all versions on {TITLES[vendor]} | {equal} | {known} |")
    for version in VERSIONS:
        equal, known = _equal_over_databases(expected, version)
        lines.append(f"| SQLite with PostgreSQL under Django {version} | {equal} | {known} |")
    head = ["| reason | where (expressions) | expressions |", "|---|---|---|"]
    lines += ["", "### Between versions", "", *head, *_rows(versions, reasons.OF_VERSIONS)]
    lines += ["", "### Between databases", "", *head, *_rows(databases, reasons.OF_DATABASES)]
    return "\n".join(lines)


def parts() -> Tuple[str, str, str]:
    """What stands before the made part, that part, and what stands behind it."""
    before, _, rest = PAGE.read_text(encoding="utf-8").partition(f"{BEGIN}\n")
    made, _, behind = rest.partition(f"\n{END}")
    return before, made, behind


def write(expected: Expected) -> None:
    """Puts today's figures into the page."""
    before, _, behind = parts()
    PAGE.write_text(f"{before}{BEGIN}\n{figures(expected)}\n{END}{behind}", encoding="utf-8")
