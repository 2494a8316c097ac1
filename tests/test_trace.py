"""What a trace says about programs whose loops are known, over the backend that serves."""

import gc
from array import array

import pytest
from traces import Recorder, random_program

from mercury.core import backend
from mercury.core.records import (
    EVENT_FAILED,
    EVENT_MANY,
    EVENT_TRANSACTION,
    EVENT_WRITE,
    LOOP_CALLED,
    LOOP_NONE,
    LOOP_OPERATION,
    LOOP_RECURSION,
    LOOP_REPEATED,
    TRACE_MAX_FRAMES,
    TRACE_MAX_GROUPS,
    TRACE_MAX_LANES,
    TRACE_MAX_PARAMETERS,
    TRACE_MAX_PATHS,
    Duplicate,
    Group,
    Totals,
)
from mercury.errors import InvalidArgumentError, LimitExceededError

Trace = backend().module.Trace


@pytest.fixture
def recorder():
    return Recorder()


def judge(recorder):
    with Trace(7) as trace:
        recorder.feed(trace)
        return trace.groups()


def test_an_empty_trace_has_nothing():
    with Trace(7) as trace:
        trace.add_paths(array("q"), array("q"))
        trace.add_paths(array("q"), array("q", [0]))
        trace.add_events(array("q"))
        assert trace.totals() == Totals(0, 0, 0, 0, 0, 0, 0, 0, 0)
        assert trace.groups() == []
        assert trace.duplicates() == []


def test_a_loop_in_the_view(recorder):
    with recorder.call("view"):
        for row in range(825):
            recorder.at(88)
            recorder.query(-5, parameters=row + 1)
    assert judge(recorder) == [
        Group(
            fingerprint=-5,
            database=0,
            path=0,
            count=825,
            operation_count=825,
            failed_count=0,
            flags=0,
            duration_ns=8250,
            longest_ns=10,
            first_event=0,
            last_event=824,
            distinct_count=825,
            loop=LOOP_REPEATED,
            loop_depth=0,
            outer_loop_depth=0,
            proven_count=824,
        )
    ]


def test_two_relations_in_one_loop_are_two_groups(recorder):
    with recorder.call("view"):
        for _ in range(3):
            for offset in (88, 96):
                recorder.at(offset)
                recorder.query(1)
    assert [(group.count, group.loop, group.proven_count) for group in judge(recorder)] == [(3, LOOP_REPEATED, 2)] * 2


def test_nested_loops_name_both_frames(recorder):
    with recorder.call("view"):
        for _ in range(2):
            recorder.at(88)
            with recorder.call("helper"):
                for _ in range(3):
                    recorder.at(6)
                    recorder.query(1)
    (group,) = judge(recorder)
    assert (group.loop, group.loop_depth, group.outer_loop_depth, group.proven_count) == (LOOP_REPEATED, 1, 0, 5)


def test_straight_line_code_is_no_loop(recorder):
    with recorder.call("view"):
        for offset in range(0, 40, 8):
            recorder.at(offset)
            with recorder.call("helper", 6):
                recorder.query(1)
    assert {group.loop for group in judge(recorder)} == {LOOP_NONE}


def test_the_nodes_of_a_template_are_not_a_loop_but_the_for_node_is(recorder):
    with recorder.call("view", 88):
        for _ in range(2):
            with recorder.call("for", 30, element=100):
                for node in (101, 102):
                    recorder.at(30, element=node)
                    with recorder.call("render", 12):
                        recorder.query(1)
    groups = judge(recorder)
    assert [group.loop for group in groups] == [LOOP_REPEATED] * 2
    assert {group.loop_depth for group in groups} == {0}


def test_a_batch_is_one_operation(recorder):
    with recorder.call("view", 88), recorder.call("prefetch", 6):
        for row in range(5):
            recorder.send(1, parameters=row + 1)
    (group,) = judge(recorder)
    assert (group.count, group.operation_count, group.loop, group.proven_count) == (5, 1, LOOP_OPERATION, 0)
    assert group.loop_depth == -1


