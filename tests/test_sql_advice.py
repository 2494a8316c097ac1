"""Advice: vectors for and against each rule, real SQL, hostile texts, parameters, sentences."""

import json
import random
from collections import Counter, defaultdict
from pathlib import Path

import pytest
from sql_statements import CORPUS, NO_CORPUS, condition_phrase, corpus

import mercury
from mercury.advice import RULES
from mercury.core import backend
from mercury.core.records import ADVICE_MAX_CTES, ADVICE_MAX_DEPTH, ADVICE_MAX_RELATIONS, DIALECTS
from mercury.errors import MercuryError, UnknownDialectError

HERE = Path(__file__).parent
VECTORS = json.loads((HERE / "vectors" / "sql_advice.json").read_text(encoding="utf-8"))
NAMES = [rule.id for rule in RULES]
STRONG = {rule.id for rule in RULES if not rule.weak}


def advise(sql, dialect="generic", wildcards=""):
    bits = bytes(int(bit) for bit in wildcards)
    return backend().module.advise(sql.encode() if isinstance(sql, str) else sql, DIALECTS[dialect], bits)


def told(sql, dialect="generic", **more):
    """The names of the rules that the public function tells of."""
    return [advice.id for advice in mercury.analyze(sql, dialect, **more).advice]


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['rule']}: {case['name']}")
def test_vector(case):
    found = advise(case["sql"], case["dialect"], case.get("wildcards", ""))
    rule = NAMES.index(case["rule"])
    assert found.counts[rule] == len(case["told"])
    assert found.positions[rule] == min((case["sql"].index(text) for text in case["told"]), default=-1)


@pytest.mark.parametrize("case", VECTORS, ids=lambda case: f"{case['rule']}: {case['name']}")
def test_vectors_break_no_other_rule(case):
    found = advise(case["sql"], case["dialect"], case.get("wildcards", ""))
    others = {name for name, count in zip(NAMES, found.counts) if count and name in STRONG} - {case["rule"]}
    assert others == set(case.get("also", ()))


def test_each_rule_has_vectors_for_and_against():
    assert max(Counter((case["rule"], case["name"]) for case in VECTORS).values()) == 1
    for name in NAMES:
        counts = Counter(bool(case["told"]) for case in VECTORS if case["rule"] == name)
        assert min(counts[True], counts[False]) >= 3, name


# What the expressions of Django's ORM are told, but for `unbounded_select`.
EXPRESSIONS = {
    "function_on_column": {
        "filters.date_of_moment", "filters.hour_of_moment", "filters.icontains", "filters.iendswith", "filters.iexact",
        "filters.istartswith", "filters.month", "filters.transformed", "filters.week_day",
        "functions.function_in_filter", "functions.length", "json_lookups.key_icontains", "json_lookups.key_iexact",
        "postgresql_only.search_rank_weighted",
    },
    "not_in_subquery": {"subqueries.not_in_queryset"},
    "order_by_random": {"functions.random", "results.order_by_random"},
}  # fmt: skip


def orm_statements():
    """Name, vendor and canonical text of each statement of the suite of ORM expressions."""
    suite = json.loads((HERE / "orm_expressions" / "expected.json").read_text(encoding="utf-8"))
    for name, variants in suite["expressions"].items():
        for variant in variants:
            for vendor in variant["on"]:
                for identity in variant["ids"]:
                    yield name, vendor, suite["statements"][identity]


def test_expressions_of_the_orm_raise_no_false_alarm():
    found = defaultdict(set)
    for name, vendor, sql in orm_statements():
        for rule in told(sql, vendor):
            found[rule].add(name)
    assert found.pop("unbounded_select")
    assert dict(found) == EXPRESSIONS


def test_unbounded_statements_of_the_orm_have_no_condition_and_no_limit():
    for _, vendor, sql in orm_statements():
        if "unbounded_select" in told(sql, vendor):
            outermost = sql.rsplit(" from ", 1)[1]
            assert not {"where", "limit", "group"} & set(outermost.split()), sql


