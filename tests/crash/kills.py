"""Writers at full speed, killed at random moments; whoever comes next folds what they left, and is killed too.

A writer acknowledges a flush in memory of the parent after it returned. So for each lane

    acknowledged flushes <= what the segment holds <= acknowledged flushes + kills
"""

import mmap
import os
import random
import signal
import time
from typing import Dict, List, Tuple

import mercury

LANES = 8
REPEATS = 100
FILE_BYTES = 4096 + 32 * 65536
SNAPSHOT_EVERY = 25
TELL_EVERY = 1000
LONGEST_LIFE_SECONDS = 0.01


def run(folder: str, kills: int, seed: int) -> List[str]:
    """Prints what was seen; the faults."""
    storm = _Storm(os.path.join(folder, "kills.segment"), seed)
    faults = storm.run(max(kills, LANES))
    print(
        f"kills: {kills} of {LANES} writers, {storm.flushes()} flushes of {2 * REPEATS} values acknowledged, "
        f"{storm.beyond} values beyond them, "
        f"{storm.snapshots} snapshots meanwhile, {storm.passed_over} of which passed over a series"
    )
    return faults


class _Storm:
    def __init__(self, path: str, seed: int) -> None:
        self._segment = mercury.Segment(path, FILE_BYTES)
        self._random = random.Random(seed)
        self._shared = mmap.mmap(-1, 8 * LANES)
        self._acknowledged = memoryview(self._shared).cast("Q")
        self._kills = [0] * LANES
        self._living: Dict[int, int] = {}
        self._faults: List[str] = []
        self.snapshots = 0
        self.passed_over = 0
        self.beyond = 0

    def flushes(self) -> int:
        return sum(self._acknowledged)

    def run(self, kills: int) -> List[str]:
        try:
            self._kill_all(kills)
        finally:
            while self._living:
                self._kill()
        self.beyond = self._check(running=0)
        self._segment.close()
        return self._faults

    def _kill_all(self, kills: int) -> None:
        """Kills that many writers; all but the last ones have a successor."""
        for lane in range(LANES):
            self._start(lane)
        for number in range(1, kills + 1):
            time.sleep(self._random.random() * LONGEST_LIFE_SECONDS)
            lane = self._kill()
            if number + LANES <= kills:
                self._start(lane)
            if number % SNAPSHOT_EVERY == 0:
                self._check(running=1)
            if number % TELL_EVERY == 0:
                print(f"kills: {number} so far, {len(self._faults)} faults", flush=True)

    def _start(self, lane: int) -> None:
        parent = os.getpid()
        child = os.fork()
        if child == 0:
            try:
                self._write(lane, parent)
            finally:
                os._exit(1)
        self._living[child] = lane

    def _write(self, lane: int, parent: int) -> None:
        os.nice(19)  # so that whoever kills gets its turn
        segment = self._segment
        series = [segment.counter("c", lane=lane), segment.histogram("h", lane=lane)]
        values = [(series[number % 2], 1 + number % 2 * 1_000_000) for number in range(2 * REPEATS)]
        while os.getppid() == parent:
            segment.record(values)
            self._acknowledged[lane] += 1

    def _kill(self) -> int:
        child = self._random.choice(list(self._living))
        lane = self._living.pop(child)
        os.kill(child, signal.SIGKILL)
        status = os.waitpid(child, 0)[1]
        if status != signal.SIGKILL:
            self._faults.append(f"a writer ended with {status} before it was killed")
        self._kills[lane] += 1
        return lane

    def _check(self, running: int) -> int:
        """Compares a snapshot with what was acknowledged before and after it; the values beyond that."""
        before = list(self._acknowledged)
        snapshot = self._segment.snapshot()
        after = list(self._acknowledged)
        self.snapshots += 1
        losses = snapshot.losses
        self.passed_over += losses.quarantined_series > 0
        if losses.damaged_slots or losses.lost_values or losses.other_values or self._segment.problem:
            self._faults.append(f"{losses}, {self._segment.problem}")
        if losses.quarantined_series and not running:
            self._faults.append(f"series cannot be read: {losses}")
        if losses.quarantined_series:
            return 0
        counters, histograms = dict(snapshot.counters()), dict(snapshot.histograms())
        beyond = 0
        for lane in range(LANES):
            labels = (("lane", str(lane)),)
            figures = histograms.get(("h", labels))
            found = counters.get(("c", labels), 0), 0 if figures is None else figures.count
            beyond += self._check_lane(lane, found, before[lane], after[lane] + self._kills[lane] + running)
            # A sum lacks at most the value that was being recorded at each kill.
            if figures is not None and abs(figures.sum - figures.count * 1_000_001) > (
                (self._kills[lane] + running) * 1_000_001
            ):
                self._faults.append(f"lane {lane}: {figures.count} values and the sum {figures.sum}")
        return beyond

    def _check_lane(self, lane: int, found: Tuple[int, int], least: int, most: int) -> int:
        for total in found:
            if not least * REPEATS <= total <= most * REPEATS:
                self._faults.append(f"lane {lane}: {total} values, not {least * REPEATS} to {most * REPEATS}")
        return sum(found) - 2 * least * REPEATS
