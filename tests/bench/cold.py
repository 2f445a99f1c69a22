"""Cold start: whole processes of the installed command against bare imports of its libraries."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path
from time import perf_counter

from arena import pairs
from installed import environment
from table import Row, at_most

TITLE = "Cold start, whole processes"
EVAL = ("eval", "(x+y)*z", "--x=-2", "--y=5", "--z=-4")
CLICK = "import click"
RICH = "import click, rich.console, rich.table"
SYMPY = "import sympy"


def seconds(command: list[str], env: Mapping[str, str]) -> float:
    start = perf_counter()
    subprocess.run(command, env=env, stdout=subprocess.PIPE, check=True)
    return perf_counter() - start


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    plain, coloured = environment(folder), environment(folder, FORCE_COLOR="1")
    script = [sys.executable, str(folder / "bin" / "backprop"), *EVAL]
    commands = [
        ([sys.executable, "-c", CLICK], plain),
        ([*script, "--no-check", "--json"], plain),
        ([sys.executable, "-c", RICH], plain),
        ([*script, "--no-check"], coloured),
        ([sys.executable, "-c", SYMPY], plain),
        ([*script, "--json"], plain),
    ]
    for command, env in commands:  # writes what byte code is missing
        seconds(command, env)
    rounds = range(10 if quick else 40)
    columns = [*zip(*[[seconds(*each) for each in commands] for _ in rounds], strict=True)]
    click, json, rich, table, sympy, checked = columns
    yield at_most(f"eval --no-check --json : `{CLICK}`", pairs(click, json), 1.5)
    yield at_most(f"eval --no-check, coloured table : `{RICH}`", pairs(rich, table), 1.25)
    yield at_most(f"eval --json with the check : `{SYMPY}`", pairs(sympy, checked), 1.3)
