"""The largest program that is read, through the whole command: time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from time import perf_counter

from installed import environment
from table import Row, at_most
from texts import mixed

TITLE = "The whole command at its limit"
STAGES = 1_000_000


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    size = STAGES // 10 if quick else STAGES
    if not hasattr(os, "wait4"):
        yield Row(f"{size:,} stages", "skipped, this system doesn't tell a process's memory")
        return
    problem = mixed(size - 10, size)
    text, point = folder / "large.bp", folder / "point.json"
    text.write_text(problem.text, "utf-8")
    point.write_text(json.dumps(problem.point), "utf-8")
    command = [
        str(folder / "bin" / "backprop"),
        "eval",
        f"@{text}",
        "--at",
        str(point),
        "--no-check",
    ]
    for kind, more in (("JSON", ["--json"]), ("table", [])):
        seconds, gigabytes = resources([sys.executable, *command, *more], folder)
        yield at_most(f"{size:,} stages, {kind}", seconds, 20, "s")
        yield at_most(f"{size:,} stages, {kind}", gigabytes, 1.5, "GB")


def resources(command: list[str], folder: Path) -> tuple[float, float]:
    """Seconds and peak gigabytes of a process."""
    start = perf_counter()
    process = subprocess.Popen(command, env=environment(folder), stdout=subprocess.DEVNULL)
    _, status, used = os.wait4(process.pid, 0)
    seconds = perf_counter() - start
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return seconds, used.ru_maxrss * (1 if sys.platform == "darwin" else 1024) / 1e9
