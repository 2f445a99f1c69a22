"""The page to play with: its script computes what the engine does, and in a real browser sliding,
stepping and links do what they say, without an error and without a request."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import page_programs
import pytest
from browsing import CHROMIUM, Browser, Tab
from conftest import Command
from programs import sample

from backprop import evaluate
from backprop.answer.report import Report
from backprop.drawing.page import digest, page
from backprop.drawing.page.ranges import range_of
from backprop.emitting.tracing import trace
from backprop.errors import UsageError

NODE = shutil.which("node")
needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
NEURON = "1/(1+exp(-(w0*x0+w1*x1+w2)))"
AT = {"w0": 2.0, "w1": -3.0, "w2": -3.0, "x0": -1.0, "x1": -2.0}
CALM = "prefers-reduced-motion:reduce"


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
                    slope = (report.every.slopes(slot) or {place: None})[place]
                    if f"{slot}.{place}" in found["slopes"] and slope is not None:
                        local = float(found["slopes"][f"{slot}.{place}"])
                        assert near(local, slope), report.program.text


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
        self.handlers: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.scripts += tag == "script"
        self.links += [v or "" for name, v in attrs if name in ("src", "href", "action", "data")]
        self.handlers += [name for name, _ in attrs if name.startswith("on") or name == "style"]


def test_the_page_is_alone_in_the_world() -> None:
    text = page(evaluate(NEURON, AT))
    found = Checked()
    found.feed(text)
    assert (found.links, found.scripts, found.handlers) == (["data:,"], 2, [])
    addresses = {*re.findall(r"https?://[^\s\"']+", text)}
    assert addresses == {"http://www.w3.org/2000/svg"}


def test_only_the_page_s_own_script_and_style_may_do_anything() -> None:
    text = page(evaluate(NEURON, AT))
    script = re.findall(r"<script>(.*?)</script>", text, re.DOTALL)[0]
    style = re.findall(r"<style>(.*?)</style>", text, re.DOTALL)[0]
    policy = re.findall(r'Content-Security-Policy" content="(.*?)"', text)[0]
    assert policy == (
        f"default-src 'none'; script-src '{digest(script)}'; style-src '{digest(style)}'; "
        "img-src data: blob:; base-uri 'none'; form-action 'none'"
    )


def test_no_text_of_the_users_becomes_markup() -> None:
    hostile = "# </script><script>alert(1)</script> <img src=x onerror=alert(1)>\nq = x*2\nq + 1"
    text = page(evaluate(hostile, x=1.0))
    found = Checked()
    found.feed(text)
    assert (found.links, found.scripts, found.handlers) == (["data:,"], 2, [])
    assert "alert(1)</script>" not in text


def test_what_has_no_page(command: Command, tmp_path: Path) -> None:
    done = command("draw", "x*y", "--format", "html")
    assert (done.returncode, done.stderr) == (
        2, "error: a page needs values to begin with\nhelp: --x=1, or --at point.json\n",
    )  # fmt: skip
    with pytest.raises(UsageError, match="no stage called"):
        page(evaluate("x*y", x=1.0, y=2.0), around=("nothing", 1))
    done = command("draw", "x*y", "--x=1", "--y=2", "-o", "play.html", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "")
    assert (tmp_path / "play.html").read_text("utf-8") == page(evaluate("x*y", x=1.0, y=2.0))


@pytest.mark.parametrize(
    ("value", "wanted"),
    [(0.001, (-0.01, 0.01, 0.0001)), (-2.0, (-10, 10, 0.1)), (0.0, (-10, 10, 0.1)),
     (250.0, (-1000, 1000, 10))],
)  # fmt: skip
def test_a_slider_fits_the_size_of_its_value(value: float, wanted: tuple[float, ...]) -> None:
    assert range_of(value) == pytest.approx(wanted)


# In a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as found:
        yield found


class Opened:
    """A page in a tab, which may neither complain nor ask for anything but itself."""

    def __init__(self, browser: Browser, folder: Path) -> None:
        self.browser, self.file = browser, folder / "page.html"
        self.tabs: list[Tab] = []

    def __call__(
        self, text: str, fragment: str = "", width: int = 1280, features: tuple[str, ...] = (CALM,)
    ) -> Tab:
        self.file.write_text(text, "utf-8")
        tab = self.browser.tab(width, 800, features)
        self.tabs.append(tab)
        tab.open(f"{self.file.as_uri()}{fragment}")
        return tab


@pytest.fixture
def opened(browser: Browser, tmp_path: Path) -> Iterator[Opened]:
    found = Opened(browser, tmp_path)
    yield found
    for tab in found.tabs:
        assert tab.complaints == []
        allowed = (found.file.as_uri(), "data:", "blob:")
        assert [one for one in tab.requests if not one.startswith(allowed)] == []
        tab.close()


WIRES = """
[...document.querySelectorAll('#picture [data-slot], #picture [data-flows]')].map((one) =>
    [one.dataset.slot || one.dataset.flows, Number(one.dataset.value ?? one.dataset.gradient)])
