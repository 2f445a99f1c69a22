"""Every message that a text can cause, pinned whole, and whether its advice can be taken."""

from __future__ import annotations

import re
from random import Random

import pytest
from messages import answer, cases
from trees import shape

import backprop
from backprop.errors import LanguageError, LimitError
from backprop.language import characters
from backprop.language.complaints import words
from backprop.language.parser import parse
from backprop.program import stager as staging

CASES = list(cases())
ANSWERS = [expected for _, _, expected in CASES]


@pytest.mark.parametrize(
    ("text", "expected"), [case[1:] for case in CASES], ids=[case[0] for case in CASES]
)
def test_a_text_is_answered(text: str, expected: str) -> None:
    assert answer(text) == expected


def test_every_case_has_a_name_of_its_own() -> None:
    names = [name for name, _, _ in CASES]
    assert len(set(names)) == len(names) > 300


TABLES = {
    "operators": [f"{message}\nhelp: {hint}" for message, hint in words.OPERATORS.values()],
    "operators before an operand": [
        f"{message}\nhelp: {hint}" for message, hint in words.LEADING.values()
    ],
    "words": [f"{message}\nhelp: {hint}" for message, hint in words.WORDS.values()],
    "operators that were meant": [f"help: {hint}" for hint in words.MEANT.values()],
    "unknown functions": [f"help: {hint}" for hint in words.UNKNOWN.values()],
    "LaTeX": [f"help: {hint}" for hint in words.LATEX.values()],
    "characters": [f"help: {hint}" for hint in characters.HINTS.values()],
}


@pytest.mark.parametrize("rows", TABLES.values(), ids=TABLES)
def test_every_row_of_the_tables_is_pinned(rows: list[str]) -> None:
    shown = {re.sub(r"^error: line .*?: |\n  .*", "", expected) for expected in ANSWERS}
    shown |= {line for expected in ANSWERS for line in expected.split("\n")}
    assert [row for row in rows if row not in shown] == []


READINGS = re.compile(r"help: write (.*) or (.*)")
LEFT = ("x", "3", "a*b", "-x", "(x + y)", "sin(y)", "x/y", "x**y", "2x", "x[0]", "-(x)")
RIGHT = ("y", "(y + 1)", "exp(y)", "y**2", "y²", "y**-z", "y[0]", "π")


@pytest.mark.parametrize("sign", ["/", "**", "^", "@", "/-", "**-", "÷"])
def test_the_two_readings_of_a_product_are_two_trees_of_the_same_operands(sign: str) -> None:
    random = Random(41)
    wrong = []
    for left in LEFT:
        text = f"{left}{sign}2{random.choice(RIGHT)}"
        with pytest.raises(LanguageError) as refused:
            parse(text)
        found = READINGS.fullmatch(refused.value.render().split("\n")[-1])
        assert found, text
        inner, outer = (shape(parse(reading).code) for reading in found.groups())
        leaves = [[item for item in tree if not isinstance(item, tuple)] for tree in (inner, outer)]
        if inner == outer or leaves[0] != leaves[1]:
            wrong.append((text, found.groups()))
    assert wrong == []


ADVICE = {
    "2 x": "2*x", "x y": "x*y", "(x)(y)": "(x)*(y)", "x sin(y)": "x*sin(y)", "sin x": "sin(x)",
    "sin 2x": "sin(2x)", "sin^2(x)": "sin(x)**2", "sin² x": "sin(x)**2", "exp[x]": "exp(x)",
    "exp{x + 1}": "exp(x + 1)", "0x1F": "31",
}  # fmt: skip


@pytest.mark.parametrize(("text", "advice"), ADVICE.items(), ids=ADVICE)
def test_what_a_hint_says_to_write_can_be_read(text: str, advice: str) -> None:
    with pytest.raises(LanguageError) as refused:
        parse(text)
    assert refused.value.hint.removesuffix(" to multiply") == f"write {advice}"
    assert parse(advice).code


def test_the_limit_on_stages_is_an_error_that_names_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(staging, "MAX_WALK", 1000)
    calls = "f0(p) = sin(p) + p\n" + "".join(
        f"f{i + 1}(p) = f{i}(p) + f{i}(2*p)\n" for i in range(30)
    )
    with pytest.raises(LimitError) as refused:
        backprop.parse(calls + "f30(x)")
    assert refused.value.render() == "error: the program has more than 1,000,000 stages"
