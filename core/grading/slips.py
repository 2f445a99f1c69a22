"""THE TABLE OF SLIPS: what people get wrong in a line of a backward pass, and how to undo it.

A row has its finding, a sentence about it, and a function that yields lines without the slip: each
with what to say and the expression that would stand there. A teacher can add a row. What is
yielded is only a guess: it counts if the gradients are right with it.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import NamedTuple

MOST_NAMES = 24
MODULES = ("np", "numpy", "torch", "jnp", "F", "math", "jax")
MATRIX_CALLS = ("dot", "matmul", "mm", "outer", "einsum", "bmm")
SUMMING = ("sum", "mean")
OPPOSITE: dict[type[ast.cmpop], tuple[type[ast.cmpop], ...]] = {
    ast.Lt: (ast.LtE, ast.Gt, ast.GtE), ast.LtE: (ast.Lt, ast.Gt, ast.GtE),
    ast.Gt: (ast.GtE, ast.Lt, ast.LtE), ast.GtE: (ast.Gt, ast.Lt, ast.LtE),
    ast.Eq: (ast.NotEq,), ast.NotEq: (ast.Eq,),
}  # fmt: skip
RELATED = (
    ("sin", "cos"), ("sinh", "cosh"), ("exp", "log"), ("sum", "mean"), ("max", "min"),
    ("maximum", "minimum"), ("zeros_like", "ones_like"), ("zeros", "ones"), ("var", "std"),
)  # fmt: skip


@dataclass(frozen=True)
class Site:
    """An expression, and the names that may stand in it."""

    node: ast.expr
    values: Sequence[str]  # the variables of both passes, the nearest first
    gradients: Sequence[str]  # names that gradients have here
    arrays: bool = True  # may anything be an array?
    holders: Sequence[str] = ()  # names of objects that hold variables, such as self

    @property
    def names(self) -> Sequence[str]:
        return [*self.gradients, *self.values]


class Repair(NamedTuple):
    finding: str
    words: str
    node: ast.expr


Rule = Callable[[Site], Iterator[tuple[str, ast.expr]]]


def replaced(root: ast.expr, old: ast.AST, new: ast.AST) -> ast.expr:
    """A copy of an expression with a part changed; what stays is shared."""
    parents: dict[int, tuple[ast.AST, str, int | None]] = {}
    for node in ast.walk(root):
        for name, value in ast.iter_fields(node):
            for k, one in enumerate(value) if isinstance(value, list) else ((None, value),):
                if isinstance(one, ast.AST):
                    parents[id(one)] = (node, name, k)
    here, made = old, new
    while here is not root:
        parent, name, k = parents[id(here)]
        changed = copy.copy(parent)
        if k is None:
            setattr(changed, name, made)
        else:
            several = list(getattr(parent, name))
            several[k] = made
            setattr(changed, name, several)
        here, made = parent, changed
    assert isinstance(made, ast.expr)
    return ast.copy_location(made, root)


def named(name: str) -> ast.expr:
    return ast.parse(name, mode="eval").body


def product(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(a, ast.Mult(), b)


def quotient(a: ast.expr, b: ast.expr) -> ast.expr:
    return ast.BinOp(a, ast.Div(), b)


def text(node: ast.AST) -> str:
    return ast.unparse(node)


def operations(site: Site, *kinds: type[ast.operator]) -> Iterator[ast.BinOp]:
    for node in ast.walk(site.node):
        if isinstance(node, ast.BinOp) and isinstance(node.op, kinds):
            yield node


def loaded(site: Site) -> Iterator[ast.expr]:
    """The variables of an expression, self.x too, but not modules and functions."""
    calls = {id(node.func) for node in ast.walk(site.node) if isinstance(node, ast.Call)}
    for node in ast.walk(site.node):
        if isinstance(node, ast.Name):
            if id(node) not in calls and node.id not in MODULES and node.id not in site.holders:
                yield node
        elif isinstance(node, ast.Attribute) and id(node) not in calls and text(
            node.value
        ) in site.holders:  # fmt: skip
            yield node


# Signs and numbers.


def whole_sign(site: Site) -> Iterator[tuple[str, ast.expr]]:
    node, first = site.node, site.node
    while isinstance(first, ast.BinOp) and isinstance(first.op, (ast.Mult, ast.Div)):
        first = first.left
    if isinstance(first, ast.UnaryOp) and isinstance(first.op, ast.USub):
        yield "the sign is turned", replaced(node, first, first.operand)
    else:
        yield "the sign is turned", ast.UnaryOp(ast.USub(), node)


def inner_sign(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in operations(site, ast.Add):
        yield (
            "a sign in it is wrong",
            replaced(site.node, node, ast.BinOp(node.left, ast.Sub(), node.right)),
        )
        yield (
            "a sign in it is wrong",
            replaced(site.node, node, ast.BinOp(node.right, ast.Sub(), node.left)),
        )
    for node in operations(site, ast.Sub):
        yield (
            "a sign in it is wrong",
            replaced(site.node, node, ast.BinOp(node.left, ast.Add(), node.right)),
        )
        yield (
            "a difference is the wrong way round",
            replaced(site.node, node, ast.BinOp(node.right, ast.Sub(), node.left)),
        )
    for one in ast.walk(site.node):
        if isinstance(one, ast.UnaryOp) and isinstance(one.op, ast.USub) and one is not site.node:
            yield "a sign in it is wrong", replaced(site.node, one, one.operand)


def constants(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(site.node):
        value = node.value if isinstance(node, ast.Constant) else None
        if not isinstance(value, (int, float)) or isinstance(value, bool):
            continue
        others: list[float] = [value + 1, value - 1, -value, 2 * value, value / 2]
        for other in dict.fromkeys(others):
            yield (
                f"{text(node)} should be {other:g}",
                replaced(site.node, node, ast.Constant(other)),
            )


def constant_factor(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for factor in (2, 3, 4):
        yield f"the factor {factor} is missing", product(ast.Constant(factor), site.node)
        yield f"this is {factor} times what it should be", quotient(site.node, ast.Constant(factor))
    for one in ("0.5", "0.25"):
        yield f"the factor {one} is missing", product(named(one), site.node)


def one_more(site: Site) -> Iterator[tuple[str, ast.expr]]:
    """N for N - 1, t for t + 1."""
    for node in loaded(site):
        for op, sign in ((ast.Sub(), "-"), (ast.Add(), "+")):
            changed = replaced(site.node, node, ast.BinOp(node, op, ast.Constant(1)))
            yield f"{text(node)} should be {text(node)} {sign} 1", changed
    for one in operations(site, ast.Add, ast.Sub):
        if isinstance(one.right, ast.Constant) and one.right.value == 1:
            yield f"{text(one)} should be {text(one.left)}", replaced(site.node, one, one.left)


def other_operation(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for kind, op, words in (
        (ast.Add, ast.Mult(), "a product, not a sum"),
        (ast.Mult, ast.Add(), "a sum, not a product"),
        (ast.Sub, ast.Mult(), "a product, not a difference"),
    ):  # fmt: skip
        for node in operations(site, kind):
            changed = ast.BinOp(node.left, op, node.right)
            yield f"{text(node)} should be {words}", replaced(site.node, node, changed)


# Factors.


def missing_factor(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for name in site.names[:MOST_NAMES]:
        yield f"the factor {name} is missing", product(site.node, named(name))
    for name in site.values[:MOST_NAMES]:
        yield f"this should be divided by {name}", quotient(site.node, named(name))
        yield f"the factor 2 * {name} is missing", product(site.node, named(f"2 * {name}"))
        yield f"the factor 1 - {name} is missing", product(site.node, named(f"(1 - {name})"))
        yield f"the factor 1 - {name}**2 is missing", product(site.node, named(f"(1 - {name}**2)"))
        yield f"the mask {name} > 0 is missing", product(site.node, named(f"({name} > 0)"))


def inner_factor(site: Site) -> Iterator[tuple[str, ast.expr]]:
    """A factor that one term of a sum lacks."""
    for node in operations(site, ast.Add, ast.Sub):
        for side in (node.left, node.right):
            for name in site.names[:MOST_NAMES]:
                changed = replaced(site.node, side, product(side, named(name)))
                yield f"the factor {name} is missing in {text(side)}", changed
    for one in ast.walk(site.node):
        if isinstance(one, ast.Call) and one.args and not isinstance(one.args[0], ast.Starred):
            for name in site.names[:MOST_NAMES]:
                changed = replaced(site.node, one.args[0], product(one.args[0], named(name)))
                yield f"the factor {name} is missing in {text(one)}", changed


def extra_factor(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in operations(site, ast.Mult, ast.Div):
        yield (
            f"the factor {text(node.right)} should not be there"
            if isinstance(node.op, ast.Mult)
            else (f"it should not be divided by {text(node.right)}"),
            replaced(site.node, node, node.left),
        )
        if isinstance(node.op, ast.Mult):
            yield (
                f"the factor {text(node.left)} should not be there",
                replaced(site.node, node, node.right),
            )


def inverted(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in operations(site, ast.Mult):
        for a, b in ((node.left, node.right), (node.right, node.left)):
            yield f"this divides by {text(b)}", replaced(site.node, node, quotient(a, b))
    for node in operations(site, ast.Div):
        yield (
            f"this multiplies by {text(node.right)}",
            replaced(site.node, node, product(node.left, node.right)),
        )


def powers(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in loaded(site):
        for power in (2, 3):
            changed = ast.BinOp(node, ast.Pow(), ast.Constant(power))
            what = "the square" if power == 2 else f"the power {power}"
            yield f"{what} of {text(node)} is missing", replaced(site.node, node, changed)
    for one in operations(site, ast.Pow):
        yield (
            f"{text(one.left)} should not be raised to a power",
            replaced(site.node, one, one.left),
        )
        if isinstance(one.right, ast.Constant) and isinstance(one.right.value, (int, float)):
            for step in (1, -1, 0.5, -0.5):
                right = one.right.value + step
                changed = ast.BinOp(one.left, ast.Pow(), ast.Constant(right))
                yield (
                    f"the exponent is {text(one.right)}; it should be {right:g}",
                    replaced(site.node, one, changed),
                )
    for outer in (*operations(site, ast.Mult, ast.Div), *operations(site, ast.Add, ast.Sub)):
        for side in (outer.left, outer.right):
            if not isinstance(side, (ast.Name, ast.Constant)):
                squared = ast.BinOp(side, ast.Pow(), ast.Constant(2))
                yield f"the square of {text(side)} is missing", replaced(site.node, side, squared)
    for call in ast.walk(site.node):
        if isinstance(call, ast.Call):
            squared = ast.BinOp(call, ast.Pow(), ast.Constant(2))
            yield f"the square of {text(call)} is missing", replaced(site.node, call, squared)


# Names and functions.


def other_name(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in loaded(site):
        word = text(node)
        alike = site.gradients if word in site.gradients else site.values
        rest = site.values if word in site.gradients else site.gradients
        for name in [*alike[:MOST_NAMES], *rest[:MOST_NAMES]]:
            if name != word:
                yield f"{word} should be {name}", replaced(site.node, node, named(name))


def related_function(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for call in ast.walk(site.node):
        if not isinstance(call, ast.Call):
            continue
        name = (
            call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        )
        for pair in RELATED:
            if name in pair:
                other = pair[1 - pair.index(name)]
                function = copy.copy(call.func)
                setattr(function, "attr" if isinstance(function, ast.Attribute) else "id", other)
                changed = replaced(site.node, call.func, function)
                yield f"{name} should be {other}", changed
                if other in ("sin", "cos"):
                    negative = ast.UnaryOp(ast.USub(), ast.Call(function, call.args, call.keywords))
                    yield f"{name} should be -{other}", replaced(site.node, call, negative)


def masks(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in ast.walk(site.node):
        if isinstance(node, ast.Compare) and len(node.ops) == 1:
            for op in OPPOSITE.get(type(node.ops[0]), ()):
                changed = ast.Compare(node.left, [op()], node.comparators)
                yield f"{text(node)} should be {text(changed)}", replaced(site.node, node, changed)


# Arrays.


def transposes(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node, a, b in products_in(site):
        for first in (a, turned(a)):
            for second in (b, turned(b)):
                if first is a and second is b:
                    continue
                changed = rebuilt(node, first, second)
                yield about_transposes(node, changed), replaced(site.node, node, changed)
    for node, a, b in products_in(site):
        for first in (b, turned(b)):
            for second in (a, turned(a)):
                changed = rebuilt(node, first, second)
                yield "the factors stand in the wrong order", replaced(site.node, node, changed)
    whole = turned(site.node)
    yield about_transposes(site.node, whole), whole
    for one in ast.walk(site.node):
        if isinstance(one, ast.Attribute) and one.attr == "T" and one is not site.node:
            yield "a transpose should not be there", replaced(site.node, one, one.value)


def about_transposes(wrong: ast.expr, right: ast.expr) -> str:
    before, after = (text(one).count(".T") for one in (wrong, right))
    if before == after:
        return "the wrong factor is transposed"
    return "a transpose is missing" if before < after else "a transpose should not be there"


def matrix_or_entries(site: Site) -> Iterator[tuple[str, ast.expr]]:
    for node in operations(site, ast.Mult):
        for a in (node.left, turned(node.left)):
            for b in (node.right, turned(node.right)):
                for first, second in ((a, b), (b, a)):
                    changed = ast.BinOp(first, ast.MatMult(), second)
                    yield "this is a product of matrices", replaced(site.node, node, changed)
    for whole, a, b in products_in(site):
        yield "this product is entry by entry", replaced(site.node, whole, product(a, b))


def products_in(site: Site) -> Iterator[tuple[ast.expr, ast.expr, ast.expr]]:
    """Products of matrices: a @ b, np.dot(a, b), a.dot(b)."""
    for node in ast.walk(site.node):
        if isinstance(node, ast.BinOp) and isinstance(node.op, ast.MatMult):
            yield node, node.left, node.right
        elif isinstance(node, ast.Call):
            name = (
                node.func.attr
                if isinstance(node.func, ast.Attribute)
                else getattr(node.func, "id", "")
            )
            if name in MATRIX_CALLS and len(node.args) == 2:
                yield node, node.args[0], node.args[1]
            elif (
                name in MATRIX_CALLS
                and len(node.args) == 1
                and isinstance(node.func, ast.Attribute)
            ):
                yield node, node.func.value, node.args[0]


def rebuilt(node: ast.expr, a: ast.expr, b: ast.expr) -> ast.expr:
    """A product of matrices, written in the same way."""
    if isinstance(node, ast.BinOp):
        return ast.BinOp(a, ast.MatMult(), b)
    assert isinstance(node, ast.Call)
    if len(node.args) == 2:
        return ast.Call(node.func, [a, b], node.keywords)
    assert isinstance(node.func, ast.Attribute)
    return ast.Call(ast.Attribute(a, node.func.attr, ast.Load()), [b], node.keywords)


def turned(node: ast.expr) -> ast.expr:
    if isinstance(node, ast.Attribute) and node.attr == "T":
        return node.value
    return ast.Attribute(node, "T", ast.Load())


def sums(site: Site) -> Iterator[tuple[str, ast.expr]]:
    """A sum over what was broadcast that is missing, or runs along the wrong axis."""
    for axis in (0, 1, 2):
        short = "the sum over what was broadcast is missing"
        yield f"{short} (axis {axis})", called("sum", site.node, axis=ast.Constant(axis))
        yield (
            f"{short} (axis {axis})",
            called("sum", site.node, axis=ast.Constant(axis), keepdims=ast.Constant(True)),
        )
    yield "the sum over what was broadcast is missing", called("sum", site.node)
    yield (
        "the sum over what was broadcast is missing",
        called("sum", site.node, axis=named("(0, 2, 3)")),
    )
    for call in ast.walk(site.node):
        if not isinstance(call, ast.Call):
            continue
        name = (
            call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")
        )
        if name not in SUMMING:
            continue
        yield from other_axis(site, call)
        inner = call.func.value if isinstance(call.func, ast.Attribute) and is_method(call) else (
            call.args[0] if call.args else None
        )  # fmt: skip
        if inner is not None:
            yield f"the {name} should not be there", replaced(site.node, call, inner)
    for node in operations(site, ast.Add, ast.Sub, ast.Mult):
        for side in (node.left, node.right):
            for axis in (0, 1):
                kept = called("sum", side, axis=ast.Constant(axis), keepdims=ast.Constant(True))
                yield f"a sum over axis {axis} is missing in it", replaced(site.node, side, kept)


def other_axis(site: Site, call: ast.Call) -> Iterator[tuple[str, ast.expr]]:
    place = 0 if is_method(call) else 1
    for axis in (0, 1, 2, -1):
        changed = copy.copy(call)
        if any(keyword.arg in ("axis", "dim") for keyword in call.keywords):
            changed.keywords = [
                ast.keyword(one.arg, ast.Constant(axis)) if one.arg in ("axis", "dim") else one
                for one in call.keywords
            ]
        elif len(call.args) > place:
            changed.args = [*call.args[:place], ast.Constant(axis), *call.args[place + 1 :]]
        else:
            changed.keywords = [*call.keywords, ast.keyword("axis", ast.Constant(axis))]
        yield (
            f"the sum runs along the wrong axis; it is axis {axis}",
            replaced(site.node, call, changed),
        )
    without = copy.copy(call)
    without.keywords = [one for one in call.keywords if one.arg not in ("axis", "dim", "keepdims")]
    without.args = call.args[:place]
    yield "the sum is over all entries", replaced(site.node, call, without)
    keep = [one for one in call.keywords if one.arg != "keepdims"]
    kept = copy.copy(call)
    kept.keywords = keep if len(keep) < len(call.keywords) else [
        *call.keywords, ast.keyword("keepdims", ast.Constant(True))
    ]  # fmt: skip
    words = "should not be there" if len(keep) < len(call.keywords) else "is missing"
    yield f"keepdims {words}", replaced(site.node, call, kept)


def is_method(call: ast.Call) -> bool:
    """x.sum(0), not np.sum(x, 0)."""
    owner = call.func.value if isinstance(call.func, ast.Attribute) else None
    return owner is not None and not (isinstance(owner, ast.Name) and owner.id in MODULES)


def called(name: str, node: ast.expr, **keywords: ast.expr) -> ast.expr:
    function = ast.Attribute(ast.Name("np", ast.Load()), name, ast.Load())
    return ast.Call(function, [node], [ast.keyword(key, value) for key, value in keywords.items()])


def indices(site: Site) -> Iterator[tuple[str, ast.expr]]:
    """Off by one in an index."""
    for node in ast.walk(site.node):
        if not isinstance(node, ast.Subscript):
            continue
        for inner in ast.walk(node.slice):
            value = inner.value if isinstance(inner, ast.Constant) else None
            others: list[ast.expr] = []
            if isinstance(value, int) or isinstance(inner, (ast.Name, ast.BinOp)):
                if isinstance(value, int):
                    others = [ast.Constant(value + k) for k in (1, -1, 2, -2)]
                elif isinstance(inner, (ast.Name, ast.BinOp)):
                    others = [
                        ast.BinOp(inner, op, ast.Constant(1)) for op in (ast.Add(), ast.Sub())
                    ]
                    if isinstance(inner, ast.BinOp):
                        others.insert(0, inner.left)
                for other in others:
                    changed = replaced(site.node, inner, other)
                    yield f"entry {text(inner)} is taken; it should be {text(other)}", changed


def terms(site: Site) -> Iterator[tuple[str, ast.expr]]:
    """A term that is missing, or one too much."""
    for node in operations(site, ast.Add, ast.Sub):
        for side, other in ((node.left, node.right), (node.right, node.left)):
            if isinstance(node.op, ast.Sub) and other is node.right:
                other = ast.UnaryOp(ast.USub(), other)
            yield f"{text(side)} should not be there", replaced(site.node, node, other)
    for name in site.values:
        if name.startswith("eps"):
            for small in small_in(site.node):
                added = ast.BinOp(small, ast.Add(), named(name))
                yield f"{name} is not added", replaced(site.node, small, added)
    for name in site.gradients[:MOST_NAMES]:
        yield f"{name} is not added", ast.BinOp(site.node, ast.Add(), named(name))
        yield f"{name} is not subtracted", ast.BinOp(site.node, ast.Sub(), named(name))


def small_in(root: ast.expr) -> Iterator[ast.expr]:
    """What must not come to zero: below a root, below a line, below a negative power."""
    for node in ast.walk(root):
        if isinstance(node, ast.Call) and len(node.args) == 1 and "sqrt" in text(node.func):
            yield node.args[0]
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Div):
            yield node.right
        elif isinstance(node, ast.BinOp) and isinstance(node.op, ast.Pow):
            yield node.left


# finding | what is meant by it | what undoes it
SLIPS: tuple[tuple[str, str, Rule], ...] = (
    ("sign", "a sign is wrong", whole_sign),
    ("sign", "a sign is wrong", inner_sign),
    ("mask", "a mask is inverted, or wrong at its edge", masks),
    ("transpose", "a transpose or the order of a product is wrong", transposes),
    ("axis", "a sum is missing, should not be there, or runs along the wrong axis", sums),
    ("square", "a power is missing or wrong", powers),
    ("index", "it should be another entry", indices),
    ("function", "the derivative of another function", related_function),
    ("missing-factor", "a factor is missing", missing_factor),
    ("extra-factor", "a factor should not be there", extra_factor),
    ("name", "it should be another variable", other_name),
    ("constant", "a constant is wrong", constants),
    ("constant", "a constant factor is missing or should not be there", constant_factor),
    ("constant", "N instead of N - 1, or the reverse", one_more),
    ("operation", "a sum instead of a product, or the reverse", other_operation),
    ("inverted", "multiplied instead of divided, or the reverse", inverted),
    ("term", "a term is missing or should not be there", terms),
    ("missing-factor", "a factor is missing in one term", inner_factor),
    ("product", "a matrix product instead of an entrywise one, or the reverse", matrix_or_entries),
)  # fmt: skip


OF_ARRAYS = (transposes, sums, matrix_or_entries, indices)


def repairs(site: Site) -> Iterator[Repair]:
    """Every line that might have been meant, each once."""
    seen = {text(site.node)}
    for finding, _, rule in SLIPS:
        if rule in OF_ARRAYS and not site.arrays:
            continue
        for words, node in rule(site):
            ast.fix_missing_locations(ast.copy_location(node, site.node))
            written = text(node)
            if written not in seen:
                seen.add(written)
                yield Repair(finding, words, node)
