"""Any number of random programs whose verdicts are held against exact slopes computed apart.

    python tests/campaigns/verdicts.py --count 2000 --seed 1 --family numbers

Prints how often each verdict came and every finding; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from examining import checked
from independent import EndlessError, Node, Truth, exact, inputs, literal
from mpmath import mp, mpf

from backprop import evaluate

X, Y = inputs("x", "y")
CONSTANTS = ("((1e16 + 1) - 1e16)", "((0.1 + 0.2) - 0.3)", "1e-8", "1e8", "pi", "e", "2", "0.5")
UNARY = ("exp", "sin", "cos", "tanh", "sigmoid", "softplus", "atan", "sinh", "erf", "silu", "gelu",
         "log1p", "sqrt", "log", "cbrt", "asinh", "expm1", "relu", "abs")  # fmt: skip
ZERO = mpf("1e-700")  # beside the largest value, what is 0 where parts cancel
SLOW = 5.0  # seconds


class Finding(NamedTuple):
    kind: str
    text: str
    point: dict[str, Any]
    detail: str


def of(name: str, *operands: Node, extra: Any = None) -> Node:
    return Node(name, operands, extra)


def known(text: str) -> Node:
    """A constant, written out as a tree where it is more than one literal."""
    if text.startswith("((1e16"):
        return of("sub", of("add", literal("1e16"), literal("1")), literal("1e16"))
    if text.startswith("((0.1"):
        return of("sub", of("add", literal("0.1"), literal("0.2")), literal("0.3"))
    return literal(text)


def tree(random: Random, depth: int, constants: float) -> Node:
    if not depth or random.random() < 0.15:
        is_known = random.random() < constants
        return known(random.choice(CONSTANTS)) if is_known else random.choice((X, Y))
    if random.random() < 0.5:
        return of(random.choice(UNARY), tree(random, depth - 1, constants))
    name = random.choice(("add", "sub", "mul", "mul", "div", "hypot", "logaddexp"))
    return of(name, *(tree(random, depth - 1, constants) for _ in range(2)))


def cancelling(random: Random) -> Node:
    """What is constant, or nearly so, because its parts cancel."""
    u, v = tree(random, random.randint(0, 1), 0), tree(random, random.randint(0, 1), 0)
    two, one = literal("2"), literal("1")
    both = of("add", of("exp", u), of("exp", v))
    found: Node = random.choice((
        of("sub", of("pow", of("add", u, v), two),
           of("add", of("pow", u, two), of("add", of("mul", two, of("mul", u, v)), of("pow", v, two)))),
        of("add", of("sub", of("tanh", u), of("mul", two, of("sigmoid", of("mul", two, u)))), one),
        of("add", of("pow", of("sin", u), two), of("pow", of("cos", u), two)),
        of("add", of("div", of("exp", u), both), of("div", of("exp", v), both)),
        of("sub", of("sub", of("softplus", u), of("softplus", of("neg", u))), u),
        of("sub", of("logaddexp", u, v), of("log", both)),
        of("sub", of("log", of("exp", u)), u),
        of("add", of("erf", u), of("erfc", u)),
        of("sub", of("pow", of("hypot", u, v), two), of("add", of("pow", u, two), of("pow", v, two))),
    ))  # fmt: skip
    return found if random.random() < 0.5 else of(random.choice(("add", "mul")), found, X)


def arrays(random: Random) -> Node:
    v, b = X, Y
    moved = random.choice((v, of("tanh", v), of("add", v, b), of("mul", v, v)))
    unit = of("sub", moved, of("mean", moved))
    return random.choice((
        of("sum", of("softmax", of("add", moved, b))), of("norm", of("div", moved, of("norm", moved))),
        of("sum", of("mul", of("softmax", of("add", moved, b)), v)), of("sum", of("log_softmax", moved)),
        of("sub", of("logsumexp", of("add", moved, b)), b),
        of("sum", of("mul", v, of("div", unit, of("norm", unit)))), of("matmul", moved, v),
        of("sub", of("logsumexp", moved), of("log", of("sum", of("exp", moved)))),
        of("sub", of("pow", of("norm", moved), literal("2")), of("matmul", moved, moved)),
        of("mul", of("sum", unit), b), of("sum", of("exp", of("log_softmax", moved))),
    ))  # fmt: skip


def drawn(family: str, seed: str) -> tuple[Node, dict[str, Any]]:
    random = Random(seed)
    scale = random.choice((1.0,) * 8 + (1e-160, 1e-8, 1e8, 1e160))
    kind = random.choice(("random", "cancelling", "constants"))
    point: dict[str, Any] = {n: scale * round(random.uniform(-3, 3), 4) for n in "xy"}
    if family == "arrays":
        point["x"] = np.array([scale * round(random.uniform(-3, 3), 4) for _ in range(3)])
        node = arrays(random)
    elif kind == "cancelling":
        node = cancelling(random)
    else:
        node = tree(random, random.randint(2, 4), 0.5 if kind == "constants" else 0.05)
    return node, {name: point[name] for name in sorted(node.inputs)}


def judged(family: str, seed: str) -> tuple[str, list[Finding]]:
    """The verdict over all, and what is wrong with those on single inputs."""
    node, point = drawn(family, seed)
    if not point:
        return "no input", []
    try:
        truth = exact(node, point)
    except EndlessError:
        return "too large", []
    start = time.process_time()
    try:
        report, check = evaluate(node.text, point), checked(node.text, point)
    except Exception as error:
        return "crash", [Finding("crash", node.text, point, f"{type(error).__name__}: {error}")]
    found = []
    if (took := time.process_time() - start) > SLOW:
        found.append(Finding("slow", node.text, point, f"{took:.1f} s"))
    for name, one in check.inputs.items():
        kind, detail = complaint(truth, name, report.gradient[name], one.verdict)
        if kind:
            found.append(Finding(kind, node.text, point, f"{name} {one.verdict}: {detail}"))
    return check.verdict, found


def complaint(truth: Truth, name: str, gradient: Any, verdict: str) -> tuple[str, str]:
    """What kind of fault a verdict is, if it is one: by the worst entry of its input."""
    if truth.value is None:
        return ("false agree", "there is no value") if verdict == "agree" else ("", "")
    worst, fault, said = mpf(0), mpf(0), ""
    for index in np.ndindex(*np.shape(gradient)):
        slope = truth.slopes.get((name, *index))
        if slope is None:
            continue
        if not slope.single:
            return ("false agree", "no single slope") if verdict == "agree" else ("", "")
        ours = float(np.asarray(gradient)[index])
        error = abs(mpf(ours) - slope.left) if np.isfinite(ours) else mp.inf
        error = mpf(0) if error <= mpf(2) ** -1074 else error
        zero = abs(slope.left) <= truth.most * ZERO
        dust = zero and error <= max(slope.size, truth.most) * mpf("1e-12")
        part = mpf(0) if dust or not error else error / abs(slope.left) if slope.left else mp.inf
        size = max(abs(slope.left), slope.size)
        fault = max(fault, error / size if size else mp.inf if error else mpf(0))
        if part >= worst:
            worst, said = part, f"ours {ours!r}, exactly {mp.nstr(slope.left, 17)}"
    if verdict == "differ":
        return ("false differ" if fault <= 1e-9 else "wrong gradient"), said
    if verdict == "agree":
        return ("false agree", said) if worst > 1e-9 else ("", "")
    fine = worst <= 1e-12 and truth.gap > 1e-9
    return ("doubtful", said) if fine else ("", "")


def campaign(family: str, seed: int, count: int) -> tuple[Counter[str], list[Finding]]:
    verdicts: Counter[str] = Counter()
    findings: list[Finding] = []
    for number in range(count):
        verdict, found = judged(family, f"{seed}:{number}")
        verdicts[verdict] += 1
        findings += found
    return verdicts, findings


def told(findings: list[Finding]) -> Iterator[str]:
    for kind in sorted({one.kind for one in findings}):
        yield f"\n{kind}\n"
        for one in findings:
            if one.kind == kind:
                yield f"    {one.text}  {one.point}\n        {one.detail}\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--family", choices=("numbers", "arrays"), default="numbers")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    verdicts, findings = campaign(options.family, options.seed, options.count)
    sys.stdout.write("".join(told(findings)))
    rate = options.count / (time.monotonic() - start)
    sys.stdout.write(f"{dict(verdicts.most_common())}, {rate:.1f} programs a second, ")
    sys.stdout.write(f"{dict(Counter(one.kind for one in findings))}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
