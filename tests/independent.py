"""Exact values and slopes of expressions given as trees; no code of the tool takes part.

A tree is written as text for the tool, and computed here in forward mode: every number carries its
slope by each input, and the size of the parts that this slope adds up. An array is a NumPy array
of such numbers. Digits are added until they no longer change anything.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, NamedTuple

import numpy as np
from mpmath import libmp, mp, mpc, mpf

LEVELS = (120, 450, 1500)  # digits
SETTLED = mpf(10) ** -40  # what a number may change by from one level to the next
FADED = mpf(10) ** -200  # what is left of 0 from one level to the next
LEAST = mpf(10) ** -1200  # beside its parts, what only the highest level tells from 0
NOTHING = mpf(10) ** -25  # what two slopes may differ by, beside their parts
FARTHEST = 10**7  # exponents of e that are still computed
HAIR = mpf(10) ** -240  # what shows from the second level on
SHIFTS = (mpf(10) ** -60, mpf(10) ** -120)  # what constants that are 0 are taken for
TIED = mpf(10) ** -30  # the distance at which operands count as equal

Key = tuple[Any, ...]  # an input's name and the index of one of its entries


class UndefinedError(ArithmeticError):
    """The expression has no value at this point."""


class PoleError(UndefinedError):
    """The expression has a pole on the way; floats go on with infinity there."""


class EndlessError(Exception):
    """A number is too large to be computed here, so nothing can be judged."""


class Along(NamedTuple):
    """The axis that a node works along, and whether the axis stays with size 1."""

    axis: int
    keep: bool = False

    @property
    def text(self) -> str:
        return f", axis={self.axis}" + ", keepdims=True" * self.keep


class Pick(NamedTuple):
    """An index: whole numbers, slices and None, as they are and as they are written."""

    text: str
    places: tuple[int | slice | None, ...]


class Shape(NamedTuple):
    """What an array is given the shape of."""

    sizes: tuple[int, ...]

    @property
    def text(self) -> str:
        return "".join(f", {size}" for size in self.sizes)


class Node(NamedTuple):
    """An operation on other nodes; `extra` is a literal's text, a name, an axis or an index."""

    name: str
    operands: tuple[Node, ...] = ()
    extra: Any = None

    @property
    def text(self) -> str:
        if self.name in ("literal", "zero", "one", "input"):
            return str(self.extra)
        more = "" if self.extra is None else self.extra.text
        form = FORMS.get(self.name, self.name + "({})")
        texts = [operand.text for operand in self.operands]
        if self.name == "pick":
            return texts[0] + more
        if form.count("{}") == len(texts) > 1:
            return form.format(*texts)
        return form.format(", ".join(texts) + more)

    @property
    def names(self) -> frozenset[str]:
        """The operations of the whole tree."""
        return frozenset([self.name]).union(*[operand.names for operand in self.operands])

    @property
    def inputs(self) -> frozenset[str]:
        if self.name == "input":
            return frozenset([self.extra])
        return frozenset[str]().union(*[operand.inputs for operand in self.operands])


FORMS = {
    "add": "({} + {})", "sub": "({} - {})", "mul": "({}*{})", "div": "({}/{})", "pow": "({}**{})",
    "neg": "(-{})", "matmul": "({} @ {})", "transpose": "{}.T", "gt": "({} > {})",
    "amax": "max({})", "amin": "min({})", "list": "[{}]",
}  # fmt: skip


def literal(text: str) -> Node:
    return Node("literal", extra=text)


def inputs(*names: str) -> tuple[Node, ...]:
    return tuple(Node("input", extra=name) for name in names)


# Numbers with slopes.


