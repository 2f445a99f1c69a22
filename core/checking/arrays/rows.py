"""A Jacobian as one gradient: that of its rows' sum, each times a random number."""

from __future__ import annotations

from typing import Any

import numpy as np

from backprop.answer.report import Report


def mixed(report: Report) -> dict[str, Any]:
    """The gradient to be checked, and the upstream gradient that it belongs to."""
    assert report.jacobian is not None
    shape = np.shape(report.value)
    upstream = np.asarray(np.random.default_rng(0).uniform(0.5, 1.5, shape))
    gradient = {
        name: np.tensordot(upstream, rows, axes=len(shape)).tolist()
        for name, rows in report.jacobian.items()
    }
    return {"gradient": gradient, "upstream": upstream.tolist()}
