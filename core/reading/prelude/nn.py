"""Modules of torch.nn. Weights are drawn evenly, by the size of the input, as in PyTorch."""

import math
from typing import Any

import numpy as np


def Parameter(data: Any, requires_grad: bool = True) -> Any:  # noqa: N802
    return data


class Module:
    """What all modules have."""

    training: Any = True
    _buffers: Any = ()

    def __call__(self, *fed: Any, **named: Any) -> Any:
        return self.forward(*fed, **named)

    def forward(self, *fed: Any) -> Any:
        raise NotImplementedError("this module has no forward pass")

    def register_buffer(self, name: Any, value: Any, persistent: Any = True) -> None:
        self._buffers = (*self._buffers, name)
        setattr(self, name, value)

    def register_parameter(self, name: Any, value: Any) -> None:
        setattr(self, name, value)

    def train(self, mode: Any = True) -> Any:
        self.training = mode
        return self

    def eval(self) -> Any:
        self.training = False
        return self

    def to(self, *kinds: Any, **named: Any) -> Any:
        return self

    def apply(self, function: Any) -> Any:
        return self


def drawn(bound: Any, *shape: Any) -> Any:
    return (2 * np.random.rand(*shape) - 1) * bound


class Linear(Module):
    def __init__(self, in_features: Any, out_features: Any, bias: Any = True, **more: Any) -> None:
        bound = 1 / math.sqrt(in_features)
        self.weight = drawn(bound, out_features, in_features)
        self.bias = drawn(bound, out_features) if bias else None

    def forward(self, x: Any) -> Any:
        out = x @ self.weight.T
        return out if self.bias is None else out + self.bias


def pair(value: Any, count: Any) -> Any:
    return (value,) * count if isinstance(value, int) else tuple(value)


def windows(x: Any, size: Any, stride: Any, padding: Any, filling: Any = 0.0) -> Any:
    """Every window over the last axes, which stand at the end then."""
    ends = [(0, 0)] * (x.ndim - len(size)) + [(one, one) for one in padding]
    wide = np.pad(x, ends, constant_values=filling)
    axes = tuple(range(x.ndim - len(size), x.ndim))
    found = np.lib.stride_tricks.sliding_window_view(wide, size, axes)
    if len(size) == 1:
        return found[..., :: stride[0], :]
    return found[..., :: stride[0], :: stride[1], :, :]


class Convolution(Module):
    axes: Any = 2
    text: Any = "nchwkl,fckl->nfhw"

    def __init__(
        self,
        in_channels: Any,
        out_channels: Any,
        kernel_size: Any,
        stride: Any = 1,
        padding: Any = 0,
        dilation: Any = 1,
        groups: Any = 1,
        bias: Any = True,
        **more: Any,
    ) -> None:
        if dilation != 1 or groups != 1:
            raise NotImplementedError(
                "convolutions with dilation or groups can't be read as classes"
            )
        self.kernel_size = pair(kernel_size, self.axes)
        self.stride, self.padding = pair(stride, self.axes), pair(padding, self.axes)
        bound = 1 / math.sqrt(in_channels * math.prod(self.kernel_size))
        self.weight = drawn(bound, out_channels, in_channels, *self.kernel_size)
        self.bias = drawn(bound, out_channels) if bias else None

    def forward(self, x: Any) -> Any:
        parts = windows(x, self.kernel_size, self.stride, self.padding)
        out = np.einsum(self.text, parts, self.weight)
        if self.bias is None:
            return out
        return out + self.bias.reshape((-1,) + (1,) * self.axes)


class Conv1d(Convolution):
    axes = 1
    text = "nchk,fck->nfh"


class Conv2d(Convolution):
    pass


class Pool(Module):
    axes: Any = 2
    largest: Any = True

    def __init__(self, kernel_size: Any, stride: Any = None, padding: Any = 0) -> None:
        self.kernel_size = pair(kernel_size, self.axes)
        self.stride = self.kernel_size if stride is None else pair(stride, self.axes)
        self.padding = pair(padding, self.axes)

    def forward(self, x: Any) -> Any:
        filling = -math.inf if self.largest else 0.0
        parts = windows(x, self.kernel_size, self.stride, self.padding, filling)
        axes = tuple(range(-self.axes, 0))
        return np.max(parts, axis=axes) if self.largest else np.mean(parts, axis=axes)


class MaxPool1d(Pool):
    axes = 1


class MaxPool2d(Pool):
    pass


class AvgPool1d(Pool):
    axes = 1
    largest = False


class AvgPool2d(Pool):
    largest = False


class Embedding(Module):
    def __init__(self, num_embeddings: Any, embedding_dim: Any, **more: Any) -> None:
        self.weight = np.random.randn(num_embeddings, embedding_dim)

    def forward(self, x: Any) -> Any:
        return self.weight[x]


