"""Exact sums: what math.fsum and fractions say, in any order, in any blocks and by any way."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from fractions import Fraction
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from counts import cases
from hypothesis import given, settings
from hypothesis import strategies as st
from mpmath import mp

from backprop.batching import sums
from backprop.batching.sums import Sums

Array = Any

COUNT = cases(4_000, 20_000)
TINY, TOP = 5e-324, math.nextafter(math.inf, 0)
FLOATS = st.floats(allow_nan=False, allow_infinity=False)
EDGES = st.sampled_from([2.0**p * s for p in (*range(-1074, 1024, 20), 1023) for s in (1, -1)])
NEAR = st.builds(lambda x, up: math.nextafter(x, x * 2 if up else 0), EDGES, st.booleans())
NUMBERS = st.lists(FLOATS | EDGES | NEAR.filter(math.isfinite), min_size=1, max_size=60)


@pytest.fixture(params=[7, sums.BLOCK], ids=lambda size: f"blocks of {size}")
def _blocks(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "BLOCK", request.param)


@pytest.fixture
def _carried_often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "BLOCK", 64)
    monkeypatch.setattr(sums, "LIMIT", 128)


def of(numbers: Any, codes: Any = None, groups: int = 1) -> Sums:
    made = Sums(1)
    made.add([numbers], codes, groups)
    return made


def nearest(exact: Fraction) -> float:
    """The float nearest to a fraction, as Python's fractions find it."""
    try:
        return float(exact)
    except OverflowError:
        return math.inf if exact > 0 else -math.inf


def exactly(numbers: Any) -> Fraction:
    """Their sum; equal denominators spare Fraction its greatest common divisors."""
    return Fraction(sum(int(Fraction(x) * 2**1074) for x in map(float, numbers)), 2**1074)


def over_all_exponents(count: int, seed: int = 1) -> Array:
    rng = np.random.default_rng(seed)
    numbers = np.ldexp(rng.uniform(-1, 1, count), rng.integers(-1080, 1025, count))
    return np.concatenate([numbers, [TINY, -TINY, TOP, -TOP, 0.0, -0.0, 2.0**1006, 2.0**-1022]])


def columns() -> Iterator[tuple[str, Array]]:
    rng = np.random.default_rng(2)
    yield "normal", rng.normal(size=COUNT)
    yield "large", 1e9 * rng.normal(size=COUNT)
    yield "spread", rng.lognormal(0, 20, COUNT)
    yield "whole numbers", rng.integers(-1000, 1000, COUNT).astype(float)
    yield "subnormal", TINY * rng.integers(-(2**40), 2**40, COUNT)
    yield "all exponents", over_all_exponents(COUNT)
    yield "near the top", 1e308 * rng.uniform(-1, 1, COUNT)
    yield "the top", np.full(COUNT, TOP)
    yield "just below a power of two", np.full(COUNT, math.nextafter(64.0, 0))
    yield "just below a huge number", np.full(COUNT, -math.nextafter(2.0**1006, 0))


COLUMNS = dict(columns())


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", COLUMNS)
def test_total_and_mean_are_rounded_once(kind: str) -> None:
    numbers = COLUMNS[kind]
    found, exact = of(numbers), exactly(numbers)
    assert Fraction(found.whole(0, 0), 2**1074) == exact
    assert found.total(0) == nearest(exact)
    assert found.mean(0) == nearest(exact / len(numbers))
    assert found.counts == [len(numbers)]


@given(NUMBERS)
@settings(max_examples=cases(100, 500), deadline=None)
def test_any_numbers(numbers: list[float]) -> None:
    found, exact = of(numbers), exactly(numbers)
    assert (found.total(0), found.mean(0)) == (nearest(exact), nearest(exact / len(numbers)))
    try:
        assert found.total(0) == math.fsum(numbers)
    except OverflowError:  # fsum gives up where a partial sum is too large
        assert max(map(abs, numbers)) > 1e300


@pytest.mark.parametrize(
    ("numbers", "total"),
    [
        ([1e300, 1.0, -1e300], 1.0),
        ([1e308, 1e308, -1e308], 1e308),
        ([TOP, TOP, -TOP, TINY, -TOP], TINY),
        ([TOP, TOP], math.inf),
        ([-TOP, -TOP], -math.inf),
        ([TOP, 2.0**969], TOP),
        ([TOP, 2.0**970], math.inf),
        ([1.0, 2.0**-53], 1.0),
        ([1.0, 2.0**-53, TINY], math.nextafter(1, 2)),
        ([0.1] * 10, 1.0),
        ([TINY, -TINY], 0.0),
        ([2.0**-1022, -TINY], math.nextafter(2.0**-1022, 0)),
        ([], 0.0),
    ],
)
def test_well_known_sums(numbers: list[float], total: float) -> None:
    assert of(numbers).total(0) == total


