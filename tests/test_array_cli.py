"""What the command line says of arrays: shapes without values, blocks and corners, files for
NumPy, and another statement as the output."""

from __future__ import annotations

import csv
import io
import json
import re
from importlib.resources import files
from pathlib import Path
from typing import Any

import jsonschema
import numpy as np
import pytest
from conftest import Command
from test_arrays import GATES

import backprop
from backprop.answer.dimensions import dimensions
from backprop.showing.arrays import block, described

NET = "h = tanh(W @ x + b)\ny = v @ h\n(y - t)**2"
POINT = {"W": np.eye(2), "x": [0.5, -1], "b": [0.1, 0.2], "v": [1, 2]}
VALUES = ("--W=[[1,0],[0,1]]", "--x=[0.5,-1]", "--b=[0.1,0.2]", "--v=[1,2]")


def schema(name: str) -> Any:
    return json.loads(files("backprop.schemas").joinpath(f"{name}.json").read_text("utf-8"))


# --shape: dimensions, and no numbers.


def test_shapes_alone_are_shown_in_plain_words(command: Command) -> None:
    done = command(
        "eval", "D = W @ X + c", "--shape", "W=5x10,X=10x3", "--c=2", "--format", "plain"
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == """\
input W: 5x10, dW: 5x10
input X: 10x3, dX: 10x3
input c: a number, dc: a number
stage 1: q = W @ X: 5x3, dq: 5x3
  dW = dq @ X.T: 5x3 @ 3x10 -> 5x10
  dX = W.T @ dq: 10x5 @ 5x3 -> 10x3
stage 2: D = q + c: 5x3, dD: 5x3
  dq = dD: 5x3 -> 5x3
  dc = sum(dD): 5x3 -> a number, summed
D is 5x3
dD/dW is 5x10
dD/dX is 10x3
dD/dc is a number
only shapes: nothing was computed
"""  # fmt: skip


def test_shapes_alone_in_a_table(command: Command) -> None:
    done = command("eval", "D = W @ X", "--shape", "W=5x10", "--shape", "X=10x3", COLUMNS="80")
    assert (
        done.stdout
        == """\
D(W, X)

 stage           shape   gradient   passes back     dimensions
 ─────────────────────────────────────────────────────────────────────
     W           5x10    5x10
     X           10x3    10x3

 (1) D = W @ X   5x3     5x3        dW = dD @ X.T   5x3 @ 3x10 -> 5x10
                                    dX = W.T @ dD   10x5 @ 5x3 -> 10x3

D is 5x3
dD/dW is 5x10
dD/dX is 10x3
only shapes: nothing was computed
"""
    )


@pytest.mark.parametrize("width", ["40", "60", "80", "100", "120"])
@pytest.mark.parametrize(
    "args", [("--shape", "W=8x5,x=5,b=8,v=8,t=number"), ("--shapes",), ("--full",)]
)
def test_no_line_is_wider_than_the_terminal(
    command: Command, width: str, args: tuple[str, ...]
) -> None:
    values = ("--W=randn(8,5)", "--x=randn(5)", "--b=randn(8)", "--v=randn(8)", "--t=1")
    given = args if "--shape" in args else (*args, *values)
    done = command("eval", NET, *given, COLUMNS=width)
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, done.stdout.splitlines())) <= int(width)


def test_shapes_as_json_fit_their_schema(command: Command) -> None:
    args = ("--shape", "W=3x2,x=2,b=3,v=3,t=number", "--json")
    found = json.loads(command("eval", NET, *args).stdout)
    jsonschema.validate(found, schema("shapes"))
    assert (found["shape"], found["gradient"]["W"], found["inputs"]["t"]) == ([], [3, 2], [])
    first = found["stages"][0]["flows"][0]
    assert first == {"to": "W", "formula": "outer(dq1, x)", "dimensions": "outer(3, 2) -> 3x2"}


def test_shapes_as_csv_and_markdown(command: Command) -> None:
    args = ("eval", "W @ X", "--shape", "W=5x10,X=10x3", "--format")
    rows = list(csv.DictReader(io.StringIO(command(*args, "csv").stdout)))
    assert [(row["kind"], row["shape"]) for row in rows] == [
        ("input", "5x10"), ("input", "10x3"), ("stage", "5x3"),
    ]  # fmt: skip
    assert rows[2]["dimensions"] == "5x3 @ 3x10 -> 5x10; 10x5 @ 5x3 -> 10x3"
    lines = command(*args, "markdown").stdout.splitlines()
    assert lines[3] == "| `X` | 10x3 | 10x3 |  |  |"


