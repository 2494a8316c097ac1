"""What a person sees of Mercury in this process: one line of JSON behind the word ANSWER."""

import contextlib
import io
import json
import sys
import warnings


def told_by_doctor():
    from mercury.cli import main

    told = io.StringIO()
    with contextlib.redirect_stdout(told), contextlib.redirect_stderr(io.StringIO()):
        code = main(["doctor", "--json"])
    return {"exit code": code, **json.loads(told.getvalue())}


def answer():
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        import mercury
        from mercury.core import backend

        loaded = backend()
    with mercury.monitor("probe") as watch:
        pass
    return {
        "backend": mercury.backend,
        "reason": mercury.backend_reason,
        "hint": loaded.hint,
        "path": loaded.path,
        "version": mercury.__version__,
        "canonical": mercury.normalize("SELECT a FROM t WHERE b IN (1, 2)"),
        "fingerprint": mercury.fingerprint("SELECT 1"),
        "queries": watch.report.metrics.query_count,
        "doctor": told_by_doctor(),
        "warnings": [str(each.message) for each in caught if each.category is RuntimeWarning],
    }


if __name__ == "__main__":
    sys.stdout.write("ANSWER " + json.dumps(answer()) + "\n")
