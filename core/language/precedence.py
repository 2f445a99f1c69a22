"""How tightly operators bind, as the parser's stack of pending operators wants it.

A pending operator is one int, level * STEP + index into PENDING, and is emitted when the
next operator's FLOOR is not above it. An open bracket is 0, below every floor.
"""

from __future__ import annotations

from backprop.language.syntax import IMPLIED, INFIX, LEVEL, PREFIX

STEP = 32
PENDING = [*INFIX.values(), *PREFIX.values(), IMPLIED]
RANK = {symbol: LEVEL[op.name] * STEP + PENDING.index(op) for symbol, op in INFIX.items()}
POWER = {symbol: power for symbol, power in RANK.items() if power >= 2 * STEP}
FLOOR = {
    power: (LEVEL["pow"] + 1 if PENDING[power % STEP].name == "pow" else power // STEP) * STEP
    for power in POWER.values()
}
SIGN = {symbol: LEVEL["neg"] * STEP + PENDING.index(op) for symbol, op in PREFIX.items()}
AMBIGUOUS = {RANK["/"], RANK["@"], RANK["**"], RANK["^"]}  # before 2x: 1/2x
TIMES = LEVEL["mul"] * STEP + PENDING.index(IMPLIED)
