"""What functions of arrays are written with: the arguments of one call, and the gates that they
become."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NoReturn, Protocol

import numpy as np

from backprop.gates import GATES
from backprop.gates.row import Gate
from backprop.gates.shapes import Axis, words

Shape = tuple[int, ...]
Given = dict[str, list[int]]


class Staging(Protocol):
    """What a stager of arrays does for functions."""

    shapes: list[Shape]
    constants: dict[int, Any]
    literals: dict[int, str]

    def settled(self, slot: int) -> int: ...

    def listed(self, slot: int) -> tuple[int, ...] | None: ...

    def whole(self, slot: int, what: str) -> int: ...

    def axes(self, slot: int) -> int | tuple[int, ...]: ...

    def literal(self, text: str, value: Any) -> int: ...

    def called(self, slot: int) -> str: ...

    def applied(self, gate: Gate, operands: tuple[int, ...]) -> int: ...

    def product(self, operands: tuple[int, ...], *, dot: bool) -> int: ...

    def fail(self, message: str, hint: str = "") -> NoReturn: ...


class Maker:
    """Writes gates with a stager, and reads the arguments of one call."""

    def __init__(self, stager: Staging, name: str, given: Given) -> None:
        self.stager = stager
        self.name = name
        self.given = given

    # Arguments.

    def array(self, name: str = "a") -> int:
        return self.stager.settled(self.given[name][0])

    def has(self, name: str) -> bool:
        return name in self.given and self.constant(name, 0.0) is not None

    def constant(self, name: str, default: Any = None) -> Any:
        if name not in self.given:
            return default
        return self.stager.constants.get(self.given[name][0], default)

    def whole(self, name: str, default: int) -> int:
        what = f"the argument {name} of {self.name}"
        return self.stager.whole(self.given[name][0], what) if self.has(name) else default

    def several(self, name: str, default: Any = None) -> Any:
        """A whole number or a tuple of them."""
        return self.stager.axes(self.given[name][0]) if self.has(name) else default

    def pair(self, name: str, count: int, default: int | Shape) -> Shape:
        """So many whole numbers, for which one stands as well."""
        found = self.several(name, default)
        several = (found,) * count if isinstance(found, int) else tuple(found)
        if len(several) != count:
            self.fail(f"{name} of {self.name} is {count} whole numbers, or one")
        return several

    def text(self, name: str) -> str | None:
        found = self.constant(name)
        return found if isinstance(found, str) else None

    def axis(self, slot: int, name: str = "axis") -> int:
        """One axis, counted from the front; the last if none is given."""
        return self.at(slot, self.whole(name, -1))

    def at(self, slot: int, axis: int) -> int:
        count = len(self.shape(slot))
        if not -count <= axis < count:
            self.fail(f"{self.called(slot)} is {words(self.shape(slot))}: it has no axis {axis}")
        return axis % count

    def shape(self, slot: int) -> Shape:
        return self.stager.shapes[slot]

    def called(self, slot: int) -> str:
        return self.stager.called(slot)

    def fail(self, message: str, hint: str = "") -> NoReturn:
        self.stager.fail(message, hint)

    # Gates.

    def gate(self, name: str, *operands: int) -> int:
        return self.stager.applied(GATES[name], operands)

    def number(self, value: float) -> int:
        return self.stager.literal(f"{value:g}", float(value))

    def fixed(self, value: Any, text: str) -> int:
        return self.stager.literal(text, value)

    def reduced(self, name: str, slot: int, axis: Any, keep: bool = False) -> int:
        fixed = Axis(axis, keep)
        return self.gate(name, slot, self.fixed(fixed, fixed.text))

    def permuted(self, slot: int, axes: Sequence[int]) -> int:
        order = tuple(axes)
        if order == tuple(range(len(order))):
            return slot
        return self.gate("permute", slot, self.fixed(order, ", ".join(map(str, order))))

    def reshaped(self, slot: int, shape: Sequence[int]) -> int:
        wanted = tuple(shape)
        if wanted == self.shape(slot):
            return slot
        return self.gate("reshape", slot, self.fixed(wanted, ", ".join(map(str, wanted))))

    def taken(self, slot: int, axis: int, places: Any) -> int:
        """The entries at these places of one axis."""
        numbers = np.asarray(places, dtype=float)
        before = [self.fixed(slice(None), ":") for _ in range(axis)]
        return self.gate("index", slot, *before, self.fixed(numbers, f"[{words(numbers.shape)}]"))

    def index(self, slot: int, *places: Any) -> int:
        return self.gate("index", slot, *[self.fixed(one, str(one)) for one in places])

    def array_of(self, values: Any) -> int:
        numbers = np.asarray(values, dtype=float)
        return self.fixed(numbers, f"[{words(numbers.shape)}]")

    def joined(self, slots: Sequence[int], axis: int) -> int:
        fixed = Axis(axis)
        return self.gate("concatenate", *slots, self.fixed(fixed, fixed.text))
