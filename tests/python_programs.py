"""Random functions in Python: loops, choices, lists, dicts, helpers, closures, comprehensions,
arrays. A statement is tried as it is made, so every function runs.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import numpy as np
from running_python import by_python


class Sample(NamedTuple):
    text: str
    values: dict[str, Any]


HELPERS = """import math
import numpy as np
SCALE = 0.5
SIZES = {"few": 2, "many": 3}
def squared(z):
    return z * z + 0.1
def scaled(z, by=2.0, *, shift=0.0):
    return z / by + shift
def both(a, b):
    if a > b:
        return a, b
    return b, a
def gathered(*parts, **named):
    found = 0.0
    for part in parts:
        found += part
    for name, value in named.items():
        found += value * len(name)
    return found
def adder(k):
    def inner(z):
        nonlocal k
        k = k + 1
        return z + k
    return inner
def power(z, n):
    return z if n <= 1 else z * power(z, n - 1)
def firsts(row):
    for entry in row:
        if entry > 0.3:
            return entry
    return row[0]
def changed(cells, z):
    cells[0] = z
    cells.append(z * 2)
class Pair:
    count = 2
    def __init__(self, a, b=1.0):
        self.a, self.b = a, b
        self.seen = []
    def total(self, z):
        self.seen.append(z)
        return self.a * z + self.b * self.count
class Triple(Pair):
    def total(self, z):
        return super().total(z) * 3
def f(x, y, v, A):
    values = [x, y, x * y]
    known = {"x": x, "y": y, 0: v[0]}
    total, n = 0.0, 3
"""
ENDING = """    for found in values + list(known.values()):
        total = total + found * 0.7
    total = total + np.sum(v * np.arange(1.0, 1.0 + v.size).reshape(v.shape))
    total = total + np.sum(A * np.cos(np.arange(A.size)).reshape(A.shape))
    return total, values, known, v, A, n