class LayerNorm(Module):
    def __init__(
        self, normalized_shape: Any, eps: Any = 1e-5, elementwise_affine: Any = True, **more: Any
    ) -> None:
        self.eps = eps
        self.axes = 1 if isinstance(normalized_shape, int) else len(normalized_shape)
        self.weight = np.ones(normalized_shape) if elementwise_affine else None
        self.bias = np.zeros(normalized_shape) if elementwise_affine else None

    def forward(self, x: Any) -> Any:
        axes = tuple(range(-self.axes, 0))
        mean = np.mean(x, axis=axes, keepdims=True)
        var = np.mean((x - mean) ** 2, axis=axes, keepdims=True)
        out = (x - mean) / np.sqrt(var + self.eps)
        return out if self.weight is None else out * self.weight + self.bias


class BatchNorm1d(Module):
    def __init__(
        self,
        num_features: Any,
        eps: Any = 1e-5,
        momentum: Any = 0.1,
        affine: Any = True,
        **more: Any,
    ) -> None:
        self.eps = eps
        self.momentum = momentum
        self.weight = np.ones(num_features) if affine else None
        self.bias = np.zeros(num_features) if affine else None
        self.running_mean = np.zeros(num_features)
        self.running_var = np.ones(num_features)
        self._buffers = ("running_mean", "running_var")

    def forward(self, x: Any) -> Any:
        mean = self.running_mean
        var = self.running_var
        if self.training:
            mean = np.mean(x, axis=0)
            var = np.mean((x - mean) ** 2, axis=0)
        out = (x - mean) / np.sqrt(var + self.eps)
        return out if self.weight is None else out * self.weight + self.bias


class Dropout(Module):
    def __init__(self, p: Any = 0.5, inplace: Any = False) -> None:
        self.p = p

    def forward(self, x: Any) -> Any:
        if not self.training or self.p == 0:
            return x
        return x * ((np.random.rand(*x.shape) >= self.p) / (1 - self.p))


class Identity(Module):
    def __init__(self, *fed: Any, **named: Any) -> None:
        """Takes anything."""

    def forward(self, x: Any) -> Any:
        return x


class Flatten(Module):
    def forward(self, x: Any) -> Any:
        return x.reshape(x.shape[0], -1)


class ReLU(Module):
    def __init__(self, inplace: Any = False) -> None:
        """Writes nothing."""

    def forward(self, x: Any) -> Any:
        return np.maximum(x, 0)


class LeakyReLU(Module):
    def __init__(self, negative_slope: Any = 0.01, inplace: Any = False) -> None:
        self.negative_slope = negative_slope

    def forward(self, x: Any) -> Any:
        return np.where(x > 0, x, self.negative_slope * x)


class ELU(Module):
    def __init__(self, alpha: Any = 1.0, inplace: Any = False) -> None:
        self.alpha = alpha

    def forward(self, x: Any) -> Any:
        return np.where(x > 0, x, self.alpha * np.expm1(np.minimum(x, 0)))


class Sigmoid(Module):
    def forward(self, x: Any) -> Any:
        return 1 / (1 + np.exp(-x))


class Tanh(Module):
    def forward(self, x: Any) -> Any:
        return np.tanh(x)


class Softplus(Module):
    def forward(self, x: Any) -> Any:
        return np.logaddexp(0, x)


class SiLU(Module):
    def __init__(self, inplace: Any = False) -> None:
        """Writes nothing."""

    def forward(self, x: Any) -> Any:
        return x / (1 + np.exp(-x))


class Softmax(Module):
    def __init__(self, dim: Any = -1) -> None:
        self.dim = -1 if dim is None else dim

    def forward(self, x: Any) -> Any:
        e = np.exp(x - np.max(x, axis=self.dim, keepdims=True))
        return e / np.sum(e, axis=self.dim, keepdims=True)


class LogSoftmax(Module):
    def __init__(self, dim: Any = -1) -> None:
        self.dim = -1 if dim is None else dim

    def forward(self, x: Any) -> Any:
        shifted = x - np.max(x, axis=self.dim, keepdims=True)
        return shifted - np.log(np.sum(np.exp(shifted), axis=self.dim, keepdims=True))


class MSELoss(Module):
    def __init__(self, reduction: Any = "mean") -> None:
        self.reduction = reduction

    def forward(self, x: Any, y: Any) -> Any:
        found = (x - y) ** 2
        if self.reduction == "mean":
            return np.mean(found)
        return np.sum(found) if self.reduction == "sum" else found


class CrossEntropyLoss(Module):
    def __init__(self, reduction: Any = "mean") -> None:
        self.reduction = reduction

    def forward(self, x: Any, y: Any) -> Any:
        shifted = x - np.max(x, axis=1, keepdims=True)
        logs = shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))
        found = -logs[np.arange(x.shape[0]), y]
        if self.reduction == "mean":
            return np.mean(found)
        return np.sum(found) if self.reduction == "sum" else found


class Sequential(Module):
    def __init__(self, *layers: Any) -> None:
        self.layers = list(layers)

    def forward(self, x: Any) -> Any:
        for layer in self.layers:
            x = layer(x)
        return x

    def __getitem__(self, k: Any) -> Any:
        return self.layers[k]

    def __len__(self) -> int:
        return len(self.layers)


class ModuleList(Module):
    def __init__(self, layers: Any = ()) -> None:
        self.layers = list(layers)

    def append(self, layer: Any) -> None:
        self.layers.append(layer)

    def __getitem__(self, k: Any) -> Any:
        return self.layers[k]

    def __len__(self) -> int:
        return len(self.layers)
