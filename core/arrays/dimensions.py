"""Shapes alone: what every stage makes of those before it and what it passes back, as formulas
with their dimensions. No number is computed, so no value is needed."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from math import prod
from typing import Any, NamedTuple

from backprop.arrays.evaluation import upstream_of
from backprop.arrays.shapes import MAX_AXES, MAX_ENTRIES, Shape, compact, words
from backprop.errors import UsageError
from backprop.evaluation import arrays_in, checked_gates, checked_wrt, prepared
from backprop.gates.rules import template
from backprop.language.syntax import Tree
from backprop.program import Program, Stage
from backprop.staging import stage
from backprop.values import Value, number, unknown_variable

SCHEMA = "backprop/shapes/1"
NUMBER = "number"  # how the shape of a single number is given
LONGEST = 12  # digits of a side
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
        return self.program.shapes[slot] if self.program.shapes else ()

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
            "id": stage.id,
            "name": stage.name,
            "gate": stage.gate.name,
            "symbol": stage.symbol,
            "code": stage.code,
            "inputs": list(stage.operand_names),
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
    arrayed = {name: shape for name, shape in (sizes | of_values).items() if shape}
    found = stage(tree, {*given, *sizes}, checked_gates(gates), share, arrayed)
    for name, value in given.items():
        if name in found.inputs:
            agreeing(name, of_values.get(name, ()), sizes)
            number(name, value)
    known = {*found.inputs, *spare}
    for name in (*given, *sizes):
        if name not in known:
            raise unknown_variable(name, found)
    unknown = [n for n in found.inputs if n not in {*given, *sizes, *found.defaults}]
    if unknown:
        hint = f"give --shape {unknown[0]}=5x10, =5 for a vector or ={NUMBER}; or a value"
        plural = "s" if len(unknown) > 1 else ""
        raise UsageError(f"no shape for the variable{plural} {', '.join(unknown[:8])}", hint=hint)
    wanted = tuple(found.inputs) if wrt is None else checked_wrt(found, wrt)
    if upstream is not None and found.shapes:
        upstream_of(found.shapes[found.output], upstream)
    return Dimensions(found, wanted, all(n in given or n not in sizes for n in found.inputs))


def agreeing(name: str, shape: Shape, sizes: Mapping[str, Shape]) -> None:
    if sizes.get(name, shape) != shape:
        text = f"the value of {name} is {words(shape)}, its --shape {words(sizes[name])}"
        raise UsageError(f"{text}: they have to be the same")


# Shapes as they are given.


def read_shapes(texts: Iterable[str]) -> dict[str, Shape]:
    """`W=5x10,X=10x3` as names and their shapes."""
    found: dict[str, Shape] = {}
    for text in texts:
        before = ""
        for piece in text.split(","):
            name, equals, shape = (part.strip() for part in piece.partition("="))
            if not (name and equals):
                hint = f"{before}x{name}" if before and name.isdigit() else "W=5x10"
                raise UsageError(
                    f"--shape wants NAME=SHAPE, not {piece.strip() or 'nothing'}",
                    hint=f"a shape is written with x: {hint}",
                )
            if name in found:
                raise UsageError(f"the shape of {name} is given twice")
            found[name] = read_shape(name, shape)
            before = piece.strip()
    return found


def read_shape(name: str, text: str) -> Shape:
    """`5x10`, `5` for a vector, `number`."""
    sides = text.strip().lower().replace("×", "x").split("x")
    if sides == [NUMBER]:
        return ()
    if not all(side.isascii() and side.isdigit() for side in sides):
        digits = "x".join(re.findall(r"[0-9]+", text))
        hint = f"did you mean {digits}?" if digits else f"write 5x10, 5 for a vector or {NUMBER}"
        message = f"the shape of {name} is not whole numbers with x between: {text[:40]}"
        raise UsageError(message, hint=hint)
    if max(map(len, sides)) > LONGEST:
        raise UsageError(f"the shape of {name} is too large: {text[:40]}")
    return held(name, tuple(map(int, sides)))


def held(name: str, shape: Shape) -> Shape:
    shape = tuple(shape)
    if len(shape) > MAX_AXES or prod(shape) > MAX_ENTRIES:
        limit = f"at most {MAX_AXES} axes and {MAX_ENTRIES:,} entries are held"
        raise UsageError(f"the shape of {name} is {words(shape)}: {limit}")
    return shape
