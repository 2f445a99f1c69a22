"""A check of a gradient as a sheet."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.gates.shapes import compact
from backprop.showing.numbers import short
from backprop.showing.sheets import BAD, DOUBT, GOOD, HEAD, PLAIN, Column, Line, Part, Row, Table
from backprop.testing.results import KINK, RIGHT, WRONG, GradientCheck

KINDS = {RIGHT: GOOD, WRONG: BAD, KINK: BAD}
COLUMNS = (
    Column("gradient of", code=True), Column("shape"), Column("verdict"), Column("entries", True),
    Column("directions", True), Column("largest error", True),
)  # fmt: skip


def parts(found: GradientCheck) -> Iterator[Part]:
    yield Line(f"the gradient of {found.name}", HEAD)
    yield Table(
        COLUMNS,
        [
            Row(
                [row.name, compact(row.shape), row.verdict, f"{row.entries:,}",
                 f"{row.directions:,}", short(row.off, 2)],
                KINDS.get(row.verdict, DOUBT) if row.verdict != RIGHT else PLAIN,
            )
            for row in found.rows
        ],
    )  # fmt: skip
    first, *others = found.sentences()
    yield Line(first, KINDS.get(found.verdict, DOUBT))
    for line in others:
        yield Line(line)
