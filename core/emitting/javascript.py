"""JavaScript: a module that exports one function of an object of inputs, with no dependencies."""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from typing import ClassVar

from backprop.emitting.code import Input, Line, Routine, Wish
from backprop.emitting.language import Curly, listed
from backprop.emitting.steps import Walk
from backprop.program.program import Program

KEYWORDS = """
abstract arguments await boolean break byte case catch char class const continue debugger
default delete do double else enum eval export extends false final finally float for function
goto if implements import in instanceof int interface let long native new null package private
protected public return short static super switch synchronized this throw throws transient true
try typeof undefined var void volatile while with yield Math Number Object NaN Infinity async of
"""

SOURCE = """
// The power by the rules of IEEE 754, where JavaScript has NaN for 1 and -1.
function pow(a, b) {
    const one = a === 1 || (a === -1 && Math.abs(b) === Infinity);
    return one ? 1 : Math.pow(a, b);
}


// The cube root, after one step of Newton's method the nearest float nearly always.
function cube_root(a) {
    const root = Math.cbrt(a);
    if (!(Math.abs(a) > 1e-290 && Math.abs(a) < 1e290)) {
        return root;
    }
    return root - (root * root * root - a) / (3 * root * root);
}


// 1, 0 or -1; NaN for NaN.
function sign(a) {
    return a > 0 ? 1 : a < 0 ? -1 : a === 0 ? 0 : a;
}


// The nearest whole number, halves to the even one.
function nearest(a) {
    if (!(Math.abs(a) < 2 ** 52)) {
        return a;
    }
    const shift = a < 0 || Object.is(a, -0) ? -(2 ** 52) : 2 ** 52;
    const whole = a + shift - shift;
    return whole === 0 && shift < 0 ? -0 : whole;
}


// The remainder with the sign of b, where JavaScript's has that of a.
function mod(a, b) {
    const rest = a % b;
    if (rest === 0) {
        return b < 0 ? -0 : 0;
    }
    return (rest < 0) !== (b < 0) ? rest + b : rest;
}


// The maximum; NaN if an operand is.
function largest(a, ...others) {
    for (const b of others) {
        a = a >= b || a !== a ? a : b;
    }
    return a;
}


// The minimum; NaN if an operand is.
function smallest(a, ...others) {
    for (const b of others) {
        a = a <= b || a !== a ? a : b;
    }
    return a;
}


// exp(-a*a). The square is split into that of a multiple of 1/64, which is exact, and a rest.
function bell(a) {
    const h = Math.round(a * 64) / 64;
    const near = Math.exp(-h * h);
    return near + near * Math.expm1((h - a) * (h + a));
}


// The error function: near 0 its series, 2/sqrt(pi)*(a - a**3/3 + a**5/10 - ...), else from erfc.
function erf(a) {
    if (!(Math.abs(a) < 0.75)) {
        return a > 0 ? 1 - erfc(a) : a < 0 ? erfc(-a) - 1 : a;
    }
    let rest = 0;
    for (let n = 18; n > 0; n--) {
        rest = a * a / n * (1 / (2 * n + 1) - rest);
    }
    return a + a * (0.12837916709551257 - 1.1283791670955126 * rest);
}


// The complementary error function: from 0.5 on its continued fraction,
// exp(-a*a)/sqrt(pi)/(a + 1/2/(a + 1/(a + 3/2/(a + ...)))), so deep that no digit is missing.
function erfc(a) {
    if (!(a >= 0.5)) {
        return 1 - erf(a);
    }
    if (a > 28) {
        return 0;
    }
    let fraction = a;
    for (let n = Math.ceil(10 + 200 / (a * a)); n > 0; n--) {
        fraction = a + n / 2 / fraction;
    }
    return bell(a) * 0.5641895835477563 / fraction;
}
"""
MATH = """
exp expm1 log log2 log10 log1p sin cos tan asin acos atan atan2 sinh cosh tanh asinh acosh atanh
sqrt hypot abs floor ceil
"""


class JavaScript(Curly):
    name = "javascript"
    title = "JavaScript"
    own: ClassVar = {name: f"Math.{name}" for name in MATH.split()} | {
        "cbrt": "cube_root", "round": "nearest", "max": "largest", "min": "smallest",
    }  # fmt: skip
    words: ClassVar = {
        "and": "&&",
        "or": "||",
        "eq": "===",
        "ne": "!==",
        "true": "true",
        "false": "false",
    }
    constants: ClassVar = {math.pi: "Math.PI", math.e: "Math.E"}
    nan = "NaN"
    infinity = "Infinity"
    reserved = frozenset([*KEYWORDS.split(), "value", "gradient", "exp2", "RangeError"])
    source = SOURCE

    def write(self, program: Program, wish: Wish) -> str:
        return Walk(program, self, wish.ties, wish.wrt).file(wish)

    def literal(self, value: float, alone: bool) -> str:
        return super().literal(value, False)

    def has(self, gate: str) -> bool:
        return super().has(gate) or gate == "exp2"

    def call(self, gate: str, operands: Sequence[str]) -> str:
        return f"Math.pow(2, {operands[0]})" if gate == "exp2" else super().call(gate, operands)

    def statement(self, line: Line) -> str:
        if line.kind == "refuse":
            return f"throw new RangeError({json.dumps(line.text)});"
        return super().statement(line)

    def declared(self, line: Line) -> str:
        return "const" if line.kind == "let" else "let"

    def heading(self, name: str, parameters: Sequence[str]) -> str:
        return f"function {name}({', '.join(parameters)}) {{"

    def file(self, routine: Routine, helpers: Sequence[str], header: Sequence[str]) -> str:
        top = "\n".join([self.remark(line) for line in header])
        return "\n\n".join([*([top] if top else []), *helpers, self.main(routine)]) + "\n"

    def main(self, routine: Routine) -> str:
        what = "Value" if routine.gradient is None else "Value and gradient"
        lines = [
            f"// {what} of {routine.output}.",
            *self.head(routine),
            *self.block(routine.lines),
        ]
        if routine.gradient is None:
            return "\n".join([*lines, f"    return {routine.result};", "}"])
        pairs = [
            key(name) if name == text else f"{key(name)}: {text}" for name, text in routine.gradient
        ]
        head = f"return {{ value: {routine.result}, gradient: {{ "
        rows = listed(head, pairs, " } };", "    ") if pairs else [f"    {head.strip()}}} }};"]
        return "\n".join([*lines, *rows, "}"])

    def head(self, routine: Routine) -> list[str]:
        """The function's first line; without an object, all inputs are as in the program."""
        if not routine.inputs:
            return [f"export function {routine.name}() {{"]
        spared = all(given.default is not None for given in routine.inputs)
        tail = " } = {}) {" if spared else " }) {"
        inputs = [self.destructured(given) for given in routine.inputs]
        return listed(f"export function {routine.name}({{ ", inputs, tail)

    def destructured(self, given: Input) -> str:
        code = given.code if given.code == given.name else f"{key(given.name)}: {given.code}"
        return code if given.default is None else f"{code} = {self.literal(given.default, True)}"


def key(name: str) -> str:
    """A name as an object's key; only this one would mean something else."""
    return f'["{name}"]' if name == "__proto__" else name


LANGUAGE = JavaScript()
