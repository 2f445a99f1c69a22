"""The formulas of cases/digits.txt, and points drawn from their ranges."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from random import Random
from typing import NamedTuple

from backprop.engine.numbers import forward
from backprop.improving.exact import LARGEST, any_float
from backprop.language.parser import parse
from backprop.program.program import Program
from backprop.program.stage import stage

FILE = Path(__file__).parent / "cases" / "digits.txt"
TRIES = 1_000


class Case(NamedTuple):
    group: str
    name: str
    text: str
    floats: str  # its bit-uniform ranges
    everyday: str
    condition: str

    @property
    def program(self) -> Program:
        return stage(parse(self.text))

    def draw(self, kind: str) -> Callable[[Random], dict[str, float]]:
        """Points of one kind, `floats` or `everyday`."""
        ranges = [read(part, kind) for part in getattr(self, kind).split(", ")]
        condition = stage(parse(self.condition)) if self.condition else None

        def one(random: Random) -> dict[str, float]:
            for _ in range(TRIES):
                point: dict[str, float] = {}
                for name, low, high, how in ranges:
                    point[name] = how(random, value(low, point), value(high, point))
                if condition is None or forward(condition, point)[condition.output]:
                    return point
            raise AssertionError(f"{self.name}: the condition is hardly ever met")

        return one


def value(program: Program, point: dict[str, float]) -> float:
    return forward(program, {name: point[name] for name in program.inputs})[program.output]


How = Callable[[Random, float, float], float]


def read(text: str, kind: str) -> tuple[str, Program, Program, How]:
    """`x=low:high` as a name, two programs and how to draw."""
    name, _, bounds = text.partition("=")
    signed = bounds.startswith("±")
    linear = bounds.endswith(" linear")
    low, _, high = bounds.removeprefix("±").removesuffix(" linear").partition(":")
    least, most = (stage(parse(bound.replace("max", repr(LARGEST)))) for bound in (low, high))
    even = linear or (kind == "everyday" and low.startswith("-"))
    how: How = any_float if kind == "floats" else uniform if even else signs if signed else logs
    return name.strip(), least, most, how


def uniform(random: Random, low: float, high: float) -> float:
    return random.uniform(low, high)


def logs(random: Random, low: float, high: float) -> float:
    if low <= 0:
        return random.uniform(low, high)
    return math.exp(random.uniform(math.log(low), math.log(high)))


def signs(random: Random, low: float, high: float) -> float:
    return logs(random, low, high) * random.choice((-1, 1))


def cases() -> list[Case]:
    found, group = [], ""
    for line in FILE.read_text("utf-8").splitlines():
        if line.startswith("["):
            group = line[1 : line.index("]")]
        elif line and line[0] != "#":
            fields = [field.strip() for field in line.split(" | ")]
            found.append(Case(group, *fields, *[""] * (5 - len(fields))))
    return found
