"""The C unit tests, compiled for a platform with the compiler that builds its wheel, and run there."""

import os
import re
import shlex
from pathlib import Path
from typing import Sequence

from tools.trials.commands import Failed, run
from tools.trials.trial import ROOT
from tools.wheels.library import zig
from tools.wheels.platforms import PLATFORMS


def compile_and_run(name: str, runner: Sequence[str], folder: Path, *flags: str, **settings: str) -> str:
    """How many programs passed, started by the words of `runner`. Raises Failed."""
    platform = PLATFORMS[name]
    (target,) = platform.targets
    variables = [
        f"OUT={folder}",
        f"TARGET_SYSTEM={platform.system}",
        f"CC={zig()} cc -target {target} {' '.join(flags)}".rstrip(),
        f"C_TEST_RUNNER={' '.join(map(shlex.quote, runner))}",
    ]
    command = ["make", *variables, "CFLAGS=", "CPPFLAGS=", "LDFLAGS=", "LDLIBS="]
    run([*command, f"-j{os.cpu_count()}", "c-tests"], ROOT)
    return counted(run([*command, "run-c-tests"], ROOT, **settings))


def counted(output: str) -> str:
    """The number of programs that said what they passed. Raises Failed where there is none."""
    programs = re.findall(r"^test_\w+: \d+ passed, 0 failed$", output, re.MULTILINE)
    if not programs:
        raise Failed(output)
    return f"{len(programs)} programs"
