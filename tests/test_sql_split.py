"""A script to its statements, over the backend that serves."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sql_statements import FRAGMENTS

from mercury.core import backend
from mercury.core.records import DIALECTS
from mercury.errors import UnknownDialectError

BODIES = b"""create trigger procedure package body table as is begin tran case end if loop declare event ( .""".split()
PIECES = [*FRAGMENTS, b";", b"; ", b";\n", *(b" " + word + b" " for word in BODIES)]
SCRIPTS = st.lists(st.sampled_from(PIECES), max_size=30).map(b"".join)


def split(script, dialect="generic", most=1000):
    return backend().module.split(script, DIALECTS[dialect], most).tolist()


def pieces(script, dialect="generic"):
    """The statements, and what is behind the last semicolon."""
    ends = split(script, dialect)
    return [script[start:end] for start, end in zip(ends, [*ends[1:], len(script)])]


@pytest.mark.parametrize(
    ("dialect", "expected"),
    [
        ("generic", [b"select 1;", b" select 2;", b"\n"]),
        ("generic", [b";", b";", b"a;", b"b"]),
        ("generic", [b"a ';' \"b;c\" `;` /* ; */ ;", b""]),
        ("generic", [b"a -- ;\n;", b"b"]),
        ("generic", [b"$$ ; $$;", b"$a$ ; $b$ ; $a$;", b"x"]),
        ("generic", [b"(;", b");", b""]),
        ("generic", [b"a;", b"'it\\'s; b; c"]),
        ("generic", [b"a;", b"'b; c;"]),
        ("generic", [b"a;", b"/* b; c;"]),
        ("postgresql", [b"e'\\';';", b"/* /* ; */ ; */ b;", b""]),
        ("mysql", [b'"a\\";";', b"# ;\n b;", b""]),
        ("mysql", [b"/*!40101 set a; set b */;", b"c;", b""]),
        ("mysql", [b"/*!40101 set a; set b; c"]),
        ("oracle", [b"q'[;]';", b"a;", b""]),
        ("mssql", [b"[a;]];b];", b"c;", b""]),
        ("sqlite", [b"[a;b];", b"c"]),
        ("generic", [b"\0;", b"\xff;", b""]),
        ("generic", [b""]),
        ("postgresql", [b"copy t from stdin;\n1;2\n\\.", b"\nselect 1;", b""]),
        ("postgresql", [b"copy t from stdin; select 1; a"]),
        ("postgresql", [b"copy t from stdin;;a;\n\\.", b"b;", b""]),
        ("postgresql", [b"copy t from stdin;;a;"]),
        ("postgresql", [b"copy t from stdin \\. a;b"]),
        ("mysql", [b"delimiter //\ncreate procedure p() begin a; end//\ndelimiter ;\nb;", b" c"]),
        (
            "sqlite",
            [
                b"create temp trigger r after insert on t when case when a then b end begin a; "
                b"select case b when 1 then 2 end; end;",
                b" x;",
                b"",
            ],
        ),
        (
            "mysql",
            [
                b"create definer = `a`@`b` procedure p() begin if a then b; end if; "
                b"case c when 1 then d; end case; l: loop e; end loop; end;",
                b"begin;",
                b"a;",
                b"",
            ],
        ),
        (
            "mysql",
            [
                b"create event e on schedule every 1 day do begin a; b; end;",
                b"create table begin (trigger int);",
                b"a;",
                b"",
            ],
        ),
        (
            "postgresql",
            [b"create function f() returns int begin atomic select 1; select 2; end;", b"begin;", b"commit;", b""],
        ),
        ("postgresql", [b"create trigger r after insert on t for each row execute function f();", b"a;", b""]),
        ("generic", [b"alter trigger r on t begin t.begin; begin a; end; b; end;", b"c;", b""]),
        ("oracle", [b"declare a t; b u; begin c; if d then e; end if; end;", b"x;", b"begin a; end;", b"b;", b""]),
        ("oracle", [b"create or replace procedure p is a t; begin b; end;", b"c;", b""]),
        (
            "oracle",
            [
                b"create package p as procedure q; procedure r; end;",
                b"create package body p is procedure q is a t; begin b; end; end p;",
                b"c;",
                b"",
            ],
        ),
        ("oracle", [b"create procedure p as language java;\n/", b"\nselect 1\n /", b" \nselect 2\n/"]),
        (
            "mssql",
            [
                b"create proc p as a; b\ngo",
                b"\nbegin tran;",
                b" begin try a; b; end try begin catch c; end catch;",
                b"x;",
                b"\nGO",
            ],
        ),
        (
            "mssql",
            [
                b"begin a; select case b when 1 then 2 end; if c begin d; end; end;",
                b"create partition function f (int);",
                b"a;",
                b"",
            ],
        ),
        (
            "mssql",
            [b"create event session s on server;", b"begin if a begin b; end if c d; end;", b"e\n\tgo 5", b" \r\n"],
        ),
        ("generic", [b"a\ngo", b"\nb\ngo"]),
    ],
)
def test_pieces(dialect, expected):
    assert pieces(b"".join(expected), dialect) == expected


def test_brackets_of_one_statement_say_nothing_about_the_next():
    script = b"a [;=:b':;'"
    start = split(script, "postgresql")[1]
    assert pieces(script, "postgresql")[1:] == pieces(script[start:], "postgresql")


@given(SCRIPTS, st.sampled_from(sorted(DIALECTS)), st.integers(1, 4))
@settings(deadline=None)
def test_reading_goes_on_at_any_statement(script, dialect, most):
    expected = split(script, dialect)
    found = [0]
    while True:
        more = split(script[found[-1] :], dialect, most)
        found += [found[-1] + end for end in more[1:]]
        assert len(more) <= most + 1
        if len(more) == 1:
            break
    assert found == expected


@given(SCRIPTS, SCRIPTS, st.sampled_from(sorted(DIALECTS)))
@settings(max_examples=500, deadline=None)
def test_what_comes_behind_changes_no_end_that_was_found(script, more, dialect):
    found = split(script, dialect)
    assert split(script + more, dialect)[: len(found)] == found


@given(SCRIPTS, st.sampled_from(sorted(DIALECTS)))
@settings(deadline=None)
def test_a_semicolon_and_white_space_at_the_end_say_nothing(script, dialect):
    normalize, number = backend().module.normalize, DIALECTS[dialect]
    ends = split(script, dialect)
    for start, end in zip(ends, ends[1:]):
        # MySQL takes two dashes for a comment at the end, not before a semicolon.
        if script[end - 1 : end] not in (b";", b".") or script[start : end - 1].endswith(b"--"):
            continue
        whole = normalize(script[start:end], number)
        assert whole == normalize(script[start : end - 1], number)
        assert not whole.in_doubt
    assert normalize(script + b"\n", number) == normalize(script, number)


def test_at_most():
    assert split(b"a;b;c;", most=0) == [0]
    assert split(b"a;b;c;", most=2) == [0, 2, 4]
    assert split(b"a;b;c;", most=3) == [0, 2, 4, 6]


def test_unknown_dialect():
    with pytest.raises(UnknownDialectError):
        backend().module.split(b"x", 6, 1)
