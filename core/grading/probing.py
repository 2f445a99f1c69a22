"""What other expressions in the place of a line's own would come to."""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator, Mapping
from typing import Any, NamedTuple

import numpy as np

from backprop.grading.judging import Judgement, spread
from backprop.grading.slips import Repair, Site, loaded, repairs, text
from backprop.grading.targets import Series
from backprop.grading.tracing import Event, Tracer
from backprop.reading.memory import Array, Number
from backprop.reading.values import Instance, is_numeric

PASSES = 2  # of a loop, in which a repair is looked at


class Probed(NamedTuple):
    """Repairs of a line."""

    mending: list[Repair]  # that make results right
    right: list[Repair]  # that make the line part of a gradient, best what its name says
    likely: list[Repair]  # that make it so in the first turn of a loop
    others: list[Repair]
    numbers: dict[str, Series]  # by which a result may have to be divided


class WhatIf:
    """What the results would be, if a line had another value; `whole`: or the array that it
    writes into."""

    def __init__(self, judged: Judgement, event: Event, *, whole: bool = False) -> None:
        self.judged = judged
        self.event = event
        self.leaf = (whole and event.after) or event.leaf
        self.replay = judged.found.replay
        self.wrong = judged.reaches(event) or judged.wrong
        leaves = [judged.found.found[name].leaf for name in self.wrong]
        self.steps = self.replay.downstream(self.leaf, leaves)
        self.now = self.replay.series(self.leaf)

    def mends(self, value: Series) -> bool:
        """Are all results right that the line reaches?"""
        try:
            return self.becomes(self.assigned(value))
        except (ValueError, TypeError, IndexError):
            return False

    def becomes(self, other: Series) -> bool:
        """Are they, if this is what the name holds? Most are not at the first point already."""
        try:
            return all(self.agree(other[:count]) for count in (1, None))
        except (ValueError, TypeError, IndexError):
            return False

    def agree(self, other: Series) -> bool:
        found = self.replay.with_other(self.leaf, other, self.steps)
        leaves = ((name, self.judged.found.found[name].leaf) for name in self.wrong)
        return all(leaf in found and self.judged.agrees(name, found[leaf]) for name, leaf in leaves)

    def assigned(self, value: Series, changed: Mapping[str, Series] = {}) -> Series:
        """What the name would hold; `changed` are values that are others by then."""
        event, count = self.event, len(value)
        now = changed.get(self.leaf) or self.now[:count]
        if not event.part:
            return (
                list(value)
                if not event.shape
                else [spread(a, np.shape(b)) for a, b in zip(value, now, strict=True)]
            )
        part = changed.get(event.part) or self.replay.series(event.part)[:count]
        with np.errstate(all="ignore"):
            rows = zip(value, part, now, strict=True)
            return [UPDATED[event.update](total, old, new) for new, old, total in rows]


UPDATED: dict[str, Callable[[Any, Any, Any], Any]] = {
    "+=": lambda total, old, new: total - old + new,
    "-=": lambda total, old, new: total + old - new,
    "*=": lambda total, old, new: total / old * new,
    "/=": lambda total, old, new: total * old / new,
}


class Probe:
    """Evaluates all repairs of an expression where it stands, in the first passes."""

    def __init__(self, event: Event, gradients: Any) -> None:
        self.event = event
        self.gradients = gradients
        self.repairs: dict[int, Repair] = {}
        self.values: dict[int, list[str]] = {}
        self.numbers: dict[str, str] = {}
        self.passes = 0

    def __call__(self, tracer: Tracer, node: ast.stmt) -> None:
        if node is not self.event.node or self.passes >= PASSES:
            return
        value = getattr(node, "value", None)
        if not isinstance(value, ast.expr) or "random" in text(value):
            return
        self.passes += 1
        site = self.site(tracer, value)
        if not self.repairs:
            self.repairs = dict(enumerate(repairs(site)))
        tracer.noting, probe, tracer.probe = False, tracer.probe, None
        try:
            self.numbers = dict(self.scalars(tracer, site))
            for number, repair in self.repairs.items():
                try:
                    found = tracer.value(repair.node)
                    if is_numeric(found) and not isinstance(found, bool):
                        self.values.setdefault(number, []).append(tracer.machine.leaf(found))
                except Exception:  # it is only a guess: one that fails is none
                    continue
        finally:
            tracer.noting, tracer.probe = True, probe
            tracer.machine.recorder.node = node

    def scalars(self, tracer: Tracer, site: Site) -> Iterator[tuple[str, str]]:
        """The numbers that can be named here, sizes of arrays included."""
        sizes = tracer.places & visible(tracer).keys()
        for form in ("{}", "len({})", "{}.shape[1]"):
            for written in map(form.format, [*sorted(sizes), *site.values]):
                try:
                    found = tracer.value(ast.parse(written, mode="eval").body)
                except Exception:  # it is no array, or has no such axis
                    continue
                if is_numeric(found) and not isinstance(found, (Array, bool)):
                    yield written, tracer.machine.leaf(found)

    def site(self, tracer: Tracer, value: ast.expr) -> Site:
        seen = visible(tracer)
        numeric = (Number, Array, int, float)
        found = {name for name, one in seen.items() if isinstance(one, numeric)}
        names = [name for name in seen if name.isidentifier() and name in found]
        held = {
            f"{name}.{attribute}": value
            for name, one in seen.items() if isinstance(one, Instance)
            for attribute, value in one.attributes.items()
        }  # fmt: skip
        names += [
            name
            for name, one in held.items()
            if isinstance(one, numeric) and not isinstance(one, bool)
        ]
        names += [
            f"{name}[{key!r}]" for name, one in held.items() if isinstance(one, dict)
            for key, value in one.items() if isinstance(key, str) and isinstance(value, numeric)
        ]  # fmt: skip
        if not self.event.function:  # a function sees no names of the forward pass
            names += [name for name in tracer.around if name not in seen
                      and name not in ("pi", "e") and name not in self.gradients]  # fmt: skip
        target = {
            one.id
            for one in ast.walk(self.event.node)
            if isinstance(one, ast.Name) and isinstance(one.ctx, ast.Store)
        } | {self.event.target}
        unfit = tracer.counters | tracer.places | target
        names = [name for name in names if name not in unfit]
        gradients = [
            name for name in names
            if (bare := name.rpartition(".")[2]) in self.gradients
            or bare.startswith(("d", "grad") if "." in name else ("d", "g"))
        ]  # fmt: skip
        holders = [name for name, one in seen.items() if isinstance(one, Instance)]
        used = {text(one) for one in loaded(Site(value, (), (), holders=holders))}
        values = [name for name in names if name not in gradients]
        layers = {number_in(name) for name in used} - {""}
        values.sort(key=lambda name: (name not in used, number_in(name) not in layers))
        arrays = any(tracer.shapes.values()) or any(isinstance(one, Array) for one in seen.values())
        return Site(value, values, gradients, arrays, holders)


def visible(tracer: Tracer) -> dict[str, Any]:
    """What every name holds here, the nearest first."""
    found: dict[str, Any] = {}
    scope: Any = tracer.scope
    while scope is not None:
        for name, one in reversed(list(scope.names.items())):
            found.setdefault(name, one)
        scope = scope.outer
    return found


def number_in(name: str) -> str:
    """The 15 of t15: variables of one layer are taken for each other."""
    return "".join(filter(str.isdigit, name))


def alike_everywhere(a: Series, b: Series) -> bool:
    return all(
        np.shape(x) == np.shape(y) and np.allclose(x, y, rtol=1e-12, atol=0, equal_nan=True)
        for x, y in zip(a, b, strict=True)
    )
