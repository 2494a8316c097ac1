"""Words that the report and its notes share."""

from mercury.report.pen import printable


def counted(number: int, one: str, many: str) -> str:
    """`1 query`, `2,000 queries`."""
    return f"{number:,} {one if number == 1 else many}"


def units(name: str, times: int) -> str:
    """`GET /`, `3 x GET /`; the name is made printable."""
    return printable(name) if times == 1 else f"{times:,} x {printable(name)}"
