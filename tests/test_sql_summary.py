"""Verb, tables and query summary: vectors, OpenTelemetry's own cases, secrets, bounds, time."""

import json
import random
import re
from collections import Counter
from pathlib import Path

import pytest
from sql_statements import CORPUS, NO_CORPUS, corpus, mutate, phrase

import mercury
from mercury.core import backend
from mercury.core.pure import sql_summary
from mercury.core.records import (
    DIALECTS,
    SUMMARY_MAX_BYTES,
    SUMMARY_MAX_CTES,
    SUMMARY_MAX_DEPTH,
    SUMMARY_MAX_NAME_BYTES,
    SUMMARY_MAX_TABLES,
)
from mercury.errors import MercuryError, UnknownDialectError

VECTORS = json.loads((Path(__file__).parent / "vectors" / "sql_summary.json").read_text(encoding="utf-8"))


def summarize(sql, dialect="generic"):
    return backend().module.summarize(sql, DIALECTS[dialect])


def tables(sql, dialect="generic"):
    return [table.decode() for table in summarize(sql, dialect).tables]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['dialect']}: {case['name']}")
def test_vector(case):
    found = summarize(case["sql"].encode(), case["dialect"])
    assert found.text.decode() == case["summary"]
    assert found.verb.decode() == case["verb"]
    assert [table.decode() for table in found.tables] == case["tables"]
    assert found.complete == case.get("complete", True)


def test_vectors_have_names_of_their_own():
    assert max(Counter((case["dialect"], case["name"]) for case in VECTORS).values()) == 1


def conformance_cases(name):
    lines = (CORPUS / name).read_text(encoding="utf-8").splitlines()
    return [json.loads(line) for line in lines]


def bare(text):
    """A text without white space and case, which do not count."""
    return re.sub(r"\s+", "", text).lower()


DECISIONS = [
    ("a comment in a comment is doubt where the dialect is not known: servers disagree", r"/\*.*/\*", 1),
    ("comments go: they hold what tracing adds to each query", r"/\*|--", 2),
    ("double quotes enclose a name where the dialect is not known; in mysql they are literals", r'= "|FROM "', 2),
    ("each style of placeholder becomes `?`: one statement has one id", r"\$1$", 1),
    ("a minus between two numbers is arithmetic: `a - 1` is not `a`", r"\d-\d", 1),
]
"""What of our own differs from OpenTelemetry's agent, where, and how many cases that excuses."""


def reason_for(case):
    for reason, pattern, _ in DECISIONS:
        if re.search(pattern, case["input"]):
            return reason
    return None


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_conformance_with_opentelemetry(capsys):
    summaries = [case for name in ("summary", "sanitize") for case in conformance_cases(f"otel-java-{name}.jsonl")]
    texts = conformance_cases("otel-java-sanitize.jsonl")
    differs = [case for case in summaries if mercury.analyze(case["input"]).summary != (case["summary"] or "")]
    differs += [case for case in texts if bare(mercury.analyze(case["input"]).normalized) != bare(case["expected"])]
    excused = Counter(reason for reason in map(reason_for, differs) if reason is not None)
    wrong = [case["input"] for case in differs if reason_for(case) is None]
    count = len(summaries) + len(texts)
    with capsys.disabled():
        print(
            f"\n{count} expectations of OpenTelemetry's agent: {count - len(differs)} met, "
            f"{sum(excused.values())} excused, {len(wrong)} open"
        )
    assert wrong == []
    assert excused == {reason: number for reason, _, number in DECISIONS}
    assert sum(excused.values()) * 10 <= count


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_double_quotes_of_literals_are_those_of_mysql():
    cases = [case for case in conformance_cases("otel-java-sanitize.jsonl") if re.search(r'= "|FROM "', case["input"])]
    assert len(cases) == 2
    for case in cases:
        assert bare(mercury.analyze(case["input"], "mysql").normalized) == bare(case["expected"])


