"""How the texts of the table move: a local derivative is a text, and so it has a tangent.

A text becomes a row of assignments, one an operation, and each operation that moves is followed
by its tangent: every local derivative of its gate, itself a text of the table, times how its
operand moves. What the numbers 1 and 0 would multiply is not written.

    out*sigmoid(-a)   s = sigmoid(-a);  s_ = s*sigmoid(a)*-a_;  out_*s + out*s_
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache, partial
from math import isfinite
from typing import Any

from backprop.arithmetic.system import Arithmetic, Function, defined
from backprop.arithmetic.texts import COMPARISONS, Target, formula, python
from backprop.gates import GATES, find
from backprop.gates.row import Gate
from backprop.language.syntax import Op

CHOOSING = (*COMPARISONS, "sign", "floor", "ceil", "round", "count", "identity", "argsort")
FOLDED = {"add": lambda a, b: a + b, "sub": lambda a, b: a - b, "mul": lambda a, b: a * b}
PLAIN = Op("mul", 2, "infix")
SUM = Op("add", 2, "infix")
MINUS = Op("neg", 1, "prefix")


def call(name: str, count: int) -> Op:
    return Op(name, count, "call")


class Motion:
    """A function's lines, as they are written. A value is a name or a literal of Python; `moves`
    has the tangents of those that move."""

    def __init__(
        self, target: Target, *, careful: bool, stem: str = "_", bends: bool = False
    ) -> None:
        self.target = target
        self.bends = bends  # is the value that is filled in that of a kink?
        self.stem = stem
        self.product = call("moves", 2) if careful else PLAIN
        self.lines: list[str] = []
        self.known: dict[str, str] = {}
        self.moves: dict[str, str] = {}
        self.literals: dict[str, float] = {}
        self.called: set[str] = set()
        self.equal: set[str] = set()  # tests for one value, at which what follows is filled in

    def literal(self, number: float) -> str:
        text = self.target.literal(repr(number))
        self.literals[text] = number
        return text

    def text(self, text: str, names: Mapping[str, str], *, moving: bool = False) -> str:
        """What a text of the table comes to, where its names stand for these values."""
        stack: list[str] = []
        scope = dict(names)
        for item in formula(text).code:
            if isinstance(item, str):
                digit = item[0] in "0123456789."
                stack.append(self.literal(float(item)) if digit else scope.get(item, item))
                continue
            operands = stack[len(stack) - item.arity :]
            del stack[len(stack) - item.arity :]
            if item.kind == "store":
                scope[item.name] = operands[0]
            else:
                stack.append(self.operation(item, operands, moving=moving))
        return stack[-1]

    def operation(self, op: Op, operands: Sequence[str], *, moving: bool = False) -> str:
        simple = self.simpler(op.name, operands)
        if simple is not None:
            return simple
        found = self.assigned(python(op, [*operands], self.target))
        if op.kind == "call":
            self.called.add(op.name)
        if op.name == "eq" or (op.name in FOLDED and not self.equal.isdisjoint(operands)):
            self.equal.add(found)
        if moving and found not in self.moves and any(one in self.moves for one in operands):
            tangent = self.tangent(op, operands, found)
            if tangent:
                self.moves[found] = tangent
        return found

    def assigned(self, expression: str) -> str:
        if expression not in self.known:
            self.known[expression] = name = f"{self.stem}{len(self.known)}"
            self.lines.append(f"{name} = {expression}")
        return self.known[expression]

    def simpler(self, name: str, operands: Sequence[str]) -> str | None:
        """What an operation comes to that needn't be done; None if it has to be."""
        numbers = [self.literals.get(one) for one in operands]
        if name in FOLDED and None not in numbers:
            folded = FOLDED[name](*numbers)
            return self.literal(folded) if isfinite(folded) and folded >= 0 else None
        if name == "mul" and 1.0 in numbers:
            return operands[1 - numbers.index(1.0)]
        if name == "pow" and numbers[1] == 1.0:
            return operands[0]
        return None

    def tangent(self, op: Op, operands: Sequence[str], out: str) -> str:
        """How the value of an operation moves; empty if it doesn't."""
        name = op.name
        if name in CHOOSING:
            return ""
        moved = [self.moves.get(one) for one in operands]
        if op.kind == "attribute":  # a.T
            return self.operation(op, [moved[0] or ""])
        if name == "abs":  # the side that `where(a >= 0, ...)` takes as well
            side = self.operation(Op("ge", 2, "infix"), (operands[0], self.literal(0.0)))
            against = self.operation(MINUS, [moved[0] or ""])
            return self.operation(call("where", 3), (side, moved[0] or "", against))
        if name in ("where", "max", "min"):
            return self.chosen(name, operands, moved, out)
        if name in ("mul", "scale"):
            left, right = operands
            parts = [
                self.times(other, d) for other, d in ((right, moved[0]), (left, moved[1])) if d
            ]
            return self.total(parts)
        row = find("powc" if name == "pow" and moved[1] is None else name)
        if name == "matmul" or row is None or row.array:
            return self.total(self.whole(name, operands, moved, out))
        bound = {**dict(zip(row.operands, operands, strict=False)), "out": out}
        parts = []
        for place, d in enumerate(moved):
            text = row.partial(place)
            if d and text:
                own = {"a": operands[place]} if row.variadic else {}
                parts.append(self.scaled(text, {**bound, **own}, d))
        return self.total(parts)

    def times(self, slope: str, tangent: str) -> str:
        if self.literals.get(slope) == 1.0:
            return tangent
        return self.operation(self.product, (slope, tangent))

    def scaled(self, text: str, names: Mapping[str, str], tangent: str) -> str:
        """A local derivative times how its operand moves."""
        if text == "1":
            return tangent
        if text == "-1":
            return self.operation(MINUS, [tangent])
        return self.times(self.text(text, names), tangent)

    def chosen(
        self, name: str, operands: Sequence[str], moved: Sequence[str | None], out: str
    ) -> str:
        """The tangent of what is chosen."""
        zero = self.literal(0.0)
        if name == "where":
            condition, yes, no = operands[0], moved[1], moved[2]
        else:
            first = Op("eq", 2, "infix")
            condition, yes, no = self.operation(first, (operands[0], out)), moved[0], moved[1]
        if not yes and not no:
            return ""
        if no and not yes and condition in self.equal and not self.bends:  # moves as beside it
            yes, condition = no, self.operation(Op("eq", 2, "infix"), (no, no))
            no = zero
        return self.operation(call("where", 3), (condition, yes or zero, no or zero))

    def whole(
        self, name: str, operands: Sequence[str], moved: Sequence[str | None], out: str
    ) -> list[str]:
        """The parts of the tangent of an operation on whole arrays."""
        from backprop.gates.arrays import moving_texts

        parameters, texts = moving_texts(name)
        bound = {"out": out, **dict(zip(parameters, operands, strict=False))}
        return [
            self.text(text, {**bound, "d": d})
            for text, d in zip(texts, moved, strict=False)
            if d and text
        ]

    def total(self, parts: Sequence[str]) -> str:
        found = ""
        for part in parts:
            found = self.operation(SUM, (found, part)) if found else part
        return found


