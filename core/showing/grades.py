"""A grade as a sheet: its lines, its gradients, and what to do about them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from backprop.errors import listed, visible
from backprop.grading.results import (
    MISSING,
    NOT_RETURNED,
    RIGHT,
    SCALED,
    STEP,
    UNREADABLE,
    WRONG,
    Grade,
    Graded,
    Gradient,
)
from backprop.showing.numbers import short
from backprop.showing.sheets import (
    BAD,
    DOUBT,
    GOOD,
    PLAIN,
    VALUE,
    Column,
    Line,
    Part,
    Row,
    Table,
)

PRECISION = 6
LONGEST = 200  # characters of a line of code that are shown
KINDS = {RIGHT: GOOD, SCALED: GOOD, WRONG: BAD, MISSING: BAD, STEP: PLAIN}
LINES = (
    Column("line", True), Column("code", code=True), Column("yours", True),
    Column("right", True, VALUE), Column("verdict"),
)  # fmt: skip
GRADIENTS = (
    Column("gradient of", code=True), Column("yours", True), Column("right", True, VALUE),
    Column("verdict"),
)  # fmt: skip


def parts(grade: Grade) -> Iterator[Part]:
    if grade.lines:
        yield Table(LINES, [
            Row([one.place, code(one), number(one.yours), number(one.expected), verdict(one)],
                KINDS.get(one.verdict, DOUBT)) for one in grade.lines
        ])  # fmt: skip
    for one in grade.lines:
        if one.error:
            yield Line(one.error.render(), DOUBT)
        elif one.hint:
            finding = f", {one.finding}" if one.finding else ""
            yield Line(f"line {one.place}{finding}: {told(one)}", KINDS.get(one.verdict, DOUBT))
    for gap in grade.gradients:
        if gap.hint or gap.entries:
            yield Line(f"gradient of {gap.name}: {told(gap)}", KINDS.get(gap.verdict, DOUBT))
    given = [one for one in grade.gradients if one.verdict != NOT_RETURNED]
    if given:
        yield Table(GRADIENTS, [
            Row([one.name, number(one.yours), number(one.expected), one.verdict],
                KINDS.get(one.verdict, DOUBT)) for one in given
        ])  # fmt: skip
    if grade.error:
        yield Line(grade.error.render(), DOUBT)
    yield Line(summary(grade), KINDS.get(grade.verdict, DOUBT))


def verdict(one: Graded) -> str:
    """What is said of a line in the table."""
    told = one.verdict
    if told == SCALED:
        told = f"{number(one.factor)} times d{one.of}"
    if len(one.passes) < 2:
        return told
    worst = sum(turn.verdict == one.verdict for turn in one.passes)
    if one.verdict == RIGHT or worst == len(one.passes):
        return f"{told}, {len(one.passes)} times"
    return f"{told}, {worst} of {len(one.passes)} times"


def told(one: Graded | Gradient) -> str:
    """The hint, and the entries that are wrong if others are right."""
    if not one.entries:
        return one.hint
    places = ", ".join(f"[{', '.join(map(str, place))}]" for place in one.entries)
    entries = f"wrong in {places} alone"
    return f"{one.hint} ({entries})" if one.hint else entries


def summary(grade: Grade) -> str:
    if grade.error and not grade.lines:
        return UNREADABLE
    fine = [one.name for one in grade.gradients if one.verdict == RIGHT]
    if grade.verdict == RIGHT:
        absent = [one.name for one in grade.gradients if one.verdict == NOT_RETURNED]
        also = f"; not returned: {listed(absent)}" if absent else ""
        return f"right: {plural(len(fine), 'gradient')}{also}{settings(grade)}"
    parts = []
    if wrong := sum(one.verdict == WRONG for one in grade.lines):
        parts.append(f"{wrong} of {plural(len(grade.lines), 'line')}")
    if lost := [one.name for one in grade.gradients if one.verdict in (WRONG, MISSING)]:
        parts.append(f"{plural(len(lost), 'gradient')} of {len(fine) + len(lost)}")
    if unread := sum(one.verdict == UNREADABLE for one in grade.lines):
        parts.append(f"{plural(unread, 'line')} not read")
    if not grade.gradients or all(one.verdict == NOT_RETURNED for one in grade.gradients):
        parts.append("no gradient of an input is given")
    return f"{grade.verdict}: {', '.join(parts)}{settings(grade)}"


def settings(grade: Grade) -> str:
    """The switches of a class that had their own value."""
    texts = [f"{visible(name)}={value}" for name, value in grade.settings.items()]
    return f"; with {listed(texts)}" if texts else ""


def plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def code(one: Graded) -> str:
    text = visible(" ".join(one.code[: 2 * LONGEST].split()))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def number(value: Any) -> str:
    if value is None:
        return "-"
    if getattr(value, "ndim", 0):
        from backprop.showing.arrays import brief

        return brief(value, PRECISION)
    return short(value, PRECISION)
