"""`mercury switch`: one word for all processes that write to a segment."""

import os

import pytest

from mercury.cli import main
from mercury.segment import Segment
from mercury.telemetry.switch import WORDS, Switch, control_file


@pytest.fixture
def segment(tmp_path):
    path = tmp_path / "metrics.segment"
    with Segment(path) as opened:
        opened.counter("mercury.units", **{"mercury.capture": "light", "mercury.workload": "request"}).add(3400)
        opened.counter("mercury.units", **{"mercury.capture": "light", "mercury.workload": "task"}).add(10)
        opened.counter("mercury.units", **{"mercury.capture": "full", "mercury.workload": "task"}).add(12)
        opened.counter("mercury.capture.turns", **{"mercury.capture": "light"}).add(1)
    return path


def test_without_a_word_it_says_how_it_stands(segment, capsys):
    assert main(["switch", str(segment)]) == 0
    assert capsys.readouterr().out.splitlines() == [
        "switched to  auto: nobody has switched",
        "units        full 12, light 3,410",
        "turns        light 1",
    ]
    assert not control_file(segment).exists()


@pytest.mark.parametrize("word", WORDS)
def test_each_word_is_what_processes_then_read(word, segment, capsys):
    assert main(["switch", word, str(segment)]) == 0
    assert capsys.readouterr().out.startswith(f"switched to  {word}\n")
    assert Switch(segment).word(0) == word
    assert sorted(os.listdir(segment.parent)) == ["metrics.segment", "metrics.segment.switch"]


def test_a_name_that_is_no_segment_switches_nothing(tmp_path, capsys):
    (tmp_path / "notes.txt").write_text("off")
    for name in ("notes.txt", "mistyped.segment", ""):
        assert main(["switch", "off", str(tmp_path / name)]) == 2
        assert capsys.readouterr().err.startswith("mercury switch: ")
    assert os.listdir(tmp_path) == ["notes.txt"]


def test_a_word_that_cannot_be_written_is_told(segment, capsys):
    control_file(segment).mkdir()
    assert main(["switch", "off", str(segment)]) == 2
    assert "metrics.segment.switch" in capsys.readouterr().err
    assert sorted(os.listdir(segment.parent)) == ["metrics.segment", "metrics.segment.switch"]
    assert main(["switch", str(segment)]) == 0
    assert "the control file is of no use" in capsys.readouterr().out


def test_another_word_is_wrong_usage(segment, capsys):
    with pytest.raises(SystemExit) as ended:
        main(["switch", "on", str(segment)])
    assert ended.value.code == 2
    capsys.readouterr()
