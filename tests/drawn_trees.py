"""Random trees for the verdict campaign, on numbers and on arrays, with a point for each.

A third is any expression. A third is built so that parts cancel: some exact derivative is 0, or
next to nothing. In the last third constants lose digits, or pass what a float can hold.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from typing import Any, NamedTuple

import numpy as np
from independent import Along, Node, Pick, Shape, inputs, literal

X, Y = inputs("x", "y")
ONE, TWO = literal("1"), literal("2")
UNARY = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "sinh", "erf", "silu", "gelu",
         "log1p", "sqrt", "log", "cbrt", "asinh", "expm1", "relu", "abs", "tan", "cosh", "erfc", "asin",
         "acos", "atanh", "acosh", "exp2", "log2", "log10", "logsigmoid", "elu", "leaky_relu")  # fmt: skip
BINARY = ("add", "add", "sub", "sub", "mul", "mul", "mul", "mul", "div", "div", "hypot", "logaddexp",
          "maximum", "minimum", "atan2", "pow")  # fmt: skip
SCALES = (1.0,) * 12 + (1e-160, 1e-8, 1e8, 1e160)


def of(name: str, *operands: Node, extra: Any = None) -> Node:
    return Node(name, operands, extra)


def add(a: Node, b: Node) -> Node:
    return of("add", a, b)


def sub(a: Node, b: Node) -> Node:
    return of("sub", a, b)


def mul(a: Node, b: Node) -> Node:
    return of("mul", a, b)


def div(a: Node, b: Node) -> Node:
    return of("div", a, b)


def square(a: Node) -> Node:
    return of("pow", a, TWO)


def big(text: str) -> Node:
    return of("exp", literal(text))


def zero(text: str) -> Node:
    """What is 0 exactly, though at no number of digits."""
    return Node("zero", extra=text)


PI = literal("pi")
CONSTANTS = (
    sub(add(literal("1e16"), ONE), literal("1e16")), sub(add(literal("0.1"), literal("0.2")), literal("0.3")),
    div(sub(ONE, of("cos", literal("1e-8"))), literal("1e-16")), div(big("800"), big("799")),
    zero("(sqrt(2)**2 - 2)"), zero("sin(pi)"), zero("(log(e) - 1)"), of("log", TWO), Node("one", extra="(exp(-800)*exp(800))"),
    div(literal("1e200"), mul(literal("1e200"), literal("1e200"))), zero("(log(exp(2)) - 2)"),
    of("expm1", literal("1e-12")), sub(of("tanh", literal("30")), ONE), div(PI, literal("180")),
    *map(literal, ("1e-8", "1e8", "1e-160", "1e160", "pi", "e", "2", "0.5", "3", "0.1")),
)  # fmt: skip
PLAIN = (TWO, literal("0.5"), literal("3"), literal("0.1"), PI)


# Numbers.


def tree(random: Random, depth: int, constants: float) -> Node:
    if not depth or random.random() < 0.15:
        is_known = random.random() < constants
        return random.choice(CONSTANTS) if is_known else random.choice((X, Y))
    if random.random() < 0.5:
        return of(random.choice(UNARY), tree(random, depth - 1, constants))
    return of(random.choice(BINARY), *(tree(random, depth - 1, constants) for _ in range(2)))


def cancelling(random: Random) -> Node:
    """What is constant, or nearly so, because its parts cancel."""
    u, v = tree(random, random.randint(0, 1), 0), tree(random, random.randint(0, 1), 0)
    both = add(of("exp", u), of("exp", v))
    found: Node = random.choice((
        sub(square(add(u, v)), add(square(u), add(mul(TWO, mul(u, v)), square(v)))),
        add(sub(of("tanh", u), mul(TWO, of("sigmoid", mul(TWO, u)))), ONE),
        add(square(of("sin", u)), square(of("cos", u))),
        sub(square(of("cosh", u)), square(of("sinh", u))),
        add(div(of("exp", u), both), div(of("exp", v), both)),
        sub(sub(of("softplus", u), of("softplus", of("neg", u))), u),
        sub(of("logaddexp", u, v), of("log", both)),
        sub(of("log", of("exp", u)), u), sub(of("sqrt", square(u)), of("abs", u)),
        add(of("erf", u), of("erfc", u)), add(of("asin", u), of("acos", u)),
        sub(square(of("hypot", u, v)), add(square(u), square(v))),
        add(of("atan", u), of("atan", div(ONE, u))), mul(sub(u, u), v), div(u, u),
        of("cos", mul(PI, div(u, u))), sub(div(mul(u, v), v), u),
        sub(of("relu", u), of("relu", of("neg", u))), add(of("maximum", u, v), of("minimum", u, v)),
        sub(mul(add(u, v), sub(u, v)), sub(square(u), square(v))),
        sub(of("log", mul(of("exp", u), of("exp", v))), add(u, v)),
    ))  # fmt: skip
    return found if random.random() < 0.5 else of(random.choice(("add", "mul")), found, X)


def number_tree(random: Random) -> Node:
    kind = random.choice(("random", "cancelling", "constants"))
    if kind == "cancelling":
        return cancelling(random)
    return tree(random, random.randint(2, 4), 0.5 if kind == "constants" else 0.05)


# Arrays: v and w are vectors of n, u one of m, A is m by n, B is n by m, c a number.

V, W, U, A, B, C = inputs("v", "w", "u", "A", "B", "c")
TAME = ("tanh", "sigmoid", "sin", "cos", "softplus", "exp", "relu", "abs", "silu", "gelu", "atan",
        "sqrt", "log", "erf", "expm1", "asinh", "neg")  # fmt: skip
WHOLE = ("sum", "sum", "mean", "logsumexp", "norm", "amax", "amin", "prod")
REVERSED = Pick("[::-1]", (slice(None, None, -1),))


def row_of(k: int) -> Pick:
    return Pick(f"[{k}]", (k,))


def column_of(k: int) -> Pick:
    return Pick(f"[:, {k}]", (slice(None), k))


class Maker(NamedTuple):
    """Draws array expressions of a shape that is asked for, of letters that stand for sizes."""

    random: Random
    sizes: dict[str, int]  # of the letters n and m
    constants: float

    def leaf(self, shape: str) -> Node:
        inputs = {"n": (V, W), "m": (U,), "mn": (A,), "nm": (B,)}
        if shape in inputs:
            return self.random.choice(inputs[shape])
        if shape == "":
            is_known = self.random.random() < self.constants
            return self.random.choice(CONSTANTS) if is_known else C
        if shape == "nn":
            return of("matmul", B, A)
        return self.column(U)  # "m1"

    def column(self, vector: Node) -> Node:
        """A vector of m as a matrix of one column."""
        return of("reshape", vector, extra=Shape((self.sizes["m"], 1)))

    def make(self, shape: str, depth: int) -> Node:
        random = self.random
        if not depth or random.random() < 0.1:
            return self.leaf(shape)
        own: dict[str, list[Callable[[str, int], Node]]] = {
            "": [self.reduced] * 3,
            "n": [self.vector, self.moved, self.along],
            "m": [self.vector, self.along],
            "mn": [self.product, self.along],
            "nn": [self.product],
            "m1": [self.kept],
            "nm": [self.turned, self.along],
        }
        ways = [self.one, self.pair, self.pair, *own[shape]]
        return random.choice(ways)(shape, depth - 1)

    def one(self, shape: str, depth: int) -> Node:
        return of(self.random.choice(TAME), self.make(shape, depth))

    def pair(self, shape: str, depth: int) -> Node:
        stretched = {
            "mn": ("mn", "n", "m1", ""),
            "n": ("n", ""),
            "m": ("m", ""),
            "nn": ("nn", "n", ""),
        }
        other = self.make(self.random.choice(stretched.get(shape, (shape, ""))), depth)
        operands = [self.make(shape, depth), other]
        self.random.shuffle(operands)
        return of(self.random.choice(BINARY[:12]), *operands)

    def along(self, shape: str, depth: int) -> Node:
        name = self.random.choice(("softmax", "log_softmax", "cumsum"))
        return of(name, self.make(shape, depth), extra=Along(self.random.randrange(len(shape))))

    def reduced(self, _shape: str, depth: int) -> Node:
        shape = self.random.choice(("n", "m", "mn", "mn", "nn"))
        if self.random.random() < 0.2:
            return of("matmul", self.make("n", depth), self.make("n", depth))
        if shape == "nn" and self.random.random() < 0.5:
            return of("trace", self.make("nn", depth))
        return of(self.random.choice(WHOLE), self.make(shape, depth))

    def vector(self, shape: str, depth: int) -> Node:
        random = self.random
        if shape == "n" and random.random() < 0.3:
            entries = [self.make("", min(depth, 1)) for _ in range(self.sizes["n"])]
            return of("list", *entries)
        if shape == "m" and random.random() < 0.5:
            return of("matmul", self.make("mn", depth), self.make("n", depth))
        if shape == "n" and random.random() < 0.3:
            return of("matmul", self.make("m", depth), self.make("mn", depth))
        if random.random() < 0.3:
            pick = row_of(-1) if shape == "n" else column_of(0)
            return of("pick", self.make("mn", depth), extra=pick)
        axis = 0 if shape == "n" else 1
        return of(random.choice(WHOLE), self.make("mn", depth), extra=Along(axis))

    def moved(self, _shape: str, depth: int) -> Node:
        return of("pick", self.make("n", depth), extra=REVERSED)

    def kept(self, _shape: str, depth: int) -> Node:
        if self.random.random() < 0.3:
            return self.column(self.make("m", depth))
        name = self.random.choice(WHOLE)
        return of(name, self.make("mn", depth), extra=Along(1, keep=True))

    def product(self, shape: str, depth: int) -> Node:
        first, second = {"mn": ("mn", "nn"), "nn": ("nm", "mn")}[shape]
        return of("matmul", self.make(first, depth), self.make(second, depth))

    def turned(self, _shape: str, depth: int) -> Node:
        return of("transpose", self.make("mn", depth))

    # What cancels.

    def cancelling(self) -> Node:
        random = self.random
        v, matrix = self.make("n", random.randint(0, 1)), self.make("mn", random.randint(0, 1))
        axis = random.randrange(2)
        bias = C if random.random() < 0.4 else self.column(U) if axis else V
        ways = random.choice((self.of_vectors, self.of_matrices))
        found: Node = random.choice(ways(v, matrix, bias, Along(axis)))
        return found if random.random() < 0.7 else of(random.choice(("add", "mul")), found, C)

    def of_vectors(self, v: Node, matrix: Node, bias: Node, along: Along) -> tuple[Node, ...]:
        unit = sub(v, of("mean", v))
        return (
            of("sum", of("softmax", add(v, C))), of("norm", div(v, of("norm", v))),
            of("sum", mul(of("softmax", add(v, C)), W)), of("sum", of("log_softmax", v)),
            sub(of("logsumexp", add(v, C)), C), of("sum", mul(W, div(unit, of("norm", unit)))),
            sub(of("logsumexp", v), of("log", of("sum", of("exp", v)))),
            sub(square(of("norm", v)), of("matmul", v, v)), mul(of("sum", unit), C),
            of("sum", of("exp", of("log_softmax", v))), of("pick", of("log_softmax", add(v, C)), extra=row_of(0)),
            sub(of("sum", of("cumsum", v, extra=Along(0))), of("sum", v)),
            div(of("matmul", v, v), mul(of("norm", v), of("norm", v))),
            sub(of("trace", of("matmul", B, matrix)), of("sum", mul(matrix, of("transpose", B)))),
        )  # fmt: skip

    def of_matrices(self, v: Node, matrix: Node, bias: Node, along: Along) -> tuple[Node, ...]:
        """Biases before what takes them away again: softmax, batch norm and layer norm."""
        kept = Along(along.axis, keep=True)
        h = add(matrix, bias)
        middle = sub(h, of("mean", h, extra=kept))
        spread = of("sqrt", add(of("mean", square(middle), extra=kept), literal("1e-5")))
        weights = of("transpose", B)
        return (
            of("sum", mul(of("softmax", h, extra=along), weights)), of("sum", of("softmax", h, extra=along)),
            of("sum", mul(of("log_softmax", h, extra=along), weights)),
            of("sum", mul(of("tanh", div(middle, spread)), weights)), of("sum", div(middle, spread)),
            of("sum", middle), of("sum", sub(of("logsumexp", h, extra=kept), bias)) if bias is C
            else of("sum", sub(h, bias)),
            sub(of("sum", of("matmul", matrix, v)), of("matmul", of("sum", matrix, extra=Along(0)), v)),
            of("sum", of("norm", div(h, of("norm", h, extra=kept)), extra=along)),
            sub(of("sum", of("sum", h, extra=along)), of("sum", h)),
        )  # fmt: skip


def array_tree(random: Random) -> tuple[Node, dict[str, int]]:
    wide = random.random() < 0.01
    sizes = {"n": 12 if wide else random.randint(1, 4), "m": 2 if wide else random.randint(1, 3)}
    kind = random.choice(("random", "cancelling", "constants"))
    maker = Maker(random, sizes, 0.5 if kind == "constants" else 0.05)
    found = maker.cancelling() if kind == "cancelling" else maker.make("", random.randint(2, 4))
    return found, sizes


# Points.


def drawn(family: str, seed: str) -> tuple[Node, dict[str, Any]]:
    """The tree of that seed and the values of its inputs; there may be none of these."""
    random = Random(seed)
    scale = random.choice(SCALES)

    def value() -> float:
        return scale * round(random.uniform(-3, 3), 4)

    if family == "numbers":
        node = number_tree(random)
        return node, {name: value() for name in sorted(node.inputs)}
    node, sizes = array_tree(random)
    shapes = {"v": "n", "w": "n", "u": "m", "A": "mn", "B": "nm", "c": ""}
    point: dict[str, Any] = {}
    for name in sorted(node.inputs):
        shape = tuple(sizes[letter] for letter in shapes[name])
        found = np.array([value() for _ in range(int(np.prod(shape)))]).reshape(shape)
        point[name] = found if shape else float(found)
    return node, point
