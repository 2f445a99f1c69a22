"""A reader that takes notes: every assignment is an event, with the value that was assigned.

The forward pass is read first, if it is Python, and the backward pass with the same reader, so
that what one hands to the other is the same objects. Between an assigned value and its name
stands a mark of the event, so that what depends on which line is known, and the value of a line
can be changed afterwards.
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from backprop.errors import BackpropError, MissingValueError
from backprop.grading.naming import counters, growing, name_of, names_given, places
from backprop.language.spellings import spelling
from backprop.language.syntax import HIDDEN
from backprop.reading.diagnostics import Lines, MisfitError, UnreadError, located
from backprop.reading.indexing import numpy_key, parts_of
from backprop.reading.memory import Array, Number
from backprop.reading.reader import Reader, stored
from backprop.reading.source import Source
from backprop.reading.statements import Leaving, arguments_of
from backprop.reading.values import (
    MISSING,
    Builtin,
    Defined,
    Method,
    Scope,
    Unknown,
    Unreadable,
    depends,
    is_numeric,
)

MARK = "row"  # the gate that stands for an event
UPDATES = {"add": "+=", "sub": "-=", "mul": "*=", "div": "/="}
UPDATERS = ("update", "update_param", "apply_gradient", "step")
MOST_EVENTS = 200_000


@dataclass(eq=False)
class Event:
    """A value is assigned, written into an array, or returned."""

    number: int
    node: ast.stmt
    file: str
    target: str  # as it is written: dW, grads['W1'], dx[:, 0]
    name: str  # of the variable: dW, W1, dx
    update: str  # = += -= *= /=
    leaf: str  # the value afterwards; of a write into an array, what is written
    part: str = ""  # what is added, of an update
    key: Any = None  # where it is written, as NumPy takes it
    shape: tuple[int, ...] = ()  # of the array that it is written into
    before: str = ""  # the value that is thrown away
    masked: bool = False  # is the array as a whole meant?
    after: str = ""  # the array as a whole, after a write to some places
    function: str = ""
    role: str = ""  # forward: a line of the forward pass; update: a step along the gradient
    problem: BackpropError | None = None  # why it has no value: NaN stands there
    alias: bool = False  # is it another name for the same array?
    lacks: str = ""  # the gradient that it uses and that has no value

    @property
    def line(self) -> int:
        return self.node.lineno


@dataclass(eq=False)
class Trouble:
    """A statement that can't be read, or one that uses what could not be read."""

    node: ast.stmt
    file: str
    error: BackpropError
    names: list[str]
    because: str = ""  # the name that could not be read


class NotYetError(UnreadError):
    """A gradient is used that has no value."""

    def __init__(self, name: str) -> None:
        super().__init__(f"{name} has no value here")
        self.name = name


Probe = Callable[["Tracer", ast.stmt], None]


