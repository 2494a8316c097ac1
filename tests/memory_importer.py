"""Imports Mercury as PyOxidizer's importer does: from memory, with no file and no folder, but with resources."""

import io
import sys
from importlib import machinery
from pathlib import Path
from types import ModuleType
from typing import Any, Iterator, List, Optional, Sequence


class Resources:
    """What importlib.resources asks for a package's files."""

    def __init__(self, folder: Path, shown: List[str]) -> None:
        self._folder = folder
        self._shown = shown

    def open_resource(self, name: str) -> io.BytesIO:
        if name not in self._shown:
            raise FileNotFoundError(name)
        return io.BytesIO((self._folder / name).read_bytes())

    def resource_path(self, name: str) -> str:
        raise FileNotFoundError(name)

    def is_resource(self, name: str) -> bool:
        return name in self._shown

    def contents(self) -> Iterator[str]:
        return iter(self._shown)


class MemoryImporter:
    """Knows the modules below `root` and tells none of their files."""

    def __init__(self, root: str, shown: List[str]) -> None:
        self._root = Path(root)
        self._shown = shown

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[machinery.ModuleSpec]:
        source = self._source(name)
        if name.partition(".")[0] != "mercury" or source is None:
            return None
        loader: Any = self
        return machinery.ModuleSpec(name, loader, is_package=source.name == "__init__.py")

    def _source(self, name: str) -> Optional[Path]:
        base = self._root.joinpath(*name.split("."))
        return next((path for path in (base / "__init__.py", base.with_suffix(".py")) if path.is_file()), None)

    def create_module(self, spec: machinery.ModuleSpec) -> None:
        return None

    def exec_module(self, module: ModuleType) -> None:
        source = self._source(module.__name__)
        assert source is not None
        exec(compile(source.read_bytes(), f"<memory {module.__name__}>", "exec"), module.__dict__)

    def get_resource_reader(self, name: str) -> Resources:
        return Resources(self._root.joinpath(*name.split(".")), self._shown)


def install(root: str, shown: List[str]) -> None:
    """Lets Mercury come from memory only; `shown` names the resources that there are."""
    sys.path[:] = [each for each in sys.path if each != root]
    importer: Any = MemoryImporter(root, shown)
    sys.meta_path.insert(0, importer)
