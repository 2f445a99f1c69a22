"""Slopes of real losses at their ties, by JAX and optax, recorded for the tests.

    python tests/campaigns/tied_losses.py > tests/cases/tied_losses.json

At a tie JAX's own gradient is a convention too; a hair beside it is none. So every input is
moved by 2**-30 either way, and JAX differentiates there. Needs jax and optax.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import optax

jax.config.update("jax_enable_x64", True)
HAIR = 2.0**-30


def ppo(r: Any, a: Any) -> Any:
    return jnp.minimum(r * a, jnp.clip(r, 0.8, 1.2) * a)


def clipped_value(v: Any, old: Any, returns: Any) -> Any:
    inside = old + jnp.clip(v - old, -0.2, 0.2)
    return 0.5 * jnp.maximum((v - returns) ** 2, (inside - returns) ** 2)


def stable_bce(z: Any, y: Any) -> Any:
    """As TensorFlow's sigmoid_cross_entropy_with_logits documents it."""
    return jnp.maximum(z, 0) - z * y + jnp.log1p(jnp.exp(-jnp.abs(z)))


PPO = "min(r*a, clip(r, 0.8, 1.2)*a)"
HINGE = "max(0, 1 - p*t)"
HUBER = "e = p - t; s = abs(e); q = min(s, 1); 0.5*q**2 + (s - q)"
VALUE = "0.5*max((v - g)**2, (old + clip(v - old, -0.2, 0.2) - g)**2)"
BCE = "max(z, 0) - z*y + log1p(exp(-abs(z)))"
LOSSES: list[tuple[str, Callable[..., Any], str, list[dict[str, float]]]] = [
    ("PPO's surrogate", ppo, PPO,
     [{"r": 1.0, "a": 3.0}, {"r": 1.0, "a": -2.0}, {"r": 1.2, "a": 3.0}, {"r": 0.8, "a": -1.5},
      {"r": 1.0, "a": 0.0}, {"r": 1.2, "a": -3.0}]),
    ("optax.hinge_loss", optax.hinge_loss, HINGE,
     [{"p": 1.0, "t": 1.0}, {"p": -0.5, "t": -2.0}, {"p": 0.25, "t": 4.0}]),
    ("optax.huber_loss", optax.huber_loss, HUBER,
     [{"p": 0.0, "t": 0.0}, {"p": 1.0, "t": 0.0}, {"p": 0.5, "t": 1.5}, {"p": 3.0, "t": 3.0}]),
    ("the clipped value loss", clipped_value, VALUE,
     [{"v": 1.0, "old": 1.0, "g": 2.0}, {"v": 0.5, "old": 0.5, "g": 0.5},
      {"v": 1.0, "old": 1.0, "g": 0.25}]),
    ("TensorFlow's stable cross-entropy", stable_bce, BCE,
     [{"z": 0.0, "y": 1.0}, {"z": 0.0, "y": 0.0}, {"z": 0.0, "y": 0.25}]),
]  # fmt: skip


def sides(loss: Callable[..., Any], point: dict[str, float]) -> dict[str, list[float]]:
    """JAX's slopes a hair to the left and to the right of every input."""
    found = {}
    numbers = list(point.values())
    for place, name in enumerate(point):
        slope = jax.grad(loss, argnums=place)
        both = []
        for side in (-HAIR, HAIR):
            at = [*numbers[:place], numbers[place] + side, *numbers[place + 1 :]]
            both.append(float(slope(*map(jnp.float64, at))))
        found[name] = both
    return found


def main() -> int:
    rows = [
        {"loss": title, "text": text, "point": point, "slopes": sides(loss, point)}
        for title, loss, text, points in LOSSES
        for point in points
    ]
    versions = f"jax {jax.__version__}, optax {optax.__version__}, 64 bits"
    json.dump({"versions": versions, "hair": HAIR, "cases": rows}, sys.stdout, indent=1)
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
