"""How many digits a form keeps: at many points at once, of its value and of every gradient."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.gates import CONSTANTS, GATES
from backprop.improving.exact import Sample
from backprop.improving.forms import Forms

BITS = 53
DECIMAL = math.log10(2)
FULL = BITS * DECIMAL  # digits of a float
WORST = 0.2  # how much the worst output counts, beside their mean

Array = Any


def steps_between(a: Array, b: Array) -> Array:
    """How many floats lie between two; very many where one is nan."""
    i, j = (np.asarray(one, dtype=np.float64).view(np.int64) for one in (a, b))
    lowest = np.int64(-(2**63))
    i, j = np.where(i >= 0, i, lowest - i), np.where(j >= 0, j, lowest - j)
    apart = np.abs(i.astype(np.float64) - j.astype(np.float64))
    near = np.abs((i - j).astype(np.float64))
    found = np.where((i >= 0) == (j >= 0), near, apart)
    return np.where(np.isnan(a), 2.0**64, found)


def digits(a: Array, exact: Array) -> Array:
    """Right decimal digits, 0 to 16, by how many floats lie between."""
    return np.clip(BITS - np.log2(1 + steps_between(a, exact)), 0, BITS) * DECIMAL


class Scorer:
    """The numbers of one search's forms at a sample's points."""

    def __init__(self, forms: Forms, names: Sequence[str], sample: Sample, start: int) -> None:
        self.forms = forms
        self.names = names
        self.points = sample.points
        self.inside = len(sample.points)
        points = [*sample.points, *sample.outside]
        self.at = {name: np.array([point[name] for point in points]) for name in names}
        self.value = np.array([exact.value for exact in sample.exact])
        self.gradient = [
            np.array([exact.gradient[name] for exact in sample.exact]) for name in names
        ]
        self.size = len(points)
        self.ones, self.zeros = np.ones(self.inside), np.zeros(self.inside)
        self.values: dict[int, Array] = {}
        self.slopes: dict[int, tuple[Array | None, ...]] = {}
        self.scores: dict[int, Array] = {}
        self.means: dict[int, float] = {}
        with np.errstate(**IGNORED):
            self.undefined = ~np.isfinite(self.number(start)[self.inside :])

    def number(self, form: int) -> Array:
        """A form's value at all points."""
        values, forms = self.values, self.forms
        found = values.get(form)
        if found is None:
            for one in forms.parts(form):
                if one not in values:
                    values[one] = self.computed(one)
            found = values[form]
        return found

    def computed(self, form: int) -> Array:
        forms = self.forms
        if form in forms.numbers:
            return np.full(self.size, float(forms.numbers[form]))
        if form in forms.names:
            name = forms.names[form]
            return self.at[name] if name in self.at else np.full(self.size, CONSTANTS[name])
        gate, operands = forms.gate(form)
        return ARRAYS.value[gate](*[self.values[one] for one in operands])

    def slopes_of(self, form: int) -> tuple[Array | None, ...]:
        found = self.slopes.get(form)
        if found is None:
            gate, operands = self.forms.gate(form)
            fed = [self.number(one)[: self.inside] for one in operands]
            out = self.number(form)[: self.inside]
            found = self.slopes[form] = ARRAYS.local["notes"][gate](*fed, out)
        return found

    def gradients(self, form: int) -> list[Array]:
        """The gradient by every input, added up as the engine does."""
        forms = self.forms
        self.number(form)
        parts = forms.parts(form)
        stops = any(GATES[forms.ops[one]].routes for one in parts if forms.operands[one])
        gradients: dict[int, Array] = {form: self.ones}
        for one in reversed(parts):
            if forms.is_leaf(one) or one not in gradients:
                continue
            gradient = gradients[one]
            _, operands = forms.gate(one)
            for operand, slope in zip(operands, self.slopes_of(one), strict=False):
                if slope is None or operand in forms.numbers:
                    continue
                message = slope * gradient
                if stops:
                    message = np.where((gradient == 0) | (slope == 0), 0.0, message)
                before = gradients.get(operand)
                gradients[operand] = message if before is None else before + message
        return [gradients.get(forms.name(name), self.zeros) for name in self.names]

    def outputs(self, form: int) -> Array:
        """The digits of the value and of every gradient, a row each, at every point."""
        inside = self.number(form)[: self.inside]
        rows = [digits(inside, self.value)]
        rows += [
            digits(found, exact)
            for found, exact in zip(self.gradients(form), self.gradient, strict=True)
        ]
        return np.array(rows)

    def score(self, form: int) -> Array:
        """One number a point: the value counts as much as all gradients."""
        found = self.scores.get(form)
        if found is None:
            with np.errstate(**IGNORED):
                outside = self.number(form)[self.inside :]
                if np.isfinite(outside[self.undefined]).any():
                    found = self.zeros  # it has a value where the program rightly has none
                else:
                    rows = self.outputs(form)
                    mean = (rows[0] + rows[1:].mean(0)) / 2 if len(rows) > 1 else rows[0]
                    found = (1 - WORST) * mean + WORST * rows.min(0)
            self.scores[form] = found
            self.means[form] = float(found.mean()) if self.inside else 0.0
        return found

    def mean(self, form: int) -> float:
        self.score(form)
        return self.means[form]
