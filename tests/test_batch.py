"""backprop batch: every row's answer is that of `eval`, in and out of every format; sums; what is
kept; the check of a sample. What goes wrong stands in test_batch_trouble and test_batch_resume."""

from __future__ import annotations

import bz2
import gzip
import json
import lzma
import math
import subprocess
from collections.abc import Callable, Mapping, Sequence
from fractions import Fraction
from importlib.resources import files
from math import inf, nan
from pathlib import Path
from random import Random
from typing import Any

import forking
import jsonschema
import numpy as np
import polars
import pytest
from conftest import Batch
from emitted import COMPILER, ulps

import backprop
from backprop.batching import rows as working
from backprop.batching.groups import Groups
from backprop.batching.judging import same
from backprop.batching.tally import Chosen, Tally, keys_of
from backprop.errors import UsageError
from backprop.tables.compression import decompressed, zstandard

NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
FORMATS = ("csv", "tsv", "jsonl", "parquet")
SUFFIXES = (*FORMATS, "csv.gz", "tsv.bz2", "jsonl.xz", "csv.zst")
COUNT = 40


def frame(count: int = COUNT) -> Any:
    random = Random(7)
    names = ("w0", "x0", "w1", "x1", "w2")
    columns = {name: [random.uniform(-3, 3) for _ in range(count)] for name in names}
    return polars.DataFrame({"id": [f"row {k}" for k in range(count)], **columns})


def written(table: Any, path: str) -> str:
    """The table as a file; what is compressed is so by Polars or by Python, not by ours."""
    if path.endswith("parquet"):
        table.write_parquet(path)
    elif path.startswith("jsonl", path.index(".") + 1):
        table.write_ndjson(path)
    else:
        table.write_csv(path, separator="\t" if ".tsv" in path else ",")
    return path


def read(path: str) -> Any:
    """A table by Polars, whatever it is compressed by."""
    kind, _, compression = path.partition(".")[2].partition(".")
    if kind == "parquet":
        return polars.read_parquet(path)
    with open(path, "rb") as file:
        data = decompressed(file, compression).read()
    if kind == "jsonl":
        return polars.read_ndjson(data)
    return polars.read_csv(data, separator="\t" if kind == "tsv" else ",")


def expected(text: str, points: Sequence[Mapping[str, float]]) -> list[list[float]]:
    """Value and gradient by `eval`."""
    reports = [backprop.evaluate(text, point) for point in points]
    return [[report.value, *report.gradient.values()] for report in reports]


def near(found: Sequence[Sequence[float]], right: Sequence[Sequence[float]]) -> bool:
    return len(found) == len(right) and all(
        ulps(mine, theirs) <= (2 if place == 0 else 4)
        for one, other in zip(found, right, strict=True)
        for place, (mine, theirs) in enumerate(zip(one, other, strict=True))
    )


@pytest.mark.parametrize("source", FORMATS)
@pytest.mark.parametrize("target", SUFFIXES)
def test_every_row_has_the_answer_of_eval_from_and_to_every_format(
    batch: Batch, source: str, target: str
) -> None:
    table = frame()
    written(table, f"in.{source}")
    said = batch(NEURON, "--data", f"in.{source}", "-o", f"out.{target}", "--keep", "id")
    assert said.code == 0
    found = read(f"out.{target}")
    assert found.columns == ["id", "value", *(f"d{name}" for name in table.columns[1:])]
    assert found["id"].to_list() == table["id"].to_list()
    points = table.drop("id").to_dicts()
    assert near(found.drop("id").rows(), expected(NEURON, points))


@pytest.mark.parametrize("source", SUFFIXES)
def test_compressed_files_are_read(batch: Batch, source: str) -> None:
    kind, _, compression = source.partition(".")
    data = Path(written(frame(), f"in.{kind}")).read_bytes()
    plain = batch(NEURON, "--data", f"in.{kind}").out
    if compression:
        Path(f"in.{source}").write_bytes(by_python(data, compression))
    assert batch(NEURON, "--data", f"in.{source}").out == plain


