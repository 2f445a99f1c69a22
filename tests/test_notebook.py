"""The cell magic and what a notebook shows. `campaigns/notebook.py` runs a real one."""

from __future__ import annotations

import re
from collections.abc import Callable
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest

import backprop
from backprop.errors import UsageError
from backprop.notebook.extension import answer
from backprop.notebook.options import read_options


class Shell:
    """What an extension sees of IPython."""

    def __init__(self) -> None:
        self.user_ns: dict[str, Any] = {"W": np.array([[1.0, 2.0]]), "x": np.array([3.0, -1.0])}
        self.magics: dict[str, Callable[[str, str], Any]] = {}

    def register_magic_function(self, function: Any, kind: str, name: str) -> None:
        self.magics[f"{kind} {name}"] = function


class Tags(HTMLParser):
    """Whether every tag is closed, and the names that stand in a text."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.open.append(tag)
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id" and value]

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def cell(line: str, text: str, **names: Any) -> Any:
    return answer(line, text, {**Shell().user_ns, **names})


def test_the_extension_registers_a_cell_magic(capsys: pytest.CaptureFixture[str]) -> None:
    shell = Shell()
    extension: Any = backprop
    extension.load_ipython_extension(shell)
    (magic,) = shell.magics.values()
    assert [*shell.magics] == ["cell backprop"]
    assert magic("--x=2 --y=3", "x*y").gradient == {"x": 3.0, "y": 2.0}
    assert magic("--y=3", "(x*y") is None
    assert capsys.readouterr().out.startswith(
        "error: line 1, column 1: this bracket is never closed"
    )


def test_a_cell_is_a_program_with_values_of_options_and_of_the_notebook() -> None:
    assert cell("--a=2 --b=w0", "a*b", w0=5).gradient == {"a": 5.0, "b": 2.0}
    report = cell("--check", "sum(relu(W @ x))")
    assert report.check.verdict == "agree"
    np.testing.assert_array_equal(report.gradient["W"], [[3, -1]])


def test_a_cell_may_be_python_which_is_read() -> None:
    text = "import numpy as np\ndef f(w, b=2.0):\n    raise_to = 2\n    return w**raise_to * b\ndef g(w):\n    return w\n"
    assert cell("--w=3 --function f", text).value == 18
    assert cell("--w=3", text).value == 3


def test_options_ask_for_other_answers() -> None:
    kinds = {
        "--explain": "explanation", "--compare": "comparison", "--descend --lr=0.4": "descent",
        "--claim x=2*x": "check of claims",
    }  # fmt: skip
    assert {line: cell(f"--x=3 {line}", "x**2").what for line in kinds} == kinds
    assert "<svg" in cell("--x=3 --draw", "x**2")._repr_html_()


def test_an_answer_is_kept_under_a_name() -> None:
    names: dict[str, Any] = {}
    found = answer("--x=3 --into kept", "x**2", names)
    assert names == {"kept": found}


MISTAKES = {
    "3": "3 is no option",
    "--check --explain": "--check and --explain ask for different things",
    "--x": "--x needs a value",
    "--claim y": "--claim takes NAME=EXPRESSION, not y",
    "--x='": "the options can't be read: No closing quotation",
}


@pytest.mark.parametrize(("line", "message"), MISTAKES.items())
def test_options_that_are_none_are_refused(line: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        read_options(line)
    assert caught.value.message == message


def answers() -> list[Any]:
    report = backprop.evaluate("q = x*y\nq + x", x=2, y=3)
    return [
        report,
        backprop.evaluate("W @ x", {"W": [[1, 2]], "x": [1, 2]}, upstream=[1]),
        backprop.check_gradient("x<y", {"x": "0"}, at={"x": 1.0, "y": 2.0}, points=0),
        backprop.grade("q = x*y\nq + x", "dq = 1\ndx = y*dq\ndy = x*dq", x=2, y=3),
        backprop.check_claims("x*y", {"x": "x"}),
        backprop.check_same("x*y", "y*x"),
        backprop.compare("x*sin(x)", x=2),
        backprop.descend("(x-1)**2", x=3, lr=0.3),
        backprop.explain(report),
    ]


@pytest.fixture(scope="module")
def shown() -> list[Any]:
    return answers()


def test_answers_are_html_with_names_of_their_own(shown: list[Any]) -> None:
    texts = [str(one._repr_html_()) for one in shown + shown]
    found = [Tags(text) for text in texts]
    assert [one.open for one in found] == [[]] * len(texts)
    names = [name for one in found for name in one.ids]
    assert len(names) == len(set(names)) > len(texts)
    for text, one in zip(texts, found, strict=True):
        own = one.ids[0]
        rules = re.findall(
            r"([^{}]+)\{[^{}]*\}", text.partition("</style>")[0].partition("<style>")[2]
        )
        assert all(f"#{own}" in rule or rule.startswith("@media") for rule in rules)


def test_a_report_shows_circuit_table_and_verdict() -> None:
    report = backprop.evaluate("q = x*y\nq + x", x=2, y=3)
    text = str(report._repr_html_())
    assert text.count("<tr") == 1 + 2 + 4
    assert '<b class="sum">+=</b>' in text
    assert "dq/dx = y = 3" in text
    assert "<svg" in text
    assert "check: unchecked" in text


def test_what_is_very_long_shows_its_ends_and_no_picture() -> None:
    report = backprop.evaluate("+".join(f"x*{k}" for k in range(2, 400)), x=1.0)
    text = str(report._repr_html_())
    assert "<svg" not in text
    assert "more stages" in text


def test_user_text_is_escaped() -> None:
    assert "<y" not in str(backprop.evaluate("where(x<y, x, y)", x=1, y=2)._repr_html_())


def test_an_answer_has_one_line_and_is_no_truth_value(shown: list[Any]) -> None:
    for one in shown:
        assert repr(one).startswith(f"<{one.what} ")
        assert "\n" not in repr(one)
        with pytest.raises(UsageError, match="is neither true nor false"):
            bool(one)
