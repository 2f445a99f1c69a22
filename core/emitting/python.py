"""Python: a function that returns value and gradient, and total functions where Python raises."""

from __future__ import annotations

import json
import keyword
import math
from collections.abc import Sequence
from typing import Any, ClassVar

from backprop.emitting.code import Line, Routine, Wish
from backprop.emitting.language import Language, listed
from backprop.emitting.steps import Walk
from backprop.program.program import Program

SOURCE = '''
def div(a, b):
    """a / b, and inf or nan for b = 0, as IEEE 754 has it, where Python would raise."""
    if b != 0:
        return a / b
    return math.nan if a == 0 or a != a else math.copysign(math.inf, a) * math.copysign(1, b)


def pow(a, b):
    """a**b as IEEE 754 has it, where Python would raise."""
    try:
        return math.pow(a, b)
    except (OverflowError, ValueError):
        odd = b % 2 == 1
        if a == 0:
            return math.copysign(math.inf, a) if odd else math.inf
        if a < 0 and b != math.floor(b):
            return math.nan
        return -math.inf if a < 0 and odd else math.inf


def sqrt(a):
    """The square root; nan for negative numbers, where Python would raise."""
    return math.nan if a < 0 else math.sqrt(a)


def exp(a):
    """The exponential; inf beyond all floats, where Python would raise."""
    try:
        return math.exp(a)
    except OverflowError:
        return math.inf


def exp2(a):
    """2**a; inf beyond all floats, where Python would raise."""
    try:
        return math.exp2(a)
    except OverflowError:
        return math.inf


def expm1(a):
    """exp(a) - 1; inf beyond all floats, where Python would raise."""
    try:
        return math.expm1(a)
    except OverflowError:
        return math.inf


def log(a):
    """The logarithm; -inf at 0 and nan below, where Python would raise."""
    if a > 0:
        return math.log(a)
    return -math.inf if a == 0 else math.nan


def log2(a):
    """The logarithm to base 2; -inf at 0 and nan below, where Python would raise."""
    if a > 0:
        return math.log2(a)
    return -math.inf if a == 0 else math.nan


def log10(a):
    """The logarithm to base 10; -inf at 0 and nan below, where Python would raise."""
    if a > 0:
        return math.log10(a)
    return -math.inf if a == 0 else math.nan


def log1p(a):
    """The logarithm of 1 + a; -inf at -1 and nan below, where Python would raise."""
    if a > -1:
        return math.log1p(a)
    return -math.inf if a == -1 else math.nan


def sin(a):
    """The sine; nan for infinities, where Python would raise."""
    return math.nan if math.isinf(a) else math.sin(a)


def cos(a):
    """The cosine; nan for infinities, where Python would raise."""
    return math.nan if math.isinf(a) else math.cos(a)


def tan(a):
    """The tangent; nan for infinities, where Python would raise."""
    return math.nan if math.isinf(a) else math.tan(a)


def asin(a):
    """The arc sine; nan outside of -1 to 1, where Python would raise."""
    return math.asin(a) if -1 <= a <= 1 else math.nan


def acos(a):
    """The arc cosine; nan outside of -1 to 1, where Python would raise."""
    return math.acos(a) if -1 <= a <= 1 else math.nan


def sinh(a):
    """The hyperbolic sine; inf or -inf beyond all floats, where Python would raise."""
    try:
        return math.sinh(a)
    except OverflowError:
        return math.copysign(math.inf, a)


def cosh(a):
    """The hyperbolic cosine; inf beyond all floats, where Python would raise."""
    try:
        return math.cosh(a)
    except OverflowError:
        return math.inf


def acosh(a):
    """The inverse of cosh; nan below 1, where Python would raise."""
    return math.acosh(a) if a >= 1 else math.nan


def atanh(a):
    """The inverse of tanh; inf or -inf at 1 and -1, nan beyond, where Python would raise."""
    if -1 < a < 1:
        return math.atanh(a)
    return math.copysign(math.inf, a) if abs(a) == 1 else math.nan


def gamma(a):
    """The gamma function; inf beyond all floats and at 0, where Python would raise."""
    try:
        return math.gamma(a)
    except (OverflowError, ValueError):
        return math.copysign(math.inf, a) if a >= 0 else math.nan


def cube_root(a):
    """The cube root, after one step of Newton's method the nearest float nearly always."""
    root = math.cbrt(a)
    if not 1e-290 < abs(a) < 1e290:
        return root
    return root - (root * root * root - a) / (3 * root * root)


def sign(a):
    """1, 0 or -1; nan for nan."""
    return a if a != a else float((a > 0) - (a < 0))


def floor(a):
    """The next whole number below, as a float; inf and nan stay, where Python would raise."""
    return a // 1 if abs(a) < 2**52 else a


def ceil(a):
    """The next whole number above, as a float; inf and nan stay, where Python would raise."""
    return -(-a // 1) if abs(a) < 2**52 else a


def nearest(a):
    """The nearest whole number as a float, halves to the even one; inf and nan stay."""
    return math.copysign(round(a), a) if abs(a) < 2**52 else a


def mod(a, b):
    """The remainder a % b; nan for b = 0, where Python would raise."""
    return a % b if b else math.nan


def largest(a, *others):
    """The maximum; nan if any operand is, where Python looks at the first alone."""
    for b in others:
        a = a if a >= b or a != a else b
    return a


def smallest(a, *others):
    """The minimum; nan if any operand is, where Python looks at the first alone."""
    for b in others:
        a = a if a <= b or a != a else b
    return a
'''


