"""Gates on numbers and arrays, as NumPy would do what is asked of them."""

from __future__ import annotations

import operator
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop.gates.shapes import Axis
from backprop.language.syntax import Guard
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.memory import Array, Number
from backprop.reading.recorder import Recorder
from backprop.reading.values import depends, described, is_numeric, plain_number


@dataclass(frozen=True, eq=False)
class Told:
    """What a gate is told besides arrays."""

    value: Any


ARITHMETIC: dict[str, Callable[[Any, Any], Any]] = {
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": operator.truediv,
    "pow": operator.pow, "lt": operator.lt, "le": operator.le, "gt": operator.gt,
    "ge": operator.ge, "eq": operator.eq, "ne": operator.ne,
}  # fmt: skip
EXACT = frozenset(["add", "sub", "mul", "lt", "le", "gt", "ge", "eq", "ne"])
PLAIN = frozenset([bool, int, float])
WHOLE = 2**53  # whole numbers up to here are floats too
TRUTHS = ("lt", "le", "gt", "ge", "eq", "ne")
STEPS = 1_000_000
NUMBER_STEPS = 4  # that a gate on two numbers counts as
ARRAY_STEPS = 14  # that any other gate counts as
CALL_STEPS = 8  # that a call counts as, beside its lines
IMPORT_STEPS = 20
LARGEST = 10_000  # bits of a whole number
TOO_LARGE = "this whole number becomes too large"


