"""Mistakes in the rows on whole arrays, made mechanically from the texts of their partials.

A text is also a Python expression, so Python's own parser takes it apart: a transpose is
dropped, factors are swapped, a sign is turned, `g` is forgotten. Rows whose steps are not run
from their texts have mistakes of their own, and so have the parts that the texts call.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import deepcopy
from functools import partial
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, LISTS, ArrayArithmetic
from backprop.arithmetic.whole import WHOLE, wholes
from backprop.gates import array_gates
from backprop.gates.row import Gate

Array = Any
Step = Callable[..., Any]  # (*operands, out, g) -> what goes back to each operand

OTHER: dict[type[ast.operator], type[ast.operator]] = {
    ast.Mult: ast.Add,
    ast.Div: ast.Mult,
    ast.Sub: ast.Add,
    ast.MatMult: ast.Mult,
}

TOLD = {"axis", "shape", "at", "axes"}  # operands that are no arrays

# What has one axis or none in a row, by the row's rule for shapes: its transpose is itself.
FLAT = {"batchvec": "b", "vecbatch": "a", "matvec": "b g", "vecmat": "a g", "inner": "a b g out", "outer": "a b", "trace": "g out",
        "det": "g out", "logdet": "g out"}  # fmt: skip


class Mutant(NamedTuple):
    """A row with one mistake; `step` makes what its backward pass then does in an arithmetic."""

    gate: str
    how: str
    text: str
    step: Callable[[ArrayArithmetic], Step]
    equal: bool = False  # proved: it is no mistake at all

    def __str__(self) -> str:
        return f"{self.gate}: {self.how}: {self.text}"


@contextmanager
def planted(mutant: Mutant, arithmetic: ArrayArithmetic = ARRAYS) -> Iterator[None]:
    """While this is open, the engine makes the mistake, however ties are dealt with."""
    tables = arithmetic.message.values()
    right = [steps[mutant.gate] for steps in tables]
    wrong = mutant.step(arithmetic)
    try:
        for steps in tables:
            steps[mutant.gate] = wrong
        yield
    finally:
        for steps, step in zip(tables, right, strict=True):
            steps[mutant.gate] = step


def mutants(name: str) -> Iterator[Mutant]:
    """Every mistake in one row."""
    row = array_gates()[name]
    if name == "put":
        yield Mutant(name, "what is overwritten keeps its part", "", nothing_overwritten)
    if name in LISTS:
        for how, mistake in WRONG_PIECES[name] + WRONG_LISTS:
            yield Mutant(name, how, "", partial(mistaken, mistake, name))
        return
    for place, text in enumerate(row.partials):
        if text:
            yield from of_text(row, place, text)
    yield from of_parts(row)


# Mistakes in a text.


def of_text(row: Gate, place: int, text: str) -> Iterator[Mutant]:
    known = {ast.unparse(ast.parse(text, mode="eval"))}
    for how, wrong in wrong_texts(row, text):
        if wrong not in known:
            known.add(wrong)
            equal = canonical(row.name, wrong) == canonical(row.name, text)
            step = partial(ran, row, place, wrong)
            yield Mutant(row.name, f"{how} (operand {place})", wrong, step, equal)


def ran(row: Gate, place: int, text: str, arithmetic: ArrayArithmetic) -> Step:
    partials = (*row.partials[:place], text, *row.partials[place + 1 :])
    return arithmetic.pull(row._replace(partials=partials), "notes")


def wrong_texts(row: Gate, text: str) -> Iterator[tuple[str, str]]:
    yield "nothing passes", f"0*({text})"
    yield "sign turned", f"-({text})"
    yield "doubled", f"2*({text})"
    yield "a millionth off", f"({text})*1.000001"
    tree = ast.parse(text, mode="eval")
    names = [name for name in (*row.operands, "out", "g") if name not in TOLD]
    for place, node in enumerate(ast.walk(tree)):
        for how, other in replacements(node, names):
            yield how, ast.unparse(replaced(tree, place, other))


def replaced(tree: ast.Expression, place: int, other: ast.expr) -> ast.Expression:
    """A copy of the tree with another node in that place of the walk."""
    copy = deepcopy(tree)
    target = list(ast.walk(copy))[place]
    for node in ast.walk(copy):
        for field, value in ast.iter_fields(node):
            if value is target:
                setattr(node, field, other)
            elif isinstance(value, list) and target in value:
                value[value.index(target)] = other
    return copy


def replacements(node: ast.AST, names: list[str]) -> Iterator[tuple[str, ast.expr]]:
    if isinstance(node, ast.Attribute):
        yield "a transpose dropped", node.value
    elif isinstance(node, ast.UnaryOp):
        yield "a sign dropped", node.operand
    elif isinstance(node, ast.BinOp):
        yield "factors swapped", ast.BinOp(node.right, node.op, node.left)
        yield "a factor dropped", node.left
        yield "a factor dropped", node.right
        yield "another operation", ast.BinOp(node.left, OTHER[type(node.op)](), node.right)
    elif isinstance(node, ast.Call):
        yield "a call dropped", node.args[0]
        for k in range(1, min(2, len(node.args) - 1) + 1):
            swapped = [node.args[k], *node.args[1:k], node.args[0], *node.args[k + 1 :]]
            if not TOLD & set(map(ast.unparse, (node.args[0], node.args[k]))):
                yield "arguments swapped", ast.Call(node.func, swapped, [])
    elif isinstance(node, ast.Name) and node.id in names:
        for other in names:
            if other != node.id:
                yield f"{other} for {node.id}", ast.Name(other)
        yield f"{node.id}.T for {node.id}", ast.Attribute(ast.Name(node.id), "T")


class Canonical(ast.NodeTransformer):
    """One form for texts that mean the same at all shapes.

    Entrywise products commute, to the last bit and with their broadcasting; what has one axis or
    none is its own transpose; a matrix and its transpose have one diagonal.
    """

    def __init__(self, gate: str) -> None:
        self.flat = FLAT.get(gate, "").split()

    def visit_Attribute(self, node: ast.Attribute) -> ast.AST:
        if isinstance(node.value, ast.Name) and node.value.id in self.flat:
            return node.value
        return self.generic_visit(node)

    def visit_Call(self, node: ast.Call) -> ast.AST:
        if ast.unparse(node) == "undiag(g.T, a)":
            return ast.parse("undiag(g, a)", mode="eval").body
        return self.generic_visit(node)

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.Mult):
            node.left, node.right = sorted((node.left, node.right), key=ast.unparse)
        return node


def canonical(gate: str, text: str) -> str:
    return ast.unparse(Canonical(gate).visit(ast.parse(text, mode="eval")))


# Mistakes in the parts that the texts call.


def of_parts(row: Gate) -> Iterator[Mutant]:
    for name, how, wrong in WRONG_PARTS:
        if any(f"{name}(" in text for text in row.partials):
            yield Mutant(row.name, how, name, partial(with_part, row, name, wrong))


def with_part(row: Gate, name: str, wrong: Step, arithmetic: ArrayArithmetic) -> Step:
    """The row's step, made while a part is another."""
    right = arithmetic.scope[name]
    arithmetic.scope[name] = wrong
    try:
        return arithmetic.pull(row, "notes")
    finally:
        arithmetic.scope[name] = right