class Tracer(Reader):
    """Reads a forward pass and a backward pass, and notes the events of the second."""

    def __init__(self, source: Source, seed: int) -> None:
        super().__init__(source, seed)
        self.events: list[Event] = []
        self.troubles: list[Trouble] = []
        self.noting = False
        self.statements: list[ast.stmt] = []  # those being read, the innermost last
        self.unstarted: dict[int, ast.stmt] = {}  # lines that add to what has no value
        self.update: tuple[str, Any] | None = None
        self.around: dict[str, Callable[[], Any]] = {}  # names that the outside gives a value
        self.probe: Probe | None = None
        self.plain = False  # is it a file of lines, in the names of the forward pass?
        self.variables: Mapping[str, Any] = {}  # of the forward pass, with their values
        self.scene: frozenset[str] = frozenset()  # the inputs of the forward pass
        self.beginning: frozenset[str] = frozenset()  # what may be any gradient of the output
        self.begin: Callable[[], Any] = lambda: 1.0
        self.last: dict[tuple[int, str], str] = {}
        self.functions: list[str] = []
        self.gradients: Mapping[str, str] = {}  # names of gradients, and whose they are
        self.counters: frozenset[str] = frozenset()  # names that loops count with
        self.places: frozenset[str] = frozenset()  # that only say where something stands
        self.growing: frozenset[str] = frozenset()  # names of lists that more is put into
        self.later: frozenset[str] = frozenset()  # names that the file gives a value somewhere
        self.failed: list[str] = []  # the leaves that a line uses which fails
        self.nothings: set[str] = set()  # names whose value and shape are not known
        self.shapes: Mapping[str, tuple[int, ...]] = {}  # of the variables
        self.output = ""  # the leaf of the result, where both passes are in one
        self.handed: dict[str, Any] = {}  # what an optimizer gets for a variable

    # Names from outside.

    def missing(self, name: str) -> Any:
        if name in self.around:
            found = self.around[name]()
            self.globals.names[name] = found
            return found
        if self.plain and (function := language_function(name)) is not None:
            return function
        if self.noting and (name in self.gradients or name in self.later):
            raise NotYetError(name)
        return super().missing(name)

    @property
    def globals(self) -> Scope:
        top = self.scope
        while top.outer is not None:
            top = top.outer
        return top

    def outside(self, name: str, value: Any) -> Any:
        """A value from outside, under a name of its own."""
        if name in self.inputs:
            name = f"{name} "
        recorder = self.machine.recorder
        recorder.taken.add(name)
        self.inputs[name] = value
        if np.ndim(value):
            return Array.new(np.array(value, dtype=float), name)
        return Number(float(value), name)

    # Functions, statement by statement.

    def entered(
        self, function: Defined, fed: Sequence[Any], named: Mapping[str, Any]
    ) -> tuple[Any, Scope]:
        """Call a function; what can't be read in it hurts only what uses it."""
        outer, self.scope = self.scope, Scope(outer=function.scope)
        frame = self.scope
        frame.names |= arguments_of(function, fed, named)
        self.functions.append(function.name)
        self.frames.append((function, fed[0] if fed else None))
        try:
            return self.each(function.node.body), frame  # type: ignore[arg-type]
        finally:
            self.scope = outer
            self.functions.pop()
            self.frames.pop()

    def each(self, body: Sequence[ast.stmt]) -> Any:
        for node in body:
            try:
                self.statement(node)
            except Leaving as leaving:
                if leaving.how == "return":
                    return leaving.value
            except (UnreadError, MissingValueError, BackpropError) as problem:
                self.lost(node, problem)
        return MISSING

    def lost(self, node: ast.stmt, problem: Exception) -> None:
        """What a statement gives that can't be read, or that fails."""
        fails = isinstance(problem, (MisfitError, NotYetError)) or self.uses_nothing(node)
        if self.noting and fails and isinstance(problem, UnreadError):
            try:
                return self.broken(node, problem)
            except (UnreadError, BackpropError):
                pass
        because = getattr(problem, "because", "")
        if isinstance(problem, UnreadError):
            error: BackpropError = located(problem, self.machine.recorder.lines, node)
        else:
            assert isinstance(problem, BackpropError)
            error = problem
            if not error.span:
                error = located(
                    UnreadError(error.message, error.hint), self.machine.recorder.lines, node
                )
        names = list(dict.fromkeys([*filter(None, stored(node)), *changed_in(node)]))
        self.troubles.append(Trouble(node, self.source.file, error, names, because))
        for name in names:
            unread = UnreadError(error.message, error.hint)
            unread.because = because or name  # type: ignore[attr-defined]
            self.scope.names[name] = Unreadable(unread)
        self.update = None
        return None

    def broken(self, node: ast.stmt, problem: UnreadError) -> None:
        """A line that fails gives NaN; so does what can't go on with it."""
        self.update = None
        targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
        target = targets[0]
        simple = isinstance(node, (ast.Assign, ast.AugAssign)) and len(targets) == 1
        if not simple or not isinstance(target, (ast.Name, ast.Subscript)):
            raise problem
        used = [one.id for one in ast.walk(node) if isinstance(one, ast.Name)]
        inherited = self.uses_nothing(node)
        self.statements.append(node)
        self.failed = list(self.leaves_of(used))
        try:
            value, known = self.nothing(target)
            self.assign(target, value)
        finally:
            self.statements.pop()
            self.failed = []
        event = self.events[-1]
        if not known:
            self.nothings.add(event.name)
        if not inherited:
            event.problem = located(problem, self.machine.recorder.lines, node)
            event.lacks = problem.name if isinstance(problem, NotYetError) else ""

    def leaves_of(self, names: Sequence[str]) -> Iterator[str]:
        for name in dict.fromkeys(names):
            value = self.scope.find(name)
            if isinstance(value, (Number, Array)):
                yield self.machine.leaf(value)

    def nothing(self, target: ast.expr) -> tuple[Any, bool]:
        """NaN in the shape that a name promises, and whether a shape is known."""
        promised = self.gradients.get(name_of(target), "")
        shape = self.shapes.get(promised, ())
        if isinstance(target, ast.Subscript):
            holder = self.value(target.value)
            shape = () if isinstance(holder, Array) else shape
        elif isinstance(found := self.scope.find(target.id), Array):  # type: ignore[attr-defined]
            shape = found.shape
        value = Array.new(np.full(shape, np.nan), None) if shape else float("nan")
        return value, promised in self.shapes

    def of_Name(self, node: ast.Name) -> Any:  # noqa: N802
        found = self.scope.find(node.id)
        if isinstance(found, Unreadable) and self.noting:
            problem = UnreadError(found.problem.message, found.problem.hint, node)
            problem.because = getattr(found.problem, "because", "") or node.id  # type: ignore[attr-defined]
            raise problem
        try:
            return super().of_Name(node)
        except MissingValueError as problem:
            raise UnreadError(f"{node.id} has no value", problem.hint, node) from None

    # Events.

    def statement(self, node: ast.stmt) -> None:
        self.statements.append(node)
        if self.probe is not None:
            self.probe(self, node)
        try:
            super().statement(node)
        except (MisfitError, NotYetError) as problem:
            if not self.noting or not isinstance(node, (ast.Assign, ast.AugAssign)):
                raise
            self.broken(node, problem)
        finally:
            self.statements.pop()

    def do_AugAssign(self, node: ast.AugAssign) -> None:  # noqa: N802
        """An update of a name without a value is said, and taken for its first assignment."""
        target = node.target
        if self.noting and isinstance(target, ast.Name) and self.starts(target.id):
            self.unstarted[node.lineno] = node
            signed = node.value
            if isinstance(node.op, ast.Sub):
                signed = ast.copy_location(ast.UnaryOp(ast.USub(), node.value), node.value)
            first = ast.copy_location(ast.Assign([target], signed), node)
            self.statements[-1] = first
            self.do_Assign(first)
            self.events[-1].node = node
            return
        super().do_AugAssign(node)

    def starts(self, name: str) -> bool:
        known = name in self.around or name in self.beginning or name not in self.gradients
        return not known and self.scope.find(name) is MISSING

    def binary(self, gate: str, a: Any, b: Any) -> Any:
        if self.noting and gate in UPDATES and isinstance(self.statements[-1], ast.AugAssign):
            self.update = gate, b
        return super().binary(gate, a, b)

    def assign(self, target: ast.expr, value: Any) -> None:
        if (
            not self.noting
            or not self.statements
            or isinstance(target, (ast.Tuple, ast.List, ast.Starred))
        ):
            return super().assign(target, value)
        node = self.statements[-1]
        if not isinstance(node, (ast.Assign, ast.AugAssign, ast.AnnAssign)):
            return super().assign(target, value)
        if isinstance(target, ast.Subscript):
            return self.into(node, target, value)
        if isinstance(target, ast.Name) and target.id in self.beginning:
            return super().assign(target, self.begin())
        if self.is_forward(node, target, value):
            return None
        return super().assign(target, self.noted(node, ast.unparse(target), name_of(target), value))

    def is_forward(self, node: ast.stmt, target: ast.expr, value: Any) -> bool:
        """Is it a line of the forward pass that was pasted along, or a step along the gradient?
        Then the variable keeps its value."""
        if not self.plain or not isinstance(target, ast.Name) or target.id not in self.variables:
            return False
        if target.id in self.scope.names and target.id not in self.inputs:
            return False  # it has another meaning here
        if isinstance(value, list) and value and all(map(is_numeric, value)):
            value = self.machine.stacked(value)
        if not is_numeric(value):
            return False
        update, part = self.update_of(node)
        known = self.variables[target.id]
        same = np.shape(self.machine.worth(value)) == np.shape(known) and np.allclose(
            self.machine.worth(value), known, rtol=1e-6, atol=1e-6
        )
        if update == "=" and not same and not self.sets_the_scene(target.id, value, known):
            return False
        event = self.new(node, ast.unparse(target), target.id, update, part)
        event.leaf, event.role = self.machine.leaf(value), "forward" if update == "=" else "update"
        return True

    def sets_the_scene(self, name: str, value: Any, known: Any) -> bool:
        """Is an input given numbers of its own, such as random ones?"""
        if name not in self.scene or np.shape(self.machine.worth(value)) != np.shape(known):
            return False
        return not depends(value)

    def into(self, node: ast.stmt, target: ast.Subscript, value: Any) -> None:
        """A write into an array, a list or a dict."""
        holder, key = self.value(target.value), self.value(target.slice)
        self.set_item(holder, key, value, target)

    def set_item(self, holder: Any, key: Any, value: Any, target: ast.expr | None = None) -> None:
        if not self.noting or not self.statements:
            return super().set_item(holder, key, value)
        node = self.statements[-1]
        if target is None and isinstance(node, ast.AugAssign):
            target = node.target
        if target is None:
            return super().set_item(holder, key, value)
        if isinstance(holder, Array):
            return self.write(node, target, holder, key, value)
        name = key if isinstance(key, str) else name_of(target)
        value = self.noted(node, ast.unparse(target), name, value)
        return super().set_item(holder, key, value)

    def write(self, node: ast.stmt, target: ast.expr, holder: Array, key: Any, value: Any) -> None:
        """A write into an array. With a mask, or with places that were computed, what counts is
        the whole array afterwards."""
        keys = key if isinstance(key, tuple) else (key,)
        masked = any(isinstance(one, Array) and one.cells.dtype == bool for one in keys)
        before = holder.read(self.machine.recorder) if masked and holder.depends else ""
        event, value = self.noted_write(node, target, holder, None if masked else key, value)
        super().set_item(holder, key, value)
        if masked and holder.depends:
            self.marked(holder, event)
            event.before, event.masked = before, True
        elif holder.depends and any(isinstance(one, (Array, list, range)) for one in keys):
            event.after = holder.read(self.machine.recorder)

    def overwrite(self, before: Array, found: Any) -> None:
        if (
            self.noting
            and self.statements
            and isinstance(node := self.statements[-1], ast.AugAssign)
        ):
            if self.is_forward(node, node.target, found):
                return
            found = self.noted(node, ast.unparse(node.target), name_of(node.target), found)
        super().overwrite(before, found)

    def call(self, function: Any, fed: Sequence[Any], named: Mapping[str, Any]) -> Any:
        if self.noting and self.attributes and len(fed) >= 2 and is_updater(function):
            name = fed[0].memory.name if isinstance(fed[0], Array) else ""
            if name in self.attributes:
                self.handed[name] = fed[1]
                return fed[0]
        adds = self.noting and isinstance(function, Builtin) and function.name == "add.at"
        if adds and len(fed) == 3 and isinstance(fed[0], Array) and self.statements:
            node = self.statements[-1]
            call = node.value if isinstance(node, ast.Expr) else None
            if isinstance(call, ast.Call) and len(call.args) == 3:
                text = f"{ast.unparse(call.args[0])}[{ast.unparse(call.args[1])}]"
                self.update = "add", fed[2]
                _, marked = self.noted_write(node, call.args[0], fed[0], fed[1], fed[2], text)
                fed = [fed[0], fed[1], marked]
        return super().call(function, fed, named)

    def do_Return(self, node: ast.Return) -> None:  # noqa: N802
        value = None if node.value is None else self.value(node.value)
        if self.noting and node.value is not None and len(self.functions) == 1:
            value = self.returned(node, node.value, value)
        raise Leaving("return", value)

    def returned(self, node: ast.stmt, text: ast.expr, value: Any) -> Any:
        """What is returned: every expression in it that is no bare name is an event."""
        if isinstance(text, (ast.Tuple, ast.List)) and isinstance(value, (tuple, list)):
            if len(text.elts) == len(value):
                pairs = zip(text.elts, value, strict=True)
                return type(value)([self.returned_part(node, part, one) for part, one in pairs])
            return value
        return self.returned_part(node, text, value)

    def returned_part(self, node: ast.stmt, text: ast.expr, value: Any) -> Any:
        if isinstance(text, ast.Dict) and isinstance(value, dict):
            if len(text.values) != len(value):
                return value
            pairs = zip(value.items(), text.values, strict=True)
            return {key: self.kept(node, part, one, key) for (key, one), part in pairs}
        return self.kept(node, text, value)

    def kept(self, node: ast.stmt, text: ast.expr, value: Any, key: Any = "") -> Any:
        if isinstance(text, (ast.Name, ast.Tuple, ast.List)):
            return value
        return self.noted(node, ast.unparse(text), key if isinstance(key, str) else "", value)

    # What is noted.

    def update_of(self, node: ast.stmt) -> tuple[str, str]:
        """How a statement changes its target, and the leaf of what it adds."""
        if self.update is None or not isinstance(node, (ast.AugAssign, ast.Expr)):
            return "=", ""
        gate, part = self.update
        self.update = None
        return UPDATES[gate], self.machine.leaf(self.machine.numeric(part))

    def noted(self, node: ast.stmt, target: str, name: str, value: Any) -> Any:
        """Note an event; the value with a mark."""
        value = value if is_numeric(value) or name in self.growing else self.in_numbers(value)
        if not is_numeric(value) or isinstance(value, bool):
            self.update = None
            return value
        update, part = self.update_of(node)
        event = self.new(node, target, name, update, part)
        scope = id(self.scope), target
        event.before = self.last.get(scope, "")
        event.alias = isinstance(getattr(node, "value", None), ast.Name) and isinstance(
            value, Array
        )
        value = self.marked(value, event)
        self.last[scope] = event.leaf
        if self.nothings and event.name not in self.nothings and self.uses_nothing(node):
            self.nothings.add(event.name)
        return value

    def uses_nothing(self, node: ast.stmt) -> bool:
        """Does a line use a name whose value and shape are not known?"""
        return any(isinstance(one, ast.Name) and one.id in self.nothings for one in ast.walk(node))

    def in_numbers(self, value: Any) -> Any:
        """A list of numbers as an array, where something in it depends on an input."""
        if isinstance(value, list) and all(map(is_numeric, value)) and any(map(depends, value)):
            try:
                return self.machine.stacked(value)
            except (UnreadError, BackpropError):
                return value
        return value

    def noted_write(
        self, node: ast.stmt, target: ast.expr, holder: Array, key: Any, value: Any, text: str = ""
    ) -> tuple[Event, Any]:
        value = value if is_numeric(value) else self.machine.numeric(value)
        update, part = self.update_of(node)
        event = self.new(node, text or ast.unparse(target), name_of(target), update, part)
        event.shape = holder.shape
        if key is not None:
            try:
                event.key = numpy_key(parts_of(self.machine, holder, key)[1])
            except (UnreadError, IndexError, ValueError, TypeError):
                event.key = None
        if isinstance(value, Array):
            value = Array.new(value.cells.copy(), self.machine.leaf(value))
        return event, self.marked(value, event)

    def new(self, node: ast.stmt, target: str, name: str, update: str, part: str) -> Event:
        if len(self.events) > MOST_EVENTS:
            raise UnreadError(f"more than {MOST_EVENTS:,} assignments are not graded")
        function = self.functions[-1] if self.functions else ""
        event = Event(len(self.events), node, self.source.file, target, name, update, "", part,
                      function=function)  # fmt: skip
        self.events.append(event)
        return event

    def marked(self, value: Any, event: Event) -> Any:
        """The value with the mark of the event, if a mark can stand there."""
        recorder = self.machine.recorder
        if isinstance(value, Array):
            leaf = value.read(recorder)
            known = value.depends or event.name in self.gradients or self.failed
            if value.parent is not None or not known:
                event.leaf = leaf
                return value
            event.leaf = self.mark(leaf, event)
            value.memory.leaf = event.leaf
            value.memory.version += 1
            return value
        constant = not isinstance(value, Number)
        if (
            constant
            and not self.failed
            and not (event.name in self.gradients and not isinstance(value, bool))
        ):
            event.leaf = self.machine.leaf(value)
            return value
        event.leaf = self.mark(self.machine.leaf(value), event)
        return Number(float(value.value if isinstance(value, Number) else value), event.leaf)

    def mark(self, leaf: str, event: Event) -> str:
        recorder = self.machine.recorder
        recorder.count += 1
        found = f"{HIDDEN}{recorder.count}"
        recorder.known[MARK, leaf, str(event.number), *self.failed] = found
        return found

    def learned(self, tree: ast.Module) -> None:
        """The names of a file that is imported."""
        self.counters |= {*counters(tree)}
        self.places |= places(tree)
        self.growing |= {*growing(tree)}
        self.later |= {*names_given(tree)}

    def enter(self, source: Source) -> None:
        """Go on with another source."""
        self.source = source
        self.machine.recorder.lines = Lines(source.lines.text)
        self.machine.recorder.places = {}


