"""What crosses between Python and the core, for both backends: numbers and records.

The C header is the manual for every value here; a test holds the two against each
other. Records are made of integers, because one array of 64-bit integers carries
them across in one call.
"""

from typing import NamedTuple, Tuple

DIALECTS = {
    "generic": 0,
    "postgresql": 1,
    "mysql": 2,
    "sqlite": 3,
    "oracle": 4,
    "mssql": 5,
}
"""Dialect names, as users write them, with the core's numbers."""

TOKEN_WORD = 1
TOKEN_QUOTED = 2
TOKEN_STRING = 3
TOKEN_NUMBER = 4
TOKEN_PLACEHOLDER = 5
TOKEN_OPERATOR = 6
TOKEN_PUNCTUATION = 7
TOKEN_COMMENT = 8
TOKEN_DOUBT = 9

SUMMARY_MAX_BYTES = 255
SUMMARY_MAX_TABLES = 64
SUMMARY_MAX_TABLE_BYTES = 5088
SUMMARY_MAX_CTES = 64
SUMMARY_MAX_CTE_BYTES = 2048
SUMMARY_MAX_NAME_BYTES = 512
SUMMARY_MAX_DEPTH = 256
SUMMARY_VERB = 256
SUMMARY_TABLES = 288
SUMMARY_CAPACITY = 8192

RULE_UNBOUNDED_SELECT = 0
RULE_DEEP_OFFSET = 1
RULE_LEADING_WILDCARD = 2
RULE_ORDER_BY_RANDOM = 3
RULE_NOT_IN_SUBQUERY = 4
RULE_FUNCTION_ON_COLUMN = 5
RULE_CARTESIAN_JOIN = 6
RULE_LONG_IN_LIST = 7
RULE_UNION_DISTINCT = 8
RULE_SELECT_STAR = 9
RULE_LITERAL_VALUE = 10

ADVICE_RULES = 11
ADVICE_DEEP_OFFSET = 1000
ADVICE_LONG_LIST = 1000
ADVICE_MAX_DEPTH = 64
ADVICE_MAX_RELATIONS = 32
ADVICE_MAX_CTES = 32
ADVICE_MAX_NAME_BYTES = 255

LOOP_NONE = 0
LOOP_OPERATION = 1
LOOP_REPEATED = 2
LOOP_CALLED = 3
LOOP_RECURSION = 4

EVENT_FAILED = 1
EVENT_MANY = 2
EVENT_TRANSACTION = 4
EVENT_WRITE = 8

TRACE_MAX_PATHS = 16384
TRACE_MAX_FRAMES = 524288
TRACE_MAX_GROUPS = 16384
TRACE_MAX_PARAMETERS = 131072
TRACE_MAX_LANES = 1024
TRACE_DUPLICATE_PLACES = 4

HISTOGRAM_MIN_SCALE = -10
HISTOGRAM_MAX_SCALE = 8
HISTOGRAM_MAX_BUCKETS = 1024
HISTOGRAM_SUM_WORDS = 35
HISTOGRAM_UNIT_BITS = 1152
HISTOGRAM_MAX_BYTES = 8568

SEGMENT_VERSION = 1
SEGMENT_HEADER_BYTES = 4096
SEGMENT_SLOT_BYTES = 65536
SEGMENT_SLOT_HEAD_BYTES = 64
SEGMENT_MIN_SLOT_BYTES = 4096
SEGMENT_ALIGNMENT_BYTES = 64
SEGMENT_MAX_KEY_BYTES = 1024
SEGMENT_SCALE = 3
SEGMENT_FIRST_INDEX = 79
SEGMENT_BUCKETS = 242

SEGMENT_COUNTER = 1
SEGMENT_HISTOGRAM = 2

SEGMENT_FREE = 0
SEGMENT_WRITER = 1
SEGMENT_RETIRED = 2
SEGMENT_UNKNOWN = 3

SEGMENT_WHOLE = 0
SEGMENT_TORN = 1
SEGMENT_BROKEN = 2
SEGMENT_FOREIGN = 3
SEGMENT_OTHER_VERSION = 4
SEGMENT_OTHER_SIZE = 5

SEGMENT_MERGED = 0
SEGMENT_FULL = 1
SEGMENT_UNSETTLED = 2

COMPARE_MAX_SAMPLES = 10000
COMPARE_MAX_RESAMPLES = 10000
COMPARE_EXACT_SAMPLES = 60


class Token(NamedTuple):
    kind: int
    start: int
    end: int


class Normalized(NamedTuple):
    """A canonical text with its id. `text` is bytes because SQL need not be valid UTF-8."""

    text: bytes
    fingerprint: int
    literal_count: int
    in_doubt: bool


class Summary(NamedTuple):
    """What a statement does and to what, as bytes, without any literal."""

    text: bytes
    verb: bytes
    tables: Tuple[bytes, ...]
    complete: bool


class Advice(NamedTuple):
    """Which rules a text breaks. `counts` and `positions` are by rule number; position -1: not at all."""

    complete: bool
    counts: Tuple[int, ...]
    positions: Tuple[int, ...]


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


class Figures(NamedTuple):
    """What a histogram holds but its buckets. `sum` is in units of 2 ** -HISTOGRAM_UNIT_BITS."""

    scale: int
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    zero_count: int
    first_bucket: int
    bucket_count: int
    minimum_exponent: int
    minimum_significand: int
    maximum_exponent: int
    maximum_significand: int
    sum: int


class SegmentLayout(NamedTuple):
    """What the header of a segment says. Only `state` and `version` are set unless it is WHOLE."""

    state: int
    version: int
    file_bytes: int
    slot_bytes: int
    slot_count: int
    creation_low: int
    creation_high: int
    created_ns: int
    generation: int


class SegmentSlot(NamedTuple):
    """The head of a slot."""

    use: int
    owner_low: int
    owner_high: int
    pid: int
    claimed_ns: int
    generation: int
    folded_into: int


class SegmentSeries(NamedTuple):
    """One series of a slot. Sums and extremes are unsigned words, which cross as signed ones."""

    kind: int
    state: int
    place: int
    key_start: int
    key_bytes: int
    count: int  # type: ignore[assignment]  # the field, not the method of tuples
    sum_low: int
    sum_high: int
    smallest: int
    largest: int
    buckets: int


class SegmentCursor(NamedTuple):
    """Where merging a copy of a slot stands, and what it met."""

    place: int
    end: int = 0
    owner_gone: int = 0
    skip: int = 0
    status: int = SEGMENT_MERGED
    whole_count: int = 0
    torn_count: int = 0
    broken_count: int = 0


class Memory(NamedTuple):
    resident_bytes: int
    peak_bytes: int


def signed(fingerprint: int) -> int:
    """The two's complement of an unsigned 64-bit id, as events carry it."""
    return fingerprint - (1 << 64) if fingerprint >> 63 else fingerprint


def unsigned(fingerprint: int) -> int:
    """The inverse of `signed`."""
    return fingerprint & 0xFFFFFFFFFFFFFFFF


class RankTest(NamedTuple):
    """What a rank test says. Twice the lesser p, at most 1, is the two-sided one."""

    statistic: float
    p_less: float
    p_greater: float
    is_exact: int


class Interval(NamedTuple):
    low: float
    high: float
