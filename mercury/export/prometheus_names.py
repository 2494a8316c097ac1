"""OpenTelemetry's names as Prometheus has them: "http.server.request.duration" is http_server_request_duration_seconds.

The rules are those of OpenTelemetry's "Prometheus and OpenMetrics Compatibility": what a name may not hold
becomes one underscore, a time gets its unit, a counter ends in _total. Labels that become equal share
one, with their values joined by ";" in the order of their first names.
"""

import re
from typing import Dict

from mercury.export.series import Labels, plain_text

_not_in_names = re.compile(r"[^a-zA-Z0-9:]+").sub
_not_in_labels = re.compile(r"[^a-zA-Z0-9]+").sub


def histogram_name(name: str) -> str:
    """The name of a time."""
    return _ending(_metric_name(name), "_seconds")


def counter_name(name: str) -> str:
    """The name of a counter, with the ending that its samples have."""
    return _ending(_metric_name(name), "_total")


def gauge_name(name: str) -> str:
    """The name of a gauge, which is given no ending."""
    return _metric_name(name)


def label_pairs(labels: Labels) -> Labels:
    """Labels as Prometheus may have them, sorted; values are not yet escaped for a text."""
    found: Dict[str, str] = {}
    for name, value in sorted(labels):
        key = _label_name(name)
        found[key] = f"{found[key]};{plain_text(value)}" if key in found else plain_text(value)
    return tuple(sorted(found.items()))


def _metric_name(name: str) -> str:
    text = _not_in_names("_", name)
    return f"_{text}" if text[:1].isdigit() else text or "_"


def _label_name(name: str) -> str:
    text = _not_in_labels("_", name)
    if text == "le":
        return "exported_le"  # Prometheus's own, for bounds
    return f"key_{text}" if text[:1].isdigit() else text or "_"


def _ending(name: str, ending: str) -> str:
    return name if name.endswith(ending) else name + ending
