"""The public layer: types, encodings, buffers, and errors that quote nothing."""

import pytest

import mercury
from mercury import query
from mercury.errors import UnknownDialectError

SQL = 'SELECT "id" FROM "t" WHERE "name" = \'secret\''
CANONICAL = "select id from t where name = ?"


@pytest.mark.parametrize(
    "kind", [str, str.encode, lambda sql: bytearray(sql.encode()), lambda sql: memoryview(sql.encode())]
)
def test_all_kinds_of_text(kind):
    assert mercury.normalize(kind(SQL)) == CANONICAL
    assert mercury.fingerprint(kind(SQL)) == mercury.fingerprint(CANONICAL)


def test_fingerprint_is_unsigned():
    assert all(0 <= mercury.fingerprint(f"select a{number}") < 1 << 64 for number in range(64))
    assert any(mercury.fingerprint(f"select a{number}") >> 63 for number in range(64))


def test_fingerprint_of_the_empty_text_is_that_of_xxh3():
    assert f"{mercury.fingerprint(''):016x}" == "2d06800538d394c2"


def test_dialects():
    assert mercury.normalize('select "a"', dialect="mysql") == "select ?"
    assert mercury.normalize('select "a"', "postgresql") == "select a"


def test_lone_surrogates_and_bad_utf8_come_out_escaped():
    assert mercury.normalize("select \ud800") == "select \\xed\\xa0\\x80"
    assert mercury.normalize(b"select \xff") == "select \\xff"
    assert mercury.normalize("select é") == "select é"


def test_only_texts_that_hide_nothing_are_kept(monkeypatch):
    monkeypatch.setattr(query, "_short_texts", {})
    texts = ["COMMIT", "SELECT 'secret'", "select a /* secret */", "SAVEPOINT secret", "select 1", 'select "Secret"']
    for _ in range(2):
        assert [mercury.normalize(text) for text in texts] == [
            *("commit", "select ?", "select a", "savepoint ?", "select ?", 'select "Secret"')
        ]
    assert set(query._short_texts) == {("COMMIT", "generic"), ('select "Secret"', "generic")}


def test_few_texts_are_kept(monkeypatch):
    monkeypatch.setattr(query, "_short_texts", {})
    for number in range(3 * query._KEPT_SHORT_TEXTS):
        assert mercury.normalize(f"DROP TABLE t{number}") == f"drop table t{number}"
    assert 0 < len(query._short_texts) <= query._KEPT_SHORT_TEXTS
    mercury.normalize("select " + "a" * query._SHORT_LENGTH)
    assert all(len(text) <= query._SHORT_LENGTH for text, _ in query._short_texts)


def test_a_kept_text_is_one_of_its_dialect():
    for _ in range(2):
        assert mercury.normalize("drop table Users") == "drop table users"
        assert mercury.normalize("drop table Users", "mysql") == "drop table Users"


@pytest.mark.parametrize("value", [None, 5, ["x"], object()])
@pytest.mark.parametrize("call", [mercury.normalize, mercury.fingerprint])
def test_wrong_types(call, value):
    with pytest.raises(TypeError, match=f"not {type(value).__name__}$"):
        call(value)


@pytest.mark.parametrize("call", [mercury.normalize, mercury.fingerprint])
def test_wrong_dialects(call):
    with pytest.raises(UnknownDialectError, match="generic, postgresql, mysql, sqlite, oracle, mssql") as caught:
        call("select 1", "secret")
    assert "secret" not in str(caught.value)
    with pytest.raises(TypeError, match="not int"):
        call("select 1", 1)


class Called(BaseException):
    """Raised by a method that Mercury must never call."""


def refuse(*_):
    raise Called


OVERRIDDEN = {f"__{name}__": refuse for name in ("buffer", "bytes", "str", "len", "iter", "getitem", "hash", "eq")}


@pytest.mark.parametrize(("base", "sql"), [(str, "SELECT 1"), (bytes, b"SELECT 1"), (bytearray, b"SELECT 1")])
def test_nothing_is_called_that_a_subclass_overrides(base, sql):
    text = type("Hostile", (base,), {**OVERRIDDEN, "encode": refuse})(sql)
    assert mercury.normalize(text) == "select ?"
    assert mercury.fingerprint(text) == mercury.fingerprint("select 2")
    assert mercury.analyze(text).verb == "SELECT"


def test_a_buffer_of_the_host_s_own_is_no_sql():
    text = type("Hostile", (), {**OVERRIDDEN, "__class__": property(refuse)})()
    with pytest.raises(TypeError, match="not Hostile"):
        mercury.normalize(text)