class Machine:
    """What records, and what keeps its state: random numbers, and what must stay whole."""

    def __init__(self, recorder: Recorder, seed: int) -> None:
        self.recorder = recorder
        self.random = np.random.default_rng([seed, 0])
        self.whole: set[str] = set()  # inputs that are used as an index, a size or a label
        self.torch = False  # does the source import PyTorch?
        self.old = False  # is it Python 2?
        self.steps = 0

    def step(self, count: int = 1) -> None:
        """So much more is read."""
        self.steps += count
        if self.steps > STEPS:
            raise UnreadError(f"reading takes more than {STEPS:,} steps")

    # Any value as what a gate is fed.

    def array(self, value: Any) -> Array:
        """A value as an array; lists are stacked."""
        value = self.numeric(value)
        if isinstance(value, Array):
            return value
        if isinstance(value, Number):
            return Array.new(np.float64(value.value), value.leaf)
        whole = np.asarray(value)
        return Array.new(whole if whole.dtype != object else np.asarray(self.worth(value)))

    def numeric(self, value: Any, what: str = "this") -> Any:
        """A number or an array; a list or tuple of these as an array."""
        if isinstance(value, (list, tuple)):
            return self.stacked(value)
        if isinstance(value, range):
            return Array.new(np.arange(value.start, value.stop, value.step))
        if not is_numeric(value):
            raise UnreadError(f"{what} is {described(value)}, not a number or an array")
        return value

    def stacked(self, parts: Sequence[Any]) -> Array:
        found = [self.numeric(part) for part in parts]
        if not any(map(depends, found)):
            try:
                cells = np.array([one.cells if isinstance(one, Array) else one for one in found])
            except ValueError:
                raise UnreadError("the entries of this list have different shapes") from None
            if cells.dtype == object:
                raise UnreadError("the entries of this list are no numbers")
            return Array.new(cells)
        made = self.apply("stack", *found)
        assert isinstance(made, Array)
        return made

    # Gates.

    def apply(self, gate: str, *operands: Any) -> Any:
        """The value of a gate, recorded if it depends on an input."""
        record = any(map(depends, operands))
        if record:
            self.step(ARRAY_STEPS)
        values, leaves = [], []
        for operand in operands:
            if isinstance(operand, Told):
                values.append(operand.value)
                leaves.append(self.recorder.told(operand.value) if record else "")
                continue
            values.append(self.worth(operand))
            leaves.append(self.leaf(operand) if record else "")
        found = self.recorder.computed(gate, values)
        leaf = self.recorder.record(gate, leaves) if record else None
        return wrapped(found, leaf)

    def worth(self, value: Any) -> Any:
        """A number or an array as floats."""
        if isinstance(value, Number):
            return np.float64(value.value)
        if isinstance(value, Array):
            cells = value.cells
            return cells[()] if cells.dtype == float else cells.astype(float)[()]
        if not is_numeric(value):
            raise UnreadError(f"{described(value)} is not a number and no array")
        try:
            return np.float64(value)
        except OverflowError:
            raise UnreadError("this whole number is larger than any float") from None

    def leaf(self, value: Any) -> str:
        if isinstance(value, Number):
            return value.leaf
        if isinstance(value, Array):
            return value.read(self.recorder)
        return self.recorder.leaf_of(value)

    def binary(self, gate: str, a: Any, b: Any) -> Any:
        """An operator of Python: constants as Python and NumPy compute them, with their types."""
        a, b = plain_number(a), plain_number(b)
        if gate in EXACT and is_simple(a) and is_simple(b) and (depends(a) or depends(b)):
            return self.of_numbers(gate, a, b)
        if depends(a) or depends(b):
            found = self.apply(gate, a, b)
            return truths(found) if gate in TRUTHS else found
        if not (is_numeric(a) and is_numeric(b)):
            raise UnreadError(f"{described(a)} and {described(b)} can't be combined like this")
        if isinstance(a, Array) or isinstance(b, Array):
            try:
                self.recorder.budget.room(np.broadcast_shapes(shape_of(a), shape_of(b)))
            except ValueError:
                raise MisfitError(
                    f"{described(a)} and {described(b)} don't fit together, entry by entry"
                ) from None
        if self.old and gate == "div" and isinstance(a, int) and isinstance(b, int):
            raise UnreadError(
                "this is Python 2, where / between whole numbers rounds down",
                "write // if that is meant, else 1.0*",
            )
        return constant(ARITHMETIC[gate], a, b, gate)

    def of_numbers(self, gate: str, a: Any, b: Any) -> Any:
        """An operator on two numbers, which Python computes as NumPy does."""
        recorder = self.recorder
        first, leaf = (a.value, a.leaf) if a.__class__ is Number else (a, recorder.leaf_of(a))
        second, other = (b.value, b.leaf) if b.__class__ is Number else (b, recorder.leaf_of(b))
        found = float(ARITHMETIC[gate](first, second))
        self.step(NUMBER_STEPS)
        return Number(found, recorder.record(gate, [leaf, other]))

    def reduce(self, gate: str, a: Any, axis: Any = None, keepdims: Any = False) -> Any:
        """A gate along an axis or several."""
        array = self.array(a)
        fixed = Axis(self.axis(axis), bool(keepdims))
        if not array.depends and gate in CONSTANT_REDUCTIONS:
            return self.constant_reduction(gate, array, fixed)
        return self.apply(gate, array, Told(fixed))

    def constant_reduction(self, gate: str, array: Array, fixed: Axis) -> Any:
        """Of whole numbers, what stays whole."""
        function = CONSTANT_REDUCTIONS[gate]
        self.recorder.budget.compute(array.cells.size)
        if not array.cells.size and gate in ("amax", "amin"):
            raise UnreadError("an array without entries has no largest or smallest one")
        with np.errstate(all="ignore"):
            found = function(array.cells, axis=fixed.axis, keepdims=fixed.keep)
        return wrapped(found, None, keep_type=True)

    def axis(self, value: Any) -> int | tuple[int, ...] | None:
        value = plain_number(value)
        if value is None:
            return None
        if isinstance(value, (tuple, list)):
            return tuple([self.whole_number(one, "an axis") for one in value])
        return self.whole_number(value, "an axis")

    # What has to be known while the source is read.

    def whole_number(self, value: Any, what: str) -> int:
        """A whole number; one that is made of values is a guard."""
        value = plain_number(value)
        if isinstance(value, Array) and value.cells.size == 1:
            value = self.element(value)
        if isinstance(value, Number):
            if not float(value.value).is_integer():
                raise UnreadError(f"{what} has to be a whole number, and is {value.value:g}")
            self.whole.add(value.leaf)
            self.guard(value.leaf, "whole", int(value.value))
            return int(value.value)
        if isinstance(value, (bool, int)):
            return int(value)
        if isinstance(value, float) and value.is_integer():
            return int(value)
        raise UnreadError(f"{what} has to be a whole number, not {described(value)}")

    def element(self, value: Array) -> Any:
        """The one entry of an array."""
        flat = value if not value.shape else self.reshaped(value, (-1,))
        if not value.shape:
            if not value.depends:
                return value.cells.item()
            return Number(float(value.cells), value.read(self.recorder))
        return flat.element(self.recorder, (0,))

    def guard(self, leaf: str, test: str, expected: Any) -> None:
        self.recorder.budget.keep(expected)
        found = Guard(leaf, test, expected, self.recorder.span)
        if not any(one[:2] == found[:2] for one in self.recorder.guards[-8:]):
            self.recorder.guards.append(found)

    def truth(self, value: Any) -> bool:
        """Is a condition true? One that is decided by values is a guard."""
        value = plain_number(value)
        if isinstance(value, Array):
            if value.cells.size != 1:
                raise UnreadError(
                    f"an array of {value.cells.size} entries is neither true nor false",
                    "say np.any(...) or np.all(...)",
                )
            value = self.element(value)
        if isinstance(value, Number):
            self.guard(value.leaf, "truth", bool(value.value))
            return bool(value.value)
        return bool(value)

    # Shapes.

    def shape(self, values: Sequence[Any]) -> tuple[int, ...]:
        if len(values) == 1 and isinstance(values[0], (tuple, list, Array)):
            inside = values[0]
            values = list(inside.cells) if isinstance(inside, Array) else inside
        return tuple([self.whole_number(value, "a side of a shape") for value in values])

    def reshaped(self, a: Any, shape: tuple[int, ...]) -> Array:
        array = self.array(a)
        size = array.cells.size
        known = int(np.prod([side for side in shape if side != -1])) if shape else 1
        full = tuple([
            size // known if side == -1 and known and size % known == 0 else side
            for side in shape
        ])  # fmt: skip
        if int(np.prod(full)) != size or -1 in full:
            text = ", ".join(map(str, shape))
            raise MisfitError(
                f"{described(array)} has {size} entries, which don't fit into ({text})"
            )
        if full == array.shape:
            return array.view(self.recorder, "reshape", (full,), lambda cells: cells.reshape(full))
        return array.view(self.recorder, "reshape", (full,), lambda cells: cells.reshape(full))

    def permuted(self, a: Any, axes: tuple[int, ...]) -> Array:
        array = self.array(a)
        count = len(array.shape)
        places = tuple([axis % count if -count <= axis < count else -1 for axis in axes])
        if sorted(places) != list(range(count)):
            raise UnreadError(f"{described(array)} has no axes {axes}")
        if places == tuple(range(count)):
            return array
        if places == tuple(range(count))[::-1]:
            return array.view(self.recorder, "transpose", (), lambda cells: cells.T)
        return array.view(
            self.recorder, "permute", (places,), lambda cells: np.transpose(cells, places)
        )


