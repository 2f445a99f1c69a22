"""A form that keeps more digits: the program, its digits before and after, and what it claims."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.improving.improve import Improvement
from backprop.improving.scoring import FULL
from backprop.showing.sheets import GOOD, GRADIENT, NOTE, VALUE, Column, Line, Part, Row, Table

COLUMNS = (
    Column("output", code=True), Column("before", right=True, kind=VALUE),
    Column("after", right=True, kind=GRADIENT), Column("least before", right=True),
    Column("least after", right=True),
)  # fmt: skip


def parts(found: Improvement) -> Iterator[Part]:
    if not found.better:
        yield Line("no form was found that keeps more digits", NOTE)
    else:
        yield Line(found.text)
    yield Table(COLUMNS, list(rows(found)))
    yield Line(f"right digits of {FULL:.0f}, at {found.points} points that the search had not seen")
    if found.better:
        yield Line(claim(found), GOOD)


def rows(found: Improvement) -> Iterator[Row]:
    output = found.program.output_name
    for name, before in found.before.items():
        after = found.after[name]
        numbers = (before.mean, after.mean, before.least, after.least)
        title = f"d{output}/d{name}" if name else output
        yield Row([title, *[f"{number:.1f}" for number in numbers]])


def claim(found: Improvement) -> str:
    """How the new program is known to be the old one."""
    if not found.far:
        return "it is the same function: intervals of many digits say so at all of these points"
    return (
        f"an approximation: at all of these points it is within {found.far:.0e} of the program, "
        "relatively, as intervals of many digits say"
    )
