"""Kills, flips, cuts, full disks and forks; the exit code is 1 where one of them did harm.

python -m tests.crash.run --kills 10000 --flips 20000 --cut-step 1 --forks 50 --generations 20
"""

import argparse
import sys
import tempfile
from typing import List

import mercury
from tests.crash import flips, forks, full_disk, kills


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--kills", type=int, default=10_000)
    parser.add_argument("--flips", type=int, default=20_000)
    parser.add_argument("--cut-step", type=int, default=1, help="bytes from one length of a cut file to the next")
    parser.add_argument("--forks", type=int, default=50)
    parser.add_argument("--generations", type=int, default=20)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    print(f"backend: {mercury.backend}, seed {options.seed}")
    faults: List[str] = []
    with tempfile.TemporaryDirectory() as folder:
        faults += kills.run(folder, options.kills, options.seed)
        faults += flips.run(folder, options.flips, options.cut_step, options.seed)
        faults += forks.run(folder, options.forks, options.generations)
        faults += full_disk.run(folder)
    for fault in faults[:20]:
        print(f"fault: {fault}", file=sys.stderr)
    print(f"{len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
