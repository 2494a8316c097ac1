"""One class for each code, one text for each code, from whichever backend they come."""

import pickle
import re
from pathlib import Path

import pytest

from mercury import errors
from mercury.core import _integers, backend
from mercury.core.pure import abi, alloc, error

CLASSES = {
    -1: errors.InvalidArgumentError,
    -2: errors.OutOfMemoryError,
    -3: errors.BufferTooSmallError,
    -4: errors.UnknownDialectError,
    -5: errors.LimitExceededError,
    -6: errors.UnsupportedError,
    -7: errors.MalformedDataError,
}


@pytest.mark.parametrize(("code", "expected"), CLASSES.items())
def test_each_code_has_its_class(code, expected):
    failure = error.failure(code, 42)
    assert type(failure) is expected
    assert (failure.code, failure.position) == (code, 42)
    assert str(failure) == error.MESSAGES[code]


def test_an_unknown_code_is_still_an_error_of_mercury():
    failure = error.failure(-77)
    assert type(failure) is errors.MercuryError
    assert str(failure) == "unknown error"
    assert failure.position == -1


def test_a_hint_follows_the_message():
    assert str(errors.from_code(-1, "an argument is out of range", hint="closed")) == (
        "an argument is out of range: closed"
    )


def test_the_classes_fit_where_python_has_one():
    assert issubclass(errors.InvalidArgumentError, ValueError)
    assert issubclass(errors.OutOfMemoryError, MemoryError)
    assert issubclass(errors.UnsupportedError, OSError)
    assert all(issubclass(expected, errors.MercuryError) for expected in CLASSES.values())


@pytest.mark.parametrize("code", CLASSES)
def test_errors_cross_processes(code):
    failure = pickle.loads(pickle.dumps(error.failure(code, 42)))
    assert (type(failure), str(failure), failure.position) == (CLASSES[code], error.MESSAGES[code], 42)


def test_the_library_says_the_same_words():
    if backend().name != "native":
        pytest.skip("the library does not serve")
    from mercury.core import native

    for code in (*error.MESSAGES, 1, -8):
        expected = error.MESSAGES.get(code, "unknown error")
        assert native.ffi.string(backend().library.mercury_error_message(code)).decode() == expected


def test_the_header_knows_the_same_codes():
    header = Path(__file__).parent.parent / "mercury_native" / "mercury.h"
    codes = dict(re.findall(r"MERCURY_ERROR_(\w+) = (-\d+)", header.read_text(encoding="utf-8")))
    assert {int(code) for code in codes.values()} == set(CLASSES)
    for name, code in codes.items():
        assert getattr(error, name) == int(code)


def test_refused_buffers_speak_as_the_core_does():
    assert error.MESSAGES[_integers.INVALID_ARGUMENT] == _integers.INVALID_ARGUMENT_TEXT


def test_the_twin_has_no_allocator_to_swap():
    with pytest.raises(errors.UnsupportedError):
        alloc.set_allocator(None)


def test_the_build_line_is_one_line_for_a_person():
    for line in (backend().module.build(), abi.build()):
        assert re.search(r"\d, (32|64)-bit, (little|big)-endian$", line)
