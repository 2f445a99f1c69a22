"""Expressions of Python: what each comes to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.language.spellings import near_spelling, spelling
from backprop.reading import builtins, indexing, library, texts
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.machine import CALL_STEPS, LARGEST, TOO_LARGE, Machine
from backprop.reading.memory import Array, Number
from backprop.reading.values import (
    MISSING,
    Builtin,
    ClassOf,
    Defined,
    Instance,
    Method,
    Namespace,
    Scope,
    Taken,
    TypeOf,
    Unknown,
    Unreadable,
    depends,
    described,
    is_numeric,
    plain_number,
)

BINARY = {
    ast.Add: "add", ast.Sub: "sub", ast.Mult: "mul", ast.Div: "div", ast.Pow: "pow",
    ast.MatMult: "matmul", ast.Mod: "mod", ast.FloorDiv: "floordiv", ast.BitAnd: "both",
    ast.BitOr: "either", ast.BitXor: "unlike", ast.LShift: "lshift", ast.RShift: "rshift",
}  # fmt: skip
COMPARING = {
    ast.Lt: "lt", ast.LtE: "le", ast.Gt: "gt", ast.GtE: "ge", ast.Eq: "eq", ast.NotEq: "ne",
}  # fmt: skip
LONGEST = 1_000_000  # entries of a list, or characters of a text, that is made


class Expressions:
    """Reads expressions in a scope."""

    def __init__(self, machine: Machine) -> None:
        self.machine = machine
        self.scope = Scope()
        self.readers: dict[type, Callable[[Any], Any]] = {}  # what reads a kind of node

    # How deep, and how long.

    def value(self, node: ast.expr) -> Any:
        machine = self.machine
        machine.step()
        recorder = machine.recorder
        before, recorder.node = recorder.node, node
        method = self.readers.get(node.__class__) or self.reader_of(node)
        try:
            found = method(node)
        except UnreadError as problem:
            problem.node = problem.node or node
            raise
        recorder.node = before
        return found

    def reader_of(self, node: ast.expr) -> Callable[[Any], Any]:
        """What reads a node like this."""
        kind = node.__class__
        method: Callable[[Any], Any] | None = getattr(self, f"of_{node.__class__.__name__}", None)
        if method is None:
            raise UnreadError(f"{NAMES.get(kind, 'this')} can't be read", node=node)
        self.readers[kind] = method
        return method

    def values(self, nodes: Sequence[ast.expr]) -> list[Any]:
        """The values of several, stars unpacked."""
        found: list[Any] = []
        for node in nodes:
            if isinstance(node, ast.Starred):
                found += self.entries(self.value(node.value))
            else:
                found.append(self.value(node))
        return found

    # Leaves.

    def of_Constant(self, node: ast.Constant) -> Any:  # noqa: N802
        if isinstance(node.value, (complex, bytes)):
            raise UnreadError(f"{node.value!r:.30} can't be read")
        if isinstance(node.value, int) and node.value.bit_length() > LARGEST:
            raise UnreadError(TOO_LARGE)
        return node.value

    def of_Name(self, node: ast.Name) -> Any:  # noqa: N802
        found = self.scope.find(node.id)
        if found is MISSING:
            found = builtins.named(node.id)
        if found is MISSING:
            found = self.missing(node.id)
        if isinstance(found, Unreadable):
            raise found.problem
        return found

    def missing(self, name: str) -> Any:
        raise UnreadError(f"the name {name} has no value here")

    def of_JoinedStr(self, node: ast.JoinedStr) -> Any:  # noqa: N802
        found = texts.joined([
            self.of_FormattedValue(part) if isinstance(part, ast.FormattedValue)
            else str(self.value(part)) for part in node.values
        ])  # fmt: skip
        self.machine.recorder.budget.made(found)
        return found

    def of_FormattedValue(self, node: ast.FormattedValue) -> str:  # noqa: N802
        spec = "" if node.format_spec is None else self.value(node.format_spec)
        how = chr(node.conversion) if node.conversion > 0 else ""
        return texts.shown(self.value(node.value), spec, how)

    def of_List(self, node: ast.List) -> Any:  # noqa: N802
        return self.values(node.elts)

    def of_Tuple(self, node: ast.Tuple) -> Any:  # noqa: N802
        return tuple(self.values(node.elts))

    def of_Set(self, node: ast.Set) -> Any:  # noqa: N802
        return {builtins.key(value) for value in self.values(node.elts)}

    def of_Dict(self, node: ast.Dict) -> Any:  # noqa: N802
        found: dict[Any, Any] = {}
        for key, value in zip(node.keys, node.values, strict=True):
            if key is None:
                inside = self.value(value)
                if not isinstance(inside, dict):
                    raise UnreadError(f"{described(inside)} is not a dict", node=value)
                found |= inside
            else:
                found[builtins.key(self.value(key))] = self.value(value)
        return found

    def of_Slice(self, node: ast.Slice) -> Any:  # noqa: N802
        ends = [None if end is None else self.value(end)
                for end in (node.lower, node.upper, node.step)]  # fmt: skip
        return slice(*ends)

    # Operators.

    def of_UnaryOp(self, node: ast.UnaryOp) -> Any:  # noqa: N802
        value = plain_number(self.value(node.operand))
        machine = self.machine
        if isinstance(node.op, ast.Not):
            return not self.machine_truth(value)
        if isinstance(value, Instance):
            return self.signed(node.op, value)
        if not is_numeric(value):
            raise MisfitError(f"{described(value)} has no sign")
        if isinstance(node.op, ast.UAdd):
            return value
        if isinstance(node.op, ast.Invert):
            if isinstance(value, int) and not isinstance(value, bool):
                return ~value
            return machine.binary("eq", library.truth_of(machine, value), 0)
        if depends(value):
            return machine.apply("neg", value)
        if isinstance(value, Array) and value.cells.dtype == bool:
            raise UnreadError("a mask has no sign", "write ~")
        return Array.new(-value.cells) if isinstance(value, Array) else -value

    def signed(self, op: ast.unaryop, value: Any) -> Any:
        del op
        raise MisfitError(f"{described(value)} has no sign")

    def of_BinOp(self, node: ast.BinOp) -> Any:  # noqa: N802
        """A chain of operators that leans to the left is read without recursion."""
        chain: list[ast.BinOp] = []
        here: ast.expr = node
        while isinstance(here, ast.BinOp):
            chain.append(here)
            here = here.left
        found = self.value(here)
        for one in reversed(chain):
            right = self.value(one.right)
            self.machine.recorder.node = one
            try:
                found = self.binary(BINARY.get(one.op.__class__, ""), found, right)
            except UnreadError as problem:
                problem.node = problem.node or one
                raise
        return found

    def binary(self, name: str, a: Any, b: Any) -> Any:
        machine = self.machine
        a, b = plain_number(a), plain_number(b)
        if name == "matmul":
            return library.product(machine, a, b)
        if not (is_numeric(a) and is_numeric(b)):
            return self.combined(name, a, b)
        if name in ("add", "sub", "mul", "div", "pow"):
            return machine.binary(name, a, b)
        if name in ("both", "either", "unlike"):
            if isinstance(a, int) and isinstance(b, int) and not isinstance(a, bool):
                return {"both": a & b, "either": a | b, "unlike": a ^ b}[name]
            return library.FUNCTIONS[name](machine, a, b)
        if name == "mod":
            return self.remainder(a, b)
        if name == "floordiv":
            return self.floored(a, b)
        if name in ("lshift", "rshift") and isinstance(a, int) and isinstance(b, int):
            if not 0 <= b <= 64 or abs(a) >= 2**64:
                raise UnreadError("this shift is too far")
            return a << b if name == "lshift" else a >> b
        raise UnreadError("this operator can't be used here")

    def remainder(self, a: Any, b: Any) -> Any:
        if isinstance(b, (int, float)) and not isinstance(a, (Array, Number)) and not b:
            raise UnreadError("this divides by 0")
        return library.mod(self.machine, a, b)

    def floored(self, a: Any, b: Any) -> Any:
        machine = self.machine
        if depends(a) or depends(b):
            return machine.apply("floor", machine.apply("div", a, b))
        if isinstance(a, Array) or isinstance(b, Array):
            x, y = (one.cells if isinstance(one, Array) else one for one in (a, b))
            try:
                with np.errstate(all="ignore"):
                    return Array.new(np.asarray(x // y))
            except (ValueError, TypeError, OverflowError) as problem:
                raise UnreadError(f"this can't be computed: {str(problem)[:100]}") from None
        if not b:
            raise UnreadError("this divides by 0")
        try:
            return a // b
        except OverflowError:
            raise UnreadError("this whole number is larger than any float") from None

    def combined(self, name: str, a: Any, b: Any) -> Any:
        """Lists, tuples and texts: joined or repeated; lists beside arrays become arrays."""
        if name == "mod" and isinstance(a, str):
            return str(self.machine.recorder.budget.made(texts.percent(a, b)))
        if isinstance(a, (Array, Number)) or isinstance(b, (Array, Number)):
            return self.binary(name, self.machine.numeric(a), self.machine.numeric(b))
        if name == "add" and a.__class__ is b.__class__ and isinstance(a, (list, tuple, str)):
            if len(a) + len(b) > LONGEST:
                raise UnreadError("this becomes too long")
            self.machine.recorder.budget.make(len(a) + len(b))
            return a + b
        if name == "mul":
            parts, count = (a, b) if isinstance(a, (list, tuple, str)) else (b, a)
            if isinstance(parts, (list, tuple, str)) and isinstance(count, (int, Number)):
                times = self.machine.whole_number(count, "how often")
                if len(parts) * max(0, times) > LONGEST:
                    raise UnreadError("this becomes too long")
                self.machine.recorder.budget.make(len(parts) * max(0, times))
                return parts * times
        if (
            isinstance(a, (set, dict))
            and a.__class__ is b.__class__
            and name in ("either", "both", "sub")
        ):
            return builtins.of_sets(name, a, b)
        raise UnreadError(f"{described(a)} and {described(b)} can't be combined like this")

    def of_BoolOp(self, node: ast.BoolOp) -> Any:  # noqa: N802
        wanted = isinstance(node.op, ast.Or)
        found: Any = None
        for part in node.values:
            found = self.value(part)
            if part is not node.values[-1] and self.machine_truth(found) == wanted:
                return found
        return found

    def machine_truth(self, value: Any) -> bool:
        if isinstance(value, (Number, Array)) or is_numeric(value):
            return self.machine.truth(value)
        if isinstance(value, (list, tuple, dict, set, str, range)):
            return len(value) > 0
        return value is not None

    def of_Compare(self, node: ast.Compare) -> Any:  # noqa: N802
        left = self.value(node.left)
        found: Any = True
        for op, other in zip(node.ops, node.comparators, strict=True):
            right = self.value(other)
            one = self.compared(op, left, right)
            if len(node.ops) == 1:
                return one
            found = one if found is True else library.FUNCTIONS["both"](self.machine, found, one)
            if isinstance(one, bool) and not one:
                return False
            left = right
        return found

    def compared(self, op: ast.cmpop, a: Any, b: Any) -> Any:
        machine = self.machine
        if isinstance(op, (ast.Is, ast.IsNot)):
            same = a is b or (a is None) is (b is None) is True
            same = same or (isinstance(a, bool) and isinstance(b, bool) and a == b)
            return same == isinstance(op, ast.Is)
        if isinstance(op, (ast.In, ast.NotIn)):
            return builtins.contains(machine, b, a) == isinstance(op, ast.In)
        a, b = plain_number(a), plain_number(b)
        name = COMPARING[op.__class__]
        if isinstance(a, Array) or isinstance(b, Array):
            if not (is_numeric(a) or isinstance(a, (list, tuple))) or not (
                is_numeric(b) or isinstance(b, (list, tuple))
            ):
                return name == "ne"
            return machine.binary(name, machine.numeric(a), machine.numeric(b))
        if isinstance(a, Number) or isinstance(b, Number):
            if not (is_numeric(a) and is_numeric(b)):
                return name == "ne"
            return machine.binary(name, a, b)
        return builtins.ordered(name, a, b)

    def compared_by(self, name: str, a: Any, b: Any) -> Any:
        if is_numeric(a) and is_numeric(b):
            return self.machine.binary(name, a, b)
        return builtins.ordered(name, a, b)

    def of_IfExp(self, node: ast.IfExp) -> Any:  # noqa: N802
        return self.value(node.body if self.machine_truth(self.value(node.test)) else node.orelse)

    def of_NamedExpr(self, node: ast.NamedExpr) -> Any:  # noqa: N802
        found = self.value(node.value)
        self.assign(node.target, found)
        return found

    def assign(self, target: ast.expr, value: Any) -> None:
        raise NotImplementedError

    # Brackets and dots.

    def of_Subscript(self, node: ast.Subscript) -> Any:  # noqa: N802
        holder = self.value(node.value)
        key = self.value(node.slice)
        self.machine.recorder.node = node
        return self.item(holder, key)

    def item(self, holder: Any, key: Any) -> Any:
        if isinstance(holder, Array):
            return indexing.taken(self.machine, holder, key)
        if isinstance(holder, (Number, float, int)):
            if key == () or key is Ellipsis:
                return holder
            raise UnreadError("a number has no entries")
        if isinstance(holder, library.updating.At):
            return library.updating.Place(holder.array, key)
        if isinstance(holder, Builtin) and holder.name in library.BRACKETS:
            return library.bracketed(self.machine, holder.name, key)
        return builtins.entry(self.machine, holder, key)

    def of_Attribute(self, node: ast.Attribute) -> Any:  # noqa: N802
        return self.attribute(self.value(node.value), self.private(node.attr))

    def private(self, name: str) -> str:
        return name

    def attribute(self, holder: Any, name: str) -> Any:
        machine = self.machine
        if isinstance(holder, Namespace):
            return self.of_namespace(holder, name)
        if isinstance(holder, Instance):
            return self.of_instance(holder, name)
        if isinstance(holder, Unknown):
            return Unknown(f"{holder.name}.{name}")
        if isinstance(holder, (Array, Number)) or (
            is_numeric(holder) and name in METHODS_OF_NUMBERS
        ):
            return self.of_array(holder, name)
        if isinstance(holder, library.updating.Place):
            return Builtin(name, "at", holder)
        if isinstance(holder, library.Walk):
            return Builtin(name, "walk", holder) if name == "iternext" else holder.attribute(name)
        if isinstance(holder, library.Pair) and name in ("values", "indices"):
            return holder[name == "indices"]
        if isinstance(holder, Builtin) and (
            found := spelling(holder.module, f"{holder.name}.{name}")
        ):
            return Builtin(f"{holder.name}.{name}", holder.module) if found else None
        method = builtins.method(machine, holder, name)
        if method is None:
            raise UnreadError(f"{described(holder)} has no attribute {name} that is read")
        return method

    def of_namespace(self, holder: Namespace, name: str) -> Any:
        path = f"{holder.path}.{name}" if holder.path else name
        if (found := builtins.constant_of(holder.module, path)) is not MISSING:
            return found
        if spelling(holder.module, path) or (
            path in library.BRACKETS and holder.module in ("numpy", "jax")
        ):
            return Builtin(path, holder.module)
        if holder.path == "special" and spelling(holder.module, name):
            return Builtin(name, holder.module)
        if path in builtins.PARTS or holder.module == "":
            inside = path in builtins.INSIDE and (holder.module, path) != ("torch", "special")
            return Namespace(holder.module, "" if inside else path)
        if (holder.module, path) in builtins.TYPES or path in builtins.TYPE_NAMES:
            return TypeOf(builtins.TYPE_NAMES.get(path, path))
        return Unknown(f"{holder.module}.{path}")

    def of_instance(self, holder: Instance, name: str) -> Any:
        if name in holder.attributes:
            return holder.attributes[name]
        raise UnreadError(f"{described(holder)} has no attribute {name} yet")

    def of_array(self, holder: Any, name: str) -> Any:
        machine = self.machine
        array = machine.array(holder)
        match name:
            case "shape":
                return array.shape
            case "T" | "mT" | "H":
                if not array.shape:
                    return holder
                return library.transpose(machine, array, []) if name == "T" else library.swapaxes(
                    machine, array, -1, -2
                )  # fmt: skip
            case "ndim":
                return len(array.shape)
            case "size" if not machine.torch:
                return array.cells.size
            case "strides" if not machine.torch:
                return array.cells.strides
            case "itemsize":
                return array.cells.itemsize
            case "real" | "data" | "values":
                return holder
            case "at":
                return library.updating.At(holder)
            case "dtype":
                return TypeOf("float" if array.cells.dtype == float else array.cells.dtype.name)
            case "requires_grad":
                return array.depends
            case "device" | "grad" | "grad_fn":
                return None
            case "flat":
                return library.ravel(machine, array)
        if spelling(".", name):
            return Builtin(name, ".", holder)
        raise UnreadError(f"the method .{name} of arrays can't be read")

    # Calls.

    def of_Call(self, node: ast.Call) -> Any:  # noqa: N802
        function = self.value(node.func)
        fed = self.values(node.args)
        named: dict[str, Any] = {}
        for keyword in node.keywords:
            if keyword.arg is None:
                inside = self.value(keyword.value)
                if not isinstance(inside, dict):
                    raise UnreadError(
                        f"** needs a dict, not {described(inside)}", node=keyword.value
                    )
                named |= {str(name): value for name, value in inside.items()}
            else:
                named[keyword.arg] = self.value(keyword.value)
        self.machine.recorder.node = node
        return self.call(function, fed, named)

    def call(self, function: Any, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        machine = self.machine
        if isinstance(function, Builtin):
            if function.module == "python":
                return builtins.call(self, function, fed, named)
            if function.module == "walk":
                return function.bound.go_on()
            if function.module == "at":
                return library.updating.updated(machine, function.bound, function.name, *fed)
            if function.module == "same":  # a generator gives itself back
                return Namespace("numpy", "random")
            found = spelling(function.module, function.name)
            assert found is not None
            first = [] if function.bound is None else [function.bound]
            made = library.call(machine, found, function.module, [*first, *fed], named)
            if first and library.in_place.changes(machine, function.name):
                return library.in_place.written(machine, function.name, first[0], made)
            return made
        if isinstance(function, Defined):
            return self.invoke(function, fed, named)
        if isinstance(function, Method):
            return self.invoke(function.function, [function.first, *fed], named)
        if isinstance(function, TypeOf):
            return builtins.counted(self, builtins.converted(self, function.name, fed, named))
        if isinstance(function, ClassOf):
            return self.made(function, fed, named)
        if isinstance(function, Unknown):
            near = near_spelling(function.name)
            hint = f"did you mean {near}?" if near else ""
            raise UnreadError(f"{function.name} is not known here", hint)
        raise UnreadError(f"{described(function)} can't be called")

    def invoke(self, function: Defined, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    def above(self, *fed: Any) -> Any:
        raise NotImplementedError

    def is_of(self, value: Any, kind: Any) -> bool:
        raise NotImplementedError

    def made(self, function: ClassOf, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        raise NotImplementedError

    # Comprehensions and lambda.

    def of_ListComp(self, node: ast.ListComp) -> Any:  # noqa: N802
        return list(self.comprehended(node, lambda: self.value(node.elt)))

    def of_GeneratorExp(self, node: ast.GeneratorExp) -> Any:  # noqa: N802
        return Taken(list(self.comprehended(node, lambda: self.value(node.elt))))

    def of_SetComp(self, node: ast.SetComp) -> Any:  # noqa: N802
        return set(self.comprehended(node, lambda: builtins.key(self.value(node.elt))))

    def of_DictComp(self, node: ast.DictComp) -> Any:  # noqa: N802
        def pair() -> tuple[Any, Any]:
            return builtins.key(self.value(node.key)), self.value(node.value)

        return dict(self.comprehended(node, pair))

    def comprehended(self, node: Any, entry: Callable[[], Any]) -> Iterator[Any]:
        outer = self.scope
        self.scope = Scope(outer=outer)
        try:
            waiting = [iter(self.entries(self.value(node.generators[0].iter)))]
            while waiting:
                level = len(waiting) - 1
                generator = node.generators[level]
                for value in waiting[-1]:
                    self.assign(generator.target, value)
                    if not all(self.machine_truth(self.value(test)) for test in generator.ifs):
                        continue
                    if level + 1 == len(node.generators):
                        yield entry()
                        continue
                    waiting.append(iter(self.entries(self.value(node.generators[level + 1].iter))))
                    break
                else:
                    waiting.pop()
        finally:
            self.scope = outer

    def of_Lambda(self, node: ast.Lambda) -> Any:  # noqa: N802
        self.machine.step(CALL_STEPS)
        return Defined("lambda", node, self.scope, self.defaults_of(node.args))

    def defaults_of(self, arguments: ast.arguments) -> dict[str, Any]:
        positional = [*arguments.posonlyargs, *arguments.args]
        late = positional[len(positional) - len(arguments.defaults) :]
        found = {a.arg: self.value(d) for a, d in zip(late, arguments.defaults, strict=True)}
        for argument, default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
            if default is not None:
                found[argument.arg] = self.value(default)
        return found

    def turns(self, value: Any) -> Iterator[Any]:
        """What a loop goes over, as it is when its turn comes."""
        if isinstance(value, Array) and value.shape:
            return self.rows(value)
        return iter(value if isinstance(value, (list, range)) else self.entries(value))

    def rows(self, array: Array) -> Iterator[Any]:
        for k in range(array.shape[0]):
            self.machine.step(3)
            yield indexing.taken(self.machine, array, (k,))

    def entries(self, value: Any) -> list[Any]:
        """What a loop goes over."""
        if isinstance(value, library.Walk):
            value = self.machine.reshaped(value.array, (-1,))
        if isinstance(value, Array):
            if not value.shape:
                raise UnreadError("a number can't be looped over")
            self.machine.step(value.shape[0])
            return [indexing.taken(self.machine, value, (k,)) for k in range(value.shape[0])]
        found = builtins.entries(value)
        self.machine.recorder.budget.make(len(found))
        return found


METHODS_OF_NUMBERS = frozenset(
    ["shape", "T", "ndim", "size", "item", "sum", "mean", "copy", "astype", "reshape", "max", "min",
     "exp", "log", "sqrt", "tanh", "abs", "detach", "clone", "pow", "clip", "ravel", "dtype",
     "flatten", "squeeze", "numpy", "float", "double", "tolist", "real", "round", "any", "all"]
)  # fmt: skip

NAMES: Mapping[type, str] = {
    ast.Await: "await", ast.Yield: "yield", ast.YieldFrom: "yield", ast.Starred: "a star here",
}  # fmt: skip
