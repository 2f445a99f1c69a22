"""Many rows: value and all gradients of six programs, against everybody who can do that.

A program's contenders sit in one process and are asked in turn. With one core what counts is
processor time, which doesn't count waiting for others; with two it is the time on the clock.
"""

from __future__ import annotations

import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Sequence
from itertools import product
from pathlib import Path
from time import perf_counter, process_time
from typing import Any

from arena import median, pairs
from arrays import apart
from columns import CONTENDERS, TEXTS
from installed import environment
from table import Row, at_least, at_most

TITLE = "A million rows: value and all gradients"
ROWS = 1_000_000
NUMPY, FAST, NATIVE = "NumPy engine", "NumPy engine, fast trigonometry", "native engine"
TRIGONOMETRIC = "DE"  # the programs in which it makes a difference
NEAR = 1e-9
OURS = (NUMPY, FAST, NATIVE)
APART = ("torch.compile",)  # slow to begin with, and it makes torch itself many times slower

GOALS: dict[tuple[str, str], dict[str, float]] = {
    (NUMPY, "torch eager"): dict.fromkeys("ABCDEF", 1.2),
    (NUMPY, "autograd"): dict.fromkeys("ABCDEF", 1.2),
    (NUMPY, "CasADi map"): dict.fromkeys("ABCDEF", 1.2),
    (NUMPY, "JAX"): dict.fromkeys("ABCDE", 1.5) | {"F": 0.7},
    (FAST, "JAX"): dict.fromkeys("DE", 1.5),
    (NATIVE, "torch.compile"): dict.fromkeys("ABCD", 1 / 1.5) | dict.fromkeys("EF", 1.0),
}


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    rounds = 5 if quick else 9
    others = [peer for peer in CONTENDERS if peer not in (*OURS, *APART)]
    contests = [others] if quick else [others, [*APART]]
    for threads in (1, 2):
        for name, peers in product(TEXTS, contests):
            times, reasons = apart(in_turn, name, rounds, threads, peers, threads=threads)
            yield from compared(f"{name}, {threads} core{'s' * (threads > 1)}", name, times)
            for peer, reason in reasons.items():
                yield Row(f"{name} : {peer}", f"skipped, {reason}")
    yield memory()
    if not quick:
        yield from from_the_start(folder)


def compared(what: str, name: str, times: dict[str, list[float]]) -> Iterator[Row]:
    for engine in OURS:
        if engine not in times or (engine == FAST and name not in TRIGONOMETRIC):
            continue
        spent = f", {1e3 * median(times[engine]):.1f} ms"
        for peer in times:
            if peer in OURS:
                continue
            ratio = pairs(times[engine], times[peer])
            goal = GOALS.get((engine, peer), {}).get(name)
            row = at_least(f"{what}, {engine} : {peer}", ratio, round(goal or 0, 2))
            if goal is None:
                row = row._replace(goal="", met=None)
            shown = f"{ratio:.2f} times faster" if ratio < 10 else row.measured
            yield row._replace(measured=shown + spent)


def in_turn(
    name: str, rounds: int, threads: int, peers: Sequence[str]
) -> tuple[dict[str, list[float]], dict[str, str]]:
    """Seconds of every contender, round after round, once all are known to agree."""
    import numpy as np

    from backprop import parse

    random = np.random.default_rng(0)
    columns = {given: random.uniform(0.2, 1.2, ROWS) for given in parse(TEXTS[name]).inputs}
    seats, reasons = {}, {}
    for peer in (*OURS, *peers):
        try:
            seats[peer] = CONTENDERS[peer](TEXTS[name], columns, threads)
        except Exception as error:  # whatever keeps a peer from beginning is its result
            reasons[peer] = f"{type(error).__name__}: {str(error)[:50]}"
    expected = [np.array(column) for column in seats[NUMPY]()]
    for peer, asked in seats.items():
        for found, right in zip(asked(), expected, strict=True):
            np.testing.assert_allclose(found, right, rtol=NEAR, atol=NEAR, err_msg=peer)
    clock = process_time if threads == 1 else perf_counter
    times: dict[str, list[float]] = {peer: [] for peer in seats}
    for _ in range(rounds):
        for peer, asked in seats.items():
            start = clock()
            asked()
            times[peer].append(clock() - start)
    return times, reasons


def memory() -> Row:
    """What the kernel takes besides its inputs and outputs."""
    import numpy as np

    from backprop import parse
    from backprop.kernel import compiled

    program = parse(TEXTS["F"])
    kernel = compiled(program)
    columns = {name: np.linspace(0.2, 1.2, ROWS) for name in program.inputs}
    out = [np.empty(ROWS) for _ in range(1 + len(columns))]
    tracemalloc.start()
    kernel(columns, out)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return at_most("F, memory over inputs and outputs", peak / 1e6, 10, "MB")


def from_the_start(folder: Path) -> Iterator[Row]:
    """A process of its own from its start to the last row, the compilers' caches empty."""
    seconds = {}
    for peer in (NATIVE, "torch.compile"):
        caches = folder / f"cache-{peer.split()[0]}"
        more = {"XDG_CACHE_HOME": str(caches), "TORCHINDUCTOR_CACHE_DIR": str(caches)}
        code = f"import rows; rows.once({peer!r})"
        command = [sys.executable, "-c", code]
        place: dict[str, Any] = environment(folder)
        paths = [str(Path(__file__).parent), str(folder)]
        place |= more | {"PYTHONPATH": ":".join(paths)}
        start = perf_counter()
        done = subprocess.run(command, env=place, capture_output=True, check=False)
        if done.returncode:
            yield Row(f"E from process start : {peer}", f"skipped, exit code {done.returncode}")
            return
        seconds[peer] = perf_counter() - start
    ratio = seconds["torch.compile"] / seconds[NATIVE]
    yield at_least("E from process start, native engine : torch.compile", ratio, 10)


def once(peer: str) -> None:
    import numpy as np

    random = np.random.default_rng(0)
    columns = {name: random.uniform(0.2, 1.2, ROWS) for name in "xyz"}
    print(*[float(column[-1]) for column in CONTENDERS[peer](TEXTS["E"], columns, 1)()])