# What never raises.
MATH = ("atan", "atan2", "hypot", "tanh", "asinh", "erf", "erfc")


class Python(Language):
    name = "python"
    title = "Python"
    comment = "#"
    divides = False
    own: ClassVar = {name: f"math.{name}" for name in MATH} | {
        "abs": "abs", "cbrt": "cube_root", "round": "nearest", "max": "largest", "min": "smallest",
    }  # fmt: skip
    words: ClassVar = {"and": "and", "or": "or", "true": "True", "false": "False"}
    constants: ClassVar = {math.pi: "math.pi", math.e: "math.e"}
    nan = "math.nan"
    infinity = "math.inf"
    reserved = frozenset([*keyword.kwlist, "math", "float", "__debug__", "ValueError"])
    source = SOURCE
    modules: ClassVar = {"math.": "import math"}

    def write(self, program: Program, wish: Wish) -> str:
        return Walk(program, self, wish.ties, wish.wrt).file(wish)

    def choice(self, condition: str, yes: str, no: str) -> str:
        return f"{yes} if {condition} else {no}"

    def statement(self, line: Line) -> str:
        match line.kind:
            case "let" | "vary" | "set" | "flag" | "mask":
                return f"{line.name} = {line.text}"
            case "add":
                return f"{line.name} += {line.text}"
            case "take":
                return f"{line.name} -= {line.text}"
            case "raise":
                return f"{line.name} = True"
            case "if":
                return f"if {line.text}:"
            case "refuse":
                return f"raise ValueError({json.dumps(line.text)})"
            case "end":
                return ""
        return f"# {line.text}"

    def function(
        self, name: str, parameters: Sequence[str], lines: Sequence[Line], result: str, about: str
    ) -> str:
        head = [f"def {name}({', '.join(parameters)}):", f'    """{about}"""']
        return "\n".join([*head, *self.block(lines), f"    return {result}"])

    def file(self, routine: Routine, helpers: Sequence[str], header: Sequence[str]) -> str:
        body = "\n".join(self.main(routine))
        parts = [*helpers, body]
        modules = [line for used, line in self.modules.items() if any(used in p for p in parts)]
        if modules:
            parts = ["\n".join(modules), *parts]
        top = [*(self.remark(line) for line in header), ""] if header else []
        return "\n".join([*top, "\n\n\n".join(parts)]) + "\n"

    def main(self, routine: Routine) -> list[str]:
        ordered = sorted(routine.inputs, key=lambda given: given.default is not None)
        parameters = [
            given.code if given.default is None else f"{given.code}={self.default(given.default)}"
            for given in ordered
        ]
        lines = [
            *listed(f"def {routine.name}(", parameters, "):"),
            f'    """{self.summary(routine)}."""',
            *self.block(routine.lines),
        ]
        if routine.gradient is None:
            return [*lines, f"    return {routine.result}"]
        pairs = [f'"{name}": {text}' for name, text in routine.gradient]
        return [*lines, *listed(f"return {routine.result}, {{", pairs, "}", "    ")]

    def default(self, value: Any) -> str:
        return self.literal(value, True)

    def summary(self, routine: Routine) -> str:
        what = "Value" if routine.gradient is None else "Value and gradient"
        return f"{what} of {routine.output}"


LANGUAGE = Python()