class Dual:
    """A number, its slope by every input that it depends on, and the size of each slope's parts."""

    __slots__ = ("slopes", "value")

    def __init__(self, value: Any, slopes: Mapping[Key, tuple[Any, Any]] | None = None) -> None:
        if isinstance(value, mpc) or not mp.isfinite(value):
            raise UndefinedError
        self.value = value
        self.slopes = slopes or {}

    # NumPy's sums and products over arrays of objects use the operators.

    def __add__(self, other: Dual) -> Dual:
        return rounded(chained(self.value + other.value, (self, lambda: 1), (other, lambda: 1)))

    def __sub__(self, other: Dual) -> Dual:
        return rounded(chained(self.value - other.value, (self, lambda: 1), (other, lambda: -1)))

    def __mul__(self, other: Dual) -> Dual:
        a, b = self.value, other.value
        return chained(a * b, (self, lambda: b), (other, lambda: a))

    def __truediv__(self, other: Dual) -> Dual:
        a, b = self.value, other.value
        return chained(a / b, (self, lambda: 1 / b), (other, lambda: -a / b**2))

    def __neg__(self) -> Dual:
        return chained(-self.value, (self, lambda: -1))


class Missing(Dual):
    """An entry that has no value: whoever uses it has none either."""

    __slots__ = ("error",)

    def __init__(self, error: UndefinedError) -> None:
        self.error = error

    def __getattr__(self, name: str) -> Any:
        """Of what was never set: value and slopes."""
        raise self.error


Partial = Callable[[], Any]


def not_taken() -> Any:
    """The slope of a branch that isn't taken: whatever stands there doesn't matter."""
    return mpf(0)


def chained(value: Any, *operands: tuple[Dual, Partial]) -> Dual:
    """The value of a function with the slopes that the chain rule gives."""
    Gaps.most = max([Gaps.most, abs(value), *[abs(operand.value) for operand, _ in operands]])
    slopes: dict[Key, tuple[Any, Any]] = {}
    for operand, partial in operands:
        if not operand.slopes or partial is not_taken:
            continue
        try:
            local = partial()
        except (ZeroDivisionError, ValueError, libmp.ComplexResult):
            local = mp.nan
        local = mp.nan if isinstance(local, mpc) else local
        Gaps.steepest = max(Gaps.steepest, abs(local)) if mp.isfinite(local) else Gaps.steepest
        for key, (slope, size) in operand.slopes.items():
            before = slopes.get(key, (mpf(0), mpf(0)))
            slopes[key] = (before[0] + local * slope, before[1] + abs(local) * size)
    return Dual(value, slopes)


def rounded(found: Dual) -> Dual:
    """A constant that is 0 but for digits, or that more digits will tell from 0, is 0."""
    if not found.slopes and abs(found.value) < mpf(10) ** (30 - mp.dps):
        return Dual(mpf(0))
    return found


def constant(value: Any) -> Dual:
    return Dual(mpf(value))


ONE, HALF = mpf(1), mpf(0.5)


class Gaps:
    """How close operands came to a tie, beside their size: what decides about kinks. And the
    size of the largest value and local derivative on the way."""

    least: Any = mp.inf
    most: Any = mpf(0)
    steepest: Any = mpf(0)

    @classmethod
    def see(cls, *numbers: Any) -> None:
        """Note the distance of the first number from the others."""
        first, *others = numbers
        size = max(1, *map(abs, numbers))
        cls.least = min([cls.least, *[abs(first - other) / size for other in others]])


class Zeros:
    """What constants that are 0 are taken for."""

    value: Any = mpf(0)


def guarded_exp(a: Any) -> Any:
    if abs(a) > FARTHEST:
        raise EndlessError
    return mp.exp(a)


def logistic(a: Any) -> Any:
    return 1 / (1 + guarded_exp(-a)) if a > 0 else guarded_exp(a) / (1 + guarded_exp(a))


def bell(a: Any) -> Any:
    return guarded_exp(-a * a)


def angle(function: Callable[[Any], Any]) -> Callable[[Any], Any]:
    def bounded(a: Any) -> Any:
        if mp.mag(a) > 600:
            raise EndlessError
        return function(a)

    return bounded


def cube_root(a: Any) -> Any:
    return mp.sign(a) * mp.cbrt(abs(a))


def normal(a: Any) -> Any:
    """The share of the normal distribution below a."""
    bell(a)  # refuses what is too far
    return mp.erfc(-a / mp.sqrt(2)) / 2


