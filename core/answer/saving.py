"""The numbers of a report as an .npz file: W, dW, and every named stage with its gradient."""

from __future__ import annotations

import io
import zipfile
from collections.abc import Mapping
from typing import Any

import numpy as np

from backprop.answer.report import Report

Arrays = dict[str, Any]


def named_arrays(report: Report) -> tuple[Arrays, dict[str, str]]:
    """What is kept, by name: inputs, the stages that the text names and the output; then their
    gradients, `d` before the name, as far as they were asked for. Where the program has such a
    name itself, underscores follow; the second part of the answer says where."""
    program = report.program
    slots = dict(program.names) | {program.output_name: program.output}
    found: Arrays = {name: report.values[slot] for name, slot in slots.items()}
    asked = {name: slot for name, slot in slots.items() if known(report, name, slot)}
    gradients = {f"d{name}": report.back.gradient(slot) for name, slot in asked.items()}
    gradients |= {f"jacobian_{name}": entries for name, entries in (report.jacobian or {}).items()}
    renamed: dict[str, str] = {}
    for wanted, gradient in gradients.items():
        name = wanted
        while name in found:
            name += "_"
        found[name] = gradient
        if name != wanted:
            renamed[wanted] = name
    return found, renamed


def known(report: Report, name: str, slot: int) -> bool:
    """Has the backward pass gone that way? It only looks for what was asked for."""
    program = report.program
    if name in program.inputs or len(report.wrt) == len(program.inputs):
        return name in report.wrt or name not in program.inputs
    return slot == program.output or program.depends_on(report.wrt)[slot]


def npz(arrays: Mapping[str, Any]) -> bytes:
    """The bytes of an .npz file, the same for the same arrays. `numpy.savez` has parameters
    that a name could be mistaken for."""
    stream = io.BytesIO()
    with zipfile.ZipFile(stream, "w") as archive:
        for name, array in arrays.items():
            entry = zipfile.ZipInfo(f"{name}.npy")
            with archive.open(entry, "w", force_zip64=True) as file:
                np.lib.format.write_array(file, np.asarray(array, dtype=float), allow_pickle=False)
    return stream.getvalue()
