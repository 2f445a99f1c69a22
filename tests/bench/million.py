"""The largest program that is read, through the whole command: time and memory."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

from installed import environment
from table import Row, at_most
from texts import mixed

TITLE = "The whole command at its limit"
STAGES = 1_000_000
ROOM = 10  # what the last statement may add beyond the size asked for


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    size = STAGES // 10 if quick else STAGES
    if not hasattr(os, "wait4"):
        yield Row(f"{size:,} stages", "skipped, this system doesn't tell a process's memory")
        return
    problem = mixed(size - ROOM, size)
    text, point = folder / "large.bp", folder / "point.json"
    text.write_text(problem.text, "utf-8")
    point.write_text(json.dumps(problem.point), "utf-8")
    script = [sys.executable, str(folder / "bin" / "backprop")]
    command = [*script, "eval", f"@{text}", f"--at={point}", "--no-check"]
    for kind, more in (("JSON", ["--json"]), ("table", [])):
        found = resources([*command, *more], folder)
        if isinstance(found, str):
            yield Row(f"{size:,} stages, {kind}", f"fails: {found}", "an answer", False)
            continue
        seconds, gigabytes = found
        yield at_most(f"{size:,} stages, {kind}", seconds, 20, "s of processor time")
        yield at_most(f"{size:,} stages, {kind}", gigabytes, 1.5, "GB")


def resources(command: list[str], folder: Path) -> tuple[float, float] | str:
    """Seconds of processor time and peak gigabytes of a process, or why it has no answer."""
    nowhere = subprocess.DEVNULL
    process = subprocess.Popen(command, env=environment(folder), stdout=nowhere, stderr=nowhere)
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        return f"exit code {process.returncode}"
    unit = 1 if sys.platform == "darwin" else 1024
    return used.ru_utime + used.ru_stime, used.ru_maxrss * unit / 1e9
