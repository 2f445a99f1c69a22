"""The page to play with: its script computes what the engine does, and in a real browser sliding,
stepping and links do what they say, without an error and without a request."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from conftest import Command
from programs import sample

from backprop import evaluate
from backprop.answer.report import Report
from backprop.drawing.page import page
from backprop.emitting.tracing import trace
from backprop.errors import UsageError

NODE = shutil.which("node")
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
FLAGS = (
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync",
    "--virtual-time-budget=5000", "--enable-logging=stderr", "--dump-dom",
)  # fmt: skip
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
AT = {"w0": 2.0, "w1": -3.0, "w2": -3.0, "x0": -1.0, "x1": -2.0}


# What the script computes.


def traced(reports: list[Report]) -> list[dict[str, Any]]:
    """Values and flows of many programs by their scripts, in one process."""
    calls = [
        f"(() => {{ {trace(report.program, report.ties)}\n"
        f"return trace({json.dumps(list(report.point.values()))}); }})()"
        for report in reports
    ]
    shown = "(_, x) => typeof x === 'number' ? String(x) : x"
    script = f"console.log(JSON.stringify([{', '.join(calls)}], {shown}));"
    done = subprocess.run(
        [str(NODE), "-"], input=script, capture_output=True, text=True, check=True
    )
    found: list[dict[str, Any]] = json.loads(done.stdout)
    return found


@pytest.mark.skipif(not NODE, reason="no node is installed")
@pytest.mark.parametrize("gates", ["written", "fine", "fused"])
def test_every_wire_is_what_the_engine_says(gates: str) -> None:
    samples = [sample(f"page {seed}") for seed in range(60)]
    reports = [evaluate(one.text, one.point, gates=gates, ties="notes") for one in samples]
    for report, found in zip(reports, traced(reports), strict=True):
        values = {int(slot): float(value) for slot, value in found["values"].items()}
        for slot, value in values.items():
            assert near(value, report.values[slot]), report.program.text
        for slot, _, operands in report.program.forward_steps():
            assert {slot, *operands} <= {*values}
            for place, operand in enumerate(operands):
                if operand not in report.program.constants:
                    flow = float(found["flows"].get(f"{slot}.{place}", 0))
                    assert near(flow, report.every.flow(slot, place) or 0.0), report.program.text


def near(found: float, expected: float) -> bool:
    if found != found or expected != expected:
        return found != found and expected != expected
    return found == expected or abs(found - expected) <= 1e-9 * abs(expected) + 1e-300


# The file.


class Checked(HTMLParser):
    """What a page refers to, and the scripts that it has."""

    def __init__(self) -> None:
        super().__init__()
        self.links: list[str] = []
        self.scripts = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.links += [v or "" for name, v in attrs if name in ("src", "href", "action", "data")]


def test_the_page_is_alone_in_the_world() -> None:
    text = page(evaluate(NEURON, AT))
    found = Checked()
    found.feed(text)
    assert (found.links, found.scripts) == (["data:,"], 2)
    assert "default-src 'none'" in text
    assert re.findall(r"https?://[^\s\"']+", text) == ["http://www.w3.org/2000/svg"]


def test_no_text_of_the_users_becomes_markup() -> None:
    hostile = "# </script><script>alert(1)</script> <img src=x onerror=alert(1)>\nq = x*2\nq + 1"
    text = page(evaluate(hostile, x=1.0))
    found = Checked()
    found.feed(text)
    assert (found.links, found.scripts) == (["data:,"], 2)
    assert "alert(1)</script>" not in text


def test_what_has_no_page(command: Command, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="single numbers"):
        page(evaluate("sum(x)", {"x": [1, 2]}))
    done = command("draw", "x*y", "--format", "html")
    assert (done.returncode, done.stderr) == (
        2, "error: a page needs values to begin with\nhelp: --x=1, or --at point.json\n",
    )  # fmt: skip
    done = command("draw", "x*y", "--x=1", "--y=2", "-o", "play.html", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "play.html").read_text("utf-8") == page(evaluate("x*y", x=1.0, y=2.0))


# In a browser.


def browsed(tmp_path: Path, text: str, actions: str, fragment: str = "") -> list[Any]:
    """What `note(...)` was told by these actions on a page, which may not complain of anything."""
    script = (
        "<script>const notes = []; const note = (what) => notes.push(what);"
        "const shown = () => [...document.querySelectorAll('.gradient[data-flows]')]"
        ".filter((one) => !one.classList.contains('hidden'));"
        "const wires = () => [...document.querySelectorAll('[data-slot], [data-flows]')]"
        ".map((one) => [one.dataset.slot || one.dataset.flows, Number(one.dataset.value"
        " ?? one.dataset.gradient)]);"
        "const press = (key) => document.body.dispatchEvent("
        "new KeyboardEvent('keydown', { key, bubbles: true }));"
        f"{actions}; const log = document.createElement('pre'); log.id = 'log';"
        "log.textContent = JSON.stringify(notes); document.body.append(log);</script>"
    )
    file = tmp_path / "page.html"
    file.write_text(text.replace("</body>", f"{script}</body>"), "utf-8")
    done = subprocess.run(
        [CHROMIUM, *FLAGS, f"--user-data-dir={tmp_path / 'profile'}", f"{file.as_uri()}{fragment}"],
        capture_output=True, text=True, timeout=120, check=False,
    )  # fmt: skip
    assert "CONSOLE" not in done.stderr, done.stderr
    found = re.search(r'<pre id="log">(.*?)</pre>', done.stdout, re.DOTALL)
    assert found, done.stderr
    notes: list[Any] = json.loads(unescape(found[1]))
    return notes


def wires(report: Report) -> list[tuple[str, float]]:
    """What every label of the page has to show."""
    constants = report.program.constants
    found = [(str(k), value) for k, value in enumerate(report.values) if k not in constants]
    return found + [
        (f"{slot}.{place}", report.every.flow(slot, place) or 0.0)
        for slot, _, operands in report.program.forward_steps()
        for place, operand in enumerate(operands)
        if operand not in constants
    ]


def same_wires(noted: list[tuple[str, float]], report: Report) -> bool:
    shown = dict(noted)
    single = [(name, number) for name, number in wires(report) if name in shown]
    assert len(single) > len(report.program.inputs)
    return all(shown[name] == pytest.approx(number, rel=1e-12) for name, number in single)


@needs_browser
def test_sliding_an_input_updates_every_wire(tmp_path: Path) -> None:
    text = page(evaluate("(x+y)*z", x=-2.0, y=5.0, z=-4.0))
    before, after, typed = browsed(
        tmp_path, text,
        "note(wires()); const [slider, box] = document.querySelectorAll('#inputs input');"
        "slider.value = '-1'; slider.dispatchEvent(new Event('input')); note(wires());"
        "box.value = '0.25'; box.dispatchEvent(new Event('input')); note(wires())",
    )  # fmt: skip
    for noted, x in ((before, -2.0), (after, -1.0), (typed, 0.25)):
        assert same_wires(noted, evaluate("(x+y)*z", x=x, y=5.0, z=-4.0))


@needs_browser
def test_stepping_back_shows_one_more_gradient_at_a_time(tmp_path: Path) -> None:
    text = page(evaluate("q = x*y\nq*x + relu(y)", x=3.0, y=-4.0))
    counts = browsed(
        tmp_path, text,
        "note(shown().length); press('Home'); note(shown().length);"
        "for (let k = 0; k < 12; k++) { press('ArrowRight'); note(shown().length); note("
        "document.getElementById('said').textContent); } press('ArrowLeft'); note(shown().length)",
    )  # fmt: skip
    every, none, *rest, last = counts
    labels = rest[::2]
    assert none == 0
    assert labels[:6] == [1, 2, 3, 4, 5, 6]
    assert max(labels) == every
    assert last == every - 1
    assert (
        rest[1] == "f is the output. Its own gradient is 1: it moves as much as itself. df = 1.00"
    )
    assert any("Gradients add up at a fork" in str(said) for said in rest[1::2])


@needs_browser
def test_a_link_restores_the_state_and_the_state_is_the_link(tmp_path: Path) -> None:
    text = page(evaluate(NEURON, AT))
    noted, shown, link = browsed(
        tmp_path, text, "note(wires()); note(shown().length); note(location.hash)",
        "#w0=1.5&x0=-1&+step=3",
    )  # fmt: skip
    assert same_wires(noted, evaluate(NEURON, {**AT, "w0": 1.5}))
    assert shown == 3
    assert link == "#w0=1.5&x0=-1&w1=-3&x1=-2&w2=-3&+step=3"


@needs_browser
def test_numbers_read_as_in_the_picture(tmp_path: Path) -> None:
    report = evaluate("x*y + y/z", x=1234.5678, y=-1e-7, z=3e9)
    text = page(report)
    svg = re.findall(r"<text data-slot[^>]*>([^<]*)</text>", text)
    svg += re.findall(r'<text id="gradient[^>]*>([^<]*)</text>', text)
    (shown,) = browsed(
        tmp_path, text,
        "note([...document.querySelectorAll('[data-slot]'), "
        "...document.querySelectorAll('[data-flows]')].map((one) => one.textContent))",
    )  # fmt: skip
    assert shown == svg
