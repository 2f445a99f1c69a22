"""Facts about the gate table: that it is whole, that the texts of every row hold together, and
that a gate opened up (fine) or a pattern closed into it (fused) computes the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from oracle import one_gate

import backprop
from backprop.answer.report import Report
from backprop.arithmetic.arrays import ARRAYS
from backprop.arithmetic.definitions import Definitions
from backprop.arithmetic.ieee import IEEE
from backprop.arithmetic.precise import PRECISE
from backprop.arithmetic.precise_arrays import PRECISE_ARRAYS
from backprop.arithmetic.texts import formula, names_in
from backprop.checking.numeric import DIALECT
from backprop.emitting.arrays import WholeWriter
from backprop.emitting.numpy import LANGUAGE as NUMPY
from backprop.gates import ALIASES, CONSTANTS, array_gates, find, scalars
from backprop.gates import GATES as TABLE
from backprop.gates.row import Gate, LackingError
from backprop.gates.shapes import reduced
from backprop.language.syntax import Op

GATES = scalars()

SCALAR = [
    "add",
    "sub",
    "neg",
    "mul",
    "div",
    "recip",
    "shift",
    "scale",
    "square",
    "powc",
    "pow",
    "sqrt",
    "cbrt",
    "hypot",
    "exp",
    "exp2",
    "expm1",
    "log",
    "log2",
    "log10",
    "log1p",
    "sin",
    "cos",
    "tan",
    "asin",
    "acos",
    "atan",
    "atan2",
    "sinh",
    "cosh",
    "tanh",
    "asinh",
    "acosh",
    "atanh",
    "sigmoid",
    "logsigmoid",
    "softplus",
    "logaddexp",
    "relu",
    "leaky_relu",
    "elu",
    "silu",
    "gelu",
    "erf",
    "erfc",
    "abs",
    "sign",
    "max",
    "min",
    "clip",
    "where",
    "floor",
    "ceil",
    "round",
    "sinc",
    "xlogy",
    "xlog1py",
    "entr",
    "logit",
    "log1mexp",
    "softsign",
    "selu",
    "mish",
    "hardtanh",
    "relu6",
    "huber",
    "lgamma",
    "gamma",
    "digamma",
    "polygamma",
    "lbeta",
    "erfinv",
    "erfcx",
    "ndtr",
    "log_ndtr",
    "ndtri",
    "i0e",
    "i1e",
    "lt",
    "le",
    "gt",
    "ge",
    "eq",
    "ne",
]

OPENED = [name for name, gate in GATES.items() if gate.opens]
CLOSED = [(name, text) for name, gate in GATES.items() for text in gate.closes]
VIEWS_AGREE = 1e-9


def moderate(name: str) -> list[tuple[float, ...]]:
    """Sample points at which a textbook formula keeps its digits."""
    random, gate = Random(name), GATES[name]
    ranges = [(max(low, -4.0), min(high, 4.0)) for low, high in gate.samples * (1 + gate.variadic)]
    return [tuple([random.uniform(*interval) for interval in ranges]) for _ in range(20)]


def numbers(report: Report) -> list[float]:
    return [report.value, *report.gradient.values()]


def texts(gate: Gate) -> Iterator[str]:
    kink = gate.kink.where if gate.kink else ""
    return filter(None, (*gate.partials, gate.value, gate.formula, gate.domain, gate.pole, kink))


def names_used(text: str) -> set[str]:
    """The names that a text reads and doesn't assign itself."""
    code = formula(text).code
    leaves = {item for item in code if isinstance(item, str) and item[0] not in "0123456789."}
    return leaves - {item.name for item in code if isinstance(item, Op) and item.kind == "store"}


# The table.


def test_every_scalar_row_of_the_design_exists() -> None:
    assert [name for name in SCALAR if name not in GATES] == []


def test_every_row_stands_under_its_own_name() -> None:
    assert {name: gate.name for name, gate in GATES.items()} == {name: name for name in GATES}


def test_names_and_aliases_are_unique() -> None:
    names = [name for gate in GATES.values() for name in (gate.name, *gate.aliases)]
    assert sorted(names) == sorted(set(names))


def test_every_alias_finds_its_row() -> None:
    assert {alias: find(alias) for alias in ALIASES} == {
        alias: gate for gate in GATES.values() for alias in gate.aliases
    }