def by_python(data: bytes, compression: str) -> bytes:
    """Compressed in two parts, as by programs that append."""
    ways: dict[str, Callable[[bytes], bytes]] = {
        "gz": gzip.compress, "bz2": bz2.compress, "xz": lzma.compress, "zst": zstandard().compress,
    }  # fmt: skip
    return ways[compression](data[:100]) + ways[compression](data[100:])


@pytest.mark.parametrize("engine", ["numpy", "native", "auto"])
def test_engines_answer_alike(batch: Batch, engine: str) -> None:
    written(frame(), "in.csv")
    said = batch(NEURON, "--data", "in.csv", "--engine", engine)
    points = frame().drop("id").to_dicts()
    assert near([[*row.values()] for row in said.rows], expected(NEURON, points))


def test_columns_are_mapped_values_are_given_and_wrt_chooses(batch: Batch) -> None:
    Path("in.csv").write_text("height,y\n1,2\n3,4\n")
    said = batch("x*y*z", "--data", "in.csv", "--map", "x=height", "--z=5", "--wrt", "z,x")
    assert said.rows == [
        {"value": 10.0, "dz": 2.0, "dx": 10.0},
        {"value": 60.0, "dz": 12.0, "dx": 20.0},
    ]


def test_a_value_goes_before_a_column(batch: Batch) -> None:
    Path("in.csv").write_text("x,y\n1,2\n3,4\n")
    assert [row["value"] for row in batch("x*y", "--data", "in.csv", "--y=10").rows] == [10, 30]


def test_only_the_value_is_asked_for(batch: Batch) -> None:
    Path("in.csv").write_text("x\n3\n")
    assert batch("x**2", "--data", "in.csv", "--only", "value").out == '{"value":9.0}\n'


def test_a_constant_has_an_answer_for_every_row(batch: Batch) -> None:
    Path("in.csv").write_text("x\n3\n4\n")
    assert batch("2*k", "--k=3", "--data", "in.csv", "--keep", "x").rows == [
        {"x": "3", "value": 6.0, "dk": 2.0},
        {"x": "4", "value": 6.0, "dk": 2.0},
    ]


@pytest.mark.parametrize("kind", FORMATS)
def test_a_constant_needs_no_column(batch: Batch, kind: str) -> None:
    written(polars.DataFrame({"x": [1.0, 2.0, 3.0]}), f"in.{kind}")
    assert batch("2*k", "--k=3", "--data", f"in.{kind}").rows == [{"value": 6.0, "dk": 2.0}] * 3


def test_a_column_called_e_is_a_variable(batch: Batch) -> None:
    Path("in.csv").write_text("x,e\n3,5\n")
    assert batch("x*e", "--data", "in.csv").rows == [{"value": 15.0, "dx": 5.0, "de": 3.0}]


def test_kept_text_stays_as_it_is(batch: Batch) -> None:
    Path("in.csv").write_text('id,note,x\n007,"a, ""b""",1\n1e5,,2\n')
    said = batch("2*x", "--data", "in.csv", "--keep", "note,old=id", "--format", "csv")
    assert said.out == 'note,old,value,dx\n"a, ""b""",007,2.0,2.0\n,1e5,4.0,2.0\n'


def test_all_columns_are_kept_by_a_star(batch: Batch) -> None:
    Path("in.csv").write_text("id,x\na,1\n")
    said = batch("2*x", "--data", "in.csv", "--keep", "*")
    assert said.rows == [{"id": "a", "x": "1", "value": 2.0, "dx": 2.0}]


