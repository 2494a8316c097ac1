"""Arrays of pyarrow and numpy as they are, whole or sliced, sound or put together wrongly."""

import pytest

import mercury
from mercury.errors import InvalidArgumentError

numpy = pytest.importorskip("numpy", reason="numpy is not installed: its wheels do not cover every interpreter")
pyarrow = pytest.importorskip("pyarrow", reason="pyarrow is not installed: its wheels do not cover every interpreter")

CALLS = [mercury.fingerprint_batch, mercury.normalize_batch]
KINDS = ["string", "large_string", "binary", "large_binary"]
SQL = ["SELECT 1", None, "", "SELECT 'é' FROM t", "SELECT 2", None, "UPDATE t SET a = 3"] * 3
IDS = [0 if sql is None else mercury.fingerprint(sql) for sql in SQL]
TEXTS = [None if sql is None else mercury.normalize(sql) for sql in SQL]


def column(kind, values=SQL):
    encoded = [value.encode() if value is not None and "binary" in kind else value for value in values]
    return pyarrow.array(encoded, getattr(pyarrow, kind)())


def arrow(texts, validity=None):
    """A batch of canonical texts as Arrow's array of its own."""
    return pyarrow.LargeStringArray.from_buffers(
        len(texts.offsets) - 1, pyarrow.py_buffer(texts.offsets), pyarrow.py_buffer(texts.data), validity
    )


@pytest.mark.parametrize("kind", KINDS)
def test_arrays(kind):
    values = column(kind)
    assert mercury.fingerprint_batch(values).tolist() == IDS
    texts = arrow(mercury.normalize_batch(values), values.buffers()[0])
    texts.validate(full=True)
    assert texts.to_pylist() == TEXTS


@pytest.mark.parametrize("kind", KINDS)
def test_every_slice(kind):
    values = column(kind)
    for start in range(len(values) + 1):
        for count in range(len(values) - start + 1):
            part = values.slice(start, count)
            assert mercury.fingerprint_batch(part).tolist() == IDS[start : start + count]
            texts = arrow(mercury.normalize_batch(part)).to_pylist()
            assert texts == [text or "" for text in TEXTS[start : start + count]]


def test_what_lies_behind_a_null_is_not_read():
    bitmap = pyarrow.py_buffer(b"\x05")
    offsets = pyarrow.py_buffer(numpy.array([0, 8, 14, 15], "int32"))
    values = pyarrow.StringArray.from_buffers(3, offsets, pyarrow.py_buffer(b"SELECT 1secreta"), bitmap)
    assert mercury.fingerprint_batch(values)[1] == 0
    assert bytes(mercury.normalize_batch(values).data) == b"select ?a"


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_arrays_without_rows(call, kind):
    empty = call(b"", numpy.array([0], "int64"))
    assert call(column(kind, [])) == empty
    assert call(column(kind)[3:3]) == empty
    type_, nothing = getattr(pyarrow, kind)(), pyarrow.py_buffer(b"")
    assert call(pyarrow.Array.from_buffers(type_, 0, [None, nothing, nothing])) == empty


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("value", "message"),
    [
        (pyarrow.chunked_array([["a"], ["b"]]), "a chunked array has buffers for each of its chunks"),
        (pyarrow.array([1, 2]), "the Arrow array must be of strings or binaries"),
        (pyarrow.array(["a"]).dictionary_encode(), "the Arrow array must be of strings or binaries"),
        (pyarrow.array([["a"]]), "the Arrow array must be of strings or binaries"),
        (numpy.array(["a"]), "offsets are missing"),
    ],
)
def test_other_arrays(call, value, message):
    with pytest.raises(TypeError, match=message):
        call(value)


@pytest.mark.parametrize("call", CALLS)
def test_an_array_beside_offsets(call):
    with pytest.raises(TypeError, match="leave `offsets` out"):
        call(column("string"), numpy.array([0, 1]))


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
def test_chunks_one_by_one(call, kind):
    chunked = pyarrow.chunked_array([column(kind, SQL[:4]), column(kind, SQL[4:9])])
    assert [call(chunk) for chunk in chunked.chunks] == [call(column(kind, SQL[:4])), call(column(kind, SQL[4:9]))]


def resizable(data):
    buffer = pyarrow.allocate_buffer(len(data), resizable=True)
    numpy.frombuffer(buffer, "uint8")[:] = numpy.frombuffer(data, "uint8")
    return buffer


