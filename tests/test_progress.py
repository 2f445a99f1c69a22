"""What a terminal shows while a command works, and a command whose answer nobody reads."""

from __future__ import annotations

import io
import os
import threading
import time
from collections.abc import Iterator
from types import SimpleNamespace

import pytest

from backprop.cli import progress
from backprop.cli.progress import CLEAR, Waiting, waiting

LONG = 30.0  # seconds that nothing here takes


class Terminal(io.StringIO):
    """A stream that keeps what it is given, and tells when something has come."""

    def __init__(self) -> None:
        super().__init__()
        self.come = threading.Event()

    def isatty(self) -> bool:
        return True

    def flush(self) -> None:
        self.come.set()


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Iterator[Terminal]:
    monkeypatch.setattr(progress, "PATIENCE", 0.0)
    monkeypatch.setattr(Waiting, "begun", time.monotonic() - 61)
    monkeypatch.setattr(progress, "LATE", 1.0)
    stream = Terminal()
    monkeypatch.setattr(progress, "sys", SimpleNamespace(stderr=stream, stdout=io.StringIO()))
    yield stream
    assert Waiting.active is None


def test_a_terminal_shows_what_takes_so_long_and_the_line_is_gone_afterwards(
    terminal: Terminal,
) -> None:
    with waiting("checking") as wait, waiting("something within"):
        assert terminal.come.wait(LONG)
        assert wait is Waiting.active
    assert terminal.getvalue().startswith(f"{CLEAR}checking: 61 s")
    assert terminal.getvalue().endswith(CLEAR)


def test_the_line_is_taken_back_before_an_answer_is_printed(terminal: Terminal) -> None:
    shown = progress.Progress()
    shown.say("3 rows")
    progress.clear()
    assert terminal.getvalue() == f"{CLEAR}3 rows{CLEAR}"
    progress.clear()
    shown.end()
    assert terminal.getvalue() == f"{CLEAR}3 rows{CLEAR}"


def test_nothing_is_shown_before_a_second_has_passed(
    terminal: Terminal, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(Waiting, "begun", time.monotonic())
    with waiting("checking"):
        assert not terminal.come.wait(0.3)
    assert terminal.getvalue() == ""


def test_no_thread_is_begun_where_nobody_would_see_it(monkeypatch: pytest.MonkeyPatch) -> None:
    files = SimpleNamespace(stderr=io.StringIO(), stdout=io.StringIO())
    monkeypatch.setattr(progress, "sys", files)
    with waiting("checking"):
        assert Waiting.active is None


def test_work_ends_when_the_reader_of_its_answer_has_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(Waiting, "reader", writing)
    begun = time.monotonic()
    os.close(reading)
    with pytest.raises(BrokenPipeError), waiting("checking"):
        time.sleep(LONG)
    os.close(writing)
    assert time.monotonic() - begun < LONG / 2


def test_ctrl_c_stays_what_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(Waiting, "reader", writing)
    with pytest.raises(KeyboardInterrupt), waiting("checking"):
        raise KeyboardInterrupt
    os.close(reading)
    os.close(writing)
