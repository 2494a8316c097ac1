"""Records of metrics in memory that processes share."""

from typing import NamedTuple

from mercury.core.records import SEGMENT_MERGED


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
