"""Any number of random command lines in process: no traceback, no hang, no lost gigabyte, no
broken JSON, no control character, and nothing written outside of the folder where it runs.

    python -m tests.campaigns.command_lines 0 1000000

The numbers are the seeds, from one to before another. Each finding is printed with its seed; the
exit code is 1 if there is one. A process does some thousand lines and is followed by another, so
that one which is killed costs no more than its line.
"""

from __future__ import annotations

import gc
import os
import resource
import subprocess
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

MANY = 4000  # lines that one process does
MOST = 1 << 30  # bytes of memory that a line may take
SPACE = 16 << 30  # of addresses, most of which threads set aside and never use
WATCH = 400  # seconds without a line, after which a process is killed
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT | os.O_TRUNC
CHANGING = {"os.remove", "os.rename", "os.rmdir", "os.mkdir", "os.link", "os.symlink", "os.truncate", "os.chmod",
            "shutil.rmtree", "shutil.move", "shutil.copyfile"}  # fmt: skip


class Outside:
    """Hears what is opened for writing or changed, and remembers what lies elsewhere."""

    def __init__(self, folder: str) -> None:
        self.folder = os.path.realpath(folder)
        self.found: list[str] = []
        self.busy = False

    def __call__(self, event: str, args: tuple[Any, ...]) -> None:
        writes = event == "open" and isinstance(args[2], int) and args[2] & WRITING
        if self.busy or not (writes or event in CHANGING):
            return
        self.busy = True
        try:
            paths = [
                os.fspath(arg) for arg in args[:2] if isinstance(arg, (str, bytes, os.PathLike))
            ]
            for path in map(os.fsdecode, paths if event in ("os.rename", "os.link") else paths[:1]):
                place = os.path.realpath(path)
                if not place.startswith((self.folder, os.devnull, "/proc/self/fd")):
                    self.found.append(f"{event} {place}")
        finally:
            self.busy = False


def work(first: int, last: int, seen: int) -> None:
    """The lines of some seeds; `seen` is a file that holds the seed at work."""
    from invoking import drawn, flaw

    gc.disable()
    counts = Counter[str]()
    with tempfile.TemporaryDirectory() as folder:
        os.environ |= {"XDG_CACHE_HOME": folder, "TMPDIR": folder}
        tempfile.tempdir = folder
        outside = Outside(folder)
        sys.addaudithook(outside)
        resource.setrlimit(resource.RLIMIT_AS, (SPACE, SPACE))
        place = Path(folder) / "here"
        most = 0
        for seed in range(first, last):
            os.pwrite(seen, f"{seed:20}".encode(), 0)
            call = drawn(str(seed))
            place.mkdir(exist_ok=True)
            before = rss()
            found = flaw(call, place)
            if not found and rss() - max(before, most) > MOST:
                found = f"takes {(rss() - before) >> 20} MiB"
            most = max(most, rss())
            if not found and outside.found:
                found = f"touches {outside.found}"
            outside.found.clear()
            if found:
                print(f"{seed}: {found}\n    {str(call)[:700]}", flush=True)
            counts[call.args[0] if call.args else ""] += 1
            if seed % 500 == 0:
                gc.collect()


def rss() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss << 10


def watched(first: int, last: int) -> tuple[int, list[str]]:
    """One process, up to the seed where it ended, and what it printed."""
    with tempfile.NamedTemporaryFile() as seen, tempfile.TemporaryFile("w+") as printed:
        seen.write(f"{first:20}".encode())
        seen.flush()
        worker = subprocess.Popen(
            [sys.executable, "-m", "tests.campaigns.command_lines", "work", str(first), str(last)],
            stdin=seen.fileno() and os.open(seen.name, os.O_RDWR), stdout=printed, stderr=subprocess.PIPE, text=True,
        )  # fmt: skip
        before, since = "", time.monotonic()
        while worker.poll() is None:
            time.sleep(0.2)
            now = Path(seen.name).read_text()
            before, since = now, (since if now == before else time.monotonic())
            if time.monotonic() - since > WATCH:
                worker.kill()
        at = int(Path(seen.name).read_text())
        assert worker.stderr
        said = worker.stderr.read()
        printed.seek(0)
        lines = printed.read().splitlines()
        if worker.returncode:
            lines.append(f"{at}: the process ends with {worker.returncode}: {said[-2000:]}")
            return at + 1, lines
        return last, lines


def main(first: int, last: int) -> int:
    begun, place, wrong = time.monotonic(), first, 0
    while place < last:
        place, lines = watched(place, min(last, place + MANY))
        wrong += sum(not line.startswith(" ") for line in lines)
        for line in lines:
            print(line)
        took = time.monotonic() - begun
        print(f"    {place - first:,} lines in {took:,.0f} s: {wrong} findings", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    if sys.argv[1] == "work":
        work(int(sys.argv[2]), int(sys.argv[3]), 0)
    else:
        sys.exit(main(int(sys.argv[1]), int(sys.argv[2])))
