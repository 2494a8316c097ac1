"""What crosses between Python and the core, for both backends: numbers and records.

The C header is the manual for every value here; a test holds the two against each
other. Records are made of integers, because one array of 64-bit integers carries
them across in one call. Each record's module is loaded at its first use.
"""

TYPE_CHECKING = False  # type checkers know it by its name; to import typing takes longer than all else here
if TYPE_CHECKING:
    from typing import Any

    from mercury.core.records.compare import Interval as Interval
    from mercury.core.records.compare import RankTest as RankTest
    from mercury.core.records.histogram import Figures as Figures
    from mercury.core.records.platform import Memory as Memory
    from mercury.core.records.segment import SegmentCursor as SegmentCursor
    from mercury.core.records.segment import SegmentLayout as SegmentLayout
    from mercury.core.records.segment import SegmentSeries as SegmentSeries
    from mercury.core.records.segment import SegmentSlot as SegmentSlot
    from mercury.core.records.sql import Advice as Advice
    from mercury.core.records.sql import Normalized as Normalized
    from mercury.core.records.sql import Summary as Summary
    from mercury.core.records.sql import Token as Token
    from mercury.core.records.trace import Duplicate as Duplicate
    from mercury.core.records.trace import Event as Event
    from mercury.core.records.trace import Frame as Frame
    from mercury.core.records.trace import Group as Group
    from mercury.core.records.trace import Totals as Totals
    from mercury.core.records.trace import Verdict as Verdict

_HOMES = {
    "Advice": "sql",
    "Duplicate": "trace",
    "Event": "trace",
    "Figures": "histogram",
    "Frame": "trace",
    "Group": "trace",
    "Interval": "compare",
    "Memory": "platform",
    "Normalized": "sql",
    "RankTest": "compare",
    "SegmentCursor": "segment",
    "SegmentLayout": "segment",
    "SegmentSeries": "segment",
    "SegmentSlot": "segment",
    "Summary": "sql",
    "Token": "sql",
    "Totals": "trace",
    "Verdict": "trace",
}

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


def signed(fingerprint: int) -> int:
    """The two's complement of an unsigned 64-bit id, as events carry it."""
    return fingerprint - (1 << 64) if fingerprint >> 63 else fingerprint


def unsigned(fingerprint: int) -> int:
    """The inverse of `signed`."""
    return fingerprint & 0xFFFFFFFFFFFFFFFF


def __getattr__(name: str) -> "Any":
    home = _HOMES.get(name)
    if home is None:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    record = getattr(import_module(f"{__name__}.{home}"), name)
    globals()[name] = record
    return record
