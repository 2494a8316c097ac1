"""The bookshop under gunicorn, with wrk that drives it for as long as it is let. Linux.

Two workers with four threads each. Each worker keeps to a processor of its own, and takes four of the eight
connections that wrk drives from one thread: without that one worker takes most of them, and does most of the work.
A server and its wrk are stopped and continued by signals.
"""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
BOOKSHOP = ROOT / "examples" / "bookshop"
PAGE = "/repaired/"
WORKERS = 2
WARM_UP_SECONDS = 2
NEVER_SECONDS = 3600

CONTENDERS: Dict[str, Dict[str, str]] = {
    "unmonitored": {"BENCHMARK_BARE": "1"},
    "unmonitored again": {"BENCHMARK_BARE": "1"},
    "light": {"MERCURY_SAMPLE_RATE": "0", "MERCURY_MAX_OVERHEAD": "1"},
    "1 % in full": {"MERCURY_SAMPLE_RATE": "0.01", "MERCURY_MAX_OVERHEAD": "1"},
}


class Work(NamedTuple):
    """What a server has done while it was let."""

    requests: int
    seconds: float
    processor_seconds: List[float]
    """Of each worker."""


def environment(folder: Path, contender: str) -> Dict[str, str]:
    return {
        **os.environ,
        # How dicts and sets lie in memory must not tell the contenders apart.
        "PYTHONHASHSEED": "0",
        "PYTHONPATH": os.pathsep.join(map(str, (Path(__file__).resolve().parent, ROOT, BOOKSHOP))),
        "DJANGO_SETTINGS_MODULE": "production_settings",
        "BOOKSHOP_DATABASE": str(folder / "bookshop.sqlite3"),
        "MERCURY_METRICS": str(folder / f"{contender}.segment"),
        **CONTENDERS[contender],
    }


def make_database(folder: Path) -> None:
    program = (
        "import django; django.setup(); from django.core.management import call_command; "
        "call_command('migrate', verbosity=0); from shop.seed import seed; seed()"
    )
    subprocess.run([sys.executable, "-c", program], env=environment(folder, "unmonitored"), check=True)


class Server:
    """A server that is up, and stands still but for the time that it is let."""

    def __init__(self, url: str, master: int, workers: List[int]) -> None:
        """`master` leads the group of processes that the workers are in."""
        self._workers = workers
        self._seconds = 0.0
        subprocess.run(wrk(url, WARM_UP_SECONDS), check=True, stdout=subprocess.DEVNULL)
        self._wait_until_idle()
        self._wrk = subprocess.Popen(wrk(url, NEVER_SECONDS), stdout=subprocess.PIPE, text=True, start_new_session=True)
        self._groups = (master, self._wrk.pid)
        self._signal(signal.SIGSTOP)
        self._before = self._processor_seconds()

    def work(self, seconds: float) -> None:
        """Lets it answer as fast as it can."""
        started = time.perf_counter()
        self._signal(signal.SIGCONT)
        time.sleep(seconds)
        self._signal(signal.SIGSTOP)
        self._seconds += time.perf_counter() - started

    def end(self) -> Work:
        """What it has done in all. The workers stand still while wrk tells how many answers it had."""
        used = [now - before for now, before in zip(self._processor_seconds(), self._before)]
        self._wrk.send_signal(signal.SIGCONT)
        while self._wrk.poll() is None:
            # One for each of its threads.
            self._wrk.send_signal(signal.SIGINT)
            time.sleep(0.1)
        assert self._wrk.stdout is not None
        return Work(requests_of(self._wrk.stdout.read()), self._seconds, used)

    def leave(self) -> None:
        """Ends wrk, which a measurement that failed has left; one that has ended is no longer there."""
        if self._wrk.poll() is None:
            self._wrk.kill()
            self._wrk.wait()

    def _wait_until_idle(self) -> None:
        """What wrk has left unanswered is no part of the measurement."""
        before: List[float] = []
        while before != self._processor_seconds():
            before = self._processor_seconds()
            time.sleep(0.1)

    def _signal(self, number: int) -> None:
        for group in self._groups:
            os.killpg(group, number)

    def _processor_seconds(self) -> List[float]:
        # The number of a process's clock, as clock_getcpuclockid(3) makes it.
        return [time.clock_gettime((~worker << 3) | 2) for worker in self._workers]


@contextmanager
def served(folder: Path, contender: str) -> Iterator[Server]:
    """A server that has answered for WARM_UP_SECONDS."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    arguments = ["--threads=4", "--worker-connections=4", f"--bind=127.0.0.1:{port}", "bookshop.wsgi"]
    process = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", f"--workers={WORKERS}", *arguments],
        env=environment(folder, contender),
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )
    server = None
    try:
        server = Server(f"http://127.0.0.1:{port}{PAGE}", process.pid, pinned_workers(process))
        yield server
    finally:
        if server is not None:
            server.leave()
        process.terminate()
        os.killpg(process.pid, signal.SIGCONT)
        process.wait()


def pinned_workers(process: "subprocess.Popen[str]") -> List[int]:
    """The workers of a server that starts. Their threads, which come later, keep to the same processor."""
    assert process.stderr is not None
    booting = (re.search(r"Booting worker with pid: (\d+)", line) for line in process.stderr)
    found = [int(next(filter(None, booting))[1]) for _ in range(WORKERS)]
    for worker, processor in zip(found, sorted(os.sched_getaffinity(0))):
        os.sched_setaffinity(worker, {processor})
    threading.Thread(target=process.stderr.read, daemon=True).start()
    return found


def wrk(url: str, seconds: int) -> List[str]:
    return ["wrk", "--threads=1", "--connections=8", f"--duration={seconds}s", url]


def requests_of(printed: str) -> int:
    """How many answers wrk says that it had."""
    found = re.search(r"(\d+) requests in ", printed)
    if found is None or "Non-2xx" in printed:
        raise SystemExit(f"the server did not answer as it should:\n{printed}")
    return int(found[1])
