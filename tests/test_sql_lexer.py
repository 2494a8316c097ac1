"""Tokens, over the backend that serves."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mercury.core import backend
from mercury.core.records import (
    DIALECTS,
    TOKEN_COMMENT,
    TOKEN_DOUBT,
    TOKEN_NUMBER,
    TOKEN_OPERATOR,
    TOKEN_PLACEHOLDER,
    TOKEN_PUNCTUATION,
    TOKEN_QUOTED,
    TOKEN_STRING,
    TOKEN_WORD,
)
from mercury.errors import UnknownDialectError

LETTERS = {
    "w": TOKEN_WORD,
    "q": TOKEN_QUOTED,
    "s": TOKEN_STRING,
    "n": TOKEN_NUMBER,
    "p": TOKEN_PLACEHOLDER,
    "o": TOKEN_OPERATOR,
    ".": TOKEN_PUNCTUATION,
    "c": TOKEN_COMMENT,
    "d": TOKEN_DOUBT,
}


def tokens(sql, dialect="generic"):
    return backend().module.tokens(sql, DIALECTS[dialect])


def texts(sql, dialect="generic"):
    return [sql[token.start : token.end] for token in tokens(sql, dialect)]


def kinds(sql, dialect="generic"):
    letters = {kind: letter for letter, kind in LETTERS.items()}
    return "".join(letters[token.kind] for token in tokens(sql, dialect))


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("generic", b"select a, \"b\", 'c', 1, %s", "ww.q.s.n.p"),
        ("generic", b"select a -- b\n /* c */ + 1", "wwccon"),
        ("generic", b"select 'it\\'s'", "wd"),
        ("generic", b'select "a b"', "ws"),
        ("postgresql", b'select "a b"', "wq"),
        ("postgresql", b"a ? 'b'", "wos"),
        ("postgresql", b"a = ?", "wop"),
        ("postgresql", b"a[1:n]", "w.now."),
        ("postgresql", b"$$it's$$ $1", "sp"),
        ("postgresql", b"e'it\\'s' x", "sw"),
        ("postgresql", b"/* /* */ */ x", "cw"),
        ("mysql", b'"a" `b` # c', "sqc"),
        ("mysql", b"a--1", "woon"),
        ("mysql", b"/*!40101 set */ x", "cwcw"),
        ("sqlite", b"[a b] ?1 :x @y $z", "qpowpp"),
        ("sqlite", b"= [a b]", "oq"),
        ("oracle", b"q'[it's]' v#x", "sw"),
        ("mssql", b"[a]]b] #t @@x N'y'", "qwws"),
        ("generic", b"  ", ""),
        ("generic", b"", ""),
        ("generic", b"\0\x01", "oo"),
    ],
)
def test_kinds(dialect, sql, expected):
    assert kinds(sql, dialect) == expected


@pytest.mark.parametrize(
    ("dialect", "sql", "expected"),
    [
        ("postgresql", b"a<>-1", [b"a", b"<>", b"-", b"1"]),
        ("postgresql", b"a@-1", [b"a", b"@-", b"1"]),
        ("postgresql", b"a=%s", [b"a", b"=", b"%s"]),
        ("generic", b"a!=-1", [b"a", b"!=", b"-", b"1"]),
        ("generic", b"a->>'b'", [b"a", b"->>", b"'b'"]),
        ("sqlite", b"a<=-1||b", [b"a", b"<=", b"-", b"1", b"||", b"b"]),
        ("generic", b"1.5e-3+.5-1..2", [b"1.5e-3", b"+", b".5", b"-", b"1", b".", b".2"]),
        ("generic", b"x::int", [b"x", b"::", b"int"]),
        ("generic", b"'it''s'", [b"'it''s'"]),
    ],
)
def test_texts(dialect, sql, expected):
    assert texts(sql, dialect) == expected


@given(st.binary(max_size=200), st.sampled_from(sorted(DIALECTS)))
def test_every_byte_but_white_space_is_in_one_token(sql, dialect):
    position = 0
    for token in tokens(sql, dialect):
        assert sql[position : token.start].strip(b" \t\n\r\f\v") == b""
        assert token.end > token.start >= position
        position = token.end
    assert sql[position:].strip(b" \t\n\r\f\v") == b""


def test_doubt_is_the_last_token_and_reaches_the_end():
    for sql in (b"a 'b  ", b'a "b  ', b"a /* b  ", b"a $x$ b  "):
        assert tokens(sql)[-1] == (TOKEN_DOUBT, 2, len(sql))


def test_unknown_dialect():
    with pytest.raises(UnknownDialectError):
        backend().module.tokens(b"x", 6)
