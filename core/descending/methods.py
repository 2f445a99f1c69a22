"""Rules that turn a gradient into a move, in the letters of the notes.

    descent     w -= lr * dw
    momentum    v = mu*v + dw;  w -= lr * v
    nesterov    v = mu*v + dw;  w -= lr * (dw + mu*v)
    adam        m = b1*m + (1-b1)*dw;  v = b2*v + (1-b2)*dw²
                w -= lr * m/(1-b1^t) / (sqrt(v/(1-b2^t)) + eps)

The conventions are PyTorch's. Each rule works on numbers and on arrays alike, and keeps what it
remembers to itself, so that a run needs a new one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from backprop.descending.quantities import Point
from backprop.errors import UsageError

EPSILON = 1e-8


class Memory(NamedTuple):
    """How much of earlier gradients is remembered."""

    momentum: float = 0.9
    betas: tuple[float, float] = (0.9, 0.999)


USUAL = Memory()


class Method(Protocol):
    remembers: Sequence[str]  # what of it the next move depends on

    def move(self, gradient: Point, rate: float) -> Point:
        """What is taken off each parameter."""


def memory_of(method: Method) -> dict[str, Any]:
    return {name: getattr(method, name) for name in method.remembers}


class Plain:
    remembers: Sequence[str] = ()

    def move(self, gradient: Point, rate: float) -> Point:
        return {name: rate * slope for name, slope in gradient.items()}


class Momentum:
    """A ball that rolls: slopes that keep their direction add up."""

    remembers: Sequence[str] = ("speed",)

    def __init__(self, share: float, *, ahead: bool = False) -> None:
        self.share = share
        self.ahead = ahead  # Nesterov: as if the slope were that of the next point
        self.speed: Point = {}

    def move(self, gradient: Point, rate: float) -> Point:
        speed = {
            name: self.share * self.speed[name] + slope if name in self.speed else slope
            for name, slope in gradient.items()
        }
        self.speed = speed
        if self.ahead:
            speed = {name: gradient[name] + self.share * speed[name] for name in speed}
        return {name: rate * slope for name, slope in speed.items()}


class Adam:
    """Every parameter in steps of about the rate, whatever the scale of its slope."""

    remembers: Sequence[str] = ("count", "mean", "square")

    def __init__(self, betas: tuple[float, float]) -> None:
        self.betas = betas
        self.count = 0
        self.mean: Point = {}
        self.square: Point = {}

    def move(self, gradient: Point, rate: float) -> Point:
        first, second = self.betas
        self.count += 1
        for name, slope in gradient.items():
            self.mean[name] = first * self.mean.get(name, 0.0) + (1 - first) * slope
            self.square[name] = second * self.square.get(name, 0.0) + (1 - second) * slope * slope
        begun, steady = 1 - first**self.count, 1 - second**self.count
        return {name: rate * self.scaled(name, begun, steady) for name in gradient}

    def scaled(self, name: str, begun: float, steady: float) -> Any:
        """The mean slope in units of its size, both corrected for having begun at 0."""
        return self.mean[name] / begun / ((self.square[name] / steady) ** 0.5 + EPSILON)


METHODS: dict[str, Callable[[Memory], Method]] = {
    "descent": lambda memory: Plain(),
    "momentum": lambda memory: Momentum(memory.momentum),
    "nesterov": lambda memory: Momentum(memory.momentum, ahead=True),
    "adam": lambda memory: Adam(memory.betas),
}
BORROWED = ("lbfgs", "trust")  # from SciPy
NAMES = (*METHODS, *BORROWED)


def checked_memory(memory: Memory) -> Memory:
    """Shares of the past, each at least 0 and below 1."""
    for name, share in (("momentum", memory.momentum), ("betas", memory.betas[0]),
                        ("betas", memory.betas[1])):  # fmt: skip
        if not 0 <= share < 1:
            raise UsageError(f"--{name} can be from 0 to below 1, not {share:g}")
    return memory
