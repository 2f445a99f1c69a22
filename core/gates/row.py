"""What a row of the gate table holds. All its texts are programs in the tool's own language
over the gate's parameters and `out`, its value."""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

Shape = Callable[..., tuple[int, ...]]  # from the operands' shapes, and what else is fixed


class Kink(NamedTuple):
    """Where a gate has no derivative, what is used there, and the slopes on either side."""

    where: str  # a condition
    what: str  # kink or jump
    convention: str
    slopes: str
    elsewhere: str = ""  # what common frameworks take there
    gap: str = ""  # how far the gate is from there


class Gate(NamedTuple):
    """One row. `partials` has a text for each parameter; an empty one lets nothing through."""

    name: str
    parameters: str  # "a b"; "a ..." takes two or more
    partials: tuple[str, ...]
    flow: str  # how gradient passes, as a sentence about the gate
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
    routes: bool = False  # a partial that is zero stops the message instead of sending 0
    ties: bool = False  # several inputs may be chosen at once: --ties says how they share
    samples: tuple[tuple[float, float], ...] = ((-5.0, 5.0),)
    ulps: tuple[float, float] = (0.5, 0.0)  # largest error seen, of value and derivatives
    aliases: tuple[str, ...] = ()
    shape: Shape | None = None  # of its value, for a gate on whole arrays: see shapes.py
    sizes: str = ""  # the same in words

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

    def accepts(self, count: int) -> bool:
        least = 1 if self.array else 2
        return count >= least if self.variadic else count == len(self.operands)

    def partial(self, position: int) -> str:
        return self.partials[0 if self.variadic else position]
