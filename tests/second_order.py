"""Second derivatives of random programs by others: differences at 200 digits and JAX for numbers,
autograd and JAX for arrays."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Mapping
from importlib import import_module
from typing import Any, NamedTuple

import array_programs
import autograd
import numpy as np
import programs
from differences import STEP, M, applied
from mpmath import mp, mpf
from peers import Peer, SkipError, jax, walk

import backprop
from backprop.arithmetic.precise import PRECISE
from backprop.engine.numbers import Branches, forward
from backprop.engine.tangents import second
from backprop.language.syntax import Tree

Array = Any
Hessian = Mapping[str, Mapping[str, float]]
CLOSE = 1e-8  # beside the largest second derivative
EXACT = 1e-13  # of the engine at 60 digits, which has more of pi: what floats lack is rounding


class Outcome(NamedTuple):
    text: str
    verdict: str  # agree, rounding, differ, or why it wasn't compared
    said: str = ""


def by_difference(tree: Tree, point: Mapping[str, float]) -> dict[str, dict[str, Any]]:
    """Second differences, of which 40 digits are right."""
    at = {name: M.mpf(x) for name, x in point.items()}
    steps = {name: (abs(x) or M.one) * M.mpf(10) ** -(STEP // 2 + 10) for name, x in at.items()}

    def value(*moves: tuple[str, int]) -> Any:
        moved = dict(at)
        for name, times in moves:
            moved[name] += times * steps[name]
        return walk(tree, moved, M.mpf, applied)

    found: dict[str, dict[str, Any]] = {name: {} for name in at}
    middle = value()
    for a in at:
        for b in at:
            if a == b:
                top = value((a, 1)) - 2 * middle + value((a, -1))
                found[a][a] = top / steps[a] ** 2
            elif b in found and a not in found[b]:
                top = value((a, 1), (b, 1)) - value((a, 1), (b, -1))
                top += value((a, -1), (b, -1)) - value((a, -1), (b, 1))
                found[a][b] = found[b][a] = top / (4 * steps[a] * steps[b])
    floor = M.mpf(10) ** -60 * max(M.one, abs(middle))  # what is left of 0 by cancelling
    return {a: {b: x if abs(x) > floor else M.zero for b, x in row.items()}
            for a, row in found.items()}  # fmt: skip


def at_many_digits(report: backprop.Report) -> dict[str, dict[str, Any]]:
    """The tool's own forward over reverse at 60 digits."""
    program = report.program
    with mp.workdps(60):
        values = forward(program, {name: mpf(x) for name, x in report.point.items()}, PRECISE)
        rows: dict[str, dict[str, Any]] = {name: {} for name in report.wrt}
        for b in report.wrt:
            found = second(program, values, {b: mpf(1)}, Branches("notes"), None, PRECISE, mpf(1))
            for a in report.wrt:
                rows[a][b] = +found.gradient(program.inputs[a])
    return rows


def off(found: Mapping[Any, Any], truth: Mapping[Any, Any]) -> float:
    """The largest difference, beside the largest number."""
    pairs = [(found[a][b], one) for a, row in truth.items() for b, one in row.items()]
    most = max((abs(one) for _, one in pairs), default=M.zero)
    return float(max((abs(M.mpf(x) - M.mpf(one)) for x, one in pairs), default=M.zero)
                 / (most or M.one))  # fmt: skip


def numbers(seed: str) -> Outcome:
    """A program of numbers."""
    sample = programs.sample(seed)
    report = backprop.evaluate(sample.text, sample.point, hessian=True)
    try:
        truth = by_difference(report.program.tree, sample.point)
    except SkipError as reason:
        return Outcome(sample.text, str(reason))
    found = report.motion.hessian
    if not report.finite or not all(np.isfinite(x) for row in found.values() for x in row.values()):
        return Outcome(sample.text, "nonfinite")
    if any(notice.kind == "kink" for notice in report.notices):
        return Outcome(sample.text, "kink")
    if off(found, truth) <= CLOSE:
        return Outcome(sample.text, "agree")
    exact = at_many_digits(report)
    verdict = "rounding" if off(exact, truth) <= EXACT else "differ"
    return Outcome(sample.text, verdict, f"{sample.point} {found} {truth} {off(exact, truth)}")


def by_jax(sample: programs.Sample, tree: Tree) -> tuple[Hessian, Mapping[str, float], float]:
    """JAX's Hessian, and its products with a direction: hvp and jvp."""
    library = import_module("jax")
    peer: Peer = jax()
    way = {name: 0.5 + 0.25 * k for k, name in enumerate(sample.point)}

    def value(at: dict[str, Any]) -> Any:
        return walk(tree, at, peer.number, peer.applied) * 1.0

    at = {name: peer.number(x) for name, x in sample.point.items()}
    moved = {name: peer.number(x) for name, x in way.items()}
    hessian = library.hessian(value)(at)
    _, product = library.jvp(library.grad(value), (at,), (moved,))
    _, along = library.jvp(value, (at,), (moved,))
    return hessian, product, float(along)


def array_value(found: array_programs.Sample, scope: Mapping[str, Any]) -> Callable[..., Array]:
    """The program in the functions of a library."""
    *lines, last = found.text.split("\n")

    def value(point: Mapping[str, Array]) -> Array:
        names = {**scope, **point}
        for line in lines:
            name, _, right = line.partition(" = ")
            # Python itself is the judge of texts that the generator has made, and no others.
            names[name] = eval(right.replace(".dot(", " @ ("), {"__builtins__": {}}, names)  # noqa: S307
        return eval(last, {"__builtins__": {}}, names)  # noqa: S307

    return value


def direction(point: Mapping[str, Array]) -> dict[str, Array]:
    random = np.random.default_rng(len(point))
    return {name: random.normal(size=np.shape(x)) for name, x in point.items()}


def by_autograd(found: array_programs.Sample, way: Mapping[str, Array]) -> dict[str, Array]:
    """How autograd's gradient moves along a way: reverse over reverse."""
    value = array_value(found, array_programs.THEIRS)
    slope = autograd.grad(value)

    def along(point: Mapping[str, Array]) -> Array:
        return sum(autograd.numpy.sum(part * way[name]) for name, part in slope(point).items())

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # "Output seems independent of input" is an answer
        answer: dict[str, Array] = autograd.grad(along)(found.point)
    return answer


def arrays(seed: str) -> Outcome:
    """A program on arrays: the Hessian times a direction."""
    found = array_programs.sample(seed)
    way = direction(found.point)
    report = backprop.evaluate(found.text, found.point, hvp=way, ties="split")
    ours, theirs = report.motion.hvp[1], by_autograd(found, way)
    if any(not np.all(np.isfinite(one)) for one in theirs.values()):
        return Outcome(found.text, "nonfinite")
    if any(notice.kind in ("kink", "tie", "switch") for notice in report.notices):
        return Outcome(found.text, "kink")
    most = max([float(np.max(np.abs(one), initial=0.0)) for one in theirs.values()] + [1e-3])
    bad = [
        name for name, one in theirs.items()
        if not np.allclose(ours[name], one, rtol=0.0, atol=1e-8 * most)
    ]  # fmt: skip
    said = "; ".join(f"{name}: {ours[name]} {theirs[name]}" for name in bad)
    return Outcome(found.text, "differ" if bad else "agree", said)
