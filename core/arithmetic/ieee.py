"""Floats under IEEE rules: every gate's value and local derivatives as total functions.

1/0 is inf, log(-1) is nan, exp(1000) is inf; no exception and no complex number ever comes
out. A gate is first tried with plain Python operators and the math module's functions,
which is fast; where these raise, the same text is computed again with the functions below.

    VALUE[gate](*operands)                 -> float
    LOCAL[ties][gate](*operands, out)      -> a slope per operand; None stops the message
    KINK[gate](*operands, out)             -> is this a point without derivative?
    POLE[gate](*operands, out)             -> is the value infinite here without overflow?
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from math import copysign, inf, nan

from backprop.gates import GATES
from backprop.gates.row import Gate
from backprop.gates.rules import formula, names_in, statements

Number = Callable[..., float]
Slopes = Callable[..., tuple[float | None, ...]]

TIES = ("notes", "split", "first")
WHOLE = 2.0**52  # from here on every float is a whole number


def guarded(raw: Number, edge: Number) -> Number:
    """`raw` of one operand, and `edge` where it raises."""

    def total(a: float) -> float:
        try:
            return raw(a)
        except (ArithmeticError, ValueError):
            return edge(a)

    return total


def guarded_pair(raw: Number, edge: Number) -> Number:
    """`raw` of two operands, and `edge` where it raises."""

    def total(a: float, b: float) -> float:
        try:
            return raw(a, b)
        except (ArithmeticError, ValueError):
            return edge(a, b)

    return total


def undefined(*_operands: float) -> float:
    return nan


def same_sign(a: float) -> float:
    return copysign(inf, a)


def unbounded(_a: float) -> float:
    return inf


def log_edge(a: float) -> float:
    return -inf if a == 0 else nan


def log1p_edge(a: float) -> float:
    return -inf if a == -1 else nan


def atanh_edge(a: float) -> float:
    return copysign(inf, a) if abs(a) == 1 else nan


def div_edge(a: float, _b: float) -> float:
    return nan if a == 0 or a != a else copysign(inf, a) * copysign(1.0, _b)


def pow_edge(a: float, b: float) -> float:
    odd = b % 2 == 1
    if a == 0 and b < 0:
        return copysign(inf, a) if odd else inf
    if b != math.floor(b) and a < 0:
        return nan
    return -inf if a < 0 and odd else inf


def floor(a: float) -> float:
    return a // 1.0 if abs(a) < WHOLE else a


def ceil(a: float) -> float:
    return -(-a // 1.0) if abs(a) < WHOLE else a


def round_half_even(a: float) -> float:
    return copysign(float(round(a)), a) if abs(a) < WHOLE else a


def cbrt(a: float) -> float:
    """The C library's cube root, up to three ulps off, mended by one step of Newton's method."""
    root = math.cbrt(a)
    if not 1e-290 < abs(a) < 1e290:
        return root
    return root - (root * root * root - a) / (3 * root * root)


def sign(a: float) -> float:
    return nan if a != a else float((a > 0) - (a < 0))


def largest(a: float, *others: float) -> float:
    for b in others:
        a = a if a >= b or a != a else b
    return a


def smallest(a: float, *others: float) -> float:
    for b in others:
        a = a if a <= b or a != a else b
    return a


# What the math module has, and what it means where that raises.
EDGES: dict[str, tuple[Number, Number]] = {
    "div": (lambda a, b: a / b, div_edge),
    "pow": (math.pow, pow_edge),
    "sqrt": (math.sqrt, undefined),
    "exp": (math.exp, unbounded),
    "exp2": (math.exp2, unbounded),
    "expm1": (math.expm1, unbounded),
    "log": (math.log, log_edge),
    "log2": (math.log2, log_edge),
    "log10": (math.log10, log_edge),
    "log1p": (math.log1p, log1p_edge),
    "sin": (math.sin, undefined),
    "cos": (math.cos, undefined),
    "tan": (math.tan, undefined),
    "asin": (math.asin, undefined),
    "acos": (math.acos, undefined),
    "sinh": (math.sinh, same_sign),
    "cosh": (math.cosh, unbounded),
    "acosh": (math.acosh, undefined),
    "atanh": (math.atanh, atanh_edge),
}
PAIRS = ("div", "pow")
PRIMITIVES: dict[str, Number] = {
    "add": lambda a, b: a + b,
    "sub": lambda a, b: a - b,
    "neg": lambda a: -a,
    "mul": lambda a, b: a * b,
    "cbrt": cbrt,
    "atan": math.atan,
    "atan2": math.atan2,
    "hypot": math.hypot,
    "tanh": math.tanh,
    "asinh": math.asinh,
    "erf": math.erf,
    "erfc": math.erfc,
    "abs": abs,
    "sign": sign,
    "floor": floor,
    "ceil": ceil,
    "round": round_half_even,
    "max": largest,
    "min": smallest,
    "where": lambda c, a, b: a if c else b,
    "lt": lambda a, b: 1.0 if a < b else 0.0,
    "le": lambda a, b: 1.0 if a <= b else 0.0,
    "gt": lambda a, b: 1.0 if a > b else 0.0,
    "ge": lambda a, b: 1.0 if a >= b else 0.0,
    "eq": lambda a, b: 1.0 if a == b else 0.0,
    "ne": lambda a, b: 1.0 if a != b else 0.0,
} | {
    name: (guarded_pair if name in PAIRS else guarded)(raw, edge) for name, (raw, edge) in EDGES.items()
}


class Values(dict[str, Number]):
    """Each gate's value; a row with a text is compiled when first used."""

    def __missing__(self, name: str) -> Number:
        gate = GATES[name]
        self[name] = compiled = compile_gate(gate, [gate.value], False)
        return compiled


