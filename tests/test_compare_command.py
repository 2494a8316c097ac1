"""`mercury compare` over real repositories: verdicts, what is left behind, and what is said where there is none."""

import json
import os
import shlex
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any, List

import pytest

from mercury.cli import main
from mercury.commands.compare.counts import count
from mercury.commands.compare.execution import Execution
from mercury.commands.compare.wording import lines
from mercury.history import History

pytestmark = pytest.mark.skipif(
    shutil.which("git") is None or os.name != "posix", reason="git and a POSIX shell are needed, and are not here"
)

LOOP = "i=0; while [ $i -lt {} ]; do i=$((i+1)); done\n"
QUERIES = """
from django.conf import settings
settings.configure(DATABASES={{"default": {{"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}}}})
from django.db import connection
for _ in range({}):
    connection.cursor().execute("SELECT 1")
"""


def git(folder: Path, *arguments: str) -> str:
    identity = ["-c", "user.name=test", "-c", "user.email=test@example.org"]
    result = subprocess.run(["git", *identity, *arguments], cwd=folder, stdout=subprocess.PIPE, check=True, text=True)
    return result.stdout


def commit(folder: Path, **files: str) -> None:
    for name, content in files.items():
        (folder / name.replace("_", ".")).write_text(content)
    git(folder, "add", ".")
    git(folder, "commit", "-q", "--allow-empty", "-m", "a change")


@pytest.fixture
def repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The last commit takes several times as long as the one before."""
    folder = tmp_path / "repository"
    folder.mkdir()
    git(folder, "init", "-q", "-b", "main")
    commit(folder, work_sh=LOOP.format(300))
    commit(folder, work_sh=LOOP.format(3000))
    monkeypatch.chdir(folder)
    monkeypatch.delenv("GIT_DIR", raising=False)
    return folder


def run(*arguments: str) -> int:
    return main(["compare", *arguments])


def test_a_slower_revision_is_told_and_kept(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run("HEAD~1..", "--detect", "50", "--json", "--", "sh", "work.sh") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "slower"
    assert told["head"] == {"name": "HEAD", "commit": git(repository, "rev-parse", "HEAD").strip()}
    found = told["measures"]["processor time"]
    assert found["verdict"] == "slower"
    assert 0 < found["low"] <= found["effect"] <= found["high"]
    assert len(found["base_ns"]) == len(found["head_ns"]) == 2 * found["count"] >= 32
    assert "loaded Django" in told["queries"]["why_not"]
    assert [entry.document for entry in History().entries()] == [told]
    assert git(repository, "worktree", "list").count("\n") == 1


def test_a_faster_one_is_no_regression(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    arguments = ["main..main~1", "--measure", "processor", "--detect", "50", "--no-count", "--history", ""]
    assert run(*arguments, "--", "sh", "work.sh") == 0
    told = capsys.readouterr().out
    assert told.splitlines()[-1] == "faster"
    assert "wall time" not in told
    assert not (repository / ".mercury").exists()


def problem(capsys: pytest.CaptureFixture[str], *arguments: str) -> str:
    """What is said, and that nothing is left behind."""
    run(*arguments)
    captured = capsys.readouterr()
    assert captured.out == ""
    if Path(".git").is_dir():
        assert git(Path(), "worktree", "list").count("\n") == 1
    return captured.err


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (["gone..HEAD", "--", "true"], 2, "git fetch origin gone"),
        (["--", "true"], 2, ""),
        (["HEAD", "--", "true"], 2, "write BASE..HEAD"),
        (["a...b", "--", "true"], 2, "write BASE..HEAD"),
        (["HEAD.."], 2, "name a command"),
        (["HEAD..", "--detect", "0", "--", "true"], 2, "above 0 and below 100"),
        (["HEAD..", "--", "sh", "-c", "echo this went wrong; exit 7"], 4, "failed with exit code 7 in base HEAD"),
        (["HEAD..", "--", "sh", "-c", "kill -9 $$"], 4, "was ended by signal 9"),
        (["HEAD..", "--", "./venv/bin/python"], 4, "make them with --setup"),
        (["HEAD..", "--", "a\0b"], 4, "hold a NUL"),
        (["HEAD..", "--setup", "exit 3", "--", "true"], 4, "failed with exit code 3 in --setup of base HEAD"),
        (["HEAD..", "--timeout", "1", "--", "sleep", "30"], 4, "give --timeout SECONDS"),
        (["HEAD..", "--budget", "1", "--", "sleep", "0.05"], 3, "give --budget"),
    ],
)
def test_where_there_is_no_verdict(
    repository: Path, capsys: pytest.CaptureFixture[str], arguments: List[str], code: int, words: str
) -> None:
    try:
        assert run(*arguments) == code
    except SystemExit as ended:
        assert ended.code == code
    captured = capsys.readouterr()
    assert words in captured.err
    assert captured.out == ""
    assert git(repository, "worktree", "list").count("\n") == 1


def test_the_last_lines_of_a_command_that_fails(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert "this went wrong" in problem(capsys, "HEAD..", "--", "sh", "-c", "echo this went wrong >&2; exit 7")


def test_changes_that_are_not_committed(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / "work.sh").write_text("true")
    assert "commit or stash them" in problem(capsys, "HEAD~1..", "--", "true")
    assert "failed with exit code 1" in problem(capsys, "HEAD~1..main", "--", "false")


def test_a_repository_that_cannot_be_written(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (repository / ".git" / "worktrees").write_text("in the way")
    run("HEAD..", "--", "true")
    assert "git clone --shared" in capsys.readouterr().err


def test_no_repository(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path.parent))
    assert "no git repository can be read here" in problem(capsys, "main..HEAD", "--", "true")


def test_a_folder_within_the_repository(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "inner").mkdir()
    (repository / "inner" / "here").write_text("")
    commit(repository)
    monkeypatch.chdir(repository / "inner")
    assert "failed with exit code 9" in problem(capsys, "HEAD..", "--", "sh", "-c", "test -e here && exit 9")


def test_code_that_is_the_same_for_both(
    repository: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (repository / "shop").mkdir()
    (repository / "shop" / "__init__.py").write_text("")
    commit(repository)
    monkeypatch.setenv("PYTHONPATH", str(repository))
    elsewhere = f"cd / && {shlex.quote(sys.executable)} -S -c 'import shop'"
    assert f"imports shop/__init__.py from {repository}" in problem(capsys, "HEAD..", "--", "sh", "-c", elsewhere)
    # Here the working directory comes first. The third run, the first after those that see to this, is made to fail.
    own = f"{shlex.quote(sys.executable)} -S -c 'import shop' && echo >>runs && test $(wc -l <runs) -lt 3"
    assert "failed with exit code 1" in problem(capsys, "HEAD..", "--", "sh", "-c", own)


def sides(folder: Path, base: str, head: str) -> List[Any]:
    made = []
    for name, text in (("base", base), ("head", head)):
        (folder / name).mkdir()
        (folder / name / "work.py").write_text(text)
        made.append(Execution([sys.executable, "work.py"], str(folder / name), name, 60))
    return made


def test_queries_are_counted(tmp_path: Path) -> None:
    counted = count(*sides(tmp_path, QUERIES.format(2), QUERIES.format(5)))
    found = counted["queries"]
    assert (found.base, found.head, found.inexact, found.only_in_one) == (2, 5, [], [])
    assert [each[1:] for each in found.differences] == [(2, 5)]
    assert found.has_more
    assert (counted["rows"].base, counted["rows"].head, counted["rows"].differences) == (0, 0, [])
    assert set(counted) == {"queries", "rows"}


READS = """
numbers = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < %s) SELECT i FROM n"
with connection.cursor() as cursor:
    cursor.execute(numbers, [{}])
    {}
