"""The console blocks of the README and the manual: found, run in a shell, and, as a script,
replaced by what their commands print now.

python -m tests.readme               # all of them
python -m tests.readme ties check    # these pages of the manual
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
README = ROOT / "README.md"
MANUAL = ROOT / "cli" / "manual"
DOCUMENTS = (README, *sorted(MANUAL.glob("*.md")))
BLOCK = re.compile(r"```console\n(.*?)```", re.DOTALL)
BASH = ["bash", "--noprofile", "--norc", "-c"]


def commands(block: str) -> list[str]:
    """The commands of a block; `> ` continues one."""
    found: list[str] = []
    for line in block.splitlines():
        if line.startswith("$ "):
            found.append(line[2:])
        elif line.startswith("> "):
            found[-1] += "\n" + line[2:]
    return found


def run_block(block: str, folder: Path, *, quick: bool = False) -> str:
    """The block again, with what its commands print in `folder`, stderr among it. `quick` takes
    the command that tests fork."""
    env = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("NO_COLOR", "FORCE"))
    }
    forked = os.path.dirname(os.environ.get("BACKPROP_TEST_FORKER", "")) if quick else ""
    folders = [*([forked] if forked else []), str(Path(sys.executable).parent), os.environ["PATH"]]
    env |= {"PATH": ":".join(folders), "COLUMNS": "110"}
    lines = []
    for command in commands(block):
        done = subprocess.run(
            [*BASH, f"exec 2>&1\n{command}"], capture_output=True, text=True, cwd=folder, env=env, check=False,
        )  # fmt: skip
        lines += ["$ " + command.replace("\n", "\n> "), *done.stdout.splitlines()]
    return "\n".join(lines) + "\n"


def renewed(text: str, *, quick: bool = False) -> str:
    with tempfile.TemporaryDirectory() as folder:
        return BLOCK.sub(
            lambda found: f"```console\n{run_block(found[1], Path(folder), quick=quick)}```", text
        )


if __name__ == "__main__":
    for path in [MANUAL / f"{topic}.md" for topic in sys.argv[1:]] or DOCUMENTS:
        path.write_text(renewed(path.read_text("utf-8")), "utf-8")
