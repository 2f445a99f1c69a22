"""Mistakes in backward passes: is the line found, and nothing else, and is there a hint?

    python tests/campaigns/grading.py

Every mistake of a list is made at every line of the derivations where it can be. Python itself,
run on both passes, says which change a number; these have to be found, all of them.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from derivations import DERIVATIONS, Derivation, changes_numbers, mutants
from grading import flagged, forward_for, hinted, misgraded

from backprop.grading.grade import grade

PAIRS = 25  # files with two mistakes, for each derivation
ELSEWHERE = ("missing", "never", "counted-twice", "too-early", "not-started")  # that move lines
LEAST = 0.9  # of the mistakes are to have a hint
RIGHT_LINE = 0.98  # of the mistakes are to be found on their line
BOTH = 0.9  # of the files with two mistakes are to show both


def pairs(derivation: Derivation) -> Iterator[tuple[str, set[int]]]:
    """Files with two mistakes on two lines."""
    random = Random(derivation.name)
    single = [
        one
        for one in mutants(derivation)
        if one.mistake not in ELSEWHERE and changes_numbers(derivation, one.backward)
    ]
    for _ in range(PAIRS):
        first, second = random.sample(single, 2)
        if first.line != second.line:
            lines = first.backward.split("\n")
            lines[second.line - 1] = second.backward.split("\n")[second.line - 1]
            yield "\n".join(lines), {first.line, second.line}


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--verbose", action="store_true", help="show what has no hint")
    options = parser.parse_args()
    made = harmless = named = 0
    missed: list[str] = []
    for derivation in DERIVATIONS:
        for mutant in mutants(derivation):
            if not changes_numbers(derivation, mutant.backward):
                harmless += 1
                continue
            made += 1
            place = f"{derivation.name}, line {mutant.line}, {mutant.mistake}"
            if fault := misgraded(mutant):
                missed.append(f"{place}: {fault}\n{mutant.backward}\n")
            said = hinted(grade(forward_for(derivation), mutant.backward))
            named += said
            if options.verbose and not said:
                sys.stdout.write(f"{place} has no hint\n{mutant.backward}\n")
    both = twice = 0
    for derivation in DERIVATIONS:
        for text, lines in pairs(derivation):
            twice += 1
            found = grade(forward_for(derivation), text)
            both += set(flagged(found)) == lines
    sys.stdout.write("\n".join([*missed, ""]))
    sys.stdout.write(f"{made} mistakes that change a number, {harmless} that don't\n")
    sys.stdout.write(f"right line and no other: {made - len(missed)}\n")
    sys.stdout.write(f"with a hint: {named}\n")
    sys.stdout.write(f"two mistakes: both lines and no other in {both} of {twice} files\n")
    fine = len(missed) <= (1 - RIGHT_LINE) * made and both >= BOTH * twice
    return 0 if fine and named >= LEAST * made else 1


if __name__ == "__main__":
    sys.exit(main())
