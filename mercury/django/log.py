"""The log "mercury" on the terminal of `runserver`, where the project has no say of its own about it.

Python shows warnings without any handler, but not the line that each request without
findings gets.
"""

import logging
import sys

logger = logging.getLogger("mercury")


class TerminalHandler(logging.Handler):
    """Writes to standard error, unless somebody has given the root logger a handler since."""

    def emit(self, record: logging.LogRecord) -> None:
        if logging.getLogger().handlers:
            return
        try:
            text = self.format(record)
            # A report brings its own heading.
            sys.stderr.write(f"{text}\n" if "\n" in text else f"mercury: {text}\n")
        except Exception:
            self.handleError(record)


def show() -> None:
    """Has the log shown, if nobody has said where it goes. Safe to call again."""
    if logger.level == logging.NOTSET and not logger.hasHandlers():
        logger.addHandler(TerminalHandler())
        logger.setLevel(logging.INFO)
