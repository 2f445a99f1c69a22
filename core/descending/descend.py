"""Descending a program: the one call of `backprop descend`. A program in, a Descent out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import Any

from backprop.arithmetic.system import TIES
from backprop.descending.course import Course, Step
from backprop.descending.diagnosis import Verdict, verdict
from backprop.descending.limits import check_start, read_limits
from backprop.descending.methods import BORROWED, METHODS, NAMES, USUAL, Memory, checked_memory
from backprop.descending.objective import Objective, ProgramObjective
from backprop.descending.quantities import Limits, Point
from backprop.descending.schedule import rates_of
from backprop.descending.walking import walk
from backprop.errors import UsageError, closest
from backprop.evaluation import arrays_in, checked_gates, checked_wrt, prepared, staged
from backprop.language.syntax import Tree
from backprop.program import Program
from backprop.report import plain
from backprop.values import Value, point

SCHEMA = "backprop/descend/1"
STEP_SCHEMA = "backprop/descend-step/1"
RATE = 0.01
STEPS = 1_000
MOST_STEPS = 1_000_000
TOL = 1e-8


@dataclass(frozen=True)
class Choice:
    """How to descend. Without a rate it is 0.01; SciPy's methods have none."""

    method: str = "descent"
    lr: float | None = None
    schedule: str = "constant"
    steps: int = STEPS
    tol: float = TOL
    momentum: float = USUAL.momentum
    betas: tuple[float, float] = USUAL.betas
    batch: int | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in NAMES:
            near = closest(self.method, list(NAMES))
            raise UsageError(
                f"no method is called {self.method}; there are {', '.join(NAMES)}",
                hint=f"did you mean {near}?" if near else "",
            )
        if self.lr is not None and not (isfinite(self.lr) and self.lr > 0):
            raise UsageError(f"--lr is a rate above 0, not {self.lr:g}")
        if not self.rated and (self.lr is not None or self.schedule != "constant"):
            raise UsageError(f"{self.method} chooses its own steps: it takes no --lr or --schedule")
        if not 1 <= self.steps <= MOST_STEPS:
            raise UsageError(f"--steps can be 1 to {MOST_STEPS:,}, not {self.steps:,}")
        if not 0 <= self.tol < float("inf"):
            raise UsageError(f"--tol is a slope of 0 or more, not {self.tol:g}")
        if self.batch is not None and self.batch < 1:
            raise UsageError(f"--batch is 1 row or more, not {self.batch}")
        if not self.rated and self.batch is not None:
            raise UsageError(f"{self.method} needs all rows at every step: it takes no --batch")
        checked_memory(self.memory)

    @property
    def rated(self) -> bool:
        return self.method not in BORROWED

    @property
    def memory(self) -> Memory:
        return Memory(self.momentum, self.betas)

    @property
    def rate(self) -> float | None:
        return (RATE if self.lr is None else self.lr) if self.rated else None


@dataclass(frozen=True, eq=False, repr=False)
class Descent:
    program: Program
    choice: Choice
    fixed: Mapping[str, Any]  # the inputs that stay
    rows: int | None  # of data
    course: Course
    verdict: Verdict

    @property
    def status(self) -> str:
        return self.verdict.status

    @property
    def fine(self) -> bool:
        return self.status in ("converged", "steps")

    @property
    def steps(self) -> int:
        """Moves that were made."""
        return len(self.course.values) - 1

    @property
    def last(self) -> Step | None:
        """The last point with finite numbers, if there is any."""
        return self.course.last

    @property
    def point(self) -> Point:
        """Every input after the descent, as `--at` reads it."""
        moved = self.course.last.point if self.course.last else {}
        order = [name for name in self.program.inputs if name in self.fixed or name in moved]
        return {name: moved[name] if name in moved else self.fixed[name] for name in order}

    def to_dict(self) -> dict[str, Any]:
        last, choice = self.last, self.choice
        return {
            "schema": SCHEMA,
            "expression": self.program.text,
            "output": self.program.output_name,
            "method": choice.method,
            "lr": choice.rate,
            "schedule": choice.schedule if choice.rated else None,
            "tol": choice.tol,
            "rows": self.rows,
            "batch": choice.batch,
            "status": self.status,
            "reason": self.verdict.reason,
            "stage": self.verdict.stage or None,
            "hint": self.verdict.hint or None,
            "steps": self.steps,
            "value": plain(last.value) if last else None,
            "gradient": plain_point(last.gradient) if last else None,
            "point": plain_point(self.point),
            "shown": [step_dict(step) for step in self.course.rows()],
            "values": [plain(value) for value in self.course.values],
        }


