"""A row of the table as data for readers: what `backprop gates --json` prints."""

from __future__ import annotations

import re
from typing import Any

from backprop.arithmetic.texts import CALLS, form
from backprop.gates.row import Gate


def row_dict(gate: Gate) -> dict[str, Any]:
    kink = gate.kink
    return {
        "name": gate.name,
        "symbol": gate.symbol or gate.name,
        "code": written(gate),
        "parameters": list(gate.operands),
        "variadic": gate.variadic,
        "aliases": list(gate.aliases),
        "local": list(gate.partials),
        "textbook": list(gate.textbook or gate.partials),
        "flow": gate.flow,
        "domain": gate.domain or None,
        "formula": gate.formula or None,
        "fuses": list(gate.closes),
        "kink": kink
        and {
            "where": kink.where or "inputs are tied",
            "takes": kink.convention,
            "slopes": kink.slopes,
            "elsewhere": kink.elsewhere,
        },
        "ulps": None if gate.array else {"value": gate.ulps[0], "local": gate.ulps[1]},
        "shape": gate.sizes or None,
        "where": called(gate),
    }


def called(gate: Gate) -> list[str]:
    """What the functions are that a gate on arrays passes back with."""
    if not gate.array:
        return []
    from backprop.gates.arrays import CALLED

    names = dict.fromkeys(re.findall(CALLS, " ".join(gate.partials)))
    return [CALLED[name] for name in names if name in CALLED]


def written(gate: Gate) -> str:
    if gate.source:
        return gate.source
    names = (*gate.operands, "b", "...") if gate.variadic else gate.operands
    return form(gate.name, len(names))(*names)
