"""The sentences that table, markdown and plain text share: one report, said the same way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple

from backprop.answer.report import Computed, Report
from backprop.answer.verdicts import Judged
from backprop.errors import listed
from backprop.program.program import Program, Stage
from backprop.showing.answer import CERTAIN, Answer
from backprop.showing.numbers import View, optional

LONGEST = 300  # characters of the code of a stage that are shown
OPERANDS = 20  # of one stage, of which it is told what they get
NOTES = 12
NOTHING = "nothing passes"
BESIDE = 6  # answers in doubt that the verdict names
READABLE = 60  # characters of a formula that is shown beside its number
SLOPES = re.compile(r"; (d[^;]+?) is (\S+ on the left and \S+ on the right)")
COMPARED = re.compile(r"^[^()]* (?:[<>]=?|[=!]=) [^()]*$")


class Passing(NamedTuple):
    """One operand of a stage: its local derivative, and what flows back to it. A stage of arrays
    has no local derivative: `flow` says how it passes back, and what."""

    slope: str  # dq/dx
    formula: str  # of the local derivative, if it is more than its number
    number: str
    flow: str  # dx += -4, or dW = dq @ X.T = [[1, 2]]

    @property
    def local(self) -> str:
        """`dq/dx = y = 2`."""
        return " = ".join(filter(None, self[:3]))

    @property
    def line(self) -> str:
        return "; ".join(filter(None, [self.local, self.flow or NOTHING]))


class Pull(NamedTuple):
    """What a stage of arrays passes back to one operand: dW += dq @ X.T, and the array."""

    name: str
    sign: str
    formula: str
    flow: Any  # None if nothing passes


def headline(program: Program) -> str:
    inputs = ", ".join(program.inputs) if len(program.inputs) <= 12 else "..."
    text = " ".join(program.text.split()) if "=" not in program.text else ""
    name = program.output_name
    return f"{name}({inputs}) = {text}" if text and len(text) < 200 else f"{name}({inputs})"


def passings(report: Report, computed: Computed, view: View) -> list[Passing]:
    """What a stage hands back, in the way the lecture notes write it: `dx += -4`."""
    if report.program.arrays:
        return [
            Passing("", "", "", f"{name} {formula}" if not sign
                    else f"{name} {sign} {formula}: {NOTHING}" if flow is None
                    else f"{name} {sign} {formula} = {view.short(flow)}")
            for name, sign, formula, flow in pulls(report, computed)
        ]  # fmt: skip
    stage = computed.stage
    rows = []
    for place, name in enumerate(stage.operand_names):
        if not stage.passes_to(place):
            continue
        slope, flow = computed.slopes[place], computed.flows[place]
        formula, number = report.local(stage, place), optional(slope, view)
        if not report.every.reached(stage.slot):
            formula, number = formula or "unknown", ""
        passes = "" if flow is None else f"d{name} {sign(report, stage, place)} {view.short(flow)}"
        shown = "" if formula == number else COMPARED.sub(r"(\g<0>)", formula)
        rows.append(Passing(f"d{stage.name}/d{name}", shown, number, passes))
    return rows


def sign(report: Report, stage: Stage, place: int) -> str:
    return "+=" if report.uses.get(stage.operands[place], 0) > 1 else "="


def pulls(report: Report, computed: Computed) -> Iterator[Pull]:
    """What a stage of arrays hands back, operand by operand; of very many the first ones."""
    stage = computed.stage
    places = [place for place, _ in enumerate(stage.operand_names) if stage.passes_to(place)]
    for place in places[:OPERANDS]:
        name, flow = stage.operand_names[place], computed.flows[place]
        yield Pull(f"d{name}", sign(report, stage, place), report.pull(stage, place), flow)
    if len(places) > OPERANDS:
        yield Pull("...", "", f"and to {len(places) - OPERANDS:,} more operands", None)


def short_code(code: str) -> str:
    """The code of a stage; of one with very many operands both ends."""
    if len(code) <= LONGEST:
        return code
    return f"{code[: LONGEST * 2 // 3]} ... {code[-LONGEST // 5 :]}"


def shape_of(program: Program, slot: int) -> str:
    """`5x10`, `10` for a vector, `a number`."""
    from backprop.gates.shapes import compact

    return compact(program.shapes[slot])


def answers(
    report: Report, view: View, show: Callable[[Any], str] | None = None
) -> Iterator[Answer]:
    """The value, then the gradient."""
    show = show or view.short
    output, check = report.program.output_name, report.check
    found = [(output, report.value, "", check.value)]
    for name, slope in (report.jacobian or report.gradient).items():
        formula = check.formula.get(name, "")
        found.append((f"d{output}/d{name}", slope, formula, check.inputs.get(name)))
    for name, number, formula, judged in found:
        text = show(number)
        kink = judged is not None and judged.verdict == "kink"
        shown = formula if len(formula) <= READABLE and formula != text and not kink else ""
        doubt = judged.verdict if judged and judged.verdict not in CERTAIN else ""
        exact = judged.exact_text if judged and check.exact_digits else ""
        reason = f"{doubt}: {judged.reason}" if judged and doubt else ""
        yield Answer(name, text, shown, reason, exact)
    if report.motion is not None:
        from backprop.showing.motions import answers as of_motion

        yield from of_motion(report, view, show)


def notes(report: Report) -> list[str]:
    """A line for each thing worth knowing, but for what stderr says of an infinite answer."""
    doubts = doubted(report)
    messages = [
        unrepeated(notice.message, doubts)
        for notice in report.notices
        if notice not in report.faults
    ]
    if report.jacobian is not None:
        messages.append(f"the stages show the gradient of sum({report.program.output_name})")
    messages += [remark.message for remark in report.check.remarks]
    if report.check.second:
        from backprop.showing.motions import judged

        messages.append(judged(report.check.second))
    more = len(messages) - NOTES
    return messages[:NOTES] + ([f"and {more} more notes; --json has them all"] if more > 0 else [])


def unrepeated(message: str, doubts: dict[str, Judged]) -> str:
    """A note without the slopes that the verdict of the same derivative has."""

    def said(found: re.Match[str]) -> str:
        judged = doubts.get(found[1].partition("[")[0])
        return "" if judged and found[2] in judged.reason else found[0]

    return SLOPES.sub(said, message)


def verdict(report: Report) -> str:
    """The overall verdict. Reasons that stand beside the answers aren't repeated."""
    check = report.check
    beside = doubted(report)
    if any(judged.reason and judged.reason in check.reason for judged in beside.values()):
        return f"{check.verdict} for {listed([*beside], BESIDE)}"
    return f"{check.verdict}: {check.reason}" if check.reason else check.verdict


def doubted(report: Report) -> dict[str, Judged]:
    """The value and the derivatives whose verdict says more than agree."""
    output, check = report.program.output_name, report.check
    named = {output: check.value}
    named |= {f"d{output}/d{name}": judged for name, judged in check.inputs.items()}
    return {
        name: judged for name, judged in named.items() if judged and judged.verdict not in CERTAIN
    }
