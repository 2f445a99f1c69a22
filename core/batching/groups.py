"""Sums over rows, for every value of some columns or for all rows together; least and largest."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from math import inf, nan, prod
from typing import Any, Self

import numpy as np

from backprop.batching.columns import lined
from backprop.batching.sums import Sums, rounded
from backprop.errors import LimitError, UsageError
from backprop.tables.frames import Frame, polars

Array = Any
MOST = 1_000_000
NUMBER = "a number"
NAN = "NaN"  # nan as a key, which would be another one every time


class Keys:
    """The values of a column, each with a number, in the order in which they came."""

    def __init__(self, kind: str = "", values: Sequence[Any] = ()) -> None:
        self.kind = kind
        self.codes: dict[Any, int] = {key: code for code, key in enumerate(values)}

    def codes_of(self, keys: Any) -> Array:
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
        return self.codes.setdefault(key, len(self.codes))

    def values(self) -> list[Any]:
        """What the keys stand for."""
        return [nan if self.kind == NUMBER and key == NAN else key for key in self.codes]


class Groups:
    """Sums of columns. Where some are arrays, the first is of numbers, and `totals` has the entries
    of all others as if each were a group."""

    def __init__(
        self, columns: int, shapes: Sequence[tuple[int, ...]] | None = None,
        reductions: Sequence[str] = (),
    ) -> None:  # fmt: skip
        self.shapes = shapes
        self.width = columns if shapes is None else 1 + sum(map(prod, shapes))
        self.sums = Sums(columns if shapes is None else 1)
        self.totals = Sums(1)
        self.extremes = "min" in reductions or "max" in reductions
        self.low, self.high = np.full((0, self.width), inf), np.full((0, self.width), -inf)
        self.keys: list[Keys] = []
        self.codes: dict[tuple[int, ...], int] = {}  # of each key -> the group

    @cached_property
    def entries(self) -> int:
        """How many numbers the gradient has, if it has arrays."""
        return sum(map(prod, self.shapes or ()))

    def add(self, answers: Sequence[Array], keys: Sequence[Any] = ()) -> None:
        """Add rows to the groups that their keys name; to the only one if there are no keys."""
        count = len(answers[0])
        if not count:
            return
        codes = self.codes_of(keys) if keys else None
        groups = len(self.codes) if keys else 1
        self.sums.add(answers[: len(self.sums.digits)], codes, groups)
        if not (self.entries or self.extremes):
            return
        flat = np.concatenate([lined(one) for one in answers], axis=1)
        codes = np.zeros(count, dtype=int) if codes is None else codes
        if self.entries:
            places = codes[:, None] * self.entries + np.arange(self.entries)
            self.totals.add([flat[:, 1:].ravel()], places.ravel(), groups * self.entries)
        if self.extremes:
            self.grow(groups)
            np.minimum.at(self.low, codes, flat)
            np.maximum.at(self.high, codes, flat)

    def add_sums(self, values: Array, totals: Sequence[Sequence[Array]]) -> None:
        """Add rows of which gradients are summed already, block by block."""
        self.sums.add([values])
        for block in totals if self.entries else ():
            flat = np.concatenate([np.ravel(one) for one in block])
            self.totals.add([flat], np.arange(self.entries), self.entries)

    def grow(self, groups: int) -> None:
        more = groups - len(self.low)
        if more > 0:
            self.low = np.concatenate([self.low, np.full((more, self.width), inf)])
            self.high = np.concatenate([self.high, np.full((more, self.width), -inf)])

    def codes_of(self, keys: Sequence[Any]) -> Array:
        """The group of each row."""
        self.keys = self.keys or [Keys() for _ in keys]
        codes = [mine.codes_of(column) for mine, column in zip(self.keys, keys, strict=True)]
        if len(codes) == 1:
            for code in range(len(self.codes), len(self.keys[0].codes)):
                self.group((code,))
            return codes[0]
        rows, first, places = np.unique(
            np.stack(codes, axis=1), axis=0, return_index=True, return_inverse=True
        )
        found = np.empty(len(rows), dtype=int)
        for k in np.argsort(first).tolist():
            found[k] = self.group(tuple(rows[k].tolist()))
        return found[places.reshape(-1)]

    def group(self, codes: tuple[int, ...]) -> int:
        if codes not in self.codes and len(self.codes) == MOST:
            raise LimitError(f"there are more than {MOST:,} groups", hint="group by another column")
        return self.codes.setdefault(codes, len(self.codes))

    def merge(self, other: Groups) -> None:
        self.keys = self.keys or [Keys() for _ in other.keys]
        known = []
        for mine, theirs in zip(self.keys, other.keys, strict=True):
            if theirs.kind:
                mine.check_kind(theirs.kind)
            known.append([mine.code(key) for key in theirs.codes])
        codes = [
            self.group(tuple(one[code] for one, code in zip(known, group, strict=True)))
            for group in other.codes
        ]
        self.sums.merge(other.sums, codes or None)
        size = self.entries
        places = [code * size + k for code in codes for k in range(size)]
        self.totals.merge(other.totals, places or None)
        if self.extremes and len(other.low):
            at = codes or [0]
            self.grow(max(at) + 1)
            self.low[at] = np.minimum(self.low[at], other.low)
            self.high[at] = np.maximum(self.high[at], other.high)

    def table(self, names: Mapping[str, tuple[str, int]], by: Sequence[str]) -> Frame:
        """A row for every group: how many rows it has, and what its answers are reduced to."""
        columns: dict[str, Any] = {}
        for place, (name, keys) in enumerate(zip(by, self.keys, strict=False)):
            values = keys.values()
            columns[name] = [values[codes[place]] for codes in self.codes]
        for name in by[len(self.keys) :]:
            columns[name] = []
        columns["rows"] = self.sums.counts
        found = {how: [*self.reduced(how)] for how in {how for how, _ in names.values()}}
        columns |= {name: found[how][place] for name, (how, place) in names.items()}
        return polars.DataFrame(columns, strict=False)

    def reduced(self, how: str) -> Iterator[Any]:
        """Of each answer a column, the groups in front."""
        groups = range(self.sums.groups)
        if how in ("min", "max"):
            flat = self.low if how == "min" else self.high
        else:
            exact = self.sums.mean if how == "mean" else self.sums.total
            for column in range(len(self.sums.digits)):
                yield [exact(column, group) for group in groups]
            if self.shapes is None:
                return
            flat = np.zeros((len(groups), 1 + self.entries))
            for group, rows in enumerate(self.sums.counts):
                count = rows if how == "mean" else 1
                for k in range(self.entries):
                    whole = self.totals.whole(0, group * self.entries + k)
                    flat[group, 1 + k] = rounded(whole, count)
        shapes: Sequence[tuple[int, ...]] = [()] * self.width
        if self.shapes is not None:
            shapes = [(), *self.shapes]
        place = 0
        for number, shape in enumerate(shapes):
            size = prod(shape)
            if number or how in ("min", "max"):
                yield flat[:, place : place + size].reshape((len(flat), *shape))
            place += size

    def state(self) -> dict[str, Any]:
        return {
            "keys": [[keys.kind, [*keys.codes]] for keys in self.keys],
            "codes": [list(codes) for codes in self.codes],
            "shapes": None if self.shapes is None else [list(shape) for shape in self.shapes],
            "width": self.width,
            "sums": self.sums.state(),
            "totals": self.totals.state(),
            "extremes": [self.low.tolist(), self.high.tolist()] if self.extremes else None,
        }

    @classmethod
    def like(cls, state: Mapping[str, Any]) -> Self:
        """The same without any rows."""
        shapes = state["shapes"]
        columns = state["width"] if shapes is None else 1
        found = cls(columns, None if shapes is None else [tuple(shape) for shape in shapes])
        found.extremes = state["extremes"] is not None
        return found

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        found = cls.like(state)
        found.sums, found.totals = Sums.restored(state["sums"]), Sums.restored(state["totals"])
        found.keys = [Keys(kind, values) for kind, values in state["keys"]]
        found.codes = {tuple(codes): group for group, codes in enumerate(state["codes"])}
        if found.extremes:
            low, high = (np.array(one, dtype=float) for one in state["extremes"])
            found.low = low.reshape((len(low), found.width))
            found.high = high.reshape((len(high), found.width))
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
