"""The command line: `mercury COMMAND`, or `python -m mercury COMMAND`."""

import argparse
import sys
from typing import Any, List, Optional, Tuple

from mercury._version import __version__

_HISTORY = ".mercury/history.sqlite3"


def main(arguments: Optional[List[str]] = None) -> int:
    """Runs one command and returns its exit code: 0 done, 1 found wanting, 2 wrong usage."""
    parser = argparse.ArgumentParser(
        prog="mercury", description="Finds the database work that makes Django and Python applications slow."
    )
    parser.add_argument("--version", action="version", version=f"mercury-native {__version__}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    _add_doctor(commands)
    _add_fingerprint(commands)
    _add_run(commands)
    _add_ignores(commands)
    _add_report(commands)
    _add_settings(commands)
    _add_segment(commands)
    _add_export(commands)
    _add_switch(commands)
    _add_compare(commands)
    _add_history(commands)
    words, behind_dashes = _split(sys.argv[1:] if arguments is None else arguments)
    options = parser.parse_args(words, argparse.Namespace(arguments=behind_dashes))
    code: int = options.run(options)
    return code


def _split(words: List[str]) -> Tuple[List[str], List[str]]:
    """Parts the command from `mercury compare`, whose own options may stand behind the revisions."""
    if words[:1] != ["compare"] or "--" not in words:
        return words, []
    dashes = words.index("--")
    return words[:dashes], words[dashes + 1 :]


def _add_doctor(commands: Any) -> None:
    parser = commands.add_parser(
        "doctor",
        help="examine Mercury and the Django project of this folder",
        description="Says which backend serves, and why; runs Mercury's system checks; plants an N+1 in a temporary "
        "table of each database of the project and says whether it was found. Nothing of a database is changed.",
        epilog="exit codes: 0 nothing is wrong; 1 something is; 2 wrong usage",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_doctor)


def _add_fingerprint(commands: Any) -> None:
    parser = commands.add_parser(
        "fingerprint",
        help="fingerprint the statements of a file, or count them",
        description="Prints the fingerprint and the canonical text of each statement; no literal is printed.",
        epilog="exit codes: 0 all was read; 1 something was left out, and standard error says what; "
        "2 wrong usage or an unreadable file; 130 interrupted; 141 nobody read the output to its end",
    )
    parser.add_argument("file", nargs="?", default="-", metavar="FILE", help="SQL; - or nothing: standard input")
    parser.add_argument("--dialect", type=_dialect, default="generic", help="the server that the SQL is written for")
    parser.add_argument("--top", type=_positive, metavar="N", help="count, and print the N most frequent")
    parser.add_argument("--json", action="store_true", help="print one JSON object a line")
    parser.add_argument("-0", "--null", action="store_true", help="statements end at NUL bytes, not at semicolons")
    parser.set_defaults(run=_fingerprint)


def _add_run(commands: Any) -> None:
    parser = commands.add_parser(
        "run",
        help="run a command under Mercury, unchanged, and report when it has ended",
        usage="mercury run [-h] [--json FILE] -- COMMAND ...",
        description="Watches the database work of each Django process that the command starts. The report goes to "
        "standard error; standard streams, signals and exit code are the command's.",
        epilog="exit codes: the command's own; 2 wrong usage; 126 the command cannot be executed; 127 it was not found",
    )
    parser.add_argument("--json", metavar="FILE", help="write the report to FILE as one JSON object too")
    parser.add_argument("arguments", nargs=argparse.REMAINDER, metavar="COMMAND", help=argparse.SUPPRESS)
    parser.set_defaults(run=_run)


def _add_ignores(commands: Any) -> None:
    parser = commands.add_parser(
        "ignores",
        help="list the ignores in a project's comments",
        epilog="exit codes: 0 all are in force; 1 one is broken or has expired; 2 wrong usage or no such path",
    )
    parser.add_argument("paths", nargs="*", metavar="PATH", help="files and folders; nothing: the working directory")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_ignores)


def _add_report(commands: Any) -> None:
    parser = commands.add_parser(
        "report",
        help="show a report of a running development server",
        epilog="exit codes: 0 shown; 1 no such report or no such server; 2 wrong usage",
    )
    parser.add_argument("id", nargs="?", metavar="ID", help="as log and header tell it; nothing: list the last ones")
    parser.add_argument("--url", help="where Mercury's pages are; http://127.0.0.1:8000/mercury/ if left out")
    parser.add_argument("--json", action="store_true", help="print the JSON document")
    parser.add_argument("--cleared", action="store_true", help="say also why repeated statements are no findings")
    parser.set_defaults(run=_report)


def _add_segment(commands: Any) -> None:
    parser = commands.add_parser(
        "segment",
        help="show and check what processes count together in a file",
        description="Shows the totals of all processes that share a segment, dead ones too. The file is not changed.",
        epilog="exit codes: 0 all of it was read; 1 something is missing, and the output says what; "
        "2 wrong usage, or a file that is no segment of this version",
    )
    parser.add_argument("file", metavar="FILE", help="as it was given to mercury.Segment")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_segment)


def _add_settings(commands: Any) -> None:
    parser = commands.add_parser(
        "settings",
        help="say what is set, where, and what of it is wrong",
        epilog="exit codes: 0 all is used; 1 something is not, and the output says what",
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_settings)