@pytest.mark.parametrize("name", GATES)
def test_shapes_alone_are_those_of_the_numbers(name: str) -> None:
    """Forward, backward and for every message; products of shapes multiply out."""
    text, draw = GATES[name]
    random = np.random.default_rng(5)
    shapes = draw(random)
    point = {n: random.standard_normal(shape) + (n == "S") for n, shape in shapes.items()}
    found = dimensions(text, {}, shapes)
    upstream = "ones" if found.shape(found.program.output) else None
    report = backprop.evaluate(text, point, upstream=upstream)
    for sized, computed in zip(found.stages(), report.stages(), strict=True):
        assert sized.shape == np.shape(computed.value) == np.shape(computed.gradient)
        for flow, number in zip(sized.flows, computed.flows, strict=True):
            assert flow is None or number is None or said(flow.dimensions) == np.shape(number)
            assert (flow is None) == (number is None)


def said(dimensions: str) -> tuple[int, ...]:
    """The shape at the end of `5x3 @ 3x10 -> 5x10`, which a product before it has to have."""
    begin, end = dimensions.removesuffix(", summed").split(" -> ")
    shape = read(end)
    if "@" in begin or begin.startswith("outer"):
        assert product(begin) == shape
    return shape


def read(text: str) -> tuple[int, ...]:
    return () if text == "a number" else tuple(map(int, text.split("x")))


def product(text: str) -> tuple[int, ...]:
    parts = [np.zeros(read(part)) for part in re.findall(r"\d+(?:x\d+)*", text)]
    if text.startswith("outer"):
        return np.outer(*parts).shape
    found = parts[0]
    for part in parts[1:]:
        found = found @ part
    return found.shape


BAD_SHAPES = [
    ("W=5xx3", "the shape of W is not whole numbers with x between: 5xx3", "did you mean 5x3?"),
    ("W=0x", "the shape of W is not whole numbers with x between: 0x",
     "write 5x10, 5 for a vector or number"),
    ("W=-1x2", "the shape of W is not whole numbers with x between: -1x2", "did you mean 1x2?"),
    ("W=", "the shape of W is not whole numbers with x between: nothing",
     "write 5x10, 5 for a vector or number"),
    ("W=5,10", "--shape takes NAME=SHAPE, not 10", "a shape is written with x: W=5x10"),
    ("5x10", "--shape takes NAME=SHAPE, not 5x10", "a shape is written with x: W=5x10"),
    ("W=5x10,W=5x10", "the shape of W is given twice", ""),
    ("W=100000x100000",
     "the shape of W is 100000x100000: at most 8 axes and 50,000,000 entries are held", ""),
    ("W=9999999999999999x2", "the shape of W is too large: 9999999999999999x2", ""),
    ("W=5x10", "no shape for the variable X",
     "give --shape X=..., written 5x10, 5 for a vector or number; or a value"),
    ("Wx=5x10", "the program has no variable Wx; it has W, X", "did you mean X?"),
    ("W=5x10,X=10x3,D=1", "D is computed by the program: its shape follows from the inputs", ""),
]  # fmt: skip


@pytest.mark.parametrize(("shape", "message", "hint"), BAD_SHAPES, ids=[r[0] for r in BAD_SHAPES])
def test_a_shape_that_is_refused(command: Command, shape: str, message: str, hint: str) -> None:
    done = command("eval", "D = W @ X", f"--shape={shape}")
    lines = [f"error: {message}", *([f"help: {hint}"] if hint else [])]
    assert (done.returncode, done.stdout, done.stderr.splitlines()) == (2, "", lines)


def test_shapes_that_do_not_fit_are_shown_in_the_text(command: Command) -> None:
    done = command("eval", "W @ X", "--shape", "W=5x10,X=9x3")
    assert done.stderr.splitlines()[0] == (
        "error: line 1, column 1: W is 5x10, X is 9x3: W @ X needs the 10 and the 9 to be equal"
    )


