"""All lines of a file together: which parts of each gradient they hold, what is missing, what comes
too early, and what is to be said of each line."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backprop.grading.comparing import mark
from backprop.grading.diagnosis import Case, Diagnosis, diagnose, goal_of
from backprop.grading.helpers import mended
from backprop.grading.matching import Claim, Use, matched, number, total
from backprop.grading.results import REDUNDANT, RIGHT, WRONG, Gap, Graded
from backprop.grading.wording import Words

if TYPE_CHECKING:
    from backprop.grading.file import GradedFile
    from backprop.grading.forward import Forward

USELESS = ("superseded", "adds-nothing")


def settle(file: GradedFile) -> None:
    words = Words(file.forward, file.written, list(file.helpers))
    left = match(file)
    faulty = mended(file)
    if faulty:
        left = match(file)
    used = {name for _, claim in file.rows for name in claim.mentions}
    for variable in file.forward.variables:
        file.found.missing += gaps(file, variable, left, variable in used, words)
    order(file)
    for row, claim in file.rows:
        fault = next((one for one in faulty if one.line is claim.line), claim)
        conclude(file, row, fault, words)
        if row.verdict != RIGHT and row not in file.found.lines:
            file.found.lines.append(row)
    file.found.lines.sort(key=lambda row: row.line)


def match(file: GradedFile) -> dict[str, list[Use]]:
    """Which line holds what, and for each variable with lines the parts that none holds."""
    left = {}
    for variable, claims in file.claims.items():
        for claim in claims:
            claim.clear()
        left[variable] = matched(claims, parts(file.forward, variable), places(file.forward))
    return left


def places(forward: Forward) -> dict[str, int]:
    return {one.name: place for place, one in enumerate(forward.statements)}


def parts(forward: Forward, variable: str) -> list[Use]:
    """What the uses of a variable pass back; for the output the gradient to begin with."""
    if variable == forward.output:
        series = forward.gradients[variable]
        return [Use("", series, mark(series))]
    return [
        Use(statement, series, mark(series))
        for statement in forward.consumers[variable]
        for series in forward.uses(variable, statement)
    ]


def gaps(
    file: GradedFile, variable: str, left: dict[str, list[Use]], used: bool, words: Words
) -> list[Gap]:
    """The parts of a gradient that no line holds, one for each statement."""
    every = parts(file.forward, variable)
    if variable in file.tried or variable == file.forward.output or not every:
        return []
    statements = list(dict.fromkeys(use.statement for use in left.get(variable, every)))
    if variable not in left:
        zero = all(use.mark.zero for use in every)
        if not (variable in file.forward.required or (used and not zero)):
            return []
        hint = words.never(variable, statements)
        return [Gap(variable, "never", ", ".join(statements), number(total(every)[0]), hint)]
    found = []
    for statement in statements:
        those = [use for use in left[variable] if use.statement == statement]
        full = [use for use in every if use.statement == statement]
        expected = number(total(those if len(those) < len(full) else full)[0])
        hint = words.missing(variable, statement)
        found.append(Gap(variable, "missing", statement, expected, hint))
    return found


def order(file: GradedFile) -> None:
    """Lines that use a gradient before all of its parts are there."""
    place = {claim: k for k, (_, claim) in enumerate(file.rows)}
    last = {
        variable: place[adding[-1]]
        for variable, claims in file.claims.items()
        if (adding := [one for one in claims if one.holds or one.wants])
    }
    for claim, k in place.items():
        late = [name for name in claim.mentions if last.get(name, -1) > k]
        if late and not claim.finding and not claim.unmatched:
            claim.finding, claim.late = "too-early", late[0]


def conclude(file: GradedFile, row: Graded, claim: Claim, words: Words) -> None:
    """The verdict on a line, with its numbers and its hint."""
    if claim.series is not None:
        row.yours = number(claim.series[0])
    if claim.finding in USELESS:
        row.verdict, row.finding = REDUNDANT, claim.finding
        row.hint = words.told(claim, Diagnosis(claim.finding))
        return
    if claim.wants:
        goal = claim.goal or goal_of(file.forward, claim)
        row.expected = number(goal[0])
        if claim.entries is not None and len(claim.entries) == 1:
            row.expected = row.expected.ravel()[0]
        found = diagnose(Case(file.forward, file.evaluator, file.written, claim, goal))
    elif claim.unmatched:
        found = Diagnosis("extra" if claim.series else "shape")
    elif claim.finding:
        found = Diagnosis(claim.finding)
    else:
        row.expected = row.yours if claim.holds else None
        return
    if claim.holds and not claim.wants:
        row.expected = row.yours
    row.verdict, row.finding, row.fix = WRONG, found.finding, found.fix
    row.hint = words.told(claim, found)
    if claim.finding and claim.finding != found.finding:
        row.hint += "; and " + words.told(claim, Diagnosis(claim.finding))
