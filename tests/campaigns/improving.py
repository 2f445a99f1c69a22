"""The formulas of cases/digits.txt improved, and what is found held against many digits.

    python tests/campaigns/improving.py --points 2200 [--kind floats|everyday] [--proved] [NAME ...]

For every formula: digits before and after, over points that the search has not seen; then each form
at so many further points, in intervals, against the formula: both have the same number, or one as
near as the form claims, and the form has a finite value nowhere that the formula rightly has none.
The exit code is 1 if a form is wrong at a point, or fewer formulas keep their digits than GOALS.
With --proved, python-flint's balls are the intervals.
"""

from __future__ import annotations

import argparse
import math
import sys
import time
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from digit_cases import Case, cases

from backprop import improve
from backprop.arithmetic.intervals import UndefinedError
from backprop.engine.numbers import forward
from backprop.improving.exact import Oracle, UnknownError
from backprop.improving.improve import ALLOWED, Improvement, mean_of
from backprop.improving.proving import Probe, deviation
from backprop.improving.scoring import FULL
from backprop.language.parser import parse
from backprop.program.stage import stage

NEARLY = 1.0  # digits that may be missing
KINDS = ("floats", "everyday")
GOALS = {
    ("floats", "hamming"): (26, 23),
    ("everyday", "hamming"): (0, 27),
    ("floats", "others"): (14, 0),
}


class Row(NamedTuple):
    case: Case
    found: Improvement
    seconds: float

    @property
    def by_mean(self) -> bool:
        return mean_of(self.found.after) > FULL - NEARLY

    @property
    def everywhere(self) -> bool:
        return min(kept.mean for kept in self.found.after.values()) > FULL - NEARLY


def improved(case: Case, kind: str, oracle: type[Oracle]) -> Row:
    other = KINDS[kind == "floats"]
    begun = time.process_time()
    found = improve(case.program, draws=[case.draw(kind), case.draw(other)], oracle=oracle)
    return Row(case, found, time.process_time() - begun)


def wrong_points(row: Row, kind: str, count: int, oracle: type[Oracle]) -> tuple[int, list[str]]:
    """At how many points the form was held against the formula, and where it is wrong."""
    if not row.found.better:
        return 0, []
    old, new = row.case.program, stage(parse(row.found.text))
    before, after = oracle(old), oracle(new)
    draw, random, wrong = row.case.draw(kind), Random(f"further {row.case.name}"), []
    seen = 0
    for _ in range(count):
        point = draw(random)
        try:
            exact = before.at(point)
        except UndefinedError:
            seen += 1
            if math.isfinite(value(new, point)) and not math.isfinite(value(old, point)):
                wrong.append(f"{row.case.name} at {point}: a value where there is none")
            continue
        except UnknownError:
            continue
        seen += 1
        far = deviation(after, Probe(point, exact))
        if far > ALLOWED and not (far == math.inf and unknown(after, point)):
            wrong.append(f"{row.case.name} at {point}: {far:.1e} away")
    return seen, wrong


def unknown(oracle: Oracle, point: Any) -> bool:
    """Do intervals not decide here? Then nothing is known to be wrong."""
    try:
        oracle.at(point)
    except UnknownError:
        return True
    except UndefinedError:
        return False
    return False


def value(program: Any, point: Any) -> float:
    return float(forward(program, {name: point[name] for name in program.inputs})[program.output])


def campaign(
    kind: str, points: int, names: list[str], oracle: type[Oracle] = Oracle
) -> tuple[list[Row], int, list[str]]:
    rows, seen = list[Row](), 0
    wrong: list[str] = []
    for case in cases():
        if names and case.name not in names:
            continue
        row = improved(case, kind, oracle)
        rows.append(row)
        count, bad = wrong_points(row, kind, points, oracle)
        seen, wrong = seen + count, wrong + bad
        before, after = mean_of(row.found.before), mean_of(row.found.after)
        least = min(kept.mean for kept in row.found.after.values())
        print(
            f"{case.name:10} {before:5.1f} -> {after:5.1f}, least output {least:5.1f}, "
            f"{row.found.far:.0e} away, {row.found.tried} forms, {row.seconds:.1f} s",
            flush=True,
        )
    return rows, seen, wrong


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("names", nargs="*")
    parser.add_argument("--points", type=int, default=2_200)
    parser.add_argument("--kind", choices=KINDS, default="floats")
    parser.add_argument("--proved", action="store_true")
    chosen = parser.parse_args(arguments)
    oracle = Oracle
    if chosen.proved:
        from backprop.improving.proved import ProvedOracle

        oracle = ProvedOracle
    rows, seen, wrong = campaign(chosen.kind, chosen.points, chosen.names, oracle)
    short = False
    for group in dict.fromkeys(row.case.group for row in rows):
        own = [row for row in rows if row.case.group == group]
        mean, every = sum(row.by_mean for row in own), sum(row.everywhere for row in own)
        goals = GOALS.get((chosen.kind, group), (0, 0))
        short = short or (not chosen.names and (mean < goals[0] or every < goals[1]))
        seconds = sorted(row.seconds for row in own)
        print(
            f"{group}, {chosen.kind}: {mean} of {len(own)} by their mean, {every} in every output; "
            f"{sum(seconds):.1f} s of processor, median {seconds[len(own) // 2]:.1f}, "
            f"most {seconds[-1]:.1f}"
        )
    print(f"{seen} further points, {len(wrong)} wrong")
    print(*wrong[:20], sep="\n")
    return 1 if wrong or short else 0


if __name__ == "__main__":
    sys.exit(main())
