"""A graded backward pass: for people a table and what to do about it, for scripts JSON, CSV and
the XML that continuous integration shows as tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import Any
from xml.sax.saxutils import quoteattr

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from backprop.cli.render.csv import line as csv_line
from backprop.cli.render.forms import FENCE, escaped, markdown_table
from backprop.cli.render.forms import code as markdown_code
from backprop.cli.render.frame import Fitting, Hanging
from backprop.cli.render.json import render_object
from backprop.errors import visible
from backprop.grading.results import (
    CARRIED,
    MISSING,
    NOT_GRADED,
    NOT_RETURNED,
    RIGHT,
    SCALED,
    STEP,
    UNREADABLE,
    WRONG,
    Grade,
    Graded,
    Gradient,
    shown,
)
from backprop.showing.grades import code, number, summary, told, verdict

STYLES = {
    RIGHT: "green", SCALED: "green", WRONG: "bold red", MISSING: "bold red", CARRIED: "yellow",
    STEP: "dim", NOT_GRADED: "magenta", NOT_RETURNED: "dim", UNREADABLE: "magenta",
}  # fmt: skip
COLUMNS = ("yours", "right", "verdict", "hint")
FIELDS = ("file", "line", "code", "verdict", "finding", "of", "yours", "expected", "hint", "fix")


def render_table(grade: Grade, *, several: bool) -> Iterator[RenderableType]:
    if several:
        yield Text(f"{visible(grade.file)}", style="bold", overflow="fold")
    if grade.lines:
        yield Fitting(line_table(grade), partial(listed_lines, grade))
    yield from hints(grade)
    if any(one.verdict != NOT_RETURNED for one in grade.gradients):
        yield Fitting(gradient_table(grade), partial(listed_gradients, grade))
    yield Text(summary(grade), style=STYLES[grade.verdict])
    if several:
        yield Text("")


def line_table(grade: Grade) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("line", justify="right")
    table.add_column("code", overflow="fold", max_width=60)
    table.add_column("yours", justify="right", overflow="fold")
    table.add_column("right", justify="right", overflow="fold", style="green")
    table.add_column("verdict", overflow="fold")
    for one in grade.lines:
        style = STYLES[one.verdict]
        table.add_row(
            one.place, code(one), Text(number(one.yours), style=style),
            number(one.expected), Text(verdict(one), style=style),
        )  # fmt: skip
    return table


def listed_lines(grade: Grade) -> Iterator[RenderableType]:
    """Line by line, for a narrow screen."""
    for one in grade.lines:
        yield from entry(f"line {one.line}: ", code(one), verdict(one), one)
    yield Text("")


def listed_gradients(grade: Grade) -> Iterator[RenderableType]:
    yield Text("")
    for one in grade.gradients:
        if one.verdict != NOT_RETURNED:
            yield from entry("gradient of ", visible(one.name), one.verdict, one)
    yield Text("")


def entry(head: str, name: str, verdict: str, one: Graded | Gradient) -> Iterator[RenderableType]:
    """A line or a gradient, its verdict, and both numbers; arrays stand below each other."""
    yield Hanging(Text.assemble(head, (name, "bold"), overflow="fold"))
    both = [("yours", one.yours), ("right", one.expected)]
    numbers = [(label, number(value)) for label, value in both if value is not None]
    beside = "" if any("\n" in text for _, text in numbers) else "".join(
        f"   {label} {text}" for label, text in numbers
    )  # fmt: skip
    yield Hanging(Text.assemble("  ", (verdict, STYLES[one.verdict]), beside))
    if not beside and numbers:
        grid = Table.grid(padding=(0, 2))
        for label, text in numbers:
            grid.add_row("", label, text)
        yield grid


def gradient_table(grade: Grade) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("gradient of", overflow="fold")
    table.add_column("yours", justify="right", overflow="fold")
    table.add_column("right", justify="right", overflow="fold", style="green")
    table.add_column("verdict", overflow="fold")
    for one in grade.gradients:
        if one.verdict != NOT_RETURNED:
            style = STYLES[one.verdict]
            table.add_row(
                visible(one.name), Text(number(one.yours), style=style), number(one.expected),
                Text(one.verdict, style=style),
            )  # fmt: skip
    return table


def hints(grade: Grade) -> Iterator[RenderableType]:
    """What to do about each line that isn't right, and about what is missing."""
    for one in grade.lines:
        if one.error:
            yield Text(visible_lines(one.error.render()), overflow="fold")
        elif one.hint:
            yield item(f"line {one.place}", one.finding or "", told(one), STYLES[one.verdict])
    for gap in grade.gradients:
        if gap.hint or gap.entries:
            yield item(f"gradient of {visible(gap.name)}", "", told(gap), STYLES[gap.verdict])


def item(head: str, finding: str, hint: str, style: str) -> RenderableType:
    named = f"{head}, {finding}: " if finding else f"{head}: "
    return Hanging(Text.assemble((named, style), visible(hint), overflow="fold"))


def visible_lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


# For scripts.


def render_json(grades: Iterable[Grade]) -> Iterator[str]:
    for grade in grades:
        yield render_object(grade.to_dict())


