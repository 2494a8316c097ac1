"""The command line of a tool that makes one header of the C library."""

import argparse
from pathlib import Path


def write_or_check(header: Path, text: str, target: str) -> int:
    """Writes the text to `header`; with --check, 1 where another stands there, which `make TARGET` mends."""
    name = f"mercury_native/{header.name}"
    parser = argparse.ArgumentParser(description=f"Make {name}.")
    parser.add_argument("--check", action="store_true", help="fail where the file is not current")
    if not parser.parse_args().check:
        header.write_text(text, encoding="ascii")
        return 0
    if header.read_text(encoding="ascii") == text:
        return 0
    print(f"{name} is not current: make {target}")
    return 1