sin, cos, tan = angle(mp.sin), angle(mp.cos), angle(mp.tan)

# Value and derivative of functions of one number, derived here anew.
SMOOTH: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "exp": (guarded_exp, guarded_exp),
    "exp2": (lambda a: guarded_exp(a * mp.log(2)), lambda a: guarded_exp(a * mp.log(2)) * mp.log(2)),
    "expm1": (lambda a: mp.expm1(a) if abs(a) < FARTHEST else guarded_exp(a), guarded_exp),
    "log": (mp.log, lambda a: 1 / a),
    "log2": (lambda a: mp.log(a) / mp.log(2), lambda a: 1 / (a * mp.log(2))),
    "log10": (lambda a: mp.log(a) / mp.log(10), lambda a: 1 / (a * mp.log(10))),
    "log1p": (mp.log1p, lambda a: 1 / (a + 1)),
    "sqrt": (mp.sqrt, lambda a: mp.sqrt(a) / (2 * a)),
    "cbrt": (cube_root, lambda a: cube_root(a) / (3 * a)),
    "sin": (sin, cos),
    "cos": (cos, lambda a: -sin(a)),
    "tan": (tan, lambda a: cos(a) ** -2),
    "asin": (mp.asin, lambda a: 1 / mp.sqrt(1 - a * a)),
    "acos": (mp.acos, lambda a: -1 / mp.sqrt(1 - a * a)),
    "atan": (mp.atan, lambda a: 1 / (a * a + 1)),
    "sinh": (lambda a: (guarded_exp(a), mp.sinh(a))[1], lambda a: mp.cosh(a)),
    "cosh": (lambda a: (guarded_exp(a), mp.cosh(a))[1], lambda a: mp.sinh(a)),
    "tanh": (lambda a: (guarded_exp(a), mp.tanh(a))[1], lambda a: mp.cosh(a) ** -2),
    "asinh": (mp.asinh, lambda a: 1 / mp.sqrt(a * a + 1)),
    "acosh": (mp.acosh, lambda a: 1 / mp.sqrt(a * a - 1)),
    "atanh": (mp.atanh, lambda a: 1 / (1 - a * a)),
    "erf": (lambda a: (bell(a), mp.erf(a))[1], lambda a: 2 * bell(a) / mp.sqrt(mp.pi)),
    "erfc": (lambda a: (bell(a), mp.erfc(a))[1], lambda a: -2 * bell(a) / mp.sqrt(mp.pi)),
    "sigmoid": (logistic, lambda a: logistic(a) * logistic(-a)),
    "logsigmoid": (lambda a: -mp.log1p(guarded_exp(-a)), lambda a: logistic(-a)),
    "softplus": (lambda a: mp.log1p(guarded_exp(a)), logistic),
    "silu": (lambda a: a * logistic(a), lambda a: logistic(a) + a * logistic(a) * logistic(-a)),
    "gelu": (
        lambda a: a * normal(a),
        lambda a: normal(a) + a * guarded_exp(-a * a / 2) / mp.sqrt(2 * mp.pi),
    ),
}  # fmt: skip
# Those that have a kink or a step at 0.
BROKEN: dict[str, tuple[Callable[[Any], Any], Callable[[Any], Any]]] = {
    "abs": (abs, lambda a: ONE if a > 0 else -ONE),
    "relu": (lambda a: a if a > 0 else mpf(0), lambda a: ONE if a > 0 else mpf(0)),
    "leaky_relu": (
        lambda a: a if a > 0 else mpf(0.01) * a,
        lambda a: ONE if a > 0 else mpf(0.01),
    ),
    "elu": (
        lambda a: a if a > 0 else mp.expm1(max(a, -FARTHEST)),
        lambda a: ONE if a > 0 else guarded_exp(a),
    ),
}


CROSSING = ("sin", "cos", "tan", "log", "log2", "log10", "acos", "acosh")  # 0 elsewhere than at 0
POLES = {"log": (0,), "log2": (0,), "log10": (0,), "log1p": (-1,), "atanh": (-1, 1)}


