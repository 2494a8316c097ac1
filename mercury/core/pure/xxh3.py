"""XXH3-64 with seed 0, as xxHash 0.8 defines it; the twin of vendor/xxhash.h.

Five ways by length: 0, 1 to 3, 4 to 8, 9 to 16, 17 to 128, 129 to 240 bytes, and longer texts
in stripes of 64 bytes over eight accumulators.
"""

import struct
from typing import Tuple

_MASK32 = 0xFFFFFFFF
_MASK64 = 0xFFFFFFFFFFFFFFFF

_P32_1 = 0x9E3779B1
_P32_2 = 0x85EBCA77
_P32_3 = 0xC2B2AE3D
_P64_1 = 0x9E3779B185EBCA87
_P64_2 = 0xC2B2AE3D27D4EB4F
_P64_3 = 0x165667B19E3779F9
_P64_4 = 0x85EBCA77C2B2AE63
_P64_5 = 0x27D4EB2F165667C5
_PMX1 = 0x165667919E3779F9
_PMX2 = 0x9FB21C651E98DF25

_SECRET = bytes.fromhex(
    "b8fe6c3923a44bbe7c01812cf721ad1cded46de9839097db7240a4a4b7b3671f"
    "cb79e64eccc0e578825ad07dccff7221b8084674f743248ee03590e6813a264c"
    "3c2852bb91c300cb88d0658b1b532ea371644897a20df94e3819ef46a9deacd8"
    "a8fa763fe39c343ff9dcbbc7c70b4f1d8a51e04bcdb45931c89f7ec9d9787364"
    "eac5ac8334d3ebc3c581a0fffa1363eb170ddd51b7f0da49d316552629d4689e"
    "2b16be587d47a1fc8ff8b8d17ad031ce45cb3a8f95160428afd7fbcabb4b407e"
)

_STRIPE = 64
_STRIPES_PER_BLOCK = (len(_SECRET) - _STRIPE) // 8
_ACCUMULATORS = (_P32_3, _P64_1, _P64_2, _P64_3, _P64_4, _P32_2, _P64_5, _P32_1)

_eight_words = struct.Struct("<8Q").unpack_from
_pair = struct.Struct("<2Q").unpack_from


def _word(data: bytes, position: int, size: int = 8) -> int:
    return int.from_bytes(data[position : position + size], "little")


def _pairs(start: int, count: int) -> Tuple[Tuple[int, int], ...]:
    return tuple((_word(_SECRET, start + 16 * i), _word(_SECRET, start + 16 * i + 8)) for i in range(count))


_HEAD_PAIRS = _pairs(0, 8)
_TAIL_PAIRS = _pairs(3, 7)
_LAST_PAIR = _pairs(136 - 17, 1)[0]
_STRIPE_KEYS = tuple(_eight_words(_SECRET, 8 * i) for i in range(_STRIPES_PER_BLOCK))
_SCRAMBLE_KEYS = _eight_words(_SECRET, len(_SECRET) - _STRIPE)
_LAST_KEYS = _eight_words(_SECRET, len(_SECRET) - _STRIPE - 7)
_MERGE_KEYS = _eight_words(_SECRET, 11)


def _avalanche(hashed: int) -> int:
    hashed ^= hashed >> 37
    hashed = hashed * _PMX1 & _MASK64
    return hashed ^ hashed >> 32


def _xxh64_avalanche(hashed: int) -> int:
    hashed ^= hashed >> 33
    hashed = hashed * _P64_2 & _MASK64
    hashed ^= hashed >> 29
    hashed = hashed * _P64_3 & _MASK64
    return hashed ^ hashed >> 32


def _fold(a: int, b: int) -> int:
    """The halves of a 128-bit product, combined."""
    product = a * b
    return (product ^ product >> 64) & _MASK64


def _mix(data: bytes, position: int, keys: Tuple[int, int]) -> int:
    low, high = _pair(data, position)
    product: int = (low ^ keys[0]) * (high ^ keys[1])
    return (product ^ product >> 64) & _MASK64


