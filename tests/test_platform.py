"""The process's memory: plausible, and the same from both backends."""

import mmap

import pytest

from mercury.core import backend
from mercury.core.pure import platform as twin
from mercury.core.records import Memory
from mercury.errors import UnsupportedError


@pytest.fixture
def memory():
    """The backend's `memory`, where this system tells."""
    try:
        backend().module.memory()
    except UnsupportedError:
        pytest.skip("this platform cannot tell")
    return backend().module.memory


def test_the_figures_are_plausible(memory):
    found = memory()
    assert isinstance(found, Memory)
    assert 1 << 20 < found.resident_bytes < 1 << 40
    assert found.peak_bytes == -1 or found.peak_bytes >= found.resident_bytes


def test_a_large_block_shows(memory):
    before = memory()
    # Not from the interpreter, which may have room left from what it has freed.
    with mmap.mmap(-1, 64 << 20) as block:
        for page in range(0, len(block), mmap.PAGESIZE):
            block[page : page + 1] = b"x"
        after = memory()
    # Half of it: a system may have taken other pages away meanwhile.
    assert after.resident_bytes - before.resident_bytes > 32 << 20
    assert after.peak_bytes == -1 or after.peak_bytes - before.resident_bytes > 32 << 20


def test_both_backends_ask_the_same_system(memory):
    one, other = memory(), twin.memory()
    assert abs(one.resident_bytes - other.resident_bytes) < 16 << 20
    assert (one.peak_bytes == -1) == (other.peak_bytes == -1)


@pytest.mark.parametrize(
    "status", [b"", b"Name:\tpython\n", b"Name:\tpython\nVmRSS:\n", b"Name:\tpython\nVmRSS:\tmuch kB\n"]
)
def test_the_twin_refuses_a_status_that_does_not_tell(monkeypatch, tmp_path, status):
    redirect(monkeypatch, tmp_path, status)
    with pytest.raises(UnsupportedError, match="this platform does not support it"):
        twin.memory()


def test_the_twin_without_a_peak(monkeypatch, tmp_path):
    redirect(monkeypatch, tmp_path, b"Name:\tpython\nVmRSS:\t  12 kB\n")
    assert twin.memory() == Memory(12 * 1024, -1)


def test_a_peak_is_never_below_the_present(monkeypatch, tmp_path):
    redirect(monkeypatch, tmp_path, b"Name:\tpython\nVmHWM:\t  11 kB\nVmRSS:\t  12 kB\n")
    assert twin.memory() == Memory(12 * 1024, 12 * 1024)


def redirect(monkeypatch, folder, status):
    """Lets the twin read `status` where it would read /proc/self/status."""
    (folder / "status").write_bytes(status)
    monkeypatch.setattr(twin.sys, "platform", "linux")
    monkeypatch.setattr(twin, "open", lambda path, mode: (folder / "status").open(mode), raising=False)
