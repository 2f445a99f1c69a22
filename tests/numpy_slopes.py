"""Random programs of the forms that Python and NumPy have for conditions, remainders, indices and
shapes, with the truth about their values and slopes.

The truth is Python's own: texts that were made here, and no others, are evaluated with mpmath's
numbers, alone and in NumPy's arrays, at the point and a hair to either side of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any, NamedTuple

import numpy as np
from mpmath import mp, mpf

from backprop import BackpropError, evaluate

DIGITS = 80
HAIR = mpf(10) ** -30
NUMBERS = ("2", "0.5", "3", "1", "0.7", "0", "-1.5")
SAME = 1e-9

NUMBER_FORMS = (
    "{0} + {1}", "{0} - {1}", "{0}*{1}", "{0} % {1}", "{0} % 2", "{0} % 0.7", "-{0} % 3", "-{0}", "{0}**2", "{0} / 3",
    "exp(-{0}**2)", "sin({0})", "abs({0})", "max({0}, {1})", "min({0}, {1}, 1)", "mod({0}, 1 + abs({1}))", "fmod({0}, 1.5)",
    "({0} if {c} else {1})", "({0} if {c} else {1} if {d} else -{0})", "({c})*{0}", "{0}*({1} < {0} <= 2)", "(not {c})*{1} + {0}",
)  # fmt: skip
CONDITIONS = (
    "{0} < {1}", "{0} > 0", "{0} == {1}", "{0} != 1", "0 < {0} < {1}", "{0} >= {1} > 0.5 != {0}", "not {c}", "{c} and {d}",
    "{c} or {d}", "{c} or not {d} and {c}", "0 <= {0}",
)  # fmt: skip
ARRAY_FORMS = (
    "v + {0}", "v*{0}", "{a}*{b}", "{a} - {b}", "{a} % 2", "{a} % {0}", "-{a}", "{a}**2", "sin({a})", "exp(-{a}**2)", "abs({a})",
    "np.where({a} > {0}, {a}, {b})", "A[0] + {0}", "A[1, ...]*{a}", "v[..., None][:, 0]", "A[None, 1][0]", "{a}*({b} > 0)",
    "np.full(v.shape, {0})*{a}", "np.ones(3)*{a}", "np.zeros(len(v)) + {a}", "({a} if {c} else {b})", "A[:, :, None][0, ..., 0]",
)  # fmt: skip
SUM_FORMS = (
    "np.sum({a})", "np.sum({a}[{b} > {0}])", "{a}[{b} <= {0}].sum()", "np.sum({a}[v > 0]*{b}[v > 0])", "np.sum(sin({a}[{b} != 1]))",
    "np.prod({a}[{b} > -1])", "np.mean(({a}**2)[{b} < 50])", "len({a}[{b} > 0])*{0}", "{a}[v >= {0}].size + {0}", "{a}[0]", "{a}[-1]",
    "A.shape[0]*{0}", "A.shape[-1]*np.sum({a})", "v.size*{0}", "A.ndim*{0}", "np.sum({a})/len(A)", "np.sum(A[..., 0, None])",
    "np.sum(A[A > {0}])", "np.sum(v[np.maximum(v > {0}, v < 0)])", "np.sum((A*{0})[(A > -1)*(A < 2)])", "np.sum(A.T[None, ..., 1:])", "np.sum(np.full((2, 3), {0})*A)",
    "{a}.mean()*{0}", "np.sum(np.ones((2, 3))*{a})",
)  # fmt: skip


class Text:
    """Draws programs: of numbers alone, or with the arrays v and A."""

    def __init__(self, random: Random, arrays: bool) -> None:
        self.random = random
        self.arrays = arrays
        self.names = ["x", "y", "z"]

    def program(self) -> str:
        lines = []
        for k in range(self.random.randrange(3)):
            lines.append(f"t{k} = {self.number(2)}")
            self.names.append(f"t{k}")
        sign = self.random.choice(("", "", "-", "+"))
        return "\n".join([*lines, f"{sign}{self.number(3)}"])

    def number(self, depth: int) -> str:
        random = self.random
        if not depth or random.random() < 0.1:
            return random.choice((*self.names, *self.names, *NUMBERS))
        forms = SUM_FORMS if self.arrays and random.random() < 0.6 else NUMBER_FORMS
        return self.filled(random.choice(forms), depth - 1)

    def condition(self, depth: int) -> str:
        forms = CONDITIONS if depth else CONDITIONS[:5]
        return self.filled(self.random.choice(forms), max(0, depth - 1))

    def array(self, depth: int) -> str:
        if not depth or self.random.random() < 0.2:
            return self.random.choice(("v", "v", "A[0]", "A[-1, :]"))
        return self.filled(self.random.choice(ARRAY_FORMS), depth - 1)

    def filled(self, form: str, depth: int) -> str:
        """A form with its holes filled: numbers, conditions c and d, arrays a and b."""
        parts: dict[str, Callable[[], str]] = {
            "{0}": lambda: self.number(depth), "{1}": lambda: self.number(depth),
            "{c}": lambda: self.condition(depth), "{d}": lambda: self.condition(depth),
            "{a}": lambda: self.array(depth), "{b}": lambda: self.array(depth),
        }  # fmt: skip
        for hole, make in parts.items():
            if hole in form:
                text = make()
                form = form.replace(hole, text if text.isidentifier() else f"({text})")
        return form


def each(function: Callable[..., Any]) -> Callable[..., Any]:
    """A function of mpmath's, on a number or entry by entry."""
    entries = np.frompyfunc(function, 1, 1)
    return lambda a: entries(a) if isinstance(a, np.ndarray) else function(a)


