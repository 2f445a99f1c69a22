"""Which line holds which part of a gradient.

The gradient of a variable is a sum: every use of the variable in a statement passes back one
part. A right line is one part, or the sum of several that no line holds yet. Each part has to
be held once; `=` starts anew, `+=` goes on.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import chain, combinations
from typing import Any, NamedTuple

from backprop.grading.comparing import Mark, added, mark, same
from backprop.grading.reading import Line
from backprop.grading.worlds import Series

SUBSETS = 8  # statements whose sums are tried in every combination
PAIRS = 40  # statements whose sums are tried two by two

Cell = tuple[int, ...] | None  # entries of an array; None for all of a value


class Use(NamedTuple):
    """One part of a gradient: what one use of the variable in a statement passes back."""

    statement: str
    series: Series
    mark: Mark


@dataclass(eq=False)
class Claim:
    """A line for the gradient of a variable, and what is found about it."""

    line: Line
    variable: str
    series: Series | None  # None if its shapes don't fit together
    mentions: frozenset[str]  # the variables whose gradients it uses
    entries: Cell = None  # which entries it is about
    error: Exception | None = None
    finding: str = ""
    holds: list[Use] = field(default_factory=list)
    wants: list[Use] = field(default_factory=list)  # what a wrong line should have held
    unmatched: bool = False  # is its number no part of the gradient?
    late: str = ""  # the variable whose gradient it uses too early
    goal: Series | None = None  # what it should come to, if that is no part of a gradient

    def clear(self) -> None:
        self.finding, self.unmatched, self.holds, self.wants = "", False, [], []


def matched(claims: Sequence[Claim], uses: Sequence[Use], places: Mapping[str, int]) -> list[Use]:
    """Find out about the lines of one variable; the parts that no line holds are left. `places`
    is the order of the statements."""
    left: list[Use] = []
    size = getattr(uses[0].series[0], "size", 1) if uses else 0
    for cell in cells(claims, size):
        those = [claim for claim in claims if cell is None or touches(claim, cell)]
        parts = uses if cell is None else [restricted_use(use, cell) for use in uses]
        left += Cellwise(
            those, [use for use in parts if not use.mark.zero], cell, parts, places
        ).left()
    return left


def cells(claims: Sequence[Claim], size: int) -> list[Cell]:
    """The entries of a variable in groups that every line either touches or doesn't."""
    if all(claim.entries is None for claim in claims):
        return [None]
    touching: list[list[int]] = [[] for _ in range(size)]
    for k, claim in enumerate(claims):
        for entry in claim.entries or ():
            touching[entry].append(k)
    groups: dict[tuple[int, ...], list[int]] = {}
    for entry, lines in enumerate(touching):
        groups.setdefault(tuple(lines), []).append(entry)
    found: list[Cell] = [tuple(sorted(group)) for group in groups.values()]
    return sorted(found, key=lambda cell: cell or ())


def touches(claim: Claim, cell: tuple[int, ...]) -> bool:
    return claim.entries is None or cell[0] in claim.entries


def restricted(series: Series, cell: tuple[int, ...], entries: Cell) -> Series:
    """The entries of a cell; of a single number, that number for all of them."""
    import numpy as np

    places = list(cell) if entries is None else [entries.index(entry) for entry in cell]

    def part(value: Any) -> Any:
        flat = np.ravel(value)
        if flat.size == 1:
            return np.repeat(flat, len(places))
        fits = flat.size > max(places) if entries is None else flat.size == len(entries)
        return flat[places] if fits else np.full(len(places), math.nan)

    return [part(value) for value in series]


def restricted_use(use: Use, cell: tuple[int, ...]) -> Use:
    series = restricted(use.series, cell, None)
    return Use(use.statement, series, mark(series))


