"""What names a series: a name and labels, as the bytes that lie in a segment.

    length of 2 bytes | name | length | label | length | value | ...    labels in the order of their bytes

Texts are UTF-8; a lone surrogate goes in as it is and comes out escaped.
"""

from typing import Any, List, Mapping, Optional, Tuple

from mercury.core.records import SEGMENT_MAX_KEY_BYTES
from mercury.errors import InvalidArgumentError

SeriesKey = Tuple[str, Tuple[Tuple[str, str], ...]]
"""A name, and its labels with their values in the order of the labels."""

_LENGTH_BYTES = 2
_LONGEST_INTEGER_BITS = 4 * SEGMENT_MAX_KEY_BYTES

OTHER = "other"
"""The name of the series that takes the values of series for which there was no room."""

TORN = "mercury.torn"
QUARANTINED = "mercury.quarantined"
"""Counters of retired slots: what was met in the slots of the dead when they were folded."""

RESERVED = frozenset((OTHER, TORN, QUARANTINED))


def encode(name: str, labels: Mapping[str, Any]) -> Optional[bytes]:
    """The bytes of a key; None where they are more than a segment takes.

    A value is a str, or an int, which is written in decimal. Raises InvalidArgumentError for anything
    else: no method of an unknown type is called.
    """
    texts = [_encoded(name)]
    for label, value in sorted((_encoded(label), _encoded(value)) for label, value in labels.items()):
        texts += [label, value]
    if not texts[0] or sum(map(len, texts)) + _LENGTH_BYTES * len(texts) > SEGMENT_MAX_KEY_BYTES:
        return None
    return b"".join(len(text).to_bytes(_LENGTH_BYTES, "little") + text for text in texts)


def _encoded(text: Any) -> bytes:
    if type(text) is int:
        # Decimal digits of a number that is longer than a key would take their time, or raise.
        return b"%d" % text if text.bit_length() <= _LONGEST_INTEGER_BITS else bytes(SEGMENT_MAX_KEY_BYTES)
    if type(text) is not str:
        raise InvalidArgumentError("a name or a label is neither str nor int")
    return text.encode("utf-8", "surrogatepass")


def decode(key: bytes) -> Optional[SeriesKey]:
    """The name and labels of a key; None where the bytes are none."""
    texts: List[str] = []
    at = 0
    while at < len(key):
        start = at + _LENGTH_BYTES
        at = start + int.from_bytes(key[at:start], "little")
        if at > len(key):
            return None
        texts.append(key[start:at].decode("utf-8", "backslashreplace"))
    if len(texts) % 2 == 0:
        return None
    return texts[0], tuple(zip(texts[1::2], texts[2::2]))
