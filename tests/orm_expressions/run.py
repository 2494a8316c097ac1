"""Runs the expressions under several versions of Django and compares, or writes the expected answer anew.

    tools/with_postgresql.sh python3 -m tests.orm_expressions.run 4.2 5.2 6.0 6.1
    tools/with_postgresql.sh python3 -m tests.orm_expressions.run --write

Each version runs in its environment `.venvs/django-<version>`; `make orm-expressions` makes those.
"""

import argparse
import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any, Dict

from tests.orm_expressions import expected, page, reasons

ROOT = Path(__file__).resolve().parent.parent.parent


def capture(python: str, vendor: str) -> Dict[str, Any]:
    """What every expression sends with this interpreter's Django, in a process of its own."""
    environment = {**os.environ, "MERCURY_TEST_DATABASE": vendor}
    command = [python, "-m", "tests.orm_expressions.capture"]
    finished = subprocess.run(command, cwd=str(ROOT), env=environment, stdout=subprocess.PIPE, check=True)
    run: Dict[str, Any] = json.loads(finished.stdout)
    return run


def _captured(version: str, vendor: str) -> Dict[str, Any]:
    started = time.monotonic()
    run = capture(str(ROOT / ".venvs" / f"django-{version}" / "bin" / "python"), vendor)
    seconds = time.monotonic() - started
    print(f"Django {version} on {vendor}: {len(run['expressions'])} expressions in {seconds:.1f} s", flush=True)
    return run


def main() -> int:
    parser = argparse.ArgumentParser(prog="python3 -m tests.orm_expressions.run", description=__doc__.split("\n")[0])
    parser.add_argument("versions", nargs="*", help="of Django, such as 5.2; all without one")
    parser.add_argument(
        "--write", action="store_true", help="write the expected ids, the reasons of differences and the figures anew"
    )
    options = parser.parse_args()
    versions = expected.VERSIONS if options.write else options.versions or expected.VERSIONS
    runs = [_captured(version, vendor) for version in versions for vendor in expected.VENDORS]
    if options.write:
        expected.write(runs)
    answer = expected.read()
    if options.write:
        reasons.write(answer)
        page.write(answer)
    texts = [text for run in runs for text in expected.unexpected(run, answer)]
    print("\n".join([*texts, f"{len(texts)} not as expected"]))
    return bool(texts)


if __name__ == "__main__":
    sys.exit(main())
