"""Asking SymPy whether two expressions are one: the parent's side.

Every question is put to the child process on its own, with its share of the time, so that
one that SymPy is lost in costs the others nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

from backprop.child.process import LATE, Child
from backprop.program.program import Program

LEAST = 1.0  # seconds for a question, whatever others took
LOADING = 2.0  # seconds more in which another child loads SymPy


class Proof(NamedTuple):
    """What SymPy says of an equation."""

    equal: bool = False  # shown to hold everywhere; if not, nothing is known
    formula: str = ""  # of the right side, in the user's names
    latex: str = ""
    reason: str = ""  # why there is nothing from SymPy


def prove(
    questions: Sequence[Mapping[str, Any]], child: Child | None, timeout: float
) -> list[Proof]:
    """An answer to every question, in `timeout` seconds or so."""
    rest = timeout
    found: list[Proof] = []
    worker = child if child and child.alive else Child()
    for left, question in zip(range(len(questions), 0, -1), questions, strict=True):
        share, start, loading = max(LEAST, rest / left), time.monotonic(), 0.0
        if not worker.alive:
            worker, loading = Child(), LOADING
        worker.send({"prove": question, "timeout": share})
        end = start + share + loading
        found.append(answered(worker, end, f"SymPy didn't decide in {share:.2g} s"))
        rest -= min(share, time.monotonic() - start)  # what a busy machine takes costs nobody
    if worker is not child:
        worker.close()
    return found


def answered(worker: Child, end: float, late: str) -> Proof:
    """What comes in time; a child that is late is ended, since it may be at work for hours."""
    known: dict[str, Any] = {}
    while True:
        answer = worker.answer(end)
        if answer is LATE:
            worker.close()
            return Proof(**known, reason=late)
        if answer is None:
            return Proof(**known, reason="the checking process ended early")
        if "failed" in answer:
            return Proof(**known, reason=f"SymPy failed: {answer['failed']}")
        more = answer.pop("more")
        known |= answer
        if not more:
            return Proof(**known)


def subject(program: Program) -> dict[str, Any]:
    """A program as the child stages it again."""
    return {
        "text": program.text,
        "output": program.tree.output,
        "given": [*program.inputs],
        "gates": program.granularity,
        "share": program.shared,
    }
