"""Worksheets: numbers that are right by SymPy, short enough to work out, and marked fairly,
whatever was done to the file."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from random import Random

import jsonschema
import numpy as np
import pytest
import sympy
from conftest import Command

from backprop.claims.numerals import numeral
from backprop.errors import BackpropError
from backprop.grading.marking import Result, mark
from backprop.grading.quiz import Quiz, Settings, length, make_quiz
from backprop.grading.worksheet import is_worksheet, read_worksheet, written
from backprop.language.parser import parse

PRODUCT = "(x+y)*z"
NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
STAGES = """\
sigy = 1.0 / (1 + math.exp(-y))   # sigmoid in the numerator
num = x + sigy
sigx = 1.0 / (1 + math.exp(-x))

xpy = x + y
den = sigx + xpy**2
f = num / den
"""
PROGRAMS = [
    PRODUCT,
    NEURON,
    STAGES,
    "max(x, y)*z - x",
    "a = 3; a*x + b",
    "x**2*y + y/x",
    "sin(x)*cos(y)",
]


def quiz(text: str, seed: int = 0, **values: float) -> Quiz:
    return make_quiz(parse(text), values, Settings(seed=seed))


def sheet(text: str, seed: int = 0, *, key: bool = False) -> str:
    return "".join(f"{line}\n" for line in written(quiz(text, seed), key=key))


def filled(**answers: str) -> Result:
    """The product's worksheet at x=-2, y=5, z=-4, with some answers."""
    lines = list(written(quiz(PRODUCT, x=-2.0, y=5.0, z=-4.0)))
    for name, answer in answers.items():
        (place,) = (k for k, line in enumerate(lines) if line.split("=")[0].strip() == name)
        lines[place] = lines[place].replace("____", answer)
    return mark(read_worksheet("\n".join(lines)))


def states(result: Result) -> dict[str, str]:
    return {cell.name: cell.state for cell in result.cells}


RIGHT = {"q": "3", "f": "-12", "dq": "-4", "dx": "-4", "dy": "-4", "dz": "3"}


# The numbers.


@pytest.mark.parametrize("text", [PRODUCT, "x**2*y + y/x", "sin(x)*cos(y)", "x*y*z + x"])
@pytest.mark.parametrize("seed", range(3))
def test_the_answers_are_sympys(text: str, seed: int) -> None:
    found = quiz(text, seed)
    expression = sympy.sympify(text)
    at = {sympy.Symbol(name): value for name, value in found.report.point.items()}
    answers = {(cell.part, cell.name): cell.answer for cell in found.cells}
    assert answers["forward", "f"] == pytest.approx(float(expression.subs(at)), rel=1e-12)
    for symbol in at:
        slope = float(sympy.diff(expression, symbol).subs(at))
        assert answers["backward", f"d{symbol}"] == pytest.approx(slope, rel=1e-12)


@pytest.mark.parametrize("text", PROGRAMS)
def test_every_number_of_both_passes_is_asked_for(text: str) -> None:
    found = quiz(text)
    program = found.report.program
    names = [program.labels[slot] for slot in program.stage_slots]
    assert [cell.name for cell in found.cells if cell.part == "forward"] == names
    assert [cell.name for cell in found.cells if cell.part == "backward"] == [
        f"d{name}" for name in [*reversed(names), *program.inputs]
    ]
    assert [cell.name for cell in found.cells if cell.given] == [f"d{program.output_name}"]


@pytest.mark.parametrize("text", [PRODUCT, "x**2*y + y*x", "max(x, y)*z - x", "(a*b + c)**2"])
@pytest.mark.parametrize("seed", range(5))
def test_numbers_are_short_and_tell_something(text: str, seed: int) -> None:
    found = quiz(text, seed)
    assert max(length(cell.answer) for cell in found.cells) <= 6
    assert 0 not in [cell.answer for cell in found.cells if cell.part == "forward"]
    assert len(set(found.report.point.values())) == len(found.report.point)
    assert found.report.notices == ()


def test_a_seed_always_gives_the_same_and_another_one_others() -> None:
    points = [tuple(quiz(NEURON, seed).report.point.items()) for seed in (1, 1, 2, 3)]
    assert points[0] == points[1]
    assert len(set(points)) == 3


