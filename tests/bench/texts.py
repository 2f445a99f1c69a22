"""Random programs to measure with, the same for the same seed.

Every text means the same to the tool and to Python's own parser, so that peers read it too.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from random import Random
from typing import NamedTuple

TOKEN = re.compile(r"[A-Za-z_]\w*|[\d.]+|\*\*|\S")
STEMS = ("x", "w", "alpha", "theta", "rate", "u_")
TERMS = (
    "{n}*{a}*sin({b} + {n}*{c})",
    "{a}*{b}/(1 + {c}**2)",
    "exp(-{a}*{b})*{c}",
    "{a}*({b} - {n}*{c})",
    "{n}*{a}**2*{b}",
    "log(1 + {a}**2)*cos({b})",
    "{a}*tanh({b})*{c}",
)
# Every statement stays within -1 and 1 if its operands do, so that nothing over- or underflows;
# with each the number of its operations.
STATEMENTS = (
    ("sin({a}*{b} + {c})", 3),
    ("{a}/(1 + {b}*{b})", 3),
    ("0.5*({a} - {b})*{c}", 3),
    ("exp(-{a}*{a})", 3),
    ("tanh({a} - {b}*{c})", 3),
    ("{a}*{b}", 1),
    ("0.7*log(2 + {a})", 3),
    ("0.7*sqrt(1 + {a}*{b}*{b}*{a})", 6),
    ("cos({a})*{b}", 2),
    ("0.5*({a} + {b})", 2),
)
INPUTS = 10
RECENT = 50
TOGETHER = 20  # terms of one sum, so that no expression is too deep for anybody's parser


class Problem(NamedTuple):
    """A program and where to evaluate it."""

    text: str
    point: dict[str, float]


def tokens(text: str) -> int:
    """Names, numbers, operators and brackets, counted one by one."""
    return len(TOKEN.findall(text))


def expression(size: int, seed: int) -> str:
    """One sum of products with calls, of `size` tokens and a name for every twenty of them."""
    random = Random(seed)
    names = [f"{random.choice(STEMS)}{number}" for number in range(max(8, size // 20))]
    pieces: list[str] = []
    have = 0
    while have < size:
        a, b, c = random.choices(names, k=3)
        term = random.choice(TERMS).format(n=round(random.uniform(0.1, 9), 2), a=a, b=b, c=c)
        pieces += [term, random.choice((" + ", " - "))]
        have += tokens(term) + 1
    return "".join(pieces[:-1])


def _inputs(random: Random) -> dict[str, float]:
    return {f"x{number}": round(random.uniform(-0.9, 0.9), 3) for number in range(INPUTS)}


def _problem(text: str, point: dict[str, float]) -> Problem:
    used = set(TOKEN.findall(text))
    return Problem(text, {name: value for name, value in point.items() if name in used})


def mixed(stages: int, seed: int) -> Problem:
    """Statements over inputs and recent ones, whose sum is the output.

    As written it has `stages` operations; the tool shares the one in twenty that is there already.
    """
    random = Random(seed)
    point = _inputs(random)
    names = list(point)
    lines: list[str] = []
    have = 0
    while True:
        terms = len(lines)
        rest = stages - have - max(0, terms - 1)
        if rest <= 0:
            break
        form, cost = random.choice([known for known in STATEMENTS if known[1] <= max(1, rest - 1)])
        a, b, c = random.choices([*point, *names[-RECENT:]], k=3)
        names.append(f"q{terms}")
        lines.append(f"q{terms} = {form.format(a=a, b=b, c=c)}")
        have += cost
    return _problem("\n".join([*lines, *_sums(names[INPUTS:])]), point)


def _sums(names: Sequence[str]) -> list[str]:
    """Statements that add all up, a few at a time, so that none is deep."""
    lines: list[str] = []
    level = 0
    while len(names) > TOGETHER:
        groups = [names[start : start + TOGETHER] for start in range(0, len(names), TOGETHER)]
        lines += [f"s{level}_{k} = {' + '.join(group)}" for k, group in enumerate(groups)]
        names = [f"s{level}_{k}" for k in range(len(groups))]
        level += 1
    return [*lines, " + ".join(names)]


def nested(depth: int, seed: int) -> Problem:
    """One expression of `depth` brackets, each inside the one before."""
    random = Random(seed)
    point = _inputs(random)
    heads, tails = [], []
    for _ in range(depth):
        name = random.choice(list(point))
        head, tail = random.choice((("sin(", f") + {name}"), (f"{name} - (", ")*0.9")))
        heads.append(head)
        tails.append(tail)
    return _problem("".join([*heads, "x0", *reversed(tails)]), point)


def chained(terms: int, seed: int) -> Problem:
    """One flat sum, which is a tree as deep as it has terms."""
    random = Random(seed)
    point = _inputs(random)
    products = [" * ".join(random.choices(list(point), k=2)) for _ in range(terms)]
    return _problem(" + ".join(products), point)
