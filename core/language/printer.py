"""Tree in, text out: canonical spelling with the fewest brackets that parse to the same tree."""

from __future__ import annotations

from collections.abc import Sequence

from backprop.language.syntax import (
    ABSENT,
    ATOM,
    HELD,
    LEVEL,
    LOGIC,
    SYMBOL,
    WORDS,
    Item,
    Op,
    Tree,
    children,
)


def print_tree(tree: Tree) -> str:
    """The text of a whole program, one statement a line, functions where they were defined."""
    runs = [(start, stop, "") for start, stop in tree.body]
    for function in tree.functions.values():
        head = f"{function.name}({', '.join(function.parameters)}) = "
        runs.append((function.start, function.stop, head))
    operands, lines = children(tree.code), list[str]()
    for _, stop, head in sorted(runs):
        root = stop - 1
        item = tree.code[root]
        if isinstance(item, Op) and item.kind == "store":
            head, root = f"{item.name} = ", root - 1
        lines.append(head + print_node(tree.code, operands, root))
    return "\n".join(lines)


def print_node(code: Sequence[Item], operands: Sequence[Sequence[int]], root: int) -> str:
    """The text of one subtree, written piece by piece from left to right."""
    pieces: list[str] = []
    waiting: list[int | str] = [root]
    while waiting:
        node = waiting.pop()
        item = node if isinstance(node, str) else code[node]
        if isinstance(item, str):
            held = item in WORDS or item[:2] in (f"{HELD}'", f'{HELD}"')
            pieces.append(item.removeprefix(HELD) if held else item)
        else:
            waiting += reversed(layout(code, item, operands[int(node)]))
    return "".join(pieces)


def layout(code: Sequence[Item], op: Op, operands: Sequence[int]) -> list[int | str]:
    """One operator as a row of texts and operand nodes."""
    match op.kind:
        case "infix" | "implied" | "postfix" | "and" | "or":
            left, right = operands
            symbol = op.kind if op.kind in LOGIC else SYMBOL[op.name]
            spaced = symbol if op.name == "pow" else f" {symbol} "
            return [*fit(code, op, left, "left"), spaced, *fit(code, op, right, "right")]
        case "prefix":
            return [SYMBOL[op.name], *fit(code, op, operands[0], "right")]
        case "not":
            return ["not ", *fit(code, op, operands[1], "right")]
        case "chain":
            left, right = operands
            second = code[right]
            assert isinstance(second, Op)
            symbol = f" {SYMBOL[second.name]} "
            return [left, symbol, *fit(code, second, right - 1, "right")]
        case "choice":
            condition, then, other = operands
            texts = [fit(code, op, node, "right") for node in (then, condition)]
            return [*texts[0], " if ", *texts[1], " else ", *fit(code, op, other, "left")]
        case "call":
            return [f"{op.name}(", *listed(operands), ")"]
        case "keyword":
            return [f"{op.name}=", operands[0]]
        case "list":
            return ["[", *listed(operands), "]"]
        case "slice":
            start, stop, step = operands
            steps: list[int | str] = [":", step] if code[step] != ABSENT else []
            return [start, ":", stop, *steps]
        case "index":
            return [*fit(code, op, operands[0], "left"), "[", *listed(operands[1:]), "]"]
        case "method":
            return [*fit(code, op, operands[0], "left"), f".{op.name}(", *listed(operands[1:]), ")"]
        case "attribute":
            return [*fit(code, op, operands[0], "left"), f".{op.name}"]
    raise ValueError(f"no layout for {op.kind}")


def listed(operands: Sequence[int]) -> list[int | str]:
    return [piece for operand in operands for piece in (", ", operand)][1:]


def fit(code: Sequence[Item], op: Op, operand: int, side: str) -> list[int | str]:
    """An operand, in brackets where it would be read differently without."""
    item = code[operand]
    own, other = level(op), level(item)
    if own == other < ATOM and op.kind not in ("prefix", "not"):
        bare = side == ("right" if op.name == "pow" else "left") and own != LEVEL["lt"]
    else:
        bare = other >= own or (op.name == "pow" and side == "right" and other == LEVEL["neg"])
    if op.kind in ("attribute", "method") and isinstance(item, str):
        bare = item[0] not in "0123456789."
    return [operand] if bare else ["(", operand, ")"]


def level(item: Item) -> int:
    if isinstance(item, str) or item.kind in ("call", "list", "index", "method", "attribute"):
        return ATOM
    if item.kind in LOGIC:
        return LEVEL[LOGIC[item.kind]]
    return LEVEL.get(item.name, 0)
