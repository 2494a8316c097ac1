"""What is tried of an installed wheel: which backend serves and why, the core's tests, a Django project."""

import json
import re
from pathlib import Path
from typing import List, NamedTuple, Protocol

from tools.trials.commands import Failed
from tools.trials.environment import Environment

ROOT = Path(__file__).resolve().parent.parent.parent
TOOLS = ("pytest>=8.3", "hypothesis>=6")


class Subject(Protocol):
    """An interpreter and the packages that it sees."""

    def run(self, *arguments: str, **variables: str) -> str: ...

    def holds(self, place: str) -> bool: ...


TELL = """
import json, os, platform, sys
import mercury
from importlib import metadata
backend = mercury.backend
try:
    cffi = metadata.version("cffi")
except metadata.PackageNotFoundError:
    cffi = "none"
if "__pypy__" in sys.builtin_module_names or (backend == "native" and cffi == "none"):
    import _cffi_backend  # without the package around it, as PyPy and Debian have it
    cffi = _cffi_backend.__version__
print(json.dumps({
    "implementation": platform.python_implementation(), "version": platform.python_version(),
    "cffi": cffi, "backend": backend, "reason": mercury.backend_reason, "place": os.path.dirname(mercury.__file__),
}))
"""


class Told(NamedTuple):
    """What an interpreter says of itself and of Mercury."""

    implementation: str
    version: str
    cffi: str
    backend: str
    reason: str
    place: str

    @property
    def serving(self) -> str:
        """The backend, and why it is the twin."""
        return "native" if self.backend == "native" else f"pure: {self.reason}"


def tell(subject: Subject) -> Told:
    """Asks the interpreter. Raises Failed where it does not see the installed wheel."""
    output = subject.run("-W", "ignore::RuntimeWarning", "-c", TELL)
    told = Told(**json.loads(output.splitlines()[-1]))
    if not subject.holds(told.place):
        raise Failed(f"not the installed wheel: {told.place}")
    return told


def test_files(*more: str) -> List[str]:
    """The tests of the core's modules, from the one list in the Makefile, and `more`."""
    match = re.search(r"^SOURCES = (.+)$", (ROOT / "Makefile").read_text(encoding="ascii"), re.MULTILINE)
    assert match is not None
    paths = (ROOT / "tests" / f"test_{name}.py" for name in [*match.group(1).split(), *more])
    return [str(path) for path in paths if path.is_file()]


def tests(subject: Subject, files: List[str], backend: str = "native") -> str:
    """How many tests passed, as pytest says it. Raises Failed."""
    variables = {"CI": "1", "MERCURY_TEST_BACKEND": backend}
    if backend == "pure":
        variables["DJANGO_MERCURY_PURE_PYTHON"] = "1"
    output = subject.run("-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files, **variables)
    return passed(output)


def passed(output: str) -> str:
    """The counts of pytest's last line. Raises Failed where nothing passed."""
    match = re.search(r"(\d+ passed(?:, \d+ skipped)?)[^\n]* in [^\n]*\n*\Z", output)
    if match is None:
        raise Failed(output)
    return match.group(1)


def django(environment: Environment, version: str) -> str:
    """The bookshop under one release line of Django, as `bookshop` tells."""
    environment.install(f"Django~={version}.0")
    return bookshop(environment)


def bookshop(subject: Subject, **variables: str) -> str:
    """Runs the bookshop: the N+1 of its slow page must be found. Returns Django's version. Raises Failed."""
    subject.run(str(ROOT / "examples" / "bookshop" / "demo.py"), **variables)
    return subject.run("-c", "import django; print(django.__version__)", **variables).strip()
