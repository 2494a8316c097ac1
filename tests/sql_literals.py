"""How each dialect writes a literal, and where one may stand: for tests that plant and exchange them."""

import random
from pathlib import Path
from typing import Callable, List, NamedTuple, Tuple

ALL = ("generic", "postgresql", "mysql", "sqlite", "oracle", "mssql")
RUN_DIALECTS = ("generic", "postgresql")
_PLACES = Path(__file__).parent / "vectors" / "literal_places"


class Form(NamedTuple):
    """A way to write text or digits as one literal."""

    name: str
    dialects: Tuple[str, ...]
    write: Callable[[str], str]
    sure: bool = True
    """False where `generic` is in doubt about the end of it."""


def _doubled(text: str) -> str:
    return "'" + text.replace("'", "''") + "'"


def _backslashed(text: str, quote: str = "'") -> str:
    return quote + text.replace("\\", "\\\\").replace(quote, "\\" + quote) + quote


def _mysql(text: str) -> str:
    return _doubled(text.replace("\\", "\\\\"))


def _tag(text: str) -> str:
    """A dollar quote's tag that its text does not hold; text that ends in `$` would run into the tag."""
    tag = "q"
    while f"${tag}$" in text + "$":
        tag += "q"
    return f"${tag}$"


def _dollars(text: str) -> str:
    return _tag(text) + text + _tag(text)


def _oracle(opening: str, closing: str) -> Callable[[str], str]:
    return lambda text: f"q'{opening}{text.replace(closing + chr(39), closing)}{closing}'"


def _groups(digits: str) -> str:
    return "_".join(digits[start : start + 3] for start in range(0, len(digits), 3))


def _hexadecimal(digits: str) -> str:
    return digits + "0" * (len(digits) % 2)


TEXT_FORMS: List[Form] = [
    Form("doubled quotes", ("generic", "postgresql", "sqlite", "oracle", "mssql"), _doubled),
    Form("doubled quotes and backslashes", ("mysql",), _mysql),
    Form("backslashes", ("mysql",), _backslashed),
    Form("backslashes", ("generic",), _backslashed, sure=False),
    Form("double quotes", ("mysql",), lambda text: _backslashed(text, '"')),
    Form("escape string", ("postgresql",), lambda text: "E" + _backslashed(text)),
    Form("escape string", ("generic",), lambda text: "e" + _backslashed(text), sure=False),
    Form("national", ("generic", "postgresql", "oracle", "mssql"), lambda text: "N" + _doubled(text)),
    Form("national", ("mysql",), lambda text: "n" + _mysql(text)),
    Form("unicode", RUN_DIALECTS, lambda text: "U&" + _doubled(text)),
    Form("introducer", ("mysql",), lambda text: "_utf8mb4" + _mysql(text)),
    Form("dollar quotes", RUN_DIALECTS, _dollars),
    Form("brackets", ("oracle",), _oracle("[", "]")),
    Form("braces", ("oracle",), _oracle("{", "}")),
    Form("bars", ("oracle",), _oracle("|", "|")),
    Form("national bars", ("oracle",), lambda text: "n" + _oracle("!", "!")(text)),
    Form("brackets", ("generic",), _oracle("[", "]"), sure=False),
]

DIGIT_FORMS: List[Form] = [
    Form("integer", ALL, lambda digits: digits),
    Form("fraction", ALL, lambda digits: digits[:4] + "." + digits[4:]),
    Form("point first", ALL, lambda digits: "." + digits),
    Form("exponent", ALL, lambda digits: digits + "e10"),
    Form("signed exponent", ALL, lambda digits: digits + ".5E-" + digits[:5]),
    Form("radix", ALL, lambda digits: "0x" + digits + "AF"),
    Form("groups", ALL, _groups),
    Form("in quotes", ALL, lambda digits: f"'{digits}'"),
    Form(
        "hexadecimal string", ("generic", "postgresql", "mysql", "sqlite"), lambda digits: f"x'{_hexadecimal(digits)}'"
    ),
    Form("bits", RUN_DIALECTS, lambda digits: f"B'{digits}'"),
    Form("money", ("mssql",), lambda digits: "$" + digits),
    Form("money in pounds", ("mssql",), lambda digits: "£" + digits),
    Form("money in wide yen", ("mssql",), lambda digits: "\uffe5" + digits),
]


def forms(dialect: str, payload: str, sure: bool = False) -> List[Form]:
    """The forms in which `dialect` may write `payload`; `sure` leaves out those that put it in doubt."""
    kinds = DIGIT_FORMS if payload.isdigit() else TEXT_FORMS
    return [form for form in kinds if dialect in form.dialects and (form.sure or not sure)]


def literal(generator: random.Random, dialect: str) -> str:
    """Any literal without doubt."""
    payload = generator.choice(
        ["", "x", "it's", "a b", '"', "?", "%s", "--", "/*", ";", "0", "7", "123456", "20201231"]
    )
    return generator.choice(forms(dialect, payload, sure=True)).write(payload)


def places(dialect: str) -> List[str]:
    """Statements of `dialect` in which each `{}` is a literal's place; `generic` has those of all."""
    own = ALL if dialect == "generic" else (dialect,)
    files = [_PLACES / f"{name}.txt" for name in ("every_dialect", *own) if name != "generic"]
    return [line for file in files for line in file.read_text(encoding="utf-8").splitlines()]
