"""Laws that gradients obey, on random programs.

Programs of whole numbers are exact in floats, so there the laws hold to the last bit; the
others show the laws that floats never break: renaming, and scaling by powers of two.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from random import Random

from hypothesis import given, settings
from hypothesis import strategies as st
from programs import Sample, Writer, sample, statements

from backprop import evaluate

seeds = st.integers(0, 10**9)
law = settings(max_examples=150, deadline=None, derandomize=True, database=None)
POINT = {"x": 3.0, "y": -2.0, "z": 5.0}
Numbers = Mapping[str, float]


def expressions(seed: int, count: int, point: Numbers, depth: int = 3) -> list[str]:
    """Expressions of whole numbers over the names of one point, each in brackets."""
    writer = Writer(Random(seed), dict(point), True)
    return [f"({statements(writer, 1, depth)[0].text})" for _ in range(count)]


def gradient(text: str, point: Numbers = POINT) -> dict[str, float]:
    """The gradient for every name of the point, used or not."""
    used = [name for name in point if re.search(rf"\b{name}\b", text)]
    report = evaluate(text, {name: point[name] for name in used})
    return {**dict.fromkeys(point, 0.0), **report.gradient}


def bits(numbers: Numbers) -> dict[str, str]:
    """The numbers to the last bit, and nan equal to nan."""
    return {name: repr(number) for name, number in numbers.items()}


def combined(*parts: tuple[float, Numbers]) -> dict[str, float]:
    return {name: sum([weight * slopes[name] for weight, slopes in parts]) for name in POINT}


@given(seeds)
@law
def test_the_gradient_of_a_sum_is_the_sum_of_the_gradients(seed: int) -> None:
    f, g = expressions(seed, 2, POINT)
    assert gradient(f"{f} + {g}") == combined((1, gradient(f)), (1, gradient(g)))


@given(seeds, st.integers(-9, 9))
@law
def test_the_gradient_of_a_multiple_is_the_multiple_of_the_gradient(seed: int, c: int) -> None:
    (f,) = expressions(seed, 1, POINT)
    assert gradient(f"{c}*{f}") == combined((c, gradient(f)))


@given(seeds)
@law
def test_the_gradient_of_a_product_obeys_the_product_rule(seed: int) -> None:
    f, g = expressions(seed, 2, POINT)
    at_f, at_g = (evaluate(text, POINT, spare=tuple(POINT)).value for text in (f, g))
    assert gradient(f"{f}*{g}") == combined((at_g, gradient(f)), (at_f, gradient(g)))


@given(seeds)
@law
def test_the_gradient_of_a_composition_obeys_the_chain_rule(seed: int) -> None:
    inner = dict(zip("uv", expressions(seed, 2, POINT, 2), strict=True))
    at = {name: evaluate(text, POINT, spare=tuple(POINT)).value for name, text in inner.items()}
    (outer,) = expressions(seed + 1, 1, at, 2)
    lines = [f"{name} = {text}" for name, text in inner.items()]
    slopes = gradient(outer, at)
    expected = combined(*[(slopes[name], gradient(text)) for name, text in inner.items()])
    assert gradient("\n".join([*lines, f"out = {outer}"])) == expected


@given(seeds)
@law
def test_the_order_of_operands_of_plus_and_times_does_not_matter(seed: int) -> None:
    f, g, h = expressions(seed, 3, POINT, 2)
    assert gradient(f"{f}*{g} + {h}") == gradient(f"{h} + {g}*{f}")


@given(seeds)
@law
def test_minus_turns_every_slope(seed: int) -> None:
    f, g = expressions(seed, 2, POINT)
    assert gradient(f"{f} - {g}") == combined((-1, gradient(f"{g} - {f}")))


@given(seeds)
@law
def test_an_input_that_nothing_needs_has_gradient_0(seed: int) -> None:
    (f,) = expressions(seed, 1, POINT)
    point = {**POINT, "spare": 7.0}
    unused = gradient(f"u = spare*spare\nout = {f}", point)
    assert unused == {**gradient(f), "spare": 0.0}


def renamed(case: Sample) -> tuple[Sample, dict[str, str]]:
    """The same program with other names, some of which other programs use for functions."""
    fresh = dict(zip(case.point, ["lambda", "q2", "sqrt", "I"], strict=False))
    # Not before a bracket, where it is a function; and ² is no part of a name.
    names = re.compile(rf"(?<![\wθ])({'|'.join(case.point)})(?![A-Za-z0-9_]|\()")
    text = names.sub(lambda found: fresh[found[0]], case.text)
    return Sample(text, {fresh[name]: x for name, x in case.point.items()}, case.value), fresh


@given(seeds)
@law
def test_names_do_not_matter(seed: int) -> None:
    case = sample(f"renamed:{seed}")
    other, fresh = renamed(case)
    found = evaluate(other.text, other.point)
    expected = evaluate(case.text, case.point)
    slopes = {fresh[name]: slope for name, slope in expected.gradient.items()}
    assert (found.value, bits(found.gradient)) == (expected.value, bits(slopes))


@given(seeds, st.sampled_from([-16, -1, 1, 8]))
@law
def test_a_power_of_two_scales_every_gradient_exactly(seed: int, exponent: int) -> None:
    case = sample(f"scaled:{seed}")
    *before, last = case.text.split("\n")
    factor = 2.0**exponent
    text = "\n".join([*before, f"out2 = {factor}*({last.removeprefix('out = ')})"])
    report = evaluate(text, case.point)
    expected = {
        name: factor * slope for name, slope in evaluate(case.text, case.point).gradient.items()
    }
    assert bits(report.gradient) == bits(expected)
