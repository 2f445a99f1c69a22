"""Functions of Python read as sources: their gradient by the engine, and a gradient graded line by
line. The source of a live function is put together from it and the helpers that it uses."""

from __future__ import annotations

import ast
import inspect
import os
import textwrap
from collections.abc import Iterator, Mapping, Sequence
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import Any, NamedTuple

import numpy as np

from backprop.answer.evaluation import arrays_in, staged
from backprop.answer.values import number
from backprop.engine.guards import broken
from backprop.engine.kinds import kind_of, resolve
from backprop.errors import BackpropError, UsageError
from backprop.grading.forward import Forward
from backprop.grading.grade import forward_of, grade
from backprop.grading.kinks import line_at_kink
from backprop.grading.results import WRONG as WRONG_LINE
from backprop.grading.results import Grade
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.reading.files import Files
from backprop.reading.given import python_of
from backprop.reading.source import parsed
from backprop.reading.unit import Unit, is_plain
from backprop.testing.calling import Point
from backprop.testing.results import Finding, Line

SCALAR = (bool, int, float)


class Part(NamedTuple):
    """A piece of a text, and where it stands in its own file."""

    start: int  # its first line in the text
    stop: int  # the line after its last one
    file: str
    line: int


class Text:
    """A source that is put together, and where each of its lines comes from."""

    def __init__(self) -> None:
        self.lines: list[str] = []
        self.parts: list[Part] = []

    @property
    def whole(self) -> str:
        return "\n".join(self.lines) + "\n"

    def add(self, code: str, file: str = "", line: int = 0) -> None:
        lines = code.rstrip("\n").split("\n")
        start = len(self.lines) + 1
        self.lines += lines
        self.parts.append(Part(start, start + len(lines), file, line))

    def place(self, line: int) -> tuple[str, int]:
        for part in self.parts:
            if part.start <= line < part.stop and part.file:
                return part.file, part.line + line - part.start
        return "", line


class Source(NamedTuple):
    """A unit that can be read, and the unit in the same text that is its gradient."""

    unit: Unit
    text: Text
    gradient: str  # the name of the function; of a class the class itself


def source_of(function: Any, gradient: Any) -> Source:
    """The source of a function or a class, with that of its gradient."""
    if isinstance(function, Unit):
        text = Text()
        text.add(function.source.lines.text, function.source.file, 1)
        return Source(function, text, "" if gradient is None else name_in(function, gradient, text))
    if isinstance(function, type):
        return source_of_class(function)
    return source_of_functions(function, gradient)


def name_in(unit: Unit, gradient: Any, text: Text) -> str:
    if not isinstance(gradient, FunctionType):
        raise UsageError("the gradient has no source that could be read")
    inside = ast.parse(text.whole)
    names = [node.name for node in inside.body if isinstance(node, ast.FunctionDef)]
    if gradient.__name__ not in names:
        raise UsageError("the gradient stands in another source")
    return gradient.__name__


def source_of_functions(function: Any, gradient: Any) -> Source:
    whole, known, imports = Text(), dict[str, Any](), dict[str, str]()
    several = [function] if gradient is None else [function, gradient]
    wanted: dict[str, FunctionType] = {}
    for one in several:
        if not isinstance(one, FunctionType) or one.__name__ == "<lambda>":
            raise UsageError("it is no function with a name and a source")
        if wanted.setdefault(one.__name__, one) is not one:
            raise UsageError("two functions have the same name")
    waiting = list(several)
    while waiting:
        for name, value in surroundings(waiting.pop()):
            if isinstance(value, FunctionType) and not is_library(value):
                if name not in wanted:
                    wanted[name] = value
                    waiting.append(value)
                elif wanted[name] is not value:
                    raise UsageError(f"two functions are called {name}")
            elif is_plain(value):
                known.setdefault(name, value)
            elif line := imported(name, value):
                imports.setdefault(name, line)
    for line in imports.values():
        whole.add(line)
    for name, one in reversed([*wanted.items()]):
        lines, first = inspect.getsourcelines(one)
        code = textwrap.dedent("".join(lines))
        if one.__name__ != name:
            raise UsageError(f"{one.__name__} is called {name} here")
        whole.add(code, file_of(one), first)
    unit = Unit(parsed(whole.whole, function.__name__, function.__name__), known)
    return Source(unit, whole, "" if gradient is None else gradient.__name__)


def surroundings(function: FunctionType) -> Iterator[tuple[str, Any]]:
    found = inspect.getclosurevars(function)
    yield from {**found.globals, **found.nonlocals}.items()


def is_library(function: FunctionType) -> bool:
    return (function.__module__ or "").partition(".")[0] in (
        "numpy",
        "torch",
        "jax",
        "scipy",
        "math",
    )


def imported(name: str, value: Any) -> str:
    """The line that gives a name what it stands for, if that is a library's."""
    if isinstance(value, ModuleType):
        return f"import {value.__name__} as {name}"
    own = getattr(value, "__name__", "")
    for module in (np, np.random, np.linalg):
        if own and getattr(module, own, None) is value:
            return f"from {module.__name__} import {own} as {name}"
    if isinstance(value, (BuiltinFunctionType, FunctionType)) and value.__module__:
        return f"from {value.__module__} import {own} as {name}"
    return ""


def file_of(function: Any) -> str:
    found = inspect.getsourcefile(function) or ""
    if "ipykernel" in found or found.startswith("<"):
        return "the cell"
    near = os.path.relpath(found) if found and os.path.isabs(found) else found
    return found if near.startswith(os.pardir) else near


