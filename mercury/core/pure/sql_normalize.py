"""Tokens to the canonical text, and its fingerprint; the twin of sql_normalize.c.

The text is written in one pass. What shows only later is mended by cutting the end of the
output off, which is where all of these stand when they are known:

    written so far           next    becomes
    x in (?, ?               )       x in (?)             an element like the one before
    values (?), (?           )       values (?)           a row like the one before
    a = ? or a = ?           )       a = ?                a comparison like the one before
    (a)                      in      a in                 brackets that hold a name alone
    b = -                    5       b = ?                the sign belongs to the literal

So the canonical text never has to be read again, and every cut is paid for by what was
written.
"""

import re
from array import array
from typing import Any, Callable, Dict, FrozenSet, Iterator, List, Optional, Tuple, Union

from mercury.core.pure import sql_lexer as lex
from mercury.core.pure.error import INVALID_ARGUMENT, LIMIT_EXCEEDED, UNKNOWN_DIALECT, failure
from mercury.core.pure.sql_lexer import Lexeme, Lexer, Word
from mercury.core.pure.xxh3 import xxh3_64
from mercury.core.records import (
    DIALECTS,
    TOKEN_COMMENT,
    TOKEN_DOUBT,
    TOKEN_NUMBER,
    TOKEN_OPERATOR,
    TOKEN_PLACEHOLDER,
    TOKEN_PUNCTUATION,
    TOKEN_QUOTED,
    TOKEN_WORD,
    Normalized,
)

# What was written last; the pair of classes alone decides about the space between.
START = 0
NAME = 1  # a name, or a keyword that calls like a function
KEYWORD = 2
LITERAL = 3
OPERATOR = 4
CAST = 5  # ::
COMMA = 6
SEMICOLON = 7
DOT = 8
PARENTHESIS = 9  # (
BRACKET = 10  # [
CLOSING = 11  # ) ]

_EVERYTHING = frozenset(range(12))
_OPENING = frozenset((START, PARENTHESIS, BRACKET, DOT))

_TOUCHED_CLASSES = (
    _EVERYTHING,
    _OPENING | {CAST},
    _OPENING | {CAST},
    _OPENING | {CAST},
    _OPENING,
    _OPENING | {NAME, KEYWORD, LITERAL, CLOSING},
    _EVERYTHING,
    _EVERYTHING,
    _EVERYTHING,
    _OPENING | {CAST, NAME},
    _OPENING | {CAST, NAME, LITERAL, CLOSING},
    _EVERYTHING,
)
"""For each class, those after which it is written without a space."""

_TOUCHES = [[last in classes for last in range(12)] for classes in _TOUCHED_CLASSES]

# An element of a list: only `?` and `?::type` make a run.
ELEMENT_EMPTY, ELEMENT_LITERAL, ELEMENT_CAST, ELEMENT_TYPED, ELEMENT_OTHER = range(5)

# How far a comparison `column = ?` has come.
COMPARE_NONE, COMPARE_OPEN, COMPARE_COLUMN, COMPARE_DOT, COMPARE_EQUALS, COMPARE_DONE = range(6)

# Whether the number to come is a window's, which Django writes itself.
WINDOW_NONE, WINDOW_NUMBER, WINDOW_COMMA = range(3)

# Where the name of a savepoint or cursor is due.
NAMING_NONE = 0
NAMING_NAME = 1  # a savepoint's or cursor's name is next
NAMING_TAIL = 2  # a name or count is written; more of it is dropped, FROM brings another
NAMING_TAIL_DOT = 3  # the name behind the dot is dropped
NAMING_ROLLBACK = 4  # ROLLBACK or SAVE is written, TO or TRANSACTION decides
NAMING_WORK = 5  # TRANSACTION is written behind it: TO or a name is next
NAMING_CURSOR = 6  # FETCH, MOVE or CLOSE is written
NAMING_DECLARE = 7  # DECLARE is written
NAMING_DECLARED = 8  # a name that CURSOR will make a cursor's is written

# Where a password is due.
NAMING_KIND = 9  # CREATE or ALTER is written, and not yet what
NAMING_IDENTIFIED = 10  # IDENTIFIED is written, BY or WITH decides
NAMING_PLUGIN = 11  # IDENTIFIED WITH is written: a plugin's name is next
NAMING_PLUGIN_END = 12  # ... and is written
NAMING_CONNECT = 13  # CONNECT is written: a password is behind `/` or USING
NAMING_PRAGMA = 14  # PRAGMA is written
NAMING_SECRET = 15  # PASSWORD is written: a password, `=` or TO is next
NAMING_OWNER = 16  # PASSWORD FOR is written: `=` or TO ends the account
NAMING_VALUE = 17  # a password is next, whatever it is
NAMING_HIDDEN = 18  # a password without quotes is hidden: what may belong to it goes too
NAMING_CLOSED = 19  # a password that is a literal is written: only what touches it goes

