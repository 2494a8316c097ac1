"""Tokens to the verb, the tables and OpenTelemetry's query summary; the twin of sql_summary.c.

One pass with one token of look-ahead. Each open parenthesis has a frame that knows what may
come next; nothing is parsed beyond that:

    SELECT a, (SELECT max(b) FROM t2) FROM t1 x JOIN t3 ON ... WHERE ...
    COLUMNS    COLUMNS       TARGET   TARGET TABLES TARGET ... BODY

Only words of the list below, and names where a target is due, are ever written. Literals
stand in no such place, and at a point of doubt the reading ends.
"""

from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Union

from mercury.core.pure import sql_lexer as lex
from mercury.core.records import (
    SUMMARY_MAX_BYTES,
    SUMMARY_MAX_CTE_BYTES,
    SUMMARY_MAX_CTES,
    SUMMARY_MAX_DEPTH,
    SUMMARY_MAX_NAME_BYTES,
    SUMMARY_MAX_TABLE_BYTES,
    SUMMARY_MAX_TABLES,
    TOKEN_COMMENT,
    TOKEN_DOUBT,
    TOKEN_NUMBER,
    TOKEN_OPERATOR,
    TOKEN_PLACEHOLDER,
    TOKEN_PUNCTUATION,
    TOKEN_QUOTED,
    TOKEN_STRING,
    TOKEN_WORD,
    Summary,
)

# What a word says where it stands inside of a statement.
(
    ROLE_NONE,
    ROLE_SELECT,
    ROLE_FROM,
    ROLE_JOIN,
    ROLE_WITH,
    ROLE_AS,
    ROLE_IS,
    ROLE_NOT,
    ROLE_DISTINCT,
    ROLE_CLAUSE,  # ends the tables
    ROLE_SET,
    ROLE_ON,
    ROLE_USING,
    ROLE_WHEN,
    ROLE_VALUES,
    ROLE_INTO,
    ROLE_OUTPUT,
    ROLE_PREFIX,  # may stand before a table
    ROLE_SKIP,  # may stand between a verb and its target
    ROLE_TOP,
    ROLE_REFERENCES,
    ROLE_LIKE,
    ROLE_TEMPORARY,  # may stand before the table of SELECT INTO
    ROLE_FILE,  # SELECT INTO a file
    ROLE_MAINTENANCE,  # an option of VACUUM and ANALYZE
    ROLE_HINT,  # first in parentheses behind a table, no function's argument
    ROLE_BEGIN,
    ROLE_ECHO,  # a fixed word that belongs to the operation
    ROLE_TABLE,  # what CREATE, DROP and ALTER work on: tables and views
    ROLE_INDEX,  # things on a table
    ROLE_TRIGGER,  # things on a table that have code
    ROLE_ROUTINE,  # things that have code
    ROLE_OBJECT,  # all others
) = range(33)

# What a statement that begins with the word is.
(
    VERB_NONE,
    VERB_SELECT,
    VERB_INSERT,
    VERB_UPDATE,
    VERB_DELETE,  # what comes before FROM may be aliases
    VERB_DELETE_FROM,
    VERB_MERGE,
    VERB_QUIET,  # the other tables of UPDATE, DELETE and MERGE: no targets
    VERB_CALL,
    VERB_USE,
    VERB_VALUES,
    VERB_DEFINE,
    VERB_DROP,
    VERB_TRUNCATE,
    VERB_COPY,
    VERB_GRANT,
    VERB_LOAD,
    VERB_EXPLAIN,
    VERB_TRANSACTION,
    VERB_BEGIN,
    VERB_END,
    VERB_PLAIN,  # its operation says all
    VERB_TABLE,  # from here on: what DEFINE and DROP become
    VERB_TABLES,
    VERB_INDEX,
    VERB_ROUTINE,
    VERB_OBJECT,
    VERB_OBJECTS,
) = range(28)

