"""Many statements in one call: layouts, rows that are wrong, buffers that are none."""

import ctypes
import threading
from array import array

import pytest
from hypothesis import given
from hypothesis import strategies as st

import mercury
from mercury.errors import InvalidArgumentError, MercuryError, UnknownDialectError

CALLS = [mercury.fingerprint_batch, mercury.normalize_batch]
STATEMENTS = ["SELECT 1", "", "SELECT 'x' FROM t", "a=1 " * 50, "SELECT é"]


def laid_out(statements, typecode="q"):
    """Data and offsets, with bytes before the first row and behind the last that belong to none."""
    data, offsets = b"'", array(typecode, [1])
    for sql in statements:
        data += sql.encode()
        offsets.append(len(data))
    return data + b"'", offsets


def rows(texts):
    return [bytes(texts.data[start:end]).decode() for start, end in zip(texts.offsets, texts.offsets[1:])]


@pytest.mark.parametrize("typecode", ["i", "l", "q"])
@pytest.mark.parametrize("kind", [bytes, bytearray, memoryview, lambda data: array("b", bytes(data))])
def test_batches_give_what_single_calls_give(typecode, kind):
    data, offsets = laid_out(STATEMENTS, typecode)
    ids = mercury.fingerprint_batch(kind(data), offsets)
    assert (ids.typecode, ids.itemsize) == ("Q", 8)
    assert ids.tolist() == [mercury.fingerprint(sql) for sql in STATEMENTS]
    texts = mercury.normalize_batch(kind(data), memoryview(offsets))
    assert rows(texts) == [mercury.normalize(sql) for sql in STATEMENTS]
    assert (texts.offsets.typecode, texts.offsets[0], texts.offsets[-1]) == ("q", 0, len(texts.data))


@given(st.lists(st.text()), st.sampled_from(["generic", "postgresql", "mysql"]))
def test_canonical_texts_are_a_batch_with_the_same_ids(statements, dialect):
    arguments = laid_out(statements)
    texts = mercury.normalize_batch(*arguments, dialect=dialect)
    texts.data.decode("utf-8")
    assert mercury.fingerprint_batch(*texts, dialect=dialect) == mercury.fingerprint_batch(*arguments, dialect=dialect)


def test_offsets_may_start_and_end_anywhere():
    data, offsets = laid_out(STATEMENTS)
    whole = mercury.fingerprint_batch(data, offsets)
    assert mercury.fingerprint_batch(data, offsets[2:]) == whole[2:]
    assert mercury.fingerprint_batch(data, memoryview(offsets)[1:4]) == whole[1:3]


def test_buffers_of_ctypes_and_offsets_that_lie_askew():
    expected = mercury.fingerprint_batch(b"ab", array("q", [0, 1, 2]))
    assert mercury.fingerprint_batch(b"ab", (ctypes.c_int32 * 3)(0, 1, 2)) == expected
    assert mercury.fingerprint_batch(b"ab", (ctypes.c_int64 * 3)(0, 1, 2)) == expected
    assert mercury.fingerprint_batch(ctypes.create_string_buffer(b"ab"), array("q", [0, 1, 2])) == expected
    for typecode in "iq":
        raw = b"x" + array(typecode, [0, 1, 2]).tobytes()
        assert mercury.fingerprint_batch(b"ab", memoryview(raw)[1:].cast(typecode)) == expected


@pytest.mark.parametrize(("data", "offsets"), [(b"", [0]), (b"", []), (b"x", [1])])
@pytest.mark.parametrize("typecode", ["i", "q"])
def test_no_rows(data, offsets, typecode):
    assert mercury.fingerprint_batch(data, array(typecode, offsets)) == array("Q")
    assert mercury.normalize_batch(data, array(typecode, offsets)) == (b"", array("q", [0]))


@pytest.mark.parametrize(
    "sizes", [[100_000, 0, 100_000], [1] * 50_000, [300_000] + [10] * 1000, [3, 10_000, 3, 40_000, 3]]
)
def test_canonical_texts_longer_than_their_source(sizes):
    statements = [("a=1 " * size)[:size] for size in sizes]
    assert rows(mercury.normalize_batch(*laid_out(statements))) == [mercury.normalize(sql) for sql in statements]


def test_results_are_buffers_of_the_caller():
    data, offsets = bytearray(b"SELECT 1"), array("q", [0, 8])
    ids, texts = mercury.fingerprint_batch(data, offsets), mercury.normalize_batch(data, offsets)
    assert memoryview(ids).format == "Q"
    texts.data[:] = b""
    ids.append(1)
    data.append(32)  # raises BufferError while anything holds the memory
    offsets.append(8)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("typecode", ["i", "q"])