_NAMING_OF = {
    lex.ROLE_SAVEPOINT: NAMING_NAME,
    lex.ROLE_RELEASE: NAMING_NAME,
    lex.ROLE_ROLLBACK: NAMING_ROLLBACK,
    lex.ROLE_SAVE: NAMING_ROLLBACK,
    lex.ROLE_FETCH: NAMING_CURSOR,
    lex.ROLE_CURSOR_VERB: NAMING_CURSOR,
    lex.ROLE_DECLARE: NAMING_DECLARE,
    lex.ROLE_DEFINE: NAMING_KIND,
    lex.ROLE_CONNECT: NAMING_CONNECT,
    lex.ROLE_PRAGMA: NAMING_PRAGMA,
}
"""What the first word of a statement says about names and passwords to come."""

_DIRECTIONS = frozenset((lex.ROLE_DIRECTION, lex.ROLE_FIRST, lex.ROLE_FROM, lex.ROLE_IN))
"""The words between FETCH and a cursor's name."""


def _words(text: str) -> FrozenSet[bytes]:
    return frozenset(text.encode().split())


_SENSITIVE_VERBS = _words("administer backup conn export import open recover restore validate")
"""The first words outside the frozen list of statements that can have a password without quotes."""

_ACCOUNT_KINDS = _words(
    "account application certificate connection credential database endpoint group key keystore link login master "
    "profile role secret server session subscription system user"
)
"""What CREATE, ALTER and CHECK give a password to ..."""

_OTHER_KINDS = _words(
    "aggregate column domain event extension function index operator package policy proc procedure publication rule "
    "schema sequence statistics synonym table trigger type view"
)
"""... and what has columns and code, in which `password` is a name."""

_SECRET_ENDINGS = (b"password", b"passwd", b"passphrase", b"pwd", b"secret")
_PRAGMA_KEYS = _words("hexkey hexrekey key rekey textkey")

_SECRET_OPTIONS = _words(
    "account attribute authenticated comment container default enable expire hashed history must_change null profile "
    "quota require retain reuse valid"
)
"""The words that go on after a password, and are none where it has no `=` before it."""

_NAMES = frozenset((TOKEN_WORD, TOKEN_QUOTED))
_NO_VALUES = frozenset((TOKEN_OPERATOR, TOKEN_PUNCTUATION))

DEEPEST_LIST = 64
"""Lists are recognized down to this many open brackets."""

# A capital and digits are an alias of Django's making, which Django 6.1 quotes and earlier versions do not.
_plain_lower = re.compile(rb"[a-z_][a-z0-9_$]*|[A-Z][0-9]+").fullmatch
_plain_upper = re.compile(rb"[A-Z_][A-Z0-9_$]*").fullmatch
_plain_any = re.compile(rb"[A-Za-z_][A-Za-z0-9_$]*").fullmatch
_PLAIN = (_plain_lower, _plain_lower, _plain_any, _plain_lower, _plain_upper, _plain_any)
"""For each dialect, the quoted names that are what it makes of the same word without quotes."""

_CONDITION = lex.STARTS | lex.ENDS

_KEEPS_CASE = frozenset((lex.MYSQL, lex.MSSQL))
_survives_double_quotes = re.compile(rb"[A-Za-z0-9_$.]+").fullmatch
_percents = re.compile(rb"%+").sub


