"""Random programs: the engine against other libraries and a difference in 200-digit arithmetic.

The peers walk the syntax tree with functions of their own (peers.py, differences.py). What
must agree, and what rounding may explain, is said in comparing.py; campaigns/differential.py
runs any number of such programs.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import cache

import pytest
from comparing import DIFFERENCE, Outcome, compare, tally
from counts import cases
from programs import Sample, sample
from recorded import recorded

from backprop import evaluate
from backprop.arithmetic.ieee import LOCAL
from backprop.arithmetic.system import Arithmetic
from backprop.engine import kinds
from backprop.engine.numbers import UNREACHED, Backward, Branches
from backprop.program.program import Program

COUNT = cases(1000, 2000)
FEW = 50
Slopes = tuple[float | None, ...]
Route = Callable[[dict[int, float], tuple[int, ...], Slopes, float], Iterator[tuple[int, float]]]


@cache
def outcomes() -> list[Outcome]:
    return [compare(sample(f"tests:{number}")) for number in range(COUNT)]


def test_no_peer_disagrees_on_any_program() -> None:
    assert tally(outcomes())[1] == []


def test_nearly_all_programs_were_compared_to_nine_digits() -> None:
    """The rest are kinks (the difference is no derivative there), roots at 0, and rounding."""
    difference = tally(outcomes())[0][DIFFERENCE]
    reasons = {"agree", "kink", "noise", "undefined", "nonfinite", "overflow"}
    assert (set(difference) <= reasons, difference["agree"] >= 0.85 * COUNT) == (True, True)


def test_skips_other_than_kinks_are_rare() -> None:
    difference = tally(outcomes())[0][DIFFERENCE]
    assert (
        sum(difference[why] for why in ("noise", "undefined", "nonfinite", "overflow"))
        <= 0.03 * COUNT
    )


def test_autograd_was_compared_on_more_than_half() -> None:
    """It has no erf without SciPy."""
    assert tally(outcomes())[0]["autograd"]["agree"] >= 0.5 * COUNT


@pytest.mark.parametrize("library", ["pytorch", "jax"])
def test_what_other_libraries_have_said_once_agrees(library: str) -> None:
    rows, name = recorded(library)["programs"], f"recorded {library}"
    samples = [Sample(row["text"], row["point"], float(row["value"])) for row in rows]
    counts, wrong = tally(compare(one, peers=[name]) for one in samples)
    assert (wrong, counts[name]["agree"] >= 0.75 * len(rows)) == ([], True)


def test_closing_patterns_into_stable_gates_changes_no_gradient() -> None:
    found = [compare(sample(f"fused:{number}"), "fused") for number in range(500)]
    assert tally(found)[1] == []


def test_the_programs_are_many_gates_with_repeated_operands_and_all_magnitudes() -> None:
    programs = [evaluate(outcome.sample.text, outcome.sample.point) for outcome in outcomes()]
    operands = [fed for report in programs for fed in report.program.operands if fed]
    magnitudes = [abs(x) for report in programs for x in report.point.values()]
    gates = {gate for report in programs for gate in report.program.gates}
    facts = {
        "stages": len(operands) > 10 * COUNT,
        "repeated": sum(len(set(fed)) < len(fed) for fed in operands) > COUNT / 2,
        "tiny": min(magnitudes) < 1e-19,
        "huge": max(magnitudes) > 1e19,
        "gates": len(gates) > 45,
    }
    assert [name for name, holds in facts.items() if not holds] == []


# What a wrong backward pass would do, each written as how one stage passes gradient on.


def overwriting(
    _gradients: dict[int, float], operands: tuple[int, ...], slopes: Slopes, gradient: float
) -> Iterator[tuple[int, float]]:
    """`=` where `+=` belongs: the classic mistake at a fork."""
    for operand, slope in zip(operands, slopes, strict=False):
        if slope is not None:
            yield operand, slope * gradient


def forgetting(
    gradients: dict[int, float], operands: tuple[int, ...], slopes: Slopes, gradient: float
) -> Iterator[tuple[int, float]]:
    """A set of parents, which keeps one of the two x in x*x."""
    for operand, slope in dict(zip(operands, slopes, strict=False)).items():
        if slope is not None:
            yield operand, gradients.get(operand, 0.0) + slope * gradient


def swapping(
    gradients: dict[int, float], operands: tuple[int, ...], slopes: Slopes, gradient: float
) -> Iterator[tuple[int, float]]:
    """Every operand gets what belongs to the one at the other end."""
    for operand, slope in zip(operands, reversed(slopes), strict=False):
        if slope is not None:
            gradients[operand] = gradients.get(operand, 0.0) + slope * gradient
            yield operand, gradients[operand]


def faithful(
    gradients: dict[int, float], operands: tuple[int, ...], slopes: Slopes, gradient: float
) -> Iterator[tuple[int, float]]:
    yield from swapping(gradients, operands, slopes[::-1], gradient)


def backward_with(route: Route) -> Callable[..., Backward]:
    def backward(
        program: Program,
        values: Sequence[float],
        branches: str | Branches,
        _wrt: Mapping[str, int] | None,
        _arithmetic: Arithmetic,
        *,
        upstream: float,
    ) -> Backward:
        gradients = {program.output: upstream}
        slopes: list[Slopes | None] = [None] * len(values)
        for slot, gate, operands in program.backward_steps():
            if slot in gradients:
                fed = [values[operand] for operand in operands]
                slopes[slot] = partials = LOCAL[Branches.of(branches).convention][gate](
                    *fed, values[slot]
                )
                gradients.update(route(gradients, operands, partials, gradients[slot]))
        return Backward([gradients.get(slot, UNREACHED) for slot in range(len(values))], slopes)

    return backward


def disagreements(monkeypatch: pytest.MonkeyPatch, route: Route) -> int:
    monkeypatch.setattr(kinds, "backward", backward_with(route))
    return len(tally(compare(sample(f"planted:{number}")) for number in range(FEW))[1])


@pytest.mark.parametrize("route", [overwriting, forgetting, swapping])
def test_a_planted_bug_is_caught_by_50_programs(
    monkeypatch: pytest.MonkeyPatch, route: Route
) -> None:
    assert disagreements(monkeypatch, route) > 0


def test_without_a_bug_the_same_50_programs_agree(monkeypatch: pytest.MonkeyPatch) -> None:
    assert disagreements(monkeypatch, faithful) == 0
