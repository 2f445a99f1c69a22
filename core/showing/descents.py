"""A descent as a sheet: its steps, its curve, how it ended, and where."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from backprop.descending.course import Step
from backprop.descending.descend import Descent
from backprop.descending.scale import scale_of
from backprop.errors import visible
from backprop.showing.lines import headline
from backprop.showing.numbers import View
from backprop.showing.sheets import (
    BAD,
    DOUBT,
    GOOD,
    GRADIENT,
    HEAD,
    NOTE,
    PLAIN,
    VALUE,
    Column,
    Line,
    Part,
    Picture,
    Row,
    Table,
)

COLUMNS = 8  # parameters that have a column
LISTED = 40  # parameters whose last value is listed
STATES = {"converged": GOOD, "early": GOOD, "steps": DOUBT}
WIDE, HIGH, MOST = 480, 160, 400  # pixels of the curve, and points of it


def parts(found: Descent) -> Iterator[Part]:
    view = View()
    yield Line(headline(found.program), HEAD)
    yield Line(manner(found), NOTE)
    if steps := found.course.rows():
        headings, rows = grid(found, steps, view)
        kinds = [PLAIN, VALUE, *[PLAIN] * (len(headings) - 3), GRADIENT]
        columns = [Column(one, True, kind) for one, kind in zip(headings, kinds, strict=True)]
        yield Table(columns, [Row(row) for row in rows])
    if len(found.course.values) > 1:
        yield Picture(lambda: curve(found))
    said = ending(found) if found.fine else f"{found.status}: {found.verdict.reason}"
    yield Line(said, STATES.get(found.status, BAD))
    for line in answers(found, view):
        yield Line(line)


def curve(found: Descent) -> str:
    """The loss over the steps as a line."""
    values = found.course.values
    scale = scale_of(values)
    every = max(1, len(values) // MOST)
    last = len(values) - 1
    places = [*range(0, last, every), last]
    points = " ".join(
        f"{WIDE * place / last:.1f},{HIGH * (1 - scale.share(values[place])):.1f}"
        for place in places
    )
    name = loss_name(found)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" class="curve" role="img" width="{WIDE + 20}"'
        f' height="{HIGH + 20}" viewBox="-10 -10 {WIDE + 20} {HIGH + 20}">'
        f"<title>{visible(name)} over {last:,} steps</title>"
        f'<path class="axis" d="M0 0V{HIGH}H{WIDE}"/>'
        f'<polyline class="loss" points="{points}"/></svg>'
    )


def grid(found: Descent, steps: Sequence[Step], view: View) -> tuple[list[str], list[list[str]]]:
    """Headings, and a row for each step that is kept, with the parameters that are numbers."""
    first = steps[0].point if steps else {}
    names = [name for name, value in first.items() if isinstance(value, float)][:COLUMNS]
    headings = ["step", visible(loss_name(found)), *names, "largest slope"]
    rows = [
        [str(step.number), *map(view.short, (step.value, *map(step.point.get, names), step.size))]
        for step in steps
    ]
    return headings, rows


def loss_name(found: Descent) -> str:
    name = found.program.output_name
    return f"mean {name}" if found.rows else name


def manner(found: Descent) -> str:
    """What was done: `adam, lr = 0.1 (cosine), mini-batches of 16 of 150 rows`."""
    choice = found.choice
    parts = [choice.method]
    if choice.rate is not None:
        schedule = "" if choice.schedule == "constant" else f" ({choice.schedule})"
        parts.append(f"lr = {choice.rate:g}{schedule}")
    if found.rows:
        some = choice.batch is not None and choice.batch < found.rows
        parts.append(f"batches of {choice.batch} of {found.rows} rows" if some
                     else f"{found.rows} rows")  # fmt: skip
        if found.streamed:
            parts.append("read again at every step")
    return ", ".join(parts)


def ending(found: Descent) -> str:
    count = f"{found.steps:,} step{'' if found.steps == 1 else 's'}"
    said = {"steps": f"{count} done", "early": f"ended early after {count}"}.get(
        found.status, f"converged after {count}"
    )
    return f"{said}: {found.verdict.reason}"


def answers(found: Descent, view: View) -> Iterator[str]:
    """The loss and the parameters at the last point."""
    if found.last is None:
        return
    yield f"{visible(loss_name(found))} = {view.short(found.last.value)}"
    if found.course.valid:
        number, value = found.course.valid[-1]
        best, lowest = min(found.course.valid, key=lambda one: (one[1], one[0]))
        told = f"on other rows {view.short(value)} after step {number:,}"
        yield told + (
            f", lowest {view.short(lowest)} after step {best:,}" if best != number else ""
        )
    for name, value in list(found.last.point.items())[:LISTED]:
        yield f"{name} = {view.short(value)}"
    more = len(found.last.point) - LISTED
    if more > 0:
        yield f"and {more} more parameters; --json has them"
