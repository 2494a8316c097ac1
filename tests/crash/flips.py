"""Single flipped bits, and every length that a file can be cut to: no wrong figure without a word, and no exception."""

import os
import random
from typing import Any, List

import mercury
from mercury.segment import snapshot
from mercury.segment.file import UnusableError, open_to_read

SERIES = 30
FILE_BYTES = 4096 + 4 * 65536


def run(folder: str, flips: int, step: int, seed: int) -> List[str]:
    """Prints what was seen; the faults. Cuts the file to each `step`-th length."""
    path = os.path.join(folder, "flips.segment")
    used = _write(path)
    return [*_flip(path, used, flips, random.Random(seed)), *_cut(path, step)]


def _write(path: str) -> List[range]:
    """A segment with values; the bytes of its header, and of the slot that is used."""
    with mercury.Segment(path, FILE_BYTES) as segment:
        for number in range(SERIES // 2):
            segment.counter("c", number=number).add(number)
            segment.histogram("h", number=number).record(1000 << number)
        (slot,) = [at for at, head in enumerate(segment._sessions[0].file.memory.slots()) if head.use]
        start = 4096 + slot * 65536
        last = segment._sessions[0].file.memory.series(slot)[-1]
        return [range(120), range(start, last.buckets * 8 + 242 * 8)]


def _figures(path: str) -> Any:
    """All totals, or None where the reader said that something is missing."""
    try:
        file = open_to_read(path)
    except UnusableError:
        return None
    try:
        found = snapshot.take(file)
        figures = dict(found.counters()), dict(found.histograms())
        return None if any(found.losses) else figures
    finally:
        file.close()


def _flip(path: str, used: List[range], flips: int, chance: random.Random) -> List[str]:
    expected = _figures(path)
    places = [byte for each in used for byte in each]
    faults: List[str] = []
    told = 0
    with open(path, "r+b", buffering=0) as file:
        for _ in range(flips):
            byte, bit = chance.choice(places), chance.randrange(8)
            was = os.pread(file.fileno(), 1, byte)
            os.pwrite(file.fileno(), bytes([was[0] ^ 1 << bit]), byte)
            try:
                found = _figures(path)
                told += found is None
                if found not in (None, expected):
                    faults.append(f"byte {byte} bit {bit}: wrong without a word")
            except Exception as error:
                faults.append(f"byte {byte} bit {bit}: {error!r}")
            os.pwrite(file.fileno(), was, byte)
    print(f"flips: {flips}, {told} told, {flips - told - len(faults)} without effect, {len(faults)} silent or raised")
    return faults


def _cut(path: str, step: int) -> List[str]:
    faults: List[str] = []
    lengths = range(FILE_BYTES - 1, -1, -step)
    for length in lengths:
        os.truncate(path, length)
        try:
            if _figures(path) is not None:
                faults.append(f"cut to {length}: read as if whole")
        except Exception as error:
            faults.append(f"cut to {length}: {error!r}")
    print(f"cuts: {len(lengths)} lengths, {len(faults)} not told or raised")
    return faults
