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
ENDING = re.compile(r"(?<=[a-z]{4})(?:ices|ing|ix|es|ed|s|e)$")
# Words that say nothing about a page.
PASSED_OVER = frozenset((
    "a", "an", "and", "are", "as", "at", "be", "by", "can", "do", "does", "for", "from", "get",
    "how", "i", "if", "in", "into", "is", "it", "me", "my", "of", "on", "one", "or", "that", "the",
    "this", "to", "want", "what", "when", "where", "which", "with",
))  # fmt: skip
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
    """The pages that have all the words, or else most of them: first those that explain them."""
    patterns = [pattern(word) for word in words if word.lower() not in PASSED_OVER]
    patterns = patterns or [pattern(word) for word in words]
    ranked = []
    for number, one in enumerate(pages()):
        weights = [weight(one, searched) for searched in patterns]
        has = sum(map(bool, weights))
        if has and 2 * has >= len(patterns):
            ranked.append((-has, -sum(weights), number, Hit(one, best_line(one, patterns))))
    most = min((has for has, *_ in ranked), default=0)
    return [hit for has, _, _, hit in sorted(ranked, key=lambda row: row[:3]) if has == most]


def pattern(word: str) -> re.Pattern[str]:
    """A word with the endings that it may have: matrix, matrices."""
    stem = ENDING.sub("", word) if word.isalpha() else word
    return re.compile(rf"(?<![a-zA-Z0-9-]){re.escape(stem)}", re.IGNORECASE)


def weight(one: Page, searched: re.Pattern[str]) -> float:
    """How much a page is about a word: most if it is called so."""
    hits = [line for line in one.text.splitlines() if searched.search(line)]
    if not hits:
        return 0
    if searched.match(one.topic):
        return 8
    if hits[0].startswith("# "):
        return 6
    if any(line.startswith("#") for line in hits):
        return 4
    if any(explains(line, [searched]) for line in hits):
        return 3
    return 1 + min(len(hits), 9) / 5


def best_line(one: Page, patterns: Sequence[re.Pattern[str]]) -> str:
    """The line that shows most of what was searched for; an example only if nothing else does."""
    ranked = []
    example = False
    for number, line in enumerate(one.text.splitlines()):
        example ^= line.startswith(FENCE)
        has = sum(bool(searched.search(line)) for searched in patterns)
        rank = (has, explains(line, patterns), not line.startswith("#"), -number)
        ranked.append(((not example and has > 0, *rank), line))
    return max(ranked)[1].strip()


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
