"""Operations and times of a program's rows, symbolic and staged.

A row is a statement of the program with all that leads to it, so that growth shows. SymPy
works in a process of its own and for a limited time; what it couldn't finish is None, with a
reason. The staged passes are counted and timed here.
"""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from backprop.child.process import LATE, Child
from backprop.comparing.counting import Operations, count
from backprop.comparing.timing import best
from backprop.engine.numbers import backward, forward
from backprop.language.syntax import Op
from backprop.program.program import Program

MOST = 32  # rows; of more statements some stand for all
ANYWHERE = 0.5  # where passes are timed if nobody gives a point


class Symbolic(NamedTuple):
    """Operations that SymPy counts: the value, all derivatives, both with common parts shared."""

    value: int | None = None
    gradient: int | None = None
    cse: int | None = None
    derivative: Mapping[str, str] = {}
    reason: str = ""  # why something is missing


class Seconds(NamedTuple):
    """Times of making the derivatives, sharing their parts, evaluating each way; both passes."""

    derive: float | None = None
    cse: float | None = None
    evaluate: float | None = None
    evaluate_cse: float | None = None
    staged: float | None = None


class Row(NamedTuple):
    n: int
    name: str
    symbolic: Symbolic
    staged: Operations
    seconds: Seconds

    def to_dict(self, *, times: bool) -> dict[str, Any]:
        staged = self.staged
        return {
            "n": self.n,
            "name": self.name,
            "symbolic": {
                **self.symbolic._asdict(),
                "derivative": dict(self.symbolic.derivative),
                "reason": self.symbolic.reason or None,
            },
            "staged": {
                "forward": staged.forward, "backward": staged.backward, "total": staged.total
            },
            "seconds": self.seconds._asdict() if times else None,
        }  # fmt: skip


class Mark(NamedTuple):
    """A row to be: its number and name, its slot, and the statements up to its own."""

    n: int
    name: str
    slot: int
    statements: int


def marks_of(program: Program, names: Sequence[str] = ()) -> list[Mark]:
    """The statements to measure: those of `names`, else all that compute something.

    Of very many only the first, second, fourth, eighth and so on, and the last.
    """
    marks = [
        mark for mark in all_marks(program)
        if (mark.name in names if names else mark.name not in program.defaults)
    ]  # fmt: skip
    marks = [mark._replace(n=n) for n, mark in enumerate(marks, 1)]
    if not names and len(marks) > MOST:
        last = len(marks)
        marks = [mark for mark in marks if mark.n == last or mark.n & (mark.n - 1) == 0]
    return marks


def all_marks(program: Program) -> Iterator[Mark]:
    tree = program.tree
    for statements, (_, stop) in enumerate(tree.body, 1):
        item = tree.code[stop - 1]
        if isinstance(item, Op) and item.kind == "store":
            yield Mark(0, item.name, program.names.get(item.name, program.output), statements)
        else:
            yield Mark(0, program.output_name, program.output, statements)


def part(program: Program, slot: int) -> Program:
    """The program of one slot: what leads to it, and nothing else."""
    needed = {slot}
    for place in range(slot, -1, -1):
        if place in needed:
            needed.update(program.operands[place])
    order = sorted(needed)
    moved = {place: position for position, place in enumerate(order)}

    def kept(places: Mapping[str, int]) -> dict[str, int]:
        return {name: moved[place] for name, place in places.items() if place in moved}

    inputs = kept(program.inputs)
    return replace(
        program,
        gates=tuple([program.gates[place] for place in order]),
        operands=tuple([tuple([moved[o] for o in program.operands[place]]) for place in order]),
        nodes=tuple([program.nodes[place] for place in order]),
        constants={moved[o]: value for o, value in program.constants.items() if o in moved},
        literals={moved[o]: text for o, text in program.literals.items() if o in moved},
        inputs=inputs,
        defaults={name: value for name, value in program.defaults.items() if name in inputs},
        names=kept(program.names),
        output=moved[slot],
    )


Piece = dict[str, Any]


def measured(
    program: Program, marks: Sequence[Mark], point: Mapping[str, float], child: Child,
    timeout: float,
) -> tuple[Row, ...]:  # fmt: skip
    """Every row. SymPy is at work in the child while the staged passes are counted here."""
    end = time.monotonic() + timeout
    parts = [part(program, mark.slot) for mark in marks]
    at = dict.fromkeys(program.inputs, ANYWHERE) | dict(point)
    child.send(request(program, marks, parts, at))
    staged = [(count(one), passes(one, at)) for one in parts]
    pieces, reason = collected(child, len(marks), end, f"not finished in {timeout:g} s")
    return tuple(
        row(mark, operations, seconds, piece, reason)
        for mark, (operations, seconds), piece in zip(marks, staged, pieces, strict=True)
    )


def request(
    program: Program, marks: Sequence[Mark], parts: Sequence[Program], at: Mapping[str, float]
) -> Piece:
    rows = [
        {"statements": mark.statements, "wrt": list(one.inputs)}
        for mark, one in zip(marks, parts, strict=True)
    ]
    point = {name: at[name].hex() for name in program.inputs}
    output = program.tree.output
    return {"compare": rows, "text": program.text, "output": output, "point": point}


def passes(program: Program, at: Mapping[str, float]) -> float:
    """Seconds of one forward and one backward pass."""

    def work() -> None:
        backward(program, forward(program, at))

    return best(work)[1]


def collected(child: Child, rows: int, end: float, late: str) -> tuple[list[Piece], str]:
    """What the child says of every row until it is done or `end` has come, and why it ended."""
    pieces: list[Piece] = [{"symbolic": {}, "seconds": {}} for _ in range(rows)]
    while (answer := child.answer(end)) is not LATE:
        if answer is None:
            return pieces, "the process that runs SymPy ended early"
        if "failed" in answer:
            return pieces, str(answer["failed"])
        if "done" in answer:
            return pieces, ""
        for kind, known in pieces[answer["row"]].items():
            known.update(answer.get(kind, {}))
    child.close()
    return pieces, late


def row(mark: Mark, operations: Operations, seconds: float, piece: Piece, reason: str) -> Row:
    symbolic = Symbolic(**piece["symbolic"])
    times = Seconds(**piece["seconds"], staged=seconds)
    if None in symbolic or None in times:
        symbolic = symbolic._replace(reason=symbolic.reason or reason)
    return Row(mark.n, mark.name, symbolic, operations, times)
