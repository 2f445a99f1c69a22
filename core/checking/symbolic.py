"""The symbolic opinion: SymPy, which never sees the table's partials.

Stage by stage, SymPy differentiates a gate's textbook formula in fresh real symbols; the
result, at many digits, is chained in forward mode, so that not a line is shared with the
reverse sweep. Small programs are differentiated whole as well, from the syntax tree.

Symbols are always fresh, real and named here. max, min and their like are Piecewise; steps
have slope 0. What SymPy finds off the real axis is nan.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from functools import cache, reduce
from typing import Any, NamedTuple

import sympy
from mpmath import mp, mpf
from sympy.core.cache import clear_cache
from sympy.printing.latex import LatexPrinter
from sympy.printing.pycode import MpmathPrinter
from sympy.printing.str import StrPrinter

from backprop.arithmetic.ieee import VALUE
from backprop.arithmetic.precise import FINITE, real
from backprop.arithmetic.precise import exactly as exactly_constant
from backprop.arithmetic.texts import formula
from backprop.checking.numeric import Direction
from backprop.checking.walk import Dialect, walk
from backprop.gates import CONSTANTS, GATES
from backprop.program.program import Program

Expression = Any
Rule = Callable[..., Any]
Common = tuple[list[tuple[Expression, Expression]], list[Expression]]

STEEP = 64  # exponents of a polynomial that is multiplied out, all together
LONGEST = 40  # characters of a decimal that is taken as it is written
SIMPLE = 4096  # a literal of at most this denominator is a fraction; others get a symbol


def choice(condition: Expression, yes: Expression, no: Expression) -> Expression:
    return sympy.Piecewise((yes, condition), (no, True))


def largest(*operands: Expression) -> Expression:
    return extreme(operands, lambda a, b: a >= b)


def smallest(*operands: Expression) -> Expression:
    return extreme(operands, lambda a, b: a <= b)


def extreme(operands: Sequence[Expression], before: Callable[..., Expression]) -> Expression:
    """The first operand that comes before all others, without a choice inside a choice."""
    *first, last = [
        (a, sympy.And(*[before(a, b) for b in operands if b is not a])) for a in operands
    ]
    return sympy.Piecewise(*first, (last[0], True))


def truth(condition: Expression) -> Expression:
    return choice(condition, sympy.Integer(1), sympy.Integer(0))


def holds(number: Expression) -> Expression:
    """The condition that a 0-or-1 expression stands for."""
    if isinstance(number, sympy.Piecewise) and number.args[0][0] == 1 and len(number.args) == 2:
        return number.args[0][1]
    return sympy.Ne(number, 0)


def flat(name: str) -> Callable[..., Expression]:
    """A step: a function that SymPy knows nothing of but that its slope is 0."""
    made = type(name, (sympy.Function,), {"fdiff": lambda self, place=1: sympy.Integer(0)})
    return lambda a: made(a)


STEPS = {name: flat(name) for name in ("sign", "floor", "ceil", "round")}


def standing(name: str, *slopes: Callable[..., Expression]) -> Callable[..., Expression]:
    """A function by the name that it has here, with its slopes in SymPy's functions."""

    def fdiff(self: Expression, place: int = 1) -> Expression:
        return slopes[place - 1](*self.args)

    made = type(name, (sympy.Function,), {"fdiff": fdiff})
    return lambda *operands: made(*operands)


def side(a: Expression) -> Expression:
    return sympy.Piecewise((1, a > 0), (-1, a < 0), (0, True))


def quotient(a: Expression, b: Expression) -> Expression:
    return choice(sympy.Ne(a, 0), a / b, sympy.Integer(0))


def density(a: Expression) -> Expression:
    """The bell curve, whose area is 1."""
    return sympy.exp(-(a**2) / 2) / sympy.sqrt(2 * sympy.pi)


PSI, ROOT_PI = sympy.polygamma, sympy.sqrt(sympy.pi)
ERFCX: Rule = standing("erfcx", lambda a: 2 * a * ERFCX(a) - 2 / ROOT_PI)
IERFCX: Rule = standing("ierfcx", lambda a: 2 * a * IERFCX(a) - ERFCX(a))
NDTR: Rule = standing("ndtr", lambda a: density(a))
NDTRI: Rule = standing("ndtri", lambda a: sympy.sqrt(2) * ROOT_PI * sympy.exp(NDTRI(a) ** 2 / 2))
I0E: Rule = standing("i0e", lambda a: I1E(a) - side(a) * I0E(a))
I1E: Rule = standing("i1e", lambda a: choice(sympy.Ne(a, 0), I0E(a) - I1E(a) * (side(a) + 1 / a),
                                       sympy.Rational(1, 2)))  # fmt: skip