def remainder(a: Any, b: Any) -> Any:
    """C's, with the sign of a."""
    size = abs(a) % abs(b)
    return -size if a < 0 else size


SCOPE: dict[str, Any] = {
    "np": np, "exp": each(mp.exp), "sin": each(mp.sin), "mod": lambda a, b: a % b, "fmod": remainder,
}  # fmt: skip


def pythons(text: str, at: Mapping[str, Any]) -> Any:
    """What Python makes of a text."""
    scope = {**SCOPE, **at}
    *lines, last = text.split("\n")
    for line in lines:
        name, _, part = line.partition(" = ")
        scope[name] = eval(part, scope)  # noqa: S307
    return mpf(eval(last, scope))  # noqa: S307


def drawn_point(random: Random, arrays: bool) -> dict[str, Any]:
    """Where nothing ties, or where much does."""
    tied = random.random() < 0.4
    sizes: dict[str, tuple[int, ...]] = {"x": (), "y": (), "z": ()}
    if arrays:
        sizes |= {"v": (3,), "A": (2, 3)}

    def number() -> float:
        return random.choice((0.0, 0.5, 1.0, 2.0, -1.0)) if tied else random.uniform(-2.5, 2.5)

    point = {}
    for name, sides in sizes.items():
        entries = np.array([number() for _ in range(int(np.prod(sides)))]).reshape(sides)
        point[name] = entries if sides else float(entries)
    return point


def moved(point: Mapping[str, Any], name: str, index: tuple[int, ...], by: Any) -> dict[str, Any]:
    """The point as mpmath's numbers, one of them a little further."""
    found: dict[str, Any] = {}
    for other, value in point.items():
        exact = np.frompyfunc(mpf, 1, 1)(np.asarray(value, dtype=object))
        if other == name and index:
            exact = np.array(exact, dtype=object)
            exact[index] += by
        elif other == name:
            exact = exact + by
        found[other] = exact
    return found


def slopes(text: str, point: Mapping[str, Any]) -> Iterator[tuple[str, tuple[int, ...], Any, Any]]:
    """For every entry of every input, the slope on its left and right; None where it jumps."""
    middle = pythons(text, moved(point, "", (), 0))
    for name, value in point.items():
        for index in np.ndindex(*np.shape(value)):
            left, right = (
                pythons(text, moved(point, name, index, hair)) - middle for hair in (-HAIR, HAIR)
            )
            yield name, index, slope(left, -HAIR), slope(right, HAIR)


def slope(change: Any, by: Any) -> Any:
    return None if abs(change) > mpf(10) ** -15 else change / by


class Outcome(NamedTuple):
    kind: str  # equal, tied, refused, other, crash or no Python
    text: str
    detail: str = ""


class Drawn(NamedTuple):
    text: str
    point: dict[str, Any]
    arrays: bool


def drawn(seed: str) -> Drawn:
    """The program of that seed, and where to look at it."""
    random = Random(seed)
    arrays = random.random() < 0.6
    text = Text(random, arrays).program()
    return Drawn(text, drawn_point(random, arrays), arrays)


def outcome(seed: str) -> Outcome:
    """What became of the program of that seed."""
    text, point, _ = drawn(seed)
    with mp.workdps(DIGITS):
        try:
            value = pythons(text, moved(point, "", (), 0))
            truth = [*slopes(text, point)]
        except (ArithmeticError, ValueError, TypeError, IndexError) as error:
            return Outcome("no Python", text, type(error).__name__)
        if not all(mp.isfinite(one) for *_, one in truth if one is not None) or value != value:
            return Outcome("no Python", text, "not finite")
    try:
        report = evaluate(text, point, spare=[*point])
    except BackpropError as error:
        return Outcome("refused", text, str(error))
    except Exception as error:
        return Outcome("crash", text, f"{type(error).__name__}: {error}")
    detail = f"{text!r} at {point}"
    if abs(report.value - value) > SAME * max(1, abs(value)):
        return Outcome("other", text, f"{detail}: {report.value}, Python {float(value)}")
    largest = max([1.0, *(abs(float(one)) for *_, one in truth if one is not None)])
    kind = "equal"
    for name, index, left, right in truth:
        if left is None or right is None or abs(left - right) > SAME * largest:
            kind = "tied"  # two slopes, or none
            continue
        found = np.broadcast_to(report.gradient[name], np.shape(point[name]))[index]
        if abs(found - left) > SAME * largest:
            slope = f"d/d{name}{[*index]} {found}, Python {float(left)}"
            return Outcome("other", text, f"{detail}: {slope}")
    return Outcome(kind, text)
