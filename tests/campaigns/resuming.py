"""Runs of `batch` that are killed at random moments, and go on: are the bytes always the same?

    python tests/campaigns/resuming.py --moments 20

Every way of reading and writing is killed by kill -9 and by Ctrl-C at moments drawn over the
whole run, the last rename included.
"""

from __future__ import annotations

import argparse
import signal
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from interrupting import WAYS, interrupted, make_data, moments, span

KILLS = (signal.SIGKILL, signal.SIGINT)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--moments", type=int, default=20, help="for each way and signal")
    parser.add_argument("--rows", type=int, default=30_000)
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    faults = 0
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        make_data(folder, options.rows)
        for way in WAYS:
            longest = span(folder, way)
            right = (folder / way.target).read_bytes()
            for how in KILLS:
                early = resumed = 0
                for seconds in moments(options.moments, longest, options.seed):
                    found = interrupted(folder, way, seconds, how, right)
                    early += found.interrupted
                    resumed += found.resumed > 0
                    faults += bool(found.faults)
                    for fault in found.faults:
                        sys.stdout.write(f"{way}, {how.name} after {seconds:.3f} s: {fault}\n")
                sys.stdout.write(
                    f"{way}: {how.name} {options.moments} times, {early} before the end, "
                    f"{resumed} went on from a journal\n"
                )
                sys.stdout.flush()
    sys.stdout.write(f"{faults} faults\n")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
