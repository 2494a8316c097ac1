"""How often the verdict on times is wrong: trials over recorded noise, and real ones beside busy neighbors.

    python benchmarks/comparison/trials.py synthetic --trials 1000 [--effect 5]
    python benchmarks/comparison/trials.py real --trials 200

A synthetic trial gives `mercury compare`'s own measuring successive runs of the recording, from a place drawn by
chance, head's times made longer by the effect. A real one runs `mercury compare HEAD..HEAD`, so that any difference
it tells is a false alarm. Exit code 1 where the goals of docs/comparison.md are missed.
"""

import argparse
import json
import os
import random
import subprocess
import sys
import tempfile
from array import array
from collections import Counter
from math import comb
from pathlib import Path
from typing import Any, Dict, Iterable, Iterator, List, NamedTuple

HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent.parent))

from record import COMMAND, start_neighbors

from mercury.commands.compare.execution import Measured
from mercury.commands.compare.measuring import MAX_ROUNDS, PROCESSOR, WALL, Plan, measure
from mercury.comparison import FASTER, SIGNIFICANCE, SLOWER, Round, compare_rounds
from mercury.core import backend

NOISE = HERE / "noise.txt"
RUNS_OF_A_TRIAL = 4 * MAX_ROUNDS + 4
CONFIDENCE = 0.95
MOST_FALSE_ALARMS = 0.01
LEAST_FOUND = {5.0: 0.80, 10.0: 0.95}
RATIO = 1.1
"""What many tools fail at: a mean that is 10 % longer."""


class Outcome(NamedTuple):
    """The verdict by measure, and how many rounds it took."""

    verdicts: Dict[str, str]
    rounds: int


class Replay:
    """A side whose runs are those of a recording, longer by a factor."""

    def __init__(self, runs: Iterator[Measured], factor: float) -> None:
        self._runs = runs
        self._factor = factor

    def run(self) -> Measured:
        wall_ns, processor_ns = next(self._runs)
        return Measured(round(wall_ns * self._factor), round((processor_ns or 0) * self._factor))


def recorded() -> List[Measured]:
    lines = NOISE.read_text(encoding="ascii").splitlines()
    return [Measured(*(1000 * int(number) for number in line.split())) for line in lines]


def synthetic(seeds: Iterable[int], effect: float, primary: str) -> Iterator[Outcome]:
    recording = recorded()
    for seed in seeds:
        chance = random.Random(f"trial {seed} of {effect}")
        start = chance.randrange(len(recording) - RUNS_OF_A_TRIAL)
        runs = iter(recording[start : start + RUNS_OF_A_TRIAL])
        sides: Any = (Replay(runs, 1), Replay(runs, 1 + effect / 100))
        rounds = measure(*sides, Plan(primary, 0.05, seed, 3600), lambda text: None)
        verdicts = {name: compare_rounds(each, 0.05, seed).verdict for name, each in rounds.items()}
        for name, each in rounds.items():
            verdicts[f"{name}, all runs by rank"] = pooled(each)
            verdicts[f"{name}, ratio of means"] = ratio(each)
        yield Outcome(verdicts, len(rounds[WALL]))


def sides_of(rounds: List[Round]) -> List[List[float]]:
    return [[time for each in rounds for time in each[side]] for side in (0, 1)]


def pooled(rounds: List[Round]) -> str:
    """What a rank test says that takes runs for independent, which they are not."""
    test = backend().module.rank_sum(*(array("d", times) for times in sides_of(rounds)))
    if 2 * min(test.p_less, test.p_greater) > SIGNIFICANCE:
        return "other"
    return SLOWER if test.p_greater < test.p_less else FASTER


def ratio(rounds: List[Round]) -> str:
    base, head = map(sum, sides_of(rounds))
    return SLOWER if head > RATIO * base else FASTER if base > RATIO * head else "other"


def real(seeds: Iterable[int]) -> Iterator[Outcome]:
    with tempfile.TemporaryDirectory() as folder:
        make_repository(Path(folder))
        for seed in seeds:
            result = compared(folder, seed)
            verdicts = {name: found["verdict"] for name, found in result["measures"].items()}
            yield Outcome({**verdicts, "the whole": result["verdict"]}, result["measures"][WALL]["count"])


