"""Is a wrong gradient the diagonal of the Jacobian alone? So people differentiate softmax, as if
each of its outputs came from one input."""

from __future__ import annotations

import numpy as np

from backprop.grading.backward import Pass
from backprop.grading.spots import backward
from backprop.grading.targets import same

MOST = 64  # entries, each of which is one pass
WORDS = "this is the diagonal of the Jacobian alone, and every output depends on several inputs"


def is_diagonal(found: Pass, variable: str) -> bool:
    """At two points: every entry of an output times its slope along its own input."""
    program = found.forward.program
    shape, own = program.shapes[program.output], program.shapes[program.inputs[variable]]
    size = int(np.prod(shape))
    if shape != own or not 1 < size <= MOST or variable not in found.found:
        return False
    yours = found.result(variable)
    for spot, given in list(zip(found.spots, yours, strict=True))[:2]:
        upstream = np.broadcast_to(found.forward.upstream(spot, found.free), shape)
        slopes = np.empty(size)
        for k in range(size):
            one = np.zeros(size)
            one[k] = 1.0
            back = backward(program, spot, one.reshape(shape))
            slopes[k] = np.ravel(back.gradient(program.inputs[variable]))[k]
        expected = slopes.reshape(shape) * upstream
        if np.shape(given) != shape or not same([given], [expected], [1.0]):
            return False
    return True
