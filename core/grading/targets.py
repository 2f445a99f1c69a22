"""What stands before an `=`, and what the line then means."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from backprop.errors import LanguageError
from backprop.grading.reading import Line
from backprop.language.parser import parse
from backprop.language.syntax import INFIX, PREFIX, Item, Op, children
from backprop.language.tokens import is_name

if TYPE_CHECKING:
    from backprop.grading.forward import Forward
    from backprop.grading.matching import Cell


def accumulated(line: Line) -> Line:
    """`dx = dx + a` as `dx += a`."""
    tree = line.tree
    if tree is None or line.update != "=" or line.subscript:
        return line
    code, at = list(tree.code), list(tree.at)
    if code.count(line.target) != 1 or len(code) < 3:
        return line
    operands = children(code)
    place = code.index(line.target)
    if place == len(code) - 2 and code[-1] is INFIX["+"]:  # a + dx
        del code[place:], at[place:]
    elif place == 0 and (spine := sums_above(code, operands)):
        node = spine[0]
        if code[node] is INFIX["-"]:
            code[node] = PREFIX["-"]
        else:
            del code[node], at[node]
        del code[0], at[0]
    else:
        return line
    return line._replace(update="+=", tree=replace(tree, code=code, at=at, body=[(0, len(code))]))


def sums_above(code: list[Item], operands: list[list[int]]) -> list[int]:
    """The sums that the first leaf is in, if there is nothing else above it."""
    found: list[int] = []
    node = 0
    for above, fed in enumerate(operands):
        if fed and fed[0] == node:
            if code[above] not in (INFIX["+"], INFIX["-"]):
                return []
            found.append(above)
            node = above
    return found if node == len(code) - 1 else []


def entries_of(line: Line, forward: Forward, variable: str) -> Cell:
    """The entries that `dw[0] = ...` is about, counted through; None for all."""
    if not line.subscript:
        return None
    shape = getattr(forward.values[variable][0], "shape", ())
    if not shape:
        raise LanguageError(f"{variable} is a number, so its gradient has no entries")
    import numpy as np

    from backprop.arithmetic.arrays import ARRAYS
    from backprop.engine.numbers import forward as run
    from backprop.grading.worlds import staged

    tree = parse(f"entries{line.subscript}")
    for item in tree.code:
        computed = isinstance(item, Op) and item.kind not in ("index", "slice", "prefix")
        if computed or (isinstance(item, str) and is_name(item) and item != "entries"):
            hint = "write a mask as a factor: dx = dy * (x > 0)"
            raise LanguageError("only entries with fixed numbers can be assigned", hint=hint)
    places: Any = np.arange(float(np.prod(shape))).reshape(shape)
    program = staged(tree, {"entries": shape}, arrays=True)
    found = run(program, {"entries": places}, ARRAYS)[program.output]
    return tuple(int(place) for place in np.ravel(found))


def renewed(line: Line) -> Line | None:
    """`dx *= a` as `dx = dx * a`; None for a line that doesn't change what its name has been."""
    tree = line.tree
    assert tree is not None
    if line.update in ("*=", "/="):
        line = grown(line)
    elif line.update != "=" or line.target not in tree.names:
        return None
    if line.subscript:
        raise LanguageError("an entry can't be changed in its place: write the whole line")
    return line


def grown(line: Line) -> Line:
    """`s += a` as `s = s + a`."""
    tree = line.tree
    if tree is None or line.update == "=":
        return line
    code = [line.target, *tree.code, INFIX[line.update[0]]]
    at = [0, *tree.at, 0]
    return line._replace(update="=", tree=replace(tree, code=code, at=at, body=[(0, len(code))]))