def test_given_values_stay() -> None:
    found = quiz("a = 3; a*x + b", x=2.5)
    assert (found.report.point["x"], found.report.point["a"]) == (2.5, 3.0)


@pytest.mark.parametrize(
    ("text", "values", "message"),
    [
        ("sum(x)", {"x": [1.0] * 37}, "x is 37: a worksheet takes arrays of up to 36 entries"),
        ("sum(x + zeros(6, 7))", {}, "q is 6x7: a worksheet takes arrays of up to 36 entries"),
        ("2 + 3", {}, "there is nothing to ask: the program has no stage or no input"),
        ("x", {}, "there is nothing to ask: the program has no stage or no input"),
        ("log(-exp(x))", {}, "no small inputs were found for which all values are finite"),
        ("log(x)", {"x": -1.0}, "not all values and gradients are finite for these inputs"),
        ("x*y", {"x": "1+"}, "the text ends after `+`, but an operand has to follow"),
        ("+".join(f"sin({k}*x)" for k in range(2, 60)), {},
         "173 stages are too many for a worksheet; 100 fit"),
    ],
)  # fmt: skip
def test_what_no_quiz_can_be_made_of(text: str, values: dict[str, float], message: str) -> None:
    with pytest.raises(BackpropError) as caught:
        make_quiz(parse(text), values, Settings())
    assert caught.value.message == message


# The worksheet.


def test_the_worksheet_whole() -> None:
    lines = written(quiz(PRODUCT, x=-2.0, y=5.0, z=-4.0))
    assert (
        "\n".join(lines)
        == """\
backprop worksheet

Fill in the blanks, then: backprop check @FILE
Three digits are enough where a number has more; 1/3 or exp(-1) will do as well.

settings: seed=0

program:
  (x+y)*z

inputs:
  x = -2
  y = 5
  z = -4

forward:
  q = x + y = ____
  f = q * z = ____

backward, from the output on:
  df = 1
  dq = ____
  dx = ____
  dy = ____
  dz = ____"""
    )


@pytest.mark.parametrize("text", PROGRAMS)
@pytest.mark.parametrize("gates", ["written", "fine", "fused"])
def test_the_key_is_all_right_and_the_blank_all_empty(text: str, gates: str) -> None:
    made = make_quiz(parse(text), {}, Settings(gates=gates, share=False, ties="split", seed=4))
    for key, state in ((True, "right"), (False, "empty")):
        found = mark(read_worksheet("\n".join(written(made, key=key))))
        assert set(states(found).values()) == {state}
        assert found.exit_code == (0 if key else 3)


def test_the_key_of_a_part_is_right() -> None:
    from backprop.language.ending import ending

    made = make_quiz(ending(parse(STAGES), "xpy"), {}, Settings())
    found = mark(read_worksheet("\n".join(written(made, key=True))))
    assert states(found) == dict.fromkeys(["xpy", "dx", "dy"], "right")


def test_a_program_with_line_ends_of_another_system_is_read_again() -> None:
    made = make_quiz(parse("\r\na = x\t* y\r\nf = a*x # last\r\n"), {}, Settings())
    text = "".join(f"{line}\n" for line in written(made, key=True))
    assert ("\r" in text, mark(read_worksheet(text)).exit_code) == (False, 0)


def test_what_is_a_worksheet() -> None:
    assert is_worksheet("\ufeff\n" + sheet(PRODUCT))
    assert not is_worksheet(PRODUCT)


# Marking.


