"""Signals that the user or the system sends to `mercury run` are meant for the command."""

import contextlib
import os
import signal
from types import FrameType
from typing import Any, Dict, List, Optional

_PASSED_ON = ("SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT", "SIGUSR1", "SIGUSR2", "SIGBREAK")
_SENT_BY_TERMINALS = ("SIGINT", "SIGHUP", "SIGQUIT")


class SignalRelay:
    """Passes signals on to the command, which also decides what they mean: this process outlives it."""

    def __init__(self) -> None:
        self._process: Any = None
        self._early: List[int] = []
        self._old: Dict[int, Any] = {}
        for name in _PASSED_ON:
            number = getattr(signal, name, None)
            # What is ignored here, as under nohup, is ignored by the command too, which inherits it.
            if number is not None and signal.getsignal(number) is not signal.SIG_IGN:
                self._old[number] = signal.signal(number, self._receive)

    def attach(self, process: Any) -> None:
        self._process = process
        for number in self._early:
            self._pass_on(number)

    def restore(self) -> None:
        for number, handler in self._old.items():
            signal.signal(number, handler)

    def _receive(self, number: int, frame: Optional[FrameType]) -> None:
        if self._process is None:
            self._early.append(number)
        else:
            self._pass_on(number)

    def _pass_on(self, number: int) -> None:
        if signal.Signals(number).name in _SENT_BY_TERMINALS and _is_in_foreground():
            # The terminal has sent it to the command as well; twice would interrupt its clean-up.
            return
        # It may have ended, or this system cannot send that one.
        with contextlib.suppress(OSError, ValueError):
            self._process.send_signal(number)


def _is_in_foreground() -> bool:
    try:
        terminal = os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY)
    except (OSError, AttributeError):
        return False
    try:
        return os.tcgetpgrp(terminal) == os.getpgrp()
    except OSError:
        return False
    finally:
        os.close(terminal)
