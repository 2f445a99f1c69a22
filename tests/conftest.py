"""The real command, run as a process of its own in a clean environment; and `batch` in this one."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import pytest

Command = Callable[..., "subprocess.CompletedProcess[str]"]

CLEARED = ("NO_COLOR", "FORCE_COLOR", "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "_BACKPROP_COMPLETE")


def run_command(
    *args: str, text: str | None = None, cwd: Path | None = None, check: bool = False, **env: str
) -> subprocess.CompletedProcess[str]:
    """`eval` without the check that takes most of its time, unless that is what is tested."""
    if args[:1] == ("eval",) and not check:
        args = ("eval", "--no-check", *args[1:])
    clean = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return subprocess.run(
        [sys.executable, "-m", "backprop.cli", *args],
        input=text, capture_output=True, text=True, encoding="utf-8", cwd=cwd, timeout=60, check=False,
        env=clean | {"PYTHONIOENCODING": "utf-8"} | env,
    )  # fmt: skip


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
