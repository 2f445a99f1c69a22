"""Descending the mean over rows of data: against NumPy and PyTorch, and the same however the rows
are stored, read, cut and computed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from fractions import Fraction
from io import BytesIO, StringIO
from itertools import count, islice
from math import inf, isnan, nan
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from recorded import recorded

import backprop
from backprop.arithmetic.arrays import ARRAYS
from backprop.cli.descending import Listener
from backprop.cli.progress import Progress
from backprop.descending import data as rows_of_data
from backprop.descending.course import Step
from backprop.descending.data import DataObjective
from backprop.descending.descend import Descent, descend
from backprop.descending.means import FEW, Means
from backprop.descending.rows import Columns, HeldRows, Rows
from backprop.engine.arrays import backward_arrays
from backprop.engine.numbers import forward
from backprop.errors import UsageError
from backprop.kernel.building import BuildError
from backprop.kernel.native import native_engine
from backprop.kernel.plan import planned
from backprop.program.stage import stage

polars = pytest.importorskip("polars")

from backprop.descending.files import read  # noqa: E402
from backprop.tables import parquet  # noqa: E402
from backprop.tables.opening import BY_NAME  # noqa: E402

ROWS = np.random.default_rng(5)
XS = ROWS.normal(size=23)
YS = 2 * XS - 1 + 0.1 * ROWS.normal(size=23)
LINE = "(w*x + b - y)**2"
DATA = {"x": XS, "y": YS}
START = {"w": 0.3, "b": -0.1}
LOGISTIC = "softplus(w*x + b) - (y > 0)*(w*x + b)"
CURVES = [LINE, LOGISTIC, "relu(w*x + b - y)", "sin(w*x)*exp(b*y) + tanh(w - y)**2",
          "where(x > 0, log(w + x), b*b)*y", "max(w*x, b, y)"]  # fmt: skip


def data_objective(program: str = LINE, batch: int | None = None, **options: Any) -> DataObjective:
    parsed = backprop.parse(program)
    return DataObjective(parsed, {}, ["w", "b"], "notes", HeldRows(DATA), batch, **options)


def test_a_line_through_data_is_that_of_numpy() -> None:
    pytest.importorskip("scipy")
    found = descend(LINE, {"w": 0.0, "b": 0.0}, columns=DATA, method="lbfgs")
    w, b = np.polyfit(XS, YS, 1)
    assert found.point == pytest.approx({"w": w, "b": b}, rel=1e-7)
    assert found.last is not None
    assert found.last.value == pytest.approx(np.mean((w * XS + b - YS) ** 2), rel=1e-9)


def regression(size: float, logistic: bool) -> tuple[Any, Any]:
    """Three columns of sizes `size`, 1 and 1, and what is to be predicted."""
    random = np.random.default_rng(0)
    parts = np.column_stack([random.uniform(size=(200, 2)), np.ones(200)])
    line = parts @ [3.0, 2.0, 1.0]
    y = random.uniform(size=200) < 1 / (1 + np.exp(2.5 - line)) if logistic else line
    return parts * [size, 1.0, 1.0], y + (0.0 if logistic else 0.1 * random.normal(size=200))


def optimum(columns: Any, y: Any, logistic: bool) -> Any:
    """Normal equations, or Newton's method, in units of the columns."""
    sizes = columns.max(axis=0)
    unit = columns / sizes
    if not logistic:
        return np.linalg.lstsq(unit, y)[0] / sizes
    found = np.zeros(3)
    for _ in range(30):
        p = 1 / (1 + np.exp(-unit @ found))
        curvature = (unit.T * (p * (1 - p))) @ unit
        found -= np.linalg.solve(curvature, unit.T @ (p - y))
    return found / sizes


@pytest.mark.parametrize("size", [1e5, 1e7])
@pytest.mark.parametrize("method", ["lbfgs", "trust"])
@pytest.mark.parametrize("logistic", [False, True])
def test_columns_of_very_different_sizes_have_their_optimum_found(
    logistic: bool, method: str, size: float
) -> None:
    columns, y = regression(size, logistic)
    line = "a*u + b*v + c"
    program = f"softplus({line}) - y*({line})" if logistic else f"({line} - y)**2"
    named = dict(zip("uv", columns.T[:2], strict=True))
    found = descend(program, {"a": 0, "b": 0, "c": 0}, columns={**named, "y": y}, method=method)
    best = dict(zip("abc", optimum(columns, y, logistic), strict=True))
    assert found.status == "converged"
    assert found.point == pytest.approx(best, rel=1e-5, abs=0)


@pytest.mark.parametrize("program", [LINE, "relu(w*x + b - y)", "sum((w*x + b - y)**2)", "w*b"])
def test_rows_together_and_one_by_one_agree(program: str) -> None:
    objective = data_objective(program)
    point = {"w": 0.7, "b": -0.2}
    whole, single = objective.at(point), objective.one_by_one(point, [DATA])
    assert whole.value == pytest.approx(single.value, rel=1e-12)
    assert whole.gradient == pytest.approx(single.gradient, rel=1e-12)


