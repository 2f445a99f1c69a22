"""What every gate does where it isn't smooth: at kinks, poles and ties, outside its domain, and
with infinities, nan and the smallest and largest floats.
"""

from __future__ import annotations

from itertools import product
from math import inf, isnan, nan

import pytest
from oracle import one_sided, points

import backprop
from backprop.arithmetic.ieee import KINK, LOCAL, POLE, VALUE
from backprop.arithmetic.system import TIES
from backprop.gates import scalars

GATES = scalars()

LARGEST = 1.7976931348623157e308
SPECIAL = (0.0, -0.0, 1.0, -1.0, 2.0, -2.0, 0.5, inf, -inf, nan, 5e-324, LARGEST, -LARGEST,
           1e-200, 710.0, -746.0)  # fmt: skip

# Where each gate with a kink has one, and the slopes by its first operand on either side.
KINKS: dict[str, list[tuple[tuple[float, ...], tuple[float, float]]]] = {
    "relu": [((0.0,), (0, 1)), ((-0.0,), (0, 1))],
    "leaky_relu": [((0.0,), (0.01, 1))],
    "selu": [((0.0,), (1.7580993408473766, 1.0507009873554805))],
    "hardtanh": [((-1.0,), (0, 1)), ((1.0,), (1, 0))],
    "relu6": [((0.0,), (0, 1)), ((6.0,), (1, 0))],
    "i0e": [((0.0,), (1, -1))],
    "bessel_fall": [((0.0,), (1.5, -1.5))],
    "abs": [((0.0,), (-1, 1))],
    "clip": [((2.0, 2.0, 3.0), (0, 1)), ((3.0, 2.0, 3.0), (1, 0))],
    "hypot": [((0.0, 0.0), (-1, 1)), ((0.0, 0.0, 0.0), (-1, 1))],
    "pow": [((0.0, 0.0), (0, 0))],
    "sign": [((0.0,), (inf, inf))],
    "floor": [((2.0,), (inf, 0)), ((-3.0,), (inf, 0))],
    "ceil": [((2.0,), (0, inf)), ((-3.0,), (0, inf))],
    "round": [((2.5,), (0, inf)), ((3.5,), (inf, 0))],
    "mod": [((6.0, 2.0), (-inf, 1)), ((-6.0, 2.0), (-inf, 1)), ((6.0, -2.0), (1, -inf))],
}
POLES: dict[str, list[tuple[float, ...]]] = {
    "div": [(1.0, 0.0)],
    "recip": [(0.0,), (-0.0,)],
    "powc": [(0.0, -1.0)],
    "pow": [(0.0, -2.5)],
    "log": [(0.0,)],
    "log2": [(0.0,)],
    "log10": [(0.0,)],
    "log1p": [(-1.0,)],
    "atanh": [(1.0,), (-1.0,)],
    "xlogy": [(1.0, 0.0), (-2.0, 0.0)],
    "xlog1py": [(1.0, -1.0)],
    "entr": [(-1.0,), (-5e-324,)],
    "logit": [(0.0,), (1.0,)],
    "log1mexp": [(0.0,)],
    "lgamma": [(0.0,), (-1.0,), (-30.0,), (-1e300,)],
    "gamma": [(0.0,), (-0.0,)],
    "digamma": [(0.0,), (-0.0,)],
    "trigamma": [(0.0,), (-1.0,), (-1e300,)],
    "polygamma": [(1.0, 0.0), (1.0, -3.0)],
    "erfinv": [(1.0,), (-1.0,)],
    "erfcinv": [(0.0,), (2.0,)],
    "ndtri": [(0.0,), (1.0,)],
}
OUTSIDE: dict[str, list[tuple[float, ...]]] = {
    "pow": [(-8.0, 0.5), (-1e-300, 1e-300)],
    "powc": [(-8.0, 0.5), (-1e-300, -1.5)],
    "sqrt": [(-1.0,), (-5e-324,), (-inf,)],
    "log": [(-1.0,), (-5e-324,), (-inf,)],
    "log2": [(-1.0,), (-inf,)],
    "log10": [(-1.0,), (-inf,)],
    "log1p": [(-1.5,), (-inf,)],
    "asin": [(1.0000000000000002,), (-2.0,), (inf,)],
    "acos": [(1.0000000000000002,), (-2.0,), (inf,)],
    "acosh": [(0.9999999999999999,), (-2.0,), (-inf,)],
    "atanh": [(1.0000000000000002,), (-2.0,), (inf,)],
    "mod": [(1.0, 0.0), (0.0, -0.0)],
    "xlogy": [(1.0, -1.0), (-3.0, -5e-324)],
    "xlog1py": [(1.0, -1.5)],
    "logit": [(-0.1,), (1.0000000000000002,), (inf,)],
    "log1mexp": [(-1e-300,), (-inf,)],
    "huber": [(1.0, -0.5), (0.0, -1.0)],
    "gamma": [(-1.0,), (-170.0,), (-1e300,)],
    "digamma": [(-1.0,), (-1e300,)],
    "polygamma": [(-1.0, 0.5), (0.5, 2.0), (2000.0, 2.0)],
    "lbeta": [(-1.0, 1.0), (1.0, 0.0)],
    "digamma_rise": [(-1.0, 1.0), (0.0, 1.0), (1.0, -0.5)],
    "erfinv": [(1.0000000000000002,), (-inf,)],
    "erfcinv": [(-5e-324,), (2.0000000000000004,)],
    "ndtri": [(-5e-324,), (1.0000000000000002,), (inf,)],
}
# Where a value is a number although an operand is nan: nothing compares with nan, so both
# answers of a comparison are numbers; x**0 is 1; `where` takes one of its branches.
NAN_ASIDE = {"lt", "le", "gt", "ge", "eq", "ne", "unit", "where"}


