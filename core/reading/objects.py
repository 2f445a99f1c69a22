"""Classes of the source, and their objects: methods, inheritance, operators, generators."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from backprop.reading.diagnostics import UnreadError
from backprop.reading.machine import CALL_STEPS, Machine
from backprop.reading.statements import Statements
from backprop.reading.values import (
    MISSING,
    Above,
    Builtin,
    ClassOf,
    Defined,
    Instance,
    Method,
    Module,
    Scope,
    Taken,
    TypeOf,
    Unknown,
    Unreadable,
    described,
)

KINDS = {
    "staticmethod": "static", "classmethod": "class", "property": "property",
    "cached_property": "property", "setter": "setter",
}  # fmt: skip
OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "div": "truediv", "pow": "pow", "matmul": "matmul",
    "mod": "mod", "floordiv": "floordiv", "both": "and", "either": "or",
}  # fmt: skip
COMPARING = {
    ast.Lt: "__lt__", ast.LtE: "__le__", ast.Gt: "__gt__", ast.GtE: "__ge__", ast.Eq: "__eq__",
    ast.NotEq: "__ne__",
}  # fmt: skip
NOTHING = Builtin("nothing", "python")  # what object itself does when it is initialized


class Objects(Statements):
    """Reads classes, and what their objects do."""

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.frames: list[tuple[Defined, Any]] = []  # the functions being read, with `self`
        self.classes: list[str] = []  # the classes being read
        self.yielded: list[list[Any]] = []
        self.generators: dict[ast.AST, bool] = {}

    # Classes.

    def do_ClassDef(self, node: ast.ClassDef) -> None:  # noqa: N802
        self.machine.step(CALL_STEPS)
        bases = tuple([self.base(one) for one in node.bases])
        outer = self.scope
        self.scope = Scope(outer=outer, around=outer.around or outer)
        self.classes.append(node.name)
        try:
            self.run(node.body)
            names = self.scope.names
        finally:
            self.scope = outer
            self.classes.pop()
        found = ClassOf(node.name, names, bases, self.fields(node))
        for one in names.values():
            if isinstance(one, Defined) and one.node in node.body:
                one.owner = found
        outer.names[node.name] = found

    def base(self, node: ast.expr) -> Any:
        """A base class; one that isn't known has nothing that the source could see."""
        try:
            return self.value(node)
        except UnreadError:
            return Unknown("a base class")

    def fields(self, node: ast.ClassDef) -> tuple[str, ...]:
        """What a dataclass is made of."""
        if not any(last_word(one) == "dataclass" for one in node.decorator_list):
            return ()
        return tuple([
            one.target.id for one in node.body
            if isinstance(one, ast.AnnAssign) and isinstance(one.target, ast.Name)
        ])  # fmt: skip

    def do_FunctionDef(self, node: ast.FunctionDef) -> None:  # noqa: N802
        before = self.scope.names.get(node.name)
        super().do_FunctionDef(node)
        found = self.scope.names.pop(node.name)
        if self.frames:
            found.owner = self.frames[-1][0].owner
        for one in reversed(node.decorator_list):
            found = self.decorated(found, one, before)
        self.scope.names[self.private(node.name)] = found

    def decorated(self, function: Any, node: ast.expr, before: Any) -> Any:
        """What a decorator makes of a function; one that isn't known makes nothing of it."""
        kind = KINDS.get(last_word(node))
        if kind == "setter" and isinstance(before, Defined):
            before.setter = function
            return before
        if kind and isinstance(function, Defined):
            function.kind = kind
            return function
        try:
            decorator = self.value(node)
        except UnreadError:
            return function
        if isinstance(decorator, (Defined, Method, ClassOf, Instance)):
            return self.call(decorator, [function], {})
        return function

    def private(self, name: str) -> str:
        """A name with two underscores before it belongs to its class alone."""
        if name[:2] != "__" or name[-2:] == "__":
            return name
        owner = self.frames[-1][0].owner if self.frames else None
        inside = self.classes[-1] if self.classes else owner.name if owner else ""
        return f"_{inside.lstrip('_')}{name}" if inside else name

    # Objects.

    def made(self, function: ClassOf, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """A new object of a class."""
        self.machine.step(10)
        one = Instance(function.name, {}, function)
        start = function.find("__init__")
        if isinstance(start, Defined):
            self.invoke(start, [one, *fed], named)
            return one
        fields = [name for base in reversed(function.order) for name in base.fields]
        values = {**dict(zip(fields, fed, strict=False)), **named}
        strange = [name for name in values if name not in fields]
        if len(fed) > len(fields) or strange:
            raise UnreadError(f"{function.name} takes no such arguments")
        for name in fields:
            value = values.get(name, function.find(name))
            if value is MISSING:
                raise UnreadError(f"{function.name} needs the argument {name}")
            one.attributes[name] = value
        return one

    def attribute(self, holder: Any, name: str) -> Any:
        match holder:
            case Instance():
                return self.of_instance(holder, name)
            case ClassOf():
                return self.of_class(holder, name)
            case Above():
                return self.of_above(holder, name)
            case Module():
                return self.of_module(holder, name)
            case TypeOf() if name == "type":
                return holder  # of a dtype
            case TypeOf() if name in ("name", "__name__"):
                return holder.name
            case Defined() | Method() if name in ("__name__", "__qualname__"):
                return (holder.function if isinstance(holder, Method) else holder).name
        return super().attribute(holder, name)

    def of_instance(self, holder: Instance, name: str) -> Any:
        if name in holder.attributes:
            return holder.attributes[name]
        if holder.of is None:
            return super().of_instance(holder, name)
        found = holder.of.find(name)
        if found is not MISSING:
            return self.bound(found, holder)
        match name:
            case "__class__":
                return holder.of
            case "__dict__":
                return holder.attributes
            case "__init__":
                return NOTHING
        other = holder.of.find("__getattr__")
        if isinstance(other, Defined):
            return self.invoke(other, [holder, name], {})
        return super().of_instance(holder, name)

    def of_class(self, holder: ClassOf, name: str) -> Any:
        if name in ("__name__", "__qualname__"):
            return holder.name
        found = holder.find(name)
        if isinstance(found, Defined):
            return Method(found, holder) if found.kind == "class" else found
        if found is MISSING and name == "__init__":
            return NOTHING
        if found is MISSING:
            raise UnreadError(f"the class {holder.name} has no {name}")
        return found

    def of_above(self, holder: Above, name: str) -> Any:
        first = holder.first
        start = first.of if isinstance(first, Instance) else first
        found = MISSING if start is None else start.find(name, after=holder.owner)
        if found is not MISSING:
            return self.bound(found, first)
        if name[:2] == "__":
            return NOTHING
        raise UnreadError(f"no class above {holder.owner.name} has {name}")

    def of_module(self, holder: Module, name: str) -> Any:
        found = holder.scope.names.get(name, MISSING)
        if isinstance(found, Unreadable):
            raise found.problem
        if found is MISSING:
            raise UnreadError(f"{holder.file} has no {name}")
        return found

    def bound(self, found: Any, first: Any) -> Any:
        """What an object sees of what its class has."""
        if not isinstance(found, Defined) or found.kind == "static":
            return found
        if found.kind == "property" and isinstance(first, Instance):
            return self.invoke(found, [first], {})
        if found.kind == "class" and isinstance(first, Instance):
            return Method(found, first.of)
        return Method(found, first)

    def set_attribute(self, holder: Any, name: str, value: Any) -> None:
        if isinstance(holder, Instance) and holder.of is not None:
            found = holder.of.find(name)
            if isinstance(found, Defined) and found.setter is not None:
                self.invoke(found.setter, [holder, value], {})
                return
        super().set_attribute(holder, name, value)

    def above(self, *fed: Any) -> Above:
        """super(), as it is called without arguments or with a class and an object."""
        function, first = self.frames[-1] if self.frames else (None, None)
        owner = function.owner if function else None
        if len(fed) == 2:
            owner, first = fed
        if not isinstance(owner, ClassOf) or not isinstance(first, (Instance, ClassOf)):
            raise UnreadError("super() stands outside of a method")
        return Above(first, owner)

    # Calls.

    def only_shows(self, node: ast.Call) -> bool:
        """`print(x)` only shows something; `layer.backward(dout)` of an object doesn't."""
        if not super().only_shows(node):
            return False
        if not isinstance(node.func, ast.Attribute):
            return True
        try:
            holder = self.value(node.func.value)
        except UnreadError:
            return True
        known = isinstance(holder, Instance) and holder.of is not None
        return not known or holder.of.find(node.func.attr) is MISSING

    def call(self, function: Any, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        if isinstance(function, Instance):
            found = MISSING if function.of is None else function.of.find("__call__")
            if not isinstance(found, Defined):
                raise UnreadError(f"{described(function)} can't be called")
            return self.invoke(found, [function, *fed], named)
        return super().call(function, fed, named)

    def invoke(self, function: Defined, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        self.frames.append((function, fed[0] if fed else None))
        try:
            if not self.generates(function.node):
                return super().invoke(function, fed, named)
            self.yielded.append([])
            super().invoke(function, fed, named)
            return Taken(self.yielded.pop())
        finally:
            self.frames.pop()

    def generates(self, node: ast.AST) -> bool:
        """Does a function yield what it makes?"""
        if node not in self.generators:
            self.generators[node] = yields(node)
        return self.generators[node]

    def of_Yield(self, node: ast.Yield) -> Any:  # noqa: N802
        """Everything is yielded at once, before any of it is used."""
        value = None if node.value is None else self.value(node.value)
        self.keep_yielded([value])

    def of_YieldFrom(self, node: ast.YieldFrom) -> Any:  # noqa: N802
        self.keep_yielded(self.entries(self.value(node.value)))

    def keep_yielded(self, values: Sequence[Any]) -> None:
        if not self.yielded:
            raise UnreadError("yield stands outside of a function")
        self.machine.recorder.budget.make(len(values))
        self.yielded[-1] += values

    # Operators.

    def special(self, holder: Any, name: str, *fed: Any) -> Any:
        """What a method such as __add__ gives; MISSING if the class has none."""
        found = holder.of.find(name) if isinstance(holder, Instance) and holder.of else MISSING
        return self.invoke(found, [holder, *fed], {}) if isinstance(found, Defined) else MISSING

    def binary(self, name: str, a: Any, b: Any) -> Any:
        if not (isinstance(a, Instance) or isinstance(b, Instance)):
            return super().binary(name, a, b)
        word = OPERATORS.get(name, name)
        for holder, other, method in ((a, b, f"__{word}__"), (b, a, f"__r{word}__")):
            found = self.special(holder, method, other)
            if found is not MISSING and found is not None:
                return found
        raise UnreadError(f"{described(a)} and {described(b)} can't be combined like this")

    def signed(self, op: ast.unaryop, value: Any) -> Any:
        name = {ast.USub: "__neg__", ast.UAdd: "__pos__", ast.Invert: "__invert__"}.get(type(op))
        if name is None:
            return not self.machine_truth(value)
        found = self.special(value, name)
        return super().signed(op, value) if found is MISSING else found

    def compared(self, op: ast.cmpop, a: Any, b: Any) -> Any:
        name = COMPARING.get(type(op))
        if name and isinstance(a, Instance):
            found = self.special(a, name, b)
            if found is not MISSING:
                return found
        return super().compared(op, a, b)

    def item(self, holder: Any, key: Any) -> Any:
        found = self.special(holder, "__getitem__", key)
        return super().item(holder, key) if found is MISSING else found

    def set_item(self, holder: Any, key: Any, value: Any) -> None:
        if self.special(holder, "__setitem__", key, value) is MISSING:
            super().set_item(holder, key, value)

    def entries(self, value: Any) -> list[Any]:
        if isinstance(value, Instance):
            if (found := self.special(value, "__iter__")) is not MISSING:
                return super().entries(found)
            count = self.special(value, "__len__")
            if isinstance(count, int):
                return [self.item(value, k) for k in range(count)]
        return super().entries(value)

    def machine_truth(self, value: Any) -> bool:
        for name in ("__bool__", "__len__"):
            if (found := self.special(value, name)) is not MISSING:
                return super().machine_truth(found)
        return super().machine_truth(value)

    def is_of(self, value: Any, kind: Any) -> bool:
        """Is a value an object of a class, or of one that is made from it?"""
        if not isinstance(value, Instance):
            return False
        if isinstance(kind, ClassOf):
            return value.of is not None and kind in value.of.order
        if isinstance(kind, TypeOf) and kind.name == "object":
            return True
        return value.of is None and isinstance(kind, TypeOf) and kind.name == value.kind


def last_word(node: ast.expr) -> str:
    """dataclass of dataclasses.dataclass(frozen=True)."""
    if isinstance(node, ast.Call):
        node = node.func
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def yields(function: ast.AST) -> bool:
    """Does a function yield, itself and not one within it?"""
    waiting: list[ast.AST] = [*function.body] if isinstance(function, ast.FunctionDef) else []
    while waiting:
        node = waiting.pop()
        if isinstance(node, (ast.Yield, ast.YieldFrom)):
            return True
        if not isinstance(node, (ast.FunctionDef, ast.ClassDef, ast.Lambda)):
            waiting += ast.iter_child_nodes(node)
    return False
