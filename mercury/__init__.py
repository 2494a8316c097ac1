"""Mercury finds the database work that makes Django and Python applications slow.

    import mercury

    with mercury.monitor("front page") as watch:
        ...
    print(watch.report)

Importing this package loads neither Django nor cffi; each name below is loaded at first use.
"""

from mercury._version import __version__

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from typing import Any, List

    from mercury._monitor import PerformanceMonitor, monitor
    from mercury.analysis import analyze
    from mercury.batch import fingerprint_batch, normalize_batch
    from mercury.comparison import compare
    from mercury.histogram import Histogram
    from mercury.query import fingerprint, normalize
    from mercury.segment import Segment
    from mercury.suppression.audit import check_ignores
    from mercury.suppression.block import ignore
    from mercury.testing.growing import growth

    backend: str
    backend_reason: str

__all__ = [
    "Histogram",
    "PerformanceMonitor",
    "Segment",
    "__version__",
    "analyze",
    "backend",
    "backend_reason",
    "check_ignores",
    "compare",
    "fingerprint",
    "fingerprint_batch",
    "growth",
    "ignore",
    "monitor",
    "normalize",
    "normalize_batch",
]

_HOMES = {
    "Histogram": "mercury.histogram",
    "PerformanceMonitor": "mercury._monitor",
    "Segment": "mercury.segment",
    "analyze": "mercury.analysis",
    "check_ignores": "mercury.suppression.audit",
    "compare": "mercury.comparison",
    "fingerprint": "mercury.query",
    "fingerprint_batch": "mercury.batch",
    "growth": "mercury.testing.growing",
    "ignore": "mercury.suppression.block",
    "monitor": "mercury._monitor",
    "normalize": "mercury.query",
    "normalize_batch": "mercury.batch",
}


def __getattr__(name: str) -> "Any":
    home = _HOMES.get(name)
    if home is not None:
        from importlib import import_module

        value = getattr(import_module(home), name)
        globals()[name] = value
        return value
    if name in ("backend", "backend_reason"):
        from mercury.core import backend as load

        loaded = load()
        return loaded.name if name == "backend" else loaded.reason
    raise AttributeError(f"module 'mercury' has no attribute {name!r}")


def __dir__() -> "List[str]":
    return sorted(set(globals()) | set(__all__))
