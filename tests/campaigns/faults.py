"""Everything that may happen to the files of a run, at every name that it makes and at every moment.

    python -m tests.campaigns.faults

Deleted, cut, replaced, links and pipes in place of a file, folders that become read-only (by
chattr, for root alone) and disks that are full (RLIMIT_FSIZE, and for root a small tmpfs).
campaigns/resuming.py has kill -9 and Ctrl-C. Each fault that was found is printed; the exit code
is 1 if there is one.
"""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from faulting import ROOM, WRITERS, Stage, room, scenes, written
from interrupting import WAYS, make_data

SIZES = (4, 16, 40, 64, 128)  # kibibytes of a small disk


@contextmanager
def read_only(place: Path) -> Iterator[None]:
    subprocess.run(["chattr", "+i", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["chattr", "-i", place], check=True)


@contextmanager
def small_disk(place: Path, size: int) -> Iterator[None]:
    subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}k", "tmpfs", place], check=True)
    try:
        yield
    finally:
        subprocess.run(["umount", place], check=True)


def without_room(place: Path) -> Iterator[tuple[str, list[str]]]:
    """Every writer where there is no room, where the folder is read-only, and at a pipe."""
    make_data(place, 300)
    for target in WRITERS:
        for size in ROOM:
            yield f"{target} in {size} bytes", [*written(place, target, room(size))]
        if os.geteuid() == 0:
            yield f"{target} in a read-only folder", [*written(place, target, read_only(place))]


def on_small_disks(stage: Stage) -> Iterator[tuple[str, list[str]]]:
    """Ways that end for want of room, and are run again where there is enough."""
    for way in WAYS if os.geteuid() == 0 else ():
        for size in SIZES:
            stage.prepare()
            with small_disk(stage.place, size):
                for path in stage.data.iterdir():
                    (stage.place / path.name).symlink_to(path)
                (stage.place / way.target).write_bytes(b"old")
                found = [*stage.complaints(way, *stage.run(way))]
                code, said = stage.run(way, "--resume")
                if code == 0 and (stage.place / way.target).read_bytes() != stage.right[str(way)]:
                    found.append(f"--resume makes other bytes: {said}")
            yield f"{way} on {size} KiB", found


def main() -> int:
    count = wrong = 0
    with tempfile.TemporaryDirectory() as folder:
        stage = Stage(Path(folder))
        played = ((str(scene), stage.wrong(scene)) for scene in scenes())
        (Path(folder) / "writers").mkdir()
        for part in (without_room(Path(folder) / "writers"), on_small_disks(stage), played):
            for name, found in part:
                count += 1
                wrong += bool(found)
                for fault in found:
                    print(f"{name}: {fault}", flush=True)
                if count % 100 == 0:
                    print(f"    {count} faults, {wrong} findings", flush=True)
    print(f"{count} faults, {wrong} findings")
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
