"""Random texts of the language, written as nested pieces, and what a text's tree looks like.

Every text can be read, though not always computed: calls, lists, indices, slices, functions
and statements are all there. Plain texts are Python too; the others use every spelling.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random

from backprop.language.syntax import ABSENT, Item, Op, Tree

Shape = tuple[object, ...]  # a tree without its spelling, in postfix order

OPERATORS = ("+", "-", "*", "/", "%", "@", "**")
COMPARISONS = ("<", "<=", ">", ">=", "==", "!=")
FANCY = {"-": "-−–", "*": "*×·⋅∗", "/": "/÷", "**": "^"}
NAMES = ("x", "y", "z2", "w_0", "beta", "e", "pi", "E", "S", "_")
FANCY_NAMES = (*NAMES, "θ", "α_1", "lambda", "for", "np.pi", "π", "math.e")
NUMBERS = ("2", "0.5", ".5", "5.", "12", "1e-3", "2.5E+4", "1_000", "7")
CALLS = ("exp", "max", "where", "f", "g2", "atan2")
FANCY_CALLS = (*CALLS, "np.exp", "math.sqrt", "σ", "√", "numpy.linalg.norm")


@dataclass
class Writer:
    """Writes pieces of text. `lines` says whether a line may end between two tokens."""

    random: Random
    fancy: bool = False
    lines: bool = False

    def one(self, *choices: str) -> str:
        return self.random.choice(choices)

    def chance(self, probability: float) -> bool:
        return self.random.random() < probability

    def gap(self) -> str:
        """White space between two tokens, or none."""
        if self.chance(0.6):
            return ""
        if self.fancy and self.chance(0.3):
            return self.one("\u00a0", "\t", "\u2003 ", " \\\n")
        if self.lines and self.chance(0.3):
            return self.one("\n", " # a note: (x = [2\n", "\r\n", "\n\n  ")
        return " "

    def expression(self, depth: int) -> str:
        if not depth or self.chance(0.8):
            return self.sum(depth)
        if self.chance(0.3):
            return self.choice(depth)
        return self.condition(depth)

    def choice(self, depth: int) -> str:
        """`a if c else b`, of which b may be such a choice again."""
        yes, condition = (self.disjunction(depth) for _ in range(2))
        no = self.choice(depth - 1) if depth and self.chance(0.3) else self.disjunction(depth)
        return self.between(" if ", yes, self.between(" else ", condition, no))

    def disjunction(self, depth: int) -> str:
        return self.sum(depth) if self.chance(0.5) else self.condition(depth)

    def condition(self, depth: int) -> str:
        """Comparisons in a row, joined by words, so that it takes precedence to tell the order."""
        text = self.comparison(depth)
        while self.chance(0.3):
            text = self.between(self.one(" and ", " or "), text, self.comparison(depth))
        return text

    def between(self, word: str, left: str, right: str) -> str:
        return left + word + self.gap() + right

    def comparison(self, depth: int) -> str:
        """A sum, or two compared; or a chain, whose middle holds no other chain."""
        text = self.one("not ", "not not ") * self.chance(0.2) + self.sum(depth)
        middles = self.random.choice((0, 0, 0, 0, 1, 1, 2))
        sides = [self.sum(0) for _ in range(middles)]
        for side in [*sides, self.sum(depth)] if self.chance(0.8) else ():
            text += self.gap() + self.one(*COMPARISONS) + self.gap() + side
        return text

    def sum(self, depth: int) -> str:
        """Signed operands in a row, so that it takes precedence to tell what belongs together."""
        text, operator = self.operand(depth, implied=True), ""
        while self.chance(0.6 if depth else 0.3):
            operator = self.one(*OPERATORS)
            shown = self.one(*FANCY.get(operator, operator), operator) if self.fancy else operator
            implied = operator in ("+", "-", "*")
            text += self.gap() + shown + self.gap() + self.operand(depth, implied=implied)
        return text

    def operand(self, depth: int, *, implied: bool) -> str:
        signs = "".join(self.one("-", "+") + self.gap() for _ in range(3) if self.chance(0.15))
        if self.fancy and implied and self.chance(0.15):
            return signs + self.one("2", "0.5", "5.", "1e3", "1_0") + self.factor(depth)
        return signs + self.primary(depth)

    def factor(self, depth: int) -> str:
        """What a number may stand before: no name that could be the number's exponent."""
        if depth and self.chance(0.5):
            return self.brackets("(", self.expression, depth - 1, ")")
        return self.one("x", "θ", "π", "np.pi", "beta")

    def primary(self, depth: int) -> str:
        if not depth or self.chance(0.4):
            text, number = self.one(*(FANCY_NAMES if self.fancy else NAMES)), self.chance(0.4)
            text = self.one(*NUMBERS) if number else text
        else:
            text, number = self.nested(depth - 1), False
        while not number and depth and self.chance(0.15):
            text += self.suffix(depth - 1)
        return text + self.one("²", "³") if self.fancy and self.chance(0.1) else text

    def nested(self, depth: int) -> str:
        kind = self.one("group", "group", "call", "call", "list")
        if kind == "group":
            return self.brackets("(", self.expression, depth, ")")
        if kind == "list":
            return self.brackets("[", self.listed, depth, "]")
        return self.brackets(
            self.one(*(FANCY_CALLS if self.fancy else CALLS)) + "(", self.listed, depth, ")"
        )

    def suffix(self, depth: int) -> str:
        kind = self.one("index", "index", ".T", ".dot", ".shape")
        if kind == "index":
            return self.gap() + self.brackets("[", self.subscripts, depth, "]")
        if kind == ".dot":
            return self.brackets(".dot(", self.expression, depth, ")")
        return self.one(".shape", ".ndim", ".size") if kind == ".shape" else ".T"

    def brackets(self, opening: str, inside: Callable[[int], str], depth: int, closing: str) -> str:
        lines, self.lines = self.lines, self.fancy
        text = opening + self.gap() + inside(depth) + self.gap() + closing
        self.lines = lines
        return text

    def listed(self, depth: int) -> str:
        return ("," + self.gap()).join(
            self.expression(depth) for _ in range(self.random.choice((0, 1, 1, 2, 3)))
        )

    def subscripts(self, depth: int) -> str:
        return ",".join(self.subscript(depth) for _ in range(self.random.choice((1, 1, 2))))

    def subscript(self, depth: int) -> str:
        if self.chance(0.2):
            return self.one("None", "...", *["np.newaxis"] * self.fancy)
        if self.chance(0.5):
            return self.expression(depth)
        parts = self.random.choice((2, 3))
        return ":".join(self.expression(depth) if self.chance(0.5) else "" for _ in range(parts))

    def program(self, depth: int) -> str:
        """Functions and named stages, and an expression or a named stage at the end."""
        statements = []
        for number in range(self.random.randrange(5)):
            parameters = self.one("", "", "(p)", "(p, q)")
            name = f"f{number}" if parameters else f"a{number}"
            statements.append(
                f"{name}{parameters}{self.gap()}={self.gap()}{self.expression(depth)}"
            )
        statements.append(self.one("", "out = ") + "(" + self.expression(depth) + ")")
        end = self.one(";", "\n", " \n\n", " # a note ; (\n")
        return end.join(statements)


