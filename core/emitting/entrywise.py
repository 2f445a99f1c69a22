"""The walk of a program for NumPy, where every line is about whole arrays.

    choices     np.where, entry by entry; what a gate doesn't choose gets 0, not 0 * inf
    reach       masks: where nothing arrived nothing is passed on
    shapes      of a program of numbers nothing is known, and any that broadcast will do; of one
                of arrays all are, so that sums over what was broadcast are written out

This is the backward pass of arrays/engine.py as text.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import count
from typing import NamedTuple

from backprop.emitting.arrays import WholeWriter, array_text, fitted
from backprop.emitting.code import AND, OR, Input, Line, Piece, Routine, Truth, words_in
from backprop.emitting.guarding import expected_of, failing_array
from backprop.emitting.language import Language
from backprop.emitting.names import alike
from backprop.emitting.steps import Walk
from backprop.gates import GATES
from backprop.gates.shapes import Shape, broadcast, compact
from backprop.language.syntax import Guard
from backprop.program.adjoint import Passing
from backprop.program.program import Program

SHOWN = 6  # inputs whose shapes the function's own text names


class Mask(NamedTuple):
    """A condition, entry by entry."""

    truth: Truth
    shape: Shape


class Entrywise(Walk):
    def __init__(self, program: Program, language: Language, ties: str, wrt: Sequence[str]) -> None:
        self.shapes = program.shapes
        self.whole = WholeWriter(language, ties)
        self.known: list[Line] = []  # arrays that the program itself has
        super().__init__(program, language, ties, wrt)
        self.helpers.writer = self.writer = self.whole
        for slot, piece in self.pieces.items():
            self.pieces[slot] = piece._replace(shape=self.shapes[slot])

    def constants(self) -> Iterator[tuple[int, Piece]]:
        names = (f"c{number}" for number in count(1))
        for slot, value in self.program.constants.items():
            if isinstance(value, float):
                yield slot, self.whole.number(value)
            elif hasattr(value, "tolist"):
                name = self.names.take(names)
                self.known.append(Line("let", name, array_text(value)))
                yield slot, Piece(name)
            else:
                yield slot, Piece("", fixed=value)

    def routine(self, name: str, forward_only: bool) -> Routine:
        """Inputs become arrays first, so that lists will do, and 1/0 is inf."""
        made = super().routine(name, forward_only)
        inputs = [*made.inputs]
        first = [line for line in self.known if line.name in made.used]
        used = [given.code for given in inputs if given.code in made.used]
        if len(used) == 1:
            first.insert(0, Line("let", used[0], f"np.float64({used[0]})"))
        elif used:
            several = ", ".join(used)
            first.insert(0, Line("let", several, f"map(np.float64, ({several}))"))
        if self.upstream and not forward_only:
            inputs.append(Input("upstream", "upstream"))
        return made._replace(inputs=inputs, lines=[*first, *made.lines], about=self.about())

    def about(self) -> str:
        return ", entry by entry"

    @property
    def upstream(self) -> bool:
        """Is the output an array, whose gradient comes from outside?"""
        return bool(self.shapes[self.program.output])

    # Forward.

    def stage(self, name: str, operands: Sequence[Piece]) -> Piece:
        if GATES[name].array:
            return self.whole.gate(name, operands)
        found = super().stage(name, operands)
        if found.value is None:
            return found
        return Piece(f"np.full_like({operands[0].text}, {found.text})", least=found.least)

    def shape(self, slot: int) -> Shape:
        return self.shapes[slot]

    def failing(self, slot: int, guard: Guard) -> str:
        return f"np.any({super().failing(slot, guard)})"

    # Backward.

    def backward(self) -> Iterator[Line]:
        """Without the masks that nobody asks."""
        lines = [*self.every_line()]
        used: set[str] = set()
        for line in reversed(lines):
            if line.kind != "mask" or line.name in used:
                used |= words_in(line.text)
        yield from [one for one in lines if one.kind != "mask" or one.name in used]

    def every_line(self) -> Iterator[Line]:
        steps = self.steps()
        for slot in dict.fromkeys(step.into for step in steps):
            self.gradients[slot] = self.names.gradient(self.program.labels[slot])
        self.masks: dict[int, list[Mask | None]] = {self.program.output: [None]}
        self.reached: dict[int, Mask | None] = {}
        begun: set[int] = set()
        if steps or self.program.output in self.program.inputs.values():
            yield from self.begin()
        for step in steps:
            if step.stage not in self.reached:
                yield from self.reach(step)
            yield self.passing(step, step.into not in begun)
            begun.add(step.into)

    def begin(self) -> Iterator[Line]:
        """The gradient of the output: 1 for every entry."""
        yield self.begun(f"np.ones_like({self.pieces[self.program.output].text})")

    def begun(self, text: str) -> Line:
        name = self.gradients[self.program.output] = self.names.gradient(self.program.output_name)
        return Line("let", name, text)

    def arrived(self, slot: int) -> Piece:
        if slot not in self.gradients:
            return self.writer.number(1.0)
        return Piece(self.gradients[slot], shape=self.shapes[slot])

    def answer(self, slot: int) -> str:
        if slot in self.gradients:
            return self.gradients[slot]
        if slot == self.program.output:
            return self.writer.number(1.0).text
        return f"np.zeros_like({self.pieces[self.like(slot)].text})"

    def like(self, slot: int) -> int:
        """What has the shape of a gradient that is 0: rows of a number all have the output's."""
        del slot
        return self.program.output

    def passing(self, step: Passing, first: bool) -> Line:
        """`dx = slope * dout`, or `dx = dx + slope * dout`: with `+=` an array would change that
        another gradient may be as well."""
        gate, shape = GATES[self.program.gates[step.stage]], self.shapes[step.into]
        if gate.array:
            message = self.pulled(step)
            message = fitted(message, shape if message.shape is None else message.shape, shape)
            self.masks.setdefault(step.into, []).append(None)
        else:
            message = fitted(self.message(step), self.shapes[step.stage], shape)
        name = self.gradients[step.into]
        if not first:
            message = self.writer.sum("add", Piece(name), message)
        return Line("let", name, message.text, self.numbers[step.stage])

    def message(self, step: Passing) -> Piece:
        """What an elementwise gate passes back."""
        names, reached = self.meaning(step), self.reached[step.stage]
        slope, arrived = self.slope(step, names), self.arrived(step.stage)
        found = self.writer.product(slope, arrived)
        zero = self.writer.number(0.0)
        here = reached
        if step.when:
            chosen = self.condition(step.when, names)
            routes = step.domain and GATES[self.program.gates[step.stage]].routes
            if routes:
                plain = self.condition(step.when.rpartition(" + (out != out)")[0], names)
                fed = [plain.truth.text, names["out"].text, found.text]
                found = self.writer.gate("routed", [Piece(text) for text in fed])
            else:
                found = self.writer.where(chosen.truth, found, zero)
            here = chosen if reached is None else self.both("and", AND, reached, chosen)
        plainly = slope.value in (1, -1) and not (step.when and step.domain)
        if reached is not None and not plainly:
            found = self.writer.where(reached.truth, found, zero)
        self.masks.setdefault(step.into, []).append(
            None if here is None else self.fitted_mask(here, step)
        )
        return found

    def pulled(self, step: Passing) -> Piece:
        """What a gate on arrays passes back."""
        operands = self.program.operands[step.stage]
        fed = [self.pieces[operand] for operand in operands]
        out, g = self.pieces[step.stage], self.arrived(step.stage)
        return self.whole.message(GATES[self.program.gates[step.stage]], step.place, fed, out, g)

    # Where something arrived.

    def condition(self, text: str, names: dict[str, Piece]) -> Mask:
        truth = self.writer.condition(text, names)
        if not isinstance(truth, Truth):
            truth = Truth("np.True_" if truth else "np.False_", 7)
        shapes = [names[word].shape or () for word in words_in(text) if word in names]
        return Mask(truth, broadcast(*shapes))

    def both(self, word: str, level: int, one: Mask, other: Mask) -> Mask:
        if one.truth == other.truth:
            return one
        truth = self.writer.both(word, level, one.truth, other.truth)
        return Mask(truth, broadcast(one.shape, other.shape))

    def fitted_mask(self, mask: Mask, step: Passing) -> Mask:
        """Which entries of an operand a message reaches that was broadcast."""
        came, goes = self.shapes[step.stage], self.shapes[step.into]
        if came == goes:
            return mask
        piece = Piece(*mask.truth)
        if mask.shape != came:
            piece = Piece(f"np.broadcast_to({piece.text}, {self.pieces[step.stage].text}.shape)")
        found = fitted(piece, came, goes, "any")
        return Mask(Truth(found.text, found.level), goes)

    def reach(self, step: Passing) -> Iterator[Line]:
        """Where a gradient arrived at a stage, all of whose contributions are known by now. Of
        several conditions, or a long one, there is a line of its own."""
        ways = self.masks.pop(step.stage)
        masks = [mask for mask in ways if mask is not None]
        if len(masks) < len(ways):
            self.reached[step.stage] = None
            return
        found = masks[0]
        for mask in masks[1:]:
            found = self.both("or", OR, found, mask)
        if found.truth.level in (OR, AND):
            name = self.names.take(alike(f"reached_{self.variables[step.stage]}"))
            yield Line("mask", name, found.truth.text)
            found = Mask(Truth(name, 7), found.shape)
        self.reached[step.stage] = found


class OfArrays(Entrywise):
    """Where all shapes are known, and the output may be an array."""

    def about(self) -> str:
        sizes = [(n, self.shapes[slot]) for n, slot in self.program.inputs.items()]
        told = [f"{name} ({compact(shape)})" for name, shape in sizes if shape]
        if not told:
            return ""
        more = f" and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
        return f" for {', '.join(told[:SHOWN])}{more}"

    def failing(self, slot: int, guard: Guard) -> str:
        if not self.shapes[slot]:
            return Walk.failing(self, slot, guard)
        name = self.names.take(f"expected{number}" for number in count(1))
        self.known.append(Line("let", name, array_text(expected_of(guard))))
        return failing_array(self.pieces[slot].text, guard, name)

    def begin(self) -> Iterator[Line]:
        """What comes from outside, if the output is an array."""
        if self.upstream:
            result = self.pieces[self.program.output].text
            yield self.begun(f"np.broadcast_to(upstream, {result}.shape)")

    def like(self, slot: int) -> int:
        return slot
