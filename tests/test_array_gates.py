"""The pull-back of every gate on arrays, and of every elementwise gate under broadcasting, is the
difference of what the gate is by definition; and mistakes in it would be noticed.

campaigns/array_gates.py runs any number of the same cases.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from array_cases import DRAW, WHOLE
from campaigns.special import DRAWS
from counts import cases
from given_arrays import Case
from jax_arrays import Answer, disagreeing
from mutating_arrays import FLAT, Mutant, mutants, planted
from pulling_back import drawn, wrong
from recorded import recorded
from test_accuracy import COMPOSED

import backprop
from backprop.engine import arrays as engine
from backprop.gates import array_gates, scalars
from backprop.gates.linear import STACKED
from backprop.gates.shapes import MismatchError

COUNT = cases(25, 200)
FEW = cases(6, 25)  # of an elementwise gate that is computed entry by entry, or by a short text
STACKS = frozenset(STACKED.values())  # of matrices, whose gates for one matrix have more
SOME = cases(30, 60)  # cases in which every mistake must show


def test_every_gate_of_the_table_has_cases() -> None:
    assert (set(WHOLE), set(DRAW)) == (set(array_gates()), {*array_gates(), *scalars()})


@pytest.mark.parametrize("gate", DRAW)
def test_a_pull_back_is_the_difference_at_random_shapes_and_values(gate: str) -> None:
    count = FEW if gate in DRAWS or gate in COMPOSED or gate in STACKS else COUNT
    found = {drawn(gate, number)[0].text: wrong(gate, number) for number in range(count)}
    assert {text: names for text, names in found.items() if names} == {}


def test_the_cases_have_all_kinds_of_shapes() -> None:
    shapes = [
        {name: np.shape(value) for name, value in drawn(gate, number)[0].given.items()}
        for gate in DRAW.keys() - DRAWS.keys() - COMPOSED
        for number in range(SOME)
    ]
    several = [list(found.values()) for found in shapes if len(found) > 1]
    facts = {
        "axes": {len(shape) for found in shapes for shape in found.values()} >= {0, 1, 2, 3},
        "sizes": {k for found in shapes for shape in found.values() for k in shape}
        >= set(range(5)),
        "number with array": any({len(a), len(b)} == {0, 2} for a, b, *_ in several),
        "missing axes": any({len(a), len(b)} == {1, 3} for a, b, *_ in several),
        "both stretched": any(
            len(a) == len(b) == 2 and a[0] == b[1] == 1 and a[1] > 1 < b[0] for a, b, *_ in several
        ),
    }
    assert [fact for fact, holds in facts.items() if not holds] == []


def array(laid_out: Mapping[str, Any]) -> Any:
    return np.array(laid_out["entries"], dtype=float).reshape(laid_out["shape"])


@pytest.mark.parametrize("gate", WHOLE)
def test_jax_has_recorded_the_same_value_and_gradient(gate: str) -> None:
    """campaigns/array_peers.py asks JAX itself, at 200 shapes."""
    rows = [row for row in recorded("jax")["arrays"] if row["gate"] == gate]
    assert len(rows) > 1
    for row in rows:
        given = {name: array(value)[()] for name, value in row["given"].items()}
        upstream = None if row["upstream"] is None else array(row["upstream"])[()]
        case = Case(gate, row["text"], given, lambda at: at["A"], upstream)
        report = backprop.evaluate(case.program, given, upstream=upstream, ties="split")
        theirs = Answer(
            array(row["value"]), {name: array(part) for name, part in row["gradient"].items()}
        )
        off = disagreeing(case, theirs, report.value, report.gradient, row["condition"])
        assert off == [], row["text"]


# Mistakes.


def caught(gate: str) -> bool:
    return any(goes_wrong(gate, number) for number in range(SOME))


def goes_wrong(gate: str, number: int) -> bool:
    """A backward step that can't be done, for shapes that don't fit, is noticed as well."""
    try:
        return bool(wrong(gate, number))
    except (MismatchError, ValueError, IndexError, TypeError, AttributeError):
        return True


def every_mutant() -> Iterator[Mutant]:
    for gate in WHOLE:
        yield from mutants(gate)


@pytest.mark.filterwarnings("ignore::RuntimeWarning")
@pytest.mark.parametrize("gate", [gate for gate in WHOLE if any(array_gates()[gate].partials)])
def test_every_mistake_in_a_row_is_caught_unless_it_is_proved_to_be_none(gate: str) -> None:
    made = list(mutants(gate))
    found = {}
    for mutant in made:
        with planted(mutant):
            found[str(mutant)] = caught(gate)
    assert found == {str(mutant): not mutant.equal for mutant in made}
    assert len(made) >= 7


def test_there_are_more_than_500_mistakes() -> None:
    assert sum(not mutant.equal for mutant in every_mutant()) > 500


@pytest.mark.parametrize("gate", FLAT)
def test_what_is_its_own_transpose_has_one_axis_or_none(gate: str) -> None:
    """What the proofs that some mutants are none rest upon."""
    names = FLAT[gate].split()
    for number in range(SOME):
        found = drawn(gate, number)[0]
        program = backprop.parse(
            found.text, shapes={name: np.shape(value) for name, value in found.given.items()}
        )
        slot = program.gates.index(gate)
        operands = dict(zip(array_gates()[gate].operands, program.operands[slot], strict=True))
        slots = [operands.get(name, slot) for name in names]
        assert max(len(program.shapes[slot]) for slot in slots) <= 1


def one_of_many(message: Any, shape: tuple[int, ...]) -> Any:
    """Of what was broadcast only one copy is heard."""
    found = np.asarray(message)
    if found.ndim < len(shape) or not found.size:
        return FITTED(message, shape)
    found = found[(0,) * (found.ndim - len(shape))]
    return found[tuple([slice(size) for size in shape])]


def averaged(message: Any, shape: tuple[int, ...]) -> Any:
    right = FITTED(message, shape)
    size = max(np.size(message), 1)
    return right * (max(np.size(right), 1) / size) if np.size(right) < size else right


def without_stretched(message: Any, shape: tuple[int, ...]) -> Any:
    """Missing axes are summed, those of size 1 are not."""
    found = np.asarray(message)
    return found.sum(axis=tuple(range(max(0, found.ndim - len(shape)))))


FITTED = engine.fitted


@pytest.mark.parametrize("mistake", [one_of_many, averaged, without_stretched])
def test_what_was_broadcast_has_to_be_summed(
    mistake: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "fitted", mistake)
    several = [name for name, gate in scalars().items() if len(gate.operands) + gate.variadic > 1]
    smooth = [name for name in several if any(scalars()[name].partials)]
    assert [gate for gate in smooth if not caught(gate)] == []


# Mistakes that there were.


def test_an_exponent_that_is_0_makes_a_power_flat() -> None:
    assert list(backprop.evaluate("sum(v**[0, 2])", v=[0, 2]).gradient["v"]) == [0, 4]


def test_the_mean_of_nothing_is_nan_and_said_once() -> None:
    report = backprop.evaluate("mean(v)", v=np.zeros(0))
    assert (np.isnan(report.value), [notice.kind for notice in report.notices]) == (
        True,
        ["nonfinite"],
    )


@pytest.mark.parametrize("text", ["norm(v)", "np.linalg.norm(v)", "sum(norm([v, w], axis=1))"])
def test_the_kink_of_a_norm_is_said(text: str) -> None:
    given = {"v": [0, 0], "w": [3, 4]} if "w" in text else {"v": [0, 0]}
    report = backprop.evaluate(text, given)
    assert [notice.kind for notice in report.notices] == ["kink"]
    assert list(report.gradient["v"]) == [0, 0]


INDICES = ["[:, i]", "[i]", "[:, :, i]", "[0, :, i]", "[:, 0, i]", "[:, i, :]", "[i, j]",
           "[i, :, j]", "[:, i, j]", "[-1, i, 1:]", "[i, 0]", "[::2, i, 0]"]  # fmt: skip


@pytest.mark.parametrize("index", INDICES)
def test_computed_indices_stand_where_numpy_has_them(index: str) -> None:
    grid = np.arange(24.0).reshape(2, 3, 4)
    given = {name: [1, 0, 1] for name in "ij" if name in index}
    places = {name: np.array(value) for name, value in given.items()}
    expected = eval(f"grid{index}", {"grid": grid, **places})  # noqa: S307
    report = backprop.evaluate(f"A{index}", {"A": grid, **given}, upstream="ones")
    assert np.array_equal(report.value, expected)
    assert report.gradient["A"].sum() == expected.size
