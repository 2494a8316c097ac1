"""Texts that nobody sends but an enemy: huge, deep, or cut off anywhere.

MERCURY_PROPERTIES=full takes a gigabyte, a million levels and 2,000 statements of the corpus.
"""

import os
import random

import pytest
from sql_literals import ALL
from sql_statements import CORPUS, NO_CORPUS, corpus, generated

import mercury
from mercury.core import backend
from mercury.core.pure import sql_normalize
from mercury.core.records import DIALECTS

FULL = os.environ.get("MERCURY_PROPERTIES") == "full"
NATIVE = backend().name == "native"
HUGE = 2**30 if FULL and NATIVE else 4 * 2**20 if NATIVE else 2**16
DEEP = 1_000_000 if FULL and NATIVE else 20_000 if NATIVE else 5_000
STATEMENTS = 2_000 if FULL else 40

# What is repeated, behind what, before what, and the canonical text of it all.
HUGE_TEXTS = {
    "one string": (b"select '", b"x", b"'", "select ?"),
    "a string that never ends": (b"select 'a", b"''", b"", "select ?"),
    "a list": (b"select a in (1", b",1", b")", "select a in (?)"),
    "rows": (b"insert into t values (1, 'x')", b", (2, 'y')", b"", "insert into t values (?)"),
    "comments": (b"select 1", b" /* x */", b"", "select ?"),
    "a comment that never ends": (b"select 1 /*", b" x", b"", "select ?"),
    "white space": (b"select", b" \n", b"1", "select ?"),
    "NUL bytes in a string": (b"select '", b"\0", b"'", "select ?"),
    "semicolons": (b"select 1", b";", b"", "select ?"),
    "comparisons": (b"select a where b = 1", b" or b = 1", b"", "select a where b = ?"),
}


@pytest.mark.parametrize("name", sorted(HUGE_TEXTS))
def test_huge_text(name):
    start, repeated, end, canonical = HUGE_TEXTS[name]
    sql = start + repeated * (HUGE // len(repeated)) + end
    assert mercury.normalize(sql, "postgresql") == canonical
    assert mercury.fingerprint(sql, "postgresql") == mercury.fingerprint(canonical, "postgresql")


def test_huge_text_that_stays_huge():
    sql = b"a+" * (HUGE // 64)
    assert mercury.normalize(sql) == "a + " * (HUGE // 64 - 1) + "a +"


@pytest.mark.parametrize("dialect", ALL)
@pytest.mark.parametrize("opening", ["(", "[", "/*", "case when ", "select (", "f(", "array[", "- "])
def test_deep_text(dialect, opening):
    sql = opening * DEEP
    statement = mercury.analyze(sql, dialect)
    assert mercury.normalize(statement.normalized, dialect) == statement.normalized


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_every_truncation_of_the_corpus():
    truncations(random.Random(5).sample(corpus(sample=1000), STATEMENTS))


def test_every_truncation_of_generated_statements():
    truncations(list(generated(5, STATEMENTS, [])))


def truncations(statements):
    """Every beginning of a statement has an answer, and it is the twin's."""
    for number, sql in enumerate(statements):
        dialect = ALL[number % len(ALL)]
        for length in range(len(sql[:1000])):
            answer = backend().module.normalize(sql[:length], DIALECTS[dialect])
            assert answer == sql_normalize.normalize(sql[:length], DIALECTS[dialect])
