"""Any number of random programs through the engine, a 50-digit difference, and other libraries.

    python tests/campaigns/differential.py --count 100000 --seed 1 --peers torch,jax

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
from peers import PEERS, installed
from programs import sample


def outcome(seed: int, gates: str, peers: list[str], number: int) -> Outcome:
    return compare(sample(f"{seed}:{number}"), gates, peers)


def shown(found: Outcome) -> str:
    point = " ".join([f"--{name}={value!r}" for name, value in found.sample.point.items()])
    rows = [
        ", ".join([f"    {name}: engine {mine!r}", *said(found, name)])
        for name, mine in found.found.items()
    ]
    return "\n".join([f"{found.sample.text}\n    {point}", *rows])


def said(found: Outcome, name: str) -> list[str]:
    """What the peers say; only the difference has a value."""
    answers = found.answers.items()
    return [f"{peer} {answer[name]!r}" for peer, answer in answers if name in answer]


def named(text: str) -> list[str]:
    """The peers that an option names, all of them installed."""
    names = text.split(",")
    if lacking := [name for name in names if name not in installed()]:
        raise argparse.ArgumentTypeError(f"{', '.join(lacking)}: not a peer, or not installed")
    return names


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=10_000, help="how many programs")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--gates", choices=("written", "fused"), default="written")
    parser.add_argument(
        "--peers",
        type=named,
        default=installed(),
        help=f"some of {','.join(PEERS)}; default: those that are installed",
    )
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="worker processes")
    options = parser.parse_args(arguments)
    with Pool(options.jobs) as pool:
        work = partial(outcome, options.seed, options.gates, options.peers)
        counts, wrong = tally(pool.imap_unordered(work, range(options.count), chunksize=64))
    for peer, verdicts in counts.items():
        sys.stdout.write(f"{peer:10}  {dict(verdicts.most_common())}\n")
    for case in wrong:
        sys.stdout.write(f"\n{shown(case)}\n")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
