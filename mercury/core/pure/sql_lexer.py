"""Bytes to tokens, one pass, per dialect; the twin of sql_lexer.c.

What a byte means depends on the dialect and, for placeholders and signs, on whether an
operand may stand there. That is all the state there is:

    SELECT  a  -  1      after a name an operator is expected: binary minus
    SELECT     -  1      after SELECT an operand: the sign of a literal
    data ? 'key'         PostgreSQL after a name: the jsonb operator
    id = ?               after an operator: a placeholder

Where two dialects would disagree about the end of a literal, `generic` says DOUBT.
"""

import re
from copy import copy
from typing import Callable, Dict, Iterator, List, Match, NamedTuple, Optional, Tuple, Union

from mercury.core.pure.error import LIMIT_EXCEEDED, UNKNOWN_DIALECT, failure
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
    Token,
)

MAX_BYTES = 50_000_000
"""Longer texts are refused: at the twin's speed they would stall their host for minutes."""

GENERIC = DIALECTS["generic"]
POSTGRESQL = DIALECTS["postgresql"]
MYSQL = DIALECTS["mysql"]
SQLITE = DIALECTS["sqlite"]
ORACLE = DIALECTS["oracle"]
MSSQL = DIALECTS["mssql"]

# What a word of the frozen list does to the text around it.
OPERAND = 1  # an operand is expected after it: a sign there belongs to a literal
MAYBE = 2  # an operand may follow (`date '...'`), but a sign there is binary
FUNCTION = 4  # written without a space before `(`
ENDS = 8  # ends a condition
STARTS = 16  # a condition starts after it
KEYWORD = 32  # the word is in the list
APART = 64  # GO, STDIN, ESCAPE: what it does depends on what stands around it

# Words that sql_normalize has to tell from all others.
ROLE_NONE = 0
ROLE_IN = 1
ROLE_VALUES = 2
ROLE_ARRAY = 3
ROLE_SELECT = 4
ROLE_OR = 5
ROLE_LIMIT = 6
ROLE_FETCH = 7
ROLE_FIRST = 8
ROLE_SAVEPOINT = 9
ROLE_RELEASE = 10
ROLE_ROLLBACK = 11
ROLE_TO = 12
ROLE_WORK = 13
ROLE_CURSOR_VERB = 14
ROLE_DECLARE = 15
ROLE_CURSOR = 16
ROLE_OPTION = 17  # between a cursor's name and CURSOR
ROLE_DIRECTION = 18  # between FETCH and a cursor's name
ROLE_FROM = 19
ROLE_CONSTANT = 20
ROLE_OPENS = 21  # a statement may begin after it
ROLE_SENSITIVE = 22  # a statement that begins with it may have a password
ROLE_CONNECT = 23
ROLE_PRAGMA = 24
ROLE_ESCAPE = 25
ROLE_ROW = 26
ROLE_SAVE = 27
ROLE_DEFINE = 28  # an account, a link, a key: what has a password
ROLE_IDENTIFIED = 29

_ROLES = (
    (ROLE_IN, "in"),
    (ROLE_VALUES, "values"),
    (ROLE_ARRAY, "array"),
    (ROLE_SELECT, "select"),
    (ROLE_OR, "or"),
    (ROLE_LIMIT, "limit offset"),
    (ROLE_FETCH, "fetch"),
    (ROLE_FIRST, "first next"),
    (ROLE_SAVEPOINT, "savepoint"),
    (ROLE_RELEASE, "release"),
    (ROLE_ROLLBACK, "rollback"),
    (ROLE_TO, "to"),
    (ROLE_WORK, "tran transaction work"),
    (ROLE_CURSOR_VERB, "close move"),
    (ROLE_DECLARE, "declare"),
    (ROLE_CURSOR, "cursor"),
    (ROLE_OPTION, "asensitive binary insensitive no scroll"),
    (ROLE_DIRECTION, "absolute all backward forward last prior relative"),
    (ROLE_FROM, "from"),
    (ROLE_CONSTANT, "false null true"),
    (ROLE_DEFINE, "alter check create"),
    (ROLE_IDENTIFIED, "identified"),
    (ROLE_OPENS, "as begin do else go then"),
    (ROLE_SENSITIVE, "add change set start"),
    (ROLE_CONNECT, "connect"),
    (ROLE_PRAGMA, "pragma"),
    (ROLE_ESCAPE, "escape"),
    (ROLE_ROW, "row"),
    (ROLE_SAVE, "save"),
)

