"""Any number of random programs in Python, run by Python itself and read: functions with loops,
choices, lists, dicts and helpers, and sequences of views, copies, aliases and writes; and sources
that nobody would write, which end in an error or not, but never in a traceback.

    python tests/campaigns/reading.py --count 500
    python tests/campaigns/reading.py --kind views --count 5000
    python tests/campaigns/reading.py --kind sources --count 20000

The programs are those of tests/test_reading_programs.py and tests/test_reading_limits.py, and more
of their kind. Prints every one that differs, or that ended in an error; the exit code is 1 if there
is one.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
import warnings
from collections.abc import Callable
from functools import partial
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import fuzzing_python
import python_programs
import viewing_programs
from running_python import differing

SECONDS = 5.0  # in which reading ends


def of_functions(seed: str) -> tuple[str, list[str]]:
    made = python_programs.sample(seed)
    return made.text, differing(made.text, made.values)


def of_views(seed: str) -> tuple[str, list[str]]:
    made = viewing_programs.sample(seed)
    return made.text, differing(made.text, made.values)


def of_sources(seed: str) -> tuple[str, list[str]]:
    text = fuzzing_python.source(seed)
    start = time.process_time()
    try:
        said = fuzzing_python.ending(text, "" if seed.endswith(("0", "3", "6")) else "f")
    except Exception as error:
        said = f"{type(error).__name__}: {error}"
    late = time.process_time() - start > SECONDS
    odd = [] if said is None or said.startswith("error: ") else [f"it says {said!r}"]
    return text, odd + ["it takes too long"] * late


KINDS: dict[str, Callable[[str], tuple[str, list[str]]]] = {
    "functions": of_functions,
    "views": of_views,
    "sources": of_sources,
}


def outcome(kind: str, seed: str) -> str:
    """What is wrong with a program; nothing, if it is right."""
    warnings.simplefilter("ignore")
    text = ""
    try:
        text, wrong = KINDS[kind](seed)
    except Exception as error:
        wrong = [f"{type(error).__name__}: {error}"]
    return f"{seed}: {', '.join(wrong)}\n{text}\n\n" if wrong else ""


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
