"""Tables and verdicts as Markdown, and as plain lines for screen readers, grep and diff."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence

from backprop.cli.colour import FIRST
from backprop.errors import visible

Rows = Iterable[Sequence[str]]
SPECIAL = "\\`*_<>[]|"
FENCE = "```"


def escaped(text: str) -> str:
    """Text in which Markdown finds nothing to format."""
    return "".join(f"\\{char}" if char in SPECIAL else char for char in visible(text))


def code(text: str) -> str:
    """Text as code, also in a cell of a table."""
    shown = visible(text).replace("`", "'").replace("|", "\\|")
    return f"`{shown}`" if shown else ""


def markdown_table(headings: Sequence[str], rows: Rows, numbers: range = range(0)) -> Iterator[str]:
    """A table whose cells are Markdown already. Columns of numbers stand at the right."""
    yield f"| {' | '.join(headings)} |\n"
    yield f"|{'|'.join('--:' if n in numbers else ':--' for n in range(len(headings)))}|\n"
    for row in rows:
        yield f"| {' | '.join(row)} |\n"


def plain_rows(headings: Sequence[str], rows: Rows) -> Iterator[str]:
    """`x: value 3, gradient 5`: a line for each row, without cells that are empty."""
    for first, *others in rows:
        cells = zip(headings[1:], others, strict=True)
        yield f"{first}: {', '.join(f'{name} {cell}' for name, cell in cells if cell)}\n"


def listed(lines: Iterable[str]) -> Iterator[str]:
    """Lines as a list, the verdict of each in bold. Lines that are indented belong to the one
    above them; source with carets stands as it is."""
    for block in blocks(lines):
        first, *others = block
        if others and any(set(line.strip()) <= set("| ^") for line in others):
            body = "".join(f"  {line}\n" for line in block)
            yield f"- \n  {FENCE}text\n{body}  {FENCE}\n"
            continue
        yield f"- {emphasised(first)}\n"
        yield from (f"  - {escaped(line.strip())}\n" for line in others)


def blocks(lines: Iterable[str]) -> Iterator[list[str]]:
    """Every line that isn't indented, and the indented ones below it."""
    found: list[str] = []
    for line in lines:
        for one in line.rstrip("\n").split("\n"):
            if found and not one.startswith(" "):
                yield found
                found = []
            found.append(one)
    if found:
        yield found


def emphasised(line: str) -> str:
    """A line with its verdict in bold."""
    if not (found := FIRST.match(line)):
        return escaped(line)
    return f"{escaped(found[1])}**{found[2]}**{escaped(line[found.end() :])}"