def make_repository(folder: Path) -> None:
    git = ["git", "-c", "user.name=trial", "-c", "user.email=trial@example.org", "-C", str(folder)]
    for arguments in (["init", "-q"], ["commit", "-q", "--allow-empty", "-m", "one and the same"]):
        subprocess.run([*git, *arguments], check=True)


def compared(folder: str, seed: int) -> Any:
    command = [sys.executable, "-m", "mercury", "compare", "HEAD..HEAD", "--seed", str(seed), "--history", "", "--json"]
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent.parent)}
    result = subprocess.run(
        [*command, "--", *COMMAND], cwd=folder, env=environment, stdout=subprocess.PIPE, check=False
    )
    if result.returncode not in (0, 1, 3):
        raise SystemExit(f"mercury compare failed: {result.returncode}")
    return json.loads(result.stdout)


def upper_bound(found: int, trials: int) -> float:
    """The greatest share with which so few are found in at least 1 of 20: Clopper and Pearson's one-sided bound."""
    low, high = found / trials, 1.0
    for _ in range(60):
        share = (low + high) / 2
        few = sum(comb(trials, count) * share**count * (1 - share) ** (trials - count) for count in range(found + 1))
        low, high = (share, high) if few > 1 - CONFIDENCE else (low, share)
    return high


def tell(outcomes: List[Outcome], effect: float) -> bool:
    """Prints the table; whether the goals are met by the times that `mercury compare` judges."""
    trials = len(outcomes)
    is_met = True
    for name in outcomes[0].verdicts:
        counted = Counter(outcome.verdicts[name] for outcome in outcomes)
        told = ", ".join(f"{count} {verdict}" for verdict, count in counted.most_common())
        if effect == 0:
            alarms = counted[SLOWER] + counted[FASTER]
            print(f"{name:<36} {alarms:>5} false alarms, at most {100 * upper_bound(alarms, trials):.2f} %  ({told})")
        else:
            print(f"{name:<36} {counted[SLOWER]:>5} of {trials} found  ({told})")
        if name in (PROCESSOR, WALL, "the whole"):
            is_met &= is_good(name, counted, effect, trials)
    rounds = sorted(outcome.rounds for outcome in outcomes)
    print(
        f"rounds of 4 runs: median {rounds[trials // 2]}, 9 of 10 at most {rounds[trials * 9 // 10]}, most {rounds[-1]}"
    )
    return is_met


def is_good(name: str, counted: "Counter[str]", effect: float, trials: int) -> bool:
    if effect == 0:
        alarms = counted[SLOWER] + counted[FASTER]
        # Of few trials, as in a check of each change, not one may be wrong.
        return alarms == 0 or upper_bound(alarms, trials) <= MOST_FALSE_ALARMS
    # Wall time may be too noisy to tell; what is promised is promised of processor time.
    return name == WALL or counted[SLOWER] >= LEAST_FOUND.get(effect, 0) * trials


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("kind", choices=("synthetic", "real"))
    parser.add_argument("--trials", type=int, default=1000)
    parser.add_argument("--effect", type=float, default=0.0, metavar="PERCENT")
    parser.add_argument("--seed", type=int, default=1, help="of the first trial")
    parser.add_argument("--primary", choices=(PROCESSOR, WALL), default=PROCESSOR, help="what a trial waits for")
    parser.add_argument("--neighbors", type=int, default=2)
    options = parser.parse_args()
    outcomes: List[Outcome] = []
    neighbors = start_neighbors(options.neighbors if options.kind == "real" else 0)
    try:
        seeds = range(options.seed, options.seed + options.trials)
        made = real(seeds) if options.kind == "real" else synthetic(seeds, options.effect, options.primary)
        for outcome in made:
            outcomes.append(outcome)
            print(f"trial {len(outcomes)}: {outcome}", file=sys.stderr)
    except KeyboardInterrupt:
        print(f"interrupted after {len(outcomes)} trials")
    finally:
        for neighbor in neighbors:
            neighbor.terminate()
            neighbor.wait()
    return 0 if tell(outcomes, options.effect) else 1


if __name__ == "__main__":
    sys.exit(main())
