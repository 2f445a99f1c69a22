"""Programs of one gate on arrays as JAX computes them: their texts as Python, and its gradient."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from importlib import import_module
from types import SimpleNamespace
from typing import Any, NamedTuple

import numpy as np
from given_arrays import Case, exact

Array = Any
WRITE = re.compile(r"(?P<whole>A(?P<view>\.reshape\(-1\)|\.T)?)\[(?P<key>.*)\] = (?P<value>\w)")
BACK = {"": "", ".T": ".T", ".reshape(-1)": ".reshape(A.shape)"}


class Answer(NamedTuple):
    value: Array
    gradient: dict[str, Array]


def functional(text: str) -> str:
    """A function that writes into its array as one that JAX can read."""
    head, *lines = text.strip().split("\n")[1:]
    found = [head]
    for line in lines:
        if write := WRITE.fullmatch(line.strip()):
            whole, view, key, value = write.group("whole", "view", "key", "value")
            line = f"    A = {whole}.at[{key}].set({value}){BACK[view or '']}"
        elif add := re.fullmatch(r"np\.add\.at\(A, (.*), B\)", line.strip()):
            line = f"    A = A.at[{add[1]}].add(B)"
        found.append(re.sub(r"(\[[\d, ]+\])(?=[,\]])", r"np.array(\1)", line))
    return "\n".join(found)


def scope() -> dict[str, Any]:
    """What the functions of the language are in JAX."""
    jax = import_module("jax")
    jax.config.update("jax_enable_x64", True)
    jnp, nn, special = map(import_module, ("jax.numpy", "jax.nn", "jax.scipy.special"))

    def norm(a: Array, axis: Any = None, keepdims: Any = False) -> Array:
        return jnp.sqrt(jnp.sum(jnp.square(a), axis=axis, keepdims=bool(keepdims)))

    def reshape(a: Array, *shape: Any) -> Array:
        return jnp.reshape(a, shape[0] if isinstance(shape[0], list) else shape)

    names = ("dot", "transpose", "sum", "prod", "max", "min", "mean", "var", "std", "cumsum", "cumprod",
             "concatenate", "stack", "outer", "trace", "diag", "sort", "argsort", "array", "swapaxes",
             "moveaxis", "s_")  # fmt: skip
    library = {name: getattr(jnp, name) for name in names}
    library |= {
        "norm": norm, "reshape": reshape, "softmax": nn.softmax, "log_softmax": nn.log_softmax,
        "logsumexp": special.logsumexp, "det": jnp.linalg.det, "inv": jnp.linalg.inv,
        "solve": jnp.linalg.solve, "cholesky": jnp.linalg.cholesky,
        "logdet": lambda a: jnp.linalg.slogdet(a)[1],
        "svdvals": lambda a: jnp.linalg.svd(a, compute_uv=False),
        "concatenate": lambda parts, axis=0: jnp.concatenate(parts, axis=axis),
    }  # fmt: skip
    return {**library, "np": SimpleNamespace(**library)}


def function(case: Case) -> Callable[..., Array]:
    names = scope()
    if "def f(" in case.text:
        exec(functional(case.text), names)  # noqa: S102
        found: Callable[..., Array] = names["f"]
        return found
    text = re.sub(r"(?<=[\w\]])\[((?:[^\[\]]*, )?)(\[[\d, ]+\])\]", r"[\1array(\2)]", case.text)
    code = compile(text, "made", "eval")
    made = names["stack"]

    def computed(*fed: Array) -> Array:
        out = eval(code, {**names, **dict(zip(case.given, fed, strict=True))})  # noqa: S307
        return made(out) if isinstance(out, list) else out

    return computed


def answer(case: Case) -> Answer:
    """JAX's value, and its gradient of what comes after it times that."""
    jax = import_module("jax")
    computed = function(case)
    fed = [np.array(exact(value), order="C") for value in case.given.values()]
    value, back = jax.vjp(computed, *fed)
    upstream = np.ones(()) if case.upstream is None else np.asarray(case.upstream, dtype=float)
    parts = back(upstream.astype(value.dtype))
    return Answer(np.asarray(value), {
        name: np.asarray(part) for name, part in zip(case.given, parts, strict=True)
    })  # fmt: skip


def disagreeing(
    case: Case, theirs: Answer, value: Array, gradient: Mapping[str, Array], condition: float
) -> list[str]:
    """What of ours is not theirs. Both round."""
    off = [] if near(value, theirs.value, condition) else ["value"]
    return off + [
        name for name, part in theirs.gradient.items() if not near(gradient[name], part, condition)
    ]


def near(ours: Array, theirs: Array, condition: float) -> bool:
    scale = max(1.0, float(np.max(np.abs(theirs), initial=0.0)))
    same_shape = np.shape(ours) == np.shape(theirs)
    return same_shape and bool(np.allclose(ours, theirs, rtol=0, atol=1e-11 * scale * condition))
