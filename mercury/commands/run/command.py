"""`mercury run`: a command with Mercury in each of its Python processes, and one report when it has ended.

The command is told of Mercury by its environment alone. Its standard streams, its terminal
and its exit code are its own; the report goes to standard error.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

from mercury.commands.run.report import as_json, render
from mercury.commands.run.results import Results
from mercury.commands.run.signal_relay import SignalRelay

FOLDER_VARIABLE = "MERCURY_RUN_FOLDER"

NOT_EXECUTABLE, NOT_FOUND = 126, 127
"""The exit codes of a shell for a command that it cannot run."""


def run(options: argparse.Namespace) -> int:
    """Runs the command and returns its exit code; dies of the signal that killed it."""
    command = options.arguments[1:] if options.arguments[:1] == ["--"] else options.arguments
    if not command:
        print("mercury run: name a command, as in: mercury run -- python manage.py runserver", file=sys.stderr)
        return 2
    folder = tempfile.mkdtemp(prefix="mercury-run-")
    try:
        code = _run(command, folder)
        if code is None:
            return NOT_FOUND if _lacks(command[0]) else NOT_EXECUTABLE
        failed = _tell(command, folder, options.json)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    if code < 0:
        _die_of(-code)
        return 128 - code
    return code or failed


def _run(command: List[str], folder: str) -> Optional[int]:
    """The exit code, or minus the signal; None where the command cannot be run, which is then said."""
    relay = SignalRelay()
    try:
        try:
            process = subprocess.Popen(command, env=environment(folder))
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its name or arguments hold a NUL"
            print(f"mercury run: {command[0]!r} cannot be run: {reason}", file=sys.stderr)
            return None
        relay.attach(process)
        return process.wait()
    finally:
        relay.restore()


def environment(folder: str) -> Dict[str, str]:
    """This process's environment, with which each Python of a command finds Mercury at its start."""
    startup = os.path.join(os.path.dirname(os.path.abspath(__file__)), "startup")
    path = os.environ.get("PYTHONPATH")
    variables = dict(os.environ)
    variables["PYTHONPATH"] = startup + os.pathsep + path if path else startup
    variables[FOLDER_VARIABLE] = folder
    return variables


def _lacks(program: str) -> bool:
    return not os.path.exists(program) and shutil.which(program, os.F_OK) is None


def _die_of(number: int) -> None:
    """Ends this process as the command ended, so that a shell sees the same."""
    sys.stderr.flush()
    if os.name == "posix":
        _without_core_dump()
        if number != signal.SIGKILL:
            signal.signal(number, signal.SIG_DFL)
        os.kill(os.getpid(), number)


def _without_core_dump() -> None:
    # The command has left one, if it was to.
    import resource

    resource.setrlimit(resource.RLIMIT_CORE, (0, resource.getrlimit(resource.RLIMIT_CORE)[1]))


def _tell(command: List[str], folder: str, json_file: Optional[str]) -> int:
    """Prints the report, writes it where asked to, and returns 1 if that failed, else 0."""
    results = Results.read(Path(folder))
    _print(render(results, " ".join(command)))
    if json_file is None:
        return 0
    try:
        with open(json_file, "w", encoding="ascii") as output:
            output.write(as_json(results))
    except OSError as error:
        _print(f"mercury run: {json_file} cannot be written: {error.strerror}")
        return 1
    return 0


def _print(text: str) -> None:
    try:
        encoding = sys.stderr.encoding or "ascii"
        sys.stderr.write(text.encode(encoding, "backslashreplace").decode(encoding) + "\n")
        sys.stderr.flush()
    except (OSError, ValueError):
        # Nobody reads it any more; the exit code still is the command's.
        pass
