"""One run of the command in one checkout, with its wall and its processor time."""

import os
import signal
import subprocess
import tempfile
import time
from threading import Timer
from typing import IO, List, Mapping, NamedTuple, Optional, Tuple

from mercury.commands.compare.problem import COMMAND_FAILED, Problem

SHOWN_LINES = 12
SHOWN_BYTES = 4096
HAS_PROCESSOR_TIME = hasattr(os, "wait4")


class Measured(NamedTuple):
    """Times of a run in ns. Processor time is that of all processes that the command waited for; None: not known."""

    wall_ns: int
    processor_ns: Optional[int]


class Execution:
    """Runs a command in `folder`, again and again. `name` is what messages call the side."""

    def __init__(self, command: List[str], folder: str, name: str, timeout_seconds: float) -> None:
        self.command = command
        self.folder = folder
        self.name = name
        self.timeout_seconds = timeout_seconds

    def run(self, environment: Optional[Mapping[str, str]] = None) -> Measured:
        """One run from start to end. Raises Problem where it fails, hangs or cannot be started."""
        with tempfile.TemporaryFile() as output:
            return self._run(output, environment)

    def output_of_run(self, environment: Mapping[str, str]) -> str:
        """What one run writes to its standard streams. Raises Problem as `run` does."""
        with tempfile.TemporaryFile() as output:
            self._run(output, environment)
            output.seek(0)
            return output.read().decode("utf-8", "replace")

    def _run(self, output: IO[bytes], environment: Optional[Mapping[str, str]]) -> Measured:
        started = time.perf_counter_ns()
        process = self._start(output, environment)
        hung: List[bool] = []
        watch = Timer(self.timeout_seconds, _end_hanging, (process, hung))
        watch.daemon = True
        watch.start()
        try:
            code, processor_ns = _wait(process)
        except BaseException:
            _kill(process)
            raise
        finally:
            watch.cancel()
        wall_ns = time.perf_counter_ns() - started
        if hung or code:
            raise Problem(self._words(code, bool(hung), _end_of(output)), COMMAND_FAILED)
        return Measured(wall_ns, processor_ns)

    def _start(self, output: IO[bytes], environment: Optional[Mapping[str, str]]) -> "subprocess.Popen[bytes]":
        try:
            # A session of its own, so that all of a hanging command can be ended.
            return subprocess.Popen(
                self.command,
                cwd=self.folder,
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=os.name == "posix",
            )
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else "its name or arguments hold a NUL"
            text = f"{self.command[0]!r} cannot be run in {self.name}: {reason}"
            if isinstance(error, FileNotFoundError):
                text += "; files outside of git are not in the checkouts: make them with --setup"
            raise Problem(text, COMMAND_FAILED) from None

    def _words(self, code: int, hung: bool, output: str) -> str:
        ended = f"was ended by signal {-code}" if code < 0 else f"failed with exit code {code}"
        text = f"the command {ended} in {self.name}; it must succeed there to be compared"
        if hung:
            text = (
                f"the command ran longer than {self.timeout_seconds:g} s in {self.name} and was ended; "
                "give --timeout SECONDS if it needs that"
            )
        return text + (f". Its last lines:\n{output}" if output else "")


def _wait(process: "subprocess.Popen[bytes]") -> Tuple[int, Optional[int]]:
    """Exit code, or minus a signal, and processor time in ns."""
    if not HAS_PROCESSOR_TIME:
        return process.wait(), None
    _, status, usage = os.wait4(process.pid, 0)
    code = -os.WTERMSIG(status) if os.WIFSIGNALED(status) else os.WEXITSTATUS(status)
    process.returncode = code
    return code, round((usage.ru_utime + usage.ru_stime) * 1e9)


def _end_hanging(process: "subprocess.Popen[bytes]", hung: List[bool]) -> None:
    hung.append(True)
    _kill(process)


def _kill(process: "subprocess.Popen[bytes]") -> None:
    if process.returncode is not None:
        return
    try:
        if os.name == "posix":
            os.killpg(process.pid, signal.SIGKILL)
        else:
            process.kill()
    except (ProcessLookupError, PermissionError):
        # It has just ended.
        pass


def _end_of(output: IO[bytes]) -> str:
    output.seek(0, os.SEEK_END)
    output.seek(max(0, output.tell() - SHOWN_BYTES))
    lines = output.read().decode("utf-8", "replace").splitlines()
    return "\n".join(lines[-SHOWN_LINES:])
