"""A script to its statements; the twin of sql_split.c.

The lexer tells a semicolon from one in a literal; all that is left to do is to forget at
each of them what came before, so that reading may go on from there as well.
"""

from array import array
from typing import Union

from mercury.core.pure.sql_lexer import Lexer
from mercury.core.records import TOKEN_PUNCTUATION

_SEMICOLON = 0x3B


def split(data: Union[bytes, bytearray, memoryview], dialect: int, most: int) -> "array[int]":
    """The offsets of at most `most` statements: 0, and one past the semicolon that ends each of them.

    Raises UnknownDialectError, LimitExceededError.
    """
    text = bytes(data)
    lexer = Lexer(text, dialect)
    offsets = array("q", [0])
    for kind, start, end, _, _ in lexer.lexemes():
        if len(offsets) > most:
            break
        if kind == TOKEN_PUNCTUATION and text[start] == _SEMICOLON and not lexer.in_code:
            offsets.append(end)
            lexer.open_brackets = 0
    return offsets
