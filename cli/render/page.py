"""A page of the manual as lines of text, with colours on a terminal."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import NamedTuple

from backprop.cli.colour import coloured, painted
from backprop.cli.pages import (
    CODE,
    HEADING,
    ITEM,
    LINK,
    SUFFIX,
    TABLE,
    TITLE,
    Block,
    Page,
    blocks,
    rows,
)
from backprop.errors import columns

INDENT = "  "
GAP = 3  # columns between the cells of a table
NARROWEST = 24  # of the last column of a table
MARK = re.compile(r"`([^`]+)`|\*\*([^*]+)\*\*")


class Piece(NamedTuple):
    """A word, or code that stays on one line, and how it looks on a terminal."""

    text: str
    style: str = ""


def render_page(page: Page, width: int, colour: bool) -> Iterator[str]:
    """The lines of a page, each with its end."""
    before = ""
    for block in blocks(page.text):
        if before and not (before == block.kind == ITEM):
            yield "\n"
        yield from (f"{line.rstrip()}\n" for line in LAYOUT[block.kind](block, width, colour))
        before = block.kind


def title(block: Block, width: int, colour: bool) -> list[str]:
    return underlined(block.lines[0], width, "" if colour else "=")


def heading(block: Block, width: int, colour: bool) -> list[str]:
    return underlined(block.lines[0], width, "" if colour else "-")


def underlined(text: str, width: int, mark: str) -> list[str]:
    """A title with a line of marks under it; without a mark it is bold."""
    lines = wrapped(text, width, colour=False)
    if not mark:
        return [painted(line, "bold") for line in lines]
    return [*lines, mark * max(map(columns, lines))]


def paragraph(block: Block, width: int, colour: bool) -> list[str]:
    return wrapped(" ".join(block.lines), width, colour)


def item(block: Block, width: int, colour: bool) -> list[str]:
    first, *others = wrapped(" ".join(block.lines), width - 2, colour)
    return [f"- {first}", *(f"  {line}" for line in others)]


def code(block: Block, width: int, colour: bool) -> list[str]:
    """As it is: a terminal folds what is too long, and a copy of it stays whole."""
    del width
    return [INDENT + (code_line(line) if colour else line) for line in block.lines]


def code_line(line: str) -> str:
    return painted(line, "bold") if line.startswith(("$ ", "> ")) else coloured(line)


def table(block: Block, width: int, colour: bool) -> list[str]:
    """Columns, the last one wrapped; or, where that is too narrow, a row below the other."""
    found = rows(block)
    texts = [
        ["".join(shown(piece, False) for piece in pieces(cell)) for cell in row] for row in found
    ]
    widths = [max(columns(row[i]) for row in texts if i < len(row)) for i in range(len(found[0]))]
    left = sum(widths[:-1]) + GAP * (len(widths) - 1)
    longest = max([longest_word(row[-1]) for row in found], default=0)
    if width - left < max(min(NARROWEST, widths[-1]), longest):
        return stacked(found, width, colour)
    lines = []
    for number, row in enumerate(found):
        last = wrapped(row[-1], width - left, colour) or [""]
        start = "".join(
            padded(cell, size + GAP, colour) for cell, size in zip(row[:-1], widths, strict=False)
        )
        lines += [start + last[0], *(" " * left + line for line in last[1:])]
        if number == 0:
            if not any(row):
                lines = []
                continue
            lines.append("─" * min(width, left + widths[-1]))
    return lines


def stacked(found: list[list[str]], width: int, colour: bool) -> list[str]:
    """A row below the other; what is neither the first nor the last column has its heading."""
    lines: list[str] = []
    heads = [f"{head}: " for head in found[0][1:-1]] + [""]
    for row in found[1:]:
        lines += wrapped(row[0], width, colour)
        for head, cell in zip(heads, row[1:], strict=True):
            lines += [INDENT + line for line in wrapped(head + cell, width - len(INDENT), colour)]
    return lines


def padded(cell: str, size: int, colour: bool) -> str:
    parts = list(pieces(cell))
    used = sum(columns(shown(part, False)) for part in parts)
    return "".join(shown(part, colour) for part in parts) + " " * (size - used)


def wrapped(text: str, width: int, colour: bool) -> list[str]:
    """Lines of at most `width` columns, unless one word has more."""
    lines: list[str] = []
    line, used = "", 0
    for word in words(text):
        size = sum(columns(shown(piece, False)) for piece in word)
        drawn = "".join(shown(piece, colour) for piece in word)
        if line and used + 1 + size > width:
            lines.append(line)
            line, used = "", 0
        line, used = (f"{line} {drawn}", used + 1 + size) if line else (drawn, size)
    return [*lines, line] if line else lines


def longest_word(text: str) -> int:
    """How many columns that takes which is not parted between two lines."""
    sizes = [sum(columns(shown(piece, False)) for piece in word) for word in words(text)]
    return max(sizes, default=0)


def words(text: str) -> Iterator[list[Piece]]:
    """What stands between two spaces: several pieces, if code touches other text."""
    word: list[Piece] = []
    for piece in pieces(text):
        if piece.style:
            word.append(piece)
            continue
        first, *others = re.split(r"\s+", piece.text)
        if first:
            word.append(Piece(first))
        for other in others:
            if word:
                yield word
            word = [Piece(other)] if other else []
    if word:
        yield word


def pieces(text: str) -> Iterator[Piece]:
    text = LINK.sub(linked, text)
    place = 0
    for mark in MARK.finditer(text):
        if mark.start() > place:
            yield Piece(text[place : mark.start()])
        yield Piece(mark[1], "cyan") if mark[1] else Piece(mark[2], "bold")
        place = mark.end()
    if place < len(text):
        yield Piece(text[place:])


def linked(link: re.Match[str]) -> str:
    """A link in words: a page by its topic, an address after its text."""
    text, target = link[1], link[2]
    if target.startswith("http"):
        return f"{text} ({target})"
    if not target.endswith(SUFFIX):
        return text
    topic = target.rpartition("/")[2].removesuffix(SUFFIX)
    return f"**{topic}**" if text.strip("`") == topic else f"{text} (**{topic}**)"


def shown(piece: Piece, colour: bool) -> str:
    if piece.style and colour:
        return painted(piece.text, piece.style)
    return f"`{piece.text}`" if piece.style == "cyan" and not colour else piece.text


LAYOUT = {
    TITLE: title, HEADING: heading, "text": paragraph, ITEM: item, CODE: code, TABLE: table,
}  # fmt: skip
