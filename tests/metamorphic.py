"""Changes of a statement that must keep its fingerprint, and changes that must not.

A statement of any text is cut into its tokens; each change works on them:

    keeps the id        other literals, comments, white space, keyword case, longer lists, more rows
    changes the id      another name, keyword or operator, NOT, one more argument

What is cut wrongly is changed wrongly as well, so these changes alone cannot prove the lexer:
`tests/sql_grammar.py` writes statements whose parts are known before any lexer sees them.
"""

import random
from typing import Callable, List, NamedTuple, Optional

from mercury.core import backend
from mercury.core.pure.sql_lexer import WORDS
from mercury.core.records import (
    DIALECTS,
    TOKEN_DOUBT,
    TOKEN_NUMBER,
    TOKEN_OPERATOR,
    TOKEN_PLACEHOLDER,
    TOKEN_PUNCTUATION,
    TOKEN_QUOTED,
    TOKEN_STRING,
    TOKEN_WORD,
)

LITERALS = (TOKEN_STRING, TOKEN_NUMBER, TOKEN_PLACEHOLDER)


class Piece(NamedTuple):
    """A token with the white space before it."""

    gap: bytes
    kind: int
    text: bytes


Pieces = List[Piece]
Change = Callable[[random.Random, Pieces, int], Optional[Pieces]]
"""Gives the changed pieces, or None where the statement has no place for the change."""


def cut(sql: bytes, dialect: int) -> Pieces:
    """The pieces of `sql`; joined, they are `sql` without white space at its end."""
    pieces, end = [], 0
    for token in backend().module.tokens(sql, dialect):
        pieces.append(Piece(sql[end : token.start], token.kind, sql[token.start : token.end]))
        end = token.end
    return pieces


def join(pieces: Pieces) -> bytes:
    return b"".join(piece.gap + piece.text for piece in pieces)


_NAMING = (b"savepoint", b"release", b"rollback", b"fetch", b"move", b"close", b"declare", b"save")
_SECRETIVE = (b"password", b"identified", b"connection", b"secret", b"identity", b"master_password", b"connect")
_LINES_COUNT = (b"delimiter", b"go", b"copy", b"stdin", b"source")


def is_fit(pieces: Pieces) -> bool:
    """Whether every token of the statement is shown in its canonical text, and lines mean nothing in it.

    Names of savepoints and cursors are not shown, nor is what may be a password; commands of
    clients end with their line.
    """
    hidden = _NAMING + _SECRETIVE + _LINES_COUNT
    return not any(
        piece.kind == TOKEN_DOUBT
        or (piece.kind == TOKEN_OPERATOR and b"\\" in piece.text)
        or (piece.kind == TOKEN_WORD and piece.text.lower() in hidden)
        for piece in pieces
    )


def _places(pieces: Pieces, *kinds: int) -> List[int]:
    return [number for number, piece in enumerate(pieces) if piece.kind in kinds]


def _is(pieces: Pieces, number: int, *texts: bytes) -> bool:
    return 0 <= number < len(pieces) and pieces[number].text.lower() in texts


def _word(generator: random.Random) -> bytes:
    return bytes(generator.choice(b"bcdfghjkmpqrtvwz") for _ in range(generator.randrange(4, 9)))


# ---- Changes that keep the id ----


def _string(generator: random.Random, dialect: int) -> bytes:
    body = generator.choice(
        [b"", b"it''s", b"/* x */", b"-- x", b"?", b"%s", b"a;b", b"((", b"\xc3\xa9", _word(generator)]
    )
    if dialect == DIALECTS["mysql"] and generator.randrange(4) == 0:
        return b'"' + body.replace(b"''", b"'") + b'"'
    return b"'" + body + b"'"


def _number(generator: random.Random) -> bytes:
    return generator.choice([b"0", b"7", b"123456789", b"1.5", b"2e10", b"3.25e-4", b"0x1F", b"42"])


