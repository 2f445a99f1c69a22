"""What second derivatives cost beside the value, and derived programs beside their program.

    python tests/bench/motion.py

Times are processor times, the least of some runs; value and product are measured in turn.
"""

from __future__ import annotations

from collections.abc import Callable
from random import Random
from time import process_time

import backprop
from backprop.engine.numbers import backward, forward
from backprop.engine.tangents import forward_tangents, second

POINT = {"x": 0.9, "y": 0.7}
WAY = {"x": 1.0, "y": 0.5}
KINDS = {
    "sums and products": ("{a} = {b}*0.6 + {c}*x", "{a} = {b} - {c}*y"),
    "functions": ("{a} = sin({b})*x + {c}*0.5", "{a} = tanh({b}) + y*cos({c})"),
    "mixed": ("{a} = sigmoid({b})*x - {c}/(2 + {b}*{b})", "{a} = exp(-{b}*{b})*y + {c}*0.9"),
}
RUNS = 5


def program(kind: str, stages: int) -> backprop.Program:
    """About so many stages, each fed by the two before it."""
    random, lines = Random(kind), ["v0 = x*y", "v1 = x + y"]
    forms, count = KINDS[kind], 0
    while count < stages:
        k = len(lines)
        form = random.choice(forms)
        lines.append(form.format(a=f"v{k}", b=f"v{k - 1}", c=f"v{k - 2}"))
        count += sum(form.count(sign) for sign in "+-*/(") - form.count("(2")
    return backprop.parse("\n".join(lines))


def least(*works: Callable[[], object]) -> list[float]:
    """The least time of each, measured in turn."""
    found = [float("inf")] * len(works)
    for _ in range(RUNS):
        for place, work in enumerate(works):
            begun = process_time()
            work()
            found[place] = min(found[place], process_time() - begun)
    return found


def costs(kind: str, stages: int) -> None:
    made = program(kind, stages)
    values = forward(made, POINT)

    def product() -> object:
        return second(made, forward(made, POINT), WAY)

    value, gradient, tangent, both = least(
        lambda: forward(made, POINT),
        lambda: backward(made, forward(made, POINT)),
        lambda: forward_tangents(made, values, WAY),
        product,
    )
    print(
        f"{kind}, {made.size:,} stages: value {value * 1e3:.3g} ms; value and gradient"
        f" {gradient / value:.2f}, tangents {tangent / value:.2f}, Hessian-vector product"
        f" with its value {both / value:.2f} times that"
    )


def derived(kind: str, stages: int) -> None:
    made = program(kind, stages)
    begun = process_time()
    once = backprop.derive(made, wrt="x")
    first = process_time() - begun
    begun = process_time()
    twice = backprop.derive(once.text, wrt="x")
    print(
        f"{kind}, {made.size:,} stages: derived in {first:.3g} s to {once.operations:,} operations,"
        f" twice in {process_time() - begun:.3g} s more to {twice.operations:,}"
    )


def main() -> None:
    for stages in (1_000, 100_000):
        for kind in KINDS:
            costs(kind, stages)
    for stages in (60, 1_000, 10_000):
        for kind in KINDS:
            derived(kind, stages)


if __name__ == "__main__":
    main()
