"""Functions that are called when certain modules have been loaded."""

import sys
from importlib.machinery import ModuleSpec
from types import ModuleType
from typing import Any, Callable, Dict, Optional, Sequence


class ImportHooks:
    """A finder that finds nothing itself. What a function raises goes to `on_fault`, never to the host."""

    def __init__(
        self, functions: Dict[str, Callable[[ModuleType], None]], on_fault: Callable[[Exception], None]
    ) -> None:
        self._functions = functions
        self._on_fault = on_fault

    def install(self) -> None:
        sys.meta_path.insert(0, self)
        for name in list(self._functions):
            if name in sys.modules:
                self._call(name, sys.modules[name])

    def find_spec(
        self, name: str, path: Optional[Sequence[str]] = None, target: Optional[ModuleType] = None
    ) -> Optional[ModuleSpec]:
        if name not in self._functions:
            return None
        for finder in sys.meta_path:
            if finder is not self and hasattr(finder, "find_spec"):
                spec = finder.find_spec(name, path, target)
                if spec is not None:
                    self._follow(name, spec.loader)
                    return spec
        return None

    def _follow(self, name: str, loader: Any) -> None:
        """Calls the function after this loader has run the module. The loader stays what it is."""
        try:
            execute = loader.exec_module

            def exec_module(module: ModuleType) -> None:
                del loader.exec_module
                execute(module)
                self._call(name, module)

            loader.exec_module = exec_module
        except Exception as error:
            self._on_fault(error)

    def _call(self, name: str, module: ModuleType) -> None:
        function = self._functions.pop(name, None)
        if function is not None:
            try:
                function(module)
            except Exception as error:
                self._on_fault(error)
