"""The record of a process."""

from typing import NamedTuple


class Memory(NamedTuple):
    resident_bytes: int
    peak_bytes: int
