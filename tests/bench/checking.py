"""The check of a gradient, whole processes, against SymPy alone on the whole expression.

`backprop check` asks SymPy too, but stage by stage, and starts from nothing; its time is that
on the wall. SymPy alone is loaded already, differentiates the expression as one and evaluates
it by lambdify; its time is the processor's (arena.py).
"""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from random import Random
from time import perf_counter

from arena import Failed, Seat, Timed, median, same
from installed import environment
from table import Row, at_most
from texts import Problem, mixed

TITLE = "The whole check"
LIMIT = 5
PATIENCE = 40.0  # seconds for SymPy alone
FINE = ("agree", "rounding")


def logistic(steps: int) -> Problem:
    """l1 = x, l2 = 4*l1*(1 - l1) and so on, written out: the text doubles with every step."""
    text = "x"
    for _ in range(steps - 1):
        text = f"4*({text})*(1 - ({text}))"
    return Problem(text, {"x": 0.2})


def product(count: int) -> Problem:
    random = Random(count)
    point = {f"x{number}": round(random.uniform(0.5, 2), 3) for number in range(count)}
    return Problem("*".join(point), point)


def sigmoids(depth: int) -> Problem:
    lines = [f"u{number + 1} = 1/(1 + exp(-u{number}))" for number in range(depth)]
    return Problem("\n".join([*lines, f"u{depth}"]), {"u0": 0.3})


def squares(count: int) -> Problem:
    """The loss of a line through data points, each of them in the text."""
    random = Random(count)
    data = [(round(random.uniform(-1, 1), 3), round(random.gauss(0, 1), 3)) for _ in range(count)]
    terms = [f"(w*({x}) + b - ({y}))**2" for x, y in data]
    return Problem(" + ".join(terms), {"w": 0.7, "b": -0.2})


PROBLEMS = {
    "logistic map, l12 as one expression": logistic(12),
    "product of 100 variables": product(100),
    "60 nested sigmoids": sigmoids(60),
    "sum over 1,000 data points": squares(1_000),
    "10,000 stages": mixed(10_000, 10_000),
}


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    for what, problem in PROBLEMS.items():
        ours = checked(folder, problem, rounds=1 if quick else 3)
        if isinstance(ours, str):
            yield Row(what, f"fails: {ours}", "an answer", False)
            continue
        row = at_most(what, ours.seconds, LIMIT, "s")
        yield row._replace(measured=f"{row.measured}; SymPy alone: {alone(problem, ours)}")


def checked(folder: Path, problem: Problem, rounds: int) -> Timed | str:
    """The median time of the command and what it said, or why that isn't a gradient to trust."""
    text, point = folder / "checked.bp", folder / "point.json"
    text.write_text(problem.text, "utf-8")
    point.write_text(json.dumps(problem.point), "utf-8")
    script = [sys.executable, str(folder / "bin" / "backprop")]
    command = [*script, "check", f"@{text}", f"--at={point}", "--json"]
    taken = []
    for _ in range(rounds):
        start = perf_counter()
        done = subprocess.run(command, env=environment(folder), capture_output=True, check=False)
        taken.append(perf_counter() - start)
        if not done.stdout:
            return f"exit code {done.returncode}"
    found = json.loads(done.stdout)
    if found["verdict"] not in FINE:
        return f"{found['verdict']}, {found['reason']}"
    return Timed(median(taken), float(found["value"]["exact"]), found["gradient"])


def alone(problem: Problem, ours: Timed) -> str:
    """What SymPy needs for the gradient, in a process that ends when patience does."""
    seat = Seat("SymPy")
    try:
        answer = seat.ask(problem, PATIENCE)
    finally:
        seat.leave()
    if isinstance(answer, Failed):
        return answer.reason
    return f"{answer.seconds:.2f} s{'' if same(ours, answer) else ', a different gradient'}"