_LIST = (
    (
        APART,
        """
        go stdin
    """,
    ),
    (
        OPERAND | APART,
        """
        escape
    """,
    ),
    (
        0,
        """
        abort add alter always apply asc asensitive asymmetric auto_increment autoincrement begin cascade chain
        change charset collate column columns commit committed concurrently conflict connect constraint create cross
        cube current_user cursor deallocate declare deferrable deferred delayed delete desc describe drop dual
        duplicate enclosed end engine escaped exclusive fail false filter following force foreign full generated
        grant groups high_priority ignore immediate index infile initially inner insensitive isolation join key kill
        lateral load lock locked low_priority materialized merge modify natural no nocycle nothing notnull nowait
        null nulls of off only ordinality outer outfile over overlaps partition percent pivot preceding precision
        prepare primary procedure processlist raiserror read recursive references rename repeatable restrict revoke
        rollback rollup rowid rownum rows save scroll sequence serializable session_user sets signed skip
        sql_calc_found_rows sql_no_cache start straight_join symmetric table tables tablespace temp temporary
        terminated ties tran transaction trigger true truncate unbounded uncommitted unique unknown unlock unlogged
        unpivot unsigned update upsert use variables view within without work write zerofill
    """,
    ),
    (
        OPERAND,
        """
        absolute against all analyze and as backward between binary by call case check close default distinct div do
        else elseif exec execute exists explain first forward from glob ilike in into is last like move next
        not pragma prior regexp relative release return rlike savepoint select set show similar sounds to top
        uescape using vacuum values while with xor
    """,
    ),
    (
        MAYBE,
        """
        identified password timestamptz until zone
    """,
    ),
    (
        FUNCTION,
        """
        abs array_agg avg bigint bit blob bool_and bool_or boolean cast ceil ceiling char char_length character
        coalesce concat concat_ws convert count current_date current_time current_timestamp database date_add
        date_format date_sub dateadd datediff datetime decimal decode dense_rank double every extract first_value
        float floor found_rows getdate greatest group_concat grouping if ifnull iif insert int integer isnull
        json_agg json_array json_extract json_object json_type json_unquote jsonb_agg lag last_insert_id last_value
        lead least left len localtime localtimestamp lower max min nchar now ntile nullif numeric nvarchar nvl
        overlay rand random real replace right round row row_number schema smallint stddev string_agg substr
        substring sum sysdate tinyint to_char to_date to_number trim upper user varchar variance
    """,
    ),
    (
        OPERAND | FUNCTION,
        """
        any array match mod some
    """,
    ),
    (
        MAYBE | FUNCTION,
        """
        date interval time timestamp
    """,
    ),
    (
        ENDS,
        """
        for group order window
    """,
    ),
    (
        OPERAND | ENDS,
        """
        except fetch intersect limit minus offset returning then union
    """,
    ),
    (
        OPERAND | STARTS,
        """
        on or when where
    """,
    ),
    (
        OPERAND | ENDS | STARTS,
        """
        having
    """,
    ),
)


class Word(NamedTuple):
    """What the frozen list says about a word."""

    flags: int
    role: int


NO_WORD = Word(0, ROLE_NONE)


def _frozen_list() -> Dict[bytes, Word]:
    roles = {word: role for role, words in _ROLES for word in words.split()}
    return {
        word.encode(): Word(flags | KEYWORD, roles.get(word, ROLE_NONE))
        for flags, words in _LIST
        for word in words.split()
    }


WORDS = _frozen_list()
"""The frozen list, in lower case. A change is a new version of docs/fingerprint-spec.md."""

# What the last token leaves to expect.
AFTER_START = 0  # the start, or the end of a statement: an operand, or what only a client reads
AFTER_ESCAPE = 1  # an operand, which may be a backslash
AFTER_OPERAND_WORD = 2  # operator, opening bracket, comma, SELECT ...: an operand
AFTER_MAYBE_WORD = 3  # a placeholder may stand, a sign is binary
AFTER_NAME = 4  # an operator
AFTER_VALUE = 5  # an operator; what is before is no identifier
AFTER_DOT = 6  # a name
AFTER_NAME_DOT = 7  # a name, and in MySQL it may begin with a digit

_AFTER_FLAGS = dict.fromkeys(range(128), AFTER_NAME)
_AFTER_FLAGS.update({flags: AFTER_MAYBE_WORD for flags in range(128) if flags & MAYBE})
_AFTER_FLAGS.update({flags: AFTER_OPERAND_WORD for flags in range(128) if flags & OPERAND})

# The bytes from 0x80 on are letters, as servers take them.
_START = rb"A-Za-z_\x80-\xff"
_TAG = rb"A-Za-z0-9_\x80-\xff"
_WORD = (_TAG + rb"$",) * 4 + (_TAG + rb"$#", _TAG + rb"$#@")

_word_ends = [re.compile(rb"[" + letters + rb"]*").match for letters in _WORD]
_space = re.compile(rb"[\t-\r ]*").match
_digits = re.compile(rb"[0-9]*").match
_tag = re.compile(rb"[" + _TAG + rb"]*").match
_word_start = re.compile(rb"[" + _START + rb"]").match
_ends_name = re.compile(rb"[" + _WORD[MYSQL] + rb"`]").fullmatch
_temporary_table = re.compile(rb"#[" + _START + rb"#]").match
_any_quote = re.compile(rb"['\"`]").search
_sure_identifier = re.compile(rb"[A-Za-z0-9_$.]+").fullmatch
_carriage_return = re.compile(rb"[\r\n]").search
_block_mark = re.compile(rb"\*/|/\*").search
_number = re.compile(
    rb"0[xXoObB][" + _TAG + rb"]*|[0-9]*(?:\.(?!\.)[0-9]*)?(?:[eE][-+](?=[0-9]))?[" + _TAG + rb"]*"
).match
# The signs of currencies that SQL Server reads before money, all but `$`.
_money = re.compile(
    rb"(?:\xc2[\xa2-\xa5]|\xe0\xa7[\xb2\xb3]|\xe0\xb8\xbf|\xe1\x9f\x9b|\xe2\x82[\xa0-\xb1]|\xef\xb7\xbc|\xef\xb9\xa9"
    rb"|\xef\xbc\x84|\xef\xbf[\xa0\xa1\xa5\xa6])(?=[0-9])"
).match
# Longer operators and placeholder names are split: bounded look-ahead keeps the time linear.
_percent_placeholder = re.compile(rb"%(?:\([" + _TAG + rb". -]{0,63}\))?[sbt](?![" + _TAG + rb"$])").match
_operator_bytes = re.compile(rb"[-+*/<>=~!@#%^&|`]{0,64}").match
_run_mark = re.compile(rb"--|/\*|[%#`@]").search
_makes_sign_legal = re.compile(rb"[~!@#%^&|`]").search
_question_operator = re.compile(rb"\?\?(?:\|(?!\|)|&(?!&))?").match
_json_operator = re.compile(rb"\?(?:\|(?!\|)|&(?!&))").match

