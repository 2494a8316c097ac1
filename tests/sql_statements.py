"""Statements for the SQL tests: the corpus where it is there, and a seeded generator."""

import random
from pathlib import Path
from typing import Iterator, List

CORPUS = Path(__file__).resolve().parent.parent.parent / "shared" / "corpus"
NO_CORPUS = f"the corpus is not there: {CORPUS.parent.name}/{CORPUS.name} beside the repository"

_SEPARATORS = {".sql0": b"\0", ".sql": b";\n"}
_LINES = {"sqlglot-identity.sql"}


def statements_of(path: Path) -> List[bytes]:
    """The distinct statements of a file of the corpus, sorted."""
    separator = b"\n" if path.name in _LINES else _SEPARATORS[path.suffix]
    return sorted(set(path.read_bytes().split(separator)))


def corpus(sample: int = 0) -> List[bytes]:
    """The distinct statements of the corpus; at most `sample` a file where that is not 0."""
    statements: List[bytes] = []
    for path in sorted(CORPUS.glob("*.sql*")):
        found = statements_of(path)
        if sample and len(found) > sample:
            found = random.Random(path.name).sample(found, sample)
        statements += found
    return statements


FRAGMENTS = [
    b"'", b'"', b"`", b"[", b"]", b"(", b")", b",", b".", b";", b"?", b"??", b"?|", b"%s", b"%(a)s", b"%%", b"%",
    b"$1", b"$$", b"$a$", b"$x", b":a", b":", b"::", b":=", b"@x", b"@@x", b"@", b"#", b"#>", b"##t", b"--", b"-- ",
    b"/*", b"*/", b"/*!", b"/*!50003 ", b"-", b"+", b"*", b"/", b"=", b"!=", b"<", b">", b"|", b"||", b"&", b"!", b"~",
    b"^", b"{", b"}", b"\\", b"\0", b"\xff", b"\xc3\xa9", b" ", b" ", b" ", b" ", b"\n", b"\r", b"\t", b"a", b"A",
    b'"a"', b'"A b"', b"`a``b`", b"[a]]b]", b"1", b"12", b".5", b"1.", b"1e-5", b"0x1", b"1a", b"'x'", b"''",
    b"'it''s'", b"'\\'", b"e'", b"n'x'", b"x'00'", b"q'[", b"]'", b"u&'", b'u&"', b"_utf8'x'", b"or", b"and", b"in",
    b"in (1,2)", b"values", b"values (1,2),(3,4)", b"array[", b"array[1,2]", b"select", b"where a = 1", b" or a = 1",
    b"limit", b"limit 1,2", b"fetch", b"first", b"from", b"savepoint", b"release", b"rollback", b"to", b"work",
    b"declare", b"cursor", b"no", b"scroll", b"close", b"date", b"interval", b"order", b"null", b"default", b"count",
    b"as", b"\\G", b"\\g x", b"\\N", b"\\d t\n", b"\\.", b"\n\\.\n", b"copy", b"from stdin", b";\n", b"\ngo\n",
    b"go 5\n", b"delimiter //\n", b"delimiter $$\n", b"//", b"\n/\n", b"escape", b"'\\'", b"{d '", b"{ts '1'}",
    b"{a:B}", b"'}", b":'a'", b"@'a'", b"prompt", b"\\copy t from stdin\n",
]  # fmt: skip

PASSWORD_FRAGMENTS = [
    b"alter", b"create", b"check", b"connect", b"set", b"open", b"pragma", b"begin", b"user", b"u", b"table", b"view",
    b"identified", b"by", b"with", b"as", b"using", b"password", b"PassWord", b"old_password", b"secret", b"identity",
    b"key", b"for", b"to", b"=", b":=", b"/", b"@", b"!", b"(", b")", b",", b";", b".", b"replace", b"default",
    b"profile", b"expire", b"valid", b"null", b"select", b"zebra", b"Zebra", b'"Zebra"', b"'zebra'", b"?", b"%s",
    b"4711", b"'zebra", b"-- zebra\n", b"/* zebra */",
]  # fmt: skip


WORDS_OF_STATEMENTS = (
    b"""select from from from join ( ( ) ) , , . ; with as insert into update set delete using merge create table index
    on a a b t u t.a "A" `b` [a] [ ] "order" values 1 'x' ? %s :n where union all begin end procedure references drop
    truncate call explain is not distinct only lateral top = $$ order recursive materialized copy savepoint to output
    when trigger u&"x""y" exec lock tables replace ignore or alter view function user if exists declare cursor for grant
    show commit rollback work transaction @r # -- /* */ { } limit group by having left outer cross apply returning
    default array delete. .select t. .a a.* [a]]b] "B b" "a""b" """
).split()


