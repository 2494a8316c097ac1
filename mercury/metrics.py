"""The figures of one unit of work."""

from typing import Any, Dict, NamedTuple, Optional


class PerformanceMetrics(NamedTuple):
    """Figures of one unit. None means "not measured", which is not the same as 0.

    `memory_usage_mb` is the resident memory of the whole process in MiB at most 100 ms before
    the unit closed: it belongs to no single request. `cpu_time_ms` is the time that the thread
    which opened the unit spent computing; None where another thread closed it.
    `query_count` leaves out transaction control, which `transaction_count` counts.
    """

    response_time_ms: float
    cpu_time_ms: Optional[float]
    memory_usage_mb: Optional[float]
    query_count: int
    transaction_count: int
    query_time_ms: float
    cache_hits: Optional[int]
    cache_misses: Optional[int]
    n_plus_one_detected: bool

    def as_dict(self) -> Dict[str, Any]:
        return dict(self._asdict())