def render_csv(grades: Iterable[Grade]) -> Iterator[str]:
    yield csv_line(FIELDS)
    for grade in grades:
        for line in grade.lines:
            yield csv_line((
                line.file, line.line, code(line), line.verdict, line.finding or "", line.of or "",
                cell(line.yours), cell(line.expected), told(line), line.fix,
            ))  # fmt: skip
        for one in grade.gradients:
            yield csv_line((
                grade.file, "", f"gradient of {one.name}", one.verdict, "", one.name,
                cell(one.yours), cell(one.expected), told(one), "",
            ))  # fmt: skip
        if grade.error:
            place = grade.error.line or ""
            yield csv_line(
                (grade.file, place, "", UNREADABLE, UNREADABLE, "", "", "", grade.error.message, "")
            )


def cell(value: Any) -> str:
    return "" if value is None else str(shown(value)).replace(" ", "")


def render_junit(grades: Iterable[Grade]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="backprop check">\n'
    for grade in grades:
        tests = [*map(line_test, grade.lines), *map(gradient_test, grade.gradients)]
        if grade.error:
            tests.append(test("the file", "error", "unreadable", grade.error.render()))
        failures = sum("<failure" in one for one in tests)
        errors = sum("<error" in one for one in tests)
        name = quoteattr(visible(grade.file))
        counts = f'tests="{len(tests)}" failures="{failures}" errors="{errors}"'
        yield f"<testsuite name={name} {counts}>\n"
        yield from tests
        yield "</testsuite>\n"
    yield "</testsuites>\n"


def line_test(one: Graded) -> str:
    kind = {WRONG: "failure", UNREADABLE: "error"}.get(one.verdict, "")
    words = one.error.render() if one.error else told(one)
    return test(f"line {one.place}: {code(one)}", kind, one.finding or "", words)


def gradient_test(one: Gradient) -> str:
    kind = {WRONG: "failure", MISSING: "failure", NOT_GRADED: "error"}.get(one.verdict, "")
    words = told(one) or f"{cell(one.yours)}, not {cell(one.expected)}"
    return test(f"gradient of {one.name}", kind, one.verdict, words)


def test(name: str, kind: str, finding: str, told: str) -> str:
    if not kind:
        return f"<testcase name={quoteattr(visible(name))}/>\n"
    message = quoteattr(visible_lines(told), {"\n": "&#10;"})
    inner = f"<{kind} type={quoteattr(finding)} message={message}/>"
    return f"<testcase name={quoteattr(visible(name))}>{inner}</testcase>\n"


def render_markdown(grades: Iterable[Grade]) -> Iterator[str]:
    for grade in grades:
        yield f"## {escaped(grade.file)}\n\n"
        if grade.error:
            yield f"{FENCE}text\n{visible_lines(grade.error.render())}\n{FENCE}\n\n"
        if rows := line_rows(grade):
            yield from markdown_table(("line", "code", *COLUMNS), rows, range(2, 4))
            yield "\n"
        if rows := gradient_rows(grade):
            yield from markdown_table(("gradient of", *COLUMNS), rows, range(1, 3))
            yield "\n"
        yield f"**{escaped(summary(grade))}**\n\n"


def render_plain(grades: Iterable[Grade]) -> Iterator[str]:
    for grade in grades:
        yield f"file: {visible(grade.file)}\n"
        if grade.error:
            yield f"{visible_lines(grade.error.render())}\n"
        for one in grade.lines:
            yield f"line {one.line}: {code(one)}: {sentence(one, verdict(one))}\n"
        for gap in grade.gradients:
            if gap.verdict != NOT_RETURNED:
                yield f"gradient of {visible(gap.name)}: {sentence(gap, gap.verdict)}\n"
        yield f"{summary(grade)}\n"


def line_rows(grade: Grade) -> list[list[str]]:
    return [
        [str(one.line), markdown_code(code(one)), *cells_of(one, verdict(one))]
        for one in grade.lines
    ]


def gradient_rows(grade: Grade) -> list[list[str]]:
    return [
        [escaped(one.name), *cells_of(one, one.verdict)]
        for one in grade.gradients
        if one.verdict != NOT_RETURNED
    ]


def cells_of(one: Graded | Gradient, verdict: str) -> list[str]:
    hint = escaped(told(one)) if one.hint or one.entries else ""
    return [number(one.yours), number(one.expected), verdict, hint]


def sentence(one: Graded | Gradient, verdict: str) -> str:
    """`wrong, yours 3, right 4; the hint`."""
    numbers = "" if one.verdict in (RIGHT, STEP) else (
        f", yours {number(one.yours)}, right {number(one.expected)}"
    )  # fmt: skip
    hint = f"; {visible(told(one))}" if one.hint or one.entries else ""
    return f"{verdict}{numbers}{hint}"


FORMS: dict[str, Callable[[Iterable[Grade]], Iterator[str]]] = {
    "json": render_json,
    "csv": render_csv,
    "junit": render_junit,
    "markdown": render_markdown,
    "plain": render_plain,
}