# Kinks, poles and domains.


def test_every_gate_with_a_kink_is_in_these_tests() -> None:
    kinks = {name: gate.kink.what for name, gate in GATES.items() if gate.kink}
    assert {name for name, what in kinks.items() if what not in ("tie", "switch")} == set(KINKS)


@pytest.mark.parametrize("name", KINKS)
def test_the_condition_of_a_kink_holds_there(name: str) -> None:
    assert all(KINK[name](*point, VALUE[name](*point)) for point, _ in KINKS[name])


@pytest.mark.parametrize("name", KINKS)
def test_the_condition_of_a_kink_holds_nowhere_else(name: str) -> None:
    elsewhere = [point for point in points(name, 200) if KINK[name](*point, VALUE[name](*point))]
    assert elsewhere == []


@pytest.mark.parametrize("name", KINKS)
def test_the_slopes_beside_a_kink_are_these(name: str) -> None:
    for point, slopes in KINKS[name]:
        found = tuple(
            [side if abs(side) < 1e20 else side * inf for side in one_sided(name, 0, point)]
        )
        assert found == pytest.approx(slopes, rel=1e-15)


@pytest.mark.parametrize("name", KINKS)
def test_the_slope_at_a_kink_is_the_convention_of_the_row(name: str) -> None:
    kink = GATES[name].kink
    assert kink
    convention = [float(number) for number in kink.convention.strip("[]").split(",")]
    for point, _ in KINKS[name]:
        slopes = LOCAL["notes"][name](*point, VALUE[name](*point))
        assert [slope or 0.0 for slope in slopes[: len(convention)]] == convention


def test_every_gate_with_a_pole_is_in_these_tests() -> None:
    assert {name for name, gate in GATES.items() if gate.pole} == set(POLES)


@pytest.mark.parametrize("name", POLES)
def test_the_value_at_a_pole_is_infinite(name: str) -> None:
    assert [abs(VALUE[name](*point)) for point in POLES[name]] == [inf] * len(POLES[name])


@pytest.mark.parametrize("name", POLES)
def test_the_condition_of_a_pole_holds_there(name: str) -> None:
    assert all(POLE[name](*point, VALUE[name](*point)) for point in POLES[name])


@pytest.mark.parametrize("name", POLES)
def test_the_condition_of_a_pole_holds_nowhere_else(name: str) -> None:
    elsewhere = [point for point in points(name, 200) if POLE[name](*point, VALUE[name](*point))]
    assert elsewhere == []


def test_every_gate_with_a_domain_is_in_these_tests() -> None:
    assert {name for name, gate in GATES.items() if gate.domain} == set(OUTSIDE)


@pytest.mark.parametrize("name", OUTSIDE)
def test_value_and_slopes_are_nan_outside_the_domain(name: str) -> None:
    for point in OUTSIDE[name]:
        out = VALUE[name](*point)
        assert isnan(out)
        slopes = zip(GATES[name].partials, LOCAL["notes"][name](*point, out), strict=True)
        assert all(isnan(slope) for text, slope in slopes if text)


