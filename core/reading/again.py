"""A program of Python source, read again where its guards may not hold."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.reading.reader import read_again


def program_at(program: Program, values: Mapping[str, Any]) -> Program:
    """The program of the same unit at other values, staged like it."""
    tree = read_again(program.tree, values)
    shapes = {name: np.shape(value) for name, value in values.items() if np.ndim(value)}
    return stage(tree, [*values], program.granularity, program.shared, shapes)