@pytest.mark.parametrize(
    ("wrong", "expected", "hint"),
    [
        ({"dq": "4"}, {"dq": "wrong"}, "the sign is wrong"),
        ({"q": "-3"}, {"q": "wrong"}, "the sign is wrong"),
        ({"dz": "-2"}, {"dz": "wrong"}, "dz = df * q"),
        ({"dx": "1"}, {"dx": "wrong"}, "the local derivative alone, without dq; dx = dq"),
        ({"dz": "1"}, {"dz": "wrong"}, "the local derivative is left out; dz = df * q"),
        ({"q": "7", "f": "-28"}, {"q": "wrong", "f": "carried"}, ""),
        ({"dq": "5", "dx": "5"}, {"dq": "wrong", "dx": "carried"}, "dq = df * z"),
        ({"q": "7", "dz": "7"}, {"q": "wrong", "dz": "carried"}, ""),
        ({"f": ""}, {"f": "empty"}, ""),
        ({"f": "???"}, {"f": "empty"}, ""),
        ({"f": "twelve"}, {"f": "unreadable"}, "twelve is not a number"),
        ({"f": "[1, 2]"}, {"f": "unreadable"}, "[1, 2] is not a number"),
        ({"f": "1e999"}, {"f": "unreadable"}, "`1e999` is larger than any float"),
        ({"f": "-24/2"}, {}, ""),
        ({"f": "-12.0  # by hand"}, {}, ""),
        ({"f": "-12.4"}, {"f": "wrong"}, ""),
    ],
)  # fmt: skip
def test_a_cell_is_marked_by_what_is_right_before_it(
    wrong: dict[str, str], expected: dict[str, str], hint: str
) -> None:
    found = filled(**{**RIGHT, **wrong})
    assert states(found) == {**dict.fromkeys(RIGHT, "right"), **expected}
    first = next((cell for cell in found.cells if cell.state != "right"), None)
    assert (first.hint if first else "") == hint
    empty = set(expected.values()) == {"empty"}
    assert found.exit_code == (3 if empty else 1 if expected else 0)


def test_one_contribution_of_several_is_told() -> None:
    text = "\n".join(written(quiz("x*y + x", x=2.0, y=3.0), key=True)).replace("dx = 4", "dx = 3")
    (wrong,) = (cell for cell in mark(read_worksheet(text)).cells if cell.state != "right")
    assert (wrong.name, wrong.hint) == (
        "dx", "one of 2 contributions: gradients add up at forks; dx = dq * y + df",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("answer", "right", "fits", "tells"),
    [
        ("0.196612", 0.19661193, True, True), ("0.197", 0.19661193, True, True),
        ("0.20", 0.19661193, True, False), ("0.2", 0.19661193, True, False),
        ("0.196", 0.19661193, False, False), ("-0.197", 0.19661193, False, False),
        ("3", 3.14159, True, False), ("3.14", 3.14159, True, True), ("3.15", 3.14159, False, False),
        ("22/7", 3.14159265, False, False), ("pi", 3.141592653589793, True, True),
        ("0", 0.0, True, True), ("0", 1e-9, False, False), ("0.0", 0.04, False, False),
        ("1e3", 1234.0, True, False), ("1.23e3", 1234.0, True, True), ("12", 12.0, True, True),
        ("0.5", 0.5, True, True), ("-.5", -0.5, True, True), ("1_000", 1000.0, True, True),
        ("1e300*10", 1e301, True, True), ("5", float("inf"), False, False),
        ("9**9**9", 3.0, False, False),
    ],
)  # fmt: skip
def test_a_number_is_right_as_far_as_its_digits_reach(
    answer: str, right: float, fits: bool, tells: bool
) -> None:
    found = numeral("x", answer)
    assert (found.fits(right), found.tells(right)) == (fits, tells)


def test_rounding_on_the_way_is_no_mistake() -> None:
    """Three digits each, and the next from those: what that adds up to is not wrong."""
    lines = list(written(make_quiz(parse(NEURON), {}, Settings(seed=2)), key=True))
    short = [
        f"{line.rpartition('=')[0]}= {float(line.rpartition('=')[2]):.3g}" if k > 16 and "=" in line else line
        for k, line in enumerate(lines)
    ]  # fmt: skip
    assert set(states(mark(read_worksheet("\n".join(short)))).values()) == {"right"}


# Whatever was done to the file.