def test_an_operation_that_moves_on_is_one_in_each_of_its_groups(recorder):
    with recorder.call("view", 88), recorder.call("prefetch", 6):
        recorder.send(1)
        recorder.at(20)
        recorder.send(1)
    assert [(group.operation_count, group.loop) for group in judge(recorder)] == [(1, LOOP_NONE), (1, LOOP_OPERATION)]


def test_batches_in_a_loop(recorder):
    with recorder.call("view", 88):
        for _ in range(4):
            with recorder.call("prefetch", 6):
                for _ in range(5):
                    recorder.send(1)
    (group,) = judge(recorder)
    assert (group.count, group.operation_count, group.loop, group.proven_count) == (20, 4, LOOP_REPEATED, 3)


def test_a_handler_within_an_operation(recorder):
    with recorder.call("view", 88), recorder.call("list", 4):
        recorder.send(1)
        for _ in range(2):
            with recorder.call("post_init", 6):
                recorder.query(1)
    outer, inner = judge(recorder)
    assert outer.loop == LOOP_NONE
    assert (inner.loop, inner.loop_depth) == (LOOP_REPEATED, 1)


def test_two_ways_to_one_site_in_one_loop_prove_each_other(recorder):
    with recorder.call("view", 88):
        for name in ("book", "film"):
            with recorder.call(name), recorder.call("author", 6):
                recorder.query(1)
    first, second = judge(recorder)
    assert (first.loop, first.loop_depth, first.proven_count) == (LOOP_CALLED, 0, 0)
    assert (second.loop, second.loop_depth, second.proven_count) == (LOOP_CALLED, 0, 1)


def test_two_sites_in_one_loop_prove_nothing_about_each_other(recorder):
    with recorder.call("view", 88):
        for name in ("book", "film"):
            with recorder.call(name):
                recorder.query(1)
    assert [(group.loop, group.proven_count) for group in judge(recorder)] == [(LOOP_NONE, 0)] * 2


def test_recursion(recorder):
    def walk(depth):
        with recorder.call("walk", 4):
            recorder.query(1)
            if depth:
                recorder.at(10)
                walk(depth - 1)

    with recorder.call("view", 88):
        walk(3)
    groups = judge(recorder)
    assert [(group.loop, group.loop_depth) for group in groups] == [(LOOP_RECURSION, 1)] * 4


def test_two_walks_in_a_row_are_no_recursion(recorder):
    with recorder.call("view"):
        recorder.at(10)
        with recorder.call("walk", 10), recorder.call("walk", 4):
            recorder.query(1)
        recorder.at(20)
        with recorder.call("walk", 4):
            recorder.query(1)
    assert {group.loop for group in judge(recorder)} == {LOOP_NONE}


def test_equal_paths_in_two_threads_loop_somewhere(recorder):
    for recorder.lane in range(2):
        with recorder.call("worker", 6):
            recorder.query(1)
    (group,) = judge(recorder)
    assert (group.loop, group.loop_depth, group.outer_loop_depth) == (LOOP_REPEATED, -1, -1)


def test_threads_keep_their_own_activations():
    recorder = Recorder()
    with recorder.call("view", 88):
        recorder.query(1)
        recorder.lane = 1
        with recorder.call("worker", 6):
            recorder.query(2)
        recorder.lane = 0
        recorder.query(1)
    assert [(group.loop, group.loop_depth) for group in judge(recorder)] == [(LOOP_REPEATED, 0), (LOOP_NONE, -1)]


def test_transactions_are_only_counted_but_their_frames_are_real(recorder):
    with recorder.call("view", 88):
        for _ in range(3):
            recorder.query(1)
            recorder.query(2, parameters=5, flags=EVENT_TRANSACTION)
    with Trace(7) as trace:
        recorder.feed(trace)
        totals = trace.totals()
        (group,) = trace.groups()
        assert trace.duplicates() == []
    assert (totals.event_count, totals.query_count, totals.transaction_count) == (6, 3, 3)
    assert (group.count, group.loop, group.last_event) == (3, LOOP_REPEATED, 4)


