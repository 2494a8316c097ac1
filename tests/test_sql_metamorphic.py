"""What keeps a fingerprint and what changes it, over the corpus and over statements of known parts.

`make test` tries a sample; MERCURY_PROPERTIES=full a million changes of the corpus.
"""

import os
import random
from collections import Counter
from functools import lru_cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from metamorphic import CHANGING, KEEPING, cut, is_fit, join
from sql_grammar import Draw, Writer, other_trees
from sql_literals import ALL
from sql_statements import CORPUS, NO_CORPUS, statements_of

import mercury
from mercury.core import backend
from mercury.core.records import DIALECTS

FULL = os.environ.get("MERCURY_PROPERTIES") == "full"
CHANGES = 1_000_000 if FULL else 10_000 if backend().name == "native" else 2_000

FILES = {
    "django-orm.sql0": ("generic", "sqlite", "postgresql"),
    "django-orm-params.sql0": ("generic", "sqlite", "postgresql"),
    "postgres-regress.sql": ("postgresql", "generic"),
    "mysql-slow.sql": ("mysql", "generic"),
    "tpc-ds.sql": ("generic", "postgresql", "oracle", "mssql"),
    "tpc-h.sql": ("generic", "mysql", "oracle", "sqlite"),
    "sqlglot-identity.sql": ALL,
}
"""The corpus, each file in the dialects that read it as its authors meant it."""


@lru_cache(maxsize=None)
def pool():
    return [
        (sql, DIALECTS[dialect])
        for name, dialects in FILES.items()
        for sql in statements_of(CORPUS / name)
        for dialect in dialects
    ]


def changes(generator, statements, wanted):
    """(change, statement, its changed text, dialect), `wanted` times or a little more."""
    made = 0
    while made < wanted:
        sql, dialect = generator.choice(statements)
        pieces = cut(sql, dialect)
        if len(pieces) < 2 or not is_fit(pieces):
            continue
        for change in KEEPING + CHANGING:
            changed = change(generator, pieces, dialect)
            if changed is not None:
                made += 1
                yield change, sql, join(changed), dialect


def failures(identify, statements, wanted):
    """The changes that `identify` answers wrongly, and how often each kind was tried."""
    tried, wrong = Counter(), []
    for change, sql, changed, dialect in changes(random.Random(1), statements, wanted):
        tried[change.__name__] += 1
        is_same = identify(sql, dialect) == identify(changed, dialect)
        if is_same != (change in KEEPING):
            wrong.append((change.__name__, dialect, sql, changed))
    return wrong, tried


def fingerprint(sql, dialect):
    return backend().module.normalize(sql, dialect).fingerprint


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_changed_statements_of_the_corpus():
    wrong, tried = failures(fingerprint, pool(), CHANGES)
    assert wrong == []
    assert set(tried) == {change.__name__ for change in KEEPING + CHANGING}


OWN = [(b"select a, f(b, 'x') from t where c in (1, 2) and d = %s", 0), (b"insert into t (a) values (1, 'x')", 0)]


def test_an_id_of_the_raw_text_fails():
    wrong, _ = failures(lambda sql, dialect: sql, OWN, 200)
    assert {name for name, *_ in wrong} == {change.__name__ for change in KEEPING}


def test_an_id_that_is_always_the_same_fails():
    wrong, _ = failures(lambda sql, dialect: 0, OWN, 200)
    assert {name for name, *_ in wrong} == {change.__name__ for change in CHANGING}


EXAMPLES = 2_000 if FULL else 60


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(ALL))
def test_every_spelling_of_a_statement_has_one_fingerprint(generator, dialect):
    parts = Draw(generator.randrange).statement()
    first, second = (Writer(generator, dialect).text(parts) for _ in range(2))
    assert mercury.normalize(first, dialect) == mercury.normalize(second, dialect), (first, second)


@settings(max_examples=EXAMPLES, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(ALL))
def test_another_statement_has_another_fingerprint(generator, dialect):
    parts = Draw(generator.randrange).statement()
    own = mercury.fingerprint(Writer(generator, dialect).text(parts), dialect)
    for other in other_trees(parts):
        text = Writer(generator, dialect).text(other)
        assert mercury.fingerprint(text, dialect) != own, text
