"""Operations on whole columns, each there once: what both engines write down as code.

    operation := input | constant | name(operation, ...)     operands come before

An equal operation on equal operands is the same one, so subresults that stages and slopes have
in common are computed once. What is rewritten here, such as 1*x or a + -b, keeps every bit, but
for powers with a few exponents, which become products and roots that are as exact.

Conditions are operations of their own kind. As a number a condition is `number(condition)`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import reduce
from math import frexp, inf
from typing import NamedTuple

from backprop.arithmetic.ieee import VALUE
from backprop.arithmetic.texts import COMPARISONS, formula
from backprop.gates import CONSTANTS, GATES, find

INPUT, CONSTANT = "input", "constant"
CONDITIONS = frozenset([*COMPARISONS, "and", "or", "not"])
SYMMETRIC = frozenset(["add", "mul", "and", "or", "eq", "ne"])
CHAINED = frozenset(["max", "min", "hypot"])
TINY, SCALE = 1e-290, 2.0**600
# The functions of the C library, none of which IEEE 754 fixes to the last bit, by operands.
ONE = """acos acosh asin asinh atan atanh cbrt cos cosh erf erfc exp exp2 expm1 log log10 log1p
log2 sin sinh tan tanh"""
TWO = "atan2 hypot pow"
LIBRARY = dict.fromkeys(ONE.split(), 1) | dict.fromkeys(TWO.split(), 2)


class Operation(NamedTuple):
    name: str
    operands: tuple[int, ...] = ()
    value: float = 0.0  # of a constant; the place of an input


class Graph:
    again = True  # are rows that aren't finite done again?

    def __init__(self, fast_trigonometry: bool = False) -> None:
        self.fast_trigonometry = fast_trigonometry
        self.operations: list[Operation] = []
        self.constants: dict[int, float] = {}
        self.value = self.constants.get  # None, if it isn't a constant
        self.known: dict[tuple[str, tuple[int, ...], str], int] = {}
        self.truths: dict[int, int] = {}  # a number that says whether a condition holds -> it
        self.no_nan = False  # may x == x be taken for granted?
        self.yes, self.no = self.constant(1.0), self.constant(0.0)

    def add(self, name: str, operands: tuple[int, ...] = (), value: float = 0.0) -> int:
        """An operation as it is; the one that is there, if it is."""
        if name in SYMMETRIC and operands[0] > operands[1]:
            operands = operands[::-1]
        key = name, operands, "" if operands else repr(value)  # which tells 0 from -0
        if key not in self.known:
            self.known[key] = len(self.operations)
            self.operations.append(Operation(name, operands, value))
        return self.known[key]

    def constant(self, value: float) -> int:
        number = self.add(CONSTANT, (), value)
        self.constants[number] = value
        return number

    def input(self, place: int) -> int:
        return self.add(INPUT, (), float(place))

    # Texts of the table.

    def expression(self, text: str, names: Mapping[str, int]) -> int:
        """The last statement of a text. Rows that call other rows do so a few levels deep."""
        known = dict(names)
        stack: list[int] = []
        for item in formula(text).code:
            if isinstance(item, str):
                stack.append(self.leaf(item, known))
                continue
            operands = stack[len(stack) - item.arity :]
            del stack[len(stack) - item.arity :]
            if item.kind == "store":
                known[item.name] = operands[0]
                continue
            gate = GATES.get(item.name) or find(item.name)
            assert gate is not None
            stack.append(self.gate(gate.name, operands))
        return stack[-1]

    def leaf(self, text: str, known: Mapping[str, int]) -> int:
        if text in known:
            return known[text]
        return self.constant(CONSTANTS[text] if text in CONSTANTS else float(text))

    def gate(self, name: str, operands: Sequence[int]) -> int:
        """A gate of the table on these operands."""
        values = [self.constants[operand] for operand in operands if operand in self.constants]
        if len(values) == len(operands):
            return self.constant(VALUE[name](*values))
        if text := GATES[name].value:
            return self.expression(text, dict(zip(GATES[name].operands, operands, strict=True)))
        if name in CHAINED:
            return self.chained(name, operands)
        if name in COMPARISONS:
            return self.number(self.comparison(name, operands[0], operands[1]))
        if name == "where":
            return self.select(self.truth(operands[0]), operands[1], operands[2])
        rewrite = getattr(self, f"rewritten_{name}", None)
        found: int = rewrite(*operands) if rewrite else self.add(name, tuple(operands))
        return found

    def chained(self, name: str, operands: Sequence[int]) -> int:
        """A gate of many operands, two at a time. A length so small that it keeps few digits on
        the way is that of much larger operands, made small at the end."""
        found = reduce(lambda a, b: self.add(name, (a, b)), operands)
        if name != "hypot" or len(operands) == 2:
            return found
        large = [self.add("mul", (operand, self.constant(SCALE))) for operand in operands]
        length = reduce(lambda a, b: self.add(name, (a, b)), large)
        small = self.add("mul", (length, self.constant(1 / SCALE)))
        return self.select(self.comparison("lt", found, self.constant(TINY)), small, found)

    # Arithmetic.

    def rewritten_neg(self, a: int) -> int:
        inner = self.operations[a]
        return inner.operands[0] if inner.name == "neg" else self.add("neg", (a,))

    def rewritten_abs(self, a: int) -> int:
        inner = self.operations[a]
        return self.add("abs", inner.operands if inner.name == "neg" else (a,))

    def rewritten_add(self, a: int, b: int) -> int:
        for one, other in ((a, b), (b, a)):
            if self.value(one) == 0 and repr(self.value(one)) == "-0.0":
                return other
        for one, other in ((a, b), (b, a)):
            if self.operations[other].name == "neg":
                return self.add("sub", (one, self.operations[other].operands[0]))
        found = self.add("add", (a, b))
        counts = self.counted(a), self.counted(b)
        if counts[0] is not None and counts[1] is not None:
            self.truths[found] = self.either(counts[0], counts[1])
        return found

    def counted(self, number: int) -> int | None:
        """The condition that a number tells of, if it is such a 1 or 0, or a sum of them."""
        return number if number in (self.yes, self.no) else self.truths.get(number)

    def rewritten_sub(self, a: int, b: int) -> int:
        inner = self.operations[b]
        return self.add("add", (a, inner.operands[0])) if inner.name == "neg" else self.add(
            "sub", (a, b)
        )  # fmt: skip

    def rewritten_mul(self, a: int, b: int) -> int:
        for one, other in ((a, b), (b, a)):
            if self.value(one) == 1:
                return other
            if self.value(one) == -1:
                return self.rewritten_neg(other)
        if a in self.truths and b in self.truths:
            return self.number(self.both(self.truths[a], self.truths[b]))
        return self.add("mul", (a, b))

    def rewritten_div(self, a: int, b: int) -> int:
        by = self.value(b)
        if by is not None and 1e-300 < abs(by) < 1e300 and abs(frexp(by)[0]) == 0.5:
            return self.rewritten_mul(a, self.constant(1 / by))
        return self.add("div", (a, b))

    def rewritten_pow(self, a: int, b: int) -> int:
        square = self.square(a)
        match self.value(b):
            case 1.0:
                return a
            case 2.0:
                return square
            case 3.0:
                return self.add("mul", (square, a))
            case 4.0:
                return self.square(square)
            case 0.5:
                return self.root(a)
            case 1.5:
                return self.add("mul", (self.endless(a), self.root(a)))
            case -0.5:
                return self.add("div", (self.yes, self.root(a)))
            case -1.0:
                return self.add("div", (self.yes, a))
            case -2.0:
                return self.square(self.add("div", (self.yes, a)))
        return self.add("pow", (a, b))

    # Sine and cosine from tangents, for where these are several times faster; 2.6 ulp off at most.

    def rewritten_sin(self, a: int) -> int:
        """2t/(1 + t*t), where t = tan(a/2)."""
        if not self.fast_trigonometry:
            return self.add("sin", (a,))
        t = self.half_tangent(a)
        below = self.add("add", (self.yes, self.square(t)))
        return self.add("div", (self.add("add", (t, t)), below))

    def rewritten_cos(self, a: int) -> int:
        """1/sqrt(1 + T*T), where T = tan(a), with the sign of T*tan(a/2)."""
        if not self.fast_trigonometry:
            return self.add("cos", (a,))
        tangent = self.add("tan", (a,))
        length = self.add("sqrt", (self.add("add", (self.yes, self.square(tangent))),))
        sign = self.add("mul", (tangent, self.half_tangent(a)))
        return self.add("signed", (self.add("div", (self.yes, length)), sign))

    def half_tangent(self, a: int) -> int:
        return self.add("tan", (self.add("mul", (a, self.constant(0.5))),))

    def root(self, a: int) -> int:
        """The square root as a power, which is inf of -inf and 0 of -0."""
        return self.add("add", (self.add("sqrt", (self.endless(a),)), self.no))

    def endless(self, a: int) -> int:
        """An operand of which -inf counts as inf."""
        below = self.comparison("eq", a, self.constant(-inf))
        return self.select(below, self.constant(inf), a)

    def square(self, a: int) -> int:
        return self.add("mul", (a, a))

    # Conditions.

    def number(self, truth: int) -> int:
        """A condition as 1 or 0."""
        if self.value(truth) is not None:
            return truth
        found = self.add("number", (truth,))
        self.truths[found] = truth
        return found

    def truth(self, number: int) -> int:
        """Is a number anything but 0?"""
        value = self.value(number)
        if value is not None:
            return self.yes if value else self.no
        return self.comparison("ne", number, self.no)

    def comparison(self, name: str, a: int, b: int) -> int:
        if a == b and self.no_nan and name in ("eq", "ne"):
            return self.yes if name == "eq" else self.no
        if a in self.truths and self.value(b) == 0 and name in ("eq", "ne"):
            return self.truths[a] if name == "ne" else self.opposite(self.truths[a])
        return self.add(name, (a, b))

    def opposite(self, a: int) -> int:
        if self.value(a) is not None:
            return self.no if self.value(a) else self.yes
        inner = self.operations[a]
        return inner.operands[0] if inner.name == "not" else self.add("not", (a,))

    def both(self, a: int, b: int) -> int:
        for one, other in ((a, b), (b, a)):
            if self.value(one) is not None:
                return other if self.value(one) else self.no
        return a if a == b else self.add("and", (a, b))

    def either(self, a: int, b: int) -> int:
        for one, other in ((a, b), (b, a)):
            if self.value(one) is not None:
                return self.yes if self.value(one) else other
        if a == self.opposite(b):
            return self.yes
        return a if a == b else self.add("or", (a, b))

    def select(self, truth: int, a: int, b: int) -> int:
        """`a` where the condition holds, else `b`. A constant comes first: see buffers.py."""
        if self.value(truth) is not None or a == b:
            return a if self.value(truth) else b
        if self.value(b) is not None and self.value(a) is None:
            truth, a, b = self.opposite(truth), b, a
        inner = self.operations[b]
        if inner.name == "select" and inner.operands[:2] == (truth, a):
            return b
        return self.add("select", (truth, a, b))