class Normalizer:
    """Writes the canonical text of one statement."""

    def __init__(self, data: bytes, dialect: int) -> None:
        self.lexer = Lexer(data, dialect)
        self.data = data
        self.dialect = dialect
        self.keeps_case = dialect in _KEEPS_CASE
        self.out = bytearray()
        self.last = START  # class of what was written last
        self.last_role = lex.ROLE_NONE  # role of the word that was written last
        self.depth = 0  # open brackets
        self.lists = [False]  # per depth: what stands there are a list's elements
        self.rows = [False]  # per depth: VALUES rows stand there
        self.tuple_starts = [0]  # per depth: where the bracket that opened it was written
        self.element = ELEMENT_EMPTY
        self.element_start = 0
        self.row_start = 0  # where the word ROW of a row was written
        self.earlier = b""  # the element before, empty if it makes no run
        self.comparison = COMPARE_NONE
        self.comparison_start = 0
        self.run = b""  # the comparison that later ones are held against, empty if none
        self.run_end = 0
        self.lone_name = (0, 0)  # where brackets with a name alone in them start and end
        self.unwrapped = False  # the name before the last IN lost its brackets
        self.singles = 0  # the depth of the list behind it: its tuples are of one
        self.signs = False  # the output ends in prefix signs ...
        self.signs_last = START
        self.signs_start = 0  # ... that start here
        self.window = WINDOW_NONE
        self.naming = NAMING_NONE
        self.name_start = 0
        self.name_end = 0
        self.sensitive = False  # in this statement PASSWORD is no name
        self.secret_end = 0  # where the password that was written last ends in the source
        self.literal_count = 0
        self.in_doubt = False

    def normalize(self) -> bytes:
        for token in self.lexer.lexemes():
            if token[0] == TOKEN_COMMENT:
                continue
            if self.naming and self.last != SEMICOLON:
                _NAMING_STEPS[self.naming](self, token)
                # Without its brackets, the name that they hold would be the one that was awaited.
                if self.last == PARENTHESIS:
                    self.comparison = COMPARE_NONE
            else:
                self._next_token(token)
        self._end_comparison()
        # Semicolons at the end say nothing.
        return bytes(self.out.rstrip(b";") if self.last == SEMICOLON else self.out)

    # ---- Writing ----

    def _begin(self, class_: int) -> None:
        """Writes the space that goes before the class, if any, and makes it the last."""
        if not _TOUCHES[class_][self.last]:
            self.out += b" "
        self.last = class_
        self.last_role = lex.ROLE_NONE
        self.signs = False

    # ---- Lists: elements, tuples, rows ----

    def _end_element(self) -> None:
        """An element is whole: drops it with its comma if it equals the one before."""
        runs = self.element in (ELEMENT_LITERAL, ELEMENT_TYPED)
        self.element = ELEMENT_EMPTY
        if not runs or not self.lists[self.depth]:
            self.earlier = b""
            return
        whole = bytes(self.out[self.element_start :])
        if whole == self.earlier:
            del self.out[self.element_start - 2 :]
        else:
            self.earlier = whole

    def _element_word(self) -> None:
        self.element = ELEMENT_TYPED if self.element == ELEMENT_CAST else ELEMENT_OTHER

    def _opens_tuple(self, start: int) -> bool:
        """Whether the bracket at `start` opens a tuple: it follows a bracket, a comma or VALUES."""
        before = bytes(self.out[max(0, start - 7) : start])
        return before[-1:] in (b"(", b"[") or before[-2:] == b", " or before == b"values "

    def _end_tuple(self, start: int) -> None:
        """A tuple that starts at `start` is whole: drops it with its comma if it equals the one before."""
        out = self.out
        before = start - 2 - (len(out) - start)
        if before < 0 or out[start - 2 : start] != b", ":
            return
        if out[start - 3] == out[-1] and self._opens_tuple(before) and out[before : start - 2] == out[start:]:
            del out[start - 2 :]

    def _open_bracket(self, byte: bytes) -> None:
        rows = self.rows[self.depth]
        named_row = rows and self.last_role == lex.ROLE_ROW
        row = named_row or self.last_role == lex.ROLE_VALUES or (rows and self.last == COMMA)
        first = self.last in (COMMA, PARENTHESIS, BRACKET)
        named = self.last_role == lex.ROLE_IN or (byte == b"[" and self.last_role == lex.ROLE_ARRAY)
        is_list = row or named or (first and self.lists[self.depth])
        self.rows[self.depth] = row and self.depth < DEEPEST_LIST
        singles = self.unwrapped and self.last_role == lex.ROLE_IN
        self._begin(PARENTHESIS if byte == b"(" else BRACKET)
        self.depth += 1
        if singles or self.singles == self.depth:
            self.singles = self.depth if singles else 0
        self.lists.append(is_list and self.depth < DEEPEST_LIST)
        self.rows.append(False)
        self.tuple_starts.append(self.row_start if named_row else len(self.out))
        self.out += byte
        self.element = ELEMENT_EMPTY
        self.earlier = b""

    def _unwrap_list(self, start: int) -> None:
        """A list that starts at `start` is whole: `((?))` is `(?)`."""
        self.singles = 0
        if self.out[start:] == b"((?))":
            self.out[start:] = b"(?)"

    def _close_bracket(self, byte: bytes) -> None:
        self._end_element()
        self._begin(CLOSING)
        self.out += byte
        self.element = ELEMENT_OTHER
        self.earlier = b""
        if self.depth == 0:
            return
        self.depth -= 1
        is_tuple = self.lists.pop()
        self.rows.pop()
        start = self.tuple_starts.pop()
        if is_tuple and self.depth + 1 == self.singles:
            self._unwrap_list(start)
        if is_tuple and (self.rows[self.depth] or self.lists[self.depth]):
            self._end_tuple(start)

    # ---- Comparisons joined by OR ----

    def _leave_comparison(self) -> None:
        self.comparison = COMPARE_NONE
        self.run = b""

    def _end_comparison(self) -> None:
        """A comparison is whole: drops it with its OR if it equals the one that the run began with."""
        if self.comparison != COMPARE_DONE:
            self.run = b""
            return
        whole = bytes(self.out[self.comparison_start :])
        if whole == self.run:
            del self.out[self.run_end :]
        else:
            self.run = whole
            self.run_end = len(self.out)

    def _compare_name(self) -> None:
        if self.comparison == COMPARE_OPEN:
            self.comparison = COMPARE_COLUMN
            self.comparison_start = len(self.out)
        elif self.comparison == COMPARE_DOT:
            self.comparison = COMPARE_COLUMN
        else:
            self._leave_comparison()

    def _compare_word(self, word: Word) -> None:
        if not word.flags & _CONDITION:
            self._leave_comparison()
            return
        if word.role == lex.ROLE_OR:
            self._end_comparison()
            self.comparison = COMPARE_OPEN
            return
        if word.flags & lex.ENDS:
            self._end_comparison()
        self._leave_comparison()
        if word.flags & lex.STARTS:
            self.comparison = COMPARE_OPEN

    def _compare_step(self, expected: int, following: int) -> None:
        """Goes on if the comparison has come as far as expected."""
        if self.comparison == expected:
            self.comparison = following
        else:
            self._leave_comparison()

    # ---- A name alone in brackets before IN ----

    def _holds_lone_name(self) -> bool:
        """Whether nothing but a name stands in the innermost brackets, and they call nothing and are no list."""
        start = self.comparison_start
        if self.comparison != COMPARE_COLUMN or self.out[start - 1 : start] != b"(" or self.lists[self.depth]:
            return False
        return self.out[max(0, start - 2) : start - 1] in (b"", b" ", b"(")

    def _unwrap_lone_name(self) -> None:
        """IN follows: `(a.b)` at the end of the output is `a.b`."""
        start, end = self.lone_name
        self.unwrapped = end > 0 and end == len(self.out)
        if self.unwrapped:
            del self.out[-1:]
            del self.out[start : start + 1]

    # ---- Tokens ----

    def _write_token(self, token: Lexeme) -> None:
        kind, start, end, operand, word = token
        if kind == TOKEN_QUOTED:
            self._write_quoted(self.data[start:end])
        elif kind == TOKEN_PUNCTUATION:
            text = self.data[start:end]
            _PUNCTUATION_STEPS.get(text, Normalizer._write_semicolon)(self, text)
        elif kind == TOKEN_WORD and self._is_constant(word):
            self.lexer.hide()
            self._write_literal()
        elif kind == TOKEN_WORD and self._is_value_list(start, end):
            self._write_word(b"values", lex.WORDS[b"values"])
        elif kind == TOKEN_WORD:
            self._write_word(self.data[start:end], word)
        elif kind == TOKEN_OPERATOR:
            self._write_operator(self.data[start:end], operand)
        else:
            self._count_literal(kind)
            self._write_literal()
            self.in_doubt = kind == TOKEN_DOUBT

    def _note_word(self, role: int) -> None:
        """A word that is not after a dot may change what numbers and names to come mean."""
        if role == lex.ROLE_LIMIT or role == lex.ROLE_FETCH:
            self.window = WINDOW_NUMBER
        elif role != lex.ROLE_FIRST and role != lex.ROLE_DIRECTION:
            self.window = WINDOW_NONE
        self.rows[self.depth] = role == lex.ROLE_VALUES and self.depth < DEEPEST_LIST
        if role == lex.ROLE_SELECT:
            self.lists[self.depth] = False

    def _is_constant(self, word: Word) -> bool:
        """Whether a word is a value: NULL, TRUE or FALSE right behind an operator, or first in an element."""
        if word.role != lex.ROLE_CONSTANT:
            return False
        return self.last == OPERATOR or (self.element == ELEMENT_EMPTY and self.lists[self.depth])

    def _is_value_list(self, start: int, end: int) -> bool:
        """MySQL's other word for VALUES: VALUE behind the table or its columns."""
        if end - start != 5 or self.dialect != lex.MYSQL or self.last not in (NAME, CLOSING):
            return False
        return self.data[start:end].lower() == b"value" and self.lexer.opens_bracket(end)

    def _begins_row(self, role: int) -> bool:
        """MySQL's ROW(1, 2) where a row of VALUES may stand."""
        behind = self.last_role == lex.ROLE_VALUES or (self.rows[self.depth] and self.last == COMMA)
        return role == lex.ROLE_ROW and behind and self.depth < DEEPEST_LIST

    def _write_word(self, text: bytes, word: Word) -> None:
        keyword = word.flags != 0
        if keyword:
            self._compare_word(word)
        if word.role == lex.ROLE_IN:
            self._unwrap_lone_name()
        row = self._begins_row(word.role)
        self._note_word(word.role)
        self._element_word()
        self._begin(KEYWORD if keyword and not word.flags & lex.FUNCTION else NAME)
        self.last_role = word.role
        if row:
            self.rows[self.depth] = True
            self.row_start = len(self.out)
        if not keyword:
            self._compare_name()
        self.out += text if self.keeps_case and not keyword else text.lower()

    def _leave_window_and_rows(self) -> None:
        """What every token but words, literals and brackets ends."""
        self.window = WINDOW_NONE
        self.rows[self.depth] = False

    def _write_quoted(self, text: bytes) -> None:
        self._leave_window_and_rows()
        self._element_word()
        self._begin(NAME)
        self._compare_name()
        self.out += self._unquoted(text)

    def _unquoted(self, text: bytes) -> bytes:
        """A quoted name without its quotes where it needs none, else in the one style that is read again as it is."""
        name = text[1:-1]
        opening = text[:1]
        if opening in (b"u", b"U"):
            return b"u" + text[1:]
        if _PLAIN[self.dialect](name):
            lower = name.lower()
            if lower not in lex.WORDS:
                return name if self.keeps_case else lower
        if opening == b'"' or self.dialect == lex.MYSQL:
            return text
        if self.dialect == lex.GENERIC and not _survives_double_quotes(name):
            return text
        if opening == b"`":
            name = name.replace(b"``", b"`")
        elif self.dialect == lex.MSSQL:
            name = name.replace(b"]]", b"]")
        return b'"' + name.replace(b'"', b'""') + b'"'

    def _write_literal(self) -> None:
        """Writes `?`; a sign before it belongs to it, and a literal right before it is one with it."""
        if self.signs:
            del self.out[self.signs_start :]
            self.last = self.signs_last
        if self.comparison != COMPARE_DONE:
            self._compare_step(COMPARE_EQUALS, COMPARE_DONE)
        self.rows[self.depth] = False
        if self.last == LITERAL:
            return
        self._begin(LITERAL)
        if self.element == ELEMENT_EMPTY:
            self.element = ELEMENT_LITERAL
            self.element_start = len(self.out)
        else:
            self.element = ELEMENT_OTHER
        self.out += b"?"

    def _count_literal(self, kind: int) -> None:
        window = self.window == WINDOW_NUMBER and kind in (TOKEN_NUMBER, TOKEN_PLACEHOLDER)
        if kind != TOKEN_PLACEHOLDER and not window:
            self.literal_count += 1
        self.window = WINDOW_COMMA if window else WINDOW_NONE

    def _write_sign(self, text: bytes) -> None:
        """Writes a sign that an operand follows, so that a literal can take it away."""
        signs, last, start = self.signs, self.last, len(self.out)
        if self.comparison != COMPARE_EQUALS:
            self._leave_comparison()
        if self.element != ELEMENT_EMPTY:
            self.element = ELEMENT_OTHER
        self.rows[self.depth] = False
        self._begin(OPERATOR)
        self.out += text
        if not signs:
            self.signs_start = start
            self.signs_last = last
        self.signs = True

    def _write_operator(self, text: bytes, operand: bool) -> None:
        if operand and (text == b"-" or text == b"+"):
            self._write_sign(text)
            return
        if text == b"=":
            self._compare_step(COMPARE_COLUMN, COMPARE_EQUALS)
        else:
            self._leave_comparison()
        self._leave_window_and_rows()
        cast = text == b"::"
        typed = self.element in (ELEMENT_LITERAL, ELEMENT_TYPED)
        self.element = ELEMENT_CAST if cast and typed else ELEMENT_OTHER
        self._begin(CAST if cast else OPERATOR)
        if text[:1] == b"?" and text[:2] != b"??":
            self.out += b"?"  # a lone `?` in canonical text is always a literal
        self.out += _percents(b"%", text)  # `%%` is a doubled `%`

    def _write_opening(self, byte: bytes) -> None:
        self.window = WINDOW_NONE
        self._leave_comparison()
        self._open_bracket(byte)
        if byte == b"(":
            self.comparison = COMPARE_OPEN

    def _write_closing(self, byte: bytes) -> None:
        self.window = WINDOW_NONE
        lone = self._holds_lone_name()
        self._end_comparison()
        self._leave_comparison()
        self._close_bracket(byte)
        if lone:
            self.lone_name = (self.comparison_start - 1, len(self.out))

    def _write_comma(self, byte: bytes) -> None:
        self.window = WINDOW_NUMBER if self.window == WINDOW_COMMA else WINDOW_NONE
        self._leave_comparison()
        self._end_element()
        self._begin(COMMA)
        self.out += byte

    def _write_semicolon(self, _: bytes) -> None:
        """A semicolon, or what a client takes for one."""
        self._end_comparison()
        self._leave_comparison()
        self._leave_window_and_rows()
        self.element = ELEMENT_OTHER
        if self.last != START and self.last != SEMICOLON:
            self._begin(SEMICOLON)
            self.out += b";"

    def _write_dot(self, byte: bytes) -> None:
        self._compare_step(COMPARE_COLUMN, COMPARE_DOT)
        self._leave_window_and_rows()
        self.element = ELEMENT_OTHER
        self._begin(DOT)
        self.out += byte

    # ---- Names of savepoints and cursors ----

    def _next_token(self, token: Lexeme) -> None:
        """A token that nothing waits for; it may say that a name or a password comes."""
        self.naming = NAMING_NONE
        role = token[4].role
        if self.last == START or self.last == SEMICOLON:
            self._begin_statement(token)
        elif role == lex.ROLE_IDENTIFIED:
            self.naming = NAMING_IDENTIFIED
        elif role == lex.ROLE_DEFINE and self.last_role == lex.ROLE_OPENS:
            self.naming = NAMING_KIND
            self.sensitive = True
        elif self.sensitive:
            self._watch(token)
        self._write_token(token)

    def _begin_statement(self, token: Lexeme) -> None:
        role = token[4].role
        self.naming = _NAMING_OF.get(role, NAMING_NONE)
        self.sensitive = self.naming >= NAMING_KIND or role == lex.ROLE_SENSITIVE
        if not token[4].flags and token[0] == TOKEN_WORD:
            verb = self._lower(token)
            self.naming = NAMING_CONNECT if verb == b"conn" else NAMING_NONE
            self.sensitive = verb in _SENSITIVE_VERBS

    def _write_hidden(self, token: Lexeme, naming: int) -> None:
        """Writes a name as `?`, or a literal that stands in its place."""
        self.naming = naming
        self.lexer.hide()
        if token[0] in _NAMES:
            self.window = WINDOW_NONE
            self._write_literal()
        else:
            self._write_token(token)

    def _write_and_expect(self, token: Lexeme, naming: int) -> None:
        """Writes a token that leaves the name still to come."""
        self._write_token(token)
        self.naming = naming

    def _is_sign(self, token: Lexeme) -> bool:
        return token[3] and self.data[token[1] : token[2]] in (b"-", b"+")

    def _named(self, token: Lexeme) -> None:
        if token[4].role == lex.ROLE_SAVEPOINT or self._is_sign(token):
            self._write_and_expect(token, NAMING_NAME)
        elif token[0] not in _NO_VALUES:
            self._write_hidden(token, NAMING_TAIL)
        else:
            self._write_and_expect(token, NAMING_NONE)

    def _tail(self, token: Lexeme) -> None:
        """Behind a hidden name: the rest of a dotted name and literals go with it."""
        if token[0] == TOKEN_PUNCTUATION and self.data[token[1]] == 0x2E:
            self.naming = NAMING_TAIL_DOT
        elif token[4].role in (lex.ROLE_FROM, lex.ROLE_IN):
            self._write_and_expect(token, NAMING_NAME)
        else:
            literal = token[0] not in _NO_VALUES and token[0] not in _NAMES
            self._write_and_expect(token, NAMING_TAIL if literal else NAMING_NONE)

    def _tail_dot(self, token: Lexeme) -> None:
        if token[0] not in _NO_VALUES:
            self.naming = NAMING_TAIL
            self.lexer.hide()
            self.in_doubt = token[0] == TOKEN_DOUBT
        elif token[0] == TOKEN_OPERATOR or self.data[token[1]] != 0x2E:
            self._write_and_expect(token, NAMING_NONE)

    def _rollback(self, token: Lexeme) -> None:
        role = token[4].role
        if role == lex.ROLE_WORK:
            self._write_and_expect(token, NAMING_WORK)
        else:
            self._write_and_expect(token, NAMING_NAME if role == lex.ROLE_TO else NAMING_NONE)

    def _work(self, token: Lexeme) -> None:
        """ROLLBACK TRANSACTION x, where x is no word of the list."""
        if token[0] not in _NO_VALUES and not token[4].flags:
            self._write_hidden(token, NAMING_TAIL)
        else:
            self._rollback(token)

    def _cursor(self, token: Lexeme) -> None:
        if token[4].role in _DIRECTIONS or self._is_sign(token):
            self._write_and_expect(token, NAMING_CURSOR)
        elif token[0] not in _NO_VALUES:
            self._write_hidden(token, NAMING_TAIL)
        else:
            self._write_and_expect(token, NAMING_NONE)

    def _declare(self, token: Lexeme) -> None:
        self.name_start = len(self.out) + 1
        self._write_and_expect(token, NAMING_DECLARED if token[0] in _NAMES else NAMING_NONE)
        self.name_end = len(self.out)

    def _declared(self, token: Lexeme) -> None:
        """CURSOR makes the word after DECLARE a cursor's name: it stands a few words back."""
        role = token[4].role
        if role == lex.ROLE_CURSOR:
            self.out[self.name_start : self.name_end] = b"?"
        self._write_and_expect(token, NAMING_DECLARED if role == lex.ROLE_OPTION else NAMING_NONE)

    # ---- Passwords ----

    def _lower(self, token: Lexeme) -> bytes:
        """The word in lower case, empty if the token is none."""
        return self.data[token[1] : token[2]].lower() if token[0] == TOKEN_WORD else b""

    def _is_secret(self, word: bytes) -> bool:
        return word.endswith(_SECRET_ENDINGS) or word == b"identity"

    def _watch(self, token: Lexeme) -> None:
        """In a statement that can have a password."""
        if token[4].role == lex.ROLE_SELECT:
            self.sensitive = False
        elif self._is_secret(self._lower(token)):
            self.naming = NAMING_SECRET

    def _kind(self, token: Lexeme) -> None:
        """Behind CREATE and ALTER: what decides whether PASSWORD is a name."""
        word = self._lower(token)
        first = self.last_role == lex.ROLE_DEFINE
        if word in _OTHER_KINDS or (first and self._is_secret(word) and word not in _ACCOUNT_KINDS):
            self.sensitive = False
            self._write_and_expect(token, NAMING_NONE)
        elif word in _ACCOUNT_KINDS:
            self._write_and_expect(token, NAMING_NONE)
        elif self._is_secret(word):
            self._write_and_expect(token, NAMING_SECRET)
        elif token[4].role == lex.ROLE_IDENTIFIED:
            self._write_and_expect(token, NAMING_IDENTIFIED)
        else:
            self._write_and_expect(token, NAMING_KIND)

    def _identified(self, token: Lexeme) -> None:
        word = self._lower(token)
        if word == b"by":
            self.sensitive = True
            self._write_and_expect(token, NAMING_VALUE)
        elif word in (b"with", b"via"):
            self.sensitive = True
            self._write_and_expect(token, NAMING_PLUGIN)
        else:
            self._next_token(token)

    def _plugin(self, token: Lexeme) -> None:
        self._write_and_expect(token, NAMING_PLUGIN_END)

    def _plugin_end(self, token: Lexeme) -> None:
        if self._lower(token) in (b"as", b"by", b"using"):
            self._write_and_expect(token, NAMING_VALUE)
            return
        self._next_token(token)
        # Literals behind the plugin, and their signs, are one `?`: read again, it is passed over too.
        passed = self.last == LITERAL or token[0] == TOKEN_OPERATOR
        if passed and self.naming == NAMING_NONE:
            self.naming = NAMING_PLUGIN_END

    def _connect(self, token: Lexeme) -> None:
        """CONNECT scott/tiger@db; CONNECT TO db USER u USING secret; CONNECT u PASSWORD secret."""
        word = self._lower(token)
        if word == b"by" and self.last == KEYWORD:
            self.sensitive = False
            self._write_and_expect(token, NAMING_NONE)
        elif word == b"using" or (token[0] == TOKEN_OPERATOR and self.data[token[1]] == 0x2F):
            self._write_and_expect(token, NAMING_VALUE)
        elif self._is_secret(word) or token[4].role == lex.ROLE_IDENTIFIED:
            self._next_token(token)
        else:
            self._write_and_expect(token, NAMING_CONNECT)

    def _pragma(self, token: Lexeme) -> None:
        """PRAGMA key = secret, PRAGMA main.rekey(secret)."""
        word = self._lower(token)
        goes_on = token[0] in _NAMES or (token[0] == TOKEN_PUNCTUATION and self.data[token[1]] == 0x2E)
        if word in _PRAGMA_KEYS:
            self._write_and_expect(token, NAMING_SECRET)
        else:
            self._write_and_expect(token, NAMING_PRAGMA if goes_on else NAMING_NONE)

    def _write_secret(self, token: Lexeme) -> None:
        """Writes a password as `?`."""
        self.naming = NAMING_HIDDEN
        self.secret_end = token[2]
        self.literal_count += 1
        self.window = WINDOW_NONE
        self.lexer.hide()
        self._write_literal()

    def _write_closed_secret(self, token: Lexeme) -> None:
        """Writes a password that is a literal, or a placeholder, which may be a password that begins with `$`."""
        self.secret_end = token[2]
        self.literal_count += token[0] == TOKEN_PLACEHOLDER
        self._write_and_expect(token, NAMING_CLOSED)

    def _drop_secret(self, token: Lexeme, naming: int) -> None:
        """Drops more of a password."""
        self.naming = naming
        self.secret_end = token[2]
        self.lexer.hide()
        if token[0] not in _NO_VALUES and token[0] not in _NAMES:
            self.literal_count += 1
            self.in_doubt = token[0] == TOKEN_DOUBT

    def _assigns(self, token: Lexeme) -> bool:
        """Whether the token leads from PASSWORD to what surely is one."""
        return self.data[token[1] : token[2]] in (b"=", b":=") or self._lower(token) == b"to"

    def _secret(self, token: Lexeme) -> None:
        word = self._lower(token)
        if self._assigns(token) or self.data[token[1] : token[2]] == b"(":
            self._write_and_expect(token, NAMING_VALUE)
        elif word == b"for":
            self._write_and_expect(token, NAMING_OWNER)
        elif word in _SECRET_OPTIONS or token[4].role == lex.ROLE_IDENTIFIED or token[0] == TOKEN_PUNCTUATION:
            self._next_token(token)
        else:
            self._value(token)

    def _owner(self, token: Lexeme) -> None:
        self._write_and_expect(token, NAMING_VALUE if self._assigns(token) else NAMING_OWNER)

    def _calls(self, token: Lexeme) -> bool:
        """PASSWORD('...'), where a password is due."""
        return self._is_secret(self._lower(token)) and self.lexer.opens_bracket(token[2])

    def _value(self, token: Lexeme) -> None:
        kind = token[0]
        if kind == TOKEN_PUNCTUATION:
            self._value_punctuation(token)
        elif self._calls(token):
            self._write_and_expect(token, NAMING_SECRET)
        elif kind == TOKEN_OPERATOR or kind in _NAMES:
            self._write_secret(token)
        else:
            self._write_closed_secret(token)

    def _value_punctuation(self, token: Lexeme) -> None:
        """Behind a dropped `(` or REPLACE, what would belong to the `?` in canonical text goes too."""
        if self.last == LITERAL and self._belongs(token):
            return
        if self.data[token[1]] == 0x28:
            self._write_and_expect(token, NAMING_VALUE)
        else:
            self._next_token(token)

    def _belongs(self, token: Lexeme) -> bool:
        """Drops the token if it goes on with the password before it: it touches it, or would in canonical text."""
        text = self.data[token[1] : token[2]]
        if self._lower(token) in (b"replace", b"set"):  # and the other one
            self._drop_secret(token, NAMING_VALUE)
        elif text in (b".", b"[", b"::") or (token[1] == self.secret_end and text not in (b";", b",", b")", b"]")):
            self._drop_secret(token, NAMING_VALUE if text == b"(" else NAMING_HIDDEN)
        else:
            return False
        return True

    def _closed(self, token: Lexeme) -> None:
        if self._belongs(token):
            return
        if token[0] not in _NO_VALUES and token[0] not in _NAMES:  # adjacent literals are one
            self._write_closed_secret(token)
        else:
            self._next_token(token)

    def _hidden(self, token: Lexeme) -> None:
        if self._belongs(token):
            return
        word = self._lower(token)
        known = token[4].flags or word in _SECRET_OPTIONS or self._is_secret(word)
        if token[0] == TOKEN_PUNCTUATION or (word and known):
            self._next_token(token)
        else:
            self._drop_secret(token, NAMING_HIDDEN)