class Locals(dict[str, Slopes]):
    """Each gate's local derivatives under one convention for ties."""

    def __init__(self, ties: str) -> None:
        self.ties = ties

    def __missing__(self, name: str) -> Slopes:
        gate = GATES[name]
        slopes: Slopes
        if gate.ties:
            slopes = CHOICES[self.ties]
        elif gate.variadic:
            slopes = each_operand(compile_gate(gate, gate.partials, True))
        else:
            slopes = compile_gate(gate, gate.partials, True)
        self[name] = slopes
        return slopes


class Conditions(dict[str, Number | None]):
    """Each gate's test for a special point, by the text in one field of its row."""

    def __init__(self, text: Callable[[Gate], str]) -> None:
        self.text = text

    def __missing__(self, name: str) -> Number | None:
        gate = GATES[name]
        text = self.text(gate)
        test = compile_gate(gate, [text], False, True) if text else None
        self[name] = last_two(test) if test and gate.variadic else test
        return self[name]


def compile_gate(gate: Gate, texts: Iterable[str], slopes: bool, with_out: bool = False) -> Callable[..., object]:
    """A function of the gate's operands (and `out`) that computes `texts`, and never raises."""
    parameters = ", ".join([*gate.operands, *(["out"] if slopes or with_out else [])])
    texts = list(texts)
    namespace: dict[str, object] = {"nan": nan, "div": PRIMITIVES["div"]}
    for text in [*texts, gate.domain]:
        for name in names_in(text) | {"pow"}:
            namespace[name] = VALUE[name]
    total = _function(gate, texts, slopes, parameters, True, namespace)
    namespace = namespace | {name: raw for name, (raw, _) in EDGES.items()} | {"total": total}
    return _function(gate, texts, slopes, parameters, False, namespace)


def _function(
    gate: Gate, texts: list[str], slopes: bool, parameters: str, total: bool, namespace: dict[str, object]
) -> Callable[..., object]:
    body: list[str] = []
    answers: list[str] = []
    for text in texts:
        lines, answer = statements(formula(text), total) if text else ([], "None")
        body += lines
        if text and gate.routes and slopes:
            answer = f"(1.0 if {answer} else None)"
        answers.append(answer)
    answer = f"({', '.join(answers)},)" if slopes else answers[0]
    body.append(f"return {answer}")
    if slopes and gate.domain:
        _, inside = statements(formula(gate.domain), total)
        body.insert(0, f"if not {inside}: return ({'nan, ' * len(texts)})")
    if slopes and gate.routes and all(texts):
        body.insert(0, "if out != out: return (nan,)")
    if total:
        source = [f"def gate({parameters}):", *(f"    {line}" for line in body)]
    else:
        source = [f"def gate({parameters}):", "    try:", *(f"        {line}" for line in body),
                  "    except (ArithmeticError, ValueError):", f"        return total({parameters})"]  # fmt: skip
    scope = dict(namespace)
    exec("\n".join(source), scope)  # the text is the table's own, never a user's
    return scope["gate"]  # type: ignore[return-value]


def each_operand(slope: Slopes) -> Slopes:
    """The slopes of a gate with any number of operands, each by the same text."""

    def slopes(*operands_and_out: float) -> tuple[float | None, ...]:
        *operands, out = operands_and_out
        return tuple(slope(a, out)[0] for a in operands)

    return slopes


def last_two(test: Number) -> Number:
    """A condition on `a` and `out` for a gate with any number of operands."""
    return lambda *operands_and_out: test(*operands_and_out[-2:])


def _chosen(operands_and_out: tuple[float, ...]) -> list[bool]:
    *operands, out = operands_and_out
    return [a == out for a in operands]


def all_tied(*operands_and_out: float) -> tuple[float | None, ...]:
    """The notes' 1(x >= y), 1(y >= x): every tied input gets the whole gradient."""
    if operands_and_out[-1] != operands_and_out[-1]:
        return (nan,) * (len(operands_and_out) - 1)
    return tuple(1.0 if hit else None for hit in _chosen(operands_and_out))


def shared(*operands_and_out: float) -> tuple[float | None, ...]:
    """Tied inputs share the gradient."""
    slopes = all_tied(*operands_and_out)
    count = sum(slope is not None for slope in slopes)
    return tuple(slope and slope / count for slope in slopes)


def first_tied(*operands_and_out: float) -> tuple[float | None, ...]:
    """The first of the tied inputs gets the whole gradient."""
    slopes = all_tied(*operands_and_out)
    if operands_and_out[-1] != operands_and_out[-1]:
        return slopes
    first = slopes.index(1.0)
    return tuple(slope if position == first else None for position, slope in enumerate(slopes))


CHOICES: dict[str, Slopes] = dict(zip(TIES, (all_tied, shared, first_tied), strict=True))
VALUE = Values(PRIMITIVES)
LOCAL = {ties: Locals(ties) for ties in TIES}
KINK = Conditions(lambda gate: gate.kink.where if gate.kink else "")
POLE = Conditions(lambda gate: gate.pole)
