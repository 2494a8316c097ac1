"""The figures of one unit of work."""

from typing import Any, Dict, NamedTuple, Optional


class PerformanceMetrics(NamedTuple):
    """Figures of one unit. None means "not measured", which is not the same as 0.

    `memory_usage_mb` is the resident memory of the whole process in MiB at most 100 ms before
    the unit closed: it belongs to no single request. `cpu_time_ms` is the time that the thread
    which opened the unit spent computing; None where another thread closed it.
    `process_memory_change_mb` is by how much that memory has grown over the unit, whoever in the process
    caused it; None where the unit ended before it was read again. `traced_memory_mb` is what Python
    allocated meanwhile and still held at the end, for `monitor(memory=True)`.
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
    process_memory_change_mb: Optional[float] = None
    traced_memory_mb: Optional[float] = None

    def as_dict(self) -> Dict[str, Any]:
        return dict(self._asdict())
