"""Square brackets on arrays: what they see, what they take, and what is written through them."""

from __future__ import annotations

from collections.abc import Sequence
from math import prod
from typing import Any

import numpy as np

from backprop.gates.shapes import MismatchError, indexed
from backprop.reading.diagnostics import MisfitError, UnreadError
from backprop.reading.machine import Machine, Told
from backprop.reading.memory import Array, Number, places_of
from backprop.reading.values import depends, described, plain_number

FEW, LARGE = 4, 256  # entries that are added one by one, of an array of at least so many
Part = Any  # an int, a slice, or an Array of places


def parts_of(machine: Machine, array: Array, key: Any) -> tuple[Array, list[Part]]:
    """The array with an axis for every None, and an index for each of the first axes."""
    given = list(key) if isinstance(key, tuple) else [key]
    given = [part for one in given for part in placed(machine, one)]
    used = sum(one is not None and one is not Ellipsis for one in given)
    if used > len(array.shape):
        raise UnreadError(f"{described(array)} can't be indexed {used} times")
    if any(one is Ellipsis for one in given):
        at = next(k for k, one in enumerate(given) if one is Ellipsis)
        rest = [one for one in given[at + 1 :] if one is not Ellipsis]
        given = [*given[:at], *[slice(None)] * (len(array.shape) - used), *rest]
    shape, parts, axis = [], [], 0
    for one in given:
        if one is None:
            shape.append(1)
            parts.append(slice(None))
        else:
            shape.append(array.shape[axis])
            parts.append(one)
            axis += 1
    if len(shape) > axis:
        array = machine.reshaped(array, (*shape, *array.shape[axis:]))
    while parts and isinstance(parts[-1], slice) and parts[-1] == slice(None):
        parts.pop()
    return array, parts


def placed(machine: Machine, part: Any) -> list[Part]:
    """One part of an index as ints, slices and arrays of places."""
    part = plain_number(part)
    if part is None or part is Ellipsis:
        return [part]
    if isinstance(part, bool):
        raise UnreadError("True and False can't be an index")
    if isinstance(part, int):
        return [part]
    if isinstance(part, slice):
        return [slice(*(end if end is None else machine.whole_number(end, "an end of a slice")
                        for end in (part.start, part.stop, part.step)))]  # fmt: skip
    if isinstance(part, (list, tuple, range)):
        part = machine.numeric(part)
    if isinstance(part, Number):
        return [machine.array(part)] if float(part.value).is_integer() else [refused(part)]
    if isinstance(part, Array):
        if part.cells.dtype == bool:
            return mask_places(machine, part)
        if part.cells.dtype != int and not np.all(part.cells == np.floor(part.cells)):
            refused(part)
        return [part]
    if isinstance(part, float) and part.is_integer():
        return [int(part)]
    raise UnreadError(f"{described(part)} is not an index")


def refused(part: Any) -> Any:
    raise UnreadError("an index has to be made of whole numbers")


def whole_places(machine: Machine, array: Array) -> Any:
    """The whole numbers of an array that has to be known; those that values decide are a guard."""
    if not np.all(array.cells == np.floor(array.cells)):
        refused(array)
    found = array.cells.astype(int)
    if array.depends:
        leaf = array.read(machine.recorder)
        machine.whole.add(leaf)
        machine.guard(leaf, "whole", found)
    return found


def mask_places(machine: Machine, mask: Array) -> list[Part]:
    """The places where a mask is true. A mask that values decide is a guard."""
    if mask.depends:
        machine.guard(mask.read(machine.recorder), "truth", mask.cells.copy())
    if not mask.shape:
        raise UnreadError("a mask has to be an array")
    return [Array.new(places) for places in np.nonzero(mask.cells)]


def is_basic(parts: Sequence[Part]) -> bool:
    return not any(isinstance(part, Array) for part in parts)


def numpy_key(parts: Sequence[Part]) -> tuple[Any, ...]:
    return tuple([p.cells.astype(int) if isinstance(p, Array) else p for p in parts])


