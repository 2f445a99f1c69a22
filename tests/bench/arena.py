"""Contenders side by side: each in a process of its own, asked in turn.

So a peer that hangs, runs out of stack or crashes ends alone, none fills another's memory, and
noise of the machine meets all of them alike. Times are processor times, which count what a
process does and not how long it waits for others. A time is a mean over many runs, because
collecting the garbage that a run leaves behind is part of its price.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection
from time import process_time
from typing import NamedTuple

from rivals import CONTENDERS, Contender
from texts import Problem

ENOUGH = 0.2  # seconds after which a run isn't repeated
LOADING = 120.0
NEAR = 1e-7


class Timed(NamedTuple):
    """The mean of some runs, and what came out of them."""

    seconds: float
    value: float
    gradient: dict[str, float]


class Failed(NamedTuple):
    """Why there is no time."""

    reason: str


def serve(name: str, pipe: Connection) -> None:
    """The life of one contender's process."""
    try:
        contender = CONTENDERS[name]()
    except ImportError as error:
        pipe.send(Failed(f"not installed: {error.name}"))
        return
    pipe.send(None)
    while (problem := pipe.recv()) is not None:
        try:
            pipe.send(mean(contender, problem))
        except Exception as error:  # whatever a peer dies of is its result
            pipe.send(Failed(f"{type(error).__name__}: {str(error)[:50]}"))


def mean(contender: Contender, problem: Problem) -> Timed:
    runs, spent, start = 0, 0.0, process_time()
    while spent < ENOUGH:
        value, gradient = contender(problem.text, problem.point)
        spent, runs = process_time() - start, runs + 1
    return Timed(spent / runs, value, gradient)


class Seat:
    """A contender's process seen from outside; `out` says why it no longer takes part."""

    def __init__(self, name: str) -> None:
        context = get_context("spawn")
        self.name = name
        self.pipe, theirs = context.Pipe()
        self.process = context.Process(target=serve, args=(name, theirs), daemon=True)
        self.process.start()
        theirs.close()
        ready = self.receive(LOADING)
        self.out = ready if isinstance(ready, Failed) else None

    def receive(self, timeout: float) -> Timed | Failed | None:
        try:
            if self.pipe.poll(timeout):
                answer: Timed | Failed | None = self.pipe.recv()
                return answer
        except EOFError:
            self.process.join()
            return Failed(f"its process died (exit code {self.process.exitcode})")
        self.process.kill()
        return Failed(f"not done in {timeout:g} s")

    def ask(self, problem: Problem, timeout: float) -> Timed | Failed:
        if self.out:
            return self.out
        self.pipe.send(problem)
        answer = self.receive(timeout)
        assert answer is not None
        if isinstance(answer, Failed):
            self.out = answer
        return answer

    def leave(self) -> None:
        if self.process.is_alive():
            self.process.kill()
        self.process.join()


def contest(
    seats: Sequence[Seat], problem: Problem, rounds: int, timeout: float
) -> dict[str, list[Timed | Failed]]:
    """All contenders' answers to one problem, round after round."""
    found: dict[str, list[Timed | Failed]] = {seat.name: [] for seat in seats}
    for _ in range(rounds):
        for seat in seats:
            known = found[seat.name]
            slow = known and isinstance(known[0], Timed) and known[0].seconds > timeout / rounds
            if not slow:
                known.append(seat.ask(problem, timeout))
    return found


def same(ours: Timed, theirs: Timed) -> bool:
    """Did both compute the same value and gradient?"""
    return near(ours.value, theirs.value) and all(
        near(slope, theirs.gradient[name]) for name, slope in ours.gradient.items()
    )


def near(a: float, b: float) -> bool:
    return math.isclose(a, b, rel_tol=NEAR, abs_tol=NEAR)


def median(numbers: Sequence[float]) -> float:
    return sorted(numbers)[len(numbers) // 2]


def pairs(ours: Sequence[float], theirs: Sequence[float]) -> float:
    """The median ratio of times taken in the same round."""
    return median([b / a for a, b in zip(ours, theirs, strict=False)])


def seconds_of(answers: Sequence[Timed | Failed]) -> list[float]:
    return [answer.seconds for answer in answers if isinstance(answer, Timed)]
