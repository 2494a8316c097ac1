"""Work that goes on elsewhere: in a thread, in a pool, in an executor behind an `await`, in a task.

    unit:  view | load_all | pool.submit             at the moment of the call
                     \\
    thread:           _worker | Job | count_tasks | [QuerySet.count]

    path:  view | load_all | count_tasks | [QuerySet.count]

The stack of a worker says nothing about who wanted the work. So the call path of whoever hands work over is
noted when he does, and stands in front of the worker's own frames. A coroutine that awaits
an executor is running at that moment, with all its callers on the stack; so the same holds
for `await queryset.acount()`, for sync views under ASGI, and for tasks that are gathered.

Some functions of the standard library and asgiref are wrapped for this, once, when a unit
first opens. A thread or job that is started within a unit belongs to it, as a task does by itself: only
Mercury's own context variable is set there, the application's are left alone. What is noted are
code objects and offsets; no frame is held.
"""

import functools
import sys
import threading
import weakref
from concurrent.futures import ThreadPoolExecutor
from types import FrameType, FunctionType, MethodType
from typing import Any, Callable, Dict, List, Optional, Tuple

from mercury.capture import loops, rows
from mercury.capture.bytecode import stable_offset
from mercury.capture.code import CUT, PLUMBING, SPAWNER, TASK, kind_of
from mercury.capture.elements import element_of
from mercury.trace import FRAME_BYTES, PathEntry, PathTable, Trace, current, ignoring, tell_fault

MAX_DEPTH = 1000

_FAULT = "Mercury could not note who started some work."


class Spawn:
    """Where in one unit some work was handed over: the call path of the one who did, outermost first."""

    __slots__ = ("_table", "index", "path")

    def __init__(self, table: PathTable, path: bytes) -> None:
        self._table = weakref.ref(table)
        self.path = path
        self.index = table.index_of(path)

    def is_of(self, table: PathTable) -> bool:
        return self._table() is table


Spawns = Tuple[Spawn, ...]
"""One for each unit that is open: units may lie inside each other."""

_of_thread = threading.local()
_of_tasks: Dict[int, Tuple[Any, Spawns]] = {}
"""By address of the task, with a weak reference that takes the entry away when the task ends.

No context variable can hold this: `async_to_sync` puts the caller's variables into the task's context.
"""


def behind(kind: int, table: PathTable) -> Optional[Spawn]:
    """Who wanted the work that is being done below a frame of this kind; None where nobody noted it."""
    spawns = _of_current_task() if kind & TASK else ()
    for spawn in spawns or getattr(_of_thread, "spawns", ()):
        if spawn.is_of(table):
            found: Spawn = spawn
            return found
    return None


def _of_current_task() -> Spawns:
    entry = _of_tasks.get(id(_current_task()))
    return () if entry is None else entry[1]


def exchange(spawns: Spawns) -> Spawns:
    """Makes `spawns` those of the running task, or of this thread where none runs; gives those that were.

    For whoever is called by a stranger, again and again, for one piece of work.
    """
    task = _current_task()
    if task is None:
        before: Spawns = getattr(_of_thread, "spawns", ())
        _of_thread.spawns = spawns
        return before
    entry = _of_tasks.pop(id(task), None)
    if spawns:
        _remember(task, spawns)
    return () if entry is None else entry[1]


def _current_task() -> Any:
    asyncio = sys.modules.get("asyncio")
    try:
        return None if asyncio is None else asyncio.current_task()
    except RuntimeError:
        return None


def from_nowhere(table: PathTable) -> Spawn:
    """Stands for a caller that is not known. Each one is another: they prove nothing about each other."""
    table.strangers += 1
    return Spawn(table, table.pack(PathEntry(from_nowhere.__code__, table.strangers, None)))


def note(frame: FrameType) -> Spawns:
    """The call path of `frame` in each open unit. Never raises."""
    found = []
    trace = current.get()
    while trace is not None:
        if not trace.closed:
            try:
                found.append(_note_in(trace, frame))
            except Exception:
                tell_fault(_FAULT)
        trace = trace.parent
    return tuple(found)


def _note_in(trace: Trace, innermost: FrameType) -> Spawn:
    table = trace.paths
    frames, base = _frames_from(trace, innermost)
    parts = [b"" if base is None else base.path]
    first_depth = len(parts[0]) // FRAME_BYTES
    for frame in reversed(frames):
        offset = stable_offset(frame.f_code, frame.f_lasti)
        parts.append(table.pack(PathEntry(frame.f_code, offset, element_of(frame))))
    spawn = Spawn(table, b"".join(parts))
    turns = trace.spawn_turns[spawn.index] = trace.spawn_turns.get(spawn.index, 0) + 1
    if spawn.index >= 0 and turns > 1 and (not turns & (turns - 1) or turns == 3):
        known = trace.spawn_loops.get(spawn.index, ())
        outer = () if base is None else trace.spawn_loops.get(base.index, ())
        seen = [*loops.look_at_callers(frames[::-1], loops.Root(trace.root, trace.root_offset), first_depth), *outer]
        trace.spawn_loops[spawn.index] = loops.merged(known, seen)
    return spawn


def _frames_from(trace: Trace, frame: Optional[FrameType]) -> Tuple[List[FrameType], Optional[Spawn]]:
    """The frames out to the unit's root, innermost first, or out to where work was handed over before."""
    while frame is not None and kind_of(frame) & (PLUMBING | SPAWNER) and not kind_of(frame) & CUT:
        frame = frame.f_back
    frames: List[FrameType] = []
    while frame is not None:
        kind = kind_of(frame)
        if kind & CUT or len(frames) > MAX_DEPTH:
            return frames, behind(kind, trace.paths) or from_nowhere(trace.paths)
        frames.append(frame)
        if frame is trace.root:
            return frames, None
        frame = frame.f_back
    is_at_home = threading.get_ident() == trace.root_thread
    return frames, None if is_at_home else behind(0, trace.paths) or from_nowhere(trace.paths)


