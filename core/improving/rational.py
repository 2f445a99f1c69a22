"""The rational normal form: numerator and denominator multiplied out, over parts that are opaque.

    ratio      := polynomial / product of powers of polynomials
    polynomial := {monomial: number}       monomial := ((form, exponent), ...) in rising order

Squares of square roots and cubes of cube roots are taken out. What would grow too large raises.
"""

from __future__ import annotations

from collections.abc import Mapping
from fractions import Fraction
from math import gcd

from backprop.improving.forms import Forms

Monomial = tuple[tuple[int, int], ...]
Polynomial = Mapping[Monomial, Fraction]
Key = tuple[tuple[Monomial, Fraction], ...]  # a polynomial that can be looked up
Ratio = tuple[Polynomial, Mapping[Key, int]]

MOST_TERMS = 200
HIGHEST = 4
ROUNDS = 6
ONE: Polynomial = {(): Fraction(1)}
ROOTS = {"sqrt": 2, "cbrt": 3}


class TooLargeError(Exception):
    """A normal form that nobody could read, or none at all."""


def times(p: Polynomial, q: Polynomial) -> Polynomial:
    if len(p) * len(q) > MOST_TERMS:
        raise TooLargeError
    found: dict[Monomial, Fraction] = {}
    for m, c in p.items():
        for n, d in q.items():
            powers = dict(m)
            for form, exponent in n:
                powers[form] = powers.get(form, 0) + exponent
            product = tuple(sorted((form, k) for form, k in powers.items() if k))
            found[product] = found.get(product, Fraction(0)) + c * d
    return {m: c for m, c in found.items() if c}


def plus(p: Polynomial, q: Polynomial, sign: int = 1) -> Polynomial:
    found = dict(p)
    for m, c in q.items():
        found[m] = found.get(m, Fraction(0)) + sign * c
    return {m: c for m, c in found.items() if c}


def powered(p: Polynomial, exponent: int) -> Polynomial:
    found = ONE
    for _ in range(exponent):
        found = times(found, p)
    return found


def key(p: Polynomial) -> Key:
    return tuple(sorted(p.items()))


def atom(form: int) -> Polynomial:
    return {((form, 1),): Fraction(1)}


def content(p: Polynomial) -> tuple[Fraction, dict[int, int], Polynomial]:
    """A number, a product of powers, and the polynomial that is left without them."""
    number = Fraction(0)
    for c in p.values():
        number = Fraction(
            gcd(number.numerator * c.denominator, c.numerator * number.denominator),
            number.denominator * c.denominator,
        )
    if all(c < 0 for c in p.values()):
        number = -number
    common: dict[int, int] | None = None
    for m in p:
        powers = dict(m)
        common = powers if common is None else {
            form: min(k, powers[form]) for form, k in common.items() if form in powers
        }  # fmt: skip
    factors = common or {}
    rest = {
        tuple([(form, left) for form, k in m if (left := k - factors.get(form, 0))]): c / number
        for m, c in p.items()
    }
    return number, factors, rest


