"""Sums over rows, for every value of a column or for all rows together."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import nan, prod
from typing import Any, Self

import numpy as np

from backprop.batching.columns import lined
from backprop.batching.sums import Sums, rounded
from backprop.errors import LimitError, UsageError
from backprop.tables.frames import Frame, polars

MOST = 1_000_000
NUMBER = "a number"
NAN = "NaN"  # nan as a key, which would be another one every time


class Groups:
    """Sums of columns. Where some are arrays, the first is of numbers, and `totals` has the entries
    of all others as if each were a group."""

    def __init__(self, columns: int, shapes: Sequence[tuple[int, ...]] | None = None) -> None:
        self.shapes = shapes
        self.sums = Sums(columns if shapes is None else 1)
        self.totals = Sums(1)
        self.codes: dict[Any, int] = {}  # a value of the column -> its group, in order of coming
        self.kind = ""  # of these values

    def add(self, answers: Sequence[Any], keys: Any = None) -> None:
        """Add rows to the groups that their keys name; to the only one if there are no keys."""
        if keys is None:
            self.sums.add(answers)
            return
        if keys.is_empty():
            return
        codes = self.codes_of(keys)
        self.sums.add(answers[: len(self.sums.digits)], codes, len(self.codes))
        if self.entries:
            flat = np.concatenate([lined(one) for one in answers[1:]], axis=1)
            places = codes[:, None] * self.entries + np.arange(self.entries)
            groups = len(self.codes) * self.entries
            self.totals.add([flat.ravel()], places.ravel(), groups)

    @cached_property
    def entries(self) -> int:
        """How many numbers the gradient has, if it has arrays."""
        return sum(map(prod, self.shapes or ()))

    def add_sums(self, values: Any, totals: Sequence[Sequence[Any]]) -> None:
        """Add rows of which gradients are summed already, block by block."""
        self.sums.add([values])
        for block in totals if self.entries else ():
            flat = np.concatenate([np.ravel(one) for one in block])
            self.totals.add([flat], np.arange(self.entries), self.entries)

    def codes_of(self, keys: Any) -> Any:
        """The group of each row."""
        kind = keys.dtype
        if not (kind.is_numeric() or kind in (polars.Boolean, polars.String)) or kind.is_decimal():
            keys = as_text(keys)
        if keys.null_count() < len(keys):
            self.check_kind(kind_of(keys.dtype))
        distinct = keys.unique(maintain_order=True)
        known = [self.code(key) for key in distinct.to_list()]
        return keys.replace_strict(distinct, known, return_dtype=polars.Int64).to_numpy()

    def check_kind(self, kind: str) -> None:
        """The same column may be of another kind in another file, and 1 is not "1" or true."""
        self.kind = self.kind or kind
        if kind != self.kind:
            raise UsageError(
                f"rows can't be grouped by what is {self.kind} in one file and {kind} in another",
                hint="all files may be CSV, or all Parquet with the same types",
            )

    def code(self, key: Any) -> int:
        key = NAN if key != key else key
        if key not in self.codes and len(self.codes) == MOST:
            raise LimitError(f"there are more than {MOST:,} groups", hint="group by another column")
        return self.codes.setdefault(key, len(self.codes))

    def value(self, key: Any) -> Any:
        """What a key stands for."""
        return nan if self.kind == NUMBER and key == NAN else key

    def merge(self, other: Groups) -> None:
        if other.kind:
            self.check_kind(other.kind)
        codes = [self.code(key) for key in other.codes]
        self.sums.merge(other.sums, codes or None)
        size = self.entries
        places = [code * size + k for code in codes for k in range(size)]
        self.totals.merge(other.totals, places or None)

    def table(self, names: Sequence[str], how: str, by: str | None) -> Frame:
        """A row for every group: how many rows it has, and its sums or means."""
        found = self.sums.mean if how == "mean" else self.sums.total
        groups = range(self.sums.groups)
        keys = {} if by is None else {by: [self.value(key) for key in self.codes]}
        if self.shapes is None:
            answers: dict[str, Any] = {
                name: [found(column, group) for group in groups]
                for column, name in enumerate(names)
            }
        else:
            answers = {names[0]: [found(0, group) for group in groups]}
            answers |= dict(zip(names[1:], self.arrays(how), strict=True))
        return polars.DataFrame({**keys, "rows": self.sums.counts, **answers}, strict=False)

    def arrays(self, how: str) -> Iterator[Any]:
        """The sums or means of the gradients, the groups in front."""
        counts = self.sums.counts
        flat = np.zeros((len(counts), self.entries))
        for group, rows in enumerate(counts):
            for k in range(self.entries):
                count = rows if how == "mean" else 1
                flat[group, k] = rounded(self.totals.whole(0, group * self.entries + k), count)
        place = 0
        for shape in self.shapes or ():
            size = prod(shape)
            yield flat[:, place : place + size].reshape((len(counts), *shape))
            place += size

    def state(self) -> dict[str, Any]:
        shapes = None if self.shapes is None else [list(shape) for shape in self.shapes]
        return {
            "keys": [*self.codes], "kind": self.kind, "sums": self.sums.state(), "shapes": shapes,
            "totals": self.totals.state(),
        }  # fmt: skip

    @classmethod
    def empty(cls, columns: int, shapes: Sequence[Sequence[int]] | None) -> Self:
        return cls(columns, None if shapes is None else [tuple(shape) for shape in shapes])

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        found = cls.empty(0, state["shapes"])
        found.totals = Sums.restored(state["totals"])
        found.kind = state["kind"]
        found.sums = Sums.restored(state["sums"])
        found.codes = {key: code for code, key in enumerate(state["keys"])}
        return found


def kind_of(held: Any) -> str:
    if held == polars.String:
        return "text"
    return "true or false" if held == polars.Boolean else NUMBER


def as_text(keys: Any) -> Any:
    kind = keys.dtype
    if kind.is_nested() or kind in (polars.Binary, polars.Duration):
        raise UsageError(f"rows can't be grouped by {kind}")
    return keys.cast(polars.String)
