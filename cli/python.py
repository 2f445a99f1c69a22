"""PROGRAM as Python source: FILE.py:NAME, FILE.py, FILE.ipynb. Its variables are known from its
text; what it computes is read when they have values."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from backprop.answer.evaluation import arrays_in
from backprop.answer.values import number
from backprop.cli.files import read_bytes
from backprop.errors import UsageError, closest, listed
from backprop.language.syntax import Tree
from backprop.reading.source import (
    Source,
    decoded,
    function_named,
    names_in,
    parameters,
    parsed,
    script_names,
    unit_of,
)


class Unread:
    """A unit of a source, before its variables have values."""

    def __init__(self, source: Source) -> None:
        self.source = source

    @cached_property
    def parameters(self) -> list[tuple[str, str | None]]:
        """Names that may get a value, each with its default as it is written."""
        source = self.source
        if not source.unit:
            return script_names(source)
        node = function_named(source, source.unit)
        if node is None:
            near = closest(source.unit, names_in(source))
            has = listed(names_in(source)) or "none"
            hint = f"did you mean {near}?" if near else f"its functions are {has}"
            raise UsageError(f"{source.file} has no function {source.unit}", hint=hint)
        return parameters(node)

    @property
    def names(self) -> dict[str, int]:
        return dict.fromkeys([name for name, _ in self.parameters], 0)

    def read(
        self, values: Mapping[str, Any], seed: int, result: str, wanted: Sequence[str]
    ) -> tuple[Tree, dict[str, Any]]:
        """The tree at these values, and the value of every input."""
        from backprop.reading.reader import read

        for name in values:
            if name not in self.names:
                near = closest(name, list(self.names))
                raise UsageError(
                    f"{self.source.unit or self.source.file} has no variable {name}; it has"
                    f" {listed(list(self.names)) or 'none'}",
                    hint=f"did you mean {near}?" if near else "",
                )
        arrays = arrays_in(values, seed)
        known = {name: number(name, value) if name not in arrays else arrays[name]
                 for name, value in values.items()}  # fmt: skip
        found = read(self.source, known, result=result, seed=seed, wanted=wanted)
        return found.tree, known | found.reader.inputs

    def described(self) -> list[tuple[str, str]]:
        """A line of help for each variable."""
        return [
            (
                f"--{name} VALUE",
                "a number or an array" if default is None else f"{default} if not given",
            )
            for name, default in self.parameters
        ] or [("none", "it takes nothing")]


def unread(word: str) -> Unread | None:
    """The source that a word names; None if it is a text in the language."""
    found = unit_of(word)
    if found is None:
        return None
    file, unit = found
    return Unread(parsed(decoded(read_bytes(file), file), file, unit))
