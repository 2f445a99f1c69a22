"""Random programs at points where their gates tie, and the truth about their slopes.

The truth is computed apart: every program is also a list of nodes, which is evaluated in many
digits at the point and at tiny distances from it. No line of it is shared with the product.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

DIGITS = 320
NEAR = mpf(2) ** -300
NOISE = mpf(10) ** -300  # beside a number, what is only rounding
SAME = 1e-9

FAMILIES = {
    "linear": "add sub scale max min relu abs clip max3 leaky",
    "smooth": "add sub scale mul square max min relu abs clip hypot exp sigmoid root max3",
    "choices": "add sub scale mul square max min relu gt ge lt le eq ne take",
    "jumps": "add sub scale mul max relu gt eq sign floor ceil round mod",
}
POINTS = (0.0, 0.0, 1.0, 1.0, 2.0, 0.5, -1.0)
FACTORS = (-2.0, -1.0, 2.0, 3.0, 0.5)
COMPARED = {"gt": ">", "ge": ">=", "lt": "<", "le": "<=", "eq": "==", "ne": "!="}


class Node(NamedTuple):
    """`op` on earlier nodes; of an input its place, of a constant its value."""

    op: str
    fed: tuple[int, ...] = ()
    number: float = 0.0


class Tied(NamedTuple):
    nodes: Sequence[Node]
    point: dict[str, float]

    @property
    def text(self) -> str:
        names = [*self.point]
        lines = []
        written: list[str] = []
        for place, node in enumerate(self.nodes):
            if node.op == "input":
                written.append(names[int(node.number)])
            elif node.op == "constant":
                written.append(f"{node.number:g}")
            else:
                lines.append(
                    f"t{place} = {WRITTEN[node.op](*[written[k] for k in node.fed], node)}"
                )
                written.append(f"t{place}")
        return "; ".join(lines)


def negated(text: str) -> str:
    return f"({text})" if text.startswith("-") else text


WRITTEN: dict[str, Callable[..., str]] = {
    "add": lambda a, b, _: f"{a} + {negated(b)}",
    "sub": lambda a, b, _: f"{a} - {negated(b)}",
    "mul": lambda a, b, _: f"{a} * {negated(b)}",
    "scale": lambda a, node: f"{negated(f'{node.number:g}')} * {negated(a)}",
    "square": lambda a, _: f"{negated(a)}**2",
    "max": lambda a, b, _: f"max({a}, {b})",
    "min": lambda a, b, _: f"min({a}, {b})",
    "max3": lambda a, b, c, _: f"max({a}, {b}, {c})",
    "relu": lambda a, _: f"relu({a})",
    "leaky": lambda a, _: f"leaky_relu({a})",
    "abs": lambda a, _: f"abs({a})",
    "clip": lambda a, _: f"clip({a}, 0, 1)",
    "hypot": lambda a, b, _: f"hypot({a}, {b})",
    "exp": lambda a, _: f"exp(-{negated(a)}**2)",
    "sigmoid": lambda a, _: f"sigmoid({a})",
    "root": lambda a, _: f"sqrt(1 + {negated(a)}**2)",
    "sign": lambda a, _: f"sign({a})",
    "floor": lambda a, _: f"floor({a})",
    "ceil": lambda a, _: f"ceil({a})",
    "round": lambda a, _: f"round({a})",
    "mod": lambda a, b, _: f"{negated(a)} % (1 + abs({b}))",
    "take": lambda a, b, c, _: f"where({a}, {b}, {c})",
}


def where(sign: str) -> Callable[..., str]:
    return lambda a, b, c, d, _: f"where({negated(a)} {sign} {negated(b)}, {c}, {d})"


WRITTEN |= {name: where(sign) for name, sign in COMPARED.items()}


def cleared(a: Any) -> Any:
    """A number without the rounding that keeps it from being whole."""
    whole = mp.nint(a)
    return whole if whole and abs(a - whole) < abs(whole) * NOISE else a


def rest(a: Any, b: Any) -> Any:
    return a - b * mp.floor(cleared(a / b))


VALUE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b, _: a + b,
    "sub": lambda a, b, _: a - b,
    "mul": lambda a, b, _: a * b,
    "scale": lambda a, node: a * node.number,
    "square": lambda a, _: a * a,
    "max": lambda a, b, _: max(a, b),
    "min": lambda a, b, _: min(a, b),
    "max3": lambda a, b, c, _: max(a, b, c),
    "relu": lambda a, _: a if a > 0 else mpf(0),
    "leaky": lambda a, _: a if a > 0 else mpf(0.01) * a,
    "abs": lambda a, _: abs(a),
    "clip": lambda a, _: min(max(a, mpf(0)), mpf(1)),
    "hypot": lambda a, b, _: mp.sqrt(a * a + b * b),
    "exp": lambda a, _: mp.exp(-a * a),
    "sigmoid": lambda a, _: 1 / (1 + mp.exp(-a)),
    "root": lambda a, _: mp.sqrt(1 + a * a),
    "sign": lambda a, _: mpf((a > 0) - (a < 0)),
    "floor": lambda a, _: mp.floor(cleared(a)),
    "ceil": lambda a, _: mp.ceil(cleared(a)),
    "round": lambda a, _: mp.nint(a),
    "mod": lambda a, b, _: rest(a, 1 + abs(b)),
    "take": lambda a, b, c, _: b if a != 0 else c,
    "gt": lambda a, b, c, d, _: c if a > b else d,
    "ge": lambda a, b, c, d, _: c if a >= b else d,
    "lt": lambda a, b, c, d, _: c if a < b else d,
    "le": lambda a, b, c, d, _: c if a <= b else d,
    "eq": lambda a, b, c, d, _: c if a == b else d,
    "ne": lambda a, b, c, d, _: c if a != b else d,
}
TAKES = {
    "add": 2,
    "sub": 2,
    "mul": 2,
    "max": 2,
    "min": 2,
    "hypot": 2,
    "mod": 2,
    "max3": 3,
    "take": 3,
}


def drawn(seed: str, family: str) -> Tied:
    """A random program of a family, with the point at which to look."""
    random = Random(f"{family}:{seed}")
    inputs = random.choice((1, 1, 2, 2, 3, 4, random.randrange(5, 17)))
    nodes = [Node("input", number=float(k)) for k in range(inputs)]
    nodes += [Node("constant", number=0.0), Node("constant", number=1.0)]
    equal = random.random() < 0.2
    if inputs > 4:  # all of them meet
        for k in range(1, inputs):
            before = len(nodes) - 1 if k > 1 else 0
            nodes.append(Node(random.choice(("max", "min", "add")), (before, k)))
    for _ in range(random.randrange(3, 12)):
        op = random.choice(FAMILIES[family].split())
        count = 4 if op in COMPARED else TAKES.get(op, 1)
        recent = max(0, len(nodes) - 5)
        fed = tuple(
            random.randrange(len(nodes)) if random.random() < 0.5
            else random.randrange(recent, len(nodes))
            for _ in range(count)
        )  # fmt: skip
        nodes.append(Node(op, fed, random.choice(FACTORS)))
    nodes.append(Node("add", (len(nodes) - 1, len(nodes) - 2)))
    at = random.choice(POINTS)
    point = {f"x{k}": at if equal else random.choice(POINTS) for k in range(inputs)}
    return Tied(nodes, point)


def value(tied: Tied, at: Sequence[Any]) -> Any:
    found: list[Any] = []
    for node in tied.nodes:
        if node.op == "input":
            found.append(at[int(node.number)])
        elif node.op == "constant":
            found.append(mpf(node.number))
        else:
            found.append(VALUE[node.op](*[found[k] for k in node.fed], node))
    return found[-1]


class Truth(NamedTuple):
    """The one-sided slopes by an input; None on a side where the output jumps."""

    left: Any
    right: Any

    @property
    def jumps(self) -> bool:
        return self.left is None or self.right is None

    @property
    def single(self) -> bool:
        return not self.jumps and near(self.left, self.right)


def near(a: Any, b: Any) -> bool:
    return bool(abs(a - b) <= SAME * max(1, abs(a), abs(b)))


def truth(tied: Tied) -> dict[str, Truth]:
    """The slopes on both sides by every input, the others held."""
    with mp.workdps(DIGITS):
        at = [mpf(number) for number in tied.point.values()]
        middle = value(tied, at)
        found = {}
        for place, name in enumerate(tied.point):
            sides = []
            for sign in (-1, 1):
                moved = [*at[:place], at[place] + sign * NEAR, *at[place + 1 :]]
                move = value(tied, moved) - middle
                sides.append(None if abs(move) > 1e-20 else move / (sign * NEAR))
            found[name] = Truth(*sides)
        return found


def labels(tied: Tied) -> set[str]:
    """The inputs that the output only hears of through `==` and `!=`, unless it hears of nothing
    else: neither of an input nor of a constant with a name."""
    heard = [False] * len(tied.nodes)
    heard[-1] = True
    for place in range(len(tied.nodes) - 1, -1, -1):
        node = tied.nodes[place]
        if heard[place]:
            deaf = 2 if node.op in ("eq", "ne") else 0
            for operand in node.fed[deaf:]:
                heard[operand] = True
    named = [node.op == "input" for node in tied.nodes]
    for place, node in enumerate(tied.nodes):
        made_of_constants = all(tied.nodes[k].op == "constant" for k in node.fed)
        named[place] = named[place] or (bool(node.fed) and made_of_constants)
    alone = not any(one and told for one, told in zip(named, heard, strict=True))
    return {name for k, name in enumerate(tied.point) if not heard[k] and not alone}


# Arrays: numbers, vectors of 3 and matrices of 2x3, as nested object arrays of mpmath numbers.

ARRAY_OPS = [
    "add",
    "sub",
    "scale",
    "mul",
    "max",
    "min",
    "relu",
    "abs",
    "clip",
    "where",
    "square",
    "sum",
    "mean",
    "amax",
    "amin",
    "axis_max",
    "axis_sum",
    "matvec",
    "norm",
    "softmax",
    "cumsum",
    "concatenate",
    "pick",
    "stack",
    "floor",
    "mod",
    "sign",
    "prod",
    "logsumexp",
]
each = np.frompyfunc


def entrywise(op: str) -> Callable[..., Any]:
    return lambda *fed: each(lambda *numbers: VALUE[op](*numbers, None), len(fed), 1)(*fed)


def exps(a: Any) -> Any:
    return each(mp.exp, 1, 1)(a)


ARRAY_VALUE: dict[str, Callable[..., Any]] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "mul": lambda a, b: a * b,
    "scale": lambda a: 2 * a,
    **{
        op: entrywise(op)
        for op in ("max", "min", "relu", "abs", "clip", "square", "floor", "sign", "mod")
    },
    "where": lambda a, b, c: each(lambda p, q, r: q if p > 0 else r, 3, 1)(a, b, c),
    "sum": lambda a: np.sum(a),
    "mean": lambda a: np.sum(a) / np.size(a),
    "amax": lambda a: max(np.ravel(a)),
    "amin": lambda a: min(np.ravel(a)),
    "axis_max": lambda a: np.array([max(column) for column in a.T], dtype=object),
    "axis_sum": lambda a: np.sum(a, axis=0),
    "matvec": lambda a, b: np.array([np.sum(row * b) for row in a], dtype=object),
    "norm": lambda a: mp.sqrt(np.sum(a * a)),
    "softmax": lambda a: exps(a) / np.sum(exps(a), axis=-1, keepdims=True),
    "cumsum": lambda a: np.cumsum(a),
    "concatenate": lambda a, b: np.concatenate([a, b]),
    "pick": lambda a: a[1],
    "stack": lambda a, b: np.array([a, b], dtype=object),
    "prod": lambda a: np.prod(a),
    "logsumexp": lambda a: mp.log(np.sum(exps(a))),
}
ARRAY_TEXT = {
    "add": "{} + {}", "sub": "{} - {}", "mul": "{} * {}", "scale": "2 * {}", "max": "max({}, {})",
    "min": "min({}, {})", "relu": "relu({})", "abs": "abs({})", "clip": "clip({}, 0, 1)",
    "square": "{}**2", "floor": "floor({})", "sign": "sign({})", "where": "where({} > 0, {}, {})",
    "sum": "sum({})", "mean": "mean({})", "amax": "max({})", "amin": "min({})",
    "axis_max": "max({}, axis=0)", "axis_sum": "sum({}, axis=0)", "matvec": "{} @ {}",
    "norm": "norm({})", "softmax": "softmax({})", "cumsum": "cumsum({}, axis=0)",
    "concatenate": "concatenate([{}, {}])", "pick": "{}[1]", "stack": "stack([{}, {}])",
    "mod": "{} % (1 + abs({}))", "prod": "prod({})", "logsumexp": "logsumexp({})",
}  # fmt: skip


class TiedArrays(NamedTuple):
    steps: Sequence[tuple[str, tuple[int, ...]]]  # on the inputs, then on one another
    point: dict[str, Any]

    @property
    def text(self) -> str:
        names = [*self.point]
        lines = []
        for op, fed in self.steps:
            name = f"t{len(names)}"
            lines.append(f"{name} = {ARRAY_TEXT[op].format(*[names[k] for k in fed])}")
            names.append(name)
        return "; ".join([*lines, f"sum({names[-1]}) + sum({names[-2]}**2)"])


def array_value(tied: TiedArrays, at: Sequence[Any]) -> Any:
    found = [*at]
    for op, fed in tied.steps:
        found.append(ARRAY_VALUE[op](*[found[k] for k in fed]))
    return np.sum(found[-1]) + np.sum(found[-2] * found[-2])


def drawn_arrays(seed: str) -> TiedArrays:
    """A random program on arrays; a step is only taken where its shapes fit."""
    random = Random(f"arrays:{seed}")
    shapes: list[tuple[int, ...]] = random.sample([(3,), (2, 3), (), (3,), (2, 3)], 3)
    point = {}
    for k, shape in enumerate(shapes):
        numbers = np.array([random.choice(POINTS) for _ in range(int(np.prod(shape)))])
        point[f"x{k}"] = numbers.reshape(shape)
    values: list[Any] = [entry.astype(object) for entry in point.values()]
    steps: list[tuple[str, tuple[int, ...]]] = []
    wanted = random.randrange(3, 9)
    while len(steps) < wanted:
        op = random.choice(ARRAY_OPS)
        count = ARRAY_TEXT[op].count("{}")
        fed = tuple(random.randrange(max(0, len(values) - 5), len(values)) for _ in range(count))
        if fits(op, [np.shape(values[k]) for k in fed]):
            found = ARRAY_VALUE[op](*[each(mpf, 1, 1)(values[k]) for k in fed])
            steps.append((op, fed))
            values.append(np.asarray(found, dtype=object)[()])
    return TiedArrays(steps, point)


def fits(op: str, shapes: Sequence[tuple[int, ...]]) -> bool:
    """Does an operation take arrays of these shapes?"""
    first = shapes[0]
    match op:
        case "axis_max" | "axis_sum":
            return len(first) == 2
        case "matvec":
            return len(first) == 2 and shapes[1] == first[1:]
        case "concatenate":
            return len(first) == 1 and len(shapes[1]) == 1
        case "stack":
            return first == shapes[1] and len(first) == 1
        case "pick":
            return len(first) >= 1 and first[0] > 1
        case "cumsum" | "softmax":
            return len(first) == 1
        case "sum" | "mean" | "amax" | "amin" | "norm" | "prod" | "logsumexp":
            return len(first) >= 1
    try:
        return len(np.broadcast_shapes(*shapes)) < 3
    except ValueError:
        return False


def array_truth(tied: TiedArrays) -> dict[str, dict[tuple[int, ...], Truth]]:
    """The slopes on both sides by every entry of every input."""
    with mp.workdps(DIGITS):
        exact = each(mpf, 1, 1)
        at = [exact(number) for number in tied.point.values()]
        middle = array_value(tied, at)
        found: dict[str, dict[tuple[int, ...], Truth]] = {}
        for place, (name, numbers) in enumerate(tied.point.items()):
            found[name] = {}
            for index in np.ndindex(*numbers.shape):
                sides = []
                for sign in (-1, 1):
                    moved = np.array(at[place], dtype=object)
                    moved[index] += sign * NEAR
                    move = array_value(tied, [*at[:place], moved[()], *at[place + 1 :]]) - middle
                    sides.append(None if abs(move) > 1e-20 else move / (sign * NEAR))
                found[name][index] = Truth(*sides)
        return found