# Choices.

TIED = [
    ("notes", (2.0, 2.0), (1.0, 1.0)),
    ("notes", (2.0, 2.0, 2.0), (1.0, 1.0, 1.0)),
    ("notes", (1.0, 2.0, 2.0), (None, 1.0, 1.0)),
    ("split", (2.0, 2.0), (0.5, 0.5)),
    ("split", (2.0, 2.0, 2.0), (1 / 3, 1 / 3, 1 / 3)),
    ("split", (1.0, 2.0, 2.0), (None, 0.5, 0.5)),
    ("first", (2.0, 2.0), (1.0, None)),
    ("first", (2.0, 2.0, 2.0), (1.0, None, None)),
    ("first", (1.0, 2.0, 2.0), (None, 1.0, None)),
]  # fmt: skip


@pytest.mark.parametrize(("ties", "point", "slopes"), TIED)
def test_max_shares_its_gradient_among_ties(
    ties: str, point: tuple[float, ...], slopes: tuple[float | None, ...]
) -> None:
    assert LOCAL[ties]["max"](*point, 2.0) == slopes


@pytest.mark.parametrize(("ties", "point", "slopes"), TIED)
def test_min_shares_its_gradient_among_ties(
    ties: str, point: tuple[float, ...], slopes: tuple[float | None, ...]
) -> None:
    assert LOCAL[ties]["min"](*[-a for a in point], -2.0) == slopes


@pytest.mark.parametrize(
    ("name", "point", "slopes"),
    [
        ("where", (1.0, 5.0, 7.0), (None, 1.0, None)),
        ("where", (0.0, 5.0, 7.0), (None, None, 1.0)),
        ("max", (5.0, 7.0), (None, 1.0)),
        ("max", (5.0, 7.0, 6.0), (None, 1.0, None)),
        ("min", (5.0, 7.0), (1.0, None)),
        ("min", (5.0, 7.0, 6.0), (1.0, None, None)),
        ("relu", (-1.0,), (None,)),
        ("relu", (1.0,), (1.0,)),
        ("clip", (5.0, 0.0, 1.0), (None, None, 1.0)),
        ("clip", (0.5, 0.0, 1.0), (1.0, None, None)),
        ("clip", (-5.0, 0.0, 1.0), (None, 1.0, None)),
    ],
)  # fmt: skip
def test_no_message_goes_to_what_was_not_taken(
    name: str, point: tuple[float, ...], slopes: tuple[float | None, ...]
) -> None:
    assert LOCAL["notes"][name](*point, VALUE[name](*point)) == slopes


@pytest.mark.parametrize(
    ("text", "slope"),
    [
        ("where(x > 0, log(x), x)", 1.0),
        ("max(sqrt(x), 1)", 0.0),
        ("max(sqrt(x), 1, x - 1)", 0.0),
        ("min(1/x, x)", 1.0),
        ("relu(log(x))", 0.0),
        ("clip(1/x, -1, 1)", 0.0),
    ],
)  # fmt: skip
def test_an_infinite_slope_where_nothing_flows_poisons_nothing(text: str, slope: float) -> None:
    assert backprop.evaluate(text, x=0.0).gradient == {"x": slope}


# Special floats.


def arities(name: str) -> tuple[int, ...]:
    return (2, 3) if GATES[name].variadic else (len(GATES[name].operands),)


@pytest.mark.parametrize("name", GATES)
def test_every_answer_to_special_floats_is_a_float(name: str) -> None:
    for point in [point for count in arities(name) for point in product(SPECIAL, repeat=count)]:
        out = VALUE[name](*point)
        slopes = [LOCAL[ties][name](*point, out) for ties in TIES]
        tests = [test(*point, out) for test in (KINK[name], POLE[name]) if test]
        kinds = {type(found) for found in (out, *tests, *[one for some in slopes for one in some])}
        assert kinds <= {float, type(None)}, point
        assert {len(some) for some in slopes} == {len(point)}, point


@pytest.mark.parametrize("name", [name for name in GATES if name not in NAN_ASIDE])
def test_a_nan_among_the_operands_makes_the_value_nan(name: str) -> None:
    point = next(points(name, 1))
    spoiled = [(*point[:place], nan, *point[place + 1 :]) for place in range(len(point))]
    assert all(isnan(VALUE[name](*operands)) for operands in spoiled)
