"""The library and its twin give the same answers about the same traces, wrong ones too."""

import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from traces import Recorder, random_program

from mercury.core import backend
from mercury.core.pure import loop_proof, trace
from mercury.core.records import TRACE_MAX_LANES
from mercury.errors import MercuryError

if backend().name != "native":
    pytest.skip("the library does not serve, so there is nothing to compare", allow_module_level=True)

from mercury.core import native

INT64 = st.integers(-(1 << 63), (1 << 63) - 1)
SMALL = st.integers(-2, 5)


def outcome(call, *arguments):
    """The result of a call, or its failure in full."""
    try:
        return call(*arguments)
    except MercuryError as error:
        return type(error), str(error), error.position


def results(subject):
    return subject.totals(), subject.groups(), subject.duplicates()


def both():
    return native.Trace(random.getrandbits(64)), trace.Trace(0)


def check_same(recorder, block=1024):
    library, twin = both()
    with library, twin:
        assert results(recorder.feed(library, block)) == results(recorder.feed(twin, block))


@pytest.mark.parametrize("seed", range(300))
def test_realistic_programs(seed):
    check_same(random_program(seed, steps=60 + seed, lanes=1 + seed % 4), block=1 + seed * 7 % 200)


def test_a_long_loop_with_everything_in_it():
    recorder = Recorder()
    with recorder.call("view", 88):
        for row in range(5000):
            recorder.query(row % 3, parameters=row % 700, duration_ns=row)
            recorder.query(9, flags=4)
            with recorder.call("prefetch", 6):
                recorder.send(5, parameters=row)
                recorder.send(5, parameters=row + 1)
    check_same(recorder)


def test_deep_paths():
    recorder = Recorder()

    def walk(depth):
        with recorder.call("walk", 4):
            recorder.query(depth % 5, parameters=depth % 3)
            if depth:
                recorder.at(10)
                walk(depth - 1)
                recorder.at(4)
                recorder.query(1)

    walk(150)
    check_same(recorder)


FRAME = st.tuples(st.integers(1, 3), st.integers(0, 2), st.integers(0, 1))
PATH = st.lists(FRAME, max_size=6)


@settings(max_examples=500, deadline=None)
@given(PATH, PATH, st.integers(-1, 7))
def test_any_two_paths(earlier, later, shared):
    expected = outcome(loop_proof.compare_paths, earlier, later, shared)
    assert outcome(native.compare_paths, earlier, later, shared) == expected


@settings(max_examples=400, deadline=None)
@given(PATH, PATH, PATH, st.integers(0, 6))
def test_paths_that_share_activations(common, earlier, later, shared):
    earlier, later = common + earlier, common + later
    expected = outcome(loop_proof.compare_paths, earlier, later, shared)
    assert outcome(native.compare_paths, earlier, later, shared) == expected


EVENT = st.tuples(
    SMALL | INT64,  # fingerprint
    st.integers(-1, 3) | SMALL | INT64,  # path
    st.just(0) | SMALL | INT64,  # shared
    SMALL | INT64,  # parameters
    st.integers(0, 2) | st.integers(TRACE_MAX_LANES - 1, TRACE_MAX_LANES) | INT64,  # lane
    st.integers(0, 1) | INT64,  # database
    INT64,  # start_ns
    SMALL | INT64,  # duration_ns
    st.integers(0, 15) | INT64,  # flags
)


def flat(rows):
    return array("q", [number for row in rows for number in row])


@settings(max_examples=400, deadline=None)
@given(
    st.lists(st.integers(-9, 9), max_size=40),
    st.lists(st.lists(SMALL | INT64, max_size=6), min_size=1, max_size=3),
    st.lists(st.lists(EVENT, max_size=6), max_size=4),
)
def test_any_numbers(frames, offset_blocks, event_blocks):
    library, twin = both()
    with library, twin:
        for offsets in offset_blocks:
            arguments = (array("q", frames), array("q", offsets))
            assert outcome(library.add_paths, *arguments) == outcome(twin.add_paths, *arguments)
        for events in event_blocks:
            assert outcome(library.add_events, flat(events)) == outcome(twin.add_events, flat(events))
        assert results(library) == results(twin)


VALID_EVENT = st.tuples(
    st.integers(0, 2),  # fingerprint
    st.integers(-1, 3),  # path
    st.integers(0, 3),  # shared, cut to what is legal
    st.integers(0, 3),  # parameters
    st.integers(0, 1),  # lane
    st.integers(0, 1),  # database
    st.just(0),
    st.integers(-1, 3),  # duration_ns
    st.sampled_from([0, 0, 0, 0, 1, 2, 4, 8]),  # flags
)


@settings(max_examples=400, deadline=None)
@given(st.lists(st.lists(FRAME, min_size=1, max_size=4), min_size=4, max_size=4), st.lists(VALID_EVENT, max_size=30))
def test_any_claim_about_activations(paths, events):
    """Also claims that no program can make, such as one activation of two functions."""
    depths = {}
    legal = []
    for fingerprint, path, shared, parameters, lane, *rest in events:
        length = len(paths[path]) if path >= 0 else 0
        legal.append((fingerprint, path, min(shared, length, depths.get(lane, 0)), parameters, lane, *rest))
        if path >= 0:
            depths[lane] = length
    offsets = array("q", [0])
    for entries in paths:
        offsets.append(offsets[-1] + len(entries))
    library, twin = both()
    with library, twin:
        for subject in (library, twin):
            subject.add_paths(flat(entry for entries in paths for entry in entries), offsets)
            subject.add_events(flat(legal))
        assert results(library) == results(twin)


def test_limits_are_reached_alike():
    frames = array("q", bytes(24 * 20))
    library, twin = both()
    with library, twin:
        for count in (16000, 300, 84, 1, 0):
            offsets = array("q", [number % 2 * 3 for number in range(count + 1)])
            legal = array("q", [0]) if count == 0 else array("q", range(min(count, 20) + 1))
            assert outcome(library.add_paths, frames, offsets) == outcome(twin.add_paths, frames, offsets)
            assert outcome(library.add_paths, frames, legal) == outcome(twin.add_paths, frames, legal)
        many = array("q")
        for number in range(20000):
            many.extend((number, 0, 0, 1 + number % 9, number % TRACE_MAX_LANES, 0, 0, 1, 0))
        library.add_events(many)
        twin.add_events(many)
        assert results(library) == results(twin)
