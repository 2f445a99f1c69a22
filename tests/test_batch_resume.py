"""backprop batch, interrupted: the bytes are the same in the end, whenever it was killed, however it
is cut into pieces, and nothing is left beside the file. campaigns/resuming.py does more of it."""

from __future__ import annotations

import io
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import polars
import pytest
from interrupting import WAYS, Way, arguments, hidden, interrupted, make_data, span

from backprop.batching import drafts
from backprop.batching.drafts import Draft, ParquetDraft, draft
from backprop.cli.main import run
from backprop.tables import parquet, streams
from backprop.tables.compression import decompressed
from backprop.tables.formats import target_kind

ROWS = 1200
Batch = Callable[..., int]


class Killed(BaseException):
    """What kill -9 is for a test in one process: nobody catches it."""


@pytest.fixture
def batch(tmp_path: Path, monkeypatch: Any) -> Batch:
    """A way in this process, in small pieces, with a journal after each."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(streams, "PIECE", 1 << 12)
    monkeypatch.setattr(parquet, "ROWS", 100)
    monkeypatch.setattr(drafts, "PACE", 0)
    monkeypatch.setattr(drafts, "SHARE", 0)
    make_data(tmp_path, ROWS)
    return lambda way, *more: run([*arguments(way, "--quiet", *more)[3:]])


def kill_at(number: int, monkeypatch: Any, how: BaseException) -> Any:
    """Let the journal be the last thing that is done, without a word of goodbye."""
    save, count = Draft.save, iter(range(number))

    def saving(self: Draft, state: Any) -> None:
        save(self, state)
        if next(count, None) is None:
            if isinstance(how, Killed):
                for kind in (Draft, ParquetDraft):
                    monkeypatch.setattr(kind, "discard", Draft.release)
            raise how

    monkeypatch.setattr(Draft, "save", saving)
    return saving


@pytest.mark.parametrize("way", WAYS, ids=str)
@pytest.mark.parametrize(
    ("number", "how"),
    [(0, Killed()), (11, Killed()), (3, KeyboardInterrupt())],
    ids=["kill-0", "kill-11", "ctrl-c-3"],
)
def test_bytes_are_the_same_after_an_interruption(
    way: Way, number: int, how: BaseException, batch: Batch, monkeypatch: Any, capfd: Any
) -> None:
    target = Path(way.target)
    assert batch(way) == 0
    right = target.read_bytes()
    target.write_bytes(b"old")
    with monkeypatch.context() as patch:
        kill_at(number, patch, how)
        if isinstance(how, Killed):
            with pytest.raises(Killed):
                batch(way)
        else:
            assert batch(way) == 130
    assert target.read_bytes() == b"old"
    assert hidden(Path())
    capfd.readouterr()
    assert batch(way, "--resume", "--summary", "s.json") == 0
    assert target.read_bytes() == right
    assert '"resumed": 0' not in Path("s.json").read_text("utf-8")
    assert hidden(Path()) == []


@pytest.mark.parametrize("way", WAYS, ids=str)
def test_pieces_and_threads_leave_the_bytes_as_they_are(
    way: Way, batch: Batch, monkeypatch: Any
) -> None:
    found = set()
    for piece, rows, threads in ((1 << 11, 7, 1), (30_000, 1000, 2), (1 << 23, 1 << 17, 3)):
        monkeypatch.setattr(streams, "PIECE", piece)
        monkeypatch.setattr(parquet, "ROWS", rows)
        assert batch(way, f"--threads={threads}") == 0
        with open(way.target, "rb") as file:  # a compressed file is so piece by piece
            compression = "gz" if way.target.endswith("gz") else ""
            found.add(decompressed(file, compression).read())
    assert len(found) == 1


@pytest.fixture(scope="module")
def folder(tmp_path_factory: Any) -> Path:
    path = Path(tmp_path_factory.mktemp("kills"))
    make_data(path, ROWS)
    return path


@pytest.mark.parametrize(("way", "how"), [(WAYS[1], signal.SIGKILL), (WAYS[2], signal.SIGINT)], ids=str)  # fmt: skip
def test_a_process_is_killed_and_goes_on(way: Way, how: signal.Signals, folder: Path) -> None:
    seconds = span(folder, way) / 2
    right = (folder / way.target).read_bytes()
    assert interrupted(folder, way, seconds, how, right).faults == []


def stopped(batch: Batch, monkeypatch: Any, way: Way = WAYS[0]) -> None:
    """Leave an interrupted run."""
    with monkeypatch.context() as patch:
        kill_at(3, patch, KeyboardInterrupt())
        assert batch(way) == 130


def test_ctrl_c_says_how_to_go_on(batch: Batch, monkeypatch: Any, capfd: Any) -> None:
    stopped(batch, monkeypatch)
    said = "interrupted: the same command with --resume goes on with o.csv\n"
    assert capfd.readouterr().err == said


def test_ctrl_c_before_the_first_journal_leaves_nothing(
    batch: Batch, monkeypatch: Any, capfd: Any
) -> None:
    def write(self: Draft, frame: Any) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(Draft, "write", write)
    assert batch(WAYS[0]) == 130
    assert hidden(Path()) == []
    assert capfd.readouterr().err == ""


OTHER_RUN = (
    "error: o.csv was begun by another run: other options, another program, or data that changed "
    "since\nhelp: without --resume the run starts from the beginning\n"
)


def test_other_options_do_not_go_on(batch: Batch, monkeypatch: Any, capfd: Any) -> None:
    stopped(batch, monkeypatch)
    capfd.readouterr()
    assert batch(WAYS[0], "--resume", "--wrt=x") == 2
    assert capfd.readouterr().err == OTHER_RUN
    assert hidden(Path()) == [".o.csv.backprop-draft", ".o.csv.backprop-journal"]


def test_other_data_does_not_go_on(batch: Batch, monkeypatch: Any, capfd: Any) -> None:
    stopped(batch, monkeypatch)
    capfd.readouterr()
    with open("a.csv", "a", encoding="utf-8") as file:
        file.write("1,2,3,4\n")
    assert batch(WAYS[0], "--resume") == 2
    assert capfd.readouterr().err == OTHER_RUN


def test_data_that_change_during_a_run_do_not_go_on(
    batch: Batch, monkeypatch: Any, capfd: Any
) -> None:
    save, once = Draft.save, iter(["b"])

    def changing(self: Draft, state: Any) -> None:
        if next(once, None):
            with open("a.csv", "a", encoding="utf-8") as file:
                file.write("1,2,3,4\n")
        save(self, state)

    with monkeypatch.context() as patch:
        patch.setattr(Draft, "save", changing)
        stopped(batch, patch)
    capfd.readouterr()
    assert batch(WAYS[0], "--resume") == 2
    assert capfd.readouterr().err == OTHER_RUN


@pytest.mark.parametrize("pipe", ["-", "pipe"])
def test_what_is_read_once_has_no_journal(pipe: str, batch: Batch, monkeypatch: Any) -> None:
    assert batch(WAYS[0]) == 0
    right = Path("o.csv").read_bytes()
    os.unlink("o.csv")
    data = Path("a.csv").read_bytes()
    os.mkfifo("pipe")
    thread = threading.Thread(target=Path("pipe").write_bytes, args=(data,), daemon=True)
    thread.start()
    if pipe == "-":
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(Path("pipe").read_bytes())))
    monkeypatch.setattr(Draft, "save", None)
    assert batch(WAYS[0]._replace(sources=(pipe,))) == 0
    thread.join()
    assert Path("o.csv").read_bytes() == right
    assert hidden(Path()) == []


def test_another_number_of_threads_goes_on(batch: Batch, monkeypatch: Any) -> None:
    stopped(batch, monkeypatch)
    assert batch(WAYS[0], "--resume", "--threads=3") == 0


@pytest.mark.parametrize("gone", ["draft", "journal", "both"])
def test_what_cannot_go_on_begins_anew(gone: str, batch: Batch, monkeypatch: Any) -> None:
    assert batch(WAYS[0]) == 0
    right = Path("o.csv").read_bytes()
    stopped(batch, monkeypatch)
    for name in ("draft", "journal"):
        if gone in (name, "both"):
            os.unlink(f".o.csv.backprop-{name}")
    assert batch(WAYS[0], "--resume") == 0
    assert Path("o.csv").read_bytes() == right
    assert hidden(Path()) == []


def test_without_resume_it_is_begun_anew(batch: Batch, monkeypatch: Any) -> None:
    assert batch(WAYS[0]) == 0
    right = Path("o.csv").read_bytes()
    stopped(batch, monkeypatch)
    assert batch(WAYS[0]) == 0
    assert Path("o.csv").read_bytes() == right
    assert hidden(Path()) == []


@pytest.mark.parametrize(
    ("journal", "message"),
    [
        ("{", "error: .o.csv.backprop-journal can't be read: "),
        ("{}", OTHER_RUN),
        ("[]", OTHER_RUN),
    ],
)
def test_a_journal_that_is_none_is_refused(
    journal: str, message: str, batch: Batch, monkeypatch: Any, capfd: Any
) -> None:
    stopped(batch, monkeypatch)
    capfd.readouterr()
    Path(".o.csv.backprop-journal").write_text(journal, "utf-8")
    assert batch(WAYS[0], "--resume") == 2
    assert capfd.readouterr().err.replace(f"{os.getcwd()}/", "").startswith(message)


@pytest.mark.parametrize("name", ["o.csv", "o.parquet"])
def test_two_runs_cannot_write_the_same_file(name: str, tmp_path: Path, capfd: Any) -> None:
    (tmp_path / "d.csv").write_text("x\n1\n", "utf-8")
    path = str(tmp_path / name)
    first = draft(path, target_kind(path, None))
    first.open(None)
    words = ["batch", "x", "--data", str(tmp_path / "d.csv"), "-o", path, "--check-rows=0"]
    assert run(words) == 2
    assert capfd.readouterr().err == f"error: {path} is being written by another run\n"
    first.write(polars.DataFrame({"value": [1.0]}))
    first.finish()
    assert os.path.getsize(path)
    assert hidden(tmp_path) == []


@pytest.mark.parametrize("way", [WAYS[0], WAYS[2]], ids=str)
@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_killed_at_the_end_nothing_is_lost(
    way: Way, step: str, batch: Batch, monkeypatch: Any
) -> None:
    assert batch(way) == 0
    right = Path(way.target).read_bytes()
    Path(way.target).write_bytes(b"old")
    real = os.replace

    def kill(*given: Any, **folders: Any) -> None:
        if step == "replace" and str(given[0]).endswith("new"):
            real(*given, **folders)
            return
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(os, step, kill)
        patch.setattr(
            type(draft(way.target, target_kind(way.target, None))), "discard", Draft.release
        )
        with pytest.raises(Killed):
            batch(way)
    assert Path(way.target).read_bytes() == b"old"
    assert batch(way, "--resume") == 0
    assert Path(way.target).read_bytes() == right
    assert hidden(Path()) == []


def test_an_error_in_a_row_leaves_nothing_to_go_on_with(batch: Batch, capfd: Any) -> None:
    Path("o.csv").write_bytes(b"old")
    assert batch(WAYS[0], "--on-error=fail") == 2
    assert Path("o.csv").read_bytes() == b"old"
    assert hidden(Path()) == []
    assert capfd.readouterr().err.startswith("error: a.csv, line 2: x is empty\n")