"""
CONDITIONS = ("{a} > {b}", "{a} < 0.5", "n > 2", "len(values) > 4", "{k} % 2 == 0", "not {a} > 0",
              "{a} > 0 and {b} < 1", "{a} > 1 or n == 3", "0 < {a} < 1", "'x' in known", "{k} in (0, 2)",
              "values", "known.get('q') is None", "v[{k}] > {a}", "isinstance(values, list)",
              "np.any(v > 0.5)", "np.all(A < 1)", "{k}", "v.sum() > A.mean()", "A.ndim == 2")  # fmt: skip


class Maker:
    def __init__(self, random: Random) -> None:
        self.random = random
        self.values = {
            "x": random.uniform(0.2, 1.5), "y": random.uniform(-1.5, 1.5),
            "v": np.array([random.uniform(-1, 1) for _ in range(4)]),
            "A": np.array([[random.uniform(-1, 1) for _ in range(3)] for _ in range(3)]),
        }  # fmt: skip
        self.scalars = ["x", "y", "total", "values[0]", "values[-1]", "known['x']", "v[1]", "A[0, 1]",
                        "A[1][2]", "v[-1]"]  # fmt: skip
        self.lines: list[str] = []
        self.count = 0
        self.indices = ["0", "1", "2", "n - 1"]

    def name(self) -> str:
        self.count += 1
        return f"t{self.count}"

    def index(self) -> str:
        return self.random.choice(self.indices)

    def scalar(self) -> str:
        return self.random.choice(self.scalars)

    def expression(self, depth: int = 0) -> str:
        """A number made of others."""
        r = self.random
        if depth > 2 or r.random() < 0.25:
            return self.scalar()
        a, b = self.expression(depth + 1), self.scalar()
        number = f"{r.uniform(-2, 2):.3f}"
        return r.choice([
            f"({a} + {b})", f"({a} - {b})", f"({a} * {b})", f"{a} / (1.5 + {b} * {b})", f"math.sin({a})",
            f"np.tanh({a})", f"math.exp(-{b} * {b})", f"({a}) ** 2", f"-({a})", f"+({a})", number,
            f"math.sqrt({a} * {a} + 1)", f"squared({a})", f"scaled({a}, by=3)", f"scaled({b}, shift={a})",
            f"max({a}, {b} + 0.11)", f"min({a}, {b} + 0.13)", f"abs({a} + 0.07)", f"({a} if {self.condition()} else {b})",
            f"both({a}, {b} + 0.171)[0]", f"gathered({a}, {b}, k={a})", f"gathered(*values, **{{'p': {a}}})",
            "sum(values)", f"sum([{a} * k for k in range({r.randrange(1, 4)})])", f"(lambda z: z * {b})({a})",
            f"power({a} * 0.5, {r.randrange(1, 4)})", "firsts(values)", f"adder({r.randrange(3)})({a})",
            f"np.sum(v * {a})", "v.mean()", f"A.sum(axis=0)[{self.index()} % 3]",
            "np.dot(v, v)", "(A @ A)[0, 2]", "np.linalg.norm(v + 0.01)", "A.T[0, 1]", f"v[{self.index()}]", "A.trace()",
            f"A[{self.index()} % 3, {self.index()} % 3]", "sum(z * z for z in values)", f"[{a}, {b}][{self.index()} % 2]",
            f"dict(a={a}, b={b})['b']", f"float({a})", f"known.get('w', {a})", f"(p := {a}) * 2", "v[v > 0].sum()",
            f"np.maximum({a}, {b} + 0.119)", f"np.where(v > 0.2, v, {a}).sum()", f"math.log(2 + {a} * {a})",
            "np.exp(v).sum()", "np.outer(v, v)[1, 2]", "len(values) * 0.1", "known[f'{\"x\"}']", "next(iter(values))",
            f"{{'%d' % n: {a}, '%d' % (n + 1): {b}}}['3' if n == 3 else str(n)]", f"{{'w{{}}'.format(n): {a}, 'w': {b}}}['w' + str(n)]",
            f"(n // 2 + n % 2) * {a}", f"SCALE * {a} * SIZES['few']", "list(map(lambda z: z * 2, values))[0]", "np.prod(v[:2])",
            "list(zip(values, v))[1][1]", "np.cumsum(v)[2]", "sum(a * b for a, b in zip(values, values[1:]))", f"(1 << n) * {a}",
            "np.concatenate([v, v])[5]", "np.stack([v, v * 2])[1, 2]", "tuple(values)[1:][0]", "values[::-1][0]",
            f"(v > 0.1).sum() * {a}", f"divmod(7, n)[1] * {a}", f"int(2.7) * {a}", f"round(2.6) * {a}", f"(True + n) * {a}",
            "{k: z for k, z in enumerate(values)}[1]", "[z for row in A for z in row][4]", f"np.mean([{a}, {b}])",
            f"np.array([{a}, {b}, 1.0])[1]", f"np.zeros(3)[1] + {a}", f"(np.ones((2, 2)) * {a}).sum()", "np.var(v)", f"v.max() * {b}",
        ])  # fmt: skip

    def condition(self) -> str:
        r = self.random
        return r.choice(CONDITIONS).format(
            a=self.scalar(), b=f"({self.scalar()} + 0.123)", k=self.index()
        )

    def block(self, indent: str, depth: int) -> str:
        """A few statements."""
        return "".join(
            self.statement(indent, depth) for _ in range(self.random.choice([1, 1, 2, 3]))
        )

    def statement(self, indent: str, depth: int) -> str:
        kinds: list[Callable[[str, int], str]] = [self.simple] * 3
        if depth < 3:
            kinds += [self.loop, self.choice, self.repeated, self.nested]
        return self.random.choice(kinds)(indent, depth)

    def simple(self, indent: str, depth: int) -> str:
        r, a = self.random, self.expression
        i, j = self.index(), self.index()
        line = r.choice([
            f"total += {a()}", f"total = total * 0.5 + {a()}", f"values.append({a()})", f"values[{i} % len(values)] = {a()}",
            f"known['{r.choice('xyzw')}'] = {a()}", f"known[{i}] = {a()}", f"v[{i}] = {a()}", f"v[{i}] += {a()}", "v *= 0.5",
            f"A[{i} % 3, {j} % 3] = {a()}", f"A[{i} % 3] += v[:3]", f"A[:, {i} % 3] *= 0.5", f"v[v > 0.4] = {a()}", "v = v * 0.9",
            "A = A @ A * 0.3", "A = A.T", "v = np.tanh(v)", "v = v[::-1]", "x, y = y, x", f"changed(values, {a()})",
            f"x = {a()}", f"y = {a()}", f"values, extra = values[:], {a()}", "first, *others = values", "A[0], A[1] = v[:3], A[1] * 0.5",
            f"w = A[:2, 1:]; w -= {a()}", "v = v.reshape(2, 2).T.reshape(-1)", "values = [z * 0.5 for z in values]",
            "values = [z for z in values if z > -1] or [x]", "known = {k: z * 0.5 for k, z in known.items()}", f"n = {r.randrange(2, 4)}",
            f"values = values[-3:] + [{a()}]", f"np.add.at(v, [0, 0, {r.randrange(4)}], {a()})", f"values.insert(0, {a()})", "values.pop() if len(values) > 3 else None",
            f"values += [{a()}]", f"known.update(z={a()})", f"alias = v; alias[{i}] = {a()}", f"alias = values; alias.append({a()})", "A[A > 0.7] *= 0.5",
            f"big, small = both({a()}, {a()} + 0.0137); total += big - 2 * small", f"del known['{r.choice('zw')}']", "assert n > 0", "values.reverse()", "values.extend(v[:2])",
            "v[1:3] = v[:2]", f"v[[0, 2]] = [{a()}, 0.5]", "A -= A.mean(axis=1, keepdims=True)", "pass", f"total -= (A[{i} % 3] * v[:3]).sum()",
            f"count = adder(1); total += count({a()}) + count(1.0)", f"v, A[0, 0] = v + 0.1, {a()}",
            f"A[{i} % 3] = A[{j} % 3]", "rows = [row for row in A]; rows[0] += 0.1", "v[range(2)] *= 0.5", "A[np.arange(3), [0, 2, 1]] -= 0.1", f"known.setdefault('s', {a()})",
        ])  # fmt: skip
        return f"{indent}{line}\n"

    def loop(self, indent: str, depth: int) -> str:
        r = self.random
        name = f"k{depth}"
        over = r.choice([f"range({r.randrange(1, 4)})", "range(n)", f"range({r.randrange(2, 4)}, 0, -1)", "[0, 2, 1]", "range(0, 4, 2)",
                         "reversed(range(2))", "sorted([2, 0, 1])", "(1, 2)"])  # fmt: skip
        kind = r.random()
        if kind < 0.65:
            head = f"for {name} in {over}:"
            self.indices.append(name)
        elif kind < 0.75:
            head = f"for {name}, item{depth} in enumerate(list(values)[:3]):"
        elif kind < 0.85:
            head = f"for item{depth}, z{depth} in zip(list(values), v):"
        else:
            head = f"for item{depth} in list(values)[:{r.randrange(1, 4)}]:"
        if "item" in head:
            self.scalars += [f"item{depth}"] * 3
        body = self.block(indent + "    ", depth + 1)
        if r.random() < 0.25:
            body += f"{indent}    if {self.condition()}:\n{indent}        {r.choice(['break', 'continue'])}\n"
            body += self.simple(indent + "    ", depth + 1)
        if "item" in head:
            self.scalars = [one for one in self.scalars if one != f"item{depth}"]
        elif kind < 0.65:
            self.indices.remove(name)
        other = (
            f"{indent}else:\n{self.simple(indent + '    ', depth + 1)}" if r.random() < 0.15 else ""
        )
        return f"{indent}{head}\n{body}{other}"

    def repeated(self, indent: str, depth: int) -> str:
        name = f"c{depth}_{self.count}"
        self.count += 1
        stop = self.random.choice(
            [f"{name} < {self.random.randrange(1, 4)}", f"{name} < n", "True"]
        )
        leaving = f"{indent}    if {name} >= 2:\n{indent}        break\n" if stop == "True" else ""
        body = self.block(indent + "    ", depth + 1)
        return (
            f"{indent}{name} = 0\n{indent}while {stop}:\n{indent}    {name} += 1\n{leaving}{body}"
        )

    def choice(self, indent: str, depth: int) -> str:
        inner = indent + "    "
        text = f"{indent}if {self.condition()}:\n{self.block(inner, depth + 1)}"
        if self.random.random() < 0.4:
            text += f"{indent}elif {self.condition()}:\n{self.block(inner, depth + 1)}"
        if self.random.random() < 0.5:
            text += f"{indent}else:\n{self.block(inner, depth + 1)}"
        return text

    def nested(self, indent: str, depth: int) -> str:
        """A function inside, and a call of it."""
        name = self.name()
        outside = self.scalars
        self.scalars = [one for one in outside if "total" not in one] + ["z", "z"]
        inner = indent + "    "
        body = f"{inner}if z > 0.4:\n{inner}    return {self.expression(1)}\n{inner}return {self.expression(1)}\n"
        self.scalars = outside
        return (
            f"{indent}def {name}(z, w=0.5):\n{body}{indent}total += {name}({self.expression()})\n"
        )

    def more(self) -> None:
        text = self.statement("    ", 0)
        made = HELPERS + "".join(self.lines) + text + ENDING
        try:
            found = by_python(made, self.values)
        except Exception:
            return
        numbers = [found[0], *found[1], *found[2].values(), *found[3].flat, *found[4].flat]
        if not np.all(np.abs(np.array(numbers, dtype=float)) < 1e3) or len(found[1]) > 40:
            return
        if found[3].shape != (4,) or found[4].shape != (3, 3) or len(found[1]) < 2:
            return
        self.lines.append(text)


def sample(seed: str, length: int = 8) -> Sample:
    maker = Maker(Random(seed))
    for _ in range(length):
        maker.more()
    return Sample(HELPERS + "".join(maker.lines) + ENDING, maker.values)