PLACES = [
    "select * from t where a = {}", "select * from {}", "select * from t, {}", "select * from t join {} on a = b",
    "select a as {} from t", "select {} from t", "insert into {} values (1)", "insert into t values ({}, {})",
    "insert into t select {} from u", "update {} set a = 1", "update t set a = {} from u", "delete from {}",
    "delete {} from t", "merge into {} using t on a = b", "merge into t using {} on a = b", "call {}", "call p({})",
    "exec {}", "execute p {}, {}", "use {}", "create table {} (a int)", "create table t (a int default {})",
    "create user {} identified by {}", "create user bob password {}", "alter role bob with password {}",
    "create index {} on t (a)", "create index i on {} (a)", "drop table {}", "drop table t, {}", "truncate table {}",
    "lock table {}", "copy t from {}", "copy {} from stdin", "with {} as (select 1) select * from t",
    "with x as (select {}) select * from x", "explain {} select 1", "declare {} cursor for select {}",
    "begin {}", "begin transaction {}", "savepoint {}", "rollback to {}", "set password = {}", "grant a to {}",
    "{} select a from t", "{}", "select * from [{}]", "select * from t.{}", "select * from f({})",
    "create procedure p as begin select {} end", "select /* {} */ a from t -- {}", "begin execute {}; end",
    "create view v as select {}", "alter table t add a int references {} (b)", "select top {} a from t",
]  # fmt: skip
LITERALS = ["'{}'", "'it''s {}'", "N'{}'", "'from {}, {}'", "'; drop table {}'", "'{}"]
ONLY_POSTGRESQL = ["e'it\\'s {}'", "$${}$$", "$a$ from {} $a$", "U&'{}'", "'a' 'from {}'"]
ONLY_MYSQL = ['"{}"', '"from {}"', "'it\\'s from {}'", "_utf8'{}'"]
ONLY_ORACLE = ["q'[it's {}]'", "nq'{{from {}}}'"]


def literals(dialect):
    own = {"postgresql": ONLY_POSTGRESQL, "mysql": ONLY_MYSQL, "oracle": ONLY_ORACLE}
    return LITERALS + own.get(dialect, [])


# SQLite and SQL Server quote names in brackets, and a name is no literal.
PLACES_OF_DIALECTS = [
    (dialect, place)
    for dialect in sorted(DIALECTS)
    for place in PLACES
    if not ("[" in place and dialect in ("sqlite", "mssql"))
]


def parts(statement):
    """All that tells what a statement does, as a user may see it."""
    return repr((statement.verb, statement.tables, statement.summary))


@pytest.mark.parametrize(("dialect", "place"), PLACES_OF_DIALECTS)
def test_no_literal_is_told(dialect, place):
    generator = random.Random(place)
    for literal in literals(dialect):
        secret = "zebra" + "".join(generator.choice("bcdfgh") for _ in range(6))
        whole = literal != "'{}"  # one that has no end takes all behind it
        sql = place.replace("{}", literal.format(secret, secret), -1 if whole else 1).replace("{}", "1")
        statement = mercury.analyze(sql, dialect)
        assert secret not in repr(statement), sql
        for end in range(len(sql)):
            assert "zebra" not in parts(mercury.analyze(sql[:end], dialect)), sql[:end]


@pytest.mark.parametrize(("dialect", "place"), PLACES_OF_DIALECTS)
def test_no_number_is_told(dialect, place):
    for literal in ("4711", "-4711.5e3", "0x4711", "4711zebra", ".4711"):
        if literal.startswith(".") and dialect == "mysql":
            continue  # digits behind the dot of a name are a name there
        if "t.{}" in place and dialect == "mysql":
            continue
        statement = mercury.analyze(place.replace("{}", literal), dialect)
        assert "4711" not in parts(statement), (place, literal)


