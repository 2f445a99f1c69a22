"""Random programs of one elementwise gate whose operands stretch: numbers beside arrays, missing
axes, axes of size 1, in one operand or in several."""

from __future__ import annotations

from functools import cache
from math import prod
from random import Random
from typing import Any

import grids
import numpy as np
from given_arrays import KINDS, LAYOUTS, Case, any_shape, case, uniform
from grids import Grid, Shape
from oracle import EXPONENTS, LITERAL_OPERANDS, ORACLE

from backprop.arithmetic.texts import form
from backprop.gates import scalars


def stretching(random: Random, count: int) -> list[Shape]:
    """Shapes that go together: axes are missing, or 1, in some."""
    full = any_shape(random)
    shapes = []
    for _ in range(count):
        kept = full[random.choice((0, 0, 0, 1, 2, 3)) :]
        shapes.append(tuple(1 if random.random() < 0.3 else side for side in kept))
    return shapes


def elementwise(name: str, random: Random) -> Case:
    gate, fixed = scalars()[name], LITERAL_OPERANDS.get(name, ())
    count = len(gate.operands) + (random.randint(0, 2) + 1 if gate.variadic else 0)
    letters = "abcde"[:count] if gate.variadic else gate.operands
    shapes = stretching(random, count)
    plain = not (fixed or gate.kink or gate.routes or gate.domain)
    same = count > 1 and plain and random.random() < 0.2
    operands: list[str] = []
    values: dict[str, Any] = {}
    constants: dict[str, Grid] = {}
    for place, (letter, shape) in enumerate(zip(letters, shapes, strict=True)):
        value = operand(name, place, shape, random)
        if place in fixed:
            value = (
                value
                if value.size
                else value.reshape(-1)[:0].sum() + (2.0 if name == "polygamma" else 1.5)
            )
            constants[letter] = grids.grid(np.asarray(value))
            text = f"{np.asarray(value).tolist()}"
            operands.append(text if value.ndim else f"({text})")
            continue
        operands.append(letters[0] if same else letter)
        if not same or not place:
            values[letter] = value if isinstance(value, list) or value.ndim else float(value)
    function = cache(ORACLE[name])
    order = [letters[0]] * count if same else list(letters)

    def value_of(point: dict[str, Grid]) -> Grid:
        known = point | constants
        return grids.elementwise(function, *(known[letter] for letter in order))

    return case(name, form(name, count)(*operands), values, value_of, random)


def operand(name: str, place: int, shape: Shape, random: Random) -> Any:
    """Numbers from the gate's own sample range."""
    gate = scalars()[name]
    low, high = gate.samples[0 if gate.variadic else place]
    if name == "powc" and place:
        found = np.array([random.choice(EXPONENTS) for _ in range(prod(shape))]).reshape(shape)
        return found if random.random() < 0.5 else np.asarray(random.choice(EXPONENTS))
    if name == "polygamma" and not place:
        return np.rint(uniform(random, shape, low, high))
    if place in LITERAL_OPERANDS.get(name, ()):
        return uniform(random, shape, low, high)
    if name == "where" and not place:
        yes = uniform(random, shape) > 0
        return random.choice((yes, yes.astype(int), yes * 2.5))
    # Where a gate is smooth and defined everywhere, whole numbers are as good as others.
    if random.random() < 0.2 and not (gate.kink or gate.domain or gate.pole):
        some = [k for k in range(-4, 5) if k and low <= k <= high]
        picked = np.array([random.choice(some) for _ in range(prod(shape))]).reshape(shape)
        return picked.astype(random.choice(KINDS))
    value = uniform(random, shape, low, high)
    found = random.choice(LAYOUTS)(value)
    # Short floats may lie on a kink.
    return np.asarray(value if gate.kink and np.any(found != value) else found)
