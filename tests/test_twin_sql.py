"""The library and its twin give the same tokens, canonical texts, ids, summaries, advice and errors.

`make test` compares a sample; MERCURY_DIFFERENTIAL=full compares the whole corpus and
200,000 generated statements in every dialect: 1.2 million pairs and the corpus.
"""

import os
import random
from array import array

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sql_statements import CORPUS, FRAGMENTS, NO_CORPUS, condition_phrase, corpus, generated, mutate, phrase
from traces import Recorder

from mercury.core import backend
from mercury.core.records import ADVICE_RULES, DIALECTS, RULE_LONG_IN_LIST, signed
from mercury.errors import MercuryError

if backend().name != "native":
    pytest.skip("the library does not serve, so there is nothing to compare", allow_module_level=True)

from mercury.core import native
from mercury.core.pure import sql_advice, sql_lexer, sql_normalize, sql_split, sql_summary
from mercury.core.pure import trace as pure_trace

FULL = os.environ.get("MERCURY_DIFFERENTIAL") == "full"
NUMBERS = list(DIALECTS.values())
DIALECT = st.sampled_from(NUMBERS)


def outcome(call, *arguments):
    """The result of a call, or its failure in full."""
    try:
        return call(*arguments)
    except MercuryError as error:
        return type(error), str(error), error.position


def check_same(sql, dialect):
    normalized = native.normalize(sql, dialect)
    assert normalized == sql_normalize.normalize(sql, dialect), (sql, dialect)
    assert native.tokens(sql, dialect) == sql_lexer.tokens(sql, dialect), (sql, dialect)
    assert native.summarize(sql, dialect) == sql_summary.summarize(sql, dialect), (sql, dialect)
    check_same_advice(sql, dialect)
    again = native.normalize(normalized.text, dialect)
    assert again.text == normalized.text, (sql, dialect)


def check_same_summary(sql, dialect):
    assert native.summarize(sql, dialect) == sql_summary.summarize(sql, dialect), (sql, dialect)


def check_same_advice(sql, dialect):
    for wildcards in (b"", b"\1\0\1\1"):
        assert native.advise(sql, dialect, wildcards) == sql_advice.advise(sql, dialect, wildcards), (sql, dialect)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_corpus():
    for number, sql in enumerate(corpus(sample=0 if FULL else 60)):
        for dialect in NUMBERS if FULL else (NUMBERS[number % len(NUMBERS)], NUMBERS[number % 2]):
            check_same(sql, dialect)


