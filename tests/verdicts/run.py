"""The bookshop's tests in every way in which they can be run: the verdict must be the same to the byte.

    .venvs/bookshop-6.1/bin/python -m tests.verdicts.run [--short] [--update]

One golden file for each Django holds the sorted verdicts. --update writes it from the plain run of pytest.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Dict, Iterator, List, NamedTuple, Sequence

from tests.suite_project import plugin_options

ROOT = Path(__file__).resolve().parents[2]
GOLDEN = Path(__file__).parent / "golden"
SEEDS = range(1, 21)
RUNNER = "mercury.django.runner.MercuryRunner"

# A function of its own, because processes that are spawned import the main module again.
START = """
import multiprocessing, sys
if __name__ == "__main__":
    multiprocessing.set_start_method({method!r})
    from django.core.management import execute_from_command_line
    execute_from_command_line(["manage.py", *sys.argv[1:]])
"""


class Way(NamedTuple):
    """A way to run the suite: its name, the command behind python, and what the environment has besides."""

    name: str
    command: Sequence[str]
    environment: Dict[str, str]


def pytest_way(name: str, *options: str, **environment: str) -> Way:
    command = ["-m", "pytest", "-q", *plugin_options(), "--mercury", *options]
    if not any(option.startswith("-prandomly") for option in options):
        command += ["-p", "no:randomly"]
    return Way(f"pytest {name}", [option for option in command if option != "-prandomly"], environment)


def manage_way(name: str, *options: str, **environment: str) -> Way:
    command = ["manage.py", "test", "--testrunner", RUNNER, "--noinput", *options]
    return Way(f"manage.py test {name}", command, environment)


def ways(is_short: bool) -> Iterator[Way]:
    """All ways, or one of each kind."""
    seeds = SEEDS[:1] if is_short else SEEDS
    yield pytest_way("alone")
    for workers in (2,) if is_short else (2, 4):
        yield pytest_way(f"-n {workers}", "-n", str(workers))
    for seed in seeds:
        yield pytest_way(f"in random order {seed}", "-prandomly", f"--randomly-seed={seed}")
    yield pytest_way("twin", DJANGO_MERCURY_PURE_PYTHON="1")
    yield pytest_way("without bytecode", PYTHONDONTWRITEBYTECODE="1")
    yield pytest_way("every test twice in one process", "--keep-duplicates", "shop/tests", "shop/tests")
    yield manage_way("alone")
    for method in start_methods():
        yield manage_way(f"--parallel 2, {method}", "--parallel", "2", MERCURY_START_METHOD=method)
    for seed in seeds:
        yield manage_way(f"--shuffle {seed}", "--shuffle", str(seed))
    yield manage_way("--reverse", "--reverse")
    yield manage_way("--reverse, twin", "--reverse", DJANGO_MERCURY_PURE_PYTHON="1")


def start_methods() -> List[str]:
    """What Django's parallel runner knows here."""
    import django

    return ["fork", "spawn", *(["forkserver"] if django.VERSION >= (6, 0) else [])]


def verdicts(way: Way, folder: Path) -> str:
    """What one run finds: kind, id, file, line, count and fix of each finding, a line each, sorted."""
    told = folder / "verdict.json"
    told.unlink(missing_ok=True)
    environment = {
        **os.environ,
        "PYTHONPATH": str(ROOT),
        "DJANGO_SETTINGS_MODULE": "bookshop.settings",
        **way.environment,
    }
    command = list(way.command)
    method = environment.pop("MERCURY_START_METHOD", None)
    if method is not None:
        (folder / "start.py").write_text(START.format(method=method))
        command[0] = "start.py"
    done = subprocess.run(
        [sys.executable, *command, f"--mercury-json={told}"],
        cwd=folder,
        env=environment,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0 or not told.exists():
        raise SystemExit(f"{way.name} ended with exit code {done.returncode}:\n{done.stdout[-3000:]}")
    return lines(json.loads(told.read_text()))


def lines(document: Dict[str, List[Dict[str, object]]]) -> str:
    names = ("kind", "id", "file", "line", "count", "fix")
    return "".join(sorted("\t".join(str(each[name]) for name in names) + "\n" for each in document["findings"]))


def copied(folder: Path) -> Path:
    """The bookshop in a folder of its own: nothing of an earlier run is there."""
    target = folder / "bookshop"
    ignored = shutil.ignore_patterns("__pycache__", "*.sqlite3", ".mercury", ".pytest_cache")
    shutil.copytree(ROOT / "examples" / "bookshop", target, ignore=ignored)
    return target


def golden() -> Path:
    import django

    return GOLDEN / f"django-{'.'.join(map(str, django.VERSION[:2]))}.txt"


def compare(is_short: bool, is_update: bool) -> int:
    """Runs every way; how many of them differ from the golden file."""
    differing = 0
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="mercury-verdicts-") as name:
        folder = copied(Path(name))
        chosen = list(ways(is_short))
        if is_update:
            golden().write_text(verdicts(chosen[0], folder))
        expected = golden().read_text()
        for way in chosen:
            found = verdicts(way, folder)
            differing += found != expected
            print(f"{'same' if found == expected else 'DIFFERS':8}{way.name}", flush=True)
            if found != expected:
                print(difference(expected, found))
    elapsed = time.monotonic() - started
    print(f"{len(chosen)} ways, {len(expected.splitlines())} findings, {differing} differ, {elapsed:.0f} s")
    return differing


def difference(expected: str, found: str) -> str:
    only = [f"  - {line}" for line in expected.splitlines() if line not in found.splitlines()]
    return "\n".join(only + [f"  + {line}" for line in found.splitlines() if line not in expected.splitlines()])


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--short", action="store_true", help="one run of each kind")
    parser.add_argument("--update", action="store_true", help="write the golden file first")
    options = parser.parse_args()
    return 1 if compare(options.short, options.update) else 0


if __name__ == "__main__":
    sys.exit(main())
