"""Tokens to what the text alone proves wasteful or wrong; the twin of sql_advice.c.

One pass with one token of look-ahead. Each open parenthesis has a frame; what it holds is
told by what stood before it:

    SELECT a, f(b) FROM t1 x, (SELECT ...) y WHERE lower(x.a) IN (1, 2) AND (x.b = y.b)
    QUERY      CALL           JOINS -> QUERY            CALL     LIST       EXPRESSION

In a condition, each comparison is a *term*; AND and OR begin a new one. Its left side
decides about functions on columns, and the names in it link the tables that FROM lists.
At a point of doubt the reading ends, and what needs the statement's end is not told.
"""

import re
from typing import Callable, Dict, Iterator, List, NamedTuple, Optional, Tuple, Union

from mercury.core.pure import sql_lexer as lex
from mercury.core.records import (
    ADVICE_DEEP_OFFSET,
    ADVICE_LONG_LIST,
    ADVICE_MAX_CTES,
    ADVICE_MAX_DEPTH,
    ADVICE_MAX_NAME_BYTES,
    ADVICE_MAX_RELATIONS,
    ADVICE_RULES,
    RULE_CARTESIAN_JOIN,
    RULE_DEEP_OFFSET,
    RULE_FUNCTION_ON_COLUMN,
    RULE_LEADING_WILDCARD,
    RULE_LITERAL_VALUE,
    RULE_LONG_IN_LIST,
    RULE_NOT_IN_SUBQUERY,
    RULE_ORDER_BY_RANDOM,
    RULE_SELECT_STAR,
    RULE_UNBOUNDED_SELECT,
    RULE_UNION_DISTINCT,
    TOKEN_COMMENT,
    TOKEN_DOUBT,
    TOKEN_NUMBER,
    TOKEN_OPERATOR,
    TOKEN_PLACEHOLDER,
    TOKEN_PUNCTUATION,
    TOKEN_QUOTED,
    TOKEN_STRING,
    TOKEN_WORD,
    Advice,
)

# What a word says where it stands inside of a statement.
(
    ROLE_NONE,
    ROLE_SELECT,
    ROLE_WITH,
    ROLE_RECURSIVE,
    ROLE_WRITE,  # begins a statement that has conditions but no result to bound
    ROLE_VALUES,
    ROLE_CODE,  # begins what may hold further statements
    ROLE_BEGIN,
    ROLE_TRANSACTION,  # shows that BEGIN begins no code
    ROLE_ALL,
    ROLE_DISTINCT,
    ROLE_TOP,
    ROLE_INTO,
    ROLE_FROM,
    ROLE_LATERAL,
    ROLE_ONLY,
    ROLE_DUAL,  # the table of one row
    ROLE_AS,
    ROLE_JOIN,
    ROLE_NATURAL,
    ROLE_CROSS,
    ROLE_SIDE,  # LEFT, INNER ...: JOIN follows
    ROLE_APPLY,
    ROLE_ON,
    ROLE_CONFLICT,  # ON, but no condition
    ROLE_USING,
    ROLE_WHERE,
    ROLE_GROUP,  # a clause that makes few rows of many
    ROLE_ORDER,
    ROLE_LIMIT,
    ROLE_OFFSET,
    ROLE_REST,  # any other clause
    ROLE_UNION,
    ROLE_EXCEPT,
    ROLE_AND,
    ROLE_NOT,
    ROLE_IN,
    ROLE_LIKE,
    ROLE_TO,
    ROLE_BETWEEN,
    ROLE_CASE,
    ROLE_END,
    ROLE_PREDICATE,  # stands before parentheses and is no function
    ROLE_RANDOM,
    ROLE_RANDOM_PACKAGE,
    ROLE_TEXT,  # a cast to it keeps an index usable
) = range(46)

_ROLES = (
    (ROLE_SELECT, "select"),
    (ROLE_WITH, "with"),
    (ROLE_RECURSIVE, "recursive"),
    (ROLE_WRITE, "delete insert merge replace update upsert"),
    (ROLE_VALUES, "values"),
    (ROLE_CODE, "alter create declare do exec execute"),
    (ROLE_BEGIN, "begin"),
    (ROLE_TRANSACTION, "deferred exclusive immediate isolation tran transaction work"),
    (ROLE_ALL, "all"),
    (ROLE_DISTINCT, "distinct"),
    (ROLE_TOP, "top"),
    (ROLE_INTO, "into"),
    (ROLE_FROM, "from"),
    (ROLE_LATERAL, "lateral"),
    (ROLE_ONLY, "only"),
    (ROLE_DUAL, "dual"),
    (ROLE_AS, "as"),
    (ROLE_JOIN, "join straight_join"),
    (ROLE_NATURAL, "natural"),
    (ROLE_CROSS, "cross"),
    (ROLE_SIDE, "full inner left outer right"),
    (ROLE_APPLY, "apply"),
    (ROLE_ON, "on"),
    (ROLE_CONFLICT, "conflict duplicate"),
    (ROLE_USING, "using"),
    (ROLE_WHERE, "where"),
    (ROLE_GROUP, "connect group having qualify start tablesample"),
    (ROLE_ORDER, "order"),
    (ROLE_LIMIT, "fetch limit"),
    (ROLE_OFFSET, "offset"),
    (ROLE_REST, "for option returning set window"),
    (ROLE_UNION, "union"),
    (ROLE_EXCEPT, "except intersect minus"),
    (ROLE_AND, "and or xor"),
    (ROLE_NOT, "not"),
    (ROLE_IN, "in"),
    (ROLE_LIKE, "ilike like similar"),
    (ROLE_TO, "binary to"),
    (ROLE_BETWEEN, "between"),
    (ROLE_CASE, "case"),
    (ROLE_END, "end"),
    (ROLE_PREDICATE, "any array exists row some"),
    (ROLE_RANDOM, "newid rand random"),
    (ROLE_RANDOM_PACKAGE, "dbms_random"),
    (ROLE_TEXT, "text varchar"),
)

