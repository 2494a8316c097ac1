"""Tries every situation, and tells where the backend, a message, a wheel's tag or a traceback is not as it must be.

    python -m tests.installation.run [--short] [--write] [--jobs N] [NAME ...]

`--short` tries those that are quick; a NAME, those with it in their name. `--write` puts what became of them into the
table of docs/installation.md; a row that was not tried stays as it was while its expectation does. Fails where one
situation is not as the table says, or where fewer than 40 of all could be tried.
"""

import argparse
import json
import shutil
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from importlib import import_module
from typing import Any, Dict, List, NamedTuple, Optional

from tests.installation.situation import PURE, REFUSED, SITUATIONS, Absent, Home, Situation
from tests.installation.workshop import PROBE, ROOT, Failed, Place, Workshop

KINDS = ["by_pip", "checkouts", "at_run_time", "archives", "frozen", "embedded", "distributions"]
PAGE = ROOT / "docs" / "installation.md"
MARK = "<!-- the table: make install-matrix -->\n"
FEWEST = 40
TRACEBACK = "Traceback (most recent call last)"

for kind in KINDS:
    import_module(f"tests.installation.{kind}")


class Outcome(NamedTuple):
    """What became of a situation; `faults` is empty where it is as it must be."""

    situation: Situation
    faults: List[str]
    absent: str = ""
    reason: str = ""
    seconds: float = 0.0
    transcript: str = ""


def attempt(workshop: Workshop, number: int) -> Outcome:
    """Makes the situation in a folder of its own and examines it."""
    situation, started = SITUATIONS[number], time.monotonic()
    place = Place(workshop, workshop.folder / "places" / str(number))
    reason = ""
    try:
        home = situation.make(place)
        answer = None if home is None else ask(place, home)
        reason = "" if answer is None else answer["reason"]
        faults = [*judge(situation, answer, "".join(place.transcript)), *wrong_tags(place)]
    except Absent as error:
        return Outcome(situation, [], absent=str(error))
    except Failed as error:
        faults = [str(error)]
    except Exception as error:
        faults = [f"{type(error).__name__}: {error}"]
    seconds = time.monotonic() - started
    transcript = "\n".join(place.transcript)
    place.run("chmod", "-R", "u+w", place.folder)
    if not faults:
        shutil.rmtree(place.folder)
    return Outcome(situation, faults, "", reason.replace(str(place.folder), "…"), seconds, transcript)


def ask(place: Place, home: Home) -> Dict[str, Any]:
    """The probe's answer."""
    output = place.run(*home.command, *([] if home.is_program else [PROBE]), **home.variables)
    lines = [line for line in output.splitlines() if line.startswith("ANSWER ")]
    if len(lines) != 1:
        raise Failed("the probe did not answer")
    answer: Dict[str, Any] = json.loads(lines[0][len("ANSWER ") :])
    return answer


def judge(situation: Situation, answer: Optional[Dict[str, Any]], transcript: str) -> List[str]:
    """What is not as the situation says."""
    faults = [f"not printed: {part}" for part in situation.output if part not in transcript]
    if TRACEBACK in transcript:
        faults.append("a traceback was printed")
    if answer is None:
        return faults + ([] if situation.backend == REFUSED else ["nothing was installed"])
    if answer["backend"] != situation.backend:
        faults.append(f"{answer['backend']} serves: {answer['reason']}")
    if situation.message not in f"{answer['reason']} {answer['hint']}":
        faults.append(f"not said: {situation.message}; but: {answer['reason']} {answer['hint']}")
    if answer["canonical"] != "select a from t where b in (?)" or answer["fingerprint"] != FINGERPRINT:
        faults.append(f"wrong answers: {answer['canonical']}, {answer['fingerprint']}")
    asked_for = situation.backend == PURE and "DJANGO_MERCURY_PURE_PYTHON" not in situation.message
    if len(answer["warnings"]) != asked_for or not all(answer["reason"] in text for text in answer["warnings"]):
        faults.append(f"warnings: {answer['warnings']}")
    doctor = answer["doctor"]
    if any(doctor[name] != answer[name] for name in ("backend", "reason", "hint")):
        faults.append(f"mercury doctor says: {doctor['backend']}: {doctor['reason']} {doctor['hint']}")
    if doctor["exit code"] != bool(answer["hint"]):
        faults.append(f"mercury doctor ends with {doctor['exit code']}")
    return faults


