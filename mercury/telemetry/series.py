"""The series that Mercury keeps: names, units and attributes after OpenTelemetry's semantic conventions.

Times are recorded in nanoseconds and exported in seconds. An attribute holds a route, never a path; a
summary of a statement, never its text; an alias, never an address.
"""

from typing import Dict, NamedTuple, Optional, Tuple

COUNTER = "counter"
HISTOGRAM = "histogram"

REQUEST_DURATION = "http.server.request.duration"
QUERY_DURATION = "db.client.operation.duration"
UNIT_DURATION = "mercury.unit.duration"
QUERIES = "mercury.queries"
FINDINGS = "mercury.findings"
CACHE_HITS = "mercury.cache.hits"
CACHE_MISSES = "mercury.cache.misses"
UNITS = "mercury.units"
DROPPED_UNITS = "mercury.dropped_units"
FAULTS = "mercury.faults"
OVERHEAD = "mercury.overhead.duration"
TURNS = "mercury.capture.turns"


class Instrument(NamedTuple):
    """`unit` is the exported one, in UCUM's words; `scale` is how many recorded ones it holds."""

    kind: str
    unit: str
    scale: int
    description: str


_SECONDS = ("s", 1_000_000_000)

INSTRUMENTS: Dict[str, Instrument] = {
    REQUEST_DURATION: Instrument(HISTOGRAM, *_SECONDS, "Duration of HTTP server requests."),
    QUERY_DURATION: Instrument(HISTOGRAM, *_SECONDS, "Duration of database client operations."),
    UNIT_DURATION: Instrument(HISTOGRAM, *_SECONDS, "Duration of tasks, commands and blocks."),
    QUERIES: Instrument(COUNTER, "{query}", 1, "Queries of units, without transaction control."),
    FINDINGS: Instrument(COUNTER, "{finding}", 1, "Findings in units that were traced in full."),
    CACHE_HITS: Instrument(COUNTER, "{key}", 1, "Keys that caches had."),
    CACHE_MISSES: Instrument(COUNTER, "{key}", 1, "Keys that caches had not."),
    UNITS: Instrument(COUNTER, "{unit}", 1, "Units of work, by how they were captured."),
    DROPPED_UNITS: Instrument(COUNTER, "{unit}", 1, "Units whose figures were lost."),
    FAULTS: Instrument(COUNTER, "{fault}", 1, "Faults of Mercury's own, of which the application saw nothing."),
    OVERHEAD: Instrument(HISTOGRAM, *_SECONDS, "Time that Mercury took within a unit, as it measures itself."),
    TURNS: Instrument(COUNTER, "{turn}", 1, "Changes of capture by the circuit breaker."),
}

MAX_SERIES = 2000
"""Of one process; more go into one series of their name, as OpenTelemetry's cardinality limit has it."""

BOUNDED = frozenset((UNITS, DROPPED_UNITS, FAULTS, OVERHEAD, TURNS))
"""Instruments that have few series whatever the application does. There is always room for them."""

Attributes = Tuple[Tuple[str, str], ...]

OVERFLOW: Attributes = (("otel.metric.overflow", "true"),)

OTHER = "_OTHER"
"""What the conventions put for a value outside of their list."""

_LONGEST_NAME = 200
_METHODS = frozenset(("CONNECT", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT", "QUERY", "TRACE"))
_SCHEMES = frozenset(("http", "https"))
_SYSTEMS = {
    "microsoft": "microsoft.sql_server",
    "mssql": "microsoft.sql_server",
    "mysql": "mysql",
    "oracle": "oracle.db",
    "postgresql": "postgresql",
    "sqlite": "sqlite",
}


class Exchange(NamedTuple):
    """One request and its response, as attributes know them. `route` is None where no view was found."""

    method: str
    scheme: str
    route: Optional[str]
    status: Optional[int]
    error: Optional[str]


def exchange(method: object, scheme: object, route: Optional[str], status: object, error: Optional[str]) -> Exchange:
    """What a request and its response are to attributes, whatever the client and the application sent."""
    return Exchange(
        method if isinstance(method, str) and method in _METHODS else OTHER,
        scheme if isinstance(scheme, str) and scheme in _SCHEMES else "",
        route,
        status if isinstance(status, int) and 100 <= status <= 599 else None,
        error,
    )


def error_type(error: Optional[BaseException]) -> Optional[str]:
    """The name of an exception's class as `error.type` has it; None without one."""
    if error is None:
        return None
    kind = type(error)
    name = str(kind.__qualname__)[:_LONGEST_NAME]
    return name if kind.__module__ == "builtins" else f"{kind.__module__}.{name}"[:_LONGEST_NAME]


def is_error(exchanged: Exchange) -> bool:
    """Did the server fail? What the client did wrong is no error of the server's."""
    return exchanged.error is not None or (exchanged.status or 0) >= 500


def of_request(exchanged: Exchange) -> Attributes:
    """Attributes of `http.server.request.duration`."""
    status = None if exchanged.status is None else str(exchanged.status)
    error = exchanged.error or (status if is_error(exchanged) else None)
    return _present(
        ("http.request.method", exchanged.method),
        ("url.scheme", exchanged.scheme),
        ("http.route", exchanged.route),
        ("http.response.status_code", status),
        ("error.type", error),
    )


def of_unit(workload: str, name: str, route: Optional[str]) -> Attributes:
    """Attributes of what is counted for each unit: a request goes by its route, anything else by its name."""
    if workload == "request":
        return _present(("mercury.workload", workload), ("http.route", route))
    return (("mercury.workload", workload), ("mercury.unit.name", name))


def of_query(vendor: str, alias: str, summary: str, has_failed: bool) -> Attributes:
    """Attributes of `db.client.operation.duration`."""
    return _present(
        ("db.system.name", _SYSTEMS.get(vendor, "other_sql")),
        ("db.namespace", alias),
        ("db.query.summary", summary),
        ("error.type", OTHER if has_failed else None),
    )


def _present(*attributes: Tuple[str, Optional[str]]) -> Attributes:
    """Those that have a value: the conventions leave out what is not known."""
    return tuple((name, value) for name, value in attributes if value)
