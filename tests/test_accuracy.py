"""How exact every gate is: value and local derivatives against 50 digits, at sample points,
far out and in arithmetic of 50 digits. The brackets are the rows' own `ulps`.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import product
from typing import Any

import pytest
from campaigns.special import DRAWS, INNER, SLOPES, VALUES, misses
from campaigns.special import points as wide_points
from counts import cases
from oracle import EXPONENTS, LITERAL_OPERANDS, ORACLE, mp, points, slope, ulps, value

from backprop.arithmetic.ieee import KINK, LOCAL, POLE, VALUE
from backprop.arithmetic.precise import PRIMITIVES
from backprop.arithmetic.system import Arithmetic
from backprop.gates import scalars

GATES = scalars()

EVEN = [name for name in GATES if name not in DRAWS]  # others are looked at over all their range
FEW = cases(6, 24)  # points of these, for each operand fewer
COUNT = cases(200, 2000)
COMPOSED = frozenset(
    ["xlogy", "xlog1py", "entr", "logit", "log1mexp", "selu", "mish", "softsign", "hardtanh",
     "relu6", "huber"]
)  # fmt: skip
SHORT = cases(50, 300)  # points of these, whose texts are short ones of gates that have more
FAR = (1e-300, -1e-300, 1e160, -1e160, 1e300, -1e300, 700.0, -700.0)
NORMAL = 2.0**-1022  # smaller floats have few digits, so a result or what leads to it may lose them

# Next to a root a relative error means nothing: as the truth goes to 0, any rounding is many
# ulps of it. Value of logaddexp: a sum of two numbers that nearly cancel.
NEAR_ZERO_VALUE = {"logaddexp": 0.5}
# Slopes of silu, gelu, mish and entr: their minimum, and how far from it the bracket starts to hold.
NEAR_ZERO_SLOPE = {
    "silu": (-1.2784645, 0.2), "gelu": (-0.7517915, 0.2), "mish": (-1.1924355, 0.2),
    "entr": (0.3678794, 0.2),
}  # fmt: skip

# Digits that a row has at any precision, if it isn't all: the series of sinc' ends where the
# digits of a float do.
DIGITS = {"sinc": 17}
ALL_DIGITS = 40

# The rows' own texts at high precision, on primitives that come from the oracle.
EXACT = Arithmetic(
    "intervals",
    {name: ORACLE[name] for name in GATES if name in PRIMITIVES or not GATES[name].value},
    literal=lambda text: f"number({float(text)!r})",
    constants={"number": mp.mpf, "pi": mp.pi, "e": mp.e},
    number=mp.mpf,
)

Error = tuple[tuple[float, ...], float]


def slopes(name: str, point: tuple[float, ...]) -> Iterator[tuple[int, float]]:
    """The local derivative for each operand; a message that isn't sent counts as 0."""
    for position, found in enumerate(LOCAL["notes"][name](*point, VALUE[name](*point))):
        if position not in LITERAL_OPERANDS.get(name, ()):
            yield position, found or 0.0


def value_has_a_root(name: str, truth: Any) -> bool:
    return float(abs(truth)) < NEAR_ZERO_VALUE.get(name, 0)


def slope_has_a_root(name: str, point: tuple[float, ...]) -> bool:
    root, width = NEAR_ZERO_SLOPE.get(name, (0.0, 0.0))
    return abs(point[0] - root) < width


@pytest.mark.parametrize("name", EVEN)
def test_the_value_is_within_its_bracket(name: str) -> None:
    too_far: list[Error] = []
    for point in points(name, SHORT if name in COMPOSED else COUNT):
        truth = value(name, point)
        error = ulps(VALUE[name](*point), truth)
        if error > GATES[name].ulps[0] and not value_has_a_root(name, truth):
            too_far.append((point, error))
    assert too_far == []


@pytest.mark.parametrize("name", EVEN)
def test_local_derivatives_are_within_their_bracket(name: str) -> None:
    too_far: list[Error] = []
    for point in points(name, SHORT if name in COMPOSED else COUNT):
        if slope_has_a_root(name, point):
            continue
        for position, found in slopes(name, point):
            error = ulps(found, slope(name, position, point))
            if error > GATES[name].ulps[1]:
                too_far.append((point, error))
    assert too_far == []


