"""What a project has set, and what holds where it has set nothing.

    MERCURY = {
        "exclude_paths": ["/health/*"],
        "workloads": {"request": {"max_query_count": 50}, "test": {"mode": "raise"}},
    }

Each key is looked up by itself: in the environment, in Django's settings.MERCURY, in
[tool.mercury] of pyproject.toml, and last among the defaults. A workload's own value wins
over the one for all. What is wrong is left out, logged once, and told by Django's system
checks; the rest holds. docs/settings.md has the list.
"""

import fnmatch
import logging
import os
import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import (
    TYPE_CHECKING,
    Any,
    Callable,
    Dict,
    List,
    NamedTuple,
    Optional,
    Pattern,
    Sequence,
    Set,
    Tuple,
    TypedDict,
    Union,
)

from mercury._settings_sources import (
    BROKEN_BUDGET,
    BROKEN_IGNORE,
    DJANGO,
    Flat,
    Problem,
    Source,
    django_setting,
    django_settings,
    django_values,
    environment,
    pyproject,
    table,
)
from mercury._settings_values import DEFAULTS, WORKLOAD_KINDS, WORKLOADS

if TYPE_CHECKING:
    import datetime
    from pathlib import PurePath

    from mercury.suppression import Rule
    from mercury.testing.budgets import Budget

__all__ = [
    "BROKEN_BUDGET",
    "BROKEN_IGNORE",
    "WORKLOADS",
    "BudgetSettings",
    "IgnoreSettings",
    "MercurySettings",
    "Problem",
    "Settings",
    "Workload",
    "WorkloadSettings",
    "active",
    "load",
    "reload",
]

logger = logging.getLogger("mercury")

DEFAULT = "default"
"""The origin of a value that nobody has set."""


class WorkloadSettings(TypedDict, total=False):
    """Keys for one workload, or at the top for all of them. None: no limit."""

    mode: str
    sample_rate: float
    min_repetitions: int
    max_query_count: Optional[int]
    max_query_time_ms: Optional[float]
    max_response_time_ms: Optional[float]


class IgnoreSettings(TypedDict, total=False):
    """One entry of "ignore". It needs kinds, a reason, and one of field, path and fingerprint; all given must match."""

    kinds: Union[str, List[str]]
    field: str
    path: str
    fingerprint: str
    reason: str
    owner: str
    until: "Union[str, datetime.date]"


class BudgetSettings(TypedDict, total=False):
    """One entry of "budgets". It needs either view or test, and one limit; None: no limit."""

    view: str
    test: str
    alias: str
    queries: Optional[int]
    reads: Optional[int]
    writes: Optional[int]
    transactions: Optional[int]
    n_plus_one: Optional[int]
    ms: Optional[float]


class MercurySettings(WorkloadSettings, total=False):
    """The type of settings.MERCURY: `MERCURY: MercurySettings = {...}` has a type checker look at it."""

    enabled: bool
    exclude_paths: Union[List[str], Tuple[str, ...]]
    workloads: Dict[str, WorkloadSettings]
    ignore: List[IgnoreSettings]
    budgets: List[BudgetSettings]
    stale_ignores: str
    headers: bool
    kept_reports: int
    metrics: "Union[bool, str, PurePath]"
    max_overhead: float


@dataclass(frozen=True)
class Workload:
    """What holds for one kind of unit. Times are in milliseconds; None means "no limit"."""

    mode: Optional[str]
    sample_rate: float
    min_repetitions: int
    max_query_count: Optional[int]
    max_query_time_ms: Optional[float]
    max_response_time_ms: Optional[float]


@dataclass(frozen=True)
class Settings:
    """All that holds. Immutable, so any thread may use it."""

    enabled: bool
    exclude_paths: Tuple[str, ...]
    workloads: Dict[str, Workload]
    excluded: Pattern[str]
    ignore: "Tuple[Rule, ...]"
    stale_ignores: str
    headers: Optional[bool]
    kept_reports: int
    metrics: Union[bool, str] = False
    max_overhead: float = 0.05
    budgets: "Tuple[Budget, ...]" = ()
    is_debugging: bool = False
    """Whether settings.DEBUG was on when these were asked for."""

    def workload(self, name: str) -> Workload:
        """What holds for units of this name; an unknown one counts as a block."""
        return self.workloads.get(name) or self.workloads["block"]

    def mode(self, name: str) -> str:
        """ "observe", "warn" or "raise". Where nothing is set: requests, tasks and commands warn while DEBUG is on."""
        mode = self.workload(name).mode
        if mode is not None:
            return mode
        return "warn" if name in ("request", "task", "command") and self.is_debugging else "observe"

    def adds_headers(self) -> bool:
        """Whether responses tell of their requests. Where nothing is set: while DEBUG is on."""
        return self.is_debugging if self.headers is None else self.headers

    def keeps_reports(self) -> bool:
        """Whether the reports of requests are kept in memory. Never but while DEBUG is on."""
        return self.kept_reports > 0 and self.is_debugging

    def excludes(self, path: str) -> bool:
        """Whether requests for this path are left out."""
        return bool(self.exclude_paths) and self.excluded.match(path) is not None


