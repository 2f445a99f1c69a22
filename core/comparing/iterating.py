"""A program applied again and again: 4*l*(1-l) with l1 = x becomes the staged program

    l1 = x
    l2 = 4 * l1 * (1 - l1)
    l3 = 4 * l2 * (1 - l2)

as text that every command can read. Statements that don't depend on the variable stand once.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import count, pairwise
from typing import NamedTuple

from backprop.errors import UsageError, closest, listed
from backprop.language.parser import parse
from backprop.language.printer import print_tree
from backprop.language.syntax import WORDS, Function, Item, Op, Tree
from backprop.language.tokens import is_name
from backprop.program.stage import stage
from backprop.program.stager import MAX_OPERATORS, too_large

TIMES = 8
MOST = 100


class Iterated(NamedTuple):
    """A program unrolled: its tree, and the names of l1, l2, ... in it."""

    tree: Tree
    names: tuple[str, ...]
    expression: str
    variable: str
    start: str


def iterated(tree: Tree, wanted: str | None = None, times: int = TIMES) -> Iterated:
    """A program unrolled. `wanted` names the variable and what it starts as: l=x, l1=x or l."""
    if not 1 <= times <= MOST:
        raise UsageError(f"--times can be 1 to {MOST}, not {times}")
    variable, start = asked(tree, wanted)
    if len(tree.code) * times > MAX_OPERATORS:
        raise too_large()
    repeated, once = parted(tree, variable)
    stem = free_stem(tree, variable, start, times)
    names = tuple([f"{stem}{step}" for step in range(1, times + 1)])
    writer = Writer(tree, names)
    writer.statement([start], {}, names[0])
    for run in once:
        writer.statement(tree.code[slice(*run)], {})
    for step, (before, name) in enumerate(pairwise(names), 2):
        writer.step(repeated, {variable: before}, name, step)
    return Iterated(parse(print_tree(writer.tree())), names, tree.text, variable, start)


def asked(tree: Tree, wanted: str | None) -> tuple[str, str]:
    """The variable to iterate and its start, as the user named them or as it must be."""
    if wanted is None:
        only = only_variable(tree)
        return only, only
    name, equals, start = (part.strip() for part in wanted.partition("="))
    known = stage(tree, [name]).inputs
    variable = name if name in known else name.removesuffix("1")
    if variable not in known:
        has = listed([*known]) or "no variables"
        near = closest(name, list(known))
        raise UsageError(
            f"--iterate names {name or 'nothing'}, which is not a variable; the program has {has}",
            hint=f"did you mean --iterate {near}{equals}{start}?" if near else "",
        )
    if equals:
        check_start(tree, wanted, start)
    return variable, start or variable


def only_variable(tree: Tree) -> str:
    """The one variable that has no value in the text."""
    program = stage(tree)
    free = [name for name in program.inputs if name not in program.defaults]
    if len(free) != 1:
        has = listed(free) or "no variables"
        hint = f"choose one: --iterate {free[-1]}" if free else ""
        raise UsageError(f"one variable is iterated, and the program has {has}", hint=hint)
    return free[0]


def check_start(tree: Tree, wanted: str, start: str) -> None:
    if start in tree.stored:
        raise UsageError(f"--iterate starts at {start}, which the program itself computes")
    if not is_name(start) or start in tree.functions:
        name, _, _ = wanted.partition("=")
        place = len(name) + 1
        raise UsageError(
            "a start is the name of a variable", text=wanted,
            span=(place, max(place + 1, len(wanted))), origin="--iterate",
            hint=f"write --iterate {name.strip()}=x, and give the value as --x=...",
        )  # fmt: skip


Runs = list[tuple[int, int]]


def parted(tree: Tree, variable: str) -> tuple[Runs, Runs]:
    """The statements that depend on the variable, the last always among them, and the others."""
    depends = {variable}
    repeated: Runs = []
    once: Runs = []
    for run in tree.body:
        code = tree.code[slice(*run)]
        if depends.isdisjoint(item for item in code if isinstance(item, str)):
            once.append(run)
            continue
        repeated.append(run)
        if isinstance(code[-1], Op) and code[-1].kind == "store":
            depends.add(code[-1].name)
    if once and tree.body[-1] == once[-1]:
        repeated.append(once.pop())
    for function in tree.functions.values():
        for node in range(function.start, function.stop):
            name = tree.code[node]
            if name in depends and name not in function.parameters:
                raise UsageError(
                    f"the function {function.name} uses {name}, which changes with every step",
                    text=tree.text, span=tree.spans[node],
                    hint=f"make {name} a parameter of {function.name}",
                )  # fmt: skip
    return repeated, once


def free_stem(tree: Tree, variable: str, start: str, times: int) -> str:
    """What the steps are called, a number after it: the variable, or with underscores."""
    taken = {*tree.names, *tree.functions, *tree.stored, start} - {variable}
    stem = variable.removesuffix("1")
    if variable == start:
        taken.add(variable)
    while any(f"{stem}{step}" in taken for step in range(1, times + 1)):
        stem += "_"
    return stem


class Writer:
    """Postfix code of a new program, made of copies of an old one's statements."""

    def __init__(self, old: Tree, reserved: Sequence[str]) -> None:
        self.code: list[Item] = []
        self.body: Runs = []
        self.functions: dict[str, Function] = {}
        self.taken = {*old.names, *old.functions, *old.stored, *reserved}
        self.old = old
        for function in old.functions.values():
            start = len(self.code)
            self.code += old.code[function.start : function.stop]
            self.functions[function.name] = function._replace(start=start, stop=len(self.code))

    def statement(self, code: Sequence[Item], renamed: Mapping[str, str], name: str = "") -> None:
        """One statement, with other names for its operands; `name` is what it is to be called."""
        start = len(self.code)
        if isinstance(code[-1], Op) and code[-1].kind == "store":
            name = name or code[-1].name
            code = code[:-1]
        self.code += [renamed.get(item, item) if isinstance(item, str) else item for item in code]
        self.code.append(Op(name, 1, "store"))
        self.body.append((start, len(self.code)))

    def step(self, runs: Runs, renamed: dict[str, str], name: str, number: int) -> None:
        """All statements once more, the last of them called `name`."""
        for run in runs[:-1]:
            code = self.old.code[slice(*run)]
            last = code[-1]
            assert isinstance(last, Op)
            fresh = self.fresh(last.name, number)
            self.statement([*code[:-1], Op(fresh, 1, "store")], renamed)
            renamed[last.name] = fresh
        self.statement(self.old.code[slice(*runs[-1])], renamed, name)

    def fresh(self, name: str, number: int) -> str:
        for tries in count(1):
            found = f"{name}{'_' * tries}{number}"
            if found not in self.taken:
                break
        self.taken.add(found)
        return found

    def tree(self) -> Tree:
        return Tree("", self.code, [0] * len(self.code), self.body, self.functions, values=WORDS)