def test_generated_statements():
    pool = corpus(sample=200)
    for number, sql in enumerate(generated(20240, 200_000 if FULL else 3_000, pool)):
        for dialect in NUMBERS if FULL else (NUMBERS[number // 4 % len(NUMBERS)],):
            check_same(sql, dialect)


def traced(statements, normalize, new_trace):
    """What a trace says of one unit that sends these statements, each twice, from a loop with three lines."""
    recorder = Recorder()
    with recorder.call("view", 10):
        for number, sql in enumerate(statements):
            fingerprint = signed(normalize(sql, number % len(NUMBERS)).fingerprint)
            recorder.at(10 + number % 3)
            recorder.query(fingerprint, parameters=number % 1000)
            recorder.query(fingerprint, parameters=number % 1000)
    with new_trace(1) as trace:
        recorder.feed(trace, 1024)
        return trace.totals(), trace.groups(), trace.duplicates()


def test_traces_of_statements():
    statements = [*corpus(sample=0 if FULL else 120), *generated(825, 100_000 if FULL else 2_000, [])]
    library = traced(statements, native.normalize, native.Trace)
    assert library == traced(statements, sql_normalize.normalize, pure_trace.Trace)
    assert library[0].query_count == 2 * len(statements)


def test_phrases():
    generator = random.Random(4)
    for number in range(100_000 if FULL else 5_000):
        sql = phrase(generator)
        if number % 3 == 0:
            sql = mutate(generator, sql)
        check_same_summary(sql, number % len(NUMBERS))


def test_every_word_that_summaries_know():
    shapes = (b"%b a b", b"%b b from t", b"select a from %b b", b"select a from t %b u, v", b"insert %b t", b"a.%b t")
    for word in sql_summary.WORDS:
        for other in (b"select", b"from", b"into", b"table", b"(", b"as", b"a", b"1"):
            check_same_summary(word + b" " + other + b" t", 0)
        for shape in shapes:
            check_same_summary(shape % word.upper(), 0)


@pytest.mark.parametrize("depth", [253, 254, 255, 256, 257, 1000])
def test_summaries_at_every_depth(depth):
    for opening in (b"(", b"select (", b"from (", b"select * from (", b"with a as (", b"insert into t ("):
        for middle in (b"a", b"select 1 from t", b"with a as (select 1) select * from a"):
            check_same_summary(opening * depth + middle + b")" * depth + b", a from t, u", 0)


@pytest.mark.parametrize("length", [1, 30, 31, 200, 246, 247, 248, 249, 254, 255, 256, 257, 510, 511, 512, 513, 5000])
def test_summaries_of_long_names(length):
    for form in (b"%b", b'"%b"', b"a.%b", b"%b.a", b"%b..", b"[%b]", b"[%b a].b", b'"%b""b".c'):
        for dialect in NUMBERS:
            name = form % (b"x" * length)
            check_same_summary(b"select a from %b, %b join b.%b" % (name, name.upper(), name), dialect)
            check_same_summary(b"with %b as (select 1) select * from %b" % (name, name), dialect)
            check_same_summary(b"select a from %b" % b", ".join(b"t%d.%b" % (i, name) for i in range(40)), dialect)
            withs = b", ".join(b"t%d%b as (select 1)" % (i, b"x" * length) for i in range(70))
            check_same_summary(b"with %b select a from t3%b, t69%b" % (withs, b"x" * length, b"x" * length), dialect)


def test_conditions():
    generator = random.Random(5)
    told = [0] * ADVICE_RULES
    for number in range(100_000 if FULL else 5_000):
        sql = condition_phrase(generator)
        if number % 4 == 0:
            sql = mutate(generator, sql)
        check_same_advice(sql, number % len(NUMBERS))
        told = [sum(counts) for counts in zip(told, native.advise(sql, number % len(NUMBERS)).counts)]
    assert [rule for rule, count in enumerate(told) if count < 20] == [RULE_LONG_IN_LIST]


def test_advice_of_every_truncation():
    generator = random.Random(7)
    for number in range(400 if FULL else 60):
        sql = condition_phrase(generator)
        for length in range(len(sql)):
            check_same_advice(sql[:length], number % len(NUMBERS))


def test_every_word_that_advice_knows():
    shapes = (
        b"%b a from t",
        b"select %b a from t",
        b"select a from %b b",
        b"select a from t %b u, v where t.a = 1",
        b"select a from t where %b a = 1 %b b in (1)",
        b"select a from t where a %b (select b)",
        b"with %b a as (select 1) %b * from t",
        b"select a from t order by %b (1), %b.a",
    )
    for word in sql_advice.WORDS:
        for shape in shapes:
            check_same_advice(shape.replace(b"%b", word.upper()), 0)
            check_same_advice(shape.replace(b"%b", word + b" /* x */ "), 1)


@pytest.mark.parametrize("depth", [30, 31, 32, 33, 61, 62, 63, 64, 65, 1000])
def test_advice_at_every_bound(depth):
    for opening in (b"(", b"select (", b"select * from (", b"select a from t where (", b"x not in (select a from t, "):
        for middle in (b"a", b"select * from t", b"lower(a) = 1"):
            check_same_advice(opening * depth + middle + b")" * depth + b" from t, u", 0)
    tables = b", ".join(b"t%d" % number for number in range(depth))
    ctes = b", ".join(b"t%d as (select 1)" % number for number in range(depth))
    check_same_advice(b"select a from " + tables, 0)
    check_same_advice(b"with " + ctes + b" select a from t30, t31, t32, u, v", 0)
    check_same_advice(b"select a from t where " + b"case when " * 9 * depth + b"end " * 9 * depth + b" and f(a) = 1", 0)
    check_same_advice(b"select a from t, u where " + b"a = " * 9 * depth + b"b and " * 9 * depth, 0)
    check_same_advice(b"select a from t where a in (1" + b",1" * (967 + depth) + b") limit 99%d, 1" % depth, 2)


@pytest.mark.parametrize("length", [1, 253, 254, 255, 256, 257, 511, 5000])
def test_advice_with_long_names(length):
    name = b"x" * length
    for quoted in (name, b'"' + name + b'"', b"[" + name + b"]"):
        for dialect in NUMBERS:
            check_same_advice(b"select a from %b, t where %b.a = t.b" % (quoted, name.upper()), dialect)
            check_same_advice(b"with %b as (select 1) select a from t, %b" % (quoted, name.upper()), dialect)


@given(st.lists(st.sampled_from(FRAGMENTS), max_size=40).map(b"".join), DIALECT)
@settings(max_examples=20_000 if FULL else 500, deadline=None)
def test_fragments(sql, dialect):
    check_same(sql, dialect)


@given(st.binary(max_size=300), DIALECT)
@settings(max_examples=20_000 if FULL else 300, deadline=None)
def test_any_bytes(sql, dialect):
    check_same(sql, dialect)


@given(st.integers(0, 2000))
@settings(max_examples=200, deadline=None)
def test_hash_of_every_length(length):
    sql = b"x" * length
    assert native.normalize(sql, 0) == sql_normalize.normalize(sql, 0)


@pytest.mark.parametrize("dialect", [-1, 6, 1 << 40])
def test_unknown_dialects(dialect):
    offsets = array("q", [0, 1])
    assert outcome(native.tokens, b"x", dialect) == outcome(sql_lexer.tokens, b"x", dialect)
    assert outcome(native.advise, b"x", dialect) == outcome(sql_advice.advise, b"x", dialect)
    assert outcome(native.summarize, b"x", dialect) == outcome(sql_summary.summarize, b"x", dialect)
    assert outcome(native.normalize, b"x", dialect) == outcome(sql_normalize.normalize, b"x", dialect)
    assert outcome(native.split, b"x", dialect, 1) == outcome(sql_split.split, b"x", dialect, 1)
    for name in ("fingerprint_batch", "normalize_batch"):
        assert outcome(getattr(native, name), b"x", offsets, dialect) == outcome(
            getattr(sql_normalize, name), b"x", offsets, dialect
        )


@given(
    st.lists(st.integers(-3, 40), max_size=6) | st.lists(st.integers(0, 38), max_size=6).map(sorted),
    st.sampled_from("iq"),
    DIALECT,
    st.none() | st.tuples(st.binary(min_size=2, max_size=2).map(memoryview), st.integers(0, 10)),
)
@settings(max_examples=500, deadline=None)
def test_batches(bounds, typecode, dialect, nulls):
    arguments = b"select 1; select 'it''s', \"a\" where b", array(typecode, bounds), dialect, *(nulls or ())
    for name in ("fingerprint_batch", "normalize_batch"):
        assert outcome(getattr(native, name), *arguments) == outcome(getattr(sql_normalize, name), *arguments)


@given(st.lists(st.sampled_from([*FRAGMENTS, b";", b"; "]), max_size=40).map(b"".join), DIALECT, st.integers(0, 5))
@settings(max_examples=20_000 if FULL else 1000, deadline=None)
def test_statements_of_scripts(script, dialect, most):
    assert native.split(script, dialect, most) == sql_split.split(script, dialect, most)


def test_every_word_of_the_frozen_list():
    for number, word in enumerate([*sql_lexer.WORDS, b"nothing_of_the_list"]):
        for shape in (
            b"%b",
            b'"%b"',
            b"`%b`",
            b"%b (1)",
            b"%b - 1",
            b"%b %%s",
            b"a = 1 or a = 1 %b",
            b"%b (1, 2), (3, 4)",
        ):
            for dialect in NUMBERS if FULL else (NUMBERS[number % len(NUMBERS)],):
                check_same(shape % word.upper(), dialect)
                check_same(shape % word, dialect)


@pytest.mark.parametrize("depth", [62, 63, 64, 65, 200, 5000 if FULL else 1500])
def test_lists_at_every_depth(depth):
    for opening, closing in ((b"in (", b")"), (b"(", b")"), (b"array[", b"]"), (b"values (", b")")):
        for dialect in NUMBERS:
            check_same(opening * depth + b"1, 2), (1, 2" + closing * depth + b", 3, 4", dialect)