def phrase(generator: random.Random) -> bytes:
    """Words that build statements, in any order."""
    return b" ".join(generator.choice(WORDS_OF_STATEMENTS) for _ in range(generator.randrange(1, 25)))


_HEADS = (
    b"select a from t", b"select * from t, u", b"select t.a, count(*) from t x join u y on x.a = y.a,",
    b"delete from t", b"select a from (t cross join u)", b"select distinct a from t", b"update t set a = 1",
    b"select a from t natural join u", b"with c as (select a from t) select * from c,",
    b"insert into t select a from t, u", b"(select a from t)", b"explain", b"create view v as select a from t",
    b"select max(a) from t left join (select a from u) s on", b"select a from t order by",
)  # fmt: skip

_TERMS = (
    b"a = %s", b"t.a = u.b", b'"t"."a" < x.b', b"lower(a) = 'x'", b"lower(x.a) in (1, 2)", b"a::date = ?",
    b"a::text = b", b"(t.a at time zone 'x')::date > 1", b"cast(u.a as date) between 1 and 2", b"a like '%x'",
    b"b not like '_'", b"a ilike upper(%s)", b"a in (select b from u)", b"a not in (select b from t, u)",
    b"not x.a in (select 1)", b"exists (select 1 from u where u.a = t.a and u.b = x.b)",
    b"case when lower(a) = 1 then 2 end = 3", b"not",
)  # fmt: skip

_WORDS_OF_CONDITIONS = (
    b"""( ( ( ) ) ) , , = < in in( like similar to between case when then end is null a t.a x.a u.b "A" [a] lower( f(
    ::date ::text 1 'x' '%x' %s any( exists( not select from from u, x join on union all order by random() rand()
    limit 1 offset 5000 2000, group having . * using(a) as ; -- /* - :: || $$%$$ values where where"""
).split()

_LINKS = (b"and", b"or", b"and (", b") or", b"group by a", b"union", b"limit 5", b"and not (")
_ENDS = (b"a", b"1", b"a = 1", b"limit 1 offset 5000", b"order by rand()", b"a = 1)", b"a = 1))")


def condition_phrase(generator: random.Random) -> bytes:
    """A statement with conditions, and words in between that may make anything of it."""
    words = [generator.choice(_HEADS), generator.choice((b"where", b"where", b"", b","))]
    disorder = generator.choice((0.05, 0.3, 0.9))
    for _ in range(generator.randrange(8)):
        words.append(generator.choice(_TERMS))
        while generator.random() < disorder:
            words.append(generator.choice(_WORDS_OF_CONDITIONS))
        words.append(generator.choice(_LINKS))
    words.append(generator.choice(_ENDS))
    return b" ".join(words)


def soup(generator: random.Random) -> bytes:
    """Fragments that mean something to a lexer, in any order."""
    glue = generator.choice([b"", b"", b" "])
    return glue.join(generator.choice(FRAGMENTS) for _ in range(generator.randrange(1, 30)))


def password_soup(generator: random.Random) -> bytes:
    """Words of statements that have passwords, in any order."""
    words = [generator.choice(PASSWORD_FRAGMENTS) for _ in range(generator.randrange(1, 14))]
    return b"".join(word + generator.choice([b" ", b" ", b" ", b""]) for word in words)


def mutate(generator: random.Random, statement: bytes) -> bytes:
    """A statement with a few places replaced."""
    mutated = bytearray(statement[:400])
    for _ in range(generator.randrange(1, 6)):
        place = generator.randrange(len(mutated) + 1)
        mutated[place : place + generator.randrange(4)] = generator.choice(FRAGMENTS)
    return bytes(mutated)


def _literal(generator: random.Random) -> str:
    choices = [
        "1",
        "-2",
        "+3.5",
        "'x'",
        "'it''s'",
        "%s",
        "?",
        "$1",
        ":a",
        "null",
        "true",
        "'a'::uuid",
        "1e-5",
        "date '2020-01-01'",
    ]
    return generator.choice(choices)


def _name(generator: random.Random) -> str:
    return generator.choice(["a", "B", '"c"', '"D"', "t.a", '"t"."user"', "count", "`e`", '"order"', "x$1"])


def _expression(generator: random.Random, depth: int = 3) -> str:
    if depth == 0:
        return generator.choice([_literal, _name])(generator)
    inner = lambda: _expression(generator, depth - 1)  # noqa: E731 - as short as the grammar
    many = lambda: ", ".join(inner() for _ in range(generator.randrange(1, 4)))  # noqa: E731 - as short as the grammar
    kind = generator.randrange(9)
    if kind == 0:
        return f"({inner()})"
    if kind == 1:
        return f"{_name(generator)}({many()})"
    if kind == 2:
        return f"{_name(generator)} in ({many()})"
    if kind == 3:
        return (
            f"{inner()} {generator.choice(['+', '-', '*', '||', '=', '<>', 'and', 'or', '->>', '::', 'is'])} {inner()}"
        )
    if kind == 4:
        return f"array[{many()}][{inner()}]"
    if kind == 5:
        return " or ".join(f"{generator.choice(['a', 't.b'])} = {_literal(generator)}" for _ in range(3))
    if kind == 6:
        return f"({statement(generator, depth - 1)})"
    return generator.choice([_literal, _name])(generator)


