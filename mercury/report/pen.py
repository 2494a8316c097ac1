"""Lines of text for the terminal: colored or not, wrapped, and with nothing of the host's that controls it."""

import textwrap
from typing import List, Optional

MIN_WIDTH = 40
MAX_WIDTH = 100
BOLD = "1"
DIM = "2"
GREEN = "32"
RED = "31;1"

GLUE = "\0"
"""Stands for a space at which no line may end; what is printable has no such character."""

_MORE = " ..."


class Pen:
    """Writes in color, or not. `width` is in columns, and brought between MIN_WIDTH and MAX_WIDTH."""

    def __init__(self, color: bool, width: int) -> None:
        self._color = color
        self.width = max(MIN_WIDTH, min(width, MAX_WIDTH))

    def paint(self, text: str, style: str) -> str:
        return f"\x1b[{style}m{text}\x1b[0m" if self._color and text else text

    def paragraph(self, text: str, first: str = "  ", rest: str = "  ") -> List[str]:
        lines = textwrap.wrap(
            text,
            self.width,
            initial_indent=first,
            subsequent_indent=rest,
            break_long_words=False,
            break_on_hyphens=False,
        )
        return [line.replace(GLUE, " ") for line in lines] or [first]

    def field(self, label: str, text: str, limit: Optional[int] = None) -> List[str]:
        """A labelled paragraph, its lines aligned behind the label."""
        head = f"  {label:<5}"
        indent = " " * (len(head) + 2)
        lines = self.paragraph(text, indent, indent)
        if limit is not None and len(lines) > limit:
            lines = lines[:limit]
            while len(lines[-1]) + len(_MORE) > self.width and " " in lines[-1].strip():
                lines[-1] = lines[-1].rpartition(" ")[0]
            lines[-1] += _MORE
        lines[0] = self.paint(head, DIM) + lines[0][len(head) :]
        return lines

    def branch(self, label: str, text: str) -> List[str]:
        """A line whose indentation counts; cut where it is too long."""
        head = f"  {label:<5}  "
        return [self.paint(head, DIM) + text[: self.width - len(head)].replace(GLUE, " ")]


def printable(text: str) -> str:
    """Text without control characters: names come from the host and may hold escape sequences."""
    return "".join(character if character.isprintable() else "?" for character in text)


def counted(number: int, one: str = "query", many: str = "queries") -> str:
    """`1 query`, `1,206 queries`."""
    return f"{number:,} {one if number == 1 else many}"
