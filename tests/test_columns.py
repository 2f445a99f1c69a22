"""Variables that are arrays of columns, of lists, or stand for texts; which rows are looked at, how
they are grouped and reduced, and how tables are written: against NumPy and Polars."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import polars
import pytest
from conftest import Batch

import backprop
from backprop.tables import streams

Array = Any
RANDOM = np.random.default_rng(11)
ROWS = 25
X = RANDOM.normal(size=(ROWS, 6)).round(3)
Y = RANDOM.integers(0, 3, ROWS)
W = [0.5, -1.0, 2.0, 0.25, 0.0, 1.5]
TEXT = "z = x @ w\nsoftplus(z) - (y > 1)*z"
LISTED = "--w=[0.5,-1,2,0.25,0,1.5]"


def frame(*, lists: bool = False) -> Any:
    rest = {"y": Y, "set": ["train" if k % 3 else "test" for k in range(ROWS)],
            "kind": ["a" if k % 2 else "b" for k in range(ROWS)]}  # fmt: skip
    if lists:
        return polars.DataFrame({"x": X.tolist(), **rest})
    return polars.DataFrame({**{f"p{k}": X[:, k] for k in range(6)}, **rest})


def by_hand(x: Array = X, y: Array = Y) -> tuple[Array, Array]:
    """Value and gradient by w of every row."""
    z = x @ np.array(W)
    slope = 1 / (1 + np.exp(-z)) - (y > 1)
    return np.logaddexp(0, z) - (y > 1) * z, slope[:, None] * x


def written(path: str, *, lists: bool = False) -> str:
    table = frame(lists=lists)
    if path.endswith("parquet"):
        table.write_parquet(path)
    elif path.endswith("jsonl"):
        table.write_ndjson(path)
    else:
        table.write_csv(path)
    return path


@pytest.mark.parametrize("columns", ["x=p0..p5", "x=p*", "x=p:6"])
@pytest.mark.parametrize("source", ["d.csv", "d.parquet", "d.jsonl"])
def test_a_variable_is_made_of_columns(columns: str, source: str, batch: Batch) -> None:
    said = batch(TEXT, "--data", written(source), "--map", columns, LISTED, "--wrt", "w")
    value, slopes = by_hand()
    assert [row["value"] for row in said.rows] == pytest.approx(value, rel=1e-12)
    assert np.array([row["dw"] for row in said.rows]) == pytest.approx(slopes, rel=1e-12)


@pytest.mark.parametrize("source", ["d.parquet", "d.jsonl"])
def test_a_column_of_lists_is_an_array_and_its_gradient_a_list(source: str, batch: Batch) -> None:
    written(source, lists=True)
    said = batch(
        TEXT, "--data", source, LISTED, "--wrt", "w,x", "-o", "o.parquet", "--quiet", check=True
    )
    assert said.code == 0, said.err
    found = polars.read_parquet("o.parquet")
    assert found["dw"].to_numpy() == pytest.approx(by_hand()[1], rel=1e-12)
    for row in range(ROWS):
        report = backprop.evaluate(TEXT, {"x": X[row], "w": W, "y": float(Y[row])})
        assert found["dx"][row].to_list() == pytest.approx(report.gradient["x"], rel=1e-14)


def test_columns_have_a_shape(batch: Batch) -> None:
    written("d.csv")
    said = batch("sum(X @ [1, 2])", "--data", "d.csv", "--map", "X=p*:3x2", "--only", "value")
    right = X.reshape((ROWS, 3, 2)) @ [1, 2]
    assert [row["value"] for row in said.rows] == pytest.approx(right.sum(axis=1))


@pytest.mark.parametrize(
    ("columns", "message"),
    [
        ("x=q*", "d.csv has no column like q*"),
        ("x=p0..p9", "d.csv has no column p6"),
        ("x=p5..p0", "x=p5..p0 is no range"),
        ("x=p*:4x2", "6 entries don't fit into 4x2"),
    ],
)
def test_columns_that_are_not_there_are_told(columns: str, message: str, batch: Batch) -> None:
    said = batch(TEXT, "--data", written("d.csv"), "--map", columns, LISTED)
    assert said.code == 2
    assert message.removeprefix("x=") in said.err


def test_labels_pick_entries_and_become_one_hot(batch: Batch) -> None:
    data = ("--data", written("d.csv"), "--map", "x=p0..p2", "--W=[[1,0,2],[0,-1,1],[0.5,1,0]]")
    picked = batch("-log_softmax(W @ x)[y]", *data, "--wrt", "W").rows
    hot = batch("-sum(one_hot(y, 3)*log_softmax(W @ x))", *data, "--wrt", "W").rows
    scores = X[:, :3] @ np.array([[1, 0, 2], [0, -1, 1], [0.5, 1, 0]]).T
    shares = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    right = (shares - np.eye(3)[Y])[:, :, None] * X[:, None, :3]
    for found in (picked, hot):
        assert np.array([row["dW"] for row in found]) == pytest.approx(right, rel=1e-12, abs=1e-15)


def test_a_label_that_is_no_index_is_told_with_its_row(batch: Batch) -> None:
    Path("d.csv").write_text("a,b,y\n1,2,0\n3,4,2\n", "utf-8")
    said = batch("x[y]", "--data", "d.csv", "--map", "x=a..b", "--on-error", "skip", "--quiet")
    assert said.code == 2
    said = batch("x[y]", "--data", "d.csv", "--map", "x=*:3", "--on-error", "skip", "--quiet")
    Path("e.csv").write_text("p0,p1,y\n1,2,0\n3,4,2\n", "utf-8")
    said = batch("x[y]", "--data", "e.csv", "--map", "x=p*", "--on-error", "skip", "--quiet")
    assert [row["value"] for row in said.rows] == [1.0]
    assert "e.csv, line 3: 2 is no index of an axis with 2 entries" in said.err


def test_texts_are_compared(batch: Batch) -> None:
    text = 'where(set == "train", p0, where("test" != set, 5, -p0))'
    said = batch(text, "--data", written("d.csv"), "--wrt", "p0")
    train = frame()["set"].to_numpy() == "train"
    assert [row["value"] for row in said.rows] == pytest.approx(np.where(train, X[:, 0], -X[:, 0]))
    assert backprop.evaluate(text, {"set": 0.0, "p0": 2.0}).gradient["p0"] == 1.0


def test_a_name_that_is_compared_with_a_text_is_no_number_elsewhere(batch: Batch) -> None:
    said = batch('where(set == "a", set, 1)', "--data", written("d.csv"))
    assert (said.code, said.err) == (
        2, "error: set is compared with a text, so it can't be a number elsewhere\n"
    )  # fmt: skip


# Sums.


@pytest.mark.parametrize("how", ["sum", "mean"])
@pytest.mark.parametrize("threads", ["1", "3"])
def test_sums_of_arrays_are_those_of_numpy(how: str, threads: str, batch: Batch) -> None:
    said = batch(TEXT, "--data", written("d.csv"), "--map", "x=p*", LISTED, "--wrt", "w", "--reduce",
                 how, "--threads", threads)  # fmt: skip
    value, slopes = by_hand()
    right = getattr(np, how)
    assert said.rows[0]["value"] == pytest.approx(right(value), rel=1e-13)
    assert said.rows[0]["dw"] == pytest.approx(right(slopes, axis=0), rel=1e-12)


def test_several_reductions_for_every_pair_of_keys(batch: Batch) -> None:
    said = batch(TEXT, "--data", written("d.csv"), "--map", "x=p*", LISTED, "--wrt", "w", "--reduce",
                 "mean,min,max,count", "--by", "set,kind")  # fmt: skip
    value, slopes = by_hand()
    table = frame()
    pairs = list(dict.fromkeys(zip(table["set"], table["kind"], strict=True)))
    assert [(row["set"], row["kind"]) for row in said.rows] == pairs
    for row in said.rows:
        here = ((table["set"] == row["set"]) & (table["kind"] == row["kind"])).to_numpy()
        assert row["rows"] == here.sum()
        for how in ("mean", "min", "max"):
            reduce = getattr(np, how)
            assert row[f"value_{how}"] == pytest.approx(reduce(value[here]), rel=1e-13)
            assert row[f"dw_{how}"] == pytest.approx(reduce(slopes[here], axis=0), rel=1e-12)


# Which rows, and how they are written.


@pytest.mark.parametrize("piece", [200, 1 << 20])
@pytest.mark.parametrize("source", ["d.csv", "d.parquet", "d.jsonl"])
def test_only_rows_that_are_asked_for(
    source: str, piece: int, batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(streams, "PIECE", piece)
    where = 'p0 > 0 and set == "train"'
    said = batch(
        "p1*2", "--data", written(source), "--where", where, "--limit", "4", "--keep", "kind"
    )
    right = frame().filter((polars.col("p0") > 0) & (polars.col("set") == "train"))[:4]
    assert [row["value"] for row in said.rows] == pytest.approx((right["p1"] * 2).to_list())
    assert [row["kind"] for row in said.rows] == right["kind"].to_list()


FOREIGN = """\
made by a program
# and a comment
x;y;name
1,5;2;a
# one more
NA;1;b
-0,25;true;c
"""


def test_tables_as_other_programs_write_them(batch: Batch) -> None:
    Path("d.csv").write_text(FOREIGN, "utf-8")
    said = batch("x*y", "--data", "d.csv", "--decimal", ",", "--skip-lines", "1", "--comment", "#",
                 "--null", "NA", "--on-error", "skip", "--keep", "name", "--quiet")  # fmt: skip
    assert [(row["name"], row["value"]) for row in said.rows] == [("a", 3.0), ("c", -0.25)]
    assert said.err.endswith("  d.csv, line 6: x is empty\n")


def test_numbers_may_be_text_in_parquet(batch: Batch) -> None:
    polars.DataFrame({"x": ["1.5", " 2 ", "True", "no"]}).write_parquet("d.parquet")
    said = batch("2*x", "--data", "d.parquet", "--on-error", "skip", "--quiet")
    assert [row["value"] for row in said.rows] == [3.0, 4.0, 2.0]
    assert 'd.parquet, row 4: x is "no", which is not a number' in said.err


def test_a_table_that_is_there_is_written_with_force_only(batch: Batch) -> None:
    written("d.csv")
    Path("o.csv").write_text("old", "utf-8")
    said = batch("p0", "--data", "d.csv", "-o", "o.csv")
    assert (said.code, Path("o.csv").read_text("utf-8")) == (2, "old")
    assert said.err == "error: o.csv is there already\nhelp: --force replaces it\n"
    assert batch("p0", "--data", "d.csv", "-o", "o.csv", "--force", "--quiet").code == 0


def test_addresses_are_no_files(batch: Batch) -> None:
    said = batch("x", "--data", "s3://bucket/d.csv")
    assert said.code == 2
    assert "only local files are read" in said.err


MISFITS = [
    ("--reduce", "sun"), ("--reduce", "sum,sum"), ("--where", "q > 0"), ("--where", "p0 >"),
    ("--decimal", ",", "--separator", ","), ("--skip-lines", "1000"),
]  # fmt: skip


@pytest.mark.parametrize("options", MISFITS)
def test_what_can_not_be_done_is_told(options: tuple[str, ...], batch: Batch) -> None:
    said = batch("p0", "--data", written("d.csv"), *options)
    assert (said.code, said.out) == (2, "")
    assert said.err.count("error: ") == 1
    assert "defect" not in said.err
