"""The totals that the code as it stands would give: its lines in order, at the point itself, with
the user's own values wherever a line uses a gradient."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from backprop.errors import BackpropError
from backprop.grading.evaluating import Evaluator, leaves
from backprop.grading.forward import Forward
from backprop.grading.matching import Cell, number
from backprop.grading.reading import Line
from backprop.grading.results import Total

ASSIGNED = re.compile(r"([A-Za-z_]\w*)\s*(?:(\[[^\]]*\])\s*)?[-+*/]?=(?!=)")


class Own:
    """What the user's names are while the lines run."""

    def __init__(
        self, evaluator: Evaluator, gradients: Mapping[str, str], forward: Forward
    ) -> None:
        self.evaluator = evaluator
        self.gradients = gradients
        self.forward = forward
        self.values: dict[str, Any] = {forward.output: forward.gradients[forward.output][0]}
        self.helpers: dict[str, Any] = {}

    def run(self, line: Line, entries: Cell) -> None:
        name = self.gradients.get(line.target)
        try:
            value = self.value(line)
            if name is None:
                self.helpers[line.target] = value
            else:
                self.values[name] = self.updated(name, line.update, value, entries)
        except (BackpropError, ValueError):
            self.lose(line)

    def value(self, line: Line) -> Any:
        """The value of a line with the user's own gradients; None if one of them has none."""
        assert line.tree is not None
        names = dict(self.evaluator.names)
        for name in leaves(line.tree.code):
            mine: Any = ...
            if name in self.helpers:
                mine = self.helpers[name]
            elif name in self.gradients and name not in self.forward.values:
                mine = self.values.get(self.gradients[name])
            if mine is None:
                return None
            if mine is not ...:
                names[name] = [mine]
        return next(self.evaluator.each(line.tree, names))

    def updated(self, name: str, update: str, value: Any, entries: Cell) -> Any:
        if value is None:
            return None
        value = -value if update == "-=" else value
        before = self.values.get(name, 0 if update == "=" or entries is not None else None)
        if entries is not None:
            return self.with_entries(name, update, value, entries)
        if update == "=":
            return value
        return None if before is None else before + value

    def with_entries(self, name: str, update: str, value: Any, entries: tuple[int, ...]) -> Any:
        import numpy as np

        whole = self.forward.values[name][0] * 0
        before = self.values.get(name, whole)
        found = np.array(np.broadcast_to(before, whole.shape), dtype=object).reshape(-1)
        places = list(entries)
        new = np.broadcast_to(np.ravel(value), (len(places),))
        found[places] = new if update == "=" else found[places] + new
        return found.reshape(whole.shape)

    def lose(self, line: Line) -> str:
        """The line can't be computed, and with it what it should have defined: its target."""
        found = ASSIGNED.match(line.code)
        name = line.target or (found[1] if found else "")
        if name in self.gradients:
            self.values[self.gradients[name]] = None
        else:
            self.helpers[name] = None
        return name


def totals_of(own: Own, forward: Forward, touched: set[str]) -> dict[str, Total]:
    """The gradient of every input that needs one or that a line is about."""
    found = {}
    for name in forward.program.inputs:
        if name in forward.required or name in touched:
            mine = own.values.get(name)
            yours = None if mine is None else number(mine)
            found[name] = Total(yours, number(forward.gradients[name][0]))
    return found
