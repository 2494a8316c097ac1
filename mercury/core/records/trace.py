"""Records of one unit of work: what goes into a trace and what comes out, and what proves a loop."""

from typing import NamedTuple, Tuple


class Frame(NamedTuple):
    code: int
    offset: int
    element: int


class Verdict(NamedTuple):
    loop: int
    depth: int


class Event(NamedTuple):
    """One statement sent to a database. The capture hook appends plain tuples in this order."""

    fingerprint: int
    path: int
    shared: int
    parameters: int
    lane: int
    database: int
    start_ns: int
    duration_ns: int
    flags: int


class Totals(NamedTuple):
    event_count: int
    query_count: int
    transaction_count: int
    failed_count: int
    write_count: int
    duration_ns: int
    group_count: int
    duplicate_count: int
    ungrouped_count: int


class Group(NamedTuple):
    """All queries of one statement from one call path. `fingerprint` is signed, as it crosses."""

    fingerprint: int
    database: int
    path: int
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    operation_count: int
    failed_count: int
    flags: int
    duration_ns: int
    longest_ns: int
    first_event: int
    last_event: int
    distinct_count: int
    loop: int
    loop_depth: int
    outer_loop_depth: int
    proven_count: int


class Duplicate(NamedTuple):
    """One statement sent more than once with the same parameters."""

    fingerprint: int
    database: int
    parameters: int
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    duration_ns: int
    first_event: int
    last_event: int
    place_count: int
    places: Tuple[int, ...]
