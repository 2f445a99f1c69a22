"""Single mistakes in a backward pass in Python, as people make them: one changed line each."""

from __future__ import annotations

import ast
import copy
import itertools
from collections.abc import Callable, Iterator
from random import Random
from typing import NamedTuple


class Slip(NamedTuple):
    """A file with one mistake in it."""

    kind: str
    line: int
    text: str
    code: str  # the line as it is now


Change = Callable[[ast.AST], Iterator[tuple[str, ast.AST]]]


def binary(node: ast.AST, *kinds: type[ast.operator]) -> bool:
    return isinstance(node, ast.BinOp) and isinstance(node.op, kinds)


def of_signs(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.USub):
        yield "sign", node.operand
    if binary(node, ast.Add):
        assert isinstance(node, ast.BinOp)
        yield "sign", ast.BinOp(node.left, ast.Sub(), node.right)
    if binary(node, ast.Sub):
        assert isinstance(node, ast.BinOp)
        yield "sign", ast.BinOp(node.left, ast.Add(), node.right)


def of_factors(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if binary(node, ast.Mult):
        assert isinstance(node, ast.BinOp)
        yield "factor", node.left
        yield "factor", node.right
    if binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        yield "factor", node.left
        yield "inverted", ast.BinOp(node.left, ast.Mult(), node.right)


def of_terms(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if binary(node, ast.Add, ast.Sub):
        assert isinstance(node, ast.BinOp)
        yield "term", node.left


def of_powers(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if binary(node, ast.Pow):
        assert isinstance(node, ast.BinOp)
        yield "square", node.left
        if isinstance(node.right, ast.Constant) and isinstance(node.right.value, int):
            yield "square", ast.BinOp(node.left, ast.Pow(), ast.Constant(node.right.value + 1))


def of_transposes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        yield "transpose", node.value
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        owner = node.func.value
        if node.func.attr == "dot" and len(node.args) == 1:
            turned = ast.Attribute(node.args[0], node.func.attr, ast.Load())
            yield "order", ast.Call(turned, [owner], [])
    if binary(node, ast.MatMult):
        assert isinstance(node, ast.BinOp)
        yield "order", ast.BinOp(node.right, ast.MatMult(), node.left)


def of_axes(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if not isinstance(node, ast.Call) or not isinstance(node.func, ast.Attribute):
        return
    if node.func.attr == "sum":
        for k, keyword in enumerate(node.keywords):
            if keyword.arg == "axis" and isinstance(keyword.value, ast.Constant):
                other = copy.deepcopy(node)
                other.keywords[k].value = ast.Constant(1 - abs(int(str(keyword.value.value))))
                yield "axis", other
        module = isinstance(node.func.value, ast.Name) and node.func.value.id == "np"
        yield "unsummed", node.args[0] if module else node.func.value


def of_masks(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Compare) and len(node.ops) == 1:
        turned = {ast.Gt: ast.Lt, ast.Lt: ast.Gt, ast.GtE: ast.Lt, ast.LtE: ast.Gt}
        if type(node.ops[0]) in turned:
            op = turned[type(node.ops[0])]()
            yield "mask", ast.Compare(node.left, [op], node.comparators)


def of_indices(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if isinstance(node, ast.Subscript) and isinstance(node.ctx, ast.Load):
        inner = node.slice
        if binary(inner, ast.Add, ast.Sub):
            assert isinstance(inner, ast.BinOp)
            if isinstance(inner.right, ast.Constant) and inner.right.value == 1:
                yield "off-by-one", ast.Subscript(node.value, inner.left, ast.Load())


def of_counts(node: ast.AST) -> Iterator[tuple[str, ast.AST]]:
    if binary(node, ast.Div):
        assert isinstance(node, ast.BinOp)
        if isinstance(node.right, ast.Name) and node.right.id in ("N", "m", "n", "batch"):
            less = ast.BinOp(node.right, ast.Sub(), ast.Constant(1))
            yield "count", ast.BinOp(node.left, ast.Div(), less)


CHANGES: tuple[Change, ...] = (
    of_signs, of_factors, of_terms, of_powers, of_transposes, of_axes, of_masks, of_indices,
    of_counts,
)  # fmt: skip


def slips(text: str, function: str, names: list[str], seed: int = 0) -> Iterator[Slip]:
    """Every single mistake in the lines of a function. `names` may be taken for each other."""
    tree = ast.parse(text)
    node = next(
        one for one in ast.walk(tree)
        if isinstance(one, ast.FunctionDef) and one.name == function
    ) if function else tree  # fmt: skip
    random = Random(seed)
    for statement in ast.walk(node):
        if not isinstance(statement, (ast.Assign, ast.AugAssign)):
            continue
        for kind, changed in changed_lines(statement, names, random):
            yield written(text, statement, kind, changed)
    yield from moved(text, node)


def changed_lines(
    statement: ast.Assign | ast.AugAssign, names: list[str], random: Random
) -> Iterator[tuple[str, ast.stmt]]:
    value = statement.value
    yield "sign", with_value(statement, ast.UnaryOp(ast.USub(), value))
    yield "constant", with_value(statement, ast.BinOp(ast.Constant(2), ast.Mult(), value))
    if isinstance(statement, ast.AugAssign) and isinstance(statement.op, ast.Add):
        yield "overwrites", ast.Assign([statement.target], value)
    for part in ast.walk(value):
        for change in CHANGES:
            for kind, new in change(part):
                yield kind, with_value(statement, replaced(value, part, new))
    found = [one for one in ast.walk(value) if isinstance(one, ast.Name) and one.id in names]
    for one in found[:3]:
        others = [name for name in names if name != one.id]
        if others:
            new = ast.Name(random.choice(others), ast.Load())
            yield "name", with_value(statement, replaced(value, one, new))


def with_value(statement: ast.Assign | ast.AugAssign, value: ast.AST) -> ast.stmt:
    changed = copy.copy(statement)
    changed.value = value  # type: ignore[assignment]
    return changed


def replaced(root: ast.AST, old: ast.AST, new: ast.AST) -> ast.AST:
    if root is old:
        return new
    found = copy.copy(root)
    for name, value in ast.iter_fields(root):
        if isinstance(value, list):
            setattr(
                found,
                name,
                [replaced(one, old, new) if isinstance(one, ast.AST) else one for one in value],
            )
        elif isinstance(value, ast.AST):
            setattr(found, name, replaced(value, old, new))
    return found


def written(text: str, statement: ast.stmt, kind: str, changed: ast.stmt) -> Slip:
    """The file with another statement on the same line."""
    lines = text.split("\n")
    first, last = statement.lineno, statement.end_lineno or statement.lineno
    head = lines[first - 1][: statement.col_offset]
    code = ast.unparse(ast.fix_missing_locations(changed))
    lines[first - 1 : last] = [head + code] + [""] * (last - first)
    return Slip(kind, first, "\n".join(lines), code)


def moved(text: str, node: ast.AST) -> Iterator[Slip]:
    """A gradient that is used before it is complete: a line that adds comes one line later."""
    lines = text.split("\n")
    for block in (
        body for one in ast.walk(node) if isinstance(body := getattr(one, "body", None), list)
    ):
        for first, second in itertools.pairwise(block):
            if not isinstance(first, ast.AugAssign) or not isinstance(second, ast.Assign):
                continue
            uses = {one.id for one in ast.walk(second.value) if isinstance(one, ast.Name)}
            if isinstance(first.target, ast.Name) and first.target.id in uses:
                swapped = list(lines)
                a, b = first.lineno - 1, second.lineno - 1
                swapped[a], swapped[b] = lines[b], lines[a]
                yield Slip("too-early", first.lineno, "\n".join(swapped), lines[b].strip())


def with_fix(text: str, number: int, fix: str, said: str = "") -> str:
    """The file with a hint in the place of a line, and of those on which its statement goes on; or
    after it or before it, if the hint says so."""
    lines = text.split("\n")
    nodes = [one for one in ast.walk(ast.parse(text)) if isinstance(one, ast.stmt)]
    node = next(one for one in nodes if one.lineno == number)
    old = lines[number - 1]
    head = old[: len(old) - len(old.lstrip())]
    if old.lstrip().startswith("return ") and not fix.startswith("return"):
        fix = f"return {fix}"
    last = node.end_lineno or number
    if "write before" in said:
        lines.insert(number - 1, head + fix)
        return "\n".join(lines)
    if "write after" in said or "that gradient is missing" in said:
        lines.insert(last, head + fix)
        return "\n".join(lines)
    lines[number - 1 : last] = [head + fix] + [""] * (last - number)
    return "\n".join(lines)
