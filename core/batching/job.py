"""What is asked of every row. A Job is plain data, so that it can travel to another machine."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from shlex import quote
from types import MappingProxyType
from typing import Any

import numpy as np

from backprop.batching.choosing import Where
from backprop.batching.columns import Columns, Texts, Vector
from backprop.errors import UsageError, closest
from backprop.language.compared import compared_names, numbers_of_texts
from backprop.language.ending import ending
from backprop.language.parser import parse
from backprop.program.program import Program
from backprop.program.stage import stage
from backprop.tables.blocks import Table, Wanted
from backprop.tables.opening import BY_NAME, Reading

ON_ERROR = ("fail", "skip", "null")
REDUCTIONS = ("sum", "mean", "min", "max", "count")
LISTED = 12  # columns that a message names
SHOWN = 40  # characters of a name
SEPARATING = {";": "';'", "\t": "tab", "|": "'|'", " ": "' '"}  # as --separator takes them
GROUP = "by"  # what the column of groups is called on its way


@dataclass(frozen=True)
class Job:
    text: str
    output: str | None
    gates: str
    share: bool
    ties: str
    fixed: Mapping[str, Any]  # variables that are the same in every row, numbers or lists
    columns: Mapping[str, str]  # the others, and where they stand
    kept: Mapping[str, str]  # columns that are copied, by their new name
    wrt: tuple[str, ...]
    on_error: str = "fail"
    allow_nonfinite: bool = False
    engine: str = "numpy"
    threads: int = 1
    fast_trigonometry: bool = False
    reduce: str | None = None
    by: str | Sequence[str] | None = None
    sample: int = 0  # rows that will be checked
    seed: int = 0
    reading: Reading = BY_NAME
    source: Mapping[str, Any] | None = None  # of Python: what is read, and the first point
    vectors: Mapping[str, Vector] = field(default_factory=dict)  # variables that are arrays
    texts: Mapping[str, Texts] = field(default_factory=dict)  # and those that stand for texts
    where: tuple[str, Mapping[str, str]] | None = None  # a condition, and its columns
    limit: int | None = None  # of rows

    def program(self, point: Mapping[str, float] | None = None) -> Program:
        """The program of all rows; of Python source, of those that go the way of a point."""
        if self.source is not None:
            return self.program_of_python(point or self.source["point"])
        tree = parse(self.text)
        if self.output is not None:
            tree = ending(tree, self.output)
        return stage(tree, [*self.point, *self.taken.names], self.gates, self.share, self.shapes)

    @cached_property
    def point(self) -> dict[str, Any]:
        """What is the same in every row, numbers and arrays."""
        return {name: numbers_or_array(value) for name, value in self.fixed.items()}

    @cached_property
    def shapes(self) -> dict[str, tuple[int, ...]]:
        """Of the variables that are arrays."""
        arrays = {name: value.shape for name, value in self.point.items() if np.ndim(value)}
        return arrays | self.taken.shapes

    @cached_property
    def taken(self) -> Columns:
        """Where the variables stand."""
        return Columns(self.columns, self.vectors, self.texts)

    def program_of_python(self, point: Mapping[str, float]) -> Program:
        from backprop.reading.reader import read
        from backprop.reading.source import parsed

        assert self.source is not None
        asked = {name: self.source[name] for name in ("seed", "result", "known", "texts")}
        unit = parsed(self.text, self.source["file"], self.source["unit"])
        at = {name: numbers_or_array(value) for name, value in point.items()}
        shapes = {name: value.shape for name, value in at.items() if np.ndim(value)}
        tree = read(unit, at, **asked, held_already=True).tree
        return stage(tree, [*at], self.gates, self.share, shapes)

    @property
    def names(self) -> tuple[str, ...]:
        """The columns of an answer."""
        return ("value", *(f"d{name}" for name in self.wrt))

    @property
    def wanted(self) -> Wanted:
        keys = {f"{GROUP}{k}": column for k, column in enumerate(self.groups)}
        found = self.taken.wanted(keys or self.kept)
        return self.chooses.wanted(found) if self.chooses else found

    @cached_property
    def chooses(self) -> Where | None:
        return Where(*self.where) if self.where else None

    @property
    def groups(self) -> tuple[str, ...]:
        """The columns whose values have an answer each."""
        if self.by is None:
            return ()
        return (self.by,) if isinstance(self.by, str) else tuple(self.by)

    @property
    def reductions(self) -> tuple[str, ...]:
        return () if self.reduce is None else tuple(self.reduce.split(","))

    @property
    def reduced_names(self) -> dict[str, tuple[str, int]]:
        """The columns of an answer for many rows: how each is reduced, and which it is of."""
        asked = [how for how in self.reductions if how != "count"]
        return {
            name if len(asked) == 1 else f"{name}_{how}": (how, place)
            for how in asked for place, name in enumerate(self.names)
        }  # fmt: skip


def numbers_or_array(value: Any) -> Any:
    return np.asarray(value, dtype=float) if isinstance(value, (list, np.ndarray)) else value


def columns_for(
    program: Program, fixed: Container[str], mapped: Mapping[str, str], table: Table,
    vectors: Mapping[str, Vector] = MappingProxyType({}),
) -> Columns:  # fmt: skip
    """Where every variable stands that has no value otherwise."""
    for name in mapped:
        if name not in program.inputs:
            near = closest(name, list(program.inputs))
            raise UsageError(
                f"--map names {name}, which is not a variable of the program",
                hint=f"did you mean {near}?" if near else "--map VARIABLE=COLUMN",
            )
        if name in fixed:
            raise UsageError(f"{name} is given a value and a column")
    found: dict[str, str] = {}
    missing: list[str] = []
    for name in program.inputs:
        column = mapped.get(name, name)
        known = name in fixed or name in vectors
        if known or (column not in table.columns and name in program.defaults):
            continue
        found[name] = column
        if column not in table.columns:
            missing.append(column)
    if missing:
        raise lacking(missing[0], table, mapped)
    numbers = numbers_of_texts(program.tree)
    texts = {
        name: Texts(found.pop(name), numbers)
        for name in compared_names(program.tree) if name in found
    }  # fmt: skip
    return Columns(found, {n: one for n, one in vectors.items() if n in program.inputs}, texts)


def lacking(column: str, table: Table, mapped: Mapping[str, str]) -> UsageError:
    columns = list(table.columns)
    marks = [mark for mark in SEPARATING if len(columns) == 1 and mark in columns[0]]
    separated = any(column in columns[0].split(mark) for mark in marks)
    near = None if separated else closest(column, columns)
    hint = f"--map {column}=COLUMN takes another column, --{column}=VALUE a number"
    if column in mapped.values():
        hint = ""
    if near:
        hint = f"did you mean {near}?" + (f" --map {quote(f'{column}={near}')}" if hint else "")
    elif marks:
        hint = f"--separator {SEPARATING[marks[0]]} if that stands between the fields"
    elif columns and all(map(is_number, columns)):
        hint = f"--no-header if its first line is a row; then --map {column}=column_1"
    return UsageError(f"{table.name} has no column {column}; it has {listed(table)}", hint=hint)


def is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def listed(table: Table) -> str:
    more = len(table.columns) - LISTED
    names = [name if len(name) <= SHOWN else f"{name[:SHOWN]}..." for name in table.columns]
    shown = ", ".join(names[:LISTED])
    return f"{shown} and {more:,} more" if more > 0 else shown or "none"


def check_columns(wanted: Wanted, table: Table) -> None:
    """Does a file have what is asked for, and each of it once?"""
    counts = Counter(table.columns)
    for column in dict.fromkeys(
        [
            *wanted.numbers.values(),
            *wanted.kept.values(),
            *(name for name, _ in wanted.lists.values()),
        ]
    ):
        if column not in counts:
            raise lacking(column, table, {column: column})
        if (count := counts[column]) > 1:
            called = f"called {column}" if column else "without a name"
            raise UsageError(f"{table.name} has {count} columns {called}")


def pairs_of(texts: Sequence[str], option: str) -> dict[str, str]:
    """`x=col3` as a name and a column; a column alone keeps its name."""
    found: dict[str, str] = {}
    for text in texts:
        name, equals, column = text.partition("=")
        name, column = name.strip(), column.strip()
        if not name or (equals and not column):
            raise UsageError(f"{option} takes NAME=COLUMN, not {text or 'nothing'}")
        if name in found:
            raise UsageError(f"{option} names {name} twice")
        found[name] = column if equals else name
    return found