_ROLES = (
    (ROLE_SELECT, "select"),
    (ROLE_FROM, "from"),
    (ROLE_JOIN, "apply join straight_join"),
    (ROLE_WITH, "with"),
    (ROLE_AS, "as"),
    (ROLE_IS, "is"),
    (ROLE_NOT, "not"),
    (ROLE_DISTINCT, "distinct"),
    (
        ROLE_CLAUSE,
        "except fetch for group having intersect limit minus offset order qualify returning union where window",
    ),
    (ROLE_SET, "set"),
    (ROLE_ON, "on"),
    (ROLE_USING, "using"),
    (ROLE_WHEN, "when"),
    (ROLE_VALUES, "values"),
    (ROLE_INTO, "into"),
    (ROLE_OUTPUT, "output"),
    (ROLE_PREFIX, "lateral only"),
    (
        ROLE_SKIP,
        """
        abort all body concurrently delayed exists fail first high_priority if ignore immediate low_priority or
        overwrite quick recursive replace rollback
        """,
    ),
    (ROLE_TOP, "top"),
    (ROLE_REFERENCES, "references"),
    (ROLE_LIKE, "like"),
    (ROLE_TEMPORARY, "temp temporary unlogged"),
    (ROLE_FILE, "dumpfile outfile"),
    (ROLE_MAINTENANCE, "analyze freeze full local no_write_to_binlog verbose"),
    (
        ROLE_HINT,
        """
        holdlock nolock paglock readcommitted readpast readuncommitted repeatableread rowlock tablock tablockx updlock
        xlock
        """,
    ),
    (ROLE_BEGIN, "begin"),
    (ROLE_ECHO, "savepoint to tran transaction work"),
    (ROLE_TABLE, "table tables view"),
    (ROLE_INDEX, "index policy rule"),
    (ROLE_TRIGGER, "trigger"),
    (ROLE_ROUTINE, "function package procedure"),
    (
        ROLE_OBJECT,
        """
        aggregate collation database domain event extension language login operator profile publication role schema
        sequence server session statistics subscription synonym system tablespace type user
        """,
    ),
)

_VERBS = (
    (VERB_SELECT, "select"),
    (VERB_INSERT, "insert replace upsert"),
    (VERB_UPDATE, "update"),
    (VERB_DELETE, "delete"),
    (VERB_MERGE, "merge"),
    (VERB_CALL, "call exec execute"),
    (VERB_USE, "use"),
    (VERB_VALUES, "values"),
    (VERB_DEFINE, "alter comment create refresh rename"),
    (VERB_DROP, "checksum drop optimize reindex repair"),
    (VERB_TRUNCATE, "analyze cluster lock table truncate vacuum"),
    (VERB_COPY, "copy"),
    (VERB_GRANT, "deny grant revoke"),
    (VERB_LOAD, "load"),
    (VERB_EXPLAIN, "bulk declare desc describe explain prepare"),
    (VERB_TRANSACTION, "abort commit release rollback savepoint start"),
    (VERB_BEGIN, "begin"),
    (VERB_END, "end"),
    (
        VERB_PLAIN,
        """
        attach checkpoint close deallocate detach discard do fetch flush kill listen move notify pragma reset set show
        unlisten unlock
        """,
    ),
)


class Word(NamedTuple):
    """What the list says about a word."""

    role: int
    verb: int


NO_WORD = Word(ROLE_NONE, VERB_NONE)


def _list_words() -> Dict[bytes, Word]:
    roles = {word.encode(): role for role, words in _ROLES for word in words.split()}
    verbs = {word.encode(): verb for verb, words in _VERBS for word in words.split()}
    return {word: Word(roles.get(word, ROLE_NONE), verbs.get(word, VERB_NONE)) for word in sorted({*roles, *verbs})}


WORDS = _list_words()
"""Every word that is more than a name here, in lower case."""

# What may come next in a frame.
(
    START,  # a statement
    OPEN,  # a subquery, or else an expression
    OPEN_TABLES,  # a subquery, or else a table
    COLUMNS,  # after SELECT, or after UPDATE's SET: FROM brings tables
    TARGET,  # a table
    TABLES,  # a table was read: a comma or JOIN brings another
    BODY,  # only subqueries
    DONE,  # nothing more of this statement
    KIND,  # after CREATE, DROP, ALTER: TABLE, INDEX ...
    AWAIT,  # the target of the verb
    AFTER,  # the target was read; what is defined or inserted comes
    LIST,  # the target was read; a comma brings another
    REFERENCE,  # a table that is no target
    PRIVILEGES,  # after GRANT: ON brings a table
    GRANTED,  # it was read; a comma brings another
    LOADING,  # after LOAD: INTO brings the target
    CTE_NAME,
    CTE_HEAD,  # its columns
    CTE_AS,  # its statement
    CTE_TAIL,  # a comma brings another, a verb the statement
    TOLERANT,  # after EXPLAIN: options until a verb
    ECHO,  # after BEGIN, COMMIT ...: fixed words
) = range(22)

_FIRST_PHASES = {
    VERB_SELECT: COLUMNS,
    VERB_INSERT: AWAIT,
    VERB_UPDATE: AWAIT,
    VERB_DELETE: AWAIT,
    VERB_MERGE: AWAIT,
    VERB_CALL: AWAIT,
    VERB_USE: AWAIT,
    VERB_VALUES: BODY,
    VERB_DEFINE: KIND,
    VERB_DROP: KIND,
    VERB_TRUNCATE: AWAIT,
    VERB_COPY: AWAIT,
    VERB_GRANT: PRIVILEGES,
    VERB_LOAD: LOADING,
    VERB_EXPLAIN: TOLERANT,
    VERB_TRANSACTION: ECHO,
    VERB_BEGIN: ECHO,
    VERB_END: ECHO,
    VERB_PLAIN: DONE,
}
"""The phase behind each verb."""

