"""Installs one and the same wheel on many interpreters and tries it there.

    python -m tools.trials.interpreters WHEEL [NAME ...]

A NAME is one of the table below, a version ("3.13.0"), or the path of an interpreter; without names it is the whole
table. Each interpreter gets a fresh environment, pip installs the wheel and cffi from wheels alone, and then: the
newest cffi and the oldest that it takes, the core's tests over each, no cffi, subinterpreters, and the bookshop under
each Django that runs there. Exit code 0 means that every cell is as the table expects it.
"""

import argparse
import os
import re
import shutil
import sys
import time
from pathlib import Path
from subprocess import CalledProcessError
from typing import Callable, Iterator, List, NamedTuple, Optional, Tuple

from tools.trials import environment, python_source, table, trial
from tools.trials.commands import Failed, run
from tools.trials.debian_tree import Tree, unpack
from tools.trials.environment import Environment

FOLDER = trial.ROOT / ".venvs" / "interpreters"
DOCUMENT = trial.ROOT / "docs" / "platforms.md"
SID = Tree("sid", "amd64", ("python3.14", "python3.15", "pypy3"))
HEADER = ("interpreter", "cffi", "backend expected", "got", "core tests", "Django", "seconds")
NATIVE = "native"
NO_CFFI = "pure: cffi is not installed"
SUBINTERPRETERS = {"shared": NATIVE, "isolated": "pure: cffi does not run in isolated subinterpreters"}


class Interpreter(NamedTuple):
    """A row: where the interpreter comes from, the oldest cffi with a wheel for it, the lines of Django for it."""

    name: str
    source: str = "here"
    oldest_cffi: str = ""
    django: Tuple[str, ...] = ()
    has_subinterpreters: bool = False


INTERPRETERS = (
    Interpreter("3.8", oldest_cffi="1.15.0", django=("4.2",)),
    Interpreter("3.9", oldest_cffi="1.15.0", django=("4.2",)),
    Interpreter("3.10", oldest_cffi="1.15.0", django=("4.2", "5.2")),
    Interpreter("3.11", oldest_cffi="1.15.1", django=("4.2", "5.2")),
    Interpreter("3.12", oldest_cffi="1.16.0", django=("4.2", "5.2", "6.0", "6.1"), has_subinterpreters=True),
    Interpreter("3.13", oldest_cffi="1.17.0", django=("5.2", "6.0", "6.1"), has_subinterpreters=True),
    Interpreter("3.14", "sid", oldest_cffi="2.0.0", django=("5.2", "6.0", "6.1"), has_subinterpreters=True),
    Interpreter("3.15", "sid", oldest_cffi="2.1.0", django=("6.1",), has_subinterpreters=True),
    Interpreter("3.13t", "built"),
    Interpreter("pypy3", django=("4.2",)),
    Interpreter("pypy3.11", "sid", django=("5.2",)),
)

NOT_RUN = {"3.14t": "no package and no reachable source of it; tests.yml runs it"}


class Absent(Exception):
    """Why an interpreter of the table is not to be had on this machine."""


class Row(NamedTuple):
    """One line of the printed table."""

    name: str
    cffi: str
    expected: str
    got: str
    tests: str
    django: str
    seconds: float

    @property
    def is_as_expected(self) -> bool:
        """Whether each cell is."""
        return self.got == self.expected and "FAILED" not in (self.tests, self.django)

    @property
    def cells(self) -> List[str]:
        """The row as text."""
        return [self.name, self.cffi, self.expected, self.got, self.tests, self.django, f"{self.seconds:.0f}"]


def version_key(name: str) -> List[int]:
    """For sorting: 3.8.18 before 3.13.0."""
    return [int(number) for number in re.findall(r"\d+", name)]


def executable(name: str) -> str:
    """The interpreter of this machine that a name means, pyenv's first. Raises Absent."""
    folder = Path(os.environ.get("PYENV_ROOT") or Path.home() / ".pyenv") / "versions"
    names = (path.name for path in folder.glob(f"{name}*") if path.name == name or path.name.startswith(name + "."))
    exact = sorted(names, key=version_key)
    if exact:
        return str(folder / exact[-1] / "bin" / "python")
    found = shutil.which(f"python{name}" if re.fullmatch(r"\d[\w.]*", name) else name)
    if found is None:
        raise Absent("no such interpreter on this machine")
    return found


def environment_of(interpreter: Interpreter) -> Environment:
    """A fresh environment of an interpreter. Raises Absent, Failed, CalledProcessError."""
    folder = FOLDER / interpreter.name.replace(os.sep, "_")
    if interpreter.source == "built":
        python = python_source.build(interpreter.name, python_source.FREE_THREADED)
        return environment.without_pip(folder, str(python))
    if interpreter.source == "here":
        return environment.of_this_machine(folder, executable(interpreter.name))
    tree = unpack(SID)
    name = interpreter.name if interpreter.name.startswith("pypy") else f"python{interpreter.name}"
    start = environment.loaded("lib64/ld-linux-x86-64.so.2", "usr/lib/x86_64-linux-gnu", tree)
    return environment.of_program(folder, tree / "usr" / "bin" / name, start)


