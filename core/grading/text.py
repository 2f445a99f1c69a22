"""The text of a backward pass as Python's own syntax tree. What only the tool's language reads,
2x or x^2, is written as Python has it; a statement that nobody reads is left out, with the reason.
"""

from __future__ import annotations

import ast
import re
import textwrap
import warnings
from typing import NamedTuple

from backprop.errors import BackpropError, LanguageError, LimitError
from backprop.grading.splitting import Piece, pieces
from backprop.language.parser import parse
from backprop.language.printer import print_node
from backprop.language.syntax import children
from backprop.reading.diagnostics import Lines
from backprop.reading.source import Source, parsed

MOST_LINES = 20_000
MOST_CHARACTERS = 2_000_000
LONGEST = 20_000  # characters of one statement that isn't Python
ASSIGNED = re.compile(
    r"\s*(?P<target>[A-Za-zα-ω_]\w*(?:\s*\[[^\]]*\])?)\s*(?P<update>[-+*/]?=)(?!=)"
)
HARMLESS = re.compile(r"(def|class|if|for|while|with|else|elif|try|except|finally|import|from)\b")


class Unparsed(NamedTuple):
    """A statement that can't be parsed."""

    line: int
    code: str
    error: BackpropError


class Text(NamedTuple):
    source: Source
    unparsed: list[Unparsed]


def text_of(text: str, file: str, unit: str, *, plain: bool) -> Text:
    """The syntax tree of a file. `plain`: its lines are in the tool's language or in Python."""
    if len(text) > MOST_CHARACTERS:
        message = f"{len(text):,} characters are too many; {MOST_CHARACTERS:,} are graded at most"
        raise LimitError(message, text=text, span=(0, 1))
    if text.count("\n") > MOST_LINES:
        raise LimitError(f"more than {MOST_LINES:,} lines are too many to be graded")
    try:
        source = parsed(text, file, unit)
    except LanguageError:
        if not plain:
            raise
        return piecewise(text, file)
    if plain and "^" in text:
        Powers().visit(source.tree)
    return Text(source, [])


class Powers(ast.NodeTransformer):
    """x^2 is a power in the tool's language."""

    def visit_BinOp(self, node: ast.BinOp) -> ast.AST:
        self.generic_visit(node)
        if isinstance(node.op, ast.BitXor):
            node.op = ast.Pow()
        return node


def piecewise(text: str, file: str) -> Text:
    """Statement by statement, each as Python or else as the tool's language."""
    flat = textwrap.dedent(text)
    shift = len(text) == len(flat)
    body: list[ast.stmt] = []
    unparsed: list[Unparsed] = []
    number, counted = 1, 0
    if not shift:
        try:
            source = parsed(flat, file)
            Powers().visit(source.tree)
            return Text(source, [])
        except LanguageError:
            pass
    for piece in pieces(text):
        number += text.count("\n", counted, piece.start)
        counted = piece.start
        try:
            body += statements(text, piece, number)
        except BackpropError as error:
            code = text[piece.start : piece.stop]
            unparsed.append(Unparsed(number, code, error))
    tree = ast.Module(body, [])
    return Text(Source(file, "", Lines(text), tree), unparsed)


def statements(text: str, piece: Piece, number: int) -> list[ast.stmt]:
    code = text[piece.start : piece.stop]
    if HARMLESS.match(code) and code.endswith(":"):
        if code.startswith(("def", "class")):
            return []
        message = "this block can't be read, since the file isn't Python"
        raise LanguageError(message, text=text, span=(piece.start, piece.stop))
    found = as_python(code)
    if found is None:
        found = as_python(in_python(text, piece))
    if found is None:
        raise LanguageError("this can't be read", text=text, span=(piece.start, piece.stop))
    column = piece.start - (text.rfind("\n", 0, piece.start) + 1)
    for node in ast.walk(found):
        if isinstance(node, (ast.stmt, ast.expr, ast.keyword, ast.arg)):
            first = node.lineno == 1
            node.lineno += number - 1
            node.end_lineno = (node.end_lineno or 1) + number - 1
            node.col_offset += column * first
            node.end_col_offset = (node.end_col_offset or 0) + column * first
    Powers().visit(found)
    return found.body


def as_python(code: str) -> ast.Module | None:
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return ast.parse(code)
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        return None


def in_python(text: str, piece: Piece) -> str:
    """A statement of the tool's language, as Python writes it."""
    code = text[piece.start : piece.stop]
    if len(code) > LONGEST:
        message = f"the statement has {len(code):,} characters; {LONGEST:,} are read at most"
        raise LimitError(message, text=text, span=(piece.start, piece.start + 20))
    found = ASSIGNED.match(code)
    if found is None:
        message = "this line assigns nothing, so there is nothing to grade"
        raise LanguageError(
            message, text=text, span=(piece.start, piece.stop), hint="write dx = ..."
        )
    start = piece.start + found.end()
    try:
        tree = parse(text[start : piece.stop])
    except BackpropError as error:
        span = error.span or (0, piece.stop - start)
        place = (start + span[0], start + span[1])
        raise type(error)(error.message, text=text, span=place, hint=error.hint) from None
    if len(tree.body) != 1:
        raise LanguageError("write one statement a line", text=text, span=(start, piece.stop))
    written = print_node(tree.code, children(tree.code), len(tree.code) - 1)
    return f"{found['target'].strip()} {found['update']} {written.replace('^', '**')}"
