"""Are statements read alike on two machines? Compares the fingerprints that two builds of one driver give.

    python tools/big_endian.py build/benchmarks/instructions_driver "qemu-s390x-static build/s390x/instructions_driver"

Each reads statements.sql of benchmarks/sql, which must be on the path, in every dialect and prints the sum of the
fingerprints. `make big-endian` runs it.
"""

import json
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List

from statements import own

from mercury.core.records import DIALECTS


def told(command: List[str], statements: Path, dialect: int) -> Dict[str, str]:
    """What the driver prints."""
    done = subprocess.run([*command, str(statements), str(dialect)], stdout=subprocess.PIPE, check=True)
    return dict(json.loads(done.stdout))


def main() -> None:
    commands = [shlex.split(argument) for argument in sys.argv[1:]]
    if len(commands) != 2:
        raise SystemExit(__doc__)
    differ = 0
    with tempfile.TemporaryDirectory() as folder:
        statements = Path(folder) / "statements"
        statements.write_bytes(b"\0".join(own()))
        for name, dialect in DIALECTS.items():
            here, there = (told(command, statements, dialect) for command in commands)
            differ += here["sum"] != there["sum"]
            print(f"{name:<12}{here['sum']}  {here['build']:<40}{there['sum']}  {there['build']}")
    if differ:
        raise SystemExit(f"The fingerprints of {differ} dialects differ between the two machines.")


if __name__ == "__main__":
    main()
