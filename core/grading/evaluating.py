"""What an expression of a backward pass comes to in every world.

A name is a variable, the gradient of one, or what an earlier line has defined. Gradients are
the right ones, so that one mistake doesn't turn every later line red.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from math import prod
from typing import Any

from backprop.engine.kinds import kind_of
from backprop.errors import LanguageError, LimitError, UsageError, closest
from backprop.gates import CONSTANTS
from backprop.grading.forward import Forward
from backprop.grading.worlds import Series, staged
from backprop.language.syntax import INFIX, Item, Op, Tree
from backprop.language.tokens import NAME, is_name
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.program.stager import MAKERS

PATTERNS = ("d{}", "d_{}", "grad_{}", "{}_grad", "d{output}d{}", "d{output}_d{}")
MOST_ENTRIES = 10_000
LIKE: dict[str, tuple[Item, ...]] = {
    "zeros_like": ("0", INFIX["*"]),
    "ones_like": ("0", INFIX["*"], "1", INFIX["+"]),
}


def gradient_names(forward: Forward, pattern: str | None) -> dict[str, str]:
    """How the gradient of each variable may be called, and whose it is."""
    if pattern is not None and not re.fullmatch(NAME, pattern.replace("{}", "x")):
        raise UsageError(f"--grad-name wants a name with {{}} in it, not {pattern}", hint='"d{}"')
    if pattern is not None and pattern.count("{}") != 1:
        raise UsageError(f"--grad-name wants one {{}}, not {pattern}", hint='"d{}"')
    found: dict[str, str] = {}
    for one in PATTERNS if pattern is None else (pattern,):
        for name in forward.variables:
            found.setdefault(one.format(name, output=forward.output), name)
    return found


class Evaluator:
    def __init__(self, forward: Forward, gradients: Mapping[str, str]) -> None:
        self.forward = forward
        self.names: dict[str, Series] = {
            text: forward.gradients[name] for text, name in gradients.items()
        }
        self.names |= forward.values
        self.kind = kind_of(forward.program)
        self.arithmetic = self.kind.many_digits(forward.program)
        sizes = [prod(getattr(series[0], "shape", ())) for series in forward.values.values()]
        self.most = max(MOST_ENTRIES, 10 * max(sizes))

    def series(self, tree: Tree, names: Mapping[str, Series] | None = None) -> Series:
        """The value in every world."""
        return list(self.each(tree, names))

    def each(self, tree: Tree, names: Mapping[str, Series] | None = None) -> Iterator[Any]:
        """The value in one world after the other, as far as they are asked for."""
        known = self.names if names is None else names
        tree = self.checked(tree, known)
        used = {name: known[name] for name in leaves(tree.code) if name in known}
        program = self.staged(tree, {name: series[0] for name, series in used.items()})
        for k in range(len(self.forward.worlds)):
            yield self.value(program, {name: series[k] for name, series in used.items()})

    def staged(self, tree: Tree, values: Mapping[str, Any]) -> Program:
        shapes = {name: getattr(value, "shape", ()) for name, value in values.items()}
        arrayed = {name: shape for name, shape in shapes.items() if shape}
        if arrayed or self.forward.program.arrays:
            program = staged(tree, shapes, arrays=True)
        else:
            program = stage(tree, shapes)
        if max(map(prod, program.shapes)) > self.most:
            raise LimitError(f"this makes an array of more than {self.most:,} entries")
        return program

    def value(self, program: Program, point: Mapping[str, Any]) -> Any:
        kind = kind_of(program)
        same = kind is self.kind
        arithmetic = self.arithmetic if same else kind.many_digits(program)
        values = kind.forward(program, {name: point[name] for name in program.inputs}, arithmetic)
        return values[program.output]

    def checked(self, tree: Tree, known: Mapping[str, Series]) -> Tree:
        """The tree with what only NumPy has spelled out, if all its names are known."""
        for name, node in tree.names.items():
            if name not in known and name not in CONSTANTS and is_name(name):
                near = closest(name, list(known)) if len(known) < 2_000 else None
                hint = f"did you mean {near}?" if near else ""
                message = f"nothing is called {shortened(name)} here"
                raise UnknownNameError(message, text=tree.text, span=tree.spans[node], hint=hint)
        if not any(isinstance(item, Op) and item.kind == "call" for item in tree.code):
            return tree
        return self.spelled_out(tree)

    def spelled_out(self, tree: Tree) -> Tree:
        code: list[Item] = []
        at: list[int] = []
        for item, place in zip(tree.code, tree.at, strict=True):
            new: Sequence[Item] = (item,)
            if isinstance(item, Op) and item.kind == "call":
                if item.name in MAKERS:
                    self.check_maker(code, item)
                elif item.name in LIKE and item.arity == 1:
                    new = LIKE[item.name]
            code += new
            at += [place] * len(new)
        return replace(tree, code=code, at=at, body=[(0, len(code))])

    def check_maker(self, code: Sequence[Item], op: Op) -> None:
        """zeros(3, 4) with sizes that are written out, and small."""
        sizes = code[len(code) - op.arity :]
        plain = all(isinstance(size, str) and size and size[0].isdigit() for size in sizes)
        if not plain or prod(float(str(size)) for size in sizes) > self.most:
            raise LimitError(f"{op.name} takes numbers here, and makes at most {self.most:,}")


class UnknownNameError(LanguageError):
    """A name that nothing defines."""


def leaves(code: Sequence[Item]) -> set[str]:
    return {item for item in code if isinstance(item, str)}


def shortened(name: str) -> str:
    return name if len(name) <= 40 else f"{name[:37]}..."
