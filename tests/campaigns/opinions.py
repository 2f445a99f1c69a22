"""Any number of random programs before the three opinions, which may never differ.

    python tests/campaigns/opinions.py --count 100000 --seed 1

Half of the points are those that a program was written for, half are wild: zeros, ties,
neighbours of whole numbers, 1e-300 and 1e200. Prints how often each verdict came, and every
program with an opinion that differs, or that ended in an error; the exit code is 1 for these.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from random import Random
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from examining import subject
from programs import sample

from backprop import evaluate
from backprop.answer.verdicts import METHODS
from backprop.checking.examine import examine

WILD = (0.0, -0.0, 1.0, -1.0, 2.0, 0.5, 1e-300, -1e-300, 1e200, -1e200, 1e16, 1e-16, 1 + 2**-52,
        3.0, -2.0, 1e5, 700.0, -750.0, 1e-8, 40.0)  # fmt: skip
MAX_STAGES = 60


class Case(NamedTuple):
    text: str
    point: dict[str, float]
    verdict: str
    reason: str


def judged(seed: int, gates: str, number: int) -> Case:
    found = sample(f"{seed}:{number}")
    point = dict(found.point)
    if number % 2:
        random = Random(f"{seed}:{number}:wild")
        point = {name: random.choice(WILD) for name in point}
    try:
        report = evaluate(found.text, point, gates=gates)
        if not report.wrt or report.program.size > MAX_STAGES:
            return Case(found.text, point, "skipped", "")
        check = examine(subject(report), METHODS)
    except Exception as error:
        return Case(found.text, point, "failed", f"{type(error).__name__}: {error}")
    return Case(found.text, point, check.verdict, check.reason)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="how many programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gates", choices=("written", "fine", "fused"), default="written")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args(arguments)
    verdicts: Counter[str] = Counter()
    wrong = 0
    with Pool(options.jobs) as pool:
        work = partial(judged, options.seed, options.gates)
        for case in pool.imap_unordered(work, range(options.count), chunksize=16):
            verdicts[case.verdict] += 1
            if case.verdict in ("differ", "failed"):
                wrong += 1
                at = " ".join([f"--{name}={value!r}" for name, value in case.point.items()])
                sys.stdout.write(f"{case.verdict}: {case.reason}\n    {case.text!r} {at}\n")
    sys.stdout.write(f"{dict(verdicts.most_common())}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
