"""What else a name may stand for: the file's own functions, namespaces, and what these hold."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Protocol

import numpy as np

from backprop.reading.diagnostics import UnreadError
from backprop.reading.memory import Array, Number


@dataclass(frozen=True)
class Namespace:
    """A module, or a part of one: `np`, `np.linalg`, `torch.nn.functional`."""

    module: str  # numpy torch jax scipy math, or "" for one of which nothing is known
    path: str = ""  # what comes before the name of a function: `linalg`


@dataclass(frozen=True, eq=False)
class Builtin:
    """A function of the library, or a method with what it is called on."""

    name: str
    module: str
    bound: Any = None  # for a method; None for a function


@dataclass(frozen=True)
class TypeOf:
    """What names a type: float, np.float64, dict; also True in isinstance."""

    name: str


@dataclass(eq=False)
class Scope:
    """Names and what they stand for, and the scope around it."""

    names: dict[str, Any] = field(default_factory=dict)
    outer: Scope | None = None
    around: Scope | None = None  # of a class: the scope that its methods see
    far: set[str] = field(default_factory=set)  # names of `global` and `nonlocal`

    def find(self, name: str) -> Any:
        here: Scope | None = self
        while here is not None:
            if name in here.names:
                return here.names[name]
            here = here.outer
        return MISSING

    def home(self, name: str) -> Scope:
        """Where a name is assigned."""
        if name in self.far:
            here = self.outer
            while here is not None:
                if name in here.names:
                    return here
                here = here.outer
        return self


@dataclass(eq=False)
class Defined:
    """A function of the source: `def` or `lambda`."""

    name: str
    node: ast.FunctionDef | ast.Lambda
    scope: Scope
    defaults: Mapping[str, Any] = field(default_factory=dict)
    kind: str = ""  # of a method: static, class or property
    owner: ClassOf | None = None  # the class that it is a method of
    setter: Defined | None = None  # of a property


@dataclass(eq=False)
class Instance:
    """An object with attributes: `self`, `ctx`, a SimpleNamespace."""

    kind: str
    attributes: dict[str, Any] = field(default_factory=dict)
    of: ClassOf | None = None


@dataclass(eq=False)
class ClassOf:
    """A class of the source."""

    name: str
    attributes: dict[str, Any]
    bases: tuple[Any, ...] = ()
    fields: tuple[str, ...] = ()  # what a dataclass is made of

    @cached_property
    def order(self) -> list[ClassOf]:
        """The class and its bases, in the order in which Python looks through them."""
        bases = [base for base in self.bases if isinstance(base, ClassOf)]
        waiting = [*(list(base.order) for base in bases), bases]
        found = [self]
        while any(waiting):
            heads = [line[0] for line in waiting if line]
            fine = [one for one in heads if not any(one in line[1:] for line in waiting)]
            best = (fine or heads)[0]
            found.append(best)
            waiting = [[one for one in line if one is not best] for line in waiting]
        return found

    def find(self, name: str, after: ClassOf | None = None) -> Any:
        """What the class or a base has under a name. `after` is a class to begin behind."""
        order = self.order
        start = order.index(after) + 1 if after in order else 0
        for one in order[start:]:
            if name in one.attributes:
                return one.attributes[name]
        return MISSING


@dataclass(frozen=True)
class Method:
    """A function of the source, with the object that comes first."""

    function: Defined
    first: Any


@dataclass(frozen=True, eq=False)
class Above:
    """What super() gives: an object or a class, looked at from above one of its classes."""

    first: Instance | ClassOf
    owner: ClassOf


@dataclass(eq=False)
class Module:
    """A file that is imported."""

    file: str
    scope: Scope = field(default_factory=Scope)


@dataclass(frozen=True)
class Unknown:
    """What is imported but not known: an error only if something is wanted of it."""

    name: str


@dataclass(frozen=True, eq=False)
class Unreadable:
    """What a name of a script stands for whose assignment could not be read, and why."""

    problem: UnreadError


class Taken:
    """An iterator: what is gone over once."""

    def __init__(self, values: Sequence[Any]) -> None:
        self.values = values
        self.place = 0

    @property
    def more(self) -> bool:
        return self.place < len(self.values)

    def take(self) -> Any:
        self.place += 1
        return self.values[self.place - 1]

    def rest(self) -> list[Any]:
        found = list(self.values[self.place :])
        self.place = len(self.values)
        return found


class Caller(Protocol):
    """What Python's own functions need of the reader that calls them."""

    machine: Any

    def entries(self, value: Any) -> list[Any]: ...
    def call(self, function: Any, fed: Sequence[Any], named: Mapping[str, Any]) -> Any: ...
    def binary(self, name: str, a: Any, b: Any) -> Any: ...
    def attribute(self, holder: Any, name: str) -> Any: ...
    def machine_truth(self, value: Any) -> bool: ...
    def compared_by(self, name: str, a: Any, b: Any) -> Any: ...
    def is_of(self, value: Any, kind: Any) -> bool: ...
    def above(self, *fed: Any) -> Any: ...


class Missing:
    """No value at all."""


MISSING = Missing()


NUMERIC = frozenset([int, float, Number, Array])  # the usual types; there are more


def depends(value: Any) -> bool:
    """Does a number or array depend on an input?"""
    return isinstance(value, Number) or (isinstance(value, Array) and value.depends)


def is_numeric(value: Any) -> bool:
    return value.__class__ in NUMERIC or isinstance(
        value, (bool, int, float, np.number, np.bool_, Number, Array)
    )


def content(value: Any) -> Any:
    """The number or array in an object that holds one as `data`, with its gradient as `grad`."""
    if isinstance(value, Instance) and "grad" in value.attributes:
        inside = value.attributes.get("data")
        return inside if is_numeric(inside) else value
    return value


def described(value: Any) -> str:
    """What a value is, in a message."""
    match value:
        case None:
            return "None"
        case bool() | int() | float() | np.number() | Number():
            return "a number"
        case Array():
            shape = "x".join(map(str, value.shape))
            return f"an array of {shape}" if shape else "a number"
        case str():
            return "a text"
        case Defined() | Builtin() | Method():
            named = value.function if isinstance(value, Method) else value
            return f"the function {named.name}"
        case Namespace() | Module():
            return "a module"
        case Unknown():
            return f"{value.name}, which is not known here"
        case ClassOf():
            return f"the class {value.name}"
        case Taken():
            return "an iterator"
        case Instance():
            return f"an object of {value.kind}"
    return {list: "a list", tuple: "a tuple", dict: "a dict", set: "a set", slice: "a slice",
            range: "a range"}.get(value.__class__, "something that can't be read")  # fmt: skip


PLAIN = frozenset([int, float, str, Number])


def plain_number(value: Any) -> Any:
    """A number that depends on nothing, as Python's own; anything else as it is."""
    if value.__class__ in PLAIN:
        return value
    if isinstance(value, (np.number, np.bool_)):
        return value.item()
    if isinstance(value, Array) and not value.shape and not value.depends:
        return value.cells.item()
    return value
