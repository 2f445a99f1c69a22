"""Runs of `batch` that are killed at some moment and go on later: the same bytes in the end."""

from __future__ import annotations

import gzip
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from random import Random
from typing import NamedTuple

import polars

# Small pieces, and a journal after each, so that a short run has many moments to be killed at.
SCRIPT = """
import sys
try:
    from backprop.batching import drafts
    from backprop.tables import parquet, streams
    streams.PIECE, parquet.ROWS = {piece}, max(1, {piece} // 64)
    drafts.PACE = drafts.SHARE = 0
    from backprop.cli.main import main
except KeyboardInterrupt:
    sys.exit(130)
main()
"""
PROGRAM = "y*sigmoid(w*x + b)"
OPTIONS = ("--w=0.5", "--b=-1", "--on-error=skip", "--check-rows=0", "--force")
PIECE = 1 << 13


class Way(NamedTuple):
    """What is read, what is written, and what is asked for besides."""

    sources: tuple[str, ...]
    target: str
    options: tuple[str, ...] = ("--keep", "name")

    def __str__(self) -> str:
        return f"{'+'.join(self.sources)} to {self.target} {' '.join(self.options)}"


SUMS = ("--reduce", "sum", "--by", "group")
WAYS = (
    Way(("a.csv",), "o.csv"),
    Way(("a.csv.gz",), "o.csv.gz"),
    Way(("a.parquet",), "o.parquet"),
    Way(("a.csv", "b.jsonl", "c.parquet"), "o.jsonl"),
    Way(("a.csv", "c.parquet"), "o.csv", SUMS),
)


def make_data(folder: Path, rows: int) -> None:
    """The same kind of rows in every format, some of them with text that is no number."""
    random = Random(rows)
    for stem in "abc":
        x = [random.gauss(0, 3) for _ in range(rows)]
        y = [random.lognormvariate(0, 9) for _ in range(rows)]
        name = [f"row {k}, {stem}\n" if k % 7 == 0 else f"{k}" for k in range(rows)]
        table = polars.DataFrame(
            {"x": x, "name": name, "group": [f"g{k % 11}" for k in range(rows)], "y": y}
        )
        spoiled = [None if k % 97 == 0 else number for k, number in enumerate(x)]
        table = table.with_columns(x=polars.Series(spoiled))
        table.write_parquet(folder / f"{stem}.parquet")
        table.write_ndjson(folder / f"{stem}.jsonl")
        table.write_csv(folder / f"{stem}.csv")
        (folder / f"{stem}.csv.gz").write_bytes(
            gzip.compress((folder / f"{stem}.csv").read_bytes())
        )


def arguments(way: Way, *more: str, piece: int = PIECE) -> list[str]:
    data = [word for source in way.sources for word in ("--data", source)]
    asked = ["batch", PROGRAM, *data, "-o", way.target, *OPTIONS, *way.options, *more]
    return [sys.executable, "-c", SCRIPT.format(piece=piece), *asked]


def begun(folder: Path, way: Way, *more: str, piece: int = PIECE) -> subprocess.Popen[str]:
    return subprocess.Popen(
        arguments(way, *more, piece=piece), cwd=folder, text=True,
        stdout=subprocess.PIPE, stderr=subprocess.PIPE,
    )  # fmt: skip


def finished(folder: Path, way: Way, *more: str, piece: int = PIECE) -> tuple[int, str]:
    """The exit code of a whole run, and what it says."""
    run = begun(folder, way, *more, piece=piece)
    _, said = run.communicate(timeout=120)
    return run.returncode, said


def hidden(folder: Path) -> list[str]:
    """What a run leaves for another."""
    return sorted(name for name in os.listdir(folder) if name.startswith("."))


class Outcome(NamedTuple):
    resumed: int  # rows that had been done before
    interrupted: bool
    faults: list[str]


def wait_for_draft(folder: Path, run: subprocess.Popen[str]) -> None:
    while run.poll() is None and not hidden(folder):
        time.sleep(0.001)


def span(folder: Path, way: Way) -> float:
    """How long a run writes."""
    run = begun(folder, way)
    wait_for_draft(folder, run)
    start = time.monotonic()
    run.communicate(timeout=120)
    return time.monotonic() - start


def interrupted(
    folder: Path, way: Way, seconds: float, how: signal.Signals, right: bytes
) -> Outcome:
    """Begin, kill so many seconds after the first byte, and go on."""
    target = folder / way.target
    target.write_bytes(b"old")
    run = begun(folder, way)
    wait_for_draft(folder, run)
    time.sleep(seconds)
    run.send_signal(how)
    _, said = run.communicate(timeout=120)
    faults = []
    early = target.read_bytes() == b"old"
    if not early and target.read_bytes() != right:
        faults.append("the file is neither the old nor the new one")
    if early and how is signal.SIGINT and run.returncode != 130:
        faults.append(f"Ctrl-C gives {run.returncode}: {said}")
    resumed = 0
    if run.returncode:
        code, said = finished(folder, way, "--resume", "--summary", "summary.json")
        if code:
            return Outcome(0, early, [*faults, f"--resume gives {code}: {said}"])
        resumed = json.loads((folder / "summary.json").read_text("utf-8"))["resumed"]
    if left := hidden(folder):
        faults.append(f"{', '.join(left)} is left")
    if target.read_bytes() != right:
        faults.append("other bytes")
    return Outcome(resumed, early, faults)


def moments(count: int, longest: float, seed: int) -> Sequence[float]:
    random = Random(seed)
    return [random.uniform(0, longest) for _ in range(count)]
