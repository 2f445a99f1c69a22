"""Layers of networks that PyTorch has as functions."""

from __future__ import annotations

from typing import Any

from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.making import made
from backprop.reading.library.products import product
from backprop.reading.library.reducing import vector_norm
from backprop.reading.library.shaping import swapaxes
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array
from backprop.reading.values import plain_number


@known
def linear(m: Machine, a: Any, weight: Any, bias: Any = None) -> Any:
    turned = m.array(weight)
    across = m.permuted(turned, tuple(range(len(turned.shape)))[::-1])
    found = product(m, a, across)
    return found if bias is None else m.binary("add", found, bias)


@known
def embedding(m: Machine, a: Any, weight: Any) -> Any:
    return indexing.taken(m, m.array(weight), m.array(a))


@known
def layer_norm(
    m: Machine, a: Any, shape: Any, weight: Any = None, bias: Any = None, eps: Any = 1e-5
) -> Any:
    array = m.array(a)
    axes = tuple(range(-len(m.shape([shape])), 0))
    apart = m.binary("sub", array, m.reduce("mean", array, axes, True))
    spread = m.binary("add", m.reduce("var", array, axes, True), eps)
    found = m.binary("div", apart, m.apply("sqrt", spread))
    found = found if weight is None else m.binary("mul", found, weight)
    return found if bias is None else m.binary("add", found, bias)


@known
def normalize(m: Machine, a: Any, p: Any = 2.0, axis: Any = 1, eps: Any = 1e-12) -> Any:
    size = vector_norm(m, a, p, axis, True)
    return m.binary("div", m.array(a), m.apply("max", size, m.numeric(eps)))


@known
def cosine_similarity(m: Machine, a: Any, b: Any, axis: Any = 1, eps: Any = 1e-8) -> Any:
    one, other = m.array(a), m.array(b)
    inner = m.reduce("sum", m.binary("mul", one, other), axis)
    sizes = [m.apply("max", m.reduce("norm", part, axis), m.numeric(eps)) for part in (one, other)]
    return m.binary("div", inner, m.binary("mul", *sizes))


@known
def attention(
    m: Machine, a: Any, b: Any, value: Any, mask: Any = None, dropout_p: Any = 0.0,
    is_causal: Any = False, scale: Any = None,
) -> Any:  # fmt: skip
    """Queries, keys, values: scaled_dot_product_attention."""
    import numpy as np

    query, key = m.array(a), m.array(b)
    if plain_number(dropout_p):
        raise UnreadError("attention with dropout can't be read")
    factor = query.shape[-1] ** -0.5 if scale is None else scale
    scores = m.binary("mul", m.array(product(m, query, swapaxes(m, key, -1, -2))), factor)
    if is_causal:
        mask = Array.new(np.tril(np.ones((query.shape[-2], key.shape[-2]))) != 0)
    if mask is not None:
        found = m.array(mask)
        scores = (
            m.apply("where", found, scores, -np.inf) if found.cells.dtype == bool
            else m.binary("add", scores, found)
        )  # fmt: skip
    return product(m, m.reduce("softmax", scores, -1), value)


@known
def jax_attention(
    m: Machine, a: Any, b: Any, value: Any, bias: Any = None, mask: Any = None, scale: Any = None,
    is_causal: Any = False,
) -> Any:  # fmt: skip
    """dot_product_attention of jax.nn: heads stand after the places of a sequence."""
    if bias is not None:
        raise UnreadError("attention with a bias can't be read", "give it as the mask of PyTorch's")
    heads = [swapaxes(m, part, -3, -2) for part in (a, b, value)]
    found = attention(m, *heads, mask=mask, is_causal=is_causal, scale=scale)
    return swapaxes(m, found, -3, -2)


@known
def dropout(m: Machine, a: Any, p: Any = 0.5, training: Any = True) -> Any:
    """Some entries are 0, the others are larger: by a mask from the seed."""
    array, part = m.numeric(a), float(m.worth(m.numeric(p)))
    if not training or not part:
        return array
    if part >= 1:
        return m.binary("mul", array, 0.0)
    shape = array.shape if isinstance(array, Array) else ()
    m.recorder.budget.room(shape)
    keep = (m.random.random(shape) >= part) / (1 - part)
    return m.binary("mul", array, made(m, keep))
