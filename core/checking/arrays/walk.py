"""The plain walk over programs with arrays: what lists, indices, products and reductions come
to, for numbers of any kind. It shares no line with staging, and gates are their definitions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import prod
from types import EllipsisType, NoneType
from typing import Any, NamedTuple

import numpy as np
from mpmath import mpf

from backprop.arithmetic.arrays import ARRAYS, IGNORED
from backprop.arithmetic.definitions import Definitions, Ordered, entrywise
from backprop.arithmetic.folded_arrays import folded
from backprop.arithmetic.precise import settled
from backprop.arithmetic.precise_arrays import settled_arrays
from backprop.arithmetic.system import Function, Table
from backprop.arithmetic.texts import COMPARISONS
from backprop.checking.arrays.functions import FUNCTIONS, Call
from backprop.checking.walk import Dialect, constant, walk
from backprop.gates import CONSTANTS, GATES, find
from backprop.gates.functions import bound, signature
from backprop.gates.linear import STACKED
from backprop.gates.shapes import Axis
from backprop.language.syntax import ABSENT, NEW_AXIS, Op, Tree
from backprop.program.creating import CREATORS, create

Array = Any
SIZES = ("len", "shape", "ndim", "size")
PRODUCTS = ("matmul", "dot")
COMBINING = ("mul", "max", "min")  # of conditions
LAST_AXIS = ("softmax", "log_softmax", "sort", "argsort")
OF_ONE = {"max": "amax", "min": "amin"}


class Named(NamedTuple):
    """An argument given by name."""

    name: str
    value: Any


class Listed(NamedTuple):
    """A list before it is used as an array."""

    parts: tuple[Any, ...]
    is_shape: bool = False

    def part(self, place: Any) -> Any:
        found = self.parts[place]
        return self._replace(parts=found) if isinstance(place, slice) else found


def walk_arrays(tree: Tree, names: Mapping[str, Any], scalars: Dialect, upstream: Any) -> Any:
    """The sum of a program's value times `upstream`; names stand for numbers and arrays."""
    walker = Walker(scalars)
    dialect = Dialect(
        walker.functions, walker.exact, scalars.literal, walker.operator, walker.settled,
        lambda value, number, function: walker.exact(value),
    )  # fmt: skip
    found = walk(tree, names, dialect, leaf)
    if not np.ndim(found) and upstream == 1.0:
        return walker.exact(found)
    parts = walker.functions["mul"](walker.exact(found), walker.exact(upstream))
    return walker.gate("sum", parts, Axis())


def leaf(text: str) -> float | None:
    """A number, or nothing: an end of a slice that was left out, or None."""
    return None if text in (ABSENT, NEW_AXIS) else constant(text)


