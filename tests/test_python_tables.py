"""Python source for the rows of a table: rows that go different ways through it are grouped."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from conftest import Batch, Command

from backprop.errors import LimitError
from backprop.kernel import compiled
from backprop.program.stage import stage
from backprop.reading.unit import read

RANDOM = np.random.default_rng(3)
SOURCE = """
def scaled(z, k):
    return z * 2.0 ** k

def f(x, y, n=2, slope=0.1):
    z = x * y
    if z > 1:
        z = 3 * z
    elif x < -0.5:
        z = slope * z
    for k in range(int(n)):
        z = scaled(z, k) + 0.5 * x
    while z > 4:
        z = z / 3
    return z * z

def loops(x):
    z = x
    for k in range(int(x)):
        z = z * 1.01
    return z

def strict(x):
    assert x > 0
    return x * x

def total(a, b, n):
    return a * sum(b ** k for k in range(n))
"""


@pytest.fixture
def file(tmp_path: Path) -> Path:
    found = tmp_path / "model.py"
    found.write_text(SOURCE)
    return found


def by_python(name: str) -> Callable[..., Any]:
    names: dict[str, Any] = {}
    exec(SOURCE, names)  # noqa: S102
    found: Callable[..., Any] = names[name]
    return found


def slope(function: Callable[..., float], point: dict[str, float], name: str) -> float:
    """Between two points that lie so near that they go the same way."""
    step = 1e-6
    ends = [function(**{**point, name: point[name] + way}) for way in (step, -step)]
    return (ends[0] - ends[1]) / (2 * step)


def table(path: Path, **columns: Any) -> str:
    rows = zip(*columns.values(), strict=True)
    lines = [",".join(columns), *(",".join(repr(float(one)) for one in row) for row in rows)]
    path.write_text("\n".join(lines) + "\n")
    return str(path)


def test_every_row_has_the_value_and_slopes_that_python_gives_it(batch: Batch, file: Path) -> None:
    x, y = RANDOM.uniform(-2, 2, 60), RANDOM.uniform(-2, 2, 60)
    data = table(file.parent / "in.csv", x=x, y=y)
    said = batch(f"{file}:f", "--data", data, "--wrt", "x,y")
    assert said.code == 0
    function = by_python("f")
    for k, row in enumerate(said.rows):
        point = {"x": float(x[k]), "y": float(y[k])}
        assert row["value"] == pytest.approx(function(**point), rel=1e-13)
        assert row["dx"] == pytest.approx(slope(function, point, "x"), rel=1e-6, abs=1e-8)
        assert row["dy"] == pytest.approx(slope(function, point, "y"), rel=1e-6, abs=1e-8)


def test_a_column_of_whole_numbers_says_how_often_a_loop_is_gone_through(
    batch: Batch, file: Path
) -> None:
    data = table(file.parent / "in.csv", a=[1.0, 2.0, 3.0, 4.0], b=[0.5] * 4, n=[3, 1, 3, 0])
    said = batch(f"{file}:total", "--data", data)
    wanted = [by_python("total")(a, 0.5, n) for a, n in ((1.0, 3), (2.0, 1), (3.0, 3), (4.0, 0))]
    assert [row["value"] for row in said.rows] == wanted
    assert [sorted(row) for row in said.rows] == [["da", "db", "value"]] * 4


def test_rows_that_are_checked_agree(batch: Batch, file: Path) -> None:
    data = table(file.parent / "in.csv", x=[0.5, 2.0, -1.5], y=[1.0, 1.5, 0.5])
    said = batch(f"{file}:f", "--data", data, check=True)
    assert said.code == 0
    assert "3 of them checked: agree" in said.err


def test_more_than_64_ways_are_refused(batch: Batch, file: Path) -> None:
    few = table(file.parent / "few.csv", x=np.arange(64) + 0.5)
    assert batch(f"{file}:loops", "--data", few).code == 0
    many = table(file.parent / "many.csv", x=np.arange(65) + 0.5)
    said = batch(f"{file}:loops", "--data", many)
    assert said.code == 2
    assert "the rows go more than 64 ways through the source" in said.err


def test_a_row_that_the_source_refuses_is_named(batch: Batch, file: Path) -> None:
    data = table(file.parent / "in.csv", x=[1.0, -2.0])
    said = batch(f"{file}:strict", "--data", data)
    assert said.code == 2
    assert "this assertion does not hold (where x = -2)" in said.err


def test_the_mean_of_rows_from_standard_input(command: Command, file: Path) -> None:
    said = command(
        "batch", f"{file}:f", "--data", "-", "--reduce", "mean", "--check-rows", "0",
        text="x,y\n0.5,1\n2,1.5\n",
    )  # fmt: skip
    function = by_python("f")
    wanted = (function(0.5, 1.0) + function(2.0, 1.5)) / 2
    assert json.loads(said.stdout)["value"] == pytest.approx(wanted, rel=1e-14)


def test_compiled_groups_rows_too() -> None:
    tree, given = read(SOURCE, "f").at({"x": 0.5, "y": 1.0})
    program = stage(tree, given)
    kernel = compiled(program)
    x, y = RANDOM.uniform(-2, 2, 20), RANDOM.uniform(-2, 2, 20)
    value, _ = kernel({"x": x, "y": y})
    wanted = [by_python("f")(float(a), float(b)) for a, b in zip(x, y, strict=True)]
    assert value == pytest.approx(wanted, rel=1e-13)
    loops = compiled(stage(*read(SOURCE, "loops").at({"x": 0.5})))
    with pytest.raises(LimitError):
        loops({"x": np.arange(70) + 0.5})


def test_descend_goes_other_ways_as_a_parameter_moves(command: Command, file: Path) -> None:
    """The steps of gradient descent are those of the same loop over Python's own numbers."""
    x = [0.3, 0.9, 1.4, -1.0]
    data = table(file.parent / "in.csv", x=x)
    said = command(
        "descend", f"{file}:f", "--data", data, "--y=1.6", "--wrt", "y", "--lr", "0.05",
        "--steps", "20", "--json",
    )  # fmt: skip
    y, function = 1.6, by_python("f")
    for _ in range(20):
        y -= 0.05 * float(np.mean([slope(function, {"x": one, "y": y}, "y") for one in x]))
    assert json.loads(said.stdout)["point"]["y"] == pytest.approx(y, rel=1e-6)
