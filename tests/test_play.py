"""backprop play: a page for this machine alone. Who may ask, what is answered, and what it looks
like while somebody types."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import hostile
import pytest
from browsing import CHROMIUM, Browser, Tab
from conftest import Command

from backprop import evaluate
from backprop.serving.questions import answer
from backprop.serving.serve import started
from backprop.serving.server import Server

needs_browser = pytest.mark.skipif(not CHROMIUM, reason="no Chromium is installed")
AT = {"x": -2, "y": 5, "z": -4}


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    with started("(x+y)*z", "", AT) as found:
        threading.Thread(target=found.serve_forever, daemon=True).start()
        yield found
        found.shutdown()


def asked(server: Server, **question: Any) -> dict[str, Any]:
    request = urllib.request.Request(
        f"{server.address}ask", json.dumps(question).encode(),
        {"Content-Type": "application/json", "Origin": f"http://{server.host}"},
    )  # fmt: skip
    with urllib.request.urlopen(request, timeout=60) as reply:
        found: dict[str, Any] = json.loads(reply.read())
        return found


# Who may ask.


def test_what_the_page_is_made_of_is_served_with_a_strict_policy(server: Server) -> None:
    for name in ("", "page.js", "page.css"):
        with urllib.request.urlopen(f"{server.address}{name}", timeout=30) as reply:
            assert reply.status == 200
            assert reply.headers["Content-Security-Policy"].startswith(
                "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'"
            )
            assert "unsafe" not in reply.headers["Content-Security-Policy"]


def test_it_listens_on_this_machine_alone_at_an_address_nobody_guesses(server: Server) -> None:
    assert server.server_address[0] == "127.0.0.1"
    assert len(server.token) >= 32
    with started("x") as other:
        assert other.token != server.token


def test_hostile_requests_are_refused(server: Server, tmp_path: Path) -> None:
    """A short version of tests/campaigns/hostile_requests.py."""
    file = tmp_path / "made"
    for request in hostile.requests(server, 160, str(file)):
        found = hostile.sent(server, request)
        assert hostile.refused(request, *found), (request, found)
    assert not file.exists()
    assert asked(server, ask="program", text="x*y")["scene"]["gates"] == 1


def test_a_process_that_hangs_is_replaced() -> None:
    with started("x", patience=1.0) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        crew = server.ask.__self__  # type: ignore[attr-defined]
        crew.patience = 60.0
        assert asked(server, ask="program", text="x*y")["scene"]["gates"] == 1
        crew.patience = 0.3
        os.kill(crew.worker.process.pid, signal.SIGSTOP)
        assert "took too long" in asked(server, ask="program", text="x*y")["error"]
        crew.patience = 60.0
        os.kill(crew.worker.process.pid, signal.SIGKILL)
        assert "has ended" in asked(server, ask="program", text="x*y")["error"]
        assert asked(server, ask="program", text="x*y")["scene"]["gates"] == 1
        assert crew.replaced == 2
        server.shutdown()


def test_the_process_that_answers_opens_no_file(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("x", "utf-8")
    code = (
        "import sys\nfrom backprop.serving.worker import guard\nsys.addaudithook(guard)\n"
        "for path, mode in ((sys.argv[1], 'r'), (sys.argv[2], 'w'), ('/etc/passwd', 'rb')):\n"
        "    try:\n        open(path, mode)\n        print('opened')\n"
        "    except PermissionError as error:\n        print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "secret"), str(tmp_path / "new")],
        capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert done.stdout == "a page opens no file\n" * 3
    assert os.listdir(tmp_path) == ["secret"]


@pytest.mark.fresh
def test_the_command_prints_its_address_and_ends_with_ctrl_c() -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "backprop.cli", "play", "x*y", "--x=2", "--no-open"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert process.stdout
    address = process.stdout.readline()
    assert address.startswith("http://127.0.0.1:")
    assert address.endswith("/\n")
    with urllib.request.urlopen(address.strip(), timeout=30) as reply:
        assert b'"text": "x*y", "unit": "", "values": {"x": 2.0}' in reply.read()
    process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=30)
    assert (out, err, process.returncode) == ("", "", 0)


# What is answered.


def test_numbers_are_those_of_the_library() -> None:
    report = evaluate("x*y + sin(x)", x=0.5, y=2.0)
    found = answer({"ask": "program", "text": "x*y + sin(x)", "values": {"x": 0.5, "y": "2"}})
    values = found["now"]["values"]
    assert values == {slot: report.values[int(slot)] for slot in values}
    (point,) = answer(
        {"ask": "points", "text": "x*y + sin(x)", "names": ["x", "y"], "points": [[1, 3]]}
    )["points"]
    assert point["values"][str(report.program.output)] == evaluate("x*y + sin(x)", x=1, y=3).value


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("(x+y*z", "error: line 1, column 1: this bracket is never closed\n  1 | (x+y*z\n    | ^"),
        ("sigmod(x)", "error: line 1, column 1: there is no function called `sigmod`\n"
                      "  1 | sigmod(x)\n    | ^^^^^^\nhelp: did you mean sigmoid?"),
        ("", "error: there is no program yet\nhelp: (x+y)*z"),
    ],
)  # fmt: skip
def test_an_error_has_its_caret(text: str, error: str) -> None:
    assert answer({"ask": "program", "text": text})["error"] == error


def test_python_is_read_and_a_function_can_be_chosen() -> None:
    text = "def f(x):\n    return x * x\n\ndef g(x, w=2.0):\n    return w * f(x)\n"
    found = answer({"ask": "program", "text": text, "values": {"x": 3}})
    assert found["units"] == ["f", "g"]
    assert found["now"]["values"][str(found["scene"]["outputSlot"])] == 18.0
    found = answer({"ask": "program", "text": text, "unit": "f", "values": {"x": 3}})
    assert found["now"]["values"][str(found["scene"]["outputSlot"])] == 9.0


def test_e_and_pi_are_constants_unless_they_are_given() -> None:
    inputs = [
        one["name"] for one in answer({"ask": "program", "text": "e*x + pi"})["scene"]["inputs"]
    ]
    assert inputs == ["x"]


def test_every_question_has_an_answer() -> None:
    question = {"text": "(x+y)*z", "values": AT}
    assert answer({"ask": "explanation", **question})["lines"][0]["text"].startswith(
        "f = (x+y)*z at"
    )
    assert "def f(x, y, z):" in answer({"ask": "code", **question})["text"]
    assert "double f(" in answer({"ask": "code", "lang": "c", **question})["text"]
    assert answer({"ask": "page", **question})["page"].startswith("<!doctype html>")
    assert answer({"ask": "verdict", **question})["verdict"] == "agree"
    assert answer({"ask": "something"})["error"] == "error: the page asks for something unknown"


# In a browser.


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with Browser() as found:
        yield found


@pytest.fixture
def tab(browser: Browser, server: Server) -> Iterator[Tab]:
    found = browser.tab(features=("prefers-reduced-motion:reduce",))
    found.open(server.address)
    settled(found)
    yield found
    assert found.complaints == []
    assert [one for one in found.requests if not one.startswith((server.address, "data:"))] == []
    found.close()


def settled(tab: Tab) -> None:
    """Until the program as it stands is answered."""
    tab.until(
        "document.getElementById('error').textContent !== '' || "
        "document.getElementById('text').dataset.shown === document.getElementById('text').value"
    )


def write(tab: Tab, text: str) -> None:
    tab.run(f"(() => {{ const field = document.getElementById('text'); field.value = {json.dumps(text)};"
            " document.getElementById('error').textContent = '';"
            " field.dispatchEvent(new Event('input')); })()")  # fmt: skip
    settled(tab)


@needs_browser
def test_a_program_is_answered_as_it_is_typed(tab: Tab) -> None:
    said = "document.querySelector('#said code').textContent"
    tab.run("go(2)")
    assert tab.run(said) == "f = q * z = 3.00 * (−4.00) = −12.00"
    write(tab, "(x+y)*z + w")
    assert tab.run("scene.inputs.map((one) => one.name).join()") == "x,y,z,w"
    assert tab.run("point") == [-2, 5, -4, 3]
    write(tab, "(x+y)*z + ")
    assert tab.run("document.getElementById('error').textContent").startswith(
        "error: line 1, column "
    )
    assert tab.run("document.body.classList.contains('stale')")
    write(tab, "(x+y)*z + log(w)")
    assert tab.run("document.getElementById('error').textContent") == ""


@needs_browser
def test_sliders_ask_the_library(tab: Tab) -> None:
    tab.run("move(0, 3)")
    tab.until("now.values[scene.outputSlot] === -32")
    tab.until("location.hash.startsWith('#+program=%28x%2By%29*z&x=3&y=5&z=-4')")


@needs_browser
def test_arrays_are_given_where_they_are_missing(tab: Tab) -> None:
    write(tab, "sum(W @ v)")
    assert tab.run(
        "[...document.querySelectorAll('#needs .name')].map((one) => one.textContent)"
    ) == ["W", "v"]
    tab.run("(() => { const [W, v] = document.querySelectorAll('#needs input');"
            " W.value = '[[1,2],[3,4]]'; W.dispatchEvent(new Event('input'));"
            " v.value = '[1, -1]'; v.dispatchEvent(new Event('input')); })()")  # fmt: skip
    tab.until("scene.arrays && document.getElementById('error').textContent === ''")
    assert tab.run("now.values[scene.outputSlot]") == -2


@needs_browser
def test_every_example_is_shown_with_all_its_panels(tab: Tab) -> None:
    count = tab.run("begun.examples.length")
    for number in range(count):
        tab.run(
            f"(() => {{ const [, text, given] = begun.examples[{number}]; begin(text, given); }})()"
        )
        settled(tab)
        assert tab.run("document.getElementById('error').textContent") == ""
        for name in ("chain", "table", "nudge", "descend", "explanation", "code"):
            tab.run(f"document.getElementById('tab-{name}').click()")
        tab.until("document.querySelector('#code-lines pre') !== null")
        assert not tab.run("document.getElementById('code-lines').textContent").startswith("error")


@needs_browser
def test_a_source_that_goes_another_way_is_read_again(tab: Tab) -> None:
    write(tab, "def f(x):\n    if x > 0:\n        return x * x\n    return -x")
    assert tab.run("scene.stages.map((one) => one.gate).join()") == "gt,neg"
    tab.run("move(0, 3)")
    tab.until("scene.stages.some((one) => one.gate === 'mul')")
    assert tab.run("now.values[scene.outputSlot]") == 9


@needs_browser
def test_the_focus_stays_in_a_field_whose_program_is_asked_again(tab: Tab) -> None:
    write(tab, "sum(W @ v)")
    tab.run("(() => { values.W = '[[1,2],[3,4]]'; values.v = '[1, -1]'; openProgram('fresh'); })()")
    tab.until("scene.arrays")
    tab.run("(() => { const field = document.querySelector('#inputs textarea'); field.focus();"
            " field.value = '[[5, 2], [3, 4]]'; field.dispatchEvent(new Event('change')); })()")  # fmt: skip
    tab.until("now.values[scene.outputSlot] === 2")
    assert tab.run("document.activeElement.ariaLabel") == "W"


@needs_browser
def test_nothing_typed_becomes_markup_or_is_run(tab: Tab) -> None:
    write(tab, "# <img src=x onerror='window.hit=1'>\nx*y # </script><script>window.hit=1</script>")
    assert tab.run("document.getElementById('error').textContent") == ""
    assert tab.run(
        "[window.hit, document.querySelectorAll('#picture img, #picture script').length]"
    ) == [None, 0]
    write(tab, "<b>x</b>")
    assert tab.run("document.querySelector('#error b')") is None


@needs_browser
def test_the_verdict_comes_from_the_independent_check(tab: Tab) -> None:
    tab.run("document.getElementById('tab-verdict').click()")
    tab.until("document.querySelector('#verdict-lines .good') !== null")
    assert tab.run("document.querySelector('#verdict-lines .good').textContent").startswith(
        "check: agree"
    )


@needs_browser
def test_a_link_holds_program_and_point(browser: Browser, server: Server) -> None:
    tab = browser.tab(features=("prefers-reduced-motion:reduce",))
    tab.open(f"{server.address}#+program=x**3&x=2&+step=1")
    settled(tab)
    assert (
        tab.run("document.querySelector('#said code').textContent") == "f = x**3 = 2.00**3 = 8.00"
    )
    tab.close()


# The command.


def test_what_the_command_hands_to_the_page(command: Command, tmp_path: Path) -> None:
    (tmp_path / "loss.py").write_text(
        "class A:\n    def forward(self, x):\n        return x\n", "utf-8"
    )
    done = command("play", "loss.py:A", "--init=n=3", "--no-open", cwd=tmp_path)
    assert (done.returncode, done.stderr) == (
        2, "error: the page reads functions and scripts as they are\nhelp: eval has these\n",
    )  # fmt: skip
    done = command("play", "(x+y", "--no-open")
    assert done.stderr.startswith("error: line 1, column 1: this bracket is never closed\n")
    done = command("play", "x*y", "--z=3", "--no-open")
    assert done.returncode == 2
    assert "--z is neither an option nor a variable" in done.stderr


def test_a_port_that_is_taken_is_said(server: Server, command: Command) -> None:
    port = server.server_address[1]
    done = command("play", "x", f"--port={port}", "--no-open")
    assert (done.returncode, done.stderr.partition(" can't")[0]) == (2, f"error: 127.0.0.1:{port}")
