"""A class as a unit: how its object is made, which methods are its passes, and which of its arrays
are inputs."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any, NamedTuple

import numpy as np

from backprop.errors import LanguageError, UsageError, closest, listed
from backprop.reading.diagnostics import Lines, UnreadError, located
from backprop.reading.memory import Array
from backprop.reading.source import Source, classes_in, parameters
from backprop.reading.values import (
    MISSING,
    Builtin,
    ClassOf,
    Defined,
    Instance,
    Namespace,
    Scope,
    Unknown,
    Unreadable,
)

FORWARD = ("forward", "forward_pass", "fprop", "fn", "__call__", "call", "feedforward", "loss")
BACKWARD = ("backward", "backward_pass", "bprop", "grad", "gradient", "backprop", "derivative")
RANDOM = ("randn", "rand", "randint", "uniform", "normal", "random")
ASIDE = re.compile(r"grad|diff|delta|cache|momen|velocit|optim|history", re.IGNORECASE)
DEEPEST = 6  # objects within objects
Path = tuple[Any, ...]


class Layer(NamedTuple):
    """An object, and the method that is its forward pass."""

    object: Any
    of: ClassOf
    forward: Defined
    first: tuple[Any, ...]  # what comes before the parameters: self, ctx, nothing


def split_unit(unit: str) -> tuple[str, str]:
    name, _, method = unit.partition(".")
    return name, method


def method_named(of: ClassOf, names: Sequence[str], file: str, what: str) -> Defined:
    """The first of some methods that a class has."""
    for name in names:
        found = of.find(name)
        if isinstance(found, Defined):
            return found
    own = [
        name for one in of.order for name, value in one.attributes.items()
        if isinstance(value, Defined) and name[:1] != "_" and value.kind != "property"
    ]  # fmt: skip
    near = closest(names[0], own)
    hint = f"did you mean {of.name}.{near}?" if near else f"say {file}:{of.name}.METHOD"
    has = listed(list(dict.fromkeys(own))) or "none"
    if len(names) == 1:
        raise UsageError(f"{of.name} has no method {names[0]}; it has {has}", hint=hint)
    raise UsageError(f"{of.name} has no {what} by name; its methods are {has}", hint=hint)


def takes_context(function: Defined) -> bool:
    """Is it a pass of a torch.autograd.Function, which gets a context first?"""
    return function.kind == "static" and bool(function.node.args.args) and (
        function.node.args.args[0].arg in ("ctx", "context", "cx")
    )  # fmt: skip


def own_parameters(function: Defined) -> list[tuple[str, str | None]]:
    """The parameters of a method behind self or ctx."""
    assert isinstance(function.node, ast.FunctionDef)
    rows = parameters(function.node)
    return rows[1:] if function.kind != "static" or takes_context(function) else rows


def attributes_of(of: ClassOf) -> Iterator[str]:
    """The names of what the constructors of a class put on self, but for None."""
    for one in of.order:
        found = one.attributes.get("__init__")
        if not isinstance(found, Defined) or not isinstance(found.node, ast.FunctionDef):
            continue
        first = found.node.args.args[0].arg if found.node.args.args else ""
        for node in ast.walk(found.node):
            if not isinstance(node, ast.Assign) or isinstance(node.value, ast.Constant):
                continue
            for target in node.targets:
                if (
                    isinstance(target, ast.Attribute)
                    and isinstance(target.value, ast.Name)
                    and target.value.id == first
                ):
                    yield target.attr


# The object.


def layer_of(reader: Any, source: Source, asked: Mapping[str, Any]) -> Layer:
    """Make the object of a class, as it is asked for, with its arrays as inputs."""
    name, method = split_unit(source.unit)
    of = class_named(reader, source, name)
    forward = method_named(of, (method,) if method else FORWARD, source.file, "forward pass")
    if is_function(reader, of):
        ctx = reader.made(reader.prelude("autograd", "Context"), [], {})
        late = isinstance(of.find("setup_context"), Defined)
        return Layer(ctx, of, forward, () if late else (ctx,))
    if forward.kind in ("static", "class"):
        return Layer(of, of, forward, (of,) if forward.kind == "class" else ())
    one = made(reader, source, of, str(asked.get("init") or ""))
    if asked.get("before"):
        before(reader, source, one, str(asked["before"]))
    give_inputs(reader, one, {name for name, _ in own_parameters(forward)})
    return Layer(one, of, forward, (one,))


def class_named(reader: Any, source: Source, name: str) -> ClassOf:
    reader.top(source.tree.body, name)
    found = reader.scope.find(name)
    if isinstance(found, ClassOf):
        return found
    names = classes_in(source)
    if isinstance(found, Unreadable):
        raise found.problem
    near = closest(name, names)
    hint = f"did you mean {near}?" if near else f"its classes are {listed(names) or 'none'}"
    raise UsageError(f"{source.file} has no class {name}", hint=hint)


def is_function(reader: Any, of: ClassOf) -> bool:
    """Is it a torch.autograd.Function?"""
    return any(one.name == "Function" and "apply" in one.attributes for one in of.order[1:]) and (
        reader.prelude("autograd", "Function") in of.order
    )


def made(reader: Any, source: Source, of: ClassOf, init: str) -> Instance:
    """A new object; what its constructor takes is said, or given by options."""
    fed, named = arguments(reader, init)
    start = of.find("__init__")
    known = isinstance(start, Defined) and isinstance(start.node, ast.FunctionDef)
    rows = own_parameters(start) if known else []
    lacking = []
    for place, (name, default) in enumerate(rows):
        if place < len(fed) or name in named:
            continue
        if name in reader.given:
            value = reader.given[name]
            if np.ndim(value):
                value = Array.new(np.array(value, float))
                value.memory.name = name
            named[name] = value
        elif default is None:
            lacking.append(name)
    if lacking:
        raise UsageError(
            f"{of.name} needs {' and '.join(lacking)} to be made: {signature(of.name, rows)}",
            hint="give --init '" + ", ".join(f"{name}=..." for name in lacking) + "'",
        )
    try:
        return reader.made(of, fed, named)  # type: ignore[no-any-return]
    except UnreadError as problem:
        if problem.node is not None:
            raise
        words = problem.message.replace("__init__", of.name)
        raise UsageError(f"{words}: {signature(of.name, rows)}") from None


def signature(name: str, rows: Sequence[tuple[str, str | None]]) -> str:
    texts = [one if default is None else f"{one}={default}" for one, default in rows]
    return f"{name}({', '.join(texts)})"


def arguments(reader: Any, init: str) -> tuple[list[Any], dict[str, Any]]:
    """The arguments that a text says, as a call in Python has them."""
    if not init.strip():
        return [], {}
    call = text_parsed(f"made({init})", "--init", 5).body[0]
    if not isinstance(call, ast.Expr) or not isinstance(call.value, ast.Call):
        raise UsageError(f"--init wants arguments, such as n_in=4, not {init}")
    with Aside(reader, f"made({init})", "--init"):
        fed = [array_like(reader, one, reader.value(one)) for one in call.value.args]
        named = {
            str(one.arg): array_like(reader, one.value, reader.value(one.value))
            for one in call.value.keywords
        }
    return fed, named


def array_like(reader: Any, node: ast.expr, value: Any) -> Any:
    """Rows of numbers are a matrix."""
    if isinstance(node, ast.List) and value and all(isinstance(one, list) for one in value):
        found = reader.machine.stacked(value)
        return Array.new(found.cells.astype(float))
    return value


def text_parsed(text: str, origin: str, start: int = 0) -> ast.Module:
    try:
        return ast.parse(text)
    except (SyntaxError, ValueError, RecursionError, MemoryError) as problem:
        offset = problem.offset if isinstance(problem, SyntaxError) else 1
        place = max(0, (offset or 1) - 1)
        raise LanguageError(
            "Python can't parse this", text=text[start:].removesuffix(")") if start else text,
            span=(max(0, place - start), max(0, place - start) + 1), origin=origin,
        ) from None  # fmt: skip


class Aside:
    """Something beside the source is read, in which functions of NumPy need no prefix."""

    def __init__(self, reader: Any, text: str, origin: str) -> None:
        self.reader, self.text, self.origin = reader, text, origin

    def __enter__(self) -> None:
        reader = self.reader
        self.outer, self.node = reader.scope, reader.machine.recorder.node
        reader.scope = Scope(outer=reader.scope)
        names = {name: Builtin(f"random.{name}", "numpy") for name in RANDOM}
        names |= {name: Builtin(name, "numpy") for name in ("zeros", "ones", "eye", "array")}
        reader.scope.names = {
            name: value for name, value in names.items() if self.outer.find(name) is MISSING
        } | {"np": Namespace("numpy")}

    def __exit__(self, kind: Any, problem: Any, trace: Any) -> None:
        reader = self.reader
        reader.scope, reader.machine.recorder.node = self.outer, self.node
        if isinstance(problem, UnreadError):
            error = located(problem, Lines(self.text), problem.node)
            error.origin = self.origin
            raise error from None


def before(reader: Any, source: Source, one: Instance, text: str) -> None:
    """What is done with the object first: calls of its methods, values of its attributes."""
    tree = text_parsed(text, "--before")
    with Aside(reader, text, "--before"):
        reader.scope.names["self"] = one
        for node in OnSelf(reader, one).visit(tree).body:
            ast.fix_missing_locations(node)
            reader.statement(node)


class OnSelf(ast.NodeTransformer):
    """`initialize()` is self.initialize()."""

    def __init__(self, reader: Any, one: Instance) -> None:
        self.reader, self.one = reader, one

    def visit_Name(self, node: ast.Name) -> ast.AST:
        known = node.id in self.one.attributes or (
            self.one.of is not None and self.one.of.find(node.id) is not MISSING
        )
        if known or isinstance(node.ctx, ast.Store):
            holder = ast.copy_location(ast.Name("self", ast.Load()), node)
            return ast.copy_location(ast.Attribute(holder, node.id, node.ctx), node)
        if self.reader.scope.find(node.id) is MISSING and node.id not in ("self",):
            self.reader.scope.names.setdefault(node.id, Unknown(node.id))
        return node


# Its arrays.


def arrays_on(one: Any) -> Iterator[tuple[Path, Any, Any]]:
    """Every array of numbers that an object has, with the way to it and what holds it."""
    waiting: list[tuple[Path, Any]] = [((), one)]
    seen: set[int] = set()
    while waiting:
        path, holder = waiting.pop(0)
        if id(holder) in seen or len(path) > DEEPEST:
            continue
        seen.add(id(holder))
        for key, value in parts_of(holder):
            if isinstance(value, Array):
                if is_weight(value):
                    yield (*path, key), holder, value
            elif isinstance(value, (Instance, dict, list, tuple)) and not ASIDE.search(str(key)):
                waiting.append(((*path, key), value))


def parts_of(holder: Any) -> list[tuple[Any, Any]]:
    if isinstance(holder, Instance):
        kept = holder.attributes.get("_buffers", ())
        return [(name, value) for name, value in holder.attributes.items() if name not in kept]
    return list(holder.items()) if isinstance(holder, dict) else list(enumerate(holder))


def give_inputs(reader: Any, one: Instance, taken: set[str], only: str = "") -> None:
    """The arrays on an object become inputs, under the names that they have there."""
    found = [row for row in arrays_on(one) if only in ("", row[0][0])]
    taken = {*taken, *reader.attributes}
    last = [
        array.memory.name if isinstance(path[-1], int) else str(path[-1])
        for path, _, array in found
    ]
    places: dict[str, Path] = {}
    memories: dict[int, str] = {}
    for path, holder, array in found:
        own = array.memory.name if isinstance(path[-1], int) else str(path[-1])
        name = own if last.count(own) == 1 and own.isidentifier() else joined_name(path)
        while name in taken:
            name = f"self_{name}"
        if id(array.memory) in memories:
            continue  # it has another name already
        if name in reader.given:
            given = np.array(reader.given[name], float)
            if given.shape != array.shape:
                sizes = ["x".join(map(str, side)) for side in (given.shape, array.shape)]
                raise UsageError(f"{name} is given as an array of {sizes[0] or 1}, not {sizes[1]}")
            if array.cells.flags.writeable:
                array.cells[...] = given  # whoever else holds it sees it
            else:
                array = replaced(holder, path[-1], given)
        if array.parent is not None or array.memory.cells is not array.cells:
            array = replaced(holder, path[-1], np.array(array.cells))
        taken.add(name)
        memories[id(array.memory)] = name
        reader.attribute_input(name, array)
        places[name] = path
    reader.attributes |= places


def replaced(holder: Any, key: Any, cells: Any) -> Array:
    """Another array in the place of one."""
    new = Array.new(cells)
    if isinstance(holder, Instance):
        holder.attributes[key] = new
    elif not isinstance(holder, tuple):
        holder[key] = new
    return new


def joined_name(path: Path) -> str:
    """layers_0_W of layers[0].W"""
    name = "_".join(str(part) for part in path)
    cleaned = "".join(letter if letter.isalnum() or letter == "_" else "_" for letter in name)
    return cleaned if cleaned.isidentifier() else f"_{cleaned}"


def at_path(one: Any, path: Path) -> Any:
    """What stands at the end of a way; MISSING if there is nothing."""
    for key in path:
        if isinstance(one, Instance):
            one = one.attributes.get(key, MISSING)
        elif isinstance(one, dict):
            one = one.get(key, MISSING)
        elif (
            isinstance(one, (list, tuple)) and isinstance(key, int) and -len(one) <= key < len(one)
        ):
            one = one[key]
        else:
            return MISSING
    return one


# What a first forward pass makes.


def late_names(one: Any, before: Mapping[str, Any]) -> list[str]:
    """The attributes with arrays that an object didn't have before, and that depend on nothing."""
    if not isinstance(one, Instance):
        return []
    return [
        name for name, value in one.attributes.items()
        if before.get(name) is not value and constants_in(value) and not constants_in(
            before.get(name)
        )
    ]  # fmt: skip


def constants_in(value: Any) -> list[int]:
    """The arrays in a value that depend on nothing, each by what it is."""
    parts = value.values() if isinstance(value, dict) else value
    several = parts if isinstance(value, (dict, list, tuple)) else [value]
    return [id(one) for one in several if isinstance(one, Array) and is_weight(one)]


def is_weight(array: Array) -> bool:
    return not array.depends and array.cells.dtype.kind == "f" and bool(array.shape)
