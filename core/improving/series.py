"""Series of a form at 0 and at infinity in one of its inputs, cut off: approximations.

    series := sum of coefficient[i] * t**(lowest + i)      t is the input, or 1 over it

Coefficients are forms in the other inputs, simplified.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from fractions import Fraction
from itertools import pairwise
from math import factorial

from backprop.improving.forms import Forms
from backprop.improving.rational import Rationals, TooLargeError

TERMS = (1, 2, 3, 4, 6, 8, 11)
LENGTHS = (18, 10, 5)  # terms for a short form of one input, a long one, one of several inputs
SHORT = 16
LARGEST = 40  # parts of a coefficient
HIGHEST = 4


def odd(k: int) -> int:
    return (-1) ** (k // 2) if k % 2 else 0


def even(k: int) -> int:
    return 0 if k % 2 else (-1) ** (k // 2)


TAYLOR: dict[str, Callable[[int], Fraction]] = {
    "exp": lambda k: Fraction(1, factorial(k)),
    "expm1": lambda k: Fraction(1, factorial(k)) if k else Fraction(0),
    "sin": lambda k: Fraction(odd(k), factorial(k)),
    "cos": lambda k: Fraction(even(k), factorial(k)),
    "sinh": lambda k: Fraction(k % 2, factorial(k)),
    "cosh": lambda k: Fraction(1 - k % 2, factorial(k)),
    "log1p": lambda k: Fraction((-1) ** (k + 1), k) if k else Fraction(0),
    "atan": lambda k: Fraction(odd(k), k) if k else Fraction(0),
    "atanh": lambda k: Fraction(k % 2, k) if k else Fraction(0),
}


def binomial(power: Fraction, k: int) -> Fraction:
    found = Fraction(1)
    for i in range(k):
        found = found * (power - i) / (i + 1)
    return found


class Series:
    """A series cut off, of a search's forms."""

    __slots__ = ("coefficients", "lowest")

    def __init__(self, lowest: int, coefficients: Sequence[int], zero: int) -> None:
        skipped = 0
        while skipped < len(coefficients) and coefficients[skipped] == zero:
            skipped += 1
        self.lowest = lowest + skipped
        self.coefficients = list(coefficients[skipped:])

    def at(self, power: int, zero: int) -> int:
        place = power - self.lowest
        return self.coefficients[place] if 0 <= place < len(self.coefficients) else zero


