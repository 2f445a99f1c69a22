"""The kernel computes for every row what the engine computes for one point: the cases of the
notes, all corners, random programs, and every gate at its special points, in both engines."""

from __future__ import annotations

import os
import subprocess
import sys
import tracemalloc
from collections.abc import Iterator, Mapping
from itertools import product
from math import inf, nan
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from campaigns.special import DRAWS
from counts import cases
from emitted import job
from kernels import COMPILER, ENGINES, wrong
from mpmath import mp
from oracle import ulps
from test_code_numbers import BRANCHES, chain, every_gate, lecture_and_corners, random_programs

import backprop
from backprop.arithmetic.system import TIES
from backprop.errors import UsageError
from backprop.kernel import building, compiled, numpy_engine
from backprop.kernel.buffers import Placing
from backprop.kernel.exact_rows import Again
from backprop.kernel.plan import planned
from backprop.kernel.running import Kernel

Array = Any

needs_a_compiler = pytest.mark.skipif(not COMPILER, reason="no C compiler")


@pytest.fixture(autouse=True, scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Nothing is found that an earlier run has compiled, and nothing is left."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_CACHE_HOME", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(params=ENGINES)
def engine(request: pytest.FixtureRequest) -> str:
    return str(request.param)


def few(engine: str) -> int:
    """A compiler takes its time: of many programs it gets every sixth."""
    return 6 if engine == "native" else 1


def test_the_notes_and_all_corners(engine: str) -> None:
    assert wrong(engine, lecture_and_corners()[:: few(engine)]) == []


def test_random_programs(engine: str) -> None:
    assert wrong(engine, random_programs()[:: few(engine)]) == []


def test_every_gate_at_its_samples_and_at_special_points(engine: str) -> None:
    left_out = (
        DRAWS.keys() - {"lgamma", "erfinv", "i0e"} if engine == "native" else ()
    )  # long loops
    assert (
        wrong(engine, [one for one in every_gate() if not {*one.program.gates} & {*left_out}]) == []
    )


@pytest.mark.parametrize("ties", TIES)
def test_what_a_branch_does_not_reach(engine: str, ties: str) -> None:
    values = (0.0, -0.0, 1.0, 2.0, -1.0, 0.5, inf, -inf, nan)[:: cases(2, 1)]
    at = [{"x": x, "y": y} for x, y in product(values, repeat=2)]
    jobs = [job(text.replace("\\n", "\n"), *at, gates="written", ties=ties) for text in BRANCHES]
    assert wrong(engine, jobs) == []


def test_ten_thousand_stages() -> None:
    assert wrong("numpy", [chain(10_000)]) == []


# Rows, blocks and workers.

MIXED = "where(x > 0.5, log(x - 0.5), y)*exp(-y*y) + sin(x)/y + max(x, y, 1/x) + tanh(x*y)*cos(y)"


def table(rows: int) -> dict[str, Array]:
    random = np.random.default_rng(rows)
    return {name: random.normal(size=rows).round(2) for name in "xy"}


def computed(
    engine: str, given: Mapping[str, Array], block: int | None = None, threads: int = 1
) -> bytes:
    kernel = compiled(backprop.parse(MIXED), engine=engine, block=block, threads=threads)
    value, gradients = kernel(given)
    return b"".join([value.tobytes(), *[slope.tobytes() for slope in gradients.values()]])


@pytest.mark.parametrize("rows", [1, 2, 7, 8, 63, 64, 65, 1000, 20_001])
def test_blocks_and_workers_change_no_byte(engine: str, rows: int) -> None:
    given = table(rows)
    expected = computed(engine, given)
    for block, threads in product((1, 8, 100, 1 << 20), (1, 5)):
        if rows <= 1000 or block >= 64:
            assert computed(engine, given, block=block, threads=threads) == expected


def test_a_row_does_not_know_its_neighbours(engine: str) -> None:
    given = table(1000)
    kernel = compiled(backprop.parse(MIXED), engine=engine)
    whole = np.column_stack([kernel(given)[0], *kernel(given)[1].values()])
    for start, stop in ((0, 1), (1, 2), (3, 70), (17, 1000), (999, 1000)):
        value, gradients = kernel({name: column[start:stop] for name, column in given.items()})
        part = np.column_stack([value, *gradients.values()])
        assert part.tobytes() == whole[start:stop].tobytes()


def test_columns_of_any_stride_and_kind(engine: str) -> None:
    kernel = compiled(backprop.parse("x*y + sin(x)"), engine=engine)
    both = np.arange(2000).reshape(1000, 2)
    value, gradients = kernel({"x": both[:, 0], "y": both[::-1, 1]})
    alone = kernel({"x": both[:, 0].astype(float), "y": list(both[::-1, 1])})
    assert value.tobytes() == alone[0].tobytes()
    assert gradients["x"].tobytes() == alone[1]["x"].tobytes()
    np.testing.assert_array_equal(gradients["y"], both[:, 0])


def test_one_number_holds_for_every_row(engine: str) -> None:
    kernel = compiled(backprop.parse("k = 3\nx*y*k"), ["x", "y"], engine=engine)
    value, gradients = kernel({"x": 2, "y": np.array([1.0, 5.0])})
    assert value.tolist() == [6, 30]
    assert {name: slope.tolist() for name, slope in gradients.items()} == {
        "x": [3, 15],
        "y": [6, 6],
    }


def test_results_go_where_the_caller_wants_them(engine: str) -> None:
    out = [np.full(5000, 7.0) for _ in range(3)]
    kernel = compiled(backprop.parse("x*x*y"), engine=engine, threads=2)
    given = table(5000)
    value, gradients = kernel(given, out)
    assert value is out[0]
    assert gradients["y"] is out[2]
    np.testing.assert_allclose(out[1], 2 * given["x"] * given["y"])


def test_only_the_gradients_that_are_wanted() -> None:
    value, gradients = compiled(backprop.parse("x*y"), ["y"])({"x": [2.0], "y": [3.0]})
    assert (value.tolist(), [*gradients]) == ([6], ["y"])


@pytest.mark.parametrize("text", ["x", "3", "3*y + 0*x", "x - x"])
def test_results_that_are_inputs_or_constants(engine: str, text: str) -> None:
    program = backprop.parse(text)
    given = {name: np.array([1.5, -2.0, 4.0]) for name in program.inputs}
    value, gradients = compiled(program, engine=engine)(given)
    for row in range(len(value)):
        report = backprop.evaluate(program, {name: c[row] for name, c in given.items()})
        found = {name: column[row] for name, column in gradients.items()}
        assert (value[row], found) == (report.value, report.gradient)


def test_no_inputs_are_one_row(engine: str) -> None:
    value, gradients = compiled(backprop.parse("2 + 3"), engine=engine)({})
    assert (value.tolist(), gradients) == ([5], {})


@pytest.mark.parametrize("threads", [1, 2])
def test_no_rows_are_no_answer(engine: str, threads: int) -> None:
    value, gradients = compiled(backprop.parse("x*y"), engine=engine, threads=threads)(
        {"x": [], "y": []}
    )
    assert (len(value), len(gradients["x"])) == (0, 0)


# What is not taken costs nothing: no row has to be done again.


@pytest.mark.parametrize(
    "text",
    ["where(x > 0, log(x), x)", "relu(x)*sqrt(relu(x) + 1)", "max(x, sqrt(x*x + 1))",
     "where(x < 1, 1/(1 - x), 2)", "where(x > 0, x**0.5, 1)*y", "clip(log(abs(x)), -1, 1)"],
)  # fmt: skip
def test_branches_are_routed_without_the_engine_for_points(
    engine: str, text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    kernel = compiled(backprop.parse(text), engine=engine)
    given = {name: np.linspace(-3.03, 2.9, 500) for name in kernel.program.inputs}
    monkeypatch.setattr(Again, "__call__", None)
    value, gradients = kernel(given)
    assert np.isfinite(value).all()
    assert all(np.isfinite(slope).all() for slope in gradients.values())


def test_zeros_have_the_signs_of_the_engine(engine: str) -> None:
    """What is not taken adds -0, which leaves a -0 as it is."""
    program = backprop.parse("x*z + relu(x - 5) + where(x > 2, y, z)*0")
    given = {"x": np.array([1.0, 7.0]), "y": np.array([1.0, -1.0]), "z": np.array([-0.0, -0.0])}
    value, gradients = compiled(program, engine=engine)(given)
    for row in range(2):
        report = backprop.evaluate(program, {name: c[row] for name, c in given.items()})
        found = [float(value[row]), *[float(slope[row]) for slope in gradients.values()]]
        assert repr(found) == repr([report.value, *report.gradient.values()])


def test_equal_products_cancel(engine: str) -> None:
    """As they would not if one of them kept more digits until it is subtracted."""
    x = np.random.default_rng(0).normal(size=200)
    value, gradients = compiled(backprop.parse("x*x - y*y"), engine=engine)({"x": x, "y": x})
    assert not value.any()
    np.testing.assert_array_equal(gradients["x"], -gradients["y"])


def test_lengths_of_the_smallest_numbers_are_those_of_the_engine(engine: str) -> None:
    tiny = 5e-324
    program = backprop.parse("hypot(x, y, z)")
    value, gradients = compiled(program, engine=engine)({"x": [tiny], "y": [tiny], "z": [tiny]})
    report = backprop.evaluate(program, x=tiny, y=tiny, z=tiny)
    found = {name: slope.tolist() for name, slope in gradients.items()}
    assert value.tolist() == [report.value]
    assert found == {name: [slope] for name, slope in report.gradient.items()}


@pytest.mark.parametrize(
    "text",
    ["where(hypot(x, y, x*y) > 0, x, 2*y)", "where(x**0.5 > 1, x, 2*y)*0 + y",
     "where(x**1.5 > 1, 3*y, 2*y)", "where(x**(-0.5) < 1, 3*y, 2*y)", "max(0, 1/x**0.5) + y",
     "min(y, 1/x**(-0.5))", "y + floor(1/x**1.5)"],
)  # fmt: skip
def test_what_is_chosen_by_a_number_out_of_the_ordinary(engine: str, text: str) -> None:
    """The row comes out finite: nobody would do it again."""
    corners = (-inf, inf, nan, -0.0, 0.0, 1e-300, -5e-324, 1.0, -2.0, 1e300)
    at = [{"x": x, "y": y} for x, y in product(corners, repeat=2)]
    assert wrong(engine, [job(text, *at, gates="written")]) == []


def test_a_row_that_overflows_on_the_way_is_that_of_the_engine(engine: str) -> None:
    program = backprop.parse("exp(x)/(1 + exp(x)) + y/x")
    given = {
        "x": np.array([1.0, 800.0, 0.0, nan, -800.0]),
        "y": np.array([1.0, 2.0, 3.0, 4.0, 0.0]),
    }
    value, gradients = compiled(program, engine=engine)(given)
    for row in range(5):
        at = {name: float(column[row]) for name, column in given.items()}
        report = backprop.evaluate(program, at, allow_nonfinite=True)
        found = [value[row], gradients["x"][row], gradients["y"][row]]
        np.testing.assert_array_max_ulp(found, [report.value, *report.gradient.values()], 4)


# What a plan is.


def test_equal_subresults_are_computed_once() -> None:
    """exp(x), its slope and the product's other factor: one call of exp."""
    plan = planned(backprop.parse("exp(x)*exp(x)*y"), ["x", "y"], "notes")
    assert [plan.operations[n].name for n in plan.order].count("exp") == 1


@pytest.mark.parametrize("text", ["x**3*log(x)", "sqrt(x)*max(x, y)", "log(x)**3*y"])
def test_what_makes_the_value_nan_needs_no_look_at_domains(text: str) -> None:
    program = backprop.parse(text)
    plan = planned(program, [*program.inputs], "notes")
    found = {plan.operations[n].name for n in plan.order}
    assert found & {"ne", "eq", "le"} == set()


def test_a_power_may_hide_a_nan() -> None:
    """nan**0 is 1, and its slope 0: that log has no slope at -1, it has to say itself."""
    value, gradients = compiled(backprop.parse("log(x)**y"), ["x"])({"x": [-1.0], "y": [0.0]})
    assert value.tolist() == [1]
    assert np.isnan(gradients["x"]).all()


def test_buffers_are_used_again() -> None:
    text = "x"
    for _ in range(200):
        text = f"({text}*y + 1)"
    plan = planned(backprop.parse(text), ["x"], "notes")
    assert Placing(plan).layout().numbers <= 2


def test_memory_beyond_inputs_and_outputs_is_small() -> None:
    kernel = compiled(backprop.parse(MIXED))
    given = table(1_000_000)
    out = [np.empty(1_000_000) for _ in range(3)]
    kernel({name: column[:10_000] for name, column in given.items()})
    tracemalloc.start()
    kernel(given, out)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 10e6


# Without a compiler.


def test_without_a_compiler_numpy_takes_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop.kernel.building.compiler", lambda: None)
    kernel = compiled(backprop.parse("x*y"), engine="native")
    assert kernel.note == "there is no C compiler; the NumPy engine is used instead"
    assert kernel({"x": [2.0], "y": [3.0]})[0].tolist() == [6]


@needs_a_compiler
def test_a_compiler_that_fails_is_no_failure(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setenv("CC", "false")
    kernel = compiled(backprop.parse("x*y"), engine="native")
    assert kernel.note.endswith("could not compile it; the NumPy engine is used instead")
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


@needs_a_compiler
def test_a_library_is_built_once(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    for _ in range(2):
        assert compiled(backprop.parse("x*y + 7.25"), engine="native").note == ""
        monkeypatch.setattr("backprop.kernel.building.make", None)
    [library] = tmp_path.rglob("*.so")
    assert library.parent.stat().st_mode & 0o077 == 0


@needs_a_compiler
def test_the_libraries_that_were_used_last_are_kept(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(building, "KEPT", 3)
    folder = tmp_path / "backprop" / "kernels"
    (folder / "making-killed").mkdir(parents=True)
    (folder / "making-killed" / "rows.c").touch()

    def ready(number: float) -> Kernel:
        found = compiled(backprop.parse(f"x*{number}"), engine="native")
        assert found.note == ""
        assert isinstance(found, Kernel)
        return found

    first, *_ = [ready(number) for number in (1.5, 2.5, 3.5, 4.5)]
    assert len([*folder.iterdir()]) == 5
    for path in folder.iterdir():
        os.utime(path, (0, 0))
    for number in (3.5, 2.5, 5.5):
        ready(number)
    assert len([*folder.glob("*.so")]) == len([*folder.iterdir()]) == 3
    monkeypatch.setattr(building, "make", None)
    for number in (3.5, 2.5, 5.5):
        ready(number)
    assert first({"x": [2.0]})[0].tolist() == [3]


@needs_a_compiler
def test_a_library_that_is_removed_or_broken_is_made_again(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    kernel = compiled(backprop.parse("x*y + 9.5"), engine="native")
    [library] = tmp_path.rglob("*.so")
    library.unlink()
    assert kernel({"x": [2.0], "y": [3.0]})[0].tolist() == [15.5]
    library.write_bytes(b"no library")
    again = compiled(kernel.program, engine="native")
    assert (again.note, again({"x": [2.0], "y": [3.0]})[0].tolist()) == ("", [15.5])


@needs_a_compiler
@pytest.mark.parametrize("spoil", [lambda data: data[:5000], lambda data: bytes(len(data))])
def test_a_library_that_was_cut_off_is_not_loaded(spoil: Any, tmp_path: Path) -> None:
    code = """
import backprop
from backprop.kernel import compiled
kernel = compiled(backprop.parse("x*y + 8.5"), engine="native")
print(kernel.engine.name, kernel({"x": [2.0], "y": [3.0]})[0].tolist())
"""
    place = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    for _ in range(3):
        done = subprocess.run(
            [sys.executable, "-c", code], env=place, capture_output=True, text=True, check=False
        )
        assert (done.returncode, done.stdout) == (0, "native [14.5]\n")
        [library] = tmp_path.rglob("*.so")
        library.write_bytes(spoil(library.read_bytes()))


@needs_a_compiler
def test_files_of_others_are_not_pruned(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(building, "KEPT", 0)
    folder = tmp_path / "backprop" / "kernels"
    folder.mkdir(parents=True)
    (folder / "notes.txt").touch()
    os.utime(folder / "notes.txt", (0, 0))
    assert compiled(backprop.parse("x*y + 6.5"), engine="native").note == ""
    assert (folder / "notes.txt").exists()


def test_a_compiler_that_is_no_command_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CC", "'")
    note = compiled(backprop.parse("x*y"), engine="native").note
    assert note == "CC is no command: '; the NumPy engine is used instead"


@needs_a_compiler
def test_a_user_without_a_home_has_no_cache(monkeypatch: pytest.MonkeyPatch) -> None:
    def nowhere() -> Path:
        raise RuntimeError("Could not determine home directory.")

    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.setattr(Path, "home", nowhere)
    assert compiled(backprop.parse("x*y + 5.5"), engine="native").note == ""


@needs_a_compiler
def test_many_processes_share_a_cache_that_is_too_small(tmp_path: Path) -> None:
    code = """
import backprop
from backprop.kernel import building, compiled
building.KEPT = 1
for k in range(4):
    kernel = compiled(backprop.parse(f"x*{k}.5"), engine="native")
    assert kernel.note == "", kernel.note
    assert kernel({"x": [2.0]})[0].tolist() == [2*k + 1]
"""
    place = {**os.environ, "XDG_CACHE_HOME": str(tmp_path)}
    runs = [subprocess.Popen([sys.executable, "-c", code], env=place) for _ in range(6)]
    assert [run.wait() for run in runs] == [0] * 6


@needs_a_compiler
@pytest.mark.parametrize("way", range(3))
def test_every_way_to_compile_gives_the_answer(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: int
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr("backprop.kernel.building.WAYS", building.WAYS[way : way + 1])
    if way and compiled(backprop.parse("x"), engine="native").note:
        pytest.skip("this compiler doesn't know the way")
    assert wrong("native", random_programs()[:10]) == []


def test_auto_compiles_only_what_is_worth_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop.kernel.in_c", lambda *_: (None, "asked for C"))
    program = backprop.parse("sin(x)*y + x")
    notes = [compiled(program, engine="auto", rows=10**k).note for k in (3, 9)]
    assert notes == ["", "asked for C"]


# What a caller may get wrong.


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"x": [1.0]}, "no value for the variable y"),
        ({"x": [1.0, 2.0], "y": [1.0, 2.0, 3.0]}, "columns have different lengths: 2 and 3"),
    ],
)
def test_columns_that_do_not_fit(given: Mapping[str, Array], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        compiled(backprop.parse("x*y"))(given)
    assert caught.value.message == message


def test_an_unknown_engine_is_refused() -> None:
    with pytest.raises(UsageError) as caught:
        compiled(backprop.parse("x"), engine="nativ")
    assert caught.value.hint == "did you mean native?"


def test_results_that_can_not_be_written_are_refused() -> None:
    with pytest.raises(UsageError, match="`out` must be 2 arrays of 3 floats"):
        compiled(backprop.parse("x*x"))({"x": [1.0, 2.0, 3.0]}, [np.empty(3), np.empty(6)[::2]])


def test_results_may_not_lie_over_inputs_or_each_other() -> None:
    kernel, x, free = compiled(backprop.parse("x*x")), np.ones(3), np.empty(3)
    for out in ([x, free], [free, x], [free, free], [free, x[::-1]]):
        with pytest.raises(UsageError, match="shares its memory"):
            kernel({"x": x}, out)


# These tests can fail.


@pytest.mark.parametrize(
    ("name", "mistaken"),
    [
        ("sub", "add"), ("sin", "cos"), ("le", "lt"), ("max", "min"), ("log1p", "log"), ("or", "and"),
    ],
)  # fmt: skip
def test_a_planted_mistake_is_seen(
    name: str, mistaken: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    jobs = [*random_programs()[:100], *lecture_and_corners()]
    functions = {**numpy_engine.FUNCTIONS, name: numpy_engine.FUNCTIONS[mistaken]}
    monkeypatch.setattr(numpy_engine, "FUNCTIONS", functions)
    assert wrong("numpy", jobs) != []


def test_a_buffer_freed_too_early_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def hasty(self: Placing, numbers: set[int]) -> None:
        for number in numbers | {*self.homes}:
            if self.homes[number][0] in "wb" and self.homes[number] not in self.pools[False].free:
                self.pools[self.homes[number][0] == "b"].free.append(self.homes[number])

    monkeypatch.setattr(Placing, "release", hasty)
    assert wrong("numpy", random_programs()[:40]) != []


# A faster trigonometry, if it is asked for.


@pytest.mark.parametrize(
    ("low", "high"), [(-7, 7), (1.57, 1.5709), (3.14, 3.142), (1e3, 1e5), (1e9, 1e10), (1e20, 1e22)]
)
def test_sines_from_tangents_are_good_to_3_units_in_the_last_place(
    monkeypatch: pytest.MonkeyPatch, low: float, high: float
) -> None:
    monkeypatch.setattr("backprop.kernel.numpy_engine.fast_tangents", lambda: True)
    kernel = compiled(backprop.parse("sin(x)"), fast_trigonometry=True)
    x = np.random.default_rng(0).uniform(low, high, 1000)
    value, gradients = kernel({"x": x})
    with mp.workdps(60):
        for row in range(1000):
            at = mp.mpf(float(x[row]))
            assert ulps(value[row], mp.sin(at)) < 3
            assert ulps(gradients["x"][row], mp.cos(at)) < 3
    assert value.tobytes() != compiled(backprop.parse("sin(x)"))({"x": x})[0].tobytes()


def test_a_faster_trigonometry_keeps_signs_and_corners(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop.kernel.numpy_engine.fast_tangents", lambda: True)
    kernel = compiled(backprop.parse("cos(x)*y + sin(x)"), fast_trigonometry=True)
    x = np.array([0.0, -0.0, inf, nan, 1.0, -2.0, 3.0, -4.0, 1e-200])
    found = kernel({"x": x, "y": 1.0})
    exact = compiled(kernel.program)({"x": x, "y": 1.0})
    np.testing.assert_allclose(found[0], exact[0], rtol=1e-14)
    np.testing.assert_allclose(found[1]["x"], exact[1]["x"], rtol=1e-14)


def test_without_fast_tangents_sines_are_exact(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("backprop.kernel.numpy_engine.fast_tangents", lambda: False)
    given = {"x": np.linspace(-5, 5, 1000)}
    usual = compiled(backprop.parse("sin(x)"))(given)
    found = compiled(backprop.parse("sin(x)"), fast_trigonometry=True)(given)
    assert found[0].tobytes() == usual[0].tobytes()