def test_a_value_has_to_have_its_shape(command: Command) -> None:
    args = ("eval", "sum(W @ x)", "--W=[[1,2],[3,4]]", "--x=[1,1]", "--json")
    assert json.loads(command(*args, "--shape", "W=2x2,x=2").stdout)["value"] == 10
    done = command(*args, "--shape", "W=2x3")
    assert (done.returncode, done.stderr) == (
        2, "error: the value of W is 2x2, its --shape 2x3: they have to be the same\n",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--jacobian",), "--jacobian needs numbers, and --shape gives only shapes"),
        (("--save", "a.npz"), "--save needs numbers, and --shape gives only shapes"),
        (("--upstream", "[1,2]"),
         "the upstream gradient is a vector of 2, the output 5x3: they have to be the same"),
    ],
)  # fmt: skip
def test_what_shapes_alone_have_no_answer_to(
    command: Command, args: tuple[str, ...], message: str
) -> None:
    done = command("eval", "W @ X", "--shape", "W=5x10,X=10x3", *args)
    assert (done.returncode, done.stderr.splitlines()[0]) == (2, f"error: {message}")


# How arrays are shown.

BIG = np.arange(1.0, 51.0).reshape(5, 10)


def test_a_large_array_is_its_shape_norm_range_and_corners() -> None:
    assert (
        described(BIG, 4, False) == "5x10, norm 207.2, min 1, max 50, [[1 ... 10] ... [41 ... 50]]"
    )
    assert (
        block(BIG, 4, False)
        == """\
5x10, norm 207.2
min 1, max 50
[[ 1 ... 10]
 ...
 [41 ... 50]]"""
    )


@pytest.mark.parametrize(
    ("array", "text"),
    [
        (BIG[:1], "1x10, norm 19.6, min 1, max 10, [[1 ... 10]]"),
        (BIG[:2], "2x10, norm 53.6, min 1, max 20, [[1 ... 10], [11 ... 20]]"),
        (BIG[:, :2], "5x2, norm 81.4, min 1, max 42, [[1, 2] ... [41, 42]]"),
        (BIG[0], "a vector of 10, norm 19.6, min 1, max 10, [1 ... 10]"),
        (BIG[:, :1], "[[1], [11], [21], [31], [41]]"),
        (BIG.reshape(2, 5, 5), "2x5x5, norm 207, min 1, max 50, [[[1 ... 5] ... [46 ... 50]]]"),
        (np.zeros((3, 0)), "3x0, no entries"),
        (np.zeros(7), "a vector of 7, norm 0, min 0, max 0, [0 ... 0]"),
        (np.full(9, 1e200), "a vector of 9, norm 3e+200, min 1e+200, max 1e+200, [1e+200 ... 1e+200]"),
        (np.array([1, np.inf, 2, np.nan, 3, 4, 5]),
         "a vector of 7, 2 not finite, the others from 1 to 5, [1 ... 5]"),
        (np.full(7, np.nan), "a vector of 7, no entry is finite, [nan ... nan]"),
    ],
)  # fmt: skip
def test_arrays_in_a_line(array: Any, text: str) -> None:
    assert described(array, 3, False) == text


@pytest.mark.parametrize("shape", [(7,), (3, 4), (2, 3, 2), (1, 1, 1, 2), (2, 1, 3)])
def test_in_full_a_line_and_a_block_are_the_array(shape: tuple[int, ...]) -> None:
    array = np.random.default_rng(0).standard_normal(shape)
    for text in (described(array, 17, True), block(array, 17, True)):
        assert np.array_equal(np.array(json.loads(text)), array)


def test_full_shows_every_entry(command: Command) -> None:
    args = ("eval", "sum(W)", "--W=reshape(arange(1,9),2,4)", "--full")
    table = command(*args).stdout
    assert " W            [[1, 2, 3, 4],   [[1, 1, 1, 1],\n" in table
    assert "df/dW = [[1, 1, 1, 1],\n         [1, 1, 1, 1]]\n" in table
    for kind in ("plain", "markdown"):
        assert "[[1, 2, 3, 4], [5, 6, 7, 8]]" in command(*args, "--format", kind).stdout


def test_a_table_of_matrices(command: Command) -> None:
    args = ("--W=[[1,2],[3,4]]", "--X=[[1,0.5],[2,-1]]", "--upstream=[[1,2],[3,4]]")
    assert (
        command("eval", "W.dot(X)", *args, "--shapes").stdout
        == """\
f(W, X) = W.dot(X)

 stage           shape   value ↓        gradient ↑   passes back
 ───────────────────────────────────────────────────────────────────
     W           2x2     [[1, 2],       [[2, 0],
                          [3, 4]]        [5, 2]]
     X           2x2     [[1, 0.5],     [[10, 14],
                          [2,  -1]]      [14, 20]]

 (1) f = W @ X   2x2     [[ 5, -1.5],   [[1, 2],     dW = df @ X.T
                          [11, -2.5]]    [3, 4]]        = [[2, 0],
                                                           [5, 2]]
                                                     dX = W.T @ df
                                                        = [[10, 14],
                                                           [14, 20]]

f = [[5, -1.5], [11, -2.5]]
df/dW = [[2, 0], [5, 2]]
df/dX = [[10, 14], [14, 20]]
check: unchecked: no independent check was run
"""
    )