def test_duplicates_name_their_places_and_their_first_event(recorder):
    with recorder.call("view"):
        for offset, parameters in enumerate([9, 8, 8, 9, 9, 9, 9, 7]):
            recorder.at(offset)
            recorder.query(1, parameters=parameters)
    with Trace(7) as trace:
        recorder.feed(trace)
        assert trace.duplicates() == [
            Duplicate(1, 0, 9, 5, 50, 0, 6, 5, (0, 3, 4, 5)),
            Duplicate(1, 0, 8, 2, 20, 1, 2, 2, (1, 2, -1, -1)),
        ]
        assert trace.totals().duplicate_count == 2
        assert [group.distinct_count for group in trace.groups()] == [1, 1, 0, 0, 0, 0, 0, 1]


@pytest.mark.parametrize("flags", [EVENT_FAILED, EVENT_MANY, EVENT_WRITE, EVENT_TRANSACTION])
def test_some_events_are_never_duplicates(recorder, flags):
    with recorder.call("view", 88):
        for _ in range(3):
            recorder.query(1, parameters=9, flags=flags)
    with Trace(7) as trace:
        recorder.feed(trace)
        assert trace.duplicates() == []
        assert [group.distinct_count for group in trace.groups()] == ([] if flags == EVENT_TRANSACTION else [3])


def test_a_database_is_part_of_the_statement(recorder):
    with recorder.call("view", 88):
        for database in (0, 1):
            recorder.query(1, parameters=9, database=database)
    with Trace(7) as trace:
        recorder.feed(trace)
        assert [group.loop for group in trace.groups()] == [LOOP_NONE] * 2
        assert trace.duplicates() == []


def test_durations_are_clamped_and_saturate(recorder):
    largest = (1 << 63) - 1
    with recorder.call("view", 88):
        for duration in (-(1 << 63), -1, largest, largest):
            recorder.query(1, parameters=1, duration_ns=duration)
    with Trace(7) as trace:
        recorder.feed(trace)
        assert trace.totals().duration_ns == largest
        assert trace.groups()[0].duration_ns == trace.groups()[0].longest_ns == largest
        assert trace.duplicates()[0].duration_ns == largest


PATH = (array("q", [1, 2, 3, 4, 5, 6]), array("q", [0, 2]))


def event(path=0, shared=0, lane=0, database=0, fingerprint=1, parameters=0):
    return array("q", [fingerprint, path, shared, parameters, lane, database, 0, 1, 0])


def test_a_query_without_a_path_is_counted_as_not_judged():
    with Trace(7) as trace:
        trace.add_events(event(path=-1, lane=TRACE_MAX_LANES, parameters=4) * 2)
        totals = trace.totals()
    assert (totals.query_count, totals.ungrouped_count, totals.group_count, totals.duplicate_count) == (2, 2, 0, 0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"path": 1},
        {"path": -2},
        {"path": (1 << 63) - 1},
        {"path": -(1 << 63)},
        {"shared": -1},
        {"shared": 3},
        {"shared": 1, "lane": 1},
        {"path": -1, "shared": 1},
        {"path": -1, "lane": -1},
        {"lane": -1},
        {"lane": TRACE_MAX_LANES},
        {"database": -1},
    ],
)
def test_a_wrong_event_refuses_its_block(wrong):
    with Trace(7) as trace:
        trace.add_paths(*PATH)
        with pytest.raises(InvalidArgumentError) as caught:
            trace.add_events(event() + event(**wrong) + event(path=77))
        assert caught.value.position == 1
        assert trace.totals().event_count == 0
        trace.add_events(event() + event(shared=2))
        assert trace.totals().event_count == 2


@pytest.mark.parametrize(
    ("offsets", "position"), [([0, 1, 3], 1), ([0, 0], 0), ([0, 2, 1], 1), ([-1, 1], 0), ([0, 1 << 62], 0)]
)
def test_wrong_offsets_refuse_all_paths(offsets, position):
    with Trace(7) as trace:
        with pytest.raises(InvalidArgumentError) as caught:
            trace.add_paths(PATH[0], array("q", offsets))
        assert caught.value.position == position
        with pytest.raises(InvalidArgumentError):
            trace.add_events(event())


