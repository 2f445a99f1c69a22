"""backprop draw as a process: where pictures go, in which format, and what is refused."""

from __future__ import annotations

import os
import time
from pathlib import Path
from xml.etree import ElementTree

import pytest
from conftest import Command

CHAIN = ("draw", "(x+y)*z", "--x=-2", "--y=5", "--z=-4")
GOLDEN = Path(__file__).parent / "cases" / "drawn"
PNG = b"\x89PNG\r\n\x1a\n"
HELP_FOR_PNG = "help: install librsvg (rsvg-convert), CairoSVG or Inkscape; an SVG needs none: -o circuit.svg\n"


def golden(suffix: str) -> str:
    return (GOLDEN / f"chain.{suffix}").read_text("utf-8")


def script(folder: Path, name: str, text: str) -> None:
    """A program that is found on PATH."""
    path = folder / name
    path.write_text(f"#!/bin/sh\n{text}\n", "utf-8")
    path.chmod(0o755)


def test_text_is_what_is_printed(command: Command) -> None:
    done = command(*CHAIN)
    assert (done.stdout, done.stderr, done.returncode) == (golden("txt"), "", 0)


@pytest.mark.parametrize(
    ("kind", "suffix"),
    [("text", "txt"), ("svg", "svg"), ("dot", "dot"), ("mermaid", "mmd"), ("tikz", "tex")],
)
def test_a_format_is_printed_or_written(
    command: Command, tmp_path: Path, kind: str, suffix: str
) -> None:
    assert command(*CHAIN, "--format", kind).stdout == golden(suffix)
    path = tmp_path / f"circuit.{suffix}"
    done = command(*CHAIN, "-o", str(path))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    assert path.read_text("utf-8") == golden(suffix)
    assert os.listdir(tmp_path) == [path.name]


