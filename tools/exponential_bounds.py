"""Makes mercury_native/exponential_bounds.h: the bounds within an octave, and which one to compare with.

    python tools/exponential_bounds.py            writes the file
    python tools/exponential_bounds.py --check    fails where it is not current

The bounds are those of the twin, mercury/core/pure/exponential_buckets.py. Before anything is
written each is proven to be the double nearest to 2 ** (j / 256), by powers of integers.
"""

import sys
from bisect import bisect_left
from pathlib import Path
from typing import Iterable, List

from made_header import write_or_check

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mercury.core.pure.exponential_buckets import MAX_SCALE, bounds

HEADER = ROOT / "mercury_native" / "exponential_bounds.h"
PARTS = 1 << MAX_SCALE
CELL_BITS = MAX_SCALE + 1

TEXT = """\
/* Made by tools/exponential_bounds.py from mercury/core/pure/exponential_buckets.py; do not edit. */
#ifndef MERCURY_EXPONENTIAL_BOUNDS_H
#define MERCURY_EXPONENTIAL_BOUNDS_H

#include <stdint.h>

/* clang-format off */

enum {{ EXPONENTIAL_CELL_BITS = {cell_bits} }};

/* 2^(j/{parts}) - 1, rounded to 52 bits, in units of 2^-64; and at the end a bound that nothing passes. */
static const uint64_t exponential_bounds[{parts} + 1] = {{
{bounds}
}};

/*
 * An octave in {cells} cells of one width: how many bounds lie below each. A cell is so narrow
 * that it holds at most one more.
 */
static const uint16_t exponential_bounds_below[{cells}] = {{
{below}
}};

/* clang-format on */

#endif
"""


def prove(found: List[int]) -> None:
    """Raises SystemExit unless each bound is the nearest double: half a unit less is too low, half more too high."""
    for part, significand in enumerate(found):
        double = significand >> 11
        power = 1 << (PARTS * 53 + part)
        if significand != double << 11 or not (2 * double - 1) ** PARTS < power < (2 * double + 1) ** PARTS:
            raise SystemExit(f"bound {part} is not the nearest double")


def below(found: List[int]) -> List[int]:
    """How many bounds are below the start of each cell. Raises SystemExit where a cell holds two."""
    starts = [(1 << CELL_BITS | cell) << (63 - CELL_BITS) for cell in range((1 << CELL_BITS) + 1)]
    counts = [bisect_left(found, start) for start in starts]
    if any(after - before > 1 for before, after in zip(counts, counts[1:])):
        raise SystemExit("a cell holds two bounds")
    return counts[:-1]


def lines(items: Iterable[str], count: int) -> str:
    """The items, `count` a line."""
    items = list(items)
    return "\n".join("    " + ", ".join(items[start : start + count]) + "," for start in range(0, len(items), count))


def header() -> str:
    """The header's text; the same on every machine."""
    found = list(bounds())
    prove(found)
    fractions = [2 * bound % (1 << 64) for bound in found]
    return TEXT.format(
        cell_bits=CELL_BITS,
        parts=PARTS,
        cells=1 << CELL_BITS,
        bounds=lines((f"UINT64_C({bound:#018x})" for bound in [*fractions, (1 << 64) - 1]), 4),
        below=lines((f"{count:3}" for count in below(found)), 16),
    )


if __name__ == "__main__":
    sys.exit(write_or_check(HEADER, header(), "bounds"))
