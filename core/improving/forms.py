"""Expressions, each once: a form is a number, and its operands are smaller numbers.

    form := number | input | name of a constant | gate(form, form, ...)

So a walk over a form is a loop over its parts in rising order, and equal expressions are the same
form. Gates have their general names here: x + 1 is `add`, x**2 is `pow`. Numbers are exact.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from fractions import Fraction
from math import isfinite, isqrt
from typing import Any

from backprop.arithmetic.folded import parts_of
from backprop.arithmetic.intervals import EXACT, PRIMITIVES
from backprop.errors import UsageError
from backprop.gates import CONSTANTS, WITH_CONSTANT
from backprop.program.program import CONSTANT, INPUT, Program

NUMBER, NAME = "number", "name"
COMMUTATIVE = ("add", "mul", "max", "min", "hypot", "logaddexp")
LARGEST_POWER = 64


class Forms:
    """The forms of one search."""

    def __init__(self) -> None:
        self.ops: list[str] = []
        self.operands: list[tuple[int, ...]] = []
        self.numbers: dict[int, Fraction] = {}
        self.names: dict[int, str] = {}
        self.sizes: list[int] = []
        self.known: dict[Any, int] = {}
        self._parts: dict[int, tuple[int, ...]] = {}

    def _add(self, key: Any, op: str, operands: tuple[int, ...]) -> int:
        form = self.known.get(key)
        if form is None:
            form = self.known[key] = len(self.ops)
            self.ops.append(op)
            self.operands.append(operands)
            self.sizes.append(min(10**9, 1 + sum([self.sizes[one] for one in operands])))
        return form

    def number(self, value: Fraction | int) -> int:
        exact = Fraction(value)
        form = self._add((NUMBER, exact), NUMBER, ())
        self.numbers[form] = exact
        return form

    def name(self, name: str) -> int:
        form = self._add((NAME, name), NAME, ())
        self.names[form] = name
        return form

    def make(self, op: str, *operands: int) -> int:
        """A gate of these operands, in the one order that sums and products with a number have;
        of numbers alone a sum, product or quotient is a number."""
        values = [self.numbers.get(one) for one in operands]
        if op in FOLDS and None not in values:
            folded = FOLDS[op](*values)
            if folded is not None:
                return self.number(folded)
        if op == "sub" and operands[0] == operands[1]:
            return self.number(0)
        if op == "sub" and values[0] == 0:
            return self.make_neg(operands[1])
        if op == "where" and values[0] is not None:
            return operands[1 if values[0] else 2]
        if op in ("add", "mul") and values[0] is not None:
            operands, values = operands[::-1], values[::-1]
        last = values[-1]
        if op in ("add", "sub") and last is not None and last <= 0:
            op, operands = ("sub" if op == "add" else "add"), (operands[0], self.number(-last))
            if not last:
                return operands[0]
        if op == "mul" and last is not None:
            if last in (1, -1):
                return operands[0] if last == 1 else self.make_neg(operands[0])
            operands = operands[::-1]
        if op == "neg":
            return self.make_neg(operands[0])
        if op in COMMUTATIVE and (op, operands) not in self.known:
            turned = self.known.get((op, operands[::-1]))
            if turned is not None:  # the same in the order that was there first
                return turned
        if op in ("div", "pow") and last == 1:
            return operands[0]
        return self._add((op, operands), op, operands)

    def make_neg(self, operand: int) -> int:
        if operand in self.numbers:
            return self.number(-self.numbers[operand])
        if self.ops[operand] == "neg":
            return self.operands[operand][0]
        return self._add(("neg", (operand,)), "neg", (operand,))

    def parts(self, form: int) -> tuple[int, ...]:
        """All forms that a form is made of, itself last."""
        found = self._parts.get(form)
        if found is None:
            seen = {form}
            waiting = [form]
            while waiting:
                for one in self.operands[waiting.pop()]:
                    if one not in seen:
                        seen.add(one)
                        waiting.append(one)
            found = self._parts[form] = tuple(sorted(seen))
        return found

    def inputs(self, form: int) -> list[str]:
        """The names of the inputs in a form, as they first came."""
        return [self.names[one] for one in self.parts(form) if self.is_input(one)]

    def is_input(self, form: int) -> bool:
        return self.ops[form] == NAME and self.names[form] not in CONSTANTS

    def is_leaf(self, form: int) -> bool:
        return not self.operands[form]

    def replaced(self, form: int, old: int, new: int) -> int:
        """A form with one of its parts replaced."""
        return self.substituted(form, {old: new})

    def substituted(self, form: int, places: Mapping[int, int]) -> int:
        """A form with some of its parts replaced by others."""
        moved = dict(places)
        for one in self.parts(form):
            if one not in moved:
                operands = self.operands[one]
                fed = tuple([moved[operand] for operand in operands])
                moved[one] = one if fed == operands else self.make(self.ops[one], *fed)
        return moved[form]

    def gate(self, form: int) -> tuple[str, tuple[int, ...]]:
        """The gate, and its operands, that a program has for a form: x**2 is `square`."""
        op, operands = self.ops[form], self.operands[form]
        for place, one in enumerate(operands):
            if one in self.numbers:
                value = float(self.numbers[one])
                for key in ((op, place, value), (op, place, None)):
                    if found := WITH_CONSTANT.get(key):
                        return found[0], tuple([operands[index] for index in found[1]])
        return op, operands


def folded_power(a: Fraction, b: Fraction) -> Fraction | None:
    if b.denominator != 1 or abs(b) > LARGEST_POWER or (not a and b < 0):
        return None
    found = a ** int(b)
    assert isinstance(found, Fraction)
    return found


def folded_root(a: Fraction) -> Fraction | None:
    """The square root of a square."""
    if a < 0:
        return None
    root = Fraction(isqrt(a.numerator), isqrt(a.denominator))
    return root if root * root == a else None


FOLDS: dict[str, Any] = {
    "sqrt": folded_root,
    "abs": abs,
    "lt": lambda a, b: Fraction(a < b),
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b if b else None,
    "neg": lambda a: -a,
    "pow": folded_power,
}


# From programs.


def form_of(forms: Forms, program: Program) -> dict[int, int]:
    """The form of every slot of a program."""
    refuse_unknown(program)
    found: dict[int, int] = {}
    for name, slot in program.inputs.items():
        found[slot] = forms.name(name)
    for slot, value in program.used_constants:
        found[slot] = constant(forms, value)
    for slot, gate, operands in program.forward_steps():
        found[slot] = general(forms, gate, [found[operand] for operand in operands])
    return found


def refuse_unknown(program: Program) -> None:
    """Improving needs numbers that surely are right, which not every gate has."""
    program.numbers_only("improve takes programs of single numbers")
    unknown = sorted({*program.gates} - {*PRIMITIVES, *EXACT, INPUT, CONSTANT})
    if unknown:
        raise UsageError(
            f"improve can't yet take {', '.join(unknown)}",
            hint="it takes arithmetic, powers, exponentials, logarithms, angles, sigmoid and "
            "softplus",
        )


def general(forms: Forms, gate: str, operands: Sequence[int]) -> int:
    """A gate of a program under its general name."""
    one = forms.number(1)
    match gate:
        case "shift":
            return forms.make("add", *operands)
        case "scale":
            return forms.make("mul", *operands)
        case "recip":
            return forms.make("div", one, *operands)
        case "square":
            return forms.make("pow", *operands, forms.number(2))
        case "powc":
            return forms.make("pow", *operands)
        case "unit":
            return one
    return forms.make(gate, *operands)


def constant(forms: Forms, value: Any) -> int:
    """A number of the text; one that is made of others, from these."""
    found: dict[int, int] = {}
    for key, part in parts_of(value).items():
        if hasattr(part, "gate"):
            made = part.gate in CONSTANTS and forms.name(part.gate)
            operands = [found[id(one)] for one in part.operands]
            found[key] = made if made is not False else general(forms, part.gate, operands)
        elif isfinite(part):
            found[key] = forms.number(Fraction(part))
        else:
            raise UsageError("a constant of the program is not finite")
    return found[id(value)]
