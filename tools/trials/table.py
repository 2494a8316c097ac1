"""Tables for a terminal and for a document."""

from pathlib import Path
from typing import Dict, List, Sequence

Row = Sequence[str]


def text(header: Row, rows: Sequence[Row]) -> str:
    """Columns as wide as what is in them."""
    widths = [max(len(row[column]) for row in [header, *rows]) for column in range(len(header))]
    lines = ("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip() for row in [header, *rows])
    return "\n".join(lines)


def markdown(header: Row, rows: Sequence[Row]) -> str:
    """The same for a document."""
    lines: List[Row] = [header, ["---"] * len(header), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def renew(path: Path, name: str, header: Row, rows: Sequence[Row], order: Sequence[str]) -> None:
    """Renews rows of the table between `<!-- NAME -->` and `<!-- end of NAME -->`.

    Rows are of one subject where they begin with the same word; `order` is that of the subjects. Those of a subject
    that `rows` are about are replaced; the others stay, so that a table can be renewed a part at a time. A subject that
    has no row yet says so.
    """
    before, rest = path.read_text("utf-8").split(f"<!-- {name} -->\n")
    old, after = rest.split(f"<!-- end of {name} -->\n")
    subjects = by_subject([line.strip("| ").split(" | ") for line in old.splitlines()[2:]])
    subjects.update(by_subject(rows))
    untried = ["not tried yet", *["-"] * (len(header) - 2)]
    kept = [row for subject in order for row in subjects.get(subject, [[subject, *untried]])]
    content = markdown(header, kept)
    path.write_text(f"{before}<!-- {name} -->\n{content}\n<!-- end of {name} -->\n{after}", "utf-8")


def by_subject(rows: Sequence[Row]) -> Dict[str, List[Row]]:
    """The rows of each subject, in their order."""
    subjects: Dict[str, List[Row]] = {}
    for row in rows:
        subjects.setdefault(row[0].split(" ")[0], []).append(row)
    return subjects
