"""What the requests to one view sent in a test that made so many rows: what `--mercury-growth` compares."""

from dataclasses import dataclass, field, replace
from typing import Any, Dict, Tuple


@dataclass(frozen=True)
class SentStatement:
    """A statement without its literals, its fingerprint in 16 hexadecimal digits, and the most that one request sent.

    `file` and `line` sent it first, and are told as those of a finding are.
    """

    database: str
    fingerprint: str
    sql: str
    file: str
    line: int
    count: int

    @property
    def key(self) -> Tuple[str, str]:
        return self.database, self.fingerprint

    def most(self, other: "SentStatement") -> "SentStatement":
        """The greater count, with the first place in the order of files and lines."""
        first = min(self, other, key=lambda each: (each.file, each.line, each.sql))
        return replace(first, count=max(self.count, other.count))


@dataclass
class SizedView:
    """Of each figure the most that one request had; `queries` are those of the dearest."""

    queries: int = 0
    statements: Dict[str, SentStatement] = field(default_factory=dict)
    """By database and fingerprint, with a space between."""

    def count(self, key: str) -> int:
        known = self.statements.get(key)
        return 0 if known is None else known.count

    def raise_to(self, other: "SizedView") -> None:
        """Takes the greater of each figure."""
        self.queries = max(self.queries, other.queries)
        for key, statement in other.statements.items():
            known = self.statements.get(key, statement)
            self.statements[key] = known.most(statement)

    @classmethod
    def of_record(cls, record: Dict[str, Any]) -> "SizedView":
        """Raises as records do that are none."""
        return cls(record["queries"], {key: SentStatement(**each) for key, each in record["statements"].items()})
