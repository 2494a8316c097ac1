"""The file of comparisons: its own database or none, several processes at once, and what is damaged."""

import json
import sqlite3
import subprocess
import sys
from contextlib import closing
from pathlib import Path
from typing import Any, Dict

import pytest

from mercury.cli import main
from mercury.history import APPLICATION_ID, History, HistoryError

TIMES = [100.0, 101.0, 99.0, 102.0, 98.0, 100.5, 99.5, 101.5, 98.5, 100.2] * 4
DOCUMENT: Dict[str, Any] = {
    "version": "0",
    "base": {"name": "main", "commit": "a" * 40},
    "head": {"name": "HEAD", "commit": "b" * 40},
    "command": ["python", "-m", "pytest"],
    "detect": 0.05,
    "seed": 1,
    "verdict": "no difference found",
    "measures": {
        "processor time": {
            "verdict": "no difference found", "effect": 0.01, "low": 0.0, "high": 0.02, "p": 0.5, "noise_floor": 0.01,
            "count": 20, "base_ns": TIMES, "head_ns": TIMES,
        },
        "wall time": {"why_not": "the clock is too coarse"},
    },
    "queries": {"why_not": "no Django", "differences": [], "inexact": [], "only_in_one": []},
}  # fmt: skip

ADD = """
import json, sys
from mercury.history import History
for _ in range(10):
    History(sys.argv[1]).add("2026-01-01T00:00:00+00:00", json.loads(sys.argv[2]))
"""


@pytest.fixture
def path(tmp_path: Path) -> str:
    return str(tmp_path / "new" / "history.sqlite3")


def add(path: str) -> int:
    return History(path).add("2026-01-01T00:00:00+00:00", DOCUMENT)


def refusal(path: str) -> str:
    with pytest.raises(HistoryError) as raised:
        add(path)
    return str(raised.value)


def test_what_was_added_is_there(path: str) -> None:
    assert History(path).entries() == []
    assert [add(path), add(path)] == [1, 2]
    entry = History(path).entry(2)
    assert entry is not None
    assert (entry.base_name, entry.head_commit, entry.document) == ("main", "b" * 40, DOCUMENT)
    assert History(path).entry(3) is None


def test_processes_write_at_once_and_none_is_lost(path: str) -> None:
    writers = [subprocess.Popen([sys.executable, "-c", ADD, path, json.dumps(DOCUMENT)]) for _ in range(2)]
    assert [writer.wait() for writer in writers] == [0, 0]
    assert [entry.id for entry in History(path).entries()] == list(range(1, 21))


def test_the_oldest_go(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercury.history.MAX_ENTRIES", 3)
    for _ in range(5):
        add(path)
    assert [entry.id for entry in History(path).entries()] == [3, 4, 5]


def test_another_database_stays_as_it_is(tmp_path: Path) -> None:
    path = tmp_path / "db.sqlite3"
    with closing(sqlite3.connect(path)) as database:
        database.execute("CREATE TABLE book (title)")
    before = path.read_bytes()
    assert "is no history of Mercury, and stays as it is" in refusal(str(path))
    with pytest.raises(HistoryError, match="no history of Mercury"):
        History(str(path)).entries()
    assert path.read_bytes() == before


def test_a_newer_file_is_refused(path: str) -> None:
    add(path)
    with closing(sqlite3.connect(path)) as database:
        assert database.execute("PRAGMA application_id").fetchone() == (APPLICATION_ID,)
        database.execute("PRAGMA user_version = 2")
    assert "upgrade Mercury" in refusal(path)


def test_a_damaged_file_is_refused(path: str) -> None:
    add(path)
    data = bytearray(Path(path).read_bytes())
    data[4096:] = b"\x5a" * (len(data) - 4096)
    Path(path).write_bytes(data)
    assert "is damaged: move it away" in refusal(path)
    Path(path).write_bytes(b"no database at all, but long enough to be looked at" * 9)
    assert "is damaged: move it away" in refusal(path)


def test_a_document_that_is_damaged_is_refused(path: str) -> None:
    add(path)
    with closing(sqlite3.connect(path)) as database:
        database.execute("UPDATE comparison SET document = '{'")
        database.commit()
    with pytest.raises(HistoryError, match="is damaged"):
        History(path).entries()


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    assert "cannot be written" in refusal(str(tmp_path / "file" / "history.sqlite3"))
    assert "cannot be written" in refusal(str(tmp_path))


def test_it_is_locked_for_long(path: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("mercury.history.BUSY_SECONDS", 0.01)
    add(path)
    with closing(sqlite3.connect(path, isolation_level=None)) as other:
        other.execute("BEGIN IMMEDIATE")
        assert "in use by others" in refusal(path)


def test_the_command_lists_shows_and_compares(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--history", path]) == 0
    assert "no comparisons yet" in capsys.readouterr().out
    add(path)
    add(path)
    assert main(["history", "--history", path]) == 0
    rows = capsys.readouterr().out.splitlines()
    assert rows[0].split() == ["id", "created", "base", "head", "processor", "wall", "verdict", "command"]
    assert rows[2].split()[:3] == ["2", "2026-01-01T00:00:00+00:00", "main"]
    assert "+1.0 %" in rows[2]
    assert main(["history", "--history", path, "1"]) == 0
    assert "not compared: the clock is too coarse" in capsys.readouterr().out
    assert main(["history", "--history", path, "1", "2"]) == 0
    assert "processor time   no difference found: +0.0 %" in capsys.readouterr().out


def test_the_command_tells_programs(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    add(path)
    for arguments in ([], ["1"], ["1", "1"]):
        assert main(["history", "--history", path, "--json", *arguments]) == 0
    listed, _, rest = capsys.readouterr().out.partition("\n")
    assert json.loads(listed)["comparisons"] == [{"id": 1, "created": "2026-01-01T00:00:00+00:00", **DOCUMENT}]
    shown, end = json.JSONDecoder().raw_decode(rest)
    assert shown == DOCUMENT
    assert json.loads(rest[end:])["processor time"]["verdict"] == "no difference found"


def test_wrong_usage(path: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["history", "--history", path, "7"]) == 2
    assert "there is no comparison 7" in capsys.readouterr().err
    assert main(["history", "--history", path, "1", "2", "3"]) == 2
