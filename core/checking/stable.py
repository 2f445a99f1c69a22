"""A stable form for a stage that lost digits: known ones, each tried before it is suggested."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from backprop.arithmetic.texts import template
from backprop.checking.digits import right_digits
from backprop.checking.opinions import Subject
from backprop.engine.kinds import resolve
from backprop.engine.numbers import forward
from backprop.engine.ties.conventions import AUTO
from backprop.engine.ties.watch import Watch
from backprop.gates.rewrites import REMEDIES
from backprop.program.fusing import Fuser, Patterns, by_root, patterns
from backprop.program.program import Program, bracketed

MOST = 3  # forms that are suggested together
GAIN = 3  # right digits more that make a form worth suggesting


@cache
def forms() -> list[Patterns]:
    """Each rewrite alone, each pattern of the table alone, and all of them together."""
    texts = [*REMEDIES, *dict.fromkeys(p.text for group in patterns().values() for p in group)]
    return [*(by_root([text]) for text in texts), by_root(texts)]


def suggestion(subject: Subject, exact: Mapping[str, Any]) -> str:
    """A form that keeps the digits which a program loses here, tried; empty if none is known.

    `exact` has the exact derivatives by name, and the value under the empty name.
    """
    before = kept(subject.program, subject, exact)
    best, sentence = before + GAIN, ""
    for wanted in forms():
        fuser = Fuser(subject.program, wanted)
        better = fuser.program()
        if not 1 <= len(fuser.closed_by) <= MOST:
            continue
        after = kept(better, subject, exact)
        if after >= best:
            best, sentence = after + 1, f"{said(fuser)} keeps {round(after)} digits here"
    return sentence


def kept(program: Program, subject: Subject, exact: Mapping[str, Any]) -> float:
    """The fewest right digits of the value and the gradient."""
    values = forward(program, subject.point)
    back = resolve(Watch(program, subject.wrt), values, AUTO).back
    digits = [right_digits(values[program.output], exact[""])]
    digits += [
        right_digits(back.gradient(program.inputs[name]), exact[name]) for name in subject.wrt
    ]
    return min(digits)


def said(fuser: Fuser) -> str:
    """What is to be written instead, in the names of the program's stages."""
    labels = {new: fuser.old.labels[old] for old, new in fuser.places.items()}
    parts = []
    for pattern, bound in fuser.closed_by:
        left, _, right = pattern.text.partition(" => ")
        names = tuple(bound)
        operands = [bracketed(labels.get(bound[name], name)) for name in names]
        new, old = (template(text, names).format(*operands) for text in (right, left))
        parts.append(f"{new} instead of {old}")
    return " and ".join(parts)
