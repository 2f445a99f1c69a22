"""Any number of random programs whose verdicts are held against exact slopes computed apart.

    python tests/campaigns/verdicts.py --count 2000 --seed 1 --family numbers

The trees are those of tests/drawn_trees.py, the truth is that of tests/independent.py. Value and
derivatives are judged: the verdict, the digits that are said to be right, and the exact number.
Prints how often each verdict came and every finding; the exit code is 1 if there is one.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from drawn_trees import drawn
from examining import subject
from independent import EndlessError, Slope, Truth, exact
from mpmath import mp, mpf

from backprop import evaluate
from backprop.answer.verdicts import METHODS, Judged
from backprop.checking.examine import examine

DUST = mpf("1e-12")  # beside the parts that cancel, what floats leave of 0
ROUGH = mpf("1e-9")  # an error that no verdict may call agreement
FINE = mpf("1e-12")  # an error that no verdict need complain of
LARGEST = mpf(sys.float_info.max)
SLOW = 10.0  # seconds, which is what a check may take


class Finding(NamedTuple):
    kind: str
    text: str
    point: dict[str, Any]
    detail: str


class Entry(NamedTuple):
    """A float beside its truth."""

    ours: float
    slope: Slope
    most: Any  # the size of the largest value on the way
    steepest: Any  # and of the largest local derivative
    blur: Any  # by how much constants that are 0 move the exact number

    @property
    def exact(self) -> Any:
        return self.slope.left

    @property
    def size(self) -> Any:
        return max(abs(self.exact), self.slope.size)

    @property
    def error(self) -> Any:
        error = abs(mpf(self.ours) - self.exact) if np.isfinite(self.ours) else mp.inf
        return mpf(0) if error <= mpf(2) ** -1074 else error

    @property
    def off(self) -> bool:
        """Is the float another number, whatever the parts?"""
        return not np.isfinite(self.ours) or bool(self.error > FINE * abs(self.exact))

    @property
    def part(self) -> Any:
        """The error beside the exact number; none, if that is 0 to within rounding."""
        if not self.error or self.dust:
            return mpf(0)
        return self.error / abs(self.exact) if self.exact else mp.inf

    @property
    def dust(self) -> bool:
        """Is the exact number 0, and the float what the rounding of parts leaves of it?"""
        if not self.error:
            return False
        zero = self.exact == 0
        parts = max(self.slope.size, self.most * max(1, self.steepest), 100 * self.blur)
        return bool(zero and self.error <= parts * DUST)

    @property
    def fault(self) -> Any:
        """The error beside the parts that the exact number adds up."""
        return self.error / self.size if self.size else mp.inf if self.error else mpf(0)

    @property
    def digits(self) -> float:
        return 16.0 if self.part < mpf(10) ** -16 else max(0.0, float(-mp.log10(self.part)))

    @property
    def text(self) -> str:
        return f"ours {self.ours!r}, exactly {mp.nstr(self.exact, 17)}"


def judged(family: str, seed: str) -> tuple[str, list[Finding]]:
    """The verdict over all, and what is wrong with those on the value and on single inputs."""
    node, point = drawn(family, seed)
    if not point:
        return "no input", []
    try:
        truth = exact(node, point)
    except EndlessError:
        return "too large", []
    start = time.process_time()
    try:
        report = evaluate(node.text, point)
        check = examine(subject(report), METHODS)
    except Exception as error:
        return "crash", [Finding("crash", node.text, point, f"{type(error).__name__}: {error}")]
    found = []
    if (took := time.process_time() - start) > SLOW:
        found.append(Finding("slow", node.text, point, f"{took:.1f} s"))
    assert check.value
    results = {"the value": (report.value, check.value)}
    results |= {name: (report.gradient[name], one) for name, one in check.inputs.items()}
    for name, (floats, one) in results.items():
        kind, detail = complaint(truth, name, floats, one, check.value)
        if kind:
            found.append(Finding(kind, node.text, point, f"{name} {one.verdict}: {detail}"))
    return check.verdict, found


def entries(truth: Truth, name: str, floats: Any, one: Judged) -> Iterator[tuple[Entry, Any]]:
    """Every float with its truth, and the exact number that the check gives."""
    sizes = truth.most, truth.steepest
    if name == "the value":
        size = abs(truth.value)
        yield (
            Entry(
                float(floats),
                Slope(truth.value, truth.value, size),
                *sizes,
                truth.blur.get((), mpf(0)),
            ),
            one.exact,
        )
        return
    texts = np.array(one.exact, dtype=object)
    for index in np.ndindex(*np.shape(floats)):
        slope = truth.slopes.get((name, *index), Slope(mpf(0), mpf(0), mpf(0)))
        yield (
            Entry(
                float(np.asarray(floats)[index]),
                slope,
                *sizes,
                truth.blur.get((name, *index), mpf(0)),
            ),
            texts[index],
        )


def complaint(truth: Truth, name: str, floats: Any, one: Judged, value: Judged) -> tuple[str, str]:
    """What kind of fault a verdict is, if it is one: by the worst entry of its input."""
    verdict = one.verdict
    if truth.value is None:
        if truth.pole and value.verdict != "undefined":
            return "", ""  # floats, and exact numbers too, went through infinity
        wrong = verdict in ("agree", "rounding", "overflow", "differ")
        return (f"false {verdict}", "there is no value") if wrong else ("", "")
    found = list(entries(truth, name, floats, one))
    if not all(entry.slope.single for entry, _ in found):
        wrong = verdict in ("agree", "rounding", "overflow")
        return (f"false {verdict}", "no single slope") if wrong else ("", "")
    worst = max((entry for entry, _ in found), key=lambda entry: entry.part)
    if verdict == "differ":
        right = all(entry.fault <= ROUGH for entry, _ in found)
        return ("false differ" if right else "wrong gradient"), worst.text
    if verdict == "agree" and worst.part > ROUGH:
        return "false agree", worst.text
    if verdict == "undefined" and not np.all(np.isfinite(floats)):
        return "", ""  # 0 times a slope that isn't finite, of an entry that nobody uses
    apart = truth.gap > ROUGH
    if "another branch in float64" in one.reason and any(entry.off for entry, _ in found):
        return "", ""
    if verdict not in ("agree", "rounding", "overflow"):
        return (f"doubtful {verdict}", f"{worst.text}; {one.reason}") if apart else ("", "")
    if (
        verdict != "agree"
        and worst.part <= FINE
        and apart
        and not any(entry.dust for entry, _ in found)
    ):
        return "doubtful", worst.text
    if verdict == "overflow" and not overflown(found, truth):
        return "false overflow", worst.text
    digits = [entry.digits for entry, _ in found if not entry.dust]  # of dust there are all or none
    if verdict != "overflow" and digits and abs(min(digits) - (one.digits or 0)) > 1:
        return "wrong digits", f"{one.digits}, not {min(digits):.1f}: {worst.text}"
    for entry, text in found:
        if text is not None and not same(entry, text):
            return "wrong exact number", f"{text}, exactly {mp.nstr(entry.exact, 40)}"
    return "", ""


def overflown(found: list[tuple[Entry, Any]], truth: Truth) -> bool:
    """Was anything larger than a float?"""
    met = max(truth.most, truth.steepest) ** 2  # two of them may have met
    return bool(met > LARGEST or any(entry.size > LARGEST for entry, _ in found))


def same(entry: Entry, text: str) -> bool:
    with mp.workdps(60):
        room = max(abs(entry.exact) * mpf(10) ** -20, max(entry.size, entry.most) * mpf(10) ** -25)
        return bool(abs(mpf(text) - entry.exact) <= room)


def campaign(family: str, seed: int, start: int, count: int) -> tuple[Counter[str], list[Finding]]:
    verdicts: Counter[str] = Counter()
    findings: list[Finding] = []
    for number in range(start, start + count):
        verdict, found = judged(family, f"{seed}:{number}")
        verdicts[verdict] += 1
        findings += [one._replace(detail=f"{one.detail} [{seed}:{number}]") for one in found]
    return verdicts, findings


def told(findings: list[Finding]) -> Iterator[str]:
    for kind in sorted({one.kind for one in findings}):
        yield f"\n{kind}\n"
        for one in findings:
            if one.kind == kind:
                yield f"    {one.text}  {one.point}\n        {one.detail}\n"


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--start", type=int, default=0, help="the number of the first program")
    parser.add_argument("--family", choices=("numbers", "arrays"), default="numbers")
    options = parser.parse_args(arguments)
    start = time.monotonic()
    verdicts, findings = campaign(options.family, options.seed, options.start, options.count)
    sys.stdout.write("".join(told(findings)))
    rate = options.count / (time.monotonic() - start)
    sys.stdout.write(f"{dict(verdicts.most_common())}, {rate:.1f} programs a second, ")
    sys.stdout.write(f"{dict(Counter(one.kind for one in findings))}\n")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
