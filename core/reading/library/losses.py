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