@pytest.mark.parametrize("numbers", [[-0.0], [-0.0, -0.0], [-0.0, 0.0], [1.0, -1.0]])
def test_zero_has_the_sign_that_fsum_gives_it(numbers: list[float]) -> None:
    assert repr(of(numbers).total(0)) == repr(math.fsum(numbers)) == "0.0"


def test_a_mean_may_be_finite_where_the_sum_is_not_and_is_rounded_among_subnormals() -> None:
    assert of([TOP, TOP, TOP]).mean(0) == TOP
    assert of([TINY, 0.0]).mean(0) == 0.0
    assert of([3 * TINY, 0.0]).mean(0) == 2 * TINY
    assert math.isnan(Sums(1).mean(0))


def test_a_million_rows_are_what_fifty_digits_say() -> None:
    rng = np.random.default_rng(3)
    numbers = rng.normal(size=cases(100_000, 1_000_000)) * 10.0 ** rng.integers(
        -4, 5, cases(100_000, 1_000_000)
    )
    with mp.workdps(50):
        exact = mp.mpf(0)
        for x in numbers.tolist():
            exact += x
        assert of(numbers).total(0) == float(exact)
        assert of(numbers).mean(0) == float(exact / len(numbers))


@pytest.mark.parametrize("groups", [3, 5_000])
@pytest.mark.parametrize("kind", ["normal", "all exponents", "near the top", "subnormal"])
def test_every_group_has_its_own_sum(kind: str, groups: int) -> None:
    numbers = COLUMNS[kind]
    codes = np.random.default_rng(4).integers(0, groups, len(numbers))
    found = of(numbers, codes, groups + 1)
    exact = [exactly(numbers[codes == g]) for g in range(groups)]
    counts = [int((codes == g).sum()) for g in range(groups)]
    assert [found.total(0, g) for g in range(groups)] == [nearest(total) for total in exact]
    assert found.counts == [*counts, 0]
    assert (found.total(0, groups), math.isnan(found.mean(0, groups))) == (0.0, True)
    means = [nearest(t / n) for t, n in zip(exact, counts, strict=True) if n]
    assert [found.mean(0, g) for g in range(groups) if counts[g]] == means


def test_groups_may_come_later() -> None:
    found = of([1.0, 2.0], np.array([0, 1]), 2)
    found.add([[4.0, 8.0, 16.0]], np.array([4, 1, 0], np.uint8), 5)
    found.add([[32.0]], np.array([1]), 2)
    found.add([[64.0]])
    assert [found.total(0, g) for g in range(5)] == [81.0, 42.0, 0.0, 0.0, 4.0]
    assert found.counts == [3, 3, 0, 0, 1]


def pieces(numbers: Array, codes: Array, seed: int) -> Iterator[Sums]:
    """The sums of the rows in another order, cut anywhere."""
    rng = np.random.default_rng(seed)
    order = rng.permutation(len(numbers))
    cuts = sorted(rng.integers(0, len(numbers), 6).tolist())
    for start, stop in pairwise([0, *cuts, len(numbers)]):
        part = order[start:stop]
        made = Sums(2)
        made.add([numbers[part], -2 * numbers[part[::-1]][::-1]], codes[part], 11)
        yield made


@pytest.mark.usefixtures("_blocks")
@pytest.mark.parametrize("kind", ["normal", "spread", "subnormal"])
def test_order_pieces_and_detours_by_json_change_nothing(kind: str) -> None:
    numbers = COLUMNS[kind]
    codes = np.random.default_rng(5).integers(0, 11, len(numbers))
    whole = Sums(2)
    whole.add([numbers, -2 * numbers], codes, 11)
    for seed in range(3):
        merged = Sums(2)
        for part in pieces(numbers, codes, seed):
            merged.merge(Sums.restored(json.loads(json.dumps(part.state()))))
        assert merged.state() == whole.state()


@given(st.lists(st.tuples(FLOATS | EDGES, st.integers(0, 3)), min_size=1), st.randoms())
@settings(deadline=None)
def test_equal_sums_have_equal_states(rows: list[tuple[float, int]], random: Any) -> None:
    def state(rows: list[tuple[float, int]]) -> dict[str, Any]:
        numbers, codes = zip(*rows, strict=True)
        return of(numbers, np.array(codes), 4).state()

    mixed = random.sample(rows, len(rows))
    doubled = [*mixed, (TOP, 0), (0.75, 1), (-TOP, 0), (-0.75, 1)]
    again = state(doubled)
    again["counts"] = [n - more for n, more in zip(again["counts"], (2, 2, 0, 0), strict=True)]
    assert state(mixed) == state(rows) == again


