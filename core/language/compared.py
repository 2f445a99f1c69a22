"""Names that are compared with texts in quotes: `set == "train"`.

Every text of a program has a number, and what a name stands for is the number of its text; one
that the program doesn't name is -1. So a comparison is one of numbers.
"""

from __future__ import annotations

from backprop.errors import UsageError
from backprop.language.syntax import HELD, Op, Tree, children
from backprop.language.tokens import is_name

OTHER = -1.0
QUOTED = f'{HELD}"'


def numbers_of_texts(tree: Tree) -> dict[str, float]:
    """The number of each text that something is compared with."""
    return {leaf[2:-1]: value for leaf, value in tree.values.items() if leaf[:2] == QUOTED}


def compared_names(tree: Tree) -> list[str]:
    """The variables that stand for texts; an error if one is used as a number as well."""
    if not numbers_of_texts(tree):
        return []
    code = tree.code
    found: dict[str, int] = {}
    for node, operands in enumerate(children(code)):
        item = code[node]
        if not isinstance(item, Op) or item.name not in ("eq", "ne") or item.kind != "infix":
            continue
        leaves = [leaf for operand in operands if isinstance(leaf := code[operand], str)]
        names = [leaf for leaf in leaves if is_name(leaf) and leaf not in tree.stored]
        if any(leaf[:2] == QUOTED for leaf in leaves):
            if not names:
                raise UsageError(
                    "a text in quotes can be compared with a variable, as in set == \"train\"",
                    text=tree.text, span=tree.spans[node],
                )  # fmt: skip
            found[names[0]] = found.get(names[0], 0) + 1
    for name, count in found.items():
        if sum(item == name for item in code) != count:
            raise UsageError(f"{name} is compared with a text, so it can't be a number elsewhere")
    return list(found)


def number_of(tree: Tree, text: str) -> float:
    return numbers_of_texts(tree).get(text, OTHER)