WORDS = {word.encode(): role for role, words in _ROLES for word in words.split()}
"""Every word that is more than a name here, in lower case."""

# What a frame holds.
(
    QUERY,  # a statement or a subquery; the text itself is one
    JOINS,  # tables in parentheses
    EXPRESSION,  # a part of a condition, or of another expression
    CALL,  # arguments, and whatever else decides nothing about rows
    LIST,  # what IN compares with
) = range(5)

# How far a query has come. Frames in it that are no query of their own begin with its clause.
(
    START,
    CTE_NAME,
    CTE_HEAD,  # its columns
    CTE_AS,  # its query
    CTE_TAIL,  # a comma brings another, a verb the statement
    COLUMNS,
    DUE,  # a table
    TABLES,  # a table was read
    ON,
    WHERE,
    ORDER,
    REST,
    SILENT,  # nothing of this statement is judged
) = range(13)

_CONDITIONS = (ON, WHERE)

# What a term has shown so far.
(
    TERM_START,
    TERM_COLUMN,  # a column
    TERM_GROUP,  # parentheses with a column in them
    TERM_CALL,  # a function on a column
    TERM_CAST,  # a cast of a column
    TERM_COMPARED,  # a column and a comparison
    TERM_WRAPPED,  # a function or a cast of a column, and a comparison
    TERM_OTHER,
) = range(8)

# What a frame's flags say.
FRESH = 1  # nothing was read in it yet
OUTER = 2  # its rows are the statement's
RECURSIVE = 4
NEGATED = 8
HAS_COLUMN = 16
NOT_TERM = 32  # NOT stands before the term

# How the next table is joined.
JOINED_FREELY, JOINED_CROSSWISE, JOINED_BY_ON, JOINED_BY_NAMES = range(4)

OUTSIDE = ADVICE_MAX_RELATIONS
"""The group of what stands in no list of FROM that can be judged: subqueries, functions, outer queries."""
NO_ANCHOR = OUTSIDE + 1
MOST = 255
"""Where counts of names stop."""

_COMPARISONS = frozenset((b"=", b"<", b">", b"<=", b">=", b"<=>", b"=="))
_AFTER_COMPARISON = {TERM_COLUMN: TERM_COMPARED, TERM_CALL: TERM_WRAPPED, TERM_CAST: TERM_WRAPPED}
_NAMES = frozenset((TOKEN_WORD, TOKEN_QUOTED))
_LITERALS = frozenset((TOKEN_STRING, TOKEN_NUMBER))
_VALUES = frozenset((TOKEN_STRING, TOKEN_NUMBER, TOKEN_PLACEHOLDER))
_opening_quotes = re.compile(rb"[^'\"$]*?(?:[qQ]'.|['\"]|\$[^$]*\$)", re.DOTALL).match
_CATALOGS = (b"pg_", b"sqlite_", b"information_schema")
_ENDS_TABLES = frozenset(
    (
        ROLE_SELECT,
        ROLE_FROM,
        ROLE_JOIN,
        ROLE_NATURAL,
        ROLE_CROSS,
        ROLE_SIDE,
        ROLE_ON,
        ROLE_USING,
        ROLE_WHERE,
        ROLE_GROUP,
        ROLE_ORDER,
        ROLE_LIMIT,
        ROLE_UNION,
        ROLE_EXCEPT,
    )
)
"""The words that are no table's name where one is due."""


class Token(NamedTuple):
    kind: int
    start: int
    end: int
    text: bytes
    role: int
    flags: int  # what the lexer's list says


NOTHING = Token(0, 0, 0, b"", ROLE_NONE, 0)
"""Stands for the end of the text, and for what came before its start."""


class Frame:
    """An open parenthesis, or the text itself."""

    __slots__ = (
        "anchor", "cases", "clause", "cte_count", "flags", "items", "kind", "links", "loose_names", "position",
        "query", "relation_count", "term",
    )  # fmt: skip

    def __init__(self, kind: int, clause: int, flags: int, query: int, relation_count: int, cte_count: int) -> None:
        self.kind = kind
        self.clause = clause
        self.flags = flags
        self.term = TERM_OTHER
        self.position = 0  # of the term's left side; of the IN before a LIST
        self.cases = 0  # CASE not yet ended
        self.items = 1  # of a LIST
        self.query = query  # the frame of the innermost query, perhaps this one
        self.relation_count = relation_count  # those that were known where it opened
        self.cte_count = cte_count
        self.anchor = NO_ANCHOR  # a group that the term's names belong to
        self.loose_names = 0  # names without a table in the term
        self.links = 0  # links between tables that those may have made


class Relation:
    """A table that FROM lists, until the query ends."""

    __slots__ = ("awaits_on", "group", "name", "position")

    def __init__(self, name: bytes, position: int, group: int, awaits_on: bool) -> None:
        self.name = name
        self.position = position
        self.group = group
        self.awaits_on = awaits_on


class Arm:
    """One SELECT of those whose rows are the statement's."""

    __slots__ = ("bounded", "has_column", "has_table", "position")

    def __init__(self, position: int) -> None:
        self.position = position  # -1: none is open
        self.has_column = False  # one outside of parentheses: no aggregate then
        self.has_table = False
        self.bounded = False


