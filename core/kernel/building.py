"""C source -> a loaded library, by the system's compiler; kept by its content for the next time.

Where that can't be done there is a BuildError that says why, and nothing else is ever raised.
Of all libraries those that were used last are kept; who finds theirs gone makes it again.
"""

from __future__ import annotations

import ctypes
import hashlib
import os
import platform
import re
import shlex
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from time import time

PLAIN = ("-O3", "-std=gnu99", "-fno-math-errno", "-fno-trapping-math", "-ffp-contract=off",
         "-shared", "-fPIC", "-w")  # fmt: skip
# The vector functions of the GNU library, which only its compiler calls. It must not make one
# call of sin and cos, which there is none of for vectors, nor begin a loop by single rows.
VECTORS = ("-march=native", "-mprefer-vector-width=512", "-fdisable-tree-sincos",
           "--param=vect-max-peeling-for-alignment=0", "-Wl,--no-undefined",
           '-DVECTOR=__attribute__((simd("notinbranch")))')  # fmt: skip
WAYS = (
    (*VECTORS, "-lmvec", "-lm"),
    ("-march=native", "-DVECTOR=", "-lm"),
    ("-DVECTOR=", "-lm"),
)
PATIENCE = 120  # seconds that a compiler may take
KEPT = 200  # libraries, and those of the last minutes
YOUNG = 5 * PATIENCE
MAKING = "making-"
MADE = re.compile(rf"[0-9a-f]{{64}}(-[0-9a-f]{{64}})?\.so|{MAKING}\w+")


class BuildError(Exception):
    """Why there is no library."""


def build(source: str) -> ctypes.CDLL:
    """The library, from the cache if it is there."""
    command = compiler()
    if command is None:
        raise BuildError("there is no C compiler")
    try:
        folder = cache_folder()
        if folder is not None:
            return loaded(command, source, folder)
        with tempfile.TemporaryDirectory(prefix="backprop-") as name:
            return loaded(command, source, Path(name))
    except (OSError, subprocess.SubprocessError) as error:
        raise BuildError(f"the C compiler failed: {type(error).__name__}") from error


def loaded(command: list[str], source: str, folder: Path) -> ctypes.CDLL:
    """The name of a library ends in the digest of its bytes: one that was cut off or spoiled
    would end the process when it is loaded."""
    name = key(command, source)
    for path in folder.glob(f"{name}-*.so"):
        with suppress(OSError):
            if path.stem == f"{name}-{digest(path)}":
                os.utime(path)
                return ctypes.CDLL(str(path))
    path = make(command, source, folder, name)
    with suppress(OSError):
        prune(folder)
    return ctypes.CDLL(str(path))


def digest(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def prune(folder: Path) -> None:
    """Remove what was used longest ago, and what a compiler that was killed has left behind; but
    nothing that another process may just be making or about to load, nor what was not made here."""
    made = (entry for entry in folder.iterdir() if MADE.fullmatch(entry.name))
    entries = sorted(((last_used(entry), entry) for entry in made), reverse=True)
    for used, entry in entries[KEPT:]:
        if used > time() - YOUNG:
            continue
        if entry.is_dir():
            shutil.rmtree(entry, ignore_errors=True)
        else:
            with suppress(OSError):
                entry.unlink()


def last_used(entry: Path) -> float:
    """When: for what another process has just removed, never."""
    with suppress(OSError):
        return entry.stat().st_mtime
    return 0.0


def make(command: list[str], source: str, folder: Path, name: str) -> Path:
    """Try the ways to compile it in turn; the file is there whole or not at all."""
    with tempfile.TemporaryDirectory(dir=folder, prefix=MAKING) as own:
        code, library = Path(own) / "rows.c", Path(own) / "rows.so"
        code.write_text(source, "utf-8")
        for way in WAYS:
            run = [*command, *PLAIN, str(code), "-o", str(library), *way]
            done = subprocess.run(
                run, capture_output=True, stdin=subprocess.DEVNULL, timeout=PATIENCE, check=False
            )
            if done.returncode == 0:
                path = folder / f"{name}-{digest(library)}.so"
                os.replace(library, path)
                return path
    raise BuildError(f"{command[0]} could not compile it")


def compiler() -> list[str] | None:
    """The command of the C compiler: $CC, or what is called cc, gcc or clang."""
    for name in (os.environ.get("CC", ""), "cc", "gcc", "clang"):
        try:
            command = shlex.split(name)
        except ValueError:  # a quote that is never closed
            raise BuildError(f"CC is no command: {name}") from None
        if command and (path := shutil.which(command[0])):
            return [path, *command[1:]]
    return None


def key(command: list[str], source: str) -> str:
    """What the library depends on: the source, the compiler, how it is called, and the machine."""
    status = os.stat(command[0])
    parts = [source, *command, *PLAIN, *map(str, WAYS), str(status.st_size),
             str(status.st_mtime_ns), *machine()]  # fmt: skip
    return hashlib.sha256("\0".join(parts).encode()).hexdigest()


def machine() -> Iterator[str]:
    """The processor and what it can do, as code for one may not run on another."""
    yield from (platform.system(), platform.machine(), platform.processor())
    try:
        text = Path("/proc/cpuinfo").read_text("utf-8", "replace")
    except OSError:
        return
    yield from sorted({line for line in text.splitlines() if line.startswith(("flags", "model "))})


def cache_folder() -> Path | None:
    """A folder of the user's own; None if there is none, or if others can write to it."""
    base = os.environ.get("XDG_CACHE_HOME", "")
    try:
        home = Path(base) if os.path.isabs(base) else Path.home() / ".cache"
        folder = home / "backprop" / "kernels"
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        status = folder.stat()
    except (OSError, RuntimeError):  # nobody may know a home of this user
        return None
    mine = not hasattr(os, "getuid") or status.st_uid == os.getuid()
    return folder if mine and not status.st_mode & 0o022 and os.access(folder, os.W_OK) else None
