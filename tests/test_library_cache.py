"""A library extracted from an archive: only from a folder and a file that no other user can have changed."""

import hashlib
import os
import stat
import sys
from pathlib import Path
from typing import Callable

import pytest

from mercury.core import library_cache
from mercury.core.library_cache import NotPrivate, extract

pytestmark = pytest.mark.skipif(not hasattr(os, "geteuid"), reason="no owners on this system: nothing is extracted")

DATA = b"\x7fELF and what follows"
NAME = f"libmercury-{hashlib.sha256(DATA).hexdigest()}.so"


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder mercury-native, not there yet."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    return tmp_path.resolve() / "cache" / "mercury-native"


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.lstat().st_mode)


def test_the_file_is_private_and_named_after_its_content(cache: Path) -> None:
    assert extract(DATA, ".so") == str(cache / NAME)
    assert (cache / NAME).read_bytes() == DATA
    assert (mode_of(cache), mode_of(cache / NAME)) == (0o700, 0o600)
    assert os.listdir(cache) == [NAME]


def test_a_second_use_writes_nothing(cache: Path) -> None:
    extract(DATA, ".so")
    before = (cache / NAME).stat()
    extract(DATA, ".so")
    assert (cache / NAME).stat() == before


def truncate(file: Path) -> None:
    file.write_bytes(DATA[:-1])


def change(file: Path) -> None:
    file.write_bytes(DATA[:-1] + b"!")


def replace_by_link(file: Path) -> None:
    file.rename(file.with_name("elsewhere"))
    file.symlink_to("elsewhere")


def replace_by_fifo(file: Path) -> None:
    file.unlink()
    os.mkfifo(file)


def open_to_all(file: Path) -> None:
    file.chmod(0o666)


@pytest.mark.parametrize("spoil", [truncate, change, replace_by_link, replace_by_fifo, open_to_all])
def test_a_file_that_is_not_as_it_was_left_is_written_again(cache: Path, spoil: Callable[[Path], None]) -> None:
    extract(DATA, ".so")
    spoil(cache / NAME)
    assert extract(DATA, ".so") == str(cache / NAME)
    assert not (cache / NAME).is_symlink()
    assert (cache / NAME).read_bytes() == DATA
    assert mode_of(cache / NAME) == 0o600


@pytest.mark.parametrize("mode", [0o701, 0o710, 0o777, 0o1777])
def test_a_folder_that_is_open_to_others(cache: Path, mode: int) -> None:
    extract(DATA, ".so")
    cache.chmod(mode)
    with pytest.raises(NotPrivate, match="mercury-native is open to other users"):
        extract(DATA, ".so")


@pytest.mark.parametrize("mode", [0o775, 0o757, 0o777])
def test_a_folder_above_that_others_can_change(cache: Path, mode: int) -> None:
    cache.parent.mkdir()
    cache.parent.chmod(mode)
    with pytest.raises(NotPrivate, match="cache can be changed by other users"):
        extract(DATA, ".so")
    cache.parent.chmod(mode | stat.S_ISVTX)
    assert extract(DATA, ".so")


def test_folders_of_another_user(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    extract(DATA, ".so")
    # Whoever runs this owns all folders, so it is the user that changes.
    monkeypatch.setattr(os, "geteuid", lambda: 54321)
    with pytest.raises(NotPrivate, match="belongs to user"):
        extract(DATA, ".so")


def test_a_link_in_the_folders_place(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir(mode=0o700)
    cache.parent.mkdir()
    cache.symlink_to(tmp_path / "other")
    with pytest.raises(NotPrivate, match="is no folder"):
        extract(DATA, ".so")


def test_a_link_above_is_followed_and_what_it_leads_to_examined(cache: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    cache.parent.symlink_to(tmp_path / "other")
    assert extract(DATA, ".so") == str(tmp_path.resolve() / "other" / "mercury-native" / NAME)
    (tmp_path / "other").chmod(0o777)
    with pytest.raises(NotPrivate, match="other can be changed by other users"):
        extract(DATA, ".so")


def test_a_home_that_is_not_there_is_not_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "nobody"))
    with pytest.raises(FileNotFoundError):
        extract(DATA, ".so")
    assert not (tmp_path / "nobody").exists()


def test_a_relative_place_is_not_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("XDG_CACHE_HOME", "cache")
    monkeypatch.setenv("HOME", "home")
    with pytest.raises(NotPrivate, match="is no home folder"):
        extract(DATA, ".so")
    assert os.listdir(tmp_path) == []


@pytest.mark.parametrize(("platform", "place"), [("linux", ".cache"), ("darwin", "Library/Caches")])
def test_where_caches_are(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, platform: str, place: str) -> None:
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setattr(sys, "platform", platform)
    (tmp_path / "Library").mkdir()
    assert extract(DATA, ".so") == str(tmp_path.resolve() / place / "mercury-native" / NAME)


def test_nothing_is_extracted_where_nobody_can_tell_owners(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(os, "geteuid")
    with pytest.raises(NotPrivate, match="cannot be proven private"):
        extract(DATA, ".so")
    assert not cache.parent.exists()


def test_a_full_disk_leaves_nothing_behind(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(source: str, target: str) -> None:
        raise OSError(28, "No space left on device", target)

    monkeypatch.setattr(library_cache.os, "replace", fail)
    with pytest.raises(OSError, match="No space left"):
        extract(DATA, ".so")
    assert os.listdir(cache) == []


def test_a_file_that_changes_again_at_once_is_refused(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    real = os.replace

    def tamper(source: str, target: str) -> None:
        real(source, target)
        change(Path(target))

    monkeypatch.setattr(library_cache.os, "replace", tamper)
    with pytest.raises(NotPrivate, match="is changed by somebody"):
        extract(DATA, ".so")
