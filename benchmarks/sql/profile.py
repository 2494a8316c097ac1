"""Where the instructions of normalizing go, function by function, inlined ones too.

    python benchmarks/sql/profile.py --driver FILE [--set mixed] [--top N]

Callgrind counts one pass over a set of the corpus, Django's if none is named (over statements.sql where the corpus is
missing) in dialect `generic`, address by address; addr2line tells which function of the source each
address came from. The driver needs debug information and fixed addresses: `make profile-sql`.
"""

import argparse
import re
import subprocess
import tempfile
from collections import Counter
from pathlib import Path
from typing import Dict, Iterator, List

from statements import ROOT, sets

_NAME = re.compile(r"(fn|cfn|ob|cob)=\((\d+)\)(?: (.*))?$")
_COST = re.compile(r"(0x[0-9a-f]+|[+-]\d+|\*) \S+ (\d+)$")
_INTRINSIC = re.compile(r"_mm_|__builtin_|sql_bytes_load$")
"""Told under the function that uses them."""


def costs(profile: str, program: str) -> Counter:
    """The instructions at each address of `program`; those of other objects under their function's name."""
    found: Counter = Counter()
    names: Dict[str, str] = {}
    current = {"fn": "", "ob": ""}
    address, is_call = 0, False
    for line in profile.splitlines():
        named, cost = _NAME.match(line), _COST.match(line)
        if named:
            kind, number, name = named.groups()
            key = kind[-2:] + number
            names[key] = name or names.get(key, "")
            if kind in current:
                current[kind] = names[key]
        elif line.startswith("calls="):
            is_call = True
        elif cost:
            step, count = cost.groups()
            address = int(step, 16) if step.startswith("0x") else address if step == "*" else address + int(step)
            if not is_call:
                found[address if Path(current["ob"]).name == program else current["fn"]] += int(count)
            is_call = False
    return found


def functions(driver: Path, addresses: List[int]) -> Iterator[str]:
    """The function that the source has at each address, the innermost of those inlined there."""
    asked = "\n".join(hex(address) for address in addresses)
    command = ["addr2line", "-a", "-f", "-i", "-e", str(driver)]
    told = subprocess.run(command, input=asked, capture_output=True, text=True, check=True).stdout
    for chain in re.split(r"^0x[0-9a-f]+\n", told, flags=re.MULTILINE)[1:]:
        names = chain.splitlines()[::2]
        yield next((name for name in names if not _INTRINSIC.match(name)), names[0])


def measure(driver: Path, statements: Path) -> Counter:
    """Instructions by function."""
    with tempfile.TemporaryDirectory() as folder:
        profile = Path(folder) / "callgrind.out"
        command = ["valgrind", "--quiet", "--tool=callgrind", "--dump-instr=yes", "--toggle-collect=counted_pass"]
        command += [f"--callgrind-out-file={profile}", str(driver), str(statements), "0"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        found = costs(profile.read_text(encoding="utf-8"), driver.name)
    addresses = [where for where in found if isinstance(where, int)]
    shares: Counter = Counter({name: count for name, count in found.items() if isinstance(name, str)})
    for address, name in zip(addresses, functions(driver, addresses)):
        shares[name] += found[address]
    return shares


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driver", type=Path, required=True, help="instructions_driver, built with -g and -no-pie")
    parser.add_argument("--set", default="django", help="django or mixed")
    parser.add_argument("--top", type=int, default=25, help="how many functions to tell")
    options = parser.parse_args()
    found = sets(ROOT / "build" / "benchmarks")
    given = found.get(options.set) or next(iter(found.values()))
    shares = measure(options.driver, given.path)
    total, size = sum(shares.values()), sum(map(len, given.statements))
    print(f"{given.name}: {total / size:.1f} instructions a byte, {total / len(given.statements):,.0f} a statement\n")
    for name, count in shares.most_common(options.top):
        print(f"{count / total:>7.1%}  {name}")


if __name__ == "__main__":
    main()
