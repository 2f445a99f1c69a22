"""Tree in, text out: canonical spelling with the fewest brackets that parse to the same tree."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.language.syntax import ABSENT, ATOM, LEVEL, SYMBOL, Item, Op, Tree


def print_tree(tree: Tree) -> str:
    """The text of a whole program, one statement a line, functions where they were defined."""
    runs = [(start, stop, "") for start, stop in tree.body]
    for function in tree.functions.values():
        head = f"{function.name}({', '.join(function.parameters)}) = "
        runs.append((function.start, function.stop, head))
    operands, lines = children(tree.code), list[str]()
    for start, stop, head in sorted(runs):
        root = stop - 1
        item = tree.code[root]
        if isinstance(item, Op) and item.kind == "store":
            head, root = f"{item.name} = ", root - 1
        text = head + print_node(tree.code, operands, root)
        lines.append(f"({text})" if text.startswith("-") and lines else text)
    return "\n".join(lines)


def children(code: Sequence[Item]) -> list[list[int]]:
    """The operand nodes of every node."""
    waiting: list[int] = []
    found: list[list[int]] = []
    for node, item in enumerate(code):
        operands: list[int] = []
        if isinstance(item, Op):
            operands = waiting[len(waiting) - item.arity :]
            del waiting[len(waiting) - item.arity :]
        found.append(operands)
        waiting.append(node)
    return found


def print_node(code: Sequence[Item], operands: Sequence[Sequence[int]], root: int) -> str:
    """The text of one subtree, written piece by piece from left to right."""
    pieces: list[str] = []
    waiting: list[int | str] = [root]
    while waiting:
        node = waiting.pop()
        item = node if isinstance(node, str) else code[node]
        if isinstance(item, str):
            pieces.append(item)
        else:
            waiting += reversed(layout(code, item, operands[int(node)]))
    return "".join(pieces)


def layout(code: Sequence[Item], op: Op, operands: Sequence[int]) -> list[int | str]:
    """One operator as a row of texts and operand nodes."""
    match op.kind:
        case "infix" | "implied" | "postfix":
            left, right = operands
            symbol = SYMBOL[op.name]
            spaced = symbol if op.name == "pow" else f" {symbol} "
            return [*fit(code, op, left, False), spaced, *fit(code, op, right, True)]
        case "prefix":
            return [SYMBOL[op.name], *fit(code, op, operands[0], True)]
        case "call":
            return [f"{op.name}(", *listed(operands), ")"]
        case "list":
            return ["[", *listed(operands), "]"]
        case "slice":
            start, stop, step = operands
            return [start, ":", stop, *([":", step] if code[step] != ABSENT else [])]
        case "index":
            return [*fit(code, op, operands[0], False), "[", *listed(operands[1:]), "]"]
        case "method":
            return [*fit(code, op, operands[0], False), f".{op.name}(", *listed(operands[1:]), ")"]
        case "attribute":
            return [*fit(code, op, operands[0], False), f".{op.name}"]
    raise ValueError(f"no layout for {op.kind}")


def listed(operands: Sequence[int]) -> list[int | str]:
    return [piece for operand in operands for piece in (", ", operand)][1:]


def fit(code: Sequence[Item], op: Op, operand: int, right: bool) -> list[int | str]:
    """An operand, in brackets where it would be read differently without."""
    own, other = level(op), level(code[operand])
    power, comparison = op.name == "pow", own == LEVEL["lt"]
    if other > own or (other == own and other < ATOM and not comparison and right == power):
        fits = True
    else:
        fits = other == own and (other == ATOM or op.kind == "prefix")
    number = op.kind in ("attribute", "method") and str(code[operand])[:1].isdigit()
    return [operand] if fits and not number else ["(", operand, ")"]


def level(item: Item) -> int:
    if isinstance(item, str) or item.kind in ("call", "list", "index", "method", "attribute"):
        return ATOM
    return LEVEL.get(item.name, 0)
