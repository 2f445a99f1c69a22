"""Tables with many columns through the command: the optimum is scikit-learn's, every row's own
gradient is eval's, and a run that is killed ends with the same bytes.

    pip install scikit-learn
    python tests/campaigns/training.py --kills 100
"""

from __future__ import annotations

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from importlib import import_module
from pathlib import Path
from random import Random
from typing import Any

import numpy as np
import polars

import backprop

Array = Any
COMMAND = [sys.executable, "-m", "backprop"]
CLOSE = 1e-6  # of a weight
ULPS = 4 * 2.0**-52
LOGISTIC = "z = x @ w + b\nsoftplus(z) - y*z + {c}*sum(w**2)/2"
SOFTMAX = "-log_softmax(W @ x + b)[y] + {c}*sum(W**2)/2"


def command(*words: str, folder: Path) -> str:
    done = subprocess.run(
        [*COMMAND, *words], cwd=folder, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise SystemExit(f"{' '.join(words)[:200]}\n{done.stderr}")
    return done.stdout


def table(x: Array, y: Array, path: Path) -> None:
    columns = {f"p{k}": x[:, k] for k in range(x.shape[1])}
    frame = polars.DataFrame({**columns, "y": y})
    frame.write_parquet(path) if path.suffix == ".parquet" else frame.write_csv(path)


def standard(x: Array) -> Array:
    spread = x.std(axis=0)
    return (x - x.mean(axis=0)) / np.where(spread == 0, 1.0, spread)


def breast_cancer(folder: Path) -> str:
    """Logistic regression, 569 x 30."""
    x, y = import_module("sklearn.datasets").load_breast_cancer(return_X_y=True)
    x = standard(x)
    table(x, y, folder / "cancer.csv")
    found = fitted(LOGISTIC.format(c=1 / len(x)), "cancer.csv", {"w": [0.0] * 30, "b": 0.0}, folder)
    right = theirs(x, y)
    apart = max(np.abs(found["w"] - right.coef_[0]).max(), abs(found["b"] - right.intercept_[0]))
    rows = own_gradients(LOGISTIC.format(c=1 / len(x)), "cancer.csv", found, x, y, folder)
    return f"breast_cancer: weights {apart:.1e} from scikit-learn's; {rows}"


def digits(folder: Path) -> str:
    """Softmax regression, 1,797 x 64. The biases have no size of their own: a common part of them
    changes nothing, and is left out."""
    x, y = import_module("sklearn.datasets").load_digits(return_X_y=True)
    x = x / 16
    table(x, y, folder / "digits.parquet")
    start = {"W": np.zeros((10, 64)).tolist(), "b": [0.0] * 10}
    text = SOFTMAX.format(c=1 / len(x))
    found = fitted(text, "digits.parquet", start, folder)
    right = theirs(x, y)
    b = found["b"] - found["b"].mean()
    apart = max(
        np.abs(found["W"] - right.coef_).max(),
        np.abs(b - right.intercept_ + right.intercept_.mean()).max(),
    )
    rows = own_gradients(text, "digits.parquet", found, x, y.astype(float), folder)
    return f"digits: weights {apart:.1e} from scikit-learn's; {rows}"


def theirs(x: Array, y: Array) -> Any:
    made = import_module("sklearn.linear_model").LogisticRegression
    return made(solver="newton-cg", tol=1e-12, max_iter=100_000).fit(x, y)


def fitted(text: str, data: str, start: dict[str, Any], folder: Path) -> dict[str, Array]:
    (folder / "start.json").write_text(json.dumps(start), "utf-8")
    """L-BFGS as far as the value tells it where to go, then by the slopes alone."""
    line = ("descend", text, "--data", data, "--map", "x=p*", "--at", "start.json", "--point")
    said = command(*line, "--method", "lbfgs", "--steps", "20000", "--tol", "1e-10", folder=folder)
    (folder / "start.json").write_text(said, "utf-8")
    said = command(*line, "--method", "momentum", "--momentum", "0.99", "--lr", "1", "--steps", "4000",
                   "--tol", "1e-10", folder=folder)  # fmt: skip
    return {name: np.array(value) for name, value in json.loads(said).items()}


def own_gradients(
    text: str, data: str, point: dict[str, Array], x: Array, y: Array, folder: Path
) -> str:
    """Of every row by batch, and of some by eval; the largest distance in units of the last place
    of the largest entry. What conditioning doesn't explain of it, batch itself calls a `differ`,
    and ends with exit code 1."""
    at = {name: value.tolist() for name, value in point.items()}
    (folder / "point.json").write_text(json.dumps(at), "utf-8")
    if (out := folder / "rows.parquet").exists():
        out.unlink()
    names = ",".join(point)
    command("batch", text, "--data", data, "--map", "x=p*", "--at", "point.json", "--wrt", names,
            "-o", "rows.parquet", "--quiet", "--check-rows", "40", "--timeout", "60", folder=folder)  # fmt: skip
    found = polars.read_parquet(out)
    worst = 0.0
    for row in range(0, len(x), max(1, len(x) // 300)):
        report = backprop.evaluate(text, {**point, "x": x[row], "y": float(y[row])})
        for name in point:
            ours = np.array(
                found[f"d{name}"][row].to_list() if point[name].ndim else found[f"d{name}"][row]
            )
            size = np.abs(report.gradient[name]).max()
            worst = max(worst, float(np.abs(ours - report.gradient[name]).max() / size) / 2.0**-52)
    return f"rows' own gradients within {worst:.1f} units of eval's"


# Kills.


def kills(folder: Path, count: int, seed: int) -> str:
    """descend --checkpoint --resume, killed at random moments until it comes to its end."""
    random = Random(seed)
    numbers = np.random.default_rng(seed)
    x = numbers.normal(size=(20_000, 20))
    y = (x @ numbers.normal(size=20) > numbers.normal(size=len(x))).astype(float)
    table(x, y, folder / "kills.parquet")
    (folder / "zero.json").write_text(json.dumps({"w": [0.0] * 20, "b": 0.0}), "utf-8")
    line = [*COMMAND, "descend", LOGISTIC.format(c=0.001), "--data", "kills.parquet", "--map", "x=p*",
            "--at", "zero.json", "--method", "adam", "--batch", "64", "--epochs", "40", "--json"]  # fmt: skip
    begun = time.monotonic()
    right = subprocess.run(line, cwd=folder, capture_output=True, check=True).stdout
    longest = time.monotonic() - begun
    killed = runs = wrong = 0
    while killed < count:
        (folder / "run.json").unlink(missing_ok=True)
        runs += 1
        while True:
            process = subprocess.Popen(
                [*line, "--checkpoint", "run.json", "--resume"], cwd=folder,
                stdout=subprocess.PIPE, stderr=subprocess.DEVNULL,
            )  # fmt: skip
            try:
                said, _ = process.communicate(timeout=random.uniform(0.3, 0.9) * longest)
                break
            except subprocess.TimeoutExpired:
                os.kill(process.pid, random.choice((signal.SIGKILL, signal.SIGTERM)))
                process.communicate()
                killed += 1
        wrong += said != right
    return f"descend: killed {killed} times in {runs} runs, {wrong} ended with other bytes"


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--kills", type=int, default=20, help="0 leaves them out")
    parser.add_argument("--seed", type=int, default=1)
    options = parser.parse_args()
    parts: list[Callable[[Path], str]] = [breast_cancer, digits]
    if options.kills:
        parts.append(lambda folder: kills(folder, options.kills, options.seed))
    with tempfile.TemporaryDirectory() as name:
        for part in parts:
            sys.stdout.write(part(Path(name)) + "\n")
            sys.stdout.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
