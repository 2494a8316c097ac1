"""What a case is: a function, the verdict that it deserves, and the lines marked in the source.

    @case(n_plus_one("Project.lead"))
    def owner_of_each_project():
        # A docstring says what real code it stands for and where the idea comes from.
        for project in Project.objects.all():  # loop
            project.lead.name  # query

A mark may name its target, `# query Project.lead`, where a case expects several findings. A line in a template is
marked in a comment of the template. A case without a mark leaves that line open.
"""

import inspect
import pkgutil
import re
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import Any, Callable, FrozenSet, List, Optional, Tuple

FOLDER = Path(__file__).resolve().parent
SETS = {"first": "tests.labelled.cases", "second": "tests.labelled.second", "third": "tests.labelled.third"}
GROWING = frozenset(["n_plus_one", "write_loop", "nested", "repeating_pattern"])
UNUSED = "unused_eager_load"
ADVICE = frozenset(["repeated_in_loop", "duplicate", UNUSED])
MARK = re.compile(r"#\s*(query|loop)\b(?:\s+([A-Z][\w.]*))?")

Line = Tuple[str, int]


@dataclass(frozen=True)
class Expectation:
    """One finding of a perfect tool.

    `target` is `Model.relation`, a model, or a table where only SQL is known; `|` separates names that do as well.
    """

    kind: str
    target: str


@dataclass(frozen=True)
class Case:
    """`batched` says that the statements follow the rows, but several rows share each of them.

    `set` is one of SETS: sets are written independently of each other and have figures of their own.
    """

    name: str
    topic: str
    function: Callable[..., Any]
    expected: Tuple[Expectation, ...]
    also: Tuple[Any, ...]
    batched: bool
    set: str = "first"

    @property
    def is_positive(self) -> bool:
        return any(expectation.kind in GROWING for expectation in self.expected)

    def lines(self, mark: str, target: str) -> FrozenSet[Line]:
        """The lines with this mark, as (file, line), for one of the expected targets."""
        return frozenset(
            (file, line)
            for file, line, found, aim in self._marks()
            if found == mark and (not aim or aim in target.split("|"))
        )

    def stray_marks(self) -> List[str]:
        """Marks of the case's own source whose target it does not expect."""
        targets = {name for expectation in self.expected for name in expectation.target.split("|")}
        return [f"{file}:{line}" for file, line, _, aim in self._marks() if aim and aim not in targets]

    def _marks(self) -> List[Tuple[str, int, str, str]]:
        marks = []
        for source in (self.function, *self.also):
            file, first, lines = _source(source)
            for number, text in enumerate(lines, first):
                marks += [(file, number, mark, target) for mark, target in MARK.findall(text)]
        return marks


def _source(source: Any) -> Tuple[str, int, List[str]]:
    """The file, the number of the first line and the lines of a function, a property, a class or a template."""
    if isinstance(source, str):
        return source, 1, (FOLDER / source).read_text(encoding="utf-8").splitlines()
    source = source.fget if isinstance(source, property) else source
    lines, first = inspect.getsourcelines(source)
    path = Path(inspect.getsourcefile(source) or "")
    return path.relative_to(FOLDER).as_posix(), first, lines


CASES: List[Case] = []


def case(*expected: Expectation, also: Tuple[Any, ...] = (), batched: bool = False) -> Callable[..., Any]:
    """Adds a function to the suite. `also` are functions, properties, classes and templates that hold marks too."""

    def add(function: Callable[..., Any]) -> Callable[..., Any]:
        package, _, topic = function.__module__.rpartition(".")
        (name,) = [name for name, cases in SETS.items() if cases == package]
        CASES.append(Case(function.__name__, topic, function, expected, also, batched, name))
        return function

    return add


def n_plus_one(target: str) -> Expectation:
    return Expectation("n_plus_one", target)


def write_loop(target: str) -> Expectation:
    return Expectation("write_loop", target)


def nested(target: str) -> Expectation:
    return Expectation("nested", target)


def repeating_pattern(target: str) -> Expectation:
    return Expectation("repeating_pattern", target)


def repeated_in_loop(target: str) -> Expectation:
    return Expectation("repeated_in_loop", target)


def duplicate(target: str) -> Expectation:
    return Expectation("duplicate", target)


def unused_eager_load(target: str) -> Expectation:
    return Expectation(UNUSED, target)


def load(name: Optional[str] = None) -> List[Case]:
    """The cases of one set, or all, topic by topic. Django must be set up."""
    for package in SETS.values():
        for module in pkgutil.iter_modules(import_module(package).__path__):
            import_module(f"{package}.{module.name}")
    return [case for case in CASES if name in (None, case.set)]
