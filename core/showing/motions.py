"""What is told of derivatives along a direction, and of second ones."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

from backprop.answer.motion import SMALL, Direction
from backprop.answer.report import Report
from backprop.answer.verdicts import VERDICTS, Bent
from backprop.showing.answer import CERTAIN, Answer
from backprop.showing.numbers import View

ENTRIES = SMALL * SMALL  # of a Hessian that are told one by one


def answers(report: Report, view: View, show: Callable[[Any], str]) -> Iterator[Answer]:
    motion, output = report.motion, report.program.output_name
    if motion.jvp is not None:
        way, found = motion.jvp
        yield Answer(f"d{output} along ({written(way, view)})", show(found))
    if motion.hvp is not None:
        way, row = motion.hvp
        for name, found in row.items():
            doubt = doubted(report, name, "")
            yield Answer(f"d/d{name} of d{output} along ({written(way, view)})", show(found),
                         doubt=doubt)  # fmt: skip
    if motion.hessian is not None:
        cells = [(a, b, one) for a, row in motion.hessian.items() for b, one in row.items()]
        for a, b, one in cells[:ENTRIES]:
            yield Answer(f"d2{output}/d{a} d{b}", show(one), doubt=doubted(report, a, b))
        if len(cells) > ENTRIES:
            yield Answer("...", f"{len(cells) - ENTRIES:,} more second derivatives: --json has all")
    if motion.curvature is not None:
        yield Answer("curvature", curvature(report, view))


def doubted(report: Report, name: str, mover: str) -> str:
    """The worst that the check says of a second derivative, or of a block of them."""
    found = [
        one for one in report.check.second
        if one.by.partition("[")[0] == name and one.mover.partition("[")[0] == mover
        and one.verdict not in CERTAIN
    ]  # fmt: skip
    if not found:
        return ""
    worst = max(found, key=lambda one: VERDICTS.index(one.verdict))
    return f"{worst.verdict}: {worst.reason}"


def judged(found: Sequence[Bent]) -> str:
    """`second derivatives: 3 agree, 1 kink`."""
    counts: dict[str, int] = {}
    for one in found:
        counts[one.verdict] = counts.get(one.verdict, 0) + 1
    said = ", ".join(f"{count:,} {verdict}" for verdict, count in counts.items())
    return f"second derivatives: {said}"


def curvature(report: Report, view: View) -> str:
    """`positive definite; eigenvalues 1, 3; Newton's step x -0.5, y 2`."""
    kind, eigenvalues, newton = report.motion.curvature
    parts = [kind, f"eigenvalues {', '.join(view.short(float(one)) for one in eigenvalues)}"]
    if newton is not None:
        parts.append("Newton's step " + written(newton, view))
    return "; ".join(parts)


def written(way: Direction, view: View) -> str:
    """`x=1, y=-0.5`."""
    return ", ".join(f"{name}={view.short(part)}" for name, part in way.items())