@pytest.mark.parametrize(
    "name", ["self", "exprs", "class", "k0", "c0", "by", "^x.*$", "*", "", "ä"]
)
@pytest.mark.parametrize("kind", FORMATS)
def test_columns_of_any_name_are_kept_and_grouped_by(name: str, kind: str, batch: Batch) -> None:
    """Names that mean something to Polars, to Python, or to us."""
    path = written(polars.DataFrame({"x": [1.5], "xx": [7.5], name: ["a"]}), f"in.{kind}")
    answer = {"value": 3.0, "dx": 2.0}
    if name and name != "*":
        assert batch("2*x", "--data", path, "--keep", name).rows == [{name: "a", **answer}]
    typed = kind in ("jsonl", "parquet")  # of CSV, what is kept is text
    everything = {"x": 1.5 if typed else "1.5", "xx": 7.5 if typed else "7.5", name: "a"}
    assert batch("2*x", "--data", path, "--keep", "*").rows == [{**everything, **answer}]
    said = batch("2*x", "--data", path, "--reduce", "sum", "--by", name)
    assert said.rows == [{name: "a", "rows": 1, **answer}]


@pytest.mark.parametrize("name", ["self", "^x.*$", "*"])
def test_a_variable_may_stand_in_a_column_of_any_name(name: str, batch: Batch) -> None:
    path = written(polars.DataFrame({"xx": [7.5], name: [inf]}), "in.parquet")
    said = batch("x", "--data", path, "--keep", "*", "--allow-nonfinite", f"--map=x={name}")
    right = {"xx": 7.5, name: "Infinity", "value": "Infinity", "dx": 1.0}
    assert said.rows == [right]


def test_several_files_and_patterns_are_read_in_order(batch: Batch) -> None:
    for k in range(3):
        Path(f"part-{k}.csv").write_text(f"x\n{k}\n{k}.5\n")
    Path("last.jsonl").write_text('{"x": 9}\n')
    said = batch("x", "--data", "part-*.csv", "--data", "last.jsonl")
    assert [row["value"] for row in said.rows] == [0, 0.5, 1, 1.5, 2, 2.5, 9]


@pytest.mark.parametrize("kind", FORMATS)
def test_standard_input_is_known_by_how_it_begins(kind: str, tmp_path: Path) -> None:
    path = tmp_path / f"in.{kind}"
    written(polars.DataFrame({"x": [1.5, 2.5], "y": [2.0, 3.0]}), str(path))
    done = subprocess.run(
        [forking.script(), "batch", "x*y", "--data", "-", "--check-rows", "0"],
        input=path.read_bytes(), capture_output=True, check=False,
    )  # fmt: skip
    assert [json.loads(line)["value"] for line in done.stdout.splitlines()] == [3.0, 7.5]


def test_other_separators_and_no_header(batch: Batch) -> None:
    Path("in.txt").write_text("1;2\n3;4\n")
    said = batch(
        "x*y", "--data", "in.txt", "--separator", ";", "--no-header", "--map", "x=column_1",
        "--map", "y=column_2", "--only", "value",
    )  # fmt: skip
    assert [row["value"] for row in said.rows] == [2, 12]


def test_infinite_answers_are_written_where_they_are_allowed(batch: Batch) -> None:
    Path("in.csv").write_text("x\n0\n-1\n1e999\nnan\n1\n")
    said = batch("log(x)", "--data", "in.csv", "--allow-nonfinite")
    assert said.rows == [
        {"value": "-Infinity", "dx": "Infinity"},
        {"value": "NaN", "dx": "NaN"},
        {"value": "Infinity", "dx": 0.0},
        {"value": "NaN", "dx": "NaN"},
        {"value": 0.0, "dx": 1.0},
    ]
    Path("out.jsonl").write_text(said.out)
    again = batch("value", "--data", "out.jsonl", "--allow-nonfinite")
    assert [row["value"] for row in again.rows] == ["-Infinity", "NaN", "Infinity", "NaN", 0.0]


@pytest.mark.parametrize(
    ("ties", "slopes"), [("notes", (1.0, 1.0)), ("split", (0.5, 0.5)), ("first", (1.0, 0.0))]
)
def test_ties_mean_what_they_mean_in_eval(
    batch: Batch, ties: str, slopes: tuple[float, float]
) -> None:
    Path("in.csv").write_text("x,y\n2,2\n")
    (row,) = batch("max(x, y)", "--data", "in.csv", "--ties", ties).rows
    assert (row["dx"], row["dy"]) == slopes


# Sums.

