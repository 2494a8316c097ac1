"""One segment among threads, forks, spawned processes and the dead: totals are exact."""

import multiprocessing
import os
import random
import signal
import subprocess
import sys
import threading
import time
from decimal import Decimal
from fractions import Fraction

import pytest

import mercury
from mercury import cli
from mercury.core import backend
from mercury.core.records import SEGMENT_COUNTER, SEGMENT_HISTOGRAM, SEGMENT_RETIRED
from mercury.errors import InvalidArgumentError
from mercury.segment import folding, keys
from mercury.segment.liveness import Locks
from mercury.segment.writer import Writer

SIZE = 4096 + 32 * 65536
NOTHING_LOST = (0, 0, 0, 0, 0)
# How a process starts is the same to both backends, and starting one takes a second.
METHODS = multiprocessing.get_all_start_methods() if backend().name == "native" else ["fork"]


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "private" / "metrics.segment")


@pytest.fixture
def segment(path):
    with mercury.Segment(path, SIZE) as opened:
        yield opened
        assert opened.problem is None


def counters(segment):
    return dict(segment.snapshot().counters())


def histograms(segment):
    return dict(segment.snapshot().histograms())


def test_counters_and_histograms(segment):
    segment.counter("requests", route="/a", status=200).add(2)
    segment.counter("requests", status=200, route="/a").add()
    segment.counter("requests").add(0)
    latency = segment.histogram("latency")
    for value in (0, 1_000, 5_000_000, -3):
        latency.record(value)
    segment.histogram("latency", route="\ud800").record(7)
    assert counters(segment) == {("requests", ()): 0, ("requests", (("route", "/a"), ("status", "200"))): 3}
    found = histograms(segment)
    assert set(found) == {("latency", ()), ("latency", (("route", "\\xed\\xa0\\x80"),))}
    figures = found["latency", ()]
    assert (figures.count, figures.sum, figures.min, figures.max) == (4, 5_001_000, 0, 5_000_000)
    assert (figures.zero_count, sum(figures.counts)) == (2, 2)
    # 5 ms are 2 ** (178.02 / 8) ns.
    assert figures.counts[178 - figures.first_index] == 1
    assert (figures.scale, figures.zero_index, len(figures.counts)) == (3, 79, 241)
    assert abs(segment.snapshot().created_ns - time.time_ns()) < 3600e9
    assert segment.snapshot().losses == NOTHING_LOST


def test_many_values_at_once(segment):
    series = [segment.histogram("h", n=n) for n in range(50)] + [segment.counter("c", n=n) for n in range(50)]
    for _ in range(3):
        segment.record([(one, 10) for one in series])
    segment.record([])
    assert [figures.sum for figures in histograms(segment).values()] == [30] * 50
    assert list(counters(segment).values()) == [30] * 50


WRONG_VALUES = [1.5, "1", None, 1 << 63, -(1 << 64), object(), Decimal("1.5"), Decimal("nan"), Fraction(3, 2)]


@pytest.mark.parametrize("value", WRONG_VALUES)
def test_wrong_values_are_refused_whole(segment, value):
    histogram, counter = segment.histogram("h"), segment.counter("c")
    for call in (histogram.record, counter.add, lambda wrong: segment.record([(counter, 1), (histogram, wrong)])):
        with pytest.raises(InvalidArgumentError):
            call(value)
    counter.add(1)
    assert list(counters(segment).values()) == [1]


def test_wrong_series_are_refused(segment, tmp_path):
    with pytest.raises(InvalidArgumentError):
        segment.counter("c").add(-1)
    with mercury.Segment(str(tmp_path / "other"), SIZE) as other, pytest.raises(InvalidArgumentError):
        segment.record([(other.counter("c"), 1)])
    for name, labels in (
        ([], {}),
        (5, {"b": []}),
        ("a", {"b": None}),
        ("a", {"b": 1.0}),
        ("other", {}),
        ("mercury.torn", {}),
    ):
        with pytest.raises(InvalidArgumentError):
            segment.counter(name, **labels)


def test_any_word_is_a_label(segment):
    segment.counter("c", name="n", self="s", kind="k").add(1)
    segment.histogram("h", name=1).record(1)
    assert list(counters(segment)) == [("c", (("kind", "k"), ("name", "n"), ("self", "s")))]


@pytest.mark.parametrize("digits", [1100, 5000])
@pytest.mark.parametrize("sign", [1, -1])
def test_a_number_that_is_too_long_for_a_key_goes_to_other(segment, digits, sign):
    segment.counter("c", n=sign * 10**digits).add(1)
    segment.counter("c", n=sign * 10**900).add(1)
    assert counters(segment) == {("other", ()): 1, ("c", (("n", str(sign * 10**900)),)): 1}