def test_merging_gives_groups_their_new_codes() -> None:
    found = of([1.0, 2.0], np.array([0, 1]), 2)
    other = of([4.0, 8.0, 1e300, 16.0], np.array([0, 1, 2, 0]), 3)
    found.merge(other, [1, 5, 0])
    assert [found.total(0, g) for g in range(6)] == [1e300, 22.0, 0.0, 0.0, 0.0, 8.0]
    assert found.counts == [2, 3, 0, 0, 0, 1]
    assert [other.total(0, g) for g in range(3)] == [20.0, 8.0, 1e300]


def test_sums_may_be_merged_with_themselves() -> None:
    found = of(COLUMNS["normal"])
    found.merge(found)
    assert found.total(0) == 2 * math.fsum(COLUMNS["normal"])


@pytest.mark.usefixtures("_carried_often")
@pytest.mark.parametrize("kind", COLUMNS)
def test_carrying_changes_nothing(kind: str) -> None:
    numbers = COLUMNS[kind]
    assert of(numbers).total(0) == nearest(exactly(numbers))


@pytest.mark.parametrize("number", [-TOP, -math.nextafter(64, 0), math.nextafter(2.0**-34, 0)])
def test_more_rows_than_a_digit_could_hold_uncarried(number: float) -> None:
    found, rows = Sums(1), 1 << 19
    block = np.full(rows, number)
    for _ in range(48):  # 2**24 rows of nearly 2**40 units and more: beyond 2**63
        found.add([block])
    assert Fraction(found.whole(0, 0), 2**1074) == 48 * rows * Fraction(number)


def test_many_merges_are_carried_in_time(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sums, "LIMIT", 8)
    monkeypatch.setattr(sums, "BLOCK", 4)
    found, largest = Sums(1), 0
    for _ in range(50):
        found.merge(of([55.8] * 4))  # 3.49 * 2**40 units in one digit
        largest = max(largest, *(abs(int(d[0])) for d in found.digits[0].values()))
    assert largest <= 8 << sums.BITS
    assert Fraction(found.whole(0, 0), 2**1074) == 200 * Fraction(55.8)


def test_the_largest_sums_have_places() -> None:
    found = of([TOP])
    for _ in range(60):
        found.merge(found)
    assert found.whole(0, 0) == of([TOP]).whole(0, 0) << 60
    assert Sums.restored(found.state()).state() == found.state()
    assert (found.total(0), found.mean(0)) == (math.inf, TOP)


def test_rows_are_left_as_they_were() -> None:
    numbers = COLUMNS["all exponents"].copy()
    numbers.setflags(write=False)
    of(numbers)
    of(numbers[::-2])
    assert numbers.tobytes() == COLUMNS["all exponents"].tobytes()


@pytest.mark.parametrize("bad", [math.inf, -math.inf, math.nan])
def test_only_finite_numbers_are_added(bad: float) -> None:
    found = of([1.0])
    numbers = np.ones(3 * sums.BLOCK)
    numbers[-5] = bad
    with pytest.raises(ValueError, match="only finite numbers"):
        found.add([numbers])
    assert found.state() == of([1.0]).state()


@pytest.mark.parametrize(
    ("columns", "codes"),
    [
        ([[1.0], [2.0]], None),
        ([], None),
        ([[1.0]], [-1]),
        ([[1.0]], [2]),
        ([[1.0]], [0, 1]),
        ([[1.0]], [0.0]),
    ],
)
def test_what_does_not_fit_is_refused(columns: Any, codes: Any) -> None:
    found = of([1.0])
    with pytest.raises(ValueError, match=r"."):
        found.add(columns, codes, 2)
    assert found.state() == of([1.0]).state()


def test_merges_that_do_not_fit_are_refused() -> None:
    found, other = of([1.0]), of([1.0, 2.0], np.array([0, 1]), 2)
    for codes in ([0], [0, 0], [0, -1], [0, 1, 2]):
        with pytest.raises(ValueError, match="a group of its own"):
            found.merge(other, codes)
    with pytest.raises(ValueError, match="1 columns are summed here, not 2"):
        found.merge(Sums(2))
    assert found.state() == of([1.0]).state()


@pytest.mark.parametrize("group", [-1, 1, 2])
def test_there_is_no_sum_of_a_group_that_is_not_there(group: int) -> None:
    with pytest.raises(IndexError, match="no group"):
        of([1.0]).total(0, group)


@pytest.mark.parametrize(
    "digits", [{"26": [1]}, {"26": [1, 1 << 39]}, {"99": [1, 1]}, {"-1": [1, 1]}, {"x": [1, 1]}]
)
def test_a_damaged_state_is_refused(digits: dict[str, list[int]]) -> None:
    with pytest.raises(ValueError, match=r"."):
        Sums.restored({"counts": [1, 1], "digits": [digits]})
