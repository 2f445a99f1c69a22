"""Programs in fewer bits: rounding against NumPy and ml_dtypes, whole passes against theirs, and
what is said of digits, overflow and underflow."""

from __future__ import annotations

import json
import math
import struct
from importlib.resources import files
from random import Random
from typing import Any

import ml_dtypes
import numpy as np
import pytest
from jsonschema import Draft202012Validator

import backprop
from backprop.arithmetic.format_arrays import rounding
from backprop.arithmetic.formats import FORMATS
from backprop.errors import UsageError

TYPES: dict[str, Any] = {
    "float32": np.float32, "float16": np.float16, "bfloat16": ml_dtypes.bfloat16,
}  # fmt: skip
EDGES = [0.0, -0.0, math.inf, -math.inf, 65504.0, 65519.9, 65520.0, 5.9e-8, 2.9e-8, 2.0**-25,
         3.3895e38, 3.3961775292304601e38, 3.4028235677973366e38, 1e39, 1e-45, 7e-46, 9e-41, 1e300,
         5e-324, 2049.0, 0.1, 1 - 1e-6]  # fmt: skip


def many(count: int) -> np.ndarray[Any, Any]:
    """Numbers of all sizes that formats have, and bit patterns of float32."""
    random = np.random.default_rng(1)
    sizes = np.exp(random.uniform(-105, 90, count // 2)) * random.choice([-1, 1], count // 2)
    bits = random.integers(0, 2**32, count - count // 2, dtype=np.uint32).view(np.float32)
    return np.concatenate([sizes, bits[np.isfinite(bits)].astype(np.float64), EDGES])


def same(a: Any, b: Any) -> bool:
    """Bit for bit, but for which nan it is."""
    a, b = np.asarray(a, dtype=np.float64), np.asarray(b, dtype=np.float64)
    alike = (a.view(np.int64) == b.view(np.int64)) | (np.isnan(a) & np.isnan(b))
    return bool(alike.all())


@pytest.mark.parametrize("name", FORMATS)
def test_arrays_round_as_numpy_and_ml_dtypes_do(name: str) -> None:
    numbers = many(1_000_000)
    with np.errstate(all="ignore"):
        expected = numbers.astype(TYPES[name]).astype(np.float64)
    assert same(rounding(FORMATS[name])(numbers), expected)


@pytest.mark.parametrize("name", FORMATS)
def test_numbers_round_as_arrays_do(name: str) -> None:
    numbers = many(30_000)
    rounded = [FORMATS[name].rounded(number) for number in numbers.tolist()]
    assert same(rounded, rounding(FORMATS[name])(numbers))
    assert math.isnan(FORMATS[name].rounded(math.nan))


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_ends_where_its_type_ends(name: str) -> None:
    one = FORMATS[name]
    told: Any = ml_dtypes.finfo
    info = told(TYPES[name])
    assert one.largest == float(info.max)
    assert one.tiny == float(info.smallest_normal)
    assert one.least == float(info.smallest_subnormal)
    assert one.bits == info.nmant + 1


def passes(kind: Any, x: float, y: float) -> tuple[float, float, float]:
    """f = (x*y + x)/sqrt(y) - y, and its gradient, step by step in a type, as the engine has it."""
    a, b, one, half = kind(x), kind(y), kind(1), kind(0.5)
    q1 = kind(a * b)
    q2 = kind(q1 + a)
    q3 = kind(np.sqrt(b))
    q4 = kind(q2 / q3)
    f = kind(q4 - b)
    dq2 = kind(one / q3)
    dq3 = kind(-kind(q4 / q3))
    da = kind(dq2 * one)
    db = kind(-one) + kind(kind(half / q3) * dq3)
    da, db = kind(da + kind(b * dq2)), kind(kind(db) + kind(a * dq2))
    return float(f), float(da), float(db)


@pytest.mark.parametrize("name", FORMATS)
def test_both_passes_are_those_of_the_type_itself(name: str) -> None:
    random = Random(name)
    with np.errstate(all="ignore"):
        for _ in range(300):
            x, y = math.exp(random.uniform(-4, 4)), math.exp(random.uniform(-4, 4))
            found = backprop.evaluate("(x*y + x)/sqrt(y) - y", x=x, y=y, dtype=name)
            f, da, db = passes(TYPES[name], x, y)
            assert (found.value, found.gradient["x"]) == (f, da)
            assert found.gradient["y"] == pytest.approx(db, rel=2 ** (2 - FORMATS[name].bits))


@pytest.mark.parametrize("name", FORMATS)
def test_a_product_of_matrices_rounds_at_every_step(name: str) -> None:
    random = np.random.default_rng(2)
    w, x = random.normal(size=(3, 7)), random.normal(size=(7, 2))
    kind = TYPES[name]
    total = np.zeros((3, 2), kind)
    a, b = w.astype(kind), x.astype(kind)
    for k in range(7):
        part = (a[:, k, None] * b[k]).astype(kind)
        total = part if k == 0 else (total + part).astype(kind)
    found = backprop.evaluate("W @ X", W=w, X=x, upstream="ones", dtype=name)
    assert same(found.value, total.astype(np.float64))


def test_sums_may_add_up_in_more_bits() -> None:
    numbers = [1.0] * 3000
    narrow = backprop.evaluate("sum(x)", x=numbers, dtype="float16")
    wide = backprop.evaluate("sum(x)", x=numbers, dtype="float16", accumulate="float32")
    assert (narrow.value, wide.value) == (2048.0, 3000.0)
    total = np.float16(0)
    for number in numbers:
        total = np.float16(total + np.float16(number))
    assert float(total) == narrow.value


def kinds(report: Any) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for notice in report.notices:
        found.setdefault(notice.kind, []).append(notice.message)
    return found


def test_a_square_that_overflows_is_named() -> None:
    found = backprop.evaluate("a*a + b*b", a=300.0, b=1.0, dtype="float16")
    assert math.isinf(found.value)
    assert kinds(found)["overflow"] == [
        "q1 = a * a overflows: it is 9e+04, and float16 ends at 65504"
    ]


def test_a_gradient_that_vanishes_is_named_and_needs_a_scale() -> None:
    text, at = "q = w*x; (q - t)**2", {"w": 0.5, "x": 2e-3, "t": 9.9e-4}
    found = backprop.evaluate(text, at, dtype="float16")
    assert found.gradient["w"] == 0.0 or abs(found.gradient["w"]) < 2**-14
    low, high = found.lowered.scales
    exact = found.lowered.base.gradient
    assert 2.0**low * min(map(abs, exact.values())) >= 2.0**-14
    scaled = backprop.evaluate(text, at, dtype="float16", loss_scale=2.0**low)
    for name in at:
        before, after = (abs(one.gradient[name] - exact[name]) for one in (found, scaled))
        assert after <= before
    assert 2.0**high * 1 <= 65504 * 2


def test_where_no_scale_works_both_bounds_are_said() -> None:
    found = backprop.evaluate("1000*a + 1e-9*b", a=1.0, b=1.0, dtype="float16")
    low, high = found.lowered.scales
    assert low > high
    assert f"at least 2^{low} and at most 2^{high}" in kinds(found)["loss-scale"][0]


def test_a_literal_that_becomes_0_is_named() -> None:
    found = backprop.evaluate("x/sqrt(x*x*0 + 1e-8)", x=1.0, dtype="float16")
    assert (
        "the literal 1e-8 is 0 in float16, whose least number is 6e-08" in kinds(found)["underflow"]
    )


def test_one_that_rounds_to_1_is_what_makes_log1p_infinite() -> None:
    found = backprop.evaluate("log1p(-p)", p=1 - 1e-6, dtype="bfloat16")
    assert kinds(found)["pole"][0] == (
        "f = log1p(q) is infinite, where floats have -13.82; q is -1"
    )


def test_digits_are_those_of_the_relative_error() -> None:
    found = backprop.evaluate("x - y", x=1.001, y=1.0, dtype="float16")
    exact = 1.001 - 1.0
    error = abs(float(np.float16(1.001)) - 1 - exact) / exact
    kept = found.lowered.values[found.program.output]
    assert kept.digits == pytest.approx(max(0, -math.log10(error)))


def test_a_dtype_costs_nothing_where_nothing_is_lost() -> None:
    found = backprop.evaluate("x*y", x=2.0, y=4.0, dtype="bfloat16")
    assert {*kinds(found)} == {"dtype"}


def test_mistakes_are_refused() -> None:
    with pytest.raises(UsageError, match="dtype can be"):
        backprop.evaluate("x", x=1, dtype="float8")
    with pytest.raises(UsageError, match="fewer bits than"):
        backprop.evaluate("x", x=1, dtype="float32", accumulate="float16")
    with pytest.raises(UsageError, match="a loss scale is a number above 0"):
        backprop.evaluate("x", x=1, dtype="float16", loss_scale=0)
    with pytest.raises(UsageError, match="go with a dtype"):
        backprop.evaluate("x", x=1, loss_scale=8)


@pytest.mark.parametrize("name", ["eval", "check"])
def test_json_follows_its_schema(command: Any, name: str) -> None:
    done = command(name, "x*x*y", "--x=300", "--y=2", "--dtype", "float16", "--json")
    answer = json.loads(done.stdout)
    schema = json.loads(files("backprop.schemas").joinpath(f"{name}.json").read_text("utf-8"))
    Draft202012Validator(schema).validate(answer)
    assert answer["lowered"]["dtype"] == "float16"
    assert done.returncode == 3


@pytest.mark.parametrize("name", ["explain", "draw"])
def test_other_commands_show_the_rounded_numbers(command: Any, name: str) -> None:
    done = command(name, "x*y", "--x=0.1", "--y=1", "--dtype", "bfloat16", "--precision", "6")
    expected = struct.unpack("<f", struct.pack("<I", 0x3DCD0000))[0]
    assert f"{expected:.6g}" in done.stdout