"""


@pytest.mark.parametrize(
    "read",
    [
        "cursor.fetchall()",
        "while cursor.fetchone(): pass",
        "while cursor.fetchmany(7): pass",
        "for row in cursor: pass",
    ],
)
def test_rows_are_counted_as_they_are_read(tmp_path: Path, read: str) -> None:
    counted = count(*sides(tmp_path, *((QUERIES.format(0) + READS.format(rows, read)) for rows in (10, 30))))
    assert counted["queries"].differences == []
    found = counted["rows"]
    assert (found.base, found.head, found.inexact, found.only_in_one) == (10, 30, [], [])
    assert [each[1:] for each in found.differences] == [(10, 30)]
    assert found.has_more


UNITS = """
import mercury, threading
with connection.cursor() as cursor:
    cursor.execute(numbers, [100])
    with mercury.monitor("task", workload="task"), mercury.monitor("a block in it"):
        cursor.fetchmany({})
    connection.inc_thread_sharing()
    cursor.fetchmany(5)
    thread = threading.Thread(target=cursor.fetchmany, args=(20,))
    thread.start()
    thread.join()
"""


def test_rows_belong_to_the_unit_that_reads_them(tmp_path: Path) -> None:
    script = QUERIES.format(0) + READS.format(1, "pass")
    found = count(*sides(tmp_path, *(script + UNITS.format(rows) for rows in (10, 30))))["rows"]
    assert [tuple(each) for each in found.differences] == [("task", 10, 30)]
    assert (found.base, found.head) == (35, 55)


def holding(megabytes: int) -> str:
    return QUERIES.format(1) + f"held = bytearray({megabytes}000000)\n"


def test_memory_is_traced_where_it_is_asked_for(tmp_path: Path) -> None:
    counted = count(*sides(tmp_path, holding(1), holding(9)), with_memory=True)
    found = counted["peak memory"]
    ((name, before, after),) = found.differences
    assert name == "work.py"
    assert 7_900_000 < after - before < 8_100_000
    assert counted["queries"].differences == counted["rows"].differences == []


def test_equal_memory_is_no_difference(tmp_path: Path) -> None:
    found = count(*sides(tmp_path, holding(1), holding(1)), with_memory=True)["peak memory"]
    assert found.base and found.head and found.differences == []


def test_more_rows_are_a_regression(repository: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for rows in (10, 30):
        commit(repository, work_py=QUERIES.format(0) + READS.format(rows, "cursor.fetchall()"))
    arguments = ["HEAD~1..", "--detect", "99", "--history", "", "--budget", "400", "--memory"]
    assert run(*arguments, "--json", "--", sys.executable, "work.py") == 1
    told = json.loads(capsys.readouterr().out)
    assert told["verdict"] == "more rows"
    assert (told["rows"]["base_rows"], told["rows"]["head_rows"]) == (10, 30)
    assert told["queries"]["base_queries"] == told["queries"]["head_queries"] == 1
    assert told["memory"]["base_memory"] > 0
    shown = "\n".join(lines(told))
    assert "  rows             10 -> 30\n    work.py: 10 -> 30\n  peak memory      " in shown
    assert shown.endswith("\n\nmore rows")
