"""A backward pass in, its lines out: what each assigns, how, and the expression.

    target = expr    target += expr    target -= expr    target *= expr    a, b = c, d    a = b = c

Lines that only set the scene (imports of math and NumPy, `def`, `return`, docstrings, random
example values) are passed over. Anything else is unreadable, said with its place, and the
other lines are read all the same. Expressions go through the language's own parser.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from backprop.errors import BackpropError, LanguageError, LimitError
from backprop.grading.splitting import Piece, pieces
from backprop.language.parser import parse
from backprop.language.syntax import Tree

MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000
LONGEST = 20_000  # characters of one statement

HARMLESS = re.compile(
    r"import (math|numpy|numpy as np)\Z|from (math|numpy) import [\w, *()]+\Z"
    r"|def \w+\s*\([^()]*\)\s*(->[^:]*)?:\Z|(return|assert)\b|pass\Z|print\s*\("
    r"|[A-Za-z_]\w*\s*=\s*(np|numpy)\.random\.|[A-Za-z_]\w*(\s*,\s*[A-Za-z_]\w*)*\Z"
)
QUOTED = re.compile(r"[rRuU]?('''|\"\"\"|'|\").*\1\Z", re.DOTALL)
BLOCK = re.compile(r"(for|while|if|elif|else|with|try|except|finally|class|def|async|match)\b")
SYMBOLS = re.compile(r"[=<>!:]=|\*\*=|//=|[-+*/@%&|^]=|[()\[\]{},=]")
TARGET = re.compile(r"([A-Za-z_α-ορ-ω][\wα-ορ-ω]*)\s*(\[.*\])?\Z", re.DOTALL)
MEASURE = re.compile(r"\b([A-Za-z_]\w*)\.shape\[([01])\]|\blen\(([A-Za-z_]\w*)\)")
UPDATES = ("=", "+=", "-=", "*=", "/=")


class Line(NamedTuple):
    """One assignment."""

    number: int
    code: str
    span: tuple[int, int]
    target: str
    subscript: str  # `[0]` of `dw[0] = ...`
    update: str  # = += -= *= /=
    tree: Tree | None  # of the expression
    place: int = 0  # where the expression begins in the file
    error: BackpropError | None = None  # why it can't be read


def lines(text: str, sizes: Mapping[str, tuple[int, ...]]) -> Iterator[Line]:
    """The lines of a file in their order. `sizes` are the shapes of names that are known."""
    if len(text) > MOST_CHARACTERS:
        message = f"{len(text):,} characters are too many; {MOST_CHARACTERS:,} are graded at most"
        raise LimitError(message, text=text, span=(0, 1))
    inside: int | None = None  # the indent of a block that isn't read
    count, number, counted = 0, 1, 0
    for piece in pieces(text):
        number += text.count("\n", counted, piece.start)
        counted = piece.start
        code = text[piece.start : piece.stop]
        if inside is not None and piece.indent > inside:
            continue
        inside = None
        if HARMLESS.match(code) or QUOTED.match(code):
            continue
        count += 1
        if count > MOST_LINES:
            message = f"more than {MOST_LINES:,} lines are too many to be graded"
            raise LimitError(message, text=text, span=(piece.start, piece.stop))
        if code.endswith(":") and BLOCK.match(code):
            inside = piece.indent
        yield from read(text, piece, number, sizes)


def read(
    text: str, piece: Piece, number: int, sizes: Mapping[str, tuple[int, ...]]
) -> Iterator[Line]:
    """The assignments of one statement, or the line that can't be read."""
    code = text[piece.start : piece.stop]
    try:
        found = list(assignments(text, piece))
        for span, target, index, update, part in found:
            tree = expression(text, part, sizes)
            if len(found) > 1:
                code = f"{target}{index} {update} {text[slice(*part)]}"
            yield Line(number, code, span, target, index, update, tree, part[0])
    except BackpropError as error:
        span = error.span or (piece.start, piece.stop)
        yield Line(number, code, span, "", "", "=", None, 0, error)


Span = tuple[int, int]


