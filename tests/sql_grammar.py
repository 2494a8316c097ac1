"""Statements whose parts are known before any lexer sees them, and ways to write one.

    tree     Statement(parts), drawn once: keywords, names, operators, literals, lists, rows
    text     write(parts, generator, dialect): one of its many spellings

Two spellings of one tree must have one fingerprint; two trees must have two.
"""

import random
from typing import Callable, Dict, List, NamedTuple, Tuple

from sql_literals import literal

WORD = "word"  # a keyword or an operator
NAME = "name"
LITERAL = "literal"
LIST = "list"  # a list of literals behind IN
ROWS = "rows"  # the rows of VALUES, this many literals each


class Part(NamedTuple):
    """One piece of a statement. `text` is the word, the name, or the width of a row."""

    kind: str
    text: str = ""


Parts = Tuple[Part, ...]

NAMES = ("author", "book_id", "t1", "total", "col_9", "reviews", "x", "published_at")
RESERVED = ("user", "order", "group", "select")
FUNCTIONS = ("f", "my_function", "rank_of")
COMPARISONS = ("=", "<>", "<", ">", "<=", ">=")
ARITHMETIC = ("+", "-", "*", "||")


def words(text: str) -> Parts:
    return tuple(Part(WORD, word) for word in text.split())


class Draw:
    """Draws trees from a source of choices."""

    def __init__(self, choose: Callable[[int], int]) -> None:
        self.choose = choose

    def of(self, options: Tuple[str, ...]) -> str:
        return options[self.choose(len(options))]

    def name(self) -> Parts:
        name = self.of(NAMES + RESERVED)
        return (
            (Part(NAME, self.of(NAMES)), Part(WORD, "."), Part(NAME, name))
            if self.choose(3) == 0
            else (Part(NAME, name),)
        )

    def value(self, depth: int) -> Parts:
        kind = self.choose(6 if depth else 2)
        if kind == 0:
            return (Part(LITERAL),)
        if kind == 1:
            return self.name()
        if kind == 2:
            return (*self.value(depth - 1), Part(WORD, self.of(ARITHMETIC)), *self.value(depth - 1))
        if kind == 3:
            return self.call(depth)
        if kind == 4:
            return (
                *words("case when"),
                *self.condition(depth - 1),
                *words("then"),
                *self.value(depth - 1),
                *words("end"),
            )
        return (Part(WORD, "("), *self.select(depth - 1), Part(WORD, ")"))

    def call(self, depth: int) -> Parts:
        parts = [Part(NAME, self.of(FUNCTIONS)), Part(WORD, "("), *self.value(depth - 1)]
        for _ in range(self.choose(3)):
            parts += [Part(WORD, ","), *self.value(depth - 1)]
        return (*parts, Part(WORD, ")"))

    def condition(self, depth: int) -> Parts:
        kind = self.choose(6 if depth > 0 else 2)
        if kind == 0:
            return (*self.name(), *words(self.of(COMPARISONS)), *self.value(0))
        if kind == 1:
            return (*self.name(), *words(self.of(("in", "not in"))), Part(LIST))
        if kind == 2:
            return (*self.condition(depth - 1), *words("and"), *self.condition(depth - 1))
        if kind == 3:
            return (*words("not ("), *self.condition(depth - 1), *words("or"), *self.condition(depth - 1), *words(")"))
        if kind == 4:
            return (*self.name(), *words(self.of(("like", "not like"))), Part(LITERAL))
        return (*words("exists ("), *self.select(depth - 1), *words(")"))

    def select(self, depth: int) -> Parts:
        parts = [*words(self.of(("select", "select distinct"))), *self.value(depth)]
        for _ in range(self.choose(3)):
            parts += [*words(","), *self.value(depth)]
        parts += [*words("from"), *self.name()]
        if self.choose(2):
            parts += [*words(self.of(("join", "left join"))), *self.name(), *words("on"), *self.condition(0)]
        if self.choose(3):
            parts += [*words("where"), *self.condition(depth)]
        if self.choose(3) == 0:
            parts += [*words("order by"), *self.name(), *words(self.of(("asc", "desc")))]
        return tuple(parts)

    def statement(self) -> Parts:
        kind = self.choose(5)
        if kind == 0:
            width = Part(ROWS, str(1 + self.choose(4)))
            return (*words("insert into"), *self.name(), *words("values"), width)
        if kind == 1:
            assigned = (*words("update"), *self.name(), *words("set"), *self.name(), *words("="), *self.value(2))
            return (*assigned, *words("where"), *self.condition(2))
        if kind == 2:
            return (*words("delete from"), *self.name(), *words("where"), *self.condition(2))
        return self.select(2)


