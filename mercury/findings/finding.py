"""What a person is told about one cause of slow database work."""

import dataclasses
from typing import Tuple

GROWING_READS = frozenset(("n_plus_one", "nested", "repeating_pattern"))
"""The kinds of finding in which each further row costs a further query."""

ADVICE = frozenset(("repeated_in_loop", "slow_query", "consecutive_independent", "unused_eager_load"))
"""Kinds that depend on more than the program: on the machine, the load, what the data will be."""


@dataclasses.dataclass(frozen=True)
class Finding:
    """One cause. Files are as Python or the template engine names them; lines count from 1, 0 means unknown.

    `kind` is "n_plus_one", "nested", "repeating_pattern", "write_loop", "duplicate", or one of ADVICE, which fails
    nothing. `fingerprint` is unsigned, `sql` holds no literal. Empty strings where
    the frames did not tell. `tree` draws several loops or statements, a line each. `exponent` says how
    the queries grow with the rows: 0 not at all, 1 in proportion, 2 with their square. `joints` are the files of the
    application's innermost functions that asked for all queries of a duplicate, "" where none did. `records` are those
    of the unit's evidence whose times `duration_ns` adds up: the indexes of groups, and ~index of duplicates.
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
    tree: Tuple[str, ...] = ()
    exponent: int = 0
    first_event: int = 0
    joints: Tuple[str, ...] = ()
    records: Tuple[int, ...] = dataclasses.field(default=(), repr=False, compare=False)

    def lasting(self, duration_ns: int) -> "Finding":
        """The same that took another time."""
        # dataclasses.replace() asks for each field by name, which takes ten times as long.
        made = object.__new__(type(self))
        made.__dict__.update(self.__dict__, duration_ns=duration_ns)
        return made

    @property
    def is_advisory(self) -> bool:
        return self.kind in ADVICE

    @property
    def duration_ms(self) -> float:
        return self.duration_ns / 1e6

    def count_at(self, factor: int) -> int:
        """How many queries there will be at `factor` times the rows."""
        return self.count * int(factor**self.exponent)

    def duration_ms_at(self, factor: int) -> float:
        """The time of those queries, in milliseconds, if each takes as long as now."""
        return self.duration_ms * float(factor**self.exponent)

    @property
    def target(self) -> str:
        """`Book.author`, `Book`, or the statement's first words where no model is known."""
        if self.model:
            return f"{self.model}.{self.field}" if self.field else self.model
        return " ".join(self.sql.split(" ")[:4])