def test_rows_may_be_lost_moved_doubled_and_made_up() -> None:
    text = sheet(PRODUCT, 7, key=True)
    lost = "\n".join(line for line in text.splitlines() if "dq =" not in line)
    assert states(mark(read_worksheet(lost)))["dq"] == "empty"
    found = mark(read_worksheet(text + "  dq = 5\n  dv = 3\n  nonsense\n"))
    assert [(cell.name, cell.state) for cell in found.cells[-3:]] == [
        ("dq", "unknown"), ("dv", "unknown"), ("nonsense", "unknown"),
    ]  # fmt: skip
    assert found.count("right") == 6
    assert mark(read_worksheet(text.replace("\n", "\r\n"))).exit_code == 0


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("  (x+y)*z", "", "the worksheet has no program"),
        ("  (x+y)*z", "  (x+y*z", "this bracket is never closed"),
        ("  x = -2", "", "the worksheet has no value for x"),
        ("  x = -2", "  x = -2\n  x = 3", "line 13: x has a value already"),
        ("  x = -2", "  x = -2\n  v = 3", "the program has no variable v; it has x, y, z"),
        ("  x = -2", "  x = two", "two is not a number"),
        ("  x = -2", "  x = inf", "the value of x is inf, not a finite number"),
        ("  x = -2", "  x = [1, 2", "this bracket is never closed"),
        ("seed=0", "gates=big", "the worksheet's gates can be written, fine, fused, not big"),
        ("seed=0", "output=w", "there is no statement called w; the program has f"),
    ],
)
def test_what_a_worksheet_can_not_do_without(old: str, new: str, message: str) -> None:
    text = "\n".join(written(quiz(PRODUCT, x=-2.0, y=5.0, z=-4.0)))
    assert old in text
    with pytest.raises(BackpropError) as caught:
        mark(read_worksheet(text.replace(old, new)))
    assert caught.value.message == message


def test_an_error_points_at_the_worksheets_own_line() -> None:
    text = sheet(PRODUCT).replace("(x+y)*z", "(x+y)*zz)")
    with pytest.raises(BackpropError) as caught:
        read_worksheet(text)
    assert (caught.value.line, caught.value.column) == (9, 11)


def test_a_mangled_worksheet_never_ends_in_a_fault() -> None:
    random = Random(11)
    for text in (sheet(PRODUCT, key=True), sheet(STAGES, key=True), sheet(NEURON)):
        for _ in range(250):
            letters = list(text)
            for _ in range(random.randint(1, 12)):
                place = random.randrange(len(letters))
                match random.randrange(4):
                    case 0:
                        letters[place] = random.choice("=#:_-+*/()[]0123456789.exyzqd \n\t,%\x00é")
                    case 1:
                        del letters[place : place + random.randint(1, 30)]
                    case 2:
                        letters.insert(
                            place, random.choice(["\n", " = ", "1e999", "inf", "nan", "[1]", "=="])
                        )
                    case _:
                        letters[place:place] = letters[place : place + 40]
                if not letters:
                    letters = ["x"]
            try:
                mark(read_worksheet("".join(letters)))
            except BackpropError:
                continue


# The command.


def test_from_a_quiz_to_its_marks(command: Command, tmp_path: Path) -> None:
    made = command("quiz", PRODUCT, "--x=-2", "--y=5", "--z=-4")
    assert (made.returncode, made.stderr) == (0, "")
    text = made.stdout.replace("q = x + y = ____", "q = x + y = 3").replace("dq = ____", "dq = 4")
    (tmp_path / "sheet.txt").write_text(text)
    done = command("check", "@sheet.txt", cwd=tmp_path)
    assert (done.returncode, done.stderr, done.stdout) == (1, "", """\
right      q = x + y = 3
empty      f = q * z = ____
wrong      dq = 4   the sign is wrong
empty      dx = ____
empty      dy = ____
empty      dz = ____
1 of 6 right, 1 wrong, 4 empty
""")  # fmt: skip
    piped = command("check", "-", text=text)
    assert (piped.returncode, piped.stdout) == (1, done.stdout)
    assert command("check", "@sheet.txt", "--quiet", cwd=tmp_path).stdout == ""


def test_the_key_by_the_command(command: Command) -> None:
    key = command("quiz", NEURON, "--seed=7", "--key")
    assert command("check", "-", text=key.stdout).returncode == 0
    assert command("quiz", NEURON, "--seed=7", "--key").stdout == key.stdout


def test_json_fits_its_schema(command: Command) -> None:
    key = command("quiz", NEURON, "--key")
    for name, done in {
        "quiz": command("quiz", NEURON, "--json"),
        "worksheet": command("check", "-", "--json", text=key.stdout.replace("q3 = ", "q = ")),
    }.items():
        found = json.loads(done.stdout)
        schema = json.loads(files("backprop.schemas").joinpath(f"{name}.json").read_text("utf-8"))
        jsonschema.validate(found, schema)
    assert (found["passed"], found["right"], found["asked"]) == (False, 18, 20)
    keyed = json.loads(command("quiz", NEURON, "--json", "--key").stdout)
    assert None not in [cell["answer"] for cell in keyed["cells"]]


