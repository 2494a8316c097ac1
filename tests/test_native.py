"""What only the native backend can get wrong: scratch memory, threads, borrowed buffers."""

import threading
from array import array

import pytest

from mercury.core import backend, pure

if backend().name != "native":
    pytest.skip("the library does not serve", allow_module_level=True)

from mercury.core import native

STATEMENTS = [b"SELECT %d FROM t%d WHERE a = 'x'" % (number, number) * (1 + 40 * number) for number in range(8)]


def test_each_call_has_its_own_scratch():
    expected = [native.normalize(text, 0) for text in STATEMENTS]
    wrong = []

    def work(number):
        for _ in range(300):
            if native.normalize(STATEMENTS[number], 0) != expected[number]:
                wrong.append(number)

    threads = [threading.Thread(target=work, args=(number,)) for number in range(len(STATEMENTS))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_call_within_a_call_gets_another_scratch():
    """As a signal handler or a finalizer makes it while the outer result is not copied yet."""
    native.normalize(b"SELECT 1", 0)
    taken = native._take_workspace(0)
    assert native.normalize(b"SELECT a", 0).text == b"select a"
    assert native._take_workspace(0) is not taken


def test_scratch_grows_but_not_for_ever():
    def kept():
        return [workspace.capacity for workspace in native._idle[0]]

    native.normalize(b"a=1 " * 20000, 0)
    assert native._FIRST_SCRATCH_BYTES < max(kept()) <= native.KEPT_SCRATCH_BYTES
    assert len(native.normalize(b"a=1 " * 400000, 0).text) > native.KEPT_SCRATCH_BYTES
    assert max(kept(), default=0) <= native.KEPT_SCRATCH_BYTES


def test_borrowed_buffers_are_given_back():
    data, offsets = bytearray(b"SELECT 1"), array("q", [0, 8])
    native.normalize(data, 0)
    native.tokens(data, 0)
    native.fingerprint_batch(data, offsets, 0)
    data.append(32)  # raises BufferError while anything holds the memory
    offsets.append(8)


@pytest.mark.parametrize("typecode", ["i", "q"])
def test_batches_copy_nothing(typecode):
    tracemalloc = pytest.importorskip("tracemalloc", reason="PyPy does not trace allocations")
    data, offsets = b"SELECT 1" * 500_000, array(typecode, range(0, 4_000_001, 8))
    for call, result_bytes in ((native.fingerprint_batch, 4_000_000), (native.normalize_batch, 8_000_000)):
        tracemalloc.start()
        try:
            call(data, offsets, 0)
            assert tracemalloc.get_traced_memory()[1] < result_bytes + 100_000
        finally:
            tracemalloc.stop()


@pytest.mark.parametrize(
    ("offsets", "dialect"), [([], 0), ([0], 0), ([], 9), ([0, 3], 0), ([0, 3], 9), ([2, 1], 0), ([-1, 1], 0)]
)
def test_batches_fail_as_the_twin_does(offsets, dialect):
    def outcome(module):
        try:
            return module.fingerprint_batch(b"ab", array("q", offsets), dialect)
        except ValueError as error:
            return type(error), str(error), error.position

    assert outcome(native) == outcome(pure)
