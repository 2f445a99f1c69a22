"""Any number of random programs as emitted code, compiled and run, against the engine.

    python tests/campaigns/emitted_code.py --count 3000 --seed 1

Programs on numbers run in Python, NumPy, C and JavaScript, as far as these are installed, those on
arrays in NumPy: a third as many. Granularities and conventions for ties take turns. Code may be
off by four units in the last place, and by what another library of functions may change: that of
JavaScript by 1e-14 of the largest value and gradient on the way, which is left where parts cancel.
Arrays may be off by 1e-12 of their largest entry. Prints all that differs; the exit code is 1 if
there is something.
"""

from __future__ import annotations

import argparse
import math
import sys
import tempfile
import warnings
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import array_programs
import drawn_trees
from emitted import LANGUAGES, Job, allowed, answers, job, worst
from programs import sample
from test_code_arrays import differing
from test_code_numbers import MOST

from backprop.arithmetic.system import TIES
from backprop.engine.numbers import backward, forward
from backprop.program.stager import GRANULARITIES

DUST = 1e-14  # beside the largest value and gradient
BATCH = 250  # programs in one file of C


def jobs(seed: int, count: int) -> Iterator[Job]:
    """Every other program is one of the verdict campaign, with its constants and magnitudes."""
    number = 0
    while count:
        text, point = drawn(f"{seed}:{number}", plain=number % 2 == 0)
        if point:
            count -= 1
            gates, ties = GRANULARITIES[number % 3], TIES[number // 3 % 3]
            yield job(text, point, gates=gates, ties=ties)
        number += 1


def drawn(seed: str, *, plain: bool) -> tuple[str, dict[str, float]]:
    if plain:
        found = sample(seed)
        return found.text, dict(found.point)
    node, point = drawn_trees.drawn("numbers", seed)
    return node.text, point


def wrong(language: str, jobs: list[Job], folder: Path) -> list[str]:
    found = []
    for work, rows in zip(jobs, answers(language, jobs, folder), strict=True):
        for point, row, expected in zip(work.points, rows, work.engine(), strict=True):
            off = worst(row, expected)
            if off <= MOST or off <= allowed(work, point, expected):
                continue
            room = dust(work, point) if language == "javascript" else 0.0
            if not all(abs(a - b) <= room for a, b in zip(row, expected, strict=True)):
                text = f"{work.program.text} at {dict(point)}: {row}, expected {expected}"
                found.append(text)
    return found


def dust(work: Job, point: Mapping[str, float]) -> float:
    """What other roundings may leave of what cancels."""
    values = forward(work.program, point)
    back = backward(work.program, values, work.ties)
    gradients = [back.gradient(slot) for slot in range(len(values))]
    largest = [max([1.0, *filter(math.isfinite, map(abs, one))]) for one in (values, gradients)]
    return DUST * largest[0] * largest[1]


def arrays(seed: int, count: int) -> list[str]:
    found = []
    for number in range(count):
        program = array_programs.sample(f"{seed}:{number}")
        gates, ties = GRANULARITIES[number % 3], TIES[number // 3 % 3]
        if names := differing(program.text, program.point, gates=gates, ties=ties):
            found.append(f"numpy arrays: {program.text}: {', '.join(names)}")
    return found


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=3000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", RuntimeWarning)
    made = list(jobs(options.seed, options.count))
    counted: Counter[str] = Counter()
    found = []
    for start in range(0, len(made), BATCH):
        batch = made[start : start + BATCH]
        for language in LANGUAGES:
            with tempfile.TemporaryDirectory() as folder:
                off = wrong(language, batch, Path(folder))
            counted[language] += len(batch)
            found += [f"{language}: {one}" for one in off]
    counted["numpy, arrays"] = options.count // 3
    found += arrays(options.seed, options.count // 3)
    sys.stdout.write("".join([f"{one}\n" for one in found]))
    sys.stdout.write(f"{dict(counted)}, {len(found)} differ\n")
    return 1 if found else 0


if __name__ == "__main__":
    sys.exit(main())
