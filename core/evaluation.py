"""Text or Program in, Report out: the one call that the command line makes for `eval`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backprop.arithmetic.system import TIES
from backprop.checking.check import METHODS
from backprop.diagnosis import diagnose
from backprop.engine import backward, forward, uncollected
from backprop.errors import UsageError, closest
from backprop.language.parser import parse as parse_tree
from backprop.program import Notice, Program
from backprop.report import Report
from backprop.staging import GRANULARITIES, stage
from backprop.values import Value, point


@uncollected()
def parse(
    text: str, *, given: Collection[str] = (), gates: str = "written", share: bool = True
) -> Program:
    """The staged program of a text.

    `given` names what will get a value, so that `e` and `pi` can be variables. `gates` is the
    granularity: written, fine or fused; without `share` equal subexpressions stay apart.
    """
    if gates not in GRANULARITIES:
        raise UsageError(f"gates can be {', '.join(GRANULARITIES)}, not {gates}")
    return stage(parse_tree(text), given, gates, share)


@uncollected()
def evaluate(
    program: str | Program,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    wrt: Iterable[str] | None = None,
    ties: str = "notes",
    gates: str = "written",
    share: bool = True,
    allow_nonfinite: bool = False,
    spare: Collection[str] = (),
    **named: Value,
) -> Report:
    """Value, gradient and every stage of a program at a point.

    The point is given by name or as a mapping. Names in `spare` may be missing from the
    program: their gradient is 0.
    """
    given = {**(values or {}), **named}
    if ties not in TIES:
        raise UsageError(f"ties can be {', '.join(TIES)}, not {ties}")
    if isinstance(program, Program) and (gates != "written" or not share):
        raise UsageError("a Program is staged already: gates and share go to parse")
    if isinstance(program, str):
        program = parse(program, given=given, gates=gates, share=share)
    unused = tuple(name for name in spare if name in given and name not in program.inputs)
    at = point(
        program, {name: value for name, value in given.items() if name not in unused},
        allow_nonfinite=allow_nonfinite,
    )  # fmt: skip
    wanted = tuple(program.inputs) if wrt is None else checked_wrt(program, wrt)
    everything = wanted == tuple(program.inputs)
    numbers = forward(program, at)
    back = backward(program, numbers, ties, None if everything else wanted)
    notices = (
        *program.notices,
        *diagnose(program, at, numbers, back, wanted, ties),
        *(
            Notice("unused", f"the program doesn't use {name}: its gradient is 0")
            for name in unused
        ),
    )
    return Report(program, at, numbers, back, wanted, ties, unused if everything else (), notices)


def checked_wrt(program: Program, wrt: Iterable[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(wrt))
    for name in names:
        if name not in program.inputs:
            near = closest(name, list(program.inputs))
            has = ", ".join(program.inputs) or "no variables"
            raise UsageError(
                f"wrt names {name or 'nothing'}, which is no variable; the program has {has}",
                hint=f"did you mean {near}?" if near else "",
            )
    return names


def check(
    program: str | Program,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    methods: Sequence[str] = METHODS,
    timeout: float = 10.0,
    digits: int = 0,
    **options: Any,
) -> Report:
    """What `evaluate` gives, with `report.check`: what SymPy, many digits and a numeric
    difference say of it. They work in a process of their own, for at most `timeout` seconds."""
    from backprop.checking.checker import check as checked
    from backprop.checking.child import Child

    report = evaluate(program, values, **options)
    with Child() as child:
        found = checked(
            report, child, methods=checked_methods(methods), timeout=timeout, digits=digits
        )
    return replace(report, check=found)


def checked_methods(names: Iterable[str]) -> tuple[str, ...]:
    """The methods by these names, in their order of working."""
    asked = set(names)
    if not asked or not asked <= set(METHODS):
        raise UsageError(f"methods can be {', '.join(METHODS)}, not {', '.join(asked) or 'none'}")
    return tuple(method for method in METHODS if method in asked)