def spread_without_axis(g: Array, a: Array, axis: Any) -> Array:
    """Over the entries, whatever axis it was that they were reduced along."""
    del axis
    return np.broadcast_to(g, a.shape)


def spread_by_last(g: Array, a: Array, axis: Any) -> Array:
    place = axis.of(a.shape)
    return np.broadcast_to(g if place is None or axis.keep else np.expand_dims(g, -1), a.shape)


def placed_at_the_front(g: Array, at: Any) -> Array:
    shape = np.shape(at.of(g)[at.key])
    return np.ravel(g)[: int(np.prod(shape))].reshape(shape)


def product_by_entry(a: Array, axis: Any) -> Array:
    with np.errstate(all="ignore"):
        return np.prod(a, axis=axis.of(a.shape), keepdims=True) / a


WRONG_PARTS: tuple[tuple[str, str, Step], ...] = (
    ("spread", "the axis forgotten", spread_without_axis),
    ("spread", "always the last axis", spread_by_last),
    ("count", "all entries counted", lambda a, _axis: a.size),
    ("others", "a product divided by the entry", product_by_entry),
    ("others", "the whole product", lambda a, axis: WHOLE["prod"](a, axis)),
    ("total", "all entries added", lambda a, _axis: np.sum(a)),
    ("total", "the mean for the total", lambda a, axis: np.mean(a, axis=axis.axis, keepdims=True)),
    ("cumulated_back", "from the front", lambda g, axis: np.cumsum(g, axis=axis.axis or 0)),
    ("cumulated_back", "always the first axis", lambda g, _axis: np.cumsum(g[::-1], axis=0)[::-1]),
    ("cofactors", "transposed", lambda a: np.swapaxes(WHOLE["cofactors"](a), -1, -2)),
    (
        "cumprod_back",
        "the entry left in",
        lambda g, a, axis: WHOLE["cumulated_back"](g * WHOLE["cumprod"](a, axis), axis),
    ),
    (
        "cumprod_back",
        "always the first axis",
        lambda g, a, axis: WHOLE["cumprod_back"](g, a, type(axis)(0)),
    ),
    (
        "svdvals_back",
        "values in reverse",
        lambda g, a: WHOLE["svdvals_back"](np.asarray(g)[..., ::-1], a),
    ),
    ("svdvals_back", "the matrix for its vectors", lambda _g, a: a),
    ("unsorted", "sorted again", lambda g, a, axis: WHOLE["sorted_by"](g, a, axis)),
    (
        "unsorted",
        "always the first axis",
        lambda g, a, axis: WHOLE["unsorted"](g, a, type(axis)(0)),
    ),
    ("halved", "the diagonal whole", np.tril),
    ("halved", "the upper part", lambda a: np.triu(a)),
    ("cofactors", "without the determinant", lambda a: np.swapaxes(WHOLE["inv"](a), -1, -2)),
    ("outward", "the other way round", lambda a, b: WHOLE["outward"](b, a)),
    ("outward", "entry by entry", lambda a, b: a * b),
    ("identity", "ones", lambda a: np.ones(a.shape)),
    ("undiag", "spread", lambda g, a: np.broadcast_to(np.sum(g), a.shape)),
    ("direction", "not divided", lambda a, _out, _axis: a),
    ("placed", "at the front", placed_at_the_front),
    ("placed", "the sum everywhere", lambda g, at: at.of(g)[at.key] * 0 + np.sum(g)),
    ("unpermuted", "permuted again", np.transpose),
    ("unpermuted", "reversed", lambda g, _axes: g.T),
)