def unary(name: str) -> Callable[[Dual], Dual]:
    function, derivative = (SMOOTH | BROKEN)[name]

    def computed(a: Dual) -> Dual:
        if name in BROKEN:
            Gaps.see(a.value, mpf(0))
        if a.value in POLES.get(name, ()):
            raise PoleError
        try:
            value = function(a.value)
        except (ZeroDivisionError, ValueError, libmp.ComplexResult):
            raise UndefinedError from None
        off = name == "relu" and a.value <= 0
        found = chained(value, (a, not_taken if off else lambda: derivative(a.value)))
        return rounded(found) if name in CROSSING else found

    return computed


def divided(a: Dual, b: Dual) -> Dual:
    if b.value == 0:
        raise PoleError if a.value else UndefinedError
    Gaps.steepest = max(Gaps.steepest, abs(1 / b.value))
    return a / b


def raised(a: Dual, b: Dual) -> Dual:
    """A power, of a negative base only to whole exponents."""
    x, y = a.value, b.value
    if x == 0 and y < 0:
        raise PoleError
    if x == 0 and y == 0:
        raise EndlessError  # 1 to floats, which can't be judged here
    if x <= 0 and y != mp.floor(y) and x != 0:
        raise UndefinedError
    if x != 0 and abs(y) * (abs(mp.mag(x)) + 1) > FARTHEST:
        raise EndlessError

    def by_base() -> Any:
        if y == 0:
            return mpf(0)
        return y * mp.power(x, y - 1)

    def by_exponent() -> Any:
        return mp.power(x, y) * mp.log(x) if x else mpf(0)

    return chained(mp.power(x, y), (a, by_base), (b, by_exponent))


def angle_of(y: Dual, x: Dual) -> Dual:
    a, b = y.value, x.value
    if a == 0 and b == 0:
        raise EndlessError  # 0 to floats, which can't be judged here
    if b < 0:
        Gaps.see(a, mpf(0))
    square = a * a + b * b
    return chained(mp.atan2(a, b), (y, lambda: b / square), (x, lambda: -a / square))


def length(*parts: Dual) -> Dual:
    """The root of a sum of squares, which has a kink where all are 0."""
    root = mp.sqrt(mp.fsum(part.value**2 for part in parts))
    if root == 0:
        Gaps.see(mpf(0), mpf(0))
        return chained(root, *[(part, lambda: mpf(0)) for part in parts])
    return chained(root, *[(part, lambda part=part: part.value / root) for part in parts])


def added_logs(a: Dual, b: Dual) -> Dual:
    return logsumexp(np.array([a, b], dtype=object))


def largest(*parts: Dual) -> Dual:
    best, *others = sorted(parts, key=lambda part: -part.value)
    if others:
        Gaps.see(best.value, *[part.value for part in others])
    return best


def smallest(*parts: Dual) -> Dual:
    return -largest(*[-part for part in parts])


def greater(a: Dual, b: Dual) -> Dual:
    Gaps.see(a.value, b.value)
    return constant(a.value > b.value)


# Arrays of them.

Array = Any


def along(function: Callable[[Array], Any]) -> Callable[..., Array]:
    """A function of a list of numbers, along an axis or over all entries."""

    def applied(a: Array, along: Along | None = None) -> Array:
        a = np.asarray(a, dtype=object)
        if along is None:
            return function(a.ravel())
        moved = np.moveaxis(a, along.axis, -1)
        found = np.empty(moved.shape[:-1], dtype=object)
        for index in np.ndindex(*found.shape):
            found[index] = function(moved[index])
        if along.keep:
            return np.expand_dims(found, along.axis)
        return found if found.shape else found[()]

    return applied


def each(function: Callable[[Array], Array]) -> Callable[..., Array]:
    """A function from lists to lists as long, along the last axis or another."""

    def applied(a: Array, along: Along | None = None) -> Array:
        axis = -1 if along is None else along.axis
        moved = np.moveaxis(np.asarray(a, dtype=object), axis, -1)
        found = np.empty(moved.shape, dtype=object)
        for index in np.ndindex(*moved.shape[:-1]):
            found[index] = function(moved[index])
        return np.moveaxis(found, -1, axis)

    return applied


