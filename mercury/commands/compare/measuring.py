"""Rounds of runs of both sides, until the noise is low enough to tell.

A round is base, head, head, base or head, base, base, head, as a coin says: what drifts evenly takes nothing
from either side, and no rhythm of the machine can favor one.
"""

import random
import time
from typing import Callable, Dict, Iterator, List, NamedTuple

from mercury.commands.compare.execution import Execution, Measured
from mercury.commands.compare.problem import CANNOT_TELL, Problem
from mercury.comparison import MIN_ROUNDS, SHARE_OF_DETECT, Round, noise_floor

WALL = "wall time"
PROCESSOR = "processor time"
MAX_ROUNDS = 120
WARM_UPS = 2
RUNS_OF_A_ROUND = 4

Note = Callable[[str], None]


class Plan(NamedTuple):
    """How to measure. `primary` is the measure whose noise decides how long."""

    primary: str
    detect: float
    seed: int
    budget_seconds: float
    max_rounds: int = MAX_ROUNDS


def measure(base: Execution, head: Execution, plan: Plan, note: Note) -> Dict[str, List[Round]]:
    """The rounds in ns by measure. Raises Problem where a run fails, or where too few rounds fit into the budget."""
    deadline = time.monotonic() + plan.budget_seconds
    longest = _warm_up(base, head)
    if MIN_ROUNDS * RUNS_OF_A_ROUND * longest > plan.budget_seconds:
        raise _too_slow(longest)
    rounds: Dict[str, List[Round]] = {WALL: [], PROCESSOR: []}
    started = time.monotonic()
    looks = set(_looks(plan.max_rounds))
    for number, base_is_outside in enumerate(_coins(plan), 1):
        _run_round(base, head, base_is_outside, rounds)
        if number in looks and _is_quiet(rounds, plan):
            break
        note(f"round {number} of at most {plan.max_rounds}")
        each = (time.monotonic() - started) / number
        if time.monotonic() + each > deadline:
            break
    if len(rounds[WALL]) < MIN_ROUNDS:
        raise _too_slow(each / RUNS_OF_A_ROUND)
    return rounds


def _warm_up(base: Execution, head: Execution) -> float:
    """What fills caches and compiles modules, and the longest run of the last turn in seconds."""
    for _ in range(WARM_UPS):
        longest = max(base.run().wall_ns, head.run().wall_ns) / 1e9
    return longest


def _too_slow(seconds: float) -> Problem:
    needed = round(MIN_ROUNDS * RUNS_OF_A_ROUND * seconds * 1.3) + 1
    return Problem(
        f"a run takes {seconds:.3g} s, and a comparison needs at least {MIN_ROUNDS * RUNS_OF_A_ROUND} runs: "
        f"give --budget {needed}, or a command that does less",
        CANNOT_TELL,
    )


def _coins(plan: Plan) -> Iterator[bool]:
    chance = random.Random(f"coins {plan.seed}")
    return (chance.random() < 0.5 for _ in range(plan.max_rounds))


def _looks(max_rounds: int) -> Iterator[int]:
    """After how many rounds the noise is looked at: each time a quarter more."""
    count = MIN_ROUNDS
    while count < max_rounds:
        yield count
        count += count // 4


def _run_round(base: Execution, head: Execution, base_is_outside: bool, rounds: Dict[str, List[Round]]) -> None:
    order = (base, head, head, base) if base_is_outside else (head, base, base, head)
    runs = [(side, side.run()) for side in order]
    of_base = [run for side, run in runs if side is base]
    of_head = [run for side, run in runs if side is head]
    rounds[WALL].append(_round(of_base, of_head, lambda run: run.wall_ns))
    rounds[PROCESSOR].append(_round(of_base, of_head, lambda run: run.processor_ns or 0))


def _round(base: List[Measured], head: List[Measured], time_of: Callable[[Measured], int]) -> Round:
    return Round((time_of(base[0]), time_of(base[1])), (time_of(head[0]), time_of(head[1])))


def is_measured(rounds: List[Round]) -> bool:
    """False where a run took no time by this clock, or there is none on this system."""
    return all(min(*each.base, *each.head) > 0 for each in rounds)


def _is_quiet(rounds: Dict[str, List[Round]], plan: Plan) -> bool:
    primary = rounds[plan.primary] if is_measured(rounds[plan.primary]) else rounds[WALL]
    return noise_floor(primary, plan.seed) <= SHARE_OF_DETECT * plan.detect
