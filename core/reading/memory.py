"""Numbers and arrays that are recorded: what they are worth, and the leaf that stands for them.

An array has real memory, NumPy's own, so views share it and writing shows wherever it has to.
Beside it stands what was recorded: the leaf of what the memory held at first, and the writes
since then. Many writes become one gate, when somebody reads what they have changed.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np

from backprop.gates.shapes import Places
from backprop.reading.budget import Live
from backprop.reading.recorder import Recorder

PENDING = 100_000  # entries that wait to be written, of an array without any
Index = Any  # what stands in square brackets, as NumPy takes it


@dataclass(frozen=True, slots=True)
class Number:
    """A number that depends on an input."""

    value: float
    leaf: str


class Write(NamedTuple):
    leaf: str
    ids: Any  # which entries of the memory it changed
    places: Places
    whole: bool = True  # is there a number for each of these entries?


class Memory:
    """The memory of an array and of all views of it."""

    def __init__(self, cells: Any, leaf: str | None) -> None:
        self.size = 0
        Live.take(cells.size)
        self.size = cells.size
        self.cells = cells
        self.leaf = leaf  # None while nothing in it depends on an input
        self.name = ""  # that of the first variable that held it
        self.version = 0
        self.writes: list[Write] = []
        self.pending = 0  # entries that all writes have together
        self.owner: Any = None  # the write that each entry was last changed by, or -1

    def __del__(self) -> None:
        Live.give(self.size)

    @cached_property
    def ids(self) -> Any:
        """A number for every entry."""
        return np.arange(self.cells.size).reshape(self.cells.shape)

    def write(self, found: Write) -> None:
        if self.owner is None:
            self.owner = np.full(self.cells.size, -1)
        self.owner[found.ids] = len(self.writes)
        self.writes.append(found)
        self.version += 1
        self.pending += np.size(found.ids)

    def settle(self, recorder: Recorder) -> str:
        """The leaf of the whole memory, with all that was written."""
        assert self.leaf is not None
        if self.writes:
            leaves = [self.leaf]
            for write in self.writes:
                leaves += [write.leaf, recorder.told(write.places)]
            self.leaf = recorder.record("put", leaves)
            if self.name:
                recorder.name(self.leaf, self.name)
            self.writes, self.owner, self.pending = [], None, 0
        return self.leaf


class Array:
    """An array, or a view of one: `way` is how what is looked at is taken from all of it."""

    __slots__ = ("cells", "memory", "parent", "recorded", "version", "way")

    def __init__(
        self, cells: Any, memory: Memory, parent: Array | None = None,
        recorded: tuple[str, tuple[Any, ...]] | None = None,
        way: Callable[[Any], Any] | None = None,
    ) -> None:  # fmt: skip
        self.cells = cells
        self.memory = memory
        self.parent = parent
        self.recorded = recorded  # the gate and what it is told, that makes the view
        self.way = way
        self.version: tuple[int, str] | None = None

    @classmethod
    def new(cls, cells: Any, leaf: str | None = None) -> Array:
        cells = np.asarray(cells)
        return cls(cells, Memory(cells, leaf))

    @property
    def depends(self) -> bool:
        return self.memory.leaf is not None

    @property
    def value(self) -> Any:
        """The entries, which change as somebody writes."""
        return self.cells

    @property
    def shape(self) -> tuple[int, ...]:
        found: tuple[int, ...] = self.cells.shape
        return found

    def ids(self) -> Any:
        """Which entries of the memory it sees."""
        if self.parent is None or self.way is None:
            return self.memory.ids
        return self.way(self.parent.ids())

    def read(self, recorder: Recorder) -> str:
        """The leaf of what it holds now."""
        memory = self.memory
        if memory.leaf is None:
            return recorder.leaf_of(self.cells.astype(float))
        if memory.writes and (known := self.written(recorder)):
            return known
        if self.parent is None or self.recorded is None:
            return memory.settle(recorder)
        if self.version and self.version[0] == memory.version:
            return self.version[1]
        before = self.parent.read(recorder)
        gate, told = self.recorded
        leaf = recorder.record(gate, [before, *map(recorder.told, told)])
        self.version = (memory.version, leaf)
        return leaf

    def written(self, recorder: Recorder) -> str | None:
        """The leaf of what was written here, if it is exactly that; or of what it was before."""
        ids = np.asarray(self.ids())
        write = self.last_write(ids)
        if write is None:
            return None
        return self.before(recorder) if write is BEFORE else write.leaf

    def last_write(self, ids: Any) -> Write | None:
        """What wrote these entries, BEFORE if nothing did; None if it takes several to say."""
        memory = self.memory
        owners = memory.owner[ids]
        first = int(owners.flat[0]) if owners.size else -1
        if not (owners == first).all():
            return None
        if first < 0:
            return BEFORE
        write = memory.writes[first]
        same = (
            write.whole and np.shape(write.ids) == np.shape(ids) and np.array_equal(write.ids, ids)
        )
        return write if same else None

    def before(self, recorder: Recorder) -> str:
        """The leaf of what is seen of the memory as it was before all writes."""
        chain: list[Array] = []
        here: Array | None = self
        while here is not None and here.recorded is not None:
            chain.append(here)
            here = here.parent
        leaf = self.memory.leaf
        assert leaf is not None
        for view in reversed(chain):
            assert view.recorded is not None
            gate, told = view.recorded
            leaf = recorder.record(gate, [leaf, *map(recorder.told, told)])
        return leaf

    def view(
        self, recorder: Recorder, gate: str, told: tuple[Any, ...], way: Callable[[Any], Any]
    ) -> Array:
        """What a gate makes of it, sharing its memory where NumPy does."""
        cells = way(self.cells)
        if cells.size and np.may_share_memory(cells, self.memory.cells):
            return Array(cells, self.memory, self, (gate, told), way)
        leaf = None
        if self.depends:
            leaf = recorder.record(gate, [self.read(recorder), *map(recorder.told, told)])
        return Array.new(np.array(cells), leaf)

    def element(self, recorder: Recorder, key: tuple[int, ...]) -> float | Number:
        """A single entry."""
        value = self.cells[key]
        if not self.depends:
            kinds: dict[str, type] = {"f": float, "b": bool}
            return kinds.get(value.dtype.kind, int)(value)  # type: ignore[no-any-return]
        if self.memory.writes:
            owner = int(self.memory.owner[self.ids()[key]])
            write = self.memory.writes[owner] if owner >= 0 else BEFORE
            if write is not BEFORE and write.whole and np.ndim(write.ids) == 0:
                return Number(float(value), write.leaf)
            before = self.before(recorder) if write is BEFORE else self.read(recorder)
        else:
            before = self.read(recorder)
        leaf = recorder.record("index", [before, *map(recorder.told, key)])
        return Number(float(value), leaf)

    def same(self) -> Array:
        """Another array that is the same view."""
        return Array(self.cells, self.memory, self.parent, self.recorded, self.way)

    def reshape(self, view: Array) -> None:
        """Become another view of the same memory."""
        self.cells, self.memory, self.parent = view.cells, view.memory, view.parent
        self.recorded, self.way, self.version = view.recorded, view.way, None

    def write(self, recorder: Recorder, key: Index, value: Any, leaf: str | None) -> None:
        """Put a value where an index points. `leaf` is None for a constant."""
        memory = self.memory
        whole = self.parent is None and len(key) == 1 and key[0] is Ellipsis
        if leaf is not None and whole and np.shape(value) == self.shape:  # everything is new
            self.cells[key] = value
            memory.leaf, memory.writes, memory.owner, memory.pending = leaf, [], None, 0
            memory.version += 1
            return
        if leaf is not None and memory.leaf is None:
            memory.leaf = recorder.leaf_of(memory.cells.astype(float))
        if memory.leaf is not None:
            ids = np.array(self.ids()[key])
            places = places_of(key) if self.parent is None else Places(ids, flat=True)
            leaf = leaf if leaf is not None else recorder.leaf_of(value)
        self.cells[key] = value
        if memory.leaf is not None:
            whole = np.shape(value) == np.shape(ids)
            memory.write(Write(str(leaf), ids, places, whole))
            if memory.pending > 4 * memory.size + PENDING:
                memory.settle(recorder)


BEFORE = Write("", None, Places(()))


def places_of(key: Index) -> Places:
    return Places(key, text=index_text(key))


def index_text(key: Index) -> str:
    """An index as it is written."""
    return ", ".join(map(part_text, key if isinstance(key, tuple) else (key,)))


def part_text(part: Any) -> str:
    if isinstance(part, slice):
        ends = ["" if end is None else str(end) for end in (part.start, part.stop)]
        return ":".join([*ends, *([str(part.step)] if part.step is not None else [])])
    if part is Ellipsis:
        return "..."
    if isinstance(part, np.ndarray) and part.ndim:
        size = part.size
        return str(part.tolist()).replace(" ", "") if size <= 4 else f"[{size} places]"
    return str(part)
