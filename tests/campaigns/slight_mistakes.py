"""A mistake of 1e-9 in every local derivative and every pull-back, at any number of points: each
time that it shows in a gradient, the check must say `differ`.

    python tests/campaigns/slight_mistakes.py --count 20

Prints every mistake that was let through or never showed; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from slight_mistakes import Slight, of_arrays, of_numbers, verdicts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=20, help="how many points of each gate")
    parser.add_argument("--family", choices=("numbers", "arrays"), default="numbers")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore", RuntimeWarning)
    made: list[Slight] = list((of_numbers if options.family == "numbers" else of_arrays)())
    counted: Counter[str] = Counter()
    quiet, wrong = [], 0
    for one in made:
        found = list(verdicts(one, options.count))
        counted.update(verdict for _, verdict in found)
        if not found:
            quiet.append(str(one))
        for text, verdict in found:
            if verdict != "differ":
                wrong += 1
                sys.stdout.write(f"{one}: {text} is {verdict}\n")
    sys.stdout.write(f"never shown: {'; '.join(quiet)}\n")
    sys.stdout.write(f"{len(made)} mistakes, verdicts {dict(counted)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
