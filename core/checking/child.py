"""The child process that checks: started early, so that SymPy loads while a program is read."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time
from collections.abc import Mapping
from contextlib import suppress
from queue import Empty, SimpleQueue
from types import TracebackType
from typing import Any, Self

Answer = dict[str, Any]
LATE: Answer = {}


class Child:
    """One process, for any number of questions one after another; dictionaries go in and out."""

    def __init__(self) -> None:
        self.answers: SimpleQueue[Answer | None] = SimpleQueue()
        command = [sys.executable, "-P", "-m", "backprop.checking.worker"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
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
        line = json.dumps(question).encode() + b"\n"
        threading.Thread(target=self.write, args=(line,), daemon=True).start()

    def write(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with suppress(OSError, ValueError):  # it has ended, and says so by its silence
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def answer(self, end: float) -> Answer | None:
        """The next answer, LATE if it doesn't come in time, None if there can be no more."""
        try:
            return self.answers.get(timeout=max(0.0, end - time.monotonic()))
        except Empty:
            return LATE

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