def plain_point(point: Point) -> dict[str, Any]:
    return {name: plain(value) for name, value in point.items()}


def step_dict(step: Step) -> dict[str, Any]:
    """A step as JSON; a line of the trace, but for its schema."""
    return {
        "step": step.number,
        "value": plain(step.value),
        "point": plain_point(step.point),
        "gradient": plain_point(step.gradient),
        "lr": step.rate,
    }


def descend(
    program: str | Tree,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    wrt: Iterable[str] | None = None,
    bounds: Sequence[str] = (),
    gates: str = "written",
    ties: str = "notes",
    columns: Mapping[str, Any] | None = None,
    spare: Collection[str] = (),
    tell: Callable[[Step], None] | None = None,
    method: str = "descent",
    lr: float | None = None,
    schedule: str = "constant",
    steps: int = STEPS,
    tol: float = TOL,
    momentum: float = USUAL.momentum,
    betas: tuple[float, float] = USUAL.betas,
    batch: int | None = None,
    seed: int = 0,
    **named: Value,
) -> Descent:
    """Move the inputs `wrt`, all unless given, against the gradient, from these values on.

    With `columns`, arrays by the name of a variable, what is descended is the mean over their
    rows. `bounds` are texts such as "w=0:3". `tell` hears of every step as it is made.
    What else decides how to move is a Choice.
    """
    choice = Choice(method, lr, schedule, steps, tol, momentum, betas, batch, seed)
    if ties not in TIES:
        raise UsageError(f"ties can be {', '.join(TIES)}, not {ties}")
    tree, _ = prepared(program, None, ())
    columns = dict(columns or {})
    given = {**(values or {}), **named}
    unused = {name for name in spare if name not in tree.names}
    given = {name: value for name, value in given.items() if name not in unused}
    checked_gates(gates)
    objective, start, fixed = prepare(tree, given, columns, wrt, gates, ties, choice)
    limits = read_limits(bounds, list(start))
    check_start(start, limits)
    course = Course(choice.steps, choice.tol, tell)
    with objective.quiet():
        run(objective, start, choice, limits, course)
        found = verdict(course, objective, limits, rated=choice.rated)
    rows = len(next(iter(columns.values()))) if columns else None
    return Descent(objective.program, choice, fixed, rows, course, found)


def prepare(
    tree: Tree, given: Mapping[str, Value], columns: Mapping[str, Any],
    wrt: Iterable[str] | None, gates: str, ties: str, choice: Choice,
) -> tuple[Objective, Point, Point]:  # fmt: skip
    """What is descended, where the parameters start, and the inputs that stay."""
    given = {**given, **(arrays := arrays_in(given, choice.seed))}
    shapes = {name: array.shape for name, array in arrays.items()}
    program = staged(tree, [*given, *columns], gates, True, shapes)
    row = {name: float(column[0]) for name, column in columns.items()}
    at = point(program, {**row, **given})
    names = parameters(program, wrt, columns)
    start = {name: at[name] for name in names}
    fixed = {name: at[name] for name in at if name not in start and name not in columns}
    if not columns:
        if choice.batch is not None:
            raise UsageError("--batch is for rows of data, and there are none", hint="--data FILE")
        return ProgramObjective(program, fixed, names, ties), start, fixed
    from backprop.descending.data import DataObjective

    rows = DataObjective(program, fixed, names, ties, columns, choice.batch, choice.seed)
    return rows, start, fixed


def parameters(
    program: Program, wrt: Iterable[str] | None, columns: Mapping[str, Any]
) -> tuple[str, ...]:
    if wrt is None:
        names = tuple(name for name in program.inputs if name not in columns)
    else:
        names = checked_wrt(program, wrt)
    if not names:
        raise UsageError("there is no parameter to move: the program has no variables left")
    for name in names:
        if name in columns:
            raise UsageError(f"{name} is a column of the data, so it can't be a parameter")
    return names


def run(objective: Objective, start: Point, choice: Choice, limits: Limits, course: Course) -> None:
    if choice.rate is None:
        from backprop.descending.borrowed import borrow

        borrow(choice.method, objective, start, limits, course)
        return
    method = METHODS[choice.method](choice.memory)
    rates = rates_of(choice.schedule, choice.rate, choice.steps)
    walk(objective, start, method, rates, limits, course)