_PUNCTUATION_STEPS: Dict[bytes, Callable[[Normalizer, bytes], None]] = {
    b"(": Normalizer._write_opening,
    b"[": Normalizer._write_opening,
    b")": Normalizer._write_closing,
    b"]": Normalizer._write_closing,
    b",": Normalizer._write_comma,
    b";": Normalizer._write_semicolon,
    b".": Normalizer._write_dot,
}

_NAMING_STEPS: Dict[int, Callable[[Normalizer, Lexeme], None]] = {
    NAMING_NAME: Normalizer._named,
    NAMING_TAIL: Normalizer._tail,
    NAMING_TAIL_DOT: Normalizer._tail_dot,
    NAMING_ROLLBACK: Normalizer._rollback,
    NAMING_WORK: Normalizer._work,
    NAMING_CURSOR: Normalizer._cursor,
    NAMING_DECLARE: Normalizer._declare,
    NAMING_DECLARED: Normalizer._declared,
    NAMING_KIND: Normalizer._kind,
    NAMING_IDENTIFIED: Normalizer._identified,
    NAMING_PLUGIN: Normalizer._plugin,
    NAMING_PLUGIN_END: Normalizer._plugin_end,
    NAMING_CONNECT: Normalizer._connect,
    NAMING_PRAGMA: Normalizer._pragma,
    NAMING_SECRET: Normalizer._secret,
    NAMING_OWNER: Normalizer._owner,
    NAMING_VALUE: Normalizer._value,
    NAMING_HIDDEN: Normalizer._hidden,
    NAMING_CLOSED: Normalizer._closed,
}