class Adviser:
    """Reads one text."""

    def __init__(self, data: bytes, dialect: int, wildcards: bytes) -> None:
        self.lexer = lex.Lexer(data, dialect)
        self.data = data
        self.wildcards = wildcards
        self.counts = [0] * ADVICE_RULES
        self.positions = [-1] * ADVICE_RULES
        self.complete = True
        self.frames = [Frame(QUERY, START, OUTER, 0, 0, 0)]
        self.too_deep = 0  # open parentheses beyond the last frame
        self.relations: List[Relation] = []
        self.ctes: List[bytes] = []
        self.arm = Arm(-1)
        self.unbounded = -1  # the first arm that would be one
        self.limited = False
        self.unsure = False  # the statement's end proves nothing
        self.code = False  # what follows may be the body of a routine
        self.previous = NOTHING
        self.name_start = -1  # of the name that is being read; -1: none
        self.before_name = NOTHING
        self.qualifier = NOTHING
        self.join = JOINED_FREELY
        self.alias_due = False
        self.list_start = 0  # of the last IN, or of its NOT
        self.list_negated = False
        self.pattern = -1  # of the LIKE whose pattern is due
        self.placeholder_count = 0

    def advise(self) -> Advice:
        token: Optional[Token] = None
        for following in self._tokens():
            if token is not None:
                self._step(token, following)
            token = following
        if token is not None:
            self._step(token, NOTHING)
        self._end_statement()
        return Advice(self.complete, tuple(self.counts), tuple(self.positions))

    def _tokens(self) -> Iterator[Token]:
        """All tokens up to a point of doubt, but the comments."""
        dotted = False
        for kind, start, end, _, word in self.lexer.lexemes():
            if kind == TOKEN_COMMENT:
                continue
            if kind == TOKEN_DOUBT:
                self._lose()
                return
            text = self.data[start:end]
            role = WORDS.get(text.lower(), ROLE_NONE) if kind == TOKEN_WORD and not dotted else ROLE_NONE
            yield Token(kind, start, end, text, role, word.flags)
            dotted = kind == TOKEN_PUNCTUATION and text == b"."

    # ---- Rules ----

    def _tell(self, rule: int, position: int) -> None:
        """Counts a place; the first in the text is kept."""
        self.counts[rule] += 1
        if self.positions[rule] < 0 or position < self.positions[rule]:
            self.positions[rule] = position

    def _rule_unbounded_select(self) -> None:
        if self.unbounded >= 0 and not self.limited and not self.unsure:
            self._tell(RULE_UNBOUNDED_SELECT, self.unbounded)

    def _rule_deep_offset(self, position: int, number: Token) -> None:
        if number.kind == TOKEN_NUMBER and _is_at_least(number.text, ADVICE_DEEP_OFFSET):
            self._tell(RULE_DEEP_OFFSET, position)

    def _rule_leading_wildcard(self, token: Token) -> None:
        """The token is the first value behind LIKE."""
        if token.kind == TOKEN_STRING:
            leads = _first_character(token.text) in (b"%", b"_")
        else:
            leads = any(self.wildcards[self.placeholder_count - 1 : self.placeholder_count])
        if leads:
            self._tell(RULE_LEADING_WILDCARD, self.pattern)

    def _rule_order_by_random(self, token: Token, following: Token) -> None:
        called = token.role == ROLE_RANDOM and _is_punctuation(following, b"(")
        if called or (token.role == ROLE_RANDOM_PACKAGE and _is_punctuation(following, b".")):
            self._tell(RULE_ORDER_BY_RANDOM, token.start)

    def _rule_not_in_subquery(self, frame: Frame) -> None:
        if frame.kind == LIST and frame.flags & NEGATED:
            self._tell(RULE_NOT_IN_SUBQUERY, frame.position)

    def _rule_function_on_column(self, frame: Frame) -> None:
        """What is compared is no plain column, so that no index on that one could serve either."""
        if frame.term == TERM_WRAPPED:
            self._tell(RULE_FUNCTION_ON_COLUMN, frame.position)

    def _rule_cartesian_join(self, frame: Frame) -> None:
        """More groups of tables are left than links could join whose tables the text does not name."""
        relations = self.relations[frame.relation_count :]
        groups = {relation.group for relation in relations}
        if not self.unsure and len(groups) > 1 + frame.links:
            apart = next(relation for relation in relations if relation.group != relations[0].group)
            self._tell(RULE_CARTESIAN_JOIN, apart.position)

    def _rule_long_in_list(self, frame: Frame) -> None:
        if frame.items == ADVICE_LONG_LIST:
            self._tell(RULE_LONG_IN_LIST, frame.position)

    def _rule_union_distinct(self, frame: Frame, token: Token, following: Token) -> None:
        begins = following.role in (ROLE_SELECT, ROLE_WITH, ROLE_VALUES) or _is_punctuation(following, b"(")
        if begins and not frame.flags & RECURSIVE:  # there it ends the recursion
            self._tell(RULE_UNION_DISTINCT, token.start)

    def _rule_select_star(self, token: Token) -> None:
        self._tell(RULE_SELECT_STAR, token.start)

    def _rule_literal_value(self, frame: Frame, token: Token) -> None:
        if frame.term == TERM_COMPARED and token.kind in _LITERALS:
            self._tell(RULE_LITERAL_VALUE, token.start)

    # ---- Tokens ----

    def _step(self, token: Token, following: Token) -> None:
        if token.kind == TOKEN_PLACEHOLDER:
            self.placeholder_count += 1
        if token.kind == TOKEN_PUNCTUATION:
            self._punctuation(token, following)
        elif not self.too_deep:
            self._read(self.frames[-1], token, following)
        if not _is_punctuation(token, b".") and not (token.kind in _NAMES and _is_punctuation(following, b".")):
            self.name_start = -1
            self.qualifier = NOTHING
        self.previous = token

    def _read(self, frame: Frame, token: Token, following: Token) -> None:
        if frame.flags & FRESH:
            self._settle(frame, token)
        if frame.clause == SILENT:
            return
        if self.pattern >= 0:
            self._read_pattern(token, following)
        if token.kind in _NAMES and self.name_start < 0:
            self.name_start = token.start
            self.before_name = self.previous
        if token.kind in _NAMES and _is_punctuation(following, b"."):
            self.qualifier = token
            if frame.clause == ORDER:
                self._rule_order_by_random(token, following)
            return
        if frame.kind not in (QUERY, JOINS) or not self._read_clause(frame, token, following):
            self._read_expression(frame, token, following)

    def _settle(self, frame: Frame, token: Token) -> None:
        """What stands first in parentheses decides what they hold."""
        frame.flags &= ~FRESH
        is_query = token.role in (ROLE_SELECT, ROLE_WITH, ROLE_VALUES)
        if frame.kind == QUERY or frame.clause == SILENT or not is_query:
            return
        if frame.kind == JOINS:
            self._derive(frame)
        self._rule_not_in_subquery(frame)
        frame.kind = QUERY
        frame.clause = START
        frame.flags = 0
        frame.query = len(self.frames) - 1

    def _read_pattern(self, token: Token, following: Token) -> None:
        """Looks for the first value behind LIKE, through functions and parentheses."""
        goes_on = following.kind == TOKEN_PUNCTUATION and following.text in (b"(", b".", b"[")
        if token.kind in _NAMES and (goes_on or token.role == ROLE_TO):
            return
        if token.kind in (TOKEN_STRING, TOKEN_PLACEHOLDER):
            self._rule_leading_wildcard(token)
        self.pattern = -1

    # ---- Punctuation ----

    def _punctuation(self, token: Token, following: Token) -> None:
        byte = token.text
        if byte == b"(":
            self._open(token, following)
        elif byte == b")":
            self._close(following)
        elif byte == b";":
            self._end_statement()
            self._begin_statement()
        elif not self.too_deep:
            self._separate(self.frames[-1], byte)

    def _separate(self, frame: Frame, byte: bytes) -> None:
        """A comma, a dot or a square bracket."""
        frame.flags &= ~FRESH
        if byte in (b",", b"]"):
            self.pattern = -1
        if byte == b",":
            self._comma(frame)
        elif byte != b"." and frame.term != TERM_CAST:
            frame.term = TERM_OTHER

    def _comma(self, frame: Frame) -> None:
        if frame.kind == LIST:
            frame.items = min(frame.items + 1, ADVICE_LONG_LIST + 1)
            self._rule_long_in_list(frame)
        elif frame.kind not in (QUERY, JOINS):
            frame.term = TERM_OTHER
        elif frame.clause in (TABLES, ON):
            self._enter(frame, DUE)
            self.join = JOINED_FREELY
        elif frame.clause == CTE_TAIL:
            frame.clause = CTE_NAME

    def _open(self, token: Token, following: Token) -> None:
        if self.too_deep or len(self.frames) == ADVICE_MAX_DEPTH:
            self.too_deep += 1
            self._lose()
            return
        around = self.frames[-1]
        around.flags &= ~FRESH
        if following.text == b"+" and _is_name(self.previous):  # Oracle's outer join: a.i = b.i(+)
            self._link_loosely(self.frames[around.query])
        kind, clause = self._within(around)
        query = len(self.frames) if kind == QUERY else around.query
        frame = Frame(kind, clause, FRESH, query, len(self.relations), len(self.ctes))
        if kind == QUERY:
            frame.flags = around.flags & (OUTER if around.clause == START else RECURSIVE)
        elif kind == LIST or (kind == EXPRESSION and clause in _CONDITIONS):
            self._compare(around, frame)
        self._pass(around, token)
        self.frames.append(frame)

    def _within(self, around: Frame) -> Tuple[int, int]:
        """What parentheses that open here hold."""
        clause = around.clause
        if clause == SILENT:
            return CALL, SILENT
        if around.kind in (QUERY, JOINS) and clause in _HOLDS:
            return _HOLDS[clause]
        if self.previous.role == ROLE_IN:
            return LIST, clause
        is_part = around.kind in (QUERY, JOINS, EXPRESSION) and not around.cases and around.term != TERM_CAST
        return EXPRESSION if is_part and not _is_function(self.previous) else CALL, clause

    def _compare(self, around: Frame, frame: Frame) -> None:
        """Carries over what the parentheses are compared with, and whether they are negated."""
        frame.position = self.list_start
        if frame.clause in _CONDITIONS and around.kind in (QUERY, JOINS, EXPRESSION) and not around.cases:
            negated = _is_negated(around) != (frame.kind == LIST and self.list_negated)
            frame.flags |= NEGATED if negated else 0
            frame.term = TERM_START if frame.kind == EXPRESSION else around.term

    def _pass(self, around: Frame, token: Token) -> None:
        """The frame around goes on behind the parentheses that open."""
        if around.kind in (QUERY, JOINS) and around.clause in _BEHIND:
            around.clause = _BEHIND[around.clause]
            self.alias_due = False
        if around.term == TERM_START:
            around.term = TERM_GROUP
            around.position = token.start
        elif around.term not in (TERM_CALL, TERM_CAST):
            self._rule_function_on_column(around)
            around.term = TERM_OTHER

    def _close(self, following: Token) -> None:
        self.pattern = -1
        if self.too_deep:
            self.too_deep -= 1
            return
        if len(self.frames) == 1:
            self.unsure = True
            return
        frame = self.frames[-1]
        if frame.kind != CALL:  # t PARTITION (p) AS alias
            self.alias_due = False
        if frame.kind == QUERY:
            self._end_query(frame)
            del self.ctes[frame.cte_count :]
        elif frame.kind == JOINS:
            self._end_joins(frame, following)
        self.frames.pop()
        around = self.frames[-1]
        has_column = frame.kind != QUERY and frame.flags & HAS_COLUMN
        if has_column:
            around.flags |= HAS_COLUMN
        elif around.term in (TERM_GROUP, TERM_CALL):
            around.term = TERM_OTHER

    def _end_joins(self, frame: Frame, following: Token) -> None:
        self._end_term(frame.query)
        if following.role == ROLE_AS or _is_name(following):  # an alias hides their names
            for relation in self.relations[frame.relation_count :]:
                self._merge(relation.group, OUTSIDE)

    # ---- Statements ----

    def _begin_statement(self) -> None:
        self.frames = [Frame(QUERY, SILENT if self.code else START, OUTER, 0, 0, 0)]
        self.too_deep = 0
        self.relations = []
        self.ctes = []
        self.arm = Arm(-1)
        self.unbounded = -1
        self.limited = False
        self.unsure = False
        self.alias_due = False
        self.pattern = -1

    def _end_statement(self) -> None:
        if len(self.frames) > 1 or self.too_deep or _is_unfinished(self.previous):
            self.unsure = True
        self._end_query(self.frames[0])
        self._rule_unbounded_select()

    def _end_query(self, frame: Frame) -> None:
        """A SELECT ends, with its parentheses, at UNION or with the statement."""
        if frame.clause == DUE:
            self.unsure = True
        self._end_term(frame.query)
        self._rule_cartesian_join(frame)
        del self.relations[frame.relation_count :]
        frame.links = 0
        if frame.flags & OUTER:
            self._end_arm()

    def _end_arm(self) -> None:
        arm = self.arm
        if arm.position >= 0 and arm.has_column and arm.has_table and not arm.bounded and self.unbounded < 0:
            self.unbounded = arm.position
        self.arm = Arm(-1)

    def _lose(self) -> None:
        """Something stays unread: the end of the statement proves nothing."""
        self.complete = False
        self.unsure = True

    def _select(self, frame: Frame, token: Token) -> None:
        if frame.clause not in (START, CTE_TAIL, REST) or len(self.relations) > frame.relation_count:
            self.unsure = True  # another statement without a semicolon
            del self.relations[frame.relation_count :]
        frame.clause = COLUMNS
        if frame.flags & OUTER:
            self.arm = Arm(token.start)

    def _start(self, frame: Frame, token: Token, following: Token) -> None:
        role = token.role
        if role == ROLE_SELECT:
            self._select(frame, token)
        elif role in (ROLE_ALL, ROLE_DISTINCT):  # of UNION
            return
        elif role == ROLE_WITH:
            frame.clause = CTE_NAME
        elif role in (ROLE_WRITE, ROLE_VALUES):
            frame.flags &= ~OUTER
            frame.clause = REST
        else:
            frame.clause = SILENT
            begins_code = role == ROLE_BEGIN and following.kind == TOKEN_WORD and following.role != ROLE_TRANSACTION
            self.code = self.code or role == ROLE_CODE or begins_code

    # ---- Common table expressions ----

    def _read_cte(self, frame: Frame, token: Token, following: Token) -> None:
        if frame.clause == CTE_NAME:
            self._cte_name(frame, token, following)
        elif frame.clause == CTE_HEAD and token.role == ROLE_AS:
            frame.clause = CTE_AS
        elif frame.clause == CTE_TAIL and token.role in (ROLE_SELECT, ROLE_WRITE, ROLE_VALUES):
            self._start(frame, token, following)

    def _cte_name(self, frame: Frame, token: Token, following: Token) -> None:
        if token.role == ROLE_RECURSIVE and following.kind in _NAMES and following.role != ROLE_AS:
            frame.flags |= RECURSIVE
            return
        name = _content(token)
        if token.kind not in _NAMES or len(name) > ADVICE_MAX_NAME_BYTES or len(self.ctes) == ADVICE_MAX_CTES:
            self._lose()
        else:
            self.ctes.append(name)
        frame.clause = CTE_HEAD

    # ---- Clauses ----

    def _read_clause(self, frame: Frame, token: Token, following: Token) -> bool:
        """Follows a query from clause to clause; false where the token is a part of an expression."""
        if frame.clause == START:
            self._start(frame, token, following)
            return True
        if frame.clause in (CTE_NAME, CTE_HEAD, CTE_AS, CTE_TAIL):
            self._read_cte(frame, token, following)
            return True
        if frame.clause == DUE and self._read_table(frame, token, following):
            return True
        step = _CLAUSES.get(token.role)
        if step is not None:
            return step(self, frame, token, following)
        if frame.clause == TABLES:
            self._read_alias(frame, token, following)
        return frame.clause == TABLES

    def _enter(self, frame: Frame, clause: int) -> None:
        """A clause begins, and with it perhaps a condition."""
        self._end_term(frame.query)
        frame.clause = clause
        frame.term = TERM_START if clause in _CONDITIONS else TERM_OTHER
        frame.flags &= ~NOT_TERM
        frame.cases = 0
        self.alias_due = False
        self.pattern = -1

    def _bound(self, frame: Frame) -> None:
        """Something keeps the rows from being all of a table."""
        if self.frames[frame.query].flags & OUTER:
            self.arm.bounded = True

    def _modifier(self, frame: Frame, token: Token, following: Token) -> bool:
        """DISTINCT, TOP, INTO."""
        if frame.clause == COLUMNS:
            self._bound(frame)
        return frame.clause in (COLUMNS, TABLES)

    def _from(self, frame: Frame, token: Token, following: Token) -> bool:
        if frame.clause == COLUMNS and self.previous.role != ROLE_DISTINCT:  # IS DISTINCT FROM
            self._enter(frame, DUE)
            self.join = JOINED_FREELY
        return frame.clause in (TABLES, DUE)

    def _join_word(self, frame: Frame, token: Token, following: Token) -> bool:
        """The words before JOIN, and those that bring a table."""
        is_call = token.role == ROLE_SIDE and _is_punctuation(following, b"(")
        if frame.clause not in (TABLES, ON) or is_call:
            return False
        self._enter(frame, TABLES)
        if token.role == ROLE_NATURAL:
            self.join = JOINED_BY_NAMES
        elif token.role == ROLE_CROSS:
            self.join = JOINED_CROSSWISE
        elif token.role == ROLE_APPLY:
            self._derive(frame)
            frame.clause = DUE
        elif token.role == ROLE_JOIN:
            self.join = JOINED_BY_ON if self.join == JOINED_FREELY else self.join
            frame.clause = DUE
        return True

    def _on(self, frame: Frame, token: Token, following: Token) -> bool:
        if frame.clause not in (TABLES, ON, REST):
            return False
        self._enter(frame, SILENT if following.role == ROLE_CONFLICT else ON)
        self._join_by_condition(frame)
        return True

    def _using(self, frame: Frame, token: Token, following: Token) -> bool:
        if frame.clause == TABLES:
            self._join_by_condition(frame)
        return frame.clause == TABLES

    def _where(self, frame: Frame, token: Token, following: Token) -> bool:
        self._enter(frame, WHERE)
        self._bound(frame)
        return True

    def _group(self, frame: Frame, token: Token, following: Token) -> bool:
        self._enter(frame, REST)
        self._bound(frame)
        return True

    def _order(self, frame: Frame, token: Token, following: Token) -> bool:
        self._enter(frame, ORDER)
        return True

    def _limit(self, frame: Frame, token: Token, following: Token) -> bool:
        self._enter(frame, REST)
        self.limited = self.limited or frame.flags & OUTER != 0
        return True

    def _offset(self, frame: Frame, token: Token, following: Token) -> bool:
        if following.kind not in _VALUES:
            return False
        self._enter(frame, REST)
        self._rule_deep_offset(token.start, following)
        return True

    def _rest(self, frame: Frame, token: Token, following: Token) -> bool:
        if frame.clause != COLUMNS:
            self._enter(frame, REST)
        return True

    def _combine(self, frame: Frame, token: Token, following: Token) -> bool:
        """UNION, EXCEPT, INTERSECT: one SELECT ends, another begins."""
        self._end_query(frame)
        self._enter(frame, START)
        if token.role == ROLE_UNION:
            self._rule_union_distinct(frame, token, following)
        elif frame.flags & OUTER:
            self.limited = True
        return True

    def _select_again(self, frame: Frame, token: Token, following: Token) -> bool:
        self._select(frame, token)
        return True

    # ---- Tables ----

    def _read_table(self, frame: Frame, token: Token, following: Token) -> bool:
        """A table is due; false where a clause comes instead."""
        if token.role in _ENDS_TABLES:
            self.unsure = True
            frame.clause = TABLES
            return False
        if token.role == ROLE_LATERAL:
            self._derive(frame)
        elif token.role != ROLE_ONLY:
            frame.clause = TABLES
            self._add_table(frame, token, following)
        return True

    def _add_table(self, frame: Frame, token: Token, following: Token) -> None:
        is_call = _is_punctuation(following, b"(") or following.role == ROLE_FROM  # ROWS FROM (f(), g())
        if token.kind not in _NAMES or is_call or self._is_derived(token):
            self._derive(frame)
            return
        query = self.frames[frame.query]
        if query.flags & OUTER:
            self.arm.has_table = True
        if len(self.relations) == ADVICE_MAX_RELATIONS:
            self._lose()
            return
        number = len(self.relations)
        self.relations.append(Relation(b"", self.name_start, number, self.join == JOINED_BY_ON))
        self._name_table(frame, token)
        if self.join == JOINED_BY_NAMES:
            self._merge(number, self._group_before(query, number))
        self.join = JOINED_FREELY
        self.alias_due = True

    def _is_derived(self, token: Token) -> bool:
        """Whether the name is one of WITH, of a catalog, or of the table with one row."""
        name = _content(token)
        if self.qualifier is NOTHING:
            return token.role == ROLE_DUAL or name.startswith(_CATALOGS) or name in self.ctes
        return name.startswith(_CATALOGS) or _content(self.qualifier).startswith(_CATALOGS)

    def _derive(self, frame: Frame) -> None:
        """What stands in FROM is no table whose size and links can be judged."""
        self._bound(frame)
        self.join = JOINED_FREELY
        self.alias_due = False

    def _name_table(self, frame: Frame, token: Token) -> None:
        """Gives the last table a name. Two of one name cannot be told apart."""
        name = _content(token)
        others = self.relations[self.frames[frame.query].relation_count : -1]
        if len(name) > ADVICE_MAX_NAME_BYTES or any(name == relation.name for relation in others):
            self.unsure = True
            name = b""
        self.relations[-1].name = name

    def _read_alias(self, frame: Frame, token: Token, following: Token) -> None:
        if not self.alias_due:
            return
        if token.kind in _NAMES and (self.previous.role == ROLE_AS or _may_be_alias(token, following)):
            self._name_table(frame, token)
            self.alias_due = False
        elif self.previous.role == ROLE_AS:  # servers take strings here
            self.unsure = True

    def _join_by_condition(self, frame: Frame) -> None:
        """ON or USING: the last table that waits for one is joined to the one before it."""
        query = self.frames[frame.query]
        for number in range(len(self.relations) - 1, query.relation_count - 1, -1):
            if self.relations[number].awaits_on:
                self.relations[number].awaits_on = False
                self._merge(self.relations[number].group, self._group_before(query, number))
                return

    def _group_before(self, query: Frame, number: int) -> int:
        return self.relations[number - 1].group if number > query.relation_count else OUTSIDE

    def _merge(self, one: int, other: int) -> int:
        """Makes two groups one, and says which."""
        kept, gone = (other, one) if other == OUTSIDE else (one, other)
        for relation in self.relations:
            if relation.group == gone:
                relation.group = kept
        return kept

    # ---- Conditions ----

    def _link(self, query_number: int) -> None:
        """A column stands in a condition of the query: its table is linked with the term's others."""
        query = self.frames[query_number]
        if self.qualifier is NOTHING:
            self._link_loosely(query)
            return
        number = self._find(_content(self.qualifier))
        if number < query.relation_count:
            self._anchor(query, OUTSIDE)
        if number >= 0:
            while number < self.frames[query_number].relation_count:
                query_number = self.frames[query_number - 1].query
            self._anchor(self.frames[query_number], self.relations[number].group)

    def _link_loosely(self, query: Frame) -> None:
        query.loose_names = min(query.loose_names + 1, MOST)

    def _find(self, name: bytes) -> int:
        """The number of the innermost table of that name, -1 where there is none."""
        for number in range(len(self.relations) - 1, -1, -1):
            if self.relations[number].name == name:
                return number
        return -1

    def _anchor(self, query: Frame, group: int) -> None:
        query.anchor = group if query.anchor == NO_ANCHOR else self._merge(query.anchor, group)

    def _end_term(self, query_number: int) -> None:
        """A term ends. Names without a table may have linked as many as they are, less one."""
        query = self.frames[query_number]
        names = query.loose_names
        if query.anchor == NO_ANCHOR and names > 0:
            names -= 1
        query.links = min(query.links + names, MOST)
        query.loose_names = 0
        query.anchor = NO_ANCHOR

    # ---- Expressions ----

    def _read_expression(self, frame: Frame, token: Token, following: Token) -> None:
        if token.role == ROLE_IN:
            self.list_negated = self.previous.role == ROLE_NOT
            self.list_start = self.previous.start if self.list_negated else token.start
        if frame.clause in _CONDITIONS:
            self._read_condition(frame, token, following)
        elif frame.clause == ORDER:
            self._rule_order_by_random(token, following)
        elif frame.kind == QUERY and frame.clause == COLUMNS and frame.flags & OUTER:
            self._read_column(token, following)
        elif frame.kind == QUERY and self.previous.role == ROLE_LIMIT and _is_punctuation(following, b","):
            self._rule_deep_offset(self.previous.start, token)

    def _read_column(self, token: Token, following: Token) -> None:
        """An item of the outermost SELECT, outside of parentheses."""
        ends = following.role == ROLE_FROM or _is_punctuation(following, b",")
        if token.kind == TOKEN_OPERATOR and token.text == b"*" and ends:
            self.arm.has_column = True
            self._rule_select_star(token)
        elif _is_column(token, following) and _precedes_column(self.before_name) and following.text != b"=":
            self.arm.has_column = True

    def _read_condition(self, frame: Frame, token: Token, following: Token) -> None:
        if _is_column(token, following):
            frame.flags |= HAS_COLUMN
            self._link(frame.query)
        elif token.kind in _VALUES and frame.clause == ON:
            self._bound(frame)
        if frame.kind in (QUERY, JOINS, EXPRESSION):
            self._read_term(frame, token, following)
        elif frame.kind == LIST:
            self._rule_literal_value(frame, token)
            frame.term = TERM_OTHER

    def _read_term(self, frame: Frame, token: Token, following: Token) -> None:
        role = token.role
        if role == ROLE_CASE:
            frame.cases = min(frame.cases + 1, MOST)
            frame.term = TERM_OTHER
        elif frame.cases:
            frame.cases -= role == ROLE_END
        elif role == ROLE_AND:
            self._end_term(frame.query)
            frame.term = TERM_START
            frame.flags &= ~NOT_TERM
        elif role == ROLE_NOT:
            frame.flags ^= NOT_TERM if frame.term == TERM_START else 0
        else:
            if role == ROLE_LIKE and self.previous.role != ROLE_NOT and not _is_negated(frame):
                self.pattern = token.start
            frame.term = self._next_term(frame, token, following)

    def _next_term(self, frame: Frame, token: Token, following: Token) -> int:
        term = frame.term
        if term == TERM_START:
            return self._left_side(frame, token, following)
        if term == TERM_COMPARED:
            self._rule_literal_value(frame, token)
        elif term == TERM_WRAPPED and not _is_column(token, following):
            self._rule_function_on_column(frame)
        elif term in (TERM_COLUMN, TERM_GROUP, TERM_CALL) and token.text == b"::":
            return TERM_OTHER if following.role == ROLE_TEXT and term != TERM_CALL else TERM_CAST
        elif term in _AFTER_COMPARISON and self._is_comparison(frame, token):
            return _AFTER_COMPARISON[term]
        elif term == TERM_CAST and token.kind == TOKEN_WORD:  # the rest of the type
            return TERM_CAST
        return TERM_OTHER

    def _left_side(self, frame: Frame, token: Token, following: Token) -> int:
        frame.position = self.name_start
        if _is_column(token, following):
            return TERM_COLUMN
        if _is_function(token) and _is_punctuation(following, b"("):
            return TERM_CALL
        return TERM_OTHER

    def _is_comparison(self, frame: Frame, token: Token) -> bool:
        """Whether an index could serve it."""
        if self.previous.role == ROLE_NOT or _is_negated(frame):
            return False
        return token.text in _COMPARISONS or token.role in (ROLE_IN, ROLE_LIKE, ROLE_BETWEEN)