class Cellwise:
    """The lines for one group of entries, in their order."""

    def __init__(
        self, claims: Sequence[Claim], uses: Sequence[Use], cell: Cell, every: Sequence[Use],
        places: Mapping[str, int],
    ) -> None:  # fmt: skip
        self.places = places
        self.claims = claims
        self.uses = list(uses)
        self.free = list(uses)
        self.cell = cell
        self.idle = [use for use in every if use.mark.zero]  # uses that pass back nothing at all
        self.held: list[tuple[Claim, list[Use]]] = []  # since the last `=` that starts anew
        self.wrong: list[Claim] = []
        self.twice: list[Claim] = []  # what they hold another line holds already
        self.begun = False

    def left(self) -> list[Use]:
        for claim in self.claims:
            self.take(claim)
        self.assign()
        return self.free

    def mark(self, claim: Claim) -> Mark | None:
        if claim.series is None:
            return None
        if self.cell is None:
            return mark(claim.series)
        return mark(restricted(claim.series, self.cell, claim.entries))

    def take(self, claim: Claim) -> None:
        found = self.mark(claim)
        starts = claim.line.update == "="
        if found is not None and found.zero and not claim.mentions:
            self.take_zero(claim, starts)
            return
        whole = found and starts and self.begun and self.covering(found, claim, self.uses)
        parts = found and self.covering(found, claim, self.free)
        if whole and (not parts or len(whole) == len(self.uses)):
            self.start_anew(claim, whole)
        elif parts or (found is not None and found.zero and self.idle):
            self.hold(claim, parts or [], starts)
        elif found is not None and (again := self.covering(found, claim, self.uses)):
            self.twice.append(claim)
            claim.holds += again
        else:
            if starts and (self.held or self.wrong):
                self.overwrite(claim)
            elif not starts and not self.begun:
                self.say(claim, "not-started")
            self.wrong.append(claim)
            claim.unmatched = True
        self.begun = True

    def take_zero(self, claim: Claim, starts: bool) -> None:
        """An initial zero is fine; a later one throws everything away, or adds nothing."""
        if starts and self.held:
            self.overwrite(claim)
        elif not starts and not self.idle:
            self.say(claim, "adds-nothing")
        self.begun = True

    def hold(self, claim: Claim, parts: list[Use], starts: bool) -> None:
        self.free = [use for use in self.free if not any(use is part for part in parts)]
        claim.holds += parts
        if starts and (self.held or self.wrong):
            self.overwrite(claim)
        elif not starts and not self.begun:
            self.say(claim, "not-started")
        self.held.append((claim, parts))

    def start_anew(self, claim: Claim, parts: list[Use]) -> None:
        """`=` with all that earlier lines held: these were for nothing, but nothing is lost."""
        for earlier, _ in self.held:
            self.say(earlier, "superseded")
        for wrong in self.wrong:
            self.say(wrong, "superseded")
        kept = [use for _, those in self.held for use in those]
        if any(not any(use is part for part in parts) for use in kept):
            self.overwrite(claim)
        self.wrong = []
        self.free = [use for use in self.uses if not any(use is part for part in parts)]
        claim.holds += parts
        self.held = [(claim, parts)]

    def overwrite(self, claim: Claim) -> None:
        self.say(claim, "overwrites")

    def say(self, claim: Claim, finding: str) -> None:
        claim.finding = claim.finding or finding

    def covering(self, wanted: Mark, claim: Claim, free: Sequence[Use]) -> list[Use] | None:
        """Parts that add up to a number: those of one statement first, best one it mentions."""
        for parts in groupings(free, claim.mentions):
            if same(wanted, added(use.mark for use in parts)):
                return parts
        return None

    def resolve(self, claim: Claim) -> None:
        """A part is held twice. If another is not held at all, one of the two lines was meant
        for it: that which is out of the order of the backward pass."""
        wanted = [] if self.wrong else self.free
        first = next((one for one, parts in self.held if parts and parts[0] in claim.holds), None)
        if not wanted or first is None:
            claim.holds = []
            self.say(claim, "counted-twice")
            return
        stray = first if self.inversions(claim, first) < self.inversions(first, claim) else claim
        stray.holds, stray.unmatched = [], True
        stray.finding = "" if stray.finding == "not-started" else stray.finding
        self.wrong.append(stray)

    def inversions(self, kept: Claim, stray: Claim) -> int:
        """How often lines are out of order if this one holds the part and that the missing one."""
        order = []
        for claim in self.claims:
            uses = self.free if claim is stray else kept.holds if claim is kept else claim.holds
            order += [self.places.get(use.statement, 0) for use in uses[:1]]
        return sum(a < b for k, a in enumerate(order) for b in order[k + 1 :])

    def assign(self) -> None:
        """What wrong lines should have held: the parts of the statements whose gradients they
        use, else what is left."""
        for claim in self.twice:
            self.resolve(claim)
        if self.together():
            return
        for claim in self.wrong:
            claim.wants += self.wanted(claim)
        taken = [use for claim in self.wrong for use in claim.wants]
        self.free = [use for use in self.free if not any(use is one for one in taken)]

    def together(self) -> bool:
        """Lines that are no part each may be all that is left, together."""
        marks = [self.mark(claim) for claim in self.wrong]
        shapes = {found and found.shape for found in marks}
        if len(marks) < 2 or not self.free or shapes != {self.free[0].mark.shape}:
            return False
        if not same(added(found for found in marks if found), added(u.mark for u in self.free)):
            return False
        for claim in self.wrong:
            claim.unmatched = False
            claim.holds += self.free
        self.free = []
        return True

    def wanted(self, claim: Claim) -> list[Use]:
        taken = [use for other in self.wrong for use in other.wants]
        free = [use for use in self.free if not any(use is one for one in taken)]
        mentioned = [use for use in free if use.statement in claim.mentions]
        waiting = [other for other in self.wrong if not other.wants]
        if mentioned:
            return mentioned
        if not free:
            return [use for use in self.idle if use.statement in claim.mentions] or self.idle
        if len(waiting) == 1:
            return free
        return [use for use in free if use.statement == free[0].statement]


def groupings(free: Sequence[Use], mentions: frozenset[str]) -> Iterator[list[Use]]:
    """Parts that a line may hold, the likeliest first."""
    by_statement: dict[str, list[Use]] = {}
    for use in free:
        by_statement.setdefault(use.statement, []).append(use)
    groups = sorted(by_statement.values(), key=lambda group: group[0].statement not in mentions)
    yield from groups
    yield from ([use] for use in free)
    if len(free) > 1:
        yield list(free)
    sizes = range(2, len(groups)) if len(groups) <= SUBSETS else range(2, 3)
    for size in sizes if len(groups) <= PAIRS else ():
        for some in combinations(groups, size):
            yield list(chain.from_iterable(some))


def total(uses: Sequence[Use]) -> Series:
    """The sum of some parts, in every world."""
    first, *others = [use.series for use in uses]
    found: Series = list(first)
    for other in others:
        found = [a + b for a, b in zip(found, other, strict=True)]
    return found


def number(value: Any) -> Any:
    """A value with few digits again, as it is shown."""
    if not getattr(value, "ndim", 0):
        return float(value)
    return value.astype(float)