class Rationals:
    """The normal forms of one search's forms."""

    def __init__(self, forms: Forms) -> None:
        self.forms = forms
        self.ratios: dict[int, Ratio | None] = {}  # None: too large
        self.simple: dict[int, int] = {}

    def simplified(self, form: int) -> int:
        """The same form multiplied out, and with what cancels cancelled."""
        for one in self.forms.parts(form):
            if one not in self.simple:
                self.simple[one] = self.built(one)
        return self.simple[form]

    def built(self, form: int) -> int:
        try:
            return self.build(self.ratio(form))
        except TooLargeError:
            return form

    def ratio(self, form: int) -> Ratio:
        for one in self.forms.parts(form):
            if one not in self.ratios:
                try:
                    self.ratios[one] = self.one_ratio(one)
                except TooLargeError:
                    self.ratios[one] = None
        found = self.ratios[form]
        if found is None:
            raise TooLargeError
        return found

    def fed(self, form: int) -> list[Ratio]:
        found = [self.ratios[one] for one in self.forms.operands[form]]
        if None in found:
            raise TooLargeError
        return [one for one in found if one is not None]

    def one_ratio(self, form: int) -> Ratio:
        """The ratio of a form whose operands have theirs."""
        forms = self.forms
        op, operands = forms.ops[form], forms.operands[form]
        if form in forms.numbers:
            value = forms.numbers[form]
            return ({(): value} if value else {}), {}
        if op in ("add", "sub"):
            (n, d), (m, e) = self.fed(form)
            below = {f: max(d.get(f, 0), e.get(f, 0)) for f in {**d, **e}}
            for factor, k in below.items():
                n = times(n, powered(dict(factor), k - d.get(factor, 0)))
                m = times(m, powered(dict(factor), k - e.get(factor, 0)))
            return self.reduced(plus(n, m, 1 if op == "add" else -1), below)
        if op == "neg":
            ((n, d),) = self.fed(form)
            return {m: -c for m, c in n.items()}, d
        if op == "mul":
            (n, d), (m, e) = self.fed(form)
            return self.reduced(times(n, m), {f: d.get(f, 0) + e.get(f, 0) for f in {**d, **e}})
        if op == "div":
            return self.quotient(*self.fed(form))
        if op == "pow" and operands[1] in forms.numbers:
            exponent = forms.numbers[operands[1]]
            if exponent.denominator == 1 and 0 <= exponent <= HIGHEST:
                (n, d), _ = self.fed(form)
                k = int(exponent)
                return self.reduced(powered(n, k), {f: x * k for f, x in d.items()})
        if not operands:
            return atom(form), {}
        opaque = forms.make(op, *[self.simplest(one) for one in operands])
        return atom(opaque), {}

    def simplest(self, form: int) -> int:
        """The simplified operand of an opaque part: it was looked at before, being smaller."""
        found = self.simple.get(form)
        if found is None:
            ratio = self.ratios.get(form)
            try:
                found = form if ratio is None else self.build(ratio)
            except TooLargeError:
                found = form
            self.simple[form] = found
        return found

    def quotient(self, above: Ratio, below: Ratio) -> Ratio:
        (n, d), (m, e) = above, below
        for factor, k in e.items():
            n = times(n, powered(dict(factor), k))
        if not m:
            raise TooLargeError
        number, factors, rest = content(m)
        n = {mono: c / number for mono, c in n.items()}
        under = dict(d)
        for form, k in factors.items():
            one = key(atom(form))
            under[one] = under.get(one, 0) + k
        if rest != ONE:
            under[key(rest)] = under.get(key(rest), 0) + 1
        return self.reduced(n, under)

    def reduced(self, n: Polynomial, d: Mapping[Key, int]) -> Ratio:
        """What stands above and below alike is cancelled."""
        n = self.without_roots(n)
        if not n:
            return {}, {}
        number, factors, rest = content(n)
        left: dict[Key, int] = {}
        for factor, k in d.items():
            if len(factor) == 1 and len(factor[0][0]) == 1:
                form = factor[0][0][0][0]
                both = min(factors.get(form, 0), k)
                k -= both
                if both:
                    factors[form] -= both
            elif k and key(rest) == factor:
                rest, k = ONE, k - 1
            elif k and key({m: -c for m, c in rest.items()}) == factor:
                rest, number, k = ONE, -number, k - 1
            if k:
                left[factor] = k
        mono = tuple(sorted((form, k) for form, k in factors.items() if k))
        return times({mono: number}, rest), left

    def without_roots(self, p: Polynomial) -> Polynomial:
        """Squares of square roots are what is under them, cubes of cube roots too."""
        ops = self.forms.ops
        for _ in range(ROUNDS):
            hit = next(
                (
                    (m, form, k)
                    for m in p
                    for form, k in m
                    if ops[form] in ROOTS and k >= ROOTS[ops[form]]
                ),
                None,
            )
            if hit is None:
                return p
            mono, form, k = hit
            ratio = self.ratios.get(self.forms.operands[form][0])
            if ratio is None or ratio[1]:
                return p
            lower = k - ROOTS[ops[form]]
            rest = [(one, e) for one, e in mono if one != form]
            kept = tuple(sorted([*rest, (form, lower)] if lower else rest))
            found = dict(p)
            number = found.pop(mono)
            p = plus(found, times({kept: number}, ratio[0]))
        return p

    # Back to forms.

    def build(self, ratio: Ratio) -> int:
        above, below = ratio
        forms = self.forms
        top = self.sum_of(above)
        under: int | None = None
        for factor, k in sorted(below.items()):
            one = self.power_of(self.sum_of(dict(factor)), k)
            under = one if under is None else forms.make("mul", under, one)
        if under is None:
            return top
        if forms.ops[top] == "neg":
            return forms.make("neg", forms.make("div", forms.operands[top][0], under))
        return forms.make("div", top, under)

    def sum_of(self, p: Polynomial) -> int:
        forms = self.forms
        if not p:
            return forms.number(0)
        number, factors, rest = content(p)
        total: int | None = None
        if rest != ONE:
            terms = sorted(rest.items(), key=lambda t: (t[1] < 0, -sum(k for _, k in t[0]), t[0]))
            for mono, c in terms:
                one = self.product_of(dict(mono), abs(c))
                if total is None:
                    total = one if c > 0 else forms.make("neg", one)
                else:
                    total = forms.make("add" if c > 0 else "sub", total, one)
        found = self.product_of(factors, abs(number), total)
        return forms.make("neg", found) if number < 0 else found

    def product_of(
        self, factors: Mapping[int, int], number: Fraction, rest: int | None = None
    ) -> int:
        forms = self.forms
        pieces = [self.power_of(form, k) for form, k in sorted(factors.items()) if k]
        if rest is not None:
            pieces.append(rest)
        if not pieces:
            return forms.number(number)
        found = pieces[0]
        for piece in pieces[1:]:
            found = forms.make("mul", found, piece)
        return found if number == 1 else forms.make("mul", forms.number(number), found)

    def power_of(self, form: int, exponent: int) -> int:
        forms = self.forms
        if exponent == 1:
            return form
        if exponent == 2:
            return forms.make("mul", form, form)
        return forms.make("pow", form, forms.number(exponent))