def test_what_has_no_room_goes_to_other(path):
    with mercury.Segment(path, 4096 + 65536) as segment:
        for number in range(40):
            segment.histogram("h", n=number).record(5)
        for number in range(400):
            segment.counter("c", n=number).add(2)
        segment.counter("long", text="x" * 2000).add(7)
        values = histograms(segment)
        other = values.pop(("other", ()))
        assert (other.count, other.sum) == (40 - len(values), 5 * (40 - len(values)))
        assert 0 < len(values) < 40
        sums = counters(segment)
        lost_names = sums.pop(("other", ())) - 7
        assert lost_names == 2 * (400 - len(sums))
        assert segment.snapshot().losses[:2] == (other.count + lost_names // 2 + 1, 0)
        assert segment.problem is None


def test_without_a_slot_values_are_counted_as_lost(path, caplog):
    with mercury.Segment(path, 4096 + 65536) as segment, mercury.Segment(path) as late:
        segment.counter("c").add(1)
        for _ in range(5):
            late.counter("c").add(1)
        assert late.snapshot().losses.lost_values == 5
        assert "slots are taken" in late.problem
        assert counters(late) == {("c", ()): 1}
    assert len(caplog.records) == 1


def test_the_number_of_series_is_bounded(segment, monkeypatch):
    monkeypatch.setattr("mercury.segment.shared.MAX_SERIES", 3)
    for number in range(10):
        segment.counter("c", n=number).add(1)
    assert counters(segment)["other", ()] == 7
    assert len(segment._handles) == 3


def test_threads_have_exact_totals(segment):
    def work():
        counter, histogram = segment.counter("c"), segment.histogram("h")
        for value in range(500):
            counter.add(2)
            segment.record([(counter, 1), (histogram, value)])

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    while any(thread.is_alive() for thread in threads):
        assert counters(segment).get(("c", ()), 0) <= 8 * 500 * 3
    for thread in threads:
        thread.join()
    assert counters(segment) == {("c", ()): 8 * 500 * 3}
    figures = histograms(segment)["h", ()]
    assert (figures.count, figures.sum, figures.max) == (8 * 500, 8 * 499 * 250, 499)
    assert segment.snapshot().losses == NOTHING_LOST


def test_closing_while_others_write_ends_nobody_and_warns_of_nothing(path, caplog):
    for _ in range(5):
        segment = mercury.Segment(path, SIZE)
        counter, is_over = segment.counter("c"), []

        def work(counter=counter, is_over=is_over, segment=segment):
            while not is_over:
                segment.record([(counter, 1)] * 50)
                segment.snapshot()

        threads = [threading.Thread(target=work) for _ in range(3)]
        for thread in threads:
            thread.start()
        segment.snapshot()
        segment.close()
        is_over.append(True)
        for thread in threads:
            thread.join()
    assert not caplog.records


def test_a_signal_handler_writes_beside_what_it_interrupts(segment):
    counter = segment.counter("c")
    handled = []

    def handler(number, frame):
        handled.append(number)
        counter.add(1)

    before = signal.signal(signal.SIGALRM, handler)
    signal.setitimer(signal.ITIMER_REAL, 0.001, 0.001)
    count = 0
    try:
        while len(handled) < 50:
            counter.add(1)
            count += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert counters(segment)["c", ()] == count + len(handled)


def test_an_exception_between_two_stores_costs_one_value_at_most(segment):
    class Stop(BaseException):
        pass

    def handler(number, frame):
        raise Stop

    counter = segment.counter("c")
    before = signal.signal(signal.SIGALRM, handler)
    count = stops = 0
    try:
        for _ in range(20):
            try:
                signal.setitimer(signal.ITIMER_REAL, 0.001)
                while True:
                    counter.add(1)
                    count += 1
            except Stop:
                stops += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert count <= counters(segment)["c", ()] <= count + stops
    assert segment.snapshot().losses.quarantined_series == 0


def in_child(work, *arguments):
    """Runs `work` in a forked child, which ends without any cleaning up, and gives its exit code."""
    child = os.fork()
    if child == 0:
        code = 1
        try:
            work(*arguments)
            code = 0
        finally:
            os._exit(code)
    return os.waitpid(child, 0)[1]


def test_a_lock_that_is_given_back_is_nobodys_at_once(tmp_path):
    """Another thread that asks meanwhile is told the truth: the kernel grants a process what it still has."""
    path = str(tmp_path / "file")
    locks = Locks(os.open(path, os.O_RDWR | os.O_CREAT))
    real, told = locks._kernel.give_back, []

    def asked_meanwhile(byte):
        told.append(locks.take(5))
        real(byte)

    def take():
        assert Locks(os.open(path, os.O_RDWR)).take(5)

    assert locks.take(5)
    assert in_child(take) != 0
    locks._kernel.give_back = asked_meanwhile
    locks.give_back(5)
    assert (in_child(take) != 0) == told[0]
    os.close(locks._kernel._descriptor)


def test_a_forked_child_has_slots_of_its_own(segment):
    counter = segment.counter("c")
    counter.add(1)
    owned = [slot.use for slot in segment._sessions[0].file.memory.slots()].count(1)

    def work():
        counter.add(10)
        segment.histogram("h").record(3)
        assert [slot.use for slot in segment._sessions[0].file.memory.slots()].count(1) == owned + 1

    for generation in range(1, 4):
        assert in_child(work) == 0
        counter.add(1)
        assert counters(segment) == {("c", ()): 11 * generation + 1}
        assert histograms(segment)["h", ()].count == generation


def test_a_hook_that_records_in_the_child_does_not_write_to_the_parents_slot(path):
    program = """
import os, sys
counters = []
os.register_at_fork(after_in_child=lambda: [counter.add(1) for counter in counters])
import mercury
segment = mercury.Segment(sys.argv[1], 400_000)
counters.append(segment.counter("c"))
counters[0].add(10)
if os.fork() == 0:
    counters[0].add(100)
    print(segment.snapshot().losses.lost_values)
    sys.stdout.flush()
    os._exit(0)
os.wait()
print([slot.count for slot in segment._sessions[0].file.memory.series(0)], dict(segment.snapshot().counters()))
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program, path], capture_output=True, check=False)
    assert done.stdout.splitlines() == [b"1", b"[0, 0, 1] {('c', ()): 110}"], done.stderr


def test_a_child_that_went_elsewhere_writes_to_the_same_file(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with mercury.Segment("metrics.segment", SIZE) as segment:
        counter = segment.counter("c")

        def work():
            os.mkdir("elsewhere")
            os.chdir("elsewhere")
            counter.add(3)

        assert in_child(work) == 0
        assert counters(segment) == {("c", ()): 3}


def test_a_folder_that_was_removed_is_told(tmp_path, monkeypatch):
    os.mkdir(tmp_path / "gone")
    monkeypatch.chdir(tmp_path / "gone")
    os.rmdir(tmp_path / "gone")
    with mercury.Segment("metrics.segment", SIZE) as segment:
        assert segment.problem is not None


def test_forks_of_forks(segment):
    counter = segment.counter("c")

    def generation(depth):
        counter.add(1)
        if depth:
            for _ in range(2):
                assert in_child(generation, depth - 1) == 0
        counter.add(1)

    generation(3)
    assert counters(segment) == {("c", ()): 2 * 15}


def test_a_parent_that_dies_is_seen_though_its_child_lives(path, segment):
    """A lock that a fork passed on would outlive the owner."""
    program = """
import os, sys, mercury
segment = mercury.Segment(sys.argv[1])
segment.counter("c").add(5)
if os.fork() == 0:
    os.close(1)
    sys.stdin.read()
    os._exit(0)
"""
    child = subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", program, path], stdin=subprocess.PIPE, stdout=subprocess.DEVNULL
    )
    assert child.wait() == 0
    assert counters(segment) == {("c", ()): 5}
    assert [slot.use for slot in segment._sessions[0].file.memory.slots() if slot.use] == [2]
    child.stdin.close()


def spawned(path, number):
    with mercury.Segment(path) as segment:
        for _ in range(20):
            segment.record([(segment.counter("c"), 1), (segment.histogram("h"), number)])


@pytest.mark.parametrize("method", METHODS)
def test_multiprocessing(segment, path, method):
    context = multiprocessing.get_context(method)
    workers = [context.Process(target=spawned, args=(path, number)) for number in range(2)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
        assert worker.exitcode == 0
    assert counters(segment) == {("c", ()): 40}
    assert histograms(segment)["h", ()].sum == 20


def test_the_dead_are_folded_and_their_slots_used_again(path):
    with mercury.Segment(path, 4096 + 6 * 65536) as segment:
        for _ in range(30):
            assert in_child(segment.counter("c", n=1).add, 3) == 0
        assert counters(segment) == {("c", (("n", "1"),)): 90}
        assert segment.snapshot().losses == NOTHING_LOST


def fold_and_die(segment, step, nth):
    """Folds, and dies right behind the n-th call of a step."""
    file = segment._session().file
    owner = type(file.locks if step == "give_back" else file.memory)
    real, calls = getattr(owner, step), []

    def dying(*arguments):
        result = real(*arguments)
        calls.append(step)
        if len(calls) > nth:
            os.kill(os.getpid(), signal.SIGKILL)
        return result

    setattr(owner, step, dying)
    folding.fold(file)


FOLD_STEPS = ["claim", "merge", "fold", "commit", "clear", "give_back"]


@pytest.mark.parametrize("step", FOLD_STEPS)
@pytest.mark.parametrize("nth", [0, 1, 2])
def test_a_fold_that_is_killed_counts_each_value_once(path, step, nth):
    """The process that folds dies right behind the n-th call of each kind."""
    with mercury.Segment(path, 4096 + 8 * 65536) as segment:
        for value in (5, 7):
            assert in_child(segment.counter("c").add, value) == 0
            assert in_child(segment.histogram("h").record, value) == 0
            if value == 5:
                assert segment.snapshot().losses == NOTHING_LOST  # folds

        assert in_child(fold_and_die, segment, step, nth) in (0, signal.SIGKILL)
        for _ in range(2):
            assert counters(segment) == {("c", ()): 12}
            figures = histograms(segment)["h", ()]
            assert (figures.count, figures.sum) == (2, 12)
            assert segment.snapshot().losses == NOTHING_LOST


def test_a_fold_of_a_part_forgets_none_that_a_killed_one_had_marked(path):
    with mercury.Segment(path, 4096 + 6 * 65536) as segment:
        file = segment._session().file
        writers = [Writer(file, (1, number)) for number in range(4)]
        for number, writer in enumerate(writers[:3]):
            series = {at: (SEGMENT_HISTOGRAM, keys.encode("h", {"n": 100 * number + at})) for at in range(2, 27)}
            writer.write([part for at in series for part in (at, 5)], series)
        writers[3].write([2, 7], {2: (SEGMENT_COUNTER, keys.encode("c", {}))})
        writers[3].abandon()
        assert in_child(fold_and_die, segment, "fold", 0) == signal.SIGKILL
        for writer in writers[:3]:
            writer.abandon()
        # Four slots of the dead need three free ones, and there are two.
        for _ in range(2):
            assert counters(segment) == {("c", ()): 7}
            assert sum(figures.count for figures in histograms(segment).values()) == 75
        assert {slot.use for slot in file.memory.slots()} >= {SEGMENT_RETIRED}


FIRST_VALUE_STORES = ["sequence", "bucket", "sum", "sum_high", "~sum", "~sum_high", "smallest", "largest"]


@pytest.mark.parametrize("stores", range(1, 9), ids=FIRST_VALUE_STORES)
def test_a_first_value_that_a_kill_fell_into_has_no_invented_extremes(path, stores, capsys):
    with mercury.Segment(path, SIZE) as segment:
        segment.histogram("h").record(5_000_000)
        data = segment._sessions[0].file._mapping
        (slot,) = [at for at, head in enumerate(segment._sessions[0].file.memory.slots()) if head.use]
        series = segment._sessions[0].file.memory.series(slot)[-1]
        filled = next(at for at in range(242) if data[8 * (series.buckets + at)])
        none, ones = bytes(8), b"\xff" * 8
        later = [(series.buckets + filled, none), *((series.place + at, none) for at in (5, 6))]
        later += [*((series.place + at, ones) for at in (7, 8, 9)), (series.place + 10, none)]
        later += [(series.place + 11, none), (series.place + 4, none)]
        for place, word in later[stores - 1 :]:
            data[8 * place : 8 * place + 8] = word
        data[8 * (series.place + 3)] = 1
    with mercury.Segment(path, SIZE) as segment:
        for _ in range(2):
            figures = histograms(segment)["h", ()]
            assert figures.count == (stores > 1)
            assert (figures.min, figures.max) == ((5_000_000,) * 2 if stores > 7 else (None, None))
            assert (figures.quantile(0.5) is None) == (stores <= 7)
            assert segment.snapshot().losses.torn_series == 1
    assert cli.main(["segment", path]) == 1
    assert "5,000,000" in capsys.readouterr().out or stores <= 7


KILLED = """
import os, sys, mercury
with mercury.Segment(sys.argv[1]) as segment:
    counter, histogram = segment.counter("c"), segment.histogram("h")
    while True:
        segment.record([(counter, 1), (histogram, 1000)])
        os.write(1, b".")
"""


def test_a_kill_loses_at_most_one_unacknowledged_flush(segment, path):
    acknowledged = kills = 0
    for _ in range(2):
        child = subprocess.Popen([sys.executable, "-W", "ignore", "-c", KILLED, path], stdout=subprocess.PIPE)
        acknowledged += len(child.stdout.read(random.randint(1, 3000)))
        child.kill()
        acknowledged += len(child.stdout.read())
        child.wait()
        child.stdout.close()
        kills += 1
    assert acknowledged <= counters(segment)["c", ()] <= acknowledged + kills
    assert acknowledged <= histograms(segment)["h", ()].count <= acknowledged + kills
    assert segment.snapshot().losses.quarantined_series == 0
