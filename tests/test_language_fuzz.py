"""Whatever the text: it is read or refused with one clear message, and never misread."""

from __future__ import annotations

import ast
import math
import time
import warnings
from collections.abc import Callable, Iterator, Mapping
from random import Random

import pytest
from counts import cases
from trees import expressions, programs

import backprop
from backprop.answer.evaluation import evaluate
from backprop.errors import BackpropError

SECONDS = 1.0  # for one text of a few hundred characters
WORDS = "x y z e pi E f g exp max where sin np.exp np.pi math. if for lambda and not import"
NUMBERS = "1 2 0.5 .5 5. 1e-3 1e999 1_000 1__0 0x1f 1e 12e+ 3.4.5"
SIGNS = "+ - * / ** ^ @ % // = == != < <= > >= := += -> & && | || ! ~ ? << >> $ ` ' \" − × ÷ ² ³"
BRACKETS = "( ) [ ] { } ( ) ( ) , : ; . .T .dot( .shape \\ # f( exp( max( x( √( √"
ODD = "\x1b \u202e \u200b \x00 х ｘ １ é 漢 👍 ½ ⁴ Σ ∑ “ ’ π σ e\u0301 \ud800"
BLANKS = ("\n", " ", "\t", "\u00a0", "\r\n", "\\\n", "# note\n", "\n-", "f(x) = ", "a = ")
TOKENS = (*" ".join((WORDS, NUMBERS, SIGNS, BRACKETS, ODD)).split(" "), *BLANKS)
NAMES = ("x", "y", "z", "e", "E")


def byte_strings(random: Random, count: int) -> Iterator[str]:
    for _ in range(count):
        high = random.choice((128, 256))
        data = bytes(random.randrange(high) for _ in range(random.randrange(60)))
        yield data.decode("utf-8", "replace")


def soups(random: Random, count: int) -> Iterator[str]:
    for _ in range(count):
        gap = random.choice(("", "", " "))
        yield gap.join(random.choices(TOKENS, k=random.randrange(1, 25)))


def damaged(random: Random, count: int) -> Iterator[str]:
    """Texts that could be read, with a few characters lost, doubled or replaced."""
    whole = [text[:300] for text in expressions(11, 500, fancy=True) + programs(12, 500)]
    for _ in range(count):
        text = list(random.choice(whole))
        for _ in range(random.randrange(1, 4)):
            place = random.randrange(len(text) + 1)
            text[place : place + random.randrange(2)] = random.choice(("", random.choice(TOKENS)))
        yield "".join(text)


def sums(random: Random, count: int) -> Iterator[str]:
    """Short soups of what Python reads too, so that many of them are read by both."""
    pieces = ("x", "y", "z", "e", "2", "0.5", "3", "-", "+", "*", "/", "**", "(", ")", " ")
    for _ in range(count):
        yield "".join(random.choices(pieces, k=random.randrange(1, 10)))


Source = Callable[[Random, int], Iterator[str]]
Read = Callable[[str], object]
# Damaged texts are full of arrays, which the parser reads and nobody computes.
SOURCES: dict[str, tuple[Source, Read]] = {
    "bytes": (byte_strings, backprop.parse),
    "token soups": (soups, backprop.parse),
    "damaged texts": (damaged, backprop.parse),
    "sums": (sums, backprop.parse),
}


def flaw(text: str, read: Read) -> str:
    """What is wrong with the way that a text is read or refused; empty if nothing is."""
    start = time.perf_counter()
    message = ""
    try:
        read(text)
    except BackpropError as error:
        message = error.render()
        if error.span and not 0 <= error.span[0] < error.span[1] <= len(text) + 1:
            return f"the span {error.span} is outside of the text"
    except Exception as error:
        return repr(error)
    if time.perf_counter() - start > SECONDS:
        return "took too long"
    if not all(line.isprintable() for line in message.split("\n")):
        return f"the message shows a control character: {message!r}"
    return ""


@pytest.mark.parametrize(("source", "read"), SOURCES.values(), ids=SOURCES)
def test_every_text_is_read_or_refused_with_a_message(source: Source, read: Read) -> None:
    found = {text: flaw(text, read) for text in source(Random(21), cases(2000, 6000))}
    assert {text: wrong for text, wrong in found.items() if wrong} == {}


def python_value(node: ast.expr, at: Mapping[str, float]) -> float:
    """The value of Python's own tree, in IEEE arithmetic; a `TypeError` if it holds more."""
    match node:
        case ast.Name(name):
            return at[name]
        case ast.Constant(int() | float() as value):
            return float(value)
        case ast.UnaryOp(ast.USub(), operand):
            return -python_value(operand, at)
        case ast.UnaryOp(ast.UAdd(), operand):
            return python_value(operand, at)
        case ast.BinOp(left, op, right):
            return binary(op, python_value(left, at), python_value(right, at))
    raise TypeError(ast.dump(node))


def binary(op: ast.operator, a: float, b: float) -> float:
    match op:
        case ast.Add():
            return a + b
        case ast.Sub():
            return a - b
        case ast.Mult():
            return a * b
        case ast.Div():
            return a / b
        case ast.Pow():
            return a * a if b == 2 else math.pow(a, b)
    raise TypeError(ast.dump(op))


def as_python(text: str) -> ast.expr | None:
    """Python's tree of a text, if Python reads it as an expression."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            return ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError):
            return None


def read_by_both(
    source: Iterator[str], at: Mapping[str, float]
) -> Iterator[tuple[str, float, float]]:
    """Texts with their value here and in Python, where both have one."""
    for text in source:
        tree = as_python(text)
        if tree is None:
            continue
        try:
            expected = python_value(tree, at)
        except (TypeError, KeyError, ValueError, ZeroDivisionError, OverflowError):
            continue  # more than arithmetic, or no finite value
        used = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
        yield text, evaluate(text, {name: at[name] for name in used}).value, expected


def test_no_text_that_python_reads_too_has_another_value() -> None:
    random = Random(31)
    at = {name: random.uniform(0.5, 2.5) for name in NAMES}
    compared = list(read_by_both(sums(random, 60_000), at))
    assert len(compared) > 1500
    assert [case for case in compared if case[1] != case[2]] == []
