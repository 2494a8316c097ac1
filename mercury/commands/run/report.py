"""What `mercury run` tells when the command has ended: for people and for programs."""

import json
import sys
from dataclasses import asdict, replace
from typing import Any, Dict, List

from mercury._version import __version__
from mercury.commands.run.results import Results
from mercury.commands.run.tally import Found, Tally, UnitTally, total
from mercury.commands.run.wording import counted, units
from mercury.findings import Finding
from mercury.metrics import PerformanceMetrics
from mercury.report import Report, console
from mercury.report.document import finding_document
from mercury.report.pen import printable
from mercury.suppression.audit import idle_sentence

MAX_NAMED_UNITS = 10
MAX_PLACES = 3


def render(results: Results, command: str) -> str:
    """The report for a terminal."""
    findings = [replace(finding, why=finding.why + _where(found)) for finding, found in results.findings()]
    report = Report(
        f"run  {command}",
        _metrics(results.tally),
        findings,
        results.not_measured(),
        exceeded=tuple(results.said("exceeded")),
        stale=(*results.said("stale"), *map(idle_sentence, results.idle_ignores())),
    )
    head, _, body = console.render(report, color=console.wants_color(sys.stderr)).partition("\n\n")
    if not results.watching:
        # What nobody measured is not shown as 0 queries.
        return "\n" + head.split("\n")[0] + "\n\n" + body.partition("\n\n")[2]
    ignored = [f"  Ignored: {printable(each)}." for each in results.said("ignored")]
    return "\n".join(["", head, *_unit_lines(results.tally), *_backend_lines(results), "", body, *ignored])


def as_json(results: Results) -> str:
    """The report for programs; docs/command-line.md tells the fields."""
    whole = {
        "version": __version__,
        "processes": results.processes,
        "watched_processes": results.watching,
        "units": [_unit_as_json(name, unit) for name, unit in results.tally.units.items()],
        "findings": [_finding_as_json(finding, found) for finding, found in results.findings()],
        "ignored": results.said("ignored"),
        "exceeded": results.said("exceeded"),
        "not_measured": results.not_measured(),
        "stale_ignores": results.said("stale"),
        "idle_ignores": results.idle_ignores(),
    }
    return json.dumps(whole, indent=2) + "\n"


def _unit_as_json(name: str, unit: UnitTally) -> Dict[str, Any]:
    figures = asdict(replace(unit, found={}, sentences={}))
    del figures["found"], figures["sentences"]
    return {"name": name, **figures}


def _finding_as_json(finding: Finding, found: Dict[str, Found]) -> Dict[str, Any]:
    summed = total(found)
    return {
        **finding_document(finding),
        "total_count": summed.count,
        "total_duration_ms": summed.duration_ns / 1e6,
        "units": {name: each.units for name, each in found.items()},
    }


def _metrics(tally: Tally) -> PerformanceMetrics:
    each = tally.units.values()
    return PerformanceMetrics(
        response_time_ms=sum(unit.response_time_ms for unit in each),
        cpu_time_ms=None,
        memory_usage_mb=None,
        query_count=sum(unit.query_count for unit in each),
        transaction_count=sum(unit.transaction_count for unit in each),
        query_time_ms=sum(unit.query_time_ms for unit in each),
        cache_hits=None,
        cache_misses=None,
        n_plus_one_detected=any(finding.kind == "n_plus_one" for finding in tally.findings.values()),
    )


def _unit_lines(tally: Tally) -> List[str]:
    ranked = sorted(tally.units.items(), key=lambda item: -item[1].query_count)
    lines = []
    for name, unit in ranked[:MAX_NAMED_UNITS]:
        each = "" if unit.times == 1 else f", {unit.query_count / unit.times:,.1f} each"
        figures = f"{counted(unit.query_count, 'query', 'queries')}{each}, {unit.response_time_ms:,.1f} ms"
        lines.append(f"  {units(name, unit.times)}: {figures}")
    if len(ranked) > MAX_NAMED_UNITS:
        lines.append(f"  and {counted(len(ranked) - MAX_NAMED_UNITS, 'other', 'others')}")
    return lines


def _backend_lines(results: Results) -> List[str]:
    twins = [reason for name, reason in results.backends if name != "native"]
    return [f"  The pure-Python twin served: {printable(reason)}." for reason in twins]


def _where(found: Dict[str, Found]) -> str:
    """Behind a finding's reason: in which units, and what it came to in all."""
    summed = total(found)
    ranked = sorted(found.items(), key=lambda item: -item[1].units)
    names = ", ".join(units(name, each.units) for name, each in ranked[:MAX_PLACES])
    others = f" and {len(ranked) - MAX_PLACES:,} others" if len(ranked) > MAX_PLACES else ""
    sums = "" if summed.units == 1 else f", {summed.count:,} queries in all"
    return f"; in {names}{others}{sums}"
