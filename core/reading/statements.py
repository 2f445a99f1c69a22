"""Statements of Python: assignments, loops, choices, and calls of the file's own functions."""

from __future__ import annotations

import ast
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backprop.reading import builtins, indexing
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.expressions import BINARY, Expressions
from backprop.reading.machine import CALL_STEPS, Machine
from backprop.reading.memory import Array, Number
from backprop.reading.values import (
    ClassOf,
    Defined,
    Instance,
    Namespace,
    Scope,
    Unknown,
    described,
)

DEEPEST = 60  # calls within calls


class Leaving(Exception):  # noqa: N818
    """A loop or a function is left: break, continue, return."""

    def __init__(self, how: str, value: Any = None) -> None:
        super().__init__(how)
        self.how = how
        self.value = value


class Statements(Expressions):
    """Reads statements in a scope."""

    depth = 0

    def __init__(self, machine: Machine) -> None:
        super().__init__(machine)
        self.doers: dict[type, Callable[[Any], None]] = {}  # what does a kind of statement
        self.shown: dict[ast.Call, bool] = {}  # which calls are only there to show something

    def run(self, body: Sequence[ast.stmt]) -> None:
        for node in body:
            self.statement(node)

    def statement(self, node: ast.stmt) -> None:
        machine = self.machine
        machine.step()
        method = self.doers.get(node.__class__) or self.doer_of(node)
        machine.recorder.node = node
        try:
            method(node)
        except UnreadError as problem:
            problem.node = problem.node or node
            raise

    def doer_of(self, node: ast.stmt) -> Callable[[Any], None]:
        """What does a statement like this."""
        kind = node.__class__
        method: Callable[[Any], None] | None = getattr(self, f"do_{node.__class__.__name__}", None)
        if method is None:
            raise UnreadError(f"{STATEMENTS.get(kind, 'this statement')} can't be read", node=node)
        self.doers[kind] = method
        return method

    # Assignments.

    def do_Assign(self, node: ast.Assign) -> None:  # noqa: N802
        value = self.value(node.value)
        for target in node.targets:
            self.machine.recorder.node = node
            self.assign(target, value)

    def do_AnnAssign(self, node: ast.AnnAssign) -> None:  # noqa: N802
        if node.value is not None:
            self.assign(node.target, self.value(node.value))

    def do_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        name = BINARY.get(node.op.__class__, "")
        before, store, shared = self.target(node.target)
        after = self.value(node.value)
        self.machine.recorder.node = node
        if isinstance(before, list) and name == "add":
            before.extend(self.entries(after))
            builtins.grown(before)
            return
        found = self.binary(name, before, after)
        if shared and isinstance(before, Array):
            shape = found.shape if isinstance(found, Array) else ()
            if shape == before.shape:
                self.overwrite(before, found)
                if isinstance(node.target, ast.Name):
                    self.named(before, node.target.id)
                return
            if before.shape:
                raise MisfitError(f"{described(found)} doesn't fit into {described(before)}")
        store(found)

    def target(self, node: ast.expr) -> tuple[Any, Callable[[Any], None], bool]:
        """What stands where something is assigned, what assigns to it, and whether others may
        hold the same."""
        if isinstance(node, ast.Name):
            return self.of_Name(node), lambda found: self.assign(node, found), True
        if isinstance(node, ast.Subscript):
            holder, key = self.value(node.value), self.value(node.slice)
            before, shared = self.item(holder, key), not isinstance(holder, Array)
            return before, lambda found: self.set_item(holder, key, found), shared
        if isinstance(node, ast.Attribute):
            holder = self.value(node.value)
            name = self.private(node.attr)
            before = self.attribute(holder, name)
            return before, lambda found: self.set_attribute(holder, name, found), True
        raise UnreadError("this can't be assigned to")

    def overwrite(self, before: Array, found: Any) -> None:
        """What an operator with `=` does to an array: everything that shares it sees it."""
        indexing.write(self.machine, before, (Ellipsis,), found)

    def assign(self, target: ast.expr, value: Any) -> None:
        while isinstance(target, ast.Starred):
            target = target.value
        if isinstance(target, ast.Name):
            self.scope.home(target.id).names[target.id] = self.named(value, target.id)
        elif isinstance(target, (ast.Tuple, ast.List)):
            self.unpack(target, value)
        elif isinstance(target, ast.Subscript):
            holder, key = self.value(target.value), self.value(target.slice)
            self.set_item(holder, key, value)
        elif isinstance(target, ast.Attribute):
            self.set_attribute(self.value(target.value), self.private(target.attr), value)
        else:
            raise UnreadError("this can't be assigned to", node=target)

    def named(self, value: Any, name: str) -> Any:
        """What was just computed gets the name that it is assigned to."""
        if isinstance(value, Number):
            self.machine.recorder.name(value.leaf, name)
            return value
        if isinstance(value, Array) and value.parent is None:
            value.memory.name = value.memory.name or name
        if isinstance(value, Array) and value.depends and not value.memory.writes:
            self.machine.recorder.name(value.read(self.machine.recorder), name)
        return value

    def unpack(self, target: ast.Tuple | ast.List, value: Any) -> None:
        parts = self.entries(value)
        stars = [k for k, part in enumerate(target.elts) if isinstance(part, ast.Starred)]
        count = len(target.elts)
        if stars:
            star = stars[0]
            late = count - star - 1
            if len(parts) < count - 1:
                raise UnreadError(f"{len(parts)} values are too few for {count} names")
            middle = parts[star : len(parts) - late]
            parts = [*parts[:star], middle, *parts[len(parts) - late :]]
        if len(parts) != count:
            raise UnreadError(f"{len(parts)} values are unpacked into {count} names")
        for part, one in zip(target.elts, parts, strict=True):
            self.assign(part, one)

    def set_item(self, holder: Any, key: Any, value: Any) -> None:
        if isinstance(holder, Array):
            indexing.put(self.machine, holder, key, value)
        elif isinstance(holder, dict):
            name = builtins.key(key)
            holder[name] = self.named(value, f"{name}") if is_word(name) else value
            builtins.grown(holder)
        elif isinstance(holder, list):
            if isinstance(key, slice):
                ends = [None if end is None else self.machine.whole_number(end, "an end")
                        for end in (key.start, key.stop, key.step)]  # fmt: skip
                try:
                    holder[slice(*ends)] = self.entries(value)
                except ValueError:
                    raise UnreadError("this slice takes as many entries as it has") from None
                return
            place = self.machine.whole_number(key, "an index")
            if not -len(holder) <= place < len(holder):
                raise MisfitError(f"a list of {len(holder)} entries has no entry {place}")
            holder[place] = value
        else:
            raise UnreadError(f"nothing can be written into {described(holder)}")

    def set_attribute(self, holder: Any, name: str, value: Any) -> None:
        if isinstance(holder, Instance):
            holder.attributes[name] = self.named(value, name)
        elif isinstance(holder, ClassOf):
            holder.attributes[name] = value
        elif isinstance(holder, (Array, Number)) and name in ("requires_grad", "grad", "name"):
            return
        elif isinstance(holder, Array) and name == "shape":
            holder.reshape(self.machine.reshaped(holder.same(), self.machine.shape([value])))
        elif isinstance(holder, (Unknown, Namespace)):
            return
        else:
            raise UnreadError(f"{described(holder)} gets no attributes")

    def do_Delete(self, node: ast.Delete) -> None:  # noqa: N802
        for target in node.targets:
            if isinstance(target, ast.Name):
                self.scope.names.pop(target.id, None)
            elif isinstance(target, ast.Subscript):
                holder, key = self.value(target.value), self.value(target.slice)
                if isinstance(holder, dict):
                    holder.pop(builtins.key(key), None)
                elif isinstance(holder, list):
                    builtins.pop(self, holder, key)
                else:
                    raise UnreadError(f"nothing is deleted from {described(holder)}")

    # Choices and loops.

    def do_If(self, node: ast.If) -> None:  # noqa: N802
        self.run(node.body if self.machine_truth(self.value(node.test)) else node.orelse)

    def do_For(self, node: ast.For) -> None:  # noqa: N802
        for value in self.turns(self.value(node.iter)):
            self.assign(node.target, value)
            if self.once(node.body):
                return
        self.run(node.orelse)

    def do_While(self, node: ast.While) -> None:  # noqa: N802
        while self.machine_truth(self.value(node.test)):
            if self.once(node.body):
                return
        self.run(node.orelse)

    def once(self, body: Sequence[ast.stmt]) -> bool:
        """One turn of a loop. Is the loop left?"""
        try:
            self.run(body)
        except Leaving as leaving:
            if leaving.how == "return":
                raise
            return leaving.how == "break"
        return False

    def do_Break(self, node: ast.Break) -> None:  # noqa: N802
        del node
        raise Leaving("break")

    def do_Continue(self, node: ast.Continue) -> None:  # noqa: N802
        del node
        raise Leaving("continue")

    def do_Pass(self, node: ast.Pass) -> None:  # noqa: N802
        """Nothing."""

    def do_Expr(self, node: ast.Expr) -> None:  # noqa: N802
        if isinstance(node.value, ast.Constant):
            return
        if isinstance(node.value, ast.Call) and self.only_shows(node.value):
            return
        self.value(node.value)

    def only_shows(self, node: ast.Call) -> bool:
        if node not in self.shown:
            self.shown[node] = is_shown(node)
        return self.shown[node]

    def do_Assert(self, node: ast.Assert) -> None:  # noqa: N802
        try:
            holds = self.machine_truth(self.value(node.test))
        except UnreadError:
            return  # what is asserted of things that are not read
        if not holds:
            raise UnreadError("this assertion does not hold")

    def do_Raise(self, node: ast.Raise) -> None:  # noqa: N802
        words = said_in(node.exc)
        raise UnreadError(f"the source raises an exception here{': ' if words else ''}{words}")

    def do_Try(self, node: ast.Try) -> None:  # noqa: N802
        self.run(node.body)
        self.run(node.orelse)
        self.run(node.finalbody)

    def do_With(self, node: ast.With) -> None:  # noqa: N802
        for item in node.items:
            text = ast.unparse(item.context_expr)
            if not any(
                word in text for word in ("no_grad", "enable_grad", "errstate", "inference")
            ):
                raise UnreadError("with is read for torch.no_grad() and np.errstate() alone",
                                  node=item.context_expr)  # fmt: skip
        self.run(node.body)

    def do_Global(self, node: ast.Global) -> None:  # noqa: N802
        self.scope.far |= set(node.names)

    def do_Nonlocal(self, node: ast.Nonlocal) -> None:  # noqa: N802
        self.scope.far |= set(node.names)

    # Functions.

    def do_FunctionDef(self, node: ast.FunctionDef) -> None:  # noqa: N802
        defaults = self.defaults_of(node.args)
        scope = self.scope.around or self.scope
        self.scope.names[node.name] = Defined(node.name, node, scope, defaults)

    def do_Return(self, node: ast.Return) -> None:  # noqa: N802
        raise Leaving("return", None if node.value is None else self.value(node.value))

    def invoke(self, function: Defined, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        """Call a function of the source."""
        self.machine.step(CALL_STEPS)
        self.depth += 1
        if self.depth > DEEPEST:
            raise UnreadError(f"{function.name} calls deeper than {DEEPEST} levels")
        outer, self.scope = self.scope, Scope(outer=function.scope)
        recorder = self.machine.recorder
        node, near = recorder.node, recorder.near
        if node is not None and not recorder.lines.is_imported(node):
            recorder.near = node
        try:
            self.scope.names |= arguments_of(function, fed, named)
            if isinstance(function.node, ast.Lambda):
                return self.value(function.node.body)
            self.run(function.node.body)
        except Leaving as leaving:
            if leaving.how != "return":
                raise
            return leaving.value
        finally:
            self.scope = outer
            self.depth -= 1
            recorder.node, recorder.near = node, near
        return None


def arguments_of(function: Defined, fed: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """What a call gives to the parameters of a function."""
    spec = function.node.args
    positional = [a.arg for a in (*spec.posonlyargs, *spec.args)]
    found: dict[str, Any] = dict(function.defaults)
    if len(fed) > len(positional) and spec.vararg is None:
        raise UnreadError(f"{function.name} takes {len(positional)} arguments, not {len(fed)}")
    found |= dict(zip(positional, fed, strict=False))
    if spec.vararg:
        found[spec.vararg.arg] = tuple(fed[len(positional) :])
    names = {*positional, *(a.arg for a in spec.kwonlyargs)}
    more = {name: value for name, value in named.items() if name not in names}
    if more and spec.kwarg is None:
        raise UnreadError(f"{function.name} takes no argument {next(iter(more))}")
    found |= {name: value for name, value in named.items() if name in names}
    if spec.kwarg:
        found[spec.kwarg.arg] = more
    lacking = [
        name for name in (*positional, *(a.arg for a in spec.kwonlyargs)) if name not in found
    ]
    if lacking:
        raise UnreadError(f"{function.name} needs the argument {lacking[0]}")
    return found


def said_in(node: ast.expr | None) -> str:
    """What an exception says, as far as the source has it as a text."""
    if not isinstance(node, ast.Call) or not node.args:
        return ""
    text = node.args[0]
    return (
        text.value[:200] if isinstance(text, ast.Constant) and isinstance(text.value, str) else ""
    )


def is_word(name: Any) -> bool:
    return isinstance(name, str) and name.isidentifier()


def is_shown(node: ast.Call) -> bool:
    """Is a call only there to show something: print, a plot, a progress bar?"""
    text = ast.unparse(node.func)
    first, last = text.partition(".")[0], text.rpartition(".")[2]
    return first in SHOWING or last in ("print", "show", "plot", "backward", "zero_grad", "step",
                                         "write", "flush", "set_printoptions", "warn")  # fmt: skip


SHOWING = frozenset(["print", "plt", "pyplot", "ax", "fig", "logging", "logger", "tqdm", "sys",
                     "warnings", "time", "os", "display", "writer", "pprint"])  # fmt: skip
STATEMENTS: Mapping[type, str] = {
    ast.AsyncFunctionDef: "async", ast.AsyncFor: "async", ast.AsyncWith: "async",
    ast.Match: "match", ast.TryStar: "except*",
}  # fmt: skip
