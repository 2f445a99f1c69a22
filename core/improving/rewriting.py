"""The rules, which are texts, as patterns that are looked for in forms."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from itertools import product
from typing import NamedTuple

from backprop.arithmetic.intervals import EXACT, PRIMITIVES
from backprop.gates import scalars
from backprop.gates.rewrites import REMEDIES, STEPS
from backprop.improving.forms import COMMUTATIVE, NAME, NUMBER, Forms, form_of
from backprop.program.fusing import staged

Orders = Sequence[tuple[int, ...]]  # the operands of every part of a pattern


class Rule(NamedTuple):
    """A form to look for, in one order of its operands, and what is put in its place."""

    text: str
    forms: Forms  # those of both sides
    old: int
    new: int
    orders: Orders
    heads: tuple[str, ...]  # the gates that its operands have to be; empty where any will do


@cache
def texts() -> tuple[str, ...]:
    """Every rule as `old => new`."""
    closing = [
        text if "=>" in text else f"{text} => {gate.name}({', '.join(staged(text).inputs)})"
        for gate in scalars().values()
        if gate.name in PRIMITIVES or gate.name in EXACT
        for text in gate.closes
    ]
    return tuple(dict.fromkeys([*REMEDIES, *STEPS, *closing]))


@cache
def rules() -> dict[str, list[Rule]]:
    """All rules by the gate that their old side ends in."""
    found: dict[str, list[Rule]] = {}
    for text in texts():
        for rule in rules_of(text):
            found.setdefault(rule.forms.ops[rule.old], []).append(rule)
    return found


def sides_of(text: str) -> tuple[str, str, str]:
    """Old, new, and the condition under which they are one function; empty if there is none."""
    left, _, rest = text.partition(" => ")
    right, _, condition = rest.partition(" if ")
    return left, right, condition


def rules_of(text: str) -> Iterator[Rule]:
    """A rule in every order of its operands that means the same."""
    left, right, _ = sides_of(text)
    forms = Forms()
    old, new = (sides(forms, side) for side in (left, right))
    seen = set()
    for orders in ordered(forms, old):
        shape = shape_of(forms, old, orders)
        if shape not in seen:
            seen.add(shape)
            heads = [forms.ops[one] for one in orders[old]]
            free = tuple(["" if head == NAME else head for head in heads])
            yield Rule(text, forms, old, new, orders, free)


def sides(forms: Forms, text: str) -> int:
    program = staged(text)
    return form_of(forms, program)[program.output]


def ordered(forms: Forms, old: int) -> Iterator[Orders]:
    """The operands of a pattern's parts in all orders, numbers staying where they are."""
    parts = forms.parts(old)
    choices = []
    for one in range(parts[-1] + 1):
        operands = forms.operands[one]
        swaps = (
            one in parts
            and forms.ops[one] in COMMUTATIVE
            and len({*operands}) == 2
            and not any(operand in forms.numbers for operand in operands)
        )
        choices.append([operands, operands[::-1]] if swaps else [operands])
    return (list(order) for order in product(*choices))


def shape_of(forms: Forms, old: int, orders: Orders) -> tuple[object, ...]:
    """A pattern with its letters renamed in the order of their coming: equal for patterns that
    match the same."""
    letters: dict[int, int] = {}
    walk: list[object] = []
    waiting = [old]
    while waiting:
        one = waiting.pop()
        if forms.ops[one] == NAME:
            walk.append(letters.setdefault(one, len(letters)))
        else:
            walk.append(forms.numbers.get(one, forms.ops[one]))
            waiting += reversed(orders[one])
    return (*walk, *letters) if len(letters) > 1 else tuple(walk)


def found_by(rule: Rule, forms: Forms, form: int) -> dict[int, int] | None:
    """What a rule's letters stand for, if a form is its old side."""
    ops = rule.forms.ops
    bound: dict[int, int] = {}
    waiting = [(rule.old, form)]
    while waiting:
        wanted, here = waiting.pop()
        op = ops[wanted]
        if op == NAME:
            if bound.setdefault(wanted, here) != here:
                return None
        elif op == NUMBER:
            if forms.numbers.get(here) != rule.forms.numbers[wanted]:
                return None
        else:
            fed = forms.operands[here]
            if forms.ops[here] != op or len(fed) != len(rule.orders[wanted]):
                return None
            waiting += zip(rule.orders[wanted], fed, strict=True)
    return bound


def put(rule: Rule, forms: Forms, bound: dict[int, int]) -> int:
    """The rule's new side for what its letters stand for."""
    made = dict(bound)
    own = rule.forms
    for one in own.parts(rule.new):
        if one not in made:
            op = own.ops[one]
            if op == NUMBER:
                made[one] = forms.number(own.numbers[one])
            elif op == NAME:
                made[one] = forms.name(own.names[one])
            else:
                made[one] = forms.make(op, *[made[operand] for operand in own.operands[one]])
    return made[rule.new]


def rewritten(forms: Forms, form: int) -> Iterator[tuple[int, Rule]]:
    """What a form becomes by each rule that fits it."""
    fed = [forms.ops[one] for one in forms.operands[form]]
    for rule in rules().get(forms.ops[form], ()):
        if len(rule.heads) != len(fed):
            continue
        if any(head and head != op for head, op in zip(rule.heads, fed, strict=True)):
            continue
        bound = found_by(rule, forms, form)
        if bound is not None:
            yield put(rule, forms, bound), rule
