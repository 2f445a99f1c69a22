"""Functions in Python whose loops fill something entry by entry, and a naive convolution."""

from __future__ import annotations

CONVOLUTION = """
import numpy as np
def f(x, w, b, stride=1, pad=1):
    N, C, H, W = x.shape
    F, _, HH, WW = w.shape
    xp = np.pad(x, ((0, 0), (0, 0), (pad, pad), (pad, pad)), mode="constant")
    Ho, Wo = 1 + (H + 2 * pad - HH) // stride, 1 + (W + 2 * pad - WW) // stride
    out = np.zeros((N, F, Ho, Wo))
    for n in range(N):
        for k in range(F):
            for i in range(Ho):
                for j in range(Wo):
                    window = xp[n, :, i * stride:i * stride + HH, j * stride:j * stride + WW]
                    out[n, k, i, j] = np.sum(window * w[k]) + b[k]
    return (out ** 2).sum()
"""
FILLS = {
    "entries of a vector": "    out = np.zeros(n)\n    for i in range(n): out[i] = x * i\n    return out.sum()",
    "entries of a matrix": "    out = np.zeros((n // 50, 50))\n    for i in range(n // 50):\n        for j in range(50): out[i, j] = x * i + j\n    return out.sum()",
    "through a view": "    out = np.zeros((50, n // 50))\n    flat = out.reshape(-1)\n    for i in range(n): flat[i] = x * i\n    return out.T.sum()",
    "with +=": "    out = np.zeros(n)\n    for i in range(n): out[i % 100] += x * i\n    return out.sum()",
    "a list": "    out = []\n    for i in range(n): out.append(x * i)\n    return np.array(out).sum()",
    "a dict": "    out = {}\n    for i in range(n): out[i] = x * i\n    return sum(out.values())",
    "from the entry before": "    out = np.zeros(n)\n    out[0] = x\n    for i in range(1, n): out[i] = 0.5 * out[i - 1] + x\n    return out[-1]",
    "np.add.at": "    out = np.zeros(n)\n    for i in range(n): np.add.at(out, [i], x * i)\n    return out.sum()",
    "np.put": "    out = np.zeros(n)\n    for i in range(n): np.put(out, [i], x * i)\n    return out.sum()",
    "rows of a matrix": "    out = np.zeros((n // 50, 50))\n    for i in range(n // 50): out[i] = x * np.arange(50.0)\n    return out.sum()",
    "lists of lists": "    out = [[0.0] * 50 for _ in range(n // 50)]\n    for i in range(n // 50):\n        for j in range(50): out[i][j] = x * i + j\n    return np.array(out).sum()",
    "np.nditer": "    out = np.zeros((n // 50, 50))\n    it = np.nditer(out, flags=['multi_index'])\n    while not it.finished:\n        out[it.multi_index] = x * it.multi_index[0]\n        it.iternext()\n    return out.sum()",
    "np.ndindex": "    out = np.zeros((n // 50, 50))\n    for at in np.ndindex(*out.shape): out[at] = x * at[1]\n    return out.sum()",
    "an object": "    box = Box(n)\n    for i in range(n): box.put(i, x * i)\n    return box.out.sum()",
    "a generator": "    def each():\n        for i in range(n): yield x * i\n    return np.array(list(each())).sum()",
    "slices of PyTorch": "    out = torch.zeros(n)\n    for i in range(n): out[i:i + 1].fill_(x * i)\n    return out.sum()",
    "zip and enumerate": "    out = np.zeros(n)\n    for i, (a, b) in enumerate(zip(range(n), out)): out[i] = x * a + b\n    return out.sum()",
}
HEAD = """
import numpy as np
class Box:
    def __init__(self, n): self.out = np.zeros(n)
    def put(self, i, value): self.out[i] = value
"""


def program(name: str, size: int) -> str:
    torch = "import torch\n" if "torch" in FILLS[name] else ""
    return f"{torch}{HEAD}def f(x, n={size}):\n{FILLS[name]}\n"
