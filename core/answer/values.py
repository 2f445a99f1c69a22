"""What users give for a program's inputs: numbers, or texts that are constant expressions."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from backprop.engine.kinds import kind_of
from backprop.errors import BackpropError, MissingValueError, UsageError, closest, listed
from backprop.language.parser import parse
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.program.stager import MAKERS

PLAIN = frozenset("0123456789.eE+-")  # what an ordinary number is written with
MAKES = re.compile(rf"\[|\b(?:{'|'.join(MAKERS)})\s*\(")  # what only arrays are written with
NOT_FINITE = {"inf": math.inf, "infinity": math.inf, "nan": math.nan}

Value = Any  # str | SupportsFloat | an array, or nested lists of numbers


def number(name: str, value: Value) -> Any:
    """The float that `value` stands for: a number, or the text of a constant expression."""
    if not isinstance(value, str):
        if getattr(value, "ndim", 0):
            return value  # an array, which was looked at when its shape was read
        try:
            return float(value)
        except OverflowError:
            raise UsageError(f"the value of {name} is larger than any float") from None
        except (TypeError, ValueError):
            raise UsageError(f"the value of {name} is not a number: {str(value)[:40]}") from None
    text = value.strip()
    if PLAIN.issuperset(text):
        try:
            found = float(text)
        except ValueError:
            return constant(name, text)
        if math.isfinite(found):
            return found
    bare = text.lstrip("+-").lower()
    if bare in NOT_FINITE:
        return -NOT_FINITE[bare] if text.startswith("-") else NOT_FINITE[bare]
    return constant(name, text)


def constant(name: str, text: str, seed: Sequence[int] = ()) -> Any:
    """The value of an expression without variables; an array, if it makes one."""
    origin = f"the value of {name}"
    if not text:
        raise UsageError(f"{origin} is empty", hint=f"give a number: {name}=1.5")
    try:
        program = stage(parse(text), seed=seed)
    except BackpropError as error:
        error.origin = origin
        raise
    if program.names and not program.inputs:
        raise UsageError(f"{origin} is one expression, without names of its own")
    if program.inputs:
        node = next(iter(program.inputs))
        where = program.tree.spans[program.tree.names[node]]
        raise UsageError(
            f"{node} is not a number", text=text, span=where, origin=origin,
            hint="a value is a number or an expression of numbers, such as pi/3",
        )  # fmt: skip
    return kind_of(program).forward(program, {})[program.output]


def point(
    program: Program, given: Mapping[str, Value], *, allow_nonfinite: bool = False
) -> dict[str, Any]:
    """A number or an array for every input, or an error that names what is amiss."""
    for name in given:
        if name not in program.inputs:
            if name in program.names:
                raise UsageError(f"{name} is computed by the program, so it can't be given a value")
            raise unknown_variable(name, program)
    missing = [
        name for name in program.inputs if name not in given and name not in program.defaults
    ]
    if missing:
        raise MissingValueError(missing)
    values = {
        name: number(name, given[name]) if name in given else program.defaults[name]
        for name in program.inputs
    }
    if not allow_nonfinite:
        for name, value in values.items():
            check_finite(name, value)
    return values


def unknown_variable(name: str, program: Program) -> UsageError:
    """The program has no such variable, but perhaps one of almost that name."""
    return no_variable(name, list(program.inputs))


def no_variable(name: str, inputs: list[str]) -> UsageError:
    near = closest(name, inputs)
    has = listed(inputs) or "no variables"
    return UsageError(
        f"the program has no variable {name}; it has {has}",
        hint=f"did you mean {near}?" if near else "",
    )


def check_finite(name: str, value: Any) -> None:
    if isinstance(value, float):
        bad = [] if math.isfinite(value) else [value]
    else:
        from backprop.arithmetic.arrays import finite

        bad = [] if finite(value) else [entry for entry in value.flat if not math.isfinite(entry)]
    if bad:
        what = "is" if isinstance(value, float) else "has an entry"
        hint = "--allow-nonfinite lets infinite and undefined inputs through"
        raise UsageError(f"the value of {name} {what} {bad[0]}, not a finite number", hint=hint)


def checked_wrt(program: Program, wrt: Iterable[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(wrt))
    for name in names:
        if name not in program.inputs:
            near = closest(name, list(program.inputs))
            if set(name.split()) <= set(program.inputs) and name:
                hint = f"separate names by commas: {','.join(name.split())}"
            else:
                hint = f"did you mean {near}?" if near else ""
            has = listed([*program.inputs]) or "no variables"
            raise UsageError(
                f"wrt names {name or 'nothing'}, which is not a variable; the program has {has}",
                hint=hint,
            )
    return names
