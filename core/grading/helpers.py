"""Names of the user's own that stand for a gradient inside a statement, as `dz` in

    h = tanh(w * x + b)        dz = (1 - h**2) * dh;  dw = x * dz;  db = dz

Such a name is taken as it is. But where most wrong lines that use it are right with a gradient
from inside the statement in its place, it is the line that defines the name that is wrong.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import TYPE_CHECKING

from backprop.errors import BackpropError
from backprop.grading.comparing import added, mark, same
from backprop.grading.evaluating import leaves
from backprop.grading.matching import Claim, Use, groupings
from backprop.grading.reading import Line
from backprop.grading.worlds import Series

if TYPE_CHECKING:
    from backprop.grading.file import GradedFile


def mended(file: GradedFile) -> list[Claim]:
    """The lines that define such names wrongly; lines that use them go on with the right value."""
    found = [culprit(file, name) for name in list(file.helpers)]
    return [claim for claim in found if claim is not None]


def culprit(file: GradedFile, name: str) -> Claim | None:
    """The line that defines a name, if the name's value is what makes lines wrong."""
    dependent = following(file, name)
    wrong = [
        claim for claims in file.claims.values() for claim in claims
        if claim.unmatched and claim.wants and used_by(claim.line) & dependent
    ]  # fmt: skip
    line, yours = file.helpers[name], file.evaluator.names[name]
    for variable, statement, series in inner(file, wrong):
        if same(mark(series), mark(yours)):
            return None
        names = renamed(file, name, series)
        news = [evaluated(file, claim, names) for claim in wrong]
        mended = [fits(claim, new) for claim, new in zip(wrong, news, strict=True)]
        if all(mended) or sum(mended) > max(1, len(wrong) / 2):
            file.evaluator.names = names
            for claim, new in zip(wrong, news, strict=True):
                claim.series = new
            wants = [Use(statement, series, mark(series))]
            whose, uses = variable or name, file.mentions(line)
            return Claim(line, whose, yours, uses, wants=wants, goal=series, unmatched=True)
    return None


def used_by(line: Line) -> set[str]:
    return leaves(line.tree.code) if line.tree else set()


def following(file: GradedFile, name: str) -> set[str]:
    """A name, and those that are defined by it."""
    found = {name}
    for other, line in file.helpers.items():
        if used_by(line) & found:
            found.add(other)
    return found


def inner(file: GradedFile, wrong: list[Claim]) -> Iterator[tuple[str, str, Series]]:
    """The gradients of stages that no line has named, and those inside the statements that wrong
    lines are about: whose, through which statement, and what."""
    forward = file.forward
    for variable in forward.by_name if wrong else ():
        if variable not in file.claims and len(forward.consumers[variable]) == 1:
            yield variable, forward.consumers[variable][0], forward.gradients[variable]
    statements = dict.fromkeys(use.statement for claim in wrong for use in claim.wants)
    for statement in statements:
        if statement in forward.by_name:
            for series in forward.inside(statement):
                yield "", statement, series


def renamed(file: GradedFile, name: str, series: Series) -> dict[str, Series]:
    """All names with another value for one of them."""
    names = {**file.evaluator.names, name: series}
    for other in file.helpers:
        line = file.helpers[other]
        if other != name and line.tree and name in used_by(line):
            try:
                names[other] = file.evaluator.series(line.tree, names)
            except BackpropError:
                continue
    return names


def evaluated(file: GradedFile, claim: Claim, names: dict[str, Series]) -> Series | None:
    assert claim.line.tree is not None
    try:
        series = file.evaluator.series(claim.line.tree, names)
    except BackpropError:
        return None
    return [-value for value in series] if claim.line.update == "-=" else series


def fits(claim: Claim, series: Series | None) -> bool:
    """Is this a part of what the line should hold?"""
    if series is None:
        return False
    wanted = mark(series)
    return any(
        same(wanted, added(use.mark for use in parts))
        for parts in groupings(claim.wants, claim.mentions)
    )
