"""A form as a program that a person can read and run, in the author's names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from fractions import Fraction

from backprop.improving.forms import NAME, NUMBER, Forms
from backprop.language.printer import print_node
from backprop.language.syntax import INFIX, PREFIX, Item, Op, candidates, children

INFIXES = {op.name: op for op in INFIX.values()} | {"pow": INFIX["**"]}
SHORT = 3  # parts of what is rather written twice than given a name
WHOLE = 10**15
EXACTLY = 2**53


def written(
    forms: Forms, form: int, named: Mapping[int, str], taken: Iterable[str], output: str = ""
) -> str:
    """The program of a form. What is used more than once is a statement of its own; so is what
    the author gave a name."""
    given = names_for(forms, form, named, {*taken})
    lines = [f"{name} = {text(forms, one, given)}" for one, name in given.items()]
    last = text(forms, form, given)
    return "\n".join([*lines, f"{output} = {last}" if output else last])


def names_for(forms: Forms, form: int, named: Mapping[int, str], taken: set[str]) -> dict[int, str]:
    """The parts that become statements, in their order, and what they are called."""
    uses: dict[int, int] = {}
    for one in forms.parts(form):
        for operand in {*forms.operands[one]}:
            uses[operand] = uses.get(operand, 0) + 1
    fresh = candidates("t")
    next(fresh)
    given: dict[int, str] = {}
    for one in forms.parts(form)[:-1]:
        if forms.is_leaf(one) or not forms.inputs(one):
            continue
        if one in named:
            given[one] = named[one]
        elif uses[one] > 1 and forms.sizes[one] > SHORT:
            given[one] = next(name for name in fresh if name not in taken)
    return given


def text(forms: Forms, form: int, given: Mapping[int, str]) -> str:
    """One statement: what has a name is written by it."""
    code: list[Item] = []
    waiting: list[int | Op] = [form]
    while waiting:
        item = waiting.pop()
        if isinstance(item, Op):
            code.append(item)
        elif item in given and item != form:
            code.append(given[item])
        elif forms.ops[item] == NUMBER:
            code += number(forms.numbers[item])
        elif forms.ops[item] == NAME:
            code.append(forms.names[item])
        else:
            waiting.append(operator(forms.ops[item], len(forms.operands[item])))
            waiting += reversed(forms.operands[item])
    return print_node(code, children(code), len(code) - 1)


def operator(gate: str, count: int) -> Op:
    if gate == "neg":
        return PREFIX["-"]
    return INFIXES.get(gate) or Op(gate, count, "call")


def number(value: Fraction) -> Iterator[Item]:
    """A number as it is written: 3, 0.5, 1/6."""
    size = abs(value)
    exact = Fraction(float(size)) == size
    if size.denominator == 1 and size < WHOLE:
        yield str(size)
    elif exact or size.numerator >= EXACTLY or size.denominator >= EXACTLY:
        yield repr(float(size))
    else:
        yield str(size.numerator)
        yield str(size.denominator)
        yield INFIXES["div"]
    if value < 0:
        yield PREFIX["-"]
