"""Verdicts on arrays: entry by entry, then put together again by input and by stage."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from typing import Any

import numpy as np
from mpmath import mp

from backprop.answer.verdicts import Check, Judged, Method, Remark, worst
from backprop.arithmetic.ieee import IEEE
from backprop.arithmetic.system import Slopes
from backprop.checking.arrays.opening import entry
from backprop.checking.arrays.pullbacks import exact_passes, wrong_floats, wrong_pull_back
from backprop.checking.arrays.subject import ArraySubject
from backprop.checking.digits import FULL, lost_forward, right_digits
from backprop.checking.numeric import close
from backprop.checking.opinions import faded, precise
from backprop.checking.verdict import Judge
from backprop.checking.wording import LONG, decimal, in_loss
from backprop.engine.arrays import ArrayBackward
from backprop.engine.numbers import Backward

LISTED = 100  # entries of an array whose exact numbers travel
SHORT_ENOUGH = 300  # stages of an opened program for which a stable form is looked for
SETTLED = ("kink", "undefined", "overflow")  # verdicts that pull-backs can't add to


class ArrayJudge(Judge):
    """Judges an opened program, and holds what the arrays have against it."""

    subject: ArraySubject

    def in_floats(self) -> tuple[Sequence[float], Backward]:
        """The floats of the arrays where there are some; on the way to them, rounded ones."""
        arrays, exact = self.subject.arrays, self.look.precise
        values = [float(number) for number in exact.values]
        for slot, places in enumerate(arrays.opened.entries):
            if arrays.program.operands[slot] or slot in arrays.program.inputs.values():
                for place, number in pairs(places, arrays.values[slot]):
                    values[place] = float(number)
        gradients = [float(number) for number in exact.back.gradients]
        for name, number in self.subject.gradient.items():
            gradients[self.program.inputs[name]] = float(number)
        branches = self.subject.branches
        slopes: list[Slopes | None] = [None] * len(values)
        for slot, gate, operands in self.program.forward_steps():
            if exact.back.reached(slot):
                fed = [values[operand] for operand in operands]
                slopes[slot] = branches.slopes(IEEE, slot, gate, fed, values[slot])
        return values, Backward(gradients, slopes)

    def check(self) -> Check:
        with mp.workdps(self.look.precise.digits):
            return self.by_input(self.with_pull_backs(self.with_gaps(super().check())))

    def input_of(self, name: str) -> str:
        return name.partition("[")[0]

    # The value, whose entries are shown, not their sum.

    def judged_value(self) -> Judged:
        whole = super().judged_value()
        if whole.verdict == "differ" or not np.ndim(self.output):
            return whole
        entries = [
            self.graded(
                float(number),
                self.exact_value(place, float(number)),
                self.value_size(place, float(number)),
            )
            for place, number in pairs(self.places, self.output)
        ]
        return together({str(k): one for k, one in enumerate(entries)}, whole)

    @property
    def output(self) -> Any:
        return self.subject.arrays.values[self.subject.arrays.program.output]

    @property
    def places(self) -> Any:
        """The slots of the output's entries."""
        return self.subject.arrays.opened.entries[self.subject.arrays.program.output]

    # The engine's pull-backs.

    @cached_property
    def miscounted(self) -> Remark | None:
        return wrong_floats(self.subject.arrays) or self.misshown()

    def misshown(self) -> Remark | None:
        """Is the gradient that is shown another than what the passes come to?"""
        arrays = self.subject.arrays
        for name in arrays.wrt:
            shown, found = arrays.gradient[name], arrays.back.gradient(arrays.program.inputs[name])
            if not np.allclose(shown, found, rtol=1e-6, atol=1e-290, equal_nan=True):
                return Remark("differ", "", f"the gradient by {name} is not that of the passes")
        return None

    def with_gaps(self, check: Check) -> Check:
        """The check, where a gradient is no number because an entry that nobody uses has no
        value, and 0 times its slope has none either: undefined."""
        arrays = self.subject.arrays
        nowhere = [name for name, slope in self.subject.gradient.items() if slope != slope]
        values = [arrays.values[slot] for slot in arrays.program.stage_slots]
        if not nowhere or all(np.all(np.isfinite(value)) for value in values):
            return check
        own = self.pull_backs(self.exact_arrays[1])
        inputs = {
            name: judged._replace(verdict="undefined", reason="an entry on the way has no value")
            if name in nowhere and own[name] != own[name] and judged.verdict not in SETTLED
            else judged
            for name, judged in check.inputs.items()
        }
        if inputs == check.inputs:
            return check
        assert check.value
        verdict = worst([check.value.verdict, *(judged.verdict for judged in inputs.values())])
        reason = self.reason(verdict, check.value, inputs)
        return check._replace(verdict=verdict, reason=reason, inputs=inputs)

    def with_pull_backs(self, check: Check) -> Check:
        """The check, where what the engine passes back is not what entries come to: differ."""
        wrong = dict(self.departures(check))
        if not wrong:
            return check
        inputs = {
            name: judged._replace(verdict="differ", reason=wrong[name]) if name in wrong else judged
            for name, judged in check.inputs.items()
        }
        first = next(iter(wrong))
        more = f" (and {len(wrong) - 1} more)" if len(wrong) > 1 else ""
        reason = f"d{self.subject.arrays.program.output_name}/d{first}: {wrong[first]}{more}"
        found = wrong_pull_back(self.subject.arrays)
        remarks = [*check.remarks, *filter(None, [found])]
        return check._replace(verdict="differ", reason=reason, inputs=inputs, remarks=remarks)

    def departures(self, check: Check) -> Iterator[tuple[str, str]]:
        """Entries whose gradient by pull-backs is another than by single numbers."""
        own, right = self.pull_backs(self.exact_arrays[1]), self.look.precise
        suspects = {
            name: own[name]
            for name, judged in check.inputs.items()
            if judged.verdict not in SETTLED
            and not close(own[name], right.gradient(self.program, name), room=self.room(name))
        }
        if not suspects:
            return
        digits = 2 * right.digits  # what is only rounding fades
        with mp.workdps(digits):
            _, back = exact_passes(self.subject.arrays)
            again, exact = self.pull_backs(back), precise(self.subject, digits)
            for name, number in suspects.items():
                now = again[name] - exact.gradient(self.program, name)
                if faded(now, number - right.gradient(self.program, name)) != 0:
                    numbers = (again[name], exact.gradient(self.program, name))
                    ours, theirs = (decimal(found, LONG) for found in numbers)
                    yield name, f"pull-backs give {ours}, single numbers {theirs}"

    @cached_property
    def exact_arrays(self) -> tuple[list[Any], ArrayBackward]:
        """Both passes over arrays at many digits."""
        return exact_passes(self.subject.arrays)

    def pull_backs(self, back: ArrayBackward) -> dict[str, Any]:
        """The gradient by pull-backs, by entry."""
        arrays = self.subject.arrays
        slots = arrays.program.inputs
        return arrays.opened.point({name: back.gradient(slots[name]) for name in arrays.wrt})

    # Stages.

    @cached_property
    def array_digits(self) -> list[tuple[float, float]]:
        """The fewest right digits of every slot's entries, forward and backward."""
        arrays = self.subject.arrays
        values, back = self.exact_arrays
        found = [(float(FULL), float(FULL))] * len(values)  # constants have all
        for slot in (*arrays.program.inputs.values(), *arrays.program.stage_slots):
            found[slot] = (
                fewest(arrays.values[slot], values[slot]),
                fewest(arrays.back.gradient(slot), back.gradient(slot)),
            )
        return found

    def stage_digits(self) -> Iterator[tuple[float, float]]:
        for slot in self.subject.arrays.program.stage_slots:
            yield self.array_digits[slot]

    def loss(self) -> Remark | None:
        arrays = self.subject.arrays
        digits = [value for value, _ in self.array_digits]
        loss = lost_forward(arrays.program, digits, arrays.back)
        return in_loss(arrays.program, loss) if loss else None

    def stabler(self) -> str:
        return super().stabler() if self.program.size <= SHORT_ENOUGH else ""

    # Put together again.

    def by_input(self, check: Check) -> Check:
        """The same check with one verdict for each array, that of its worst entry."""
        arrays = self.subject.arrays
        inputs, shapes = {}, {}
        for name in arrays.wrt:
            shape = np.shape(arrays.point[name])
            names = [entry(name, index) for index in np.ndindex(*shape)]
            inputs[name] = together({one: check.inputs[one] for one in names})
            if shape:
                exact = listed({one: check.inputs[one].exact for one in names}, name, shape)
                inputs[name] = inputs[name]._replace(exact=exact)
            shapes[name] = shape
        methods = {
            name: self.method_by_input(method, shapes) for name, method in check.methods.items()
        }
        return check._replace(inputs=inputs, methods=methods)

    def method_by_input(self, method: Method, shapes: Mapping[str, tuple[int, ...]]) -> Method:
        found = {name: listed(method.gradient, name, shape) for name, shape in shapes.items()}
        return method._replace(gradient=found)