CONSTANT_REDUCTIONS: dict[str, Callable[..., Any]] = {
    "sum": np.sum, "prod": np.prod, "amax": np.max, "amin": np.min,
}  # fmt: skip


def is_simple(value: Any) -> bool:
    """Is it a number that Python computes with as in floats?"""
    kind = value.__class__
    return kind is Number or kind is float or (kind is int and -WHOLE <= value <= WHOLE)


def wrapped(found: Any, leaf: str | None, *, keep_type: bool = False) -> Any:
    """A value as a number or an array."""
    if np.ndim(found):
        cells = np.asarray(found)
        own = cells if cells.base is None and cells.flags.writeable else cells.copy(order="K")
        return Array.new(own, leaf)
    if leaf is not None:
        return Number(float(found), leaf)
    return found.item() if keep_type and hasattr(found, "item") else float(found)


def shape_of(value: Any) -> tuple[int, ...]:
    return value.shape if isinstance(value, Array) else ()


def truths(found: Any) -> Any:
    """What a comparison made: numbers that are 1 or 0, whose memory says true or false."""
    if isinstance(found, Array):
        found.cells = found.memory.cells = found.cells != 0
    return found


def constant(function: Callable[[Any, Any], Any], a: Any, b: Any, gate: str) -> Any:
    """An operator on constants, with Python's and NumPy's own types."""
    a, b = (one.cells if isinstance(one, Array) else one for one in (a, b))
    if gate == "pow" and isinstance(a, int) and isinstance(b, int):
        if b < 0 and a == 0:
            return float("inf")
        if abs(b) * a.bit_length() > LARGEST and abs(a) > 1:
            raise UnreadError(TOO_LARGE)
    try:
        if a.__class__ in PLAIN and b.__class__ in PLAIN:
            found = function(a, b)
        else:
            with np.errstate(all="ignore"):
                found = function(a, b)
    except ZeroDivisionError:
        with np.errstate(all="ignore"):
            return float(np.float64(a) / np.float64(b)) if gate == "div" else float("inf")
    except (OverflowError, TypeError, ValueError) as problem:
        raise UnreadError(f"this can't be computed: {str(problem)[:100]}") from None
    if isinstance(found, complex):
        return float("nan")
    if isinstance(found, int) and found.bit_length() > LARGEST:
        raise UnreadError(TOO_LARGE)
    return wrapped(found, None, keep_type=True) if hasattr(found, "dtype") else found