FALL: Rule = standing("bessel_fall", lambda a: side(a) * (
    choice(sympy.Ne(a, 0), I1E(a) / a, sympy.Rational(1, 2)) - 2 * FALL(a)
))  # fmt: skip
SPECIAL: dict[str, Callable[..., Expression]] = {
    "xlogy": standing("xlogy", lambda a, b: sympy.log(b), quotient),
    "xlog1py": standing("xlog1py", lambda a, b: sympy.log(1 + b), lambda a, b: quotient(a, 1 + b)),
    "entr": standing("entr", lambda a: -sympy.log(a) - 1),
    "lgamma": standing("lgamma", lambda a: PSI(0, a)),
    "gamma": sympy.gamma,
    "digamma": standing("digamma", lambda a: PSI(1, a)),
    "trigamma": standing("trigamma", lambda a: PSI(2, a)),
    "polygamma": standing("polygamma", lambda n, a: sympy.Integer(0), lambda n, a: PSI(n + 1, a)),
    "lbeta": standing("lbeta", lambda a, b: PSI(0, a) - PSI(0, a + b),
                      lambda a, b: PSI(0, b) - PSI(0, a + b)),
    "erfcx": ERFCX,
    "ierfcx": IERFCX,
    "erfinv": sympy.erfinv,
    "erfcinv": sympy.erfcinv,
    "ndtr": NDTR,
    "log_ndtr": standing("log_ndtr", lambda a: density(a) / NDTR(a)),
    "ndtri": NDTRI,
    "digamma_rise": standing("digamma_rise", lambda a, b: PSI(1, a + b) - PSI(1, a),
                             lambda a, b: PSI(1, a + b)),
    "bessel_fall": FALL,
    "i0e": I0E,
    "i1e": I1E,
}  # fmt: skip
# What the primitives of the number systems are in SymPy; every other gate has a formula.
FUNCTIONS: dict[str, Callable[..., Expression]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "div": lambda a, b: a / b,
    "pow": lambda a, b: a**b,
    "sqrt": sympy.sqrt,
    "cbrt": lambda a: choice(a >= 0, sympy.cbrt(sympy.Abs(a)), -sympy.cbrt(sympy.Abs(a))),
    "hypot": lambda *operands: sympy.sqrt(sympy.Add(*[a**2 for a in operands])),
    "abs": lambda a: choice(a >= 0, a, -a),
    "exp": sympy.exp,
    "log": sympy.log,
    "sin": sympy.sin,
    "cos": sympy.cos,
    "asin": sympy.asin,
    "acos": sympy.acos,
    "atan": sympy.atan,
    "atan2": sympy.atan2,
    "asinh": sympy.asinh,
    "acosh": sympy.acosh,
    "atanh": sympy.atanh,
    "erf": sympy.erf,
    "erfc": sympy.erfc,
    "max": largest,
    "min": smallest,
    "where": lambda c, a, b: choice(holds(c), a, b),
    "lt": lambda a, b: truth(a < b),
    "le": lambda a, b: truth(a <= b),
    "gt": lambda a, b: truth(a > b),
    "ge": lambda a, b: truth(a >= b),
    "eq": lambda a, b: truth(sympy.Eq(a, b)),
    "ne": lambda a, b: truth(sympy.Ne(a, b)),
    **SPECIAL,
} | STEPS

FLOATS = {name: VALUE[name] for name in FUNCTIONS}


def exactly(number: float) -> Expression:
    """A literal as the double that it is."""
    return sympy.Rational(*number.as_integer_ratio())


def literal(text: str) -> Expression:
    return {"pi": sympy.pi, "e": sympy.E}[text] if text in CONSTANTS else exactly(float(text))


DIALECT = Dialect(FUNCTIONS, exactly, literal)


# Stage by stage.


