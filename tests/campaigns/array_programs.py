"""Any number of random programs on arrays: values and gradients against autograd's.

    python tests/campaigns/array_programs.py --count 5000

The programs are those of tests/test_array_programs.py and more of their kind. Prints every one
that differs, or that ended in an error; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from array_programs import differing, sample


def outcome(seed: str) -> str:
    """What is wrong with a program; nothing, if it is right."""
    try:
        text, names = differing(seed)
    except Exception as error:
        text, names = sample(seed).text, [f"{type(error).__name__}: {error}"]
    return f"{seed}: {', '.join(names)}\n{text}\n\n" if names else ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=5000, help="how many programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args(arguments)
    seeds = [f"{options.seed}:{number}" for number in range(options.count)]
    with Pool(options.jobs) as pool:
        wrong = [said for said in pool.imap_unordered(outcome, seeds, chunksize=32) if said]
    sys.stdout.write("".join(wrong))
    sys.stdout.write(f"{options.count:,} programs, {len(wrong)} of them differ\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
