"""Descending a program: the one call of `backprop descend`. A program in, a Descent out."""

from __future__ import annotations

from collections.abc import Callable, Collection, Container, Iterable, Mapping, Sequence
from dataclasses import dataclass
from math import isfinite
from typing import TYPE_CHECKING, Any, ClassVar

from backprop.answer.evaluation import (
    arrays_in,
    checked_gates,
    checked_program,
    checked_ties,
    checked_values,
    prepared,
    staged,
)
from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.answer.values import Value, checked_wrt, point
from backprop.descending.checkpoint import Keeper
from backprop.descending.course import Course, Step
from backprop.descending.diagnosis import Verdict, verdict
from backprop.descending.limits import check_start, read_limits
from backprop.descending.methods import BORROWED, METHODS, NAMES, USUAL, Memory, checked_memory
from backprop.descending.objective import Objective, ProgramObjective
from backprop.descending.quantities import Limits, Point
from backprop.descending.schedule import rates_of
from backprop.descending.walking import Training, walk
from backprop.engine.numbers import unexamined
from backprop.errors import UsageError, closest
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.version import __version__

if TYPE_CHECKING:
    from backprop.descending.rows import Rows, Tell

SCHEMA = "backprop/descend/1"
STEP_SCHEMA = "backprop/descend-step/1"
SUMMARY_SCHEMA = "backprop/descend-summary/1"
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
    engine: str = "numpy"  # what computes rows of data
    threads: int = 1
    decay: float = 0.0  # of the parameters, a part that is added to their slopes
    patience: int | None = None  # epochs without a lower value on other rows

    def __post_init__(self) -> None:
        if self.method not in NAMES:
            near = closest(self.method, list(NAMES))
            raise UsageError(
                f"there is no method called {self.method}; there are {', '.join(NAMES)}",
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
        if not 0 <= self.decay < float("inf"):
            raise UsageError(f"--weight-decay is 0 or more, not {self.decay:g}")
        if not self.rated and self.decay:
            raise UsageError(
                f"{self.method} moves by the loss alone: it takes no --weight-decay",
                hint="0.5*c*sum(w**2) can be added to the loss",
            )
        if self.patience is not None and self.patience < 1:
            raise UsageError(f"--patience is 1 epoch or more, not {self.patience}")
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
class Descent(Shown):
    what: ClassVar[str] = "descent"
    asks: ClassVar[str] = "descent.fine, or descent.status"

    program: Program
    choice: Choice
    fixed: Mapping[str, Any]  # the inputs that stay
    rows: int | None  # of data
    streamed: bool  # were they read again at every step?
    note: str  # what there is to say of how it was computed
    course: Course
    verdict: Verdict

    @property
    def status(self) -> str:
        return self.verdict.status

    @property
    def fine(self) -> bool:
        return self.status in ("converged", "steps", "early")

    @property
    def steps(self) -> int:
        """Moves that were made."""
        return len(self.course.values) - 1

    @property
    def brief(self) -> str:
        """`converged after 12 steps: f = 0.001`."""
        value = "" if self.last is None else f": {self.program.output_name} = {self.last.value:.6g}"
        return f"{self.status} after {self.steps:,} steps{value}"

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
            "decay": choice.decay,
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
            "valid": [{"step": n, "value": plain(value)} for n, value in self.course.valid],
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
    program: str | Tree | Program,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    wrt: Iterable[str] | None = None,
    bounds: Sequence[str] = (),
    gates: str = "written",
    ties: str = "auto",
    columns: Mapping[str, Any] | Rows | None = None,
    spare: Collection[str] = (),
    tell: Callable[[Step], None] | None = None,
    tell_rows: Tell | None = None,
    method: str = "descent",
    lr: float | None = None,
    schedule: str = "constant",
    steps: int = STEPS,
    tol: float = TOL,
    momentum: float = USUAL.momentum,
    betas: tuple[float, float] = USUAL.betas,
    batch: int | None = None,
    seed: int = 0,
    engine: str = "numpy",
    threads: int = 1,
    decay: float = 0.0,
    patience: int | None = None,
    epochs: int | None = None,
    valid: Mapping[str, Any] | Rows | None = None,
    keeper: Keeper | None = None,
    tell_note: Callable[[str], None] | None = None,
    **named: Value,
) -> Descent:
    """Move the inputs `wrt`, all unless given, against the gradient, from these values on.

    With `columns`, arrays by the name of a variable or rows of files, what is descended is the
    mean over their rows, and `epochs` is how often all of them are seen. `valid` are other rows,
    whose mean is looked at after each epoch. `bounds` are texts such as "w=0:3". `tell` hears of
    every step as it is made, `tell_rows` of how many rows it has seen, and `tell_note` of how it
    is computed. What else decides how to move is a Choice.
    """
    rows = rows_of(columns)
    every = 1 if rows is None else epoch_of(rows.count, batch)
    if epochs is not None:
        if rows is None:
            raise UsageError("--epochs is for rows of data, and there are none", hint="--data FILE")
        if epochs < 1:
            raise UsageError(f"--epochs is 1 or more, not {epochs}")
        steps = epochs * every
    choice = Choice(
        method, lr, schedule, steps, tol, momentum, betas, batch, seed, engine, threads, decay,
        patience,
    )  # fmt: skip
    checked_ties(ties)
    checked_program(program)
    program = program.tree if isinstance(program, Program) else program
    tree, _ = prepared(program, None, ())
    given = {**checked_values(values), **named}
    unused = {name for name in spare if name not in tree.names}
    given = {name: value for name, value in given.items() if name not in unused}
    checked_gates(gates)
    objective, start, fixed = prepare(tree, given, rows, wrt, gates, ties, choice, tell_rows)
    limits = read_limits(bounds, list(start))
    check_start(start, limits)
    course = Course(choice.steps, choice.tol, tell)
    if tell_note and objective.note:
        tell_note(objective.note)
    training = training_of(objective, choice, valid, every, keeper, start, fixed, bounds, ties)
    with objective.quiet(), unexamined():
        try:
            run(objective, start, choice, limits, course, training)
        except KeyboardInterrupt:
            if course.last is None:
                raise
            course.status = "interrupted"
        found = verdict(course, objective, limits, rated=choice.rated)
    if tell_note and objective.later:
        tell_note(objective.later)
    return Descent(
        objective.program, choice, fixed, rows.count if rows else None,
        bool(rows and rows.streamed), objective.note, course, found,
    )  # fmt: skip


