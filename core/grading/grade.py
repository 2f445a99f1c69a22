"""A backward pass graded: its gradients, and which line is wrong if one of them is."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import BackpropError, LimitError
from backprop.grading.backward import Pass, Reading
from backprop.grading.blaming import Blame, Blaming
from backprop.grading.forward import Forward, forward_of
from backprop.grading.judging import SOUND, ZERO, Judgement, Outcome, wrong_entries
from backprop.grading.layers import LayerReading, VjpReading, vjp_of
from backprop.grading.leaving_out import forgiven
from backprop.grading.results import (
    CARRIED,
    MISSING,
    NOT_GRADED,
    RIGHT,
    SCALED,
    STEP,
    UNREADABLE,
    WRONG,
    Grade,
    Graded,
    Gradient,
    Passed,
)
from backprop.grading.tracing import Event, made_of
from backprop.reading.layers import split_unit
from backprop.reading.reader import source_again
from backprop.reading.source import is_class

__all__ = ["forward_of", "grade"]

WORST = (WRONG, UNREADABLE, NOT_GRADED, CARRIED, SCALED, RIGHT, STEP)


def grade(
    forward: Forward, text: str, file: str = "", pattern: str | None = None, unit: str = "",
    kind: str = "", told: Mapping[str, str] | None = None,
) -> Grade:  # fmt: skip
    """The grade of one file; whatever is wrong with it ends here. `unit` is the function that is
    the backward pass, or the class that has both; `kind` says what the backward pass of a class
    returns, `told` where it leaves gradients."""
    found = Grade(file)
    try:
        with np.errstate(all="ignore"):
            fill(found, reading_of(forward, text, file, unit, pattern, kind, told or {}))
    except BackpropError as error:
        found.lines, found.gradients, found.error = [], [], error
    except (MemoryError, RecursionError):
        found.lines, found.gradients = [], []
        found.error = LimitError("the file is too large to be graded")
    return found


def reading_of(
    forward: Forward, text: str, file: str, unit: str, pattern: str | None, kind: str,
    told: Mapping[str, str],
) -> Reading:  # fmt: skip
    """What reads this file: two functions, a class with both passes, or jax.custom_vjp."""
    own = forward.source
    if own and text == forward.program.tree.text:
        source = source_again(forward.program.tree)
        same = split_unit(unit)[0] == split_unit(own["unit"])[0]
        if same and is_class(source, own["unit"]):
            layer = LayerReading(forward, text, file, own["unit"], pattern)
            layer.method = split_unit(unit)[1] if unit != own["unit"] else ""
            layer.kind, layer.told = kind, told
            layer.one_method = "." in unit and unit == own["unit"]
            return layer
        if vjp_of(source, own["unit"]) and unit in ("", own["unit"]):
            return VjpReading(forward, text, file, own["unit"], pattern)
    return Reading(forward, text, file, unit, pattern)


def fill(grade: Grade, reading: Reading) -> None:
    first = reading.read()
    judged = Judgement(first)
    excuse = forgiven(first, judged) if judged.wrong else None
    if excuse is not None:
        wrong = set(judged.wrong)
        judged, words = excuse
        first, blamed, outcomes = judged.found, [], judged.outcomes
    else:
        outcomes = judged.outcomes
        blamed = Blaming(reading, first).run() if judged.wrong else []
        judged = Judgement(first)  # blaming changes values
        first.replay.run({})
    grade.points = len(first.spots)
    grade.settings = reading.settings
    grade.gradients = [gradient(one, first) for one in outcomes]
    for row in grade.gradients if excuse is not None else ():
        row.hint = words if row.name in wrong else row.hint
    grade.lines = lines(grade.file, first, judged, blamed)


def gradient(one: Outcome, found: Pass) -> Gradient:
    yours = None if one.yours is None else plain_value(one.yours[0])
    expected = plain_value(one.expected[0])
    place = found.found[one.variable].text if one.variable in found.found else ""
    row = Gradient(one.variable, one.verdict, yours, expected, place)
    if one.wrong and yours is not None:
        row.entries = wrong_entries(yours, expected)
        if row.entries is None and np.shape(yours) == np.shape(expected):
            same_here = np.allclose(yours, expected, rtol=1e-8, atol=0)
            row.hint = "right at this point only, wrong at others" if same_here else ""
        elif np.shape(yours) != np.shape(expected):
            shapes = shape_text(yours), shape_text(expected)
            row.hint = f"its shape is {shapes[0]}, that of {one.variable} is {shapes[1]}"
            if not np.size(yours):
                row.hint += "; a slice that ends at -0 is empty"
    elif one.verdict == MISSING:
        row.hint = missing_hint(one.variable, found)
    return row


def missing_hint(variable: str, found: Pass) -> str:
    forward = found.forward
    slot = forward.program.inputs[variable]
    stages = [stage for part in found.targets.parts.get(slot, ()) for stage in part.through]
    labels = [forward.program.labels[stage] for stage in dict.fromkeys(stages)]
    through = f", the gradient through {' and '.join(labels[:4])}" if labels else ""
    return f"no line computes d{variable}{through}"


def plain_value(value: Any) -> Any:
    return float(value) if not np.ndim(value) else np.asarray(value, float)


def shape_text(value: Any) -> str:
    return "x".join(map(str, np.shape(value))) or "a number"


# Lines.


def lines(file: str, found: Pass, judged: Judgement, blamed: Sequence[Blame]) -> list[Graded]:
    rows: dict[int, Graded] = {}
    carried = downstream(judged, [one.event for one in blamed])
    for event in found.events:
        if found.tracer.output and event.role == "forward":
            continue
        verdict, of, factor = of_event(event, found, judged)
        if (
            verdict == STEP
            and event.number not in carried
            and (unpacks(event) or is_aside(event, found))
        ):
            continue
        if verdict in (STEP, SCALED) and event.number in carried:
            verdict = CARRIED
        row = rows.get(event.line)
        if row is None:
            row = rows[event.line] = Graded(file, event.line, code_of(found, event))
        value = plain_value(judged.value(event)[0])
        row.passes.append(Passed(verdict, value, of))
        if len(row.passes) == 1 or WORST.index(verdict) < WORST.index(row.verdict):
            row.verdict, row.of, row.factor, row.yours = verdict, of, factor, value
            row.expected = value if verdict == RIGHT else None
    for blame in blamed:
        accuse(rows, blame, found, judged, file)
    lacking = {one.event.lacks for one in blamed if one.finding == "missing-line"}
    for event in found.events:
        failed = rows.get(event.line)
        if event.problem is None or failed is None or failed.verdict == WRONG:
            continue
        if event.lacks and event.lacks in lacking:
            failed.verdict = CARRIED
        elif event.number not in carried:
            failed.verdict, failed.finding = WRONG, "not-given" if event.lacks else "shapes"
            failed.yours = failed.expected = None
            failed.hint = event.problem.message
    for line, node in found.tracer.unstarted.items():
        row = rows.setdefault(line, Graded(file, line, source_of(found, node)))
        row.verdict, row.finding = WRONG, "not-started"
        row.hint = f"{ast.unparse(node.target)} has no value yet that += could add to: write ="  # type: ignore[attr-defined]
    unread(rows, found, file)
    return [*at_home([rows[line] for line in sorted(rows)], found)]


def at_home(rows: Sequence[Graded], found: Pass) -> Iterator[Graded]:
    """Lines of imported files under the numbers that they have there."""
    lines = found.tracer.machine.recorder.lines
    for row in rows:
        part = lines.part(row.line)
        if part is not None:
            row.file, row.line, row.imported = part.file, row.line - part.lines, True
        yield row


def is_aside(event: Event, found: Pass) -> bool:
    """Is it a line of an imported file that has nothing to do with a gradient?"""
    imported = found.tracer.machine.recorder.lines.is_imported(event.node)
    return imported and not made_of(found.replay.made.get(event.leaf)) and not event.after


def unpacks(event: Event) -> bool:
    """Does a line only give names to what it is handed?"""
    node = event.node
    return isinstance(node, ast.Assign) and (
        isinstance(node.targets[0], (ast.Tuple, ast.List)) and not isinstance(node.value, ast.Tuple)
    )


def of_event(event: Event, found: Pass, judged: Judgement) -> tuple[str, str | None, float | None]:
    """The verdict on an event by itself, and whose gradient it is."""
    status = judged.statuses[event.number]
    if event.role or status.kind == ZERO or status.kind != SOUND or status.match is None:
        return STEP, None, None
    label = found.forward.program.labels[status.match.target.slot]
    named = label in found.forward.slots and found.forward.slots[label] == status.match.target.slot
    name = label if named else None
    if judged.wanted(event) is not None and not status.own:
        return STEP, name, None
    if not named or event.number not in judged.alike:
        return STEP, None, None
    if status.exact:
        return RIGHT, name, None
    return SCALED, name, status.match.factor


def accuse(
    rows: dict[int, Graded], blame: Blame, found: Pass, judged: Judgement, file: str
) -> None:
    event = next((one for one in found.events if one.line == blame.line), blame.event)
    row = rows.setdefault(blame.line, Graded(file, blame.line, code_of(found, event)))
    row.verdict, row.finding, row.factor = WRONG, blame.finding, None
    row.yours = plain_value(judged.value(event)[0]) if event in found.events else None
    row.expected = None if blame.goal is None else plain_value(blame.goal[0])
    variable = found.names.get(event.name)
    row.of = variable if variable in found.forward.slots else None
    if row.expected is not None and np.shape(row.yours) == np.shape(row.expected):
        row.entries = wrong_entries(row.yours, row.expected)
    words = blame.words or (
        f"this is not the gradient of {variable}" if variable else "this is wrong"
    )
    row.hint = f"{words}: {blame.fix}" if blame.fix else words
    row.fix = blame.fix


def downstream(judged: Judgement, roots: Sequence[Event]) -> frozenset[int]:
    """The events that use what a wrong line has given."""
    lines = {event.line for event in roots}
    found: set[int] = set()
    for event in judged.found.events:
        fed = judged.inputs[event.number]
        if any(one.number in found or one.line in lines for one in fed):
            found.add(event.number)
    return frozenset(found)


def unread(rows: dict[int, Graded], found: Pass, file: str) -> None:
    """The lines that can't be read, and those that use what they would have given."""
    for trouble in found.tracer.troubles:
        node = trouble.node
        row = Graded(file, node.lineno, source_of(found, node), UNREADABLE, "unreadable")
        if trouble.because:
            row.verdict, row.finding = NOT_GRADED, None
            row.hint = f"it uses {trouble.because}, which could not be read"
        else:
            row.error = trouble.error
            row.hint = trouble.error.message + (
                f"; {trouble.error.hint}" if trouble.error.hint else ""
            )
            row.column = trouble.error.column
            if trouble.error.message.endswith(("has no value", "has no value here")):
                row.finding = "unknown-name"
        rows[node.lineno] = row
    for one in found.text.unparsed:
        row = Graded(file, one.line, one.code, UNREADABLE, "unreadable", error=one.error)
        row.hint = one.error.message + (f"; {one.error.hint}" if one.error.hint else "")
        row.column = one.error.column
        rows[one.line] = row


def code_of(found: Pass, event: Event) -> str:
    return source_of(found, event.node)


def source_of(found: Pass, node: Any) -> str:
    lines = found.tracer.machine.recorder.lines
    start, stop = lines.span(node)
    return " ".join(lines.whole[start:stop].split())