PASSWORDS = [
    "create user bob password {}", "create user bob identified by {}", "alter user bob identified by {} replace {}",
    "connect bob password {}", "alter role bob with encrypted password {}", "set password = {}",
    "grant all on t to bob identified by {}", "create database db system user password {}",
    "validate user bob password {}", "create login bob with password = {}",
    "create user bob identified by from {}", "create user bob identified by select {}", "set password for bob to {}",
]  # fmt: skip


@pytest.mark.parametrize("place", PASSWORDS)
def test_no_password_without_quotes_is_told(place):
    for dialect in DIALECTS:
        assert "zebra" not in parts(mercury.analyze(place.replace("{}", "zebra"), dialect))


def test_no_failure_quotes_its_input():
    for call in (lambda: mercury.analyze("zebra", "zebra"), lambda: mercury.analyze(["zebra"])):
        with pytest.raises((TypeError, UnknownDialectError)) as caught:
            call()
        assert "zebra" not in str(caught.value)


def test_analyze():
    statement = mercury.analyze('SELECT a FROM public."Book" b, s.author WHERE b.id = 5')
    assert statement.verb == "SELECT"
    assert statement.tables == ("public.Book", "s.author")
    assert statement.summary == 'SELECT public."Book" s.author'
    assert statement.normalized == mercury.normalize('SELECT a FROM public."Book" b, s.author WHERE b.id = 5')
    assert statement.fingerprint == mercury.fingerprint(statement.normalized)
    assert statement.complete
    with pytest.raises(AttributeError):
        statement.verb = "x"


@pytest.mark.parametrize("kind", [str, str.encode, lambda sql: memoryview(sql.encode())])
def test_all_kinds_of_text(kind):
    assert mercury.analyze(kind("select * from é")).summary == "select é"


def test_bytes_that_are_no_text_come_out_escaped():
    assert mercury.analyze(b"select * from \xff").tables == ("\\xff",)
    assert mercury.analyze("select * from \ud800").summary == "select \\xed\\xa0\\x80"


@pytest.mark.parametrize("dialect", [-1, 6])
def test_unknown_dialects(dialect):
    with pytest.raises(UnknownDialectError):
        backend().module.summarize(b"x", dialect)


def test_the_summary_ends_before_a_name_that_does_not_fit():
    fits = b"a" * (SUMMARY_MAX_BYTES - len("SELECT "))
    assert summarize(b"SELECT * FROM " + fits).text == b"SELECT " + fits
    assert summarize(b"SELECT * FROM " + fits).complete
    longer = summarize(b"SELECT * FROM " + fits + b"a, b")
    assert (longer.text, longer.complete) == (b"SELECT", False)
    assert longer.tables == (fits + b"a", b"b")
    name = "é" * 60
    found = summarize(f"SELECT * FROM {name}, {name}2, {name}3".encode())
    assert found.text.decode() == f"SELECT {name} {name}2"


def test_tables_have_a_bound():
    sql = "select * from " + ", ".join(f"t{number}" for number in range(SUMMARY_MAX_TABLES + 1))
    found = summarize(sql.encode())
    assert len(found.tables) == SUMMARY_MAX_TABLES
    assert not found.complete
    assert summarize(sql.rpartition(", ")[0].encode() + b", t0").tables == found.tables


def test_a_name_has_a_bound():
    name = b"a." * 255 + b"ab"
    assert len(name) == SUMMARY_MAX_NAME_BYTES
    assert summarize(b"select * from " + name).tables == (name,)
    for longer in (name + b"c", name + b".c", name + b"." * 9 + b"c", b"x" * 100_000):
        found = summarize(b"select * from " + longer + b", u")
        assert (found.tables, found.complete) == ((b"u",), False)
    assert summarize(b"select * from " + name + b"." * 9).tables == (name,)


def test_all_names_together_have_a_bound():
    names = [b"%03d" % number + b"x" * 300 for number in range(30)]
    found = summarize(b"select * from " + b", ".join(b'"%b"' % name for name in names), "postgresql")
    assert found.tables == tuple(names[:16])
    assert not found.complete


