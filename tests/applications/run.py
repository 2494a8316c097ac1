"""Runs the applications, and tells which growing statements Mercury found, missed and invented.

    python3 -m tests.applications.run [--json FILE] [--write] [NAME ...]

Each runs in its environment `.venvs/<name>`; `make applications` makes those. A family of statements grows
where a page sends at least as many more at 2n rows as rows were added. Fails where one is missed or invented.
"""

import argparse
import json
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Dict, List, Set

from tests.applications.driver import ROWS

ROOT = Path(__file__).resolve().parent.parent.parent
PAGE = ROOT / "docs" / "applications.md"
APPLICATIONS = {"pretix": "pretix_shop", "cms": "cms_site"}
GROWING = ("n_plus_one", "nested", "repeating_pattern", "write_loop")
MARK = "<!-- figures -->\n"


@dataclass
class Outcome:
    """What Mercury made of one application; each entry is a line for a person."""

    name: str
    versions: str
    pages: int = 0
    queries: int = 0
    found: List[str] = field(default_factory=list)
    advised: List[str] = field(default_factory=list)
    missed: List[str] = field(default_factory=list)
    invented: List[str] = field(default_factory=list)
    failed: List[str] = field(default_factory=list)


def visits(name: str) -> Dict[str, Any]:
    """What the application's pages sent and what Mercury found, at both sizes; in a process of its own."""
    python = ROOT / ".venvs" / name / "bin" / "python"
    command = [str(python), "-W", "ignore", "-m", "tests.applications.driver", APPLICATIONS[name]]
    finished = subprocess.run(command, cwd=str(ROOT), capture_output=True, check=False)
    if finished.returncode:
        raise SystemExit(f"{name} failed:\n{finished.stderr.decode(errors='replace')[-4000:]}")
    result: Dict[str, Any] = json.loads(finished.stdout)
    return result


def judge(name: str, run: Dict[str, Any]) -> Outcome:
    small, large = run["sizes"]
    outcome = Outcome(name, run["versions"], pages=len(large["pages"]))
    for page, visit in large["pages"].items():
        outcome.queries += sum(visit["counts"].values())
        if visit["status"] != 200:
            outcome.failed.append(f"{page}: status {visit['status']}")
        growing = _growing(small["pages"][page]["counts"], visit["counts"])
        _judge_page(outcome, page, growing, visit["findings"], large["texts"])
    return outcome


def _growing(small: Dict[str, int], large: Dict[str, int]) -> Set[str]:
    return {family for family, count in large.items() if count - small.get(family, 0) >= ROWS}


def _judge_page(
    outcome: Outcome, page: str, growing: Set[str], findings: List[Dict[str, Any]], texts: Dict[str, str]
) -> None:
    claims = {each["fingerprint"]: each for each in findings if each["kind"] in GROWING}
    advice = {each["fingerprint"]: each for each in findings if each["kind"] == "repeated_in_loop"}
    for family in sorted(growing):
        if family in claims:
            outcome.found.append(f"{page}: {_told(claims[family])}")
        elif family in advice:
            outcome.advised.append(f"{page}: {_told(advice[family])}")
        else:
            outcome.missed.append(f"{page}: {texts[family][:100]}")
    outcome.invented += [f"{page}: {_told(claim)}" for family, claim in claims.items() if family not in growing]


def _told(finding: Dict[str, Any]) -> str:
    return f"{finding['kind']} {finding['target']}"


def table(outcomes: List[Outcome]) -> str:
    """The figures, and each statement that was missed, invented or only advised, as Markdown."""
    lines = [
        "| application | pages | queries | growing | found | advice only | missed | invented |",
        "|---|--:|--:|--:|--:|--:|--:|--:|",
    ]
    for each in outcomes:
        counts = [each.found, each.advised, each.missed, each.invented]
        growing = sum(map(len, counts[:3]))
        figures = [str(figure) for figure in (each.pages, each.queries, growing, *map(len, counts))]
        lines.append(f"| {each.versions} | {' | '.join(figures)} |")
    for what in ("advised", "missed", "invented", "failed"):
        told = [f"- {what} in {each.name}, {line}" for each in outcomes for line in getattr(each, what)]
        lines += ["", *told] if told else []
    return "\n".join(lines) + "\n"


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.applications.run", description=__doc__.split("\n")[0])
    parser.add_argument("names", nargs="*", metavar="NAME", help="one of: pretix, cms; all without one")
    parser.add_argument("--json", type=Path, help="write what was sent and found to this file")
    parser.add_argument("--write", action="store_true", help="write the figures into docs/applications.md")
    options = parser.parse_args()
    runs = {name: visits(name) for name in options.names or APPLICATIONS}
    outcomes = [judge(name, run) for name, run in runs.items()]
    if options.json:
        options.json.write_text(json.dumps(runs, indent=1))
    text = table(outcomes)
    if options.write:
        PAGE.write_text(PAGE.read_text().partition(MARK)[0] + MARK + "\n" + text)
    print(text, end="")
    return int(any(each.missed or each.invented or each.failed for each in outcomes))


if __name__ == "__main__":
    sys.exit(main())
