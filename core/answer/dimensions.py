"""Shapes alone: what every stage makes of those before it and what it passes back, as formulas
with their dimensions. No number is computed, so no value is needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

from backprop.answer.evaluation import arrays_in, checked_gates, prepared
from backprop.answer.sizes import WAYS, held, read_shape
from backprop.answer.upstream import upstream_of
from backprop.answer.values import Value, checked_wrt, no_variable, number
from backprop.arithmetic.texts import template
from backprop.errors import UsageError
from backprop.gates import CONSTANTS
from backprop.gates.shapes import Shape, compact, words
from backprop.language.ending import variables
from backprop.language.syntax import Tree
from backprop.program.program import Program, Stage
from backprop.program.stage import stage

SCHEMA = "backprop/shapes/1"
PRODUCTS = re.compile(r"[\dx@ ,()]*")  # what is left of a product when shapes stand for names


class Flow(NamedTuple):
    """What a stage passes back to an operand: a formula, and the dimensions of it."""

    to: str
    formula: str  # dD @ X.T
    dimensions: str  # 5x3 @ 3x10 -> 5x10


class Sized(NamedTuple):
    """A stage with its shape, and what it passes to each operand; None where nothing passes."""

    stage: Stage
    shape: Shape
    reached: bool  # does gradient come to it? It then has the same shape
    flows: tuple[Flow | None, ...]


@dataclass(frozen=True, eq=False, repr=False)
class Dimensions:
    program: Program
    wrt: tuple[str, ...]
    valued: bool = False  # have all inputs a value, so that numbers can be computed?

    def shape(self, slot: int) -> Shape:
        return self.program.shapes[slot]

    @cached_property
    def inputs(self) -> dict[str, Shape]:
        return {name: self.shape(slot) for name, slot in self.program.inputs.items()}

    @cached_property
    def reached(self) -> set[int]:
        """The slots that gradient can come to."""
        program = self.program
        found = {program.output}
        for one in reversed([*program.stages()]):
            if one.slot in found:
                places = range(len(one.operands))
                found.update(one.operands[k] for k in places if one.passes_to(k))
        return found

    def stages(self) -> Iterator[Sized]:
        for one in self.program.stages():
            reached = one.slot in self.reached
            flows = tuple([
                Flow(name, one.pull(place), self.arrow(one, place))
                if reached and one.passes_to(place) else None
                for place, name in enumerate(one.operand_names)
            ])  # fmt: skip
            yield Sized(one, self.shape(one.slot), reached, flows)

    def arrow(self, stage: Stage, place: int) -> str:
        """`5x3 @ 3x10 -> 5x10`, or from the shape of the gradient to that of the operand."""
        came, goes = self.shape(stage.slot), self.shape(stage.operands[place])
        begins = compact(came)
        if stage.gate.array:
            shapes = [compact(self.shape(operand)) for operand in stage.operands]
            begins = self.product(stage, place, shapes) or begins
        summed = ", summed" if not stage.gate.array and goes != came else ""
        return f"{begins} -> {compact(goes)}{summed}"

    def product(self, stage: Stage, place: int, shapes: list[str]) -> str:
        """A product with shapes in place of names; nothing if the formula is something else."""
        gate, out = stage.gate, compact(self.shape(stage.slot))
        text = gate.partial(place)
        if gate.variadic or not ("@" in text or text.startswith("outer")):
            return ""
        found = template(text, (*gate.operands, "out", "g")).format(*shapes, out, out)
        found = re.sub(r"([\dx]+)\.T", lambda side: "x".join(side[1].split("x")[::-1]), found)
        bare = found.removeprefix("-(").removesuffix(")") if found[0] == "-" else found
        return bare if PRODUCTS.fullmatch(bare.removeprefix("outer")) else ""

    def to_dict(self) -> dict[str, Any]:
        program = self.program
        return {
            "schema": SCHEMA,
            "expression": program.text,
            "inputs": {name: list(shape) for name, shape in self.inputs.items()},
            "output": program.output_name,
            "shape": list(self.shape(program.output)),
            "gradient": {name: list(self.inputs[name]) for name in self.wrt},
            "stages": [self.stage_dict(sized) for sized in self.stages()],
            "warnings": [
                {"stage": notice.stage or None, "kind": notice.kind, "message": notice.message}
                for notice in program.notices
            ],
        }

    def stage_dict(self, sized: Sized) -> dict[str, Any]:
        stage = sized.stage
        line, span = self.program.where(stage.slot)
        return {
            **stage.to_dict(),
            "shape": list(sized.shape),
            "gradient": list(sized.shape) if sized.reached else None,
            "flows": [flow and flow._asdict() for flow in sized.flows],
            "line": line,
            "span": list(span),
        }


def dimensions(
    program: str | Tree,
    values: Mapping[str, Value] | None = None,
    shapes: Mapping[str, Shape | str] | None = None,
    /,
    *,
    wrt: Iterable[str] | None = None,
    gates: str = "written",
    share: bool = True,
    spare: Collection[str] = (),
    upstream: Any = None,
    seed: int = 0,
    output: str | None = None,
) -> Dimensions:
    """The shape of every stage and of every gradient. Each input needs a shape or a value; one
    with both needs a value of that shape."""
    sizes = {
        name: read_shape(name, shape) if isinstance(shape, str) else held(name, shape)
        for name, shape in (shapes or {}).items()
    }
    given = dict(values or {})
    given |= (arrays := arrays_in(given, seed))
    of_values = {name: array.shape for name, array in arrays.items()}
    tree, spare = prepared(program, output, spare)
    check_known(tree, [*given, *sizes], spare)
    arrayed = {name: shape for name, shape in (sizes | of_values).items() if shape}
    found = stage(tree, {*given, *sizes}, checked_gates(gates), share, arrayed)
    for name in (*given, *sizes):
        if name not in found.inputs and name in found.names:
            raise UsageError(
                f"{name} is computed by the program: its shape follows from the inputs"
            )
        if name in given and name in found.inputs:
            agreeing(name, of_values.get(name, ()), sizes)
            number(name, given[name])
    wanted = tuple(found.inputs) if wrt is None else checked_wrt(found, wrt)
    if upstream is not None and found.arrays:
        upstream_of(found.shapes[found.output], upstream)
    return Dimensions(found, wanted, all(n in given or n not in sizes for n in found.inputs))


def check_known(tree: Tree, names: Collection[str], spare: Collection[str]) -> None:
    """Names that the program has, and all that it wants, before anything is made of them."""
    wanted = [n for n in variables(tree) if n in names or n not in CONSTANTS]
    for name in names:
        if name not in {*wanted, *tree.stored, *spare}:
            raise no_variable(name, wanted)
    missing = [name for name in wanted if name not in names]
    if missing:
        hint = f"give --shape {missing[0]}=..., written {WAYS}; or a value"
        plural = "s" if len(missing) > 1 else ""
        raise UsageError(f"no shape for the variable{plural} {', '.join(missing[:8])}", hint=hint)


def agreeing(name: str, shape: Shape, sizes: Mapping[str, Shape]) -> None:
    if sizes.get(name, shape) != shape:
        text = f"the value of {name} is {words(shape)}, its --shape {words(sizes[name])}"
        raise UsageError(f"{text}: they have to be the same")