def other_literals(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    places = _places(pieces, TOKEN_STRING, TOKEN_NUMBER)
    changed = list(pieces)
    for place in places:
        gap, kind, _ = pieces[place]
        text = _string(generator, dialect) if kind == TOKEN_STRING else _number(generator)
        changed[place] = Piece(gap or b" ", kind, text)
        if place + 1 < len(pieces):
            following = changed[place + 1]
            changed[place + 1] = following._replace(gap=following.gap or b" ")
    return changed if places else None


_COMMENTS = [
    b"/* c */",
    b'/* it\'s "x"; ? %s $1 */',
    b"-- line\n",
    b"-- it isn't; a 'string\n",
    b"/*\n * 1 */",
    b"/**/",
]
_SPACES = [b" ", b"  ", b"\n", b"\t", b"\r\n ", b"\f "]


def _is_loose(pieces: Pieces, number: int) -> bool:
    """Whether more may stand before the piece: white space does, or a bracket or comma on either side."""
    marks = (b"(", b")", b",")
    return bool(pieces[number].gap) or (number > 0 and (_is(pieces, number, *marks) or _is(pieces, number - 1, *marks)))


def _stands_for_semicolon(pieces: Pieces, number: int, dialect: int) -> bool:
    """Whether the piece would, were it alone on its line."""
    return dialect == DIALECTS["oracle"] and _is(pieces, number, b"/")


def _fill_gaps(generator: random.Random, pieces: Pieces, dialect: int, fillings: List[bytes]) -> Optional[Pieces]:
    places = [
        number
        for number in range(1, len(pieces))
        if _is_loose(pieces, number)
        and not any(_stands_for_semicolon(pieces, each, dialect) for each in (number - 1, number))
    ]
    changed = list(pieces)
    for place in places:
        if generator.randrange(2):
            filling = generator.choice(fillings)
            changed[place] = pieces[place]._replace(gap=pieces[place].gap + filling)
    return changed if places else None


def more_comments(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    return _fill_gaps(generator, pieces, dialect, [b" " + comment + b" " for comment in _COMMENTS])


def more_white_space(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    return _fill_gaps(generator, pieces, dialect, _SPACES)


def other_case(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    folds = dialect not in (DIALECTS["mysql"], DIALECTS["mssql"])
    style = generator.choice([bytes.upper, bytes.lower, bytes.swapcase, bytes.title])
    places = [
        number
        for number in _places(pieces, TOKEN_WORD)
        if folds or (pieces[number].text.lower() in WORDS and not _is(pieces, number - 1, b"."))
    ]
    changed = list(pieces)
    for place in places:
        changed[place] = pieces[place]._replace(text=style(pieces[place].text))
    return changed if places else None


def _closing(pieces: Pieces, opening: int) -> Optional[int]:
    """The bracket that closes the one at `opening`, if there are only literals and commas between."""
    number = opening + 1
    while number < len(pieces) and (pieces[number].kind in LITERALS or pieces[number].text == b","):
        number += 1
    literal_last = number > opening + 1 and pieces[number - 1].kind in LITERALS
    return number if literal_last and _is(pieces, number, b")") else None


def longer_lists(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    for place in _places(pieces, TOKEN_WORD):
        closing = None
        if _is(pieces, place, b"in") and _is(pieces, place + 1, b"(") and not _is(pieces, place - 1, b"."):
            closing = _closing(pieces, place + 1)
        if closing is not None:
            more = [Piece(b"", TOKEN_PUNCTUATION, b","), Piece(b" ", TOKEN_NUMBER, b"9")] * generator.randrange(1, 5)
            return pieces[:closing] + more + pieces[closing:]
    return None


def more_rows(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    for place in _places(pieces, TOKEN_WORD):
        if not (_is(pieces, place, b"values") and _is(pieces, place + 1, b"(")) or _is(pieces, place - 1, b"."):
            continue
        closing = _closing(pieces, place + 1)
        if closing is not None:
            row = [Piece(b"", TOKEN_PUNCTUATION, b","), *pieces[place + 1 : closing + 1]]
            return pieces[: closing + 1] + row * generator.randrange(1, 4) + pieces[closing + 1 :]
    return None


KEEPING: List[Change] = [other_literals, more_comments, more_white_space, other_case, longer_lists, more_rows]


# ---- Changes that change the id ----


def other_name(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    places = _places(pieces, TOKEN_WORD, TOKEN_QUOTED)
    if not places:
        return None
    place = generator.choice(places)
    return [*pieces[:place], Piece(pieces[place].gap, TOKEN_WORD, b"zq_" + _word(generator)), *pieces[place + 1 :]]


def other_keyword(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    places = [place for place in _places(pieces, TOKEN_WORD) if pieces[place].text.lower() in WORDS]
    if not places:
        return None
    place = generator.choice(places)
    keyword = generator.choice([b"cross", b"distinct", b"union", b"natural", b"cascade", b"lateral"])
    if keyword == pieces[place].text.lower():
        return None
    return [*pieces[:place], pieces[place]._replace(text=keyword), *pieces[place + 1 :]]


def _is_binary(pieces: Pieces, number: int) -> bool:
    """Whether an operand stands before the operator for sure: a sign may be dropped, a binary operator not."""
    before = pieces[number - 1] if number > 0 else Piece(b"", TOKEN_PUNCTUATION, b"(")
    name = before.kind in (TOKEN_WORD, TOKEN_QUOTED) and before.text.lower() not in WORDS
    return name or before.kind in LITERALS or before.text == b")"


def other_operator(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    places = [place for place in _places(pieces, TOKEN_OPERATOR) if _is_binary(pieces, place)]
    if not places:
        return None
    place = generator.choice(places)
    operator = generator.choice([b"=", b"<>", b"<", b">=", b"||"])
    if operator == pieces[place].text:
        return None
    changed = [*pieces[:place], Piece(b" ", TOKEN_OPERATOR, operator), *pieces[place + 1 :]]
    if place + 1 < len(changed):
        changed[place + 1] = changed[place + 1]._replace(gap=b" ")
    return changed


def negated(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    places = [
        place
        for place in _places(pieces, TOKEN_WORD)
        if _is(pieces, place, b"where", b"and", b"or", b"not", b"in", b"like", b"exists")
        and not _is(pieces, place - 1, b".", b"@", b":")
    ]
    if not places:
        return None
    place = generator.choice(places)
    if _is(pieces, place, b"not"):
        return pieces[:place] + pieces[place + 1 :]
    at = place + 1 if _is(pieces, place, b"where", b"and", b"or") else place
    gap = pieces[at].gap if at < len(pieces) else b" "
    following = [pieces[at]._replace(gap=b" "), *pieces[at + 1 :]] if at < len(pieces) else []
    return [*pieces[:at], Piece(gap or b" ", TOKEN_WORD, b"NOT"), *following]


def one_more_argument(generator: random.Random, pieces: Pieces, dialect: int) -> Optional[Pieces]:
    places = [
        place
        for place in _places(pieces, TOKEN_WORD)
        if pieces[place].text.lower() not in WORDS
        and _is(pieces, place + 1, b"(")
        and not _is(pieces, place + 2, b")")
        and not _is(pieces, place - 1, b"values")
    ]
    if not places:
        return None
    place = generator.choice(places) + 2
    more = [Piece(b"", TOKEN_NUMBER, b"5"), Piece(b"", TOKEN_PUNCTUATION, b",")]
    following = [pieces[place]._replace(gap=b" "), *pieces[place + 1 :]] if place < len(pieces) else []
    return [*pieces[:place], *more, *following]


CHANGING: List[Change] = [other_name, other_keyword, other_operator, negated, one_more_argument]
