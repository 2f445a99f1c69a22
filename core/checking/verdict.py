"""Opinions in, verdicts out: for the value, for every derivative, and over all."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping, Sequence
from functools import cached_property
from itertools import chain
from typing import Any

from mpmath import mp, mpf

from backprop.answer.verdicts import NAMES, Check, Judged, Method, Remark, worst
from backprop.arithmetic.intervals import EXACT, PRIMITIVES
from backprop.checking.constants import pass_bounds
from backprop.checking.digits import (
    DUST,
    FULL,
    backward_digits,
    kept_digits,
    lost_backward,
    lost_forward,
    right_digits,
)
from backprop.checking.levels import Conclusion, by_text, holds_nearby
from backprop.checking.numeric import Sides, close
from backprop.checking.opinions import (
    Opinion,
    Precise,
    Subject,
    Tremor,
    drowned,
    near,
    precise,
    ties,
    tremor,
)
from backprop.checking.stable import suggestion
from backprop.checking.stages import boundless, other_branch, wrong_arithmetic, wrong_rule
from backprop.checking.wording import (
    SHORT,
    Kink,
    decimal,
    in_difference,
    in_loss,
    in_silence,
    shown,
    without_slope,
)
from backprop.engine.numbers import Backward, backward, forward
from backprop.program.program import CONSTANT, INPUT

LARGEST = 1.7976931348623157e308
MILLION = 3_321_929  # bits before the point of ten to a million
ENOUGH = 10  # digits that a float should keep
SENT = 50  # digits of an exact value that travel
VANISHING = 1e-20  # beside a float, what may be 0 exactly
BLURRED = 6  # digits to which what is close to a kink equals it
ROUGHLY = 8  # digits to which rounded constants let a text and its gates agree


HINT = "backprop improve looks for a form that keeps more digits"
IMPROVABLE = 100  # stages of a program that is worth a search
CLEAR = 12  # right digits of what surely isn't rounding


class Judge:
    """Judges one look at one subject."""

    def __init__(
        self,
        subject: Subject,
        found: Conclusion,
        methods: Collection[str],
        seconds: Mapping[str, float],
        digits: int,
    ) -> None:
        self.subject = subject
        self.look = look = found.look
        self.values_agree = found.values_agree
        self.failed = found.failed
        self.single = {next(iter(way)): one for way, one in found.opinions if len(way) == 1}
        self.together = [(way, one) for way, one in found.opinions if len(way) > 1]
        self.methods = methods
        self.seconds = seconds
        self.digits = digits
        self.sent = max(digits, SENT)
        self.program = subject.program
        self.ties = ties(self.program, look.precise)
        self.floats, self.back = self.in_floats()
        self.verdicts: dict[str, str] = {}

    @cached_property
    def value_digits(self) -> list[float]:
        exact, slots = self.look.precise, range(len(self.floats))
        found = []
        for slot, number, right in zip(slots, self.floats, exact.values, strict=True):
            digits = right_digits(number, right)
            if digits < CLEAR:  # it may be what rounding leaves of 0
                digits = kept_digits(number, right, self.value_size(slot, number), exact.digits)
            found.append(digits)
        return found

    @cached_property
    def slope_digits(self) -> list[float]:
        exact = self.look.precise
        found = backward_digits(self.program, self.back, exact.back, exact.sizes, exact.digits)
        for name in self.single:
            slot = self.program.inputs[name]
            number = self.back.gradient(slot)
            found[slot] = kept_digits(number, self.exact(name), self.size(name), exact.digits)
        return found

    def in_floats(self) -> tuple[Sequence[float], Backward]:
        """Both passes as they are shown."""
        values = forward(self.program, self.subject.point)
        return values, backward(self.program, values, self.subject.branches)

    def check(self) -> Check:
        with mp.workdps(self.look.precise.digits):
            value = self.judged_value()
            inputs = {name: self.judged(name) for name in self.subject.wrt}
            self.verdicts = {name: judged.verdict for name, judged in inputs.items()}
            verdict = worst([value.verdict, *(judged.verdict for judged in inputs.values())])
            return Check(
                verdict=verdict,
                reason=self.reason(verdict, value, inputs),
                value=value,
                inputs=inputs,
                methods={name: self.method(name) for name in self.methods},
                remarks=list(self.remarks(verdict)),
                exact_digits=self.digits,
                stages=[(shown(value), shown(slope)) for value, slope in self.stage_digits()],
            )

    def input_of(self, name: str) -> str:
        """The input that what is judged under this name belongs to."""
        return name

    def stage_digits(self) -> Iterator[tuple[float, float]]:
        """Right digits of every stage's value and gradient."""
        for slot in self.program.stage_slots:
            yield self.value_digits[slot], self.slope_digits[slot]

    # One number.

    def judged_value(self) -> Judged:
        exact = self.exact_value(self.program.output, self.subject.value)
        size = self.value_size(self.program.output, self.subject.value)
        graded = self.graded(self.subject.value, exact, size)
        if self.values_agree or not mp.isfinite(exact):
            return self.switching(graded)
        if self.ties and self.generic:
            return graded._replace(verdict="kink", reason="no rounding tells the side of a jump")
        if self.look.precise.scattered:
            return graded._replace(verdict="unchecked", reason="numbers too far apart for a check")
        return graded._replace(verdict="differ", reason="the values are different")

    def judged(self, name: str) -> Judged:
        if name in self.subject.labels:
            return self.graded(self.subject.gradient[name], mpf(0))
        opinion, shared = self.opinion_on(name)
        exact = self.exact(name)
        if opinion.state in ("jump", "leap") and not self.ties:  # the step is too long for it
            opinion = Opinion.of(opinion.precise, opinion.symbolic, None, self.room(name))
        if opinion.state == "differ" and self.look.precise.scattered:
            opinion = confirmed(opinion, self.room(name))
        state = opinion.state
        graded = self.graded(self.subject.gradient[name], exact, self.size(name))
        if state == "undefined" or graded.verdict == "undefined":
            if self.boundless:
                return graded
            return graded._replace(verdict="undefined", reason=without_slope(opinion))
        if not mp.isfinite(self.look.values["precise"]) and not self.boundless:
            return graded._replace(verdict="undefined", reason="the value itself is not finite")
        jumps = name in self.subject.slopes and self.subject.slopes[name].jumps
        if state in ("jump", "leap", "differ"):
            if jumps or (self.ties and self.generic):
                return self.kinked(name, graded, opinion)
            return graded._replace(verdict="differ", reason=in_difference(opinion, shared))
        if jumps:
            return self.kinked(name, graded, opinion)
        graded = self.switching(graded)
        if graded.verdict == "agree" and self.departs(name):
            text = f"by its text alone, the program has {self.text(self.texts[name][0].middle, 17)}"
            return graded._replace(verdict="differ", reason=text)
        if state == "silent" and graded.verdict in ("agree", "rounding"):
            return graded._replace(verdict="unchecked", reason=in_silence(self.methods))
        return graded

    def kinked(self, name: str, graded: Judged, opinion: Opinion) -> Judged:
        kink = Kink.of(opinion, self.subject.slopes.get(name))
        if not kink.jumps:
            left, right = (None if side is None else self.text(side) for side in kink.sides)
            graded = graded._replace(left=left, right=right)
        return graded._replace(verdict="kink", reason=kink.reason)

    def switching(self, graded: Judged) -> Judged:
        """What looks like rounding may be a branch that floats take and exact numbers don't."""
        if graded.verdict != "rounding" or self.switched is None:
            return graded
        label = self.program.labels[self.switched]
        exact = self.look.precise.values
        fed = [exact[operand] for operand in self.program.operands[self.switched]]
        if near(self.program.gates[self.switched], fed, exact[self.switched], BLURRED):
            reason = f"so close to a kink that {label} takes another branch in float64"
        else:
            reason = f"rounding makes {label} take another branch in float64"
        return graded._replace(verdict="kink", reason=reason)

    @cached_property
    def texts(self) -> dict[str, tuple[Sides, Sides]]:
        """The slopes of the text and of its gates, where these were opened or fused."""
        if self.subject.gates == "written" or "numeric" not in self.methods:
            return {}
        return by_text(self.subject, self.look.precise.digits)

    def departs(self, name: str) -> bool:
        """Is the text's slope another than that of the gates made of it, rounding aside?"""
        if name not in self.texts or self.look.precise.scattered:
            return False
        text, gates = self.texts[name]
        if not text.known or not gates.known or drowned(gates.middle, text):
            return False
        return not close(text.middle, gates.middle, ROUGHLY)

    @cached_property
    def generic(self) -> bool:
        """Is everything right a hair from here, so that a kink explains what isn't?"""
        by_convention = [slot for slot in self.ties if self.program.gates[slot] != "where"]
        if wrong_rule(self.subject, self.look.precise, by_convention):
            return False
        return holds_nearby(self.subject, self.methods) is not False  # None: tied there as well

    @cached_property
    def miscounted(self) -> Remark | None:
        """A stage with wrong floats, which rounding doesn't excuse."""
        return wrong_arithmetic(self.subject, self.floats, self.back, self.ties)

    @cached_property
    def switched(self) -> int | None:
        return other_branch(self.program, self.floats, self.back, self.look.precise)

    def exact(self, name: str) -> Any:
        """The engine's derivative at many digits, without what is only rounding at any."""
        found = self.look.precise.gradient(self.program, name)
        if name in self.single:
            found = self.single[name].precise or found
        if not abs(found) <= self.room(name) or not found:
            return found
        return fading(found, self.closer.gradient(self.program, name))

    def exact_value(self, slot: int, number: float) -> Any:
        """A value at many digits, without what is only rounding at any."""
        found = self.look.precise.values[slot]
        if not found or (number and not vanishes(number, found)):
            return found
        return fading(found, self.closer.values[slot])

    @cached_property
    def closer(self) -> Precise:
        """Both passes at twice the digits, at which what is only rounding fades."""
        return precise(self.subject, 2 * self.look.precise.digits)

    def room(self, name: str) -> Any:
        """What is nothing beside the parts of a derivative: it is what is left of 0."""
        return self.size(name) * self.look.precise.nothing

    def size(self, name: str) -> Any:
        """The size of the parts that a derivative adds up, and of what rounding may add."""
        exact, slot = self.look.precise, self.program.inputs[name]
        size = exact.sizes[slot]
        if vanishes(self.subject.gradient[name], exact.back.gradient(slot)):
            size += self.tremor.gradients[slot]
        return size

    def value_size(self, slot: int, number: float) -> Any:
        """The same for a value, of which only what seems to be 0 has to be told from 0."""
        vanished = vanishes(number, self.look.precise.values[slot])
        return self.tremor.values[slot] if vanished else 0

    @cached_property
    def tremor(self) -> Tremor:
        return tremor(self.subject, self.look.precise)

    def opinion_on(self, name: str) -> tuple[Opinion, bool]:
        """What was found for an input alone, or the worst of what was for many together."""
        if name in self.single:
            return self.single[name], False
        order = ("agree", "silent", "undefined", "jump", "leap", "differ")
        found = [one for way, one in self.together if name in way]
        return max(found, key=lambda opinion: order.index(opinion.state)), True

    def graded(self, number: float, exact: Any, size: Any = 0) -> Judged:
        """A float beside its exact value, whose calculus is not in question. `size` is that of
        the parts that it adds up: what is 0 to within their rounding is 0."""
        if not mp.isfinite(exact):
            if self.boundless:
                return Judged("overflow", reason="larger than ten to a million, and not computed")
            return Judged("undefined", exact=self.text(exact), reason="not finite, however exact")
        text = self.text(exact)
        settles = not exact and abs(number) <= size * DUST
        digits = FULL if settles else right_digits(number, exact)
        if math.isfinite(number):
            if digits >= ENOUGH:
                return Judged("agree", shown(digits), text)
            if self.overflows:
                return self.overflowed(exact, shown(digits))
            kept = (
                f"float64 keeps {shown(digits)} digits here" if digits >= 1 else "no digit is right"
            )
            if self.miscounted:
                return Judged("differ", shown(digits), text, reason=self.miscounted.message)
            return Judged("rounding", shown(digits), text, reason=kept)
        if abs(exact) > LARGEST or self.overflows:
            return self.overflowed(exact, 0)
        return Judged("rounding", 0, text, reason="no digit is right")

    def overflowed(self, exact: Any, digits: int) -> Judged:
        size = self.text(exact, SHORT)
        if exact and mp.mag(exact) > MILLION:
            size = f"{'less than minus' if exact < 0 else 'larger than'} ten to a million"
        what = "the value" if abs(exact) > LARGEST else "a step on the way"
        reason = f"{what} exceeds 1.8e308, where float64 ends; the exact value is {size}"
        return Judged("overflow", digits, self.text(exact), reason=reason)

    @cached_property
    def boundless(self) -> bool:
        return boundless(self.program, self.look.precise.values)

    @cached_property
    def overflows(self) -> bool:
        """Is anything on the way larger than any float, though a number exactly?"""
        if pass_bounds(self.program):
            return True
        exact, slots = self.look.precise, range(len(self.floats))
        values = (
            (self.floats[slot], exact.values[slot])
            for slot in slots
            if exact.back.reached(slot) or slot in self.program.constants
        )
        gradients = ((self.back.gradient(slot), exact.back.gradient(slot)) for slot in slots)
        slopes = (
            (mine, theirs)
            for slot in slots
            for mine, theirs in zip(
                self.back.slopes(slot) or (), exact.back.slopes(slot) or (), strict=False
            )
            if mine is not None and theirs is not None
        )
        return any(
            not math.isfinite(number) and mp.isfinite(right) and abs(right) > LARGEST
            for number, right in chain(values, gradients, slopes)
        )

    # Over all.

    def reason(self, verdict: str, value: Judged, inputs: Mapping[str, Judged]) -> str:
        judged = [("", value), *inputs.items()]
        bad = [(name, one) for name, one in judged if one.verdict == verdict]
        if verdict != "agree":
            name, first = bad[-1]
            output = self.program.output_name
            what = f"d{output}/d{name}" if name else output
            more = f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
            return f"{what}: {first.reason}{more}"
        digits = min(one.digits or 0 for _, one in judged)
        return f"{self.heard()}; float64 keeps {digits} digits"

    def heard(self) -> str:
        """Who agrees, and on what a method had nothing to say."""
        variables = self.subject.variables
        asked = [name for name in ("symbolic", "numeric") if name in self.methods]
        silent = {
            method: [n for n in variables if method not in self.opinion_on(n)[0].heard]
            for method in asked
        }
        speaking = [NAMES[method] for method in asked if len(silent[method]) < len(variables)]
        text = f"{' and '.join(speaking)} agree{'s' if len(speaking) == 1 else ''}"
        if self.together:
            parts, count = self.subject.parts, len(self.single)
            some = f"on {count} {parts} alone and on all together"
            text += f", {some if count else f'on all {parts} together'}"
        for method, inputs in silent.items():
            if method in self.failed:
                text += f", though {NAMES[method]} failed: {self.failed[method]}"
            elif inputs:
                more = f" (and {len(inputs) - 1} more)" if len(inputs) > 1 else ""
                text += f", though {NAMES[method]} has nothing on {inputs[0]}{more}"
        return text

    def method(self, name: str) -> Method:
        value = self.look.values.get(name)
        return Method(
            "failed" if name in self.failed else "done",
            round(self.seconds.get(name, 0.0), 4),
            None if value is None else self.text(value),
            {key: self.slope(name, key) for key in self.subject.wrt},
            self.failed.get(name, ""),
        )

    def slope(self, method: str, name: str) -> str | None:
        opinion = self.single.get(name)
        if method == "precise":
            return self.text(self.exact(name))
        if opinion is None:
            return None
        if method == "symbolic":
            return None if opinion.symbolic is None else self.text(opinion.symbolic.middle)
        return None if opinion.sides is None else self.text(opinion.sides.middle)

    def text(self, number: Any, digits: int = 0) -> str:
        return decimal(number, digits or self.digits or self.sent)

    def remarks(self, verdict: str) -> Iterator[Remark]:
        if verdict == "differ" and (found := wrong_rule(self.subject, self.look.precise)):
            yield found
        if verdict not in ("rounding", "kink", "overflow"):
            return
        kept = [right_digits(self.subject.value, self.look.values["precise"])]
        kept += [self.slope_digits[self.program.inputs[name]] for name in self.subject.wrt]
        if min(kept) >= ENOUGH:
            return
        if verdict != "overflow" and (loss := self.loss()):
            yield loss
        if better := self.stabler():
            yield Remark("stable", "", better)
        elif verdict == "rounding" and self.improvable:
            yield Remark("stable", "", HINT)

    @property
    def improvable(self) -> bool:
        """Could `improve` look for a form that keeps the digits?"""
        program = self.program
        short = self.subject.parts == "inputs" and program.size <= IMPROVABLE
        return short and {*program.gates} <= {*PRIMITIVES, *EXACT, INPUT, CONSTANT}

    def stabler(self) -> str:
        """A form that would keep the digits, if one is known."""
        slopes = {name: self.exact(name) for name in self.subject.wrt}
        return suggestion(self.subject, {"": self.look.values["precise"], **slopes})

    def loss(self) -> Remark | None:
        """The stage that lost most digits."""
        exact = self.look.precise.back
        loss = lost_forward(self.program, self.value_digits, exact)
        loss = loss or lost_backward(self.program, self.slope_digits, exact)
        return in_loss(self.program, loss) if loss else None


def vanishes(number: float, exact: Any) -> bool:
    """Is an exact number so much smaller than its float that it may be 0?"""
    return math.isfinite(number) and abs(exact) <= abs(mpf(number)) * VANISHING


def fading(number: Any, again: Any) -> Any:
    """A number as it is at more digits; 0, if that is next to nothing beside it."""
    return mpf(0) if mp.isfinite(again) and abs(again) <= abs(number) * VANISHING else number


def confirmed(opinion: Opinion, room: Any) -> Opinion:
    """Where numbers are further apart than digits reach, textbook formulas and differences may
    lose them: one of them that agrees is enough, and none is no difference."""
    alone = (
        Opinion.of(opinion.precise, opinion.symbolic, None, room),
        Opinion.of(opinion.precise, None, opinion.sides, room),
    )
    agreeing = [one for one in alone if one.state == "agree"]
    return agreeing[0] if agreeing else opinion._replace(state="silent")
