"""What a row of the table of spellings means, in NumPy and SciPy: for PyTorch, JAX and methods,
which aren't installed or aren't there. A row that isn't here means the function of NumPy that has
the name of the spelling. `TORCH` holds what PyTorch does differently."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from types import SimpleNamespace
from typing import Any

import numpy as np
import scipy.special as special

Function = Callable[..., Any]


def torch_pad(a: Any, widths: Any, mode: str = "constant", value: float = 0.0) -> Any:
    """F.pad: pairs from the last axis on."""
    more = {"constant_values": value} if mode == "constant" else {}
    mode = {"replicate": "edge", "circular": "wrap"}.get(mode, mode)
    pairs = list(zip(widths[::2], widths[1::2], strict=True))[::-1]
    return np.pad(a, [(0, 0)] * (np.ndim(a) - len(pairs)) + pairs, mode=mode, **more)  # type: ignore[call-overload]


def pairs(value: Any, count: int) -> tuple[int, ...]:
    return (value,) * count if isinstance(value, int) else tuple(value)


def slid(a: Any, sides: Any, stride: Any, padding: Any, dilation: Any, fill: float, use: Function) -> Any:  # fmt: skip
    """What `use` makes of every window, one window after the other."""
    count = len(sides)
    steps, apart = pairs(stride, count), pairs(dilation, count)
    whole = [(s - 1) * d + 1 for s, d in zip(sides, apart, strict=True)]
    lead = np.ndim(a) - count
    if padding in ("same", "SAME"):  # as many windows as there are steps, the edges shared evenly
        gaps = [max(0, (-(-n // s) - 1) * s + w - n)
                for n, s, w in zip(np.shape(a)[lead:], steps, whole, strict=True)]  # fmt: skip
        ends = [(gap // 2, gap - gap // 2) for gap in gaps]
    elif isinstance(padding, list):
        ends = padding
    else:
        ends = [(p, p) for p in pairs(0 if padding == "VALID" else padding, count)]
    wide: Any = np.pad(a, [(0, 0)] * lead + ends, constant_values=fill)
    starts = [
        range(0, n - w + 1, step)
        for n, w, step in zip(wide.shape[lead:], whole, steps, strict=True)
    ]
    cut = [
        use(wide[(..., *(slice(o, o + w, d) for o, w, d in zip(at, whole, apart, strict=True)))])
        for at in itertools.product(*starts)
    ]
    return np.stack(cut, -1).reshape((*np.shape(cut[0]), *map(len, starts)))


def conv(a: Any, w: Any, bias: Any = None, stride: Any = 1, padding: Any = 0, dilation: Any = 1, groups: int = 1) -> Any:  # fmt: skip
    if np.ndim(a) < np.ndim(w):
        return conv(a[None], w, bias, stride, padding, dilation)[0]
    if groups > 1:
        each = zip(np.split(a, groups, 1), np.split(w, groups), strict=True)
        found = np.concatenate([conv(x, f, None, stride, padding, dilation) for x, f in each], 1)
        return found if bias is None else found + np.reshape(bias, (-1,) + (1,) * (np.ndim(w) - 2))
    axes = tuple(range(1, np.ndim(w)))
    found = slid(a, w.shape[2:], stride, padding, dilation, 0.0, lambda part: np.tensordot(part, w, (axes, axes)))  # fmt: skip
    return found if bias is None else found + np.reshape(bias, (-1,) + (1,) * (np.ndim(w) - 2))


def pool(count: int, use: Function, fill: float) -> Function:
    def pooled(a: Any, size: Any, stride: Any = None, padding: Any = 0) -> Any:
        sides = pairs(size, count)
        return slid(a, sides, sides if stride is None else stride, padding, 1, fill,
                    lambda part: use(part, axis=tuple(range(-count, 0))))  # fmt: skip

    return pooled


def unfold(a: Any, size: Any, dilation: Any = 1, padding: Any = 0, stride: Any = 1) -> Any:
    found = slid(a, pairs(size, 2), stride, padding, dilation, 0.0, lambda part: part.reshape(len(a), -1))  # fmt: skip
    return found.reshape(len(a), found.shape[1], -1)


def softmax(a: Any, axis: Any = -1) -> Any:
    return special.softmax(a, axis=axis)


def layer_norm(a: Any, shape: Any, weight: Any = 1.0, bias: Any = 0.0, eps: float = 1e-5) -> Any:
    axes = tuple(range(-len(pairs(shape, 1)), 0))
    spread = np.sqrt(np.var(a, axis=axes, keepdims=True) + eps)
    return (a - np.mean(a, axis=axes, keepdims=True)) / spread * weight + bias


def cosine(a: Any, b: Any, axis: int = 1) -> Any:
    sizes = np.linalg.norm(a, axis=axis) * np.linalg.norm(b, axis=axis)
    return np.sum(a * b, axis=axis) / sizes


def attention(q: Any, k: Any, v: Any, is_causal: bool = False, scale: Any = None) -> Any:
    scores = q @ np.swapaxes(k, -1, -2) * (q.shape[-1] ** -0.5 if scale is None else scale)
    if is_causal:
        scores = np.where(np.tril(np.ones(scores.shape[-2:])) > 0, scores, -np.inf)
    return softmax(scores) @ v


def jax_attention(q: Any, k: Any, v: Any, is_causal: bool = False) -> Any:
    """Places of a sequence stand before heads."""
    q, k, v = (np.swapaxes(one, -3, -2) for one in (q, k, v))
    found = attention(q, k, v, is_causal)
    return np.swapaxes(found, -3, -2)


def general_conv(
    a: Any, w: Any, stride: Any, padding: Any, rhs_dilation: Any = 1, feature_group_count: int = 1
) -> Any:
    return conv(a, w, None, stride, padding, rhs_dilation, feature_group_count)


def normalize(a: Any, p: float = 2.0, axis: int = 1) -> Any:
    return a / np.sum(np.abs(a) ** p, axis=axis, keepdims=True) ** (1 / p)


def topk(a: Any, k: int, axis: int = -1, largest: bool = True) -> Any:
    order = np.argsort(-a if largest else a, axis=axis)
    first = np.take(order, range(k), axis=axis)
    return np.take_along_axis(a, first, axis), first


def reduced(each: Any, reduction: str = "mean") -> Any:
    return each if reduction == "none" else np.sum(each) if reduction == "sum" else np.mean(each)


def picked(a: Any, y: Any) -> Any:
    return a[np.arange(len(a)), y] if np.ndim(a) > 1 else a[y]


def cross_entropy(a: Any, y: Any, reduction: str = "mean") -> Any:
    logs = special.log_softmax(a, axis=-1)
    return reduced(-np.sum(logs * y, -1) if np.ndim(y) == 2 else -picked(logs, y), reduction)


def huber(a: Any, b: Any, reduction: str = "mean", delta: float = 1.0) -> Any:
    return reduced(special.huber(delta, a - b), reduction)


def kl_div(a: Any, b: Any, reduction: str = "mean", log_target: bool = False) -> Any:
    each = np.exp(b) * (b - a) if log_target else special.xlogy(b, b) - b * a
    return np.sum(each) / len(a) if reduction == "batchmean" else reduced(each, reduction)


def scattered(write: Function) -> Function:
    def function(a: Any, axis: int, places: Any, source: Any) -> Any:
        found, places = np.array(a, dtype=float), np.asarray(places)
        for at in np.ndindex(places.shape):
            to = (*at[:axis], places[at], *at[axis + 1 :])
            found[to] = write(found[to], source[at] if np.ndim(source) else source)
        return found

    return function


def added_along(a: Any, axis: int, places: Any, source: Any, alpha: float = 1) -> Any:
    found = np.moveaxis(np.array(a), axis, 0)
    for k, place in enumerate(places):
        found[place] += alpha * np.moveaxis(source, axis, 0)[k]
    return np.moveaxis(found, 0, axis)


def copied_along(a: Any, axis: int, places: Any, source: Any) -> Any:
    found = np.moveaxis(np.array(a), axis, 0)
    found[list(places)] = np.moveaxis(source, axis, 0) if np.ndim(source) else source
    return np.moveaxis(found, 0, axis)


def gather(a: Any, axis: int, places: Any) -> Any:
    places = np.asarray(places)
    found = np.zeros(places.shape)
    for at in np.ndindex(places.shape):
        found[at] = a[(*at[:axis], places[at], *at[axis + 1 :])]
    return found


def torch_split(a: Any, size: Any, axis: int = 0) -> Any:
    ends = range(size, a.shape[axis], size) if isinstance(size, int) else np.cumsum(size)[:-1]
    return np.split(a, list(ends), axis=axis)


def with_places(value: Function, place: Function) -> Function:
    """max and min of PyTorch: along an axis also where it stands, and of two arrays each."""

    def function(a: Any, axis: Any = None, keepdims: bool = False) -> Any:
        if axis is None:
            return value(a)
        return value(a, axis=axis, keepdims=keepdims), place(a, axis=axis, keepdims=keepdims)

    return function


def spread(function: Function) -> Function:
    """var and std of PyTorch: over one less."""
    return lambda a, axis=None, ddof=1, keepdims=False: function(
        a, axis=axis, ddof=ddof, keepdims=keepdims
    )


def lower_median(a: Any, axis: Any = None) -> Any:
    if axis is None:
        return np.sort(np.ravel(a))[(np.size(a) - 1) // 2]
    middle = (np.shape(a)[axis] - 1) // 2
    return np.take(np.sort(a, axis), middle, axis), np.take(np.argsort(a, axis), middle, axis)


def vector_norm(a: Any, ord: Any = 2, axis: Any = None) -> Any:  # noqa: A002
    return np.linalg.norm(np.ravel(a) if axis is None else a, ord, axis)


def matrix_norm(a: Any, ord: Any = "fro", axis: Any = (-2, -1), keepdims: Any = False) -> Any:  # noqa: A002
    return np.linalg.norm(a, ord, axis, keepdims)


def gelu_tanh(a: Any, approximate: bool = True) -> Any:
    if not approximate:
        return a * special.ndtr(a)
    return 0.5 * a * (1 + np.tanh(math.sqrt(2 / math.pi) * (a + 0.044715 * a**3)))


def permuted(a: Any, *axes: Any) -> Any:
    return np.transpose(a, axes[0] if axes and isinstance(axes[0], tuple) else axes or None)


def shaped(function: Function) -> Function:
    """A shape as one tuple, or number after number."""
    return lambda *sides: function(sides[0] if len(sides) == 1 else sides)


def shape_of(sides: tuple[Any, ...]) -> Any:
    return sides[0] if len(sides) == 1 and isinstance(sides[0], tuple) else sides


MEANINGS: Mapping[str, Function] = {
    "rsqrt": lambda a: 1 / np.sqrt(a), "neg": np.negative, "recip": np.reciprocal,
    "sigmoid": special.expit, "logsigmoid": special.log_expit, "erf": special.erf,
    "erfc": special.erfc, "softplus": lambda a: np.logaddexp(a, 0), "relu": lambda a: np.maximum(a, 0),
    "leaky_relu": lambda a, s=0.01: np.where(a > 0, a, s * a),
    "elu": lambda a, s=1.0: np.where(a > 0, a, s * np.expm1(a)), "silu": lambda a: a * special.expit(a),
    "gelu": lambda a: a * special.ndtr(a), "gelu_tanh": gelu_tanh,
    "softsign": lambda a: a / (1 + np.abs(a)), "relu6": lambda a: np.clip(a, 0, 6),
    "hardtanh": lambda a: np.clip(a, -1, 1), "mish": lambda a: a * np.tanh(np.log1p(np.exp(a))),
    **{name: getattr(special, name) for name in (
        "gamma", "digamma", "polygamma", "erfinv", "erfcinv", "erfcx", "ndtr", "log_ndtr", "ndtri",
        "i0e", "i1e", "i0", "i1", "xlog1py", "entr",
    )},
    "cholesky": np.linalg.cholesky, "lgamma": special.gammaln, "lbeta": special.betaln,
    "log1mexp": lambda a: np.log(-np.expm1(-a)),
    "tanhshrink": lambda a: a - np.tanh(a), "logit": special.logit, "xlogy": special.xlogy,
    "selu": lambda a: 1.0507009873554805 * np.where(a > 0, a, 1.6732632423543772 * np.expm1(a)),
    "hardsigmoid": lambda a: np.clip(a + 3, 0, 6) / 6, "hardswish": lambda a: a * np.clip(a + 3, 0, 6) / 6,
    "lerp": lambda a, b, w: a + w * (b - a), "addcmul": lambda c, a, b, value=1: c + value * a * b,
    "addcdiv": lambda c, a, b, value=1: c + value * a / b, "abs": np.abs, "sign": np.sign,
    "sub": np.subtract, "mul": np.multiply, "div": np.divide, "pow": np.power, "mod": np.mod,
    "add": np.add, "gt": np.greater, "ge": np.greater_equal, "lt": np.less, "le": np.less_equal,
    "eq": np.equal, "ne": np.not_equal, "clip": lambda a, low=None, high=None, **k: np.clip(
        a, k.get("min", low), k.get("max", high)),
    "logsumexp": special.logsumexp, "softmax": softmax, "softmax_all": special.softmax,
    "log_softmax": lambda a, axis=-1: special.log_softmax(a, axis=axis),
    "log_softmax_all": special.log_softmax, "trapezoid": np.trapezoid, "topk": topk,
    "bucketize": lambda a, bins, right=False: np.searchsorted(bins, a, "right" if right else "left"),
    "array_equal": np.array_equal, "matmul": np.matmul, "baddbmm": lambda c, a, b: c + a @ b,
    "addmm": lambda c, a, b: c + a @ b, "outer": np.outer, "matrix_power": np.linalg.matrix_power,
    "det": np.linalg.det, "inv": np.linalg.inv, "slogdet": np.linalg.slogdet,
    "logdet": lambda a: np.linalg.slogdet(a)[1], "amax_alone": np.max, "amin_alone": np.min, "norm": np.linalg.norm,
    "vector_norm": vector_norm, "matrix_norm": matrix_norm,
    "svdvals": lambda a: np.linalg.svd(a, compute_uv=False),
    "reshape": lambda a, *s: np.reshape(a, shape_of(s)),
    "flatten": lambda a, start=0: np.reshape(a, (*a.shape[:start], -1)), "transpose": permuted,
    "t": np.transpose, "swapaxes": np.swapaxes, "moveaxis": np.moveaxis, "expand_dims": np.expand_dims,
    "broadcast_to": lambda a, *s: np.broadcast_to(a, shape_of(s)), "expand_as": lambda a, b: np.broadcast_to(a, b.shape),
    "view_as": lambda a, b: np.reshape(a, b.shape), "tile": lambda a, *n: np.tile(a, n[0] if len(n) == 1 else n),
    "repeat": np.repeat, "concatenate": np.concatenate, "narrow": lambda a, axis, start, n: np.take(a, range(start, start + n), axis),
    "select_along": lambda a, axis, at: np.take(a, at, axis), "chunk": lambda a, n, axis=0: np.array_split(a, n, axis),
    "unbind": lambda a, axis=0: list(np.moveaxis(a, axis, 0)), "flipped": np.flip,
    "vstack": np.vstack, "split": np.array_split, "unfold_along": lambda a, axis, size, step: np.moveaxis(
        np.moveaxis(np.lib.stride_tricks.sliding_window_view(a, size, axis), axis, 0)[::step], 0, axis),
    "unfold": unfold, "conv1d": conv, "conv2d": conv, "max_pool1d": pool(1, np.max, -np.inf),
    "max_pool2d": pool(2, np.max, -np.inf), "avg_pool1d": pool(1, np.mean, 0.0),
    "avg_pool2d": pool(2, np.mean, 0.0), "linear": lambda a, w, b=0.0: a @ w.T + b,
    "embedding": lambda ids, w: w[ids], "layer_norm": layer_norm, "normalize": normalize,
    "cosine_similarity": cosine, "attention": attention,
    "jax_attention": jax_attention, "conv": general_conv, "conv_general": general_conv,
    "top_k": topk, "gather": gather,
    "index_select": lambda a, axis, at: np.take(a, at, axis), "scatter": scattered(lambda old, new: new),
    "scatter_add": scattered(lambda old, new: old + new), "index_add": added_along,
    "index_copy": copied_along, "index_fill": copied_along, "second": lambda a, b: b,
    "masked_select": lambda a, m: a[m], "masked_fill": lambda a, m, v: np.where(m, v, a),
    "zeros": shaped(np.zeros), "ones": shaped(np.ones), "empty": shaped(np.empty),
    "zeros_like": np.zeros_like, "full_like": np.full_like,
    "new_zeros": lambda a, *s: np.zeros(shape_of(s)), "new_ones": lambda a, *s: np.ones(shape_of(s)),
    "new_empty": lambda a, *s: np.empty(shape_of(s)), "new_full": lambda a, s, v: np.full(s, v),
    "array": np.array, "same": lambda a: a, "contiguous": np.ascontiguousarray,
    "floats": lambda a: np.asarray(a, dtype=float), "whole": lambda a: np.asarray(a).astype(int),
    "truth": lambda a: np.asarray(a) != 0, "one_hot": lambda a, n: np.eye(n)[a],
    "copy": np.copy, "astype": lambda a, kind: np.asarray(a).astype(kind), "detach": np.copy,
    "item": lambda a: np.asarray(a).tolist(), "ndim_of": np.ndim, "size_of": np.size,
    "sides": lambda a, axis=None: a.shape if axis is None else a.shape[axis],
    "stride": lambda a, axis=None: tuple(s // 8 for s in a.strides) if axis is None else a.strides[axis] // 8,
    "is_tensor": lambda a: isinstance(a, np.ndarray), "never": lambda a: False,
    "argwhere": np.argwhere, "cross": np.cross, "diag": np.diag, "diagonal": np.diagonal,
    "trace": np.trace, "broadcast_arrays": np.broadcast_arrays, "finfo": lambda kind: np.finfo(float),
    "mse_loss": lambda a, b, reduction="mean": reduced((a - b) ** 2, reduction),
    "l1_loss": lambda a, b, reduction="mean": reduced(np.abs(a - b), reduction),
    "cross_entropy": cross_entropy, "huber_loss": huber, "kl_div": kl_div,
    "nll_loss": lambda a, y, reduction="mean": reduced(-picked(a, y), reduction),
    "smooth_l1_loss": lambda a, b, reduction="mean", beta=1.0: huber(a, b, reduction, beta) / beta,
    "binary_cross_entropy": lambda p, y: np.mean(-special.xlogy(y, p) - special.xlogy(1 - y, 1 - p)),
    "bce_with_logits": lambda z, y: np.mean(np.logaddexp(z, 0) - z * y),
}  # fmt: skip

TORCH: Mapping[str, Function] = {
    "pad": torch_pad, "var": spread(np.var), "std": spread(np.std), "split": torch_split,
    "max": with_places(np.max, np.argmax), "min": with_places(np.min, np.argmin),
    "sort": lambda a, axis=-1: (np.sort(a, axis), np.argsort(a, axis)), "median": lower_median,
    "meshgrid": lambda *a, indexing="ij": np.meshgrid(*a, indexing=indexing), "argwhere": np.argwhere,
    "as_strided": lambda a, shape, strides: np.lib.stride_tricks.as_strided(a, shape, [8 * s for s in strides]),
    "repeated": lambda a, *n, axis=None: np.tile(a, n) if axis is None else np.repeat(a, n[0], axis), "take": np.take,
    "searchsorted": lambda a, b, side="left": np.searchsorted(a, b, side),
    "atleast_3d": lambda *a: [np.reshape(one, (1,) * (3 - np.ndim(one)) + np.shape(one)) for one in a],
    "nonzero": np.argwhere, "squeeze": np.squeeze,
}  # fmt: skip


def of_seed(seed: int) -> Mapping[str, Function]:
    """Random numbers, drawn by NumPy from this seed."""
    rng = np.random.default_rng([seed, 0])

    def sized(size: Any) -> Any:
        return () if size is None else size

    def weighted(p: Any, n: int = 1, replacement: bool = False) -> Any:
        rows = [
            rng.choice(p.shape[-1], n, replacement, row / row.sum()) for row in np.atleast_2d(p)
        ]
        return np.array(rows).reshape((*p.shape[:-1], n))

    def mixed(a: Any) -> Any:
        return a[rng.permutation(len(a))] if np.ndim(a) else rng.permutation(a)

    def between(low: int, high: Any = None, size: Any = None) -> Any:
        low, high = (0, low) if high is None else (low, high)
        return rng.integers(low, high, sized(size))

    def dropped(a: Any, p: float = 0.5, training: bool = True) -> Any:
        return a * (rng.random(a.shape) >= p) / (1 - p) if training else a

    return {
        "randn": lambda *s: rng.standard_normal(shape_of(s)), "rand": lambda *s: rng.random(shape_of(s)),
        "normal": lambda m=0.0, s=1.0, size=None: m + s * rng.standard_normal(sized(size)),
        "uniform": lambda m=0.0, s=1.0, size=None: m + (s - m) * rng.random(sized(size)),
        "randint": between, "choice": lambda a, size=None, replace=True, p=None: rng.choice(a, size, replace, p),
        "permutation": mixed, "shuffle": mixed, "binomial": lambda n, p, size=None: rng.binomial(n, p, size),
        "multinomial": lambda n, p, size=None: rng.multinomial(n, p, size), "multinomial_rows": weighted,
        "multivariate_normal": lambda m, c, n: m + rng.multivariate_normal(np.zeros(2), c, n),
        "bernoulli": lambda p: (rng.random(p.shape) < p) * 1.0, "exponential": lambda s, size: rng.exponential(s, size),
        "poisson": lambda s, size: rng.poisson(s, size), "beta": lambda a, b, size: rng.beta(a, b, size),
        "random_gamma": lambda a, b, size: rng.gamma(a, b, size), "laplace": lambda a, b, size: rng.laplace(a, b, size),
        "seed": lambda a: None, "generator": lambda a: SimpleNamespace(), "randn_like": lambda a: rng.standard_normal(a.shape),
        "rand_like": lambda a: rng.random(a.shape), "normal_like": lambda a, m=0.0, s=1.0: m + s * rng.standard_normal(a.shape),
        "uniform_like": lambda a, m=0.0, s=1.0: m + (s - m) * rng.random(a.shape), "of_zero_and_one": rng.random,
        "between": lambda a, b: rng.integers(a, b, endpoint=True), "one_of": lambda a: a[rng.integers(0, len(a))],
        "some_of": lambda a, n: [a[k] for k in rng.permutation(len(a))[:n]], "dropout": dropped,
    }  # fmt: skip