def strong_counts(name, dialect, separator=b"\0"):
    statements = set((CORPUS / name).read_bytes().split(separator))
    counts = Counter()
    for sql in statements:
        found = advise(sql, dialect)
        counts.update(rule for rule, count in zip(NAMES, found.counts) if count and rule in STRONG)
    return dict(counts)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
@pytest.mark.parametrize("dialect", ["sqlite", "generic"])
def test_django_s_statements(dialect):
    assert strong_counts("django-orm-params.sql0", dialect) == {"unbounded_select": 14}
    assert strong_counts("django-orm.sql0", dialect) == {"unbounded_select": 14, "leading_wildcard": 20}


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_analytic_statements():
    # Their tables are linked in WHERE, by columns whose table the text does not name.
    counts = {"function_on_column": 20}
    assert strong_counts("tpc-ds.sql", "postgresql", b";\n") == counts
    counts = {"function_on_column": 24, "leading_wildcard": 6, "not_in_subquery": 2}
    assert strong_counts("tpc-h.sql", "postgresql", b";\n") == counts


NEEDS_THE_END = [NAMES.index("unbounded_select"), NAMES.index("cartesian_join")]


@pytest.mark.parametrize("doubt", ["'", " '", " /*", " $$"])
def test_nothing_about_the_end_is_told_at_a_doubt(doubt):
    for sql in ("select a from t", "select a from t, u", "select a from t order by b", "(select a from t, u"):
        found = advise(sql + doubt, "postgresql")
        assert not found.complete
        assert not any(found.counts)


@pytest.mark.skipif(not CORPUS.is_dir(), reason=NO_CORPUS)
def test_a_doubt_never_adds_advice():
    """What is told of a beginning that ends in doubt is told of the whole as well."""
    generator = random.Random(6)
    for sql in [*corpus(sample=40), *(condition_phrase(generator) for _ in range(300))]:
        whole = advise(sql, "postgresql")
        if not whole.complete:
            continue
        for _ in range(5):
            cut = sql[: generator.randrange(len(sql) + 1)] + b"\n '"
            found = advise(cut, "postgresql")
            if not found.complete:
                assert not any(found.counts[rule] > whole.counts[rule] for rule in NEEDS_THE_END), (sql, cut)