def test_a_narrow_terminal_gets_a_list(command: Command) -> None:
    done = command("eval", "sum(x*x)", "--x=[1,2,3]", COLUMNS="30")
    assert (
        done.stdout
        == """\
f(x) = sum(x*x)

    x
    value ↓     [1, 2, 3]
    gradient ↑  [2, 4, 6]

(1) q = x * x
    value ↓     [1, 4, 9]
    gradient ↑  [1, 1, 1]
    dx += dq * x
        = [1, 2, 3]
    dx += dq * x
        = [1, 2, 3]

(2) f = sum(q)
    value ↓     14
    gradient ↑  1
    dq = spread(df, q)
       = [1, 1, 1]

f = 14
df/dx = [2, 4, 6]
check: unchecked: no
    independent check was run
"""
    )


def test_shapes_beside_numbers(command: Command) -> None:
    plain = command("eval", NET, *VALUES, "--t=1", "--shapes", "--format", "plain").stdout
    assert plain.splitlines()[0] == "input W (2x2) = [[1, 0], [0, 1]]"
    assert "stage 1: q1 = W @ x (2) = [0.5, -1], dq1 = " in plain
    rows = command("eval", "x*y", "--x=1", "--y=2", "--shapes", "--format", "markdown").stdout
    assert rows.splitlines()[2] == "| `x` | a number | 1 | 2 |  |  |"


def test_json_holds_arrays_whole_with_their_shapes(command: Command) -> None:
    done = command(
        "eval", "log(W) @ x", "--W=[[1,0],[-1,1]]", "--x=[1,1]", "--upstream=ones", "--json"
    )
    found = json.loads(done.stdout)
    jsonschema.validate(found, schema("eval"))
    assert found["shapes"] == {"W": [2, 2], "x": [2]}
    assert [stage["shape"] for stage in found["stages"]] == [[2, 2], [2]]
    assert found["stages"][0]["value"] == [[0, "-Infinity"], ["NaN", 0]]


@pytest.mark.parametrize("kind", ["table", "plain", "markdown"])
def test_a_jacobian_for_people_says_what_the_stages_show(command: Command, kind: str) -> None:
    done = command("eval", "2*v", "--v=[1,2]", "--jacobian", "--format", kind).stdout
    assert "df/dv = [[2, 0], [0, 2]]" in done
    assert "the stages show the gradient of sum(f)" in done


def test_a_jacobian_in_csv_is_a_row(command: Command) -> None:
    done = command("eval", "2*v", "--v=[1,2]", "--jacobian", "--format", "csv")
    last = list(csv.DictReader(io.StringIO(done.stdout)))[-1]
    assert (last["kind"], last["name"], last["value"]) == ("jacobian", "v", "[[2, 0], [0, 2]]")


# --save.


def saved(path: Path) -> dict[str, Any]:
    with np.load(path, allow_pickle=False) as found:
        return {name: found[name] for name in found.files}


