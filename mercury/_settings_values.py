"""The values that settings may have: each key's kind, how a text of the environment becomes one, and its default.

What is refused is told by key and by type. Values are not quoted: an environment may hold secrets.
"""

import math
from pathlib import PurePath
from typing import Any, Callable, Dict, NamedTuple, Tuple, Union

WORKLOADS = ("request", "task", "command", "test", "block")
"""What a unit of work may be; "block" is whatever `mercury.monitor` watches without saying."""

MODES = ("observe", "warn", "raise")


class Wrong(ValueError):
    """The value is of no use here."""


class Kind(NamedTuple):
    """`check` gives the value as Mercury keeps it, `parse` makes one of a text; both raise Wrong.

    `wanted` completes the sentence "it must be ...".
    """

    wanted: str
    check: Callable[[Any], Any]
    parse: Callable[[str], Any]


_YES = ("1", "true", "yes", "on")
_NO = ("0", "false", "no", "off")


def _check_switch(value: Any) -> bool:
    if type(value) is not bool:
        raise Wrong
    return value


def _parse_switch(text: str) -> bool:
    if text.strip().lower() not in _YES + _NO:
        raise Wrong
    return text.strip().lower() in _YES


SWITCH = Kind("true or false", _check_switch, _parse_switch)


def one_of(names: Tuple[str, ...]) -> Kind:
    """A kind whose values are these names."""

    def check(value: Any) -> str:
        if type(value) is not str or value not in names:
            raise Wrong
        return value

    quoted = [f'"{name}"' for name in names]
    return Kind(f"{', '.join(quoted[:-1])} or {quoted[-1]}", check, lambda text: check(text.strip().lower()))


def whole(low: int) -> Kind:
    """Whole numbers from `low` on."""

    def check(value: Any) -> int:
        if type(value) is not int or value < low:
            raise Wrong
        return value

    def parse(text: str) -> int:
        # int() also takes other alphabets' digits and underscores, and a million digits take it a minute.
        if not (text.strip().isascii() and text.strip().isdigit() and len(text) <= 18):
            raise Wrong
        return check(int(text))

    return Kind(f"a whole number from {low} on", check, parse)


def number(wanted: str, low: float, high: float = math.inf) -> Kind:
    """Numbers from `low` to `high`; never "not a number"."""

    def check(value: Any) -> float:
        if type(value) not in (int, float) or not low <= value <= high or value == math.inf:
            raise Wrong
        return float(value)

    def parse(text: str) -> float:
        try:
            return check(float(text))
        except ValueError:
            raise Wrong from None

    return Kind(wanted, check, parse)


def or_none(kind: Kind) -> Kind:
    """The same, or None for "no limit"."""

    def check(value: Any) -> Any:
        return None if value is None else kind.check(value)

    return kind._replace(wanted=f"{kind.wanted}, or None for no limit", check=check)


def _check_texts(value: Any) -> Tuple[str, ...]:
    if type(value) not in (list, tuple) or any(type(item) is not str or not item for item in value):
        raise Wrong
    return tuple(value)


def _parse_texts(text: str) -> Tuple[str, ...]:
    return tuple(item.strip() for item in text.split(",") if item.strip())


TEXTS = Kind("a list of texts, none of them empty", _check_texts, _parse_texts)


def _check_place(value: Any) -> Union[bool, str]:
    if type(value) is bool:
        return value
    if isinstance(value, PurePath):
        value = str(value)
    if type(value) is not str or not value or "\0" in value:
        raise Wrong
    return value


def _parse_place(text: str) -> Union[bool, str]:
    word = text.strip().lower()
    return word in _YES if word in _YES + _NO else _check_place(text.strip())


SWITCH_OR_PATH = Kind("true, false or the path of a file", _check_place, _parse_place)

_MILLISECONDS = or_none(number("a number of milliseconds from 0 on", 0))

WORKLOAD_KINDS: Dict[str, Kind] = {
    "mode": one_of(MODES),
    "sample_rate": number("a number from 0 to 1", 0, 1),
    "min_repetitions": whole(2),
    "max_query_count": or_none(whole(0)),
    "max_query_time_ms": _MILLISECONDS,
    "max_response_time_ms": _MILLISECONDS,
}
"""Keys that stand for all workloads at the top, and for one of them under "workloads"."""

STALE = ("report", "fail")

KINDS: Dict[str, Kind] = {
    "enabled": SWITCH,
    "exclude_paths": TEXTS,
    "stale_ignores": one_of(STALE),
    "headers": SWITCH,
    "kept_reports": whole(0),
    "metrics": SWITCH_OR_PATH,
    "max_overhead": number("a share from 0 to 1", 0, 1),
    **WORKLOAD_KINDS,
}
"""All keys at the top but "workloads", "ignore" and "budgets", which are tables."""

DEFAULTS: Dict[str, Any] = {
    "enabled": True,
    "exclude_paths": (),
    "stale_ignores": "report",
    "headers": None,
    "kept_reports": 50,
    "metrics": False,
    "max_overhead": 0.05,
    "ignore": (),
    "budgets": (),
    "mode": None,
    "sample_rate": 1.0,
    "min_repetitions": 2,
    "max_query_count": None,
    "max_query_time_ms": None,
    "max_response_time_ms": None,
}
"""A mode of None depends on the workload and on DEBUG, headers of None on DEBUG alone; see `Settings`."""
