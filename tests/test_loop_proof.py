"""What proves a loop, case by case, over the backend that serves."""

import json
from pathlib import Path
from typing import Dict, List

import pytest

from mercury.core import backend, records
from mercury.core.records import Frame, Verdict
from mercury.errors import InvalidArgumentError

VECTORS = json.loads((Path(__file__).parent / "vectors" / "loop_proof.json").read_text(encoding="utf-8"))

compare_paths = backend().module.compare_paths


def path(text: str, codes: Dict[str, int]) -> List[Frame]:
    """Frames from "view@88 render@12#7 get@4": function, offset, and the element where there is one."""
    frames = []
    for entry in text.split():
        name, _, place = entry.partition("@")
        offset, _, element = place.partition("#")
        frames.append(Frame(codes.setdefault(name, 1000 + len(codes)), int(offset), int(element or 0)))
    return frames


@pytest.mark.parametrize("vector", VECTORS, ids=[vector["why"] for vector in VECTORS])
def test_vector(vector):
    codes: Dict[str, int] = {}
    earlier, later = path(vector["earlier"], codes), path(vector["later"], codes)
    expected = Verdict(getattr(records, "LOOP_" + vector["verdict"]), vector["depth"])
    assert compare_paths(earlier, later, vector["shared"]) == expected


def test_paths_may_be_plain_tuples():
    frames = ((1, 88, 0), (2, 4, 0))
    verdict = compare_paths(frames, list(frames), 1)
    assert verdict == Verdict(records.LOOP_REPEATED, 0)
    assert isinstance(verdict, Verdict)


def test_all_64_bits_are_compared():
    one, other = [(-(1 << 63), (1 << 63) - 1, 1 << 32), (1, 2, 3)], [(-(1 << 63), (1 << 63) - 1, 0), (1, 2, 3)]
    assert compare_paths(one, one, 1).loop == records.LOOP_REPEATED
    assert compare_paths(one, other, 1).loop == records.LOOP_NONE


@pytest.mark.parametrize(
    ("earlier", "later", "shared"),
    [
        ([], [(1, 2, 3)], 0),
        ([(1, 2, 3)], [], 0),
        ([(1, 2, 3)], [(1, 2, 3)], 2),
        ([(1, 2, 3)], [(1, 2, 3), (1, 2, 3)], 2),
        ([(1, 2, 3), (1, 2, 3)], [(1, 2, 3)], 2),
        ([(1, 2, 3)], [(1, 2, 3)], -1),
        ([(1, 2, 3)], [(1, 2, 3)], 1 << 70),
        ([(1, 2)], [(1, 2, 3)], 0),
        ([(1, 2, 1 << 63)], [(1, 2, 3)], 0),
        ([(1, 2, "secret")], [(1, 2, 3)], 0),
    ],
)
def test_what_is_no_pair_of_paths_is_refused(earlier, later, shared):
    with pytest.raises(InvalidArgumentError) as caught:
        compare_paths(earlier, later, shared)
    assert caught.value.position == -1
    assert str(caught.value) == "an argument is out of range"