def spoiled(kind, offsets=None, sizes=(None, None, None), start=0):
    """Nine rows of one byte, whose offsets change and whose buffers shrink when pyarrow has checked them."""
    width = "int64" if kind.startswith("large") else "int32"
    bounds = numpy.arange(10).astype(width)
    buffers = [resizable(b"\xff\xff"), resizable(bounds.tobytes()), resizable(b"x" * 9)]
    values = pyarrow.Array.from_buffers(getattr(pyarrow, kind)(), 9 - start, buffers, offset=start)
    for row, offset in offsets or ():
        numpy.frombuffer(buffers[1], width)[row] = offset
    for buffer, size in zip(buffers, sizes):
        if size is not None:
            buffer.resize(size)
    return values


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("start", [0, 3])
@pytest.mark.parametrize(
    ("spoiling", "message"),
    [
        ({"sizes": (None, 39, None)}, "offsets of the Arrow array are fewer"),
        ({"sizes": (None, 0, None)}, "offsets of the Arrow array are fewer"),
        ({"sizes": (None, None, 8)}, "row "),
        ({"sizes": (None, None, 0)}, "row "),
        ({"sizes": (1, None, None)}, "bitmap"),
        ({"sizes": (0, None, None)}, "bitmap"),
        ({"offsets": [(5, 9)]}, "row "),
        ({"offsets": [(3, -1)]}, "row "),
        ({"offsets": [(9, 10)]}, "row "),
        ({"offsets": [(9, 2147483647)]}, "row "),
    ],
)
def test_arrays_that_changed_after_pyarrow_checked_them(call, kind, start, spoiling, message):
    with pytest.raises(InvalidArgumentError, match=message):
        call(spoiled(kind, start=start, **spoiling))


@pytest.mark.parametrize("kind", KINDS)
def test_arrays_that_stayed_sound(kind):
    assert mercury.fingerprint_batch(spoiled(kind)).tolist() == [mercury.fingerprint("x")] * 9


@pytest.mark.parametrize("width", ["int32", "int64", "intc", "int_"])
def test_buffers_of_numpy(width):
    data, offsets = numpy.frombuffer(b"SELECT 1SELECT a", "uint8"), numpy.array([0, 8, 8, 16], width)
    ids = mercury.fingerprint_batch(data, offsets)
    assert numpy.frombuffer(ids, "uint64").tolist() == [
        mercury.fingerprint(sql) for sql in ("SELECT 1", "", "SELECT a")
    ]
    assert numpy.frombuffer(mercury.normalize_batch(data, offsets).offsets, "int64").tolist() == [0, 8, 8, 16]
    assert pyarrow.Array.from_buffers(pyarrow.uint64(), 3, [None, pyarrow.py_buffer(ids)]).to_pylist() == ids.tolist()
    offsets.flags.writeable = False
    assert mercury.fingerprint_batch(data, offsets) == ids


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    "offsets",
    [
        numpy.array([0, 1], kind)
        for kind in ("float64", "float16", "int16", "uint64", "uint32", ">i4", ">i8", "bool", "O", "U1")
    ],
)
def test_offsets_of_another_type_of_numpy(call, offsets):
    with pytest.raises(InvalidArgumentError, match="32-bit or 64-bit"):
        call(b"x", offsets)


@pytest.mark.parametrize("call", CALLS)
@pytest.mark.parametrize(
    ("data", "offsets"),
    [
        (b"x", numpy.array([0, 1], "datetime64[s]")),
        (b"x", numpy.array(5)),
        (b"x", numpy.zeros((2, 2), "int64")),
        (b"x", numpy.zeros(4, "int64")[::2]),
        (b"x", numpy.zeros(2, [("a", "int32")])),
        (numpy.zeros(4, "uint8")[::2], numpy.zeros(1, "int64")),
        (numpy.zeros((2, 2), "uint8"), numpy.zeros(1, "int64")),
        (numpy.zeros(2, "S2"), numpy.zeros(1, "int64")),
        (numpy.zeros(2, "float32"), numpy.zeros(1, "int64")),
        (numpy.array(["a"], "O"), numpy.zeros(1, "int64")),
    ],
)
def test_buffers_of_numpy_that_are_laid_out_otherwise(call, data, offsets):
    with pytest.raises(InvalidArgumentError):
        call(data, offsets)