def statement(generator: random.Random, depth: int = 3) -> str:
    """A statement of a small grammar."""
    kind = generator.randrange(8)
    expression = lambda: _expression(generator, max(depth, 0))  # noqa: E731 - as short as the grammar
    if kind == 0 or depth <= 0:
        return f"select {_name(generator)}"
    if kind == 1:
        row = ", ".join(_literal(generator) for _ in range(3))
        rows = ", ".join(f"({row})" for _ in range(generator.randrange(1, 4)))
        return f"insert into t (a, b) values {rows}, ({expression()})"
    if kind == 2:
        return f"update t set a = {expression()} where {expression()}"
    if kind == 3:
        return generator.choice(
            [
                "savepoint s1",
                'release savepoint "s1"',
                "rollback to x",
                "fetch 5 from c",
                "declare c no scroll cursor for select 1",
            ]
        )
    tail = generator.choice(
        ["", " limit 5", " order by 1, a desc limit 3 offset 4", " group by a having b = 1 or b = 2"]
    )
    return f"select {expression()}, {expression()} from {_name(generator)} where {expression()}{tail}"


_GAPS = [" ", "  ", "\n", " /* it's */ ", " -- x\n", "\t"]


def generated(seed: int, count: int, pool: List[bytes]) -> Iterator[bytes]:
    """`count` statements: grammatical, mangled, and soup. The same seed gives the same ones."""
    generator = random.Random(seed)
    for number in range(count):
        if number % 4 == 0:
            yield password_soup(generator) if number % 8 else soup(generator)
            continue
        if number % 4 == 1 and pool:
            yield mutate(generator, generator.choice(pool))
            continue
        words = statement(generator).split(" ")
        text = "".join(word + generator.choice(_GAPS) for word in words).encode()
        yield mutate(generator, text) if number % 4 == 2 else text


LONG = {
    "one string": lambda n: b"select '" + b"x" * n + b"'",
    "doubled quotes": lambda n: b"select '" + b"''" * n + b"'",
    "unterminated": lambda n: b"select '" + b"x''" * n,
    "list": lambda n: b"select a from t where a in (" + b"1," * n + b"2)",
    "unfinished list": lambda n: b"select a from t where a in (" + b"a,1," * n,
    "rows": lambda n: b"insert into t values " + b"(1,'x')," * n + b"(1,2)",
    "rows that differ": lambda n: b"values " + b"(1,a),(b,2)," * n + b"(1,2)",
    "tuples in tuples": lambda n: b"in (" + b"(1), (" * n + b")" * n,
    "parentheses": lambda n: b"select " + b"(" * n + b"1" + b")" * n,
    "brackets": lambda n: b"select array" + b"[" * n + b"1" + b"]" * n,
    "comments": lambda n: b"select 1 " + b"/* x */ -- y\n" * n,
    "nested comments": lambda n: b"/*" * n + b"*/" * n,
    "signs": lambda n: b"select " + b"- + " * n + b"1",
    "signs together": lambda n: b"select a " + b"+" * n + b"1",
    "operators": lambda n: b"select a " + b"<>" * n + b" 1",
    "disjunction": lambda n: b"where a = 1" + b" or a = 1" * n,
    "disjunction of many": lambda n: b"where " + b" or ".join(b"a%d = 1 or a%d = 2" % (i, i) for i in range(n // 4)),
    "question marks": lambda n: b"a " + b"? " * n,
    "question marks and comments": lambda n: b"a " + b"? /* x */ " * n,
    "percents": lambda n: b"select a " + b"%(" * n,
    "dollars": lambda n: b"select " + b"$a" * n,
    "dollar quotes": lambda n: b"$a$ " + b"$b$a " * n + b"$a$",
    "semicolons": lambda n: b";" * n,
    "dots": lambda n: b"savepoint a" + b".b" * n,
    "names": lambda n: b'select "a", ' * n,
    "one word": lambda n: b"x" * n,
    "passwords": lambda n: b"set " + b"password = password " * n,
    "one password": lambda n: b"set password = " + b"x@" * n,
    "prefixes": lambda n: b"q'[" + b"]" * n,
}
"""Shapes of hostile length, each a function of its size: what is quadratic shows here."""
