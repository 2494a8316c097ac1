"""A wheel as its checks read it: the parts of its name and its files."""

import base64
import csv
import hashlib
import zipfile
from pathlib import Path
from typing import Dict, Iterator, List

BINARY_SUFFIXES = (".so", ".dylib", ".dll", ".pyd")


class Wheel:
    """A wheel, read whole into memory. Raises zipfile.BadZipFile."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.distribution, self.version, self.python, self.abi, self.platform = path.stem.split("-")
        with zipfile.ZipFile(path) as archive:
            self.files: Dict[str, bytes] = {name: archive.read(name) for name in archive.namelist()}
            self.packed_bytes = {entry.filename: entry.compress_size for entry in archive.infolist()}

    @property
    def information(self) -> str:
        """The name of the .dist-info folder."""
        return f"{self.distribution}-{self.version}.dist-info"

    def text(self, name: str) -> str:
        """A file of the .dist-info folder, or "" where it is missing."""
        return self.files.get(f"{self.information}/{name}", b"").decode("utf-8")

    def fields(self, name: str, field: str) -> List[str]:
        """The values of a header such as "Tag" in METADATA or WHEEL."""
        head = self.text(name).split("\n\n")[0]
        return [line.split(": ", 1)[1] for line in head.splitlines() if line.startswith(f"{field}: ")]

    @property
    def libraries(self) -> List[str]:
        """The names of the native files, whatever they are called and wherever they are."""
        return sorted(name for name, content in self.files.items() if is_native(name, content))

    def record_faults(self) -> Iterator[str]:
        """Where RECORD and the files differ."""
        recorded = {row[0]: row[1] for row in csv.reader(self.text("RECORD").splitlines())}
        recorded.pop(f"{self.information}/RECORD", None)
        present = set(self.files) - {f"{self.information}/RECORD"}
        for name in sorted(present ^ set(recorded)):
            yield f"{name} is {'not in RECORD' if name in present else 'in RECORD only'}"
        for name in sorted(present & set(recorded)):
            if recorded[name] != record_hash(self.files[name]):
                yield f"{name} is not the file that RECORD describes"


def is_native(name: str, content: bytes) -> bool:
    """Whether a file is machine code, by its name or by how it begins."""
    begins = (b"\x7fELF", b"MZ", b"\xcf\xfa\xed\xfe", b"\xce\xfa\xed\xfe", b"\xca\xfe\xba\xbe")
    return name.endswith(BINARY_SUFFIXES) or content.startswith(begins)


def record_hash(content: bytes) -> str:
    """A file's hash as RECORD writes it."""
    digest = base64.urlsafe_b64encode(hashlib.sha256(content).digest())
    return "sha256=" + digest.rstrip(b"=").decode("ascii")
