"""What counting together in a segment costs, and in prometheus_client's multiprocess files: a line of JSON a round.

    python benchmarks/metrics/measure_segment.py ROUNDS

Nanoseconds of processor time. 64 workers count in the same 1,000 series and die, one after the other as workers
that are recycled do, and all at once. Every contender is asked in the way that its documentation tells; the reader
makes a list of all totals.
"""

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent.parent))

import mercury

CALLS = 3000
FLUSH = 20
SERIES = 1000
WORKERS = 64
VALUE = 1_250_000
PEER = "prometheus_client, multiprocess"


def per_call(function, calls):
    function()
    started = time.process_time_ns()
    for _ in range(calls):
        function()
    return (time.process_time_ns() - started) / calls


def writing_rows(folder):
    with mercury.Segment(os.path.join(folder, "writing.segment")) as segment:
        histograms = [segment.histogram("times", view=f"/view/{number}") for number in range(FLUSH)]
        values = [(histogram, VALUE) for histogram in histograms]
        flush = per_call(lambda: segment.record(values), CALLS)
        single = per_call(lambda: histograms[0].record(VALUE), CALLS)
        named = per_call(lambda: segment.histogram("times", view="/view/1").record(VALUE), CALLS)
    return {
        "flush 20 series of a segment in one call": flush,
        "one of those 20 values": flush / FLUSH,
        "record one value in a segment": single,
        "name a series of a segment and record one value": named,
    }


def work(segment):
    """What one worker does."""
    segment.record([(segment.counter("events", view=f"/view/{number}"), 1) for number in range(SERIES // 2)])
    segment.record([(segment.histogram("times", view=f"/view/{number}"), VALUE) for number in range(SERIES // 2)])


def in_child(function, *arguments):
    child = os.fork()
    if child == 0:
        code = 1
        try:
            function(*arguments)
            code = 0
        finally:
            os._exit(code)
    return child


def check_totals(snapshot):
    totals = [total for _, total in snapshot.counters()] + [one.count for _, one in snapshot.histograms()]
    assert totals == [WORKERS] * SERIES, (len(totals), snapshot.losses)


def timed_snapshot(segment):
    started = time.process_time_ns()
    snapshot = segment.snapshot()
    read = time.process_time_ns()
    check_totals(snapshot)
    return read - started, time.process_time_ns() - started


def one_after_the_other(folder):
    with mercury.Segment(os.path.join(folder, "recycled.segment")) as segment:
        for _ in range(WORKERS):
            assert os.waitpid(in_child(work, segment), 0)[1] == 0
        taken, listed = timed_snapshot(segment)
    return {
        "snapshot of 1,000 series after 64 workers that followed each other": taken,
        "the same, and a list of all totals": listed,
    }


def all_at_once(folder):
    def worker(pipe, segment):
        work(segment)
        os.write(pipe, b".")
        signal.pause()

    with mercury.Segment(os.path.join(folder, "together.segment"), 4096 + 2048 * 65536) as segment:
        ready, pipe = os.pipe()
        workers = [in_child(worker, pipe, segment) for _ in range(WORKERS)]
        for _ in range(WORKERS):
            assert os.read(ready, 1)
        for child in workers:
            os.kill(child, signal.SIGKILL)
            os.waitpid(child, 0)
        os.close(ready), os.close(pipe)
        first = timed_snapshot(segment)[0]
        later = timed_snapshot(segment)[0]
    return {
        "snapshot of 1,000 series after 64 workers that died at once": first,
        "the next snapshot, when they are folded": later,
    }


def peer_rows():
    """The same in prometheus_client, whose files are chosen before it is imported."""
    with tempfile.TemporaryDirectory() as folder:
        environment = {**os.environ, "PROMETHEUS_MULTIPROC_DIR": folder}
        command = [sys.executable, __file__, "--peer"]
        return json.loads(subprocess.run(command, env=environment, check=True, stdout=subprocess.PIPE).stdout)


def peer():
    from prometheus_client import CollectorRegistry, Counter, Histogram
    from prometheus_client.multiprocess import MultiProcessCollector

    events, times = Counter("events", "of the benchmark", ["view"]), Histogram("times", "of it", ["view"])

    def peer_work():
        for number in range(SERIES // 2):
            events.labels(f"/view/{number}").inc()
        for number in range(SERIES // 2):
            times.labels(f"/view/{number}").observe(VALUE / 1e9)

    for _ in range(WORKERS):
        assert os.waitpid(in_child(peer_work), 0)[1] == 0
    registry = CollectorRegistry()
    MultiProcessCollector(registry)
    started = time.process_time_ns()
    found = [
        sample.value for family in registry.collect() for sample in family.samples if sample.name == "events_total"
    ]
    collected = time.process_time_ns() - started
    assert found == [WORKERS] * (SERIES // 2)
    rows = {
        f"name a series and record one value: {PEER}": per_call(
            lambda: times.labels("/view/1").observe(0.00125), CALLS
        ),
        f"all totals of 1,000 series after 64 workers: {PEER}": collected,
    }
    print(json.dumps(rows))


def main():
    if sys.argv[1] == "--peer":
        peer()
        return
    if mercury.backend != "native":
        sys.exit(f"the library does not serve: {mercury.backend_reason}")
    for _ in range(int(sys.argv[1])):
        with tempfile.TemporaryDirectory() as folder:
            rows = {**writing_rows(folder), **one_after_the_other(folder), **all_at_once(folder), **peer_rows()}
        print(json.dumps(rows), flush=True)


if __name__ == "__main__":
    main()
