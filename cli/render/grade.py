"""A graded backward pass: for people a table and what to do about it, for scripts JSON, CSV and
the XML that continuous integration shows as tests."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any
from xml.sax.saxutils import quoteattr

from rich import box
from rich.console import RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backprop.cli.render.csv import line as csv_line
from backprop.cli.render.json import render_object
from backprop.cli.render.numbers import short
from backprop.errors import visible
from backprop.grading.results import RIGHT, UNREADABLE, WRONG, Grade, Graded, shown

PRECISION = 6
LONGEST = 200  # characters of a line of code that are shown
STYLES = {"right": "green", "wrong": "bold red", "redundant": "yellow", "unreadable": "magenta"}
FIELDS = ("file", "line", "code", "verdict", "finding", "yours", "expected", "hint")


def render_table(grade: Grade, *, several: bool) -> Iterator[RenderableType]:
    if several:
        yield Text(f"{visible(grade.file)}", style="bold", overflow="fold")
    if grade.lines:
        yield line_table(grade)
    yield from hints(grade)
    if any(one.yours is not None for one in grade.totals.values()):
        yield total_table(grade)
    yield Text(summary(grade), style=STYLES[grade.verdict])
    if several:
        yield Text("")


def line_table(grade: Grade) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("line", justify="right")
    table.add_column("code", overflow="fold", max_width=60)
    table.add_column("yours", justify="right", overflow="fold")
    table.add_column("right", justify="right", overflow="fold", style="green")
    table.add_column("verdict", no_wrap=True)
    for one in grade.lines:
        table.add_row(
            str(one.line), code(one), Text(number(one.yours), style=STYLES[one.verdict]),
            number(one.expected), Text(one.verdict, style=STYLES[one.verdict]),
        )  # fmt: skip
    return table


def total_table(grade: Grade) -> Table:
    table = Table(box=box.SIMPLE_HEAD, pad_edge=False, header_style="bold")
    table.add_column("as it stands", overflow="fold")
    table.add_column("yours", justify="right", overflow="fold")
    table.add_column("right", justify="right", overflow="fold", style="green")
    for name, total in grade.totals.items():
        mine, right = number(total.yours), number(total.expected)
        style = STYLES[RIGHT if mine == right else WRONG]
        table.add_row(f"gradient of {name}", Text(mine, style=style), right)
    return table


def hints(grade: Grade) -> Iterator[RenderableType]:
    """What to do about each line that isn't right, and about what is missing."""
    for one in grade.lines:
        if one.error:
            yield Text(visible_lines(one.error.render()), overflow="fold")
        elif one.hint:
            yield item(f"line {one.line}", one.finding or "", one.hint, STYLES[one.verdict])
    for gap in grade.missing:
        yield item(gap.finding, "", gap.hint, STYLES[WRONG])


def item(head: str, finding: str, hint: str, style: str) -> RenderableType:
    named = f"{head}, {finding}: " if finding else f"{head}: "
    return Padding(Text.assemble((named, style), visible(hint), overflow="fold"), 0)


def visible_lines(text: str) -> str:
    return "\n".join(map(visible, text.split("\n")))


def summary(grade: Grade) -> str:
    if grade.error and not grade.lines:
        return "unreadable"
    count = dict.fromkeys(STYLES, 0)
    for one in grade.lines:
        count[one.verdict] += 1
    if grade.verdict == RIGHT:
        told = f"right: {plural(len(grade.lines), 'line')}"
        return told + (f", {count['redundant']} without effect" if count["redundant"] else "")
    parts = []
    if count[WRONG]:
        parts.append(f"{count[WRONG]} of {plural(len(grade.lines), 'line')}")
    if grade.missing:
        parts.append(f"{plural(len(grade.missing), 'part')} missing")
    if count[UNREADABLE]:
        parts.append(f"{plural(count[UNREADABLE], 'line')} not read")
    return f"{grade.verdict}: {', '.join(parts)}"


def plural(count: int, word: str) -> str:
    return f"{count} {word}" if count == 1 else f"{count} {word}s"


def code(one: Graded) -> str:
    text = visible(" ".join(one.code[: 2 * LONGEST].split()))
    return text if len(text) <= LONGEST else f"{text[: LONGEST - 3]}..."


def number(value: Any) -> str:
    if value is None:
        return "-"
    if getattr(value, "ndim", 0):
        from backprop.cli.render.arrays import brief

        return brief(value, PRECISION)
    return short(value, PRECISION)


# For scripts.


def render_json(grades: Iterable[Grade]) -> Iterator[str]:
    for grade in grades:
        yield render_object(grade.to_dict())


def render_csv(grades: Iterable[Grade]) -> Iterator[str]:
    yield csv_line(FIELDS)
    for grade in grades:
        for one in grade.lines:
            yield csv_line((
                grade.file, one.line, code(one), one.verdict, one.finding or "",
                cell(one.yours), cell(one.expected), one.hint,
            ))  # fmt: skip
        for gap in grade.missing:
            yield csv_line(
                (grade.file, "", gap.variable, WRONG, gap.finding, "", cell(gap.expected), gap.hint)
            )
        if grade.error:
            place = grade.error.line or ""
            yield csv_line(
                (grade.file, place, "", UNREADABLE, "unreadable", "", "", grade.error.message)
            )


def cell(value: Any) -> str:
    return "" if value is None else str(shown(value)).replace(" ", "")


def render_junit(grades: Iterable[Grade]) -> Iterator[str]:
    yield '<?xml version="1.0" encoding="UTF-8"?>\n<testsuites name="backprop check">\n'
    for grade in grades:
        tests = [*map(line_test, grade.lines), *map(gap_test, grade.missing)]
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
    told = one.error.render() if one.error else one.hint
    return test(f"line {one.line}: {code(one)}", kind, one.finding or "", told)


def gap_test(gap: Any) -> str:
    return test(f"gradient of {gap.variable}", "failure", gap.finding, gap.hint)


def test(name: str, kind: str, finding: str, told: str) -> str:
    if not kind:
        return f"<testcase name={quoteattr(visible(name))}/>\n"
    message = quoteattr(visible_lines(told), {"\n": "&#10;"})
    inner = f"<{kind} type={quoteattr(finding)} message={message}/>"
    return f"<testcase name={quoteattr(visible(name))}>{inner}</testcase>\n"


FORMS: dict[str, Callable[[Iterable[Grade]], Iterator[str]]] = {
    "json": render_json,
    "csv": render_csv,
    "junit": render_junit,
}
