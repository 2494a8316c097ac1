"""Always-on metrics in a real segment: forked children, a real server with two workers, paths that cannot be used."""

import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from pathlib import Path

import pytest

from tests.django_database import database, shop  # noqa: F401 - fixtures

from django.test import Client, override_settings  # isort: skip

import mercury
from mercury.segment import Segment
from mercury.telemetry import active
from mercury.telemetry.sink import segment_path

pytestmark = [
    pytest.mark.usefixtures("shop"),
    pytest.mark.skipif(sys.platform == "win32", reason="forks, and a server that forks"),
]

PAGE = "/plain/7/"


@pytest.fixture
def segment(tmp_path):
    path = tmp_path / "metrics.segment"
    with override_settings(MERCURY={"metrics": str(path), "sample_rate": 0}):
        yield path
        active.close()


def counted(path):
    """Of all series: a counter's total, a histogram's count, by name and labels."""
    with Segment(path) as opened:
        snapshot = opened.snapshot()
    assert snapshot.losses == (0, 0, 0, 0, 0)
    found = dict(snapshot.counters())
    found.update((key, histogram.count) for key, histogram in snapshot.histograms())
    return found


def total(found, name, **labels):
    wanted = {(key.replace("__", "."), value) for key, value in labels.items()}
    return sum(value for (each, of), value in found.items() if each == name and wanted <= set(of))


def test_units_of_a_process_and_of_its_forked_children_add_up(segment):
    def unit():
        with mercury.monitor("work"):
            pass

    unit()
    children = []
    for _ in range(2):
        child = os.fork()
        if child == 0:
            try:
                unit()
                unit()
                active.close()
            finally:
                os._exit(0)
        children.append(child)
    for child in children:
        assert os.waitpid(child, 0)[1] == 0
    unit()
    assert total(counted(segment), "mercury.unit.duration") == 6


def test_a_unit_that_is_open_across_a_fork_is_its_parent_s(segment):
    with mercury.monitor("around") as watch:
        child = os.fork()
        if child == 0:
            try:
                watch.__exit__(None, None, None)
            finally:
                os._exit(0)
        os.waitpid(child, 0)
    assert total(counted(segment), "mercury.unit.duration") == 1


@pytest.mark.parametrize("what", ["no folder", "a folder of the system", "a full disk"])
def test_a_path_that_cannot_be_used_costs_one_line_and_no_response(what, tmp_path, caplog):
    if what == "a full disk" and not os.path.exists("/dev/full"):
        pytest.skip("this system has no full disk to try")
    path = {"no folder": "/nowhere/at/all", "a folder of the system": "/proc/metrics", "a full disk": "/dev/full"}[what]
    with override_settings(MERCURY={"metrics": path}):
        for _ in range(3):
            assert Client().get(PAGE).status_code == 200
        active.close()
    told = [record.getMessage() for record in caplog.records if record.name == "mercury"]
    assert len(told) == 1
    assert path in told[0] or "metrics" in told[0]


def test_the_default_file_lies_in_a_folder_of_the_user_s_own(tmp_path, monkeypatch):
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    path = segment_path(True, "shop.settings/..")
    assert path.name == "shop.settings_...segment"
    assert path.parent.parent == tmp_path
    assert path.parent.stat().st_mode & 0o777 == 0o700
    path.parent.chmod(0o755)
    with pytest.raises(PermissionError):
        segment_path(True, "shop")
    path.parent.rmdir()
    path.parent.symlink_to(tmp_path)
    with pytest.raises(NotADirectoryError):
        segment_path(True, "shop")


def test_two_gunicorn_workers_count_what_their_client_counted(tmp_path, root):
    pytest.importorskip("gunicorn", reason="gunicorn is not installed: pip install gunicorn")
    bookshop = Path(root) / "examples" / "bookshop"
    segment = tmp_path / "metrics.segment"
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ,
        "PYTHONPATH": os.pathsep.join([str(root), str(bookshop)]),
        "DJANGO_SETTINGS_MODULE": "bookshop.settings",
        "BOOKSHOP_DATABASE": str(tmp_path / "bookshop.sqlite3"),
        "MERCURY_METRICS": str(segment),
        "MERCURY_SAMPLE_RATE": "0",
        "MERCURY_MODE": "observe",
    }
    migrate = [sys.executable, "manage.py", "migrate", "--verbosity=0"]
    subprocess.run(migrate, env=environment, check=True, cwd=bookshop)
    arguments = ["--workers=2", "--threads=4", "--preload", f"--bind=127.0.0.1:{port}", "bookshop.wsgi"]
    server = subprocess.Popen(
        [sys.executable, "-m", "gunicorn", *arguments],
        env=environment,
        cwd=bookshop,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        for line in server.stderr:
            if "Booting worker" in line:
                break
        threading.Thread(target=server.stderr.read, daemon=True).start()
        statuses = [status for client in fetch(port, clients=4, requests=15) for status in client]
    finally:
        server.send_signal(signal.SIGTERM)
        server.wait(timeout=20)
    assert statuses == [200] * 60
    found = counted(segment)
    assert total(found, "http.server.request.duration", http__route="/repaired/") == 60
    assert total(found, "mercury.units", mercury__capture="light") == 60
    assert total(found, "db.client.operation.duration") == total(found, "mercury.queries") > 0


def fetch(port, clients, requests):
    """The statuses that each of some clients at once got."""
    got = [[] for _ in range(clients)]

    def client(statuses):
        for _ in range(requests):
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/repaired/", timeout=20) as response:
                response.read()
                statuses.append(response.status)

    threads = [threading.Thread(target=client, args=(statuses,)) for statuses in got]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return got