def test_saved_arrays_are_the_report_s(command: Command, tmp_path: Path) -> None:
    done = command("eval", NET, *VALUES, "--t=1", "--save", "run.npz", "--json", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (0, "")
    found, report = saved(tmp_path / "run.npz"), backprop.evaluate(NET, POINT, t=1)
    names = ["W", "x", "b", "v", "t", "h", "y", "f"]
    assert sorted(found) == sorted([*names, *(f"d{name}" for name in names)])
    for name, slope in report.gradient.items():
        assert np.array_equal(found[f"d{name}"], slope)
    slots = report.program.names
    for name in ("W", "h", "y"):
        assert np.array_equal(found[name], report.values[slots[name]])
        assert np.array_equal(found[f"d{name}"], report.back.gradient(slots[name]))


def test_numbers_are_saved_too_and_only_gradients_asked_for(
    command: Command, tmp_path: Path
) -> None:
    command(
        "eval", "file*x", "--set", "file=3", "--x=2", "--wrt", "x", "--save", "a.npz", cwd=tmp_path
    )
    found = {name: float(array) for name, array in saved(tmp_path / "a.npz").items()}
    assert found == {"file": 3, "x": 2, "f": 6, "dx": 3, "df": 1}


def test_a_jacobian_is_saved(command: Command, tmp_path: Path) -> None:
    command("eval", "2*v", "--v=[1,2]", "--jacobian", "--save", "a.npz", cwd=tmp_path)
    assert saved(tmp_path / "a.npz")["jacobian_v"].tolist() == [[2, 0], [0, 2]]


def test_a_gradient_whose_name_is_taken_is_said(command: Command, tmp_path: Path) -> None:
    done = command("eval", "dx = 3*x\ndx*x", "--x=2", "--save", "a.npz", cwd=tmp_path)
    note = "note: the program has a dx of its own: the gradient is saved as dx_\n"
    found = saved(tmp_path / "a.npz")
    assert (done.returncode, done.stderr, float(found["dx"]), float(found["dx_"])) == (
        0,
        note,
        6,
        12,
    )


def test_saving_is_whole_or_not_at_all(command: Command, tmp_path: Path) -> None:
    (tmp_path / "null.npz").symlink_to("/dev/null")
    (tmp_path / "folder.npz").mkdir()
    for path, message in (
        ("null.npz", "null.npz is not a regular file"),
        ("folder.npz", "folder.npz is a directory"),
        ("none/a.npz", "none/a.npz can't be written: No such file or directory"),
        ("a.txt", "--save writes .npz files, not a.txt\nhelp: --save a.npz"),
    ):
        done = command("eval", "x*x", "--x=2", "--save", path, cwd=tmp_path)
        assert (done.returncode, done.stdout, done.stderr) == (2, "", f"error: {message}\n")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["folder.npz", "null.npz"]


def test_the_same_numbers_make_the_same_file(command: Command, tmp_path: Path) -> None:
    for name in ("a.npz", "b.npz"):
        command("eval", "sum(W*W)", "--W=randn(3,3)", "--save", name, cwd=tmp_path)
    assert (tmp_path / "a.npz").read_bytes() == (tmp_path / "b.npz").read_bytes()


# --output.


def test_another_statement_is_the_output_and_later_ones_are_gone(command: Command) -> None:
    values = (*VALUES[:3], "--result", "h", "--upstream", "ones", "--json")
    found = json.loads(command("eval", NET, *values).stdout)
    assert (found["output"], found["value"]) == ("h", np.tanh([0.6, -0.8]).tolist())
    assert [stage["name"] for stage in found["stages"]] == ["q1", "q2", "h"]
    assert list(found["gradient"]) == ["W", "x", "b"]


STAGED = "g(u) = u*k\na = x*y\nb = g(a)\nc = a + z\nb*c"


@pytest.mark.parametrize(
    ("output", "value", "gradient"),
    [
        ("a", 6, {"x": 3, "y": 2}),
        ("b", 24, {"x": 12, "y": 8, "k": 6}),
        ("c", 11, {"x": 3, "y": 2, "z": 1}),
        ("f", 264, {"x": 12 * 11 + 24 * 3, "y": 8 * 11 + 24 * 2, "k": 6 * 11, "z": 24}),
    ],
)
def test_an_output_has_what_it_needs(output: str, value: float, gradient: dict[str, float]) -> None:
    point = {"x": 2, "y": 3, "k": 4, "z": 5}
    report = backprop.evaluate(STAGED, point, output=output)
    assert (report.value, report.gradient) == (value, gradient)
    program = backprop.parse(STAGED, output=output)
    assert (program.output_name, set(program.inputs)) == (output, set(gradient))


def test_values_that_an_output_does_not_need_are_said(command: Command) -> None:
    done = command("eval", STAGED, "--result", "a", "--x=2", "--y=3", "--z=1", "--k=1", "--json")
    assert [notice["message"] for notice in json.loads(done.stdout)["warnings"]] == [
        "a doesn't need k, z"
    ]


def test_a_second_name_of_a_stage_may_be_the_output() -> None:
    report = backprop.evaluate("a = x*x\nb = a\nc = b*2", x=3, output="b")
    assert [stage.stage.name for stage in report.stages()] == ["b"]


def test_spans_stay_those_of_the_whole_text() -> None:
    program = backprop.parse(STAGED, output="c")
    line, (start, stop) = program.where(program.output)
    assert (line, STAGED[start:stop]) == (4, "a + z")


@pytest.mark.parametrize(
    ("output", "message", "hint"),
    [
        ("aa", "there is no statement called aa; the program has a, b, c, f", "did you mean a?"),
        ("", "there is no statement called nothing; the program has a, b, c, f",
         "only what has a name in the text can be the output"),
        ("z", "z is an input, and an output is computed", "the statements are a, b, c, f"),
        ("g", "there is no statement called g; the program has a, b, c, f",
         "only what has a name in the text can be the output"),
    ],
)  # fmt: skip
def test_an_output_that_is_not_there(output: str, message: str, hint: str) -> None:
    with pytest.raises(backprop.BackpropError) as caught:
        backprop.parse(STAGED, output=output)
    assert (caught.value.message, caught.value.hint) == (message, hint)


def test_a_program_that_is_staged_has_its_output() -> None:
    with pytest.raises(backprop.BackpropError, match="gates, share and output go to parse"):
        backprop.evaluate(backprop.parse("a = x\na*2"), x=1, output="a")


@pytest.mark.parametrize("output", ["a", "b", "c", "f"])
def test_the_check_is_about_the_output(command: Command, output: str) -> None:
    values = ("--x=2", "--y=3", "--k=4", "--z=5")
    done = command("check", STAGED, *values, "--result", output, "--json")
    found = json.loads(done.stdout)
    value = {"a": 6, "b": 24, "c": 11, "f": 264}[output]
    assert (done.returncode, found["verdict"], float(found["value"]["exact"])) == (
        0,
        "agree",
        value,
    )


def test_random_points_and_arrays_are_checked_for_the_output(command: Command) -> None:
    ranges = ("--range", "x=1:2", "--range", "y=1:2", "--points", "3")
    done = command("check", STAGED, *ranges, "--z=4", "--result", "a")
    assert done.stdout.startswith("agree at 3 random points")
    done = command("check", NET, *VALUES[:3], "--result", "h", "--upstream", "ones")
    assert done.stdout.startswith("agree: ")


def test_compare_ends_with_the_output(command: Command) -> None:
    found = json.loads(command("compare", STAGED, "--result", "c", "--json").stdout)
    assert [row["name"] for row in found["rows"]] == ["a", "c"]
    assert found["rows"][1]["symbolic"]["derivative"] == {"x": "y", "y": "x", "z": "1"}
    args = ("--iterate", "l=x", "--times", "3", "--result", "m", "--json")
    found = json.loads(command("compare", "m = 4*l*(1-l)\nm*k", *args).stdout)
    assert [row["staged"]["total"] for row in found["rows"]] == [0, 7, 14]


def test_a_function_brings_the_statements_that_it_uses() -> None:
    text = "s = 2*x\ng(u) = u*s\nh(u) = g(u) + 1\nb = h(y)\nc = b*z"
    report = backprop.evaluate(text, x=3, y=5, output="b")
    assert (report.value, report.gradient) == (31, {"x": 10, "y": 6})


def test_no_gradient_comes_to_a_condition() -> None:
    found = dimensions("c = 2*A > 0\nsum(where(c, A, v))", {}, {"A": (2, 3), "v": "3"})
    reached = {sized.stage.name: sized.reached for sized in found.stages()}
    assert reached == {"q1": False, "c": False, "q2": True, "f": True}
    assert found.to_dict()["stages"][1]["gradient"] is None


def test_a_gradient_that_was_not_asked_for_is_not_saved(command: Command, tmp_path: Path) -> None:
    text = "z = 2*y\nexp(x)*sin(z)"
    command("eval", text, "--x=0", "--y=1", "--wrt", "x", "--save", "a.npz", cwd=tmp_path)
    assert sorted(saved(tmp_path / "a.npz")) == ["df", "dx", "f", "x", "y", "z"]


def test_a_point_may_hold_arrays(command: Command) -> None:
    done = command("eval", "sum(W @ x)", "--at", '{"W": [[1, 2], [3, 4]], "x": [1, 2]}', "--json")
    found = json.loads(done.stdout)
    assert found["gradient"] == {"W": [[1, 2], [1, 2]], "x": [4, 6]}
    again = command("eval", "sum(W @ x)", "--at", json.dumps(found["inputs"]), "--json")
    assert again.stdout == done.stdout
    done = command("eval", "sum(W)", "--at", '{"W": [[1, 2], [3]]}')
    assert done.returncode == 2
    assert "the value of W is ragged" in done.stderr
