"""A real Prometheus scrapes Mercury's endpoint, and answers what was recorded.

    python -m tests.receivers.prometheus

It runs twice on free ports: as it comes, which asks for OpenMetrics, and with native histograms, which it
takes as protobuf. Needs Debian's package `prometheus`, 2.40 or newer. Exit code 0, 1 where an answer is wrong.
"""

import json
import random
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path
from socket import create_server
from socketserver import ThreadingMixIn
from typing import Any, Iterator, List, NamedTuple
from urllib.error import URLError
from urllib.parse import urlencode
from urllib.request import urlopen
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

import mercury
from mercury.export.prometheus import wsgi_application
from mercury.export.series import plain_text
from mercury.export.source import Source

NANOSECONDS = 10**9
DEADLINE_S = 120
HOSTILE = 'quote" backslash\\ line\nbreak NUL\0 surrogate\ud800 ' + "ü" * 400
QUANTILES = (0.5, 0.9, 0.99)

TIMES = [int(10 ** random.Random(number).uniform(3.5, 10)) for number in range(2000)]
"""From 3 us to 10 s."""

NAME = "http_server_request_duration_seconds"

CONFIGURATION = """
global: {{scrape_interval: 1s}}
scrape_configs:
  - job_name: mercury
    static_configs: [{{targets: ["127.0.0.1:{port}"]}}]
"""


class Quantile(NamedTuple):
    """How far an answer may be from the time itself, as factors: a bucket's width down and up."""

    metric: str
    lowest: float
    highest: float


CLASSIC = Quantile(f"{NAME}_bucket", 0.5, 2.0)
# Exported bounds are too high by a factor of 1.0156, buckets are a factor of 1.0905 wide.
NATIVE = Quantile(NAME, 1.0156 / 1.0906, 1.0157 * 1.0906)


def fill(path: Path) -> None:
    with mercury.Segment(path) as segment:
        segment.counter("mercury.findings", kind="n_plus_one").add(2**53)
        segment.counter("hostile", who=HOSTILE).add(3)
        durations = segment.histogram("http.server.request.duration", **{"http.route": "books/<int:number>/"})
        segment.record((durations, time_ns) for time_ns in TIMES)


def told_label(source: Source) -> str:
    snapshot = source.snapshot()
    assert snapshot is not None
    ((_, value),) = next(labels for (name, labels), _ in snapshot.counters() if name == "hostile")
    return plain_text(value)


class ThreadingServer(ThreadingMixIn, WSGIServer):
    """A scraper that is stopped in the middle of a request holds nobody up."""

    daemon_threads = True


class QuietHandler(WSGIRequestHandler):
    def log_message(self, *arguments: Any) -> None:
        """Not a line for each scrape."""


class Server:
    """A Prometheus of our own, which scrapes `target`."""

    def __init__(self, folder: Path, target: int, options: List[str]) -> None:
        with create_server(("127.0.0.1", 0)) as free:
            self._address = f"127.0.0.1:{free.getsockname()[1]}"
        (folder / "prometheus.yml").write_text(CONFIGURATION.format(port=target))
        self._log = (folder / "log").open("w+")
        self._process = subprocess.Popen(
            [
                "prometheus",
                f"--config.file={folder / 'prometheus.yml'}",
                f"--storage.tsdb.path={folder / 'data'}",
                f"--web.listen-address={self._address}",
                *options,
            ],
            stdout=self._log,
            stderr=self._log,
        )

    def query(self, expression: str) -> List[Any]:
        """The result of an instant query, once there is one."""
        until = time.monotonic() + DEADLINE_S
        while time.monotonic() < until and self._process.poll() is None:
            try:
                with urlopen(f"http://{self._address}/api/v1/query?{urlencode({'query': expression})}") as answer:
                    result: List[Any] = json.load(answer)["data"]["result"]
            except (URLError, ConnectionError):
                result = []
            if result:
                return result
            time.sleep(0.1)  # until the next scrape
        self._log.seek(0)
        sys.exit(f"no answer to {expression}\n{self._log.read()}")

    def value(self, expression: str) -> float:
        (result,) = self.query(expression)
        return float(result["value"][1])

    def stop(self) -> None:
        self._process.terminate()
        self._process.wait()
        self._log.close()


def wrong_answers(server: Server, who: str, figures: List[str], quantile: Quantile) -> Iterator[str]:
    """What Prometheus answers otherwise than it was recorded; `figures` are expressions for count and sum."""
    for expression, wanted in zip(figures, (len(TIMES), sum(TIMES) / NANOSECONDS)):
        found = server.value(expression)
        if found != wanted:
            yield f"{expression} is {found!r}, not {wanted!r}"
    if server.value("mercury_findings_total") != 2**53:
        yield "the counter is wrong"
    if server.query("hostile_total")[0]["metric"]["who"] != who:
        yield "the hostile label is wrong"
    for q in QUANTILES:
        expression = f"histogram_quantile({q}, {quantile.metric})"
        ratio = server.value(expression) / (sorted(TIMES)[int(q * len(TIMES)) - 1] / NANOSECONDS)
        print(f"  {expression}: {ratio:.4f} times the time of that rank")
        if not quantile.lowest <= ratio <= quantile.highest:
            yield f"{expression} is {ratio} times what it should be"


def run(target: int, who: str, name: str, options: List[str], figures: List[str], quantile: Quantile) -> bool:
    print(f"{name}:")
    with tempfile.TemporaryDirectory() as folder:
        server = Server(Path(folder), target, options)
        try:
            server.query('up{job="mercury"} == 1')
            wrong = list(wrong_answers(server, who, figures, quantile))
        finally:
            server.stop()
    print("\n".join(f"  WRONG: {each}" for each in wrong) or "  all as recorded")
    return not wrong


def scrape(folder: Path) -> bool:
    """Whether both kinds of Prometheus answer what a segment in this folder holds."""
    fill(folder / "metrics")
    source = Source(folder / "metrics")
    who = told_label(source)
    endpoint = make_server("127.0.0.1", 0, wsgi_application(source.snapshot), ThreadingServer, QuietHandler)
    threading.Thread(target=endpoint.serve_forever, daemon=True).start()
    port = endpoint.server_port
    classic = run(port, who, "OpenMetrics", [], [f"{NAME}_count", f"{NAME}_sum"], CLASSIC)
    options, figures = ["--enable-feature=native-histograms"], [f"histogram_count({NAME})", f"histogram_sum({NAME})"]
    native = run(port, who, "native histograms", options, figures, NATIVE)
    endpoint.shutdown()
    return classic and native


def main() -> int:
    if shutil.which("prometheus") is None:
        sys.exit("Prometheus is missing: apt-get install prometheus")
    version = subprocess.run(["prometheus", "--version"], check=True, capture_output=True, text=True)
    print(version.stdout.splitlines()[0])
    with tempfile.TemporaryDirectory() as folder:
        return 0 if scrape(Path(folder)) else 1


if __name__ == "__main__":
    sys.exit(main())
