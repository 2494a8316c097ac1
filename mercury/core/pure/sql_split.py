"""A script to its statements; the twin of sql_split.c.

The lexer tells a semicolon from one in a literal; all that is left to do is to forget at
each of them what came before, so that reading may go on from there as well. What reading
may not forget is not divided: COPY with its data, and all behind DELIMITER.
"""

from array import array
from typing import Union

from mercury.core.pure.sql_lexer import COPIES_NONE, COPIES_STDIN, Lexer
from mercury.core.records import TOKEN_PUNCTUATION

_SEMICOLON = ord(";")
_ENDS = frozenset((b";", b"\\."))


def split(data: Union[bytes, bytearray, memoryview], dialect: int, most: int) -> "array[int]":
    """The offsets of at most `most` statements: 0, and one past the semicolon or `\\.` that ends each of them.

    Raises UnknownDialectError, LimitExceededError.
    """
    text = bytes(data)
    lexer = Lexer(text, dialect)
    offsets = array("q", [0])
    data_due = False
    for kind, start, end, _, _ in lexer.lexemes():
        may_begin_data = data_due and lexer.copies == COPIES_NONE and text[start] == _SEMICOLON
        if len(offsets) > most or may_begin_data:
            break
        divides = not (lexer.in_code or lexer.delimiter or data_due)
        if kind == TOKEN_PUNCTUATION and divides and text[start:end] in _ENDS:
            offsets.append(end)
            lexer.open_brackets = 0
        data_due = lexer.copies == COPIES_STDIN
    return offsets