def _fingerprint() -> int:
    import mercury

    return mercury.fingerprint("SELECT 1")


FINGERPRINT = _fingerprint()


def wrong_tags(place: Place) -> List[str]:
    """Installs whose tag says that they hold a library where none came with them, or the reverse."""
    wrong = []
    for file in place.folder.rglob("mercury_native-*.dist-info/WHEEL"):
        record = (file.parent / "RECORD").read_text()
        if "__editable__" in record:
            continue
        is_pure = "Tag: py3-none-any\n" in file.read_text()
        if is_pure == ("mercury/libmercury.so" in record):
            wrong.append(f"wrong tag: {file.parent.name}")
    return wrong


def row(situation: Situation) -> str:
    """A row of the table, but for its last cell."""
    said = " … ".join(f"`{part}`" for part in [situation.message, *situation.output] if part)
    return f"| {situation.name} | {situation.backend} | {said} | "


def state(outcome: Outcome) -> str:
    return f"not here: {outcome.absent}" if outcome.absent else "FAILED" if outcome.faults else "ok"


def table(outcomes: List[Outcome], before: str) -> str:
    """The table with these outcomes; what was not tried has the state that it has in the table before."""
    states = {row(outcome.situation): state(outcome) for outcome in outcomes}
    lines, group = ["| situation | serves | said | |", "|---|---|---|---|"], ""
    counts: Counter[str] = Counter()
    for situation in SITUATIONS:
        if situation.group != group:
            group = situation.group
            lines.append(f"| **{group}** | | | |")
        start = row(situation)
        kept = next((line[len(start) : -2] for line in before.splitlines() if line.startswith(start)), "not tried")
        lines.append(f"{start}{states.get(start, kept)} |")
        counts[states.get(start, kept).partition(":")[0]] += 1
    return "\n".join([*lines, "", ", ".join(f"{count} {name}" for name, count in counts.items()) + ".", ""])


def write(outcomes: List[Outcome]) -> None:
    text, mark, before = PAGE.read_text().partition(MARK)
    PAGE.write_text(text + mark + table(outcomes, before))


def summary(outcomes: List[Outcome]) -> str:
    tried = [outcome for outcome in outcomes if not outcome.absent]
    failed = sum(bool(outcome.faults) for outcome in tried)
    tracebacks = sum(TRACEBACK in outcome.transcript for outcome in tried)
    tags = sum("wrong tag" in fault for outcome in tried for fault in outcome.faults)
    return f"{len(tried)} tried, {failed} failed, {tracebacks} tracebacks, {tags} wrong tags."


def main() -> int:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--short", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("names", nargs="*", metavar="NAME")
    options = parser.parse_args()
    folder = ROOT / "build" / "installation"
    shutil.rmtree(folder, ignore_errors=True)
    workshop = Workshop(folder)
    workshop.prepare()
    numbers = [
        number
        for number, each in enumerate(SITUATIONS)
        if (each.is_short or not options.short)
        and (not options.names or any(name in f"{each.group}: {each.name}" for name in options.names))
    ]
    started = time.monotonic()
    outcomes: List[Outcome] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        for outcome in pool.map(lambda number: attempt(workshop, number), numbers):
            outcomes.append(outcome)
            report(outcome)
    print(f"\n{summary(outcomes)} {time.monotonic() - started:.0f} s")
    if options.write:
        write(outcomes)
    enough = options.short or options.names or sum(not outcome.absent for outcome in outcomes) >= FEWEST
    return 0 if enough and not any(outcome.faults for outcome in outcomes) else 1


def report(outcome: Outcome) -> None:
    """One line, and all that was printed where something is wrong."""
    state = "-   " if outcome.absent else "FAIL" if outcome.faults else "ok  "
    situation = outcome.situation
    print(f"{state} {outcome.seconds:5.1f} s  {situation.group}: {situation.name}  {outcome.absent}", flush=True)
    for fault in outcome.faults:
        print(f"     {fault}")
    if outcome.faults:
        print(outcome.transcript)


if __name__ == "__main__":
    sys.exit(main())
