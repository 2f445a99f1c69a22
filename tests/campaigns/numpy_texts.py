"""Any number of random expressions in NumPy's words: what the tool reads is what NumPy reads.

    python tests/campaigns/numpy_texts.py --count 20000 --seed 1
    python tests/campaigns/numpy_texts.py --slopes

`--count` is of texts that both read. Prints every text that is read as something else, or ends
in an error that is none of the tool's, and how many are refused, by the first words of the error;
the exit code is 1 if one is read as something else. With `--slopes` the texts have conditions,
remainders, masks and shapes, and their slopes are compared too, with differences in many digits.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections import Counter
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy_slopes
import numpy_texts


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=5000, help="how many texts both read")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--slopes", action="store_true", help="compare slopes too")
    options = parser.parse_args(arguments)
    kinds: Counter[str] = Counter()
    reasons: Counter[str] = Counter()
    outcome = (numpy_slopes if options.slopes else numpy_texts).outcome
    number = wrong = 0
    while kinds["equal"] + kinds["tied"] + kinds["other"] < options.count:
        found = outcome(f"{options.seed}:{number}")
        number += 1
        kinds[found.kind] += 1
        if found.kind == "refused":
            reasons[re.sub(r"[\d'\"`].*|:.* is ", "...", found.detail)[:70]] += 1
        if found.kind in ("other", "crash"):
            wrong += 1
            sys.stdout.write(f"{found.kind}: {found.text}\n    {found.detail}\n")
    for reason, count in reasons.most_common(60):
        sys.stdout.write(f"{count:6} {reason}\n")
    sys.stdout.write(f"{number} texts: {dict(kinds)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
