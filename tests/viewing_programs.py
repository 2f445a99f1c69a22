"""Random sequences of statements on arrays: views, copies, aliases, and writes through them.

A statement is tried as it is made: one that NumPy refuses is left out. So every sequence runs.
"""

from __future__ import annotations

from random import Random
from typing import Any, NamedTuple

import numpy as np
from running_python import copies, function_of


class Sample(NamedTuple):
    text: str
    values: dict[str, Any]


HELPERS = """import numpy as np
def touched(a, b):
    a[0] = b
    return a[1:]
def doubled(a):
    a *= 2
    return a
def f(x, v, s):
    held, named = [x], {"v": v}
    whole = np.array([0, 2, 1, 2])
"""
WEIGHED = """    loss = 0.0
    for k, a in enumerate([{names}]):
        loss = loss + np.sum(a * np.cos(np.arange(a.size) + k).reshape(a.shape))
    return loss, [{names}], held, named
"""


class Maker:
    """Statements, one after the other, over the arrays that there are."""

    def __init__(self, random: Random) -> None:
        self.random = random
        self.scope: dict[str, Any] = {"np": np}
        self.lines: list[str] = []
        self.values = {
            "x": np.array([random.uniform(-2, 2) for _ in range(12)]).reshape(3, 4),
            "v": np.array([random.uniform(-2, 2) for _ in range(4)]),
            "s": random.uniform(0.2, 2),
        }
        begun = HELPERS + "    return locals()\n"
        self.scope |= function_of(begun, {"np": np})(**copies(self.values))
        self.count = 0

    def names(self, *axes: int) -> list[str]:
        return [name for name, one in self.scope.items()
                if isinstance(one, np.ndarray) and name not in ("whole",) and one.dtype == float
                and one.ndim and (not axes or one.ndim in axes) and 0 < one.size <= 60]  # fmt: skip

    def array(self, *axes: int) -> str:
        return self.random.choice(self.names(*axes) or ["x"])

    def new(self) -> str:
        self.count += 1
        return f"a{self.count}"

    def piece(self, size: int) -> str:
        """A slice of an axis."""
        r = self.random
        return r.choice([
            ":", f"{r.randrange(size)}:", f":{r.randrange(1, size + 1)}", "::2", "::-1", "1::2",
            f"{r.randrange(size)}:{size}", "-2:", ":-1", "::-2", f"{r.randrange(-size, size)}:",
        ])  # fmt: skip

    def place(self, size: int) -> str:
        return str(self.random.randrange(-size, size))

    def places(self, size: int, unique: bool = False) -> str:
        r = self.random
        if unique:
            return str(r.sample(range(size), r.randrange(1, size + 1)))
        return str([r.randrange(-size, size) for _ in range(r.randrange(1, 5))])

    def basic(self, name: str) -> str:
        """An index that makes a view, or an entry."""
        shape = self.scope[name].shape
        count = self.random.randrange(1, len(shape) + 1) if shape else 0
        parts = [
            self.piece(side) if self.random.random() < 0.65 else self.place(side)
            for side in shape[:count]
        ]
        if self.random.random() < 0.1:
            parts.insert(self.random.randrange(len(parts) + 1), "None")
        elif self.random.random() < 0.1:
            parts = ["...", *parts] if len(parts) < 2 else [*parts, "..."]
        return ", ".join(parts) or "..."

    def fancy(self, name: str) -> str:
        """An index that makes a copy."""
        r, shape = self.random, self.scope[name].shape
        if r.random() < 0.3:
            return r.choice([f"{name} > 0.1", f"{name} <= s", f"~({name} > s)",
                             f"({name} > 0) & ({name} < 1)"])  # fmt: skip
        parts = [self.places(shape[0])]
        if len(shape) > 1:
            parts.append(r.choice([self.piece(shape[1]), self.place(shape[1])]))
            if r.random() < 0.5:
                parts.reverse()
                parts = [self.piece(shape[0]), self.places(shape[1])]
            if r.random() < 0.25:
                length = r.randrange(1, 4)
                parts = [str([r.randrange(side) for _ in range(length)]) for side in shape[:2]]
        if len(shape) == 1 and r.random() < 0.3:
            return f"whole[:{r.randrange(1, 5)}] % {shape[0]}"
        return ", ".join(parts)

    def key(self, name: str) -> str:
        return self.basic(name) if self.random.random() < 0.6 else self.fancy(name)

    def value(self) -> str:
        r, a, b = self.random, self.array(), self.array()
        return r.choice([
            "s", f"{r.uniform(-2, 2):.3f}", "0", f"{a}", f"{a}[{self.basic(a)}]", f"np.sin({a})",
            f"{a} * s", f"{a} + {b}", f"0.5*{a}", f"{a}[{self.key(a)}]", f"-{a}", f"{a}.T",
            f"{a}[::-1]", f"np.zeros({r.randrange(1, 5)})", "[0.5, s, -1.0, 2.0]",
            f"{a}.sum()", f"{a}.mean(axis=0)", f"np.tanh({a}[0])",
        ])  # fmt: skip

    def viewing(self) -> str:
        r, a = self.random, self.array()
        sizes = [side for side in (1, 2, 3, 4, 6, 12) if self.scope[a].size % side == 0]
        first = r.choice(sizes or [1])
        form = r.choice([
            "{a}[{basic}]", "{a}[{basic}]", "{a}[{basic}]", "{a}.T", "{a}.reshape(-1)",
            "{a}.reshape({first}, -1)", "{a}.reshape(-1, {first})", "{a}.T.reshape(-1)",
            "{a}.ravel()", "np.ravel({a}.T)", "{a}.copy()", "{a}.flatten()", "{a}[{fancy}]",
            "{a}[{fancy}]", "{a}[:, None]", "{a}[None]", "np.swapaxes({a}, 0, -1)",
            "np.transpose({a})", "{a}", "np.asarray({a})", "np.expand_dims({a}, 0)",
            "np.squeeze({a})", "np.atleast_2d({a})", "np.split({a}, [1])[1]", "np.flip({a})",
            "np.moveaxis({a}, 0, -1)", "{a}[::2].reshape(-1)", "np.array({a})", "{a}[...]",
            "touched({a}, {value})", "doubled({a})", "doubled({a}[{basic}])", "{a}.squeeze()",
            "np.reshape({a}, ({first}, -1))", "{a}.reshape({first}, -1).T[0]", "np.flipud({a})",
            "np.atleast_1d({a})[{basic}]", "{a}.T[{place}]", "held[{held}]", 'named["v"]',
            "{a}.swapaxes(0, -1)", "{a}.astype(float)", "np.fliplr({a})", "np.hstack([{a}, {a}])",
            "{a} + {b}", "{a} * s", "np.sin({a})", "np.where({a} > 0, {a}, {b})",
            "np.zeros_like({a})", "np.zeros({a}.shape)", "np.ones((2, 3))", "{a} @ {b}",
            "np.arange(12.0).reshape(3, 4)", "np.zeros(5)[1:]", "np.full((2, 2), s)",
            "np.concatenate([{a}, {b}])", "np.maximum({a}, 0.3*{b} - 0.117)", "np.broadcast_to({a}, (3, 4)).copy()",
        ])  # fmt: skip
        made = form.format(
            a=a, b=self.array(), basic=self.basic(a), fancy=self.fancy(a), first=first,
            value=self.value(), place=self.place(3), held=r.randrange(len(self.scope["held"])),
        )  # fmt: skip
        return f"{self.new()} = {made}"

    def writing(self) -> str:
        r, a = self.random, self.array()
        sign = r.choice(["=", "=", "=", "+=", "-=", "*=", "/="])
        value = "1.5" if sign == "/=" else self.value()
        if sign == "*=":
            value = r.choice(["0.5", "-1", "s"])
        if r.random() < 0.75:
            key = self.key(a)  # through a mask, NumPy writes part of an array over what it reads
            return f"{a}[{key}] {sign} {f'1.0 * np.array({value})' if '>' in key or '<' in key else value}"
        return r.choice([
            f"{a} {sign if sign != '=' else '+='} {value if sign != '=' else self.value()}",
        ])  # fmt: skip

    def others(self) -> str:
        r, a, b = self.random, self.array(), self.array()
        side = self.scope[a].shape[0] if self.scope[a].ndim else 1
        return r.choice([
            f"np.add.at({a}, {self.places(side)}, {self.value()})",
            f"np.add.at({a}, (slice(None), {self.places(2)}), {self.value()})",
            f"held.append({a})", f"held.append({a}[{self.basic(a)}])", f'named["{r.choice("vwz")}"] = {a}',
            f"held[{r.randrange(len(self.scope['held']))}] {r.choice(['+=', '*='])} 0.5",
            f'named["v"] {r.choice(["+=", "*="])} {r.choice(["s", "0.5"])}',
            f'named["v"][{self.place(4)}] = s', f"held[-1][{self.place(2)}] = {self.value()}",
            f"for row in {a}: row *= 0.5", f"for k, row in enumerate({a}): row[0] = s * k",
            f"for row in {a}: row[:] = row[::-1]",
            f"{a}[0], {a}[1] = {a}[1], {a}[0]", f"{a}[0, 0], {a}[1, 1] = {a}[1, 1], {a}[0, 0]",
            f"{self.new()}, {self.new()} = {a}[0], {a}[1:]",
            f"for k in range(len({a})): {a}[k] = {a}[k - 1] * 0.5",
            f"for k in range(len({a})): {a}[k] += {self.value()}",
            f"mask = {a} > 0.2\n    {a}[mask] = 1.0 * np.array({self.value()})",
            f"mask = {a} > {b}\n    {a}[mask] = {b}[mask]",
            f"mask = {a} > 0\n    mask[0] = True\n    {a}[mask] *= 0.5",
            f"{a}[:], {b}[:] = {b}, {a}", f"{a}[:] = {b}",
            f"{a}[whole[1:3] % {side}] {r.choice(['=', '+=', '-='])} {self.value()}",
            f"x, v = {a}, {b}", f"{a} = {a} + 1", f"{a} = {b}",
            f"del held[{r.randrange(len(self.scope['held']))}]",
        ])  # fmt: skip

    def more(self) -> None:
        """One more statement, if NumPy takes it."""
        r = self.random
        line = r.choice([self.viewing, self.viewing, self.writing, self.writing, self.others])()
        text = f"    {line}\n"
        try:
            with np.errstate(all="ignore"):
                self.replay(text)
        except Exception:
            return
        self.lines.append(text)

    def replay(self, text: str) -> None:
        """The scope after all statements and one more."""
        body = HELPERS + "".join(self.lines) + text
        found = function_of(body + "    return locals()\n", {"np": np})(**copies(self.values))
        arrays = [one for one in found.values() if isinstance(one, np.ndarray)]
        if any(np.abs(one).max(initial=0) > 1e4 for one in arrays) or not found["held"]:
            raise OverflowError
        self.scope = {
            "np": np, **{name: one for name, one in found.items() if name not in ("k", "row")},
        }  # fmt: skip


def sample(seed: str, length: int = 14) -> Sample:
    maker = Maker(Random(seed))
    for _ in range(length):
        maker.more()
    names = ", ".join(maker.names()[-8:])
    return Sample(HELPERS + "".join(maker.lines) + WEIGHED.format(names=names), maker.values)