LONG = {
    "open parentheses": lambda n: "(" * n,
    "closed parentheses": lambda n: "select a from t where " + "(" * n + "a" + ")" * n + " = 1",
    "calls": lambda n: "select a from t where " + "f(" * n + "a" + ")" * n + " = 1",
    "subqueries": lambda n: "select * from (" * (n // 8),
    "ctes": lambda n: "with " + "a as (select 1), " * (n // 8),
    "tables": lambda n: "select * from " + "t," * n,
    "terms": lambda n: "select * from t, u where " + "t.a = u.b and " * (n // 8),
    "names": lambda n: "select * from t, u where " + "a = " * n,
    "cases": lambda n: "select a from t where " + "case " * n + "end " * n,
    "items": lambda n: "select a from t where a in (" + "1," * n,
    "statements": lambda n: "select * from t, u;" * (n // 8),
    "unions": lambda n: "select a from t union " * (n // 8),
    "dots": lambda n: "select a from t where a" + ".a" * n,
    "nots": lambda n: "select a from t where " + "not " * n + "a",
    "likes": lambda n: "select a from t where a like " + "f(" * n,
    "one name": lambda n: "select a from " + "x" * n + ", u where " + "x" * n + ".a = u.b",
}


@pytest.mark.parametrize("shape", sorted(LONG))
def test_long_input_is_read_in_linear_time(shape):
    # Anything quadratic would not come back.
    found = advise(LONG[shape](1_000_000 if backend().name == "native" else 10_000))
    assert max(found.positions) < 17_000_000


def test_bounds_make_the_end_silent_and_are_told():
    deep = "(" * ADVICE_MAX_DEPTH + "1" + ")" * ADVICE_MAX_DEPTH
    many = ", ".join(f"t{number}" for number in range(ADVICE_MAX_RELATIONS + 1))
    ctes = ", ".join(f"c{number} as (select 1)" for number in range(ADVICE_MAX_CTES + 1))
    for sql in (f"select a, {deep} from t, u", f"select a from {many}", f"with {ctes} select a from t, u"):
        assert not any(advise(sql).counts)
        assert not mercury.analyze(sql).complete
    assert told(f"select {deep[1:-1]} from t where lower(a) = 1") == ["function_on_column"]


def test_position_is_that_of_the_first_place_in_bytes():
    sql = "/* é */ select a from t where b in (select c from u where lower(d) = ?) or lower(e) = ?"
    (advice,) = mercury.analyze(sql).advice
    assert advice.position == sql.encode().index(b"lower(d)")
    assert advice.places == 2


def test_advice_comes_in_the_order_of_the_text():
    sql = "select * from t, u where lower(a) = ? and b like '%x' order by random()"
    assert told(sql) == ["cartesian_join", "function_on_column", "leading_wildcard", "order_by_random"]
    assert told("select * from t, u", weak=True) == ["unbounded_select", "select_star", "cartesian_join"]


def test_weak_rules_are_told_only_if_they_are_asked_for():
    sql = "select * from t where a = 5 union select * from u where a = 6"
    assert told(sql) == []
    assert told(sql, weak=True) == ["select_star", "literal_value", "union_distinct"]


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("a like %s", ["%x"]),
        ("a like %s", ("_x",)),
        ("b = %s and a like %s", ["x", "%"]),
        ("a like ?", ["%x"]),
        ("a like %(name)s", {"name": "%x", "other": 1}),
        ("a like :name and b = :other", {"name": "%x"}),
        ("b = $1 and a like $2", ["x", "%x"]),
        ("a like $2 and b = $1", ["x", "%x"]),
        ("a like upper(%s)", ["%x"]),
    ],
)
def test_parameters_that_begin_with_a_wildcard(sql, parameters):
    assert told(f"select x from t where {sql}", "postgresql", parameters=parameters) == ["leading_wildcard"]


class Text(str):
    """A text whose methods must not be called."""

    def __getitem__(self, index):
        raise AssertionError("called")


@pytest.mark.parametrize(
    ("sql", "parameters"),
    [
        ("a like %s", ["x%"]),
        ("a like %s", [""]),
        ("a like %s", [b"%x"]),
        ("a like %s", [None]),
        ("a like %s", [Text("%x")]),
        ("a like %s", ["%x", "%y"]),
        ("a like %s", []),
        ("a like %s", "%"),
        ("a like %s", iter(["%x"])),
        ("a like %s and b = %s", ["x", "%x"]),
        ("a like $3", ["%x"]),
        ("a like %(name)s", {"other": "%x"}),
        ("a like %(name)s", {1: "%x"}),
    ],
)
def test_other_parameters(sql, parameters):
    assert told(f"select x from t where {sql}", "postgresql", parameters=parameters) == []


def test_no_sentence_quotes_the_statement():
    sql = "select secret from secret, hidden where lower(secret) = 'secret' and hidden like '%secret'"
    statement = mercury.analyze(sql, parameters=["secret"], weak=True)
    assert len(statement.advice) >= 4
    assert "secret" not in repr(statement.advice)
    assert "hidden" not in repr(statement.advice)


def test_rules_are_complete():
    assert len(set(NAMES)) == len(NAMES)
    for rule in RULES:
        assert rule.severity in ("warning", "advice")
        assert rule.message.endswith(".")
        assert rule.message.count(". ") >= 1, "what is wrong, and how to mend it"


def test_each_rule_is_documented(root):
    page = (root / "docs" / "advice.md").read_text(encoding="utf-8")
    for rule in RULES:
        assert f"## {rule.id}\n" in page


def test_unknown_dialect():
    with pytest.raises(UnknownDialectError):
        mercury.analyze("select 1", "db2")
    with pytest.raises(MercuryError) as caught:
        backend().module.advise(b"select 1", 99)
    assert caught.value.position == -1
