"""Any number of random programs through the engine, autograd and a 50-digit difference.

    python tests/campaigns/differential.py --count 100000 --seed 1

The programs are those of tests/test_differential.py and more of their kind. Prints how they
came out, and every program where a peer disagrees; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
from functools import partial
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from comparing import Outcome, compare, tally
from programs import sample


def outcome(seed: int, gates: str, number: int) -> Outcome:
    return compare(sample(f"{seed}:{number}"), gates)


def shown(found: Outcome) -> str:
    point = " ".join([f"--{name}={value!r}" for name, value in found.sample.point.items()])
    rows = [
        f"    {name}: engine {mine!r}, exact {found.exact.get(name)!r}"
        for name, mine in found.found.items()
    ]
    return "\n".join([f"{found.sample.text}\n    {point}", *rows])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="how many programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gates", choices=("written", "fused"), default="written")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args(arguments)
    with Pool(options.jobs) as pool:
        found = pool.imap_unordered(
            partial(outcome, options.seed, options.gates), range(options.count), chunksize=64
        )
        difference, autograd, wrong = tally(found)
    sys.stdout.write(f"difference  {dict(difference.most_common())}\n")
    sys.stdout.write(f"autograd    {dict(autograd.most_common())}\n")
    for case in wrong:
        sys.stdout.write(f"\n{shown(case)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
