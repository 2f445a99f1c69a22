"""A unit of Python source before its variables have values: what `FILE.py:NAME` and
`backprop.read` mean."""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable, Mapping, Sequence
from functools import cached_property
from types import FunctionType
from typing import Any

import numpy as np

from backprop.errors import UsageError, closest, listed
from backprop.language.syntax import Tree
from backprop.reading.around import around
from backprop.reading.source import (
    Source,
    function_named,
    is_class,
    no_unit,
    parameters,
    parsed,
    script_names,
)
from backprop.reading.values import Defined

PLAIN = (bool, int, float, str, type(None), np.ndarray, np.number)


class Unit:
    """A function or a script. It becomes a program where its variables have values."""

    def __init__(
        self, source: Source, known: Mapping[str, Any] | None = None, *, init: str = "",
        before: str = "",
    ) -> None:  # fmt: skip
        self.source = source
        self.making = {"init": init, "before": before} if init or before else {}
        self.known = dict(known or {})  # names around a function and their plain values

    @cached_property
    def parameters(self) -> list[tuple[str, str | None]]:
        """Names that may get a value, each with its default as it is written."""
        source = self.source
        if not source.unit:
            return script_names(source)
        if is_class(source, source.unit):
            return self.parameters_of_class()
        node = function_named(source, source.unit)
        if node is None:
            raise no_unit(source)
        taken = parameters(node)
        names = {name for name, _ in taken}
        return [*taken, *(one for one in around(source, node) if one[0] not in names)]

    def parameters_of_class(self) -> list[tuple[str, str | None]]:
        """What the forward pass of a class takes, and what its constructor and its methods put
        on the object."""
        from backprop.reading.layers import (
            FORWARD,
            attributes_of,
            class_named,
            method_named,
            own_parameters,
            split_unit,
        )
        from backprop.reading.reader import Reader

        source = self.source
        name, method = split_unit(source.unit)
        of = class_named(Reader(source), source, name)
        forward = method_named(of, (method,) if method else FORWARD, source.file, "forward pass")
        found = dict(own_parameters(forward))
        start = of.find("__init__")
        if isinstance(start, Defined):
            found = {**dict(own_parameters(start)), **found}
            found = {name: found[name] for name in [*dict(own_parameters(forward)), *found]}
        for name in attributes_of(of):
            found.setdefault(name, "its own value")
        return list(found.items())

    @property
    def names(self) -> dict[str, int]:
        return dict.fromkeys([name for name, _ in self.parameters], 0)

    @property
    def stored(self) -> set[str]:
        """Every name that the source assigns somewhere."""
        return {
            node.id
            for node in ast.walk(self.source.tree)
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)
        }

    def at(
        self, values: Mapping[str, Any], *, seed: int = 0, result: str = "",
        wanted: Sequence[str] = (), texts: Mapping[str, str] | None = None,
    ) -> tuple[Tree, dict[str, Any]]:  # fmt: skip
        """The tree at these numbers and arrays, and the value of every input; `texts` are the
        values of parameters that are no numbers, as expressions."""
        from backprop.reading.reader import read

        for name in (*values, *(texts or ())):
            if name not in self.names:
                near = closest(name, list(self.names))
                raise UsageError(
                    f"{self.source.unit or self.source.file} has no variable {name}; it has"
                    f" {listed(list(self.names)) or 'none'}",
                    hint=f"did you mean {near}?" if near else "",
                )
        found = read(
            self.source, values, result=result, seed=seed, wanted=wanted, known=self.known,
            making=self.making, texts=texts,
        )  # fmt: skip
        return found.tree, {**values, **found.reader.inputs}

    def described(self) -> list[tuple[str, str]]:
        """A line of help for each variable."""
        rows = [
            (f"--{name} VALUE", f"{default} if not given" if default else "a number or an array")
            for name, default in self.parameters
        ]
        return rows or [("none", "it takes nothing")]


def read(thing: str | Callable[..., Any], name: str = "") -> Unit:
    """Python source as a program for `evaluate` and `check`: a function object, or a text and the
    name of a function in it. The source is interpreted, never run; of what surrounds a function
    object only plain values are taken: numbers, texts, arrays and lists of these."""
    if isinstance(thing, str):
        return Unit(parsed(thing, "the source", name))
    if not isinstance(thing, FunctionType):
        raise UsageError("read takes a function or a text")
    try:
        text = textwrap.dedent(inspect.getsource(thing))
    except (OSError, TypeError):
        raise UsageError(f"the source of {thing.__name__} can't be found") from None
    known, helpers = surroundings(thing)
    return Unit(parsed("\n".join([*helpers, text]), thing.__name__, thing.__name__), known)


def surroundings(thing: FunctionType) -> tuple[dict[str, Any], list[str]]:
    """The plain values that a function and its helpers in the same module use, and the sources of
    these helpers, those first that others call."""
    known: dict[str, Any] = {}
    helpers: dict[str, str] = {}
    waiting = [thing]
    while waiting:
        around = inspect.getclosurevars(waiting.pop())
        for name, value in {**around.globals, **around.nonlocals}.items():
            if isinstance(value, FunctionType) and value.__module__ == thing.__module__:
                if name not in helpers and value is not thing:
                    helpers[name] = textwrap.dedent(inspect.getsource(value))
                    waiting.append(value)
            elif is_plain(value):
                known.setdefault(name, value)
    return known, list(helpers.values())[::-1]


def is_plain(value: Any) -> bool:
    """Is it a value that can be taken over as it is?"""
    waiting = [value]
    while waiting:
        here = waiting.pop()
        if isinstance(here, (list, tuple)):
            waiting += here
        elif not isinstance(here, PLAIN):
            return False
    return True
