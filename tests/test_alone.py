"""Statements that all differ: the copy says what the core says, over the backend that serves."""

from array import array

from hypothesis import given
from hypothesis import strategies as st

from mercury.core import alone, backend
from mercury.core.records import EVENT_TRANSACTION

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
EVENTS = st.tuples(
    st.sampled_from((-(1 << 63), -1, 0, 1, (1 << 63) - 1)) | INT64,
    st.integers(-1, 1),
    st.just(0),
    st.integers(0, 1),
    st.integers(0, 2),
    st.integers(0, 1),
    INT64,
    st.integers(-1, 2) | INT64,
    st.integers(0, 15),
)


def flat(events):
    return [value for event in events for value in event]


def asked(events):
    """What the core says of events on two call paths."""
    with backend().module.Trace(7) as trace:
        trace.add_paths(array("q", (1, 2, 3, 4, 5, 6)), array("q", (0, 1, 2)))
        trace.add_events(array("q", flat(events)))
        return trace.totals(), trace.groups(), trace.duplicates()


def come_twice(events):
    """Is there a statement that the core compares with itself?"""
    compared = [event for event in events if event[1] >= 0 and not event[8] & EVENT_TRANSACTION]
    return len({(event[0], event[5]) for event in compared}) < len(compared)


@given(st.lists(EVENTS, max_size=12))
def test_the_copy_is_the_answer_of_the_core(events):
    found = alone.fold(flat(events))
    assert (found is None) == come_twice(events)
    if found is not None:
        assert (*found, []) == asked(events)


def test_many_statements_are_left_to_the_core():
    events = [(number, 0, 0, 0, 0, 0, 0, 1, 0) for number in range(alone.MAX_EVENTS + 1)]
    assert alone.fold(flat(events)) is None
    assert (*alone.fold(flat(events[1:])), []) == asked(events[1:])
