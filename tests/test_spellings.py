"""The whole table of spellings: what the reader makes of each is what NumPy and SciPy make of it.

Every spelling is called as `spelling_calls.py` says, with arguments that depend on inputs and with
constants. What was recorded of the inputs is computed once more at another point. The oracle is the
function of NumPy, SciPy, `math` or an array itself, where there is one; of PyTorch and JAX, which
aren't installed, it is what `spelling_meanings.py` says in NumPy.
"""

from __future__ import annotations

import ast
import math
import random
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any, NamedTuple

import numpy as np
import pytest
import scipy.special
import spelling_calls
from spelling_meanings import MEANINGS, TORCH, of_seed

from backprop.engine.kinds import kind_of
from backprop.errors import BackpropError
from backprop.language.spellings import Spelling, functions
from backprop.language.syntax import HELD, Op
from backprop.program.stage import stage
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library import Walk
from backprop.reading.memory import Array, Number
from backprop.reading.reader import Reader, finished
from backprop.reading.source import parsed
from backprop.reading.values import Instance, Namespace

PREFIX = {"numpy": "np", "torch": "torch", "jax": "jnp", "scipy": "special", "math": "math", "random": "random"}  # fmt: skip
HOMES: Mapping[str, Any] = {"numpy": np, "scipy": scipy.special, "math": math}
WRITING = frozenset(["copyto", "put", "put_along_axis", "fill_diagonal", "add_at", "shuffle"])
CONSTANT_ONLY = frozenset(["pinv", "svd", "eigh", "cholesky", "qr", "unique"])  # of constants alone
OLD = frozenset(["trapz", "asfarray", "row_stack", "random.integers", "fix"])  # not in this NumPy
SEED = 5
FARTHER = 1.04  # how far the second point is from the first
Values = Mapping[str, Any]


class Case(NamedTuple):
    """A spelling and a way to call it."""

    module: str
    name: str
    row: Spelling
    first: str
    rest: str
    torch: bool  # is it read in a file that imports PyTorch?

    @property
    def text(self) -> str:
        if self.module == ".":
            return f"({self.first}).{self.name}({self.rest})"
        fed = ", ".join(part for part in (self.first, self.rest) if part)
        return f"{PREFIX[self.module]}.{self.name}({fed})"

    @property
    def writes(self) -> bool:
        return self.row.name in WRITING or (self.module == "." and (
            (self.name[-1] == "_" and self.name != "requires_grad_") or self.name == "fill"
            or (self.name == "sort" and not self.torch)))  # fmt: skip


def of_numpy(name: str) -> bool:
    """Is it a method of NumPy's arrays?"""
    return hasattr(np.ndarray, name)


def cases() -> Iterator[Case]:
    for (module, name), row in functions().items():
        flavours = [module == "torch"]
        if module == ".":
            flavours = [False, True] if of_numpy(name) else [True]
        calls = spelling_calls.CALLS
        own = calls.get(f"{module}:{name}") or calls.get(row.name)
        for call in own.split("; ") if own is not None else []:
            first, _, rest = (part.strip() for part in call.partition(" | "))
            if module == "." and first in ("x", "y", "3.0"):
                continue  # Python's own numbers have no such methods
            for torch in flavours:
                yield Case(module, name, row, first, rest, torch)


def home(module: str, name: str) -> Any:
    """The function of a library itself; None if it isn't there."""
    found = HOMES.get(module, np)
    for part in name.split("."):
        found = getattr(found, part, None)
    return found


def oracle(case: Case) -> Callable[..., Any] | None:
    """What a spelling means, as a function of its first argument and the others."""
    drawn = of_seed(SEED)
    row, name = case.row.name, case.name
    if row in drawn:
        return drawn[row]
    if case.module == "." and not case.torch:
        return lambda first, *fed, **named: getattr(np.asarray(first), name)(*fed, **named)
    if case.module in HOMES and name not in OLD:
        return home(case.module, name)  # type: ignore[no-any-return]
    if case.torch and (found := TORCH.get(name) or TORCH.get(row)):
        return found
    return MEANINGS.get(row) or home("numpy", row if case.module == "." else name)


def read_values() -> tuple[Values, Values]:
    """The point, and one a little farther off in the same direction."""
    point = spelling_calls.POINT
    return point, {name: value * FARTHER for name, value in point.items()}


def expected(case: Case, values: Values) -> Any:
    """What the oracle makes of a call; what a call that writes left behind."""
    names = {name: np.array(v) if np.ndim(v) else v for name, v in values.items()}
    names |= {
        name: np.array(v) if np.ndim(v) else v for name, v in spelling_calls.CONSTANTS.items()
    }
    names |= {"INFINITE": math.inf, "np": np}
    function = oracle(case)
    fed = f"H, {case.rest}" if case.rest else "H"
    call = eval(f"lambda f, H: f({fed if case.first else ''})", names)  # noqa: S307
    held = eval(case.first, names) if case.first else None  # noqa: S307
    found = call(function, held)
    if not case.writes:
        return found
    if found is None:
        return held
    return np.broadcast_to(found, np.asarray(held).shape)


