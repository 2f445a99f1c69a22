"""Every lecture and corner case through the real command: what a user of the shell sees."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest
from conftest import run_command

CASES = Path(__file__).parent / "cases"
LECTURE = json.loads((CASES / "lecture.json").read_text("utf-8"))["cases"]
CORNERS = json.loads((CASES / "corners.json").read_text("utf-8"))["cases"]
ULPS = 4
# Their problem itself turns the rounding of a stage into more; test_lecture bounds it finely.
ILL_CONDITIONED = {"two-layer": 32, "logistic-4": 32}
UNBOUNDED = 1e-6  # relative, for corners whose digits are lost to rounding


def near(found: float, expected: float, ulps: float | None) -> bool:
    if not math.isfinite(expected):
        return found == expected or (found != found and expected != expected)
    if ulps is None:
        return math.isclose(found, expected, rel_tol=UNBOUNDED)
    return abs(found - expected) <= ulps * math.ulp(expected)


def evaluated(program: str, point: dict[str, Any], *options: str) -> tuple[dict[str, Any], int]:
    done = run_command("eval", program, "--at", json.dumps(point), "--json", "--no-check", *options)
    found: dict[str, Any] = json.loads(done.stdout)
    return found, done.returncode


@pytest.mark.parametrize("case", LECTURE, ids=lambda case: case["id"])
def test_a_lecture_case_comes_out_of_the_command(case: dict[str, Any]) -> None:
    found, code = evaluated(case["program"], case["point"])
    expected = [case["value"], *case["gradient"].values()]
    got = [found["value"], *(found["gradient"][name] for name in case["gradient"])]
    assert code == 0
    ulps = ILL_CONDITIONED.get(case["id"], ULPS)
    assert [a for a, b in zip(got, expected, strict=True) if not near(a, b, ulps)] == []


@pytest.mark.parametrize("case", CORNERS, ids=lambda case: f"{case['id']}-{case['expr']}")
def test_a_corner_comes_out_of_the_command(case: dict[str, Any]) -> None:
    infinite = any(isinstance(value, str) for value in case["point"].values())
    point = {name: str(value) for name, value in case["point"].items()}
    infinite = infinite or any(math.isinf(float(value)) for value in point.values())
    found, code = evaluated(case["expr"], point, *(["--allow-nonfinite"] if infinite else []))
    expected = [float(number) for number in (case["expected_value"], *case["expected_grads"])]
    got = [
        float(number) for number in (found["value"], *map(found["gradient"].get, case["inputs"]))
    ]
    assert [a for a, b in zip(got, expected, strict=True) if not near(a, b, case["ulp_tol"])] == []
    assert code == (0 if all(map(math.isfinite, expected)) else 3)


@pytest.mark.parametrize(
    "case", [case for case in CORNERS if "ties_half_grads" in case], ids=lambda case: case["expr"]
)
def test_a_tie_can_be_split_by_the_command(case: dict[str, Any]) -> None:
    found, _ = evaluated(case["expr"], case["point"], "--ties", "split")
    assert [found["gradient"][name] for name in case["inputs"]] == case["ties_half_grads"]
