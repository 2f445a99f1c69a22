"""How tightly operators bind, as the parser's stack of pending operators wants it.

A pending operator is one int, level * STEP + index into PENDING, and is emitted when the
next operator's FLOOR is not above it. An open bracket is 0, below every floor.
"""

from __future__ import annotations

from backprop.language.syntax import AND, CHAIN, CHOICE, IMPLIED, INFIX, LEVEL, NOT, OR, PREFIX

STEP = 32
PENDING = [*INFIX.values(), *PREFIX.values(), IMPLIED, AND, OR, NOT, CHAIN, CHOICE]
RANK = {symbol: LEVEL[op.name] * STEP + PENDING.index(op) for symbol, op in INFIX.items()}
POWER = {symbol: power for symbol, power in RANK.items() if power >= LEVEL["add"] * STEP}
FLOOR = {
    power: (LEVEL["pow"] + 1 if PENDING[power % STEP].name == "pow" else power // STEP) * STEP
    for power in POWER.values()
}
SIGN = {symbol: LEVEL["neg"] * STEP + PENDING.index(op) for symbol, op in PREFIX.items()}
AMBIGUOUS = {RANK["/"], RANK["%"], RANK["@"], RANK["**"], RANK["^"]}  # before 2x: 1/2x
TIMES = LEVEL["mul"] * STEP + PENDING.index(IMPLIED)

# Words before and between operands, and what they are when they wait for the next operand.
WORDS = {
    word: LEVEL[word] * STEP + PENDING.index(op)
    for word, op in {"and": AND, "or": OR, "not": NOT}.items()
}
CHAINED = LEVEL["lt"] * STEP + PENDING.index(CHAIN)
ELSE = LEVEL["if"] * STEP + PENDING.index(CHOICE)
IF = ELSE + 1  # waits for its else
