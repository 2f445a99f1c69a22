"""A call of a function of the table: arguments by name, and errors of what can't be computed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from backprop.gates import find
from backprop.language.spellings import IGNORED, SAME_ARGUMENT, Spelling
from backprop.reading import indexing
from backprop.reading.diagnostics import UnreadError
from backprop.reading.library.table import FUNCTIONS
from backprop.reading.machine import CALL_STEPS, Machine
from backprop.reading.memory import Array
from backprop.reading.values import is_numeric

SPELLED = {"amax": "max", "amin": "min", "amax_alone": "amax", "amin_alone": "amin"}
DROPPED = frozenset(["dtype", "out", "overwrite_input", "sorted"])  # positions that change nothing


def call(
    machine: Machine, spelling: Spelling, module: str, fed: Sequence[Any], named: Mapping[str, Any]
) -> Any:
    """Call a function of the table."""
    machine.step(CALL_STEPS)
    into = named.get("out")
    if isinstance(into, Array):
        named = {name: value for name, value in named.items() if name != "out"}
    given = bound(spelling, fed, named)
    around = machine.torch
    if module != ".":  # only of a method nobody knows whose it is
        machine.torch = module == "torch"
    try:
        with np.errstate(all="ignore"):
            found = computed(machine, spelling.name, given)
        if isinstance(into, Array):
            indexing.write(machine, into, (Ellipsis,), machine.numeric(found))
            return into
        return found
    except (ValueError, TypeError, IndexError, OverflowError, ZeroDivisionError) as problem:
        text = str(problem).partition("\n")[0][:100]
        raise UnreadError(f"{spelling.name} can't be computed of these: {text}") from None
    finally:
        machine.torch = around


def computed(machine: Machine, name: str, given: dict[str, Any]) -> Any:
    if machine.torch and name in ("var", "std") and "ddof" not in given:
        given["ddof"] = 1 if given.pop("unbiased", True) else 0
    if name in FUNCTIONS:
        return FUNCTIONS[name](machine, **given)
    return elementwise(machine, name, [*given.values()])


def bound(spelling: Spelling, fed: Sequence[Any], named: Mapping[str, Any]) -> dict[str, Any]:
    """Arguments by the names of the table; an error says what is not taken."""
    found: dict[str, Any] = {}
    names = [name for name, _ in spelling.parameters]
    for place, value in enumerate(fed):
        if place < len(names):
            name = names[place]
            if name in ("dtype", "out") and isinstance(value, bool):
                name = "keepdims"  # where PyTorch has it
            elif name in ("dtype", "out") and is_numeric(value):
                several = f"({described_axes(fed)})"
                called = SPELLED.get(spelling.name, spelling.name)
                raise UnreadError(
                    f"{called} takes one axis, or several in brackets",
                    f"write axis={several}" if several != "()" else "",
                )
            found[name] = value
        elif spelling.rest:
            found.setdefault(spelling.rest, []).append(value)
        else:
            raise UnreadError(f"{spelling.name} takes {counted(len(names))}, not {len(fed)}")
    for given, value in named.items():
        name = (
            given if given in names or given == spelling.rest else SAME_ARGUMENT.get(given, given)
        )
        if name in IGNORED:
            if name == "out" and value is not None:
                raise UnreadError("`out=` can't be read", "assign the result instead")
            if name == "order" and value in ("F", "f"):
                if spelling.name not in ("reshape", "ravel"):
                    raise UnreadError(f"order='F' can't be read for {spelling.name}")
                found["order"] = "F"
            continue
        if name == spelling.rest:
            found[name] = list(value) if isinstance(value, (tuple, list)) else [value]
        elif name in names or name in spelling.named or name in ("unbiased", "keepdims"):
            found[name] = value
        else:
            raise UnreadError(f"{spelling.name} takes no argument {given}")
    if spelling.rest:
        found.setdefault(spelling.rest, [])
    lacking = [name for name, optional in spelling.parameters if not optional and name not in found]
    if lacking:
        raise UnreadError(f"{spelling.name} needs the argument {lacking[0]}")
    return {name: value for name, value in found.items() if name not in DROPPED}


def counted(count: int) -> str:
    return "1 argument" if count == 1 else f"{count} arguments"


def described_axes(fed: Sequence[Any]) -> str:
    """The whole numbers among arguments that are meant as axes."""
    return ", ".join(str(one) for one in fed[1:] if one.__class__ is int)


def elementwise(machine: Machine, name: str, operands: Sequence[Any]) -> Any:
    """A gate of this name, entry by entry."""
    fed = [machine.numeric(operand) for operand in operands]
    if name in ("add", "sub", "mul", "div", "pow", "lt", "le", "gt", "ge", "eq", "ne"):
        return machine.binary(name, *fed)
    if find(name) is None:
        raise UnreadError(f"the function {name} can't be read yet")
    return machine.apply(name, *fed)