def test_format_beats_the_suffix(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "circuit.svg"
    command(*CHAIN, "-o", str(path), "--format", "dot")
    assert path.read_text("utf-8") == golden("dot")


def test_values_and_gradients_are_coloured_on_demand(command: Command) -> None:
    first, *_, last = command(*CHAIN, FORCE_COLOR="1", TERM="xterm").stdout.splitlines()
    assert first == "  \x1b[32m-2.00\x1b[0m"
    assert last == "\x1b[32mabove: value\x1b[0m  \x1b[31mbelow: gradient\x1b[0m"


@pytest.mark.parametrize("columns", [40, 60, 100, 200])
def test_the_width_of_the_terminal_holds(command: Command, columns: int) -> None:
    neuron = "1/(1 + exp(-(w0*x0 + w1*x1 + w2)))"
    values = ("--w0=2", "--x0=-1", "--w1=-3", "--x1=-2", "--w2=-3")
    for colour in ("0", "1"):
        lines = command("draw", neuron, *values, COLUMNS=str(columns), FORCE_COLOR=colour).stdout
        plain = lines.replace("\x1b[32m", "").replace("\x1b[31m", "").replace("\x1b[0m", "")
        plain = plain.replace("\x1b[1m", "").replace("\x1b[3m", "")
        assert max(map(len, plain.splitlines())) <= columns
        assert ("○" in plain) == (columns < 90)


def test_without_values_the_circuit_alone_is_drawn(command: Command) -> None:
    done = command("draw", "(x+y)*z")
    assert done.stdout == (" x───╮\n    (+)─q───╮\n y───╯     (*)────▶ f\n z──────────╯\n")


def test_shapes_alone_are_drawn(command: Command) -> None:
    done = command("draw", "D = W @ X", "--shape", "W=5x10,X=10x3")
    assert done.stdout == (
        "  5x10\n W───────╮\n         │  5x3\n  10x3  (@)──────▶ D\n X───────╯\n\n"
    )


def test_precision_is_decimals(command: Command, tmp_path: Path) -> None:
    path = tmp_path / "c.svg"
    command("draw", "x/3", "--x=1", "--precision", "4", "-o", str(path))
    texts = [
        text.text
        for text in ElementTree.parse(path).getroot().iter()
        if text.get("class") == "value"
    ]
    assert texts == ["1.0000", "0.3333"]


def test_an_answer_that_is_not_finite_is_drawn_and_said(command: Command) -> None:
    done = command("draw", "log(x)", "--x=-1")
    assert (done.returncode, done.stdout.count("nan")) == (3, 2)
    assert done.stderr.startswith("error: no finite answer: stage 1 (f, log): log(-1) is nan")


# PNG and the viewer.


def test_a_png_is_made_by_the_converter_that_works(command: Command, tmp_path: Path) -> None:
    script(tmp_path, "rsvg-convert", "echo broken >&2; exit 1")
    script(tmp_path, "inkscape", r"printf '\211PNG\r\n\032\n'; while read -r line; do :; done")
    done = command(*CHAIN, "-o", str(tmp_path / "c.png"), PATH=str(tmp_path))
    assert (done.stderr, done.returncode) == ("", 0)
    assert (tmp_path / "c.png").read_bytes() == PNG


def test_without_a_converter_a_png_is_refused(command: Command, tmp_path: Path) -> None:
    done = command(*CHAIN, "-o", str(tmp_path / "c.png"), PATH=str(tmp_path))
    assert done.stderr == f"error: a PNG needs a converter, and none is installed\n{HELP_FOR_PNG}"
    assert (done.returncode, os.listdir(tmp_path)) == (2, [])


def test_a_converter_that_fails_is_said(command: Command, tmp_path: Path) -> None:
    script(tmp_path, "magick", "echo no SVG here >&2; exit 1")
    done = command(*CHAIN, "-o", str(tmp_path / "c.png"), PATH=str(tmp_path))
    assert done.stderr == f"error: no PNG could be made: magick failed: no SVG here\n{HELP_FOR_PNG}"
    assert (done.returncode, os.listdir(tmp_path)) == (2, ["magick"])


def test_the_viewer_gets_the_file_and_no_shell_sees_its_name(
    command: Command, tmp_path: Path
) -> None:
    script(tmp_path, "viewer", f'printf %s "$1" > {tmp_path}/seen')
    path = tmp_path / "a;touch b $(touch c).svg"
    done = command(*CHAIN, "-o", str(path), "--open", BROWSER=f"{tmp_path}/viewer %s")
    assert (done.stderr, done.returncode) == ("", 0)
    for _ in range(100):
        if (tmp_path / "seen").exists() and (tmp_path / "seen").read_text("utf-8"):
            break
        time.sleep(0.05)
    assert (tmp_path / "seen").read_text("utf-8") == path.resolve().as_uri()
    assert sorted(os.listdir(tmp_path)) == sorted([path.name, "seen", "viewer"])


def test_without_a_file_the_viewer_gets_a_fresh_svg(command: Command, tmp_path: Path) -> None:
    script(tmp_path, "viewer", "exit 0")
    done = command(*CHAIN, "--open", BROWSER=f"{tmp_path}/viewer %s", TMPDIR=str(tmp_path))
    assert (done.stdout, done.stderr, done.returncode) == ("", "", 0)
    (picture,) = tmp_path.glob("circuit-*.svg")
    assert picture.read_text("utf-8") == golden("svg")


# Large programs.

LARGE = "\n".join(["h0 = x", *(f"h{k} = tanh(h{k - 1}*w + b)" for k in range(1, 3400))])
POINT = ("--x=0.5", "--w=1.5", "--b=0.1")


def test_ten_thousand_stages_are_answered_fast(command: Command) -> None:
    for option in (("--around", "h1000"), ("--collapse",), ()):
        start = time.monotonic()
        done = command("draw", "-", *POINT, *option, text=LARGE)
        assert (done.returncode, time.monotonic() - start < 10) == (0 if option else 2, True)


def test_collapsed_it_is_one_box(command: Command) -> None:
    done = command("draw", "-", *POINT, "--collapse", text=LARGE)
    assert "[* + tanh × 3399: 10197 gates]" in done.stdout


# What is refused, whole.

REFUSED = {
    ("--around", "q", "--collapse"): "error: --around and --collapse ask for different things\n"
    "help: backprop draw --help shows the options\n",
    ("--radius", "3"): "error: --radius goes with --around NAME\n"
    "help: backprop draw --help shows the options\n",
    ("--jacobian",): "error: a picture has no room for --jacobian; use --upstream\n"
    "help: backprop draw --help shows the options\n",
    ("--around", "r"): "error: there is no stage called r\nhelp: backprop eval lists the stages\n",
    ("-o", "picture"): "error: the name picture doesn't say which format to draw with\n"
    "help: use .svg, .png, .dot, .gv, .mmd, .mermaid, .tex, .tikz, .txt, .html, .htm, or --format\n",
    ("-o", "/nowhere/c.svg"): "error: /nowhere/c.svg can't be written: No such file or directory\n",
}


@pytest.mark.parametrize("options", REFUSED)
def test_a_wrong_use_is_answered(command: Command, options: tuple[str, ...]) -> None:
    done = command(*CHAIN, *options)
    assert (done.stderr, done.stdout, done.returncode) == (REFUSED[options], "", 2)


def test_a_name_that_the_terminal_would_obey_is_shown(command: Command) -> None:
    done = command(*CHAIN, "-o", "a\x1b[31m.foo")
    assert done.stderr.startswith("error: the name a\\x1b[31m.foo doesn't say")


def test_help_begins_with_examples(command: Command) -> None:
    lines = command("draw", "--help").stdout.splitlines()
    first = next(k for k, line in enumerate(lines) if line.strip().startswith("backprop draw"))
    assert first < 6


@pytest.mark.parametrize("program", ["x", "3", "x = 3"])
def test_a_program_without_stages_collapses(command: Command, program: str) -> None:
    done = command("draw", program, "--collapse")
    assert (done.returncode, done.stdout) == (0, command("draw", program).stdout)
