"""Every gate on arrays at random shapes, its value and gradient against those of JAX, which has to
be installed.

    python -m tests.campaigns.array_peers --count 200
"""

from __future__ import annotations

import argparse
import sys
import warnings
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from array_cases import WHOLE
from given_arrays import Case
from jax_arrays import Answer, answer, disagreeing
from pulling_back import conditioned

import backprop


def undefined(case: Case, theirs: Answer) -> str:
    """Why a case says nothing: it is at a kink, where JAX has nan, or JAX writes to a place twice in
    any order."""
    if case.gate == "put" and twice(case.text):
        return "JAX says nothing about what is written twice"
    if not all(np.all(np.isfinite(part)) for part in (theirs.value, *theirs.gradient.values())):
        return "JAX has no finite number there"
    return ""


def twice(text: str) -> bool:
    lists = [part.split("]")[0].split(", ") for part in text.split("[") if part[:1].isdigit()]
    return any(len({*one}) < len(one) for one in lists)


def outcome(gate: str, number: int) -> tuple[str, str]:
    """What differs, and why a case was left out."""
    case = WHOLE[gate](Random(f"{gate}:{number}"))
    report = backprop.evaluate(case.program, case.given, upstream=case.upstream, ties="split")
    theirs = answer(case)
    if left := undefined(case, theirs):
        return "", left
    off = disagreeing(case, theirs, report.value, report.gradient, conditioned(case))
    return (f"{gate}, case {number}: {', '.join(off)}: {case.text}" if off else ""), ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="how many shapes of each gate")
    parser.add_argument("--gate", action="append", choices=WHOLE, help="only this one")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    wrong = 0
    for gate in options.gate or WHOLE:
        found = [outcome(gate, number) for number in range(options.count)]
        left = [why for _, why in found if why]
        differ = [said for said, _ in found if said]
        wrong += len(differ)
        print(
            f"{gate:12} {len(found) - len(left)} agree or differ, {len(left)} left out", flush=True
        )
        for said in differ:
            print(f"    {said}", flush=True)
    print(f"{wrong} differ")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
