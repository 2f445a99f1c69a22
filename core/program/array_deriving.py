"""The gradient of a program on arrays as a program: what the table calls that is no function of
the language is written with functions that are.

A gradient that is one number, or has axes of 1, for a whole array stays so as long as it can:
what it is multiplied by makes it whole.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from itertools import count
from typing import Any, NamedTuple

import numpy as np

from backprop.arithmetic.texts import formula
from backprop.errors import UsageError
from backprop.gates import GATES
from backprop.gates.shapes import Axis
from backprop.language.syntax import SYMBOL, Op
from backprop.program.adjoint import Passing, named
from backprop.program.program import axes_text, bracketed, summed, written
from backprop.program.statements import (
    Part,
    Writer,
    filled,
    is_number,
    plain_condition,
    product,
    slope_of,
)

Shape = tuple[int, ...]
UNREADABLE = re.compile(r"\[[^\[\]]*[A-Za-z]")  # how an array is described that has no short text
MOST = 10_000  # entries of a constant that are written out
UNWRITTEN = ("put", "add_at", "sort", "cumprod", "svdvals", "argsort")
SELECTED = 1000  # entries along an axis of which some are picked


class Term(NamedTuple):
    """A text, and the shape of what it stands for, where that is known."""

    text: str
    shape: Any = None


class ArrayWriter(Writer):
    """Writes programs on arrays."""

    def __init__(self, program: Any, ties: str) -> None:
        super().__init__(program, ties)
        self.actual: dict[str, Shape] = {}  # of gradients that are smaller than their slot
        for slot in program.stage_slots:
            if program.gates[slot] in UNWRITTEN:
                raise UsageError(f"derive can't write what {program.gates[slot]} passes back")

    def code(self, slot: int) -> str:
        program = self.program
        operands = [self.operand(program, one) for one in program.operands[slot]]
        return self.spell(program, slot, operands)

    def operand(self, program: Any, slot: int) -> str:
        return self.constant(program, slot) if slot in program.constants else self.names[slot]

    def constant(self, program: Any, slot: int) -> str:
        return self.number(program.constants[slot], program.labels[slot],
                           program.literals.get(slot, ""))  # fmt: skip

    def number(self, value: Any, literal: str = "", known: str = "") -> str:
        if not isinstance(value, (float, np.ndarray)):
            return literal
        short = "" if np.ndim(value) else super().number(value)
        if short and not (literal and not literal.isidentifier() and len(literal) < len(short)):
            return short
        if literal and not UNREADABLE.search(literal) and literal in known:
            return bracketed(literal)
        array = np.asarray(value, dtype=float)
        if array.size > MOST:
            raise UsageError(f"a constant of {array.size:,} entries is too long to be written")
        if not array.size:
            return f"zeros({', '.join(map(str, array.shape))})"
        return re.sub(r"\.0(?=[,\]])|\.0$", "", str(array.tolist()))

    def spell(self, program: Any, slot: int, operands: Sequence[str]) -> str:
        """A stage as the language has it."""
        gate = program.gates[slot]
        if gate == "concatenate":
            return f"concatenate([{', '.join(operands[:-1])}], {operands[-1]})"
        if gate == "permute":
            return permuted(operands[0], program.constants[program.operands[slot][1]])
        if gate == "reshape":
            return f"reshape({operands[0]}, [{operands[1]}])"
        if GATES[gate].array and GATES[gate].form and "..." not in GATES[gate].form:
            operands = [bracketed(one) for one in operands]
        return written(gate, operands)

    # The backward pass.

    def shape_of_sum(self, parts: Sequence[Part]) -> Shape:
        return np.broadcast_shapes(*(part.shape for part in parts))

    def gradient(self, slot: int, parts: Sequence[Part], found: list[str]) -> tuple[str, str]:
        sign, name = super().gradient(slot, parts, found)
        self.actual[name] = self.shape_of_sum(parts) if parts else ()
        self.actual.setdefault("1", ())
        return sign, name

    def result(self, slot: int, parts: Sequence[Part]) -> str:
        text, shape = super().result(slot, parts), self.program.shapes[slot]
        return whole(f"({text})", self.shape_of_sum(parts) if parts else (), shape)

    def message(self, step: Passing, gradient: str) -> Part | None:
        program = self.program
        gate, operands = program.gates[step.stage], program.operands[step.stage]
        out, into = program.shapes[step.stage], program.shapes[step.into]
        smaller = self.actual.get(gradient, out)
        if not GATES[gate].array:
            part = self.entrywise(step, gradient, smaller)
            return None if part is None else self.fitted(part, out, into)
        g = Term(whole(gradient, smaller, out), out)
        if gate in ("stack", "concatenate", "index"):
            return Part("", self.moved(gate, step, g).text, into)
        fed = [
            Term(bracketed(self.operand(program, one)), program.shapes[one])
            if not isinstance(value := program.constants.get(one), (Axis, tuple))
            else value
            for one in operands
        ]
        terms = named(gate, step.place, [*fed, Term(self.names[step.stage], out)])
        text = OWN.get(gate, GATES[gate].partial(step.place))
        found = spelled(text, {**terms, "g": g}, self.ties)
        shape = into if found.shape is None else found.shape
        sign, text = ("-", found.text[1:]) if found.text.startswith("-(") else ("", found.text)
        if np.broadcast_shapes(shape, into) == into:
            return Part(sign, factor(text), shape)
        return self.fitted(Part(sign, f"({text})", shape), shape, into)

    def entrywise(self, step: Passing, gradient: str, smaller: Shape) -> Part | None:
        program = self.program
        gate, operands = program.gates[step.stage], (*program.operands[step.stage], step.stage)
        names = named(gate, step.place, [bracketed(self.operand(program, one)) for one in operands])
        shapes = named(gate, step.place, [program.shapes[one] for one in operands])
        sign, over, under = slope_of(gate, step.place, step.slope)
        if over == "0":
            return None
        used = set(re.findall(r"[A-Za-z_]\w*", f"{over} {under} {step.when}"))
        shape = np.broadcast_shapes(smaller, *(one for name, one in shapes.items() if name in used))
        text = product(filled(over, names), filled(under, names), gradient)
        if step.when in ("c != 0", "c == 0"):
            pair = f"{text}, 0" if step.when == "c != 0" else f"0, {text}"
            text = f"where({names['c']}, {pair})"
        elif step.when:
            text = f"where({filled(plain_condition(step.when), names)}, {text}, 0)"
        return Part(sign, text, shape)

    def fitted(self, part: Part, out: Shape, into: Shape) -> Part:
        """A part in the shape of its operand: what was broadcast is summed."""
        if out == into:
            return part
        text = whole(part.text, part.shape, out)
        for axes in summed(out, into):
            text = f"sum({text}{axes})"
        return Part(part.sign, text, into)

    def moved(self, gate: str, step: Passing, g: Term) -> Term:
        """The part of a gradient that came from an operand, or where entries were taken from."""
        program = self.program
        operands = program.operands[step.stage]
        into = program.shapes[step.into]
        if gate == "stack":
            return Term(f"{bracketed(g.text)}[{step.place}]", into)
        if gate == "concatenate":
            joined: Any = program.constants[operands[-1]]
            axis = joined.one % len(into)
            before = [program.shapes[one][axis] for one in operands[: step.place]]
            start = sum(before)
            index = [*[":"] * axis, f"{start}:{start + into[axis]}"]
            return Term(f"{bracketed(g.text)}[{', '.join(index)}]", into)
        return Term(scattered(g, into, [program.constants.get(one) for one in operands[1:]]), into)


# What the table calls, in functions of the language.


def spelled(text: str, names: Mapping[str, Any], ties: str) -> Term:
    """A text of the table, where its names stand for these terms."""
    stack: list[Any] = []
    for item in formula(text).code:
        if isinstance(item, str):
            stack.append(names[item] if item in names else Term(item, ()))
            continue
        operands = stack[len(stack) - item.arity :]
        del stack[len(stack) - item.arity :]
        stack.append(operation(item, operands, ties))
    found: Term = stack[-1]
    return found


def operation(op: Op, operands: Sequence[Any], ties: str) -> Term:
    if op.kind == "attribute":
        (a,) = operands
        return Term(f"{a.text}.T", None if a.shape is None else a.shape[::-1])
    if op.kind == "call":
        if op.name == "routed":
            g, a, out, axis = operands
            return routed(g, a, out, axis, ties)
        if op.name in MACROS:
            return MACROS[op.name](*operands)
        name = PLAIN.get(op.name, op.name)
        texts = [one.text for one in operands]
        shape = operands[0].shape if not GATES[name].array else None
        return Term(f"{name}({', '.join(texts)})", shape)
    if op.name == "neg":
        return Term(f"-({operands[0].text})", operands[0].shape)
    left, right = operands
    if op.name == "mul" and "1" in (left.text, right.text):
        found: Term = right if left.text == "1" else left
        return found
    text = f"({left.text} {SYMBOL[op.name]} {right.text})"
    if left.shape is None or right.shape is None:
        return Term(text)
    if op.name == "matmul":
        return Term(text, product_shape(left.shape, right.shape))
    return Term(text, np.broadcast_shapes(left.shape, right.shape))


def product_shape(left: Shape, right: Shape) -> Shape:
    a = left if len(left) > 1 else (1, *left)
    b = right if len(right) > 1 else (*right, 1)
    rows = a[-2:-1] if len(left) > 1 else ()
    columns = b[-1:] if len(right) > 1 else ()
    return (*np.broadcast_shapes(a[:-2], b[:-2]), *rows, *columns)


def whole(text: str, shape: Shape, wanted: Shape) -> str:
    """What stands for a whole array, as that array."""
    if shape == wanted:
        return text
    ones = f"ones({', '.join(map(str, wanted))})"
    return ones if text in ("1", "(1)") else f"({text} * {ones})"


def factor(text: str) -> str:
    """In brackets, unless it is one word."""
    return text if text.isidentifier() or is_number(text) else f"({text})"


def reshaped(text: str, shape: Shape) -> str:
    return f"reshape({text}, [{', '.join(map(str, shape))}])"


def kept(g: Term, a: Term, axis: Axis) -> Term:
    """What was reduced, with 1 in place of the axes that are gone."""
    if axis.keep or not g.shape:
        return g
    places = axis.of(a.shape)
    shape = tuple([1 if k in places else size for k, size in enumerate(a.shape)])
    return Term(reshaped(g.text, shape), shape)


def total(g: Term, axis: Axis) -> Term:
    places = axis.of(g.shape)
    shape = tuple([1 if k in places else size for k, size in enumerate(g.shape)])
    along = "" if axis.axis is None else f", axis={axes_text(places)}"
    return Term(f"sum({g.text}{along}, keepdims=True)", shape)


def entries(a: Term, axis: Axis) -> Term:
    return Term(str(int(np.prod([a.shape[k] for k in axis.of(a.shape)]))), ())


def centred(a: Term, axis: Axis) -> Term:
    along = "" if axis.axis is None else f", axis={axes_text(axis.of(a.shape))}"
    return Term(f"({a.text} - mean({a.text}{along}, keepdims=True))", a.shape)


def direction(a: Term, out: Term, axis: Axis) -> Term:
    return Term(f"({a.text}/{kept(out, a, axis).text})", a.shape)


def softmax(a: Term, axis: Axis) -> Term:
    if axis.axis is None and len(a.shape) > 1:
        return Term(f"exp({a.text} - logsumexp({a.text}))", a.shape)
    along = axes_text(axis.of(a.shape))
    return Term(f"softmax({a.text}, axis={along})", a.shape)


def others(a: Term, axis: Axis) -> Term:
    """The product of the others: of all, with 1 in place of each in turn."""
    places = axis.of(a.shape)
    if not a.shape:
        return Term("1", ())
    if len(places) < 2:
        return others_along(a, places[0] if places else 0)
    flat = int(np.prod(a.shape))
    inner = others_along(Term(reshaped(a.text, (flat,)), (flat,)), 0)
    return Term(reshaped(inner.text, a.shape), a.shape)


def others_along(a: Term, place: int) -> Term:
    size = a.shape[place]
    last = place == len(a.shape) - 1
    line = a.text if last else f"moveaxis({a.text}, {place}, -1)"
    lines = (*[one for k, one in enumerate(a.shape) if k != place], 1, size)
    text = f"prod(where(eye({size}) == 1, 1, {reshaped(line, lines)}), axis=-1)"
    return Term(text if last else f"moveaxis({text}, -1, {place})", a.shape)


def routed(g: Term, a: Term, out: Term, axis: Axis, ties: str) -> Term:
    """The gradient for the entries that are as large as the largest."""
    best = f"({a.text} == {kept(out, a, axis).text})"
    part = kept(g, a, axis).text
    if ties == "split":
        along = "" if axis.axis is None else f", axis={axes_text(axis.of(a.shape))}"
        part = f"{part}/sum({best}{along}, keepdims=True)"
    return Term(f"where{best[:-1]}, {part}, 0)", a.shape)


def cumulated(g: Term, axis: Axis) -> Term:
    place = axis.one % len(g.shape)
    back = f"flip({g.text}, axis={place})"
    return Term(f"flip(cumsum({back}, axis={place}), axis={place})", g.shape)


def unpermuted(g: Term, axes: tuple[int, ...]) -> Term:
    return Term(permuted(g.text, tuple(map(int, np.argsort(axes)))))


def permuted(text: str, axes: tuple[int, ...]) -> str:
    """Axes put one after the other in their places."""
    moved = [place for place, axis in enumerate(axes) if place != axis]
    if axes == (1, 0):
        return f"{bracketed(text)}.T"
    if len(moved) == 2:
        return f"swapaxes({text}, {moved[0]}, {moved[1]})"
    order = [*range(len(axes))]
    for place, axis in enumerate(axes):
        here = order.index(axis)
        if here != place:
            text = f"moveaxis({text}, {here}, {place})"
            order.insert(place, order.pop(here))
    return text


def undiag(g: Term, a: Term) -> Term:
    if len(a.shape) == 1 or a.shape[0] == a.shape[1]:
        return Term(f"diag({g.text})", a.shape)
    rows, columns = a.shape
    few = min(a.shape)
    return Term(f"(eye({rows}, {few}) @ diag({g.text}) @ eye({few}, {columns}))", a.shape)


def cofactors(a: Term) -> Term:
    det = f"det({a.text})"
    if len(a.shape) > 2:
        shape = (*a.shape[:-2], 1, 1)
        return Term(f"({reshaped(det, shape)}*swapaxes(inv({a.text}), -1, -2))", a.shape)
    return Term(f"({det}*inv({a.text}).T)", a.shape)


def outward(a: Term, b: Term) -> Term:
    vector = b.shape is not None and len(b.shape) == 1
    return Term(f"outer({a.text}, {b.text})" if vector else f"({a.text} @ {b.text}.T)")


def halved(a: Term) -> Term:
    return Term(f"(tril({a.text}) + tril({a.text}, -1))/2")


def flipped(a: Term) -> Term:
    shape = None if a.shape is None else (*a.shape[:-2], a.shape[-1], a.shape[-2])
    return Term(f"swapaxes({a.text}, -1, -2)", shape)


def expanded(g: Term, place: int) -> Term:
    if g.shape is None:
        return Term(f"expand_dims({g.text}, {place})")
    shape = [*g.shape]
    shape.insert(len(shape) + 1 + place, 1)
    return Term(reshaped(g.text, tuple(shape)), tuple(shape))


MACROS: dict[str, Callable[..., Term]] = {
    "swap": flipped,
    "column": lambda g: expanded(g, -1),
    "row": lambda g: expanded(g, -2),
    "like": lambda g, a: Term(reshaped(g.text, a.shape), a.shape) if a.shape else Term(
        f"sum({g.text})", ()),
    "spread": kept,
    "count": entries,
    "total": total,
    "others": others,
    "direction": direction,
    "shares": softmax,
    "centred": centred,
    "cumulated_back": cumulated,
    "unpermuted": unpermuted,
    "identity": lambda a: Term(f"eye({a.shape[0]}, {a.shape[1]})", a.shape),
    "undiag": undiag,
    "cofactors": cofactors,
    "outward": outward,
    "symmetric": lambda a: Term(f"({a.text} + swapaxes({a.text}, -1, -2))/2", a.shape),
    "halved": halved,
}  # fmt: skip
PLAIN = {"invs": "inv", "solves": "solve", "dets": "det"}
OWN = {"log_softmax": "g - exp(out)*total(g, axis)"}


def scattered(g: Term, shape: Shape, indices: Sequence[Any]) -> str:
    """Zeros in this shape, with a gradient where entries were taken from."""
    lists = [one for one in indices if not isinstance(one, (int, slice))]
    if any(one is None for one in lists):
        raise UsageError("derive can't write what an index that is computed passes back")
    if len(lists) > 1 or any(np.ndim(one) != 1 for one in lists):
        raise UsageError("derive can't write what an index by several arrays passes back")
    text, here = g.text, 0
    bare = [size for size, one in zip(shape, indices, strict=False) if isinstance(one, int)]
    if bare:  # an axis of 1 for each that was picked away
        sizes = [
            1 if isinstance(one, int) else taken(one, size)
            for size, one in zip(shape, indices, strict=False)
        ]
        text = reshaped(text, (*sizes, *shape[len(indices) :]))
    for here, size, one in zip(count(), shape, indices, strict=False):
        places = [one % size] if isinstance(one, int) else picked(one, size)
        if places == [*range(size)]:
            continue
        text = spread_out(text, places, here, size)
    return text


def taken(index: Any, size: int) -> int:
    return len(picked(index, size))


def picked(index: Any, size: int) -> list[int]:
    if isinstance(index, slice):
        return [*range(*index.indices(size))]
    return [int(one) % size for one in np.ravel(index)]


def spread_out(text: str, places: Sequence[int], axis: int, size: int) -> str:
    """Entries along an axis in their places among zeros: added, where a place is named twice."""
    if size > SELECTED:
        raise UsageError(f"derive can't write zeros around {len(places):,} of {size:,} entries")
    line = f"one_hot({[*places]}, {size})"
    moved = f"moveaxis({text}, {axis}, -1)"
    return f"moveaxis({moved} @ {line}, -1, {axis})"