LOSS = ("(w*x + b - y)**2", "--data", "in.csv", "--w=1.25", "--b=-0.5", "--wrt", "w,b")


def samples(count: int) -> Any:
    random = np.random.default_rng(3)
    x = random.normal(size=count) * 10.0 ** random.integers(-8, 8, size=count)
    labels = random.choice(["a", "b", "c"], size=count)
    return polars.DataFrame({"x": x, "y": random.normal(size=count), "label": labels})


def exact_sums(batch: Batch, table: Any) -> list[Fraction]:
    """The answers to all rows, added up without an error."""
    table.write_csv("rows.csv")
    rows = batch(LOSS[0], "--data", "rows.csv", *LOSS[3:]).rows
    columns = zip(*(row.values() for row in rows), strict=True)
    return [sum(map(Fraction, column), Fraction()) for column in columns]


def test_a_sum_is_that_of_all_rows_rounded_once(batch: Batch) -> None:
    table = samples(3000)
    table.write_csv("in.csv")
    (found,) = batch(*LOSS, "--reduce", "sum").rows
    right = [float(total) for total in exact_sums(batch, table)]
    assert found == {"rows": 3000, "value": right[0], "dw": right[1], "db": right[2]}


def test_a_mean_is_rounded_once(batch: Batch) -> None:
    table = samples(1000)
    table.write_csv("in.csv")
    (found,) = batch(*LOSS, "--reduce", "mean").rows
    right = [float(total / 1000) for total in exact_sums(batch, table)]
    assert [*found.values()] == [1000, *right]


def test_sums_do_not_depend_on_the_order_of_rows(batch: Batch) -> None:
    table = samples(2000)
    table.write_csv("in.csv")
    first = batch(*LOSS, "--reduce", "sum").out
    table.reverse().write_csv("in.csv")
    assert batch(*LOSS, "--reduce", "sum").out == first


def test_groups_are_summed_each_alone(batch: Batch) -> None:
    table = samples(2000)
    table.write_csv("in.csv")
    found = {row["label"]: row for row in batch(*LOSS, "--reduce", "sum", "--by", "label").rows}
    assert list(found) == table["label"].unique(maintain_order=True).to_list()
    for label, row in found.items():
        part = table.filter(polars.col("label") == label)
        right = [float(total) for total in exact_sums(batch, part)]
        assert [row["rows"], row["value"], row["dw"], row["db"]] == [part.height, *right]


KINDS = {
    "a.csv": ("1", "text"),
    "b.jsonl": (1, "a number"),
    "c.parquet": (1.0, "a number"),
    "d.jsonl": (True, "true or false"),
}


@pytest.mark.parametrize("second", KINDS)
@pytest.mark.parametrize("first", KINDS)
def test_a_number_is_no_group_of_texts_or_truths(first: str, second: str, batch: Batch) -> None:
    for path, (key, _) in KINDS.items():
        written(polars.DataFrame({"x": [1.0, 2.0], "k": [key, None]}), path)
    said = batch("x", "--data", first, "--data", second, "--reduce", "sum", "--by", "k")
    one, other = KINDS[first][1], KINDS[second][1]
    if one == other:
        assert [(row["k"], row["rows"]) for row in said.rows] == [(KINDS[first][0], 2), (None, 2)]
    else:
        message = (
            f"error: rows can't be grouped by what is {one} in one file and {other} in another"
        )
        assert (said.code, said.err.split("\n")[0]) == (2, message)


def test_numbers_of_any_kind_make_groups(batch: Batch) -> None:
    keys = [0.0, nan, -0.0, None, inf, nan, -inf, 0.5]
    written(polars.DataFrame({"x": [1.0] * 8, "k": keys}), "in.parquet")
    batch("x", "--data", "in.parquet", "--reduce=sum", "--by=k", "-o", "o.parquet")
    found = polars.read_parquet("o.parquet")
    assert str(found["k"].to_list()) == "[0.0, nan, None, inf, -inf, 0.5]"
    assert found["rows"].to_list() == [2, 2, 1, 1, 1, 1]