# The functions of a number system.


def moves(slope: Any, tangent: Any) -> Any:
    """What doesn't move stays, however steep it is."""
    return slope * tangent if tangent else tangent


@cache
def moved(arithmetic: Arithmetic, gate: str, count: int, ties: str = "notes") -> Function:
    """How a gate moves, of its operands, its value and the operands' tangents: its own tangent,
    then the slope for each operand, then the tangent of each slope."""
    row = GATES[gate]
    if row.routes or row.ties or not any(row.partials):
        return partial(routed, arithmetic, arithmetic.local[ties][gate])
    operands = [f"a{k}" for k in range(count)] if row.variadic else [*row.operands]
    signature = ", ".join([*operands, "out", *map(MOVED.format, operands)])
    target = Target(arithmetic.literal, arithmetic.divides, arithmetic.arrays)
    lines, answers, scope = written(arithmetic, row, operands, target, careful=True)
    total = defined(signature, [*lines, f"return ({', '.join(answers)})"], scope)
    if arithmetic.quick is None:
        return total
    target = Target(arithmetic.literal, divides=True)
    lines, answers, scope = written(arithmetic, row, operands, target, careful=False)
    known = [one for one in (answers[0], *answers[count + 1 :]) if one != "None"]
    quick = [*lines, f"check = {' + '.join(known)}", "if check == check:",
             f"    return ({', '.join(answers)})"]  # fmt: skip
    lines = ["try:", *(f"    {line}" for line in quick)]
    lines += ["except (ArithmeticError, ValueError):", "    pass", f"return total({signature})"]
    return defined(signature, lines, scope | arithmetic.quick | {"total": total})


