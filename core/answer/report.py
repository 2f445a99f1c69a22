"""The answer to one question, frozen: a program, a point, both passes, and what to say of it.

Every renderer reads a Report, so a table, a JSON and a picture can't disagree. `to_dict` is
the JSON of `schemas/eval.json`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar, NamedTuple

from backprop.answer.plain import plain
from backprop.answer.shown import Shown
from backprop.answer.verdicts import UNCHECKED, Check
from backprop.engine.kinds import Kind, kind_of
from backprop.engine.numbers import Branches
from backprop.engine.ties.conventions import Resolved
from backprop.program.program import Notice, Program, Stage

SCHEMA = "backprop/eval/1"
BRIEF = 6  # numbers in one line
FATAL = ("overflow", "pole", "undefined", "infinite-slope", "nonfinite", "remedy")


class Computed(NamedTuple):
    """A stage with its numbers."""

    stage: Stage
    value: float
    gradient: float
    slopes: tuple[float | None, ...]
    flows: tuple[float | None, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Report(Shown):
    what: ClassVar[str] = "report"
    asks: ClassVar[str] = "report.check.verdict"

    program: Program
    point: Mapping[str, float]
    values: Sequence[float]
    back: Any  # a Backward, or an ArrayBackward of the same methods
    wrt: tuple[str, ...]
    ties: str = "notes"
    resolved: Resolved | None = None  # what was found where gates tie
    unused: tuple[str, ...] = ()  # names that were given a value and that the program lacks
    notices: tuple[Notice, ...] = ()
    check: Check = UNCHECKED
    jacobian: Mapping[str, Any] | None = None  # of an output that is an array, if asked for
    motion: Any = None  # a Motion: tangents and second derivatives, if asked for
    lowered: Any = None  # what fewer bits cost, if the numbers have fewer: see lowering.py

    @property
    def kind(self) -> Kind:
        return kind_of(self.program)

    @property
    def value(self) -> Any:
        return self.values[self.program.output]

    @property
    def branches(self) -> str | Branches:
        """Which branch was taken where gates tie."""
        return self.ties if self.resolved is None else self.resolved.branches

    def local(self, stage: Stage, place: int) -> str:
        """The formula of a local derivative; empty at a tie that was decided a hair away."""
        tied = self.resolved is not None and stage.slot in self.resolved.branches.at
        return "" if tied else stage.local(place)

    def pull(self, stage: Stage, place: int) -> str:
        """What is passed back to an operand, as a formula in whole arrays."""
        if self.local(stage, place):
            return stage.pull(place)
        if stage.gate.routes or stage.gate.ties:
            return f"d{stage.name} where {stage.operand_names[place]} is taken"
        return f"d{stage.name} * the slope on one side"

    @cached_property
    def gradient(self) -> dict[str, Any]:
        known = {name: self.back.gradient(self.program.inputs[name]) for name in self.wrt}
        return known | dict.fromkeys(self.unused, 0.0)

    @cached_property
    def every(self) -> Any:
        """The backward pass to every slot, also where only some inputs were asked for."""
        if self.lowered is not None or set(self.program.inputs) <= set(self.wrt):
            return self.back
        upstream = self.back.gradient(self.program.output)
        return self.kind.backward(self.program, self.values, upstream, self.branches)

    @property
    def finite(self) -> bool:
        return all(map(self.kind.finite, (self.value, *self.gradient.values())))

    @property
    def faults(self) -> list[Notice]:
        """What made the answer infinite or nan."""
        return [] if self.finite else [notice for notice in self.notices if notice.kind in FATAL]

    @cached_property
    def uses(self) -> dict[int, int]:
        """How many contributions each slot's gradient is the sum of."""
        counts: dict[int, int] = {}
        for slot, _, operands in self.program.forward_steps():
            for position, operand in enumerate(operands):
                if self.every.flow(slot, position) is not None:
                    counts[operand] = counts.get(operand, 0) + 1
        return counts

    def stages(self) -> Iterator[Computed]:
        """Every stage with its numbers, in forward order."""
        for stage in self.program.stages():
            yield self.computed(stage)

    def computed(self, stage: Stage) -> Computed:
        """A stage with its numbers; nothing is said of what would flow to a constant."""
        slot = stage.slot
        gradient = self.every.gradient(slot)
        slopes = self.every.slopes(slot) or (None,) * len(stage.operands)
        if stage.constants:
            slopes = tuple([None if p in stage.constants else s for p, s in enumerate(slopes)])
        flows = tuple([
            None if place in stage.constants else self.every.flow(slot, place)
            for place in range(len(slopes))
        ])  # fmt: skip
        return Computed(stage, self.values[slot], gradient, slopes, flows)

    def stage_dict(self, computed: Computed) -> dict[str, Any]:
        stage = computed.stage
        line, span = self.program.where(stage.slot)
        return {
            **stage.to_dict(),
            "value": plain(computed.value),
            "gradient": plain(computed.gradient),
            **self.tangent_dict(stage.slot),
            "local": [plain(slope) for slope in computed.slopes],
            "flows": [plain(flow) for flow in computed.flows],
            "line": line,
            "span": list(span),
            "digits": self.digits(stage.id),
            **({} if self.lowered is None else {"lowered": self.lowered.stage(stage.slot)}),
            **({"shape": list(self.program.shapes[stage.slot])} if self.program.arrays else {}),
        }

    def digits(self, stage: int) -> dict[str, int] | None:
        """How many digits of a stage's floats are right, where a check has found that out."""
        if not self.check.stages:
            return None
        value, gradient = self.check.stages[stage - 1]
        return {"value": value, "gradient": gradient}

    def head(self) -> dict[str, Any]:
        """The JSON without its stages, which may be very many."""
        shapes = self.program.shapes_of_inputs()
        return {
            "schema": SCHEMA,
            "expression": self.program.text,
            "inputs": {name: plain(value) for name, value in self.point.items()},
            **({"shapes": {name: list(shape) for name, shape in shapes.items()}} if shapes else {}),
            "output": self.program.output_name,
            "value": plain(self.value),
            "gradient": {name: plain(value) for name, value in self.gradient.items()},
            **self.jacobian_dict(),
            **({} if self.motion is None else self.motion.to_dict()),
            **({} if self.lowered is None else {"lowered": self.lowered.to_dict()}),
        }

    def tangent_dict(self, slot: int) -> dict[str, Any]:
        if self.motion is None or not self.motion.tangents:
            return {}
        return {"tangent": self.motion.tangent(slot)}

    def jacobian_dict(self) -> dict[str, Any]:
        if self.jacobian is None:
            return {}
        return {"jacobian": {name: plain(value) for name, value in self.jacobian.items()}}

    def tail(self) -> dict[str, Any]:
        warnings = [
            {"stage": notice.stage or None, "kind": notice.kind, "message": notice.message}
            for notice in self.notices
        ]
        return {"ties": self.ties, "check": self.check.to_dict(), "warnings": warnings}

    def to_dict(self) -> dict[str, Any]:
        stages = [self.stage_dict(computed) for computed in self.stages()]
        return {**self.head(), "stages": stages, **self.tail()}

    @property
    def brief(self) -> str:
        """`f = -12, df/dx = -4, df/dy = -4, df/dz = 3; agree`."""
        name = self.program.output_name
        rows = [(name, self.value), *((f"d{name}/d{n}", one) for n, one in self.gradient.items())]
        said = [f"{name} = {written(value)}" for name, value in rows[:BRIEF]]
        more = f", and {len(rows) - BRIEF} more" if len(rows) > BRIEF else ""
        return f"{', '.join(said)}{more}; {self.check.verdict}"


def written(value: Any) -> str:
    """A number in few digits; of an array its shape."""
    if getattr(value, "ndim", 0):
        return f"{'x'.join(map(str, value.shape))} array"
    return f"{value:.6g}"
