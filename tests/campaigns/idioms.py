"""Single mistakes in backward passes as people write them: is the line found, and no other, and is
the hint right?

    python tests/campaigns/idioms.py [--every K] [--part I] [--verbose] [--two] [NAME ...]

Every slip is made at every line of every backward pass. Python itself says which of them change a
gradient, and whether a hint that is put into the file makes the gradients right again. With
--two, every slip has another one beside it, in a line of the same pass, and both are looked for.
"""

from __future__ import annotations

import argparse
import ast
import sys
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any, NamedTuple

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from idiom_checks import graded, gradients, start
from idiom_table import IDIOMS, Idiom
from slipping import Slip, slips, with_fix

from backprop.errors import BackpropError
from backprop.grading.results import UNREADABLE, WRONG, Grade

ABOUT = (
    "d",
    "grad",
    "delta",
    "nabla",
    "hits",
    "local",
    "onehot",
    "inner",
    "s1",
    "s2",
    "mask",
    "err",
)
COUNTS = frozenset(
    [
        "N",
        "D",
        "T",
        "H",
        "C",
        "W",
        "M",
        "F",
        "m",
        "n",
        "d",
        "k",
        "r",
        "c",
        "t",
        "top",
        "left",
        "H_out",
        "W_out",
        "num_train",
        "num_classes",
    ]
)
LEAST_LINES, LEAST_HINTS, LEAST_BOTH = 0.98, 0.8, 0.9


class Made(NamedTuple):
    idiom: Idiom
    slip: Slip
    on_line: bool
    alone: bool
    hinted: bool
    bad_hint: str
    said: str


def statements(idiom: Idiom) -> Iterator[ast.stmt]:
    tree: ast.AST = ast.parse(idiom.text)
    if idiom.backward:
        tree = next(
            one
            for one in ast.walk(tree)
            if isinstance(one, ast.FunctionDef) and one.name == idiom.backward
        )
    for node in ast.walk(tree):
        if isinstance(node, (ast.Assign, ast.AugAssign)):
            yield node


def root(node: ast.expr) -> str:
    """The name that a target begins with."""
    while isinstance(node, (ast.Subscript, ast.Attribute)):
        node = node.value
    return node.id if isinstance(node, ast.Name) else ""


def about_gradients(idiom: Idiom, node: ast.stmt) -> bool:
    """Is it a line in which people slip: no count, and nothing that is only unpacked?"""
    target = node.targets[0] if isinstance(node, ast.Assign) else node.target  # type: ignore[attr-defined]
    name = root(target)
    if not name or name in COUNTS:
        return False
    value = node.value  # type: ignore[attr-defined]
    while isinstance(value, ast.Subscript):
        value = value.value
    if isinstance(value, ast.Name) and isinstance(node, ast.Assign) and not name.startswith(ABOUT):
        return False
    return name.startswith(ABOUT) or not (idiom.together or not idiom.forward)


def people_slip(idiom: Idiom) -> Iterator[Slip]:
    lines = {node.lineno for node in statements(idiom) if about_gradients(idiom, node)}
    names = sorted({root(t) for node in statements(idiom) if isinstance(node, ast.Assign) and about_gradients(idiom, node)
                    for t in node.targets} - {""})  # fmt: skip
    seen = set()
    for slip in slips(idiom.text, idiom.backward, names):
        if slip.line in lines and slip.text not in seen:
            seen.add(slip.text)
            yield slip


def outcome(idiom: Idiom, text: str, right: dict[str, Any], upstream: Any) -> str:
    """What Python says: right, wrong, or stopped."""
    try:
        with np.errstate(all="ignore"):
            found = gradients(idiom, text, idiom.values, upstream)
    except Exception:
        return "stopped"
    for name, value in right.items():
        other = found[name]
        if other.shape != value.shape or other.dtype == object:
            return "wrong"
        if not np.allclose(other, value, rtol=1e-7, atol=1e-10):
            return "wrong"
    return "right"


def made(idiom: Idiom, slip: Slip, right: dict[str, Any], upstream: Any) -> Made:
    found: Grade = graded(idiom, slip.text)
    flagged = [one for one in found.lines if one.verdict in (WRONG, UNREADABLE)]
    fixed = [one for one in flagged if one.fix]
    own = [one for one in flagged if one.line == slip.line]
    bad = ""
    if len(fixed) == 1 and len(flagged) == 1:
        bad = (
            fixed[0].fix
            if outcome(
                idiom,
                with_fix(slip.text, fixed[0].line, fixed[0].fix, fixed[0].hint or ""),
                right,
                upstream,
            )
            != "right"
            else ""
        )
    said = "; ".join(f"{one.line} {one.verdict} {one.hint}" for one in flagged)
    if found.error:
        said = found.error.message
    return Made(
        idiom,
        slip,
        bool(own),
        len(flagged) == len(own),
        any(one.fix for one in own),
        bad,
        said or found.verdict,
    )


