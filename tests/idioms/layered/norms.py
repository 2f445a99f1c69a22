import numpy as np

from .base import Layer
from .functional import EPS


class BatchNorm(Layer):
    def __init__(self, gamma, beta, momentum=0.9):
        super().__init__()
        self.gamma, self.beta = gamma, beta
        self.momentum = momentum
        self.running_mean = None
        self.running_var = None

    def forward(self, x, training=True):
        if self.running_mean is None:
            self.running_mean = np.zeros(x.shape[1])
            self.running_var = np.ones(x.shape[1])
        if not training:
            return self.gamma * (x - self.running_mean) / np.sqrt(self.running_var + EPS) + self.beta
        mu = x.mean(axis=0)
        self.xc = x - mu
        var = (self.xc**2).mean(axis=0)
        self.std = np.sqrt(var + EPS)
        self.xn = self.xc / self.std
        self.running_mean = self.momentum * self.running_mean + (1 - self.momentum) * mu
        self.running_var = self.momentum * self.running_var + (1 - self.momentum) * var
        return self.gamma * self.xn + self.beta

    def backward(self, dout):
        n = dout.shape[0]
        self.dbeta = dout.sum(axis=0)
        self.dgamma = (self.xn * dout).sum(axis=0)
        dxn = self.gamma * dout
        dxc = dxn / self.std
        dstd = -np.sum(dxn * self.xc / self.std**2, axis=0)
        dvar = 0.5 * dstd / self.std
        dxc += (2.0 / n) * self.xc * dvar
        dmu = dxc.sum(axis=0)
        return dxc - dmu / n


class LayerNorm(Layer):
    def __init__(self, gain, shift):
        super().__init__()
        self.gain, self.shift = gain, shift

    def forward(self, x):
        mean = np.mean(x, axis=1, keepdims=True)
        var = np.mean((x - mean) ** 2, axis=1, keepdims=True)
        self.inv = 1.0 / np.sqrt(var + EPS)
        self.xhat = (x - mean) * self.inv
        return self.xhat * self.gain + self.shift

    def backward(self, dout):
        self.grad_gain = np.sum(dout * self.xhat, axis=0)
        self.grad_shift = np.sum(dout, axis=0)
        dxhat = dout * self.gain
        m1 = np.mean(dxhat, axis=1, keepdims=True)
        m2 = np.mean(dxhat * self.xhat, axis=1, keepdims=True)
        return (dxhat - m1 - self.xhat * m2) * self.inv


class RmsNorm(Layer):
    def __init__(self, g):
        super().__init__()
        self.g = g

    def forward(self, x):
        self.x = x
        self.rms = np.sqrt(np.mean(x * x, axis=-1, keepdims=True) + EPS)
        return self.g * x / self.rms

    def backward(self, dout):
        d = dout.shape[-1]
        self.g_grad = np.sum(dout * self.x / self.rms, axis=0)
        dn = dout * self.g
        inner = np.sum(dn * self.x, axis=-1, keepdims=True)
        return dn / self.rms - self.x * inner / (d * self.rms**3)