_Bytes = Union[bytes, bytearray, memoryview]


def normalize(data: _Bytes, dialect: int) -> Normalized:
    """The canonical text of `data` and its fingerprint. Raises UnknownDialectError, LimitExceededError."""
    normalizer = Normalizer(bytes(data), dialect)
    text = normalizer.normalize()
    return Normalized(text, xxh3_64(text), normalizer.literal_count, normalizer.in_doubt)


def canonical(data: _Bytes, dialect: int) -> bytes:
    """The canonical text of `data` alone. Raises what `normalize` raises."""
    return Normalizer(bytes(data), dialect).normalize()


def fingerprint(data: _Bytes, dialect: int) -> int:
    """The fingerprint of `data` alone. Raises what `normalize` raises."""
    return xxh3_64(canonical(data, dialect))


def fingerprint_batch(
    data: _Bytes, offsets: Any, dialect: int, validity: Optional[memoryview] = None, validity_start: int = 0
) -> "array[int]":
    """The fingerprints of statements that lie in `data` as Arrow lays out strings; 0 for a null.

    `offsets` is a flat buffer of signed integers of 4 or 8 bytes, one more than statements.
    `validity` is Arrow's bitmap of flat bytes, row 0's bit at `validity_start`. Raises
    InvalidArgumentError with the row whose offsets are wrong, UnknownDialectError,
    LimitExceededError.
    """
    rows = _texts(data, offsets, dialect, validity, validity_start)
    return array("Q", (0 if text is None else xxh3_64(text) for text in rows))


