"""What `import mercury` and the first native use add to a process, beside what `import json` does.

    python benchmarks/imports.py [--rounds 21]

Medians and least of processor time, which other processes disturb less than the clock; each round is a process of
its own, the modules' bytecode cached before. `first use` is all that `mercury.backend` imports and does: cffi's
extension module, the library's check, the handshake. `first fingerprint` is the same by `mercury.fingerprint`.
`python -X importtime` tells which module takes how much. Fails where a module is imported that Mercury promises not
to, or where one of them takes more than its share of `import json`.
"""

import argparse
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import sysconfig
import tempfile
from pathlib import Path
from typing import Dict, List

ROOT = Path(__file__).resolve().parent.parent
MOST = {"import mercury": 0.3, "first use": 1.0, "first fingerprint": 1.0}
"""Times `import json`."""
OPTIONAL = {"cffi", "celery", "django", "gevent", "jinja2", "opentelemetry", "pyarrow", "pytest", "rich", "tomli"}
PYTHON = "import site"
"""What any Python has imported itself; without its .pth files, which may import anything."""
HOST = "import site, json, typing, threading, importlib, contextlib"

# What is there before, and what is measured.
PROGRAMS = {
    "import json": (PYTHON, "import json"),
    "import typing": (PYTHON, "import typing"),
    "import mercury": (PYTHON, "import mercury"),
    "first use": (f"{PYTHON}, mercury", "assert mercury.backend == 'native'"),
    "first fingerprint": (f"{PYTHON}, mercury", "mercury.fingerprint('SELECT 1')"),
    "import mercury, where Django is there": (HOST, "import mercury"),
    "first use, where Django is there": (f"{HOST}, mercury", "assert mercury.backend == 'native'"),
    "first fingerprint, where Django is there": (f"{HOST}, mercury", "mercury.fingerprint('SELECT 1')"),
}
CODE = """
{before}
import resource, sys
modules = set(sys.modules)
start = resource.getrusage(resource.RUSAGE_SELF)
{measured}
end = resource.getrusage(resource.RUSAGE_SELF)
took = end.ru_utime + end.ru_stime - start.ru_utime - start.ru_stime
import json
print(json.dumps([took * 1000, sorted(set(sys.modules) - modules)]))
"""


def run(folder: Path, before: str, measured: str) -> float:
    """Milliseconds of processor time. Raises SystemExit where an optional module is imported."""
    environment = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        # No .pth files: the finder of an editable install imports half the standard library.
        [sys.executable, "-S", "-c", CODE.format(before=before, measured=measured)],
        check=True,
        cwd=str(folder),
        env={**environment, "PYTHONPATH": f"{folder}{os.pathsep}{sysconfig.get_path('platlib')}"},
        capture_output=True,
        text=True,
    )
    milliseconds, modules = json.loads(done.stdout)
    wrong = sorted(OPTIONAL & {module.partition(".")[0] for module in modules})
    if wrong:
        raise SystemExit(f"{measured} imports {', '.join(wrong)}")
    return float(milliseconds)


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=21)
    options = parser.parse_args()
    times: Dict[str, List[float]] = {name: [] for name in PROGRAMS}
    with tempfile.TemporaryDirectory() as folder:
        shutil.copytree(ROOT / "mercury", Path(folder, "mercury"), ignore=shutil.ignore_patterns("__pycache__"))
        for _ in range(options.rounds + 1):
            for name, program in PROGRAMS.items():
                times[name].append(run(Path(folder), *program))
    # The first round writes the bytecode.
    medians = {name: statistics.median(each[1:]) for name, each in times.items()}
    print(f"Python {platform.python_version()}, processor time, {options.rounds} rounds")
    print(f"  {'':40}  median     least  times `import json`")
    for name, median in medians.items():
        share = median / medians["import json"]
        print(f"  {name:40} {median:5.2f} ms  {min(times[name][1:]):5.2f} ms  {share:5.2f}")
    return 1 if any(medians[name] > most * medians["import json"] for name, most in MOST.items()) else 0


if __name__ == "__main__":
    sys.exit(main())