_NEXT_PHASES = {
    VERB_INSERT: AFTER,
    VERB_UPDATE: TABLES,
    VERB_DELETE: TABLES,
    VERB_DELETE_FROM: TABLES,
    VERB_MERGE: TABLES,
    VERB_CALL: BODY,
    VERB_USE: DONE,
    VERB_TRUNCATE: LIST,
    VERB_COPY: BODY,
    VERB_LOAD: BODY,
    VERB_TABLE: AFTER,
    VERB_TABLES: LIST,
    VERB_INDEX: AFTER,
    VERB_ROUTINE: AFTER,
    VERB_OBJECT: DONE,
    VERB_OBJECTS: LIST,
}
"""The phase behind a verb's target, or where it has none."""

_KINDS = {
    ROLE_TABLE: (VERB_TABLE, VERB_TABLES),
    ROLE_INDEX: (VERB_INDEX, VERB_OBJECTS),
    ROLE_TRIGGER: (VERB_INDEX, VERB_OBJECTS),
    ROLE_ROUTINE: (VERB_ROUTINE, VERB_OBJECTS),
    ROLE_OBJECT: (VERB_OBJECT, VERB_OBJECTS),
}
"""What a definition and a list of these are."""

_RESERVED = frozenset(
    (
        ROLE_SELECT,
        ROLE_FROM,
        ROLE_JOIN,
        ROLE_WITH,
        ROLE_AS,
        ROLE_CLAUSE,
        ROLE_SET,
        ROLE_ON,
        ROLE_USING,
        ROLE_WHEN,
        ROLE_VALUES,
        ROLE_INTO,
    )
)
"""The words that are no name where one is due."""

_UNLISTED = frozenset((VERB_CALL, VERB_USE, VERB_INDEX, VERB_ROUTINE, VERB_OBJECT, VERB_OBJECTS))
"""The verbs whose targets are no tables."""

_BEHIND_REFERENCES = {
    VERB_GRANT: GRANTED,
    VERB_SELECT: COLUMNS,
    VERB_UPDATE: COLUMNS,
    VERB_DELETE: COLUMNS,
    VERB_DELETE_FROM: COLUMNS,
}
"""The phase behind a table that is no target, where it is not BODY."""

_EXPLAINED = frozenset((VERB_INSERT, VERB_UPDATE, VERB_DELETE, VERB_MERGE))
_CONTROL = frozenset((VERB_NONE, VERB_SELECT, VERB_TRANSACTION, VERB_BEGIN, VERB_END))
_NO_QUERY = frozenset((DONE, KIND, LIST, PRIVILEGES, GRANTED, CTE_NAME, CTE_HEAD, CTE_AS))
"""The phases in which SELECT begins nothing."""
_INTO_TABLES = frozenset((lex.GENERIC, lex.POSTGRESQL, lex.MSSQL))
"""The dialects in which SELECT INTO makes a table; elsewhere it sets variables."""

_NO_TABLES = frozenset((ROLE_INDEX, ROLE_TRIGGER, ROLE_ROUTINE, ROLE_OBJECT, ROLE_SKIP))
"""The words behind GRANT ... ON that name what is no table."""

_NAMES = frozenset((TOKEN_WORD, TOKEN_QUOTED))
_PUNCTUATION = frozenset((b"(", b")", b"[", b"]", b",", b";", b"."))

# A name that is being read.
NAMING_NONE, NAMING_DOT, NAMING_PART, NAMING_BRACKET = range(4)


class Token(NamedTuple):
    kind: int
    text: bytes
    word: Word


END = Token(0, b"", NO_WORD)
"""Stands for the end of the text."""


class Frame:
    """An open parenthesis, or the text itself."""

    __slots__ = ("cte_count", "phase", "verb")

    def __init__(self, phase: int, verb: int, cte_count: int) -> None:
        self.phase = phase
        self.verb = verb
        self.cte_count = cte_count  # those that were known where it opened


class Name(NamedTuple):
    """A name with its source's quotes, without them, and as it is compared."""

    written: bytes
    plain: bytes
    key: bytes
    single: bool


