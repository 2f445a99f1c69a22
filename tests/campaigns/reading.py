"""Any number of random programs in Python, run by Python itself and read: functions with loops,
choices, lists, dicts and helpers, and sequences of views, copies, aliases and writes.

    python tests/campaigns/reading.py --count 500
    python tests/campaigns/reading.py --kind views --count 5000

The programs are those of tests/test_reading_programs.py and more of their kind. Prints every one
that differs, or that ended in an error; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import python_programs
import viewing_programs
from running_python import differing

KINDS: dict[str, Callable[[str], Any]] = {
    "functions": python_programs.sample,
    "views": viewing_programs.sample,
}


def outcome(kind: str, seed: str) -> str:
    """What is wrong with a program; nothing, if it is right."""
    warnings.simplefilter("ignore")
    made: Any = KINDS[kind](seed)
    try:
        wrong = differing(made.text, made.values)
    except Exception as error:
        wrong = [f"{type(error).__name__}: {error}"]
    return f"{seed}: {', '.join(wrong)}\n{made.text}\n\n" if wrong else ""


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--kind", choices=KINDS, default="functions", help="of programs")
    parser.add_argument("--count", type=int, default=500, help="how many programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args(arguments)
    seeds = [f"{options.seed}:{number}" for number in range(options.count)]
    with Pool(options.jobs) as pool:
        made = pool.imap_unordered(partial(outcome, options.kind), seeds, chunksize=16)
        wrong = [said for said in made if said]
    sys.stdout.write("".join(wrong))
    sys.stdout.write(f"{options.count:,} programs, {len(wrong)} of them differ\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
