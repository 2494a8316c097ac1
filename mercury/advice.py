"""What a statement's text proves wasteful or wrong, as sentences that a developer can act on.

The core gives rule numbers and positions; the words stand here, once. No sentence holds
anything of the statement.
"""

import re
from typing import Any, List, NamedTuple, Tuple

from mercury.core import records

WARNING = "warning"
"""The statement does wasteful or wrong work, whatever the data."""
ADVICE = "advice"
"""Whether it hurts depends on the data."""


class Advice(NamedTuple):
    """One rule that a statement breaks."""

    id: str
    """The rule's name, as "leading_wildcard"; it never changes."""
    severity: str
    """"warning": wasteful or wrong whatever the data; "advice": it depends on the data."""
    message: str
    """What is wrong and how to mend it; the same for each statement that breaks the rule."""
    position: int
    """Byte of the statement's UTF-8 text at which the first such place begins."""
    places: int
    """How many there are."""


class Rule(NamedTuple):
    id: str
    severity: str
    message: str
    weak: bool = False
    """Right too often to be silent about for good, and harmless too often to be told unasked."""


_TOLD = {
    records.RULE_UNBOUNDED_SELECT: Rule(
        "unbounded_select",
        ADVICE,
        "This SELECT has neither a condition nor a limit: it reads every row and costs more with each that is added. "
        "Add a condition or a LIMIT (in Django a slice or a Paginator), or read in pieces with iterator().",
    ),
    records.RULE_DEEP_OFFSET: Rule(
        "deep_offset",
        WARNING,
        "OFFSET makes the server produce every row before the page and throw it away. Page by key: "
        "WHERE id > the last id of the page before, ORDER BY id, LIMIT.",
    ),
    records.RULE_LEADING_WILDCARD: Rule(
        "leading_wildcard",
        WARNING,
        "A pattern that begins with % or _ cannot use an ordinary index, so every row is compared. Match the beginning "
        "of the text, or give it a trigram index (pg_trgm) or a full-text search.",
    ),
    records.RULE_ORDER_BY_RANDOM: Rule(
        "order_by_random",
        WARNING,
        "Each row gets a random number and all of them are sorted, however few are kept. Choose random keys first and "
        "fetch those, or use TABLESAMPLE where a rough sample will do.",
    ),
    records.RULE_NOT_IN_SUBQUERY: Rule(
        "not_in_subquery",
        WARNING,
        "NOT IN finds nothing as soon as the subquery yields one NULL, and PostgreSQL does not plan it as an anti "
        "join. Write NOT EXISTS (in Django ~Exists(...)).",
    ),
    records.RULE_FUNCTION_ON_COLUMN: Rule(
        "function_on_column",
        WARNING,
        "A function or a cast around a column keeps an index on that column from serving the comparison. Compare the "
        "bare column (a range instead of a part of a date), or index the expression; for UPPER and LOWER a "
        "case-insensitive collation or citext does it too.",
    ),
    records.RULE_CARTESIAN_JOIN: Rule(
        "cartesian_join",
        WARNING,
        "Nothing links this table with those before it, so each of its rows is paired with each of theirs. Add the "
        "condition that joins them.",
    ),
    records.RULE_LONG_IN_LIST: Rule(
        "long_in_list",
        ADVICE,
        "A thousand values or more after IN take long to send, parse and plan, and some databases refuse them. Send "
        "them in batches, pass one array (= ANY), or use the subquery or a temporary table that they came from.",
    ),
    records.RULE_UNION_DISTINCT: Rule(
        "union_distinct",
        ADVICE,
        "UNION looks for duplicates among all rows. Where the parts cannot overlap, write UNION ALL (in Django "
        "union(..., all=True)).",
        weak=True,
    ),
    records.RULE_SELECT_STAR: Rule(
        "select_star",
        ADVICE,
        "* reads every column, those added later too, and no index alone can answer. Name the columns that are used "
        "(in Django only() or values()).",
        weak=True,
    ),
    records.RULE_LITERAL_VALUE: Rule(
        "literal_value",
        ADVICE,
        "A value in the text makes each text a statement of its own, which shares no plan and no statistics, and may "
        "be an injection. Pass it as a parameter.",
        weak=True,
    ),
}

RULES: Tuple[Rule, ...] = tuple(rule for _, rule in sorted(_TOLD.items()))
"""All rules, by the core's number."""


def phrase(found: records.Advice, weak: bool) -> Tuple[Advice, ...]:
    """The core's answer in words, in the order of the text; the weak rules only if they are asked for."""
    told = [
        Advice(rule.id, rule.severity, rule.message, position, count)
        for rule, count, position in zip(RULES, found.counts, found.positions)
        if count and (weak or not rule.weak)
    ]
    return tuple(sorted(told, key=lambda advice: advice.position))


_NUMBER = rb"[$:?@]p?([1-9][0-9]{0,5})$"
_NAME = rb"(?s)(?:%\(|[:@$])(.+?)(?:\)[sbt])?$"


def wildcards(placeholders: List[bytes], parameters: Any) -> bytes:
    """One byte for each placeholder: 1 where its parameter is a text that begins with % or _, else 0.

    Nothing is known, and the answer empty, where the parameters are no plain list, tuple or dict,
    or are not as many as the placeholders. Only exact `str` is looked at, and no method of the
    host's classes is called.
    """
    if type(parameters) is dict:
        plain = {name: value for name, value in parameters.items() if type(name) is str}
        return bytes(_begins_with_wildcard(plain.get(_name(text))) for text in placeholders)
    if type(parameters) not in (list, tuple):
        return b""
    numbers = [re.match(_NUMBER, text) for text in placeholders]
    if any(numbers):
        order = [int(number.group(1)) - 1 if number else -1 for number in numbers]
        known = range(len(parameters))
        return bytes(number in known and _begins_with_wildcard(parameters[number]) for number in order)
    if len(parameters) != len(placeholders):
        return b""
    return bytes(map(_begins_with_wildcard, parameters))


def _name(placeholder: bytes) -> str:
    match = re.match(_NAME, placeholder)
    return match.group(1).decode("utf-8", "replace") if match else ""


def _begins_with_wildcard(value: Any) -> bool:
    return type(value) is str and value[:1] in ("%", "_")
