"""Sums over rows, for every value of a column or for all rows together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from math import nan
from typing import Any, Self

from backprop.batching.sums import Sums
from backprop.errors import LimitError, UsageError
from backprop.tables.frames import Frame, polars

MOST = 1_000_000
NUMBER = "a number"
NAN = "NaN"  # nan as a key, which would be another one every time


class Groups:
    def __init__(self, columns: int) -> None:
        self.sums = Sums(columns)
        self.codes: dict[Any, int] = {}  # a value of the column -> its group, in order of coming
        self.kind = ""  # of these values

    def add(self, answers: Sequence[Any], keys: Any = None) -> None:
        """Add rows to the groups that their keys name; to the only one if there are no keys."""
        if keys is None:
            self.sums.add(answers)
            return
        if keys.is_empty():
            return
        kind = keys.dtype
        if not (kind.is_numeric() or kind in (polars.Boolean, polars.String)) or kind.is_decimal():
            keys = as_text(keys)
        if keys.null_count() < len(keys):
            self.check_kind(kind_of(keys.dtype))
        distinct = keys.unique(maintain_order=True)
        known = [self.code(key) for key in distinct.to_list()]
        codes = keys.replace_strict(distinct, known, return_dtype=polars.Int64).to_numpy()
        self.sums.add(answers, codes, len(self.codes))

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
        self.sums.merge(other.sums, [self.code(key) for key in other.codes] or None)

    def table(self, names: Sequence[str], how: str, by: str | None) -> Frame:
        """A row for every group: how many rows it has, and its sums or means."""
        found = self.sums.mean if how == "mean" else self.sums.total
        groups = range(self.sums.groups)
        keys = {} if by is None else {by: [self.value(key) for key in self.codes]}
        answers = {
            name: [found(column, group) for group in groups] for column, name in enumerate(names)
        }
        return polars.DataFrame({**keys, "rows": self.sums.counts, **answers}, strict=False)

    def state(self) -> dict[str, Any]:
        return {"keys": [*self.codes], "kind": self.kind, "sums": self.sums.state()}

    @classmethod
    def restored(cls, state: Mapping[str, Any]) -> Self:
        found = cls(0)
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
