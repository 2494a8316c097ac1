"""What one examination of `mercury doctor` has found."""

from typing import NamedTuple

OK = "ok"
WRONG = "wrong"
UNKNOWN = "unknown"
"""It could not be examined, which is no proof of anything."""


class Diagnosis(NamedTuple):
    """`status` is OK, WRONG or UNKNOWN; `hint` says what a person can do, or is empty. No text quotes data or SQL."""

    name: str
    status: str
    text: str
    hint: str = ""
