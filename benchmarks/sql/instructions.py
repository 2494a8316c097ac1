"""A guard over the instructions that normalizing takes: exact, repeatable, the same on a busy machine.

    python benchmarks/sql/instructions.py [--update] [--require] [--driver FILE]

Callgrind counts one pass over statements.sql in each dialect. What the library's own code executes is
held against instructions.json, which knows each compiler that a baseline was recorded for; the C
library's memcpy and memcmp are left out, for they differ from processor to processor. More than 5 %
above the baseline fails with status 1. `make instructions` and `make instructions-update` run this.
"""

import argparse
import hashlib
import json
import platform
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, NamedTuple, Tuple

from statements import OWN, ROOT, own

sys.path.insert(0, str(ROOT))

from mercury.core.records import DIALECTS

BASELINE = Path(__file__).resolve().parent / "instructions.json"
ALLOWED = 0.05
"""A dialect may take this much more than its baseline."""
WORTH_RECORDING = -0.01
"""Below this a new baseline is due: what was gained would otherwise be free to be lost again."""

_NAME = re.compile(r"(?:ob|cob)=\((\d+)\)(?: (.*))?$")
_COST = re.compile(r"[+\-*]?\d* ?(\d+)$")


class Line(NamedTuple):
    """One dialect's instructions now and in the baseline."""

    dialect: str
    now: int
    baseline: int

    @property
    def change(self) -> float:
        return self.now / self.baseline - 1


def own_cost(profile: str, program: str) -> int:
    """The instructions that the code of `program` itself executed, by callgrind's output file."""
    names: Dict[str, str] = {}
    inside, total, is_call = False, 0, False
    for line in profile.splitlines():
        named = _NAME.match(line)
        cost = _COST.match(line)
        if named:
            number, name = named.groups()
            names[number] = names.get(number, name or "")
            inside = Path(names[number]).name == program if line.startswith("ob=") else inside
        elif line.startswith("calls="):
            is_call = True
        elif cost:
            total += int(cost.group(1)) if inside and not is_call else 0
            is_call = False
    return total


def count(driver: Path, statements: Path, dialect: int, folder: Path) -> Tuple[int, Dict]:
    """The instructions of one pass, and what the driver says about itself."""
    profile = folder / "callgrind.out"
    command = ["valgrind", "--quiet", "--tool=callgrind", "--toggle-collect=counted_pass"]
    command += [f"--callgrind-out-file={profile}", str(driver), str(statements), str(dialect)]
    about = json.loads(subprocess.check_output(command, text=True))
    return own_cost(profile.read_text(encoding="utf-8"), driver.name), about


def measure(driver: Path) -> Tuple[str, int, Dict[str, int]]:
    """The compiler and machine, the bytes of the statements, the instructions by dialect."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        statements = folder / "own.sql0"
        statements.write_bytes(b"\0".join(own()))
        counted = {dialect: count(driver, statements, number, folder) for dialect, number in DIALECTS.items()}
    about = counted["generic"][1]
    return f"{about['build']}, {platform.machine()}", about["bytes"], {d: cost for d, (cost, _) in counted.items()}


def is_regression(compared: List[Line]) -> bool:
    return any(line.now > line.baseline * (1 + ALLOWED) for line in compared)


def is_worth_recording(compared: List[Line]) -> bool:
    return any(line.change < WORTH_RECORDING for line in compared)


def statements_hash() -> str:
    return hashlib.sha256(OWN.read_bytes()).hexdigest()


def recorded() -> Dict[str, Dict[str, int]]:
    """The baseline of each compiler; none where statements.sql is not what they were counted over."""
    content = json.loads(BASELINE.read_text(encoding="utf-8")) if BASELINE.is_file() else {}
    return content["compilers"] if content.get("statements_sha256") == statements_hash() else {}


def update(compiler: str, counts: Dict[str, int]) -> None:
    compilers = dict(sorted({**recorded(), compiler: counts}.items()))
    content = {"statements_sha256": statements_hash(), "compilers": compilers}
    BASELINE.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def compare(counts: Dict[str, int], baseline: Dict[str, int], total_bytes: int) -> int:
    """Prints the comparison; the status that the process ends with."""
    compared = [Line(dialect, now, baseline[dialect]) for dialect, now in counts.items()]
    for line in compared:
        now, before = line.now / total_bytes, line.baseline / total_bytes
        print(f"{line.dialect:<12}{now:>8.2f}{before:>10.2f}{line.change:>+9.1%}")
    if is_regression(compared):
        print(f"More than {ALLOWED:.0%} above the baseline. If that is a price to pay: `make instructions-update`.")
        return 1
    if is_worth_recording(compared):
        print("Below the baseline: record it with `make instructions-update`, or it may be lost again unseen.")
    return 0


def show_without_baseline(counts: Dict[str, int], total_bytes: int) -> None:
    for dialect, now in counts.items():
        print(f"{dialect:<12}{now / total_bytes:>8.2f}{'-':>10}")
    known = "; ".join(recorded()) or "none: statements.sql has changed"
    print(f"No baseline for this compiler, so nothing was compared. Those known: {known}.")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--driver", type=Path, default=ROOT / "build" / "benchmarks" / "instructions_driver")
    parser.add_argument("--update", action="store_true", help="record what is counted as this compiler's baseline")
    parser.add_argument("--require", action="store_true", help="a compiler without a baseline is a failure")
    options = parser.parse_args()
    if not shutil.which("valgrind"):
        print("valgrind is missing: apt-get install valgrind")
        return 2
    compiler, total_bytes, counts = measure(options.driver)
    if options.update:
        update(compiler, counts)
    print(f"{compiler}: instructions for each byte of {OWN.name}\n\n{'':<12}{'now':>8}{'baseline':>10}{'change':>9}")
    baseline = recorded().get(compiler)
    if baseline is not None:
        return compare(counts, baseline, total_bytes)
    show_without_baseline(counts, total_bytes)
    return 1 if options.require else 0


if __name__ == "__main__":
    sys.exit(main())