@pytest.mark.parametrize(
    "wrong", [array("i", [0] * 18), array("q", [0] * 8), array("d", [0] * 9), [0] * 9, bytes(72), "secret", None]
)
def test_buffers_of_another_kind_are_refused(wrong):
    with Trace(7) as trace:
        with pytest.raises(InvalidArgumentError, match=r"^an argument is out of range$"):
            trace.add_events(wrong)
        with pytest.raises(InvalidArgumentError):
            trace.add_paths(wrong, array("q", [0]))


def test_any_view_of_64_bit_integers_will_do():
    crooked = memoryview(b"\0\0\0\0" + event().tobytes())[4:].cast("q")
    with Trace(7) as trace:
        trace.add_paths(memoryview(PATH[0]), memoryview(PATH[1].tobytes()).cast("q"))
        trace.add_events(crooked)
        assert trace.totals().event_count == 1


def test_paths_are_copied():
    frames, offsets = array("q", PATH[0]), array("q", PATH[1])
    with Trace(7) as trace:
        trace.add_paths(frames, offsets)
        frames[0] = 99
        frames.append(1)
        trace.add_events(event() + event(shared=1))
        assert trace.groups()[0].loop == LOOP_REPEATED


def test_paths_and_frames_have_bounds():
    frames = array("q", bytes(24 * (TRACE_MAX_FRAMES // 2)))
    half = array("q", [0, TRACE_MAX_FRAMES // 2])
    with Trace(7) as trace:
        trace.add_paths(frames, half)
        with pytest.raises(LimitExceededError) as caught:
            trace.add_paths(frames, array("q", range(TRACE_MAX_PATHS + 1)))
        assert caught.value.position == TRACE_MAX_PATHS
        trace.add_paths(frames, array("q", range(TRACE_MAX_PATHS - 1)))
        with pytest.raises(LimitExceededError) as caught:
            trace.add_paths(frames, half)
        assert caught.value.position == TRACE_MAX_FRAMES


def test_groups_and_parameters_have_bounds():
    with Trace(7) as trace:
        trace.add_paths(*PATH)
        block = array("q")
        for number in range(TRACE_MAX_GROUPS + 5):
            block.extend(event(fingerprint=number, parameters=1))
        trace.add_events(block)
        assert trace.totals().group_count == TRACE_MAX_GROUPS
        assert trace.totals().ungrouped_count == 5
        block = array("q")
        for number in range(TRACE_MAX_PARAMETERS):
            block.extend(event(fingerprint=0, parameters=2 + number))
        trace.add_events(block)
        beyond, within = 1 + TRACE_MAX_PARAMETERS, 2
        trace.add_events(event(fingerprint=0, parameters=beyond) * 2 + event(fingerprint=0, parameters=within))
        (found,) = trace.duplicates()
        assert found.parameters == within
        assert trace.groups()[0].distinct_count == TRACE_MAX_PARAMETERS + 3


@pytest.mark.parametrize("seed", [0, 1, (1 << 64) - 1, 1 << 64, -1])
def test_neither_seed_nor_blocks_show_in_results(seed):
    recorder = random_program(11)
    with Trace(7) as one, Trace(seed) as other:
        recorder.feed(one)
        recorder.feed(other, block=1)
        assert one.totals() == other.totals()
        assert one.groups() == other.groups()
        assert one.duplicates() == other.duplicates()


def test_a_closed_trace_refuses_everything_but_close():
    trace = Trace(7)
    recorder = random_program(3)
    recorder.feed(trace)
    trace.close()
    trace.close()
    calls = [
        trace.totals,
        trace.groups,
        trace.duplicates,
        lambda: trace.add_paths(*PATH),
        lambda: trace.add_events(event()),
    ]
    for call in calls:
        with pytest.raises(InvalidArgumentError, match="closed"):
            call()


def test_traces_may_be_forgotten():
    for seed in range(50):
        random_program(seed, steps=10).feed(Trace(seed))
    gc.collect()
