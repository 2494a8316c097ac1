"""What `import mercury` and the first native use add to a process, beside what `import json` does.

    python benchmarks/imports.py [--rounds 21] [--python PYTHON]

Medians of -X importtime, each round a process of its own, the modules' bytecode cached before. `first use` is all
that `mercury.backend` imports and does: cffi's extension module, the library's check, the handshake. Fails where a
module is imported that Mercury promises not to, or where either takes more than its share of `import json`.
"""

import argparse
import os
import platform
import re
import shutil
import statistics
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Tuple

ROOT = Path(__file__).resolve().parent.parent
MOST_IMPORT, MOST_FIRST_USE = 2.5, 1.7
"""Times `import json`: what 8 ms and 5 ms are where that takes 3 ms."""
OPTIONAL = {"cffi", "celery", "django", "gevent", "jinja2", "opentelemetry", "pyarrow", "pytest", "rich", "tomli"}

# The clock around the use tells what -X importtime does not: opening the library and shaking hands.
PROGRAMS = {
    "import json": "import json",
    "import typing": "import typing",
    "import mercury": "import mercury",
    "first use": "import mercury, time; started = time.perf_counter(); assert mercury.backend == 'native'; "
    "print((time.perf_counter() - started) * 1e6)",
    "import mercury, after Django's modules": "import json, typing, threading, importlib, contextlib; import mercury",
}
LINE = re.compile(r"import time:\s+(\d+) \|\s+(\d+) \| ( *)(\S+)")


def run(python: str, folder: Path, code: str) -> Tuple[float, List[str]]:
    """Milliseconds of what the program's own last statement costs, and the modules that it imports."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [python, "-X", "importtime", "-c", code],
        check=True,
        env={**environment, "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
    )
    rows = [(int(match[2]), len(match[3]), match[4]) for match in LINE.finditer(done.stderr)]
    # What the interpreter itself imports comes before the end of `site`.
    own = rows[next(number for number, row in enumerate(rows) if row[2] == "site") + 1 :]
    if done.stdout:
        return float(done.stdout) / 1000, [row[2] for row in own]
    return own[-1][0] / 1000, [row[2] for row in own]


def measure(python: str, folder: Path, rounds: int) -> Dict[str, Tuple[float, float]]:
    """The median and the least of each program. Raises SystemExit where an optional module is imported."""
    times: Dict[str, List[float]] = {name: [] for name in PROGRAMS}
    for _ in range(rounds + 1):
        for name, code in PROGRAMS.items():
            milliseconds, modules = run(python, folder, code)
            times[name].append(milliseconds)
            wrong = sorted(OPTIONAL & {module.partition(".")[0] for module in modules})
            if wrong:
                raise SystemExit(f"{name} imports {', '.join(wrong)}")
    # The first round writes the bytecode.
    return {name: (statistics.median(each[1:]), min(each[1:])) for name, each in times.items()}


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    parser.add_argument("--python", default=sys.executable)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        # Away from an editable install, whose finder imports half the standard library before.
        shutil.copytree(ROOT / "mercury", Path(folder, "mercury"), ignore=shutil.ignore_patterns("__pycache__"))
        found = measure(options.python, Path(folder), options.rounds)
    json_median = found["import json"][0]
    print(f"CPython {platform.python_version()}, medians and least of {options.rounds} rounds")
    for name, (median, least) in found.items():
        print(f"  {name:40} {median:6.2f} ms  {least:6.2f} ms  {median / json_median:5.2f} times `import json`")
    slow = (
        found["import mercury"][0] > MOST_IMPORT * json_median or found["first use"][0] > MOST_FIRST_USE * json_median
    )
    return 1 if slow else 0


if __name__ == "__main__":
    sys.exit(main())