def pairs(places: Any, numbers: Any) -> Iterator[tuple[int, Any]]:
    """Slots, and the floats that an array has for them."""
    return zip(np.ravel(np.asarray(places)), np.ravel(np.asarray(numbers)), strict=True)


def fewest(floats: Any, exact: Any) -> float:
    """The fewest right digits among the entries."""
    both = zip(np.ravel(np.asarray(floats)), np.ravel(np.asarray(exact)), strict=True)
    return min((right_digits(float(a), b) for a, b in both), default=FULL)


def together(entries: Mapping[str, Judged], whole: Judged | None = None) -> Judged:
    """The worst of many entries, and how many are as bad."""
    if not entries:
        return whole or Judged("agree", FULL)
    verdict = worst([one.verdict for one in entries.values()])
    bad = {name: one for name, one in entries.items() if one.verdict == verdict}
    name, found = min(bad.items(), key=lambda pair: pair[1].digits or 0)
    digits = [one.digits for one in entries.values() if one.digits is not None]
    reason = found.reason
    if reason and len(entries) > 1:
        reason = f"{name}: {reason}" if whole is None else reason
        reason += f" (and {len(bad) - 1} more)" if len(bad) > 1 else ""
    exact = found.exact if len(entries) == 1 else None
    return found._replace(digits=min(digits, default=None), reason=reason, exact=exact)


def listed(numbers: Mapping[str, Any], name: str, shape: tuple[int, ...]) -> Any:
    """What is known of an array's entries, nested like these; nothing of a large array."""
    if int(np.prod(shape)) > LISTED:
        return None
    found = np.empty(shape, dtype=object)
    for index in np.ndindex(*shape):
        found[index] = numbers.get(entry(name, index))
    return found.tolist() if shape else found[()]
