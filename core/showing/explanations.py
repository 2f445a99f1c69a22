"""An explanation as a sheet."""

from __future__ import annotations

from collections.abc import Iterator

from backprop.explaining.explanation import Explanation
from backprop.showing.sheets import HEAD, NOTE, Line, Part


def parts(found: Explanation) -> Iterator[Part]:
    yield Line(found.title, HEAD)
    if found.stages:
        yield Line("\nForward")
    for told in found.stages:
        yield Line(f"{f'({told.id})':>6} {told.forward}")
    if found.stages:
        yield Line("\nBackward")
    for told in reversed(found.stages):
        yield Line(f"{f'({told.id})':>6} {told.name} = {told.code}. {told.gradient}")
        if told.passes:
            yield Line(f"       {told.rule}")
        for line in told.passes:
            yield Line(f"         {line}")
        for remark in told.remarks:
            yield Line(f"       Note: {remark}.")
    if found.meanings:
        yield Line("\nWhat the gradient says")
    for meaning in found.meanings:
        yield Line(f"  {meaning.sum}. {meaning.words}".rstrip())
    if found.notes:
        yield Line("")
    for note in found.notes:
        yield Line(f"note: {note}", NOTE)
