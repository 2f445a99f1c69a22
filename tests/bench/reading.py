"""Reading a text, which is parsing and staging: against sympify, and as texts get longer."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from importlib import import_module
from itertools import count
from pathlib import Path
from time import process_time
from typing import Any

from arena import median, pairs
from table import Row, at_least, at_most
from texts import expression, tokens

TITLE = "Parsing and staging"
SIZE = 1_000
LONG = (1_000, 10_000, 100_000, 1_000_000)


def seconds(read: Callable[[str], Any], text: str) -> float:
    start = process_time()
    read(text)
    return process_time() - start


def measure(folder: Path, *, quick: bool) -> Iterator[Row]:
    del folder
    from backprop import parse

    yield against_sympify(parse, 5 if quick else 30)
    costs = {}
    for size in LONG[:-1] if quick else LONG:
        costs[size] = nanoseconds(parse, size, 3 if quick else 7)
        yield Row(f"{size:,} tokens", f"{costs[size]:,.0f} ns a token")
    shortest, *_, longest = costs
    growth = costs[longest] / costs[shortest]
    yield at_most(f"a token of {longest:,} : one of {shortest:,}", growth, 1.5)


def against_sympify(parse: Callable[[str], Any], rounds: int) -> Row:
    """Every round has a text of its own, and SymPy an empty cache."""
    what = f"{SIZE:,} tokens : sympify"
    try:
        sympify = import_module("sympy").sympify
        clear_cache = import_module("sympy.core.cache").clear_cache
    except ImportError as error:
        return Row(what, f"skipped, not installed: {error.name}")
    for read in (parse, sympify):
        read(expression(SIZE, seed=0))  # imports and tables that are made once
    ours, theirs = [], []
    for seed in range(1, rounds + 1):
        clear_cache()
        text = expression(SIZE, seed)
        ours.append(seconds(parse, text))
        theirs.append(seconds(sympify, text))
    return at_least(what, pairs(ours, theirs), 40)


def nanoseconds(parse: Callable[[str], Any], size: int, rounds: int) -> float:
    seeds = count()
    taken = []
    for _ in range(rounds):
        texts = [expression(size, next(seeds)) for _ in range(max(1, 20_000 // size))]
        taken.append(sum(seconds(parse, text) for text in texts) / sum(map(tokens, texts)))
    return median(taken) * 1e9
