"""Emitted code computes what the engine computes: in Python, C and JavaScript, for the cases of
the notes, at all corners, for random programs, and for every gate at its special points.

Python and C call the very functions that the engine calls, and agree in every bit here; four
units in the last place are let pass for other systems. JavaScript has functions of its own.
"""

from __future__ import annotations

import json
from functools import cache
from itertools import product
from math import inf, nan
from pathlib import Path

import pytest
from campaigns.special import DRAWS
from counts import cases
from emitted import FLAGS, LANGUAGES, UNWRITTEN, Job, allowed, answers, job, ulps, worst, written
from mpmath import mp
from oracle import points
from programs import sample
from test_special_points import SPECIAL, arities

import backprop
from backprop.arithmetic.system import TIES
from backprop.arithmetic.texts import form
from backprop.emitting import emit
from backprop.gates import scalars
from backprop.program.stager import GRANULARITIES

GATES = scalars()

CASES = Path(__file__).parent / "cases"
MOST = 4  # units in the last place


def wrong(language: str, jobs: list[Job], folder: Path) -> list[str]:
    """Where code departs from the engine further than another library of functions may."""
    found = []
    for work, rows in zip(jobs, answers(language, jobs, folder), strict=True):
        for point, row, expected in zip(work.points, rows, work.engine(), strict=True):
            off = worst(row, expected)
            if off > MOST and off > allowed(work, point, expected):
                text = work.program.text[:200]
                found.append(f"{text} at {dict(point)}: {row}, expected {expected}")
    return found


@pytest.fixture(params=LANGUAGES)
def language(request: pytest.FixtureRequest) -> str:
    return str(request.param)


# The notes and the corners.


def told(name: str) -> list[tuple[str, dict[str, float]]]:
    cases = json.loads((CASES / name).read_text("utf-8"))["cases"]
    found = [(case.get("program") or case.get("expr"), case["point"]) for case in cases]
    return [
        (text, {name: float(value) for name, value in point.items()})
        for text, point in found
        if all(isinstance(value, (int, float, str)) for value in point.values())
    ]


@cache
def lecture_and_corners() -> list[Job]:
    jobs = []
    for text, point in told("lecture.json") + told("corners.json"):
        try:
            program = backprop.parse(text, given=point)
        except backprop.BackpropError:
            continue
        if not program.arrays:
            kept = {name: value for name, value in point.items() if name in program.inputs}
            jobs += [job(text, kept, gates=gates) for gates in GRANULARITIES]
    return jobs


def test_nearly_all_cases_are_about_numbers() -> None:
    assert len(lecture_and_corners()) >= 250


def test_the_notes_and_all_corners(language: str, tmp_path: Path) -> None:
    assert wrong(language, lecture_and_corners(), tmp_path) == []


# Random programs.