MOVED = "{}_"


def written(
    arithmetic: Arithmetic, row: Gate, operands: Sequence[str], target: Target, *, careful: bool
) -> tuple[list[str], list[str], dict[str, Any]]:
    """The lines of such a function, what it returns, and what its lines call."""
    motion = Motion(target, careful=careful, bends=row.bends)
    texts = [(row.partial(place), {"a": one} if row.variadic else {})
             for place, one in enumerate(operands)]  # fmt: skip
    slopes = [motion.text(*text) if text[0] else "None" for text in texts]
    moving = zip(slopes, operands, strict=True)
    parts = [motion.times(one, MOVED.format(name)) for one, name in moving if one != "None"]
    out = motion.total(parts)
    motion.moves = {name: MOVED.format(name) for name in operands} | {"out": out}
    zero = target.literal("0")
    tangents = [
        motion.moves.get(motion.text(*text, moving=True), zero) if text[0] else "None"
        for text in texts
    ]
    lines, answers = motion.lines, [out, *slopes, *tangents]
    called = motion.called
    if row.domain:
        test = Motion(target, careful=careful, stem="test")
        inside = test.text(row.domain, {})
        called |= test.called
        if target.arrays:
            lines = [*lines, *test.lines]
            answers = [f"where({inside}, {one}, nan)" if one != "None" else one for one in answers]
        else:
            unknown = ", ".join(["nan" if one != "None" else one for one in answers])
            lines = [*test.lines, f"if not {inside}: return ({unknown})", *lines]
    table = {name: arithmetic.value[name] for name in (called - {"moves"}) | {"div", "pow"}}
    return lines, answers, {"moves": moves} | arithmetic.constants | table


def routed(arithmetic: Arithmetic, local: Function, *fed: Any) -> tuple[Any, ...]:
    """How a gate moves whose slopes stay what they are."""
    count = len(fed) // 2
    slopes = local(*fed[: count + 1])
    product = arithmetic.constants.get("moves", moves)
    parts = [
        product(slope, tangent)
        for slope, tangent in zip(slopes, fed[count + 1 :], strict=True)
        if slope is not None
    ]
    still = [None if slope is None else 0.0 for slope in slopes]
    return (sum(parts, arithmetic.number(0.0)), *slopes, *still)


@cache
def moved_message(arithmetic: Any, gate: str, ties: str, moving: tuple[bool, ...]) -> Function:
    """How what a gate on arrays passes back moves: message(wanted, *operands, out, g, *tangents),
    where `moving` says which operands, and whether value and gradient, move."""
    from backprop.arithmetic import whole

    row = GATES[gate]
    names = [*row.operands, "out", "g"]
    motion = Motion(Target(arithmetic.literal, arithmetic.divides, arrays=True), careful=False)
    motion.moves = {
        name: MOVED.format(name) for name, moves in zip(names, moving, strict=True) if moves
    }
    answers = []
    for place, text in enumerate(row.partials):
        found = motion.moves.get(motion.text(text, {}, moving=True), "") if text else ""
        answers.append(f"({found}) if wanted[{place}] else None" if found else "None")
    signature = ", ".join(["wanted", *names, *map(MOVED.format, names)])
    scope = arithmetic.scope | {
        one.__name__: partial(one, ties=ties) for one in (whole.routed, whole.picked)
    }
    missing = (motion.called | {"div", "pow"}) - scope.keys()
    scope |= {name: arithmetic.value[name] for name in missing}
    return defined(signature, [*motion.lines, f"return ({', '.join(answers)},)"], scope)
