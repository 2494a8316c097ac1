"""Where settings come from: the environment, Django's settings, pyproject.toml.

A source gives a flat dict, whose keys are "mode" or "workloads.request.mode", and says what
is wrong with the rest. None raises, whatever lies there.
"""

import difflib
import os
import re
import stat
import sys
from importlib import import_module
from pathlib import Path
from types import ModuleType
from typing import Any, Callable, Dict, List, Mapping, NamedTuple, Optional, Tuple

from mercury._settings_values import KINDS, WORKLOAD_KINDS, WORKLOADS, Kind, Wrong

UNKNOWN_KEY = "mercury.E001"
WRONG_VALUE = "mercury.E002"
NO_TABLE = "mercury.E003"
BROKEN_IGNORE = "mercury.E004"
BROKEN_BUDGET = "mercury.E005"
UNREADABLE_FILE = "mercury.W020"

ENVIRONMENT = "the environment"
DJANGO = "settings.MERCURY"

MAX_FILE_BYTES = 1 << 20
MAX_QUOTED = 40
"""Characters of a key that a message repeats."""

Flat = Dict[str, Any]


class Problem(NamedTuple):
    """Something in a source that is not used. `id` is that of Django's system check."""

    id: str
    source: str
    text: str
    hint: str

    def __str__(self) -> str:
        return f"{self.source}: {self.text} {self.hint}".rstrip()


class Source(NamedTuple):
    """What one source says: `values` by flat key, and what of it is of no use."""

    name: str
    values: Flat
    problems: List[Problem]


def environment(variables: Mapping[str, str]) -> Source:
    """MERCURY_MODE, and MERCURY_REQUEST_MODE for one workload; an empty variable counts as none."""
    source = Source(ENVIRONMENT, {}, [])
    for key, kind in KINDS.items():
        _take_text(source, variables, f"MERCURY_{key.upper()}", key, kind)
    for workload in WORKLOADS:
        for key, kind in WORKLOAD_KINDS.items():
            name = f"MERCURY_{workload.upper()}_{key.upper()}"
            _take_text(source, variables, name, f"workloads.{workload}.{key}", kind)
    return source


def _take_text(source: Source, variables: Mapping[str, str], name: str, key: str, kind: Kind) -> None:
    text = variables.get(name, "")
    if not text.strip():
        return
    try:
        source.values[key] = kind.parse(text)
    except Wrong:
        source.problems.append(Problem(WRONG_VALUE, source.name, f"{name} is not used.", f"It must be {kind.wanted}."))


def table(name: str, tree: Any) -> Source:
    """The settings in a dict or a TOML table."""
    source = Source(name, {}, [])
    if not isinstance(tree, dict):
        source.problems.append(_no_table(name, "Mercury's settings are", tree))
        return source
    for key, value in tree.items():
        if key == "workloads" and type(key) is str:
            _take_workloads(source, value)
        elif key == "ignore" and type(key) is str:
            _take_ignores(source, value)
        elif key == "budgets" and type(key) is str:
            _take_budgets(source, value)
        else:
            _take(source, "", key, value, KINDS)
    return source


def _take_workloads(source: Source, value: Any) -> None:
    if not isinstance(value, dict):
        source.problems.append(_no_table(source.name, '"workloads" is', value))
        return
    for workload, keys in value.items():
        if type(workload) is not str or workload not in WORKLOADS:
            source.problems.append(_unknown(source.name, "", workload, WORKLOADS, "workload"))
        elif not isinstance(keys, dict):
            source.problems.append(_no_table(source.name, f'"{workload}" is', keys))
        else:
            for key, item in keys.items():
                _take(source, f"workloads.{workload}.", key, item, WORKLOAD_KINDS)


def _take_ignores(source: Source, value: Any) -> None:
    # Who only reads a type from mercury.settings shall not wait for the rest of Mercury.
    from mercury.suppression.entry import parse

    _take_entries(source, "ignore", value, parse, BROKEN_IGNORE, "ignores nothing")


def _take_budgets(source: Source, value: Any) -> None:
    from mercury.testing.budgets import parse

    _take_entries(source, "budgets", value, parse, BROKEN_BUDGET, "limits nothing")


def _take_entries(source: Source, key: str, value: Any, parse: Callable[[Any, str], Any], code: str, lack: str) -> None:
    """Takes what `parse` makes of each item of a list; it raises ValueError for one of no use."""
    if type(value) not in (list, tuple):
        text = f'"{key}" is of type {type(value).__name__} and is not used.'
        source.problems.append(Problem(WRONG_VALUE, source.name, text, "It must be a list of dicts."))
        return
    entries = []
    for index, entry in enumerate(value):
        try:
            entries.append(parse(entry, f"{source.name}, {key}[{index}]"))
        except ValueError as error:
            source.problems.append(Problem(code, source.name, f"{key}[{index}] {lack}: {error}.", ""))
    source.values[key] = tuple(entries)


