"""The one process that answers, from the server's side: asked in turn, and replaced when it hangs
or ends."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import suppress
from queue import Empty, SimpleQueue
from typing import Any

Answer = dict[str, Any]
PATIENCE = 10.0  # seconds for an answer
CHECKING = 20.0  # for a verdict
QUEUE = 8  # questions that wait
BUSY: Answer = {"error": "error: too many questions at once"}
HUNG: Answer = {"error": "error: this took too long for the page; backprop eval has more time"}
ENDED: Answer = {"error": "error: the process that answers has ended; ask again"}


class Worker:
    def __init__(self) -> None:
        self.answers: SimpleQueue[bytes] = SimpleQueue()
        command = [sys.executable, "-P", "-m", "backprop.serving.worker"]
        self.process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
        )
        threading.Thread(target=self.listen, daemon=True).start()

    def listen(self) -> None:
        assert self.process.stdout is not None
        with suppress(ValueError):  # closed in the middle of a line
            for line in self.process.stdout:
                self.answers.put(line)
        self.answers.put(b"")

    def send(self, line: bytes) -> None:
        assert self.process.stdin is not None
        with suppress(OSError, ValueError):  # it has ended, and says so by its silence
            self.process.stdin.write(line)
            self.process.stdin.flush()

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            with suppress(OSError, ValueError):
                if pipe:
                    pipe.close()


class Crew:
    """Answers questions one at a time."""

    def __init__(self, patience: float = PATIENCE) -> None:
        self.patience = patience
        self.turn = threading.Lock()
        self.waiting = threading.Semaphore(QUEUE)
        self.worker = Worker()
        self.replaced = 0

    def ask(self, question: Answer) -> bytes:
        """The answer as JSON. A question that waits too long for its turn is turned away."""
        if not self.waiting.acquire(blocking=False):
            return encoded(BUSY)
        try:
            if not self.turn.acquire(timeout=self.patience):
                return encoded(BUSY)
            try:
                return self.answered(question)
            finally:
                self.turn.release()
        finally:
            self.waiting.release()

    def answered(self, question: Answer) -> bytes:
        patience = CHECKING if question.get("ask") == "verdict" else self.patience
        self.worker.send(encoded(question) + b"\n")
        try:
            found = self.worker.answers.get(timeout=patience)
        except Empty:
            self.replace()
            return encoded(HUNG)
        if not found:
            self.replace()
            return encoded(ENDED)
        return found

    def replace(self) -> None:
        self.worker.close()
        self.worker = Worker()
        self.replaced += 1

    def close(self) -> None:
        self.worker.close()


def encoded(found: Answer) -> bytes:
    return json.dumps(found).encode()
