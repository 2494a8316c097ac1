"""A contender in Python, called once for each statement as a Python program would call it.

    python python_driver.py NAME FILE

driver.h tells how a driver is spoken to. What a contender raises counts as a refusal.
"""

import importlib.metadata
import json
import platform
import re
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent


def mercury_normalize():
    return native_mercury().normalize


def mercury_fingerprint():
    return native_mercury().fingerprint


def native_mercury():
    """The package over its C library; the twin is no contender."""
    sys.path.insert(0, str(ROOT))
    import mercury

    if mercury.backend != "native":
        raise SystemExit(f"There is no C library to measure: {mercury.backend_reason}. Run `make library`.")
    return mercury


def re_sub():
    """What most programs write: literals become `?`, white space one space, lists of `?` one `?`.

    Three compiled expressions, which Python runs faster than one with all alternatives and a function.
    Comments stay, a quote in one opens a string, and case is not folded.
    """
    literal = re.compile(r"'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b|%s")
    space = re.compile(r"\s+")
    many = re.compile(r"\(\s*\?(?:\s*,\s*\?)+\s*\)")
    return lambda sql: many.sub("(?)", space.sub(" ", literal.sub("?", sql)))


def re_sub_once():
    """The least that anybody does: comments, strings and numbers by one compiled expression, all else as it is."""
    literal = re.compile(r"--[^\n]*|/\*.*?\*/|'(?:[^']|'')*'|\b\d+(?:\.\d+)?\b", re.DOTALL)
    return lambda sql: literal.sub("?", sql)


def newrelic_normalized():
    """What New Relic's agent groups slow statements by: ten compiled expressions and `str.strip`."""
    from types import SimpleNamespace

    from newrelic.core.database_utils import SQLStatement

    database = SimpleNamespace(quoting_style="single")
    return lambda sql: SQLStatement(sql, database).normalized


def sqlparse_tokens():
    """sqlparse's lexer alone, its literals replaced: the least that it can be asked for."""
    from sqlparse import lexer
    from sqlparse.tokens import Literal

    def replace(sql):
        return "".join("?" if kind in Literal else text for kind, text in lexer.tokenize(sql))

    return replace


def sqlparse_format():
    import sqlparse

    return lambda sql: sqlparse.format(sql, strip_comments=True, reindent=False)


def sqlglot_tokens():
    """sqlglot's tokenizer alone, in its compiled form, its literals replaced."""
    from sqlglot import tokenize
    from sqlglot.tokens import TokenType

    literals = {TokenType.STRING, TokenType.NUMBER}
    return lambda sql: " ".join("?" if token.token_type in literals else token.text for token in tokenize(sql))


def sqlglot_parse():
    import logging

    from sqlglot import exp, parse_one

    logging.getLogger("sqlglot").setLevel(logging.ERROR)  # it warns of each statement that it cannot read further

    def replace(node):
        return exp.Placeholder() if isinstance(node, exp.Literal) else node

    return lambda sql: parse_one(sql).transform(replace, copy=False).sql()


def pglast_fingerprint():
    from pglast.parser import fingerprint

    return fingerprint


CONTENDERS = {
    "mercury.normalize": (mercury_normalize, None),
    "mercury.fingerprint": (mercury_fingerprint, None),
    "re.sub, three expressions": (re_sub, None),
    "re.sub, literals alone": (re_sub_once, None),
    "newrelic SQLStatement": (newrelic_normalized, "newrelic"),
    "sqlparse lexer": (sqlparse_tokens, "sqlparse"),
    "sqlparse.format": (sqlparse_format, "sqlparse"),
    "sqlglot tokenizer": (sqlglot_tokens, "sqlglot"),
    "sqlglot parser": (sqlglot_parse, "sqlglot"),
    "pglast.fingerprint": (pglast_fingerprint, "pglast"),
}


def version(package):
    python = f"{platform.python_implementation()} {platform.python_version()}"
    return f"{importlib.metadata.version(package)}, {python}" if package else python


def failures(function, statements):
    """The indexes of the statements that the function refuses."""
    failed = []
    for number, sql in enumerate(statements):
        try:
            function(sql)
        except Exception:
            failed.append(number)
    return failed


def main():
    name, path = sys.argv[1:]
    make, package = CONTENDERS[name]
    function = make()
    texts = Path(path).read_bytes().split(b"\0")
    statements = [text.decode("utf-8", "replace") for text in texts]
    about = {"version": version(package), "statements": len(texts), "bytes": sum(map(len, texts))}
    print(json.dumps({**about, "failed": failures(function, statements)}), flush=True)
    for line in sys.stdin:
        wall, cpu = time.perf_counter_ns(), time.process_time_ns()
        for _ in range(int(line)):
            failures(function, statements)
        cpu, wall = time.process_time_ns() - cpu, time.perf_counter_ns() - wall
        print(json.dumps({"wall_ns": wall, "cpu_ns": cpu}), flush=True)


if __name__ == "__main__":
    main()
