"""A comparison as a sheet: operations and times row by row, derivatives, differences."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backprop.comparing.compare import Comparison
from backprop.comparing.differencing import Difference
from backprop.comparing.measuring import Row as Measured
from backprop.showing.numbers import short
from backprop.showing.sheets import HEAD, NOTE, Column, Line, Part, Row, Table

UNITS = ((1.0, "s"), (1e-3, "ms"), (1e-6, "µs"), (1e-9, "ns"))
LISTED = 12  # derivatives shown
NAMED = 12  # inputs listed above the table
READABLE = 400  # characters of a derived program that is shown
LONG = 200  # characters of a text that is not repeated there
PRECISION = 8
KINDS = ("central", "forward")
STEPS = ("h", "central difference", "forward difference")
EVERY = 8  # of the steps of a difference, so that there is one for every decade


def parts(found: Comparison) -> Iterator[Part]:
    yield Line(headline(found), HEAD)
    headings, rows = grid(found, times=True)
    columns = [Column(one, bool(place), code=not place) for place, one in enumerate(headings)]
    yield Table(columns, [Row(row) for row in rows])
    for line in derivatives(found):
        yield Line(line)
    for note in notes(found, times=True):
        yield Line(f"note: {note}", NOTE)
    if found.difference:
        yield Line(about_difference(found.difference), HEAD)
        columns = [Column(one, True) for one in STEPS]
        yield Table(columns, [Row(row) for row in steps(found.difference)[::EVERY]])
        for line in best_steps(found.difference):
            yield Line(line)


class Cells(NamedTuple):
    heading: str
    cells: list[str]


def headline(found: Comparison) -> str:
    """The program, or how it is iterated."""
    if found.iterated:
        *_, last = found.program.text.split("\n")
        start = f"{found.iterated.names[0]} = {found.iterated.start}"
        return start if last == start else f"{start}, ... {last}"
    text = " ".join(found.program.text.split())
    names = list(found.program.inputs)
    inputs = ", ".join(names) if len(names) <= NAMED else "..."
    oneline = "=" not in text and len(text) <= LONG
    return f"{found.program.output_name}({inputs})" + (f" = {text}" if oneline else "")


def grid(found: Comparison, *, times: bool) -> tuple[list[str], list[list[str]]]:
    """Headings, and the cells of each row."""
    columns = operation_columns(found.rows) + (time_columns(found.rows) if times else [])
    headings = ["program", *(column.heading.replace("\n", " ") for column in columns)]
    if times:
        headings[4], headings[-1] = "operations of staged passes", "time of staged passes"
    rows = zip(*(column.cells for column in columns), strict=True)
    return headings, [[row.name, *cells] for row, cells in zip(found.rows, rows, strict=True)]


def notes(found: Comparison, *, times: bool) -> list[str]:
    faults = () if found.report is None else found.report.faults
    said = [notice.message for notice in found.notices if notice not in faults]
    return [*reasons(found.rows, times=times), *said]


def operation_columns(rows: Sequence[Measured]) -> list[Cells]:
    return [
        Cells("SymPy's\nvalue", [amount(row.symbolic.value) for row in rows]),
        Cells("its\ngradient", [amount(row.symbolic.gradient) for row in rows]),
        Cells("both\nwith cse", [amount(row.symbolic.cse) for row in rows]),
        Cells("staged\npasses", [amount(row.staged.total) for row in rows]),
    ]


def time_columns(rows: Sequence[Measured]) -> list[Cells]:
    return [
        Cells("time to\nderive", [duration(row.seconds.derive) for row in rows]),
        Cells("time of\ncse", [duration(row.seconds.cse) for row in rows]),
        Cells("time to\nevaluate", [duration(row.seconds.evaluate) for row in rows]),
        Cells("the same\nwith cse", [duration(row.seconds.evaluate_cse) for row in rows]),
        Cells("staged\npasses", [duration(row.seconds.staged) for row in rows]),
    ]


def amount(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def duration(seconds: float | None) -> str:
    """A time in the unit that leaves one to three digits before the point: 1.2 ms."""
    if seconds is None:
        return "-"
    size, unit = next((unit for unit in UNITS if seconds >= unit[0]), UNITS[-1])
    return f"{seconds / size:.3g} {unit}"


def derivatives(found: Comparison) -> list[str]:
    """The derivatives that are short enough to read: SymPy's, then the derived program."""
    rows = found.rows
    lines = [
        f"d{row.name}/d{name} = {text}"
        for row in rows
        for name, text in row.symbolic.derivative.items()
    ]
    more = len(lines) - LISTED
    shown = lines[:LISTED]
    shown += [f"and {more} more derivatives; --json has them"] if more > 0 else []
    return shown + derived_lines(found)


def derived_lines(found: Comparison) -> list[str]:
    """The derivatives of the last row as a program, if that is short."""
    derived = found.derived
    if derived is None or derived.text.count("\n") >= LISTED or len(derived.text) > READABLE:
        return []
    text = derived.text.replace("\n", "; ")
    return [f"as a program of {derived.operations:,} operations: {text}"]


def reasons(rows: Sequence[Measured], *, times: bool) -> list[str]:
    """Why something is missing, said once for all rows that it is missing for."""
    lacking: dict[str, list[str]] = {}
    for row in rows:
        if row.symbolic.reason and (times or row.symbolic.cse is None):
            lacking.setdefault(row.symbolic.reason, []).append(row.name)
    return [
        f"{names[0]}{f' to {names[-1]}' if len(names) > 1 else ''}: {reason}"
        for reason, names in lacking.items()
    ]


def about_difference(found: Difference) -> str:
    at = ", ".join(f"{name} = {short(value, PRECISION)}" for name, value in found.point.items())
    slope = short(found.slope, PRECISION)
    return f"d{found.output}/d{found.wrt} = {slope} at {at}; finite differences miss it by:"


def steps(found: Difference) -> list[list[str]]:
    """The errors of both differences at every step."""
    return [
        [f"{step.h:.1e}", short(step.central, 2), short(step.forward, 2)] for step in found.steps
    ]


def best_steps(found: Difference) -> Iterator[str]:
    for kind in KINDS:
        if best := found.best(kind):
            error = short(getattr(best, kind), 2)
            yield f"{kind} difference: best h = {best.h:.1e}, error {error}"
        else:
            yield f"{kind} difference: finite at no step"
