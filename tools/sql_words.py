"""Makes mercury_native/sql_words.h: the frozen list of words, and a perfect hash over it.

    python tools/sql_words.py            writes the file
    python tools/sql_words.py --check    fails where it is not current

The list is that of the twin, mercury/core/pure/sql_lexer.py. The hash is "hash and
displace": one multiplication gives a word a bucket and a number, and the bucket's
displacement, found here, moves the numbers of its words to slots that nobody else has.
So a look-up reads one displacement, one slot and one word, whatever the word.
"""

import argparse
import sys
from pathlib import Path
from typing import Dict, List, Optional

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mercury.core.pure import sql_lexer  # noqa: E402

HEADER = ROOT / "mercury_native" / "sql_words.h"
BUCKET_BITS = 7
SLOT_BITS = 9
FLAGS = ("OPERAND", "MAYBE", "FUNCTION", "ENDS", "STARTS", "KEYWORD", "APART")
WORD_BITS = 64

TEXT = """\
/* Made by tools/sql_words.py from mercury/core/pure/sql_lexer.py; do not edit. */
#ifndef MERCURY_SQL_WORDS_H
#define MERCURY_SQL_WORDS_H

#include "sql_lexer.h"

/* clang-format off */

/* The frozen list, sorted. A change is a new version of docs/fingerprint-spec.md. */
static const sql_word sql_words[{count}] = {{
{words}
}};

/* See sql_lexer_find. */
static const uint64_t sql_words_multiplier = UINT64_C({multiplier:#x});
static const unsigned char sql_words_displacements[{bucket_count}] = {{
{displacements}
}};

/* The word of each slot; the first one stands where there is none. */
static const unsigned short sql_words_slots[{slot_count}] = {{
{slots}
}};

/* clang-format on */

#endif
"""


def load(text: bytes) -> int:
    """Eight bytes as load_lower in sql_lexer.c reads them."""
    return int.from_bytes(bytes(byte | 0x20 for byte in text).ljust(8, b"\0"), "little")


def product(word: bytes, multiplier: int) -> int:
    """What sql_lexer_find makes of a word in lower case."""
    first = load(word[:8])
    last = load(word[-8:])
    return ((first ^ (last >> 7)) * multiplier) & ((1 << WORD_BITS) - 1)


def displace(words: List[bytes], multiplier: int) -> Optional[Dict[str, List[int]]]:
    """Displacements and slots for this multiplier, the fullest bucket first; None where one finds no place."""
    buckets: List[List[int]] = [[] for _ in range(1 << BUCKET_BITS)]
    starts = []
    for index, word in enumerate(words):
        number = product(word, multiplier)
        starts.append(number >> (WORD_BITS - BUCKET_BITS - SLOT_BITS) & ((1 << SLOT_BITS) - 1))
        buckets[number >> (WORD_BITS - BUCKET_BITS)].append(index)
    displacements = [0] * len(buckets)
    slots: Dict[int, int] = {}
    for bucket in sorted(range(len(buckets)), key=lambda number: -len(buckets[number])):
        for displacement in range(256):
            taken = {starts[index] ^ displacement: index for index in buckets[bucket]}
            if len(taken) == len(buckets[bucket]) and not taken.keys() & slots.keys():
                slots.update(taken)
                displacements[bucket] = displacement
                break
        else:
            return None
    return {"displacements": displacements, "slots": [slots.get(slot, 0) for slot in range(1 << SLOT_BITS)]}


def word_line(word: bytes) -> str:
    entry = sql_lexer.WORDS[word]
    flags = [f"SQL_WORD_{name}" for name in FLAGS if entry.flags & getattr(sql_lexer, name)]
    roles = {value: name for name, value in vars(sql_lexer).items() if name.startswith("ROLE_")}
    return f'    {{"{word.decode()}", {len(word)}, {" | ".join(flags)}, SQL_{roles[entry.role]}}},'


def number_lines(numbers: List[int]) -> str:
    return "\n".join(
        "    " + ", ".join(f"{number:3}" for number in numbers[start : start + 16]) + ","
        for start in range(0, len(numbers), 16)
    )


def header() -> str:
    """The header's text; the same on every machine."""
    words = sorted(sql_lexer.WORDS)
    multiplier = 0x9E3779B97F4A7C15
    table = displace(words, multiplier)
    while table is None:
        multiplier = (multiplier * 0xD1342543DE82EF95 + 2) % (1 << WORD_BITS) | 1
        table = displace(words, multiplier)
    return TEXT.format(
        count=len(words),
        words="\n".join(word_line(word) for word in words),
        multiplier=multiplier,
        bucket_count=1 << BUCKET_BITS,
        displacements=number_lines(table["displacements"]),
        slot_count=1 << SLOT_BITS,
        slots=number_lines(table["slots"]),
    )


def main() -> int:
    parser = argparse.ArgumentParser(description="Make mercury_native/sql_words.h.")
    parser.add_argument("--check", action="store_true", help="fail where the file is not current")
    text = header()
    if parser.parse_args().check:
        if HEADER.read_text(encoding="ascii") != text:
            print("mercury_native/sql_words.h is not current: make words")
            return 1
        return 0
    HEADER.write_text(text, encoding="ascii")
    return 0


if __name__ == "__main__":
    sys.exit(main())
