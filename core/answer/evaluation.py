"""Text or Program in, Report out: the one call that the command line makes for `eval`."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Protocol

from backprop.answer.report import Report
from backprop.answer.values import MAKES, Value, checked_wrt, number, point
from backprop.engine.diagnosis import diagnose
from backprop.engine.guards import check_guards, tied
from backprop.engine.kinds import kind_of, resolve
from backprop.engine.numbers import uncollected
from backprop.engine.ties.conventions import CHOICES
from backprop.errors import UsageError
from backprop.language.parser import parse as parse_text
from backprop.language.syntax import Tree
from backprop.program.program import Notice, Program
from backprop.program.stage import stage
from backprop.program.stager import GRANULARITIES


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
    if not isinstance(text, str):
        raise UsageError(f"a program is a text, not {type(text).__name__}")
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


def checked_program(program: Any) -> None:
    """Is it something that a program can be made of? Python itself would say less."""
    if not isinstance(program, (str, Tree, Program)) and not hasattr(program, "at"):
        raise UsageError(f"a program is a text or a Program, not {type(program).__name__}")


def checked_values(values: Any) -> Mapping[str, Value]:
    if values is None:
        return {}
    if not isinstance(values, Mapping):
        raise UsageError(
            f"values are a dict by name, not {type(values).__name__}", hint='{"x": 1.0}'
        )
    return values


class Readable(Protocol):
    """What becomes a program only where its variables have values: see reading/unit.py."""

    def at(
        self, values: Mapping[str, Any], *, seed: int, result: str, wanted: Sequence[str]
    ) -> tuple[Tree, dict[str, Any]]: ...


@uncollected()
def evaluate(
    program: str | Tree | Program | Readable,
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
    mode: str = "reverse",
    along: Any = None,
    jvp: Any = None,
    hvp: Any = None,
    hessian: bool = False,
    dtype: str | None = None,
    accumulate: str | None = None,
    loss_scale: float = 1.0,
    **named: Value,
) -> Report:
    """Value, gradient and every stage of a program at a point.

    The point is given by name or as a mapping. Names in `spare` may be missing from the
    program: their gradient is 0. An output that is an array needs `upstream`, the gradient of
    what comes after it, or `jacobian` for every entry of it; `seed` is for values such as
    "randn(3, 2)". `output` names the statement that is the result, the last if it is None.
    `mode` is reverse, forward or both: with forward every stage has its tangents, along each
    input or `along` a direction. `jvp` and `hvp` are directions too: of the derivative along
    one, and of the Hessian times one; `hessian` is for the whole of it.
    `dtype` is float32, float16 or bfloat16: every value and message is rounded to it, but sums and
    products of matrices add up in `accumulate`, and the backward pass begins with `loss_scale`.
    """
    given = {**checked_values(values), **named}
    checked_ties(ties)
    checked_program(program)
    if isinstance(program, Program) and (gates != "written" or not share or output is not None):
        raise UsageError("a Program is staged already: gates, share and output go to parse")
    if isinstance(program, (str, Tree)):
        program, spare = prepared(program, output, spare)
    given |= (arrays := arrays_in(given, seed))
    if not isinstance(program, (Program, Tree)):
        numbers = {name: arrays[name] if name in arrays else number(name, value)
                   for name, value in given.items()}  # fmt: skip
        program, given = program.at(
            numbers, seed=seed, result=output or "", wanted=tuple(wrt or ())
        )
        arrays = arrays_in(given, seed)
    shapes = {name: array.shape for name, array in arrays.items()}
    program = staged(program, given, gates, share, shapes)
    unused = tuple(name for name in spare if name in given and name not in program.inputs)
    at = point(
        program, {name: value for name, value in given.items() if name not in unused},
        allow_nonfinite=allow_nonfinite,
    )  # fmt: skip
    wanted = program.variables if wrt is None else checked_wrt(program, wrt)
    everything = wanted == program.variables
    start = beginning(program, upstream, jacobian=jacobian)
    kind = kind_of(program)
    found = kind.forward(program, at)
    if program.guards:
        check_guards(program, found)
    resolved = resolve(kind.watch(program, wanted), found, ties, start)
    notices = diagnose(program, at, found, resolved, wanted, ties)
    report = Report(
        program, at, found, resolved.back, wanted, ties, resolved, notices=tuple(notices),
        jacobian=whole_jacobian(program, found, ties, wanted) if jacobian else None,
    )  # fmt: skip
    part = program.tree.output
    if dtype is not None:
        from backprop.answer.lowering import lowered

        report = lowered(report, dtype, accumulate, loss_scale)
    elif accumulate is not None or loss_scale != 1:
        raise UsageError("accumulate and loss_scale go with a dtype")
    report = replace(
        report, unused=unused if everything and not part else (),
        notices=(*program.notices, *tied(program, found), *report.notices, *told_of(unused, part)),
    )  # fmt: skip
    if mode == "reverse" and along is None and jvp is None and hvp is None and not hessian:
        return report
    if dtype is not None:
        raise UsageError("fewer bits have no tangents and no second derivatives: ask without dtype")
    from backprop.answer.motion import Wishes, moved

    return moved(report, Wishes(mode, along, jvp, hvp, hessian))


def beginning(program: Program, upstream: Any, *, jacobian: bool = False) -> Any:
    """The gradient of the output. With a Jacobian the stages show those of the output's sum."""
    if not program.arrays:
        if jacobian or upstream is not None:
            what = "Jacobian" if jacobian else "upstream gradient"
            raise UsageError(f"the output is a number: it needs no {what}")
        return 1.0
    if jacobian and upstream is not None:
        raise UsageError("a Jacobian is for every upstream gradient: give one or the other")
    from backprop.answer.upstream import upstream_of

    return upstream_of(program.shapes[program.output], "ones" if jacobian else upstream)


def whole_jacobian(
    program: Program, values: Sequence[Any], ties: str, wrt: Sequence[str]
) -> dict[str, Any]:
    from backprop.answer.upstream import jacobian_of

    return jacobian_of(program, values, ties, wrt)


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
