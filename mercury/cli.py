"""The command line: `mercury COMMAND`, or `python -m mercury COMMAND`."""

import argparse
import json
import platform
import sys
from typing import List, Optional

from mercury._version import __version__


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 found wanting, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="mercury", description="Finds the database work that makes Django and Python applications slow."
    )
    parser.add_argument("--version", action="version", version=f"mercury-native {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    doctor = commands.add_parser("doctor", help="say which backend serves, and why")
    doctor.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args(arguments)
    return _doctor(options.json)


def _doctor(as_json: bool) -> int:
    """Exit code 0 where the C library serves or the twin was chosen, else 1."""
    from mercury.core import backend

    loaded = backend()
    facts = {
        "version": __version__,
        "backend": loaded.name,
        "reason": loaded.reason,
        "hint": loaded.hint,
        "build": loaded.module.build(),
        "python": f"{platform.python_implementation()} {platform.python_version()}",
        "platform": sys.platform,
    }
    if as_json:
        print(json.dumps(facts, indent=2, sort_keys=True))
    else:
        for name, value in facts.items():
            if value:
                print(f"{name:<8}  {value}")
    return 1 if loaded.hint else 0
