"""What a target language is: how it spells numbers, conditions, calls, lines and functions.

A language is a class with one object. What Python, C and JavaScript have in common stands
here; a module each says the rest. `supplied` is code in that language: functions that it lacks,
or that fail where IEEE 754 has an answer. A program gets those that it calls.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import cached_property
from math import inf
from typing import TYPE_CHECKING, ClassVar

from backprop.emitting.code import AND, CHOICE, OR, Line, Routine, Wish

if TYPE_CHECKING:
    from backprop.program.program import Program


DEFINED = re.compile(r"^(?:def|function|static double) (\w+)\(", re.MULTILINE)
MARGIN = 72  # where comments stand at most
WIDTH = 88  # of a line that could be broken


class Language:
    """What a language says of itself. What raises NotImplementedError here has no meaning that
    all share: each says it, but for LaTeX, whose derivations are not made of such lines."""

    name: ClassVar[str]
    title: ClassVar[str]
    comment: ClassVar[str]
    divides: ClassVar[bool] = True  # may `/` stand for every division?
    unicode: ClassVar[bool] = True  # may names have letters such as θ?
    arrays: ClassVar[bool] = False  # does it write programs about arrays?
    numbers: ClassVar[bool] = False  # does it show those of a point?
    counts: ClassVar[bool] = True  # are conditions that are added up 1 and 0?
    chooses: ClassVar[int] = CHOICE  # how tightly a choice holds together
    apart: ClassVar[tuple[int, ...]] = (OR, AND)  # conditions in brackets where others join them
    own: ClassVar[Mapping[str, str]] = {}  # gates that it has, and how they are called
    few: ClassVar[Mapping[str, str]] = {}  # gates of many operands, for just two of them
    words: ClassVar[Mapping[str, str]]  # and, or, true; eq and ne, where they are spelled otherwise
    constants: ClassVar[Mapping[float, str]] = {}  # numbers that it has a name for
    nan: ClassVar[str]
    infinity: ClassVar[str]
    reserved: ClassVar[frozenset[str]]
    forbidden: ClassVar[str] = r"(?!)"  # a pattern of more names that are taken
    taken: ClassVar[frozenset[str]] = frozenset()  # names that a function of the file can't have
    source: ClassVar[str]  # of what is supplied: functions with two blank lines between

    def write(self, program: Program, wish: Wish) -> str:
        """A program in this language."""
        raise NotImplementedError

    @cached_property
    def supplied(self) -> dict[str, str]:
        """The functions of `source` by name."""
        parts = self.source.strip().split("\n\n\n")
        return {found[1]: part for part in parts if (found := DEFINED.search(part))}

    @cached_property
    def gates(self) -> dict[str, str]:
        """The gates that have another name in this language, by it."""
        return {called: gate for gate, called in self.own.items()}

    def has(self, gate: str) -> bool:
        """Does it have this gate, of those that are no text of others?"""
        return gate in self.own or gate in self.few or gate in self.supplied

    def literal(self, value: float, alone: bool) -> str:
        """A number; `alone` if nothing beside it makes it a float."""
        if value in self.constants:
            return self.constants[value]
        if value != value:
            return self.nan
        if abs(value) == inf:
            return self.infinity if value > 0 else f"-{self.infinity}"
        text = repr(value)
        return text if alone or text == "-0.0" else text.removesuffix(".0")

    def call(self, gate: str, operands: Sequence[str]) -> str:
        if len(operands) == 2 and gate in self.few:
            return f"{self.few[gate]}({', '.join(operands)})"
        return f"{self.own.get(gate, gate)}({', '.join(operands)})"

    def choice(self, condition: str, yes: str, no: str) -> str:
        raise NotImplementedError

    def statement(self, line: Line) -> str:
        """One line as code, without its indentation."""
        raise NotImplementedError

    def function(
        self, name: str, parameters: Sequence[str], lines: Sequence[Line], result: str, about: str
    ) -> str:
        """A helper function."""
        raise NotImplementedError

    def file(self, routine: Routine, helpers: Sequence[str], header: Sequence[str]) -> str:
        """The whole file: header, helpers, and the function itself."""
        raise NotImplementedError

    def remark(self, text: str) -> str:
        """A comment of its own line, which nothing in the text can end or carry on."""
        plain = "".join(c if c.isprintable() else " " for c in text)
        for ends, harmless in (("\\", "/"), ("??", "? ?"), ("*/", "* /"), ("</", "< /")):
            plain = plain.replace(ends, harmless)
        return f"{self.comment} {plain}"

    def block(self, lines: Sequence[Line], depth: int = 1) -> list[str]:
        """Lines as indented code, with the stages' numbers behind it, one under the other."""
        rows: list[tuple[str, int]] = []
        for line in lines:
            depth -= line.kind == "end"
            code = self.statement(line)
            if code:
                rows.append(("    " * depth + code, line.number))
            depth += line.kind == "if"
        margin = max([len(code) for code, n in rows if n and len(code) <= MARGIN], default=0)
        return [f"{code:<{margin}}  {self.comment} ({n})" if n else code for code, n in rows]


def listed(head: str, items: Sequence[str], tail: str, indent: str = "") -> list[str]:
    """Items in brackets on one line, or one a line where that is too long."""
    line = f"{indent}{head}{', '.join(items)}{tail}"
    if len(line) <= WIDTH or not items:
        return [line]
    rows = [f"{indent}    {item}," for item in items]
    return [f"{indent}{head}".rstrip(), *rows, f"{indent}{tail.lstrip()}"]


class Curly(Language):
    """What C and JavaScript have in common."""

    comment = "//"

    def choice(self, condition: str, yes: str, no: str) -> str:
        return f"{condition} ? {yes} : {no}"

    def declared(self, line: Line) -> str:
        """The beginning of a line that brings a name in."""
        raise NotImplementedError

    def statement(self, line: Line) -> str:
        match line.kind:
            case "let" | "vary" | "flag":
                return f"{self.declared(line)} {line.name} = {line.text};"
            case "set":
                return f"{line.name} = {line.text};"
            case "add":
                return f"{line.name} += {line.text};"
            case "take":
                return f"{line.name} -= {line.text};"
            case "raise":
                return f"{line.name} = {self.words['true']};"
            case "if":
                return f"if ({line.text}) {{"
            case "end":
                return "}"
            case "code":
                return line.text
        return f"{self.comment} {line.text}"

    def function(
        self, name: str, parameters: Sequence[str], lines: Sequence[Line], result: str, about: str
    ) -> str:
        rows = [self.remark(about), self.heading(name, parameters)]
        return "\n".join([*rows, *self.block(lines), f"    return {result};", "}"])

    def heading(self, name: str, parameters: Sequence[str]) -> str:
        raise NotImplementedError