def in_symbols(name: str, count: int) -> tuple[list[Any], Any]:
    """Fresh symbols, and a gate's value in them."""
    fresh = [sympy.Dummy(f"x{place}", real=True) for place in range(count)]
    if name in FUNCTIONS:
        return fresh, FUNCTIONS[name](*fresh)
    names = dict(zip(GATES[name].operands, fresh, strict=True))
    return fresh, walk(formula(GATES[name].formula), names, DIALECT, literal)


@cache
def rule(name: str, count: int) -> tuple[Rule, list[Rule]]:
    """The value of a gate and its slopes, as SymPy has them, for mpmath numbers."""
    if count > PAIRWISE.get(name, count):
        return pairwise(name, count)
    fresh, value = in_symbols(name, count)
    slopes = [sympy.powsimp(sympy.diff(value, symbol)) for symbol in fresh]
    return compiled(fresh, value), [compiled(fresh, slope) for slope in slopes]


PAIRWISE = {"max": 2, "min": 2, "hypot": 16}  # operands beyond which SymPy would take too long


def pairwise(name: str, count: int) -> tuple[Rule, list[Rule]]:
    """The rule for many operands from that for two: max(a, b, c) is max(max(a, b), c)."""
    value, (kept, taken) = rule(name, 2)

    def first(*operands: Any) -> Any:
        return reduce(value, operands)

    def slope(place: int) -> Rule:
        def found(*operands: Any) -> Any:
            best = first(*operands[: place + 1])
            number = taken(first(*operands[:place]), operands[place]) if place else mpf(1)
            for other in operands[place + 1 :]:
                number *= kept(best, other)
                best = value(best, other)
            return number

        return found

    return first, [slope(place) for place in range(count)]


