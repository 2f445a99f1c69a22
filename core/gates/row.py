"""What a row of the gate table holds. All its texts are programs in the tool's own language
over the gate's parameters and `out`, its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Shape = Callable[..., tuple[int, ...]]  # from the operands' shapes, and what else is fixed


class LackingError(Exception):
    """A row of the table, or what goes with it, is not whole."""

    def __init__(self, gate: str, what: str) -> None:
        super().__init__(f"gate {gate}: {what}")


class Kink(NamedTuple):
    """Where a gate has no derivative, what is used there, and the slopes on either side.

    A hair away from there a gate is one of its smooth pieces again. Which one is told by looking
    closely: every operand less `at`, many times enlarged, is put in its place."""

    where: str  # a condition
    what: str  # kink, tie, jump, switch, or corner: one that is a convention only
    convention: str
    slopes: str
    elsewhere: str = ""  # what common frameworks take there
    gap: str = ""  # how far the gate is from there
    at: str = "0"  # the value that the operands have there, or those of them that meet
    meets: str = ""  # when it may be there: the first operand is "0", or "out", or "another"
    below: str = ""  # of what jumps as a/b does, which is `out` above: its value below


class Gate(NamedTuple):
    """One row. `partials` has a text for each parameter; an empty one lets nothing through."""

    name: str
    parameters: str  # "a b"; "a ..." takes two or more
    partials: tuple[str, ...]
    flow: str  # how gradient passes, as a sentence about the gate
    textbook: tuple[str, ...] = ()  # the partials as they are shown; as they are computed if empty
    symbol: str = ""  # as drawn; the name if empty
    form: str = ""  # how a stage with this gate is written; name(a, b) if empty
    value: str = ""  # the forward value, if it isn't a primitive of the number systems
    formula: str = ""  # the textbook definition: for SymPy, and to open the gate if `opens`
    opens: bool = False
    general: str = ""  # the gate to use where the parameter c is not a constant
    closes: tuple[str, ...] = ()  # what this gate computes in a stabler way: text [=> text]
    domain: str = ""  # outside of it value and derivatives are nan
    pole: str = ""  # where the value is infinite without overflow
    remedy: str = ""  # what to try when an answer isn't finite
    kink: Kink | None = None
    crease: str = ""  # where its slope, which is continuous, has a kink
    routes: bool = False  # a partial that is zero stops the message instead of sending 0
    condition: bool = False  # the first operand only says which of the others is taken
    label: bool = False  # what only feeds this gate is a label, which never moves
    ties: bool = False  # several inputs may be chosen at once: --ties says how they share
    samples: tuple[tuple[float, float], ...] = ((-5.0, 5.0),)
    ulps: tuple[float, float] = (0.5, 0.0)  # largest error seen, of value and derivatives
    aliases: tuple[str, ...] = ()
    tangents: tuple[str, ...] = ()  # of a gate on whole arrays: how it moves as an input does by d
    shape: Shape | None = None  # of its value, for a gate on whole arrays: see shapes.py
    sizes: str = ""  # the same in words
    rows: str = ""  # how it works on many rows at once, if not along its axis: see lifting.py
    source: str = ""  # how it is written, where the form of a stage is not how

    @property
    def array(self) -> bool:
        """Does the gate work on whole arrays? Its partials then are what it passes back, in the
        names of its inputs, `out` and the upstream gradient `g`."""
        return self.shape is not None

    @property
    def operands(self) -> tuple[str, ...]:
        """The parameter names, without the dots of a gate that takes any number."""
        return tuple(self.parameters.replace("...", "").split())

    @property
    def variadic(self) -> bool:
        return self.parameters.endswith("...")

    @property
    def bends(self) -> bool:
        """Is there a point where its slope depends on the side from which one looks?"""
        return self.kink is not None and self.kink.what != "corner"

    @property
    def curved(self) -> bool:
        """May its slope change beside its kink, so that it has to be taken right there?"""
        fixed = self.array or self.routes or self.ties or self.variadic
        return not fixed and len(self.operands) == 1

    def whole(self) -> Gate:
        """The row itself, if its columns fit together."""
        wanted = len(self.operands)
        if len(self.partials) != wanted and not (self.variadic and self.partials):
            raise LackingError(self.name, f"{len(self.partials)} partials for {wanted} operands")
        if self.textbook and len(self.textbook) != len(self.partials):
            raise LackingError(self.name, "not a textbook form for each partial")
        if self.opens and not self.formula:
            raise LackingError(self.name, "it opens, and has no formula")
        if not self.flow:
            raise LackingError(self.name, "no sentence on how gradient flows")
        return self

    def accepts(self, count: int) -> bool:
        least = 1 if self.array else 2
        return count >= least if self.variadic else count == len(self.operands)

    def partial(self, position: int) -> str:
        """The text for an operand; of a gate with any number of them the last is for the rest."""
        return self.partials[min(position, len(self.partials) - 1)]

    def shown(self, position: int) -> str:
        """The same as a textbook has it: equal, but with fewer right digits in floats."""
        texts = self.textbook or self.partials
        return texts[min(position, len(texts) - 1)]