def attempt(action: Callable[[], str]) -> str:
    """What an action returns, or FAILED; what it printed is shown at once."""
    try:
        return action()
    except (Failed, CalledProcessError) as error:
        print(error, flush=True)
        return "FAILED"


def row(name: str, subject: Environment, expected: str, files: List[str], django: Tuple[str, ...] = ()) -> Row:
    """Asks, runs the tests of `files` if there are any, and the bookshop under each Django."""
    started = time.monotonic()
    try:
        told = trial.tell(subject)
    except Failed as error:
        print(error, flush=True)
        return Row(name, "?", expected, "FAILED", "-", "-", time.monotonic() - started)
    backend = "native" if expected == NATIVE else "pure"
    tests = attempt(lambda: trial.tests(subject, files, backend)) if files else "-"
    lines = [attempt(lambda version=version: trial.django(subject, version)) for version in django]
    summary = "FAILED" if "FAILED" in lines else " ".join(lines) or "-"
    seconds = time.monotonic() - started
    return Row(f"{name} ({told.version})", told.cffi, expected, told.serving, tests, summary, seconds)


def subinterpreter_row(kind: str, expected: str, name: str, subject: Environment) -> Row:
    """Mercury in a subinterpreter, over a sample of statements."""
    started = time.monotonic()
    program = str(Path(__file__).with_name("subinterpreter.py"))
    got = attempt(lambda: subject.run(program, kind).strip())
    cffi = trial.tell(subject).cffi
    return Row(f"{name} {kind} subinterpreter", cffi, expected, got, "200 statements", "-", time.monotonic() - started)


def usual_rows(interpreter: Interpreter, subject: Environment, wheel: Path) -> Iterator[Row]:
    """With the newest cffi, the oldest, none."""
    name = interpreter.name
    subject.install(str(wheel))
    subject.install(*trial.TOOLS)
    yield row(name, subject, NATIVE, trial.test_files("loader", "library_file"), interpreter.django)
    if interpreter.has_subinterpreters:
        for kind, expected in SUBINTERPRETERS.items():
            yield subinterpreter_row(kind, expected, name, subject)
    if interpreter.oldest_cffi:
        subject.install(f"cffi=={interpreter.oldest_cffi}")
        yield row(name, subject, NATIVE, trial.test_files())
        subject.uninstall("cffi")
        yield row(name, subject, NO_CFFI, [])


def free_threaded_rows(interpreter: Interpreter, subject: Environment, wheel: Path) -> Iterator[Row]:
    """cffi has no wheel for 3.13t and no marker can say so: the wheel is installed alone, and cffi built."""
    subject.install("--no-deps", str(wheel))
    subject.install(*trial.TOOLS)
    yield row(interpreter.name, subject, NO_CFFI, trial.test_files())
    old = ["install", "-q", "--disable-pip-version-check", "--no-binary", "cffi", "cffi==1.17.1"]
    run([*subject.pip, *old], subject.folder)
    yield row(interpreter.name, subject, "pure: cffi before 2.0 would turn the GIL on", trial.test_files())


def rows_of(interpreter: Interpreter, wheel: Path) -> Iterator[Row]:
    """Every row of one interpreter. Raises Absent."""
    make_rows = free_threaded_rows if interpreter.source == "built" else usual_rows
    try:
        yield from make_rows(interpreter, environment_of(interpreter), wheel)
    except (Failed, CalledProcessError) as error:
        print(error, flush=True)
        yield Row(interpreter.name, "?", NATIVE, "FAILED", "-", "-", 0.0)


def chosen(names: List[str]) -> List[Interpreter]:
    """The rows of the table that names mean; a name that has none is of this machine."""
    known = {interpreter.name: interpreter for interpreter in INTERPRETERS}
    return [known.get(name, Interpreter(name)) for name in names]


def try_all(interpreters: List[Interpreter], wheel: Path, must_be_there: bool) -> Tuple[List[List[str]], bool]:
    """The printed rows, and whether each is as expected."""
    rows: List[List[str]] = []
    good = True
    for interpreter in interpreters:
        try:
            for found in rows_of(interpreter, wheel):
                rows.append(found.cells)
                good = good and found.is_as_expected
                print("ok  " if found.is_as_expected else "FAIL", *found.cells, sep="  ", flush=True)
        except Absent as absent:
            rows.append([interpreter.name, "-", "-", f"not run: {absent}", "-", "-", "0"])
            good = good and not must_be_there
    return rows, good


def main(arguments: Optional[List[str]] = None) -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--write", action="store_true", help="renew its rows in docs/platforms.md")
    parser.add_argument("wheel", type=Path)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args(arguments)
    table_order = [*(interpreter.name for interpreter in INTERPRETERS), *NOT_RUN]
    names = options.names or table_order
    to_run = chosen([name for name in names if name not in NOT_RUN])
    rows, good = try_all(to_run, options.wheel.resolve(), bool(options.names))
    rows += [[name, "-", "-", f"not run: {NOT_RUN[name]}", "-", "-", "0"] for name in names if name in NOT_RUN]
    print(f"\n{options.wheel.name}\n\n{table.text(HEADER, rows)}\n")
    if options.write:
        table.renew(DOCUMENT, "made by make interpreters", HEADER[:-1], [row[:-1] for row in rows], table_order)
    print("Every cell is as expected." if good else "Not every cell is as expected.")
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
