"""Text or Program in, the program of its derivatives out."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

from backprop.answer.evaluation import arrays_in, checked_program, checked_values, prepared, staged
from backprop.answer.values import checked_wrt
from backprop.engine.numbers import uncollected
from backprop.errors import UsageError
from backprop.program.deriving import Derived, derived
from backprop.program.program import Program


@uncollected()
def derive(
    program: Any,
    values: Mapping[str, Any] | None = None,
    /,
    *,
    wrt: Iterable[str] | str | None = None,
    ties: str = "split",
    shapes: Sequence[str] = (),
    spare: Collection[str] = (),
    **named: Any,
) -> Derived:
    """The derivatives of a program as a program: `text`, and the names of its `results`.

    Values are only needed for their shapes, where there are arrays.
    """
    given = {**checked_values(values), **named}
    checked_program(program)
    if not isinstance(program, Program):
        if hasattr(program, "at") and not hasattr(program, "code"):
            raise UsageError(
                "derive writes programs in the tool's own language, and reads no source"
            )
        tree, _ = prepared(program, None, spare)
        program = of_shapes(tree, given, shapes)
    names = program.variables if wrt is None else checked_wrt(program, listed(wrt))
    if not names:
        raise UsageError("there is no input to differentiate by")
    return derived(program, names, ties)


def listed(wrt: Iterable[str] | str) -> list[str]:
    return [name.strip() for name in (wrt.split(",") if isinstance(wrt, str) else wrt)]


def of_shapes(tree: Any, given: Mapping[str, Any], shapes: Sequence[str]) -> Program:
    """The program for values and arrays of these shapes."""
    if shapes:
        from backprop.answer.dimensions import dimensions
        from backprop.answer.sizes import read_shapes

        return dimensions(tree, given, read_shapes(shapes)).program
    arrays = {name: array.shape for name, array in arrays_in(given, 0).items()}
    return staged(tree, given, "written", True, arrays)