def is_updater(function: Any) -> bool:
    """Is it what an optimizer does to a variable and its gradient?"""
    if isinstance(function, Method):
        return function.function.name in UPDATERS
    return isinstance(function, Unknown) and function.name.rpartition(".")[2] in UPDATERS


def changed_in(node: ast.stmt) -> Iterator[str]:
    """The names whose entries a statement may change."""
    for one in ast.walk(node):
        part: ast.AST | None = None
        if isinstance(one, (ast.Subscript, ast.Attribute)) and isinstance(one.ctx, ast.Store):
            part = one.value
        elif (
            isinstance(one, ast.Call)
            and isinstance(one.func, ast.Attribute)
            and one.func.attr == "at"
        ):
            part = one.args[0] if one.args else None
        while isinstance(part, (ast.Subscript, ast.Attribute)):
            part = part.value
        if isinstance(part, ast.Name):
            yield part.id


def made_of(step: Sequence[str] | None) -> Sequence[str]:
    """The leaves that a step is made of."""
    if step is None:
        return ()
    return (step[1], *step[3:]) if step[0] == MARK else step[1:]


def language_function(name: str) -> Builtin | None:
    """A function of the tool's language, which needs no prefix."""
    for home in ("numpy", "torch", "scipy", "jax", "math"):
        if spelling(home, name) is not None:
            return Builtin(name, home)
    return None
