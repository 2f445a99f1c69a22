"""Shapes alone, in every format: what each stage makes, and what it passes back."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import NamedTuple

from rich.console import Console, ConsoleOptions, RenderableType
from rich.padding import Padding
from rich.table import Table
from rich.text import Text

from backprop.answer.dimensions import Dimensions
from backprop.cli.output import UNBOUNDED
from backprop.cli.render.csv import line
from backprop.cli.render.frame import BACKWARD, FORWARD, folded, new_table, numbered
from backprop.cli.render.json import render_object
from backprop.cli.render.markdown import code, row
from backprop.errors import visible
from backprop.gates.shapes import compact, words
from backprop.showing.lines import headline

NARROW = 60  # columns of a terminal that has no room for a table
MARGIN, DEEPER = (0, 0, 0, 4), (0, 0, 0, 6)
HEADINGS = ("stage", "shape", "gradient", "passes back", "dimensions")
FIELDS = ("kind", "id", "name", "gate", "code", "shape", "gradient", "inputs", "formulas",
          "dimensions")  # fmt: skip


class Line(NamedTuple):
    """An input or a stage, in words."""

    title: str
    shape: str
    gradient: str
    formulas: list[str]  # dW = dD @ X.T
    dimensions: list[str]  # 5x3 @ 3x10 -> 5x10


def inputs(sizes: Dimensions) -> Iterator[Line]:
    for name, slot in sizes.program.inputs.items():
        shape = compact(sizes.shape(slot))
        yield Line(name, shape, shape if slot in sizes.reached else "none", [], [])


def stages(sizes: Dimensions) -> Iterator[Line]:
    for stage, sides, reached, flows in sizes.stages():
        shape = compact(sides)
        passed = [flow for flow in flows if flow]
        yield Line(
            f"{stage.name} = {stage.code}", shape, shape if reached else "none",
            [f"d{flow.to} = {flow.formula}" for flow in passed],
            [flow.dimensions for flow in passed],
        )  # fmt: skip


def answers(sizes: Dimensions) -> Iterator[str]:
    output = sizes.program.output_name
    yield f"{output} is {words(sizes.shape(sizes.program.output))}"
    for name in sizes.wrt:
        yield f"d{output}/d{name} is {words(sizes.inputs[name])}"
    yield "only shapes: nothing was computed"


def notes(sizes: Dimensions) -> Iterator[str]:
    for notice in sizes.program.notices:
        yield visible(notice.message)


class Sides:
    """The table; where there is no room for it, dimensions stand below their formulas, and where
    it is narrow all of it stands below the name of the stage."""

    def __init__(self, sizes: Dimensions) -> None:
        self.most = most = sizes.program.size
        self.groups = [
            [one._replace(title=numbered(None, one.title, most)) for one in inputs(sizes)],
            [
                one._replace(title=numbered(number, one.title, most))
                for number, one in enumerate(stages(sizes), 1)
            ],
        ]

    def __rich_console__(
        self, console: Console, options: ConsoleOptions
    ) -> Iterator[RenderableType]:
        wide = self.table(apart=True)
        wanted = console.measure(wide, options=options.update(max_width=UNBOUNDED)).maximum
        if wanted <= options.max_width:
            yield wide
        elif options.max_width >= NARROW:
            yield self.table(apart=False)
        else:
            yield from self.listed()

    def listed(self) -> Iterator[RenderableType]:
        for title, shape, gradient, formulas, dimensions in [*self.groups[0], *self.groups[1]]:
            yield Text()
            yield Text(title, style="bold", overflow="fold")
            yield Padding(Text(f"shape {shape}, gradient {gradient}"), MARGIN)
            for formula, sides in zip(formulas, dimensions, strict=True):
                yield Padding(Text(formula, style=BACKWARD, overflow="fold"), MARGIN)
                yield Padding(Text(sides, overflow="fold"), DEEPER)
        yield Text()

    def table(self, *, apart: bool) -> Table:
        table = new_table()
        table.add_column("stage", overflow="fold")
        table.add_column("shape", style=FORWARD)
        table.add_column("gradient", style=BACKWARD)
        table.add_column("passes back", style=BACKWARD, overflow="fold")
        if apart:
            table.add_column("dimensions", overflow="fold")
        for group in self.groups:
            for title, shape, gradient, formulas, dimensions in group:
                if apart:
                    cells = ["\n".join(formulas), "\n".join(dimensions)]
                else:
                    pairs = zip(formulas, dimensions, strict=True)
                    cells = ["\n".join(f"{one}\n  {other}" for one, other in pairs)]
                table.add_row(folded(title, self.most), shape, gradient, *cells)
            table.add_section()
        return table


def render_table(sizes: Dimensions) -> Iterator[RenderableType]:
    yield Text(visible(headline(sizes.program)), style="bold", overflow="fold")
    yield Sides(sizes)
    for answer in answers(sizes):
        yield Text(answer)
    for note in notes(sizes):
        yield Text(f"note: {note}", style="yellow")


def render_plain(sizes: Dimensions) -> Iterator[str]:
    for title, shape, gradient, _, _ in inputs(sizes):
        yield f"input {title}: {shape}, d{title}: {gradient}\n"
    for number, found in enumerate(stages(sizes), 1):
        name = found.title.partition(" = ")[0]
        yield f"stage {number}: {found.title}: {found.shape}, d{name}: {found.gradient}\n"
        for formula, dimensions in zip(found.formulas, found.dimensions, strict=True):
            yield f"  {formula}: {dimensions}\n"
    yield from (f"{answer}\n" for answer in answers(sizes))
    yield from (f"note: {note}\n" for note in notes(sizes))


def render_markdown(sizes: Dimensions) -> Iterator[str]:
    yield row(HEADINGS)
    yield "|:--|:--|:--|:--|:--|\n"
    for title, shape, gradient, formulas, dimensions in [*inputs(sizes), *stages(sizes)]:
        texts = ["<br>".join(map(code, cell)) for cell in (formulas, dimensions)]
        yield row([code(title), shape, gradient, *texts])
    yield "\n"
    yield from (f"- {answer}\n" for answer in answers(sizes))
    yield from (f"- note: {code(note)}\n" for note in notes(sizes))


def render_csv(sizes: Dimensions) -> Iterator[str]:
    yield line(FIELDS)
    for title, shape, gradient, _, _ in inputs(sizes):
        yield line(("input", "", title, "", "", shape, gradient, "", "", ""))
    for found, said in zip(sizes.stages(), stages(sizes), strict=True):
        stage = found.stage
        yield line((
            "stage", stage.id, stage.name, stage.gate.name, stage.code, said.shape, said.gradient,
            " ".join(stage.operand_names), "; ".join(said.formulas), "; ".join(said.dimensions),
        ))  # fmt: skip


FORMS: dict[str, Callable[[Dimensions], Iterator[str]]] = {
    "plain": render_plain,
    "markdown": render_markdown,
    "csv": render_csv,
    "json": lambda sizes: iter([render_object(sizes.to_dict())]),
}
