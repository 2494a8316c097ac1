"""The sets of statements that the benchmarks run over, as files of statements separated by NUL bytes.

django, mixed   from the corpus beside the repository: what Django 5.2 sent; TPC-DS, PostgreSQL's
                regression tests and MySQL's slow logs, split at the semicolons outside of literals,
                comments and dollar quotes.
own             statements.sql of this folder: 124 statements that Django sends for the models of
                tests/labelled, 73 written by hand in all dialects. For where the corpus is not.
"""

import re
import sys
from pathlib import Path
from typing import Dict, Iterable, List, NamedTuple

ROOT = Path(__file__).resolve().parent.parent.parent
sys.path.insert(0, str(ROOT / "tests"))

from sql_statements import CORPUS, NO_CORPUS

OWN = Path(__file__).resolve().parent / "statements.sql"

_POSTGRESQL = re.compile(
    rb"""(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|\\.|'')*' | '[^']*' | "[^"]*" | (\$[A-Za-z_]*\$).*?\1
    | --[^\n]* | /\*.*?\*/ | ; | [^;'"$/\-eE]+ | .""",
    re.DOTALL | re.VERBOSE,
)
_MYSQL = re.compile(
    rb"""'(?:[^'\\]|\\.)*' | "(?:[^"\\]|\\.)*" | `[^`]*` | /\*.*?\*/ | ; | [^;'"`/]+ | .""", re.DOTALL | re.VERBOSE
)
_MIXED = {"tpc-ds.sql": _POSTGRESQL, "postgres-regress.sql": _POSTGRESQL, "mysql-slow.sql": _MYSQL}


class Set(NamedTuple):
    """One file of statements; `judged` where the goals are stated for it."""

    name: str
    path: Path
    statements: List[bytes]
    judged: bool

    def subset(self, suffix: str, statements: Iterable[bytes]) -> "Set":
        return _written(f"{self.name}-{suffix}", list(statements), self.path.parent, judged=False)

    def sample(self, count: int) -> "Set":
        """At most `count` statements, from every part of the set alike."""
        step = max(1, len(self.statements) // count)
        return self.subset("sample", self.statements[step // 2 :: step][:count])


def split(data: bytes, pattern: "re.Pattern[bytes]") -> List[bytes]:
    """The statements between semicolons that stand outside of what the pattern takes for literals and comments."""
    statements, start = [], 0
    for match in pattern.finditer(data):
        if match.group() == b";":
            statements.append(data[start : match.start()].strip())
            start = match.end()
    statements.append(data[start:].strip())
    return [statement for statement in statements if statement]


def own() -> List[bytes]:
    return [statement for statement in OWN.read_bytes().split(b";\n") if statement]


def sets(folder: Path) -> Dict[str, Set]:
    """The sets by name, written to `folder`: those of the corpus, or `own` where that is missing."""
    missing = [name for name in ("django-orm.sql0", *_MIXED) if not (CORPUS / name).is_file()]
    if missing:
        print(f"{NO_CORPUS} (missing: {', '.join(missing)}).")
        print("Measured over the repository's own statements instead; only the goals from Python are judged.\n")
        return {"own": _written("own", own(), folder, judged=False)}
    django = [text for text in (CORPUS / "django-orm.sql0").read_bytes().split(b"\0") if text]
    mixed = [text for name, pattern in _MIXED.items() for text in split((CORPUS / name).read_bytes(), pattern)]
    return {
        "django": _written("django", django, folder, judged=True),
        "mixed": _written("mixed", mixed, folder, judged=True),
    }


def _written(name: str, statements: List[bytes], folder: Path, judged: bool) -> Set:
    if any(b"\0" in text for text in statements):
        raise SystemExit(f"A statement of the set {name} holds a NUL byte, which separates statements here.")
    path = folder / f"{name}.sql0"
    path.write_bytes(b"\0".join(statements))
    return Set(name, path, statements, judged)
