"""Traces as real programs make them: a stack per thread, whose frames know who they are.

    recorder = Recorder()
    with recorder.call("view"):
        for row in range(3):
            recorder.at(88)
            recorder.query("SELECT ...", parameters=row)

A recorder tells the truth about shared activations because it has them: what a capture
hook has to find out, it is told.
"""

import random
from array import array
from contextlib import contextmanager
from typing import Any, Dict, Iterator, List, Tuple

from mercury.core.records import EVENT_WRITE

Entry = Tuple[int, int, int]


class _Activation:
    def __init__(self, code: int) -> None:
        self.code, self.offset, self.element = code, 0, 0

    @property
    def entry(self) -> Entry:
        return (self.code, self.offset, self.element)


class Recorder:
    """Collects call paths and events; `lane` chooses the thread that runs from here on."""

    def __init__(self) -> None:
        self.lane = 0
        self.paths: Dict[Tuple[Entry, ...], int] = {}
        self.events: List[Tuple[int, ...]] = []
        self._codes: Dict[str, int] = {}
        self._stacks: Dict[int, List[_Activation]] = {}
        self._previous: Dict[int, List[_Activation]] = {}

    def at(self, offset: int, element: int = 0) -> None:
        """The innermost frame of the lane goes on to another instruction."""
        frame = self._stack()[-1]
        frame.offset, frame.element = offset, element

    @contextmanager
    def call(self, name: str, offset: int = 0, element: int = 0) -> Iterator[None]:
        lane = self.lane
        self._stack().append(_Activation(self._codes.setdefault(name, len(self._codes) + 1)))
        self.at(offset, element)
        try:
            yield
        finally:
            self._stacks[lane].pop()

    def query(self, statement: int, parameters: int = 0, **fields: int) -> None:
        """One operation that sends one statement."""
        with self.call("operation", 4):
            self.send(statement, parameters, **fields)

    def send(
        self, statement: int, parameters: int = 0, database: int = 0, duration_ns: int = 10, flags: int = 0
    ) -> None:
        """One statement of the operation that is the innermost frame."""
        stack = self._stack()
        shared = 0
        for before, now in zip(self._previous.get(self.lane, []), stack):
            if before is not now:
                break
            shared += 1
        self._previous[self.lane] = list(stack)
        path = self.paths.setdefault(tuple(frame.entry for frame in stack), len(self.paths))
        start = len(self.events) * 1000
        self.events.append((statement, path, shared, parameters, self.lane, database, start, duration_ns, flags))

    def _stack(self) -> List[_Activation]:
        return self._stacks.setdefault(self.lane, [])

    def buffers(self) -> Tuple["array[int]", "array[int]", "array[int]"]:
        """Frames, offsets and events, as `Trace` takes them."""
        frames, offsets = array("q"), array("q", [0])
        for path in self.paths:
            for entry in path:
                frames.extend(entry)
            offsets.append(len(frames) // 3)
        events = array("q")
        for event in self.events:
            events.extend(event)
        return frames, offsets, events

    def feed(self, trace: Any, block: int = 1024) -> Any:
        """Gives everything to `trace`, events in blocks, and returns it."""
        frames, offsets, events = self.buffers()
        trace.add_paths(frames, offsets)
        for start in range(0, len(events), 9 * block):
            trace.add_events(events[start : start + 9 * block])
        return trace


def random_program(seed: int, steps: int = 120, lanes: int = 3) -> Recorder:
    """Threads that loop, nest, recurse, batch and go straight on, interleaved."""
    choose = random.Random(seed)
    recorder = Recorder()
    threads = [_thread(recorder, choose) for _ in range(choose.randint(1, lanes))]
    for _ in range(steps):
        recorder.lane = choose.randrange(len(threads))
        next(threads[recorder.lane])
    return recorder


def _thread(recorder: Recorder, choose: random.Random) -> Iterator[None]:
    while True:
        with recorder.call("view", choose.choice((10, 20))):
            yield from _block(recorder, choose, 0)


def _block(recorder: Recorder, choose: random.Random, depth: int) -> Iterator[None]:
    """A function's body: one to four lines, each of them one of the things that programs do.

    It yields after each statement, so that another thread may go on; whoever resumes it
    has set the recorder's lane to this thread again.
    """
    for line in range(choose.randint(1, 4)):
        yield from choose.choice(_LINES)(recorder, choose, depth, 100 * line)


def _straight(recorder: Recorder, choose: random.Random, depth: int, offset: int) -> Iterator[None]:
    recorder.at(offset, choose.choice((0, 0, 1)))
    recorder.query(
        choose.randint(-2, 2),
        choose.randint(0, 4),
        database=choose.choice((0, 0, 1)),
        duration_ns=choose.choice((-1, 0, 1000)),
        flags=choose.choice((0,) * 9 + (1, 2, 4, EVENT_WRITE, 15)),
    )
    yield


def _loop(recorder: Recorder, choose: random.Random, depth: int, offset: int) -> Iterator[None]:
    for _ in range(choose.randint(1, 4)):
        recorder.at(offset)
        with recorder.call(choose.choice(("book", "film"))):
            yield from (_block(recorder, choose, depth + 1) if depth < 3 else _straight(recorder, choose, depth, 4))


def _recursion(recorder: Recorder, choose: random.Random, depth: int, offset: int) -> Iterator[None]:
    recorder.at(offset)
    with recorder.call("walk"):
        yield from _straight(recorder, choose, depth, 4)
        for child in range(choose.randint(0, 2) if depth < 4 else 0):
            yield from _recursion(recorder, choose, depth + 1, 10 + 6 * child)


def _batch(recorder: Recorder, choose: random.Random, depth: int, offset: int) -> Iterator[None]:
    recorder.at(offset)
    with recorder.call("prefetch"):
        for _ in range(choose.randint(1, 4)):
            recorder.at(choose.choice((6, 6, 20)))
            recorder.send(choose.randint(0, 1), choose.randint(0, 4))
            yield
            if choose.random() < 0.2:
                yield from _recursion(recorder, choose, 3, 30)


_LINES = (_straight, _straight, _loop, _recursion, _batch)
