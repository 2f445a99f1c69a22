"""A plan as one C loop, made by the system's compiler and kept by its content.

The C emitter's words, a line an operation. Rows go through the loop in whole bundles, so that
each is computed by the same instructions wherever it stands; what is left over is copied into a
bundle of its own. Products and sums are never contracted, which would make x*x - y*y something
else than 0 where x is y.
"""

from __future__ import annotations

import ctypes
from collections.abc import Iterator, Sequence
from typing import Any

from backprop.emitting.c import FUNCTIONS, LANGUAGE
from backprop.emitting.code import ATOM, Piece
from backprop.emitting.helpers import called
from backprop.emitting.writing import Writer
from backprop.kernel.building import BuildError, build
from backprop.kernel.graph import CONSTANT, INPUT, LIBRARY
from backprop.kernel.memory import aligned
from backprop.kernel.plan import Plan
from backprop.language.syntax import SYMBOL

Array = Any

BUNDLE = 64
BLOCK = 65536  # it needs no buffers, so little but calls depends on it
MOST_COLUMNS = 1000
LARGEST = "1.7976931348623157e308"  # of all floats


def native_engine(plan: Plan, inputs: int, block: int | None) -> NativeEngine:
    """Raises BuildError where there is no compiler, or it fails."""
    if inputs + len(plan.results) > MOST_COLUMNS:
        raise BuildError(f"a C function of more than {MOST_COLUMNS} columns can't be called")
    return NativeEngine(build(source(plan, inputs)), inputs, len(plan.results), block or BLOCK)


class NativeEngine:
    name = "native"
    parallel = True

    def __init__(self, library: ctypes.CDLL, inputs: int, results: int, block: int) -> None:
        self.inputs, self.results = inputs, results
        self.block = -(-block // BUNDLE) * BUNDLE
        self.kernel = library.rows
        self.kernel.argtypes = [ctypes.c_long, *[ctypes.c_void_p] * (inputs + results)]
        self.kernel.restype = ctypes.c_long

    def workspace(self, _rows: int) -> Any:
        return aligned(self.inputs, BUNDLE), aligned(self.results, BUNDLE)

    def run(self, columns: Sequence[Array], results: Sequence[Array], work: Any) -> bool:
        rows = len(results[0])
        whole = rows - rows % BUNDLE
        finite = not whole or self.call(whole, [*columns, *results])
        if whole < rows:
            fed, found = work
            for bundle, column in zip(fed, columns, strict=True):
                bundle[: rows - whole] = column[whole:]
                bundle[rows - whole :] = column[-1]
            finite &= self.call(BUNDLE, [*fed, *found])
            for bundle, column in zip(found, results, strict=True):
                column[whole:] = bundle[: rows - whole]
        return finite

    def call(self, rows: int, columns: Sequence[Array]) -> bool:
        """Compute so many rows: are all finite?"""
        return not self.kernel(rows, *[column.ctypes.data for column in columns])


def source(plan: Plan, inputs: int) -> str:
    """The C file: what it needs of the library, the emitter's own functions, and the loop."""
    lines = [*loop(plan)]
    code = "\n".join(lines)
    direct = called(code)
    helpers = [text for name, text in LANGUAGE.supplied.items() if name in direct]
    used = (direct | called("\n".join(helpers))) & {*FUNCTIONS.split()}
    parameters = ["long n", *[f"const double *restrict in{place}" for place in range(inputs)]]
    parameters += [f"double *restrict out{place}" for place in range(len(plan.results))]
    return "\n".join(
        [
            *(declared(name) for name in sorted(used & {*LIBRARY})),
            "#include <math.h>",
            *helpers,
            f"long rows({', '.join(parameters)}) {{",
            "    long odd = 0;",
            f"    n = n / {BUNDLE} * {BUNDLE};",
            "    for (long i = 0; i < n; i++) {",
            *(f"        {line}" for line in lines),
            "    }",
            "    return odd;",
            "}\n",
        ]
    )


def declared(name: str) -> str:
    parameters = ", ".join(["double"] * LIBRARY[name])
    return f"VECTOR double {name}({parameters});"


def loop(plan: Plan) -> Iterator[str]:
    """The lines of the loop's body."""
    writer = Writer(LANGUAGE)
    pieces: dict[int, Piece] = {}
    needed = {o for number in plan.order for o in plan.operations[number].operands}
    for number in sorted({*needed, *plan.results}):
        name, _, value = plan.operations[number]
        if name == INPUT:
            pieces[number] = Piece(f"x{value:.0f}")
            yield f"const double x{value:.0f} = in{value:.0f}[i];"
        elif name == CONSTANT:
            pieces[number] = writer.number(value)
    for number in plan.order:
        name, operands, _ = plan.operations[number]
        condition = number in plan.conditions
        text = written(writer, name, [pieces[operand] for operand in operands])
        variable = f"{'b' if condition else 't'}{number}"
        pieces[number] = Piece(variable)
        kind = "int" if condition else "double"
        yield f"const {kind} {variable} = {text};"
    for place, number in enumerate(plan.results):
        yield f"out{place}[i] = {pieces[number].text};"
    for number in dict.fromkeys(plan.results):
        yield f"odd |= !(fabs({pieces[number].text}) <= {LARGEST});"


def written(writer: Writer, name: str, operands: Sequence[Piece]) -> str:
    """An operation as an expression of C."""
    texts = [piece.text if piece.level == ATOM else f"({piece.text})" for piece in operands]
    match name:
        case "and" | "or":
            return f"{texts[0]} {'&' if name == 'and' else '|'} {texts[1]}"
        case "not":
            return f"!{texts[0]}"
        case "number":
            return f"{texts[0]} ? 1.0 : 0.0"
        case "select":
            return f"{texts[0]} ? {texts[1]} : {texts[2]}"
        case "lt" | "le" | "gt" | "ge" | "eq" | "ne":
            return f"{texts[0]} {SYMBOL[name]} {texts[1]}"
    return writer.gate(name, operands).text