"""
SHOWN = """
[...document.querySelectorAll('#picture [data-flows]')].filter((one) =>
    !one.classList.contains('hidden')).length
"""
SAID = "document.querySelector('#said code')?.textContent"


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
def test_sliding_an_input_updates_every_wire(opened: Opened) -> None:
    tab = opened(page(evaluate("(x+y)*z", x=-2.0, y=5.0, z=-4.0)))
    before = tab.run(WIRES)
    tab.do(
        "const slider = document.querySelector('#inputs input[type=range]');"
        "slider.value = '-1'; slider.dispatchEvent(new Event('input'))"
    )
    after = tab.run(WIRES)
    assert tab.run("document.querySelector('#inputs input[type=range]').ariaValueText") is None or (
        tab.run("document.querySelector('#inputs input').getAttribute('aria-valuetext')")
        == "x is −1.00"
    )
    tab.do(
        "const box = document.querySelector('#inputs input[type=number]');"
        "box.value = '0.25'; box.dispatchEvent(new Event('input'))"
    )
    for noted, x in ((before, -2.0), (after, -1.0), (tab.run(WIRES), 0.25)):
        assert same_wires(noted, evaluate("(x+y)*z", x=x, y=5.0, z=-4.0))
    tab.run("document.getElementById('reset').click()")
    assert same_wires(tab.run(WIRES), evaluate("(x+y)*z", x=-2.0, y=5.0, z=-4.0))


@needs_browser
def test_steps_go_forward_gate_by_gate_and_back_gradient_by_gradient(opened: Opened) -> None:
    tab = opened(page(evaluate("(x+y)*z", x=-2.0, y=5.0, z=-4.0)))
    tab.key("Home")
    told = [(tab.run(SHOWN), tab.run(SAID))]
    for _ in range(8):
        tab.key("ArrowRight")
        told.append((tab.run(SHOWN), tab.run(SAID)))
    assert told == [
        (0, None),
        (0, "q = x + y = −2.00 + 5.00 = 3.00"),
        (0, "f = q * z = 3.00 * (−4.00) = −12.00"),
        (1, "df = 1.00"),
        (2, "dq = z * df = (−4.00) * 1.00 = −4.00"),
        (3, "dz = q * df = 3.00 * 1.00 = 3.00"),
        (4, "dx = dq = −4.00"),
        (5, "dy = dq = −4.00"),
        (5, None),
    ]
    tab.key("ArrowLeft")
    assert tab.run("document.getElementById('count').textContent") == "backward 5/5"


@needs_browser
def test_the_wire_of_a_step_is_lit_and_a_fork_adds_up(opened: Opened) -> None:
    tab = opened(page(evaluate("q = x*y\nq*x + relu(y)", x=3.0, y=-4.0)))
    told = tab.do("const all = []; for (let k = 0; k <= view.steps.length; k++) { go(k); all.push("
                  "[document.getElementById('said').textContent,"
                  " document.querySelectorAll('#picture .lit').length]); } return all")  # fmt: skip
    sums = [said for said, _ in told if "Gradients add up at a fork" in said]
    assert sums[0].startswith("dx = −12.00 through q − 12.00 through q1 = −24.00")
    assert all(lit for _, lit in told[1:])


@needs_browser
def test_a_wire_shows_the_product_along_every_path_and_their_sum(opened: Opened) -> None:
    report = evaluate("s = x*y\nsin(s)*s + x", x=1.5, y=-0.5)
    tab = opened(page(report))
    tab.do("document.getElementById('wire').value = [...document.getElementById('wire').options]"
           ".find((one) => one.textContent === 'from x, all that leaves it').value;"
           "document.getElementById('wire').dispatchEvent(new Event('change'))")  # fmt: skip
    paths = tab.run("[...document.querySelectorAll('.paths li')].map((one) => one.textContent)")
    assert len(paths) == 3
    values = tab.run("pathsFrom(carriedBy(chosen)).found.map(valueOf)")
    assert sum(values) == pytest.approx(report.gradient["x"], rel=1e-12)
    assert tab.run("document.getElementById('paths').textContent").endswith(
        f"= {report.gradient['x']:.2f}".replace("-", "−")
    )


@needs_browser
def test_in_a_lecture_a_number_is_predicted_before_it_is_shown(opened: Opened) -> None:
    tab = opened(page(evaluate("(x+y)*z", x=-2.0, y=5.0, z=-4.0)))
    tab.run("document.getElementById('lecture').click()")
    tab.key("Home")
    said = []
    for _ in range(4):
        tab.key("ArrowRight")
        said.append(tab.run(SAID))
    assert said == [
        "q = x + y = −2.00 + 5.00 = ?",
        "q = x + y = −2.00 + 5.00 = 3.00",
        "f = q * z = 3.00 * (−4.00) = ?",
        "f = q * z = 3.00 * (−4.00) = −12.00",
    ]


@needs_browser
def test_it_plays_and_pauses_with_a_pulse_unless_motion_is_not_wanted(opened: Opened) -> None:
    text = page(evaluate("(x+y)*z", x=-2.0, y=5.0, z=-4.0))
    for features, dots in (((CALM,), 0), ((), 2)):
        tab = opened(text, features=features)
        tab.run("document.getElementById('play').click()")
        assert tab.run("[step, document.querySelectorAll('.pulse').length]") == [1, dots]
        assert tab.run("document.getElementById('play').textContent") == "Pause"
        tab.run("document.getElementById('play').click()")
        assert tab.run("document.getElementById('play').getAttribute('aria-pressed')") == "false"


@needs_browser
def test_a_link_restores_the_state_and_the_state_is_the_link(opened: Opened) -> None:
    tab = opened(page(evaluate(NEURON, AT)), "#w0=1.5&x0=-1&+step=10")
    assert same_wires(tab.run(WIRES), evaluate(NEURON, {**AT, "w0": 1.5}))
    assert tab.run(SHOWN) == 2
    assert tab.run("location.hash") == "#w0=1.5&x0=-1&w1=-3&x1=-2&w2=-3&+step=10"


@needs_browser
def test_numbers_read_as_in_the_picture(opened: Opened) -> None:
    text = page(evaluate("x*y + y/z", x=1234.5678, y=-1e-7, z=3e9))
    svg = re.findall(r"<text data-room=[^>]* data-slot[^>]*>([^<]*)</text>", text)
    svg += re.findall(r"<text data-room=[^>]* id=.gradient[^>]*>([^<]*)</text>", text)
    tab = opened(text)
    shown = tab.run("[...document.querySelectorAll('#picture [data-slot]'), "
                    "...document.querySelectorAll('#picture [data-flows]')]"
                    ".map((one) => one.textContent)")  # fmt: skip
    assert shown == svg


@needs_browser
def test_a_number_outside_of_a_domain_names_its_stage(opened: Opened) -> None:
    tab = opened(page(evaluate("y * log(x)", x=2.0, y=3.0)))
    guard = "document.getElementById('guard').textContent"
    assert tab.run(guard) == ""
    tab.run("move(scene.inputs.findIndex((one) => one.name === 'x'), -1)")
    assert tab.run(guard) == "Stage 1 (q, log): log(−1.00) is nan."


@needs_browser
def test_a_nudge_says_what_is_predicted_and_what_happens(opened: Opened) -> None:
    tab = opened(page(evaluate("x**3", x=2.0)))
    tab.run("document.getElementById('tab-nudge').click()")
    cells = tab.run("[...document.querySelectorAll('#nudges td')].map((one) => one.textContent)")
    assert cells == ["0.12", "0.1206", "0.000601"]


@needs_browser
@pytest.mark.parametrize("method", ["descent", "momentum", "nesterov", "adam"])
def test_a_descent_in_the_page_is_that_of_the_command(
    opened: Opened, command: Command, method: str
) -> None:
    tab = opened(page(evaluate("(a - 1)**2 + 3*b*b + a*b", a=2.0, b=-1.0)))
    tab.do(
        f"document.getElementById('method').value = '{method}';"
        "document.getElementById('rate').value = '0.05';"
        "for (let k = 0; k < 20; k++) document.getElementById('descend-step').click()"
    )
    done = command(
        "descend", "(a - 1)**2 + 3*b*b + a*b", "--a=2", "--b=-1", "--method", method,
        "--lr=0.05", "--steps=20", "--tol=0", "--json",
    )  # fmt: skip
    found = json.loads(done.stdout.splitlines()[-1])
    assert tab.run("point") == pytest.approx([found["point"]["a"], found["point"]["b"]], rel=1e-9)


@needs_browser
def test_boxes_open_and_close(opened: Opened) -> None:
    text, point = page_programs.PROGRAMS["functions"]
    tab = opened(page(evaluate(text, point), collapse=True))
    gates = "document.querySelectorAll('#picture .gate').length"
    boxes = "document.querySelectorAll('#picture .box').length"
    assert tab.run(f"[{gates}, {boxes}]") == [1, 2]
    tab.run("document.querySelector('#picture .box').dispatchEvent(new MouseEvent('click'))")
    assert tab.run(f"[{gates}, {boxes}]") == [4, 1]
    tab.run("document.querySelector('#boxes [data-view=all]').click()")
    assert tab.run(f"[{gates}, {boxes}]") == [7, 0]
    assert same_wires(tab.run(WIRES), evaluate(text, point))


@needs_browser
def test_a_part_of_a_circuit_is_a_page_too(opened: Opened) -> None:
    tab = opened(page(page_programs.report("network"), around=("s", 1)))
    assert tab.run("document.querySelectorAll('#picture .gate.at, #picture .gate').length") == 4
    assert tab.run("view.steps.length") > 4


@needs_browser
def test_arrays_are_pictures_with_their_numbers_on_demand(opened: Opened) -> None:
    report = page_programs.report("matrices")
    tab = opened(page(report))
    told = tab.do("const all = []; for (let k = 1; k <= view.steps.length; k++) { go(k); all.push("
                  "document.querySelector('#said code').textContent); } return all")  # fmt: skip
    assert "dW = dq1 @ X.T   (3×4 @ 4×2 → 3×2)" in told
    assert "dX = W.T @ dq1   (2×3 @ 3×4 → 2×4)" in told
    assert tab.run("document.querySelectorAll('#picture .heat path').length") > 20
    tab.run("choose(document.querySelector('#picture .run[data-from=W]'))")
    cells = tab.run(
        "[...document.querySelectorAll('.heat.gradient td')].map((td) => td.textContent)"
    )
    wanted = [f"{number:.2f}".replace("-", "−") for number in report.gradient["W"].ravel()]
    assert cells == wanted


@needs_browser
@pytest.mark.parametrize("name", [*page_programs.PROGRAMS])
def test_labels_never_overlap_and_the_gate_of_a_step_is_in_view(opened: Opened, name: str) -> None:
    """A short version of tests/campaigns/pages.py."""
    tab = opened(page(page_programs.report(name)))
    for seed in range(2):
        assert page_programs.shuffled(tab, seed) == []
    if tab.run("view.steps.length") <= 21:
        assert tab.run(page_programs.UNSEEN) == []
    if name == "neuron":
        tab.resize(400, 800)
        tab.do("await new Promise((done) => setTimeout(done, 50))")
        assert tab.run(page_programs.UNSEEN) == []


@needs_browser
def test_every_control_is_large_enough_for_a_finger_and_has_a_name(opened: Opened) -> None:
    for width in (1280, 400):
        tab = opened(page(evaluate(NEURON, AT)), width=width)
        small = tab.run(
            "[...document.querySelectorAll('button, input, select, summary, [role=tab]')]"
            ".map((one) => [one.id, one.getBoundingClientRect()])"
            ".filter(([id, box]) => box.width && (box.width < 24 || box.height < 24))"
        )
        assert small == []
        assert tab.run("document.documentElement.scrollWidth") <= width


@needs_browser
def test_a_picture_is_saved_as_it_is_now(opened: Opened) -> None:
    tab = opened(page(evaluate("x*y", x=2.0, y=3.0)))
    tab.run("move(0, 7)")
    text = tab.run("standalone()")
    assert ">7.00<" in text
    assert "data-room" in text
    assert "<script" not in text
    kind, size = tab.do(
        "return new Promise((done) => { save = (one) => done([one.type, one.size]); savePng(); })"
    )
    assert (kind, size > 1000) == ("image/png", True)


@needs_browser
def test_texts_that_overlap_would_be_found(opened: Opened) -> None:
    tab = opened(page(evaluate(NEURON, AT)))
    assert tab.run(page_programs.OVERLAPS) == []
    tab.run(
        "document.querySelectorAll('#picture .value').forEach((one) => {"
        " one.textContent = '−123456789012345'; })"
    )
    assert tab.run(page_programs.OVERLAPS) != []


@needs_browser
def test_wheel_keys_and_two_fingers_zoom(opened: Opened) -> None:
    tab = opened(page(evaluate(NEURON, AT)))
    tab.run("document.getElementById('fit').click()")
    scales = [tab.run("camera.scale")]
    tab.run("document.getElementById('picture').focus()")
    tab.key("+", "+")
    scales.append(tab.run("camera.scale"))
    tab.run(
        "document.getElementById('picture').dispatchEvent("
        "new WheelEvent('wheel', { deltaY: -200, clientX: 300, clientY: 300 }))"
    )
    scales.append(tab.run("camera.scale"))
    tab.run(
        "(() => { const send = (kind, pointerId, clientX) => document.getElementById('picture')"
        ".dispatchEvent(new PointerEvent(kind, { pointerId, clientX, clientY: 300, bubbles: true }));"
        " send('pointerdown', 1, 300); send('pointerdown', 2, 400); send('pointermove', 2, 500); })()"
    )
    scales.append(tab.run("camera.scale"))
    assert scales == sorted({*scales})
    tab.key("0", "0")
    assert tab.run("camera.scale") == pytest.approx(scales[0])
    before = tab.run("camera.x")
    tab.key("+", "+")
    tab.key("ArrowRight")
    assert tab.run("camera.x") > before


@needs_browser
def test_ranges_can_be_set_and_a_field_goes_beyond_them(opened: Opened) -> None:
    tab = opened(page(evaluate("x*x", x=0.001)))
    tab.run("document.getElementById('ranges').click()")
    ends = "(({ min, max, step }) => [min, max, step].map(Number))(document.querySelector('#inputs input'))"
    assert tab.run(ends) == pytest.approx([-0.01, 0.01, 0.0001])
    tab.run(
        "(() => { const [low, high] = document.querySelectorAll('#inputs .range input');"
        " low.value = '0'; high.value = '5'; high.dispatchEvent(new Event('change'));"
        " low.dispatchEvent(new Event('change')); })()"
    )
    assert tab.run(ends)[:2] == [0, 5]
    tab.run("move(0, 7)")
    assert tab.run("now.values[scene.outputSlot]") == 49