_backslash_in_quotes = re.compile(rb"'\\'(?!')").match
# No white space within: canonical text has some, and must not be read so.
_typed_placeholder = re.compile(
    rb"\{[" + _START + rb"][" + _TAG + rb"]{0,62}:[" + _START + rb"][" + _TAG + rb"(),]{0,62}\}"
).match
_odbc_literal = re.compile(rb"\{[\t-\r ]*(?:[dDtT]|[tT][sS]|[gG][uU][iI][dD])[\t-\r ]*(?=')").match
_closing_brace = re.compile(rb"[\t-\r ]*\}").match

_end_of_copy = re.compile(rb"\n\\\.").search
_rest_of_line = re.compile(rb"[\t\v\f\r ]*(?=\n|\Z)").match
_batch_count = re.compile(rb"(?:[\t\v\f\r ]+[0-9]+)?").match
_goes_on = re.compile(rb"[\t-\r ]*(?::=|\(|\.(?![0-9]))").match
# What begins no statement of the dialect: a script, a command or a setting, and what it is given.
_client_lines = [
    re.compile(line).match
    for line in (
        *(rb"(?!)",) * 3,
        rb"\.(?![0-9])",
        rb"[@!]",
        rb":[" + _START + rb"]|!!",
    )
]
_client_command = re.compile(rb"\\([A-Za-z]+|[.!?])").match
_SQLPLUS_COMMANDS = frozenset(b"accept define host prompt rem remark spool undefine".split())
_LONGEST_COMMAND = 9
# What opens a quote or a comment is none, or what it encloses would be read as code.
_delimiter = re.compile(rb"[\t-\r ]*(?![;/](?:[\t-\r ]|\Z))([$/|;!~^&]{1,16})(?=[\t-\r ]|\Z)").match

# How far COPY ... FROM STDIN has come, behind whose semicolon data stand.
COPIES_NONE, COPIES_BEGUN, COPIES_STDIN, COPIES_DATA = range(4)

_LISTED = frozenset(b"<= >= <> != || && << >> -> == => ** ^= ~= !< !> += -= *= /= &= |= %%".split())
_STRING_PREFIXES = (b"ebxnEBXN", b"ebxnEBXN", b"bxnBXN", b"xX", b"nN", b"nN")
_ORACLE_CLOSING = {b"[": b"]", b"(": b")", b"{": b"}", b"<": b">"}

# Tokens that are the same in every state of the lexer, in one pattern a dialect: a word, a
# quoted name, a dot, an operator before a space, an opening, and a closing bracket.
_COMMON_WORD = 1
_COMMON_DOT = 3
_KIND_COMMON = (0, TOKEN_WORD, TOKEN_QUOTED, TOKEN_PUNCTUATION, TOKEN_OPERATOR, TOKEN_PUNCTUATION, TOKEN_PUNCTUATION)
_AFTER_COMMON = (0, 0, AFTER_NAME, 0, AFTER_OPERAND_WORD, AFTER_OPERAND_WORD, AFTER_VALUE)


def _common(dialect: int) -> "Callable[[bytes, int], Optional[Match[bytes]]]":
    never = rb"(?!)"
    return re.compile(
        rb"[\t-\r ]*(?:"
        + (rb"([A-Za-z_][" + _WORD[dialect] + rb"]*)(?![" + _WORD[dialect] + rb"'\"&])")
        + (rb"|(" + (never if dialect == MYSQL else rb'"[A-Za-z0-9_$.]+"(?!")') + rb")")
        + rb"|(\.)(?![0-9])"
        + (rb"|([-+*=<>" + (b"" if dialect == ORACLE else b"/") + rb"]|<=|>=|<>|\|\|)(?= )")
        + rb"|([(,])"
        + rb"|(\)))"
    ).match


_COMMON = [_common(dialect) for dialect in range(len(DIALECTS))]

Lexeme = Tuple[int, int, int, bool, Word]
"""Kind, start, end, whether an operand was expected, and what the list says of a word."""