def source_of_class(made: type) -> Source:
    """The whole file of a class, with the files beside it; of a class within a function its own
    lines alone."""
    file = inspect.getsourcefile(made) or ""
    whole = Text()
    if "<locals>" in made.__qualname__ or "." in made.__qualname__ or not os.path.isfile(file):
        lines, first = inspect.getsourcelines(made)
        whole.add(textwrap.dedent("".join(lines)), file_of(made), first)
        return Source(Unit(parsed(whole.whole, file, made.__name__)), whole, made.__name__)
    with open(file, encoding="utf-8") as stream:
        text = stream.read()
    whole.add(text, file_of(made), 1)
    package = os.path.dirname(file)
    while os.path.isfile(os.path.join(package, "__init__.py")):
        package = os.path.dirname(package)
    files = Files([package], look=looked, main=file)
    return Source(Unit(parsed(text, file, made.__name__, files)), whole, made.__name__)


def looked(path: str) -> str | None:
    if not os.path.isfile(path):
        return None
    with open(path, encoding="utf-8", errors="replace") as stream:
        return stream.read()


# Reading at a point.


class Read:
    """A unit read at a point: a program, and what it is graded with."""

    def __init__(self, source: Source, point: Point, seed: int) -> None:
        self.source = source
        self.seed = seed
        self.tree, self.given = self.read(point)
        self.program = self.staged(self.tree, self.given)

    def read(self, point: Point) -> tuple[Tree, dict[str, Any]]:
        numbers, texts = split(point)
        return self.source.unit.at(numbers, seed=self.seed, texts=texts)

    def staged(self, tree: Tree, given: Mapping[str, Any]) -> Program:
        shapes = {name: np.shape(value) for name, value in given.items() if np.ndim(value)}
        return staged(tree, given, "written", True, shapes)

    def gradient(self, point: Point, upstream: Any) -> tuple[Any, dict[str, Any]]:
        """The value and the gradient of every input at a point, by the engine."""
        program, at = self.program, self.at(point)
        kind = kind_of(program)
        with kind.quietly(), np.errstate(all="ignore"):
            values = kind.forward(program, at)
            if program.guards and broken(program, values) is not None:
                tree, given = self.read(point)
                program, at = self.staged(tree, given), given
                at = {name: at[name] for name in program.inputs}
                values = kind.forward(program, at)
            start = (
                np.asarray(upstream, float) if program.shapes[program.output] else float(upstream)
            )
            back = resolve(kind.watch(program, program.variables), values, "auto", start).back
        found = {name: back.gradient(program.inputs[name]) for name in program.variables}
        return values[program.output], found

    def at(self, point: Point) -> dict[str, Any]:
        numbers, _ = split(point)
        given = {**self.given, **numbers}
        return {name: number(name, given[name]) if name in given else self.program.defaults[name]
                for name in self.program.inputs}  # fmt: skip

    def forward(self, point: Point, wrt: Sequence[str]) -> Forward:
        """What a backward pass is graded against."""
        tree, given = self.read(point)
        program = self.staged(tree, given)
        asked = [name for name in wrt if name in program.inputs]
        used = {name: value for name, value in given.items() if name in program.inputs}
        return forward_of(tree, used, wrt=asked or None, seed=self.seed)

    @property
    def backward(self) -> str:
        """The unit that is the backward pass."""
        return self.source.gradient or self.source.unit.source.unit

    def graded(self, point: Point, wrt: Sequence[str]) -> Grade:
        """The gradient's source, line by line, at a point."""
        return grade(self.forward(point, wrt), self.source.text.whole, "", None, self.backward)

    def at_kink(self, point: Point, wrt: Sequence[str], finding: Finding) -> Iterator[Line]:
        """The line that is neither side's at a kink."""
        forward = self.forward(point, wrt)
        at = {name: forward.spots[0].point[name] for name in forward.program.inputs}
        at |= {name: value for name, value in split(point)[0].items() if name in at}
        found = line_at_kink(
            forward, self.source.text.whole, self.backward, at, finding.input, finding.entry or ()
        )
        if found is not None:
            file, line = self.source.text.place(found[0])
            hint = "at the kink this is neither what it is on the left nor on the right"
            yield Line(file, line, found[1], "kink", hint, "")

    def lines(self, found: Grade) -> list[Line]:
        """The lines that are wrong, where they stand in their own files."""
        rows = []
        for one in found.lines:
            if one.verdict == WRONG_LINE:
                file, line = (
                    (one.file, one.line) if one.imported else self.source.text.place(one.line)
                )
                rows.append(Line(file, line, one.code, one.finding or "", one.hint, one.fix))
        return rows


def split(point: Point) -> tuple[dict[str, Any], dict[str, str]]:
    """Numbers and arrays, and what is neither as expressions."""
    numbers, texts = {}, {}
    for name, value in point.items():
        if isinstance(value, np.ndarray) or (
            isinstance(value, (int, float)) and not isinstance(value, bool)
        ):
            numbers[name] = np.asarray(value, float) if np.ndim(value) else float(value)
        elif isinstance(value, np.number):
            numbers[name] = float(value)
        else:
            texts[name] = python_of(value)
    return {**numbers, **arrays_in(numbers, 0)}, texts


def readable(function: Any, gradient: Any, point: Point, seed: int) -> Read | str:
    """What was read, or why it could not be."""
    try:
        return Read(source_of(function, gradient), point, seed)
    except BackpropError as error:
        return error.message
    except (OSError, TypeError, SyntaxError, ValueError, IndexError) as error:
        return str(error) or type(error).__name__
