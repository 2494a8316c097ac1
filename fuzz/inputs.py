"""Makes what the fuzzers start from: seeds of the vectors' statements, and a dictionary of SQL words.

    python fuzz/inputs.py build/fuzz

writes <folder>/seeds/ with a folder for each target, and <folder>/sql.dict.
The layouts of the inputs stand at the top of each target.
"""

import hashlib
import json
import math
import random
import struct
import sys
from pathlib import Path
from typing import Iterator, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from mercury.core.pure import sql_lexer, sql_summary  # noqa: E402
from mercury.core.records import DIALECTS  # noqa: E402

WIDE = 1
HAS_NULLS = 2
ROWS_OF_A_SEED = 4
SEGMENT_SEEDS = 200

MARKS = [
    "'", "''", '"', '""', "`", "``", "[", "]", "]]", "(", ")", ",", ".", ";", "?", "??", "?|", "?&", "%s",
    "%%", "%(a)s", "$1", "$$", "$a$", ":a", "::", ":=", "@a", "@@a", "#", "##", "#>", "--", "/*", "*/", "/*!", "/*+",
    "N'", "E'", "X'", "B'", "U&'", 'U&"', "q'[", "]'", "_utf8'", "0x1F", "1e-5", ".5", "1.", "-|-", "=>", "->>", "@>",
    "\\", "\\'", "<=>", "!=", "<>", "||", "&&", "~*", "*=",
]  # fmt: skip


def statements() -> Iterator[Tuple[int, bytes]]:
    """Dialect and text of every statement among the vectors."""
    vectors = ROOT / "tests" / "vectors"
    for path in sorted([*vectors.glob("sql*.json"), *(vectors / "sql").glob("*.json")]):
        for case in json.loads(path.read_text(encoding="utf-8")):
            yield DIALECTS[case["dialect"]], case["sql"].encode("utf-8", "surrogatepass")


def batch(dialect: int, rows: List[bytes], shape: int) -> bytes:
    """An input of sql_batch with these rows."""
    ends = [0]
    for row in rows:
        ends.append(ends[-1] + len(row))
    offsets = struct.pack(f"<{len(ends)}{'q' if shape & WIDE else 'i'}", *ends)
    validity = b"\xfb" * ((len(rows) + 7) // 8) if shape & HAS_NULLS else b""
    return bytes([dialect, shape, len(rows)]) + offsets + validity + b"".join(rows)


def write(folder: Path, inputs: Iterator[bytes]) -> None:
    """One file an input, named after its content as the fuzzers name theirs."""
    folder.mkdir(parents=True, exist_ok=True)
    for content in inputs:
        (folder / hashlib.sha1(content).hexdigest()).write_bytes(content)


def batches(known: List[Tuple[int, bytes]]) -> Iterator[bytes]:
    """The statements, some to a batch, in each shape in turn."""
    for start in range(0, len(known), ROWS_OF_A_SEED):
        chosen = known[start : start + ROWS_OF_A_SEED]
        yield batch(chosen[0][0], [text for _, text in chosen], start // ROWS_OF_A_SEED % (WIDE + HAS_NULLS + 1))


def segments() -> Iterator[bytes]:
    """A cut, and up to three patches of words that mean something: of the header, a slot's head, a series."""
    chance = random.Random(1)
    edges = [0, 1, 2, 1 << 32, 1 << 63, (1 << 64) - 1]
    for _ in range(SEGMENT_SEEDS):
        patches = [
            struct.pack(
                "<HBQ", chance.choice([*range(15), *range(512, 560)]), chance.randrange(4), chance.choice(edges)
            )
            for _ in range(chance.randrange(4))
        ]
        yield struct.pack("<H", chance.choice([0, 8, 120, 4096, 1 << 15])) + b"".join(patches)


def histograms() -> Iterator[bytes]:
    """The vectors' histograms as bytes, whole and with a word that means something overwritten; and their numbers."""
    chance = random.Random(2)
    edges = [0, 1, 2, 35, 1024, 1 << 63, (1 << 64) - 1]
    for case in json.loads((ROOT / "tests" / "vectors" / "histogram.json").read_text(encoding="utf-8")):
        doubles = [float.fromhex(text) for text in case["doubles"]]
        yield struct.pack(f"<B{len(case['integers'])}q{len(doubles)}d", 0, *case["integers"], *doubles)
        encoded = bytes.fromhex(case.get("encoded", ""))
        yield b"\0" + encoded
        for word in range(len(encoded) // 8 - 1):
            patch = struct.pack("<Q", chance.choice(edges))
            yield b"\1" + encoded[: 8 * word] + patch + encoded[8 * word + 8 :]


def samples() -> Iterator[bytes]:
    """Two samples with and without ties, of numbers that are near to each other, extreme, or none."""
    chance = random.Random(3)
    edges = [0.0, -0.0, 5e-324, 2.0**1000, -(2.0**1000), 2.0**1001, math.inf, math.nan]
    for kind in (
        lambda: float(chance.randrange(4)),
        lambda: chance.gauss(100, 5),
        lambda: chance.choice(edges[:5]),
        lambda: chance.choice(edges) if chance.random() < 0.05 else chance.gauss(0, 1),
    ):
        for count in (2, 3, 12, 61, 70):
            numbers = [kind() for _ in range(count)]
            yield struct.pack(f"<BB{count}d", chance.randrange(256), chance.randrange(256), *numbers)


def dictionary() -> Iterator[str]:
    """One entry a line, as libFuzzer and AFL++ read them."""
    words = sorted({*sql_lexer.WORDS, *sql_summary.WORDS})
    for entry in [*(word.decode("ascii") for word in words), *MARKS]:
        escaped = entry.replace("\\", "\\\\").replace('"', '\\"')
        yield f'"{escaped}"\n'


def main() -> None:
    folder = Path(sys.argv[1])
    known = list(dict.fromkeys(statements()))
    write(folder / "seeds" / "sql_normalize", (bytes([dialect]) + text for dialect, text in known))
    write(folder / "seeds" / "sql_batch", batches(known))
    write(folder / "seeds" / "segment", segments())
    write(folder / "seeds" / "histogram", histograms())
    write(folder / "seeds" / "compare", samples())
    (folder / "sql.dict").write_text("".join(dictionary()), encoding="ascii")


if __name__ == "__main__":
    main()
