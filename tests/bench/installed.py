"""The checkout as an installation would leave it: both packages in one folder, compiled, and
the start script that a wheel brings."""

from __future__ import annotations

import compileall
import os
import shutil
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SCRIPT = """\
import sys
from backprop.cli.main import main
if __name__ == "__main__":
    sys.exit(main())
"""
CLEARED = (
    "PYTHONDONTWRITEBYTECODE", "PYTHONPATH", "PYTHONSTARTUP", "NO_COLOR", "FORCE_COLOR",
    "CLICOLOR", "CLICOLOR_FORCE", "COLUMNS", "_BACKPROP_COMPLETE",
)  # fmt: skip


def install(folder: Path) -> Path:
    """Copy the packages into `folder`; the answer is the start script."""
    leave_out = shutil.ignore_patterns("__pycache__")
    shutil.copytree(ROOT / "core", folder / "backprop", ignore=leave_out)
    shutil.copytree(ROOT / "cli", folder / "backprop" / "cli", ignore=leave_out)
    compileall.compile_dir(folder, quiet=1)
    script = folder / "bin" / "backprop"
    script.parent.mkdir()
    script.write_text(SCRIPT, "utf-8")
    return script


def environment(folder: Path, **more: str) -> dict[str, str]:
    """A process that finds the copy, with byte code written and nothing set about colour."""
    clean = {name: value for name, value in os.environ.items() if name not in CLEARED}
    return clean | {"PYTHONPATH": str(folder)} | more
