"""Numbers or arrays: chosen once for what a claim is about, so that nobody else has to ask."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Protocol

from backprop.claims.claim_texts import Claim
from backprop.claims.instances import Asked, Instance, Pair
from backprop.claims.sampling import Names, Spot
from backprop.program.program import Program


class Kind(Protocol):
    """A module that knows one of them."""

    def spots(
        self, program: Program, at: Mapping[str, Any] | None, slots: Sequence[int], asked: Asked
    ) -> list[Spot]:
        """The given point, if there is one, and random ones."""

    def instances(self, claim: Claim, spots: Sequence[Spot], names: Names) -> list[Instance]:
        """What a claim comes to at every spot, beside what is right there."""

    def slip_of(self, claim: Claim, found: Sequence[Instance]) -> str:
        """What went wrong, if something obvious did."""

    def pairs(
        self, program: Program, other: Program, point: Mapping[str, Any] | None, asked: Asked
    ) -> Iterable[Pair]:
        """Two programs at the given point and at random ones."""

    def alike(self, pair: Pair, ours: int, theirs: int) -> bool:
        """Are a slot of the one and a slot of the other equal here?"""

    def lacking(self, slots: Sequence[int], other: Program, pairs: Sequence[Pair]) -> int | None:
        """The first of some slots that the other program doesn't compute, if that is known."""

    def unasked(self, program: Program) -> str:
        """Why SymPy isn't asked about a program; empty if it is."""


def kind_of(*programs: Program) -> Kind:
    if any(program.arrays for program in programs):
        from backprop.claims import arrays

        return arrays
    from backprop.claims import numbers

    return numbers
