"""Layers, each with what its forward pass keeps and a backward pass that uses it."""

import numpy as np


def affine_forward(x, w, b):
    N = x.shape[0]
    flat = x.reshape(N, -1)
    out = flat.dot(w) + b
    cache = (x, w, b)
    return out, cache


def affine_backward(dout, cache):
    x, w, b = cache
    N = x.shape[0]
    dx = dout.dot(w.T).reshape(x.shape)
    dw = x.reshape(N, -1).T.dot(dout)
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu_forward(x):
    out = np.maximum(0, x)
    return out, x


def relu_backward(dout, cache):
    x = cache
    dx = dout * (x > 0)
    return dx


def rectified(x):
    return np.maximum(x, 0)


def rectified_back(dout, x):
    dx = np.array(dout, copy=True)
    dx[x <= 0] = 0
    return dx


def leaky_forward(x, slope=0.1):
    mask = np.where(x > 0, 1.0, slope)
    out = x * mask
    return out, mask


def leaky_backward(dout, mask):
    return dout * mask


def dropout_forward(x, mask, keep=0.8):
    scaled = mask / keep
    out = x * scaled
    return out, (scaled, keep)


def dropout_backward(dout, cache):
    scaled, keep = cache
    dx = dout * scaled
    return dx


def sandwich_forward(x, w, b, mask, keep=0.5):
    a = x @ w + b
    h = np.maximum(0, a)
    out = h * mask / keep
    return out, (x, w, a, h)


def sandwich_backward(dout, cache, mask, keep=0.5):
    x, w, a, h = cache
    dh = dout * mask / keep
    da = dh.copy()
    da[a <= 0] = 0
    dx = da @ w.T
    dw = x.T @ da
    db = da.sum(0)
    return dx, dw, db


def sigmoid_forward(x):
    s = 1 / (1 + np.exp(-x))
    return s, {"s": s}


def sigmoid_backward(grad_output, cache):
    s = cache["s"]
    grad_x = grad_output * s * (1 - s)
    return grad_x


def softplus_forward(x):
    return np.log(1 + np.exp(x))


def softplus_backward(x, grad_out):
    grad_x = grad_out / (1 + np.exp(-x))
    return grad_x


def gelu_forward(x):
    c = np.sqrt(2 / np.pi)
    u = c * (x + 0.044715 * x**3)
    t = np.tanh(u)
    return 0.5 * x * (1 + t), (t, c)


def gelu_backward(dout, x, cache):
    t, c = cache
    du = c * (1 + 3 * 0.044715 * x**2)
    local = 0.5 * (1 + t) + 0.5 * x * (1 - t**2) * du
    dx = dout * local
    return dx