def both(idiom: Idiom, one: Slip, other: Slip) -> Slip:
    """A file with the mistakes of two lines."""
    lines = one.text.split("\n")
    lines[other.line - 1] = other.text.split("\n")[other.line - 1]
    return Slip(
        f"{one.kind}, {other.kind}", one.line, "\n".join(lines), f"{one.code}; {other.code}"
    )


def pairs(idiom: Idiom) -> Iterator[tuple[Slip, Slip, Slip]]:
    """Two slips in two lines, and the file that has both."""
    made = [one for one in people_slip(idiom) if one.text.count("\n") == idiom.text.count("\n")]
    random = Random(idiom.name)
    for one in made:
        others = [slip for slip in made if slip.line != one.line]
        if others:
            other = random.choice(others)
            yield one, other, both(idiom, one, other)


def two_at_once(every: int, part: int, names: list[str]) -> int:
    counts: Counter[str] = Counter()
    number = 0
    for idiom in IDIOMS:
        if names and idiom.name not in names:
            continue
        upstream = start(idiom)
        right = gradients(idiom, idiom.text, idiom.values, upstream)
        for one, other, slip in pairs(idiom):
            number += 1
            if number % every != part:
                continue
            texts = (one.text, other.text, slip.text)
            if any(outcome(idiom, text, right, upstream) != "wrong" for text in texts):
                continue
            try:
                found = graded(idiom, slip.text)
            except BackpropError:  # Python goes on where shapes no longer fit
                counts["unread"] += 1
                continue
            flagged = {g.line for g in found.lines if g.verdict in (WRONG, UNREADABLE)}
            counts["made"] += 1
            counts["both"] += {one.line, other.line} <= flagged
            counts["either"] += bool({one.line, other.line} & flagged)
            counts["others"] += len(flagged - {one.line, other.line})
            single = [g for g in found.lines if g.verdict in (WRONG, UNREADABLE) and g.fix]
            if len(single) == 1 == len(flagged) and outcome(
                idiom, with_fix(slip.text, single[0].line, single[0].fix, single[0].hint or ""),
                right, upstream,
            ) == "right":  # fmt: skip
                counts["one"] += 1
                continue
            if not {one.line, other.line} <= flagged:
                said = "; ".join(
                    f"{g.line} {g.hint}" for g in found.lines if g.verdict in (WRONG, UNREADABLE)
                )
                place = f"lines {one.line} and {other.line}"
                print(f"MISSED {idiom.name}, {slip.kind}, {place}: {slip.code}\n    said: {said}", flush=True)  # fmt: skip
    print(
        f"{counts['made']} pairs: both found in {counts['both']}, one in {counts['either']}, "
        f"{counts['one']} mended by one line, "
        f"{counts['others']} other lines called wrong, {counts['unread']} not read"
    )
    return 0 if counts["both"] >= LEAST_BOTH * (counts["made"] - counts["one"]) else 1


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*")
    parser.add_argument("--every", type=int, default=1, help="make one of this many slips")
    parser.add_argument("--part", type=int, default=0, help="which of them")
    parser.add_argument("--verbose", action="store_true", help="show what has no hint")
    parser.add_argument("--two", action="store_true", help="two mistakes at once")
    options = parser.parse_args()
    if options.two:
        return two_at_once(options.every, options.part, options.names)
    counts: Counter[str] = Counter()
    kinds: dict[str, Counter[str]] = {}
    began = time.process_time()
    number = 0
    for idiom in IDIOMS:
        if options.names and idiom.name not in options.names:
            continue
        upstream = start(idiom)
        right = gradients(idiom, idiom.text, idiom.values, upstream)
        for slip in people_slip(idiom):
            number += 1
            if number % options.every != options.part:
                continue
            says = outcome(idiom, slip.text, right, upstream)
            counts[says] += 1
            if says != "wrong":
                continue
            one = made(idiom, slip, right, upstream)
            kind = kinds.setdefault(slip.kind, Counter())
            good = one.on_line and one.alone
            for row in (counts, kind):
                row["made"] += 1
                row["found"] += good
                row["hinted"] += good and one.hinted
                row["bad hints"] += bool(one.bad_hint)
            if not good or one.bad_hint or (options.verbose and not one.hinted):
                word = "MISSED" if not good else "BAD HINT" if one.bad_hint else "no hint"
                print(
                    f"{word} {idiom.name}, {slip.kind}, line {slip.line}: {slip.code}\n    said: {one.said}",
                    flush=True,
                )
    for name, row in [*sorted(kinds.items()), ("all", counts)]:
        print(
            f"{name:12} {row['made']:5} made {row['found']:5} found {row['hinted']:5} hinted {row['bad hints']:3} bad hints"
        )
    print(
        f"{counts['right']} change nothing, {counts['stopped']} stop Python, {time.process_time() - began:.0f} s"
    )
    total = counts["made"] or 1
    fine = counts["found"] >= LEAST_LINES * total and counts["hinted"] >= LEAST_HINTS * total
    return 0 if fine and not counts["bad hints"] else 1


if __name__ == "__main__":
    sys.exit(main())