class Summarizer:
    """Reads one text."""

    def __init__(self, data: bytes, dialect: int) -> None:
        self.lexer = lex.Lexer(data, dialect)
        self.data = data
        self.dialect = dialect
        self.frames = [Frame(START, VERB_NONE, 0)]
        self.too_deep = 0  # open parentheses beyond the last frame
        self.previous = END
        self.comparison = 0  # how far IS [NOT] DISTINCT FROM has come
        self.routine = False  # BEGIN and END enclose code
        self.defines = False  # REFERENCES names a table
        self.summary = bytearray()
        self.full = False  # the summary ends here
        self.separate = False  # the next operation is another statement's
        self.verb = b""
        self.inner_verb = b""  # the first one in parentheses
        self.tables: List[Name] = []
        self.table_bytes = 0
        self.held = 0  # the tables before DELETE's targets
        self.ctes: List[Name] = []
        self.naming = NAMING_NONE
        self.written = bytearray()
        self.plain = bytearray()
        self.quoted = False
        self.parts = 0
        self.dots = 0  # those that no part followed yet
        self.called: Optional[Name] = None  # a function, unless a hint stands in its parentheses
        self.complete = True

    def summarize(self) -> Summary:
        token: Optional[Token] = None
        for following in self._tokens():
            if token is not None:
                self._step(token, following)
            token = following
        if token is not None:
            self._step(token, END)
        verb = self.verb or self.inner_verb
        return Summary(bytes(self.summary), verb.upper(), tuple(name.plain for name in self.tables), self.complete)

    def _tokens(self) -> Iterator[Token]:
        """All tokens up to a point of doubt, but the comments."""
        dotted = False
        for kind, start, end, _, _ in self.lexer.lexemes():
            if kind == TOKEN_COMMENT:
                continue
            if kind == TOKEN_DOUBT:
                self.complete = False
                return
            text = self.data[start:end]
            if kind == TOKEN_PUNCTUATION and text not in _PUNCTUATION:
                text = b";"  # what a client takes for one
            word = WORDS.get(text.lower(), NO_WORD) if kind == TOKEN_WORD and not dotted else NO_WORD
            yield Token(kind, text, word)
            dotted = kind == TOKEN_PUNCTUATION and text == b"."

    # ---- Writing ----

    def _write(self, text: bytes, separator: bytes) -> None:
        """Adds to the summary what fits in whole; the first that does not ends it."""
        gap = separator if self.summary else b""
        if self.full or len(self.summary) + len(gap) + len(text) > SUMMARY_MAX_BYTES:
            self.full = True
            self.complete = False
            return
        self.summary += gap + text

    def _operation(self, text: bytes) -> None:
        self._write(text, b"; " if self.separate else b" ")
        self.separate = False
        if len(self.frames) == 1:
            self.verb = self.verb or text
        else:
            self.inner_verb = self.inner_verb or text

    def _add_table(self, name: Name) -> None:
        if len(name.plain) > SUMMARY_MAX_NAME_BYTES:
            self.complete = False
            return
        if any(name.key == known.key or name.plain == known.plain for known in self.tables):
            return
        if len(self.tables) == SUMMARY_MAX_TABLES or self.table_bytes + len(name.plain) > SUMMARY_MAX_TABLE_BYTES:
            self.complete = False
            return
        self.tables.append(name)
        self.table_bytes += len(name.plain)

    def _add_cte(self, token: Token) -> None:
        self._begin_name()
        self._write_part(token)
        name = self._take_name()
        size = sum(len(known.plain) for known in self.ctes) + len(name.plain)
        too_long = len(name.plain) > SUMMARY_MAX_NAME_BYTES
        if too_long or len(self.ctes) == SUMMARY_MAX_CTES or size > SUMMARY_MAX_CTE_BYTES:
            self.complete = False
            return
        self.ctes.append(name)

    # ---- Names ----

    def _begin_name(self) -> None:
        self.dots = 0
        self.written = bytearray()
        self.plain = bytearray()
        self.quoted = False
        self.parts = 0

    def _write_part(self, token: Token) -> None:
        self.parts += 1
        self.written += token.text
        if token.kind == TOKEN_QUOTED:
            self.quoted = True
            self.plain += self._unquoted(token.text)
        else:
            self.plain += token.text

    def _unquoted(self, text: bytes) -> bytes:
        opening = text[:1]
        if opening in (b"u", b"U"):
            return text[3:-1].replace(b'""', b'"')
        if opening == b"[":
            return text[1:-1].replace(b"]]", b"]") if self.dialect == lex.MSSQL else text[1:-1]
        return text[1:-1].replace(opening * 2, opening)

    def _take_name(self) -> Name:
        plain = bytes(self.plain)
        return Name(bytes(self.written), plain, self._key(plain), self.parts == 1)

    def _key(self, plain: bytes) -> bytes:
        """The name as the dialect folds it."""
        if self.dialect == lex.SQLITE:
            return plain.lower()
        if self.quoted or self.dialect in (lex.MYSQL, lex.MSSQL):
            return plain
        return plain.upper() if self.dialect == lex.ORACLE else plain.lower()

    def _name(self, token: Token, following: Token) -> None:
        """A name that is due begins."""
        self._begin_name()
        self._part(token, following)

    def _part(self, token: Token, following: Token) -> None:
        self.written += b"." * self.dots
        self.plain += b"." * self.dots
        self.dots = 0
        if token.text == b"[":  # where brackets are no quotes for the lexer, they are for some servers
            self.naming = NAMING_BRACKET
            self.written += b"["
            self.parts += 1
            self.quoted = True
            return
        self._write_part(token)
        self._end_part(following)

    def _end_part(self, following: Token) -> None:
        self.naming = NAMING_NONE
        if _is_punctuation(following, b"."):
            self.naming = NAMING_DOT
        else:
            self._end_name(following)

    def _naming_step(self, token: Token, following: Token) -> bool:
        """Goes on with a name; False where the token is none of it."""
        if self.naming == NAMING_BRACKET:
            return self._bracket(token, following)
        if self.naming == NAMING_PART:
            self._part(token, following)
        else:
            self._dot(following)
        return True

    def _dot(self, following: Token) -> None:
        if following.kind in _NAMES or _is_punctuation(following, b"["):
            self.naming = NAMING_PART
        elif not _is_punctuation(following, b"."):  # `t.*`
            self._end_name(following)
        self.dots += 1

    def _bracket(self, token: Token, following: Token) -> bool:
        if token.kind == TOKEN_WORD:
            gap = b"" if self.written.endswith(b"[") else b" "
            self.written += gap + token.text
            self.plain += gap + token.text
        elif _is_punctuation(token, b"]"):
            self.written += b"]"
            self._end_part(following)
        else:  # no name after all
            self.naming = NAMING_NONE
            self._leave_name()
            return False
        return True

    def _end_name(self, following: Token) -> None:
        self.naming = NAMING_NONE
        name = self._take_name()
        frame = self.frames[-1]
        phase = frame.phase
        if not (name.single and any(name.key == known.key for known in self.ctes)):
            self._target(name, frame, following)
        if phase == AWAIT and frame.verb == VERB_TRUNCATE:
            frame.verb = VERB_TABLES
        self._leave_name()

    def _target(self, name: Name, frame: Frame, following: Token) -> None:
        if frame.phase == AWAIT or (frame.phase == TARGET and frame.verb == VERB_SELECT):
            self._write(name.written, b" ")
        is_function = frame.phase == TARGET and _is_punctuation(following, b"(")
        self.called = name if is_function and self.dialect in (lex.GENERIC, lex.MSSQL) else None
        schema = frame.verb == VERB_GRANT and following.text[:1] == b"*"  # GRANT ... ON shop.*
        if not is_function and not schema and not (frame.phase == AWAIT and frame.verb in _UNLISTED):
            self._add_table(name)

    def _leave_name(self) -> None:
        """A name that was due has been read, or is not to be had."""
        frame = self.frames[-1]
        if frame.phase == AWAIT:
            frame.phase = _NEXT_PHASES[frame.verb]
        elif frame.phase == TARGET:
            frame.phase = TABLES
        else:
            frame.phase = _BEHIND_REFERENCES.get(frame.verb, BODY)

    # ---- Tokens ----

    def _step(self, token: Token, following: Token) -> None:
        if self.called and not _is_punctuation(token, b"("):
            self._look_for_hint(token)
        if self.naming and self._naming_step(token, following):
            pass
        elif token.kind == TOKEN_PUNCTUATION:
            self._punctuation(token, following)
        elif not self.too_deep:
            self._settle(token)
            if token.kind == TOKEN_WORD:
                self._word(token, following)
            elif token.kind == TOKEN_QUOTED:
                self._quoted_name(token, following)
            else:
                self._value(token)
        self._compare(token)
        self.previous = token

    def _look_for_hint(self, token: Token) -> None:
        """FROM t (NOLOCK): what seemed to be a function is a table."""
        if self.called and token.word.role == ROLE_HINT:
            self._add_table(self.called)
        self.called = None

    def _compare(self, token: Token) -> None:
        """Follows IS [NOT] DISTINCT FROM, whose FROM brings no tables."""
        role = token.word.role
        if role == ROLE_IS:
            self.comparison = 1
        elif role == ROLE_DISTINCT and self.comparison == 1:
            self.comparison = 2
        elif role != ROLE_NOT:
            self.comparison = 0

    def _settle(self, token: Token) -> None:
        """What stands first in parentheses decides what they hold."""
        frame = self.frames[-1]
        if frame.phase in (OPEN, OPEN_TABLES) and token.word.role not in (ROLE_SELECT, ROLE_WITH):
            values = token.word.role == ROLE_VALUES
            frame.phase = TARGET if frame.phase == OPEN_TABLES and not values else BODY

    def _value(self, token: Token) -> None:
        """A literal, a placeholder or an operator: never written."""
        frame = self.frames[-1]
        if frame.phase == START and token.kind in (TOKEN_STRING, TOKEN_NUMBER):
            frame.phase = DONE
        elif frame.phase == AWAIT:
            called = frame.verb == VERB_CALL and token.kind in (TOKEN_PLACEHOLDER, TOKEN_OPERATOR)
            if not called and self.previous.word.role != ROLE_TOP:
                self._leave_name()
        elif frame.phase in (TARGET, REFERENCE) and token.text != b"::":
            self._leave_name()
        elif frame.phase == CTE_NAME:
            frame.phase = CTE_TAIL

    def _quoted_name(self, token: Token, following: Token) -> None:
        frame = self.frames[-1]
        if frame.phase in (TARGET, AWAIT, REFERENCE):
            self._name(token, following)
        elif frame.phase == CTE_NAME:
            self._cte_name(frame, token, following)
        elif frame.phase == START:
            frame.phase = DONE

    # ---- Punctuation ----

    def _punctuation(self, token: Token, following: Token) -> None:
        byte = token.text
        if byte == b"(":
            self._open()
        elif byte == b")":
            self._close()
        elif byte == b";":
            self._semicolon()
        elif not self.too_deep:
            self._settle(token)
            if byte == b",":
                self._comma()
            elif byte == b"[" and self.frames[-1].phase in (TARGET, AWAIT, REFERENCE):
                self._name(token, following)

    def _open(self) -> None:
        if len(self.frames) == SUMMARY_MAX_DEPTH or self.too_deep:
            self.too_deep += 1
            self.complete = False
            return
        frame = self.frames[-1]
        phase = self._phase_within(frame)
        self.frames.append(Frame(phase, frame.verb, len(self.ctes)))

    def _phase_within(self, frame: Frame) -> int:
        """What parentheses that open here hold; the frame around goes on behind them."""
        phase = frame.phase
        if phase in (OPEN_TABLES, TARGET):
            frame.phase = TABLES
            return OPEN_TABLES
        if phase == CTE_AS:
            frame.phase = CTE_TAIL
            return START
        if phase in (DONE, KIND, LIST, PRIVILEGES, GRANTED, CTE_HEAD):
            return DONE
        if phase in (START, OPEN) or (phase == AWAIT and frame.verb == VERB_COPY):
            frame.phase = BODY
        return OPEN

    def _close(self) -> None:
        if self.too_deep:
            self.too_deep -= 1
        elif len(self.frames) > 1:
            frame = self.frames.pop()
            del self.ctes[frame.cte_count :]

    def _semicolon(self) -> None:
        self.frames = [Frame(START, VERB_NONE, 0)]
        self.too_deep = 0
        self.ctes = []
        self.separate = True
        self.defines = False
        self.verb = self.verb or self.inner_verb

    def _comma(self) -> None:
        frame = self.frames[-1]
        if frame.phase == TABLES:
            frame.phase = AWAIT if frame.verb == VERB_DELETE else TARGET
        elif frame.phase == LIST:
            frame.phase = AWAIT
        elif frame.phase == GRANTED:
            frame.phase = REFERENCE
        elif frame.phase == CTE_TAIL:
            frame.phase = CTE_NAME

    # ---- Words ----

    def _word(self, token: Token, following: Token) -> None:
        frame = self.frames[-1]
        if token.word.role == ROLE_SELECT and frame.phase not in _NO_QUERY:
            if self._is_query(frame, following):
                self._statement(frame, token)
            return
        step = _WORD_STEPS.get(frame.phase)
        if step is not None:
            step(self, frame, token, following)

    def _is_query(self, frame: Frame, following: Token) -> bool:
        """Whether SELECT is no column's name."""
        if frame.phase == START:
            return True
        return not _is_punctuation(self.previous, b",") and not _ends_name(following)

    def _statement(self, frame: Frame, token: Token) -> None:
        """A verb begins its statement."""
        verb = token.word.verb
        frame.verb = verb
        frame.phase = _FIRST_PHASES[verb]
        self._operation(token.text)
        if verb == VERB_DELETE:
            self.held = len(self.tables)
        elif verb == VERB_DEFINE:
            self.defines = True

    def _start(self, frame: Frame, token: Token, following: Token) -> None:
        word = token.word
        outermost = len(self.frames) == 1
        if word.role == ROLE_WITH:
            frame.phase = CTE_NAME
        elif word.role == ROLE_FROM and outermost and _may_be_name(following):  # as HQL begins
            self._operation(b"select")
            frame.verb = VERB_SELECT
            frame.phase = TARGET
        elif self.routine and word.verb == VERB_BEGIN:
            pass
        elif self.routine and word.verb in (VERB_NONE, VERB_END):
            frame.phase = BODY
        elif word.verb == VERB_NONE:
            frame.phase = DONE
        elif word.verb == VERB_VALUES and not outermost:
            frame.phase = BODY
        else:
            self._statement(frame, token)

    def _columns(self, frame: Frame, token: Token, following: Token) -> None:
        if token.word.role == ROLE_FROM and self.comparison != 2 and not _ends_name(following):
            frame.phase = TARGET
        elif token.word.role == ROLE_INTO and self.dialect in _INTO_TABLES and _may_be_name(following):
            frame.phase = BODY if following.word.role == ROLE_FILE else REFERENCE

    def _privileges(self, frame: Frame, token: Token, following: Token) -> None:
        """GRANT ... ON [TABLE] t, u TO ..."""
        if token.word.role == ROLE_ON:
            frame.phase = DONE if following.word.role in _NO_TABLES else REFERENCE

    def _loading(self, frame: Frame, token: Token, following: Token) -> None:
        if token.word.role == ROLE_INTO and _may_be_name(following):
            frame.phase = AWAIT

    def _due(self, frame: Frame, token: Token, following: Token) -> None:
        """A table is due."""
        role = token.word.role
        if role == ROLE_FROM or (role == ROLE_PREFIX and _may_be_name(following)):
            return
        if following.word.role == ROLE_FROM and frame.phase == TARGET:  # ROWS FROM (f(), g())
            return
        if frame.phase == REFERENCE and self._precedes_table(frame, token, following):
            return
        if role in _RESERVED:
            self._leave_name()
            self._after_target(frame, token, following)
        else:
            self._name(token, following)

    def _precedes_table(self, frame: Frame, token: Token, following: Token) -> bool:
        """INTO TEMPORARY TABLE t, ON TABLE t, ON OBJECT::t; SCHEMA::s is no table."""
        if following.text == b"::":
            frame.phase = frame.phase if token.text.lower() == b"object" else DONE
            return True
        return token.word.role in (ROLE_TABLE, ROLE_TEMPORARY) and _may_be_name(following)

    def _after_target(self, frame: Frame, token: Token, following: Token) -> None:
        """A keyword stands where a target was due."""
        if frame.phase == TABLES:
            self._tables(frame, token, following)
        elif frame.phase == AFTER:
            self._after(frame, token, following)
        elif frame.phase == BODY:
            self._body(frame, token, following)

    def _tables(self, frame: Frame, token: Token, following: Token) -> None:
        role = token.word.role
        verb = frame.verb
        if role == ROLE_JOIN:
            if _may_be_name(following):
                frame.phase = TARGET
        elif role == ROLE_FROM and verb in (VERB_DELETE, VERB_DELETE_FROM) and self.comparison != 2:
            self._from_of_delete(frame)
        elif role == ROLE_USING and verb in (VERB_DELETE_FROM, VERB_MERGE):
            frame.verb = VERB_QUIET
            frame.phase = TARGET
        elif (role == ROLE_SET and verb == VERB_UPDATE) or (
            role == ROLE_OUTPUT and verb in (VERB_DELETE, VERB_DELETE_FROM)
        ):
            frame.phase = COLUMNS
        elif role in (ROLE_CLAUSE, ROLE_VALUES) or (role == ROLE_WHEN and verb in (VERB_MERGE, VERB_QUIET)):
            frame.phase = BODY

    def _from_of_delete(self, frame: Frame) -> None:
        """DELETE a, b FROM t1 a JOIN t2 b: what stood before FROM may be aliases."""
        if frame.verb == VERB_DELETE:
            for name in self.tables[self.held :]:
                self.table_bytes -= len(name.plain)
            del self.tables[self.held :]
        frame.verb = VERB_DELETE_FROM
        frame.phase = TARGET

    def _body(self, frame: Frame, token: Token, following: Token) -> None:
        role = token.word.role
        like = role == ROLE_LIKE and _is_punctuation(self.previous, b"(")
        if (role == ROLE_REFERENCES or like) and self.defines and _may_be_name(following):
            frame.phase = REFERENCE
        elif role == ROLE_BEGIN and self.routine:
            frame.phase = START

    def _kind(self, frame: Frame, token: Token, following: Token) -> None:
        kinds = _KINDS.get(token.word.role)
        if kinds is not None:
            self._write(token.text, b" ")
            self.routine = self.routine or token.word.role in (ROLE_ROUTINE, ROLE_TRIGGER)
            frame.verb = kinds[frame.verb == VERB_DROP]
            frame.phase = AWAIT

    def _await(self, frame: Frame, token: Token, following: Token) -> None:
        role = token.word.role
        if role in (ROLE_INTO, ROLE_FROM):
            if frame.verb == VERB_DELETE:
                frame.verb = VERB_DELETE_FROM
        elif role == ROLE_TABLE and frame.verb == VERB_TRUNCATE and _may_be_name(following):
            self._write(token.text, b" ")
            frame.verb = VERB_TABLES
        elif not self._is_skipped(frame, role, following):
            if role in _RESERVED:
                self._leave_name()
                self._after_target(frame, token, following)
            else:
                self._name(token, following)

    def _is_skipped(self, frame: Frame, role: int, following: Token) -> bool:
        if role == ROLE_TOP:
            return following.kind in (TOKEN_NUMBER, TOKEN_PLACEHOLDER) or _is_punctuation(following, b"(")
        if role == ROLE_MAINTENANCE and frame.verb == VERB_TRUNCATE:
            return True
        loads = frame.verb in (VERB_INSERT, VERB_LOAD)
        modifies = role in (ROLE_SKIP, ROLE_NOT, ROLE_PREFIX) or (role == ROLE_TABLE and loads)
        return modifies and (_may_be_name(following) or following.word.role in (ROLE_INTO, ROLE_FROM))

    def _after(self, frame: Frame, token: Token, following: Token) -> None:
        role = token.word.role
        verb = frame.verb
        if role == ROLE_WITH and _may_be_name(following):
            frame.phase = CTE_NAME
        elif role == ROLE_INTO and verb == VERB_INSERT and _may_be_name(following):
            frame.phase = AWAIT
        elif role == ROLE_AS and verb == VERB_ROUTINE:
            frame.phase = START
        elif (role, verb) in ((ROLE_ON, VERB_INDEX), (ROLE_LIKE, VERB_TABLE)) and _may_be_name(following):
            frame.phase = REFERENCE
        elif role == ROLE_CLAUSE and verb == VERB_INSERT:
            frame.phase = BODY
        else:
            self._body(frame, token, following)

    def _cte_name(self, frame: Frame, token: Token, following: Token) -> None:
        if token.word.role == ROLE_SKIP and following.kind in _NAMES and following.word.role != ROLE_AS:
            return
        if following.word.role == ROLE_AS or _is_punctuation(following, b"("):
            self._add_cte(token)
            frame.phase = CTE_HEAD
        else:
            frame.phase = CTE_TAIL

    def _cte_head(self, frame: Frame, token: Token, following: Token) -> None:
        if token.word.role == ROLE_AS:
            frame.phase = CTE_AS

    def _explained(self, frame: Frame, token: Token, following: Token) -> None:
        if token.word.role == ROLE_WITH and _may_be_name(following):
            frame.phase = CTE_NAME
        elif token.word.verb in _EXPLAINED:
            self._statement(frame, token)

    def _echo(self, frame: Frame, token: Token, following: Token) -> None:
        if token.word.role == ROLE_ECHO:
            self._write(token.text, b" ")
        elif frame.verb != VERB_BEGIN:
            frame.phase = DONE
        elif token.word.verb not in _CONTROL:
            self.routine = True
            self._statement(frame, token)