class Numbers(MpmathPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's expressions as Python on mpmath numbers, with powers that stay within bounds."""

    def _print_Pow(self, found: Expression, rational: bool = False) -> str:
        base, exponent = found.args
        if exponent == -1:
            return f"(1/({self._print(base)}))"
        return f"pow({self._print(base)}, {self._print(exponent)})"


OWN = {name: FINITE[name] for name in FUNCTIONS if name in FINITE}


WRITER = {"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True}


def compiled(fresh: Sequence[Expression], found: Expression) -> Rule:
    """A function of mpmath numbers; its whole numbers are such too, or 1/3 would be a float."""
    made = real(sympy.lambdify(fresh, found, [OWN, "mpmath"], printer=Numbers(WRITER)))
    return lambda *fed: mpf(made(*fed))


def unknown(*_operands: Any) -> Any:
    return mp.nan


class Forward(NamedTuple):
    value: Any
    slopes: list[Any]


def chained(
    program: Program, point: Mapping[str, float], directions: Sequence[Direction], digits: int
) -> Forward:
    """The slope along each direction, by chaining in forward mode."""
    with mp.workdps(digits):
        values: list[Any] = [None] * len(program.gates)
        tangents: list[dict[int, Any]] = [{} for _ in program.gates]
        for slot, constant in program.used_constants:
            values[slot] = exactly_constant(constant)
        for name, slot in program.inputs.items():
            values[slot] = mpf(point[name])
        for place, direction in enumerate(directions):
            for name, part in direction.items():
                tangents[program.inputs[name]][place] = mpf(part)
        for slot, gate, operands in program.forward_steps():
            fed = [values[operand] for operand in operands]
            # A nan has no place among the conditions of a Piecewise, which would pick a branch.
            heard = fed[:1] if gate == "where" else fed
            value, rules = rule(gate, len(fed))
            if any(number != number for number in heard):
                value, rules = unknown, [unknown] * len(fed)
            values[slot] = value(*fed)
            found = tangents[slot]
            for operand, slope in zip(operands, rules, strict=True):
                if not tangents[operand]:
                    continue
                number = slope(*fed)
                if number == 0:  # a structural zero stops whatever comes from there
                    continue
                for place, tangent in tangents[operand].items():
                    found[place] = found.get(place, 0) + number * tangent
        last = tangents[program.output]
        return Forward(
            values[program.output], [last.get(k, mpf(0)) for k in range(len(directions))]
        )


def slopes_of(gate: str, fed: Sequence[Any]) -> list[Any]:
    """The slopes of one gate at these operands."""
    return [slope(*fed) for slope in rule(gate, len(fed))[1]]


# The whole expression.


class Whole(NamedTuple):
    """A program as one SymPy expression, with the symbols of its inputs and of its literals."""

    value: Expression
    symbols: dict[str, Expression]
    literals: dict[Expression, float]

    def gradient(self, wrt: Sequence[str]) -> dict[str, Expression]:
        return {name: sympy.diff(self.value, self.symbols[name]) for name in wrt}

    def at(self, found: Expression, point: Mapping[str, float]) -> Any:
        """The number that an expression is at a point, at mpmath's present precision."""
        fed = {self.symbols[name]: mpf(value) for name, value in point.items()}
        fed |= {symbol: mpf(value) for symbol, value in self.literals.items()}
        return compiled(list(fed), found)(*fed.values())


Walked = Callable[[Mapping[str, Expression], Dialect], Expression]


def fresh_symbols(names: Sequence[str]) -> dict[str, Expression]:
    return {name: sympy.Dummy(f"v{k}", real=True) for k, name in enumerate(names)}


def whole(walked: Walked, inputs: Sequence[str]) -> Whole:
    """The output of a program, which `walked` walks, as one expression in its inputs."""
    symbols = fresh_symbols(inputs)
    literals: dict[float, Expression] = {}

    def number(value: float) -> Expression:
        if not math.isfinite(value):
            return {True: sympy.oo, False: -sympy.oo}[value > 0] if value == value else sympy.nan
        fraction = sympy.Rational(*value.as_integer_ratio())
        if fraction.q <= SIMPLE and abs(fraction.p) <= SIMPLE**2:
            return fraction
        return literals.setdefault(value, sympy.Dummy(f"c{len(literals)}", real=True))

    found = walked(symbols, Dialect(FUNCTIONS, number, literal))
    return Whole(found, symbols, {symbol: value for value, symbol in literals.items()})


class Printer(StrPrinter):  # type: ignore[misc]  # SymPy has no types
    """SymPy's expressions in our own language, with the names that the user gave."""

    def __init__(self, names: Mapping[Expression, str]) -> None:
        super().__init__()
        self.names = names

    def _print_Dummy(self, found: Expression) -> str:
        return self.names[found]

    def _print_Piecewise(self, found: Expression) -> str:
        *branches, (last, _) = found.args
        text: str = self._print(last)
        for value, condition in reversed(branches):
            text = f"where({self._print(condition)}, {self._print(value)}, {text})"
        return text

    def _print_Relational(self, found: Expression) -> str:
        return f"{self._print(found.lhs)} {found.rel_op} {self._print(found.rhs)}"

    def _print_And(self, found: Expression) -> str:
        return "*".join(f"({self._print(part)})" for part in found.args)

    def _print_Or(self, found: Expression) -> str:
        return "+".join(f"({self._print(part)})" for part in found.args)

    def _print_Abs(self, found: Expression) -> str:
        return f"abs({self._print(found.args[0])})"

    def _print_Not(self, found: Expression) -> str:
        return f"(1 - ({self._print(found.args[0])}))"

    def _print_ITE(self, found: Expression) -> str:
        return f"where({', '.join(map(self._print, found.args))})"

    def _print_BooleanTrue(self, found: Expression) -> str:
        return "1"

    def _print_BooleanFalse(self, found: Expression) -> str:
        return "0"

    def _print_Exp1(self, found: Expression) -> str:
        return "exp(1)"


def named(found: Whole) -> dict[Expression, str]:
    names = {symbol: name for name, symbol in found.symbols.items()}
    literals = found.literals.items()
    return names | {c: f"({value!r})" if value < 0 else f"{value!r}" for c, value in literals}


def real_valued(found: Expression) -> bool:
    """Can an expression be written in our language? It has no nan, no infinity, no i."""
    return not found.has(sympy.nan, sympy.zoo, sympy.oo, -sympy.oo, sympy.I)


def text_of(found: Whole, expression: Expression) -> str:
    return str(Printer(named(found)).doprint(expression))


def latex_of(found: Whole, expression: Expression) -> str:
    names = {
        symbol: sympy.latex(sympy.Symbol(name)) if symbol in found.symbols.values() else name
        for symbol, name in named(found).items()
    }
    return str(LatexPrinter({"symbol_names": names}).doprint(expression))


def operations(found: Expression) -> int:
    return int(found.count_ops())


# Are two expressions one?


def decimal(text: str) -> Expression:
    """A number as it is written, not as the float next to it: 0.1 is a tenth."""
    if text in CONSTANTS:
        return literal(text)
    number = sympy.Rational(text.replace("_", "")) if len(text) <= LONGEST else None
    return exactly(float(text)) if number is None else number


def vanishes(found: Expression) -> bool:
    """Can SymPy show that an expression is 0? If not, it still may be."""
    ways: tuple[Rule, ...] = (
        lambda known: known,
        sympy.expand,
        lambda known: sympy.cancel(sympy.together(sympy.powsimp(sympy.expand(known)))),
        sympy.simplify,
        lambda known: sympy.simplify(known.rewrite(sympy.exp)),
        lambda known: sympy.simplify(sympy.piecewise_fold(known.rewrite(sympy.Piecewise))),
        lambda known: sympy.simplify(sympy.exp(sympy.expand_log(known))) - 1,
    )
    return any(way(found) == 0 for way in ways)


def simpler(found: Expression) -> Expression:
    return sympy.simplify(found)


# How expressions grow.


def forget() -> None:
    """Empty SymPy's cache, so that the next derivation is timed as if it were the first."""
    clear_cache()


def common_parts(found: Sequence[Expression]) -> Common:
    """Subexpressions that occur more than once, with a symbol for each, and what is left."""
    parts, rest = sympy.cse(found)
    return parts, rest


def in_floats(
    found: Whole, expressions: Sequence[Expression], common: Common | None = None
) -> Callable[[Mapping[str, float]], Any]:
    """The expressions as one function on floats, computing common parts once if given."""
    symbols = [*found.symbols.values(), *found.literals]
    cse = (lambda _: common) if common else False
    function = sympy.lambdify(symbols, list(expressions), [FLOATS, "math"], cse=cse)
    return lambda point: function(
        *(point[name] for name in found.symbols), *found.literals.values()
    )


def polynomial(expression: Expression) -> tuple[Expression, Expression, int] | None:
    """A polynomial of one symbol: its common factor, the rest multiplied out, and its terms."""
    symbols = expression.free_symbols
    powers = [abs(power.exp) for power in expression.atoms(sympy.Pow) if power.exp.is_number]
    if len(symbols) != 1 or math.prod(powers) > STEEP or not expression.is_polynomial(*symbols):
        return None
    factor, rest = sympy.Poly(expression, *symbols).primitive()
    return factor, rest.as_expr(), len(rest.terms())


# Second derivatives.


@cache
def curvature(name: str, count: int) -> list[list[Rule]]:
    """All second derivatives of a gate, as SymPy has them."""
    fresh, value = in_symbols(name, count)
    return [[compiled(fresh, beside_jumps(sympy.diff(value, a, b))) for b in fresh] for a in fresh]


def beside_jumps(found: Expression) -> Expression:
    """A derivative without what it is only where something jumps."""
    return found.replace(sympy.DiracDelta, lambda *_: sympy.Integer(0))


def bent(
    program: Program,
    point: Mapping[str, float],
    first: Mapping[str, float],
    other: Mapping[str, float],
    digits: int,
) -> Any:
    """The second derivative along two directions, chained forward: a stage bends by its slopes
    times how its operands bend, and by its second derivatives times how they move."""
    with mp.workdps(digits):
        size = len(program.gates)
        values: list[Any] = [None] * size
        left, right, both = ([mpf(0)] * size for _ in range(3))
        for slot, constant in program.used_constants:
            values[slot] = exactly_constant(constant)
        for name, slot in program.inputs.items():
            values[slot] = mpf(point[name])
            left[slot], right[slot] = mpf(first.get(name, 0)), mpf(other.get(name, 0))
        for slot, gate, operands in program.forward_steps():
            fed = [values[operand] for operand in operands]
            value, rules = rule(gate, len(fed))
            values[slot] = value(*fed)
            places = [
                place for place, operand in enumerate(operands)
                if left[operand] or right[operand] or both[operand]
            ]  # fmt: skip
            if not places:
                continue
            for place in places:
                slope, operand = rules[place](*fed), operands[place]
                left[slot] += slope * left[operand]
                right[slot] += slope * right[operand]
                both[slot] += slope * both[operand]
            rows = curvature(gate, len(fed))
            for a in places:
                for b in places:
                    u, v = left[operands[a]], right[operands[b]]
                    if u and v:
                        both[slot] += rows[a][b](*fed) * u * v
        return both[program.output]
