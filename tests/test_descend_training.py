"""Descending as people train: epochs, other rows, weight decay, checkpoints, Ctrl-C; against the
same written out in NumPy."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from backprop.cli.main import run
from backprop.descending import checkpoint
from backprop.descending.checkpoint import Keeper
from backprop.descending.course import Step
from backprop.descending.descend import Descent, descend
from backprop.descending.methods import NAMES
from backprop.errors import UsageError

Array = Any
RANDOM = np.random.default_rng(3)
ROWS = 50
X = RANDOM.normal(size=(ROWS, 4))
Y = X @ [1.0, -2.0, 0.5, 0.0] + 0.1 * RANDOM.normal(size=ROWS)
OTHER = {"x": X[:20] + 0.1, "y": Y[:20]}
LOSS = "(x @ w + b - y)**2"
START = {"w": np.zeros(4), "b": 0.25}


def trained(**options: Any) -> Descent:
    return descend(LOSS, START, columns={"x": X, "y": Y}, **options)


def by_hand(steps: int, size: int, rate: float, decay: float = 0.0, seed: int = 0) -> Array:
    """Plain descent on mini-batches: parameters after each step."""
    w, b = np.zeros(4), 0.25
    found = [(w, b)]
    epoch, batches = 0, list[Array]()
    for _ in range(steps):
        if not batches:
            order = np.random.default_rng([seed, epoch]).permutation(ROWS)
            batches = [order[start : start + size] for start in range(0, ROWS, size)]
            epoch += 1
        rows = batches.pop(0)
        error = 2 * (X[rows] @ w + b - Y[rows])
        dw, db = error @ X[rows] / len(rows) + decay * w, error.mean() + decay * b
        w, b = w - rate * dw, b - rate * db
        found.append((w, b))
    return found


def test_epochs_see_each_row_once_and_weights_decay() -> None:
    found = trained(lr=0.05, batch=16, epochs=3, decay=0.01)
    right = by_hand(12, 16, 0.05, 0.01)
    assert found.steps == 12
    assert found.point["w"] == pytest.approx(right[-1][0], rel=1e-12)
    assert found.point["b"] == pytest.approx(right[-1][1], rel=1e-12)


def test_a_parameter_that_is_an_array_moves_as_numbers_do() -> None:
    text = "(x0*w0 + x1*w1 + x2*w2 + x3*w3 + b - y)**2"
    numbers = {f"w{k}": 0.0 for k in range(4)} | {"b": 0.25}
    columns = {**{f"x{k}": X[:, k] for k in range(4)}, "y": Y}
    for method in NAMES[:4]:
        rest: dict[str, Any] = {"method": method, "steps": 20, "lr": 0.02}
        one, other = trained(**rest), descend(text, numbers, columns=columns, **rest)
        assert one.point["w"] == pytest.approx([other.point[f"w{k}"] for k in range(4)], rel=1e-9)
        assert one.course.values == pytest.approx(other.course.values, rel=1e-9)


@pytest.mark.parametrize("method", ["lbfgs", "trust"])
def test_methods_of_scipy_take_arrays_of_columns(method: str) -> None:
    found = trained(method=method, steps=200)
    right, *_ = np.linalg.lstsq(np.column_stack([X, np.ones(ROWS)]), Y, rcond=None)
    assert found.point["w"] == pytest.approx(right[:4], rel=1e-6, abs=1e-8)


def test_other_rows_are_looked_at_after_each_epoch() -> None:
    found = trained(lr=0.05, batch=16, epochs=3, valid=OTHER)
    right = by_hand(12, 16, 0.05)[::4]
    losses = [np.mean((OTHER["x"] @ w + b - OTHER["y"]) ** 2) for w, b in right]
    assert [number for number, _ in found.course.valid] == [0, 4, 8, 12]
    assert [value for _, value in found.course.valid] == pytest.approx(losses, rel=1e-12)


def test_patience_ends_a_run_at_its_best_point() -> None:
    far = {"x": OTHER["x"], "y": OTHER["y"] - 0.3 * OTHER["y"].mean() + X[:20, 0]}
    found = trained(lr=0.05, batch=16, epochs=50, valid=far, patience=2)
    values = [value for _, value in found.course.valid]
    best = int(np.argmin(values))
    assert found.status == "early"
    assert len(values) == best + 3
    w, b = by_hand(4 * best, 16, 0.05)[-1]
    assert found.point["w"] == pytest.approx(w, rel=1e-12)
    assert found.point["b"] == pytest.approx(b, rel=1e-12)


# Checkpoints.


class StopError(Exception):
    """Whatever ends a process."""


def stopping(at: int) -> Callable[[Step], None]:
    def tell(step: Step) -> None:
        if step.number == at:
            raise StopError

    return tell


@pytest.mark.parametrize("method", NAMES[:4])
@pytest.mark.parametrize("batch", [None, 16])
def test_a_run_that_goes_on_ends_with_the_same_bytes(
    method: str, batch: int | None, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(checkpoint, "PACE", 0.0)
    monkeypatch.setattr(checkpoint, "SHARE", 0)
    path = tmp_path / "run.json"

    def keeper(*, resume: bool) -> Keeper:
        return Keeper(
            str(path), lambda name, data: void(Path(name).write_bytes(data)), resume=resume
        )

    rest: dict[str, Any] = {
        "method": method,
        "batch": batch,
        "steps": 40,
        "lr": 0.01,
        "valid": OTHER,
    }
    whole = trained(**rest).to_dict()
    with pytest.raises(StopError):
        trained(**rest, keeper=keeper(resume=False), tell=stopping(13))
    for stop in (13, 14, 29):
        with pytest.raises(StopError):
            trained(**rest, keeper=keeper(resume=True), tell=stopping(stop))
    seen: list[Step] = []
    assert trained(**rest, keeper=keeper(resume=True), tell=seen.append).to_dict() == whole
    assert seen[0].number > 20
    assert trained(**rest, keeper=keeper(resume=True)).to_dict() == whole
    with pytest.raises(UsageError, match="another run"):
        trained(**{**rest, "lr": 0.02}, keeper=keeper(resume=True))


def void(_: object) -> None:
    pass


# The command.


def table(path: str, rows: slice, *, spoiled: bool = False) -> str:
    lines = [
        f"{','.join(map(repr, x.tolist()))},{float(y)!r}"
        for x, y in zip(X[rows], Y[rows], strict=True)
    ]
    lines += ["1,2,3,oops,5"] if spoiled else []
    Path(path).write_text("\n".join(["p0,p1,p2,p3,y", *lines, ""]), "utf-8")
    return path


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    monkeypatch.chdir(tmp_path)
    path = table("train.csv", slice(None), spoiled=True)
    return ("descend", LOSS, "--data", path, "--map", "x=p0..p3", "--w=[0,0,0,0]", "--b=0.25",
            "--on-error=skip", "--lr=0.05", "--batch=16")  # fmt: skip


def test_rows_that_can_not_be_read_are_left_out_and_the_point_goes_into_batch(
    data: tuple[str, ...], capfd: Any
) -> None:
    assert run([*data, "--epochs=3", "--point"]) == 0
    said = capfd.readouterr()
    assert said.err == (
        "warning: left out 1 row that can't be read\n"
        '  train.csv, line 52: p3 is "oops", which is not a number\n'
    )
    point = json.loads(said.out)
    w, b = by_hand(12, 16, 0.05)[-1]
    assert point["w"] == pytest.approx(w, rel=1e-12)
    Path("point.json").write_text(said.out, "utf-8")
    assert run(["batch", LOSS, "--data", table("other.csv", slice(5)), "--map", "x=p*", "--at",
                "point.json", "--only", "value", "--reduce", "mean", "--quiet"]) == 0  # fmt: skip
    mean = json.loads(capfd.readouterr().out)["value"]
    assert mean == pytest.approx(np.mean((X[:5] @ w + b - Y[:5]) ** 2), rel=1e-12)


def test_the_summary_says_how_a_run_went(data: tuple[str, ...], capfd: Any) -> None:
    other = table("other.csv", slice(20))
    assert run([*data, "--epochs=2", "--valid", other, "--summary=s.json", "--point"]) == 0
    found = json.loads(Path("s.json").read_text("utf-8"))
    assert found["schema"] == "backprop/descend-summary/1"
    assert (found["rows"], found["steps"], len(found["valid"])) == (ROWS, 8, 3)
    capfd.readouterr()


def test_ctrl_c_keeps_the_last_point(
    data: tuple[str, ...], capfd: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from backprop.cli.descending import Listener

    def step(self: Listener, step: Step) -> None:
        del self
        if step.number == 6:
            raise KeyboardInterrupt

    monkeypatch.setattr(Listener, "step", step)
    assert run([*data, "--epochs=3", "--point"]) == 130
    said = capfd.readouterr()
    assert json.loads(said.out)["w"] == pytest.approx(by_hand(5, 16, 0.05)[-1][0], rel=1e-12)
    assert "interrupted: the last point is that of step 5" in said.err


MISFITS = [
    ("--epochs=2", "--steps=5"), ("--epochs=0",), ("--patience=2",), ("--resume",),
    ("--weight-decay=-1",), ("--weight-decay=nan",),
]  # fmt: skip


@pytest.mark.parametrize("options", MISFITS)
def test_what_does_not_go_together_is_refused(
    options: tuple[str, ...], data: tuple[str, ...], capfd: Any
) -> None:
    assert run([*data, *options]) == 2
    assert capfd.readouterr().err.count("error: ") == 1
