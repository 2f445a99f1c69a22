"""Tables: whole commands from a file to a file, against what Polars alone needs for that.

The peer is a script that reads the same columns by Polars and writes as many as there are answers,
in a process of its own, and the kernel's time on these columns in memory is added to its own.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter

from arena import median
from arrays import apart
from cold import seconds
from columns import TEXTS
from installed import environment
from million import resources
from table import Row, at_most

TITLE = "Tables: value and all gradients of the neuron for every row"
NEURON = TEXTS["B"]
COLUMNS = ("w0", "x0", "w1", "x1", "w2")
ROWS = 1_000_000
MOST = 400  # megabytes
THREADS = 2
UNCHECKED = ("--check-rows", "0")
PEER = """\
import sys, polars
polars.read_csv(sys.argv[1], schema=dict.fromkeys({columns}, polars.Float64))
polars.read_ipc(sys.argv[2]).write_csv(sys.argv[3])
"""
FORMATS = (
    ("csv", "csv"), ("csv", "parquet"), ("parquet", "parquet"), ("parquet", "csv"),
    ("jsonl", "jsonl"), ("csv.gz", "csv"), ("csv", "csv.gz"),
)  # fmt: skip
SOURCES = ("csv", "csv.gz", "parquet", "jsonl")
SUMS = (("--reduce", "mean"), ("--reduce", "sum", "--by", "group"))


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    if not find_spec("polars") or not hasattr(os, "wait4"):
        yield Row("tables", "skipped, there is no Polars, or no way to tell a process's memory")
        return
    bench = Bench(folder)
    bench.write("small", ROWS)
    yield from bench.against_polars(7 if quick else 25)
    for source, target in FORMATS:
        yield bench.pace(source, target, 3 if quick else 5)
    sizes = ["small"]
    if not quick:
        bench.write("large", 10 * ROWS)
        sizes.append("large")
    for source, target in FORMATS:
        yield bench.memory(f"{source} to {target}", source, sizes, ["-o", bench.path(target)])
    for sums in SUMS:
        yield bench.memory(f"parquet, {' '.join(sums)}", "parquet", sizes, [*sums, *UNCHECKED])


class Bench:
    """The command, and tables of two sizes for it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = environment(folder)
        script = [sys.executable, str(folder / "bin" / "backprop")]
        self.command = [*script, "batch", NEURON, "--quiet"]

    def path(self, name: str, size: str = "answers") -> str:
        return str(self.folder / f"{size}.{name}")

    def write(self, size: str, rows: int) -> None:
        """In a process of its own: what this one holds would count as its children's."""
        apart(write, {name: self.path(name, size) for name in SOURCES}, rows, threads=THREADS)

    def asked(self, source: str, *more: str, size: str = "small") -> list[str]:
        return [*self.command, "--data", self.path(source, size), *more]

    def against_polars(self, rounds: int) -> Iterator[Row]:
        to_csv = "-o", self.path("csv")
        checked, unchecked = self.asked("csv", *to_csv), self.asked("csv", *to_csv, *UNCHECKED)
        seconds(checked, self.environment)
        source, arrow = self.path("csv", "small"), self.path("arrow")
        inside = apart(prepare, source, self.path("csv"), arrow, threads=THREADS)
        again = self.path("csv", "again")
        peer = [sys.executable, "-c", PEER.format(columns=COLUMNS), source, arrow, again]
        taken: dict[str, list[float]] = {"": [], ", 10 rows checked": []}
        for _ in range(rounds):
            alone = seconds(peer, self.environment) + inside
            for what, command in zip(taken, (unchecked, checked), strict=True):
                taken[what].append(seconds(command, self.environment) / alone)
        for what, ratios in taken.items():
            yield at_most(
                f"CSV to CSV, {ROWS:,} rows{what} : Polars alone, and the kernel",
                median(ratios), 1.3,
            )  # fmt: skip

    def pace(self, source: str, target: str, rounds: int) -> Row:
        command = self.asked(source, "-o", self.path(target), *UNCHECKED)
        rate = ROWS / median([seconds(command, self.environment) for _ in range(rounds)])
        return Row(f"{source} to {target}, whole commands", f"{rate / 1e6:.2f} million rows/s")

    def memory(self, what: str, source: str, sizes: Sequence[str], more: list[str]) -> Row:
        """The peak of the process; the one that checks takes as much for any table."""
        found = [resources(self.asked(source, *more, size=size), self.folder) for size in sizes]
        peaks = [each if isinstance(each, str) else each[1] * 1e3 for each in found]
        shown = " / ".join(peak if isinstance(peak, str) else f"{peak:.0f} MB" for peak in peaks)
        met = all(not isinstance(peak, str) and peak <= MOST for peak in peaks)
        rows = "1 / 10 million" if len(sizes) > 1 else f"{ROWS:,}"
        return Row(f"{what}, memory for {rows} rows", shown, f"at most {MOST} MB", met)


def write(paths: dict[str, str], rows: int) -> None:
    """One table in all formats, of columns that repeat a million random rows."""
    import numpy as np
    import polars

    random = np.random.default_rng(0)
    frame = polars.DataFrame({name: random.uniform(0.2, 1.2, ROWS) for name in COLUMNS})
    frame = frame.with_columns(group=polars.int_range(polars.len()) % 7)
    whole = polars.concat([frame.lazy()] * (rows // ROWS))
    whole.sink_parquet(paths["parquet"])
    whole.sink_ndjson(paths["jsonl"])
    whole.select(COLUMNS).sink_csv(paths["csv"])
    whole.select(COLUMNS).sink_csv(paths["csv.gz"], compression="gzip")


def prepare(questions: str, answers: str, arrow: str) -> float:
    """Answers for the peer to write, and the seconds that the kernel takes to make them."""
    import polars

    from backprop import parse
    from backprop.kernel import compiled

    polars.read_csv(answers).write_ipc(arrow)
    frame = polars.read_csv(questions)
    columns = {name: frame[name].to_numpy() for name in COLUMNS}
    kernel = compiled(parse(NEURON), threads=THREADS)
    times = []
    for _ in range(5):
        start = perf_counter()
        kernel(columns)
        times.append(perf_counter() - start)
    return median(times)