_WORD_STEPS: Dict[int, Callable[[Summarizer, Frame, Token, Token], None]] = {
    START: Summarizer._start,
    COLUMNS: Summarizer._columns,
    TARGET: Summarizer._due,
    TABLES: Summarizer._tables,
    BODY: Summarizer._body,
    KIND: Summarizer._kind,
    AWAIT: Summarizer._await,
    AFTER: Summarizer._after,
    REFERENCE: Summarizer._due,
    CTE_NAME: Summarizer._cte_name,
    CTE_HEAD: Summarizer._cte_head,
    CTE_TAIL: Summarizer._explained,
    TOLERANT: Summarizer._explained,
    ECHO: Summarizer._echo,
    PRIVILEGES: Summarizer._privileges,
    LOADING: Summarizer._loading,
    OPEN: Summarizer._start,
    OPEN_TABLES: Summarizer._start,
}


def _is_punctuation(token: Token, byte: bytes) -> bool:
    return token.kind == TOKEN_PUNCTUATION and token.text == byte


def _ends_name(following: Token) -> bool:
    """Whether what follows shows that a keyword is meant as a name."""
    if following.kind == TOKEN_PUNCTUATION:
        return following.text in (b",", b")", b".")
    return following.kind == TOKEN_OPERATOR and following.text == b"="


def _may_be_name(following: Token) -> bool:
    """Whether a table or a subquery can begin so."""
    if following.kind == TOKEN_WORD:
        return following.word.role not in _RESERVED
    return following.kind == TOKEN_QUOTED or _is_punctuation(following, b"(") or _is_punctuation(following, b"[")


_Bytes = Union[bytes, bytearray, memoryview]


def summarize(data: _Bytes, dialect: int) -> Summary:
    """Verb, tables and query summary of `data`. Raises UnknownDialectError, LimitExceededError."""
    return Summarizer(bytes(data), dialect).summarize()