class Expander:
    """Series in one input, at 0 or at infinity."""

    def __init__(self, rationals: Rationals, variable: int, infinity: bool, length: int) -> None:
        self.rationals = rationals
        self.forms: Forms = rationals.forms
        self.variable = variable
        self.infinity = infinity
        self.length = length
        self.zero = self.forms.number(0)
        self.one = self.forms.number(1)
        self.found: dict[int, Series | None] = {}

    # Coefficients.

    def simple(self, form: int) -> int:
        found = self.rationals.simplified(form)
        if self.forms.sizes[found] > LARGEST:
            raise TooLargeError
        return found

    def plus(self, a: int, b: int) -> int:
        return b if a == self.zero else a if b == self.zero else self.simple(self.made("add", a, b))

    def times(self, a: int, b: int) -> int:
        if self.zero in (a, b):
            return self.zero
        return b if a == self.one else a if b == self.one else self.simple(self.made("mul", a, b))

    def made(self, op: str, *operands: int) -> int:
        return self.forms.make(op, *operands)

    # Series.

    def of(self, lowest: int, coefficients: Sequence[int]) -> Series:
        return Series(lowest, coefficients, self.zero)

    def constant(self, form: int) -> Series:
        return self.of(0, [form] + [self.zero] * (self.length - 1))

    def add(self, s: Series, t: Series) -> Series:
        if not s.coefficients or not t.coefficients:
            return s if s.coefficients else t
        lowest = min(s.lowest, t.lowest)
        last = min(s.lowest + len(s.coefficients), t.lowest + len(t.coefficients))
        powers = range(lowest, last)
        return self.of(lowest, [self.plus(s.at(k, self.zero), t.at(k, self.zero)) for k in powers])

    def scale(self, s: Series, factor: int) -> Series:
        return self.of(s.lowest, [self.times(factor, c) for c in s.coefficients])

    def multiply(self, s: Series, t: Series) -> Series:
        found = []
        for i in range(min(len(s.coefficients), len(t.coefficients))):
            total = self.zero
            for j in range(i + 1):
                product = self.times(s.coefficients[j], t.coefficients[i - j])
                total = self.plus(total, product)
            found.append(total)
        return self.of(s.lowest + t.lowest, found)

    def inverse(self, s: Series) -> Series:
        if not s.coefficients:
            raise TooLargeError
        found = [self.simple(self.made("div", self.one, s.coefficients[0]))]
        minus = self.forms.number(-1)
        for i in range(1, len(s.coefficients)):
            total = self.zero
            for j in range(1, i + 1):
                total = self.plus(total, self.times(s.coefficients[j], found[i - j]))
            found.append(self.times(minus, self.times(total, found[0])))
        return self.of(-s.lowest, found)

    def composed(self, numbers: Sequence[Fraction], inner: Series) -> Series:
        """The sum of numbers[k] * inner**k, where inner is 0 at the centre."""
        found, power = self.constant(self.forms.number(numbers[0])), None
        for k in range(1, self.length):
            power = inner if power is None else self.multiply(power, inner)
            if not power.coefficients or power.lowest >= self.length:
                break
            if numbers[k]:
                found = self.add(found, self.scale(power, self.forms.number(numbers[k])))
        return self.of(found.lowest, found.coefficients[: max(0, self.length - found.lowest)])

    def taylor(self, name: str, inner: Series) -> Series:
        return self.composed([TAYLOR[name](k) for k in range(self.length)], inner)

    def series(self, form: int) -> Series:
        """The series of a form; it raises where there is none."""
        for one in self.forms.parts(form):
            if one not in self.found:
                try:
                    self.found[one] = self.one_series(one)
                except (TooLargeError, ZeroDivisionError):
                    self.found[one] = None
        found = self.found[form]
        if found is None:
            raise TooLargeError
        return found

    def one_series(self, form: int) -> Series:
        forms = self.forms
        op, operands = forms.ops[form], forms.operands[form]
        if form == self.variable:
            return self.of(-1 if self.infinity else 1, [self.one] + [self.zero] * (self.length - 1))
        if self.variable not in forms.parts(form):
            return self.constant(form)
        fed = []
        for one in operands:
            series = self.found[one]
            if series is None:
                raise TooLargeError
            fed.append(series)
        first = fed[0]
        match op:
            case "add":
                return self.add(first, fed[1])
            case "sub":
                return self.add(first, self.scale(fed[1], forms.number(-1)))
            case "neg":
                return self.scale(first, forms.number(-1))
            case "mul":
                return self.multiply(first, fed[1])
            case "div":
                return self.multiply(first, self.inverse(fed[1]))
            case "pow":
                return self.power(first, operands[1])
            case "sqrt" | "cbrt":
                return self.root(op, first)
            case "tan":
                sin, cos = self.function("sin", first), self.function("cos", first)
                return self.multiply(sin, self.inverse(cos))
            case "tanh":
                sinh, cosh = self.function("sinh", first), self.function("cosh", first)
                return self.multiply(sinh, self.inverse(cosh))
            case "log":
                return self.logarithm(first)
        return self.function(op, first)

    def power(self, s: Series, exponent: int) -> Series:
        value = self.forms.numbers.get(exponent)
        if value is None or value.denominator != 1 or not 0 < value <= HIGHEST:
            raise TooLargeError
        found = s
        for _ in range(int(value) - 1):
            found = self.multiply(found, s)
        return found

    def root(self, op: str, s: Series) -> Series:
        order = 2 if op == "sqrt" else 3
        if len(s.coefficients) < 2 or s.lowest % order:
            raise TooLargeError
        first, *rest = s.coefficients
        inverse = self.simple(self.made("div", self.one, first))
        inner = self.of(0, [self.zero, *[self.times(inverse, c) for c in rest]])
        powers = [binomial(Fraction(1, order), k) for k in range(self.length)]
        found = self.composed(powers, inner)
        root = self.one if first == self.one else self.made(op, first)
        found = self.scale(found, root)
        return self.of(found.lowest + s.lowest // order, found.coefficients)

    def logarithm(self, s: Series) -> Series:
        if s.lowest or not s.coefficients:
            raise TooLargeError
        first, *rest = s.coefficients
        inverse = self.simple(self.made("div", self.one, first))
        inner = self.of(0, [self.zero, *[self.times(inverse, c) for c in rest]])
        found = self.taylor("log1p", inner)
        if first == self.one:
            return found
        return self.add(found, self.constant(self.made("log", first)))

    def function(self, op: str, s: Series) -> Series:
        if s.lowest < 0 or op not in TAYLOR:
            raise TooLargeError
        if s.lowest > 0 or not s.coefficients:
            return self.taylor(op, s)
        start, *rest = s.coefficients
        inner = self.of(0, [self.zero, *rest])
        if not inner.coefficients:
            return self.constant(self.made(op, start))
        match op:
            case "exp":
                return self.scale(self.taylor("exp", inner), self.made("exp", start))
            case "sin" | "cos":
                sin, cos = self.taylor("sin", inner), self.taylor("cos", inner)
                at_sin, at_cos = self.made("sin", start), self.made("cos", start)
                if op == "sin":
                    return self.add(self.scale(cos, at_sin), self.scale(sin, at_cos))
                minus = self.times(self.forms.number(-1), at_sin)
                return self.add(self.scale(cos, at_cos), self.scale(sin, minus))
        raise TooLargeError


def expansions(rationals: Rationals, form: int, variable: int) -> Iterator[int]:
    """A form's series at 0 and at infinity, cut off after one term, two, and so on."""
    forms = rationals.forms
    several = len(forms.inputs(form)) > 1
    length = LENGTHS[2 if several else 0 if forms.sizes[form] < SHORT else 1]
    for infinity in (False, True):
        expander = Expander(rationals, variable, infinity, length)
        try:
            series = expander.series(form)
        except TooLargeError:
            continue
        terms = [
            (series.lowest + k, c) for k, c in enumerate(series.coefficients) if c != expander.zero
        ]
        for count in TERMS:
            if len(terms) < count:
                break
            yield nested(forms, terms[:count], variable, infinity)


def nested(forms: Forms, terms: Sequence[tuple[int, int]], x: int, infinity: bool) -> int:
    """A polynomial in an input, or in 1 over it, by Horner's scheme."""
    total = terms[-1][1]
    for (power, coefficient), (above, _) in reversed([*pairwise(terms)]):
        step = powered(forms, x, above - power)
        inner = forms.make("div" if infinity else "mul", total, step)
        total = forms.make("add", coefficient, inner)
    lowest = -terms[0][0] if infinity else terms[0][0]
    if lowest > 0:
        total = forms.make("mul", total, powered(forms, x, lowest))
    for _ in range(-lowest):
        total = forms.make("div", total, x)
    return total


def powered(forms: Forms, x: int, exponent: int) -> int:
    if exponent == 1:
        return x
    if exponent == 2:
        return forms.make("mul", x, x)
    return forms.make("pow", x, forms.number(exponent))
