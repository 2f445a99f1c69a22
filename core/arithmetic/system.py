"""A number system in which programs run: primitives in, and every gate of the table out.

    value[gate](*operands)            the forward value
    local[ties][gate](*operands, out) a slope for each operand; None stops the message
    kink[gate](*operands, out)        is this a point without derivative? (None if it has none)
    crease[gate](*operands, out)      is this a point where the slope has a kink?
    gap[gate](*operands, out)         how far is that point?
    at[gate](*operands, out)          the value that operands have there
    below[gate](*operands, out)       the value below a jump of a/b (None if it has no such jump)
    pole[gate](*operands, out)        is the value infinite here without overflow?

A row's texts become Python functions when they are first used. The functions are total: with
`quick` operations a text is first tried with these, and where one raises, computed again
with the primitives, which never do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from math import nan
from typing import Any

from backprop.arithmetic.texts import Target, formula, names_in, statements
from backprop.gates import GATES
from backprop.gates.row import Gate, LackingError

Function = Callable[..., Any]
Slopes = tuple[Any, ...]

TIES = ("notes", "split", "first")


class Table(dict[str, Any]):
    """Functions by the name of their gate, made when first asked for."""

    def __init__(self, make: Callable[[Gate], Any], ready: Mapping[str, Any] | None = None) -> None:
        super().__init__(ready or {})
        self.make = make

    def __missing__(self, name: str) -> Any:
        self[name] = found = self.make(GATES[name])
        return found


class Arithmetic:
    """The tables of one number system."""

    def __init__(
        self,
        title: str,
        primitives: Mapping[str, Function],
        quick: Mapping[str, Function] | None = None,
        literal: Callable[[str], str] = lambda text: repr(float(text)),
        constants: Mapping[str, Any] | None = None,
        number: Callable[[float], Any] = float,
        arrays: bool = False,
        divides: bool | None = None,
    ) -> None:
        self.title = title
        self.number = number
        self.arrays = arrays
        self.divides = arrays if divides is None else divides  # can `/` divide by anything?
        self.quick = None if quick is None else dict(quick)
        self.literal = literal
        self.constants = dict(constants or {})
        self.value = Table(self.make_value, primitives)
        self.local = {ties: Table(partial(self.make_local, ties)) for ties in TIES}
        self.kink = Table(self.make_kink)
        self.crease = Table(self.make_crease)
        self.gap = Table(self.make_gap)
        self.at = Table(self.make_at)
        self.below = Table(self.make_below)
        self.pole = Table(self.make_pole)

    def make_value(self, gate: Gate) -> Function:
        if not gate.value:
            raise LackingError(gate.name, f"no value in {self.title}, and no text for one")
        return self.function(gate, gate.operands, [gate.value], expression)

    def make_local(self, ties: str, gate: Gate) -> Function:
        if gate.ties:
            return CHOICES[ties]
        found = self.function(gate, (*gate.operands, "out"), gate.partials, slopes, gate.domain)
        return each_operand(found) if gate.variadic else found

    def make_kink(self, gate: Gate) -> Function | None:
        return self.make_test(gate, gate.kink.where) if gate.kink and gate.kink.where else None

    def make_crease(self, gate: Gate) -> Function | None:
        return self.make_test(gate, gate.crease) if gate.crease else None

    def make_gap(self, gate: Gate) -> Function | None:
        return self.make_test(gate, gate.kink.gap) if gate.kink and gate.kink.gap else None

    def make_at(self, gate: Gate) -> Function | None:
        return self.make_test(gate, gate.kink.at) if gate.kink else None

    def make_below(self, gate: Gate) -> Function | None:
        text = gate.kink.below if gate.kink else ""
        return self.make_test(gate, text) if text else None

    def make_pole(self, gate: Gate) -> Function | None:
        return self.make_test(gate, gate.pole) if gate.pole else None

    def make_test(self, gate: Gate, text: str) -> Function:
        test = self.function(gate, (*gate.operands, "out"), [text], expression)
        return last_two(test) if gate.variadic else test

    def function(
        self,
        gate: Gate,
        parameters: Sequence[str],
        texts: Sequence[str],
        body: Body,
        domain: str = "",
    ) -> Function:
        """A Python function of `parameters` that computes `texts` in this number system."""
        names = {name for text in (*texts, domain) for name in names_in(text)} | {"div", "pow"}
        scope = self.constants | {name: self.value[name] for name in names}
        signature = ", ".join(parameters)
        known: dict[str, str] | None = {} if self.arrays else None
        total = Target(self.literal, self.divides, self.arrays, known)
        function = defined(signature, body(gate, texts, domain, total), scope)
        if self.quick is None:
            return function
        quick = body(gate, texts, domain, Target(self.literal, divides=True))
        lines = ["try:", *(f"    {line}" for line in quick)]
        lines += ["except (ArithmeticError, ValueError):", f"    return total({signature})"]
        return defined(signature, lines, scope | self.quick | {"total": function})


Body = Callable[[Gate, Sequence[str], str, Target], list[str]]


def expression(_gate: Gate, texts: Sequence[str], _domain: str, target: Target) -> list[str]:
    lines, answer = statements(formula(texts[0]), target)
    return [*lines, f"return {answer}"]


def slopes(gate: Gate, texts: Sequence[str], domain: str, target: Target) -> list[str]:
    """The lines of a function that returns a slope for each operand.

    Outside the domain all are nan. What a routing gate doesn't choose is None, which sends
    no message; but nan stays nan.
    """
    body: list[str] = []
    answers: list[str] = []
    for text in texts:
        lines, answer = statements(formula(text), target) if text else ([], "None")
        body += lines
        if text and gate.routes and not target.arrays:
            answer = f"(1.0 if {answer} else None)"
        answers.append(answer)
    if target.arrays:
        lines, inside = statements(formula(domain), target) if domain else ([], "")
        return [*body, *lines, f"return ({', '.join(masked(gate, inside, answers))},)"]
    undefined = f"return ({''.join('nan, ' if text else 'None, ' for text in texts)})"
    if domain:
        body.insert(0, f"if not {statements(formula(domain), target)[1]}: {undefined}")
    if gate.routes and all(texts):
        body.insert(0, f"if out != out: {undefined}")
    return [*body, f"return ({', '.join(answers)},)"]


def masked(gate: Gate, inside: str, answers: Sequence[str]) -> Iterator[str]:
    """Slopes of arrays: 0 or 1 where a gate routes, nan where not inside its domain, entry by
    entry. Who chooses by a condition of its own knows what to choose where the value is nan."""
    by_value = "None" not in answers
    for answer in answers:
        if gate.routes and answer != "None":
            answer = f"({answer} != 0)*1.0"
            answer = f"where(out != out, nan, {answer})" if by_value else answer
        yield f"where({inside}, {answer}, nan)" if inside and answer != "None" else answer


def defined(parameters: str, lines: Sequence[str], scope: Mapping[str, Any]) -> Function:
    """The function with this body. The text comes from the table, never from a user."""
    names = {"nan": nan, **scope}
    exec("\n".join([f"def gate({parameters}):", *(f"    {line}" for line in lines)]), names)
    found: Function = names["gate"]
    return found


def each_operand(slope: Function) -> Function:
    """The slopes of a gate with any number of operands, each by the same text."""

    def every(*operands_and_out: Any) -> Slopes:
        *operands, out = operands_and_out
        return tuple([slope(a, out)[0] for a in operands])

    return every


def last_two(test: Function) -> Function:
    """A condition on `a` and `out` for a gate with any number of operands."""
    return lambda *operands_and_out: test(*operands_and_out[-2:])


# Who is chosen by max and min, where the largest or smallest is there more than once.


def all_tied(*operands_and_out: Any) -> Slopes:
    """The notes' 1(x >= y), 1(y >= x): every tied input gets the whole gradient."""
    *operands, out = operands_and_out
    if out != out:
        return (nan,) * len(operands)
    return tuple([1.0 if a == out else None for a in operands])


def shared(*operands_and_out: Any) -> Slopes:
    """Tied inputs share the gradient."""
    tied = all_tied(*operands_and_out)
    count = len(tied) - tied.count(None)
    return tuple([slope and slope / count for slope in tied])


def first_tied(*operands_and_out: Any) -> Slopes:
    """The first of the tied inputs gets the whole gradient."""
    tied = all_tied(*operands_and_out)
    first = next((place for place, slope in enumerate(tied) if slope), 0)
    return tuple([s if place == first or s != 1.0 else None for place, s in enumerate(tied)])


CHOICES: dict[str, Function] = dict(zip(TIES, (all_tied, shared, first_tied), strict=True))