def _take(source: Source, prefix: str, key: Any, value: Any, kinds: Dict[str, Kind]) -> None:
    if type(key) is not str or key not in kinds:
        source.problems.append(_unknown(source.name, prefix, key, _known(prefix, kinds), "setting"))
        return
    try:
        source.values[prefix + key] = kinds[key].check(value)
    except Wrong:
        text = f'"{prefix}{key}" is of type {type(value).__name__} and is not used.'
        source.problems.append(Problem(WRONG_VALUE, source.name, text, f"It must be {kinds[key].wanted}."))


def _known(prefix: str, kinds: Dict[str, Kind]) -> Tuple[str, ...]:
    return tuple(kinds) if prefix else (*kinds, "workloads", "ignore", "budgets")


def _no_table(source: str, what: str, value: Any) -> Problem:
    return Problem(NO_TABLE, source, f"{what} of type {type(value).__name__} and not used.", "It must be a dict.")


def _unknown(source: str, prefix: str, key: Any, known: Tuple[str, ...], what: str) -> Problem:
    if type(key) is not str:
        return Problem(UNKNOWN_KEY, source, f"a key of type {type(key).__name__} is no {what}.", "")
    close = difflib.get_close_matches(key[:MAX_QUOTED].lower(), known, 1)
    hint = f'Did you mean "{close[0]}"?' if close else f"Known are: {', '.join(known)}."
    return Problem(UNKNOWN_KEY, source, f"{prefix + key[:MAX_QUOTED]!a} is no {what}.", hint)


def django_settings() -> Any:
    """Django's settings object where it is in use and ready, else None. Never sets Django up."""
    module = sys.modules.get("django.conf")
    settings = getattr(module, "settings", None)
    return settings if settings is not None and settings.configured else None


def django_values() -> Tuple[Any, Any]:
    """Django's settings object with what it wraps, None and None where it is not ready. Never sets Django up.

    Settings are asked for at each unit, and Django's lazy object takes its time about everything.
    """
    module: Any = sys.modules.get("django.conf")
    try:
        values = object.__getattribute__(module.settings, "_wrapped")
        return (None, None) if values is module.empty else (module.settings, values)
    except AttributeError:
        settings = django_settings()
        return settings, settings


def django_setting(values: Any, name: str) -> Any:
    """One of the values that `django_values` gives, None where it is not set.

    A holder of settings, as tests put in their place and `settings.configure()` makes, goes through an exception
    of its own for each value that is not its own.
    """
    holder = getattr(sys.modules.get("django.conf"), "UserSettingsHolder", None)
    while type(values) is holder:
        own = values.__dict__
        if name in own:
            return own[name]
        if name in own["_deleted"]:
            return None
        values = own["default_settings"]
    return values.__dict__.get(name) if type(values) is ModuleType else getattr(values, name, None)


def pyproject(start: Optional[Path]) -> Source:
    """[tool.mercury] of the first pyproject.toml in `start` or above it; nothing where there is none."""
    path = None if start is None else _find(start)
    if path is None:
        return Source("pyproject.toml", {}, [])
    try:
        data = _read(path)
    except (OSError, ValueError) as error:
        return _unreadable(path, error.strerror if isinstance(error, OSError) else str(error))
    # A file that does not speak of Mercury is nobody's business here, however broken.
    return _parse(path, data) if b"mercury" in data else Source(str(path), {}, [])


def _find(start: Path) -> Optional[Path]:
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if os.path.lexists(path):
            return path
    return None


def _read(path: Path) -> bytes:
    status = os.stat(path)
    # Opening a pipe would wait for its writer.
    if not stat.S_ISREG(status.st_mode):
        raise ValueError("it is no regular file")
    with open(path, "rb") as file:
        data = file.read(MAX_FILE_BYTES + 1)
    if len(data) > MAX_FILE_BYTES:
        raise ValueError("it is larger than a MiB")
    return data


def _parse(path: Path, data: bytes) -> Source:
    parser = _toml_parser()
    if parser is None:
        if re.search(rb"(?m)^\s*\[\s*tool\s*\.\s*mercury\b", data) is None:
            return Source(str(path), {}, [])
        return _unreadable(path, "this Python has no TOML parser: pip install 'mercury-native[toml]'")
    try:
        tool = parser.loads(data.decode("utf-8")).get("tool", {})
    except (ValueError, RecursionError):
        return _unreadable(path, "it is no valid TOML")
    if not isinstance(tool, dict) or "mercury" not in tool:
        return Source(str(path), {}, [])
    return table(str(path), tool["mercury"])


def _toml_parser() -> Any:
    for name in ("tomllib", "tomli"):
        try:
            return import_module(name)
        except ImportError:
            continue
    return None


def _unreadable(path: Path, why: Optional[str]) -> Source:
    text = f"[tool.mercury] cannot be read: {why or 'the system says no'}."
    return Source(str(path), {}, [Problem(UNREADABLE_FILE, str(path), text, "")])
