"""Programs to begin with, each with values that show something."""

from __future__ import annotations

from typing import Any

STAGED = """\
sigy = 1.0 / (1 + exp(-y))
num = x + sigy
sigx = 1.0 / (1 + exp(-x))
xpy = x + y
xpysqr = xpy**2
den = sigx + xpysqr
invden = 1.0 / den
f = num * invden"""
NETWORK = """\
h = tanh(W1 @ x + b1)
s = W2 @ h + b2
p = softmax(s)
loss = -log(p[1])"""
LOOP = """\
def loss(w, b, x=0.5, t=1.0):
    h = x
    for _ in range(3):
        h = w * h + b
        if h > 0:
            h = h / (1 + h)
    return (h - t) ** 2"""
LAYERS = """\
layer(u, w) = tanh(u*w + 1)
a = layer(x, w1)
b = layer(a, w2)
(b - t)**2"""
EXAMPLES: list[tuple[str, str, dict[str, Any]]] = [
    ("A sum and a product", "(x+y)*z", {"x": -2, "y": 5, "z": -4}),
    ("A neuron", "1/(1+exp(-(w0*x0+w1*x1+w2)))",
     {"w0": 2, "x0": -1, "w1": -3, "x1": -2, "w2": -3}),
    ("Staged by hand", STAGED, {"x": 3, "y": -4}),
    ("Add, multiply, max", "2*(x*y + max(z, w))", {"x": 3, "y": -4, "z": 2, "w": -1}),
    ("Gradients add up at a fork", "s = x*y\nsin(s)*s + x", {"x": 1.5, "y": -0.5}),
    ("Shopping", "y = apples*price\nz = (1 - off)*y", {"apples": 2, "price": 5, "off": 0.1}),
    ("Functions as boxes", LAYERS, {"x": 1, "w1": 0.5, "w2": -2, "t": 0.5}),
    ("A valley to descend", "(1 - x)**2 + 5*(y - x**2)**2", {"x": -1.2, "y": 1}),
    ("A product of matrices", "D = W @ X\nsum(D * D)",
     {"W": "[[1, 2], [3, -4], [0.5, 1]]", "X": "[[1, 2, 0.3, 4], [-1, 2, 0.5, 0.1]]"}),
    ("A network with softmax", NETWORK,
     {"x": "[1, -2]", "W1": "[[0.5, -0.3], [0.8, 0.2], [-0.4, 0.9]]", "b1": "[0.1, 0, -0.1]",
      "W2": "[[1, -1, 0.5], [0.3, 0.7, -0.6]]", "b2": "[0, 0.2]"}),
    ("Python with a loop", LOOP, {"w": 0.7, "b": 0.2, "x": 0.5, "t": 1}),
]  # fmt: skip