class Walker:
    """What the operators of the language do to arrays whose entries are of one kind."""

    def __init__(self, scalars: Dialect) -> None:
        self.scalars = scalars
        self.number = scalars.number
        self.unfolded = settled_arrays if scalars.unfolded is settled else scalars.unfolded
        self.each: dict[str, Any] = Table(
            lambda gate: scalars.function(gate.name), scalars.functions
        )
        self.functions = Table(lambda gate: entrywise(self.each[gate.name]))
        kind = Ordered if self.number is mpf else Definitions
        self.functions |= kind(self.each, self.number).table()
        self.random = np.random.default_rng([0])
        self.conditions: dict[int, Any] = {}  # what came of comparisons, which select entries

    def exact(self, value: Any) -> Any:
        """Floats as numbers of this kind; constants that are made of others, from these."""
        if hasattr(value, "operands"):
            return self.unfolded(value, self.as_it_is, self.function)
        return self.as_it_is(value)

    def function(self, name: str) -> Function:
        if name in CONSTANTS:
            return self.scalars.function(name)
        found: Function = self.functions[name]
        return found

    def as_it_is(self, value: Any) -> Any:
        if isinstance(value, float):
            return self.number(value)
        if isinstance(value, np.ndarray) and value.dtype == float:
            return entrywise(self.number)(value) if value.size else value.astype(object)
        return value

    def settled(self, value: Any) -> Any:
        """A list that is used becomes an array."""
        return self.gate("stack", *value.parts) if isinstance(value, Listed) else value

    def gate(self, name: str, *operands: Any) -> Any:
        """A gate on arrays; in floats that know how they are made, if all of it is constant."""
        fed = [self.settled(operand) for operand in operands]
        if not any(is_kind(operand) for operand in fed):
            with np.errstate(**IGNORED):
                found = ARRAYS.value[name](*map(ARRAYS.number, fed))
            found = folded(found, name, fed)
        else:
            found = self.functions[name](*map(self.exact, fed))
        joins = name in COMBINING and all(map(self.is_condition, fed))
        if name in COMPARISONS or joins:
            self.conditions[id(found)] = found
        return found

    def is_condition(self, value: Any) -> bool:
        return id(value) in self.conditions

    def operator(self, op: Op, operands: Sequence[Any]) -> Any:
        """What an operator comes to."""
        match op.kind:
            case "keyword":
                return Named(op.name, operands[0])
            case "list":
                return Listed(tuple(operands))
            case "slice":
                return slice(*(None if part is None else int(part) for part in operands))
            case "index" if isinstance(operands[0], Listed) and operands[0].is_shape:
                return operands[0].part(self.place(operands[1]))
            case "index" if self.is_condition(operands[1]):
                return self.settled(operands[0])[mask_of(operands[1])]
            case "index":
                return self.gate("index", operands[0], *map(self.place, operands[1:]))
            case "gate" if op.name == "index":
                return self.gate("index", operands[0], *map(self.place, operands[1:]))
            case "attribute" if op.name != "T":
                return sizes(op.name, self.settled(operands[0]))
            case "attribute":
                array = self.settled(operands[0])
                return array.T if np.ndim(array) else array
            case "method" if op.name in OF_ONE:
                named = {one.name: one.value for one in operands if isinstance(one, Named)}
                plain = [one for one in operands if not isinstance(one, Named)]
                return self.along(OF_ONE[op.name], plain, named)
            case "method" if op.name != "dot":
                return self.call(op.name, operands)
            case "method":
                return self.product(*operands)
            case "call":
                return self.call(op.name, operands)
        return self.product(*operands) if op.name == "matmul" else self.gate(op.name, *operands)

    def place(self, index: Any) -> Any:
        """An index as a whole number, which it is but for what a difference moved it by."""
        index = self.settled(index)
        if index is None or index is Ellipsis or isinstance(index, slice):
            return index
        return np.rint(np.asarray(index, dtype=float)).astype(int)[()]

    def product(self, a: Any, b: Any) -> Any:
        a, b = self.settled(a), self.settled(b)
        return self.gate("matmul" if np.ndim(a) and np.ndim(b) else "mul", a, b)

    def call(self, name: str, operands: Sequence[Any]) -> Any:
        named = {one.name: one.value for one in operands if isinstance(one, Named)}
        plain = [one for one in operands if not isinstance(one, Named)]
        row = signature(name)
        if row and not (row.name == "norm" and len(plain) < 2 and "ord" not in named):
            given = bound(row, plain, named)
            assert given is not None
            return FUNCTIONS[row.name](Call(self, given))
        gate = find(name)
        name = gate.name if gate else name
        if name in PRODUCTS:
            return self.product(*plain)
        if name in SIZES:
            held = plain[0]
            is_list = name == "len" and isinstance(held, Listed)
            return float(len(held.parts)) if is_list else sizes(name, self.settled(held))
        if name == "full":
            shape = list(plain[0].parts) if isinstance(plain[0], Listed) else plain[:1]
            return self.gate("add", create("zeros", shape, self.random), plain[1])
        if name in CREATORS:
            return create(name, plain[0].parts if listed(plain) else plain, self.random)
        if name == "reshape":
            array, *sides = plain
            sides = list(sides[0].parts) if listed(sides) else sides
            return self.gate(name, array, tuple(map(int, sides)))
        if name == "transpose":
            return self.settled(plain[0]).T
        if name == "array" and len(plain) == 1:
            return self.settled(plain[0])
        if name in ("stack", "array", "concatenate"):
            parts = plain[0].parts if isinstance(plain[0], Listed) else plain
            last = [Axis(int(named.get("axis", 0)))] if name == "concatenate" else []
            return self.gate("stack" if name == "array" else name, *parts, *last)
        if name in OF_ONE and len(plain) == 1 and np.ndim(self.settled(plain[0])):
            return self.along(OF_ONE[name], plain, named)
        if gate and "axis" in gate.operands:
            return self.along(name, plain, named)
        if name in STACKED and any(np.ndim(self.settled(one)) > 2 for one in plain):
            name = STACKED[name]
        return self.gate(name, *plain)

    def along(self, name: str, plain: Sequence[Any], named: Mapping[str, Any]) -> Any:
        where = plain[1] if len(plain) == 2 else named.get("axis")
        every = len(plain) == 1 and "axis" in named
        if where is None and not every and GATES[name].name in LAST_AXIS:
            where = -1
        axis = None if where is None else whole_numbers(where)
        array = self.settled(plain[0])
        fixed = Axis(axis, bool(named.get("keepdims", 0)))
        found = self.gate(name, array, fixed)
        if not named.get("ddof"):
            return found
        count = float(prod(np.shape(array)[k] for k in fixed.of(np.shape(array))))
        factor = self.gate("div", count, self.gate("sub", count, named["ddof"]))
        return self.gate("mul", found, self.gate("sqrt", factor) if name == "std" else factor)


def mask_of(condition: Any) -> Any:
    """A condition whose truth is known, as it is of numbers, but not of formulas."""
    if not all(isinstance(entry, (float, mpf)) for entry in np.ravel(condition)):
        raise NotImplementedError("a formula doesn't tell which entries a condition selects")
    return np.asarray(condition != 0, dtype=bool)


def sizes(name: str, array: Any) -> Any:
    """`.shape`, `.ndim`, `.size` and len()."""
    shape = np.shape(array)
    if name == "shape":
        return Listed(tuple(map(float, shape)), is_shape=True)
    return float({"ndim": len(shape), "size": prod(shape)}.get(name, *shape[:1]))


def listed(operands: Sequence[Any]) -> bool:
    """Is there one operand, a list?"""
    return len(operands) == 1 and isinstance(operands[0], Listed)


def whole_numbers(value: Any) -> int | tuple[int, ...]:
    return tuple(map(int, value.parts)) if isinstance(value, Listed) else int(value)


def is_kind(value: Any) -> bool:
    """Is this no constant, but a number or an array of the kind that is walked with?"""
    if isinstance(value, np.ndarray):
        return bool(value.dtype == object)
    return not isinstance(value, (float, int, slice, tuple, EllipsisType, NoneType))