class Job:
    """A function on its way to another thread, with the unit that it belongs to."""

    __slots__ = ("_function", "_ignoring", "_spawns", "_trace")

    def __init__(self, function: Callable[..., Any], trace: Optional[Trace], spawns: Spawns) -> None:
        self._function = function
        self._trace = trace
        self._spawns = spawns
        self._ignoring = ignoring.get()

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        before = getattr(_of_thread, "spawns", ())
        _of_thread.spawns = self._spawns
        token = current.set(self._trace)
        ignoring_token = ignoring.set(self._ignoring)
        try:
            return self._function(*args, **kwargs)
        finally:
            ignoring.reset(ignoring_token)
            current.reset(token)
            _of_thread.spawns = before


_is_installed = False
_is_asgiref_watched = False
_lock = threading.Lock()


def install() -> None:
    """Wraps the functions that hand work over; what is not there is left out. Safe to call again."""
    global _is_installed
    if _is_installed and _is_asgiref_watched:
        return
    with _lock:
        _install_asgiref()
        if _is_installed:
            return
        _is_installed = True
        ThreadPoolExecutor.submit = _carrying_submit(ThreadPoolExecutor.submit)  # type: ignore[method-assign]
        threading.Thread.start = _carrying_start(threading.Thread.start)  # type: ignore[method-assign]
        if "asyncio" in sys.modules or sys.modules.get("django") is not None:
            _install_asyncio()


def _install_asyncio() -> None:
    from asyncio import base_events

    loop = base_events.BaseEventLoop
    loop.create_task = _carrying_create_task(loop.create_task)  # type: ignore[method-assign]
    loop.call_soon_threadsafe = _carrying_call(loop.call_soon_threadsafe)  # type: ignore[method-assign]
    loop.call_soon = _carrying_call_soon(loop.call_soon)  # type: ignore[method-assign]


def _install_asgiref() -> None:
    global _is_asgiref_watched
    module = sys.modules.get("asgiref.current_thread_executor")
    executor: Any = getattr(module, "CurrentThreadExecutor", None)
    if executor is not None and not hasattr(executor.submit, "__wrapped__"):
        executor.submit = _carrying_submit(executor.submit)
        _is_asgiref_watched = True


def _is_watched() -> bool:
    return current.get() is not None


def _carrying_submit(original: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def submit(self: Any, fn: Any, /, *args: Any, **kwargs: Any) -> Any:
        try:
            if _is_watched():
                fn = Job(fn, current.get(), note(sys._getframe(1)))
        except Exception:
            tell_fault(_FAULT)
        return original(self, fn, *args, **kwargs)

    return submit


def _carrying_start(original: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def start(self: Any) -> None:
        try:
            if _is_watched():
                _carry(self, note(sys._getframe(1)))
        except Exception:
            tell_fault(_FAULT)
        original(self)

    return start


def _carry(thread: threading.Thread, spawns: Spawns) -> None:
    """Has the thread run within the unit. A pool's thread serves many units: there each job is carried instead."""
    held = rows.own_dict(thread)
    if getattr(held.get("_target"), "__module__", "") == "concurrent.futures.thread" or "run" in held:
        return
    trace = current.get()

    def run() -> None:
        # The thread must not keep itself alive through what it runs.
        held.pop("run", None)
        Job(thread.run, trace, spawns)()

    held["run"] = run


def _carrying_create_task(original: Callable[..., Any]) -> Any:
    @functools.wraps(original)
    def create_task(self: Any, coro: Any, **kwargs: Any) -> Any:
        spawns: Spawns = ()
        try:
            spawns = note(sys._getframe(1)) if _is_watched() else ()
        except Exception:
            tell_fault(_FAULT)
        task = original(self, coro, **kwargs)
        try:
            if spawns:
                _remember(task, spawns)
        except Exception:
            tell_fault(_FAULT)
        return task

    return create_task


def _remember(task: Any, spawns: Spawns) -> None:
    address = id(task)
    try:
        _of_tasks[address] = weakref.ref(task, lambda _: _of_tasks.pop(address, None)), spawns
    except TypeError:
        # A task of another kind, which nothing can refer to weakly, is told as one from nowhere.
        return


def _carrying_call(original: Callable[..., Any]) -> Any:
    """`async_to_sync` has another thread's loop make its task: the caller is known only here."""

    @functools.wraps(original)
    def call_soon_threadsafe(self: Any, callback: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if type(callback) is MethodType and callback.__name__ == "create_task" and _is_watched():
                callback = Job(callback, current.get(), note(sys._getframe(1)))
        except Exception:
            tell_fault(_FAULT)
        return original(self, callback, *args, **kwargs)

    return call_soon_threadsafe


def _carrying_call_soon(original: Callable[..., Any]) -> Any:
    """Loaders that batch have the event loop call them back. What asyncio schedules for itself is passed over."""

    @functools.wraps(original)
    def call_soon(self: Any, callback: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if type(callback) in (FunctionType, MethodType) and _is_watched():
                caller = sys._getframe(1)
                if not kind_of(caller) & SPAWNER:
                    callback = Job(callback, current.get(), note(caller))
        except Exception:
            tell_fault(_FAULT)
        return original(self, callback, *args, **kwargs)

    return call_soon
