"""From text to gradient: against peers that read the same text, and as expressions get deep."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from arena import Failed, Seat, Timed, contest, pairs, same, seconds_of
from rivals import CONTENDERS
from table import Row, at_least
from texts import Problem, chained, mixed, nested

TITLE = "Text to gradient"
OURS = "backprop"
GOALS = {name: 2.0 if name == "micrograd-style" else 10.0 for name in CONTENDERS if name != OURS}
SIZES = (10, 100, 1_000, 10_000, 100_000)

Shape = Callable[[int, int], Problem]


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    del folder
    sizes = SIZES[:-1] if quick else SIZES
    rounds, timeout = (3, 10.0) if quick else (7, 60.0)
    yield from series(mixed, "stages", sizes, rounds, timeout, judged=True)
    for shape, unit in ((nested, "nested brackets"), (chained, "terms of one sum")):
        yield from series(shape, unit, sizes[1:], 1, timeout, judged=False)


def series(
    shape: Shape, unit: str, sizes: Sequence[int], rounds: int, timeout: float, *, judged: bool
) -> Iterator[Row]:
    """One shape of program at growing sizes; who fails once isn't asked again."""
    seats = [Seat(name) for name in CONTENDERS]
    try:
        for size in sizes:
            problem = shape(size, size)
            asked = [seat for seat in seats if not seat.out]
            for seat in seats:
                if seat.out and size == sizes[0]:
                    yield Row(f"{size:,} {unit} : {seat.name}", f"skipped, {seat.out.reason}")
            answers = contest(asked, problem, rounds, timeout)
            for seat in asked:
                if seat.name != OURS:
                    row = compared(answers, seat.name, GOALS[seat.name])
                    if not judged:
                        row = row._replace(goal="", met=None)
                    yield row._replace(what=f"{size:,} {unit} : {seat.name}")
    finally:
        for seat in seats:
            seat.leave()


def compared(answers: dict[str, list[Timed | Failed]], name: str, goal: float) -> Row:
    ours, theirs = answers[OURS][0], answers[name][0]
    if isinstance(ours, Failed):
        return Row("", f"{OURS} fails: {ours.reason}", "an answer", False)
    if isinstance(theirs, Failed):
        return Row("", f"fails: {theirs.reason}")
    if not same(ours, theirs):
        return Row("", "a different gradient", "the same", False)
    return at_least("", pairs(seconds_of(answers[OURS]), seconds_of(answers[name])), goal)
