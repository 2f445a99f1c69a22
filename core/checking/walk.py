"""A plain walk of the syntax tree, which knows nothing of staging: values of any kind come out.

Who walks brings the functions that he has. A gate he lacks is computed by its textbook
formula. Constants alone stay floats that know how they are made, until one meets a variable.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, NamedTuple

from backprop.arithmetic.folded import Folded, unfolded
from backprop.arithmetic.ieee import VALUE
from backprop.arithmetic.texts import formula
from backprop.gates import CONSTANTS, find
from backprop.gates.composites import composite
from backprop.gates.row import LackingError
from backprop.language.syntax import Item, Op, Tree


class Dialect(NamedTuple):
    """Functions by gate, and what becomes of constants: a user's float, and a formula's text."""

    functions: Mapping[str, Callable[..., Any]]
    number: Callable[[float], Any]
    literal: Callable[[str], Any]
    operator: Callable[[Op, Sequence[Any]], Any] | None = None  # who knows arrays does it alone
    settled: Callable[[Any], Any] = lambda value: value  # before a value gets a name
    unfolded: Callable[..., Any] = unfolded  # what constants that are made of others come to

    def function(self, name: str) -> Callable[..., Any]:
        """A gate, or pi or e, in these numbers."""
        if name in CONSTANTS:
            return lambda: self.literal(name)
        if name in self.functions:
            return self.functions[name]
        gate = find(name)
        if gate is None or not gate.formula:
            raise LackingError(name, "no formula for the check, and no function")

        def by_formula(*operands: Any) -> Any:
            names = dict(zip(gate.operands, operands, strict=True))
            return walk(formula(gate.formula), names, self, self.literal)

        return by_formula

    def exact(self, value: float) -> Any:
        """A constant in these numbers, made of what was written."""
        return self.unfolded(value, self.number, self.function)


class Run(NamedTuple):
    """A run of code that is being walked, and what names mean in it."""

    code: Sequence[Item]
    steps: Iterator[int]
    names: Mapping[str, Any]  # parameters, then what surrounds them
    outer: Mapping[str, Any]
    leaf: Callable[[str], Any]


def constant(text: str) -> float:
    return Folded(CONSTANTS[text], text) if text in CONSTANTS else float(text)


def walk(
    tree: Tree,
    names: Mapping[str, Any],
    dialect: Dialect,
    leaf: Callable[[str], Any] = constant,
) -> Any:
    """The value of a program, or of a formula of the table, whose numbers `leaf` then reads."""
    known = {**tree.values, **names}
    plain: dict[Op, Callable[..., Any] | None] = {}  # operators that are one function, or not
    stack: list[Any] = []
    for start, stop in tree.body:
        stack.clear()
        runs = [Run(tree.code, iter(range(start, stop)), {}, known, leaf)]
        while runs:
            here = runs[-1]
            for step in here.steps:
                item = here.code[step]
                if isinstance(item, str):
                    found = here.names.get(item, here.outer.get(item))
                    stack.append(here.leaf(item) if found is None else found)
                elif item.kind == "store":
                    known.setdefault(item.name, dialect.settled(stack[-1]))
                elif item.name != "pos":
                    operands = stack[len(stack) - item.arity :]
                    del stack[len(stack) - item.arity :]
                    if item not in plain:
                        plain[item] = one_function(tree, item, dialect)
                    function = plain[item]
                    if function is not None and not any(isinstance(a, float) for a in operands):
                        stack.append(function(*operands))
                        continue
                    found = applied(tree, item, operands, known, dialect, leaf)
                    if isinstance(found, Run):
                        runs.append(found)
                        break
                    stack.append(found)
            else:
                runs.pop()
    found = dialect.settled(stack[-1])
    return dialect.exact(found) if isinstance(found, float) else found


def one_function(tree: Tree, op: Op, dialect: Dialect) -> Callable[..., Any] | None:
    """The function that an operator is in these numbers, if it is one whatever it is fed."""
    own = op.kind == "call" and op.name in tree.functions
    gate = None if own or dialect.operator or composite(op.name, op.arity) else find(op.name)
    return dialect.functions.get(gate.name) if gate else None


def applied(
    tree: Tree,
    op: Op,
    operands: list[Any],
    known: Mapping[str, Any],
    dialect: Dialect,
    leaf: Callable[[str], Any],
) -> Any:
    """The result of an operator, or the run that has to be walked for it."""
    function = tree.functions.get(op.name) if op.kind == "call" else None
    if function:
        names = dict(zip(function.parameters, operands, strict=True))
        steps = iter(range(function.start, function.stop))
        return Run(tree.code, steps, names, known, leaf)
    if made := composite(op.name, len(operands)):
        code = formula(made.text).code
        parts = dict(zip(made.operands, operands, strict=True))
        return Run(code, iter(range(len(code))), parts, {}, leaf)
    if dialect.operator:
        return dialect.operator(op, operands)
    gate = find(op.name)
    assert gate is not None
    if all(isinstance(operand, float) for operand in operands):
        return Folded(VALUE[gate.name](*operands), gate.name, operands)
    fed = [dialect.exact(a) if isinstance(a, float) else a for a in operands]
    if gate.name in dialect.functions:
        return dialect.functions[gate.name](*fed)
    code = formula(gate.formula).code
    names = dict(zip(gate.operands, fed, strict=True))
    return Run(code, iter(range(len(code))), names, {}, dialect.literal)
