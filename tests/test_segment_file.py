"""The file of a segment: private, never misread, and never the end of its host."""

import ctypes
import logging
import os
import stat
import subprocess
import sys

import pytest

import mercury
from mercury.segment import liveness
from mercury.segment.file import DEFAULT_BYTES

SIZE = 4096 + 4 * 65536


def total(segment):
    return dict(segment.snapshot().counters()).get(("n", ()), 0)


def count_one(path):
    """What a new segment at `path` says after one addition: its problem and its total."""
    with mercury.Segment(path, SIZE) as segment:
        segment.counter("n").add(1)
        return segment.problem, total(segment)


@pytest.fixture
def path(tmp_path):
    return str(tmp_path / "private" / "metrics.segment")


def test_a_file_is_private_whatever_the_umask(path):
    before = os.umask(0)
    try:
        assert count_one(path) == (None, 1)
    finally:
        os.umask(before)
    assert stat.S_IMODE(os.stat(path).st_mode) == 0o600
    assert stat.S_IMODE(os.stat(os.path.dirname(path)).st_mode) == 0o700
    assert os.stat(path).st_size == SIZE
    assert os.stat(path).st_blocks * 512 >= SIZE  # reserved: a sparse file kills its writer on a full disk


def test_the_default_size(path):
    with mercury.Segment(path):
        assert os.stat(path).st_size == DEFAULT_BYTES == 8392704


def symlink(path):
    target = path + ".victim"
    open(target, "wb").close()
    os.symlink(target, path)
    return target


def hard_link(path):
    target = path + ".victim"
    with open(target, "wb"):
        os.chmod(target, 0o600)
    os.link(target, path)
    return target


def readable_by_others(path):
    open(path, "wb").close()
    os.chmod(path, 0o666)
    return path


def foreign(path):
    with open(path, "wb") as file:
        file.write(b"SQLite format 3\0" * 512)
    os.chmod(path, 0o600)
    return path


def of_another_user(path):
    open(path, "wb").close()
    os.chmod(path, 0o600)
    os.chown(path, 12345, 12345)
    return path


def folder_for_all(path):
    os.chmod(os.path.dirname(path), 0o777)
    return path


def folder_is_missing(path):
    os.rmdir(os.path.dirname(path))
    os.rmdir(os.path.dirname(os.path.dirname(path)))
    return path


TRAPS = {
    symlink: "symbolic link",
    hard_link: "other names",
    os.mkfifo: "no regular file",
    os.mkdir: "directory",
    readable_by_others: "other users may open",
    foreign: "no segment",
    folder_for_all: "other users may write",
    folder_is_missing: "No such file",
}
if os.geteuid() == 0:
    TRAPS[of_another_user] = "another user"


def content(victim):
    if victim is None or not os.path.isfile(victim):
        return None
    with open(victim, "rb") as file:
        return file.read()


@pytest.mark.parametrize("trap", TRAPS, ids=lambda trap: trap.__name__)
def test_what_is_not_safe_is_refused(tmp_path, caplog, trap):
    path = str(tmp_path / "folder" / "inner" / "metrics.segment")
    os.makedirs(os.path.dirname(path), 0o700)
    victim = trap(path)
    before = content(victim)
    with caplog.at_level(logging.WARNING, "mercury"), mercury.Segment(path, SIZE) as segment:
        for _ in range(3):
            segment.counter("n").add(1)
            segment.histogram("h").record(5)
        assert TRAPS[trap] in segment.problem
        assert total(segment) == 0
        assert segment.snapshot().losses.lost_values == 6
    assert len(caplog.records) == 1
    assert content(victim) == before


def newer(data):
    data[8] = 2


def damaged(data):
    data[30] ^= 4


def cut(data):
    del data[100_000:]


def grown(data):
    data.extend(bytes(64))


@pytest.mark.parametrize("change", [newer, damaged, cut, grown], ids=lambda change: change.__name__)
def test_what_cannot_be_read_is_set_aside(path, caplog, change):
    assert count_one(path) == (None, 1)
    with open(path, "r+b") as file:
        data = bytearray(file.read())
        change(data)
        file.seek(0)
        file.write(data)
        file.truncate(len(data))
    with caplog.at_level(logging.WARNING, "mercury"):
        assert count_one(path) == (None, 1)
    assert "set a segment aside" in caplog.text
    (aside,) = [name for name in os.listdir(os.path.dirname(path)) if ".aside-" in name]
    with open(os.path.join(os.path.dirname(path), aside), "rb") as file:
        assert file.read() == data