_Step = Callable[[Adviser, Frame, Token, Token], bool]

_CLAUSES: Dict[int, _Step] = {
    ROLE_SELECT: Adviser._select_again,
    ROLE_DISTINCT: Adviser._modifier,
    ROLE_TOP: Adviser._modifier,
    ROLE_INTO: Adviser._modifier,
    ROLE_FROM: Adviser._from,
    ROLE_JOIN: Adviser._join_word,
    ROLE_NATURAL: Adviser._join_word,
    ROLE_CROSS: Adviser._join_word,
    ROLE_SIDE: Adviser._join_word,
    ROLE_APPLY: Adviser._join_word,
    ROLE_ON: Adviser._on,
    ROLE_USING: Adviser._using,
    ROLE_WHERE: Adviser._where,
    ROLE_GROUP: Adviser._group,
    ROLE_ORDER: Adviser._order,
    ROLE_LIMIT: Adviser._limit,
    ROLE_OFFSET: Adviser._offset,
    ROLE_REST: Adviser._rest,
    ROLE_UNION: Adviser._combine,
    ROLE_EXCEPT: Adviser._combine,
}

_HOLDS = {
    START: (QUERY, START),
    CTE_NAME: (CALL, REST),
    CTE_HEAD: (CALL, REST),
    CTE_AS: (QUERY, START),
    CTE_TAIL: (CALL, REST),
    DUE: (JOINS, DUE),
    TABLES: (CALL, REST),
}
"""What parentheses hold that open in these clauses, and the clause that they begin with."""