class Lexer:
    """Walks one text. A method named after a byte returns the kind and the end of the token there."""

    def __init__(self, data: bytes, dialect: int) -> None:
        if dialect not in range(len(DIALECTS)):
            raise failure(UNKNOWN_DIALECT)
        if len(data) > MAX_BYTES:
            raise failure(LIMIT_EXCEEDED, MAX_BYTES)
        self.data = data
        self.dialect = dialect
        self.previous = AFTER_START
        self.open_brackets = 0  # `[` not yet closed: a `:` inside is a slice
        self.in_code = False  # inside a MySQL comment that is code
        self.delimiter = b""  # what MySQL's client takes for a semicolon
        self.copies = COPIES_NONE
        self.last_line = False  # no line feed comes any more
        self.copied = False  # data of a COPY were due
        self.word = NO_WORD
        self._word_end = _word_ends[dialect]
        self._runs = dialect in (GENERIC, POSTGRESQL)

    def hide(self) -> None:
        """Makes the last token count as a value: it was a name that is written as `?`."""
        self.previous = AFTER_VALUE

    def opens_bracket(self, position: int) -> bool:
        """Whether `(` is the first token from `position` on, where the last token ended; comments are none."""
        ahead = copy(self)
        length = len(self.data)
        while True:
            position = _end(_space(self.data, position))
            if position >= length:
                return False
            kind, end = ahead._of_client(position) or _DISPATCH[self.data[position]](ahead, position)
            if kind != TOKEN_COMMENT:
                return self.data[position] == 0x28
            position = end

    def lexemes(self) -> Iterator[Lexeme]:
        """All tokens, comments included."""
        data = self.data
        length = len(data)
        common = _COMMON[self.dialect]
        position = 0
        while True:
            # Nine of ten tokens need no look beyond themselves, and one pattern reads them.
            apart = self.previous == AFTER_START or self.delimiter  # a client may read what comes
            match = None if apart else common(data, position)
            group = match.lastindex or 0 if match else 0
            word = NO_WORD
            if match and group == _COMMON_WORD and self.previous < AFTER_DOT:
                word = WORDS.get(match.group(group).lower(), NO_WORD)
            if match and not word.flags & APART:
                start, position = match.span(group)
                operand = self.previous <= AFTER_OPERAND_WORD
                if group == _COMMON_WORD:
                    self.previous = _AFTER_FLAGS[word.flags]
                elif group == _COMMON_DOT:
                    self.previous = AFTER_NAME_DOT if self.previous == AFTER_NAME else AFTER_DOT
                else:
                    self.previous = _AFTER_COMMON[group]
                yield _KIND_COMMON[group], start, position, operand, word
                continue
            position = _end(_space(data, position))
            if position >= length:
                return
            operand = self.previous <= AFTER_OPERAND_WORD
            self.word = NO_WORD
            kind, end = self._of_client(position) or _DISPATCH[data[position]](self, position)
            if kind == TOKEN_OPERATOR:
                self.previous = AFTER_OPERAND_WORD
            elif kind in _VALUES:
                self.previous = AFTER_VALUE
            elif kind == TOKEN_QUOTED:
                self.previous = AFTER_NAME
            yield kind, position, end, operand, self.word
            position = end

    # ---- Quotes ----

    def _end_of_quotes(self, position: int, quote: bytes) -> int:
        """One past the closing quote of a text whose content starts at `position`; 0 if none.

        A doubled quote goes on. In `generic` a backslash before the quote ends nothing and
        doubles nothing that two dialects would agree on: 0 as well.
        """
        data = self.data
        content = position
        while True:
            position = data.find(quote, position)
            if position < 0:
                return 0
            if self.dialect == GENERIC and position > content and data[position - 1] == 0x5C:
                return 0
            if data[position + 1 : position + 2] != quote:
                return position + 1
            position += 2

    def _end_of_escaped_quotes(self, position: int, quote: bytes) -> int:
        """The same where a backslash takes the next byte's meaning away."""
        data = self.data
        search = _escape_or_quote[quote]
        match = search(data, position)
        while match:
            position = match.end()
            if match.group() == b"\\" or data[position : position + 1] == quote:
                position += 1
            else:
                return position
            match = search(data, position)
        return 0

    def _string(self, quote: int, escaped: bool) -> Tuple[int, int]:
        """A literal whose opening quote is at `quote`, any prefix before it."""
        mark = self.data[quote : quote + 1]
        end = self._end_of_escaped_quotes(quote + 1, mark) if escaped else self._end_of_quotes(quote + 1, mark)
        return (TOKEN_STRING, end) if end else self._doubt()

    def _doubt(self) -> Tuple[int, int]:
        return TOKEN_DOUBT, len(self.data)

    def _quoted(self, quote: int) -> Tuple[int, int]:
        mark = self.data[quote : quote + 1]
        end = self._end_of_quotes(quote + 1, b"]" if mark == b"[" else mark)
        if not end:
            return self._doubt()
        # Shown in the canonical text, its line feed would make COPY's data due there.
        if self.copied and b"\n" in self.data[quote:end]:
            return TOKEN_STRING, end
        return TOKEN_QUOTED, end

    def _single_quote(self, position: int) -> Tuple[int, int]:
        # No dialect could read more than one backslash there.
        if self.previous == AFTER_ESCAPE and _backslash_in_quotes(self.data, position):
            return TOKEN_STRING, position + 3
        return self._string(position, self.dialect == MYSQL)

    def _double_quote(self, position: int) -> Tuple[int, int]:
        if self.dialect == MYSQL:
            return self._string(position, True)
        kind, end = self._quoted(position)
        # Only so much is surely an identifier where the dialect is not known.
        unsure = self.dialect == GENERIC and kind == TOKEN_QUOTED
        if unsure and not _sure_identifier(self.data, position + 1, end - 1):
            return TOKEN_STRING, end
        return kind, end

    def _backquote(self, position: int) -> Tuple[int, int]:
        if self.dialect in (GENERIC, MYSQL, SQLITE):
            return self._quoted(position)
        return self._operator(position)

    def _square_bracket(self, position: int) -> Tuple[int, int]:
        """[name], where SQL Server doubles an inner `]` and SQLite knows none; else a bracket."""
        if self.dialect == MSSQL:
            return self._quoted(position)
        if self.dialect == SQLITE:
            end = self.data.find(b"]", position)
            return (TOKEN_QUOTED, end + 1) if end >= 0 else self._doubt()
        self.open_brackets += 1
        return self._opening(position)

    def _oracle_quotes(self, quote: int) -> Tuple[int, int]:
        opening = self.data[quote + 1 : quote + 2]
        end = self.data.find(_ORACLE_CLOSING.get(opening, opening) + b"'", quote + 2) if opening else -1
        return (TOKEN_STRING, end + 2) if end >= 0 else self._doubt()

    # ---- Comments ----

    def _end_of_line(self, position: int) -> int:
        if self.dialect == POSTGRESQL:
            match = _carriage_return(self.data, position)
            return match.start() if match else len(self.data)
        end = self.data.find(b"\n", position)
        return end if end >= 0 else len(self.data)

    def _is_line_comment(self, position: int) -> bool:
        """Whether `--` at `position` opens a comment: MySQL wants white space after it."""
        if self.data[position : position + 2] != b"--":
            return False
        return self.dialect != MYSQL or self.data[position + 2 : position + 3] <= b" "

    def _end_of_block(self, position: int) -> int:
        """One past the end of a block comment whose content starts at `position`; 0 if none.

        In `generic` 0 as well where nesting decides which end it is.
        """
        depth = 1
        match = _block_mark(self.data, position)
        while match:
            position = match.end()
            if match.group() == b"*/":
                depth -= 1
                if depth == 0:
                    return position
            elif self.dialect == GENERIC:
                return 0
            elif self.dialect in (POSTGRESQL, MSSQL):
                depth += 1
            else:
                position -= 1  # `/*/` ends a comment that does not nest
            match = _block_mark(self.data, position)
        return 0

    def _minus(self, position: int) -> Tuple[int, int]:
        if not self._is_line_comment(position):
            return self._operator(position)
        end = self._end_of_line(position + 2)
        # A dialect that sees code there would see another literal.
        unsure = self.dialect == GENERIC and _end(_space(self.data, position + 2)) == position + 2
        if unsure and _any_quote(self.data, position + 2, end):
            return self._doubt()
        return TOKEN_COMMENT, end

    def _slash(self, position: int) -> Tuple[int, int]:
        data = self.data
        if data[position + 1 : position + 2] != b"*":
            if self.dialect == ORACLE and self._is_alone(position, position + 1):
                return self._separator(position + 1)
            return self._operator(position)
        if self.dialect == MYSQL:
            mark = position + 3 if data[position + 2 : position + 3] == b"M" else position + 2
            if data[mark : mark + 1] == b"!":
                self.in_code = True
                return TOKEN_COMMENT, _end(_digits(data, mark + 1))
        end = self._end_of_block(position + 2)
        return (TOKEN_COMMENT, end) if end else self._doubt()

    def _star(self, position: int) -> Tuple[int, int]:
        if self.in_code and self.data[position + 1 : position + 2] == b"/":
            self.in_code = False
            return TOKEN_COMMENT, position + 2
        return self._operator(position)

    # ---- Numbers, placeholders ----

    def _digit(self, position: int) -> Tuple[int, int]:
        touches = self.data[position - 1 : position] == b"."
        if self.dialect == MYSQL and self.previous == AFTER_NAME_DOT and touches:
            return self._plain_word(position, _end(self._word_end(self.data, position)))
        # Letters that touch a number belong to it: better one literal too long than a leak.
        return TOKEN_NUMBER, _end(_number(self.data, position))

    def _dot(self, position: int) -> Tuple[int, int]:
        touches = _ends_name(self.data[position - 1 : position]) is not None
        name_of_mysql = self.dialect == MYSQL and self.previous == AFTER_NAME and touches
        if not name_of_mysql and self.data[position + 1 : position + 2].isdigit():
            return TOKEN_NUMBER, _end(_number(self.data, position))
        self.previous = AFTER_NAME_DOT if self.previous == AFTER_NAME else AFTER_DOT
        return TOKEN_PUNCTUATION, position + 1

    def _is_colon_placeholder(self, position: int) -> bool:
        """Whether a `:` at `position` starts :name or :1. In brackets it is a slice."""
        return _end(_tag(self.data, position + 1)) > position + 1 and not (self._runs and self.open_brackets > 0)

    def _is_string_prefix(self, start: int, end: int) -> bool:
        """Whether the word makes the quote behind it a literal's."""
        if self.dialect == MYSQL and self.data[start] == 0x5F:
            return True
        return end == start + 1 and self.data[start] in _STRING_PREFIXES[self.dialect]

    def _is_unicode_prefix(self, position: int, quote: bytes) -> bool:
        return self._runs and self.data[position : position + 3].lower() == b"u&" + quote

    def _skip_gap(self, position: int) -> int:
        """Skips white space and comments that are sure to end."""
        data = self.data
        while True:
            position = _end(_space(data, position))
            if self._is_line_comment(position):
                position = self._end_of_line(position)
            elif data[position : position + 2] == b"/*":
                position = self._end_of_block(position + 2)
                if not position:
                    return len(data)
            else:
                return position

    def _literal_follows(self, position: int) -> bool:
        """Whether a literal or placeholder comes next.

        It decides what PostgreSQL's `?` after a name is: `data ? 'key'` has an operator, and
        the canonical `date ?` never has a literal after it, because adjacent literals become one.
        """
        data = self.data
        position = self._skip_gap(position)
        byte = data[position : position + 1]
        following = data[position + 1 : position + 2]
        if byte == b"$":
            return following == b"$" or bool(_end(_tag(data, position + 1)) > position + 1)
        if byte == b"?":
            return following != b"?"
        if byte == b"%":
            return _percent_placeholder(data, position) is not None
        if byte == b":":
            return self._is_colon_placeholder(position)
        if byte == b".":
            return following.isdigit()
        if byte == b"'" or byte.isdigit() or self._is_unicode_prefix(position, b"'"):
            return True
        prefix = following == b"'" and _word_start(data, position) is not None
        return prefix and self._is_string_prefix(position, position + 1)

    def _question_mark(self, position: int) -> Tuple[int, int]:
        data = self.data
        match = _question_operator(data, position)
        if match:
            return TOKEN_OPERATOR, match.end()
        if self._runs and self.previous > AFTER_MAYBE_WORD:
            match = _json_operator(data, position)
            if match:
                return TOKEN_OPERATOR, match.end()
            if self.dialect == POSTGRESQL and self._literal_follows(position + 1):
                return TOKEN_OPERATOR, position + 1
        return TOKEN_PLACEHOLDER, _end(_digits(data, position + 1))

    def _dollar(self, position: int) -> Tuple[int, int]:
        data = self.data
        end = _end(_tag(data, position + 1))
        digit = data[position + 1 : position + 2].isdigit()
        if digit and self.dialect == MSSQL:
            return TOKEN_NUMBER, _end(_number(data, position + 1))  # money
        if self._runs and not digit and data[end : end + 1] == b"$":
            delimiter = data[position : end + 1]
            closing = data.find(delimiter, end + 1)
            return (TOKEN_STRING, closing + len(delimiter)) if closing >= 0 else self._doubt()
        return (TOKEN_PLACEHOLDER if end > position + 1 else TOKEN_OPERATOR), end

    def _percent(self, position: int) -> Tuple[int, int]:
        if self.previous <= AFTER_MAYBE_WORD:
            match = _percent_placeholder(self.data, position)
            if match:
                return TOKEN_PLACEHOLDER, match.end()
        return self._operator(position)

    def _colon(self, position: int) -> Tuple[int, int]:
        following = self.data[position + 1 : position + 2]
        if following in (b":", b"="):
            return TOKEN_OPERATOR, position + 2
        expected = self.previous <= AFTER_MAYBE_WORD or self.dialect == ORACLE
        if expected and self._is_colon_placeholder(position):
            return TOKEN_PLACEHOLDER, _end(_tag(self.data, position + 1))
        if expected and following == b"'" and self._runs:  # a variable of psql
            return self._quoted_placeholder(position + 1)
        return TOKEN_OPERATOR, position + 1

    def _quoted_placeholder(self, quote: int) -> Tuple[int, int]:
        kind, end = self._string(quote, self.dialect == MYSQL and self.data[quote] != 0x60)
        return (TOKEN_PLACEHOLDER if kind == TOKEN_STRING else kind), end

    def _brace(self, position: int) -> Tuple[int, int]:
        """{d '...'} of ODBC, and ClickHouse's {name:Type}."""
        if self.previous <= AFTER_MAYBE_WORD:
            match = _typed_placeholder(self.data, position)
            if match:
                return TOKEN_PLACEHOLDER, match.end()
            match = _odbc_literal(self.data, position)
            end = self._string(match.end(), self.dialect == MYSQL)[1] if match else 0
            closing = _closing_brace(self.data, end) if match else None
            if closing:
                return TOKEN_STRING, closing.end()
        return self._operator(position)

    def _at_sign(self, position: int) -> Tuple[int, int]:
        """@name is a parameter or variable, @@name a system variable, elsewhere an operator."""
        if (
            self.dialect == MYSQL
            and self.previous <= AFTER_MAYBE_WORD
            and _any_quote(self.data, position + 1, position + 2)
        ):
            return self._quoted_placeholder(position + 1)
        system = self.data[position + 1 : position + 2] == b"@"
        name = position + 2 if system else position + 1
        generic = self.dialect == GENERIC and self.previous <= AFTER_MAYBE_WORD
        variable = generic or self.dialect in (MYSQL, MSSQL) or (self.dialect == SQLITE and not system)
        if not variable or not _word_start(self.data, name):
            return self._operator(position)
        end = _end(self._word_end(self.data, name))
        if system:
            self.previous = AFTER_NAME
            return TOKEN_WORD, end
        return TOKEN_PLACEHOLDER, end

    # ---- What clients read ----

    def _of_client(self, position: int) -> Optional[Tuple[int, int]]:
        """COPY's data, the delimiter of MySQL's client, or a line for a client that begins no statement."""
        if self.copies == COPIES_DATA:
            self.copies = COPIES_NONE
            end = _end_of_copy(self.data, position - 1)
            data_end = end.start() if end else len(self.data)
            if data_end > position:
                return TOKEN_STRING, data_end
        if self.delimiter and self.data.startswith(self.delimiter, position):
            return self._separator(position + len(self.delimiter))
        if self.previous == AFTER_START and _client_lines[self.dialect](self.data, position):
            return TOKEN_COMMENT, self._end_of_line(position)
        return None

    def _separator(self, end: int) -> Tuple[int, int]:
        """A semicolon or what stands for one ends at `end`. Behind COPY's, data are due if another line comes."""
        data_due = self.copies == COPIES_STDIN and not self.last_line
        if data_due:
            self.last_line = self.data.find(b"\n", end) < 0
            data_due = not self.last_line
            self.copied = self.copied or data_due
        self.previous = AFTER_START
        self.copies = COPIES_DATA if data_due else COPIES_NONE
        return TOKEN_PUNCTUATION, end

    def _is_alone(self, start: int, end: int) -> bool:
        """Whether nothing else stands on the line, which is not the first."""
        while start > 0 and self.data[start - 1] in b"\t\v\f\r ":
            start -= 1
        return start > 0 and self.data[start - 1] == 0x0A and _rest_of_line(self.data, end) is not None

    def _client_word(self, start: int, end: int) -> Tuple[int, int]:
        """What a word is that a client may read; the kind is 0 if no client does."""
        if self.word.flags & APART and self.word.role != ROLE_ESCAPE:
            return self._go_or_stdin(start, end)
        if self.previous != AFTER_START or self.word.flags:
            return 0, 0
        word = self.data[start:end].lower() if end - start <= _LONGEST_COMMAND else b""
        if word == b"copy" and self._runs:
            self.copies = COPIES_BEGUN
        elif word == b"delimiter" and self.dialect in (GENERIC, MYSQL):
            return self._set_delimiter(end)
        elif word in _SQLPLUS_COMMANDS and self.dialect == ORACLE and not _goes_on(self.data, end):
            return TOKEN_COMMENT, self._end_of_line(end)
        return 0, 0

    def _go_or_stdin(self, start: int, end: int) -> Tuple[int, int]:
        if self.word.role != ROLE_OPENS:
            self.copies = COPIES_STDIN if self.copies == COPIES_BEGUN else self.copies
        elif self.dialect in (GENERIC, MSSQL):
            count = _end(_batch_count(self.data, end))
            if self._is_alone(start, count):
                self.word = NO_WORD
                return self._separator(count)
        return 0, 0

    def _set_delimiter(self, position: int) -> Tuple[int, int]:
        end = self._end_of_line(position)
        match = _delimiter(self.data, position, end)
        self.delimiter = match.group(1) if match else b""
        return TOKEN_COMMENT, end

    def _backslash(self, position: int) -> Tuple[int, int]:
        r"""\G and \g end a statement; psql's other commands take the rest of their line, a lone backslash nothing."""
        data = self.data
        if self.dialect not in (GENERIC, POSTGRESQL, MYSQL):
            return self._operator(position)
        match = _client_command(data, position)
        if not match:
            return TOKEN_COMMENT, position + 1
        end = self._end_of_line(position)
        command = match.group(1)
        if command in (b"g", b"G") and self.dialect != POSTGRESQL:
            return self._separator(match.end())
        if command == b"N" and self.dialect != POSTGRESQL:
            return TOKEN_NUMBER, match.end()  # NULL
        if command == b"." and self._runs:
            return self._separator(match.end())
        if command[:1] == b"g" and self._runs:
            return self._separator(end)
        if command == b"copy" and self._runs and b"stdin" in data[position:end].lower():
            self.copies = COPIES_DATA
            self.previous = AFTER_START
        return TOKEN_COMMENT, end

    # ---- Words ----

    def _plain_word(self, start: int, end: int) -> Tuple[int, int]:
        if self.previous < AFTER_DOT:
            self.word = WORDS.get(self.data[start:end].lower(), NO_WORD)
            kind, line_end = self._client_word(start, end)
            if kind:
                return kind, line_end
        escapes = self.word.role == ROLE_ESCAPE
        self.previous = AFTER_ESCAPE if escapes else _AFTER_FLAGS[self.word.flags]
        return TOKEN_WORD, end

    def _prefixed(self, start: int, end: int) -> Tuple[int, int]:
        """A word with a quote right behind it, at `end`."""
        lower = self.data[start:end].lower() if end - start <= 2 else b""
        if lower in (b"q", b"nq") and self.dialect in (ORACLE, GENERIC):
            # Oracle's own quotes, and doubt where the dialect is not known.
            return self._oracle_quotes(end) if self.dialect == ORACLE else self._doubt()
        if self._is_string_prefix(start, end):
            return self._string(end, self.dialect == MYSQL or (self.dialect == POSTGRESQL and lower == b"e"))
        return self._plain_word(start, end)

    def _letter(self, position: int) -> Tuple[int, int]:
        data = self.data
        money = _money(data, position) if self.dialect == MSSQL else None
        if money:
            return TOKEN_NUMBER, _end(_number(data, money.end()))
        end = _end(self._word_end(data, position))
        cut = data.find(self.delimiter, position, end) if self.delimiter else -1
        end = cut if cut > position else end
        following = data[end : end + 1]
        if following == b"'" or (following == b'"' and self.dialect == MYSQL):
            return self._prefixed(position, end)
        if following == b"&" and end == position + 1:
            if self._is_unicode_prefix(position, b"'"):
                return self._string(end + 1, False)
            if self.dialect == POSTGRESQL and self._is_unicode_prefix(position, b'"'):
                return self._quoted(end + 1)
        return self._plain_word(position, end)

    def _hash_sign(self, position: int) -> Tuple[int, int]:
        following = self.data[position + 1 : position + 2]
        if self.dialect == MYSQL:
            return TOKEN_COMMENT, self._end_of_line(position)
        if self.dialect == GENERIC and following == b"-":
            return TOKEN_OPERATOR, position + 2
        if self.dialect == GENERIC and following != b">":
            return self._doubt()  # MySQL would see a comment, others an operator or a name
        if self.dialect == MSSQL and _temporary_table(self.data, position):
            return self._plain_word(position, _end(self._word_end(self.data, position)))
        return self._operator(position)

    # ---- Operators ----

    def _ends_run(self, start: int, position: int) -> bool:
        """Whether the byte at `position` cannot go on with a run of operator characters from `start`."""
        data = self.data
        byte = data[position]
        if byte in b"-/":  # a comment: the search found two bytes
            return True
        if byte == 0x25:
            return position > start and _percent_placeholder(data, position) is not None
        if self.dialect != GENERIC:
            return False
        if byte == 0x23:
            return data[position + 1 : position + 2] != b">"
        if byte == 0x60:
            return True
        if position == start or (position == start + 1 and data[start] == 0x40):
            return False
        return _word_start(data, position + (2 if data[position + 1 : position + 2] == b"@" else 1)) is not None

    def _end_of_run(self, start: int) -> int:
        """One past the operator that PostgreSQL would read at `start`."""
        data = self.data
        end = _end(_operator_bytes(data, start))
        mark = _run_mark(data, start, end + 1)
        while mark and mark.start() < end:
            if self._ends_run(start, mark.start()):
                end = mark.start()
                break
            mark = _run_mark(data, mark.start() + 1, end + 1)
        run = data[start:end]
        if run[-1:] in (b"+", b"-") and not self._may_end_in_sign(run):
            end = max(start + 1, start + len(run.rstrip(b"+-")))
        if data[start : end + 1] == b"@?":
            end += 1
        return max(end, start + 1)

    def _may_end_in_sign(self, run: bytes) -> bool:
        if self.dialect == GENERIC:
            return run == b"-|-"
        return _makes_sign_legal(run) is not None

    def _operator(self, position: int) -> Tuple[int, int]:
        data = self.data
        if self._runs and _end(_operator_bytes(data, position)) > position:
            return TOKEN_OPERATOR, self._end_of_run(position)
        # The servers that have a fixed list of operators: the longest one.
        if data[position : position + 3] in (b"<=>", b"->>"):
            return TOKEN_OPERATOR, position + 3
        return TOKEN_OPERATOR, position + (2 if data[position : position + 2] in _LISTED else 1)

    # ---- Punctuation ----

    def _opening(self, position: int) -> Tuple[int, int]:
        self.previous = AFTER_OPERAND_WORD
        return TOKEN_PUNCTUATION, position + 1

    def _closing(self, position: int) -> Tuple[int, int]:
        if self.data[position] == 0x5D and self.open_brackets > 0:
            self.open_brackets -= 1
        self.previous = AFTER_VALUE
        return TOKEN_PUNCTUATION, position + 1


