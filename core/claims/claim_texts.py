"""Claims as they are written, read in the names of the program that they are about."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import NamedTuple

from backprop.claims.numerals import Numeral, numeral
from backprop.claims.sampling import Names
from backprop.errors import BackpropError, UsageError, closest
from backprop.language.parser import parse
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

SHOWN = 12  # names that an error lists


class Claim(NamedTuple):
    """What somebody says a derivative is."""

    name: str  # the input or stage that the output is differentiated by
    slot: int
    of: str  # df/dx
    text: str
    program: Program  # of the text; its inputs are names of the program that is asked about
    number: Numeral | None  # what a claim without names comes to


def read_claims(texts: Iterable[str], program: Program) -> list[Claim]:
    names = Names(program)
    found: list[Claim] = []
    for text in texts:
        claim = read_claim(text, names)
        if any(claim.slot == other.slot for other in found):
            raise UsageError(f"{claim.of} is claimed twice")
        found.append(claim)
    return found


def read_claim(text: str, names: Names) -> Claim:
    """`x=y + cos(x)`, or `df/dx = y + cos(x)`."""
    left, equals, right = text.partition("=")
    if not equals or not left.strip():
        hint = 'write what it is claimed for, as in --claim x="y + cos(x)"'
        raise UsageError(f"--claim takes NAME=EXPRESSION, not {text[:60]}", hint=hint)
    program = names.program
    name = claimed_name(left.strip(), names)
    of = f"d{program.output_name}/d{name}"
    right = right.strip()
    origin = f"the claim {of}"
    staged = read_formula(right, origin, names)
    slot = names.slots[name]
    itself = [used for used in staged.inputs if names.gradients.get(used) == slot]
    if itself:
        raise at_name(staged.tree, itself[0], origin, f"{itself[0]} stands in the claim about it")
    number = numeral(of, right) if not staged.inputs and not any(staged.shapes) else None
    return Claim(name, slot, of, right, staged, number)


def claimed_name(left: str, names: Names) -> str:
    """The variable that is meant by x, dx or df/dx."""
    above, slash, below = left.replace(" ", "").partition("/")
    asked = below if slash else above
    if asked not in names.slots and asked.startswith("d") and asked[1:] in names.slots:
        asked = asked[1:]
    output = names.program.output_name
    if slash and above != f"d{output}":
        hint = f"write d{output}/d{asked}=..."
        raise UsageError(f"{left} is not a derivative of {output}", hint=hint)
    if asked not in names.slots:
        raise UsageError(
            f"a claim is about an input or a stage, and {asked} is neither; {listing(names)}",
            hint=meant(asked, names.slots),
        )
    return asked


def read_formula(text: str, origin: str, names: Names) -> Program:
    """A text in the names of a program, staged with the shapes that these have."""
    if not text:
        raise UsageError(f"{origin} is empty")
    shapes, known = names.program.shapes, {**names.gradients, **names.slots}
    sizes = {name: shapes[slot] for name, slot in known.items() if shapes[slot]}
    try:
        tree = parse(text)
        if tree.stored:
            raise UsageError("a claim is one expression, without names of its own")
        for name in tree.names:
            if name not in names and name not in ("e", "pi") and name:
                message = f"the program has no {name}; {listing(names)}"
                raise at_name(tree, name, "", message, meant(name, known))
        staged = stage(tree, known, shapes={k: sizes[k] for k in tree.names if k in sizes})
    except BackpropError as error:
        error.origin = origin
        raise
    if staged.arrays and not names.program.arrays:
        raise UsageError(f"{origin} is about arrays, the program about numbers")
    return staged


def at_name(tree: Tree, name: str, origin: str, message: str, hint: str = "") -> UsageError:
    span = tree.spans[tree.names[name]]
    return UsageError(message, text=tree.text, span=span, origin=origin, hint=hint)


def listing(names: Names) -> str:
    some = list(names.slots)
    return f"there is {', '.join(some[:SHOWN])}{', ...' if len(some) > SHOWN else ''}"


def meant(name: str, known: Collection[str]) -> str:
    near = closest(name, list(known))
    return f"did you mean {near}?" if near else ""
