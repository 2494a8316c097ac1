"""What Mercury measures by itself, always on in production: the figures of every unit, the call paths of some.

    a unit opens    sampling.py    in full, lightly or not at all: dice, suspicion, breaker and switch decide
    a query         light.py       two integers: which statement, how long
    a unit ends     recorder.py    its figures go to the series in one crossing
                    series.py      what the series are: names, units, attributes

It is on where the setting `metrics` is. docs/production.md is the manual.
"""

from typing import TYPE_CHECKING, List

if TYPE_CHECKING:
    from mercury.report import Report
    from mercury.telemetry.exemplars import Exemplar

__all__ = ["kept_reports", "slowest"]


def slowest() -> "List[Exemplar]":
    """The slowest few values of each series that this process has recorded in the last hour."""
    from mercury.telemetry import active

    telemetry = active.current()
    return [] if telemetry is None else telemetry.recorder.exemplars.all()


def kept_reports() -> "List[Report]":
    """The last light units of this process that were slow or failed, newest first."""
    from mercury.telemetry import tail

    return tail.newest_first()
