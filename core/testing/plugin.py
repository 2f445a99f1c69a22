"""The plugin of pytest: a fixture that checks gradients, points of extreme numbers, and a section
of the report. Nothing but pytest is loaded until a test asks for the fixture."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from backprop.testing.results import GradientCheck

PROPERTY = "gradient"  # of a test's report, which comes back from other processes too
PASSED, FAILED = "pass", "fail"
MARKER = "extreme_points"
ABOUT = (
    f"{MARKER}(*kinds, **shapes): run the test at points of extreme numbers, which it takes as"
    " `point`: zero, ties, huge, tiny, saturated; the shapes are those of its arrays, () of numbers"
)


def pytest_addoption(parser: pytest.Parser) -> None:
    group = parser.getgroup("gradients")
    group.addoption(
        "--gradient-points", type=int, default=20, metavar="N",
        help="points around the given one at which the fixture gradient checks (20)",
    )  # fmt: skip
    group.addoption(
        "--gradient-seed", type=int, default=0, metavar="N",
        help="the seed of the points of the fixture gradient (0)",
    )  # fmt: skip


def pytest_configure(config: pytest.Config) -> None:
    config.addinivalue_line("markers", ABOUT)


class GradientFixture:
    """Called like `backprop.assert_gradient`; points and seed come from the command line."""

    def __init__(self, request: pytest.FixtureRequest) -> None:
        self.kept: list[tuple[str, object]] = request.node.user_properties
        self.options = {
            "points": request.config.getoption("--gradient-points"),
            "seed": request.config.getoption("--gradient-seed"),
        }

    def __call__(self, f: Any, gradient: Any = None, **options: Any) -> GradientCheck:
        __tracebackhide__ = True
        found = self.check(f, gradient, **options)
        if not found.passed:
            pytest.fail("\n".join(found.sentences()), pytrace=True)
        return found

    def check(self, f: Any, gradient: Any = None, **options: Any) -> GradientCheck:
        """The same without a failure."""
        __tracebackhide__ = True
        from backprop.testing.gradients import check_gradient

        found = check_gradient(f, gradient, **{**self.options, **options})
        where = "".join(f"; {line.file}, line {line.line}" for line in found.lines)
        self.kept.append((PROPERTY, f"{PASSED if found.passed else FAILED} {found.brief}{where}"))
        return found


@pytest.fixture
def gradient(request: pytest.FixtureRequest) -> GradientFixture:
    """Check a gradient as `backprop.assert_gradient` does."""
    return GradientFixture(request)


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    for marker in metafunc.definition.iter_markers(MARKER):
        from backprop.testing.extremes import extreme_points

        found = extreme_points(marker.args, marker.kwargs)
        metafunc.parametrize("point", [*found.values()], ids=[*found])


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """A section for the gradients that were checked, if one is wrong or -v asks for all."""
    kept = [
        (report.nodeid, str(text))
        for outcome in ("passed", "failed") for report in terminalreporter.getreports(outcome)
        if getattr(report, "when", "") == "call"
        for name, text in report.user_properties if name == PROPERTY
    ]  # fmt: skip
    failed = [one for one in kept if one[1].startswith(FAILED)]
    shown = kept if config.getoption("verbose") > 0 else failed
    if not shown:
        return
    terminalreporter.section("gradients")
    for node, text in shown:
        terminalreporter.write_line(f"{node}: {text.partition(' ')[2]}")
    terminalreporter.write_line(
        f"{len(kept) - len(failed)} of {len(kept)} checks of gradients pass"
    )
