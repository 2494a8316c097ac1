"""What the core says of statements that all differ: nothing loops, and nothing comes twice.

Most requests send each of their statements once. The answer is then a copy of the question, and
asking costs many times as much as the copy. A test holds the copy against the core.
"""

from typing import List, Optional, Sequence, Tuple

from mercury.core.records import EVENT_FAILED, EVENT_TRANSACTION, EVENT_WRITE, LOOP_NONE, Event, Group, Totals

MAX_EVENTS = 64
"""From about so many on, the core is as fast."""

_WIDTH = len(Event._fields)
_LARGEST = (1 << 63) - 1


# What a class of named tuples has as its own `__new__` takes twice as long.
_new = tuple.__new__

_NOTHING = Totals(0, 0, 0, 0, 0, 0, 0, 0, 0)


def fold(values: Sequence[int]) -> Optional[Tuple[Totals, List[Group]]]:
    """The totals and groups of all events of a trace, whose integers stand one behind the other.

    There are no duplicates. None where the core must be asked: a statement comes twice, or there are many.
    """
    if not values:
        return _NOTHING, []
    event_count = len(values) // _WIDTH
    if event_count > MAX_EVENTS:
        return None
    groups: List[Group] = []
    statements = set()
    transaction_count = failed_count = write_count = total_ns = 0
    for number in range(event_count):
        start = number * _WIDTH
        fingerprint, path, _, _, _, database, _, taken_ns, flags = values[start : start + _WIDTH]
        duration_ns = taken_ns if taken_ns > 0 else 0
        total_ns += duration_ns
        if flags:
            transaction_count += flags & EVENT_TRANSACTION != 0
            failed_count += flags & EVENT_FAILED != 0
            write_count += flags & EVENT_WRITE != 0
        if path < 0 or flags & EVENT_TRANSACTION:
            continue
        statements.add((fingerprint, database))
        counts = (1, 1, flags & EVENT_FAILED, flags, duration_ns, duration_ns, number, number, 1)
        groups.append(_new(Group, (fingerprint, database, path, *counts, LOOP_NONE, -1, -1, 0)))
        if len(statements) < len(groups):
            return None
    query_count = event_count - transaction_count
    capped_ns = total_ns if total_ns < _LARGEST else _LARGEST
    kinds = (event_count, query_count, transaction_count, failed_count, write_count)
    return _new(Totals, (*kinds, capped_ns, len(groups), 0, query_count - len(groups))), groups
