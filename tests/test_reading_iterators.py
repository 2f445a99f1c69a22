"""What is gone over once, and what a loop sees that changes as it is gone over."""

from __future__ import annotations

import numpy as np
import pytest
from running_python import by_python, by_reader, plain, same

PROGRAMS = {
    "a generator goes on": "g = (z * x for z in [1, 2, 3])\n    return next(g) + 10 * next(g) + 100 * sum(g)",
    "zip of one iterator": "it = iter([x, 2.0, 3.0, 4.0])\n    return sum(a * b for a, b in zip(it, it))",
    "an iterator is used up": "z = zip([x], [2.0])\n    a = [p for p in z]\n    return x + len(a) + len(list(z))",
    "a list that grows": "l = [x]\n    for z in l:\n        if len(l) < 4:\n            l.append(z * 2)\n    return sum(l)",
    "an array that changes": "t = 0.0\n    for z in v:\n        v[2] = v[2] + x\n        t = t + z\n    return t",
    "rows that change": "for r in A:\n        A[1] = r * 2\n    return A.sum() + x",
    "enumerate and reversed": "return sum(k * z for k, z in enumerate(reversed([x, 2 * x, 3.0]), 1))",
    "in a generator": "g = (z for z in [1, 2, 3])\n    return x if 2 in g and next(g) == 3 else 0.0",
    "map and filter": "return sum(map(lambda z: z * x, filter(None, [0, 1, 2])))",
    "a list that is sorted": "l = [3, 1, 2, 1]\n    l.sort(reverse=True)\n    l.remove(1)\n    return x * l[0] + 10 * l[-1] + len(l)",
    "nditer": "t = 0.0\n    for z in np.nditer(A):\n        t = t * x + z\n    return t",
    "nditer with places": "g = np.zeros_like(A)\n    it = np.nditer(A, flags=['multi_index'], op_flags=['readwrite'])\n    while not it.finished:\n        k = it.multi_index\n        g[k] = A[k] ** 2 * x + k[1]\n        it.iternext()\n    return g.sum()",
    "a default of next": "return next(iter([]), x)",
}  # fmt: skip
VALUES = {"x": 1.5, "v": np.array([1.0, 2.0, 3.0]), "A": np.arange(6.0).reshape(3, 2)}


@pytest.mark.parametrize("name", PROGRAMS)
def test_iterators_are_those_of_python(name: str) -> None:
    text = f"def f(x, v, A):\n    {PROGRAMS[name]}\n"
    assert same(plain(by_reader(text, VALUES).result), by_python(text, VALUES))