@pytest.mark.parametrize(
    ("option", "message"),
    [
        ("--x=3", "error: a worksheet has all it needs: leave out --x"),
        ("--points=3", "error: a worksheet has all it needs: leave out --points"),
        ("--claim=x=3", "error: a worksheet has all it needs: leave out --claim"),
        ("--gates=fine", "error: a worksheet has all it needs: leave out --gates"),
    ],
)
def test_a_worksheet_is_all_there_is(command: Command, option: str, message: str) -> None:
    done = command("check", "-", option, text=sheet(PRODUCT))
    assert (done.returncode, done.stdout, done.stderr.splitlines()[0]) == (2, "", message)


def test_a_damaged_worksheet_is_said_with_its_name(command: Command, tmp_path: Path) -> None:
    (tmp_path / "sheet.txt").write_text(sheet(PRODUCT).replace("(x+y)*z", "(x+y)*"))
    done = command("check", "@sheet.txt", cwd=tmp_path)
    assert (done.returncode, done.stderr.splitlines()[0].split(": ")[:3]) == (
        2, ["error", "sheet.txt", "line 9, column 9"],
    )  # fmt: skip


def test_a_quiz_loads_neither_numpy_nor_sympy() -> None:
    import subprocess
    import sys

    code = (
        "import sys; from backprop.cli.main import run; run(['quiz', 'x*sin(y)']); "
        "print({'numpy', 'sympy', 'mpmath', 'rich'} & {*sys.modules}, file=sys.stderr)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stderr == "set()\n"


# Arrays.

LAYER = "h = W@x + b; sum(h**2)"
SIZES: dict[str, tuple[int, ...]] = {"W": (2, 3), "x": (3,), "b": (2,)}
ARRAY_PROGRAMS: list[tuple[str, dict[str, tuple[int, ...]]]] = [
    (LAYER, SIZES),
    ("X@W + b", {"X": (3, 2), "W": (2, 2), "b": (2,)}),
    ("sum(softmax(X@W, axis=1)*y)", {"X": (2, 3), "W": (3, 2), "y": (2, 2)}),
    ("A = X.T @ X; sum(A[0]*k) + trace(A)", {"X": (2, 2)}),
    ("sum(maximum(W@x, 0))*k", {"W": (3, 2), "x": (2,)}),
    ("mean(x) + sum(x/norm(x)*y)", {"x": (3,), "y": (3,)}),
]


def array_quiz(text: str, shapes: dict[str, tuple[int, ...]], seed: int = 7) -> Quiz:
    return make_quiz(parse(text), {}, Settings(seed=seed), shapes)


@pytest.mark.parametrize(("text", "shapes"), ARRAY_PROGRAMS, ids=[t for t, _ in ARRAY_PROGRAMS])
def test_the_key_of_arrays_is_all_right_and_the_blank_all_empty(
    text: str, shapes: dict[str, tuple[int, ...]]
) -> None:
    made = array_quiz(text, shapes)
    for key, state in ((True, "right"), (False, "empty")):
        found = mark(read_worksheet("\n".join(written(made, key=key))))
        assert {cell.state for cell in found.cells} == {state}
        assert found.exit_code == (0 if key else 3)


def test_the_answers_of_arrays_are_numpys() -> None:
    found = array_quiz(LAYER, SIZES)
    w, x, b = (np.asarray(found.report.point[name]) for name in "Wxb")
    h = w @ x + b
    right = {
        ("forward", "q1"): w @ x, ("forward", "h"): h, ("forward", "f"): np.sum(h**2),
        ("backward", "dh"): 2*h, ("backward", "dW"): np.outer(2*h, x),
        ("backward", "dx"): w.T @ (2*h), ("backward", "db"): 2*h,
    }  # fmt: skip
    answers = {(cell.part, cell.name): cell.answer for cell in found.cells}
    for key, value in right.items():
        np.testing.assert_allclose(answers[key], value, rtol=1e-12)
    shapes = {cell.name: cell.answer for cell in found.cells if cell.part == "shapes"}
    assert shapes == {"q1": "2", "h": "2", "q2": "2", "f": "a number"}


def test_numbers_in_arrays_are_small() -> None:
    for text, shapes in ARRAY_PROGRAMS[:2]:
        for value in array_quiz(text, shapes).report.point.values():
            assert set(np.ravel(value)) <= {*range(-4, 6)}


@pytest.mark.parametrize(
    ("part", "name", "answer", "state", "hint"),
    [
        ("shapes", "q1", "(2,)", "right", ""),
        ("shapes", "f", "1", "right", ""),
        ("shapes", "q1", "2x3", "wrong", "W is 2x3, x is a vector of 3"),
        ("shapes", "q1", "long", "unreadable",
         "the shape of q1 is not whole numbers with x between: long"),
        ("formulas", "dW", "dq1[:, None]*x", "right", ""),
        ("formulas", "dW", "np.outer(dh, x)", "right", ""),
        ("formulas", "dh", "2*h*df", "right", ""),
        ("formulas", "dW", "outer(x, dq1)", "wrong",
         "the factors stand in the wrong order: outer(dq1, x)"),
        ("formulas", "dx", "W @ dq1", "wrong",
         "W is 2x3, dq1 is a vector of 2: W @ dq1 needs the 3 and the 2 to be equal"),
        ("formulas", "db", "sum(dh)", "wrong", "the sum should not be there: dh"),
        ("formulas", "dh", "dq2*h", "wrong", "it is 1/2 times what is right"),
        ("formulas", "dh", "-2*h*df", "wrong", "the sign is wrong"),
        ("formulas", "dx", "W.T @ dq9", "wrong", "the program has no dq9"),
        ("formulas", "dx", "W.T @ (", "unreadable", "this bracket is never closed"),
        ("backward", "db", "[-2 -6]", "right", ""),
        ("backward", "db", "[-2, -12/2]", "right", ""),
        ("backward", "db", "[2, 6]", "wrong", "the sign is wrong"),
        ("backward", "db", "-8", "wrong", "it is a number, and db has to be a vector of 2"),
        ("backward", "db", "[-2, -6", "unreadable", "no array"),
        ("backward", "db", "[-2, [6]]", "unreadable", "no array"),
        ("backward", "db", "[]", "wrong", "it is a vector of 0, and db has to be a vector of 2"),
        ("backward", "dW", "[[4, 12], [2, 6], [-4, -12]]", "wrong",
         "it is 3x2, and dW has to be 2x3"),
        ("forward", "h", "[-1, -3.4]", "wrong", ""),
    ],
)  # fmt: skip
def test_a_cell_about_arrays_is_marked(
    part: str, name: str, answer: str, state: str, hint: str
) -> None:
    lines = list(written(array_quiz(LAYER, SIZES), key=True))
    start = next(k for k, line in enumerate(lines) if line.startswith(part))
    place = next(k for k in range(start, len(lines)) if lines[k].split("=")[0].strip() == name)
    lines[place] = f"{lines[place].rpartition('=')[0]}= {answer}"
    found = {(cell.part, cell.name): cell for cell in mark(read_worksheet("\n".join(lines))).cells}
    cell = found.pop((part, name))
    assert (cell.state, cell.hint[: len(hint)] if hint != "no array" else hint) == (state, hint)
    assert hint != "no array" or "is no array" in cell.hint
    assert {one.state for one in found.values()} <= {"right", "carried"}


def test_an_array_that_follows_from_a_wrong_one_is_carried() -> None:
    text = "\n".join(written(array_quiz(LAYER, SIZES), key=True))
    text = text.replace("dq1 = [-2, -6]", "dq1 = [1, 2]").replace(
        "dx  = [-22, -16, -20]", "dx  = [8, 6, 7]"
    )
    wrong = [cell for cell in mark(read_worksheet(text)).cells if cell.state != "right"]
    assert [(cell.name, cell.state, cell.hint) for cell in wrong if cell.name in ("dq1", "dx")] == [
        ("dq1", "wrong", "dq1 = dh"), ("dx", "carried", "right for the wrong dq1 above"),
    ]  # fmt: skip
