"""`mercury compare BASE..HEAD -- COMMAND`: checkouts, measuring, counting, verdict, history."""

import argparse
import datetime
import json
import signal
import sys
from dataclasses import asdict
from types import FrameType
from typing import Any, Dict, Iterable, List, Optional

from mercury._version import __version__
from mercury.commands.compare.counts import MEMORY, QUERIES, ROWS, Counted, count, not_counted
from mercury.commands.compare.execution import Execution
from mercury.commands.compare.imports import require_own_code
from mercury.commands.compare.measuring import PROCESSOR, WALL, Plan, is_measured, measure
from mercury.commands.compare.problem import CANNOT_TELL, REGRESSION, WRONG_USAGE, Problem
from mercury.commands.compare.revisions import Checkouts, Revision, resolve
from mercury.commands.compare.wording import lines
from mercury.comparison import FASTER, NO_DIFFERENCE, SLOWER, TOO_NOISY, Round, compare_rounds
from mercury.history import History, HistoryError

MORE = {QUERIES: "more queries", ROWS: "more rows", MEMORY: "more memory"}
"""The verdict where a unit needs more of what is counted; the first of them is told."""
_MEASURES = {"both": (PROCESSOR, WALL), "processor": (PROCESSOR,), "wall": (WALL,)}
INTERRUPTED = 130


def run(options: argparse.Namespace) -> int:
    """0: no regression; 1: a regression; 2, 3, 4: there is no verdict, and standard error says why."""
    command = options.arguments
    ended = signal.signal(signal.SIGTERM, _stop)
    try:
        if not command:
            raise Problem("name a command, as in: mercury compare main..HEAD -- python -m pytest", WRONG_USAGE)
        document = _compare(options, command)
    except Problem as problem:
        _say(f"mercury compare: {problem}")
        return problem.code
    except KeyboardInterrupt:
        _say("mercury compare: interrupted")
        return INTERRUPTED
    finally:
        signal.signal(signal.SIGTERM, ended)
    _keep(options.history, document)
    print(json.dumps(document, indent=2) if options.json else "\n".join(lines(document)))
    return _exit_code(document["verdict"])


def _stop(number: int, frame: Optional[FrameType]) -> None:
    # So that the checkouts are removed.
    raise KeyboardInterrupt


def _compare(options: argparse.Namespace, command: List[str]) -> Dict[str, Any]:
    base, head = resolve(options.revisions)
    with Checkouts(base, head) as folders:
        sides = (
            Execution(command, folders.base, f"base {base.name}", options.timeout),
            Execution(command, folders.head, f"head {head.name}", options.timeout),
        )
        _set_up(options.setup, sides)
        require_own_code(sides[0])
        measures = _MEASURES[options.measure]
        plan = Plan(measures[0], options.detect / 100, options.seed, options.budget)
        rounds = measure(*sides, plan, _progress)
        counted = count(*sides, options.memory) if options.count else not_counted("--no-count was given")
    return _document(base, head, command, plan, {name: rounds[name] for name in measures}, counted)


def _set_up(setup: Optional[str], sides: Iterable[Execution]) -> None:
    for side in sides if setup else ():
        Execution(["sh", "-c", setup or ""], side.folder, f"--setup of {side.name}", side.timeout_seconds).run()


def _document(
    base: Revision,
    head: Revision,
    command: List[str],
    plan: Plan,
    rounds: Dict[str, List[Round]],
    counted: Dict[str, Counted],
) -> Dict[str, Any]:
    """All that is known, as `--json` prints it; docs/comparison.md tells the fields."""
    measures = {name: _judged(each, plan) for name, each in rounds.items()}
    return {
        "version": __version__,
        "base": base._asdict(),
        "head": head._asdict(),
        "command": command,
        "detect": plan.detect,
        "seed": plan.seed,
        "verdict": _verdict([found.get("verdict") for found in measures.values()], counted),
        "measures": measures,
        **{_KEYS[figure]: found.document(_KEYS[figure]) for figure, found in counted.items()},
    }


def _judged(rounds: List[Round], plan: Plan) -> Dict[str, Any]:
    if not is_measured(rounds):
        return {"why_not": "the system does not tell it, or its clock is too coarse for this command"}
    found = asdict(compare_rounds(rounds, plan.detect, plan.seed))
    times = {side: [time for each in rounds for time in getattr(each, side)] for side in ("base", "head")}
    return {**found, "base_ns": times["base"], "head_ns": times["head"]}


_KEYS = {QUERIES: "queries", ROWS: "rows", MEMORY: "memory"}
"""What each figure is called in the document."""


def _verdict(verdicts: List[Optional[str]], counted: Dict[str, Counted]) -> str:
    """A regression in any measure is one. A measure that is too noisy leaves the verdict to the others."""
    told = [verdict for verdict in verdicts if verdict is not None]
    if SLOWER in told:
        return SLOWER
    for figure, found in counted.items():
        if found.has_more:
            return MORE[figure]
    if not told or set(told) == {TOO_NOISY}:
        return TOO_NOISY
    return FASTER if FASTER in told else NO_DIFFERENCE


def _exit_code(verdict: str) -> int:
    return {TOO_NOISY: CANNOT_TELL, **dict.fromkeys((SLOWER, *MORE.values()), REGRESSION)}.get(verdict, 0)


def _keep(path: Optional[str], document: Dict[str, Any]) -> None:
    """In the history, unless that is turned off; a history that cannot be used changes no verdict."""
    if not path:
        return
    try:
        History(path).add(datetime.datetime.now(datetime.timezone.utc).isoformat(timespec="seconds"), document)
    except HistoryError as error:
        _say(f"mercury compare: not kept: {error}")


def _progress(text: str) -> None:
    if sys.stderr.isatty():
        print(f"\r\x1b[K{text}", end="", file=sys.stderr, flush=True)


def _say(text: str) -> None:
    _progress("")
    print(text, file=sys.stderr)
