"""Long programs: inputs are looked at together first, and what is wrong is still found."""

from __future__ import annotations

from random import Random
from typing import Any

import pytest
from examining import subject

from backprop import evaluate
from backprop.answer.verdicts import METHODS
from backprop.checking import levels
from backprop.checking.examine import examine
from backprop.child.process import surroundings
from backprop.gates import GATES

INPUTS = 8
STAGES = 60


@pytest.fixture(autouse=True)
def long(monkeypatch: pytest.MonkeyPatch) -> None:
    """What counts as long, so that the tests are short."""
    monkeypatch.setattr(levels, "LONG", STAGES)


def long_text(extra: str = "") -> str:
    random = Random(1)
    lines = [f"t{k} = x{k}*1.5" for k in range(INPUTS)]
    size = STAGES
    for k in range(INPUTS, size):
        other = random.randrange(max(0, k - 40), k)
        lines.append(f"t{k} = sin(t{k - 1}) + 0.5*t{other}/(1 + t{other}**2)")
    ends = " + ".join(f"0.01*t{k}*x{k}" for k in range(INPUTS))
    return "\n".join([*lines, f"t{size - 1} + {ends}{extra}"])


POINT = {f"x{k}": (3 + k) / 8 for k in range(INPUTS)}


def test_a_long_program_is_looked_at_together() -> None:
    report = evaluate(long_text(), POINT)
    assert len(levels.together(subject(report))) == 2
    found = examine(subject(report), METHODS)
    assert found.verdict == "agree"
    assert "on all inputs together" in found.reason
    assert all(found.inputs[name].verdict == "agree" for name in POINT)


def test_a_kink_in_one_input_of_a_long_program_is_still_found() -> None:
    found = examine(subject(evaluate(long_text(" + abs(x3 - 0.75)"), POINT)), METHODS)
    assert found.inputs["x3"].verdict == "kink"
    assert found.inputs["x2"].verdict in ("agree", "rounding")


def test_a_wrong_gradient_of_one_input_is_still_found(monkeypatch: pytest.MonkeyPatch) -> None:
    wrong: Any = GATES["atan"]._replace(partials=("1/(1 + a*a) + 1e-9",), textbook=())
    from backprop.arithmetic.ieee import IEEE
    from backprop.arithmetic.precise import PRECISE

    for system in (IEEE, PRECISE):
        for ties in system.local:
            made = system.make_local(ties, wrong)
            monkeypatch.setitem(system.local[ties], "atan", made)
    found = examine(subject(evaluate(long_text(" + atan(x5)"), POINT)), METHODS)
    assert found.inputs["x5"].verdict == "differ"


def test_gmpy2_is_only_loaded_where_it_is_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BACKPROP_FAST", raising=False)
    assert surroundings()["MPMATH_NOGMPY"] == "1"
    monkeypatch.setenv("BACKPROP_FAST", "1")
    monkeypatch.delenv("MPMATH_NOGMPY", raising=False)
    assert "MPMATH_NOGMPY" not in surroundings()
