"""Benchmarks: `python tests/bench/run.py [--quick] [--only NAME]`.

Ratios against peers measured in turn with the tool, in this run and on this machine. Nothing
here is a test: a goal is met or not met, and the exit code is 0 either way.
"""

from __future__ import annotations

import argparse
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import arrays
import checking
import cold
import gradients
import improving
import million
import passes
import reading
import rows
import sources
import tables
import training
from installed import install
from table import print_rows

BENCHMARKS = {
    "cold": cold,
    "reading": reading,
    "sources": sources,
    "gradients": gradients,
    "passes": passes,
    "arrays": arrays,
    "rows": rows,
    "tables": tables,
    "training": training,
    "million": million,
    "checking": checking,
    "improving": improving,
}


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="fewer rounds and sizes")
    parser.add_argument("--only", choices=BENCHMARKS, help="one benchmark alone")
    asked = parser.parse_args()
    with TemporaryDirectory() as name:
        folder = Path(name)
        install(folder)
        sys.path.insert(0, str(folder))
        shown = []
        for name, benchmark in BENCHMARKS.items():
            if asked.only in (None, name):
                shown += print_rows(benchmark.TITLE, benchmark.measure(folder, quick=asked.quick))
    judged = [row.met for row in shown if row.met is not None]
    print(f"\n{sum(judged)} of {len(judged)} goals met")


if __name__ == "__main__":
    main()
