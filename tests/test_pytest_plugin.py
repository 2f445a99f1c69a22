"""The plugin of pytest: a fixture, options, points of extreme numbers, a section of the report."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.errors import UsageError
from backprop.testing.extremes import extreme_points


def square(x: Any) -> Any:
    return np.sum(x**2)


def square_gradient(x: Any) -> Any:
    return 3 * x


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """What an inner run loads, it unloads: this is loaded before."""
    backprop.check_gradient(square, square_gradient, at={"x": np.ones(2)})


LAYER = """
import numpy as np
import pytest

def relu(x):
    return np.maximum(x, 0)

def relu_backward(dout, x):
    dx = dout * (x > 0) * {factor}
    return dx
"""


def written(pytester: pytest.Pytester, test: str, factor: str = "1") -> None:
    pytester.makepyfile(LAYER.format(factor=factor) + test)


def run(pytester: pytest.Pytester, *args: str) -> pytest.RunResult:
    return pytester.runpytest_inprocess(*args)


CHECK = """
def test_relu(gradient):
    gradient(relu, relu_backward, at={"x": np.array([1.0, -2.0])})
"""


def test_the_fixture_checks_a_gradient(pytester: pytest.Pytester) -> None:
    written(pytester, CHECK)
    done = run(pytester, "-v")
    done.assert_outcomes(passed=1)
    done.stdout.fnmatch_lines([
        "*= gradients =*",
        "*::test_relu: relu: the gradient of x is right at 21 points",
        "1 of 1 checks of gradients pass",
    ])  # fmt: skip


def test_a_failure_names_input_entry_line_and_point(pytester: pytest.Pytester) -> None:
    written(pytester, CHECK, "1.000001")
    done = run(pytester)
    done.assert_outcomes(failed=1)
    file = "test_a_failure_names_input_entry_line_and_point.py"
    done.stdout.fnmatch_lines([
        "*the gradient of x is wrong in 1 of 2 entries of x",
        "*dx?0? is *, right is *: off by 1e-06 of it",
        "*at x = ?1.0, -2.0?",
        f"*{file}, line 8: dx = dout * (x > 0) * 1.000001",
        f"*again: backprop check {file}:relu --backward {file}:relu_backward --at *",
        "*= gradients =*",
        f"{file}::test_relu: relu: the gradient of x is wrong in 1 of 2 entries of x; {file}, line 8",
        "0 of 1 checks of gradients pass",
    ])  # fmt: skip


def test_points_and_seed_are_options(pytester: pytest.Pytester) -> None:
    written(pytester, CHECK)
    done = run(pytester, "-v", "--gradient-points", "3", "--gradient-seed", "7")
    done.stdout.fnmatch_lines(["*is right at 4 points"])
    assert "--gradient-points" in run(pytester, "--help").stdout.str()


def test_a_test_that_says_nothing_has_no_section(pytester: pytest.Pytester) -> None:
    written(pytester, CHECK + "\ndef test_other():\n    pass\n")
    assert "gradients" not in run(pytester).stdout.str()


EXTREME = """
@pytest.mark.extreme_points(x=(3,))
def test_relu(gradient, point):
    gradient(relu, relu_backward, at=point)
"""


def test_a_marker_gives_points_of_extreme_numbers(pytester: pytest.Pytester) -> None:
    written(pytester, EXTREME)
    done = run(pytester, "-v", "--strict-markers")
    done.assert_outcomes(passed=5)
    done.stdout.fnmatch_lines([f"*test_relu?{kind}? PASSED*" for kind in ("zero", "ties", "huge", "tiny", "saturated")])  # fmt: skip


def test_half_a_slope_at_a_kink_is_found_at_zero_alone(pytester: pytest.Pytester) -> None:
    written(pytester, EXTREME, "1 + 0.5 * dout * (x == 0)")
    run(pytester).assert_outcomes(passed=4, failed=1)


def test_extreme_points_have_the_shapes_that_are_asked_for() -> None:
    found = extreme_points(("zero", "huge"), {"x": (2, 2), "y": (), "z": 3})
    assert [*found] == ["zero", "huge"]
    np.testing.assert_array_equal(found["zero"]["x"], np.zeros((2, 2)))
    assert found["huge"]["y"] == 1e160
    assert np.unique(found["huge"]["z"]).size == 3
    assert np.abs(found["huge"]["x"]).min() > 1e154  # whose squares overflow


@pytest.mark.parametrize(
    ("kinds", "shapes", "message"),
    [
        (("zeros",), {"x": ()}, "there is no kind of point called 'zeros'; there are zero, ties, huge, tiny, saturated"),
        ((), {}, "extreme_points needs the shapes of inputs: extreme_points(x=(3,), y=())"),
    ],
)  # fmt: skip
def test_points_that_are_no_points_are_refused(
    kinds: tuple[str, ...], shapes: dict[str, tuple[int, ...]], message: str
) -> None:
    with pytest.raises(UsageError) as caught:
        extreme_points(kinds, shapes)
    assert caught.value.message == message


def test_the_plugin_loads_nothing_that_is_not_used(tmp_path: Path) -> None:
    """An empty project: pytest with the plugin loads what it loads without it, and the plugin."""
    script = "import sys, pytest; pytest.main([{}'--co', '-q']); print(*sys.modules, sep='\\n')"

    def loaded(args: str) -> set[str]:
        done = subprocess.run(
            [sys.executable, "-c", script.format(args)], cwd=tmp_path, capture_output=True,
            text=True, check=True,
        )  # fmt: skip
        return {name for name in done.stdout.split() if name.partition(".")[0].isidentifier()}

    more = loaded("") - loaded("'-p', 'no:backprop', ")
    assert more == {
        "backprop", "backprop.testing", "backprop.testing.plugin", "backprop.version",
    }  # fmt: skip