def training_of(
    objective: Objective, choice: Choice, valid: Mapping[str, Any] | Rows | None, every: int,
    keeper: Keeper | None, start: Point, fixed: Point, bounds: Sequence[str], ties: str,
) -> Training:  # fmt: skip
    """What goes with the walk of a method of our own."""
    training = Training(choice.decay, None, every, choice.patience, keeper)
    other = rows_of(valid)
    if choice.patience is not None and other is None:
        raise UsageError("--patience is about other rows, and there are none", hint="--valid FILE")
    for asked, option in ((keeper, "--checkpoint"), (other, "--valid")):
        if asked is not None and not choice.rated:
            raise UsageError(f"{choice.method} is a walk of SciPy's: it takes no {option}")
    if other is not None:
        from backprop.descending.data import DataObjective

        training.valid = DataObjective(
            objective.program, fixed, (), ties, other, threads=choice.threads
        )
    if keeper is not None:
        told = [
            __version__, objective.program.text, objective.program.output_name, choice.method,
            choice.lr, choice.schedule, choice.momentum, choice.betas, choice.batch, choice.seed,
            choice.decay, ties, [*bounds], start, fixed, objective.identity,
        ]  # fmt: skip
        training.state = keeper.begin(told)
        if training.state is not None:
            objective.go_on(training.state["step"])
    return training


def epoch_of(rows: int, batch: int | None) -> int:
    """The steps that see each row once."""
    return -(-rows // max(1, min(batch or rows, rows)))


def rows_of(columns: Mapping[str, Any] | Rows | None) -> Rows | None:
    if not isinstance(columns, Mapping):
        return columns
    if not columns:
        return None
    from backprop.descending.rows import HeldRows

    return HeldRows(columns)


def prepare(
    tree: Tree, given: Mapping[str, Value], rows: Rows | None, wrt: Iterable[str] | None,
    gates: str, ties: str, choice: Choice, tell: Tell | None,
) -> tuple[Objective, Point, Point]:  # fmt: skip
    """What is descended, where the parameters start, and the inputs that stay."""
    given = {**given, **(arrays := arrays_in(given, choice.seed))}
    shapes = {name: array.shape for name, array in arrays.items()}
    columns = rows.names if rows else ()
    wide = dict(rows.shapes) if rows else {}
    shapes |= wide
    program = staged(tree, [*given, *columns], gates, True, shapes)
    at = point(program, {**{name: blank(wide.get(name)) for name in columns}, **given})
    names = parameters(program, wrt, columns)
    start = {name: at[name] for name in names}
    fixed = {name: at[name] for name in at if name not in start and name not in columns}
    if rows is None:
        for option, asked in (
            ("--batch", choice.batch is not None),
            ("--engine", choice.engine != "numpy"),
        ):
            if asked:
                text = f"{option} is for rows of data, and there are none"
                raise UsageError(text, hint="--data FILE")
        return ProgramObjective(program, fixed, names, ties), start, fixed
    from backprop.descending.data import DataObjective

    objective = DataObjective(
        program, fixed, names, ties, rows, choice.batch, choice.seed, steps=choice.steps,
        engine=choice.engine, threads=choice.threads, tell=tell,
    )  # fmt: skip
    return objective, start, fixed


def blank(shape: tuple[int, ...] | None) -> Any:
    """Something that a row may have."""
    if shape is None:
        return 0.0
    import numpy as np

    return np.zeros(shape)


def parameters(
    program: Program, wrt: Iterable[str] | None, columns: Container[str]
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


def run(
    objective: Objective, start: Point, choice: Choice, limits: Limits, course: Course,
    training: Training,
) -> None:  # fmt: skip
    if choice.rate is None:
        from backprop.descending.borrowed import borrow

        borrow(choice.method, objective, start, limits, course)
        return
    method = METHODS[choice.method](choice.memory)
    rates = rates_of(choice.schedule, choice.rate, choice.steps)
    walk(objective, start, method, rates, limits, course, training)
