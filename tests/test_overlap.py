"""What runs at the same time: the next block is made while one is written, and SymPy loads
while rows are computed. Nobody may notice but by the clock."""

from __future__ import annotations

import threading
from collections.abc import Generator, Iterator
from typing import Any

import pytest

from backprop.batching.ahead import ahead
from backprop.batching.job import Job
from backprop.batching.judging import judged, rehearse
from backprop.batching.tally import Chosen
from backprop.child.process import Child


def counting(made: list[int], end: int = 10) -> Iterator[int]:
    for number in range(1, end):
        made.append(number)
        yield number


def test_things_come_in_order_each_once() -> None:
    assert [*ahead(counting([]))] == [*range(1, 10)]
    assert [*ahead(counting([], end=0))] == []


def test_the_next_thing_is_made_while_one_is_in_use() -> None:
    begun = threading.Event()

    def things() -> Iterator[int]:
        yield 1
        begun.set()
        yield 2

    for thing in ahead(things()):
        assert begun.wait(10), thing


def test_never_more_than_one_thing_is_made_ahead() -> None:
    made: list[int] = []
    for thing in ahead(counting(made)):
        assert made[-1] - thing <= 1


def test_an_error_comes_after_the_things_before_it() -> None:
    def things() -> Iterator[int]:
        yield 1
        raise ValueError("the second is broken")

    found = ahead(things())
    assert next(found) == 1
    with pytest.raises(ValueError, match="the second is broken"):
        next(found)


@pytest.mark.parametrize("error", [KeyboardInterrupt, OSError])
def test_no_thread_is_left_when_the_user_of_things_fails(error: type[BaseException]) -> None:
    before = threading.active_count()
    things = ahead(counting([]))
    with pytest.raises(error):
        use(things, error)
    things.close()
    assert threading.active_count() == before


def use(things: Generator[int], error: type[BaseException]) -> None:
    for _ in things:
        raise error


class Heard(Child):
    """A child whose questions and answers are counted."""

    def __init__(self) -> None:
        super().__init__()
        self.questions: list[Any] = []
        self.heard: list[Any] = []

    def send(self, question: Any) -> None:
        self.questions.append(question)
        super().send(question)

    def answer(self, end: float) -> Any:
        self.heard.append(super().answer(end))
        return self.heard[-1]


def square(text: str = "x**2", **more: Any) -> Job:
    return Job(text, None, "written", True, "notes", {}, {"x": "x"}, {}, ("x",), **more)


@pytest.mark.parametrize(("slope", "verdict"), [(6.0, "agree"), (6.5, "differ")])
def test_a_rehearsal_changes_no_verdict_and_is_answered_nothing(slope: float, verdict: str) -> None:
    with Heard() as child:
        rehearse(square(), child, 30)
        found = judged(square(), [Chosen(0, "line 2", [3.0], [9.0, slope])], child, 30)
        assert [asked.get("rehearsal", False) for asked in child.questions] == [True, False]
        assert found.counts == {verdict: 1}
        points = [answer["check"]["value"]["exact"] for answer in child.heard if "check" in answer]
        assert [float(point) for point in points] == [9.0]


@pytest.mark.parametrize("text", ["log(-x)", "1/(x - x)", "x + " * 5000 + "1"])
def test_nothing_is_rehearsed_that_is_not_finite_or_is_large(text: str) -> None:
    with Heard() as child:
        rehearse(square(text), child, 30)
        assert child.questions == []
