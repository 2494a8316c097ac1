"""The command line as a shell sees it: what is printed, where, and with which exit code."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

import mercury
from mercury import cli
from mercury.commands import fingerprint as fingerprint_command
from mercury.core import backend

SCRIPT = """
-- a script; with a comment
SELECT * FROM t WHERE id = 1;
SELECT * FROM t WHERE id = 2; ;;
INSERT INTO "Log" SELECT 'a;secret' FROM t
"""
SELECT, INSERT = "select * from t where id = ?", 'insert into "Log" select ? from t'


def run(*arguments, sql="", **variables):
    """Runs `mercury fingerprint` as a process of its own."""
    return subprocess.run(
        [sys.executable, "-W", "ignore", "-m", "mercury", "fingerprint", *arguments],
        input=sql if isinstance(sql, bytes) else sql.encode(),
        capture_output=True,
        env={**os.environ, "PYTHONIOENCODING": "utf-8", **variables},
        check=False,
    )


@pytest.fixture
def call(capsys, tmp_path):
    """Runs the command here, over a file, and returns exit code, output and complaints."""

    def call_it(*arguments, sql=b""):
        path = tmp_path / "script.sql"
        path.write_bytes(sql if isinstance(sql, bytes) else sql.encode())
        code = cli.main(["fingerprint", *arguments, str(path)])
        return (code, *capsys.readouterr())

    return call_it


def line(sql, dialect="generic"):
    return f"{mercury.fingerprint(sql, dialect):016x}\t{mercury.normalize(sql, dialect)}\n"


def test_one_line_for_each_statement(call):
    assert call(sql=SCRIPT) == (0, line(SELECT) * 2 + line(INSERT), "")


def test_standard_input():
    for arguments in ((), ("-",)):
        done = run(*arguments, sql=SCRIPT)
        assert (done.returncode, done.stderr) == (0, b"")
        assert done.stdout.decode() == line(SELECT) * 2 + line(INSERT)


@pytest.mark.parametrize("sql", [b"", b" \n", b";;;", b"-- nothing"])
def test_no_statements(call, sql):
    assert call(sql=sql) == (0, "", "")
    assert call("--json", "--top", "3", sql=sql) == (0, "", "")
    assert call("--top", "3", sql=sql)[:2] == (
        0,
        "count   share  fingerprint       statement\n0 statements, 0 fingerprints\n",
    )


def test_dialects(call):
    assert call("--dialect", "mysql", sql=b'select "it\\";s"; b') == (0, line("select 1") + line("b"), "")


def test_null_separated(call):
    assert call("--null", sql=b"select 1; select 2\0\0select 'it\0b;") == (
        0,
        line("select 1; select 2") + line("select '") + line("b"),
        "",
    )


def test_json_lines(call):
    code, output, complaints = call("--json", sql=SCRIPT)
    assert (code, complaints) == (0, "")
    assert [json.loads(each) for each in output.splitlines()][1:] == [
        {
            "fingerprint": f"{mercury.fingerprint(SELECT):016x}",
            "count": 1,
            "verb": "SELECT",
            "tables": ["t"],
            "summary": "select t",
            "normalized": SELECT,
        },
        {
            "fingerprint": f"{mercury.fingerprint(INSERT):016x}",
            "count": 1,
            "verb": "INSERT",
            "tables": ["Log", "t"],
            "summary": 'insert "Log" select t',
            "normalized": INSERT,
        },
    ]


def test_the_most_frequent(call):
    code, output, complaints = call("--top", "1", sql=SCRIPT)
    assert (code, complaints) == (0, "")
    assert output.splitlines() == [
        "count   share  fingerprint       statement",
        f"    2   66.7%  {mercury.fingerprint(SELECT):016x}  {SELECT}",
        "3 statements, 2 fingerprints",
    ]


def test_the_most_frequent_as_json(call):
    _, output, _ = call("--top", "5", "--json", sql=SCRIPT)
    rows = [json.loads(each) for each in output.splitlines()]
    assert [(row["normalized"], row["count"], row["share"]) for row in rows] == [
        (SELECT, 2, 0.666667),
        (INSERT, 1, 0.333333),
    ]


@pytest.mark.parametrize("limit", ["MAX_FINGERPRINTS", "MAX_TEXT_BYTES"])
def test_fingerprints_beyond_the_bound_are_summed_up(call, monkeypatch, limit):
    monkeypatch.setattr(fingerprint_command, limit, 2 if limit == "MAX_FINGERPRINTS" else 4)
    code, output, complaints = call("--top", "9", sql="aa;bb;aa;cc;dd;bb;aa;cc;")
    assert code == 1
    assert [each.split()[0] for each in output.splitlines()] == ["count", "3", "2", "8"]
    assert complaints == (
        "mercury fingerprint: 3 of 8 statements have fingerprints that first came after 2 others "
        "and were not counted one by one\n"
    )


@pytest.mark.parametrize("arguments", [(), ("--top", "3"), ("--json",), ("--top", "3", "--json")])
def test_no_literal_is_printed_where_the_lexer_doubts(call, arguments):
    code, output, complaints = call(*arguments, sql=b"select 1; select 'it\\'s; secret'; select 'secret'")
    assert code == 1
    assert "secret" not in output + complaints
    assert "select ?" in output
    assert re.match("mercury fingerprint: the statement that starts at byte 9 leaves in doubt", complaints)


def test_a_statement_that_is_too_long(call, monkeypatch):
    monkeypatch.setattr("mercury.commands.statement_stream.MAX_STATEMENT_BYTES", 1000)
    code, output, complaints = call(sql=b"select 1;" + b"a," * 1000)
    assert (code, output) == (1, line("select 1"))
    assert "starts at byte 9 is longer than" in complaints


def test_any_bytes_stay_on_their_line(call):
    code, output, _ = call("--dialect", "postgresql", sql=b'select "a\n\x1b[31m\xff" from t')
    assert code == 0
    assert output.count("\n") == 1
    assert output.endswith('select "a\\n\\x1b[31m\\xff" from t\n')


def test_an_output_that_knows_ascii_only():
    done = run(sql="select é", PYTHONIOENCODING="ascii")
    assert (done.returncode, done.stdout.split(b"\t")[1].strip()) == (0, b"select \\xe9")


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (("no-such-file.sql",), "no-such-file.sql: No such file or directory"),
        ((str(Path(__file__).parent),), "Is a directory" if os.name == "posix" else "denied"),
        (("--dialect", "db2"), "the known ones are generic, postgresql, mysql, sqlite, oracle, mssql"),
        (("--top", "0"), "N must be a whole number from 1 on"),
        (("--top=-1",), "N must be a whole number from 1 on"),
        (("--top", "x"), "N must be a whole number from 1 on"),
        (("--top", "²"), "N must be a whole number from 1 on"),
        (("a", "b"), "unrecognized arguments"),
    ],
)
def test_wrong_usage(arguments, complaint):
    done = run(*arguments)
    assert (done.returncode, done.stdout) == (2, b"")
    assert complaint in done.stderr.decode()
    assert "Traceback" not in done.stderr.decode()


@pytest.mark.parametrize("arguments", [(), ("--json",)])
def test_a_reader_that_goes_away(arguments):
    command = [sys.executable, "-W", "ignore", "-m", "mercury", "fingerprint", *arguments]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        process.stdin.write(b"select 1;")
        process.stdin.flush()
        process.stdout.close()
        process.stdin.write(b"select 1;" * 1000)
        process.stdin.close()
        assert process.stderr.read() == b""
    assert process.returncode == 141


def test_statements_are_printed_as_they_come():
    command = [sys.executable, "-W", "ignore", "-m", "mercury", "fingerprint"]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        for sql in ("select 1", "select a"):
            process.stdin.write(sql.encode() + b";")
            process.stdin.flush()
            assert process.stdout.readline().decode() == line(sql)
        process.stdin.close()


@pytest.mark.skipif(os.name != "posix", reason="only there is a pseudo-terminal")
class TestTerminal:
    def output(self, *arguments, sql, columns, errors_too=False):
        """What a terminal of that width receives."""
        import pty

        terminal, other_end = pty.openpty()
        process = subprocess.Popen(
            [sys.executable, "-W", "ignore", "-m", "mercury", "fingerprint", *arguments],
            stdin=subprocess.PIPE,
            stdout=other_end,
            stderr=other_end if errors_too else subprocess.PIPE,
            env={**os.environ, "COLUMNS": str(columns), "PYTHONIOENCODING": "utf-8"},
        )
        os.close(other_end)
        process.stdin.write(sql)
        process.stdin.close()
        received = b""
        while True:
            try:
                block = os.read(terminal, 4096)
            except OSError:
                break
            if not block:
                break
            received += block
        os.close(terminal)
        if process.stderr:
            process.stderr.close()
        assert process.wait() == 0
        return received.decode()

    @pytest.mark.parametrize("arguments", [(), ("--top", "2")])
    @pytest.mark.parametrize("columns", [60, 100])
    def test_lines_fit_the_width(self, arguments, columns):
        sql = b"select " + ", ".join(f"column{i}" for i in range(50)).encode()
        lines = self.output(*arguments, sql=sql, columns=columns).replace("\r", "").expandtabs(8).splitlines()
        assert max(len(each) for each in lines) == columns
        assert sum(each.endswith("...") for each in lines) == 1

    def test_nothing_is_colored(self):
        assert "\x1b" not in self.output("--top", "2", sql=b"select 1", columns=80, errors_too=True)


def test_progress_on_a_terminal(monkeypatch, call, capsys):
    monkeypatch.setattr("sys.stderr.isatty", lambda: True, raising=False)
    monkeypatch.setattr(fingerprint_command, "_PROGRESS_AFTER_S", 0)
    monkeypatch.setenv("COLUMNS", "40")
    code, output, complaints = call("--top", "1", sql="select 1;")
    assert code == 0
    assert "1 statement, 1 fingerprint" in output
    drawn = complaints.split("\r")
    assert drawn[1].startswith("0 MB, 1 statement, ")
    assert all(len(each) < 40 for each in drawn)
    assert drawn[-2].strip() == drawn[-1] == ""


def test_no_progress_elsewhere(call, monkeypatch):
    monkeypatch.setattr(fingerprint_command, "_PROGRESS_AFTER_S", 0)
    assert call("--top", "1", sql="select 1;")[2] == ""


def test_an_interrupted_count_is_printed(monkeypatch, call):
    class Interrupted(fingerprint_command.StatementStream):
        def __iter__(self):
            yield from super().__iter__()
            raise KeyboardInterrupt

    monkeypatch.setattr(fingerprint_command, "StatementStream", Interrupted)
    code, output, _ = call("--top", "1", sql="select 1;")
    assert (code, output.splitlines()[-1]) == (130, "1 statement, 1 fingerprint")


def test_doctor(capsys):
    assert cli.main(["doctor", "--json"]) == (1 if backend().hint else 0)
    assert json.loads(capsys.readouterr().out)["backend"] == backend().name


def test_the_command_line_loads_nothing_that_it_does_not_need():
    program = (
        "import sys, mercury.cli; print(*(set(sys.modules) & {'cffi', '_cffi_backend', 'django', 'mercury.core'}))"
    )
    done = subprocess.run([sys.executable, "-c", program], stdout=subprocess.PIPE, check=True)
    assert done.stdout.split() == []


def test_the_examples_of_the_documentation(root):
    text = (root / "docs" / "command-line.md").read_text(encoding="utf-8")
    examples = re.findall(r'^\$ printf "(.*)" \| mercury fingerprint(.*)\n((?:.+\n)+?)```$', text, re.MULTILINE)
    assert len(examples) == 2
    for sql, arguments, output in examples:
        assert run(*arguments.split(), sql=sql).stdout.decode() == output
