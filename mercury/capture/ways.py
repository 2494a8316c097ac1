"""The way that a text came in earlier units: each frame from the operation out to the unit's root.

Most requests send a statement from the place that an earlier one sent it from. That frames are where they were then is
seen at a fraction of what it takes to find out where they are: no frame has to be classified, and the bytes of
the path are there. A text's way is kept once it came the same way twice in a row.
"""

from types import CodeType, FrameType
from typing import Any, Dict, List, NamedTuple, Optional, Tuple

from mercury.capture.code import CUT, ELEMENT, GENERATOR, RAW, kind_of
from mercury.capture.elements import element_of
from mercury.trace import FRAME_BYTES, PathEntry, PathTable

MAX_WAYS = 1024
"""Texts whose ways are kept from one unit to the next."""


class Way(NamedTuple):
    """`skipped` counts the frames between the sender and the operation; `packed` and `elements` begin at the root."""

    skipped: int
    frames: Tuple[Tuple[CodeType, int, Any], ...]
    """From the operation outward: code, offset and element."""
    packed: bytes
    """The frames as all tables have them, but for the numbers of elements."""
    entries: Dict[bytes, PathEntry]
    """Of frames that are at no element."""
    elements: Tuple[Tuple[int, PathEntry], ...]
    """Depths and entries of the others."""

    def pack(self, first: int, table: PathTable) -> bytes:
        """The bytes of all frames from this depth on, which are among the table's from here on."""
        table.entries.update(self.entries)
        if not self.elements:
            return self.packed[FRAME_BYTES * first :]
        packed = bytearray(self.packed)
        for depth, entry in self.elements:
            if depth >= first:
                packed[FRAME_BYTES * depth : FRAME_BYTES * (depth + 1)] = table.pack(entry)
        return bytes(packed[FRAME_BYTES * first :])


ways: Dict[str, Way] = {}
"""By text: such as hold no literal alone."""

_last: Dict[str, bytes] = {}
"""How a text came last."""


def note(text: str, skipped: int, frames: List[Any], path: int, table: PathTable) -> None:
    """Notes that a text came through these frames, from the operation out to the root, which are all of a path."""
    packed = table.packed[path]
    if _last.get(text) != packed:
        if len(_last) >= MAX_WAYS:
            _last.clear()
        _last[text] = packed
        return
    way = _way(skipped, frames, packed, table)
    if way is not None:
        if len(ways) >= MAX_WAYS:
            ways.clear()
        ways[text] = way


def _way(skipped: int, frames: List[Any], packed: bytes, table: PathTable) -> Optional[Way]:
    """None where a frame stands for more than a call, or is not held."""
    found = []
    for frame in frames:
        if not isinstance(frame, FrameType):
            return None
        kind = kind_of(frame)
        element = element_of(frame) if kind & ELEMENT else None
        if kind & (GENERATOR | RAW | CUT) or (kind & ELEMENT and element is None):
            return None
        found.append((frame.f_code, frame.f_lasti, element))
    parts = [packed[start : start + FRAME_BYTES] for start in range(0, len(packed), FRAME_BYTES)]
    entries = [table.entries[part] for part in parts]
    plain = {part: entry for part, entry in zip(parts, entries) if entry.element is None}
    elements = tuple((depth, entry) for depth, entry in enumerate(entries) if entry.element is not None)
    return Way(skipped, tuple(found), packed, plain, elements)


def forget() -> None:
    """Lets go of all."""
    ways.clear()
    _last.clear()