_BEHIND = {START: REST, CTE_AS: CTE_TAIL, DUE: TABLES}
"""The clause behind those parentheses, where it is another one."""


def _is_punctuation(token: Token, byte: bytes) -> bool:
    return token.kind == TOKEN_PUNCTUATION and token.text == byte


def _is_negated(frame: Frame) -> bool:
    """Whether the frame's term says what rows are not."""
    return (frame.flags & NEGATED != 0) != (frame.flags & NOT_TERM != 0)


def _is_unfinished(last: Token) -> bool:
    """Whether a statement cannot end so: the text was cut."""
    return last.kind == TOKEN_OPERATOR or _is_punctuation(last, b",") or _is_punctuation(last, b".")


def _is_name(token: Token) -> bool:
    """Whether a word or a quoted name can be nothing else."""
    return token.kind == TOKEN_QUOTED or (token.kind == TOKEN_WORD and not token.flags & lex.KEYWORD)


def _is_column(token: Token, following: Token) -> bool:
    return _is_name(token) and not _is_punctuation(following, b"(")


def _is_function(token: Token) -> bool:
    """Whether parentheses behind the token hold arguments."""
    if token.kind == TOKEN_WORD and token.flags & lex.KEYWORD:
        return token.flags & lex.FUNCTION != 0 and token.role != ROLE_PREDICATE
    return token.kind in _NAMES


