"""The bookshop under gunicorn and load, with a worker killed every second: no response that a client got is missing.

    python -m tests.crash.server --seconds 60

A request's figures are flushed before its response is sent. So of one page

    responses that came <= requests that the segment counts <= responses that came + requests that a kill cut off
"""

import argparse
import http.client
import os
import random
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Dict, List, Optional

import mercury

ROOT = Path(__file__).resolve().parent.parent.parent
BOOKSHOP = ROOT / "examples" / "bookshop"
PAGE = "/repaired/"
WORKERS, THREADS, CLIENTS = 2, 4, 4
SECONDS_TO_START = 30


class Client(threading.Thread):
    """Asks for the page until it is told to stop; counts whole responses, requests that got none, and errors."""

    def __init__(self, port: int) -> None:
        super().__init__(daemon=True)
        self._port = port
        self.stops = threading.Event()
        self.came = self.cut_off = self.errors = 0

    def run(self) -> None:
        while not self.stops.is_set():
            status = ask(self._port)
            self.came += status == 200
            self.cut_off += status == 0
            self.errors += status not in (0, 200)


def ask(port: int) -> int:
    """The status of the response, 0 where none came or not the whole one."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    try:
        connection.request("GET", PAGE)
        response = connection.getresponse()
        response.read()
        return response.status
    except (OSError, http.client.HTTPException):
        return 0
    finally:
        connection.close()


def free_port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def serve(folder: Path, port: int) -> "subprocess.Popen[bytes]":
    """gunicorn's master; its log goes to server.log in the folder."""
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(ROOT), str(BOOKSHOP)]),
        "DJANGO_SETTINGS_MODULE": "bookshop.settings",
        "BOOKSHOP_DATABASE": str(folder / "bookshop.sqlite3"),
        "MERCURY_METRICS": str(folder / "metrics.segment"),
        "MERCURY_SAMPLE_RATE": "0.1",
        "MERCURY_MODE": "observe",
    }
    seeding = "import django; django.setup(); from shop.seed import seed; seed(20)"
    for command in (["manage.py", "migrate", "--verbosity=0"], ["-c", seeding]):
        subprocess.run([sys.executable, *command], env=environment, cwd=BOOKSHOP, check=True)
    command = [sys.executable, "-m", "gunicorn", f"--workers={WORKERS}", f"--threads={THREADS}"]
    with open(folder / "server.log", "wb") as log:
        return subprocess.Popen(
            [*command, f"--bind=127.0.0.1:{port}", "bookshop.wsgi"], env=environment, cwd=BOOKSHOP, stderr=log
        )


def workers_of(master: int) -> List[int]:
    with open(f"/proc/{master}/task/{master}/children", encoding="ascii") as children:
        return [int(each) for each in children.read().split()]


def wait_until_served(port: int) -> None:
    """Returns with the first response that is whole."""
    deadline = time.monotonic() + SECONDS_TO_START
    while time.monotonic() < deadline:
        if ask(port) == 200:
            return
        time.sleep(0.1)
    raise SystemExit(f"gunicorn did not answer within {SECONDS_TO_START} s")


def storm(master: int, port: int, seconds: int) -> Dict[str, int]:
    """What the clients saw while workers were killed."""
    clients = [Client(port) for _ in range(CLIENTS)]
    for client in clients:
        client.start()
    kills = 0
    for _ in range(seconds):
        time.sleep(1)
        living = workers_of(master)
        if living:
            os.kill(random.choice(living), signal.SIGKILL)
            kills += 1
    for client in clients:
        client.stops.set()
    for client in clients:
        client.join()
    return {
        "kills": kills,
        "came": sum(client.came for client in clients),
        "cut_off": sum(client.cut_off for client in clients),
        "errors": sum(client.errors for client in clients),
    }


def counted(path: Path) -> int:
    """How often the segment says that the page was asked for."""
    with mercury.Segment(str(path)) as segment:
        histograms = segment.snapshot().histograms()
        return sum(
            histogram.count
            for (name, labels), histogram in histograms
            if name == "http.server.request.duration" and ("http.route", PAGE) in labels
        )


def judge(seen: Dict[str, int], found: int) -> Optional[str]:
    """What is wrong, or None."""
    if seen["kills"] == 0 or seen["came"] == 0:
        return "nothing was killed, or nothing came: nothing is proven"
    if seen["errors"]:
        return f"{seen['errors']} responses were errors"
    if not seen["came"] <= found <= seen["came"] + seen["cut_off"]:
        return f"{found} requests in the segment, not {seen['came']} to {seen['came'] + seen['cut_off']}"
    return None


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=int, default=60)
    options = parser.parse_args()
    port = free_port()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        server = serve(folder, port)
        try:
            wait_until_served(port)
            seen = storm(server.pid, port, options.seconds)
        finally:
            server.send_signal(signal.SIGTERM)
            server.wait(timeout=20)
        seen["came"] += 1  # the one that was waited for
        found = counted(folder / "metrics.segment")
    print(
        f"server: {seen['kills']} workers killed in {options.seconds} s, two of them at work; {CLIENTS} clients got "
        f"{seen['came']} responses, {seen['cut_off']} requests were cut off; the segment counts {found}"
    )
    fault = judge(seen, found)
    if fault is not None:
        print(f"fault: {fault}", file=sys.stderr)
    return 0 if fault is None else 1


if __name__ == "__main__":
    sys.exit(main())
