"""Ignores in comments, on the line of the query or of the loop, or alone on the line above.

    for book in books:
        print(book.author.name)  # mercury: ignore[n_plus_one] three rows at most, until=2027-01-31, owner=shop

In templates the same stands in the template's own comments. A file is read when something
is found in it, and again when it has changed.
"""

import io
import os
import re
import stat
import tokenize
from typing import Dict, Iterator, List, NamedTuple, Tuple, Union

from mercury.suppression.rule import BrokenIgnore, Rule, make

MAX_FILE_BYTES = 4 << 20
MAX_FILES = 1024
"""Files whose comments are remembered."""


class Broken(NamedTuple):
    """A comment that begins as an ignore and is none."""

    where: str
    why: str

    def __str__(self) -> str:
        return f"the ignore at {self.where} ignores nothing: {self.why}"


Comment = Union[Rule, Broken]
Comments = Dict[int, Comment]
"""By the number of the line that each is about."""

_NOTHING: Comments = {}
_START = re.compile(r"#+\s*mercury\s*:\s*(.*)", re.DOTALL)
_INSTRUCTION = re.compile(r"ignore\s*(?:\[([^\]]*)\]\s*(.*))?", re.DOTALL)
_FIELD = re.compile(r"\s*(owner|until)\s*=\s*(.*)", re.DOTALL)
_OTHER_FIELD = re.compile(r"\s*\w+=\S+\s*")
_TEMPLATE = re.compile(r"(?:\{#|<!--|\{%-?\s*comment\b[^%]*%\}|##)\s*(mercury\s*:.*?)\s*(?:-?#\}|-->|\{%|$)")


def parse(text: str, where: str) -> Union[Comment, None]:
    """The ignore in one comment, which begins with its `#`; None where it is about something else."""
    started = _START.match(text)
    if started is None:
        return None
    instruction = _INSTRUCTION.fullmatch(started.group(1).strip())
    if instruction is None:
        return Broken(where, "it must read `mercury: ignore[KIND] REASON`")
    if instruction.group(1) is None:
        return Broken(where, "it names no kind of finding")
    try:
        kinds = [kind.strip() for kind in instruction.group(1).split(",") if kind.strip()]
        reason, fields = _split(instruction.group(2))
        return make(kinds, reason, fields.get("owner"), fields.get("until"), where)
    except BrokenIgnore as error:
        return Broken(where, str(error))


def _split(tail: str) -> Tuple[str, Dict[str, str]]:
    """The reason, which may hold commas, and the fields among it."""
    reason: List[str] = []
    fields: Dict[str, str] = {}
    for part in tail.split(","):
        field = _FIELD.fullmatch(part)
        if field is None and _OTHER_FIELD.fullmatch(part):
            raise BrokenIgnore("it has a field that is neither `owner` nor `until`")
        if field is None:
            reason.append(part)
        elif field.group(1) in fields:
            raise BrokenIgnore("it has a field twice")
        else:
            fields[field.group(1)] = field.group(2).strip()
    return ",".join(reason).strip(" ,"), fields


def comments_of(file: str) -> Comments:
    """The ignores of a file by line; none where it cannot be read. Never raises for what is in it."""
    try:
        status = os.stat(file)
    except (OSError, ValueError):
        return _NOTHING
    key = (status.st_mtime_ns, status.st_size)
    known = _files.get(file)
    if known is not None and known[0] == key:
        return known[1]
    found = read(file) if stat.S_ISREG(status.st_mode) and status.st_size <= MAX_FILE_BYTES else _NOTHING
    if len(_files) >= MAX_FILES:
        _files.clear()
    _files[file] = key, found
    return found


_files: Dict[str, Tuple[Tuple[int, int], Comments]] = {}


def read(file: str) -> Comments:
    """Reads a file's ignores."""
    try:
        with open(file, "rb") as source:
            data = source.read(MAX_FILE_BYTES)
    except OSError:
        return _NOTHING
    if b"mercury" not in data:
        return _NOTHING
    comments = _of_python(data) if file.endswith((".py", ".pyw")) else _of_template(data)
    return {about: comment for line, about, text in comments for comment in _parsed(text, f"{file}:{line}")}


def _parsed(text: str, where: str) -> Iterator[Comment]:
    comment = parse(text, where)
    if comment is not None:
        yield comment


def _of_python(data: bytes) -> Iterator[Tuple[int, int, str]]:
    """Each comment as its line, the line that it is about, and its text. Text in quotes is none."""
    alone: List[Tuple[int, str]] = []
    line = 0
    try:
        for token in tokenize.tokenize(io.BytesIO(data).readline):
            if token.type == tokenize.COMMENT:
                if token.line[: token.start[1]].strip():
                    yield token.start[0], token.start[0], token.string
                else:
                    alone.append((token.start[0], token.string))
            elif token.type not in _NO_CODE:
                line = token.start[0]
                yield from ((at, line, text) for at, text in alone)
                alone.clear()
    except (SyntaxError, ValueError, tokenize.TokenError):
        # What was read so far holds; no code runs from the rest.
        return


_NO_CODE = (tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENCODING, tokenize.ENDMARKER)


def _of_template(data: bytes) -> Iterator[Tuple[int, int, str]]:
    """A comment that has a line to itself is about the next one."""
    for line, text in enumerate(data.decode("utf-8", "replace").splitlines(), 1):
        found = _TEMPLATE.search(text) if "mercury" in text else None
        if found is not None:
            is_alone = found.start() == len(text) - len(text.lstrip()) and found.end() == len(text.rstrip())
            yield line, line + is_alone, f"# {found.group(1)}"
