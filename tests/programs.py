"""Random programs for the tests: a text, a point, and the value that Python's own math gives.

Every program is valid by construction: a piece whose value leaves the range or a gate's
domain is thrown away while it is written. The same seed writes the same program.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from random import Random

Compute = Callable[..., float]

SUM, PRODUCT, SIGN, POWER, ATOM = range(2, 7)  # how tightly a piece of text holds together
NAMES = ("x", "y", "z", "w0", "beta", "E", "S", "re", "q", "f", "q1", "θ", "exp", "d_1")
NUMBERS = ("2", "0.5", "3", "1.5", "10", "1e-3", "pi", "e", "1", "7.25")
LARGEST = 1e60


def within(low: float, high: float, compute: Compute) -> Compute:
    """`compute`, refused where its first operand is outside."""

    def checked(a: float, *rest: float) -> float:
        if not low <= a <= high:
            raise ValueError
        return compute(a, *rest)

    return checked


def sigmoid(a: float) -> float:
    return 1 / (1 + math.exp(-a))


def log_of_sum(a: float, b: float) -> float:
    """nan, which no program keeps, where the smaller one would be lost altogether."""
    return math.log(math.exp(a) + math.exp(b)) if abs(a - b) < 60 else math.nan


def normal(a: float) -> float:
    return math.erfc(-a / math.sqrt(2)) / 2


FUNCTIONS: dict[str, tuple[int, Compute]] = {
    "exp": (1, within(-60, 60, math.exp)),
    "exp2": (1, within(-90, 90, math.exp2)),
    "expm1": (1, within(-30, 30, math.expm1)),
    "log": (1, math.log),
    "ln": (1, math.log),
    "log2": (1, math.log2),
    "log10": (1, math.log10),
    "log1p": (1, within(-0.99, LARGEST, math.log1p)),
    "sin": (1, within(-1e3, 1e3, math.sin)),
    "cos": (1, within(-1e3, 1e3, math.cos)),
    "tan": (1, within(-1.5, 1.5, math.tan)),
    "asin": (1, within(-0.99, 0.99, math.asin)),
    "arccos": (1, within(-0.99, 0.99, math.acos)),
    "atan": (1, math.atan),
    "sinh": (1, within(-30, 30, math.sinh)),
    "cosh": (1, within(-30, 30, math.cosh)),
    "tanh": (1, within(-15, 15, math.tanh)),
    "arcsinh": (1, math.asinh),
    "acosh": (1, within(1.01, LARGEST, math.acosh)),
    "atanh": (1, within(-0.99, 0.99, math.atanh)),
    "erf": (1, within(-5, 5, math.erf)),
    "erfc": (1, within(-5, 8, math.erfc)),
    "sigmoid": (1, within(-60, 60, sigmoid)),
    "logsigmoid": (1, within(-30, 30, lambda a: -math.log1p(math.exp(-a)))),
    "softplus": (1, within(-30, 30, lambda a: math.log1p(math.exp(a)))),
    "silu": (1, within(-30, 30, lambda a: a * sigmoid(a))),
    "gelu": (1, within(-6, 6, lambda a: a * normal(a))),
    "elu": (1, within(-60, LARGEST, lambda a: a if a > 0 else math.expm1(a))),
    "leaky_relu": (1, lambda a: a if a > 0 else a / 100),
    "relu": (1, lambda a: max(a, 0.0)),
    "abs": (1, abs),
    "sqrt": (1, math.sqrt),
    "cbrt": (1, math.cbrt),
    "square": (1, lambda a: a * a),
    "recip": (1, lambda a: 1 / a),
    "sinc": (1, within(-50, 50, lambda a: math.sin(a) / a)),
    "sign": (1, lambda a: math.copysign(1.0, a) if a else 0.0),
    "floor": (1, within(-1e9, 1e9, lambda a: float(math.floor(a)))),
    "ceil": (1, within(-1e9, 1e9, lambda a: math.copysign(math.ceil(a), a))),
    "round": (1, within(-1e9, 1e9, lambda a: math.copysign(round(a), a))),
    "hypot": (2, math.hypot),
    "mod": (2, lambda a, b: a % b),
    "atan2": (2, lambda a, b: math.atan2(a, b) if a or b else math.nan),
    "logaddexp": (2, within(-30, 30, log_of_sum)),
    "max": (2, max),
    "minimum": (2, min),
}
# What users define in the text, and what it computes.
DEFINED: dict[str, tuple[str, int, Compute]] = {
    "sq1": ("sq1(u) = u*u + 1", 1, lambda u: u * u + 1),
    "mix": ("mix(u, v) = u*v - v/2", 2, lambda u, v: u * v - v / 2),
    "twice": ("twice(u) = sq1(sq1(u)*u)", 1, lambda u: ((u * u + 1) * u) ** 2 + 1),
}
# What the fused granularity closes into one gate, and what it computes as it is written.
PATTERNS: dict[str, Compute] = {
    "1/(1 + exp(-{0}))": within(-60, 60, sigmoid),
    "log(1 + exp({0}))": within(-30, 30, lambda a: math.log(1 + math.exp(a))),
    "log(1 + {0})": within(-0.99, LARGEST, lambda a: math.log(1 + a)),
    "(exp({0}) - 1)": within(-30, 30, lambda a: math.exp(a) - 1),
    "sqrt({0}**2 + 7.25**2)": lambda a: math.sqrt(a**2 + 7.25**2),
    "{0}/(1 + exp(-{0}))": within(-60, 60, lambda a: a / (1 + math.exp(-a))),
    "{0}**0.5": lambda a: math.pow(a, 0.5),
}
# On whole numbers these are exact, and so are all their slopes.
WHOLE = ("+", "-", "*", "neg", "square", "abs", "relu", "max", "minimum", "where")
EVERY = ("+", "-", "*", "/", "neg", "power", "implied", "where", "clip", "max3")
CHOOSES = ("where", "max", "max3", "minimum")
FREQUENT = (*EVERY[:4] * 4, *EVERY, *FUNCTIONS, *DEFINED, *PATTERNS)


@dataclass(frozen=True)
class Sample:
    text: str
    point: dict[str, float]
    value: float


@dataclass(frozen=True)
class Piece:
    """Part of a program: its text, what it is worth, and the inputs that it depends on."""

    text: str
    level: int
    value: float
    names: frozenset[str] = frozenset()

    def at(self, level: int) -> str:
        """The text as an operand that must hold together at least this tightly."""
        return self.text if self.level >= level else f"({self.text})"


class Writer:
    def __init__(self, random: Random, point: dict[str, float], whole: bool) -> None:
        self.random = random
        self.whole = whole
        self.operations = WHOLE if whole else FREQUENT
        self.atoms = [Piece(name, ATOM, value, frozenset([name])) for name, value in point.items()]
        self.made: list[Piece] = []
        self.defined: list[str] = []  # functions that the text has to define

    def piece(self, depth: int) -> Piece:
        """An expression of at most this depth, in the range."""
        if depth == 0 or self.random.random() < 0.1:
            return self.leaf()
        operands = [self.piece(depth - 1), self.second(depth - 1), self.second(depth - 1)]
        if self.random.random() < 0.2:
            operands[1] = operands[0]
        for operation in self.random.sample(self.operations, 8):
            made = self.applied(operation, operands)
            if made and self.holds(made.value):
                self.made.append(made)
                return made
        return operands[0]

    def second(self, depth: int) -> Piece:
        """An operand; often one that the text has already, so that paths fork and meet."""
        if self.made and self.random.random() < 0.3:
            return self.random.choice(self.made)
        return self.piece(self.random.randint(0, depth))

    def leaf(self) -> Piece:
        if self.random.random() < 0.15:
            text = self.random.choice(("2", "3", "5") if self.whole else NUMBERS)
            value = {"pi": math.pi, "e": math.e}.get(text)
            return Piece(text, ATOM, float(text) if value is None else value)
        return self.random.choice(self.atoms)

    def holds(self, value: float) -> bool:
        smallest, largest = (1.0, 1e3) if self.whole else (1 / LARGEST, LARGEST)
        return value == 0 or smallest <= abs(value) <= largest

    def applied(self, operation: str, operands: list[Piece]) -> Piece | None:
        """The operation on as many of the operands as it takes; None where it isn't defined."""
        same = len({operand.value for operand in operands}) < len(operands)
        if same and operation in CHOOSES and self.random.random() < 0.9:
            return None  # a tie nearly always: a few are enough
        try:
            made = self.infix(operation, *operands) or self.call(operation, operands)
        except (ArithmeticError, ValueError):
            return None
        text, level, value, used = made
        names = frozenset[str]().union(*[operand.names for operand in operands[:used]])
        return Piece(text, level, value, names)

    def infix(
        self, operation: str, a: Piece, b: Piece, c: Piece
    ) -> tuple[str, int, float, int] | None:
        gap = self.random.choice(("", " "))
        match operation:
            case "+":
                return f"{a.at(SUM)}{gap}+{gap}{b.at(PRODUCT)}", SUM, a.value + b.value, 2
            case "-":
                return f"{a.at(SUM)}{gap}-{gap}{b.at(PRODUCT)}", SUM, a.value - b.value, 2
            case "*":
                return f"{a.at(PRODUCT)}{gap}*{gap}{b.at(SIGN)}", PRODUCT, a.value * b.value, 2
            case "/":
                return f"{a.at(PRODUCT)}{gap}/{gap}{b.at(SIGN)}", PRODUCT, a.value / b.value, 2
            case "neg":
                return f"-{a.at(SIGN)}", SIGN, -a.value, 1
            case "implied":
                return f"3({a.text})", PRODUCT, 3 * a.value, 1
            case "power":
                return self.power(a, b)
            case "clip":
                if not b.value < c.value:
                    return f"clip({a.text}, -2, 0.5)", ATOM, min(max(a.value, -2), 0.5), 1
                value = min(max(a.value, b.value), c.value)
                return f"clip({a.text}, {b.text}, {c.text})", ATOM, value, 3
            case "where":
                value = b.value if a.value > c.value else a.value
                return f"where({a.text}{gap}>{gap}{c.text}, {b.text}, {a.text})", ATOM, value, 3
            case "max3":
                text = f"max({a.text}, {b.text}, {c.text})"
                return text, ATOM, max(a.value, b.value, c.value), 3
        return None

    def power(self, a: Piece, b: Piece) -> tuple[str, int, float, int]:
        symbol = self.random.choice(("**", "^"))
        if b.names and a.value > 0 and abs(b.value) < 6:
            return f"{a.at(ATOM)}{symbol}{b.at(SIGN)}", POWER, math.pow(a.value, b.value), 2
        exponent = self.random.choice(("2", "3", "-1", "-2", "0", "0.5", "1.5", "²", "³"))
        number = float({"²": "2", "³": "3"}.get(exponent, exponent))
        joined = exponent if exponent in "²³" else f"{symbol}{exponent}"
        return f"{a.at(ATOM)}{joined}", POWER, math.pow(a.value, number), 1

    def call(self, name: str, operands: list[Piece]) -> tuple[str, int, float, int]:
        if name in PATTERNS:
            inside = operands[0].at(ATOM)
            return f"({name.format(inside)})", ATOM, PATTERNS[name](operands[0].value), 1
        if name in DEFINED:
            _, arity, compute = DEFINED[name]
            self.defined += ["sq1", name]
        else:
            arity, compute = FUNCTIONS[name]
        used = operands[:arity]
        known = name in ("exp", "sin", "sqrt", "tanh", "arcsinh")
        module = self.random.choice(("", "", "np.", "math.")) if known else ""
        text = f"{module}{name}({', '.join([piece.text for piece in used])})"
        return text, ATOM, compute(*[piece.value for piece in used]), arity


