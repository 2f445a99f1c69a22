"""Both passes of a class: its forward pass is read on an object, its backward pass on the same
one. Gradients are what the backward pass returns, what it leaves on the object, or what it hands
to an optimizer. `jax.custom_vjp` is the same with two functions and what one hands to the other."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import UsageError
from backprop.grading.backward import Found, Reading, after_result, leaf_of
from backprop.grading.tracing import Tracer
from backprop.reading.layers import (
    BACKWARD,
    Aside,
    Layer,
    Path,
    at_path,
    class_named,
    method_named,
    own_parameters,
    split_unit,
    takes_context,
    text_parsed,
)
from backprop.reading.memory import Array
from backprop.reading.reader import Reader, source_again
from backprop.reading.source import Source, is_class, parameters
from backprop.reading.values import MISSING, Defined, Instance, Scope

UPSTREAM = re.compile(
    r"d|g|up|acc|out|err|top|next|delta|loss|chain|back|post|pre_?grad|dl|nabla", re.IGNORECASE
)
TARGETS = re.compile(
    r"y|t|d|targets?|labels?|(y|t)_?(true|train|real|truth|label)s?|truths?|actual|expected|teacher|"
    r"ground_truth|gt|one_?hot|classes|index|idx",
    re.IGNORECASE,
)  # what a loss is compared with, which nobody differentiates by
HOLDERS = {
    "params": ("grads", "gradients", "dparams", "grad", "params_grad"),
    "parameters": ("gradients", "grads", "grad", "dparameters", "derivatives"),
    "weights": ("grads", "gradients", "dweights", "weight_grads", "weights_grad", "nabla_w"),
    "biases": ("dbiases", "bias_grads", "biases_grad", "nabla_b"),
}  # what holds values, and what holds their gradients
DERIVATIVES = ("grad", "gradient", "derivative", "deriv", "prime")  # not times anything
PATTERNS = (
    "d{}", "d_{}", "grad_{}", "{}_grad", "{}_diff", "grad{}", "g_{}", "{}_gradient", "delta_{}",
    "{}_g", "nabla_{}", "{}grad", "{}_delta", "diff_{}", "bottom_diff_{}",
)  # fmt: skip


class LayerReading(Reading):
    """Reads a class: an object, its forward pass and its backward pass."""

    method = ""  # of the class, that is its backward pass
    kind = ""  # layer, or derivative and loss: not times the gradient of the output
    main_name = ""
    one_method = False  # does one method do both passes?
    told: Mapping[str, str] = {}  # where gradients are, as the command says
    layer: Layer

    def backward(self, tracer: Tracer) -> tuple[Any, Mapping[str, Any]]:
        layer = self.layer = tracer.layer()
        rows = own_parameters(layer.forward)
        tracer.late = dict.fromkeys(tracer.asked.get("late", ()), layer)
        fed = tracer.fed_to(rows)
        defaults = self.fed_by_default(rows, fed)
        self.settings = {name: one for name, one in defaults.items() if isinstance(one, bool)}
        if self.one_method:
            self.main_name, tracer.noting = layer.forward.name, True
            returned, scope = tracer.entered(layer.forward, layer.first, fed)
            self.keep_output(tracer, returned, {})
            rest = after_result(returned)
            return rest[0] if len(rest) == 1 else tuple(rest), scope.names
        returned = tracer.invoke(layer.forward, layer.first, fed)
        rest = after_result(returned)
        self.set_context(tracer, layer, rows, fed, returned)
        method = method_named(
            layer.of, (self.method,) if self.method else BACKWARD, self.file, "backward pass"
        )
        self.main_name = method.name
        tracer.noting = True
        if takes_context(method):
            upstream = [self.upstream(tracer), *map(zeros_like, rest)]
            returned, scope = tracer.entered(method, [layer.object, *upstream], {})
            return (None if returned is MISSING else returned), scope.names
        frame = {**fed, **defaults}
        bound = self.bound_to(tracer, method, frame, rest, rows)
        first = [layer.object] if method.kind != "static" else []
        returned, scope = tracer.entered(method, first, bound)
        return (None if returned is MISSING else returned), scope.names

    @property
    def main(self) -> str:
        return self.main_name

    def set_context(
        self, tracer: Tracer, layer: Layer, rows: Sequence[tuple[str, str | None]],
        fed: Mapping[str, Any], returned: Any,
    ) -> None:  # fmt: skip
        """torch.autograd.Function with setup_context."""
        late = layer.of.find("setup_context")
        if isinstance(late, Defined) and not layer.first:
            given = tuple([fed.get(name) for name, _ in rows])
            tracer.invoke(late, [layer.object, given, returned], {})

    def fed_by_default(
        self, rows: Sequence[tuple[str, str | None]], fed: Mapping[str, Any]
    ) -> dict[str, Any]:
        defaults = self.layer.forward.defaults
        return {name: defaults[name] for name, _ in rows if name not in fed and name in defaults}

    def bound_to(
        self, tracer: Tracer, method: Defined, frame: Mapping[str, Any], rest: Sequence[Any],
        forward: Sequence[tuple[str, str | None]],
    ) -> dict[str, Any]:  # fmt: skip
        """What each parameter of a backward method is."""
        rows = own_parameters(method)
        fed: dict[str, Any] = {}
        left: list[str] = []
        derivative = self.kind in ("derivative", "loss")
        for name, default in rows:
            if name in frame:
                fed[name] = frame[name]
            elif default is None or (UPSTREAM.match(name) and default == "None"):
                left.append(name)
        if derivative and left:
            others = [name for name, _ in forward if name not in fed and name in frame]
            fed |= {name: frame[other] for name, other in zip(left, others, strict=False)}
            left = left[len(others) :]
        free = [name for name, _ in forward if name in frame and name not in fed]
        if not derivative and method.name in DERIVATIVES and 0 < len(left) <= len(free) and not any(
            map(UPSTREAM.match, left)
        ):  # fmt: skip
            fed |= {name: frame[other] for name, other in zip(left, free, strict=False)}
            left, derivative = [], True
        upstream = next((name for name in left if UPSTREAM.match(name)), left[0] if left else None)
        if upstream is not None and not derivative:
            left.remove(upstream)
            fed[upstream] = self.upstream(tracer)
        if len(left) == 1 and len(rest) > 1:
            fed[left[0]] = tuple(rest)
        elif left and len(left) == len(rest):
            fed |= dict(zip(left, rest, strict=True))
        else:
            defaults = dict(rows)
            others = [name for name in left if upstream and UPSTREAM.match(name)]
            fed |= dict.fromkeys(others, 0.0)  # of results that are not asked about
            left = [name for name in left if name not in others]
            lacking = [name for name in left if defaults[name] is None]
            if lacking:
                raise UsageError(
                    f"{method.name} takes {' and '.join(lacking)}, and there is no value for that",
                    hint="--kind derivative if it takes what the forward pass takes",
                )
        return fed

    # Where the gradients are.

    def results(
        self, tracer: Tracer, returned: Any, scope: Mapping[str, Any]
    ) -> Iterator[tuple[str, Found]]:
        rows = dict(self.everywhere(tracer, returned, scope))
        inputs = self.forward.program.inputs
        yield from ((name, row) for name, row in rows.items() if name in inputs)

    def everywhere(
        self, tracer: Tracer, returned: Any, scope: Mapping[str, Any]
    ) -> Iterator[tuple[str, Found]]:
        """The last one found counts."""
        yield from self.among(tracer, scope)
        if returned is not None:
            yield from self.returned_ones(tracer, returned)
        yield from self.on_object(tracer)
        for name, value in tracer.handed.items():
            if leaf := leaf_of(tracer, value):
                yield name, Found(name, leaf, "what the optimizer gets")
        for name, text in self.told.items():
            yield name, Found(name, self.told_leaf(tracer, scope, text), text)

    def among(self, tracer: Tracer, scope: Mapping[str, Any]) -> Iterator[tuple[str, Found]]:
        """What the backward pass calls by the name of a gradient."""
        lower = {name.lower(): variable for name, variable in self.names.items()}
        for name, value in scope.items():
            variable = self.names.get(name) or lower.get(name.lower(), "")
            if variable and (leaf := leaf_of(tracer, value)):
                yield variable, Found(variable, leaf, name)

    def returned_ones(self, tracer: Tracer, returned: Any) -> Iterator[tuple[str, Found]]:
        parts = list(returned) if isinstance(returned, tuple) else [returned]
        rows = [name for name, _ in own_parameters(self.layer.forward)]
        if any(isinstance(one, dict) for one in parts):
            yield from self.of_returned(tracer, returned)
            return
        if takes_context(self.layer.forward) or len(parts) == len(rows):
            for name, one in zip(rows, parts, strict=False):
                if leaf := leaf_of(tracer, one):
                    yield name, Found(name, leaf, f"the gradient of {name}")
            return
        learnt = [name for name in rows if not TARGETS.fullmatch(name)]
        if len(parts) == 1 and len(learnt) < len(rows) and learnt:
            if leaf := leaf_of(tracer, parts[0]):
                yield learnt[0], Found(learnt[0], leaf, f"the gradient of {learnt[0]}")
            return
        yield from self.of_returned(tracer, returned)

    def on_object(self, tracer: Tracer) -> Iterator[tuple[str, Found]]:
        """Attributes that are called like gradients of inputs."""
        one = self.layer.object
        ways: dict[str, Path] = dict(tracer.attributes)
        for name, _ in own_parameters(self.layer.forward):
            ways.setdefault(name, (name,))
        for name, way in ways.items():
            for path in gradient_paths(way):
                value = at_path(one, path)
                if isinstance(value, (Instance, dict)) or value is MISSING:
                    continue
                if leaf := leaf_of(tracer, value):
                    yield name, Found(name, leaf, written(path))
                    break

    def told_leaf(self, tracer: Tracer, scope: Mapping[str, Any], text: str) -> str:
        node = text_parsed(f"({text})", "--grad", 1).body[0]
        if not isinstance(node, ast.Expr):
            raise UsageError(f"--grad wants NAME=WHERE, such as W=self.dW, not {text}")
        before, tracer.noting = tracer.noting, False
        outer, tracer.scope = tracer.scope, Scope(dict(scope), outer=tracer.scope)
        try:
            with Aside(tracer, f"({text})", "--grad"):
                tracer.scope.names["self"] = self.layer.object
                value = tracer.value(node.value)
        finally:
            tracer.scope, tracer.noting = outer, before
        return leaf_of(tracer, value)


def zeros_like(value: Any) -> Any:
    """The gradient of a result that nothing depends on."""
    return Array.new(np.zeros(value.shape)) if isinstance(value, Array) else 0.0


def gradient_paths(way: Path) -> Iterator[Path]:
    """Where the gradient of what lies at the end of a way may be."""
    *holder, key = way
    if isinstance(key, str):
        for pattern in PATTERNS:
            yield (*holder, pattern.replace("{}", key))
    for place, part in enumerate(holder):
        for other in HOLDERS.get(str(part).lower().strip("_"), ()):
            yield (*holder[:place], other, *holder[place + 1 :], key)
            if isinstance(key, str):
                yield (*holder[:place], other, *holder[place + 1 :], f"d{key}")


def written(path: Path) -> str:
    """A way as it is written: self.grads['W']"""
    return f"self.{path[0]}" + "".join(f"[{key!r}]" for key in path[1:])


# jax.custom_vjp.


class VjpReading(Reading):
    """Reads a function with its own rule: `f.defvjp(forward, backward)`."""

    main_name = ""

    def backward(self, tracer: Tracer) -> tuple[Any, Mapping[str, Any]]:
        source = tracer.source
        fwd, bwd = vjp_of(source, source.unit) or ("", "")
        tracer.top(source.tree.body, source.unit)
        own, forward, back = (tracer.scope.find(name) for name in (source.unit, fwd, bwd))
        for name, one in ((fwd, forward), (bwd, back)):
            if not isinstance(one, Defined):
                raise UsageError(f"{self.file} has no function {name}")
        self.main_name = bwd
        fed = tracer.fed_to(parameters(own.node))
        values = [fed.get(name, own.defaults.get(name)) for name, _ in parameters(own.node)]
        returned = tracer.invoke(forward, values, {})
        if not isinstance(returned, tuple) or len(returned) != 2:
            raise UsageError(f"{fwd} has to return the value and what the backward pass needs")
        kept = returned[1]
        fixed = len(back.node.args.args) - 2
        tracer.noting = True
        found, scope = tracer.entered(back, [*values[:fixed], kept, self.upstream(tracer)], {})
        self.rows = [name for name, _ in parameters(own.node)][fixed:]
        return (None if found is MISSING else found), scope.names

    @property
    def main(self) -> str:
        return self.main_name

    def results(
        self, tracer: Tracer, returned: Any, scope: Mapping[str, Any]
    ) -> Iterator[tuple[str, Found]]:
        parts = list(returned) if isinstance(returned, tuple) else [returned]
        for name, one in zip(self.rows, parts, strict=False):
            if name in self.forward.program.inputs and (leaf := leaf_of(tracer, one)):
                yield name, Found(name, leaf, f"the gradient of {name}")


def vjp_of(source: Source, name: str) -> tuple[str, str] | None:
    """The two functions that `name.defvjp(...)` names."""
    for node in ast.walk(source.tree):
        if (
            isinstance(node, ast.Call)
            and isinstance(node.func, ast.Attribute)
            and node.func.attr == "defvjp"
            and isinstance(node.func.value, ast.Name)
            and node.func.value.id == name
        ):
            names = [one.id for one in node.args if isinstance(one, ast.Name)]
            return (names[0], names[1]) if len(names) == 2 else None
    return None


def has_both(tree: Any) -> bool:
    """Does a unit have its backward pass with it?"""
    if not tree.source:
        return False
    source = source_again(tree)
    if vjp_of(source, source.unit):
        return True
    name, method = split_unit(source.unit)
    if not is_class(source, source.unit) or method:
        return False
    of = class_named(Reader(source), source, name)
    return any(isinstance(of.find(one), Defined) for one in BACKWARD)