def test_a_kind_of_groups_is_remembered_and_merged() -> None:
    texts, truths = Groups(1), Groups(1)
    texts.add([np.ones(1)], [polars.Series(["1"])])
    truths.add([np.ones(1)], [polars.Series([True])])
    for groups in (texts, Groups.restored(json.loads(json.dumps(texts.state())))):
        with pytest.raises(UsageError, match="text in one file and true or false in another"):
            groups.merge(truths)


def test_the_notes_loss_over_samples(batch: Batch) -> None:
    """L = sum of C_n, and so is its gradient, by hand."""
    Path("in.csv").write_text("x,y\n1,2\n2,3\n3,5\n")
    said = batch("(w*x - y)**2", "--data", "in.csv", "--w=2", "--wrt", "w", "--reduce", "sum")
    assert said.rows == [{"rows": 3, "value": 0.0 + 1.0 + 1.0, "dw": 0.0 + 4.0 + 6.0}]


def test_skipped_rows_are_in_no_sum_and_are_counted(batch: Batch) -> None:
    Path("in.csv").write_text("x\n1\noops\n-1\n4\n")
    said = batch("sqrt(x)", "--data", "in.csv", "--reduce", "mean", "--on-error", "skip", "--quiet")
    assert said.rows == [{"rows": 2, "value": 1.5, "dx": 0.375}]
    assert said.err == (
        "warning: left out 1 row that can't be read and 1 row without a finite answer\n"
        '  in.csv, line 3: x is "oops", which is not a number\n'
        "  in.csv, line 4: stage 1 (f, sqrt): sqrt(-1) is nan, outside the domain of sqrt\n"
    )


def test_a_block_without_an_answer_is_in_no_group(batch: Batch) -> None:
    Path("a.csv").write_text("x,k\noops,a\n-1,b\n\n")
    Path("b.csv").write_text("x,k\n1,c\n")
    sums = ("--reduce", "sum", "--by", "k", "--on-error", "skip")
    said = batch("log(x)", "--data", "a.csv", "--data", "b.csv", *sums)
    assert said.rows == [{"k": "c", "rows": 1, "value": 0.0, "dx": 1.0}]
    said = batch("log(x)", "--data", "a.csv", *sums)
    assert (said.code, said.err) == (3, "error: there is no row to sum\n")


def test_a_sum_beyond_all_floats_is_said(batch: Batch) -> None:
    Path("in.csv").write_text("x\n1e308\n1e308\n-1e308\n")
    assert batch("x", "--data", "in.csv", "--reduce", "sum").rows[0]["value"] == 1e308
    Path("in.csv").write_text("x\n1e308\n1e308\n")
    said = batch("x", "--data", "in.csv", "--reduce", "sum", "--quiet")
    assert (said.code, said.rows[0]["value"]) == (3, "Infinity")
    assert said.err == "error: a sum is beyond the largest float\n"


