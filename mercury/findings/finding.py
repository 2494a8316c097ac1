"""What a person is told about one cause of slow database work."""

from dataclasses import dataclass
from typing import Tuple


@dataclass(frozen=True)
class Finding:
    """One cause. Files are as Python or the template engine names them; lines count from 1, 0 means unknown.

    `kind` is "n_plus_one", "write_loop", "duplicate" or "repeated_in_loop"; the last is
    advice and fails nothing. `fingerprint` is unsigned, `sql` holds no literal. Empty strings where
    the frames did not tell.
    """

    kind: str
    model: str
    field: str
    count: int
    sql: str
    fingerprint: int
    database: str
    duration_ns: int
    file: str
    line: int
    function: str
    loop_file: str
    loop_line: int
    fix: str
    why: str
    places: Tuple[str, ...] = ()
    first_event: int = 0

    @property
    def is_advisory(self) -> bool:
        return self.kind == "repeated_in_loop"

    @property
    def duration_ms(self) -> float:
        return self.duration_ns / 1e6

    @property
    def target(self) -> str:
        """`Book.author`, `Book`, or the statement's first words where no model is known."""
        if self.model:
            return f"{self.model}.{self.field}" if self.field else self.model
        return " ".join(self.sql.split(" ")[:4])
