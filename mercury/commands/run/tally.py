"""What many units of work add up to: kept in each process of `mercury run`, handed over, and merged.

Units of one name are summed. Of findings with one cause the most expensive stands for all,
because its words hold its own figures.
"""

import json
from dataclasses import asdict, dataclass, field, fields
from typing import Any, Dict, Iterator, List, Mapping, Tuple

from mercury.commands.run.record_kinds import FINDING, IGNORES, PEAK, ROWS, UNIT
from mercury.findings import Finding
from mercury.report import Report

MAX_UNITS = 1000
MAX_FINDINGS = 1000
MAX_SENTENCES = 20
MAX_IGNORES = 10_000
OTHERS = "(others)"
"""The name under which units are summed whose names first came after MAX_UNITS others."""

Key = Tuple[str, str, str, int, str, int, int]

_FIELDS = {each.name for each in fields(Finding)}


def cause(finding: Finding) -> Key:
    """What makes two findings of different units one."""
    return (
        finding.kind,
        finding.database,
        finding.file,
        finding.line,
        finding.loop_file,
        finding.loop_line,
        finding.fingerprint,
    )


@dataclass
class Found:
    """One cause in the units of one name; `units` counts those in which it was found."""

    units: int = 0
    count: int = 0
    duration_ns: int = 0


@dataclass
class UnitTally:
    """All units of one name."""

    times: int = 0
    response_time_ms: float = 0.0
    query_count: int = 0
    transaction_count: int = 0
    query_time_ms: float = 0.0
    found: Dict[Key, Found] = field(default_factory=dict)
    sentences: Dict[str, Dict[str, int]] = field(default_factory=dict)
    """By kind, "not_measured", "ignored", "stale" or "exceeded": each sentence, and how many of the units say it."""


class Tally:
    """Units by name and findings by cause, both bounded; `dropped_findings` counts what came after that.

    `ignores` says by the place of each ignore whether it has ignored anything so far. `rows` has the rows that units
    read, by name, and `peaks` the most bytes that any process of a name held, both where they are counted.
    """

    def __init__(self) -> None:
        self.ignores: Dict[str, bool] = {}
        self.units: Dict[str, UnitTally] = {}
        self.findings: Dict[Key, Finding] = {}
        self.dropped_findings = 0
        self.rows: Dict[str, int] = {}
        self.peaks: Dict[str, int] = {}
        self._numbers: Dict[Key, int] = {}

    def add_report(self, report: Report) -> List[Dict[str, Any]]:
        """Adds one unit; gives the records that tell another process of it."""
        records = []
        found: Dict[Key, Found] = {}
        for finding in report.findings:
            if self._add_finding(finding):
                records.append(self._finding_record(cause(finding)))
            if cause(finding) in self.findings:
                _add_found(found, cause(finding), Found(0, finding.count, finding.duration_ns))
        for each in found.values():
            each.units = 1
        metrics = report.metrics
        unit = UnitTally(
            1,
            metrics.response_time_ms,
            metrics.query_count,
            metrics.transaction_count,
            metrics.query_time_ms,
            found,
            _sentences(report),
        )
        self.add_unit(report.name, unit)
        records.append(self._unit_record(report.name, unit))
        seen = {**dict.fromkeys(report.idle, False), **{each.rule.where: True for each in report.ignored}}
        news = self.add_ignores(seen)
        return [*records, {IGNORES: news}] if news else records

    def add_ignores(self, seen: Dict[str, bool]) -> Dict[str, bool]:
        """Adds what units had of ignores; gives what was not known before."""
        news = {where: used for where, used in seen.items() if where not in self.ignores or self.ignores[where] < used}
        for where, used in news.items():
            if where in self.ignores or len(self.ignores) < MAX_IGNORES:
                self.ignores[where] = used
        return news

    def add_unit(self, name: str, unit: UnitTally) -> None:
        """Adds the sums of units of one name."""
        total = self.units.setdefault(_bounded(name, self.units), UnitTally())
        total.times += unit.times
        total.response_time_ms += unit.response_time_ms
        total.query_count += unit.query_count
        total.transaction_count += unit.transaction_count
        total.query_time_ms += unit.query_time_ms
        for kind, sentences in unit.sentences.items():
            _add_sentences(total.sentences.setdefault(kind, {}), sentences)
        for key, found in unit.found.items():
            _add_found(total.found, key, found)

    def add_rows(self, name: str, count: int) -> List[Dict[str, Any]]:
        """Adds rows to units of one name; gives the records that tell another process of it."""
        name = _bounded(name, self.rows)
        self.rows[name] = self.rows.get(name, 0) + count
        return [{ROWS: name, "count": count}]

    def add_peak(self, name: str, size_bytes: int) -> List[Dict[str, Any]]:
        """The same for what a process held at most."""
        name = _bounded(name, self.peaks)
        self.peaks[name] = max(self.peaks.get(name, 0), size_bytes)
        return [{PEAK: name, "bytes": size_bytes}]

    def records(self) -> Iterator[Dict[str, Any]]:
        """All of it, as records."""
        for key in self.findings:
            yield self._finding_record(key)
        for name, unit in self.units.items():
            yield self._unit_record(name, unit)
        if self.ignores:
            yield {IGNORES: self.ignores}
        yield from ({ROWS: name, "count": count} for name, count in self.rows.items())
        yield from ({PEAK: name, "bytes": size_bytes} for name, size_bytes in self.peaks.items())

    def merge(self, other: "Tally") -> None:
        """Adds the tally of another process."""
        for finding in other.findings.values():
            self._add_finding(finding)
        for name, unit in other.units.items():
            self.add_unit(name, unit)
        self.add_ignores(other.ignores)
        for name, count in other.rows.items():
            self.add_rows(name, count)
        for name, size_bytes in other.peaks.items():
            self.add_peak(name, size_bytes)
        self.dropped_findings += other.dropped_findings

    def _add_finding(self, finding: Finding) -> bool:
        """Keeps the finding if it is the first or the most expensive of its cause, and says whether it did."""
        key = cause(finding)
        known = self.findings.get(key)
        if known is None and len(self.findings) >= MAX_FINDINGS:
            self.dropped_findings += 1
            return False
        if known is not None and known.count >= finding.count:
            return False
        self.findings[key] = finding
        self._numbers.setdefault(key, len(self._numbers))
        return True

    def _finding_record(self, key: Key) -> Dict[str, Any]:
        return {FINDING: self._numbers[key], "is": asdict(self.findings[key])}

    def _unit_record(self, name: str, unit: UnitTally) -> Dict[str, Any]:
        figures = [unit.times, unit.response_time_ms, unit.query_count, unit.transaction_count, unit.query_time_ms]
        found = [[self._numbers[key], each.units, each.count, each.duration_ns] for key, each in unit.found.items()]
        return {UNIT: name, "figures": figures, "found": found, "sentences": unit.sentences}