@pytest.mark.parametrize(
    ("offsets", "row"), [([-1, 2], 0), ([0, 2, 1], 1), ([0, 3, 9], 1), ([5, 5], 0), ([0, 1, 2, 2147483647], 2)]
)
def test_wrong_offsets(call, typecode, offsets, row):
    with pytest.raises(InvalidArgumentError, match=f"^the offsets of row {row} are") as caught:
        call(b"abcd", array(typecode, offsets))
    assert caught.value.position == row


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("offsets", [[0, 1 << 62], [-(1 << 63), 1], [1, -(1 << 63)], [0, (1 << 63) - 1]])
def test_offsets_at_the_ends_of_their_range(call, offsets):
    with pytest.raises(InvalidArgumentError, match="row 0 "):
        call(b"abcd", array("q", offsets))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("typecode", ["d", "f", "h", "H", "I", "Q", "B"])
def test_offsets_of_another_type(call, typecode):
    with pytest.raises(InvalidArgumentError, match="32-bit or 64-bit"):
        call(b"x", array(typecode, [0, 1]))


def test_offsets_of_another_byte_order():
    for kind in (ctypes.c_int32.__ctype_be__, ctypes.c_int32.__ctype_le__):
        offsets = (kind * 2)(0, 1)
        if kind is ctypes.c_int32:
            assert len(mercury.fingerprint_batch(b"x", offsets)) == 1
        else:
            with pytest.raises(InvalidArgumentError, match="byte order"):
                mercury.fingerprint_batch(b"x", offsets)


@pytest.mark.parametrize(
    ("data", "offsets", "message"),
    [
        (memoryview(bytes(16))[::2], array("q", [0, 1]), "data must be a contiguous buffer of one dimension"),
        (memoryview(bytes(16))[::-1], array("q", [0, 1]), "data must be a contiguous buffer of one dimension"),
        (memoryview(bytes(16)).cast("B", (4, 4)), array("q", [0, 1]), "data must be a contiguous"),
        (memoryview(b"x").cast("B", ()), array("q", [0, 1]), "data must be a contiguous"),
        (array("i", [0]), array("q", [0, 1]), "data must be a buffer of single bytes"),
        (b"x", memoryview(array("q", [0, 1, 2]))[::2], "offsets must be a contiguous buffer of one dimension"),
        (b"x", memoryview(bytes(16)).cast("B", (4, 4)), "offsets must be a contiguous"),
    ],
)
@pytest.mark.parametrize("call", CALLS)
def test_buffers_of_another_shape(call, data, offsets, message):
    with pytest.raises(InvalidArgumentError, match=message):
        call(data, offsets)


@pytest.mark.parametrize("call", CALLS)
def test_a_buffer_that_was_given_back(call):
    view = memoryview(b"x")
    view.release()
    with pytest.raises(InvalidArgumentError, match="the buffer of data cannot be read"):
        call(view, array("q", [0, 1]))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("secret", array("q", [0, 1])), "data must be a buffer, not str"),
        ((None, array("q", [0, 1])), "data must be a buffer, not NoneType"),
        ((b"secret", [0, 1]), "offsets must be a buffer, not list"),
        ((b"secret", "generic"), "offsets must be a buffer, not str"),
        ((b"secret",), "offsets are missing: only an Arrow array has its own, not bytes"),
        ((["secret"],), "offsets are missing: only an Arrow array has its own, not list"),
    ],
)
def test_what_is_no_buffer(call, arguments, message):
    with pytest.raises(TypeError, match=f"^{message}$"):
        call(*arguments)


@pytest.mark.parametrize("call", CALLS)
def test_dialects(call):
    arguments = b'"a"', array("q", [0, 3])
    assert call(*arguments, dialect="mysql") == call(b"?", array("q", [0, 1]))
    assert call(*arguments, "mysql") == call(*arguments, dialect="mysql")
    with pytest.raises(UnknownDialectError, match="generic, postgresql"):
        call(*arguments, dialect="db2")


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("typecode", ["i", "q"])
def test_offsets_that_another_thread_writes_to(call, typecode):
    """Any result or error will do; what must not happen is that memory outside of the data is read."""
    offsets = array(typecode, range(0, 8001, 8))
    stop = threading.Event()

    def scribble():
        while not stop.is_set():
            for wrong in (-1, 2147483647, 8000, 0):
                offsets[500], kept = wrong, offsets[500]
                offsets[500] = kept

    writer = threading.Thread(target=scribble)
    writer.start()
    try:
        for _ in range(50):
            try:
                call(b"SELECT 1" * 1000, offsets)
            except MercuryError as error:
                assert error.position in (499, 500)
    finally:
        stop.set()
        writer.join()
