"""What names in a source are for: which are counted with, which lists grow, what a target is."""

from __future__ import annotations

import ast
from collections.abc import Iterator

LENGTHENS = ("append", "extend", "insert", "pop", "remove", "reverse", "clear")


def names_given(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id


def counters(tree: ast.AST) -> Iterator[str]:
    """The names that loops count with."""
    for node in ast.walk(tree):
        if isinstance(node, (ast.For, ast.comprehension)):
            yield from (one.id for one in ast.walk(node.target) if isinstance(one, ast.Name))


def places(tree: ast.AST) -> set[str]:
    """The names that only say where something stands in an array."""
    within: set[str] = set()
    counted: set[str] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.Subscript):
            within |= {one.id for one in ast.walk(node.slice) if isinstance(one, ast.Name)}
        elif isinstance(node, ast.BinOp):
            sides = node.left, node.right
            counted |= {side.id for side in sides if isinstance(side, ast.Name)}
    return within - counted


def growing(tree: ast.AST) -> Iterator[str]:
    """The names of lists that get longer or shorter."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
            if node.func.attr in LENGTHENS:
                yield name_of(node.func.value)
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add):
            sides = node.left, node.right
            if any(isinstance(side, (ast.List, ast.ListComp)) for side in sides):
                yield from (side.id for side in sides if isinstance(side, ast.Name))
        elif isinstance(node, ast.AugAssign) and isinstance(node.value, (ast.List, ast.ListComp)):
            yield from (one.id for one in [node.target] if isinstance(one, ast.Name))


def name_of(target: ast.expr) -> str:
    """The variable that a target is about: dW of dW[0], W1 of grads['W1'], dW of self.dW."""
    while isinstance(target, (ast.Subscript, ast.Attribute)):
        if isinstance(target, ast.Attribute):
            return target.attr
        if isinstance(target.slice, ast.Constant) and isinstance(target.slice.value, str):
            return target.slice.value
        target = target.value
    return target.id if isinstance(target, ast.Name) else ""