EXP, LOG = unary("exp"), unary("log")


def total(a: Array) -> Dual:
    found: Dual = reduce(operator.add, a)
    return found


def average(a: Array) -> Dual:
    return total(a) / constant(len(a))


def logsumexp(a: Array) -> Dual:
    """The logarithm of a sum of exponentials, whose largest stands outside."""
    place = max(range(len(a)), key=lambda k: a[k].value)
    top = a[place]
    rest = [guarded_exp(part.value - top.value) for k, part in enumerate(a) if k != place]
    value = top.value + mp.log1p(mp.fsum(rest))
    whole = mp.fsum([ONE, *rest])
    return chained(
        value,
        *[(part, lambda p=part: guarded_exp(p.value - top.value) / whole) for part in a],
    )


def shares(a: Array) -> Array:
    top = constant(max(part.value for part in a))
    powers = np.array([EXP(part - top) for part in a], dtype=object)
    whole = total(powers)
    return np.array([power / whole for power in powers], dtype=object)


def log_shares(a: Array) -> Array:
    """Each entry less the logarithm of the sum, by differences, so that nothing cancels."""
    return np.array([-logsumexp(np.array([b - part for b in a], dtype=object)) for part in a])


def running(a: Array) -> Array:
    return np.array([total(a[: k + 1]) for k in range(len(a))], dtype=object)


def spread(function: Callable[..., Dual]) -> Callable[..., Array]:
    """A function of numbers, entry by entry of arrays that stretch to one shape."""

    def applied(*operands: Array) -> Array:
        if not any(isinstance(operand, np.ndarray) for operand in operands):
            return function(*operands)
        stretched = np.broadcast_arrays(*[np.asarray(one, dtype=object) for one in operands])
        found = np.empty(stretched[0].shape, dtype=object)
        for index in np.ndindex(*found.shape):
            try:
                found[index] = function(*[one[index] for one in stretched])
            except UndefinedError as error:
                found[index] = Missing(error)
        return found

    return applied


def product(a: Array, b: Array) -> Array:
    """The product of matrices or vectors."""
    rows, columns = np.atleast_2d(a), b if b.ndim == 2 else b[:, None]
    found = np.empty((rows.shape[0], columns.shape[1]), dtype=object)
    for i, j in np.ndindex(*found.shape):
        found[i, j] = total(rows[i] * columns[:, j])
    shape = a.shape[:-1] + b.shape[1:]
    return found.reshape(shape) if shape else found[0, 0]


def chosen(condition: Array, yes: Node, no: Node, scope: Scope) -> Array:
    """Numbers by a condition; what is not chosen may be undefined."""
    if not isinstance(condition, np.ndarray):
        return computed(yes if condition.value else no, scope)
    pick = spread(lambda c, a, b: a if c.value else b)
    return pick(condition, computed(yes, scope), computed(no, scope))


ENTRYWISE: dict[str, Callable[..., Dual]] = {
    **{name: unary(name) for name in SMOOTH | BROKEN},
    "add": operator.add, "sub": operator.sub, "mul": operator.mul, "div": divided,
    "neg": operator.neg, "pow": raised, "atan2": angle_of, "hypot": length,
    "logaddexp": added_logs, "max": largest, "min": smallest, "maximum": largest,
    "minimum": smallest, "gt": greater,
}  # fmt: skip
WHOLE: dict[str, Callable[..., Array]] = {
    "sum": along(total), "mean": along(average), "logsumexp": along(logsumexp),
    "norm": along(lambda a: length(*a)), "amax": along(lambda a: largest(*a)),
    "amin": along(lambda a: smallest(*a)), "prod": along(lambda a: reduce(operator.mul, a)),
    "softmax": each(shares), "log_softmax": each(log_shares),
    "cumsum": lambda a, along=None: each(running)(a if along else a.ravel(), along),
    "matmul": product, "transpose": lambda a: a.T, "pick": lambda a, pick: a[pick.places],
    "reshape": lambda a, shape: a.reshape(shape.sizes),
    "list": lambda *entries: np.array(entries, dtype=object),
    "outer": lambda a, b: product(a[:, None], b[None, :]),
    "trace": lambda a: total(np.diagonal(a)),
}  # fmt: skip


