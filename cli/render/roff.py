"""Pages of the manual as a page for man."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from backprop.cli.pages import CODE, HEADING, ITEM, TABLE, TITLE, Block, Page, blocks, rows
from backprop.cli.render.page import pieces

FONTS = {"bold": "B", "cyan": "B", "": "R"}


def render_roff(pages: Iterable[Page], version: str) -> Iterator[str]:
    """One page of section 1: a section for each topic."""
    yield f'.TH BACKPROP 1 "" "backprop {escaped(version)}"\n'
    yield ".SH NAME\nbackprop \\- gradients stage by stage, checked\n"
    for page in pages:
        for block in blocks(page.text):
            yield from WRITERS[block.kind](block)


def title(block: Block) -> Iterator[str]:
    yield f".SH {quoted(block.lines[0].upper())}\n"


def heading(block: Block) -> Iterator[str]:
    yield f".SS {quoted(block.lines[0])}\n"


def paragraph(block: Block) -> Iterator[str]:
    yield f".PP\n{inline(' '.join(block.lines))}\n"


def item(block: Block) -> Iterator[str]:
    yield f".IP \\(bu 2\n{inline(' '.join(block.lines))}\n"


def code(block: Block) -> Iterator[str]:
    yield ".PP\n.RS 4\n.nf\n"
    yield from (f"{escaped(line)}\n" for line in block.lines)
    yield ".fi\n.RE\n"


def table(block: Block) -> Iterator[str]:
    """A row is a term and what there is to say about it."""
    for row in rows(block)[1:]:
        yield f".TP\n{inline(row[0])}\n{inline('; '.join(filter(None, row[1:])))}\n"


def inline(text: str) -> str:
    return safe("".join(f"\\f{FONTS[p.style]}{bare(p.text)}\\fR" if p.style else bare(p.text)
                        for p in pieces(text)))  # fmt: skip


def bare(text: str) -> str:
    """Text without what man would take for a command."""
    text = text.replace("\\", "\\e").replace("-", "\\-")
    return text if text.isascii() else "".join(map(ascii_only, text))


def ascii_only(char: str) -> str:
    return char if char.isascii() else f"\\[u{ord(char):04X}]"


def safe(line: str) -> str:
    return f"\\&{line}" if line.startswith((".", "'")) or not line else line


def escaped(line: str) -> str:
    return safe(bare(line))


def quoted(text: str) -> str:
    return '"' + re.sub('"', '""', bare(text)) + '"'


WRITERS = {
    TITLE: title, HEADING: heading, "text": paragraph, ITEM: item, CODE: code, TABLE: table,
}  # fmt: skip
