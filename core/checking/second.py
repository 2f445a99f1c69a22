"""Second derivatives under judgement, by three opinions of their own.

    precise    the engine's forward over reverse at many digits
    numeric    second differences of the value, by walking the text
    symbolic   SymPy differentiates every gate's formula twice, chained forward in pairs of ways

Each row is how one input's slope moves along one way. Arrays come opened up, entry by entry.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from mpmath import mp, mpf

from backprop.answer.verdicts import Bent
from backprop.arithmetic.precise import PRECISE
from backprop.checking.digits import right_digits
from backprop.checking.numeric import close
from backprop.checking.opinions import Subject
from backprop.engine.numbers import forward
from backprop.engine.tangents import second

DIGITS = 60  # at which the opinions work
STEP = 25  # digits of the step of a difference, which works at twice as many and more
DUST = 40  # digits below the numbers on the way, where only rounding is left
ALIKE = 15  # digits in which opinions have to be one
FEW = 9  # right digits of a float, below which its rounding is told
MOST = 200_000  # stages that opinions go through, beyond which cells are left out
Row = Mapping[str, Any]


def judged(subject: Subject, rows: Iterable[Row], methods: Sequence[str]) -> Iterator[Bent]:
    """What the opinions say of each row: `by`, `mover`, `way` and the float that was found."""
    looks = opinions(subject, methods)
    work = 0
    known: dict[tuple[Any, ...], dict[str, Any]] = {}
    for row in rows:
        work += subject.program.size + 1
        if work > MOST:
            yield Bent(row["by"], row["mover"], "unchecked", reason="there are too many of them")
            continue
        yield one(subject, looks, row, known)


def opinions(subject: Subject, methods: Sequence[str]) -> dict[str, Callable[[Row], Any]]:
    every = {
        "precise": lambda row: by_engine(subject, row),
        "numeric": lambda row: by_difference(subject, row),
        "symbolic": lambda row: by_symbols(subject, row),
    }
    return {name: look for name, look in every.items() if name in methods or name == "precise"}


def one(
    subject: Subject, looks: Mapping[str, Callable[[Row], Any]], row: Row,
    known: dict[tuple[Any, ...], Any],
) -> Bent:  # fmt: skip
    by, mover, found = row["by"], row["mover"], row["value"]
    if row["kink"]:
        return Bent(by, mover, "kink", reason=row["kink"])
    answers, room = {}, mpf(0)
    with mp.workdps(DIGITS):
        key = tuple(row["way"].items())
        for name, look in looks.items():
            try:
                if name == "precise":
                    if key not in known:
                        known[key] = look(row)
                    answers[name] = known[key][by]
                    room = known[key][""]
                else:
                    answers[name] = look(row)
                    if name == "numeric":
                        nearer = by_difference(subject, row, 10)
                        if abs(nearer) <= 2 * abs(answers[name]):  # else it has no limit
                            room = max(room, 2 * abs(answers[name] - nearer))
            except (ArithmeticError, ValueError, TypeError, KeyError) as error:
                return Bent(by, mover, "unchecked", reason=f"{name}: {type(error).__name__}")
        return verdict(by, mover, mpf(found), answers, room)


def verdict(by: str, mover: str, found: Any, answers: Mapping[str, Any], room: Any) -> Bent:
    exact = answers["precise"]
    if not mp.isfinite(exact) or not mp.isfinite(found):
        return Bent(by, mover, "unchecked", reason="it is not finite")
    scale = max(map(abs, answers.values()))
    for name, answer in answers.items():
        if not close(answer, exact, ALIKE, room=max(scale * mpf(10) ** -ALIKE, room)):
            return Bent(by, mover, "differ", exact=mp.nstr(answer, 17),
                        reason=f"{name} has {mp.nstr(answer, 10)}, forward over reverse"
                               f" {mp.nstr(exact, 10)}")  # fmt: skip
    digits = 16 if found == exact else int(right_digits(float(found), exact))
    if digits < FEW and abs(found - exact) > mpf(10) ** -12 * max(1, abs(exact)):
        return Bent(by, mover, "rounding", digits, mp.nstr(exact, 17), "floats lose digits here")
    return Bent(by, mover, "agree", digits, mp.nstr(exact, 17))


def by_engine(subject: Subject, row: Row) -> dict[str, Any]:
    """How all slopes move along the way; without a name, what is nothing beside the numbers on
    the way."""
    program = subject.program
    values = forward(program, {name: mpf(x) for name, x in subject.point.items()}, PRECISE)
    found = second(program, values, row["way"], subject.branches, None, PRECISE, mpf(1))
    sizes = [max((abs(x) for x in one if mp.isfinite(x)), default=mpf(0)) for one in found]
    dust = max(sizes[2], sizes[0] * sizes[1]) * mpf(10) ** -DUST
    return {"": dust, **{name: +found.gradient(slot) for name, slot in program.inputs.items()}}


def by_difference(subject: Subject, row: Row, nearer: int = 0) -> Any:
    """The value at four corners around the point; some digits nearer to it."""
    by, way = row["by"], row["way"]
    with mp.workdps(2 * (STEP + nearer) + DIGITS):
        h = mpf(10) ** -(STEP + nearer)
        sizes = {name: mpf(1) if not x else abs(mpf(x)) for name, x in subject.point.items()}
        least = min([mpf(1), *(sizes[name] for name in way), sizes[by]])
        h *= least

        def value(along: int, beside: int) -> Any:
            at = {name: mpf(x) for name, x in subject.point.items()}
            for name, part in way.items():
                at[name] += along * h * part
            at[by] += beside * h
            return subject.output(at)

        corners = value(1, 1) - value(1, -1) - value(-1, 1) + value(-1, -1)
        return +(corners / (4 * h * h))


def by_symbols(subject: Subject, row: Row) -> Any:
    from backprop.checking.symbolic import bent

    return bent(subject.program, subject.point, row["way"], {row["by"]: 1.0}, DIGITS)