def assignments(text: str, piece: Piece) -> Iterator[tuple[Span, str, str, str, Span]]:
    """Place, name, index and update of every target, and the place of its expression."""
    code = text[piece.start : piece.stop]
    if len(code) > LONGEST:
        message = f"the statement has {len(code):,} characters; {LONGEST:,} are read at most"
        raise refused(message, text, piece.start, piece.start + 20)
    if code.endswith(":") and (found := BLOCK.match(code)):
        message = f"a {found[1]} block is not read, so what is inside it is not graded"
        hint = "write its lines out, one assignment each"
        raise refused(message, text, piece.start, piece.start + found.end(), hint)
    marks = list(top_level(code))
    signs = [(start, mark) for start, mark in marks if mark.endswith("=") and mark not in COMPARE]
    if found := re.match(r"(import|from)\b", code):
        message = "of imports only those of math and numpy are passed over; none is carried out"
        raise refused(message, text, piece.start, piece.stop)
    if not signs:
        message = "this line assigns nothing, so there is nothing to grade"
        raise refused(message, text, piece.start, piece.stop, "write dx = ...")
    for start, mark in signs:
        if mark not in UPDATES or (len(signs) > 1 and mark != "="):
            where = piece.start + start
            raise refused(f"{mark} is not read here", text, where, where + len(mark))
    last, mark = signs[-1]
    begins = [0, *[start + len(sign) for start, sign in signs[:-1]]]
    for begin, (end, _) in zip(begins, signs, strict=True):
        left = cut(code, marks, begin, end)
        right = cut(code, marks, last + len(mark), len(code))
        if len(left) > 1 and len(left) != len(right):
            message = f"{len(left)} names, but {len(right)} values"
            raise refused(message, text, piece.start, piece.stop, "give every name its own line")
        whole = [(right[0][0], right[-1][1])] if len(left) == 1 else right
        for (first, stop), (start, finish) in zip(left, whole, strict=True):
            name = TARGET.match(code[first:stop])
            place = (piece.start + first, piece.start + stop)
            if not name:
                hint = "a line reads dx = ..., dx += ... or dw[0] = ..."
                raise refused("nothing can be assigned to this", text, *place, hint)
            yield (
                (place[0], piece.start + finish), name[1], name[2] or "", mark,
                (piece.start + start, piece.start + finish),
            )  # fmt: skip


COMPARE = ("==", "<=", ">=", "!=")


def top_level(code: str) -> Iterator[tuple[int, str]]:
    """The commas and signs of assignment that no bracket holds."""
    depth = 0
    for found in SYMBOLS.finditer(code):
        if found[0] in "([{":
            depth += 1
        elif found[0] in ")]}":
            depth -= 1
        elif not depth:
            yield found.start(), found[0]


def cut(code: str, marks: list[tuple[int, str]], start: int, stop: int) -> list[Span]:
    """The parts of `code[start:stop]` between its commas, without the space around them."""
    commas = [place for place, mark in marks if mark == "," and start <= place < stop]
    ends = zip([start, *[place + 1 for place in commas]], [*commas, stop], strict=True)
    parts = []
    for first, last in ends:
        inner = code[first:last]
        bare = inner.strip()
        begin = first + len(inner) - len(inner.lstrip())
        parts.append((begin, begin + len(bare)))
    return parts


def expression(text: str, part: Span, sizes: Mapping[str, tuple[int, ...]]) -> Tree:
    """The tree of an expression; an error has its place in the whole file."""
    start, stop = part
    try:
        return parse(measured(text[start:stop], sizes))
    except LanguageError as error:
        span = error.span or (0, stop - start)
        shifted = (start + span[0], start + span[1])
        raise LanguageError(error.message, text=text, span=shifted, hint=error.hint) from None


def measured(code: str, sizes: Mapping[str, tuple[int, ...]]) -> str:
    """`X.shape[0]` and `len(X)` as the numbers that they are, in as many columns."""

    def size(found: re.Match[str]) -> str:
        shape = sizes.get(found[1] or found[3], ())
        axis = int(found[2] or 0)
        return f"{shape[axis]}".ljust(len(found[0])) if axis < len(shape) else found[0]

    return MEASURE.sub(size, code) if "shape" in code or "len" in code else code


def refused(message: str, text: str, start: int, stop: int, hint: str = "") -> LanguageError:
    return LanguageError(message, text=text, span=(start, stop), hint=hint)
