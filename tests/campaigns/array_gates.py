"""Any number of random shapes and values for every gate on arrays and, under broadcasting, every
elementwise one: the engine's pull-back against a difference in 100-digit arithmetic.

    python tests/campaigns/array_gates.py --count 5000

The cases are those of tests/test_array_gates.py and more of their kind; then every mistake that
can be made in a row is planted, and must show in them. Prints each case that differs, and each
mistake that nobody notices; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import os
import sys
import warnings
from functools import partial
from multiprocessing import Pool
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from array_cases import DRAW, WHOLE
from mutating_arrays import mutants, planted
from pulling_back import drawn, wrong


def differing(count: int, gate: str) -> list[str]:
    return [said for number in range(count) if (said := outcome(gate, number))]


def outcome(gate: str, number: int) -> str:
    """What is wrong with a case; nothing, if it is right."""
    try:
        off = wrong(gate, number)
    except Exception as error:
        off = [f"{type(error).__name__}: {error}"]
    drawn.cache_clear()
    return f"{gate}, case {number}: {', '.join(off)}" if off else ""


def unnoticed(count: int, gate: str) -> tuple[int, list[str]]:
    """How many mistakes a row can have, and which of them no case shows, though they are ones."""
    warnings.simplefilter("ignore", RuntimeWarning)
    made = [mutant for mutant in mutants(gate) if not mutant.equal]
    quiet = []
    for mutant in made:
        with planted(mutant):
            if not any(noticed(gate, number) for number in range(count)):
                quiet.append(str(mutant))
    return len(made), quiet


def noticed(gate: str, number: int) -> bool:
    try:
        return bool(wrong(gate, number))
    except Exception:
        return True


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=200, help="how many cases of each gate")
    parser.add_argument("--gate", action="append", choices=DRAW, help="only this one")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args(arguments)
    gates = options.gate or list(DRAW)
    failed: list[str] = []
    mistakes = 0
    with Pool(options.jobs) as pool:
        for said in pool.imap_unordered(partial(differing, options.count), gates):
            failed += said
        rows = [gate for gate in gates if gate in WHOLE]
        for made, quiet in pool.imap_unordered(partial(unnoticed, options.count), rows):
            mistakes += made
            failed += [f"nobody notices {text}" for text in quiet]
    sys.stdout.write("".join([f"{said}\n" for said in failed]))
    sys.stdout.write(f"{len(gates)} gates, {len(gates) * options.count:,} cases; ")
    sys.stdout.write(f"{mistakes} mistakes; {len(failed)} things are wrong\n")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
