"""`report_ready`: sent once for each unit of work that ends, whatever opened it.

Receivers get `sender` (mercury.report.Report, the class) and `report`. What a receiver
raises is logged by Django and changes nothing.
"""

from django.dispatch import Signal

from mercury import _monitor
from mercury.report import Report

report_ready = Signal()


def announce_reports() -> None:
    """Has every finished unit send the signal. Safe to call again."""
    if _announce not in _monitor.listeners:
        _monitor.listeners.append(_announce)


def _announce(report: Report) -> None:
    if report_ready.receivers:
        report_ready.send_robust(sender=Report, report=report)