# The texts of a row.


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_a_row_has_a_partial_for_every_parameter(gate: Gate) -> None:
    assert len(gate.partials) == len(gate.operands)


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_a_row_says_in_a_sentence_how_gradient_flows(gate: Gate) -> None:
    assert len(gate.flow.split()) > 3


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_the_texts_read_only_parameters_the_output_and_constants(gate: Gate) -> None:
    known = {*gate.operands, *CONSTANTS, "out"}
    assert {name for text in texts(gate) for name in names_used(text)} <= known


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_only_partials_and_kinks_read_the_output(gate: Gate) -> None:
    before = (gate.value, gate.formula, gate.domain)
    assert [text for text in before if text and "out" in names_used(text)] == []


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_the_texts_call_only_gates(gate: Gate) -> None:
    assert [name for text in texts(gate) for name in names_in(text) if not find(name)] == []


@pytest.mark.parametrize("gate", GATES.values(), ids=GATES)
def test_a_gate_that_opens_has_a_formula(gate: Gate) -> None:
    assert bool(gate.formula) >= gate.opens


def bare(**more: Any) -> Gate:
    columns = {"name": "bare", "parameters": "a", "partials": ("1",), "flow": "hands it on"}
    return Gate(**(columns | more))


@pytest.mark.parametrize(
    ("more", "lacking"),
    [
        ({"partials": ()}, "gate bare: 0 partials for 1 operands"),
        ({"parameters": "a b", "partials": ("1",)}, "gate bare: 1 partials for 2 operands"),
        ({"flow": ""}, "gate bare: no sentence on how gradient flows"),
        ({"opens": True}, "gate bare: it opens, and has no formula"),
    ],
)
def test_a_row_whose_columns_do_not_fit_is_named(more: dict[str, Any], lacking: str) -> None:
    with pytest.raises(LackingError, match=lacking):
        bare(**more).whole()


def test_what_a_new_gate_lacks_is_named_where_it_is_wanted(monkeypatch: pytest.MonkeyPatch) -> None:
    array_gates()
    monkeypatch.setitem(TABLE, "bare", bare())
    for arithmetic, title in ((IEEE, "floats"), (PRECISE, "numbers of many digits"),
                              (ARRAYS, "arrays"), (PRECISE_ARRAYS, "arrays of many digits")):  # fmt: skip
        with pytest.raises(LackingError, match=f"gate bare: no value in {title}, and no text"):
            arithmetic.value["bare"]
    with pytest.raises(LackingError, match="gate bare: no formula for the check"):
        DIALECT.function("bare")
    whole = bare(shape=reduced)
    monkeypatch.setitem(TABLE, "bare", whole)
    with pytest.raises(LackingError, match="gate bare: no code in NumPy"):
        WholeWriter(NUMPY, "split").gate("bare", [])
    monkeypatch.setitem(array_gates(), "bare", whole)
    with pytest.raises(LackingError, match="gate bare: no definition for the check"):
        Definitions({}, float).table()


# Views: fine opens a gate, fused closes its patterns.


@pytest.mark.parametrize("name", OPENED)
def test_fine_granularity_opens_the_gate(name: str) -> None:
    text, at = one_gate(name, moderate(name)[0])
    assert name not in backprop.parse(text, given=at, gates="fine").gates


@pytest.mark.parametrize("name", OPENED)
def test_the_opened_gate_computes_the_same(name: str) -> None:
    for point in moderate(name):
        text, at = one_gate(name, point)
        expected = numbers(backprop.evaluate(text, at))
        actual = numbers(backprop.evaluate(text, at, gates="fine"))
        assert actual == pytest.approx(expected, rel=VIEWS_AGREE, abs=0)


@pytest.mark.parametrize(("name", "pattern"), CLOSED)
def test_fused_granularity_closes_the_pattern(name: str, pattern: str) -> None:
    text = pattern.partition(" => ")[0]
    assert name in backprop.parse(text, gates="fused").gates


@pytest.mark.parametrize(("name", "pattern"), CLOSED)
def test_the_closed_gate_computes_the_same(name: str, pattern: str) -> None:
    text = pattern.partition(" => ")[0]
    for point in moderate(name):
        at = dict(zip(backprop.parse(text).inputs, point, strict=False))
        expected = numbers(backprop.evaluate(text, at))
        actual = numbers(backprop.evaluate(text, at, gates="fused"))
        assert actual == pytest.approx(expected, rel=VIEWS_AGREE, abs=0)
