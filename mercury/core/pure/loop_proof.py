"""Did something loop between two statements? The twin of loop_proof.c.

A call path lists where the program stood when it sent a statement, outermost frame
first, the operation (the ORM call) last. The innermost frame that two statements share
as one and the same *activation* decides: if it stands at the same instruction both
times, that instruction ran twice, so it loops. If it has moved on, it was straight-line
code that sent both, unless the way led through a recursion. An interpreter that has gone
on to its next element has moved on as well, and so has code that pulled a generator from
another instruction: then the loop in the generator is not what sent both.

The operation's entry is no witness of a loop: the ORM's own frames below it are not in
the path, so that one run of one instruction there may send anything.
"""

from typing import Sequence, Tuple

from mercury.core._integers import path_integers
from mercury.core.pure.error import INVALID_ARGUMENT, failure
from mercury.core.records import (
    LOOP_CALLED,
    LOOP_NONE,
    LOOP_OPERATION,
    LOOP_RECURSION,
    LOOP_REPEATED,
    Verdict,
)

Entry = Sequence[int]
"""(code, offset, element), as a tuple or a `Frame`."""

Path = Sequence[Tuple[int, int, int]]

NO_LOOP = Verdict(LOOP_NONE, -1)


def compare_paths(earlier: Sequence[Entry], later: Sequence[Entry], shared: int) -> Verdict:
    """Compares two call paths whose `shared` outermost frames are the same activations.

    `shared` 0 means that the activations are not known. Raises InvalidArgumentError for
    an empty path or a `shared` beyond the shorter one.
    """
    first, second = _entries(earlier), _entries(later)
    if not first or not second or not 0 <= shared <= min(len(first), len(second)):
        raise failure(INVALID_ARGUMENT)
    return compare(first, second, shared)


def compare(earlier: Path, later: Path, shared: int) -> Verdict:
    """`compare_paths` for paths that are known to be in order, as the trace holds them."""
    if shared == 0:
        return _compare_paths_alone(earlier, later)
    if shared == len(earlier) == len(later):
        return Verdict(LOOP_OPERATION, shared - 1)
    below_both = shared < len(earlier) and shared < len(later)
    same_way = below_both and earlier[:shared] == later[:shared]
    if same_way and not _is_next_element(earlier[shared], later[shared]):
        return Verdict(LOOP_REPEATED if earlier == later else LOOP_CALLED, shared - 1)
    return _recursion(earlier, later, shared)


def _is_next_element(one: Entry, other: Entry) -> bool:
    """Two elements of one interpreter: as good as two instructions of the code that it runs."""
    return one[0] == other[0] and one[2] != 0 and other[2] != 0 and one[2] != other[2]


def _compare_paths_alone(earlier: Path, later: Path) -> Verdict:
    """The verdict where no activation is known to be shared.

    Both paths start under one root. So where all entries before the first difference are
    equal, some instruction among them ran twice, but nothing tells which: the loop is not
    located.
    """
    same = _equal_entries(earlier, later)
    if same == len(earlier) == len(later):
        return Verdict(LOOP_REPEATED, -1)
    if same == 0:
        return NO_LOOP
    if same < len(earlier) and same < len(later) and earlier[same][0] != later[same][0]:
        return Verdict(LOOP_CALLED, -1)
    return _recursion(earlier, later, same + 1)


def _equal_entries(earlier: Path, later: Path) -> int:
    """How many entries the two paths have in common, from the outermost on."""
    count = 0
    for one, other in zip(earlier, later):
        if one != other:
            break
        count += 1
    return count


def _recursion(earlier: Path, later: Path, common: int) -> Verdict:
    """RECURSION if one query site was reached at two depths of one cycle of frames.

    The site is the entry before the operation. Its function must stand among the first
    `common` entries, which belong to both statements: then the deeper of the two was
    reached by entering that function again. Without that, two calls in a row of a function
    that recurses would look like a loop.
    """
    if len(earlier) == len(later) or min(len(earlier), len(later)) < 2 or earlier[-2] != later[-2]:
        return NO_LOOP
    code = later[-2][0]
    for depth in range(min(common, len(later) - 1)):
        if later[depth][0] == code:
            return Verdict(LOOP_RECURSION, depth)
    return NO_LOOP


def _entries(path: Sequence[Entry]) -> Path:
    """`path` as plain tuples, checked as the native backend checks it."""
    flat = iter(path_integers(path).tolist())
    return list(zip(flat, flat, flat))