# Trees.

Scope = Mapping[str, Any]


def computed(node: Node, scope: Scope) -> Array:
    """A tree's value: one number with slopes, or an array of them."""
    if node.name == "literal":
        return number(node.extra)
    if node.name == "zero":
        Gaps.most = max(Gaps.most, mpf(4))  # of which it is made
        return constant(Zeros.value)
    if node.name == "one":
        Gaps.most = max(Gaps.most, mp.exp(800))
        return constant(1)
    if node.name == "input":
        return scope[node.extra]
    if node.name == "where":
        condition, yes, no = node.operands
        return chosen(computed(condition, scope), yes, no, scope)
    if node.name == "pow":
        return spread(raised)(*base_and_exponent(node, scope))
    operands = [computed(operand, scope) for operand in node.operands]
    if node.name in ENTRYWISE:
        return spread(ENTRYWISE[node.name])(*operands)
    return WHOLE[node.name](*operands, *([] if node.extra is None else [node.extra]))


def base_and_exponent(node: Node, scope: Scope) -> tuple[Array, Array]:
    """Of a power; to floats anything to the power of 0 is 1, which can't be judged here."""
    base, exponent = node.operands
    power = computed(exponent, scope)
    try:
        return computed(base, scope), power
    except UndefinedError:
        if any(one.value == 0 for one in np.ravel(np.asarray(power, dtype=object))):
            raise EndlessError from None
        raise


def number(text: str) -> Dual:
    """A literal, which is the float that is nearest to it, or a constant with all its digits."""
    return Dual({"pi": +mp.pi, "e": +mp.e}[text] if text in ("pi", "e") else mpf(float(text)))


def seeded(point: Mapping[str, Any], hair: Mapping[Key, Any]) -> Scope:
    """The inputs, each with its own slope 1, moved by a hair where one is asked for."""

    def entry(value: float, key: Key) -> Dual:
        return Dual(mpf(value) + hair.get(key, 0), {key: (ONE, ONE)})

    scope: dict[str, Any] = {}
    for name, value in point.items():
        if not np.ndim(value):
            scope[name] = entry(float(value), (name,))
            continue
        scope[name] = np.empty(np.shape(value), dtype=object)
        for index in np.ndindex(*np.shape(value)):
            scope[name][index] = entry(float(np.asarray(value)[index]), (name, *index))
    return scope


class Slope(NamedTuple):
    """A derivative; `left` and `right` differ at a kink. `size` is that of its parts."""

    left: Any
    right: Any
    size: Any

    @property
    def known(self) -> bool:
        return bool(mp.isfinite(self.left) and mp.isfinite(self.right))

    @property
    def single(self) -> bool:
        return self.known and bool(abs(self.left - self.right) <= self.size * NOTHING)


class Truth(NamedTuple):
    value: Any  # None where there is none
    slopes: Mapping[Key, Slope]
    gap: Any  # how close operands came to a tie, beside their size
    most: Any = mpf(0)  # the size of the largest value on the way
    steepest: Any = mpf(0)  # and of the largest local derivative
    pole: bool = False  # is there no value because one on the way is infinite?
    blur: Mapping[Key, Any] = MappingProxyType({})  # by how much constants that are 0 move it

    @property
    def tied(self) -> bool:
        return bool(self.gap <= TIED)


def exact(node: Node, point: Mapping[str, Any]) -> Truth:
    """The value and all slopes, with as many digits as it takes them to settle."""
    found = settled_truth(node, point)
    if "zero" not in node.names or found.value is None:
        return found
    near, nearer = (blurred(node, point, found, hair) for hair in SHIFTS)
    straight = {key: size for key, size in near.items() if nearer[key] <= 1000 * size}
    return found._replace(blur=straight)


