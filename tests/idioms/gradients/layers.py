import numpy as np


def affine(x, w, b):
    return x @ w + b


def affine_backward(dout, x, w, b):
    dx = dout @ w.T
    dw = x.T @ dout
    db = np.sum(dout, axis=0)
    return dx, dw, db


def relu(x):
    return np.maximum(x, 0.0)


def relu_backward(dout, x):
    mask = x > 0
    dx = dout * mask
    return dx


def leaky_relu(x):
    return np.where(x > 0, x, 0.1 * x)


def leaky_relu_backward(dout, x):
    slope = np.where(x > 0, 1.0, 0.1)
    dx = dout * slope
    return dx


def elu(x):
    return np.where(x > 0, x, 2.0 * (np.exp(np.minimum(x, 0.0)) - 1.0))


def elu_backward(dout, x):
    slope = np.where(x > 0, 1.0, 2.0 * np.exp(np.minimum(x, 0.0)))
    dx = dout * slope
    return dx


def sigmoid(x):
    return 1.0 / (1.0 + np.exp(-x))


def sigmoid_backward(dout, x):
    s = 1.0 / (1.0 + np.exp(-x))
    dx = dout * s * (1.0 - s)
    return dx


def tanh(x):
    return np.tanh(x)


def tanh_backward(dout, x):
    t = np.tanh(x)
    dx = dout * (1.0 - t * t)
    return dx


def softplus(x):
    return np.log1p(np.exp(-np.abs(x))) + np.maximum(x, 0.0)


def softplus_backward(dout, x):
    s = 1.0 / (1.0 + np.exp(-x))
    dx = dout * s
    return dx


def silu(x):
    return x / (1.0 + np.exp(-x))


def silu_backward(dout, x):
    s = 1.0 / (1.0 + np.exp(-x))
    dx = dout * (s + x * s * (1.0 - s))
    return dx


def gelu(x):
    return 0.5 * x * (1.0 + np.tanh(0.7978845608028654 * (x + 0.044715 * x**3)))


def gelu_backward(dout, x):
    t = np.tanh(0.7978845608028654 * (x + 0.044715 * x**3))
    inner = 0.7978845608028654 * (1.0 + 0.134145 * x**2)
    dx = dout * (0.5 * (1.0 + t) + 0.5 * x * (1.0 - t * t) * inner)
    return dx


def softmax(x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    return e / np.sum(e, axis=1, keepdims=True)


def softmax_backward(dout, x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    total = np.sum(dout * p, axis=1, keepdims=True)
    dx = p * (dout - total)
    return dx


def log_softmax(x):
    shifted = x - np.max(x, axis=1, keepdims=True)
    return shifted - np.log(np.sum(np.exp(shifted), axis=1, keepdims=True))


def log_softmax_backward(dout, x):
    e = np.exp(x - np.max(x, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    total = np.sum(dout, axis=1, keepdims=True)
    dx = dout - p * total
    return dx


def layer_norm(x, gamma, beta):
    mean = np.mean(x, axis=1, keepdims=True)
    var = np.mean((x - mean) ** 2, axis=1, keepdims=True)
    return gamma * (x - mean) / np.sqrt(var + 1e-5) + beta


def layer_norm_backward(dout, x, gamma, beta):
    n = x.shape[1]
    mean = np.mean(x, axis=1, keepdims=True)
    var = np.mean((x - mean) ** 2, axis=1, keepdims=True)
    inv = 1.0 / np.sqrt(var + 1e-5)
    norm = (x - mean) * inv
    dnorm = dout * gamma
    shift = np.sum(dnorm, axis=1, keepdims=True)
    stretch = np.sum(dnorm * norm, axis=1, keepdims=True)
    dx = inv / n * (n * dnorm - shift - norm * stretch)
    dgamma = np.sum(dout * norm, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dx, dgamma, dbeta


def batch_norm(x, gamma, beta):
    mean = np.mean(x, axis=0)
    var = np.mean((x - mean) ** 2, axis=0)
    return gamma * (x - mean) / np.sqrt(var + 1e-5) + beta


def batch_norm_backward(dout, x, gamma, beta):
    m = x.shape[0]
    mean = np.mean(x, axis=0)
    var = np.mean((x - mean) ** 2, axis=0)
    inv = 1.0 / np.sqrt(var + 1e-5)
    norm = (x - mean) * inv
    dnorm = dout * gamma
    shift = np.sum(dnorm, axis=0)
    stretch = np.sum(dnorm * norm, axis=0)
    dx = inv / m * (m * dnorm - shift - norm * stretch)
    dgamma = np.sum(dout * norm, axis=0)
    dbeta = np.sum(dout, axis=0)
    return dx, dgamma, dbeta


def rms_norm(x, gamma):
    inv = 1.0 / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-6)
    return x * inv * gamma


def rms_norm_backward(dout, x, gamma):
    inv = 1.0 / np.sqrt(np.mean(x**2, axis=1, keepdims=True) + 1e-6)
    dnorm = dout * gamma
    along = np.mean(dnorm * x, axis=1, keepdims=True)
    dx = inv * dnorm - inv**3 * x * along
    dgamma = np.sum(dout * x * inv, axis=0)
    return dx, dgamma


def squared_error(x, w):
    return np.mean((x - w) ** 2)


def squared_error_backward(dout, x, w):
    dx = dout * 2.0 * (x - w) / x.size
    dw = -dx
    return dx, dw


def absolute_error(x, w):
    return np.sum(np.abs(x - w), axis=0)


def absolute_error_backward(dout, x, w):
    side = np.where(x > w, 1.0, -1.0)
    dx = dout * side
    dw = -np.sum(dx, axis=0)
    return dx, dw


def huber(x):
    return np.where(np.abs(x) <= 1.0, 0.5 * x**2, np.abs(x) - 0.5)


def huber_backward(dout, x):
    inside = np.abs(x) <= 1.0
    dx = dout * np.where(inside, x, np.sign(x))
    return dx


def hinge(x, w):
    margin = 1.0 - x @ w
    return np.maximum(margin, 0.0)


def hinge_backward(dout, x, w):
    margin = 1.0 - x @ w
    dmargin = dout * (margin > 0)
    dx = -dmargin @ w.T
    dw = -x.T @ dmargin
    return dx, dw


def clipped(x, w):
    ratio = x * w
    return np.minimum(np.maximum(ratio, -1.5), 1.5)


def clipped_backward(dout, x, w):
    ratio = x * w
    inside = (ratio > -1.5) & (ratio < 1.5)
    dratio = dout * inside
    dx = dratio * w
    dw = np.sum(dratio * x, axis=0)
    return dx, dw


def attention(x, w, v):
    scores = x @ w @ x.T
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    return p @ v


def attention_backward(dout, x, w, v):
    scores = x @ w @ x.T
    e = np.exp(scores - np.max(scores, axis=1, keepdims=True))
    p = e / np.sum(e, axis=1, keepdims=True)
    dv = p.T @ dout
    dp = dout @ v.T
    total = np.sum(dp * p, axis=1, keepdims=True)
    dscores = p * (dp - total)
    dx = dscores @ x @ w.T + dscores.T @ x @ w
    dw = x.T @ dscores @ x
    return dx, dw, dv