def test_an_interrupted_creation_is_made_again(path):
    os.makedirs(os.path.dirname(path), 0o700)
    with open(path, "wb") as file:
        os.chmod(path, 0o600)
    assert count_one(path) == (None, 1)
    with open(path, "r+b") as file:
        file.truncate(16)  # the magic is written first
    assert count_one(path) == (None, 1)


def test_a_full_disk_is_told_once_and_kills_nobody(path, caplog):
    # The limit stands for a full disk: both fail the reservation. `make crash` fills a real one.
    program = """
import logging, resource, signal, sys
import mercury
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
logging.basicConfig(format="%(message)s")
with mercury.Segment(sys.argv[1], 400_000) as segment:
    for _ in range(1000):
        segment.counter("n").add(1)
    print(segment.snapshot().losses.lost_values)
"""
    done = subprocess.run([sys.executable, "-W", "ignore", "-c", program, path], capture_output=True, check=False)
    assert (done.returncode, done.stdout) == (0, b"1000\n"), done.stderr
    assert done.stderr.count(b"lose values") == 1
    assert os.stat(path).st_size == 0


def test_a_closed_segment_loses_values_quietly(path):
    segment = mercury.Segment(path, SIZE)
    counter = segment.counter("n")
    counter.add(1)
    segment.close()
    segment.close()
    counter.add(1)
    assert segment.snapshot().losses.lost_values == 1
    assert count_one(path) == (None, 2)


def test_nothing_is_left_open(path):
    def open_files():
        return len(os.listdir("/proc/self/fd"))

    count_one(path)
    before = open_files()
    for _ in range(5):
        count_one(path)
    assert open_files() == before


def test_a_file_that_is_cut_while_it_is_open_is_not_read(path):
    with mercury.Segment(path, SIZE) as segment:
        segment.counter("n").add(1)
        os.truncate(path, 4096)
        assert total(segment) == 0
        assert "cut" in segment.problem


def test_a_file_that_is_removed_while_it_is_open_is_told(path, caplog):
    with mercury.Segment(path, SIZE) as segment:
        segment.counter("n").add(1)
        os.unlink(path)
        assert count_one(path) == (None, 1)
        segment.counter("n").add(1)
        assert [total(segment) for _ in range(2)] == [2, 2]
        assert "removed" in segment.problem
    assert len(caplog.records) == 1


@pytest.mark.parametrize("opened", [0, 20], ids=["numbers are free", "numbers are other files'"])
def test_descriptors_that_the_host_closed_are_told_and_not_closed_again(path, opened):
    program = """
import os, sys, mercury
segments = [mercury.Segment(f"{sys.argv[1]}.{number}", 400_000) for number in range(3)]
counters = [segment.counter("n") for segment in segments]
for counter in counters:
    counter.add(1)
os.closerange(3, 64)
files = [os.open(os.devnull, os.O_RDONLY) for _ in range(int(sys.argv[2]))]
if os.fork() == 0:
    for counter in counters:
        counter.add(10)
    print([dict(segment.snapshot().counters()) for segment in segments], flush=True)
    os._exit(0)
os.wait()
for segment in segments:
    segment.snapshot()
    print(segment.problem)
    segment.close()
print(len([os.fstat(file) for file in files]))
"""
    os.makedirs(os.path.dirname(path), 0o700)
    command = [sys.executable, "-W", "ignore", "-c", program, path, str(opened)]
    done = subprocess.run(command, capture_output=True, check=False, text=True)
    assert "Exception ignored" not in done.stderr
    found, *problems, open_files = done.stdout.splitlines()
    assert found == str([{("n", ()): 11}] * 3)
    assert problems == ["somebody closed its descriptor, and with it gave back this process's slots"] * 3
    assert open_files == str(opened)


class BsdFlock(ctypes.Structure):
    """As <sys/fcntl.h> of macOS declares it."""

    _fields_ = (("l_start", ctypes.c_int64), ("l_len", ctypes.c_int64), ("l_pid", ctypes.c_int32),
                ("l_type", ctypes.c_int16), ("l_whence", ctypes.c_int16))  # fmt: skip


def test_locks_are_asked_for_as_macos_has_them():
    record = liveness.pack_flock(3, (1 << 30) + 7, is_bsd=True)
    found = BsdFlock.from_buffer_copy(record)
    assert [getattr(found, name) for name, _ in BsdFlock._fields_] == [(1 << 30) + 7, 1, 0, 3, os.SEEK_SET]
    assert liveness.flock_kind(record, is_bsd=True) == 3
