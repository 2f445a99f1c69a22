"""The pages of the manual: found by topic or by the words on them, and cut into blocks.

A page is Markdown of few forms: a title, headings, paragraphs, lists, tables and fenced blocks.
`index` is the first page; the order of its links is the order of all others.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from importlib.resources import files
from typing import NamedTuple

INDEX = "index"
SUFFIX = ".md"
LINK = re.compile(r"\[([^\]]+)\]\(([^)]+)\)")
WORD = re.compile(r"[\w-]{3,}")
FENCE = "```"
IMAGE = "!["
COMMENT = "<!--"
TITLE, HEADING, TEXT, ITEM, CODE, TABLE = "title", "heading", "text", "item", "code", "table"
MARKS = {"# ": TITLE, "## ": HEADING, "- ": ITEM, "|": TABLE}


class Page(NamedTuple):
    topic: str
    text: str

    @property
    def title(self) -> str:
        return self.text.partition("\n")[0].removeprefix("# ")


class Block(NamedTuple):
    kind: str
    lines: tuple[str, ...]


class Hit(NamedTuple):
    """A page that has the words, and the first line with one of them."""

    page: Page
    line: str


def topics() -> list[str]:
    """Every page but the first, in the order of its links."""
    linked = [target for _, target in LINK.findall(page(INDEX).text)]
    return [target.removesuffix(SUFFIX) for target in linked if target.endswith(SUFFIX)]


def page(topic: str) -> Page:
    return Page(topic, files("backprop.cli.manual").joinpath(topic + SUFFIX).read_text("utf-8"))


def pages() -> list[Page]:
    return [page(topic) for topic in topics()]


def found(words: Sequence[str]) -> list[Hit]:
    """The pages that have all the words: first those that explain them."""
    patterns = [re.compile(rf"(?<![\w-]){re.escape(word)}", re.IGNORECASE) for word in words]
    ranked = []
    for number, one in enumerate(pages()):
        lines = one.text.splitlines()
        hits = [line for line in lines if any(pattern.search(line) for pattern in patterns)]
        if not all(pattern.search(one.text) for pattern in patterns):
            continue
        headed = sum(line.startswith("#") for line in hits)
        named = any(pattern.match(one.topic) for pattern in patterns)
        told = [line for line in hits if explains(line, patterns)]
        plain = [line for line in hits if not line.startswith("#")]
        rank = (-named, -headed, -bool(told), 0 if told else -len(hits), number)
        ranked.append((rank, Hit(one, [*told, *plain, *hits][0].strip())))
    return [hit for _, hit in sorted(ranked, key=lambda pair: pair[0])]


def explains(line: str, patterns: Sequence[re.Pattern[str]]) -> bool:
    """Is it a row of a table about one of the words?"""
    return line.startswith("|") and any(pattern.search(cells(line)[0]) for pattern in patterns)


def vocabulary() -> list[str]:
    """Every word of the manual, topics first."""
    words = [word for one in pages() for word in WORD.findall(one.text)]
    return [*dict.fromkeys([*topics(), *words])]


def blocks(text: str) -> Iterator[Block]:
    """The page in pieces that are laid out alike."""
    kind, lines = "", list[str]()
    for line in [*text.splitlines(), ""]:
        if kind == CODE:
            if line.startswith(FENCE):
                yield Block(CODE, tuple(lines))
                kind, lines = "", []
            else:
                lines.append(line)
            continue
        begun = begins(line)
        continues = begun == kind == TABLE or (begun == TEXT and kind in (TEXT, ITEM))
        if lines and not continues:
            yield Block(kind, tuple(lines))
            kind, lines = "", []
        if begun == CODE:
            kind = CODE
        elif begun:
            kind = kind or begun
            lines.append(unmarked(line.strip(), begun))


def begins(line: str) -> str:
    """What kind of block a line belongs to; nothing for an empty one or a picture."""
    if line.startswith(FENCE):
        return CODE
    if not line.strip() or line.startswith((IMAGE, COMMENT)):
        return ""
    return next((kind for mark, kind in MARKS.items() if line.startswith(mark)), TEXT)


def unmarked(line: str, kind: str) -> str:
    if kind == TABLE:
        return line
    mark = next((mark for mark, marked in MARKS.items() if marked == kind), "")
    return line.removeprefix(mark)


def cells(line: str) -> list[str]:
    """The cells of a row of a table."""
    parts = re.split(r"(?<!\\)\|", line.strip().removeprefix("|").removesuffix("|"))
    return [part.strip().replace("\\|", "|") for part in parts]


def rows(block: Block) -> list[list[str]]:
    """A table's rows, the heading first, without the line under it."""
    return [cells(line) for line in block.lines if not re.fullmatch(r"[|:\- ]+", line)]