def test_array_parameters_are_descended_row_by_row() -> None:
    found = descend(
        "(sum(W)*x + b - y)**2", {"W": [1.0, 2.0], "b": 0.0}, columns=DATA, lr=0.1, steps=300
    )
    w, b = np.polyfit(XS, YS, 1)
    assert [found.point["W"].sum(), found.point["b"]] == pytest.approx([w, b], abs=1e-6)


def test_an_epoch_sees_every_row_once_and_the_next_in_another_order() -> None:
    batches = HeldRows({"x": np.arange(23.0)}).batches(5, seed=0)
    epochs = [np.concatenate([next(batches)["x"] for _ in range(5)]).tolist() for _ in range(2)]
    assert [sorted(epoch) for epoch in epochs] == [list(range(23))] * 2
    assert epochs[0] != epochs[1]


def test_a_batch_is_its_rows_alone() -> None:
    objective = data_objective(batch=5)
    point = {"w": 0.7, "b": -0.2}
    for step, batch in enumerate(islice(HeldRows(DATA).batches(5, 0), 7)):
        error = 0.7 * batch["x"] - 0.2 - batch["y"]
        found = objective.at(point, step)
        assert found.value == pytest.approx(np.mean(error**2), rel=1e-12)
        assert found.gradient == pytest.approx(
            {"w": np.mean(2 * error * batch["x"]), "b": np.mean(2 * error)}, rel=1e-12
        )


def test_the_seed_decides_the_batches() -> None:
    def run(seed: int) -> Descent:
        return descend(LINE, {"w": 0.0, "b": 0.0}, columns=DATA, batch=4, seed=seed, steps=20)

    assert run(1).course.values == run(1).course.values
    assert run(1).course.values != run(2).course.values


def test_the_last_value_of_batches_is_that_of_all_rows() -> None:
    found = descend(LINE, {"w": 0.0, "b": 0.0}, columns=DATA, batch=4, steps=20)
    at = found.point
    assert found.course.values[-1] == pytest.approx(np.mean((at["w"] * XS + at["b"] - YS) ** 2))


def test_the_row_that_has_no_value_is_named() -> None:
    columns = {"x": XS, "y": np.where(np.arange(23) == 6, -1.0, 1.0)}
    found = descend("w*x*log(y)", {"w": 1.0}, columns=columns)
    assert found.status == "undefined"
    assert (
        found.verdict.reason
        == "at step 0 row 7: stage 2 (q2, log): log(-1) is nan, outside the domain of log"
    )


# Against others.


@pytest.mark.parametrize("program", CURVES)
def test_the_mean_is_that_of_one_program_about_all_rows(program: str) -> None:
    """A column as one array, and the backward pass begun with 1/n in every row."""
    row = backprop.parse(program)
    shapes = dict.fromkeys(DATA, (23,))
    wide = stage(row.tree, row.inputs, shapes=shapes)
    at: dict[str, Any] = {**START, **DATA}
    with np.errstate(all="ignore"):
        values = forward(wide, at, ARRAYS)
        back = backward_arrays(wide, values, np.full(23, 1 / 23), "notes", [*START])
    found = data_objective(program).at(START)
    assert found.value == pytest.approx(np.mean(values[wide.output]), rel=1e-12)
    for name in START:
        assert found.gradient[name] == pytest.approx(back.gradient(wide.inputs[name]), rel=1e-12)


def batches_of(batch: int | None) -> Iterator[Columns]:
    return HeldRows(DATA).batches(batch or 23, 3)


@pytest.mark.parametrize("batch", [None, 5])
@pytest.mark.parametrize("program", [LINE, LOGISTIC])
def test_a_regression_goes_the_way_of_pytorch(program: str, batch: int | None) -> None:
    seen: list[Step] = []
    descend(program, START, columns=DATA, method="adam", lr=0.05, steps=40, batch=batch, seed=3,
            tell=seen.append)  # fmt: skip
    (theirs,) = [
        one["way"] for one in recorded("pytorch")["regressions"]
        if (one["program"], one["batch"]) == (program, batch)
    ]  # fmt: skip
    for step, expected in zip(seen[:-1], theirs, strict=True):
        assert [*step.point.values(), step.value] == pytest.approx(expected, rel=1e-9)


# The same, however rows come.


def write(folder: Path, name: str, columns: dict[str, Any]) -> str:
    frame, path = polars.DataFrame(columns), folder / name
    if name.endswith(".parquet"):
        frame.write_parquet(path, row_group_size=7)
    elif name.endswith(".jsonl"):
        frame.write_ndjson(path)
    else:
        frame.write_csv(path, separator="\t" if ".tsv" in name else ",")
    return str(path)


