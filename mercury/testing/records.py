"""Records of tests as lines of text, from the process that ran them to the one that merges."""

import json
from pathlib import Path
from typing import Any, Dict, Set

from mercury.testing.sized_view import SizedView
from mercury.testing.suite import LOST, Cause, Figures, Limit, Queries, Suite, TestResult

_STARTED = "started"
_ENDED = "ended"
_FACTS = "facts"


def started(result: TestResult) -> str:
    """A test begins: all that will be known of it if its process ends first."""
    return _line({_STARTED: result.name, "file": result.file, "line": result.line})


def ended(result: TestResult) -> str:
    """A test with all that it did."""
    return _line({_ENDED: result})


def facts(numbers: Dict[str, int]) -> str:
    """What is to be added up over all processes."""
    return _line({_FACTS: numbers})


def _line(record: Dict[str, Any]) -> str:
    # Data classes are objects of JSON; to copy them first takes most of the time.
    return json.dumps(record, default=vars) + "\n"


def open_tests(path: Path) -> Set[str]:
    """The names of tests that have begun in a process and not ended, so far as its file tells."""
    names: Set[str] = set()
    with path.open("rb") as lines:
        for line in lines:
            try:
                record = json.loads(line)
                if _STARTED in record:
                    names.add(record[_STARTED])
                elif _ENDED in record:
                    names.discard(record[_ENDED]["name"])
            except (AttributeError, LookupError, TypeError, ValueError):
                continue
    return names


class Reader:
    """All records in a folder. `facts` are summed, `unreadable` counts lines that are no records."""

    def __init__(self) -> None:
        self.suite = Suite()
        self.facts: Dict[str, int] = {}
        self.unreadable = 0

    def read(self, folder: Path) -> Suite:
        """Merges the records of every process; a test that began and did not end is LOST."""
        for path in sorted(folder.glob("*.jsonl")):
            self._read_process(path)
        return self.suite

    def _read_process(self, path: Path) -> None:
        open_tests: Dict[str, TestResult] = {}
        with path.open("rb") as lines:
            for line in lines:
                try:
                    self._read_record(json.loads(line), open_tests)
                except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError):
                    self.unreadable += 1
        for lost in open_tests.values():
            self.suite.add(lost)

    def _read_record(self, record: Dict[str, Any], open_tests: Dict[str, TestResult]) -> None:
        if _STARTED in record:
            name = record[_STARTED]
            open_tests[name] = TestResult(name, record["file"], record["line"], LOST)
        elif _ENDED in record:
            result = _result(record[_ENDED])
            open_tests.pop(result.name, None)
            self.suite.add(result)
        else:
            for name, number in record[_FACTS].items():
                self.facts[name] = self.facts.get(name, 0) + number


def _result(record: Dict[str, Any]) -> TestResult:
    views = {name: _figures(figures) for name, figures in record["views"].items()}
    causes = [(view, Cause(**cause)) for view, cause in record["causes"]]
    limits = tuple(Limit(*limit) for limit in record["limits"])
    known = {**record, "figures": _figures(record["figures"]), "views": views, "causes": causes, "limits": limits}
    return TestResult(**{**known, "notes": tuple(record["notes"]), "sizes": _sizes(record["sizes"])})


def _sizes(record: Dict[str, Any]) -> Dict[int, Dict[str, SizedView]]:
    # Keys are texts in JSON.
    return {
        int(rows): {name: SizedView.of_record(view) for name, view in views.items()} for rows, views in record.items()
    }


def _figures(record: Dict[str, Any]) -> Figures:
    by_alias = {alias: Queries(*counts) for alias, counts in record["by_alias"].items()}
    return Figures(by_alias, record["response_time_ms"], record["query_time_ms"])
