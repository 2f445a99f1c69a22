"""The real command, run as a process of its own in a clean environment; and `batch` in this one."""

from __future__ import annotations

import gc
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import forking
import pytest

import backprop.child.process as child

Command = Callable[..., "subprocess.CompletedProcess[str]"]

CLEARED = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "_BACKPROP_COMPLETE")


def pytest_configure(config: pytest.Config) -> None:
    """One process that has loaded everything forks for all workers of this run."""
    if not hasattr(config, "workerinput"):
        os.environ[forking.VARIABLE] = forking.server()


def pytest_collection_finish() -> None:
    """What is there before the first test stays: nobody need look through it again and again."""
    gc.collect()
    gc.freeze()


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Checks in this process ask a forked one, unless a test is about how that begins."""
    if item.get_closest_marker("fresh"):
        vars(child)["subprocess"] = subprocess
        return
    forking.use_forked_workers()


def run_command(
    *args: str, text: str | None = None, cwd: Path | None = None, check: bool = False,
    fresh: bool = False, **env: str,
) -> subprocess.CompletedProcess[str]:  # fmt: skip
    """`eval` without the check that takes most of its time, unless that is what is tested."""
    if args[:1] == ("eval",) and not check:
        args = ("eval", "--no-check", *args[1:])
    clean = {name: value for name, value in os.environ.items() if name not in CLEARED}
    if not fresh and "PYTHON" not in "".join(env.keys() - {"PYTHONIOENCODING"}):
        return run_forked(args, text, cwd, clean | env)
    return subprocess.run(
        [sys.executable, "-m", "backprop.cli", *args],
        input=text, capture_output=True, text=True, encoding="utf-8", cwd=cwd, timeout=60, check=False,
        env=clean | {"PYTHONIOENCODING": "utf-8"} | env,
    )  # fmt: skip


def run_forked(
    args: tuple[str, ...], text: str | None, cwd: Path | None, env: dict[str, str]
) -> subprocess.CompletedProcess[str]:
    with (
        tempfile.TemporaryFile() as given,
        tempfile.TemporaryFile() as out,
        tempfile.TemporaryFile() as err,
    ):
        given.write((text or "").encode())
        given.seek(0)
        request = {"args": args, "env": env, "cwd": str(cwd or os.getcwd())}
        process = forking.Forked(request, [given.fileno(), out.fileno(), err.fileno()])
        try:
            code = process.wait(60)
        finally:
            process.kill()
        out.seek(0)
        err.seek(0)
        said = [stream.read().decode().replace("\r\n", "\n") for stream in (out, err)]
    return subprocess.CompletedProcess(list(args), code, *said)


@pytest.fixture
def command() -> Command:
    return run_command


class Said(NamedTuple):
    code: int
    out: str
    err: str

    @property
    def rows(self) -> list[dict[str, Any]]:
        return [json.loads(line) for line in self.out.splitlines()]


Batch = Callable[..., Said]


@pytest.fixture
def batch(capfdbinary: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Batch:
    """The command in this process, in a folder of its own, without the check that takes longest."""
    from backprop.cli.main import run

    monkeypatch.chdir(tmp_path)

    def called(*args: str, check: bool = False) -> Said:
        code = run(["batch", *args, *([] if check else ["--check-rows", "0"])])
        out, err = capfdbinary.readouterr()
        return Said(code, out.decode(), err.decode())

    return called