def normalize_batch(
    data: _Bytes, offsets: Any, dialect: int, validity: Optional[memoryview] = None, validity_start: int = 0
) -> "Tuple[bytearray, array[int]]":
    """The canonical texts one behind the other, and their signed 64-bit offsets; a null's text is empty.

    Takes and raises what `fingerprint_batch` does.
    """
    canonical = bytearray()
    canonical_offsets = array("q", [0])
    for text in _texts(data, offsets, dialect, validity, validity_start):
        canonical += text or b""
        canonical_offsets.append(len(canonical))
    return canonical, canonical_offsets


def _texts(
    data: _Bytes, offsets: Any, dialect: int, validity: Optional[memoryview], validity_start: int
) -> Iterator[Optional[bytes]]:
    """The canonical text of each row, None for a null. All rows are checked before the first is read."""
    if dialect not in range(len(DIALECTS)):
        raise failure(UNKNOWN_DIALECT)
    view = memoryview(data)
    for row, (start, end) in enumerate(_checked_rows(offsets, len(view))):
        bit = validity_start + row
        if validity is not None and not validity[bit // 8] >> bit % 8 & 1:
            yield None
            continue
        if end - start > lex.MAX_BYTES:
            raise failure(LIMIT_EXCEEDED, lex.MAX_BYTES)
        yield Normalizer(bytes(view[start:end]), dialect).normalize()


def _checked_rows(offsets: Any, length: int) -> List[Tuple[int, int]]:
    """Start and end of every row, from a copy: another thread may write to `offsets`."""
    with memoryview(offsets) as view:
        bounds = array("i" if view.itemsize == 4 else "q", view.tobytes())
    rows = list(zip(bounds, bounds[1:]))
    for row, (start, end) in enumerate(rows):
        if not 0 <= start <= end <= length:
            raise failure(INVALID_ARGUMENT, row)
    return rows
