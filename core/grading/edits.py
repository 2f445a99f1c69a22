"""Small changes to an expression, each with the mistake that it would undo.

If one change makes a wrong line right in all worlds, the mistake is known, and so is the right
line. Expressions are postfix code, so a change is a change to a list.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import NamedTuple

from backprop.gates import GATES, SCALARS
from backprop.language.syntax import INFIX, PREFIX, Item, Op, children
from backprop.language.tokens import is_name, is_number

LONGEST = 80  # nodes of an expression that changes are tried on
TRANSPOSE = Op("T", 1, "attribute")
SQUARE: tuple[Item, ...] = ("2", INFIX["**"])
ENTRIES = tuple("0123456789")  # that are tried in place of another
PRODUCTS = ("mul", "matmul")


class Edit(NamedTuple):
    """The mistake, a few words about it, and the code without it."""

    finding: str
    detail: str
    code: list[Item]


class Site(NamedTuple):
    """What an expression stands for: the statement whose part it is, and names around it."""

    upstream: str  # how the gradient of the statement is written
    gradients: Sequence[str]  # how those of other variables are
    values: Sequence[str]  # variables, the nearest first
    factors: frozenset[str]  # the operands of the statement, if it is a product
    gate: str  # the only gate of the statement, if it is one
    arrays: bool  # is the program about arrays?


class Tree(NamedTuple):
    """Postfix code with the operands of every node, and where its part of the code begins."""

    code: Sequence[Item]
    operands: Sequence[Sequence[int]]
    begins: Sequence[int]


def tree_of(code: Sequence[Item]) -> Tree:
    operands = children(code)
    begins: list[int] = []
    for node, fed in enumerate(operands):
        begins.append(begins[fed[0]] if fed else node)
    return Tree(code, operands, begins)


def edits(code: Sequence[Item], site: Site) -> Iterator[Edit]:
    """The changes to try, the likeliest first."""
    if len(code) > LONGEST:
        return
    tree = tree_of(code)
    whole = list(code)
    yield from upstreams(tree, site)
    if site.arrays:
        yield from products(tree)
    yield from powers(tree)
    yield from squares(tree)
    yield from renamed(tree, site)
    if site.arrays:
        yield from indices(tree)
    yield from signs(tree)
    yield from functions(tree, site)
    if site.arrays:
        yield from axes(tree)
    for name in site.values:
        yield Edit("missing-factor", name, [*whole, name, INFIX["*"]])
    for name in site.values:
        yield Edit("missing-factor", f"1/{name}", [*whole, name, INFIX["/"]])
    yield from dropped(tree)


def upstreams(tree: Tree, site: Site) -> Iterator[Edit]:
    whole = list(tree.code)
    if not site.upstream:
        return
    if whole.count(site.upstream) > 1:
        yield Edit("upstream-twice", site.upstream, [*whole, site.upstream, INFIX["/"]])
    for node, item in enumerate(whole):
        if isinstance(item, Op) and item.kind == "list":
            for k in tree.operands[node]:
                code = [*whole[: k + 1], site.upstream, INFIX["*"], *whole[k + 1 :]]
                yield Edit("no-upstream", site.upstream, code)
                yield Edit("sign", "inside", [*whole[: k + 1], PREFIX["-"], *whole[k + 1 :]])
    for name in dict.fromkeys(item for item in whole if item in site.gradients):
        if name != site.upstream:
            code = [site.upstream if item == name else item for item in whole]
            yield Edit("other-upstream", str(name), code)
    yield Edit("no-upstream", site.upstream, [*whole, site.upstream, INFIX["*"]])


def renamed(tree: Tree, site: Site) -> Iterator[Edit]:
    """One variable in place of another, everywhere or once; or two that change places."""
    whole = list(tree.code)
    used = [name for name in dict.fromkeys(tree.code) if name in site.values]
    for name in used:
        for other in site.values:
            if other == name:
                continue
            swapped = {str(name), other} <= site.factors
            finding, detail = "swapped" if swapped else "wrong-value", f"{name} {other}"
            yield Edit(finding, detail, [other if item == name else item for item in whole])
            places = [k for k, item in enumerate(whole) if item == name]
            for place in places if len(places) > 1 else ():
                yield Edit(finding, detail, [*whole[:place], other, *whole[place + 1 :]])


def indices(tree: Tree) -> Iterator[Edit]:
    """Another entry of an array."""
    for node, item in enumerate(tree.code):
        if not isinstance(item, Op) or item.kind != "index":
            continue
        for place in tree.operands[node][1:]:
            number = tree.code[place]
            for other in ENTRIES if isinstance(number, str) and is_number(number) else ():
                if other != number:
                    code = [*tree.code[:place], other, *tree.code[place + 1 :]]
                    yield Edit("wrong-index", f"{number} {other}", code)


def powers(tree: Tree) -> Iterator[Edit]:
    """Exponents one up or one down."""
    for node, item in enumerate(tree.code):
        if not isinstance(item, Op) or item.name != "pow":
            continue
        place = tree.operands[node][1]
        exponent = tree.code[place]
        if isinstance(exponent, str) and is_number(exponent):
            for step in (-1, 1):
                new = f"{float(exponent) + step:g}"
                code = [*tree.code[:place], new.lstrip("-"), *tree.code[place + 1 :]]
                if new[0] == "-":
                    code.insert(place + 1, PREFIX["-"])
                yield Edit("power-rule", f"{exponent} {new}", code)


def squares(tree: Tree) -> Iterator[Edit]:
    """A square at one place, or at the same name everywhere."""
    whole = list(tree.code)
    for node, item in enumerate(whole):
        if (isinstance(item, str) and not is_name(item)) or not_a_value(item):
            continue
        shown = item if isinstance(item, str) else "..."
        yield Edit("no-square", shown, [*whole[: node + 1], *SQUARE, *whole[node + 1 :]])


def not_a_value(item: Item) -> bool:
    return not isinstance(item, str) and item.kind in ("keyword", "slice", "list")


def signs(tree: Tree) -> Iterator[Edit]:
    """A plus for a minus, a minus for a plus, a minus left out."""
    for node, item in enumerate(tree.code):
        if not isinstance(item, Op) or item.name not in ("add", "sub", "neg"):
            continue
        new: list[Item] = []
        if item.name != "neg":
            new = [INFIX["-" if item.name == "add" else "+"]]
        yield Edit("sign", "inside", [*tree.code[:node], *new, *tree.code[node + 1 :]])


def functions(tree: Tree, site: Site) -> Iterator[Edit]:
    """Another function of one number, as it is or with its sign turned."""
    for node, item in enumerate(tree.code):
        if not isinstance(item, Op) or item.kind != "call" or item.arity != 1:
            continue
        for name, gate in SCALARS.items():
            if gate.operands == ("a",) and not gate.form and name != item.name:
                finding = "function-itself" if item.name == site.gate else "other-derivative"
                call = Op(name, 1, "call")
                code = [*tree.code[:node], call, *tree.code[node + 1 :]]
                yield Edit(finding, f"{item.name} {name}", code)
                code = [*tree.code[:node], call, PREFIX["-"], *tree.code[node + 1 :]]
                yield Edit(finding, f"{item.name} -{name}", code)


def axes(tree: Tree) -> Iterator[Edit]:
    """Another axis, or a sum over one that is missing."""
    for node, item in enumerate(tree.code):
        if isinstance(item, Op) and item.kind == "keyword" and item.name == "axis":
            for axis in ("0", "1", "2"):
                if tree.code[node - 1] != axis:
                    code = [*tree.code[: node - 1], axis, *tree.code[node:]]
                    yield Edit("axis", axis, code)
        elif isinstance(item, Op) and item.name == "sum" and item.arity == 2:
            for axis in ("0", "1", "2"):
                if tree.code[node - 1] != axis:
                    yield Edit("axis", axis, [*tree.code[: node - 1], axis, *tree.code[node:]])
    whole = list(tree.code)
    keyword, sums = Op("axis", 1, "keyword"), Op("sum", 2, "call")
    keep = Op("keepdims", 1, "keyword")
    for axis in ("0", "1", "2"):
        yield Edit("not-summed", f"axis={axis}", [*whole, axis, keyword, sums])
        kept: list[Item] = [*whole, axis, keyword, "1", keep, Op("sum", 3, "call")]
        yield Edit("not-summed", f"axis={axis}, keepdims=True", kept)
    yield Edit("not-summed", "", [*whole, Op("sum", 1, "call")])


def products(tree: Tree) -> Iterator[Edit]:
    """Factors of a matrix product transposed or not, in this order or the other; an elementwise
    product that should be one of matrices."""
    for node, item in enumerate(tree.code):
        if not isinstance(item, Op) or item.arity != 2:
            continue
        if item.name not in ("matmul", "dot", "mul", "outer"):
            continue
        left, right = tree.operands[node]
        before = list(tree.code[: tree.begins[node]])
        after = list(tree.code[node + 1 :])
        first = list(tree.code[tree.begins[left] : left + 1])
        second = list(tree.code[tree.begins[right] : right + 1])
        for order, (one, other) in enumerate(((first, second), (second, first))):
            for left_side in as_it_is_or_transposed(one):
                for right_side in as_it_is_or_transposed(other):
                    middle = [*left_side, *right_side, INFIX["@"]]
                    if not order and middle == [*first, *second, item]:
                        continue
                    finding = "product-order" if order else "transpose"
                    yield Edit(finding, "", [*before, *middle, *after])


def as_it_is_or_transposed(code: list[Item]) -> tuple[list[Item], list[Item]]:
    last = code[-1]
    if isinstance(last, Op) and last.name == "T":
        return code, code[:-1]
    return code, [*code, TRANSPOSE]


def dropped(tree: Tree) -> Iterator[Edit]:
    """A factor or a divisor left out."""
    for node, item in enumerate(tree.code):
        if not isinstance(item, Op) or item.name not in ("mul", "div") or item.arity != 2:
            continue
        left, right = tree.operands[node]
        begin = tree.begins[node]
        sides = [(tree.begins[left], left + 1), (tree.begins[right], right + 1)]
        for kept, gone in ((sides[0], sides[1]), (sides[1], sides[0])):
            if item.name == "div" and gone is sides[0]:
                continue
            shown = tree.code[gone[0]] if gone[1] - gone[0] == 1 else "..."
            code = [*tree.code[:begin], *tree.code[kept[0] : kept[1]], *tree.code[node + 1 :]]
            yield Edit("extra-factor", str(shown), code)


def single_gate(gates: Sequence[str]) -> str:
    """The name of the gate, if there is only one."""
    return gates[0] if len(gates) == 1 and gates[0] in GATES else ""