def expressions(seed: int, count: int, *, fancy: bool = False) -> list[str]:
    writer = Writer(Random(seed), fancy, lines=fancy)
    return [writer.expression(writer.random.choice((1, 2, 2, 3))) for _ in range(count)]


def programs(seed: int, count: int) -> list[str]:
    writer = Writer(Random(seed), fancy=True)
    return [writer.program(writer.random.choice((0, 1, 2))) for _ in range(count)]


def shape(code: Sequence[Item]) -> Shape:
    """The code without its spelling: numbers as floats, and one kind for all operators."""
    return tuple(
        (item.name, item.arity, "operator" if item.kind in SPELLINGS else item.kind)
        if isinstance(item, Op)
        else float(item)
        if item[:1] in tuple("0123456789.") and item != ABSENT
        else item
        for item in code
    )


SPELLINGS = ("infix", "implied", "postfix", "prefix")


def program_shape(tree: Tree) -> Shape:
    functions = [
        (function.name, function.parameters, shape(tree.code[function.start : function.stop]))
        for function in tree.functions.values()
    ]
    return (*functions, *(shape(tree.code[start:stop]) for start, stop in tree.body))


def subtrees(code: Sequence[Item]) -> list[Sequence[Item]]:
    """The code of every node with everything under it."""
    starts: list[int] = []
    found = []
    for node, item in enumerate(code):
        start = node
        if isinstance(item, Op) and item.arity:
            start = starts[len(starts) - item.arity]
            del starts[len(starts) - item.arity :]
        starts.append(start)
        found.append(code[start : node + 1])
    return found
