"""Tables for a terminal and for a document."""

from pathlib import Path
from typing import List, Sequence


def text(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Columns as wide as what is in them."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [header, *rows])
    return "\n".join(lines)


def markdown(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """The same for a document."""
    lines: List[Sequence[str]] = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def write_between_marks(path: Path, name: str, content: str) -> None:
    """Replaces what stands between `<!-- NAME -->` and `<!-- end of NAME -->`."""
    before, rest = path.read_text("utf-8").split(f"<!-- {name} -->\n")
    _, after = rest.split(f"<!-- end of {name} -->\n")
    path.write_text(f"{before}<!-- {name} -->\n{content}\n<!-- end of {name} -->\n{after}", "utf-8")
