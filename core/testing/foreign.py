"""Functions of PyTorch and JAX: called with arrays of theirs, differentiated by them where nobody
gives a gradient. A library is only touched if something of its own was handed over, and then it is
loaded already."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from backprop.errors import UsageError
from backprop.testing.calling import (
    GradientFunction,
    Point,
    called,
    gradients_in,
    is_required,
    name_of,
    parameters_of,
    result_of,
)


def subject(f: Any, gradient: Any, at: Any) -> Any:
    """A subject for what belongs to another library; None for anything else."""
    values = (
        [*at.values()]
        if isinstance(at, Mapping)
        else [*at]
        if isinstance(at, (tuple, list))
        else []
    )
    torch = sys.modules.get("torch")
    if torch is not None and hasattr(torch, "Tensor"):
        if isinstance(f, torch.nn.Module):
            return ModuleSubject(torch, f)
        if isinstance(f, type) and issubclass(f, torch.autograd.Function):
            of: Any = f
            return TorchSubject(torch, of.apply, gradient, f)
        if home_of(f) == "torch" or any(isinstance(one, torch.Tensor) for one in values):
            return TorchSubject(torch, f, gradient, f)
    jax = sys.modules.get("jax")
    if jax is not None and hasattr(jax, "vjp") and (
        home_of(f) in ("jax", "jaxlib") or any(isinstance(one, jax.Array) for one in values)
    ):  # fmt: skip
        return JaxSubject(jax, f, gradient)
    return None


def home_of(f: Any) -> str:
    """The package that a function or an object is from."""
    kinds = (type(f).__module__, getattr(f, "__module__", ""))
    for module in map(str, kinds):
        if module.partition(".")[0] in ("torch", "jax", "jaxlib"):
            return module.partition(".")[0]
    return ""


class ForeignSubject:
    """A function of arrays of another library."""

    takes_upstream = True

    def __init__(self, function: Callable[..., Any], gradient: Any, named: Any) -> None:
        self.function = function
        self.own = gradient
        self.named = named
        self.name = name_of(named)
        self.given: list[str] = []

    def inputs(self) -> list[tuple[str, bool]]:
        return [(name, is_required(default)) for name, default in parameters_of(self.function)]

    def theirs(self, value: Any) -> Any:
        """An array of the library."""
        raise NotImplementedError

    def fed(self, point: Point) -> dict[str, Any]:
        return {name: self.theirs(value) for name, value in point.items()}

    def value(self, point: Point) -> Any:
        return result_of(called(self.function, self.fed(point)))[0]

    def gradient(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        if self.own is None:
            return self.by_library(point, upstream, moving)
        if isinstance(self.own, Mapping):
            raise UsageError(f"the gradient of {self.name} is a function, not texts")
        found = GradientFunction(self.own, self.given)(self.fed(point), self.theirs(upstream), [])
        return gradients_in(found, moving, list(point))

    def by_library(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        raise NotImplementedError


class TorchSubject(ForeignSubject):
    def __init__(self, torch: Any, function: Any, gradient: Any, named: Any) -> None:
        super().__init__(function, gradient, named)
        self.torch = torch
        self.is_class = isinstance(named, type)

    def inputs(self) -> list[tuple[str, bool]]:
        if not self.is_class:
            return super().inputs()
        late = "setup_context" in vars(self.named)
        rows = parameters_of(self.named.forward)
        return [(name, is_required(default)) for name, default in rows[0 if late else 1 :]]

    def theirs(self, value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return self.torch.tensor(value)
        if isinstance(value, np.generic):
            return self.torch.tensor(value.item(), dtype=self.torch.float64)
        return value

    def run(self, fed: Mapping[str, Any]) -> Any:
        if not self.is_class:
            return called(self.function, fed)
        order = [name for name, _ in self.inputs()]
        return self.function(*(fed[name] for name in order if name in fed))

    def value(self, point: Point) -> Any:
        with self.torch.no_grad():
            return result_of(self.run(self.fed(point)))[0]

    def by_library(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        fed = dict(self.fed(point))
        leaves = {name: one for name, one in fed.items()
                  if name in moving and isinstance(one, self.torch.Tensor)}  # fmt: skip
        for one in leaves.values():
            one.requires_grad_(True)
        result = self.run(fed)
        result = result[0] if isinstance(result, (tuple, list)) else result
        start = self.torch.as_tensor(np.asarray(upstream), dtype=result.dtype)
        found = self.torch.autograd.grad(result, [*leaves.values()], start, allow_unused=True)
        return {
            name: np.zeros(one.shape) if part is None else part.detach().numpy().astype(float)
            for (name, one), part in zip(leaves.items(), found, strict=True)
        }


class ModuleSubject(TorchSubject):
    """A module, with its parameters among the inputs, in float64."""

    def __init__(self, torch: Any, module: Any) -> None:
        from copy import deepcopy

        super().__init__(torch, module.forward, None, module)
        self.module = deepcopy(module).double()
        self.weights = dict(self.module.named_parameters())

    def inputs(self) -> list[tuple[str, bool]]:
        rows = parameters_of(self.module.forward)
        return [
            *((name, is_required(default)) for name, default in rows),
            *((name, False) for name in self.weights),
        ]

    def completed(self, point: dict[str, Any]) -> dict[str, Any]:
        """The point with the weights that the module has."""
        own = {name: one.detach().numpy().copy() for name, one in self.weights.items()}
        return {**point, **{name: one for name, one in own.items() if name not in point}}

    def run(self, fed: Mapping[str, Any]) -> Any:
        weights = {name: one for name, one in fed.items() if name in self.weights}
        others = {name: one for name, one in fed.items() if name not in self.weights}
        return self.torch.func.functional_call(self.module, weights, (), others)


class JaxSubject(ForeignSubject):
    def __init__(self, jax: Any, function: Any, gradient: Any) -> None:
        super().__init__(function, gradient, function)
        self.jax = jax

    def theirs(self, value: Any) -> Any:
        if isinstance(value, (np.ndarray, np.generic)):
            return self.jax.numpy.asarray(value)
        return value

    def value(self, point: Point) -> Any:
        return result_of(self.run(self.fed(point)))[0]

    def run(self, fed: Mapping[str, Any]) -> Any:
        order = [name for name, _ in self.inputs()]
        if set(order) >= set(fed):
            return self.function(*(fed[name] for name in order if name in fed))
        return self.function(*fed.values())

    def by_library(self, point: Point, upstream: Any, moving: Sequence[str]) -> dict[str, Any]:
        fed = self.fed(point)
        names = [name for name in moving if name in fed]

        def along(*parts: Any) -> Any:
            result = self.run({**fed, **dict(zip(names, parts, strict=True))})
            return result[0] if isinstance(result, (tuple, list)) else result

        value, pull = self.jax.vjp(along, *(self.jax.numpy.asarray(fed[name]) for name in names))
        found = pull(self.jax.numpy.asarray(upstream, dtype=value.dtype))
        return {name: np.asarray(one, float) for name, one in zip(names, found, strict=True)}