def numbers(random: Random, whole: bool) -> dict[str, float]:
    """A point: whole numbers, or magnitudes around 1, or from tiny to huge."""
    names = random.sample(NAMES, random.randint(1, 4))
    if whole:
        return {name: float(random.choice([-3, -2, 2, 3, 4, 5, 7])) for name in names}
    spread = random.choice((0.5, 0.5, 0.5, 3, 20))
    return {
        name: random.choice((1, 1, -1)) * float(f"{10 ** random.uniform(-spread, spread):.6g}")
        for name in names
    }


def statements(writer: Writer, count: int, depth: int) -> list[Piece]:
    """Assignments to fresh names, each of which later ones may use, and an expression last."""
    found: list[Piece] = []
    while len(found) < count:
        piece = writer.piece(depth)
        if not piece.names:
            continue
        found.append(piece)
        if len(found) < count:
            writer.atoms.append(Piece(f"s{len(found)}", ATOM, piece.value, piece.names))
    return found


def sample(seed: str, *, whole: bool = False) -> Sample:
    """The program of this seed. With `whole` all its numbers are whole, so floats are exact."""
    random = Random(seed)
    point = numbers(random, whole)
    writer = Writer(random, point, whole)
    count, depth = random.choice((1, 1, 1, 2, 4)), random.randint(3, 7)
    pieces = statements(writer, count, depth)
    lines = [DEFINED[name][0] for name in DEFINED if name in writer.defined]
    lines += [f"s{number} = {piece.text}" for number, piece in enumerate(pieces[:-1], 1)]
    # A second line that starts with a sign or bracket would read as going on with the first.
    last = pieces[-1].text if len(lines) == 0 else f"out = {pieces[-1].text}"
    used = frozenset[str]().union(*[piece.names for piece in pieces])
    inputs = {name: value for name, value in point.items() if name in used}
    return Sample("\n".join([*lines, last]), inputs, pieces[-1].value)
