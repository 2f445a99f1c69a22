"""The corner cases: kinks, ties, poles, overflow, the ends of domains, huge and tiny numbers.

cases/corners.json holds what is printed at each, and what the peers print.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

import backprop

CASES: dict[int, dict[str, Any]] = {
    case["id"]: case
    for case in json.loads((Path(__file__).parent / "cases/corners.json").read_text("utf-8"))[
        "cases"
    ]
}
TIED = [case for case in CASES.values() if "ties_half_grads" in case]
INFINITE = [39, 55]  # those with an input that is refused unless it is asked for

# What kind of notice each warned case gets.
KINDS = {
    1: "tie", 2: "tie", 4: "tie", 5: "tie", 6: "kink", 7: "kink", 8: "kink",
    9: "infinite-slope", 10: "infinite-slope", 11: "nonfinite", 13: "corner", 15: "undefined",
    17: "undefined", 18: "infinite-slope", 20: "nonfinite", 21: "undefined", 22: "pole",
    23: "undefined", 24: "pole", 25: "pole", 26: "overflow", 28: "overflow", 29: "nonfinite",
    37: "overflow", 39: "nonfinite", 40: "undefined", 41: "kink", 45: "infinite-slope",
    48: "undefined", 55: "nonfinite", 56: "unused", 58: "literal-rounded", 63: "jump", 64: "jump",
}  # fmt: skip
# What rounded away is only known to a check at more digits, not to the run itself.
NO_KINK = {3}  # a tie inside, but the function has a slope
ROUNDED_AWAY = {27, 30, 31, 35, 50, 52, 59, 60, 62, 66, 67}
REMEDIES = {
    10: "abs(x) stays finite here",
    29: "sigmoid(x) stays finite here",
    37: "softplus(x) stays finite here",
    48: "sinc(x) stays finite here",
}


def evaluate(case: dict[str, Any], ties: str = "auto") -> backprop.Report:
    spare = tuple(case["point"])
    return backprop.evaluate(
        case["expr"], case["point"], ties=ties, spare=spare, allow_nonfinite=True
    )


def numbers(report: backprop.Report, case: dict[str, Any]) -> list[float]:
    return [report.value, *[report.gradient[name] for name in case["inputs"]]]


def same(found: float, expected: float, case: dict[str, Any]) -> bool:
    """Equal, both nan, or as near as the case says."""
    if not math.isfinite(expected) or not math.isfinite(found):
        return found == expected or (found != found and expected != expected)
    if case["ulp_tol"] is None:
        # Mostly rounding: only who computes with these very functions gets these very digits.
        return math.isclose(found, expected, rel_tol=1e-6)
    return abs(found - expected) / math.ulp(expected) <= float(case["ulp_tol"])


@pytest.mark.parametrize("case", CASES.values(), ids=CASES)
def test_value_and_gradient_are_as_expected(case: dict[str, Any]) -> None:
    found = numbers(evaluate(case), case)
    expected = list(map(float, [case["expected_value"], *case["expected_grads"]]))
    pairs = zip(found, expected, strict=True)
    assert [pair for pair in pairs if not same(*pair, case)] == []


@pytest.mark.parametrize("case", TIED, ids=lambda case: str(case["id"]))
def test_tied_inputs_share_the_gradient_if_asked_to(case: dict[str, Any]) -> None:
    assert numbers(evaluate(case, "split"), case)[1:] == case["ties_half_grads"]


@pytest.mark.parametrize("case", TIED, ids=lambda case: str(case["id"]))
def test_the_first_tied_input_takes_all_if_asked_to(case: dict[str, Any]) -> None:
    assert sum(numbers(evaluate(case, "first"), case)[1:]) == 1.0


@pytest.mark.parametrize(("number", "kind"), KINDS.items())
def test_a_corner_is_named(number: int, kind: str) -> None:
    kinds = {notice.kind for notice in evaluate(CASES[number]).notices}
    assert kinds & {kind} == {kind}


def test_every_warned_case_is_named_or_rounded_away() -> None:
    warned = {number for number, case in CASES.items() if case["warn"]}
    assert set(KINDS) | ROUNDED_AWAY | NO_KINK == warned
    assert [notice for number in NO_KINK for notice in evaluate(CASES[number]).notices] == []


def test_of_two_tied_stages_the_one_is_named_where_slopes_part() -> None:
    notices = evaluate(CASES[4]).notices
    assert [(notice.kind, notice.stage) for notice in notices] == [("tie", "q")]


@pytest.mark.parametrize(("number", "message"), REMEDIES.items())
def test_a_stable_gate_is_proposed_where_it_stays_finite(number: int, message: str) -> None:
    notices = evaluate(CASES[number]).notices
    assert [notice.message for notice in notices if notice.kind == "remedy"] == [message]


@pytest.mark.parametrize("number", [17, 11])
def test_no_remedy_is_proposed_where_fusing_does_not_help(number: int) -> None:
    assert [n.kind for n in evaluate(CASES[number]).notices if n.kind == "remedy"] == []


@pytest.mark.parametrize("number", INFINITE)
def test_an_infinite_input_is_refused_unless_allowed(number: int) -> None:
    case = CASES[number]
    with pytest.raises(backprop.BackpropError, match="not a finite number"):
        backprop.evaluate(case["expr"], case["point"])


def test_an_input_that_the_program_lacks_is_refused_unless_spare() -> None:
    case = CASES[56]
    with pytest.raises(backprop.BackpropError, match="the program has no variable y"):
        backprop.evaluate(case["expr"], case["point"])


def test_at_a_kink_the_notice_gives_the_convention_and_both_slopes() -> None:
    assert [notice.message for notice in evaluate(CASES[8]).notices] == [
        "f = abs(x) has a kink here: 0 is taken as its slope (PyTorch gives 0 too, JAX 1);"
        " df/dx is -1 on the left and 1 on the right"
    ]


# Where nothing is odd, nothing is said. 44 has a nan, in the branch that isn't taken; 43 is
# right where its condition changes.
PLAIN = [number for number, case in CASES.items() if not case["warn"] and number not in (43, 44)]


def test_a_condition_that_changes_right_here_is_said() -> None:
    assert [notice.message for notice in evaluate(CASES[43]).notices] == [
        "q1 = x > 0 is just where it switches; df/dx is 0 on the left and inf on the right"
    ]


@pytest.mark.parametrize("number", PLAIN)
def test_nothing_is_said_where_nothing_is_odd(number: int) -> None:
    assert evaluate(CASES[number]).notices == ()
