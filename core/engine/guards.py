"""Guards: what was decided by values while a source was read, and whether it holds elsewhere."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backprop.arithmetic.texts import COMPARISONS
from backprop.errors import UsageError
from backprop.language.syntax import Guard
from backprop.program.program import Notice, Program


def broken(program: Program, values: Sequence[Any]) -> Guard | None:
    """The first guard that does not hold at these values."""
    for slot, guard in program.guards:
        if not holds(guard, values[slot]):
            return guard
    return None


def holds(guard: Guard, value: Any) -> bool:
    if guard.test == "truth":
        return alike(value != 0, guard.expected)
    if guard.test == "whole":
        return alike(value, guard.expected)
    import numpy as np

    if guard.test == "cut":
        return bool(np.isfinite(value)) and int(value) == guard.expected
    name, _, axis = guard.test.partition(" ")  # argmax, argmin, argsort along an axis
    along = None if axis == "None" else int(axis)
    how = {"kind": "stable"} if name == "argsort" else {}
    found = getattr(np, name)(np.asarray(value), axis=along, **how)
    return alike(found, np.reshape(guard.expected, np.shape(found)))


def held(program: Program, columns: Mapping[str, Any], rows: int) -> Any:
    """For which rows of columns of numbers all guards hold."""
    import numpy as np

    from backprop.arithmetic.arrays import ARRAYS, IGNORED

    found = np.ones(rows, dtype=bool)
    needed = before(program, [slot for slot, _ in program.guards])
    values: dict[int, Any] = {slot: ARRAYS.number(c) for slot, c in program.used_constants}
    values |= {slot: columns[name] for name, slot in program.inputs.items() if slot in needed}
    with np.errstate(**IGNORED):
        for slot, gate, operands in program.forward_steps():
            if slot in needed:
                values[slot] = ARRAYS.value[gate](*[values[operand] for operand in operands])
        for slot, guard in program.guards:
            found &= row_holds(guard, np.asarray(values[slot]))
    return found


def row_holds(guard: Guard, column: Any) -> Any:
    """Where a guard on numbers holds."""
    import numpy as np

    if guard.test == "truth":
        return (column != 0) == bool(guard.expected)
    if guard.test == "whole":
        return column == guard.expected
    assert guard.test == "cut", "orders are of arrays"
    return np.isfinite(column) & (np.trunc(column) == guard.expected)


def before(program: Program, slots: Sequence[int]) -> set[int]:
    """These slots, and all that they are made of."""
    needed = set(slots)
    waiting = list(slots)
    while waiting:
        fresh = [one for one in program.operands[waiting.pop()] if one not in needed]
        needed.update(fresh)
        waiting += fresh
    return needed


def alike(found: Any, expected: Any) -> bool:
    same = found == expected
    return bool(same.all()) if hasattr(same, "all") else bool(same)


def check_guards(program: Program, values: Sequence[Any]) -> None:
    """An error where a source would have gone another way at these values."""
    found = broken(program, values)
    if found is not None:
        raise UsageError(
            "at these values the source goes another way than where it was read",
            text=program.text, span=found.span, origin=str(program.tree.source.get("file", "")),
        )  # fmt: skip


def tied(program: Program, values: Sequence[Any]) -> Iterator[Notice]:
    """A notice for every condition of a source that is just where it switches: a hair away the
    source goes another way, which is not looked at."""
    for slot, _ in program.guards:
        gate, operands = program.gates[slot], program.operands[slot]
        fed = [values[operand] for operand in operands]
        if gate in COMPARISONS and alike(fed[0], fed[1]):
            line, _ = program.where(slot)
            code = program.stage(slot, 0).code
            text = f"line {line}: {code} is just where it switches, so the source goes another way"
            yield Notice("guard", f"{text} beside this point", program.labels[slot])
