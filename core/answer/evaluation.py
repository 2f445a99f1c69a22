"""Text or Program in, Report out: the one call that the command line makes for `eval`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

from backprop.answer.check import METHODS, TIMEOUT
from backprop.answer.report import Report
from backprop.answer.values import MAKES, Value, point
from backprop.engine.diagnosis import diagnose
from backprop.engine.numbers import forward, uncollected
from backprop.engine.ties import CHOICES, resolve
from backprop.engine.ties.watch import Watch
from backprop.errors import UsageError, closest, listed
from backprop.language.parser import parse as parse_text
from backprop.language.syntax import Tree
from backprop.program.program import Notice, Program
from backprop.program.stager import GRANULARITIES, stage


@uncollected()
def parse(
    text: str,
    *,
    given: Collection[str] = (),
    gates: str = "written",
    share: bool = True,
    shapes: Mapping[str, tuple[int, ...]] | None = None,
    output: str | None = None,
) -> Program:
    """The staged program of a text.

    `given` names what will get a value, so that `e` and `pi` can be variables. `gates` is the
    granularity: written, fine or fused; without `share` equal subexpressions stay apart. `shapes`
    are those of the inputs that will be arrays. `output` names the statement that is the result,
    the last if it is None; what it doesn't need is left out.
    """
    tree, _ = prepared(text, output, ())
    return stage(tree, given, checked_gates(gates), share, shapes)


def checked_ties(ties: str) -> str:
    if ties not in CHOICES:
        raise UsageError(f"ties can be {', '.join(CHOICES)}, not {ties}")
    return ties


def checked_gates(gates: str) -> str:
    if gates not in GRANULARITIES:
        raise UsageError(f"gates can be {', '.join(GRANULARITIES)}, not {gates}")
    return gates


@uncollected()
def evaluate(
    program: str | Tree | Program,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    wrt: Iterable[str] | None = None,
    ties: str = "auto",
    gates: str = "written",
    share: bool = True,
    allow_nonfinite: bool = False,
    spare: Collection[str] = (),
    upstream: Any = None,
    jacobian: bool = False,
    seed: int = 0,
    output: str | None = None,
    **named: Value,
) -> Report:
    """Value, gradient and every stage of a program at a point.

    The point is given by name or as a mapping. Names in `spare` may be missing from the
    program: their gradient is 0. An output that is an array needs `upstream`, the gradient of
    what comes after it, or `jacobian` for every entry of it; `seed` is for values such as
    "randn(3, 2)". `output` names the statement that is the result, the last if it is None.
    """
    given = {**(values or {}), **named}
    checked_ties(ties)
    if isinstance(program, Program) and (gates != "written" or not share or output is not None):
        raise UsageError("a Program is staged already: gates, share and output go to parse")
    if not isinstance(program, Program):
        program, spare = prepared(program, output, spare)
    given |= (arrays := arrays_in(given, seed))
    shapes = {name: array.shape for name, array in arrays.items()}
    program = staged(program, given, gates, share, shapes)
    unused = tuple(name for name in spare if name in given and name not in program.inputs)
    at = point(
        program, {name: value for name, value in given.items() if name not in unused},
        allow_nonfinite=allow_nonfinite,
    )  # fmt: skip
    wanted = tuple(program.inputs) if wrt is None else checked_wrt(program, wrt)
    everything = wanted == tuple(program.inputs)
    if program.shapes is not None:
        from backprop.answer.array_evaluation import report_on

        report = report_on(program, at, wanted, ties, upstream, jacobian=jacobian)
    elif jacobian or upstream is not None:
        what = "Jacobian" if jacobian else "upstream gradient"
        raise UsageError(f"the output is a number: it needs no {what}")
    else:
        numbers = forward(program, at)
        resolved = resolve(Watch(program, wanted), numbers, ties)
        notices = tuple(diagnose(program, at, numbers, resolved, wanted, ties))
        report = Report(
            program, at, numbers, resolved.back, wanted, ties, resolved, notices=notices
        )
    part = program.tree.output
    return replace(
        report, unused=unused if everything and not part else (),
        notices=(*program.notices, *report.notices, *told_of(unused, part)),
    )  # fmt: skip


def told_of(unused: Sequence[str], part: str) -> list[Notice]:
    """What is said of values that the program, or the part of it that ends with `part`, lacks."""
    if part and unused:
        return [Notice("unused", f"{part} doesn't need {', '.join(unused)}")]
    return [Notice("unused", f"the program doesn't use {n}: its gradient is 0") for n in unused]


def prepared(
    program: str | Tree, output: str | None, spare: Collection[str]
) -> tuple[Tree, Collection[str]]:
    """The tree that ends with `output`, and the names that may have a value without being in it."""
    tree = parse_text(program) if isinstance(program, str) else program
    if output is None:
        return tree, spare
    from backprop.language.ending import ending, unneeded

    return ending(tree, output), [*spare, *unneeded(tree)]


def staged(
    program: Tree | Program,
    given: Collection[str],
    gates: str,
    share: bool,
    shapes: Mapping[str, tuple[int, ...]],
) -> Program:
    """A program for values of these shapes; one that was staged for others is staged anew."""
    if isinstance(program, Tree):
        return stage(program, given, checked_gates(gates), share, shapes)
    if shapes and program.shapes_of_inputs() != shapes:
        return stage(program.tree, given, program.granularity, program.shared, shapes)
    return program


def arrays_in(given: Mapping[str, Value], seed: int) -> dict[str, Any]:
    """The values that are arrays; NumPy is only loaded if there may be one."""
    if not any(map(may_be_array, given.values())):
        return {}
    if seed < 0:
        raise UsageError(f"the seed is {seed}, and seeds begin with 0")
    from backprop.answer.array_values import arrays_of

    return arrays_of(given, seed)


def may_be_array(value: Value) -> bool:
    if isinstance(value, str):
        return MAKES.search(value) is not None
    return not isinstance(value, (int, float)) and hasattr(value, "__len__")


def checked_wrt(program: Program, wrt: Iterable[str]) -> tuple[str, ...]:
    names = tuple(dict.fromkeys(wrt))
    for name in names:
        if name not in program.inputs:
            near = closest(name, list(program.inputs))
            has = listed([*program.inputs]) or "no variables"
            raise UsageError(
                f"wrt names {name or 'nothing'}, which is no variable; the program has {has}",
                hint=f"did you mean {near}?" if near else "",
            )
    return names


def check(
    program: str | Tree | Program,
    values: Mapping[str, Value] | None = None,
    /,
    *,
    methods: Sequence[str] = METHODS,
    timeout: float = TIMEOUT,
    digits: int = 0,
    **options: Any,
) -> Report:
    """What `evaluate` gives, with `report.check`: what SymPy, many digits and a numeric
    difference say of it. They work in a process of their own, for at most `timeout` seconds."""
    from backprop.checking.checker import check as checked
    from backprop.child.process import Child

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