def test_a_file_that_changes_while_it_is_read_is_refused(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(worker: working.Worker, *args: Any) -> Any:
        with Path("in.csv").open("a") as file:
            file.write("3\n")
        return answer(worker, *args)

    answer = working.Worker.answer
    monkeypatch.setattr(working.Worker, "answer", planted)
    Path("in.csv").write_text("x\n1\n2\n")
    said = batch("x", "--data", "in.csv", "-o", "out.csv")
    assert (said.code, said.err) == (2, "error: in.csv was changed while it was read\n")
    assert not Path("out.csv").exists()


def test_no_rows_have_no_sum(batch: Batch) -> None:
    Path("in.csv").write_text("x\n")
    said = batch("x", "--data", "in.csv", "--reduce", "sum")
    assert (said.code, said.out, said.err) == (3, "", "error: there is no row to sum\n")


def test_an_empty_table_has_an_empty_answer(batch: Batch) -> None:
    Path("in.csv").write_text("id,x\n")
    said = batch("x", "--data", "in.csv", "--keep", "id", "--format", "csv")
    assert (said.code, said.out) == (0, "id,value,dx\n")


# The check of a sample.


def test_rows_drawn_at_random_are_checked(batch: Batch) -> None:
    written(frame(), "in.csv")
    said = batch(NEURON, "--data", "in.csv", "-o", "o.csv", "--summary", "s.json", check=True)
    summary = json.loads(Path("s.json").read_text())
    assert (said.code, summary["check"]["counts"]) == (0, {"agree": 10})
    assert said.err.endswith("; 10 of them checked: agree\n")


def test_a_kernel_that_computes_something_else_is_found_out(
    batch: Batch, monkeypatch: pytest.MonkeyPatch
) -> None:
    def planted(*args: Any, **options: Any) -> Any:
        kernel = backprop.kernel.compiled(*args, **options)
        again = type(kernel).__call__

        class Wrong(type(kernel)):  # type: ignore[misc]
            def __call__(self, columns: Any, out: Any = None) -> Any:
                value, gradients = again(self, columns, out)
                return value, {name: column * (1 + 1e-13) for name, column in gradients.items()}

        kernel.__class__ = Wrong
        return kernel

    monkeypatch.setattr(working, "compiled", planted)
    written(frame(), "in.csv")
    said = batch(NEURON, "--data", "in.csv", "-o", "out.csv", check=True)
    assert said.code == 1
    assert said.err.startswith("error: the gradient is in doubt at in.csv, line ")
    assert Path("out.csv").exists()  # the answer is there all the same


@pytest.mark.parametrize(
    ("mine", "theirs", "moved", "right"),
    [
        (1.0, inf, 0.0, False),
        (1.0, nan, 0.0, False),
        (1.0, inf, inf, True),
        (inf, 1.0, 0.0, False),
        (inf, 1.0, 0.5, False),
        (nan, 1.0, 0.0, False),
        (nan, nan, 0.0, True),
        (1.0, 1.0 + 2**-50, 0.0, True),
        (1.0, 1.0 + 2**-40, 0.0, False),
        (1.0, 1.0 + 2**-40, 2**-41, True),
        (5e-324, 2e-323, 0.0, True),
    ],
)
def test_numbers_are_the_same_if_they_are_near(
    mine: float, theirs: float, moved: float, right: bool
) -> None:
    assert same(mine, theirs, moved) is right


@pytest.mark.skipif(not COMPILER, reason="there is no C compiler")
def test_digits_that_cancel_are_not_taken_for_a_difference(batch: Batch) -> None:
    table = polars.DataFrame({"x": [k / 7 for k in range(200)]})
    table.write_csv("in.csv")
    text = "(exp(x) - exp(x + 1e-12))*sin(x)"
    said = batch(
        text,
        "--data",
        "in.csv",
        "-o",
        "o.csv",
        "--engine",
        "native",
        "--check-rows",
        "40",
        check=True,
    )
    assert (said.code, "differ" in said.err) == (0, False)


def test_the_sample_is_of_all_rows_and_the_same_for_a_seed() -> None:
    lines = np.arange(2, 100_002)
    keys = keys_of(0, lines, 5)
    assert len(np.unique(keys)) == len(keys)
    drawn = np.sort(lines[np.argsort(keys)[:1000]])
    assert np.array_equal(
        keys, np.concatenate([keys_of(0, part, 5) for part in np.split(lines, 8)])
    )
    tenths = np.bincount((drawn - 2) // 10_000, minlength=10)
    assert tenths.min() > 60
    assert tenths.max() < 140
    assert not np.array_equal(keys, keys_of(0, lines, 6))
    assert not np.array_equal(keys, keys_of(1, lines, 5))


def test_rows_whose_key_is_nan_are_one_group() -> None:
    groups = Groups(1)
    for _ in range(2):
        groups.add([np.array([1.0, 2.0, 4.0])], [polars.Series([nan, 1.0, nan])])
    found = groups.table({"value": ("sum", 0)}, ["k"])
    assert found["value"].to_list() == [10.0, 4.0]
    assert found["rows"].to_list() == [4, 2]
    assert [repr(key) for key in found["k"].to_list()] == ["nan", "1.0"]


def test_tallies_of_parts_come_to_one_sample_in_any_order() -> None:
    rows = [Chosen(key, f"row {key}", (1.0,), (2.0,)) for key in (7, 3, 9, 1, 8, 2)]
    parts = [Tally(3), Tally(3)]
    for part, chosen in zip(parts, (rows[:3], rows[3:]), strict=True):
        part.choose(chosen)
    for first, second in (parts, parts[::-1]):
        whole = Tally(3)
        whole.merge(first)
        whole.merge(second)
        assert [one.key for one in whole.sample] == [1, 2, 3]
        assert whole.bar == 3


# What there is to say.


def schema(part: str | None = None) -> Any:
    found = json.loads(files("backprop").joinpath("schemas/batch.json").read_text("utf-8"))
    return {**found, "oneOf": [{"$ref": f"#/$defs/{part}"}]} if part else found


def test_the_summary_is_what_the_schema_says(batch: Batch) -> None:
    Path("in.csv").write_text("x\n1\noops\n-1\n4\n")
    said = batch(
        "sqrt(k*x)",
        "--k=4",
        "--data",
        "in.csv",
        "--on-error",
        "skip",
        "--summary",
        "s.json",
        check=True,
    )
    summary = json.loads(Path("s.json").read_text())
    jsonschema.validate(summary, schema())
    assert summary["columns"] == {"x": "x"}
    assert summary["fixed"] == {"k": 4.0}
    assert [summary[name] for name in ("rows", "answered", "unreadable", "nonfinite")] == [
        4,
        2,
        1,
        1,
    ]
    for row in said.rows:
        jsonschema.validate(row, schema("row"))


def test_lines_are_what_the_schema_says(batch: Batch) -> None:
    samples(50).write_csv("in.csv")
    for row in batch(*LOSS, "--reduce", "sum", "--by", "label").rows:
        jsonschema.validate(row, schema("sums"))
    for row in batch(*LOSS, "--keep", "label").rows:
        jsonschema.validate(row, schema("row"))


def test_one_line_says_that_all_is_well(batch: Batch) -> None:
    written(frame(), "in.csv")
    said = batch(NEURON, "--data", "in.csv", "-o", "out.csv")
    assert said.err.startswith("40 rows in ")
    assert said.err.count("\n") == 1
    assert said.out == ""
    assert batch(NEURON, "--data", "in.csv", "-o", "out.csv", "--force", "--quiet").err == ""


def test_a_program_with_an_output_and_gates_of_its_choice(batch: Batch) -> None:
    Path("in.csv").write_text("x\n2\n")
    said = batch("q = x**2; f = 1/(1+exp(-q))", "--result", "q", "--data", "in.csv")
    assert said.rows == [{"value": 4.0, "dx": 4.0}]
    Path("in.csv").write_text("x\n40\n")
    (fused,) = batch("1/(1+exp(-x))", "--gates", "fused", "--data", "in.csv").rows
    assert math.isclose(fused["dx"], math.exp(-40), rel_tol=1e-15)


def test_a_column_that_is_kept_stands_as_it_stood(batch: Batch) -> None:
    fields = ["9007199254740993", "123456789012345678901234567890", "03", "1e3", " 5", "-0.10"]
    lines = [f"{field},{k}" for k, field in enumerate(fields)]
    Path("d.csv").write_text("n,k\n" + "\n".join(lines) + "\n", "utf-8")
    assert batch("n*1", "--data", "d.csv", "--keep", "*", "-o", "o.csv", "--quiet").code == 0
    found = Path("o.csv").read_text("utf-8").splitlines()[1:]
    assert [",".join(line.split(",")[:2]) for line in found] == lines
    assert [float(line.split(",")[2]) for line in found] == [*map(float, fields)]


def test_a_header_that_is_too_long_is_told(batch: Batch) -> None:
    Path("d.csv").write_text(",".join(f"c{k}" for k in range(1_000_000)) + "\n", "utf-8")
    said = batch("c3", "--data", "d.csv")
    assert (said.code, said.err) == (2, "error: d.csv: line 1 is longer than 4,194,304 bytes\n")