def checked(array: Array, parts: Sequence[Part]) -> None:
    """Whole numbers have to lie inside."""
    for axis, (part, size) in enumerate(zip(parts, array.shape, strict=False)):
        if isinstance(part, slice):
            if part.step == 0:
                raise UnreadError("the step of a slice can't be 0")
            continue
        if isinstance(part, int):
            if -size <= part < size:
                continue
            raise MisfitError(f"axis {axis} of {described(array)} has no entry {str(part)[:20]}")
        places = part.cells
        bad = places[(places < -size) | (places >= size)]
        if bad.size:
            raise MisfitError(f"axis {axis} of {described(array)} has no entry {bad.flat[0]:g}")


def entry_at(array: Array, key: Any) -> tuple[int, ...] | None:
    """The place of a single entry that an index of Python's own whole numbers points at; None if
    it is another index, or points outside."""
    place = key if key.__class__ is tuple else (key,)
    shape = array.cells.shape
    if len(place) != len(shape):
        return None
    for part, side in zip(place, shape, strict=True):
        if part.__class__ is not int or not -side <= part < side:
            return None
    return place


def taken(machine: Machine, array: Array, key: Any) -> Any:
    """What an index of an array comes to: a view, an entry, or a copy of chosen entries."""
    place = entry_at(array, key)
    if place is not None:
        return array.element(machine.recorder, place)
    viewed = key is Ellipsis or (isinstance(key, tuple) and any(one is Ellipsis for one in key))
    array, parts = parts_of(machine, array, key)
    checked(array, parts)
    if is_basic(parts):
        single = len(parts) == len(array.shape) and all(isinstance(part, int) for part in parts)
        if single and not viewed:
            return array.element(machine.recorder, tuple(parts))
        if not parts:
            return array
        place = tuple(parts)
        return array.view(machine.recorder, "index", place, lambda cells: cells[(*place, ...)])
    if not array.depends and not any(map(depends, parts)):
        machine.recorder.budget.room(chosen_shape(array, parts))
        return Array.new(array.cells[numpy_key(parts)].copy(order="K"))
    fed: list[Any] = []
    for part in parts:
        if isinstance(part, Array) and part.depends:
            machine.whole.add(part.read(machine.recorder))
            fed.append(part)
        else:
            fed.append(Told(part.cells.astype(float) if isinstance(part, Array) else part))
    found = machine.apply("index", array, *fed)
    if isinstance(found, Array) and array.cells.dtype == bool:
        found.cells = found.memory.cells = found.cells != 0
    return found


def chosen_shape(array: Array, parts: Sequence[Part]) -> tuple[int, ...]:
    """The shape of what an index with places chooses."""
    try:
        return indexed(array.shape, *[p.shape if isinstance(p, Array) else p for p in parts])
    except MismatchError:
        raise MisfitError("the shapes of these indices don't fit together") from None


def put(machine: Machine, array: Array, key: Any, value: Any) -> None:
    """`array[key] = value`, seen by everything that shares the memory."""
    place = entry_at(array, key)
    if place is not None and value.__class__ in (Number, float):
        put_entry(machine, array, place, value)
        return
    value = machine.numeric(value, "what is assigned")
    if (
        (mask := dependent_mask(key)) is not None
        and mask.shape == array.shape
        and not (isinstance(value, Array) and value.shape)
    ):
        write(machine, array, (Ellipsis,), machine.apply("where", mask, value, array))
        return
    array, parts = parts_of(machine, array, key)
    checked(array, parts)
    for part in parts:
        if isinstance(part, Array) and part.depends:
            whole_places(machine, part)
    write(machine, array, numpy_key(parts) if parts else (Ellipsis,), value)


