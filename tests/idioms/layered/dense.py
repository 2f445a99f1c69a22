import numpy as np

from .base import Layer
from .functional import sigmoid


class Dense(Layer):
    def __init__(self, W, b):
        super().__init__()
        self.params["W"] = W
        self.params["b"] = b

    def forward(self, x):
        self.cache = x
        return x @ self.params["W"] + self.params["b"]

    def backward(self, dout):
        x = self.cache
        self.grads["W"] = x.T @ dout
        self.grads["b"] = dout.sum(axis=0)
        return dout @ self.params["W"].T


class DenseRelu(Dense):
    """A dense layer with a relu behind it."""

    def forward(self, x):
        z = super().forward(x)
        self.mask = z > 0
        return z * self.mask

    def backward(self, dout):
        dz = dout * self.mask
        return super().backward(dz)


class Gated(Layer):
    """A product of two dense layers, one of them squashed."""

    def __init__(self, n_in, n_out, scale=0.5):
        super().__init__()
        self.value = Dense(scale * np.random.randn(n_in, n_out), np.zeros(n_out))
        self.gate = Dense(scale * np.random.randn(n_in, n_out), np.zeros(n_out))

    def forward(self, x):
        self.v = self.value(x)
        self.g = sigmoid(self.gate(x))
        return self.v * self.g

    def backward(self, dout):
        dv = dout * self.g
        dg = dout * self.v
        dz = dg * self.g * (1 - self.g)
        dx = self.value.backward(dv)
        dx = dx + self.gate.backward(dz)
        return dx


class Lazy:
    """Weights are made when the size of the input is known."""

    def __init__(self, n_out):
        self.n_out = n_out
        self.weights = None
        self.dweights = None
        self.dinputs = None

    def forward(self, inputs):
        if self.weights is None:
            self.weights = 0.3 * np.random.randn(inputs.shape[1], self.n_out)
        self.inputs = inputs
        self.output = np.dot(inputs, self.weights)
        return self.output

    def backward(self, dvalues):
        self.dweights = np.dot(self.inputs.T, dvalues)
        self.dinputs = np.dot(dvalues, self.weights.T)


class Embedding:
    def __init__(self, W):
        self.params = [W]
        self.grads = [np.zeros_like(W)]
        self.idx = None

    def forward(self, idx):
        (W,) = self.params
        self.idx = idx
        return W[idx]

    def backward(self, dout):
        (dW,) = self.grads
        dW[...] = 0
        np.add.at(dW, self.idx, dout)
        return None