@pytest.mark.parametrize("name", DRAWS)
def test_a_special_function_is_within_its_bracket_over_all_its_range(name: str) -> None:
    found = [
        miss
        for point in wide_points(name, FEW // len(GATES[name].operands))
        for miss in misses(name, point)
    ]
    assert [miss for miss in found if not miss.ulps <= miss.allowed] == []


def test_the_brackets_of_special_functions_are_narrow() -> None:
    brackets = {name: GATES[name].ulps for name in DRAWS if name not in INNER}
    wide = {name: pair for name, pair in brackets.items() if pair[0] > VALUES or pair[1] > SLOPES}
    assert wide == {}


def far_points(name: str) -> Iterator[tuple[float, ...]]:
    gate = GATES[name]
    if name == "powc":
        return product(FAR, EXPONENTS)
    drawn = product(FAR, repeat=2 if gate.variadic else len(gate.operands))
    pole = POLE[name]
    return (point for point in drawn if not (pole and pole(*point, VALUE[name](*point))))


def right(found: float, truth: Any, bracket: float) -> bool:
    """In the bracket; infinite where no float is that large; nan where nothing real is true."""
    if isinstance(truth, mp.mpc):
        return math.isnan(found)
    return ulps(found, truth) <= bracket or abs(mp.mpf(found) - truth) < NORMAL


def has_a_choice_at(name: str, point: tuple[float, ...]) -> bool:
    """Do the conventions for ties and kinks apply, rather than a derivative?"""
    kink = KINK[name]
    bends = name == "huber" and abs(point[0]) == point[1]  # twice, though its slope doesn't jump
    tied = bends or (GATES[name].routes and len(set(point)) < len(point))
    return tied or bool(kink and kink(*point, VALUE[name](*point)))


def exponent_is_rounded(name: str, point: tuple[float, ...]) -> bool:
    """With a negative base b*a**(b - 1) needs b - 1 exactly: whether it is odd, even or neither."""
    if name != "pow" or point[0] >= 0:
        return False
    return Fraction(point[1]) - 1 != Fraction(point[1] - 1)


def jumps_within_a_step(name: str, point: tuple[float, ...]) -> bool:
    """Does a remainder jump within the oracle's own step, as one of a large quotient does?"""
    return name == "mod" and abs(Fraction(point[0]) / Fraction(point[1])) > 10**15


@pytest.mark.parametrize("name", EVEN)
def test_the_value_is_right_far_out(name: str) -> None:
    bracket = GATES[name].ulps[0]
    wrong = [
        (point, found)
        for point in far_points(name)
        if not right(found := VALUE[name](*point), value(name, point), bracket)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", EVEN)
def test_local_derivatives_are_right_far_out(name: str) -> None:
    bracket = GATES[name].ulps[1]
    wrong = [
        (point, position, found)
        for point in far_points(name)
        if not has_a_choice_at(name, point)
        and not exponent_is_rounded(name, point)
        and not jumps_within_a_step(name, point)
        for position, found in slopes(name, point)
        if not right(found, slope(name, position, point), bracket)
    ]
    assert wrong == []


@pytest.mark.parametrize("name", GATES)
def test_the_texts_of_a_row_hold_at_any_precision(name: str) -> None:
    tolerance = mp.mpf(10) ** -DIGITS.get(name, ALL_DIGITS)
    wrong: list[tuple[float, ...]] = []
    for point in points(name, 5 if name in DRAWS else 50):
        with mp.workdps(60):
            operands = [mp.mpf(a) for a in point]
            out = EXACT.value[name](*operands)
            found = EXACT.local["notes"][name](*operands, out)
        errors = [(out, value(name, point))]
        for position, number in enumerate(found):
            if position not in LITERAL_OPERANDS.get(name, ()):
                errors.append((number or 0, slope(name, position, point)))
        if any(abs(number - truth) > tolerance * abs(truth) for number, truth in errors):
            wrong.append(point)
    assert wrong == []


EDGES = {
    ("sign", (math.nan,)): math.nan,
    ("pow", (-1e200, 3.0)): -math.inf,
    ("pow", (-1e200, 2.0)): math.inf,
    ("pow", (1e200, 3.0)): math.inf,
    ("pow", (-0.0, -3.0)): -math.inf,
    ("pow", (-0.0, -2.0)): math.inf,
    ("pow", (-2.0, 0.5)): math.nan,
    ("div", (1.0, -0.0)): -math.inf,
    ("div", (0.0, 0.0)): math.nan,
    ("log", (0.0,)): -math.inf,
    ("sinh", (-1000.0,)): -math.inf,
    ("max", (math.nan, 1.0)): math.nan,
    ("max", (1.0, math.nan)): math.nan,
    ("min", (1.0, math.nan)): math.nan,
}


@pytest.mark.parametrize(("name", "operands"), EDGES, ids=str)
def test_where_python_raises_or_forgets_ieee_754_has_an_answer(
    name: str, operands: tuple[float, ...]
) -> None:
    assert repr(VALUE[name](*operands)) == repr(EDGES[name, operands])
