"""The sentences of a verdict: what opinions amount to, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

from mpmath import mp

from backprop.checking.check import NAMES, Remark
from backprop.checking.digits import FULL, Loss
from backprop.checking.opinions import Opinion, close
from backprop.program import Program

SHORT = 6  # digits of a number in a sentence
LONG = 17
HUGE = 1e30  # slopes beyond this, or its inverse, are what an infinite one, or none, looks like


def decimal(number: Any, digits: int) -> str:
    """An exact number as JSON can hold it."""
    if not mp.isfinite(number):
        return "NaN" if number != number else "Infinity" if number > 0 else "-Infinity"
    with mp.workdps(digits + 5):
        text = str(mp.nstr(+number, digits, min_fixed=-5, max_fixed=17))
    return text.replace(".0e", "e").removesuffix(".0")


def shown(digits: float) -> int:
    return min(FULL, round(digits))


def at_a_kink(opinion: Opinion) -> str:
    """What the convention takes, and what the function does."""
    sides = opinion.sides
    text = f"the convention gives {decimal(opinion.precise, SHORT)}"
    if not sides or not sides.known:
        other = opinion.symbolic
        return text if other is None else f"{text}, SymPy {decimal(other, SHORT)}"
    if opinion.state == "leap":
        return f"{text}; the function jumps here"
    left, right = (decimal(side, SHORT) for side in sides[:2])
    if close(sides.left, sides.right):
        return f"{text}, the function's slope is {left}"
    return f"{text}; the slope is {left} on the left and {right} on the right"


def in_difference(opinion: Opinion, shared: bool) -> str:
    parts = [f"the engine has {decimal(opinion.precise, LONG)}"]
    if opinion.symbolic is not None:
        parts.append(f"SymPy {decimal(opinion.symbolic, LONG)}")
    if opinion.sides and opinion.sides.known:
        parts.append(f"a numeric difference {decimal(opinion.sides.middle, LONG)}")
    where = " along a way through all inputs" if shared else ""
    return ", ".join(parts) + where


def in_silence(methods: Collection[str]) -> str:
    asked = [NAMES[name] for name in methods if name != "precise"]
    if not asked:
        return "only the engine itself was asked"
    return f"{' and '.join(asked)} came to no number here"


def without_slope(opinion: Opinion) -> str:
    """What differences make of a point where the chain rule has no answer."""
    text, sides = "no finite slope here", opinion.sides
    if not sides or not sides.known:
        return text
    size = max(abs(sides.left), abs(sides.right))
    if size >= HUGE:
        return text
    if size < 1 / HUGE:
        return f"{text}, though differences tend to 0"
    left, right = (decimal(side, SHORT) for side in sides[:2])
    if close(sides.left, sides.right):
        return f"{text}, though differences tend to {left}"
    return f"{text}: {left} on the left and {right} on the right"


def in_loss(program: Program, loss: Loss) -> Remark:
    """Where digits went."""
    label = program.labels[loss.slot]
    before, after = shown(loss.before), shown(loss.after)
    if loss.backward:
        text = f"the contributions to d{label} cancel: of {before} right digits {after} are left"
        return Remark("rounding", label, text)
    number = program.stage_slots.index(loss.slot) + 1
    code = program.stage(loss.slot, number).code
    text = f"{label} = {code} loses digits: of {before} right ones {after} are left"
    return Remark("rounding", label, text)
