"""The public layer: types, encodings, buffers, and errors that quote nothing."""

from array import array

import pytest

import mercury
from mercury.errors import InvalidArgumentError, UnknownDialectError

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


def batch(data, offsets, **more):
    return list(mercury.fingerprint_batch(data, offsets, **more))


@pytest.mark.parametrize("typecode", ["i", "l", "q"])
def test_batch(typecode):
    statements = ["select 1", "", "select 'x' from t"]
    offsets = array(typecode, [0])
    for sql in statements:
        offsets.append(offsets[-1] + len(sql))
    data = "".join(statements).encode()
    expected = [mercury.fingerprint(sql) for sql in statements]
    for kind in (bytes, bytearray, memoryview, lambda data: array("b", data)):
        assert batch(kind(data), offsets) == expected
    result = mercury.fingerprint_batch(data, memoryview(offsets))
    assert result.typecode == "Q"
    assert list(result) == expected
    # Offsets may start and end anywhere in the buffer.
    assert batch(data, offsets[2:]) == expected[2:]


def test_batch_without_rows():
    assert batch(b"", array("q", [0])) == []
    assert batch(b"", array("q")) == []
    assert batch(b"x", array("i", [1])) == []


@pytest.mark.parametrize(
    ("offsets", "row"), [([-1, 2], 0), ([0, 2, 1], 1), ([0, 3, 9], 1), ([5, 5], 0), ([0, 1, 2, 1 << 40], 2)]
)
def test_batch_with_wrong_offsets(offsets, row):
    with pytest.raises(InvalidArgumentError, match=f"row {row} ") as caught:
        batch(b"abcd", array("q", offsets))
    assert caught.value.position == row


@pytest.mark.parametrize("offsets", [array("d", [0, 1]), array("H", [0, 1]), array("Q", [0, 1]), b"\0\1"])
def test_batch_with_offsets_of_another_type(offsets):
    with pytest.raises(InvalidArgumentError, match="32-bit or 64-bit"):
        batch(b"x", offsets)


def test_batch_with_foreign_buffers():
    view = memoryview(bytes(16))
    with pytest.raises(InvalidArgumentError, match="contiguous"):
        batch(view[::2], array("q", [0, 1]))
    with pytest.raises(InvalidArgumentError, match="single bytes"):
        batch(array("i", [0]), array("q", [0, 1]))
    with pytest.raises(InvalidArgumentError, match="contiguous"):
        batch(b"x", memoryview(array("q", [0, 1, 2]))[::2])
    with pytest.raises(InvalidArgumentError, match="one dimension"):
        batch(b"x", memoryview(bytes(16)).cast("B", (4, 4)))


@pytest.mark.parametrize(("data", "offsets"), [("secret", array("q", [0, 1])), (b"x", [0, 1]), (None, None)])
def test_batch_with_no_buffers(data, offsets):
    with pytest.raises(TypeError, match="must be a buffer, not") as caught:
        batch(data, offsets)
    assert "secret" not in str(caught.value)


def test_batch_in_dialects():
    assert batch(b'"a"', array("q", [0, 3]), dialect="mysql") == [mercury.fingerprint("?")]
    with pytest.raises(UnknownDialectError):
        batch(b"x", array("q", [0, 1]), dialect="db2")
