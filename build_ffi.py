"""Makes the generated files that tie the C library and Python together.

    python build_ffi.py             writes all
    python build_ffi.py --check     fails where one of them is not current
    python build_ffi.py --hash      prints the header's hash; needs no cffi

mercury_native/mercury.h is preprocessed by $CC (default: cc) and reduced to its
tokens, one space between each. That text is the same for every compiler, so its
SHA-256 can stand for the header:

    mercury.h -> tokens -> SHA-256 -> mercury_native/header_hash.h   compiled into the library
                   |          |
                   +-> cffi --+-----> mercury/core/_ffi.py           shipped with the package
                   |
                   +----------------> mercury/core/_ffi.pyi          its types, for type checkers
                   +----------------> mercury_native/exported_symbols.txt  what wheels are held against

A loader that finds the two hashes equal knows that both sides mean the same header.
"""

import argparse
import contextlib
import hashlib
import io
import os
import re
import shlex
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Dict, List, Optional

ROOT = Path(__file__).resolve().parent
HEADER = ROOT / "mercury_native" / "mercury.h"
HASH_HEADER = ROOT / "mercury_native" / "header_hash.h"
SYMBOL_LIST = ROOT / "mercury_native" / "exported_symbols.txt"
FFI_MODULE = ROOT / "mercury" / "core" / "_ffi.py"
FFI_TYPES = FFI_MODULE.with_suffix(".pyi")

TOKEN = re.compile(r'"(?:\\.|[^"\\])*"|\'(?:\\.|[^\'\\])*\'|\w+|\.\.\.|->|<<|>>|[^\s\w]')
FUNCTION = re.compile(r"\b(mercury_\w+) \(")

PROTOTYPE = re.compile(r"(?:^|; )([\w *]+?) (mercury_\w+) \( ([^;]*) \)(?= ;)")

HASH_HEADER_TEXT = """\
/* Made by build_ffi.py from mercury.h; do not edit. */
#ifndef MERCURY_HEADER_HASH
#define MERCURY_HEADER_HASH "{hash}"
#endif
"""

FFI_TAIL_TEXT = """
# What a library must answer to mercury_abi_header_hash() to be the one this module describes.
HEADER_HASH = "{hash}"

# Every function of the header: a library that lacks one is refused.
SYMBOLS = (
{symbols}
)
"""

FFI_TYPES_TEXT = """\
# Made by build_ffi.py from mercury.h; do not edit.
from typing import Any, Protocol, Tuple

# A pointer: cffi's CData, or what cffi takes for one, such as bytes for const char *.
CData = Any

class Library(Protocol):
    \"""What ffi.dlopen() gives for a library that passed the loader's checks.\"""

{methods}

ffi: Any
HEADER_HASH: str
SYMBOLS: Tuple[str, ...]
"""


def preprocess(compiler: str, *flags: str, header: Path = HEADER) -> str:
    """The header as `compiler` (a command line) preprocesses it for Python.

    Raises OSError where the compiler cannot be run and CalledProcessError where it fails.
    """
    command = [*shlex.split(compiler), "-E", "-DPYTHON_HEADER", *flags, "-x", "c", str(header)]
    return subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout


def canonical(preprocessed: str) -> str:
    """The tokens of preprocessed C, one space between each; line markers are none."""
    lines = (line for line in preprocessed.splitlines() if not line.lstrip().startswith("#"))
    return " ".join(TOKEN.findall("\n".join(lines)))


def header_hash(declarations: str) -> str:
    """64 hexadecimal digits for a canonical text."""
    return hashlib.sha256(declarations.encode("ascii")).hexdigest()


def symbols(declarations: str) -> List[str]:
    """The functions that a canonical text declares, in its order."""
    return FUNCTION.findall(declarations)


def hash_header_text(declarations: str) -> str:
    """The content of mercury_native/header_hash.h."""
    return HASH_HEADER_TEXT.format(hash=header_hash(declarations))


def ffi_module_text(declarations: str) -> str:
    """The content of mercury/core/_ffi.py. Needs cffi."""
    import cffi

    ffi = cffi.FFI()
    ffi.set_source("mercury.core._ffi", None)
    ffi.cdef(declarations.replace(";", ";\n"))
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "_ffi.py")
        with contextlib.redirect_stdout(io.StringIO()):
            ffi.emit_python_code(path)
        module = Path(path).read_text(encoding="ascii")
    names = "\n".join(f'    "{name}",' for name in symbols(declarations))
    return module.rstrip("\n") + "\n" + FFI_TAIL_TEXT.format(hash=header_hash(declarations), symbols=names)


def generated(declarations: str) -> Dict[Path, str]:
    """Each generated file with the content that it should have."""
    return {
        HASH_HEADER: hash_header_text(declarations),
        FFI_MODULE: ffi_module_text(declarations),
        FFI_TYPES: ffi_types_text(declarations),
        SYMBOL_LIST: symbol_list_text(declarations),
    }


def python_type(declared: str) -> str:
    """The type that Python gives or gets for a C type, as tokens with or without a name behind it."""
    if "*" in declared or declared.startswith("mercury_allocator"):
        return "CData"
    return {"void": "None", "double": "float"}.get(declared.split()[0], "int")


def method(result: str, name: str, parameters: str) -> str:
    """One function's line in the types of a library."""
    named = [] if parameters == "void" else [parameter.split() for parameter in parameters.split(" , ")]
    typed = [f"{tokens[-1]}: {python_type(' '.join(tokens))}" for tokens in named]
    return f"    def {name}({', '.join(['self', *typed, '/'])}) -> {python_type(result)}: ..."


def ffi_types_text(declarations: str) -> str:
    """The content of mercury/core/_ffi.pyi."""
    methods = "\n".join(method(*found) for found in PROTOTYPE.findall(declarations))
    return FFI_TYPES_TEXT.format(methods=methods)


def symbol_list_text(declarations: str) -> str:
    """The content of mercury_native/exported_symbols.txt: a change of the ABI shows as a change of this file."""
    return "".join(f"{name}\n" for name in sorted(symbols(declarations)))


def read_text(path: Path) -> Optional[str]:
    """The content of a file, or None where there is no such file."""
    try:
        return path.read_text(encoding="ascii")
    except FileNotFoundError:
        return None


def write(files: Dict[Path, str]) -> None:
    """Writes the files that differ, so that nothing is rebuilt without need."""
    for path, text in files.items():
        if read_text(path) != text:
            path.write_bytes(text.encode("ascii"))
            print(f"wrote {path.relative_to(ROOT)}")


def check(files: Dict[Path, str]) -> int:
    """The exit status: 1 where a file is not current."""
    stale = [path for path, text in files.items() if read_text(path) != text]
    for path in stale:
        print(f"{path.relative_to(ROOT)} is not current: run python build_ffi.py", file=sys.stderr)
    return 1 if stale else 0


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is not current")
    parser.add_argument("--hash", action="store_true", help="print the hash of the header and stop")
    options = parser.parse_args()
    declarations = canonical(preprocess(os.environ.get("CC") or "cc"))
    if options.hash:
        print(header_hash(declarations))
        return 0
    if options.check:
        return check(generated(declarations))
    write(generated(declarations))
    return 0


if __name__ == "__main__":
    sys.exit(main())