def blurred(node: Node, point: Mapping[str, Any], truth: Truth, hair: Any) -> dict[Key, Any]:
    """By how much value and slopes move with the constants that are 0, beside these."""
    Zeros.value = hair
    try:
        with mp.workdps(LEVELS[1]):
            there, _ = run(node, point, {})
    except UndefinedError:
        return {key: mpf(0) for key in ((), *truth.slopes)}
    finally:
        Zeros.value = mpf(0)
    with mp.workdps(LEVELS[1]):
        moved: dict[Key, Any] = {(): abs(there.value - truth.value) / hair}
        for key, slope in truth.slopes.items():
            moved[key] = abs(there.slopes.get(key, (mpf(0),))[0] - slope.left) / hair
        return moved


def settled_truth(node: Node, point: Mapping[str, Any]) -> Truth:
    """The value and all slopes, at the first number of digits that changes nothing.

    What is next to nothing beside what it was with fewer digits is 0.
    """
    before: Truth | None = None
    for digits in LEVELS:
        with mp.workdps(digits):
            found = at_level(node, point)
            now = faded(found, before) if before else found
        if before and alike(now, before):
            break
        before = found
    return now


def at_level(node: Node, point: Mapping[str, Any]) -> Truth:
    try:
        found, gap = run(node, point, {})
        most, steepest = Gaps.most, Gaps.steepest
    except UndefinedError as error:
        return Truth(None, {}, mp.inf, pole=isinstance(error, PoleError))
    slopes = {key: Slope(t, t, size) for key, (t, size) in found.slopes.items()}
    if gap <= TIED:
        slopes = {key: sides(node, point, key, slope) for key, slope in slopes.items()}
    return Truth(found.value, slopes, gap, most, steepest)


def run(node: Node, point: Mapping[str, Any], hair: Mapping[Key, Any]) -> tuple[Dual, Any]:
    Gaps.least, Gaps.most, Gaps.steepest = mp.inf, mpf(0), mpf(0)
    found: Dual = computed(node, seeded(point, hair))
    if isinstance(found, Missing):
        raise found.error
    return found, Gaps.least


def sides(node: Node, point: Mapping[str, Any], key: Key, slope: Slope) -> Slope:
    """The slopes by one input a hair to its left and to its right; nan where there is no value."""
    name, *index = key
    value = min(1.0, abs(float(np.asarray(point[name])[tuple(index)]))) or 1.0
    found = []
    for side in (-1, 1):
        try:
            there, _ = run(node, point, {key: side * HAIR * mpf(value)})
            found.append(there.slopes.get(key, (mpf(0), mpf(0)))[0])
        except UndefinedError:
            found.append(mp.nan)
    return Slope(found[0], found[1], slope.size)


def faded(now: Truth, before: Truth) -> Truth:
    """The truth with zeros where almost nothing is left at more digits."""
    if now.value is None or before.value is None:
        return now
    slopes = {
        key: Slope(left_of(one.left, old.left, size), left_of(one.right, old.right, size), one.size)
        for key, one in now.slopes.items()
        for old, size in [(before.slopes.get(key, one), max(one.size, now.most))]
    }
    return now._replace(value=left_of(now.value, before.value, now.most), slopes=slopes)


def left_of(now: Any, before: Any, size: Any) -> Any:
    return mpf(0) if abs(now) <= max(abs(before) * FADED, size * LEAST) else now


def alike(now: Truth, before: Truth) -> bool:
    """Did more digits change nothing?"""
    if (now.value is None) != (before.value is None) or now.tied != before.tied:
        return False
    if now.value is None:
        return True
    pairs = [(now.value, before.value)]
    for key, slope in now.slopes.items():
        if key not in before.slopes:
            return False
        pairs += zip(slope[:2], before.slopes[key][:2], strict=True)
    return all(settled(a, b) for a, b in pairs)


def settled(now: Any, before: Any) -> bool:
    if not (mp.isfinite(now) and mp.isfinite(before)):
        return bool(mp.isfinite(now) == mp.isfinite(before))
    return bool(not now or abs(now - before) <= abs(now) * SETTLED)
