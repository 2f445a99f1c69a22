"""One-line bugs, each planted in a copy of the tree: does a test of its room see it?

    python -m tests.campaigns.planted [PART OF A NAME ...]

The line is looked up by its text, wherever it stands. A bug that survives needs a test that
states the fact which it breaks.
"""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import NamedTuple

ROOT = Path(__file__).parent.parent.parent
LONGEST = 900  # seconds that the tests of one bug may take


class Plant(NamedTuple):
    name: str
    right: str
    wrong: str
    tests: str  # the files that are about it


PLANTS = (
    Plant("a constant for its operands in any order",
          "slot = self.seen[gate].get(operands)",
          "slot = self.seen[gate].get(operands) or self.seen[gate].get(operands[::-1])",
          "test_staging"),
    Plant("Adam's second mean corrected by the first beta",
          "1 - first**self.count, 1 - second**self.count",
          "1 - first**self.count, 1 - first**self.count", "test_descend"),
    Plant("= after a wrong line, itself right",
          "claim.holds += parts\n        if starts and (self.held or self.wrong):",
          "claim.holds += parts\n        if starts and self.held:", "test_grade"),
    Plant("entries reached by any gate on the way",
          "(slope != 0) & reach", "(slope != 0) | reach", "test_array_engine"),
    Plant("1/2^x in two readings", 'RANK["**"], RANK["^"]}', 'RANK["**"]}',
          "test_language test_messages"),
    Plant("functions that the output needs not at all",
          "return needed, set().union(*(calls[name] for name in needed))",
          "return needed, set().union(*calls.values())", "test_staging"),
    Plant("a pattern that stands there once more often than it is seen",
          "if same >= (OFTEN - 1) * period:", "if same > (OFTEN - 1) * period:",
          "test_draw test_drawing_layout"),
    Plant("wires that arrive upside down",
          "(wire.place + 1) / (target.ports + 1)", "(target.ports - wire.place) / (target.ports + 1)",
          "test_draw test_drawing_layout"),
    Plant("a condition that only some ways to a stage have",
          "and all(w[: len(shortest)] == shortest for w in ways)",
          "and any(w[: len(shortest)] == shortest for w in ways[1:] or ways)",
          "test_code test_code_numbers"),
    Plant("a move that rounding hides, of a slope that isn't small",
          "hidden = abs(moved - predicted) < UNSEEN * abs(before) and abs(predicted) < UNSEEN * abs(before)",
          "hidden = abs(moved - predicted) < UNSEEN * abs(before)", "test_explain"),
    Plant("a factor just a thousand times the other",
          "if fed[small] and abs(fed[large]) >= FAR * abs(fed[small]):",
          "if fed[small] and abs(fed[large]) > FAR * abs(fed[small]):", "test_explain"),
    Plant("additions where nothing was multiplied",
          "additions += slot in met", "additions += multiplies and slot in met",
          "test_counting test_compare"),
    Plant("a difference back for one ahead", "(2 * h), (after - middle) / h", "(2 * h), (middle - before) / h",
          "test_differencing test_compare"),
    Plant("two slopes that only differ by the rounding of their parts",
          "abs(a - b) <= SAME * max(abs(a), abs(b), size)",
          "abs(a - b) <= SAME * max(abs(a), abs(b))", "test_ties"),
    Plant("a sample of the first rows of each part",
          "self.sample = sorted([*self.sample, *chosen])[: self.size]",
          "self.sample = [*self.sample, *chosen][: self.size]", "test_batch"),
    Plant("sums of the largest floats", "HUGE = 2.0**1006", "HUGE = 2.0**1016", "test_sums"),
    Plant("a last line without an end",
          'self.end.line - self.line + (not self.data.endswith(b"\\n"))',
          "self.end.line - self.line", "test_batch test_batch_trouble test_formats"),
    Plant("a slope outside its domain, where NaN is passed on by some gates",
          "if step.domain and not (graph.no_nan and nan_outside(*self.kind(step.stage))):",
          "if step.domain and not graph.no_nan:", "test_kernel test_kernel_again"),
    Plant("a stage to blame that no gradient reaches",
          "if exact.reached(slot)\n        and (before := min(",
          "if (before := min(", "test_cancelling"),
    Plant("a pattern that swallows a stage with a name",
          "self.gates[slot] == kind and (slot == root or slot not in self.kept)",
          "self.gates[slot] == kind", "test_staging"),
    Plant("a file with a second name", "single = found.st_nlink == 1 or stat.S_ISDIR(found.st_mode)",
          "single = True", "test_planted_links"),
    Plant("wrong floats beside an entry that isn't finite",
          "return bool(np.any(bad & known))", "return bool(np.any(bad) & np.all(known))",
          "test_array_check"),
    Plant("a diagonal that is too long", "return (min(a),)", "return (max(a),)",
          "test_arrays test_array_gates test_shapes"),
    Plant("a sign of NaN", "return nan if a != a else float((a > 0) - (a < 0))",
          "return float((a > 0) - (a < 0))", "test_accuracy"),
    Plant("a big odd power", "return -inf if a < 0 and odd else inf", "return inf",
          "test_accuracy"),
    Plant("a quiz with equal inputs", "found += DULL * (len(values) - len(set(values)))\n",
          "found += 0.0\n", "test_quiz"),
    Plant("JSON of numbers that are whole, but not exactly",
          "negative_zero or not -EXACT < number < EXACT", "negative_zero",
          "test_library"),
    Plant("columns of dots left out", "for column in range(math.ceil(left[0]), math.ceil(right[0])):",
          "for column in range(math.ceil(left[0]), math.floor(right[0])):", "test_compare"),
    Plant("a group that NaN doesn't find again", "key = NAN if key != key else key\n", "key = key or key\n",
          "test_batch"),
    Plant("a letter that LaTeX lacks", 'return char if char.isascii() and char.isprintable() else "?"',
          "return char", "test_code_latex"),
    Plant("a likely fix for ===", '"===": "write == to compare"', '"===": "write != to compare"',
          "test_messages"),
    Plant("a digit between fields", 'if separator.isalnum() or separator in "+-.":', 'if separator in "+-.":',
          "test_batch_trouble"),
    Plant("the slope of tanh", "where(abs(a) < 1, 1 - out*out,", "where(abs(a) < 1, 1 - out,", "test_planted"),
)  # fmt: skip