def test_names_of_with_have_a_bound():
    names = [f"w{number}" for number in range(SUMMARY_MAX_CTES + 1)]
    sql = "with " + ", ".join(f"{name} as (select 1)" for name in names) + " select * from " + ", ".join(names)
    assert tables(sql.encode()) == names[-1:]
    long_names = [f"w{number:02}" + "x" * 300 for number in range(8)]
    sql = "with " + ", ".join(f"{name} as (select 1)" for name in long_names) + f" select * from {long_names[5]}, "
    assert tables((sql + ", ".join(long_names)).encode()) == long_names[6:]


def test_depth_has_a_bound():
    def nested(depth):
        return b"select (" * depth + b"select a from t" + b")" * depth + b" from u"

    assert tables(nested(SUMMARY_MAX_DEPTH - 1)) == ["t", "u"]
    assert tables(nested(SUMMARY_MAX_DEPTH)) == ["u"]
    assert not summarize(nested(SUMMARY_MAX_DEPTH)).complete
    assert tables(b"select " + b"(" * 1000 + b"; select * from t") == ["t"]
    assert tables(b")" * 1000 + b"select * from t") == ["t"]


LONG = {
    "tables": lambda n: b"select * from " + b"a, " * n,
    "distinct tables": lambda n: b"select * from " + b", ".join(b"t%d" % i for i in range(n // 4)),
    "parentheses": lambda n: b"select " + b"(" * n + b")" * n,
    "tables in parentheses": lambda n: b"select * from " + b"(" * n + b"t" + b")" * n,
    "with": lambda n: b"with " + b"a as (select 1), " * (n // 4),
    "dots": lambda n: b"select * from a" + b"." * n,
    "parts": lambda n: b"select * from a" + b".a" * n,
    "brackets": lambda n: b"select * from [" + b"a " * n,
    "statements": lambda n: b"select * from t;" * (n // 4),
    "joins": lambda n: b"select * from t" + b" join t on a = b" * (n // 4),
    "one name": lambda n: b"select * from " + b"x" * n,
    "strings": lambda n: b"select * from '" + b"x" * n + b"'",
}


@pytest.mark.parametrize("shape", sorted(LONG))
def test_long_input_has_a_bounded_summary(shape):
    # Anything quadratic would not come back.
    told = summarize(LONG[shape](200_000 if backend().name == "native" else 10_000))
    assert len(told.text) <= 255


def test_nothing_is_told_that_the_text_does_not_hold():
    """Each piece of the summary, and each part of a table's name, stands in the text as a word or a quoted name."""
    generator = random.Random(11)
    pool = corpus(sample=60)
    for number in range(1500):
        text = phrase(generator)
        sql = mutate(generator, generator.choice(pool)) if pool and number % 2 else text
        for dialect in ("generic", "mysql", "mssql"):
            check_pieces(sql, dialect)


def check_pieces(sql, dialect):
    kinds = {sql_summary.TOKEN_WORD, sql_summary.TOKEN_QUOTED}
    tokens = backend().module.tokens(sql, DIALECTS[dialect])
    names = [sql[token.start : token.end] for token in tokens if token.kind in kinds]
    found = summarize(sql, dialect)
    left = found.text
    for name in sorted({*names, b"select"}, key=len, reverse=True):
        left = left.replace(name, b"")
    assert re.fullmatch(rb"[\[\]. ;]*", left), (sql, found)
    assert len(found.text) <= SUMMARY_MAX_BYTES
    assert found.verb.lower() in sql_summary.WORDS or found.verb == b""


def test_white_space_and_comments_do_not_count():
    generator = random.Random(12)
    for _ in range(500):
        sql = phrase(generator)
        if b"$" not in sql and b"-" not in sql:
            assert summarize(sql.replace(b" ", b"\n /* x */\t")) == summarize(sql), sql


def test_errors_are_those_of_the_core():
    with pytest.raises(MercuryError) as caught:
        backend().module.summarize(b"select 1", 99)
    assert caught.value.position == -1
