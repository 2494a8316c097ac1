"""Makes mercury_native/sql_words.h: the frozen list of words, and a perfect hash over it.

    python tools/sql_words.py            writes the file
    python tools/sql_words.py --check    fails where it is not current

The list is that of the twin, mercury/core/pure/sql_lexer.py. The hash is "hash and
displace": one multiplication gives a word a bucket and a number, and the bucket's
displacement, found here, moves the numbers of its words to slots that nobody else has.
So a look-up reads one displacement and one word, whatever the word.
"""

import re
import sys
from pathlib import Path
from typing import Dict, List, NamedTuple, Optional

from made_header import write_or_check

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mercury.core.pure import sql_lexer

LETTERS = re.compile(rb"[a-z_]{2,19}")
HEADER = ROOT / "mercury_native" / "sql_words.h"
LONGEST = 19
BUCKET_BITS = 7
SLOT_BITS = 9
FLAGS = ("OPERAND", "MAYBE", "FUNCTION", "ENDS", "STARTS", "KEYWORD", "APART")
WORD_BITS = 64
HASH_SHIFT = 5

TEXT = """\
/* Made by tools/sql_words.py from mercury/core/pure/sql_lexer.py; do not edit. */
#ifndef MERCURY_SQL_WORDS_H
#define MERCURY_SQL_WORDS_H

#include "sql_lexer.h"

/* clang-format off */

/*
 * The frozen list, each word at its slot; see sql_common_candidate. The slots between are
 * empty. A change is a new version of docs/fingerprint-spec.md.
 */
const sql_word sql_words[{slot_count}] = {{
{words}
}};

const uint64_t sql_words_multiplier = UINT64_C({multiplier:#x});

const unsigned char sql_words_displacements[{bucket_count}] = {{
{displacements}
}};

/*
 * Of the words that begin with a letter and have a size: the second letters, a bit each. Letters count
 * by their lower five bits, in either case.
 */
const uint32_t sql_words_second_letters[32][SQL_WORD_LONGEST + 1] = {{
{second_letters}
}};

/* clang-format on */

#endif
"""


def product(word: bytes, multiplier: int) -> int:
    """What sql_lexer_find makes of a word: eight bytes are a number, the first one lowest."""
    upper = word.upper()
    first = int.from_bytes(upper[:8], "little")
    second = int.from_bytes(upper[8:16], "little")
    return ((first ^ (second << HASH_SHIFT)) * multiplier) & ((1 << WORD_BITS) - 1)


class Table(NamedTuple):
    """Where the words are found."""

    displacements: List[int]
    slots: Dict[bytes, int]


def displace(words: List[bytes], multiplier: int) -> Optional[Table]:
    """The table for this multiplier, the fullest bucket placed first; None where one finds no place."""
    buckets: List[List[bytes]] = [[] for _ in range(1 << BUCKET_BITS)]
    starts = {}
    for word in words:
        number = product(word, multiplier)
        starts[word] = number >> (WORD_BITS - BUCKET_BITS - SLOT_BITS) & ((1 << SLOT_BITS) - 1)
        buckets[number >> (WORD_BITS - BUCKET_BITS)].append(word)
    displacements = [0] * len(buckets)
    taken: Dict[int, bytes] = {}
    for bucket in sorted(range(len(buckets)), key=lambda number: -len(buckets[number])):
        for displacement in range(256):
            wanted = {starts[word] ^ displacement: word for word in buckets[bucket]}
            if len(wanted) == len(buckets[bucket]) and not wanted.keys() & taken.keys():
                taken.update(wanted)
                displacements[bucket] = displacement
                break
        else:
            return None
    return Table(displacements, {word: slot for slot, word in taken.items()})


def word_line(word: bytes, slot: int) -> str:
    entry = sql_lexer.WORDS[word]
    flags = [f"SQL_WORD_{name}" for name in FLAGS if entry.flags & getattr(sql_lexer, name)]
    roles = {value: name for name, value in vars(sql_lexer).items() if name.startswith("ROLE_")}
    text = f'"{word.decode().upper()}", {len(word)}'
    return f"    [{slot}] = {{{text}, {' | '.join(flags)}, SQL_{roles[entry.role]}}},"


def number_lines(numbers: List[int]) -> str:
    return "\n".join(
        "    " + ", ".join(f"{number:3}" for number in numbers[start : start + 16]) + ","
        for start in range(0, len(numbers), 16)
    )


def second_letter_lines(words: List[bytes]) -> str:
    masks = [[0] * (LONGEST + 1) for _ in range(32)]
    for word in words:
        masks[word[0] & 31][len(word)] |= 1 << (word[1] & 31)
    lines = (", ".join(f"{mask:#x}" if mask else "0" for mask in row) for row in masks)
    return "\n".join(f"    {{{line}}}," for line in lines)


def header() -> str:
    """The header's text; the same on every machine."""
    words = sorted(sql_lexer.WORDS)
    unexpected = [word for word in words if not LETTERS.fullmatch(word)]
    if unexpected:
        raise SystemExit(f"sql_lexer_find knows words of letters and underscores only, up to 19: {unexpected}")
    multiplier = 0x9E3779B97F4A7C15
    table = displace(words, multiplier)
    while table is None:
        multiplier = (multiplier * 0xD1342543DE82EF95 + 2) % (1 << WORD_BITS) | 1
        table = displace(words, multiplier)
    return TEXT.format(
        words="\n".join(word_line(word, table.slots[word]) for word in words),
        slot_count=1 << SLOT_BITS,
        multiplier=multiplier,
        bucket_count=1 << BUCKET_BITS,
        displacements=number_lines(table.displacements),
        second_letters=second_letter_lines(words),
    )


if __name__ == "__main__":
    sys.exit(write_or_check(HEADER, header(), "words"))
