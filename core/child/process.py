"""The child process that checks: started early, so that SymPy loads while a program is read."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

Answer = dict[str, Any]
LATE: Answer = {}
FAST = "BACKPROP_FAST"
WITHOUT = {"MPMATH_NOGMPY": "1", "SYMPY_GROUND_TYPES": "python"}
PATIENCE = 10  # times its time that a child may take on a busy machine


class Child:
    """One process, for any number of questions one after another; dictionaries go in and out."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[Answer | None] = SimpleQueue()
        self.sent = 0.0
        self.used: float | None = None  # seconds of the processor, before the question
        command = [sys.executable, "-P", "-m", "backprop.worker"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            env=surroundings(),
        )  # fmt: skip
        self.listener = threading.Thread(target=self.listen, daemon=True)
        self.listener.start()

    def listen(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # closed in the middle of a line
            for line in self.process.stdout:
                self.answers.put(json.loads(line))
        self.answers.put(None)

    def send(self, question: Mapping[str, Any]) -> None:
        """Write a question, without waiting for a child that doesn't read."""
        self.sent, self.used = time.monotonic(), processor_time(self.process.pid)
        line = json.dumps(question).encode() + b"\n"
        threading.Thread(target=self.write, args=(line,), daemon=True).start()

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with suppress(OSError, ValueError):  # it has ended, and says so by its silence
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def answer(self, end: float) -> Answer | None:
        """The next answer, LATE if it doesn't come in time, None if there can be no more. Time
        for which others have the processor doesn't count, or a busy machine would be a verdict."""
        given = end - self.sent
        while True:
            try:
                return self.answers.get(timeout=max(0.0, end - time.monotonic()))
            except Empty:
                missing = self.missing(given)
                if not missing:
                    return LATE
                end = time.monotonic() + missing

    def missing(self, given: float) -> float:
        """How much of its time a child that wants to run has not had."""
        used = processor_time(self.process.pid)
        if used is None or self.used is None or not wants_to_run(self.process.pid):
            return 0.0
        if time.monotonic() - self.sent > given * PATIENCE:
            return 0.0
        return max(0.0, given - (used - self.used))

    @property
    def alive(self) -> bool:
        return self.process.poll() is None

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        self.listener.join()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError, ValueError):  # what was left to write has no reader any more
                if pipe:
                    pipe.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def surroundings() -> dict[str, str]:
    """The environment of a child. gmpy2, if it is installed, is only loaded where it is asked for:
    it makes large checks faster, and all small ones slower."""
    return {**os.environ, **({} if os.environ.get(FAST) else WITHOUT)}


def processor_time(pid: int) -> float | None:
    """The seconds of processor time that a process has had; None where nobody says."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")
    except (OSError, ValueError):
        return None


def wants_to_run(pid: int) -> bool:
    """Does a process do anything but wait for what comes?"""
    try:
        threads = [path.read_text("ascii") for path in Path(f"/proc/{pid}/task").glob("*/stat")]
    except (OSError, ValueError):
        return False
    return any(text.rpartition(")")[2].split()[0] in ("R", "D") for text in threads)
