"""Changes to a line as a whole: another line in its place, before it, or somewhere else."""

from __future__ import annotations

import ast
import copy
from collections.abc import Iterator
from typing import NamedTuple

from backprop.grading.slips import Site, repairs, text
from backprop.grading.tracing import Event


class Change(NamedTuple):
    """A statement in place of another, or somewhere else in its block."""

    finding: str
    words: str
    fix: str
    block: list[ast.stmt]
    after: list[ast.stmt]


def parsed_line(written: str, place: ast.stmt) -> ast.stmt | None:
    """A statement that stands where another stands."""
    try:
        line = ast.parse(written.replace("^", "**")).body[0]
    except SyntaxError:
        return None
    for node in ast.walk(line):
        ast.copy_location(node, place)
    return line


def with_value(node: ast.stmt, value: ast.expr) -> ast.stmt:
    """A statement with another expression."""
    made = copy.copy(node)
    made.value = value  # type: ignore[attr-defined]
    return made


def statement_changes(event: Event, block: list[ast.stmt]) -> Iterator[Change]:
    """Changes to a line as a whole: how it assigns, where it writes, where it stands."""
    node = event.node
    place = [one is node for one in block].index(True)
    made: ast.stmt

    def instead(finding: str, words: str, made: ast.stmt) -> Change:
        ast.fix_missing_locations(ast.copy_location(made, node))
        after = [*block[:place], made, *block[place + 1 :]]
        return Change(finding, words, text(made), block, after)

    if isinstance(node, ast.Assign) and len(node.targets) == 1:
        target = node.targets[0]
        if isinstance(target, (ast.Name, ast.Subscript, ast.Attribute)):
            made = ast.AugAssign(target, ast.Add(), node.value)
            yield instead(
                "overwrites", f"= throws away what {text(target)} was; gradients add up", made
            )
    if isinstance(node, ast.AugAssign):
        for op, sign in ((ast.Add(), "+="), (ast.Sub(), "-=")):
            if not isinstance(op, type(node.op)):
                other = ast.AugAssign(node.target, op, node.value)
                yield instead("sign", f"{event.update} should be {sign}", other)
        yield instead("counted-twice", f"{event.update} adds to what is there: write =",
                      ast.Assign([node.target], node.value))  # fmt: skip
    into = node.targets[0] if isinstance(node, ast.Assign) else getattr(node, "target", None)
    for written in [into]:
        if isinstance(written, ast.Subscript):
            for repair in repairs(Site(written, (), ())):
                fits = repair.finding in ("index", "mask", "sign", "constant")
                if not fits or not isinstance(repair.node, ast.Subscript):
                    continue
                if text(repair.node.value) != text(written.value):
                    continue  # what is no name can't be written into
                made = copy.copy(node)
                if isinstance(made, ast.Assign):
                    made.targets = [repair.node]
                elif isinstance(made, ast.AugAssign):
                    made.target = repair.node
                yield instead(repair.finding, repair.words, made)
    yield from moved_down(event, block)
    if len(block) > 1:
        yield Change(
            "extra",
            "this line should not be there",
            "",
            block,
            [*block[:place], *block[place + 1 :]],
        )


def moved_down(event: Event, block: list[ast.stmt]) -> Iterator[Change]:
    """A line below the one that completes what it uses."""
    node = event.node
    place = [one is node for one in block].index(True)
    uses = {
        one.id
        for one in ast.walk(node)
        if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Load)
    }
    for later in range(len(block) - 1, place, -1):
        written = {
            one.id
            for one in ast.walk(block[later])
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        }
        if written & uses:
            after = [*block[:place], *block[place + 1 : later + 1], node, *block[later + 1 :]]
            name = sorted(written & uses)[0]
            words = f"{name} is not complete here: move this line below line {block[later].lineno}"
            yield Change("too-early", words, "", block, after)
            return


def blocks_of(tree: ast.AST) -> dict[int, list[ast.stmt]]:
    """The block that each statement stands in."""
    found: dict[int, list[ast.stmt]] = {}
    for node in ast.walk(tree):
        for name in ("body", "orelse", "finalbody"):
            block = getattr(node, name, None)
            if isinstance(block, list):
                found |= {id(one): block for one in block if isinstance(one, ast.stmt)}
    return found