class Loaded(NamedTuple):
    """`origins` says by flat key, such as "workloads.test.mode", which source each value that is set came from."""

    settings: Settings
    values: Flat
    origins: Dict[str, str]
    problems: List[Problem]


def is_debugging() -> bool:
    """Whether Django is in use and settings.DEBUG is on."""
    return bool(getattr(django_values()[1], "DEBUG", False))


def load() -> Loaded:
    """Reads all sources anew. Never raises for what it finds there."""
    return _merge([pyproject(_project_folder()), *_django_source(), environment(os.environ)])


def _django_source() -> List[Source]:
    value = _django_value()
    return [] if value is None else [table(DJANGO, value)]


def _django_value() -> Any:
    django = django_settings()
    return None if django is None else getattr(django, "MERCURY", None)


def _project_folder() -> Optional[Path]:
    """Django's BASE_DIR, as startproject writes it, else the working directory."""
    base = getattr(django_settings(), "BASE_DIR", None)
    try:
        return Path(base if isinstance(base, (str, Path)) and str(base) else os.getcwd()).absolute()
    except (OSError, ValueError):
        return None


def _merge(sources: Sequence[Source]) -> Loaded:
    """The later a source, the more it counts."""
    values: Flat = {}
    origins: Dict[str, str] = {}
    problems: List[Problem] = []
    for source in sources:
        values.update(source.values)
        origins.update(dict.fromkeys(source.values, source.name))
        problems += source.problems
    return Loaded(replace(_settings(values), is_debugging=is_debugging()), values, origins, problems)


def _settings(values: Flat) -> Settings:
    workloads = {name: Workload(**{key: _value(values, name, key) for key in WORKLOAD_KINDS}) for name in WORKLOADS}
    paths = _top(values, "exclude_paths")
    excluded = re.compile("|".join(map(fnmatch.translate, paths)))
    return Settings(
        enabled=_top(values, "enabled"),
        exclude_paths=paths,
        workloads=workloads,
        excluded=excluded,
        ignore=_top(values, "ignore"),
        stale_ignores=_top(values, "stale_ignores"),
        headers=_top(values, "headers"),
        kept_reports=_top(values, "kept_reports"),
        metrics=_top(values, "metrics"),
        max_overhead=_top(values, "max_overhead"),
        budgets=_top(values, "budgets"),
    )


def _top(values: Flat, key: str) -> Any:
    return values.get(key, DEFAULTS[key])


def _value(values: Flat, workload: str, key: str) -> Any:
    return values.get(f"workloads.{workload}.{key}", values.get(key, DEFAULTS[key]))


class _Cache:
    """The settings in use, with the objects that they were made from."""

    def __init__(self) -> None:
        self.settings: Optional[Settings] = None
        self.django: Any = None
        self.value: Any = None
        self.told: Set[str] = set()
        self.adjust: Optional[Callable[[Settings], Settings]] = None


_cache = _Cache()


def active() -> Settings:
    """The settings in use. Read once, and again where settings.MERCURY has become another object. Never raises."""
    try:
        django, values = django_values()
        value = django_setting(values, "MERCURY")
        is_on = bool(django_setting(values, "DEBUG"))
        cached = _cache.settings
        if cached is None or django is not _cache.django or value is not _cache.value:
            loaded = load()
            _tell(loaded.problems)
            _cache.settings = cached = _cache.adjust(loaded.settings) if _cache.adjust else loaded.settings
            _cache.django, _cache.value = django, value
        if cached.is_debugging is not is_on:
            # Test runners turn it off, and tests on again.
            cached = _cache.settings = replace(cached, is_debugging=is_on)
        return cached
    except Exception:
        _tell_fault()
        return _settings({})


def reload() -> None:
    """Has the next unit read the environment, Django's settings and pyproject.toml again."""
    _cache.settings = None
    _cache.told.clear()


def adjust(function: "Optional[Callable[[Settings], Settings]]") -> "Optional[Callable[[Settings], Settings]]":
    """Has the settings go through a function wherever they are read: whoever tests wants all of it measured.

    Returns the function that they went through before.
    """
    before, _cache.adjust = _cache.adjust, function
    _cache.settings = None
    return before


def _tell(problems: List[Problem]) -> None:
    for problem in problems:
        text = str(problem)
        if text not in _cache.told:
            _cache.told.add(text)
            logger.warning("%s (%s)", text, problem.id)


def _tell_fault() -> None:
    from mercury.trace import tell_fault

    tell_fault("Mercury could not read its settings; the defaults serve.")
