"""Programs about arrays over many rows at once: each row has what the engine for single points
finds, and what is the same in all rows has the sum."""

from __future__ import annotations

from math import inf, isfinite
from random import Random
from typing import Any

import array_cases
import numpy as np
import pytest
from array_programs import sample

import backprop
from backprop.answer.evaluation import staged
from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.engine.arrays import backward_arrays
from backprop.engine.numbers import forward
from backprop.gates import GATES, array_gates
from backprop.kernel.array_rows import ArrayKernel
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.lifting import RULES, lifted
from backprop.program.program import Program

Array = Any
ROWS = 3


def program_of(text: str | Tree, values: dict[str, Array]) -> Program:
    tree = parse(text) if isinstance(text, str) else text
    shapes = {name: value.shape for name, value in values.items() if value.ndim}
    return staged(tree, [*values], "written", True, shapes)


def drawn(values: dict[str, Array], random: Random) -> dict[str, Array]:
    """Some of the values with rows in front, each a little different."""
    chosen = [name for name in values if random.random() < 0.6] or [*values][:1]
    numbers = np.random.default_rng(random.randrange(1 << 20))
    return {
        name: np.stack([values[name] * (1 + 0.05 * numbers.normal(size=np.shape(values[name])))
                        for _ in range(ROWS)])
        for name in chosen
    }  # fmt: skip


def same(ours: Array, right: Array) -> bool:
    return bool(np.allclose(ours, right, rtol=1e-7, atol=1e-9, equal_nan=True))


def agrees(text: str | Tree, given: dict[str, Any], random: Random) -> bool:
    """Does the program of many rows find what the engine finds row by row?"""
    values = {name: np.asarray(value, dtype=float) for name, value in given.items()}
    program = program_of(text, values)
    values = {name: values[name] for name in program.inputs}
    rows = drawn(values, random)
    many = lifted(program, [*rows], ROWS).program
    singly = []
    everything: dict[str, Any] = values | rows
    with np.errstate(**IGNORED):
        found: list[Any] = forward(many, everything, ARRAYS)
        back = backward_arrays(many, found, np.ones(many.shapes[many.output]))
        for row in range(ROWS):
            at: dict[str, Any] = values | {name: column[row] for name, column in rows.items()}
            one = forward(program, at, ARRAYS)
            if not same(found[many.output][row], one[program.output]):
                return False
            upstream = np.ones(program.shapes[program.output])[()]
            singly.append(backward_arrays(program, one, upstream))
    for name, slot in program.inputs.items():
        right = np.array([one.gradient(slot) for one in singly])
        ours = back.gradient(many.inputs[name])
        if not same(ours, right if name in rows else right.sum(axis=0)):
            return False
    return True


def test_every_gate_on_arrays_knows_how_it_works_on_many_rows() -> None:
    lacking = [
        name for name, gate in array_gates().items()
        if not ("->" in gate.rows or gate.rows in RULES or gate.rows in GATES)
        and "axis" not in gate.operands
    ]  # fmt: skip
    assert not lacking


@pytest.mark.parametrize("gate", [name for name in array_cases.DRAW if name != "cholesky"])
def test_a_gate_on_many_rows_is_that_on_each(gate: str) -> None:
    for seed in range(3):
        random = Random(f"{gate} {seed}")
        case = array_cases.DRAW[gate](random)
        if program_of(
            case.program, {n: np.asarray(v, float) for n, v in case.given.items()}
        ).arrays:
            assert agrees(case.program, case.given, random), case.text


@pytest.mark.parametrize("seed", range(12))
def test_programs_of_several_stages_on_many_rows(seed: int) -> None:
    text, point = sample(str(seed))
    assert agrees(text, dict(point), Random(seed)), text


# The kernel: ties, corners, blocks, threads.

TEXT = "h = relu(W @ x + b)\nlogsumexp(v * h) + sqrt(abs(x[0] - x[1])) + 0.1*sum(abs(w0 - x))"
POINT = {
    "W": np.array([[1.0, -2.0, 0.5], [0.25, 1.0, -1.0]]), "b": np.array([0.0, 0.5]),
    "v": np.array([1.5, -0.5]), "w0": 0.25,
}  # fmt: skip
X = np.array([
    [0.5, -1.0, 2.0], [0.0, 0.0, 0.0], [1.0, 1.0, 3.0], [0.25, 0.5, 2.0], [-1.5, 0.75, 0.125],
    [1e200, -1e200, 1e200], [2.0, 1.0, 0.0],
])  # fmt: skip


def kernel_of(x: Array, wrt: str, threads: int = 1) -> ArrayKernel:
    program = program_of(TEXT, {**{n: np.asarray(v) for n, v in POINT.items()}, "x": x[0]})
    return ArrayKernel(program, wrt.split(), ["x"], threads=threads)


def by_eval(x: Array) -> list[Any]:
    return [
        backprop.evaluate(TEXT, {**POINT, "x": row}, allow_nonfinite=True) for row in x
    ]  # fmt: skip


def test_rows_that_tie_or_have_no_number_are_those_of_the_engine() -> None:
    value, gradients = kernel_of(X, "W b v w0 x")({**POINT, "x": X}, len(X))
    reports = by_eval(X)
    assert same(value, [report.value for report in reports])
    for name, gradient in gradients.items():
        assert same(gradient, [report.gradient[name] for report in reports]), name


def test_sums_leave_out_rows_without_a_finite_answer_and_say_which() -> None:
    x = np.concatenate([X, [[inf, 0.0, 1.0]]])
    kernel = kernel_of(x, "W b v w0")
    (block,) = kernel.blocks({**POINT, "x": x}, len(x))
    reports = by_eval(x)
    fine = [
        k for k, report in enumerate(reports)
        if isfinite(report.value) and all(np.isfinite(report.gradient[n]).all() for n in kernel.wrt)
    ]  # fmt: skip
    assert block.lost == [k for k in range(len(x)) if k not in fine]
    assert 0 < len(block.lost) < len(x)
    (part,) = block.parts
    for name, total in zip(kernel.wrt, part, strict=True):
        assert same(total, sum(reports[k].gradient[name] for k in fine)), name


def test_any_number_of_threads_finds_the_same_bits() -> None:
    x = np.random.default_rng(1).normal(size=(3 * 8192 + 17, 3))
    found = [
        [*kernel_of(x, "W b v", threads).blocks({**POINT, "x": x}, len(x))] for threads in (1, 2, 3)
    ]
    assert len(found[0]) == 4
    for others in found[1:]:
        for one, other in zip(found[0], others, strict=True):
            assert one.value.tobytes() == other.value.tobytes()
            assert all(
                a.tobytes() == b.tobytes()
                for a, b in zip(one.parts[0], other.parts[0], strict=True)
            )