def _add_export(commands: Any) -> None:
    parser = commands.add_parser(
        "export",
        help="tell what a segment holds in the form of another system",
        description="Prints the totals of all processes that share a segment, or sends them as OpenTelemetry's "
        "metrics to where OTEL_EXPORTER_OTLP_ENDPOINT says. The file is not changed.",
        epilog="exit codes: 0 done; 1 the receiver did not take it; 2 wrong usage, or no segment that can be read",
    )
    parser.add_argument("file", metavar="FILE", help="the segment")
    parser.add_argument("--to", choices=("prometheus", "openmetrics", "json", "otlp"), default="prometheus")
    parser.add_argument("--every", type=_positive, metavar="N", help="again each N seconds, until it is interrupted")
    parser.set_defaults(run=_export)


def _add_switch(commands: Any) -> None:
    parser = commands.add_parser(
        "switch",
        help="turn capture up or down in all processes that write to a segment, without a restart",
        description="off: nothing is captured; light: statements and durations alone; full: every unit with call "
        "paths; auto: the settings and the circuit breaker decide. Without a word it says how it stands.",
        epilog="exit codes: 0 done; 2 wrong usage, no segment there, or the word cannot be written",
    )
    parser.add_argument("word", nargs="?", choices=("off", "light", "full", "auto"), help="what is to hold from now on")
    parser.add_argument("file", metavar="FILE", help="the segment that the setting metrics names")
    parser.set_defaults(run=_switch)


def _add_compare(commands: Any) -> None:
    parser = commands.add_parser(
        "compare",
        help="tell whether a revision is slower than another, from interleaved runs of a command",
        usage="mercury compare [options] BASE..HEAD -- COMMAND ...",
        description="Checks out both revisions into temporary worktrees, runs the command in both by turns until the "
        "noise is low enough, and counts queries and rows exactly. A side that is left out is HEAD.",
        epilog="exit codes: 0 no regression; 1 a regression; 2 wrong usage; 3 it cannot be told, because of noise or "
        "too few runs in the budget; 4 the command failed or hung; 130 interrupted",
    )
    parser.add_argument("revisions", metavar="BASE..HEAD", help="as git names them: main..HEAD, v1.2..")
    parser.add_argument("--detect", type=_percent, default=5.0, metavar="PERCENT", help="the difference to be found; 5")
    parser.add_argument("--measure", choices=("both", "processor", "wall"), default="both", help="which time is judged")
    parser.add_argument("--budget", type=_positive, default=540, metavar="S", help="the most seconds to measure; 540")
    parser.add_argument("--timeout", type=_positive, default=300, metavar="S", help="the most seconds of one run; 300")
    parser.add_argument("--setup", metavar="SHELL", help="run once in each checkout before, as by sh -c")
    parser.add_argument("--seed", type=_positive, default=1, metavar="N", help="of the order of the runs; 1")
    parser.add_argument("--no-count", dest="count", action="store_false", help="count no queries and no rows")
    parser.add_argument("--memory", action="store_true", help="trace allocations in runs of their own: the peak")
    parser.add_argument(
        "--history", default=_HISTORY, metavar="FILE", help=f"where it is kept; {_HISTORY}; '': nowhere"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_compare)


def _add_history(commands: Any) -> None:
    parser = commands.add_parser(
        "history",
        help="list the comparisons that were kept, or compare two of them",
        epilog="exit codes: 0 done; 2 wrong usage, no such comparison, or a file that cannot be read",
    )
    parser.add_argument("ids", nargs="*", type=_positive, metavar="ID", help="one: show it; two: compare their heads")
    parser.add_argument("--history", default=_HISTORY, metavar="FILE", help=f"{_HISTORY} if left out")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.set_defaults(run=_history)


def _dialect(name: str) -> str:
    from mercury.errors import UnknownDialectError
    from mercury.query import dialect_number

    try:
        dialect_number(name)
    except UnknownDialectError as error:
        raise argparse.ArgumentTypeError(str(error)) from None
    return name


def _positive(text: str) -> int:
    if not text.isascii() or not text.isdigit() or len(text) > 18 or int(text) == 0:
        raise argparse.ArgumentTypeError("N must be a whole number from 1 on")
    return int(text)


def _percent(text: str) -> float:
    try:
        percent = float(text)
    except ValueError:
        percent = 0
    if not 0 < percent < 100:
        raise argparse.ArgumentTypeError("PERCENT must be above 0 and below 100")
    return percent


def _fingerprint(options: argparse.Namespace) -> int:
    from mercury.commands.fingerprint import run

    return run(options)


def _run(options: argparse.Namespace) -> int:
    from mercury.commands.run.command import run

    return run(options)


def _ignores(options: argparse.Namespace) -> int:
    from mercury.commands.ignores import run

    return run(options.paths, options.json)


def _report(options: argparse.Namespace) -> int:
    from mercury.commands.report import run

    return run(options.id, options.url, options.json, options.cleared)


def _settings(options: argparse.Namespace) -> int:
    from mercury.commands.settings import run

    return run(options.json)


def _doctor(options: argparse.Namespace) -> int:
    from mercury.commands.doctor.command import run

    return run(options.json)


def _segment(options: argparse.Namespace) -> int:
    from mercury.commands import segment

    return segment.run(options.file, options.json)


def _export(options: argparse.Namespace) -> int:
    from mercury.commands.export import run

    return run(options.file, options.to, options.every)


def _switch(options: argparse.Namespace) -> int:
    from mercury.commands.switch import run

    return run(options.word, options.file)


def _compare(options: argparse.Namespace) -> int:
    from mercury.commands.compare.command import run

    return run(options)


def _history(options: argparse.Namespace) -> int:
    from mercury.commands.history import run

    if len(options.ids) > 2:
        print("mercury history: name one comparison or two", file=sys.stderr)
        return 2
    return run(options.history, options.ids, options.json)