def _bounded(name: str, totals: Mapping[str, Any]) -> str:
    """The name, or OTHERS where the totals have no room for a new one."""
    return name if name in totals or len(totals) < MAX_UNITS else OTHERS


def _sentences(report: Report) -> Dict[str, Dict[str, int]]:
    """What a report says beside its findings."""
    ignored = (f"{each.finding.kind} {each.finding.target}: {each.rule}" for each in report.ignored)
    said = {
        "not_measured": report.notes,
        "ignored": ignored,
        "stale": report.stale,
        "exceeded": report.exceeded,
    }
    counted = {kind: dict.fromkeys(sentences, 1) for kind, sentences in said.items()}
    return {kind: sentences for kind, sentences in counted.items() if sentences}


def _add_sentences(totals: Dict[str, int], sentences: Dict[str, int]) -> None:
    for sentence, times in sentences.items():
        if sentence in totals or len(totals) < MAX_SENTENCES:
            totals[sentence] = totals.get(sentence, 0) + times


def _add_found(totals: Dict[Key, Found], key: Key, found: Found) -> None:
    total = totals.setdefault(key, Found())
    total.units += found.units
    total.count += found.count
    total.duration_ns += found.duration_ns


def total(found: Dict[str, Found]) -> Found:
    """One cause over the units of all names."""
    return Found(
        sum(each.units for each in found.values()),
        sum(each.count for each in found.values()),
        sum(each.duration_ns for each in found.values()),
    )


def lines(records: Any) -> str:
    """Records as text: one JSON object a line, in ASCII."""
    return "".join(json.dumps(record) + "\n" for record in records)


class TallyReader:
    """Builds the tally of one process again from its records."""

    def __init__(self) -> None:
        self.tally = Tally()
        self._keys: Dict[int, Key] = {}

    def read(self, record: Dict[str, Any]) -> None:
        """Takes one record of `Tally`. Raises KeyError, TypeError or ValueError where it is none."""
        if FINDING in record:
            told = {name: _frozen(value) for name, value in record["is"].items() if name in _FIELDS}
            finding = Finding(**told)
            self._keys[record[FINDING]] = cause(finding)
            self.tally._add_finding(finding)
        elif UNIT in record:
            found = {self._keys[number]: Found(*figures) for number, *figures in record["found"]}
            unit = UnitTally(*record["figures"])
            unit.found, unit.sentences = found, record["sentences"]
            self.tally.add_unit(record[UNIT], unit)
        elif ROWS in record:
            self.tally.add_rows(record[ROWS], int(record["count"]))
        elif PEAK in record:
            self.tally.add_peak(record[PEAK], int(record["bytes"]))
        elif IGNORES in record:
            self.tally.add_ignores({str(where): used is True for where, used in record[IGNORES].items()})


def _frozen(value: Any) -> Any:
    # JSON knows no tuples.
    return tuple(value) if isinstance(value, list) else value
