"""The library's own words for derivatives along a direction, and for second ones."""

from __future__ import annotations

from typing import Any

from backprop.answer.evaluation import evaluate


def jvp(program: Any, values: Any = None, /, *, along: Any, **options: Any) -> Any:
    """The derivative of the output along a direction: {"x": 1, "y": -0.5}, or "x=1,y=-0.5".

    Everything else is as in `evaluate`.
    """
    return evaluate(program, values, jvp=along, **options).motion.jvp[1]


def hvp(program: Any, values: Any = None, /, *, along: Any, **options: Any) -> dict[str, Any]:
    """The Hessian times a direction, by input: how the gradient moves along it."""
    return dict(evaluate(program, values, hvp=along, **options).motion.hvp[1])


def hessian(program: Any, values: Any = None, /, **options: Any) -> dict[str, dict[str, Any]]:
    """All second derivatives, by the names of two inputs; of arrays blocks, with the entries of
    the first input before those of the second."""
    return dict(evaluate(program, values, hessian=True, **options).motion.hessian)
