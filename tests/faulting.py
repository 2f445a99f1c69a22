"""What happens to the files of a run while it is on its way, and what must hold whatever happens:
the target is the old file or the new one, nothing of others is touched, exit code 0 means the right
bytes, and the next run makes them and leaves nothing behind.
"""

from __future__ import annotations

import os
import resource
import shutil
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, chdir, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from unittest import mock

from interrupting import OPTIONS, PROGRAM, WAYS, Way, hidden, make_data
from invoking import HangError, alarm, streams

from backprop.batching import drafts
from backprop.batching.drafts import Draft, ParquetDraft
from backprop.cli.main import run
from backprop.tables import parquet
from backprop.tables import streams as pieces

ROWS = 400
SECONDS = 20.0
HELD = {"a": b"precious", "00000000.parquet": b"precious", "part-00000.csv": b"precious"}


class Killed(BaseException):
    """What kill -9 is for a run in this process: nobody catches it."""


# What somebody does to a name.

Fault = Callable[[Path, Path], None]


def deleted(path: Path, victim: Path) -> None:
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def cut(path: Path, victim: Path) -> None:
    if path.is_file():
        os.truncate(path, path.stat().st_size // 2)


def replaced(path: Path, victim: Path) -> None:
    deleted(path, victim)
    path.write_bytes(b"something else\n" * 20)


def link_to_file(path: Path, victim: Path) -> None:
    deleted(path, victim)
    path.symlink_to(victim / "a")


def link_to_folder(path: Path, victim: Path) -> None:
    deleted(path, victim)
    path.symlink_to(victim)


def link_to_nothing(path: Path, victim: Path) -> None:
    deleted(path, victim)
    path.symlink_to(victim / "none")


def second_name(path: Path, victim: Path) -> None:
    deleted(path, victim)
    os.link(victim / "a", path)


def pipe(path: Path, victim: Path) -> None:
    deleted(path, victim)
    os.mkfifo(path)


def folder(path: Path, victim: Path) -> None:
    deleted(path, victim)
    path.mkdir()
    (path / "notes").write_bytes(b"precious")


FAULTS = (
    deleted,
    cut,
    replaced,
    link_to_file,
    link_to_folder,
    link_to_nothing,
    second_name,
    pipe,
    folder,
)
MOMENTS = ("before", "early", "late", "killed, then --resume", "killed, then anew")


def names_of(way: Way) -> tuple[str, ...]:
    """All names that a run makes beside its target."""
    made = tuple(f".{way.target}.backprop-{part}" for part in ("draft", "journal", "journal.new"))
    if not way.target.endswith(".parquet"):
        return made
    parts = f".{way.target}.backprop-draft-parts"
    return (*made, parts, f"{parts}/00000001.parquet")


@dataclass(frozen=True)
class Scene:
    way: Way
    name: str
    fault: Fault
    moment: str

    def __str__(self) -> str:
        return f"{self.way}: {self.name} {self.fault.__name__} {self.moment}"


def scenes() -> Iterator[Scene]:
    for moment in MOMENTS:
        for way in WAYS:
            for name in names_of(way):
                yield from (Scene(way, name, fault, moment) for fault in FAULTS)


# What comes of it.


class Stage:
    """A folder with data, and a way's right bytes."""

    def __init__(self, place: Path) -> None:
        self.data = place / "data"
        self.data.mkdir()
        make_data(self.data, ROWS)
        self.place = place / "here"
        self.victim = place / "victim"
        self.right: dict[str, bytes] = {}
        for way in WAYS:
            self.prepare()
            code, said = self.run(way)
            assert code == 0, said
            self.right[str(way)] = (self.place / way.target).read_bytes()

    def prepare(self) -> None:
        for path in (self.place, self.victim):
            shutil.rmtree(path, ignore_errors=True)
            path.mkdir()
        for path in self.data.iterdir():
            (self.place / path.name).symlink_to(path)
        for name, held in HELD.items():
            (self.victim / name).write_bytes(held)

    def run(
        self, way: Way, *more: str, at: int = -1, then: Callable[[], None] | None = None
    ) -> tuple[int, str]:
        """A run in small pieces, with a journal after each; `then` happens after one of them."""
        count, save = iter(range(1_000_000)), Draft.save

        def saving(draft: Draft, state: Any) -> None:
            save(draft, state)
            if then and next(count) == at:
                then()

        data = [word for source in way.sources for word in ("--data", source)]
        asked = [
            "batch",
            PROGRAM,
            *data,
            "-o",
            way.target,
            *OPTIONS,
            *way.options,
            "--threads=1",
            *more,
        ]
        with (
            chdir(self.place), streams("") as (_, err), alarm(SECONDS), mock.patch.object(Draft, "save", saving),
            mock.patch.object(pieces, "PIECE", 1 << 12), mock.patch.object(parquet, "ROWS", 60),
            mock.patch.object(drafts, "PACE", 0), mock.patch.object(drafts, "SHARE", 0),
        ):  # fmt: skip
            try:
                code = run(asked)
            except Killed:
                code = -9
        return code, err.getvalue().decode()

    def killed(self, way: Way, at: int) -> int:
        """A run that ends after a journal, without a word of goodbye."""

        def kill() -> None:
            raise Killed

        with (
            mock.patch.object(Draft, "discard", Draft.release),
            mock.patch.object(ParquetDraft, "discard", ParquetDraft.release),
        ):
            return self.run(way, at=at, then=kill)[0]

    def wrong(self, scene: Scene) -> list[str]:
        """What does not hold."""
        self.prepare()
        way, target = scene.way, self.place / scene.way.target
        target.write_bytes(b"old")

        def happen() -> None:
            with suppress(
                FileNotFoundError, NotADirectoryError
            ):  # a name inside a folder that is not there
                scene.fault(self.place / scene.name, self.victim)

        try:
            code, said = self.played(scene, happen)
            found = list(self.complaints(way, code, said))
            with suppress(FileNotFoundError, NotADirectoryError):
                deleted(self.place / scene.name, self.victim)
            code, said = self.run(way)
            if code or not target.is_file() or target.read_bytes() != self.right[str(way)]:
                found.append(f"the next run ends with {code} and other bytes: {said}")
            if left := [
                name for name in hidden(self.place) if not (self.place / name / "notes").exists()
            ]:
                found.append(f"{left} stays for ever")
            found += self.touched()
        except HangError:
            return ["it hangs"]
        return found

    def played(self, scene: Scene, happen: Callable[[], None]) -> tuple[int, str]:
        match scene.moment:
            case "before":
                happen()
                return self.run(scene.way)
            case "early" | "late":
                return self.run(scene.way, at=0 if scene.moment == "early" else 3, then=happen)
        self.killed(scene.way, 2)
        happen()
        return self.run(scene.way, *["--resume"] * (scene.moment == "killed, then --resume"))

    def complaints(self, way: Way, code: int, said: str) -> Iterator[str]:
        target = self.place / way.target
        bytes_now = target.read_bytes() if target.is_file() else b"no file"
        right = self.right[str(way)]
        if code not in (0, 2) or "defect" in said or "Traceback" in said:
            yield f"ends with {code}: {said}"
        if code == 2 and not said.startswith("error: ") and "error: " not in said:
            yield f"ends with 2 and says {said!r}"
        if bytes_now not in (b"old", right):
            yield f"the target is neither the old nor the new file: {bytes_now[:60]!r}"
        if (code == 0) != (bytes_now == right):
            yield f"exit code {code}, and the target is {'new' if bytes_now == right else 'old'}"
        yield from self.touched()

    def touched(self) -> Iterator[str]:
        held = {path.name: path.read_bytes() for path in self.victim.iterdir()}
        if held != HELD:
            yield f"what belongs to others is { {name: data[:40] for name, data in held.items()} }"
        for path in self.data.iterdir():
            if not (self.place / path.name).exists():
                yield f"{path.name} is gone"


# No room, for whatever writes.

WRITERS: dict[str, tuple[str, ...]] = {
    "o.csv": (
        "batch",
        PROGRAM,
        "--data",
        "a.csv",
        "-o",
        "o.csv",
        "--force",
        *OPTIONS,
        "--threads=1",
    ),
    "o.parquet": (
        "batch",
        PROGRAM,
        "--data",
        "a.csv",
        "-o",
        "o.parquet",
        "--force",
        *OPTIONS,
        "--threads=1",
    ),
    "s.json": ("batch", PROGRAM, "--data", "a.csv", *OPTIONS, "--threads=1", "--summary", "s.json"),
    "run.npz": ("eval", "x*y", "--x=2", "--y=3", "--no-check", "--save", "run.npz"),
    "c.svg": ("draw", "x*y", "--x=2", "--y=3", "-o", "c.svg"),
    "p.html": ("draw", "x*y", "--x=2", "--y=3", "-o", "p.html"),
    "f.c": ("code", "x*y", "--lang=c", "-o", "f.c"),
    "way.jsonl": ("descend", "x**2", "--x=2", "--steps=50", "--trace", "way.jsonl"),
    "loss.svg": ("descend", "x**2", "--x=2", "--steps=50", "--plot", "loss.svg"),
}
ROOM = (0, 1, 100, 1000, 5000)


@contextmanager
def room(size: int) -> Iterator[None]:
    """No file grows larger than this, as if the disk were full."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def written(place: Path, target: str, limit: AbstractContextManager[None]) -> Iterator[str]:
    """What does not hold after a command that may not write."""
    whole = place / target
    whole.write_bytes(b"old")
    before = set(os.listdir(place))
    try:
        with chdir(place), streams("") as (_, err), alarm(SECONDS), limit:
            code = run([*WRITERS[target]])
    except HangError:
        yield "it hangs"
        return
    said = err.getvalue().decode()
    if code not in (0, 2) or "defect" in said or "Traceback" in said:
        yield f"ends with {code}: {said}"
    if code and whole.read_bytes() != b"old":
        yield f"the old file has become {whole.read_bytes()[:40]!r}"
    if code == 0 and whole.stat().st_size < 10:
        yield f"exit code 0 for {whole.read_bytes()!r}"
    left = {*os.listdir(place)} - before
    if left - {*names_of(Way(("a.csv",), target))}:
        yield f"{sorted(left)} is left"
    for name in left:
        deleted(place / name, place)