def _end(match: Optional[Match[bytes]]) -> int:
    """The end of a match of a pattern that always matches."""
    assert match is not None
    return match.end()


_VALUES = frozenset((TOKEN_STRING, TOKEN_NUMBER, TOKEN_PLACEHOLDER, TOKEN_DOUBT))
_escape_or_quote = {b"'": re.compile(rb"[\\']").search, b'"': re.compile(rb"[\\\"]").search}

_Step = Callable[[Lexer, int], Tuple[int, int]]


def _dispatch() -> List[_Step]:
    table: List[_Step] = [Lexer._operator] * 256
    rules = {
        b"'": Lexer._single_quote,
        b'"': Lexer._double_quote,
        b"`": Lexer._backquote,
        b"[": Lexer._square_bracket,
        b"(,": Lexer._opening,
        b";": lambda lexer, position: lexer._separator(position + 1),
        b"{": Lexer._brace,
        b"\\": Lexer._backslash,
        b")]": Lexer._closing,
        b".": Lexer._dot,
        b"0123456789": Lexer._digit,
        b"-": Lexer._minus,
        b"/": Lexer._slash,
        b"*": Lexer._star,
        b"#": Lexer._hash_sign,
        b"$": Lexer._dollar,
        b"?": Lexer._question_mark,
        b"%": Lexer._percent,
        b":": Lexer._colon,
        b"@": Lexer._at_sign,
    }
    for bytes_, step in rules.items():
        for byte in bytes_:
            table[byte] = step
    for byte in range(256):
        if _word_start(bytes([byte])):
            table[byte] = Lexer._letter
    return table


_DISPATCH = _dispatch()


def tokens(data: Union[bytes, bytearray, memoryview], dialect: int) -> List[Token]:
    """The tokens of `data`. Raises UnknownDialectError, LimitExceededError."""
    return [Token(kind, start, end) for kind, start, end, _, _ in Lexer(bytes(data), dialect).lexemes()]