# Rows with any number of operands: mistakes in what the right step hands back.


def mistaken(mistake: Step, gate: str, arithmetic: ArrayArithmetic) -> Step:
    """`mistake` is told what the right step hands back, to every operand with a gradient, for
    this gradient and for one of ones."""
    right = arithmetic.message["notes"][gate]

    def step(*fed: Any) -> list[Any]:
        parts = wholes(right(*fed))
        ones = wholes(right(*fed[:-1], np.ones(np.shape(fed[-1]))))
        arrays = [part for part in parts if part is not None]
        weights = [part for part in ones if part is not None]
        wrong = iter(mistake(arrays, weights, fed[-1]))
        return [None if part is None else next(wrong) for part in parts]

    return step


def nothing_overwritten(arithmetic: ArrayArithmetic) -> Step:
    """The gradient of what is written, though something was written over it."""
    right = arithmetic.message["notes"]["put"]

    def step(*fed: Any) -> list[Any]:
        (_, _, *writes, _, g), (rest, *_) = fed, right(*fed)
        places = writes[1::2]
        return [rest, *[part for at in places for part in (np.array(at.of(g)[at.key])[()], None)]]

    return step


def averaged(parts: list[Array], weights: list[Array], _g: Array) -> list[Array]:
    """What was taken twice gets the mean of two gradients, not their sum."""
    return [part / np.maximum(weight, 1) for part, weight in zip(parts, weights, strict=True)]


def at_the_front(parts: list[Array], _weights: list[Array], g: Array) -> list[Array]:
    found = np.zeros(parts[0].size)
    found[: np.size(g)] = np.ravel(g)
    return [found.reshape(parts[0].shape)]


WRONG_LISTS: tuple[tuple[str, Step], ...] = (
    ("nothing passes", lambda parts, _weights, _g: [0 * part for part in parts]),
    ("sign turned", lambda parts, _weights, _g: [-part for part in parts]),
    ("doubled", lambda parts, _weights, _g: [2 * part for part in parts]),
    ("a millionth off", lambda parts, _weights, _g: [1.000001 * part for part in parts]),
    ("g forgotten", lambda _parts, weights, _g: weights),
)
PIECES: tuple[tuple[str, Step], ...] = (
    ("pieces in reverse", lambda parts, _weights, _g: parts[::-1]),
    ("the first piece for all", lambda parts, _weights, _g: [parts[0]] * len(parts)),
    ("every piece turned round", lambda parts, _weights, _g: [part[..., ::-1] for part in parts]),
)
WRONG_PIECES: dict[str, tuple[tuple[str, Step], ...]] = {
    "concatenate": PIECES,
    "stack": PIECES,
    "index": (
        ("averaged", averaged),
        ("at the front", at_the_front),
        ("everywhere", lambda parts, _weights, g: [np.full(parts[0].shape, np.sum(g))]),
    ),
    "put": (
        ("the array keeps all", lambda parts, _weights, g: [g, *parts[1:]]),
        ("the array keeps nothing", lambda parts, _weights, _g: [0 * parts[0], *parts[1:]]),
        (
            "nothing to what is written",
            lambda parts, _weights, _g: [parts[0], *[0 * part for part in parts[1:]]],
        ),
        ("values in reverse", lambda parts, _weights, _g: [parts[0], *parts[:0:-1]]),
        (
            "places in reverse",
            lambda parts, _weights, _g: [parts[0], *[part[::-1] for part in parts[1:]]],
        ),
    ),
}
