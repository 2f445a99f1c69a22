"""Sources that would take all memory or all time, or reach for what is outside; each ends soon.

As a program it reads every one that is named, or all, and prints what became of it in JSON.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import textwrap
import time

import backprop
from backprop.reading.reader import read
from backprop.reading.source import parsed

BOMBS = {
    "list append": "l = []\nwhile True: l.append([0]*10**5)\nreturn x",
    "list double": "l = [0]\nwhile True: l = l + l\nreturn x",
    "list extend": "l = [0]\nwhile True: l.extend(l)\nreturn x",
    "list iadd": "l = [0]\nwhile True: l += l\nreturn x",
    "list copies": "l = [0]*10**6\nk = []\nwhile True: k.append(l[:])\nreturn x",
    "list copies2": "l = [0]*10**6\nk = []\nwhile True: k.append(list(l))\nreturn x",
    "list sorted": "l = [0]*10**6\nk = []\nwhile True: k.append(sorted(l))\nreturn x",
    "dict big": "d = {}\nfor i in range(1000): d[i] = list(range(10**6))\nreturn x",
    "str double": "s = 'a'\nwhile True: s = s + s\nreturn x",
    "str many": "s = 'a' * 10**6\nl = []\nfor i in range(10**5): l.append(s + str(i))\nreturn x",
    "str replace": "s = 'a'\nwhile True: s = s.replace('a', 'aa')\nreturn x",
    "str percent": "s = '%d' * 10**6\nreturn x",
    "str percent2": "s = ('%d ' * 10**4) % ((10**1000,) * 10**4)\nreturn x",
    "str join": "s = 'a' * 1000\nwhile True: s = s.join([s] * 1000)\nreturn x",
    "str split": "s = 'a ' * 400000\nl = []\nwhile True: l.append(s.split(' '))\nreturn x",
    "str format": "s = 'a' * 10**6\nl = []\nwhile True: l.append('{}{}'.format(s, x))\nreturn x",
    "fstring": "s = 'a'\nwhile True: s = f'{s}{s}'\nreturn x",
    "upper": "s = 'ß' * 10**6\nl=[]\nwhile True: l.append(s.upper())\nreturn x",
    "list repeat": "l = [0]*10**9\nreturn x",
    "pow": "return x * 10**10**10",
    "pow2": "a = 10\nwhile True: a = a ** 2\nreturn x",
    "pow3": "return x + 10 ** 1500",
    "pow4": "return x * 2.0 ** 5000",
    "pow5": "return x * (-8) ** 0.3",
    "mul": "a = 10**1000\nwhile True: a = a * a\nreturn x",
    "shift": "return x * (1 << 10**9)",
    "shift2": "a = 1\nwhile True: a = a << 60\nreturn x",
    "range": "for i in range(10**12): pass\nreturn x",
    "range3": "a = np.arange(10**12)\nreturn x",
    "recursion": "def g(z): return g(z)\nreturn g(x)",
    "recursion2": "def g(z, n):\n  return g(z, n) + g(z, n)\nreturn g(x, 1)",
    "doubling": "for i in range(10000): x = x + x\nreturn x",
    "zeros": "a = np.zeros((10**6,10**6))\nreturn x",
    "zeros loop": "for i in range(1000): a = np.zeros(10**9)\nreturn x",
    "zeros keep": "l = []\nfor i in range(1000): l.append(np.ones(10**7))\nreturn x",
    "ones double": "a = np.ones(1000)\nwhile True: a = np.concatenate([a, a])\nreturn x",
    "ones double x": "a = np.ones(1000) * x\nwhile True: a = np.concatenate([a, a])\nreturn x",
    "outer": "a = np.ones(10**5)\nb = np.outer(a, a)\nreturn x",
    "outer x": "a = np.ones(10**5) * x\nb = np.outer(a, a)\nreturn x",
    "broadcast": "a = np.ones((10**4, 1))\nb = a + a.T\nc = b[:, :, None] + np.ones(1000)\nreturn x",
    "broadcast_to": "a = np.broadcast_to(x, (10**5, 10**5))\nreturn x",
    "tile": "a = np.tile(np.ones(1000), 10**9)\nreturn x",
    "repeat": "a = np.repeat(np.ones(1000), 10**9)\nreturn x",
    "eye": "a = np.eye(10**5)\nreturn x",
    "one_hot": "import torch.nn.functional as F\na = F.one_hot(np.array([10**9]))\nreturn x",
    "one_hot2": "import torch.nn.functional as F\na = F.one_hot(np.array([0]*10**5), 10**6)\nreturn x",
    "tuple": "t = (x,)\nwhile True: t = t + t\nreturn x",
    "nested list use": "l = [x]\nfor i in range(3000): l = [l]\nreturn np.array(l).sum()",
    "self list": "l = [x]\nl.append(l)\nreturn np.array(l)",
    "self list eq": "l = [x]\nl.append(l)\nk = [x]\nk.append(k)\nreturn x if l == k else 0",
    "self list min": "l = [1]\nl.append(l)\nreturn min(l, l)",
    "closure": "f = lambda z: z\nfor i in range(5000): f = (lambda g: lambda z: g(z))(f)\nreturn f(x)",
    "sumlists": "return x * len(sum([[0]*1000]*1000, []))",
    "zip": "z = zip(*[range(10**6)]*100)\nreturn x",
    "meshgrid": "a = np.meshgrid(np.arange(10**5), np.arange(10**5))\nreturn x",
    "linspace": "a = np.linspace(0, 1, 10**10)\nreturn x",
    "pad": "a = np.pad(np.ones(3), 10**10)\nreturn x",
    "windows": "from numpy.lib.stride_tricks import sliding_window_view\na = sliding_window_view(np.ones(10**5), 5*10**4)\nreturn x",
    "indices": "a = np.ones((1000,1000))[np.zeros((1000,1000),dtype=int)]\nreturn x",
    "indices2": "i = np.array([0]*10**5)\na = np.ones((1000,1000))[i]\nreturn x",
    "strides": "a = np.lib.stride_tricks.as_strided(np.ones(10**4), (5000, 5000), (8, 8))\nb = np.lib.stride_tricks.as_strided(a, (5000, 5000, 5000), (8, 8, 8))\nreturn x",
    "insert": "a = np.insert(np.ones(3), [0] * 10**6, np.ones(10**6))\nl = []\nwhile True: l.append(np.insert(a, 0, a))\nreturn x",
    "index grid": "a = np.indices((10**4, 10**4, 10))\nreturn x",
    "ndindex": "a = list(np.ndindex(10**4, 10**4))\nreturn x",
    "mgrid": "a = np.mgrid[0:10**5, 0:10**5]\nreturn x",
    "kron": "a = np.kron(np.ones((10**4, 10)), np.ones((10**4, 10)))\nreturn x",
    "tri": "a = np.tri(10**5)\nreturn x",
    "resize": "a = np.resize(np.ones(3), 10**10)\nreturn x",
    "bincount": "a = np.bincount([10**10])\nreturn x",
    "convolve": "while True: np.convolve(np.ones(10**5), np.ones(10**4))\nreturn x",
    "pooling": "import torch.nn.functional as F\na = F.avg_pool2d(np.ones((1, 1, 10, 10)), 2, 1, 10**6)\nreturn x",
    "convolution": "import torch.nn.functional as F\na = F.conv2d(np.ones((50, 3, 200, 200)), np.ones((10, 3, 9, 9)))\nreturn x",
    "searching": "a = np.searchsorted(np.arange(10**5), np.ones(10**5))\nreturn x",
    "multinomial": "a = np.random.multinomial(5, np.full(10**4, 1e-4), 10**5)\nreturn x",
    "poisson": "a = np.random.poisson(3.0, (10**5, 10**5))\nreturn x",
    "logspace": "a = np.logspace(0, 1, 10**10)\nreturn x",
    "corner": "a = np.tril_indices(10**5)\nreturn x",
    "powers of a matrix": "a = np.linalg.matrix_power(np.ones((300, 300)), 10**6)\nreturn x",
    "products of entries": "a = np.cumprod(np.ones(10**6) * x)\nreturn x",
    "padding": "a = np.pad(np.ones(3), 10**9, 'reflect')\nreturn x",
    "unique": "l = []\na = np.ones(10**6)\nwhile True: l.append(np.unique(a))\nreturn x",
    "choosing": "import random\nwhile True: random.sample(range(10**6), 10**5)\nreturn x",
    "einsum": "a = np.ones((1000,1000))\nb = np.einsum('ij,kl->ijkl', a, a)\nreturn x",
    "take": "a = np.take(np.ones(10), np.zeros(10**8, dtype=int))\nreturn x",
    "choice": "a = np.random.choice(10**10, 5)\nreturn x",
    "choice2": "a = np.random.choice(5, 10**10)\nreturn x",
    "permutation": "a = np.random.permutation(10**10)\nreturn x",
    "binomial": "a = np.random.binomial(10**18, 0.5, 10**7)\nreturn x",
    "randint": "a = np.random.randint(0, 10**30, 5)\nreturn x",
    "tolist": "a = np.zeros(5*10**6)\nb = a.tolist()\nreturn x",
    "tolistx": "a = np.zeros(10**6) * x\nb = a.tolist()\nreturn x",
    "list array": "a = np.zeros(10**7)\nb = list(a)\nreturn x",
    "inv": "a = np.eye(7000)\nb = np.linalg.inv(a)\nreturn x",
    "kwargs": "def g(**k): return g(**k, **{'a' + str(len(k)): 1})\nreturn g()",
    "stars": "def g(*k): return g(*k, *k, 1)\nreturn g()",
    "logdet": "return np.linalg.det(np.eye(3000) * x)",
    "round": "return round(x * 10**300, -400) + round(12345, 10**9) + round(1e300, -10**6)",
    "int str": "return x * int('9' * 10**6)",
    "float str": "return x * float('9' * 10**6)",
    "str int": "return x * len(str(10**1100))",
    "hash": "return x * (2**61-1) % 3",
    "exec": "exec('x = 2')\nreturn x",
    "eval": "return eval('x')",
    "import": "__import__('os').system('touch touched')\nreturn x",
    "open": "open('touched', 'w')\nreturn x",
    "getattr": "return getattr(np, '__loader__')",
    "dunder": "return x.__class__.__mro__",
    "np save": "np.save('touched', x)\nreturn x",
    "np load": "return np.load('a')",
    "format attr": "return x * len('{0.__class__}'.format(x))",
    "globals": "return globals()",
    "np.core": "return np.core.os.system('x')",
}
# These take seconds, until a bound is reached.
SLOW = {
    "while": "while True: pass\nreturn x",
    "while gates": "while True: x = x + 1\nreturn x",
    "while array gates": "a = np.ones(1000)\nwhile True: a = a * x\nreturn x",
    "loops": "for i in range(1000):\n  for j in range(1000):\n    for k in range(1000): pass\nreturn x",
    "list many": "l = [[0]*10**6 for i in range(10**6)]\nreturn x",
    "dict": "d = {}\ni = 0\nwhile True:\n  d[i] = i\n  i += 1\nreturn x",
    "add": "a = 1\nwhile True: a = a + a\nreturn x",
    "fib": "def fib(n): return 1 if n < 2 else fib(n-1) + fib(n-2)\nreturn x * fib(50)",
    "matmul": "a = np.ones((5000,5000))\nfor i in range(100): a = a @ a\nreturn x",
    "matmul x": "a = np.ones((3000,3000)) * x\nfor i in range(1000): a = a @ a\nreturn x",
    "kept constants": "a = np.ones(10**6)\ny = a * x\nfor i in range(10**4): y = y + a * i\nreturn y.sum()",
    "random": "for i in range(10**4): x = x + np.random.randn(10**6).sum()\nreturn x",
    "random keep": "y = np.ones(10**5)*x\nfor i in range(10**4): y = y * np.random.randn(10**5)\nreturn y.sum()",
    "guards": "m = np.ones(10**6) * x\nfor i in range(10**4):\n  m[m > i] = 0.5\nreturn x",
    "writes": "m = np.ones(10**5) * x\nfor i in range(10**4):\n  m[:] = i\nreturn m.sum()",
    "writes2": "m = np.zeros(10**6)\nfor i in range(10**4):\n  m[::2] = x * i\nreturn m.sum()",
    "add.at": "m = np.zeros(10**6)\nfor i in range(10**4):\n  np.add.at(m, [0, 1], x)\nreturn m.sum()",
    "sort": "a = np.ones(10**6)\nwhile True: a = np.sort(a)\nreturn x",
    "argsort": "a = np.ones(10**6)*x\nwhile True: b = np.argsort(a)\nreturn x",
    "set": "s = set()\nwhile True: s.add(len(s))\nreturn x",
    "nested list": "l = []\nwhile True: l = [l]\nreturn x",
    "comprehension": "l = [i for i in range(10**6) for j in range(10**6)]\nreturn x",
    "sum": "return x * sum(range(10**6)) * sum([i for i in range(10**6)])",
    "for array": "a = np.zeros(10**7)\nfor z in a: pass\nreturn x",
    "prints": "while True: print(x)\nreturn x",
    "class": "class A:\n  def __init__(self, b): self.b = b\na = None\nwhile True: a = A(a)\nreturn x",
    "assert": "while True: assert True\nreturn x",
}


def source(name: str) -> str:
    body = textwrap.indent((BOMBS | SLOW)[name], "    ")
    return f"import numpy as np\nimport math\ndef f(x):\n{body}\n"


def outcome(name: str) -> dict[str, object]:
    """What reading it comes to, with seconds of this process and the most memory that it had."""
    start = time.process_time()
    try:
        read(parsed(source(name), "bomb.py", "f"), {"x": 1.5})
        said = ""
    except backprop.BackpropError as error:
        said = error.render()
    seconds = time.process_time() - start
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    return {"name": name, "said": said, "seconds": seconds, "megabytes": peak}


def alone(name: str) -> None:
    """Print the outcome of one, of a process of its own: so its memory is its own."""
    child = os.fork()
    if not child:
        print(json.dumps(outcome(name)), flush=True)
        os._exit(0)
    os.waitpid(child, 0)


if __name__ == "__main__":
    for bomb in sys.argv[1:] or BOMBS:
        alone(bomb)