_GAPS = (" ", "  ", "\n", "\t", "\r\n", " /* c */ ", ' /* it\'s; "?" */ ', " -- line\n", "\n--\n")
_QUOTES: Dict[str, Tuple[str, ...]] = {
    "generic": ('"{}"', "`{}`"),
    "postgresql": ('"{}"',),
    "mysql": ("`{}`",),
    "sqlite": ('"{}"', "`{}`", "[{}]"),
    "oracle": ('"{}"',),
    "mssql": ('"{}"', "[{}]"),
}
_KEEPS_CASE = ("mysql", "mssql")
_PLACEHOLDERS = ("?", "%s", "%(a)s", "$1", ":a")


class Writer:
    """Writes a tree in a spelling of its own."""

    def __init__(self, generator: random.Random, dialect: str) -> None:
        self.generator = generator
        self.dialect = dialect

    def case(self, text: str) -> str:
        return self.generator.choice([str.lower, str.upper, str.title])(text)

    def name(self, name: str) -> str:
        quoted = self.generator.choice(_QUOTES[self.dialect])
        if name in RESERVED:
            return quoted.format(name)
        if self.generator.randrange(2):
            return quoted.format(name.upper() if self.dialect == "oracle" else name)
        return name if self.dialect in _KEEPS_CASE else self.case(name)

    def literal(self) -> str:
        sign = self.generator.choice(["", "", "", "", "-", "+ ", "- -"])
        is_placeholder = self.generator.randrange(3) == 0
        return sign + (
            self.generator.choice(_PLACEHOLDERS) if is_placeholder else literal(self.generator, self.dialect)
        )

    def list(self) -> str:
        return "(" + ",".join(self.literal() for _ in range(self.generator.randrange(1, 5))) + ")"

    def rows(self, width: int) -> str:
        rows = [[self.literal() for _ in range(width)] for _ in range(self.generator.randrange(1, 4))]
        return ", ".join("(" + ", ".join(row) + ")" for row in rows)

    def part(self, part: Part) -> str:
        if part.kind == NAME:
            return self.name(part.text)
        if part.kind == LITERAL:
            return self.literal()
        if part.kind == LIST:
            return self.list()
        return self.rows(int(part.text)) if part.kind == ROWS else self.case(part.text)

    def text(self, parts: Parts) -> str:
        return "".join(self.part(part) + self.generator.choice(_GAPS) for part in parts)


# ---- Other trees ----


def _exchanged(parts: Parts, place: int, *new: Part) -> Parts:
    return (*parts[:place], *new, *parts[place + 1 :])


def other_trees(parts: Parts) -> List[Parts]:
    """Trees that differ from `parts` by one name, operator, keyword, NOT or argument."""
    trees = []
    for place, (kind, text) in enumerate(parts):
        if kind == NAME:
            trees.append(_exchanged(parts, place, Part(NAME, "another")))
        if text in COMPARISONS:
            trees.append(_exchanged(parts, place, Part(WORD, "<>" if text == "=" else "=")))
        if text in ARITHMETIC:
            trees.append(_exchanged(parts, place, Part(WORD, "/")))
        if text == "asc":
            trees.append(_exchanged(parts, place, Part(WORD, "desc")))
        if text in ("where", "and", "or"):
            trees.append(_exchanged(parts, place, parts[place], Part(WORD, "not")))
        if text == "(" and parts[place - 1].text in FUNCTIONS:
            trees.append(_exchanged(parts, place, parts[place], Part(LITERAL), Part(WORD, ",")))
    return trees
