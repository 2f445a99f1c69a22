"""A backward pass, read beside its forward pass: what its parameters are, what it does, and where
the gradients are that it returns."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from typing import Any

import numpy as np
from mpmath import mp

from backprop.errors import BackpropError, UsageError, listed
from backprop.grading.forward import DIGITS, Forward
from backprop.grading.naming import counters, growing, names_given, places
from backprop.grading.replay import Memo, Replay
from backprop.grading.spots import Spot
from backprop.grading.targets import Series, Targets, gaps
from backprop.grading.text import Text, text_of
from backprop.grading.tracing import Event, Probe, Tracer
from backprop.language.tokens import NAME
from backprop.reading.diagnostics import UnreadError, located
from backprop.reading.reader import chosen_result, held, source_again
from backprop.reading.source import Source, function_named, no_unit, parameters
from backprop.reading.values import (
    MISSING,
    Builtin,
    Defined,
    Scope,
    Unreadable,
    content,
    is_numeric,
)

PATTERNS = (
    "d{}", "d_{}", "grad_{}", "{}_grad", "grad{}", "g_{}", "{}_gradient", "delta_{}",
    "d{output}d{}", "d{output}_d{}", "dLd{}", "dL_d{}", "dJd{}", "dJ_d{}", "dE_d{}", "dloss_d{}",
    "dfd{}", "df_d{}",
)  # fmt: skip
UPSTREAM = re.compile(r"(d|g|grad|up)", re.IGNORECASE)
BACKWARD = re.compile(r"back|grad|bprop|vjp", re.IGNORECASE)
CONSTANTS = {"pi": np.pi, "e": np.e}
EXACT = 1e-8  # of what rounding does to floats, that many digits may differ by
ENOUGH = 4  # points at which a pass goes the same way


def gradient_names(forward: Forward, pattern: str | None) -> dict[str, str]:
    """How the gradient of each variable may be called, and whose it is."""
    if pattern is not None and not re.fullmatch(NAME, pattern.replace("{}", "x")):
        raise UsageError(f"--grad-name wants a name with {{}} in it, not {pattern}", hint='"d{}"')
    if pattern is not None and pattern.count("{}") != 1:
        raise UsageError(f"--grad-name wants one {{}}, not {pattern}", hint='"d{}"')
    found: dict[str, str] = {}
    for one in (pattern,) if pattern else PATTERNS:
        filled = one.replace("{output}", forward.output)
        for variable in forward.slots:
            name = filled.replace("{}", variable)
            if pattern or name not in forward.slots:
                found.setdefault(name, variable)
    return found


@dataclass(eq=False)
class Found:
    """A gradient that a pass returns, or assigns under its name."""

    variable: str
    leaf: str
    text: str  # where it is found


@dataclass(eq=False)
class Pass:
    """A backward pass that was read."""

    forward: Forward
    text: Text
    tracer: Tracer
    names: Mapping[str, str]  # of gradients, and whose they are
    found: dict[str, Found]
    unusable: frozenset[str]  # inputs whose gradients are neither numbers nor arrays
    free: bool  # does it take any gradient of the output?
    returns: bool  # does it say itself which gradients it gives?
    spots: Sequence[Spot]
    targets: Targets
    replay: Replay
    together: bool  # are both passes in one?
    main: str  # the function that is the backward pass

    @property
    def events(self) -> list[Event]:
        return self.tracer.events

    def result(self, variable: str) -> Series:
        return self.replay.series(self.found[variable].leaf)

    def exact_verdict(self, variable: str, places: Sequence[int]) -> str:
        """Is a gradient right at some points, in many digits?"""
        forward, slots = self.forward, self.forward.slots
        rounding = self.replay.rounding(self.found[variable].leaf)
        with mp.workdps(DIGITS):
            for k in places:
                exact = forward.exactly(self.spots[k], self.free)
                if exact is None:
                    return "not-graded"
                values, back = exact
                given = {
                    n: values[slots[n.strip()]] for n in self.tracer.inputs if n.strip() in slots
                }
                own = self.replay.exactly(self.found[variable].leaf, k, given)
                if own is None:
                    return "not-graded"
                expected = back.gradient(forward.program.inputs[variable])
                if gaps(own, expected, EXACT * rounding[k]).max(initial=0.0) > 0:
                    return "wrong"
        return "right"


class Reading:
    """How a file is read as the backward pass of a forward pass, again and again."""

    def __init__(
        self, forward: Forward, text: str, file: str, unit: str, pattern: str | None
    ) -> None:
        self.forward = forward
        self.file = file
        self.names = gradient_names(forward, pattern)
        own = forward.source
        self.python = bool(own)
        self.together = bool(own) and text == forward.program.tree.text and unit == own["unit"]
        self.text = text_of(text, file, unit, plain=not unit and not self.together)
        self.unit = unit or ("" if self.together else self.only_function())
        self.functions: dict[tuple[int, str], ast.FunctionDef | None] = {}
        self.memos: dict[bool, Memo] = {False: Memo(), True: Memo()}
        self.settings: dict[str, bool] = {}  # switches of a class that had their own value
        self.close = False  # are points close by used, where the way stays the same?

    @cached_property
    def counters(self) -> frozenset[str]:
        return frozenset(counters(self.text.source.tree))

    @cached_property
    def places(self) -> frozenset[str]:
        return frozenset(places(self.text.source.tree))

    @cached_property
    def growing(self) -> frozenset[str]:
        return frozenset(growing(self.text.source.tree))

    @cached_property
    def given_names(self) -> frozenset[str]:
        return frozenset(names_given(self.text.source.tree))

    def function_named(self, source: Source, name: str) -> ast.FunctionDef | None:
        key = id(source.tree), name
        if key not in self.functions:
            self.functions[key] = function_named(source, name)
        return self.functions[key]

    @cached_property
    def unit_of_forward(self) -> Source:
        """The forward pass, if it is Python; one tree if both passes are in one file."""
        text = self.forward.program.tree.text
        again = source_again(self.forward.program.tree)
        if self.text.source.lines.text == text:
            return again._replace(tree=self.text.source.tree)
        return again

    @property
    def main(self) -> str:
        return self.unit or (str(self.forward.source["unit"]) if self.together else "")

    def only_function(self) -> str:
        """The function that is meant, in a file that has nothing else to say."""
        tree = self.text.source.tree
        functions = [node.name for node in tree.body if isinstance(node, ast.FunctionDef)]
        assigns = any(
            isinstance(node, (ast.Assign, ast.AugAssign))
            and any(name in self.names for name in names_stored(node))
            for node in tree.body
        )
        if assigns or not functions:
            return ""
        likely = [name for name in functions if BACKWARD.search(name)]
        return (likely or functions)[-1]

    # Reading once.

    def read(self, probe: Probe | None = None) -> Pass:
        """Read both passes and run what was recorded at all points."""
        tracer = self.tracer()
        tracer.probe = probe
        try:
            returned, scope = self.backward(tracer)
        except UnreadError as problem:
            recorder = tracer.machine.recorder
            raise located(problem, recorder.lines, recorder.node) from None
        rows = dict(self.results(tracer, returned, scope))
        unusable = frozenset(name for name, row in rows.items() if not row.leaf)
        found = {name: row for name, row in rows.items() if row.leaf}
        free = "upstream" in tracer.inputs
        return self.replayed(tracer, found, unusable, free, returned)

    def replayed(
        self, tracer: Tracer, found: dict[str, Found], unusable: frozenset[str], free: bool,
        returned: Any,
    ) -> Pass:  # fmt: skip
        forward = self.forward
        for close in (False, True) if not self.close else (True,):
            spots = forward.near if close else forward.spots
            columns = {
                name: [self.outer(tracer, name, spot, free) for spot in spots]
                for name in tracer.inputs
            }
            replay = Replay(tracer.machine.recorder, columns, len(spots), self.memos[close])
            usable = replay.usable()
            if sum(usable) >= ENOUGH or close or len(spots) < ENOUGH:
                break
        self.close = close
        kept = [k for k, fine in enumerate(usable) if fine or k == 0]
        if len(kept) < len(spots):
            spots = [spots[k] for k in kept]
            columns = {name: [column[k] for k in kept] for name, column in columns.items()}
            replay = Replay(tracer.machine.recorder, columns, len(spots))
        if tracer.output:
            made = replay.reached(tracer.output)
            for event in tracer.events:
                event.role = "forward" if event.leaf in made else event.role
        targets = forward.targets(free, spots)
        returns = returned is not MISSING
        return Pass(
            forward, self.text, tracer, self.names, found, unusable, free, returns, spots, targets,
            replay, self.together, self.main,
        )  # fmt: skip

    def outer(self, tracer: Tracer, name: str, spot: Spot, free: bool) -> Any:
        """The value of an outside name at a point."""
        if name == "upstream":
            return self.forward.upstream(spot, free)
        bare = name.strip()
        if bare in self.forward.program.inputs and bare in spot.point:
            return spot.point[bare]
        if bare in self.forward.slots:
            return spot.values[self.forward.slots[bare]]
        return tracer.inputs[name]  # on an object, and no part of its forward pass

    def tracer(self) -> Tracer:
        forward = self.forward
        base = forward.spots[0]
        if not self.python:
            tracer = Tracer(self.text.source, forward.seed)
            tracer.given = {}
        else:
            own = forward.source
            unit = self.unit_of_forward
            tracer = Tracer(unit, own["seed"])
            tracer.given = dict(base.point)
            tracer.asked = dict(own)
            tracer.scope.names |= {name: held(value) for name, value in own["known"].items()}
        tracer.gradients = self.names
        tracer.counters, tracer.places = self.counters, self.places
        tracer.growing = self.growing
        tracer.later = self.given_names
        tracer.shapes = {name: forward.program.shapes[slot] for name, slot in forward.slots.items()}
        return tracer

    def backward(self, tracer: Tracer) -> tuple[Any, Mapping[str, Any]]:
        """Read the forward pass, if it is Python, and then the backward pass."""
        frame: Mapping[str, Any] = {}
        rest: list[Any] = []
        if self.together:
            return self.both(tracer)
        if self.python:
            returned, frame = self.forward_pass(tracer)
            rest = after_result(returned)
            if self.text.source.lines.text != tracer.source.lines.text:
                tracer.scope = Scope()
            tracer.enter(self.text.source)
        tracer.noting = True
        self.outside_names(tracer, frame)
        if self.unit:
            return self.function(tracer, frame, rest)
        returned = tracer.each(self.text.source.tree.body)
        return returned, tracer.scope.names

    def both(self, tracer: Tracer) -> tuple[Any, Mapping[str, Any]]:
        """One function, or one script, that does both passes."""
        tracer.noting = True
        source = tracer.source
        if not source.unit:
            tracer.each(source.tree.body)
            self.keep_output(tracer, MISSING, tracer.scope.names)
            return MISSING, tracer.scope.names
        node = self.function_named(source, source.unit)
        assert node is not None
        tracer.noting = False
        tracer.top(source.tree.body, node.name)
        tracer.noting = True
        fed = tracer.arguments(dict(parameters(node)))
        function = Defined(node.name, node, tracer.scope, tracer.defaults_of(node.args))
        returned, frame = tracer.entered(function, [], fed)
        self.keep_output(tracer, returned, {})
        rest = after_result(returned)
        return rest[0] if len(rest) == 1 else tuple(rest), frame.names

    def keep_output(self, tracer: Tracer, returned: Any, names: Mapping[str, Any]) -> None:
        """The result, of which the lines of the forward pass are made."""
        try:
            found = chosen_result(tracer, returned, names, str(self.forward.source["result"]))
            tracer.output = tracer.machine.leaf(found)
        except (BackpropError, UnreadError):
            tracer.output = ""

    def forward_pass(self, tracer: Tracer) -> tuple[Any, Mapping[str, Any]]:
        source = tracer.source
        if not source.unit:
            tracer.script(str(self.forward.source["result"]))
            return MISSING, dict(tracer.scope.names)
        node = self.function_named(source, source.unit)
        assert node is not None
        tracer.top(source.tree.body, node.name)
        fed = tracer.arguments(dict(parameters(node)))
        function = tracer.scope.find(node.name)
        if not isinstance(function, Defined):
            function = Defined(node.name, node, tracer.scope, tracer.defaults_of(node.args))
        returned, frame = tracer.entered(function, [], fed)
        if tracer.troubles:
            raise tracer.troubles[0].error
        return returned, {**frame.names, **fed}

    # Names and parameters.

    def outside_names(self, tracer: Tracer, frame: Mapping[str, Any]) -> None:
        """What a name means that the file doesn't define: a variable of the forward pass, the
        gradient of its output, a function of the language."""
        forward, free = self.forward, tracer.around
        base = forward.spots[0]
        for name, value in {**CONSTANTS, **(frame if self.python else {})}.items():
            free[name] = partial(itself, value)
        if not self.python:
            for name, slot in forward.slots.items():
                value = base.point[name] if name in base.point else base.values[slot]
                free[name] = partial(tracer.outside, name, value)
        for name, variable in self.names.items():
            if variable == forward.output and name not in forward.slots:
                free.setdefault(name, lambda: self.upstream(tracer))
        if not self.python and not self.unit:
            tracer.plain = True
            tracer.scene = frozenset(forward.program.inputs)
            tracer.variables = {
                name: base.point.get(name, base.values[slot])
                for name, slot in forward.slots.items()
            }
            tracer.scope.names |= {"sum": Builtin("sum", "numpy")}
        tracer.beginning = frozenset(
            name for name, variable in self.names.items()
            if variable == forward.output and name not in forward.slots and forward.open
        )  # fmt: skip
        tracer.begin = lambda: self.upstream(tracer)

    def upstream(self, tracer: Tracer) -> Any:
        if "upstream" in tracer.inputs:
            return tracer.globals.names["upstream "]
        found = tracer.outside("upstream", self.forward.spots[0].drawn)
        tracer.globals.names["upstream "] = found
        return found

    def function(
        self, tracer: Tracer, frame: Mapping[str, Any], rest: list[Any]
    ) -> tuple[Any, Mapping[str, Any]]:
        source = self.text.source
        node = self.function_named(source, self.unit)
        if node is None:
            raise no_unit(source._replace(file=self.file, unit=self.unit))
        tracer.noting = False
        if tracer.scope.find(node.name) is MISSING:
            tracer.top(source.tree.body, node.name)
        tracer.noting = True
        function = tracer.scope.find(node.name)
        if not isinstance(function, Defined):
            function = Defined(node.name, node, tracer.scope, tracer.defaults_of(node.args))
        fed = self.bound(tracer, node, frame, rest)
        returned, scope = tracer.entered(function, [], fed)
        return (None if returned is MISSING else returned), scope.names

    def bound(
        self, tracer: Tracer, node: ast.FunctionDef, frame: Mapping[str, Any], rest: list[Any]
    ) -> dict[str, Any]:
        """What each parameter of a backward function is."""
        forward = self.forward
        fed: dict[str, Any] = {}
        left: list[str] = []
        defaults = dict(parameters(node))
        for name, default in defaults.items():
            if name in frame and not isinstance(frame[name], Unreadable):
                fed[name] = frame[name]
            elif name in forward.slots and not self.python:
                fed[name] = tracer.around[name]()
            elif default is None:
                left.append(name)
        upstream = next((name for name in left if UPSTREAM.match(name)), None)
        if upstream is not None:
            left.remove(upstream)
            fed[upstream] = self.upstream(tracer)
        if len(left) == len(rest):
            fed |= dict(zip(left, rest, strict=True))
        elif len(left) == 1 and rest:
            fed[left[0]] = tuple(rest)
        elif left and len(rest) == 1 and isinstance(rest[0], (tuple, list, dict)):
            parts = rest[0].values() if isinstance(rest[0], dict) else rest[0]
            if len(parts) != len(left):
                raise unbound(node.name, left)
            fed |= dict(zip(left, parts, strict=True))
        elif left and not rest and upstream is None and len(left) == 1:
            fed[left[0]] = self.upstream(tracer)
        elif left:
            raise unbound(node.name, left)
        return fed

    # Results.

    def results(
        self, tracer: Tracer, returned: Any, scope: Mapping[str, Any]
    ) -> Iterator[tuple[str, Found]]:
        """Where the gradients are: by key, by name, by position; else by the names assigned."""
        if returned is not MISSING:
            yield from self.of_returned(tracer, returned)
            return
        for name in self.forward.program.inputs:
            value = scope.get(name, MISSING)
            if content(value) is not value and (leaf := leaf_of(tracer, value.attributes["grad"])):
                yield name, Found(name, leaf, f"{name}.grad")
        for name, variable in self.names.items():
            value = scope.get(name, MISSING)
            if variable not in self.forward.program.inputs or value is MISSING:
                continue
            leaf = leaf_of(tracer, value)
            if leaf or not isinstance(value, Unreadable):
                yield variable, Found(variable, leaf, name)
        for holder, value in scope.items():
            if isinstance(value, dict):
                for key, one in value.items():
                    variable = self.variable(key)
                    if variable and (leaf := leaf_of(tracer, one)):
                        yield variable, Found(variable, leaf, f"{holder}[{key!r}]")

    def variable(self, key: Any) -> str:
        """The input whose gradient a key or a name stands for."""
        inputs = self.forward.program.inputs
        if not isinstance(key, str):
            return ""
        found = self.names.get(key, key if key in inputs else "")
        return found if found in inputs else ""

    def of_returned(self, tracer: Tracer, returned: Any) -> Iterator[tuple[str, Found]]:
        parts = list(returned) if isinstance(returned, tuple) else [returned]
        texts = self.returned_names(tracer, len(parts))
        rows = [*zip(parts, texts, strict=True)]
        for one in parts:
            if isinstance(one, dict):
                yield from self.of_dict(tracer, one)
        parts = [one for one, _ in rows if not isinstance(one, dict)]
        texts = [text for one, text in rows if not isinstance(one, dict)]
        named = [self.variable(text) for text in texts]
        if not any(named):
            named = self.by_position(len(parts))
        for variable, one, text in zip(named, parts, texts, strict=False):
            if variable and (leaf := leaf_of(tracer, one)):
                yield variable, Found(variable, leaf, text or f"the gradient of {variable}")

    def of_dict(self, tracer: Tracer, returned: dict[Any, Any]) -> Iterator[tuple[str, Found]]:
        for key, one in returned.items():
            variable, leaf = self.variable(key), leaf_of(tracer, one)
            if variable and leaf:
                yield variable, Found(variable, leaf, f"[{key!r}]")

    def returned_names(self, tracer: Tracer, count: int) -> list[str]:
        """How what is returned is written, where that is a name."""
        function = self.function_named(
            self.text.source, self.unit or str(self.forward.source.get("unit", ""))
        )
        nodes = [] if function is None else [
            node for node in ast.walk(function) if isinstance(node, ast.Return) and node.value
        ]  # fmt: skip
        if not nodes:
            return [""] * count
        value = nodes[-1].value
        parts = list(value.elts) if isinstance(value, (ast.Tuple, ast.List)) else [value]
        if self.together and len(parts) > count:
            parts = parts[len(parts) - count :]
        texts = [part.id if isinstance(part, ast.Name) else "" for part in parts]
        return texts if len(texts) == count else [""] * count

    def by_position(self, count: int) -> list[str]:
        inputs = [
            name for name in self.forward.program.inputs if name in self.forward.program.variables
        ]
        if count != len(inputs) and count == len(self.forward.required):
            return list(self.forward.required)
        return inputs[:count]


def itself(value: Any) -> Any:
    return value


def after_result(returned: Any) -> list[Any]:
    """What a function returns after its result."""
    if isinstance(returned, (tuple, list)) and len(returned) > 1:
        return list(returned[1:])
    return []


def unbound(function: str, left: Sequence[str]) -> BackpropError:
    return UsageError(
        f"{function} takes {listed(left)}, which the forward pass neither takes nor returns",
        hint="name parameters as in the forward pass, and return what the backward pass needs",
    )


def leaf_of(tracer: Tracer, value: Any) -> str:
    """The leaf of a number, an array or a list of these; empty if it is none."""
    try:
        if isinstance(value, (list, tuple)) and value:
            value = tracer.machine.numeric(value)
        if is_numeric(value) and not isinstance(value, bool):
            return tracer.machine.leaf(value)
    except (BackpropError, UnreadError):
        return ""
    return ""


def names_stored(node: ast.stmt) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    found = []
    for target in targets:
        for inner in ast.walk(target) if target is not None else ():
            if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store):
                found.append(inner.id)
            elif isinstance(inner, ast.Subscript) and isinstance(inner.value, ast.Name):
                found.append(inner.value.id)
    return found
