"""Losses of PyTorch."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.reading import indexing
from backprop.reading.library.table import known
from backprop.reading.machine import Machine
from backprop.reading.memory import Array


def averaged(m: Machine, each: Any, reduction: Any) -> Any:
    if reduction == "none":
        return each
    return m.reduce("sum" if reduction == "sum" else "mean", each)


@known
def mse_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    return averaged(m, m.apply("square", m.binary("sub", m.numeric(a), m.numeric(b))), reduction)


@known
def cross_entropy(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    scores = m.array(a)
    axis = 1 if len(scores.shape) > 1 else 0
    return nll_loss(m, m.reduce("log_softmax", scores, axis), b, reduction)


@known
def nll_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    logs, targets = m.array(a), m.numeric(b)
    if isinstance(targets, Array) and targets.shape == logs.shape and len(logs.shape) > 1:
        each = m.apply("neg", m.reduce("sum", m.binary("mul", logs, targets), 1))
        return averaged(m, each, reduction)
    if len(logs.shape) == 1:
        return m.apply("neg", indexing.taken(m, logs, (targets,)))
    rows = Array.new(np.arange(logs.shape[0]))
    return averaged(m, m.apply("neg", indexing.taken(m, logs, (rows, targets))), reduction)


@known
def binary_cross_entropy(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    p, y = m.numeric(a), m.numeric(b)
    yes = m.binary("mul", y, m.apply("log", p))
    rest = m.apply("log", m.binary("sub", 1, p))
    no = m.binary("mul", m.binary("sub", 1, y), rest)
    return averaged(m, m.apply("neg", m.binary("add", yes, no)), reduction)


@known
def bce_with_logits(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    z, y = m.numeric(a), m.numeric(b)
    return averaged(m, m.binary("sub", m.apply("softplus", z), m.binary("mul", z, y)), reduction)


@known
def l1_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean") -> Any:
    return averaged(m, m.apply("abs", m.binary("sub", m.numeric(a), m.numeric(b))), reduction)


@known
def huber_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean", delta: Any = 1.0) -> Any:
    """A parabola near 0, straight lines further off."""
    apart = m.apply("abs", m.binary("sub", m.numeric(a), m.numeric(b)))
    near = m.apply("mul", 0.5, m.apply("square", apart))
    far = m.apply("mul", delta, m.apply("sub", apart, m.binary("mul", 0.5, delta)))
    return averaged(m, m.apply("where", m.apply("le", apart, delta), near, far), reduction)


@known
def smooth_l1_loss(m: Machine, a: Any, b: Any, reduction: Any = "mean", beta: Any = 1.0) -> Any:
    return m.binary("div", huber_loss(m, a, b, reduction, beta), beta)


@known
def kl_div(m: Machine, a: Any, b: Any, reduction: Any = "mean", log_target: Any = False) -> Any:
    """Of logarithms of probabilities, against probabilities or their logarithms."""
    logs, target = m.numeric(a), m.numeric(b)
    if log_target:
        each = m.binary("mul", m.apply("exp", target), m.binary("sub", target, logs))
    else:
        each = m.binary("sub", m.apply("xlogy", target, target), m.binary("mul", target, logs))
    if reduction == "batchmean":
        return m.binary("div", m.reduce("sum", each), m.array(logs).shape[0])
    return averaged(m, each, reduction)
