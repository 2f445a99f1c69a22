import numpy as np

from .functional import sigmoid, softmax


class Relu:
    def forward(self, x):
        self.mask = x <= 0
        out = x.copy()
        out[self.mask] = 0
        return out

    def backward(self, dout):
        dx = dout.copy()
        dx[self.mask] = 0
        return dx


class Leaky:
    def __init__(self, slope=0.1):
        self.slope = slope

    def fprop(self, x):
        self.x = x
        return np.where(x > 0, x, self.slope * x)

    def bprop(self, grad):
        return np.where(self.x > 0, grad, self.slope * grad)


class Sigmoid:
    def __call__(self, x):
        return sigmoid(x)

    def gradient(self, x):
        s = self.__call__(x)
        return s * (1 - s)


class Swish:
    def __init__(self, beta=1.5):
        self.beta = beta

    def fn(self, z):
        return z * sigmoid(self.beta * z)

    def grad(self, z):
        s = sigmoid(self.beta * z)
        return s + self.beta * z * s * (1 - s)


class Softmax:
    def forward(self, x):
        self.out = softmax(x)
        return self.out

    def backward(self, dout):
        dx = self.out * dout
        total = dx.sum(axis=-1, keepdims=True)
        dx -= self.out * total
        return dx