def sources(tree: Path) -> Iterator[Path]:
    yield from sorted((tree / "core").rglob("*.py"))
    yield from sorted((tree / "cli").rglob("*.py"))


def copied(tree: Path) -> None:
    """The files of the repository, and a package of core and cli that Python finds first."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (tree / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, tree / name)


@contextmanager
def planted(tree: Path, plant: Plant) -> Iterator[Path]:
    """The file with the bug in it, while it is there."""
    found = [path for path in sources(tree) if plant.right in path.read_text("utf-8")]
    if len(found) != 1 or found[0].read_text("utf-8").count(plant.right) != 1:
        raise LookupError(f"{plant.name}: the line stands in {len(found)} files, or twice")
    before = found[0].read_text("utf-8")
    found[0].write_text(before.replace(plant.right, plant.wrong), "utf-8")
    try:
        yield found[0].relative_to(tree)
    finally:
        found[0].write_text(before, "utf-8")


def seen_by(tree: Path, plant: Plant) -> str:
    """The first test that fails, and fails again by itself; empty if none does."""
    package = tree / "package" / "backprop"
    shutil.rmtree(package, ignore_errors=True)
    shutil.copytree(tree / "core", package)
    shutil.copytree(tree / "cli", package / "cli")
    wanted, chance = [f"tests/{name}.py" for name in plant.tests.split()], list[str]()
    while failed := first_failure(tree, [*wanted, *chance]):
        if first_failure(tree, [failed]):
            return failed
        chance.append(f"--deselect={failed}")  # a busy machine, not the bug
    return ""


def first_failure(tree: Path, wanted: Sequence[str]) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-x", "-q", "-p", "no:cacheprovider", *wanted],
        cwd=tree, capture_output=True, text=True, check=False, timeout=LONGEST,
        env={**os.environ, "PYTHONPATH": str(tree / "package"), "PYTHONDONTWRITEBYTECODE": "1"},
    )  # fmt: skip
    if done.returncode not in (0, 1, 2):
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    failed = re.findall(r"^(?:FAILED|ERROR) (.*?)(?: - .*)?$", done.stdout, re.MULTILINE)
    if done.returncode and not failed:
        raise RuntimeError(done.stdout[-2000:] + done.stderr[-2000:])
    return failed[0] if failed else ""


def main(wanted: Sequence[str]) -> int:
    signal.signal(signal.SIGINT, signal.default_int_handler)  # ignored in the background
    survived = rooms = 0
    chosen = [one for one in PLANTS if not wanted or any(word in one.name for word in wanted)]
    with tempfile.TemporaryDirectory() as folder:
        tree = Path(folder)
        copied(tree)
        places = set()
        for plant in chosen:
            begun = time.monotonic()
            with planted(tree, plant) as path:
                found = seen_by(tree, plant)
            survived += not found
            places.add(path.parent)
            took = time.monotonic() - begun
            print(f"{'caught' if found else 'SURVIVED':9} {took:4.0f} s  {path}: {plant.name}",
                  f"\n          by {found}" if found else "", flush=True)  # fmt: skip
        rooms = len(places)
    print(
        f"{len(chosen)} bugs in {rooms} rooms: {len(chosen) - survived} caught, {survived} survived"
    )
    return 1 if survived else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
