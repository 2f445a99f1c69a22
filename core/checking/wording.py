"""The sentences of a verdict: what opinions amount to, in words."""

from __future__ import annotations

from collections.abc import Collection
from typing import Any, NamedTuple

from mpmath import mp, mpf

from backprop.answer.verdicts import NAMES, Remark
from backprop.checking.digits import FULL, Loss
from backprop.checking.numeric import close
from backprop.checking.opinions import Opinion
from backprop.engine.ties.sides import Slopes
from backprop.program.program import Program

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


class Kink(NamedTuple):
    """What is taken where there is no single slope, and what the function does."""

    taken: Any
    sides: tuple[Any, Any]  # None where nobody knows
    jumps: bool

    @classmethod
    def of(cls, opinion: Opinion, slopes: Slopes | None) -> Kink:
        """`slopes` tell of jumps and infinities, which differences can't."""
        exact = opinion.sides or opinion.symbolic
        if slopes is None or (slopes.finite and exact and exact.known):
            sides = exact[:2] if exact and exact.known else (None, None)
            return cls(opinion.precise, sides, opinion.state == "leap")
        both = (slopes.left.slope, slopes.right.slope)
        left, right = (None if side is None else mpf(side) for side in both)
        return cls(opinion.precise, (left, right), slopes.jumps)

    @property
    def reason(self) -> str:
        text = f"{decimal(self.taken, SHORT)} is taken"
        if self.jumps:
            return f"{text}; the function jumps here"
        left, right = self.sides
        if left is None or right is None:
            return text
        if left == right or (mp.isfinite(left) and mp.isfinite(right) and close(left, right)):
            return f"{text}, the function's slope is {words(left)}"
        return f"{text}; the slope is {words(left)} on the left and {words(right)} on the right"


def words(slope: Any) -> str:
    """A slope in a sentence."""
    if mp.isinf(slope):
        return "inf" if slope > 0 else "-inf"
    return decimal(slope, SHORT)


def in_difference(opinion: Opinion, shared: bool) -> str:
    parts = [f"the engine has {decimal(opinion.precise, LONG)}"]
    if opinion.symbolic is not None:
        parts.append(f"SymPy {decimal(opinion.symbolic.middle, LONG)}")
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
    if loss.through is not None:
        stage = program.labels[loss.through]
        text = f"what {stage} passes back to {label} loses digits: of {before} right ones {after}"
        return Remark("rounding", label, f"{text} are left")
    if loss.backward:
        text = f"the contributions to d{label} cancel: of {before} right digits {after} are left"
        return Remark("rounding", label, text)
    number = program.stage_slots.index(loss.slot) + 1
    code = program.stage(loss.slot, number).code
    text = f"{label} = {code} loses digits: of {before} right ones {after} are left"
    return Remark("rounding", label, text)
