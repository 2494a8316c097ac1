"""The table of a release's files: tag, size, SHA-256, checks."""

import re
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

HEAD = "| file | bytes | SHA-256 | checks | built twice |\n|---|--:|---|---|---|\n"
BEGIN, END = "<!-- table of wheels: made by `make wheels-table` -->\n", "<!-- end of the table -->\n"
AGAIN = "again.sha256"
"""Hashes of a second build, which tools/wheels/again.py puts beside the files of the first."""


class Row(NamedTuple):
    """A file with its hash and what is wrong with it, each fault under the name of its check."""

    path: Path
    sha256: str
    passed: int
    faults: List[str]


def sums(path: Path) -> Dict[str, str]:
    """The hashes of a file as sha256sum writes it, by name; none where there is no such file."""
    if not path.is_file():
        return {}
    pairs = (line.split(None, 1) for line in path.read_text(encoding="ascii").splitlines())
    return {name.strip(): digest for digest, name in pairs}


def line(row: Row, again: Dict[str, str]) -> str:
    """A file's line of the table."""
    verdict = f"{len(row.faults)} faults" if row.faults else f"{row.passed} passed"
    twice = {None: "not built", row.sha256: "the same"}.get(again.get(row.path.name), "another")
    size = f"{row.path.stat().st_size:,}"
    return f"| `{row.path.name}` | {size} | `{row.sha256}` | {verdict} | {twice} |\n"


def text(rows: List[Row], again: Dict[str, str]) -> str:
    """The table in Markdown."""
    return HEAD + "".join(line(row, again) for row in rows)


def write(rows: List[Row], folder: Path, document: Optional[Path], commit: str) -> None:
    """Writes wheels.md and SHA256SUMS into the folder; the table and its commit between the marks of a document."""
    made = text(rows, sums(folder / AGAIN))
    (folder / "wheels.md").write_text(made, encoding="ascii")
    digests = "".join(f"{row.sha256}  {row.path.name}\n" for row in rows)
    (folder / "SHA256SUMS").write_text(digests, encoding="ascii")
    if document is not None:
        old = document.read_text(encoding="utf-8")
        between = re.compile(re.escape(BEGIN) + ".*" + re.escape(END), re.DOTALL)
        document.write_text(
            between.sub(lambda _: BEGIN + f"Built from {commit}:\n\n" + made + END, old), encoding="utf-8"
        )