@cache
def random_programs() -> list[Job]:
    found = [sample(f"code {seed}") for seed in range(cases(120, 300))]
    return [
        job(one.text, one.point, gates=GRANULARITIES[k % 3], ties=TIES[k // 3 % 3])
        for k, one in enumerate(found)
    ]


def test_random_programs(language: str, tmp_path: Path) -> None:
    assert wrong(language, random_programs(), tmp_path) == []


# Every gate.


@cache
def every_gate() -> list[Job]:
    jobs = []
    for name, gate in GATES.items():
        for count in arities(name):
            names = [f"v{place}" for place in range(count)]
            special = [*product(SPECIAL, repeat=count)]
            fed = [p for p in points(name, cases(12, 40)) if len(p) == count] + special[
                :: len(special) // cases(40 if name in DRAWS else 250, 900) + 1
            ]
            at = [dict(zip(names, point, strict=True)) for point in fed]
            text = form(name, count)(*names)
            chosen = TIES if gate.ties else TIES[:1]
            jobs += [job(text, *at, gates="written", ties=ties) for ties in chosen]
    return jobs


def test_every_gate_at_its_samples_and_at_special_points(language: str, tmp_path: Path) -> None:
    assert wrong(language, written(language, every_gate()), tmp_path) == []


NUMPYS_OWN = {("pow", "0.5"), ("powc", "0.5")}  # it takes the root, which -inf has none of


def test_constants_in_every_place_of_every_gate(language: str, tmp_path: Path) -> None:
    jobs = []
    for name in GATES:
        for count in arities(name):
            for place, constant in product(range(count), ("0", "1", "2", "0.5", "(-1)", "(-0.0)")):
                names = [f"v{k}" for k in range(count)]
                names[place] = constant
                free = [name for name in names if name[0] == "v"]
                at = [
                    dict.fromkeys(free, value) for value in (0.0, -0.0, 0.75, -3.0, inf, -inf, nan)
                ]
                if language == "numpy" and (name, constant) in NUMPYS_OWN:
                    at = [point for point in at if -inf not in point.values()]
                if free:
                    jobs.append(job(form(name, count)(*names), *at, gates="written"))
    assert wrong(language, written(language, jobs), tmp_path) == []


@pytest.mark.parametrize("text", ["polygamma(2, x)", "trigamma(x)", "gamma(x)"])
def test_what_a_language_lacks_is_refused_by_name(language: str, text: str) -> None:
    program = backprop.parse(text)
    if not UNWRITTEN[language].intersection(program.gates):
        assert emit(program, language)
        return
    with pytest.raises(backprop.BackpropError, match=r"^(polygamma|gamma) is not written in"):
        emit(program, language)


def test_a_folded_pattern_is_what_it_replaces(language: str, tmp_path: Path) -> None:
    texts = [text.partition(" => ")[0] for gate in GATES.values() for text in gate.closes]
    at = [{"a": a, "b": b} for a, b in product((-800.0, -0.5, 0.0, 2.5, 800.0), (-1.0, 3.0))]
    jobs = []
    for text in texts:
        names = backprop.parse(text).inputs
        jobs.append(job(text, *[{n: point[n] for n in names} for point in at]))
    assert wrong(language, jobs, tmp_path) == []


# Nothing flows where nothing was chosen.

BRANCHES = (
    "where(x > 1, log(x - 1), y) + y",
    "where(x, log(y), sqrt(y))*log(y)",
    "relu(relu(relu(relu(log(x)))*y)*y)",
    "max(log(x), y)*min(log(x), 1/y) + relu(log(x))",
    "clip(1/x, log(y), y) + clip(x, y, 2)",
    "q = log(x)\\nwhere(x > 1, q, y)*where(y > 1, q, x) + relu(q)*y",
    "q = x/y\\nr = where(x > y, q, relu(q))\\nmax(q, r, 1/x)",
    "max(x, x) + min(y, y, x) + where(x, x, x) + max(x, 2)",
    "max(x, y, x)/max(1/x, 1/y)",
    "where(where(x > 0, log(x), y) > 0, sqrt(x), where(y > 0, log(y), 0))",
    "a = relu(x)\\nb = relu(y)\\nc = relu(a - 2b)\\nd = relu(b - 3a)\\nlog(c)*d + log(d) + a*b",
    "(x > y)*x + (x == y) + -(x < y)",
    "sign(x)*log(y) + floor(x) + round(y)*x",
)


# Where 0 and -0 are equally large NumPy takes either.
UNSIGNED = {("numpy", "max(x, y, x)/max(1/x, 1/y)")}


@pytest.mark.parametrize("ties", TIES)
def test_what_a_branch_does_not_reach(language: str, ties: str, tmp_path: Path) -> None:
    values = (0.0, -0.0, 1.0, 2.0, -1.0, 0.5, inf, -inf, nan)[:: cases(2, 1)]
    at = [{"x": x, "y": y} for x, y in product(values, repeat=2)]
    jobs = [job(text.replace("\\n", "\n"), *at, gates=g, ties=ties)
            for text in BRANCHES if (language, text) not in UNSIGNED for g in ("written", "fused")]  # fmt: skip
    assert wrong(language, jobs, tmp_path) == []


# The tests can fail.


@pytest.mark.parametrize(
    ("text", "right", "mistaken"),
    [
        ("x*y + x", "dx += y * dq", "dx = y * dq"),
        ("sigmoid(x)*y", "sigmoid(-x)", "sigmoid(x)"),
        ("1/x + y", "-q * q * dq", "-q * dq"),
        ("where(x > 2, log(x - 2), y) + y", "if q1 != 0:", "if True:"),
        ("max(x, y)", "if x >= y or f != f:", "if x > y or f != f:"),
    ],
)
def test_a_planted_mistake_is_seen(
    text: str, right: str, mistaken: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    good = job(text, *[{"x": x, "y": 3.0} for x in (3.0, 2.0, 1.0)])
    assert wrong("python", [good], tmp_path) == []
    code = good.emitted("python", "emitted")
    assert right in code
    monkeypatch.setattr(Job, "emitted", lambda *_: code.replace(right, mistaken))
    assert wrong("python", [good], tmp_path) != []


def test_units_in_the_last_place() -> None:
    assert ulps(1.0000000000000002, 1.0) == 1
    assert ulps(nan, nan) == 0
    assert ulps(1.0, inf) == ulps(nan, 1.0) == ulps(-inf, inf) == inf


# Long programs.


def chain(stages: int) -> Job:
    lines = [f"s{k + 1} = sin(s{k})*y + max(s{k}, y)" for k in range(stages // 3)]
    text = "\n".join(lines).replace("s0", "x")
    return job(text, {"x": 0.5, "y": 1.25}, gates="written")


@pytest.fixture
def quickly_compiled(monkeypatch: pytest.MonkeyPatch) -> None:
    """An optimizer looks at a long function for minutes."""
    monkeypatch.setattr("emitted.FLAGS", FLAGS[:-1])


@pytest.mark.usefixtures("quickly_compiled")
def test_thousands_of_stages_run(language: str, tmp_path: Path) -> None:
    long = chain(cases(2_000, 10_000))
    assert long.program.size >= 1_999
    assert wrong(language, [long], tmp_path) == []


@pytest.mark.usefixtures("quickly_compiled")
def test_gates_of_many_operands(language: str, tmp_path: Path) -> None:
    point = {f"v{k}": float(k * 7919 % 300) for k in range(300)}
    jobs = [job(f"{name}({', '.join(point)})", point) for name in ("max", "min", "hypot")]
    assert wrong(language, jobs, tmp_path) == []


@pytest.mark.parametrize("name", ["erf", "erfc"])
def test_the_error_functions_are_right_up_to_their_tails(
    language: str, name: str, tmp_path: Path
) -> None:
    """Against mpmath, since JavaScript has none of its own."""
    at = [{"x": sign * (k / 61) ** 2} for k in range(320) for sign in (1, -1)]
    [rows] = answers(language, [job(f"{name}(x)", *at)], tmp_path)
    with mp.workdps(40):
        exact = [float(getattr(mp, name)(mp.mpf(point["x"]))) for point in at]
    off = [ulps(row[0], true) for row, true in zip(rows, exact, strict=True) if abs(true) > 1e-307]
    assert max(off) <= MOST
