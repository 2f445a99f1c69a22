"""How long 200 submissions of 60 lines take to be graded, half of them with one mistake.

    python tests/bench/submissions.py [--count N] [--entries N]

The program has fifteen layers of three lines on vectors; a submission has four lines a layer.
"""

from __future__ import annotations

import argparse
import csv
import io
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from random import Random

LAYERS = 15
SLIPS = (
    (" * (1 - t", " * (1 + t"), (" * dh", " * -dh"), (" * du", ""), ("*t", "*u"), ("du", "dh"),
)  # fmt: skip


def forward() -> str:
    lines = []
    for k in range(1, LAYERS + 1):
        lines += [f"u{k} = t{k - 1}*w{k}", f"h{k} = u{k} + b{k}", f"t{k} = tanh(h{k})"]
    return "\n".join(["t0 = x", *lines, f"f = sum(t{LAYERS}**2)"])


def backward() -> list[str]:
    lines = [f"dt{LAYERS} = 2*t{LAYERS}"]
    for k in range(LAYERS, 0, -1):
        lines += [
            f"dh{k} = (1 - t{k}**2) * dt{k}", f"db{k} = dh{k}", f"dw{k} = t{k - 1} * dh{k}",
            f"dt{k - 1} = w{k} * dh{k}",
        ]  # fmt: skip
    return [*lines, "dx = dt0"]


def submission(number: int) -> str:
    """Every other one has a mistake."""
    random, lines = Random(number), backward()
    while number % 2:
        k = random.randrange(len(lines))
        old, new = random.choice(SLIPS)
        if old in lines[k]:
            lines[k] = lines[k].replace(old, new, 1)
            break
    return "\n".join(lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--entries", type=int, default=100, help="of every vector")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "forward.bp").write_text(forward())
        names = ["x", *(f"{letter}{k}" for letter in "wb" for k in range(1, LAYERS + 1))]
        for number in range(asked.count):
            (folder / f"{number:03}.py").write_text(submission(number))
        values = [f"--{one}=randn({asked.entries})" for one in names]
        files = sorted(str(path) for path in folder.glob("*.py"))
        command = [sys.executable, "-m", "backprop.cli", "check", str(folder / "forward.bp"), *values,
                   "--seed", "1", "--format", "csv"]  # fmt: skip
        for file in files:
            command += ["--backward", file]
        began = time.perf_counter()
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        took = time.perf_counter() - began
        rows = list(csv.DictReader(io.StringIO(done.stdout)))
        print(f"{len(files)} submissions in {took:.1f} s, exit code {done.returncode}")
        print(done.stderr[-500:], list(rows[0].items())[:8] if rows else done.stdout[:300])


if __name__ == "__main__":
    main()
