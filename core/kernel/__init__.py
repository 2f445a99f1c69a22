"""Value and all gradients of a program for any number of rows.

    kernel = compiled(program)
    value, gradients = kernel({"x": column, "y": column})

The backward pass is compiled once, with the forward pass, into straight-line code over blocks
of rows: in NumPy, or with `engine="native"` in C by the system's compiler.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING

from backprop.engine.numbers import uncollected
from backprop.engine.ties.conventions import AUTO, convention
from backprop.engine.ties.watch import Watch
from backprop.errors import UsageError, closest
from backprop.gates import GATES
from backprop.program.program import Program

if TYPE_CHECKING:
    from backprop.kernel.array_kernel import ArrayKernel
    from backprop.kernel.plan import Plan
    from backprop.kernel.running import Engine, Kernel
    from backprop.kernel.ways import Ways

ENGINES = ("numpy", "native", "auto")
# Seconds: of an operation on a number, and of compiling a program and each of its operations.
OPERATION, COMPILING, LINE = 0.5e-9, 0.1, 0.7e-3
MOST_LINES = 3000  # of which a compiler makes one loop before anyone gets impatient


@uncollected()
def compiled(
    program: Program,
    wrt: Iterable[str] | None = None,
    *,
    ties: str = "auto",
    engine: str = "numpy",
    threads: int = 1,
    rows: int = 0,
    block: int | None = None,
    fast_trigonometry: bool = False,
) -> Kernel | Ways | ArrayKernel:
    """The kernel of a program. `rows` is how many there will be, for `auto` to choose by; `block`
    is how many are computed at a time, as many as stay in cache if not given.

    `fast_trigonometry` lets NumPy make sine and cosine from tangents, which are up to 2.6 units
    in the last place off, where the processor has fast tangents: see `fast_tangents`.
    """
    from backprop.answer.evaluation import checked_ties
    from backprop.answer.values import checked_wrt

    if engine not in ENGINES:
        near = closest(engine, [*ENGINES])
        raise UsageError(
            f"there is no engine {engine[:40]}; engines are {', '.join(ENGINES)}",
            hint=f"did you mean {near}?" if near else "",
        )
    if not isinstance(program, Program):
        raise UsageError(
            f"compiled takes a Program, not {type(program).__name__}",
            hint="backprop.parse makes one",
        )
    wanted = program.variables if wrt is None else checked_wrt(program, wrt)
    checked_ties(ties)
    if program.arrays:
        from backprop.kernel.array_kernel import ArrayKernel

        return ArrayKernel(program, wanted, ties)

    def kernel_of(one: Program, names: Sequence[str]) -> Kernel:
        return kernel(one, names, ties, engine, threads, rows, block, fast_trigonometry)

    if program.guards:
        from backprop.kernel.ways import Ways

        return Ways(program, wanted, kernel_of)
    return kernel_of(program, wanted)


def kernel(
    program: Program, wanted: Sequence[str], ties: str, engine: str, threads: int, rows: int,
    block: int | None, fast_trigonometry: bool,
) -> Kernel:  # fmt: skip
    """The kernel of a program that goes one way."""
    from backprop.kernel.plan import planned
    from backprop.kernel.running import Kernel

    refuse_arrays(program)
    watch = Watch(program, wanted)
    watched = watch.stages if ties == AUTO else ()
    plan = planned(program, wanted, convention(ties), watched=watched)
    made: Engine | None = None
    note = ""
    if engine == "native" or (engine == "auto" and worth_compiling(len(plan.order), rows)):
        made, note = in_c(plan, len(program.inputs), block)
    if made is None:
        from backprop.kernel.graph import Graph
        from backprop.kernel.numpy_engine import NumpyEngine, fast_tangents

        if fast_trigonometry and fast_tangents():
            graph = Graph(fast_trigonometry=True)
            plan = planned(program, wanted, convention(ties), graph, watched)
        made = NumpyEngine(plan, len(program.inputs), block)
    return Kernel(program, watch, ties, made, threads, note)


def refuse_arrays(program: Program) -> None:
    program.numbers_only(
        "this program is about arrays, and a table has numbers only",
        hint="write the entries out: w0*x0 + w1*x1",
    )


def numbers_only(program: Program) -> bool:
    """Is it about single numbers? If not, see array_rows.py."""
    return not program.arrays and not any(
        name in GATES and GATES[name].array for name in set(program.gates)
    )


def worth_compiling(operations: int, rows: int) -> bool:
    """Does NumPy take clearly longer than a compiler?"""
    saved = OPERATION * operations * rows
    return operations <= MOST_LINES and saved > 2 * (COMPILING + LINE * operations)


def in_c(plan: Plan, inputs: int, block: int | None) -> tuple[Engine | None, str]:
    """The engine in C, or a note why there is none."""
    from backprop.kernel.building import BuildError
    from backprop.kernel.native import native_engine

    try:
        return native_engine(plan, inputs, block), ""
    except (BuildError, UsageError) as error:
        return None, f"{error}; the NumPy engine is used instead"