def _up_to_16(data: bytes) -> int:
    length = len(data)
    if length > 8:
        low = _word(data, 0) ^ _word(_SECRET, 24) ^ _word(_SECRET, 32)
        high = _word(data, length - 8) ^ _word(_SECRET, 40) ^ _word(_SECRET, 48)
        swapped = int.from_bytes(low.to_bytes(8, "little"), "big")
        return _avalanche((length + swapped + high + _fold(low, high)) & _MASK64)
    if length >= 4:
        combined = _word(data, length - 4, 4) + (_word(data, 0, 4) << 32)
        hashed = combined ^ _word(_SECRET, 8) ^ _word(_SECRET, 16)
        hashed ^= (hashed << 49 | hashed >> 15) & _MASK64 ^ (hashed << 24 | hashed >> 40) & _MASK64
        hashed = hashed * _PMX2 & _MASK64
        hashed ^= (hashed >> 35) + length & _MASK64
        hashed = hashed * _PMX2 & _MASK64
        return hashed ^ hashed >> 28
    if length:
        combined = data[0] << 16 | data[length >> 1] << 24 | data[-1] | length << 8
        return _xxh64_avalanche(combined ^ _word(_SECRET, 0, 4) ^ _word(_SECRET, 4, 4))
    return _xxh64_avalanche(_word(_SECRET, 56) ^ _word(_SECRET, 64))


def _up_to_128(data: bytes) -> int:
    length = len(data)
    total = length * _P64_1
    for i in range((length - 1) // 32 + 1):
        total += _mix(data, 16 * i, _HEAD_PAIRS[2 * i])
        total += _mix(data, length - 16 * (i + 1), _HEAD_PAIRS[2 * i + 1])
    return _avalanche(total & _MASK64)


def _up_to_240(data: bytes) -> int:
    length = len(data)
    total = length * _P64_1
    for i in range(8):
        total += _mix(data, 16 * i, _HEAD_PAIRS[i])
    total = _avalanche(total & _MASK64)
    for i in range(8, length // 16):
        total += _mix(data, 16 * i, _TAIL_PAIRS[i - 8])
    return _avalanche(total + _mix(data, length - 16, _LAST_PAIR) & _MASK64)


def _accumulate(accumulators: Tuple[int, ...], words: Tuple[int, ...], keys: Tuple[int, ...]) -> Tuple[int, ...]:
    """One stripe. A lane's product goes to the lane, its word to the neighbor."""
    a0, a1, a2, a3, a4, a5, a6, a7 = accumulators
    w0, w1, w2, w3, w4, w5, w6, w7 = words
    k0, k1, k2, k3, k4, k5, k6, k7 = keys
    k0 ^= w0
    k1 ^= w1
    k2 ^= w2
    k3 ^= w3
    k4 ^= w4
    k5 ^= w5
    k6 ^= w6
    k7 ^= w7
    # The sums are cut to 64 bits at the end of a block: no stripe looks at their upper bits.
    return (
        a0 + w1 + (k0 & _MASK32) * (k0 >> 32),
        a1 + w0 + (k1 & _MASK32) * (k1 >> 32),
        a2 + w3 + (k2 & _MASK32) * (k2 >> 32),
        a3 + w2 + (k3 & _MASK32) * (k3 >> 32),
        a4 + w5 + (k4 & _MASK32) * (k4 >> 32),
        a5 + w4 + (k5 & _MASK32) * (k5 >> 32),
        a6 + w7 + (k6 & _MASK32) * (k6 >> 32),
        a7 + w6 + (k7 & _MASK32) * (k7 >> 32),
    )


def _scramble(accumulators: Tuple[int, ...]) -> Tuple[int, ...]:
    lanes = []
    for wide, key in zip(accumulators, _SCRAMBLE_KEYS):
        lane = wide & _MASK64
        lanes.append(((lane ^ lane >> 47 ^ key) * _P32_1) & _MASK64)
    return tuple(lanes)


def _long(data: bytes) -> int:
    length = len(data)
    accumulators: Tuple[int, ...] = _ACCUMULATORS
    last_stripe = (length - 1) // _STRIPE
    for stripe in range(last_stripe):
        key = stripe % _STRIPES_PER_BLOCK
        accumulators = _accumulate(accumulators, _eight_words(data, _STRIPE * stripe), _STRIPE_KEYS[key])
        if key == _STRIPES_PER_BLOCK - 1:
            accumulators = _scramble(accumulators)
    accumulators = _accumulate(accumulators, _eight_words(data, length - _STRIPE), _LAST_KEYS)
    total = length * _P64_1
    for i in range(0, 8, 2):
        low, high = accumulators[i] & _MASK64, accumulators[i + 1] & _MASK64
        total += _fold(low ^ _MERGE_KEYS[i], high ^ _MERGE_KEYS[i + 1])
    return _avalanche(total & _MASK64)


def xxh3_64(data: bytes) -> int:
    """The unsigned 64-bit hash of `data`, which is bytes or a bytearray."""
    length = len(data)
    if length > 240:
        return _long(data)
    if length > 128:
        return _up_to_240(data)
    if length > 16:
        return _up_to_128(data)
    return _up_to_16(data)
