"""Any number of random programs at ties, against one-sided slopes that are computed apart.

    python tests/campaigns/ties.py --count 20000 --seed 1

An input with one slope has to get it, and no kink; one with two has to have a kink, and a
gradient between them; one that makes the output jump has to be said to. What no choice of
branches fits is a kink with its misfit, and counted. The exit code is 1 for anything else.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections import Counter
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from tied import (
    FAMILIES,
    SAME,
    Truth,
    array_truth,
    drawn,
    drawn_arrays,
    labels,
    truth,
)

from backprop import evaluate
from backprop.answer.report import Report
from backprop.engine.ties.sides import Slopes

SATURATED = 1e-20  # slopes below this come of floats that tie where exact numbers don't


class Verdict(NamedTuple):
    family: str
    text: str
    point: dict[str, float]
    states: list[str]  # one an input: smooth, kink, jump, label
    misfit: bool
    wrong: list[str]


def judged(seed: int, family: str, number: int) -> Verdict | None:
    """None for a program that its gates do not tie in, or whose output is no stage."""
    tied = drawn(f"{seed}:{number}", family)
    report = evaluate(tied.text, tied.point, spare=tied.point)
    if report.resolved is None or not report.resolved.slopes:
        return None
    found = truth(tied)
    still = labels(tied)
    states, wrong = [], []
    for name, slopes in found.items():
        state, complaint = compared(report, name, slopes, label=name in still)
        states.append(state)
        wrong += [f"{name}: {complaint}"] * bool(complaint)
    return Verdict(family, tied.text, tied.point, states, bool(report.resolved.misfits), wrong)


def judged_arrays(seed: int, number: int) -> Verdict | None:
    """The same for a program on arrays, entry by entry."""
    tied = drawn_arrays(f"{seed}:{number}")
    report = evaluate(tied.text, tied.point, spare=tied.point)
    if report.resolved is None or not report.resolved.slopes:
        return None
    states, wrong = [], []
    for name, entries in array_truth(tied).items():
        for index, slopes in entries.items() if name in report.program.inputs else ():
            state, complaint = compared(report, name, slopes, index=index)
            states.append(state)
            wrong += [f"{name}{[*index]}: {complaint}"] * bool(complaint)
    point = {name: value.tolist() for name, value in tied.point.items()}
    return Verdict("arrays", tied.text, point, states, bool(report.resolved.misfits), wrong)


def about(found: Slopes, name: str, index: tuple[int, ...]) -> bool:
    """Are these the slopes of this entry?"""
    return found.name == name and bool(np.asarray(found.way[name])[index])


def compared(
    report: Report, name: str, slopes: Truth, *, index: tuple[int, ...] = (), label: bool = False
) -> tuple[str, str]:
    """What an input or an entry of it is, and what is wrong with what was said of it."""
    assert report.resolved is not None
    resolved = report.resolved
    gradient = float(np.asarray(report.gradient[name])[index])
    kinks = [one for one in resolved.kinks if about(one, name, index)]
    misfits = [k for k in resolved.misfits if about(resolved.slopes[k], name, index)]
    if label:
        return "label", "a label has a kink" if kinks or gradient else ""
    if slopes.jumps:
        return "jump", "" if kinks and kinks[0].jumps else "a jump that nobody tells of"
    left, right = float(slopes.left), float(slopes.right)
    room = SAME * max(1.0, abs(left), abs(right))
    inside = min(left, right) - room <= gradient <= max(left, right) + room
    if slopes.single:
        if misfits:
            return "smooth", "" if kinks and kinks[0].single else "a misfit without its slope"
        if kinks and left == right and (not left or abs(left) > SATURATED):
            return "smooth", f"a kink, but the slope is {left}"
        return "smooth", "" if inside else f"{gradient} instead of {left}"
    if not kinks:
        return "kink", f"no kink, but the slopes are {left} and {right}"
    told = (kinks[0].left.slope, kinks[0].right.slope)
    if not all(one is not None and abs(one - two) <= room
               for one, two in zip(told, (left, right), strict=True)):  # fmt: skip
        return "kink", f"slopes {told} instead of {left} and {right}"
    return "kink", "" if inside or misfits else f"{gradient} outside {left} and {right}"


def judged_in(family: str, seed: int, number: int) -> Verdict | None:
    return judged_arrays(seed, number) if family == "arrays" else judged(seed, family, number)


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--families", default=" ".join([*FAMILIES, "arrays"]))
    options = parser.parse_args(arguments)
    bad = 0
    with Pool(os.cpu_count()) as pool:
        for family in options.families.split():
            counts: Counter[str] = Counter()
            work = partial(judged_in, family, options.seed)
            for found in pool.imap_unordered(work, range(10 * options.count), 50):
                if found is None:
                    continue
                counts["programs"] += 1
                counts.update(found.states)
                counts["misfits"] += found.misfit
                for complaint in found.wrong:
                    bad += 1
                    print(f"{family}: {found.text}   {found.point}\n    {complaint}")
                if counts["programs"] >= options.count // len(options.families.split()):
                    break
            print(family, dict(counts), flush=True)
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