def _may_be_alias(token: Token, following: Token) -> bool:
    """Whether a word behind a table is its alias; a keyword may be one, or begin PARTITION (p) or USE INDEX (i)."""
    if _is_name(token) or token.role != ROLE_NONE:
        return _is_name(token)
    goes_on = following.kind in _NAMES and following.role == ROLE_NONE
    return not goes_on and not _is_punctuation(following, b"(")


def _precedes_column(token: Token) -> bool:
    """Whether a name behind the token is a column and no alias."""
    if token.kind == TOKEN_WORD:
        return token.flags & lex.KEYWORD != 0 and token.role not in (ROLE_AS, ROLE_END)
    return _is_punctuation(token, b",") or (token.kind == TOKEN_OPERATOR and token.text != b"::")


def _is_at_least(number: bytes, bound: int) -> bool:
    """Whether a plain decimal number reaches a bound."""
    digits = number.lstrip(b"0")
    return digits.isdigit() and (len(digits) > len(str(bound)) or int(digits) >= bound)


def _content(token: Token) -> bytes:
    """A name without its quotes, in lower case."""
    text = token.text.lower()
    return text[1:-1] if token.kind == TOKEN_QUOTED else text


def _first_character(literal: bytes) -> bytes:
    """The first byte between a literal's quotes."""
    match = _opening_quotes(literal)
    return literal[match.end() : match.end() + 1] if match else b""


_Bytes = Union[bytes, bytearray, memoryview]


def advise(data: _Bytes, dialect: int, wildcards: _Bytes = b"") -> Advice:
    """What the text proves. Raises UnknownDialectError, LimitExceededError.

    `wildcards` holds a byte for each placeholder, in the order of the text: not 0 where
    its parameter is a text that begins with % or _.
    """
    return Adviser(bytes(data), dialect, bytes(wildcards)).advise()
