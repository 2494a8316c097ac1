"""Runs Mercury in a subinterpreter of this one: python subinterpreter.py shared|isolated

Prints "native" or "pure: REASON" as the subinterpreter has it, after a sample of statements was read there by what
serves and by the twin alike. Shared is with the GIL of the main interpreter, isolated is with one of its own.
"""

import sys

SAMPLE = """
import sys, warnings
sys.path[:] = {path!r}
warnings.simplefilter("ignore")
import mercury
from mercury.core import backend
from mercury.core.pure import sql_normalize
for number in range(200):
    sql = b"select a from t%d where b = %d and c in (1, 'x')" % (number, number)
    assert backend().module.normalize(sql, number % 6) == sql_normalize.normalize(sql, number % 6)
    assert mercury.fingerprint(sql, "mysql") == sql_normalize.normalize(sql, 2).fingerprint
print("native" if mercury.backend == "native" else "pure: " + mercury.backend_reason, flush=True)
"""


def run_from_3_13(kind: str, code: str) -> None:
    """Python 3.13 and newer name the two kinds themselves."""
    import _interpreters

    made = _interpreters.create({"shared": "legacy"}.get(kind, kind))
    failed = _interpreters.exec(made, code)
    _interpreters.destroy(made)
    if failed is not None:
        sys.exit(str(failed))


def run_before_3_13(kind: str, code: str) -> None:
    """Python 3.12 has a GIL for each isolated one; before, all share the one."""
    import _xxsubinterpreters

    if kind == "isolated" and sys.version_info < (3, 12):
        sys.exit("no subinterpreter has a GIL of its own before Python 3.12")
    made = _xxsubinterpreters.create(isolated=kind == "isolated")
    _xxsubinterpreters.run_string(made, code)
    _xxsubinterpreters.destroy(made)


def main() -> None:
    kind = sys.argv[1]
    code = SAMPLE.format(path=sys.path)
    (run_from_3_13 if sys.version_info >= (3, 13) else run_before_3_13)(kind, code)


if __name__ == "__main__":
    main()