def rows_from(
    paths: Sequence[str], columns: Sequence[str] = ("x", "y"), fits: int = 1 << 20
) -> Rows:
    return read(paths, BY_NAME, {name: name for name in columns}, fits=fits)


@pytest.fixture
def files(tmp_path: Path) -> list[str]:
    parts = [slice(0, 9), slice(9, 10), slice(10, 23)]
    return [
        write(tmp_path, f"part{k}.csv", {name: column[part] for name, column in DATA.items()})
        for k, part in enumerate(parts)
    ]


def run(program: str, rows: Any, **options: Any) -> Descent:
    return descend(program, START, columns=rows, lr=0.01, **{"steps": 30, **options})


@pytest.mark.parametrize("program", [*CURVES, "(sum([w, b]*x) - y)**2"])
def test_streamed_is_in_memory_bit_for_bit(
    files: list[str], program: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    held, streamed = rows_from(files), rows_from(files, fits=10)
    assert (held.streamed, streamed.streamed, streamed.count) == (False, True, 23)
    expected = run(program, DATA)
    assert run(program, held).to_dict() == expected.to_dict()
    assert run(program, streamed).to_dict() == expected.to_dict()
    monkeypatch.setattr(rows_of_data, "NUMBERS", 12)
    assert run(program, streamed, threads=3).to_dict() == expected.to_dict()


def test_many_rows_are_the_same_in_any_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(parquet, "ROWS", 777)
    made = np.random.default_rng(1)
    many = {"x": made.normal(size=5_001) * 1e3, "y": made.normal(size=5_001)}
    rows = rows_from([write(tmp_path, "many.parquet", many)], fits=1000)
    for program in CURVES[:4]:
        expected = run(program, many, steps=3).to_dict()
        assert run(program, rows, steps=3, threads=2).to_dict() == expected


@pytest.mark.parametrize("name", ["a.parquet", "a.tsv", "a.jsonl"])
@pytest.mark.parametrize("fits", [10, 1000])
def test_every_format_gives_the_same(tmp_path: Path, name: str, fits: int) -> None:
    rows = rows_from([write(tmp_path, name, DATA)], fits=fits)
    assert run(LOGISTIC, rows).to_dict() == run(LOGISTIC, DATA).to_dict()


def test_c_gives_what_numpy_gives() -> None:
    try:
        native_engine(planned(backprop.parse(LOGISTIC), ["w", "b"]), 4, None)
    except BuildError as error:
        pytest.skip(str(error))
    found, expected = (run(LOGISTIC, DATA, engine=name) for name in ("native", "numpy"))
    assert found.note == ""
    assert found.course.values == pytest.approx(expected.course.values, rel=1e-12)


def test_arrays_take_no_engine() -> None:
    found = run("(sum([w, b]*x) - y)**2", DATA, engine="native")
    assert found.note == "a program about arrays runs in NumPy"


# Batches of streamed rows.


def epoch(batches: Iterator[Any], count: int) -> list[float]:
    return list(np.concatenate([next(batches)["x"] for _ in range(count)]))


def test_streamed_batches_see_every_row_once_an_epoch(files: list[str]) -> None:
    rows = rows_from(files, fits=40)  # stretches of 5 rows
    batches = rows.batches(2, seed=0)
    first, second = epoch(batches, 12), epoch(batches, 12)
    assert sorted(first) == sorted(second) == sorted(XS)
    assert first != second != list(XS)
    for start in range(0, 23, 4):  # shuffled within stretches of whole batches
        assert sorted(first[start : start + 4]) == sorted(XS[start : start + 4])


def test_streamed_batches_do_not_depend_on_the_format(files: list[str], tmp_path: Path) -> None:
    whole = rows_from([write(tmp_path, "whole.parquet", DATA)], fits=40)
    found, expected = (
        run(LINE, rows, batch=2, seed=4) for rows in (rows_from(files, fits=40), whole)
    )
    assert found.to_dict() == expected.to_dict()
    assert run(LINE, whole, batch=2, seed=5).course.values != expected.course.values


def test_a_streamed_batch_has_to_fit(files: list[str]) -> None:
    with pytest.raises(UsageError) as caught:
        run(LINE, rows_from(files, fits=40), batch=6)
    assert caught.value.message == (
        "--batch 6 is too large for data that doesn't fit into memory: at most 5 rows, or all"
    )


def test_standard_input_has_to_fit(monkeypatch: pytest.MonkeyPatch) -> None:
    text = BytesIO(b"x,y\n" + b"1,2\n" * 6)
    monkeypatch.setattr("sys.stdin", SimpleNamespace(buffer=text, closed=False))
    with pytest.raises(UsageError) as caught:
        rows_from(["-"], fits=10)
    assert caught.value.message == (
        "standard input has more than the 5 rows that fit into memory, and can't be read again "
        "at every step"
    )
    assert caught.value.hint == "save it as a file, best as Parquet"


def test_files_that_change_meanwhile_are_noticed(files: list[str]) -> None:
    rows = rows_from(files, fits=10)
    with open(files[1], "a") as file:
        file.write("1,2\n")
    with pytest.raises(UsageError, match="and 2 more was changed while it was descended"):
        run(LINE, rows)


def test_files_that_change_while_they_are_read_are_noticed(files: list[str]) -> None:
    blocks = rows_from(files, fits=10).blocks()
    next(blocks)
    with open(files[-1], "a") as file:
        file.write("1,2\n")
    with pytest.raises(UsageError, match="and 2 more was changed while it was descended"):
        list(blocks)


# Rows without an answer.


@pytest.mark.parametrize("fits", [10, 1000])
def test_the_line_that_has_no_value_is_named(tmp_path: Path, fits: int) -> None:
    text = "y,x\n1,2\n\n\n1,3\n-1,4\n" + "1,5\n" * 20
    (tmp_path / "a.csv").write_text("y,x\n1,2\n1,1\n")
    (tmp_path / "b.csv").write_text(text)
    rows = rows_from([str(tmp_path / "a.csv"), str(tmp_path / "b.csv")], fits=fits)
    found = descend("w*x*log(y)", {"w": 1.0}, columns=rows)
    assert found.verdict.reason == (
        f"at step 0 {tmp_path / 'b.csv'}, line 6: stage 2 (q2, log): log(-1) is nan, "
        "outside the domain of log"
    )


@pytest.mark.parametrize("program", ["w*log(x)", "w*log(sum([x, 0]))"])
def test_only_rows_without_an_answer_are_looked_at(program: str) -> None:
    xs = np.ones(5000)
    xs[[4000, 4500]] = -1.0
    objective = DataObjective(backprop.parse(program), {}, ["w"], "notes", HeldRows({"x": xs}))
    with objective.quiet():
        assert [row for row, _ in objective.reports({"w": 1.0}, lost=True)] == [4000, 4500]


# Means.


def mean_of(columns: Sequence[Any], sizes: Sequence[int]) -> list[float]:
    means = Means(len(columns))
    start = 0
    for size in sizes:
        means.add([column[start : start + size] for column in columns])
        start += size
    return means.found()


@given(st.lists(st.floats(-1e300, 1e300), min_size=1, max_size=30), st.integers(0, 30))
def test_a_mean_is_exact_however_rows_are_cut(numbers: list[float], place: int) -> None:
    column = np.array(numbers)
    sizes = [min(place, len(numbers)), max(0, len(numbers) - place)]
    exact = float(sum(map(Fraction, numbers))) / len(numbers)
    assert mean_of([column], [size for size in sizes if size]) == [exact]
    assert mean_of([column], [len(numbers)]) == [exact]


@pytest.mark.parametrize("count", [3, FEW + 1])
@pytest.mark.parametrize(
    ("odd", "expected"), [([inf], inf), ([-inf, -inf], -inf), ([inf, -inf], nan), ([nan, inf], nan)]
)
def test_a_mean_of_what_is_not_finite_is_not(count: int, odd: list[float], expected: float) -> None:
    column = np.array([1.0] * count + odd)
    found, other = mean_of([column, np.ones(len(column))], [len(column)])
    assert found == expected or (isnan(found) and isnan(expected))
    assert other == 1


def test_a_mean_of_huge_numbers_is_finite() -> None:
    for rows in (4, FEW + 4):
        assert mean_of([np.full(rows, 1.5e308)], [rows]) == [1.5e308]


# Progress.


class Terminal(StringIO):
    def isatty(self) -> bool:
        return True


def test_rows_of_a_long_step_are_told_at_a_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rows_of_data, "NUMBERS", 30)
    terminal = Terminal()
    hears = Listener(2)
    hears.progress = Progress(terminal)
    clock = count(10**12)
    monkeypatch.setattr("backprop.cli.progress.monotonic", lambda: float(next(clock)))
    hears.rows(7, None)
    run(LINE, DATA, steps=2, tell=hears.step, tell_rows=hears.rows)
    lines = terminal.getvalue().split("\r\x1b[K")[1:]
    assert lines[0] == "reading: 7 rows"
    assert lines[1:8] == [
        "step 0 of 2: 10 of 23 rows",
        "step 0 of 2: 20 of 23 rows",
        "step 0 of 2: 23 of 23 rows",
        "step 0 of 2: 3.78999",
        "step 1 of 2, 3.78999: 10 of 23 rows",
        "step 1 of 2, 3.78999: 20 of 23 rows",
        "step 1 of 2, 3.78999: 23 of 23 rows",
    ]
