"""Documents of a suite's verdict as files: whole or not at all, and what fails is told and loses nothing else."""

import os
import threading
from pathlib import Path

import pytest

from mercury.testing.outputs.writing import WritingError, write, write_each


def test_a_file_is_written_with_its_folders(tmp_path):
    path = tmp_path / "a" / "b" / "verdict.json"
    write(path, "one ü\n")
    write(path, "two \ud800\n")
    assert path.read_bytes() == b"two \\ud800\n"
    assert [each.name for each in path.parent.iterdir()] == ["verdict.json"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to(tmp_path / "file")
    write(tmp_path / "link", "text")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "file").read_text() == "text"


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
def test_a_pipe_stays_one(tmp_path):
    path = tmp_path / "pipe"
    os.mkfifo(path)
    got = []
    reader = threading.Thread(target=lambda: got.append(path.read_bytes()))
    reader.start()
    write(path, "text")
    reader.join()
    assert got == [b"text"]


def test_what_was_there_stays_where_writing_fails(tmp_path):
    (tmp_path / "folder").mkdir()
    with pytest.raises(WritingError, match=r"folder was not written: Is a directory; name a file"):
        write(tmp_path / "folder", "text")
    assert [each.name for each in tmp_path.iterdir()] == ["folder"]


@pytest.mark.skipif(not os.path.exists("/dev/full"), reason="this system has no full device")
def test_a_full_disk_is_told():
    with pytest.raises(WritingError, match=r"/dev/full was not written: No space left on device"):
        write(Path("/dev/full"), "text")


@pytest.mark.parametrize("name", ["file/x.json", "nul\0.json", "x" * 300])
def test_a_path_of_no_use_is_told(name, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(WritingError, match="was not written: "):
        write(tmp_path / name, "text")


def test_one_that_fails_loses_no_other(tmp_path):
    def broken():
        raise KeyError("secret")

    (tmp_path / "file").write_text("")
    made = {
        tmp_path / "one.html": broken,
        tmp_path / "file" / "two.xml": lambda: "two",
        tmp_path / "three.json": lambda: "three",
    }
    problems = write_each(made)
    assert (tmp_path / "three.json").read_text() == "three"
    failed, unwritable = problems
    assert failed == f"{tmp_path / 'one.html'} was not written: Mercury failed with KeyError"
    assert unwritable.startswith(f"{tmp_path / 'file' / 'two.xml'} was not written: ")
