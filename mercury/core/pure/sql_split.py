"""A script to its statements; the twin of sql_split.c.

The lexer tells a semicolon from one in a literal; all that is left to do is to forget at
each of them what came before, so that reading may go on from there as well. What reading
may not forget is not divided: COPY with its data, all behind DELIMITER, and the bodies of
triggers and routines, which have semicolons of their own.
"""

import re
from array import array
from typing import Dict, Union

from mercury.core.pure.sql_lexer import COPIES_NONE, COPIES_STDIN, MSSQL, ORACLE, Lexer
from mercury.core.records import TOKEN_COMMENT, TOKEN_PUNCTUATION, TOKEN_WORD

_ENDS = frozenset((b";", b"\\."))
_SEPARATORS = frozenset(b"gG/")
# What separates is alone on its line: where that has an end, nothing can be added to it.
_line_ends = re.compile(rb"[\t\v\f\r ]*\n").match

# What words say about the semicolons of a statement.
OTHER, DOT, DEFINES, ROUTINE, EVENT, PACKAGE, PLAIN, OPENS, BEGIN, TRANSACTION, CASE, END, BLOCK, DECLARE = range(14)

_MEANINGS = (
    (DEFINES, "alter create"),
    (ROUTINE, "function proc procedure trigger"),
    (EVENT, "event"),
    (PACKAGE, "body package"),
    (PLAIN, "database index partition role schema table user view"),
    (OPENS, "as is"),
    (BEGIN, "begin"),
    (TRANSACTION, "conversation dialog distributed tran transaction"),
    (CASE, "case"),
    (END, "end"),
    (BLOCK, "for if loop repeat while"),
    (DECLARE, "declare"),
)
_WORDS: Dict[bytes, int] = {word.encode(): meaning for meaning, words in _MEANINGS for word in words.split()}
_LONGEST_WORD = max(map(len, _WORDS))


class Body:
    """How deep a statement is in the body of a trigger, a routine or a block."""

    def __init__(self, dialect: int) -> None:
        self._dialect = dialect
        self._is_first = True  # no token has come
        self._defines = False  # CREATE or ALTER is read, and not yet what
        self._is_routine = dialect == MSSQL  # BEGIN opens a block; elsewhere a transaction, but in routines
        self._is_package = False  # AS or IS opens what END ends
        self._is_held = False  # SQL Server's routines end with their batch
        self._declares = False  # what Oracle declares stands before BEGIN
        self._depth = 0  # what END has not ended
        self._last = OTHER

    def is_open(self) -> bool:
        """Whether a semicolon here stands within the statement."""
        return self._is_held or self._declares or self._depth > 0

    def read(self, kind: int, text: bytes) -> None:
        """Takes the next token, comments aside."""
        is_word = kind == TOKEN_WORD and self._last != DOT and len(text) <= _LONGEST_WORD
        word = _WORDS.get(text.lower(), OTHER) if is_word else OTHER
        if self._is_first:
            self._begin(word)
        elif self._defines:
            self._define(word, text)
        if self._is_package and word == OPENS:
            self._is_package = False
            self._depth += 1
        elif self._is_routine or self._depth > 0:
            word = self._nest(word)
        self._last = DOT if text == b"." else word

    def _begin(self, word: int) -> None:
        self._is_first = False
        self._defines = word == DEFINES
        if self._dialect == ORACLE and word in (BEGIN, DECLARE):
            self._is_routine = True
            self._declares = word == DECLARE

    def _define(self, word: int, text: bytes) -> None:
        self._defines = word not in (ROUTINE, EVENT, PACKAGE, PLAIN) and text != b"("
        self._is_package = word == PACKAGE
        if word in (ROUTINE, EVENT, PACKAGE):
            self._is_routine = True
            self._is_held = self._dialect == MSSQL and word == ROUTINE
            self._declares = self._dialect == ORACLE and word == ROUTINE

    def _nest(self, word: int) -> int:
        """Counts what the word opens or ends; OTHER where an END ended nothing."""
        goes_on = word == BLOCK and self._last == END and self._dialect != MSSQL  # END IF, END LOOP
        if word == BEGIN:
            self._declares = False
            self._depth += 1
        elif goes_on or (word == CASE and self._last != END and self._depth > 0):
            self._depth += 1
        elif word == TRANSACTION and self._last == BEGIN:
            self._depth -= 1
        elif word == END:
            if self._depth == 0:
                return OTHER
            self._depth -= 1
        return word


def split(data: Union[bytes, bytearray, memoryview], dialect: int, most: int) -> "array[int]":
    """The offsets of at most `most` statements: 0, and one past the semicolon, `\\.`, GO or `/` that ends each of them.

    Raises UnknownDialectError, LimitExceededError.
    """
    text = bytes(data)
    lexer = Lexer(text, dialect)
    body = Body(dialect)
    offsets = array("q", [0])
    data_due = False
    for kind, start, end, _, _ in lexer.lexemes():
        may_begin_data = data_due and lexer.copies == COPIES_NONE
        if len(offsets) > most or may_begin_data:
            break
        divides = not (lexer.in_code or lexer.delimiter or data_due)
        separates = kind == TOKEN_PUNCTUATION and text[start] in _SEPARATORS and _line_ends(text, end)
        ends = kind == TOKEN_PUNCTUATION and text[start:end] in _ENDS and not body.is_open()
        if divides and (ends or separates):
            offsets.append(end)
            lexer.open_brackets = 0
            body = Body(dialect)
        elif kind != TOKEN_COMMENT:
            body.read(kind, text[start:end])
        data_due = lexer.copies == COPIES_STDIN
    return offsets
