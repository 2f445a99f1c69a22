"""Whole arrays: a network against NumPy by hand and its peers, and programs of many small stages.

All in one process with one thread, asked in turn, so that noise of the machine meets all alike.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from multiprocessing import get_context
from pathlib import Path
from time import process_time
from typing import Any

from arena import median, pairs
from table import Row, at_least, at_most
from texts import mixed

TITLE = "Whole arrays, staged once: value and gradient"
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")
ONE = "--xla_cpu_multi_thread_eigen=false intra_op_parallelism_threads=1"
NEAR = 1e-12
SIZES = (10, 100, 1_000)  # stages
ENTRIES = 5
ENOUGH = 0.02  # seconds that a round of one contender takes at least

Contender = Callable[[], tuple[Any, dict[str, Any]]]
Times = dict[str, list[float]]


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    del folder
    rounds = 15 if quick else 41
    times, reasons = apart(network, rounds)
    hand, ours = times["NumPy by hand"], times["evaluate"]
    micro = f", {1e6 * median(hand):.0f} µs by hand"
    for name in ("evaluate", "both passes"):
        row = at_most(f"784-100-10 on 64, {name} : NumPy by hand", pairs(hand, times[name]), 1.5)
        yield row._replace(measured=row.measured + micro)
    yield at_least("784-100-10 on 64, evaluate : autograd", pairs(ours, times["autograd"]), 1)
    for name in ("torch", "JAX, compiled"):
        if name in times:
            shown = f"{pairs(ours, times[name]):.2f} times faster"
            yield Row(f"784-100-10 on 64, evaluate : {name}", shown)
        else:
            yield Row(f"784-100-10 on 64, evaluate : {name}", f"skipped, {reasons[name]}")
    for size in SIZES:
        times, _ = apart(small, rounds, size)
        what = f"{size:,} stages on vectors of {ENTRIES}, evaluate : autograd"
        yield at_least(what, pairs(times["evaluate"], times["autograd"]), 1)


def apart(contest: Callable[..., Any], *arguments: Any, threads: int = 1) -> Any:
    """What `contest` finds in a process of its own that has one thread, or so many."""
    wanted = dict.fromkeys(THREADS, str(threads)) | {"XLA_FLAGS": ONE if threads == 1 else ""}
    before = {name: os.environ.get(name) for name in wanted}
    os.environ.update(wanted)
    try:
        with get_context("spawn").Pool(1) as pool:
            return pool.apply(contest, arguments)
    finally:
        for name, value in before.items():
            os.environ.pop(name)
            if value is not None:
                os.environ[name] = value


def network(rounds: int) -> tuple[Times, dict[str, str]]:
    from networks import CONTENDERS

    seats: dict[str, Contender] = {}
    reasons = {}
    for name, make in CONTENDERS.items():
        try:
            seats[name] = make()
        except ImportError as error:
            reasons[name] = f"not installed: {error.name}"
    return in_turn(seats, rounds), reasons


def small(rounds: int, size: int) -> tuple[Times, dict[str, str]]:
    """A program of many stages on vectors, whose last statement is summed."""
    import autograd
    import autograd.numpy as library
    import numpy as np

    from backprop import evaluate, parse

    problem = mixed(size, size)
    random = np.random.default_rng(size)
    at = {name: random.uniform(-0.9, 0.9, ENTRIES) for name in problem.point}
    program = parse(problem.text, shapes={name: value.shape for name, value in at.items()})
    statements, last = problem.text.rsplit("\n", 1)
    code = compile(f"{statements}\nanswer = sum_of({last.rpartition(' = ')[2]})", "mixed", "exec")
    calls = {name: getattr(library, name) for name in ("sin", "cos", "exp", "log", "tanh", "sqrt")}

    def computed(point: dict[str, Any]) -> Any:
        names = {**calls, **point, "sum_of": library.sum}
        exec(code, names)  # noqa: S102 - a text that this benchmark made
        return names["answer"]

    both = autograd.value_and_grad(computed)

    def ours() -> tuple[Any, dict[str, Any]]:
        report = evaluate(program, at, upstream="ones")
        return np.sum(report.value), report.gradient

    return in_turn({"evaluate": ours, "autograd": lambda: both(at)}, rounds), {}


def in_turn(seats: dict[str, Contender], rounds: int) -> Times:
    """Seconds a run of every contender, round after round, once all are known to agree."""
    agree(seats)
    times: Times = {name: [] for name in seats}
    for _ in range(rounds):
        for name, seat in seats.items():
            times[name].append(seconds(seat))
    return times


def seconds(seat: Contender) -> float:
    runs, start = 0, process_time()
    while (spent := process_time() - start) < ENOUGH:
        seat()
        runs += 1
    return spent / runs


def agree(seats: dict[str, Contender]) -> None:
    """Every gradient is that of the first contender."""
    import numpy as np

    (value, gradient), *others = [seat() for seat in seats.values()]
    for other, slopes in others:
        np.testing.assert_allclose(other, value, rtol=NEAR)
        for name, slope in gradient.items():
            scale = NEAR * np.max(np.abs(slope))
            np.testing.assert_allclose(slopes[name], slope, rtol=NEAR, atol=scale)
