"""NumPy under the names that PyTorch gives to a few operations."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import numpy as np


class Tensor(np.ndarray[Any, Any]):
    def sum(self, axis: Any = None, keepdim: bool = False) -> Any:  # type: ignore[override]
        return tensor(np.sum(np.asarray(self), axis=axis, keepdims=keepdim))

    def max(self, axis: Any = None, keepdim: bool = False) -> Any:  # type: ignore[override]
        return SimpleNamespace(values=tensor(np.max(np.asarray(self), axis=axis, keepdims=keepdim)))

    def exp(self) -> Any:
        return np.exp(self)

    def log(self) -> Any:
        return np.log(self)

    def clone(self) -> Any:
        return self.copy()

    def view(self, *shape: Any) -> Any:  # type: ignore[override]
        first = shape[0]
        return super().view(first) if isinstance(first, type) else self.reshape(*shape)


def tensor(value: Any) -> Any:
    return np.asarray(value).view(Tensor)


def total(value: Any, dim: Any = None, keepdim: bool = False) -> Any:
    return tensor(value).sum(dim, keepdim)


TORCH = SimpleNamespace(tanh=np.tanh, zeros_like=np.zeros_like, ones_like=np.ones_like, sum=total)