class Trial:
    """A reader with every name, either as an input or as a constant."""

    def __init__(self, *, depends: bool) -> None:
        self.reader = Reader(parsed("pass", "a.py"))
        names = self.reader.scope.names
        for name, value in spelling_calls.POINT.items():
            plain = np.array(value) if np.ndim(value) else value
            names[name] = self.reader.input(name, plain) if depends else (
                Array.new(plain) if np.ndim(value) else value
            )  # fmt: skip
        for name, value in spelling_calls.CONSTANTS.items():
            names[name] = Array.new(np.array(value)) if np.ndim(value) else value
        names |= {"INFINITE": math.inf} | {
            word: Namespace(module) for module, word in PREFIX.items()
        }

    def read(self, case: Case) -> Any:
        reader = self.reader
        reader.machine.steps = 0
        reader.machine.torch = case.torch
        reader.machine.random = np.random.default_rng([SEED, 0])
        reader.scope.names.pop("H", None)
        if not case.writes:
            return reader.value(ast.parse(case.text, mode="eval").body)
        held = ast.parse(f"np.array({case.first})", mode="eval").body
        reader.scope.names["H"] = reader.value(held)
        reader.value(ast.parse(case._replace(first="H").text, mode="eval").body)
        return reader.scope.names["H"]


def parts(found: Any) -> list[Any]:
    """All numbers and arrays in what came out, one after the other."""
    if isinstance(found, (tuple, list, range)):
        return [part for one in found for part in parts(one)]
    if isinstance(found, Walk):
        return list(found.array.cells.ravel())
    return [] if isinstance(found, (Instance, Namespace)) or found is None else [found]


def moves(value: Any) -> bool:
    return isinstance(value, Number) or (isinstance(value, Array) and value.depends)


def plain(value: Any) -> Any:
    if isinstance(value, Array):
        return value.cells
    return value.value if isinstance(value, Number) else value


def alike(found: Any, wanted: Any) -> bool:
    one, other = np.asarray(found, dtype=float), np.asarray(wanted, dtype=float)
    return one.shape == other.shape and bool(
        np.allclose(one, other, rtol=1e-12, atol=1e-14, equal_nan=True)
    )


def wanted_parts(case: Case, values: Values) -> list[Any] | None:
    """The oracle's numbers; None where the library itself refuses the call."""
    try:
        with np.errstate(all="ignore"):
            found = expected(case, values)
    except (TypeError, ValueError, np.exceptions.AxisError, np.linalg.LinAlgError, AttributeError):
        return None
    if case.row.name in ("finfo", "generator", "seed"):
        return []
    waiting, flat = [found], []
    while waiting:
        one = waiting.pop(0)
        if isinstance(one, (tuple, list, np.ndindex, np.ndenumerate, np.nditer)):
            waiting = [*one, *waiting]
        elif one is not None:
            flat.append(one)
    return flat


class Outcome(NamedTuple):
    """What became of all calls."""

    wrong: list[str]  # calls that came to something else
    compared: set[tuple[str, str]]  # spellings with a call that both compute
    again: list[tuple[Case, list[Any]]]  # what was recorded, and the call


@cache
def outcome(*, depends: bool) -> tuple[Outcome, Trial]:
    trial, found = Trial(depends=depends), Outcome([], set(), [])
    point, _ = read_values()
    for case in cases():
        wanted = wanted_parts(case, point)
        if wanted is None or (depends and case.row.name in CONSTANT_ONLY):
            continue
        try:
            made = parts(trial.read(case))
        except (UnreadError, BackpropError) as problem:
            found.wrong.append(f"{case.text}: {problem}")
            continue
        found.compared.add((case.module, case.name))
        if case.row.name in ("finfo", "generator", "seed"):
            continue
        if len(made) != len(wanted) or not all(
            alike(plain(one), other) for one, other in zip(made, wanted, strict=True)
        ):
            found.wrong.append(f"{case.text}: {list(map(plain, made))}, not {wanted}"[:300])
        elif any(map(moves, made)):
            found.again.append((case, made))
    return found, trial


@pytest.mark.parametrize("depends", [True, False], ids=["of inputs", "of constants"])
def test_every_spelling_means_what_its_library_computes(depends: bool) -> None:
    assert outcome(depends=depends)[0].wrong == []


def test_every_spelling_is_called_and_has_an_oracle() -> None:
    compared = outcome(depends=True)[0].compared | outcome(depends=False)[0].compared
    assert sorted(set(functions()) - compared) == []


def test_every_row_that_has_no_function_here_is_a_gate_and_is_called() -> None:
    rows = {row.name for row in functions().values()}
    assert sorted({name for name in spelling_calls.CALLS if ":" not in name} ^ rows) == []
    assert random.Random(0).random() < 1  # the module that `r:` in the table stands for


def test_what_was_recorded_is_right_at_another_point_too() -> None:
    found, trial = outcome(depends=True)
    _, farther = read_values()
    recorder = trial.reader.machine.recorder
    for k, (_, made) in enumerate(found.again):
        for j, part in enumerate(made):
            if moves(part) and (leaf := trial.reader.machine.leaf(part))[0] != HELD:
                recorder.emit([leaf, Op(f"made_{k}_{j}", 1, "store")])
    tree = finished(trial.reader, trial.reader.scope.names["x"])
    program = stage(tree, list(farther), shapes={n: np.shape(v) for n, v in farther.items()})
    values = kind_of(program).forward(program, farther)
    assert len(program.names) > len(found.again)
    wrong = []
    for k, (case, made) in enumerate(found.again):
        for j, (part, wanted) in enumerate(
            zip(made, wanted_parts(case, farther) or [], strict=True)
        ):
            slot = program.names.get(f"made_{k}_{j}")
            again = plain(part) if slot is None else values[slot]
            if not alike(again, wanted):
                wrong.append(f"{case.text}: {again}, not {wanted}"[:300])
    assert wrong == []