def put_entry(machine: Machine, array: Array, place: tuple[int, ...], value: Any) -> None:
    """A number into a single entry."""
    recorder = machine.recorder
    recorder.budget.compute(1)
    if value.__class__ is Number:
        as_floats(array)
        array.write(recorder, place, value.value, value.leaf)
    else:
        array.write(recorder, place, value, recorder.leaf_of(value) if array.depends else None)


def as_floats(array: Array) -> None:
    """An array of whole numbers that are all 0 is taken as one of floats, as something that
    depends on an input is written into it."""
    if array.cells.dtype == float:
        return
    if array.memory.leaf is not None or array.parent is not None or np.any(array.cells):
        raise UnreadError(
            "this array holds whole numbers, so NumPy would cut off the fractions",
            "make it of floats: np.zeros(...)",
        )
    array.cells = array.memory.cells = array.cells.astype(float)


def dependent_mask(key: Any) -> Array | None:
    is_mask = isinstance(key, Array) and key.cells.dtype == bool and key.depends
    return key if is_mask else None


def write(machine: Machine, array: Array, key: tuple[Any, ...], value: Any) -> None:
    try:
        shape = np.shape(array.cells[key])
    except (IndexError, ValueError):
        raise MisfitError("the shapes of these indices don't fit together") from None
    machine.recorder.budget.compute(prod(shape))
    value = without_ones(machine, plain_number(value), len(shape))
    cells: Any = value.cells if isinstance(value, Array) else (
        value.value if isinstance(value, Number) else value
    )  # fmt: skip
    if depends(value):
        as_floats(array)
    try:
        np.broadcast_to(cells, shape)
    except ValueError:
        what = described(value)
        raise MisfitError(f"{what} doesn't fit where {'x'.join(map(str, shape)) or 'one number'}"
                          " is written") from None  # fmt: skip
    leaf = machine.leaf(value) if depends(value) else None
    if leaf is None and array.depends:
        leaf = machine.recorder.leaf_of(
            np.array(cells, dtype=float) if np.ndim(cells) else float(cells)
        )
    with np.errstate(all="ignore"):  # of what doesn't fit into whole numbers
        array.write(machine.recorder, key, cells, leaf)


def without_ones(machine: Machine, value: Any, axes: int) -> Any:
    """A value without the axes of 1 before those that it is written into, which NumPy ignores."""
    if not isinstance(value, Array) or len(value.shape) <= axes:
        return value
    extra = len(value.shape) - axes
    if value.shape[:extra] != (1,) * extra:
        return value
    return machine.reshaped(value, value.shape[extra:])


def add_at(machine: Machine, array: Array, key: Any, value: Any) -> None:
    """np.add.at: repeated places add up."""
    inner, parts = parts_of(machine, array, key)
    checked(inner, parts)
    value = machine.numeric(value)
    if not depends(value) and not inner.depends:
        np.add.at(inner.cells, numpy_key(parts), machine.worth(value))
        return
    for part in parts:
        if isinstance(part, Array) and part.depends:
            whole_places(machine, part)
    entries = few_entries(inner, parts)
    if entries and isinstance(value, Array) and value.cells.size == 1:
        value = machine.element(value)
    if entries and not isinstance(value, Array):
        for at in entries:  # as a loop would, in time that doesn't depend on the size of the array
            one = machine.binary("add", taken(machine, inner, at), machine.numeric(value))
            put(machine, inner, at, one)
        return
    added = machine.apply("add_at", inner, value, Told(places_of(numpy_key(parts))))
    write(machine, inner, (Ellipsis,), added)


def few_entries(array: Array, parts: Sequence[Part]) -> list[tuple[int, ...]]:
    """The entries that an index names one by one, if these are few of many."""
    named = [part.cells.astype(int) if isinstance(part, Array) else part for part in parts]
    if len(parts) < len(array.shape) or any(isinstance(part, slice) for part in named):
        return []
    places = np.broadcast_arrays(*named)
    if places[0].size > FEW or array.cells.size < LARGE:
        return []
    return list(zip(*[place.ravel().tolist() for place in places], strict=True))
