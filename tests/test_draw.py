"""Pictures of circuits in every format: the figures of the notes, whole texts, hostile text."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from drawing import CASES, CHAIN, drawn, seen
from programs import sample

import backprop
from backprop.cli.pictures import zoom_for
from backprop.drawing import dot, mermaid, svg, text, tikz
from backprop.drawing.building import circuit, swaps
from backprop.drawing.circuit import Circuit, apart
from backprop.drawing.folding import around, collapse
from backprop.drawing.layering import topological
from backprop.drawing.layout import layout
from backprop.drawing.numbers import short
from backprop.drawing.rails import Rails, in_order
from backprop.errors import BackpropError
from backprop.gates import GATES

GOLDEN = Path(__file__).parent / "cases" / "drawn"
NEURON = CASES["neuron-fine"]


def text_of(drawing: Circuit, width: int = 120) -> str:
    rows = text.draw(drawing, width)
    return "".join("".join(piece.text for piece in row) + "\n" for row in rows)


FORMATS: dict[str, Callable[[Circuit], str]] = {
    "txt": text_of, "svg": svg.draw, "dot": dot.draw, "mmd": mermaid.draw, "tex": tikz.draw,
}  # fmt: skip


def rounded(picture: str) -> str:
    """With 12 digits of the numbers that are there as data: the last ones are the platform's."""
    return re.sub(
        r'(data-\w+)="(-?\d+\.\d+)"', lambda found: f'{found[1]}="{float(found[2]):.12g}"', picture
    )


# The figures of the notes.


def by_two_decimals(number: float) -> str:
    return f"{number:.2f}"


@pytest.mark.parametrize("name", ["neuron-fine", "patterns"])
def test_wires_and_gates_are_those_of_the_figure(name: str) -> None:
    """Value and gradient of the wire that leaves each input and gate, as the notes print them."""
    case = CASES[name]
    found = seen(svg.draw(drawn(case["program"], case["point"], "fine")))
    printed = case["printed_in_notes"]
    assert sorted(found.gates.values()) == sorted(case["gates"])
    gates = [gate for gate in printed["backward"] if gate not in case["point"]]
    stages = backprop.evaluate(case["program"], case["point"], gates="fine").program.stages()
    names = dict(zip(gates, [stage.name for stage in stages], strict=True))
    values = {**case["point"], **dict(zip(gates, printed["forward"].values(), strict=True))}
    expected = {
        names.get(wire, wire): (by_two_decimals(values[wire]), by_two_decimals(gradient))
        for wire, gradient in printed["backward"].items()
    }
    leaving = {
        start: (by_two_decimals(wire[0]), by_two_decimals(wire[1]))
        for (start, _), (wire,) in found.wires.items()
    }
    assert leaving == expected
    shown = [text for _, text in found.labels]
    assert sorted(shown) == sorted(number for pair in expected.values() for number in pair)


def test_the_chain_is_the_figure_of_the_notes() -> None:
    found = seen(svg.draw(drawn(*CHAIN)))
    assert found.gates == {"q": "+", "f": "*"}
    assert found.wires == {
        ("x", "q"): [(-2, -4)], ("y", "q"): [(5, -4)], ("q", "f"): [(3, -4)],
        ("z", "f"): [(-4, 3)], ("f", "f"): [(-12, 1)],
    }  # fmt: skip


@pytest.mark.parametrize("name", CASES)
def test_branches_add_up_to_the_gradient_of_the_case(name: str) -> None:
    case = CASES[name]
    found = seen(svg.draw(drawn(case["program"], case["point"])))
    sums = dict.fromkeys(case["gradient"], 0.0)
    for (start, _), wires in found.wires.items():
        if start in sums:
            sums[start] += sum(gradient for _, gradient in wires)
    assert sums == pytest.approx(case["gradient"], rel=1e-9, abs=1e-12)


def test_a_gate_fed_twice_by_one_wire_has_two_branches() -> None:
    found = seen(svg.draw(drawn("x*x", {"x": 3})))
    assert found.wires[("x", "f")] == [(3, 3), (3, 3)]
    assert ("gradient", "6.00") in found.labels


def test_what_max_does_not_take_gets_nothing() -> None:
    found = seen(svg.draw(drawn("2*(x*y + max(z, w))", CASES["patterns"]["point"])))
    assert [wires for (start, _), wires in found.wires.items() if start == "w"] == [[(-1, 0)]]


# Whole texts.


@pytest.mark.parametrize("suffix", FORMATS)
def test_the_chain_in_every_format(suffix: str) -> None:
    expected = (GOLDEN / f"chain.{suffix}").read_text("utf-8")
    assert rounded(FORMATS[suffix](drawn(*CHAIN))) == rounded(expected)


def test_the_picture_in_the_readme_is_what_the_tool_draws() -> None:
    picture = svg.draw(drawn(NEURON["program"], NEURON["point"], "fine"))
    assert rounded(picture) == rounded((GOLDEN / "neuron.svg").read_text("utf-8"))


@pytest.mark.parametrize(
    "name", ["staged", "structure", "rails", "brief", "array", "narrow", "near", "folded"]
)
def test_text_drawings(name: str) -> None:
    case, width = CASES["staged"], 160
    match name:
        case "staged":
            drawing = drawn(case["program"], case["point"], "fused")
        case "structure":
            drawing = circuit(backprop.parse(case["program"], gates="fused"))
        case "rails" | "brief":
            drawing = drawn(case["program"], case["point"], "fused")
            width = 60 if name == "rails" else 40
        case "array" | "narrow":
            width = 160 if name == "array" else 40
            values = {"W": [[1, 2], [3, 4]], "X": [[0.5] * 3] * 2, "y": [[0, 0, 0]]}
            report = backprop.evaluate("sum((W @ X - y)**2)", values)
            drawing = circuit(report.program, report)
        case "near":
            report = backprop.evaluate(case["program"], case["point"])
            drawing = circuit(report.program, report, 2, around(report.program, "den", 1))
        case _:
            program = "s(u, v) = tanh(u*v + 1)\na = s(x, w)\nb = a**2\nc = s(b, w)\na*c"
            report = backprop.evaluate(program, x=1, w=0.5)
            drawing = circuit(report.program, report, 2, collapse(report.program))
    assert text_of(drawing, width) == (GOLDEN / f"{name}.txt").read_text("utf-8")


@pytest.mark.parametrize("width", [20, 40, 60, 80, 120, 200])
@pytest.mark.parametrize("name", CASES)
def test_text_is_never_wider_than_the_terminal(name: str, width: int) -> None:
    drawing = drawn(CASES[name]["program"], CASES[name]["point"])
    lines = text_of(drawing, width).splitlines()
    assert [line for line in lines if len(line) > width or line != line.rstrip()] == []


def read_rails(lines: list[str], order: list[int]) -> dict[int, set[int]]:
    """What feeds each node, as the rails show it."""
    running: dict[int, int] = {}  # the node whose wire runs down each rail
    found = {}
    for node, line in zip(order, lines, strict=True):
        own = line.index("○")
        left = re.search(r"[^ │]*$", line[:own])
        right = re.match(r"[^ │]*", line[own:])
        assert left
        assert right
        joined = range(left.start(), own + right.end())
        fed = {own} | {k for k in joined if line[k] in "╯╰┴●"}
        found[node] = {running[k] for k in fed if k in running}
        ended = {k for k in running if line[k : k + 1] not in ("│", "┼", "●")}
        running = {k: start for k, start in running.items() if k not in ended} | {own: node}
    return found


@pytest.mark.parametrize("name", [*CASES, *range(50)])
def test_rails_show_what_feeds_what(name: str | int) -> None:
    if isinstance(name, int):
        program = sample(f"drawing {name}")
        drawing = drawn(program.text, program.point)
    else:
        drawing = drawn(CASES[name]["program"], CASES[name]["point"])
    order = [node for node in in_order(drawing) if drawing.nodes[node].kind != "output"]
    expected: dict[int, set[int]] = {node: set() for node in order}
    for wire in drawing.wires:
        if wire.stop in expected:
            expected[wire.stop].add(wire.start)
    assert read_rails(Rails(drawing, order).lines(), order) == expected


# Numbers.


@pytest.mark.parametrize(
    ("number", "decimals", "shown"),
    [
        (-0.1966, 2, "-0.20"), (0.0, 2, "0.00"), (-0.0, 2, "0.00"), (3.0, 0, "3"), (1e-9, 2, "1e-09"),
        (0.00423, 2, "0.00423"), (0.0099999, 2, "0.01"), (-0.001, 1, "-0.001"), (123456.789, 2, "1.23e+05"),
        (99999.0, 2, "99999.00"), (float("inf"), 2, "inf"), (float("nan"), 3, "nan"), (1 / 3, 5, "0.33333"),
    ],
)  # fmt: skip
def test_only_zero_is_shown_as_zero(number: float, decimals: int, shown: str) -> None:
    assert short(number, decimals) == shown


def test_gates_that_may_be_drawn_with_swapped_inputs() -> None:
    assert [name for name in GATES if swaps(name)] == [
        "add", "mul", "hypot", "logaddexp", "max", "min",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("program", "symbol"),
    [
        ("x - 1", "-1"), ("1 - x", "1-"), ("3*x", "*3"), ("2**x", "2**"), ("x**3", "**3"), ("x/4", "/4"),
        ("max(0, x)", "max(0, ·)"), ("clip(x, -1, 2)", "clip(·, -1, 2)"), ("x > 0", ">0"), ("1/x", "1/x"),
        ("sigmoid(x)", "σ"), ("-x", "*-1"), ("where(x, 1, 0)", "where(·, 1, 0)"),
    ],
)  # fmt: skip
def test_an_operation_with_a_constant_is_one_gate(program: str, symbol: str) -> None:
    drawing = circuit(backprop.parse(program))
    assert [node.symbol for node in drawing.nodes if node.kind == "gate"] == [symbol]


# Formats hold whatever stands in a text.

HOSTILE = '</script>"; rm -rf ~ $(x) `y` ]]> & % \\ <b> \x1b[31m \u202e --> #quot; \ud800 日本'


def hostile() -> Circuit:
    return drawn(f"# {HOSTILE}\nσx = θ*2 + 1\nσx*θ # {HOSTILE}", {"θ": 1.5})


def test_a_hostile_text_is_well_formed_xml() -> None:
    picture = svg.draw(hostile())
    root = ElementTree.fromstring(picture.encode("utf-8"))
    title = root.findtext("{http://www.w3.org/2000/svg}title")
    assert title is not None
    assert '</script>"; rm -rf ~ $(x) `y` ]]> & % \\ <b> \\x1b[31m' in title
    assert "<script" not in picture
    assert "<b>" not in picture


def test_a_hostile_text_stays_inside_its_strings_in_dot() -> None:
    picture = dot.draw(hostile())
    bare = re.sub(r'"(\\.|[^"\\])*"|<(<[^<>]*>|[^<>])*>', "", picture)
    assert not set(bare) & set("\"'<&\\$`%")
    assert "script" not in bare


@pytest.mark.skipif(not shutil.which("dot"), reason="Graphviz is not installed")
def test_graphviz_reads_every_case() -> None:
    drawings = [drawn(case["program"], case["point"]) for case in CASES.values()] + [hostile()]
    for drawing in drawings:
        done = subprocess.run(
            ["dot", "-Tplain"], input=dot.draw(drawing).encode(), capture_output=True, check=False
        )
        assert (done.returncode, done.stderr) == (0, b"")


MERMAID = re.compile(
    r"%%\{init: .*\}%%|flowchart LR|  accTitle: [\w .,#;]+"
    r'|  n\d+(\("[^"]*"\)|\["[^"]*"\]|\(\["[^"]*"\]\))(:::plain|:::gate)|  k\d+\(\(" "\)\):::fork'
    r"|  [nk]\d+ (-->|---|-\.->)"
    r'(\|"([-+\w .,#;]|</?b>|<br/>|</?font( color=\w+)?>)*"\|)? [nk]\d+|  classDef .*',
    re.ASCII,
)


@pytest.mark.parametrize("name", [*CASES, "hostile"])
def test_mermaid_has_only_lines_of_its_grammar(name: str) -> None:
    case = CASES.get(name, {})
    drawing = drawn(case["program"], case["point"]) if case else hostile()
    lines = mermaid.draw(drawing).splitlines()
    assert [line for line in lines if not MERMAID.fullmatch(line)] == []
    assert not [line for line in lines[1:] if set(line) & set("`$%&\\")]


@pytest.mark.parametrize("name", [*CASES, "hostile"])
def test_tikz_is_plain_ascii_with_braces_in_pairs(name: str) -> None:
    case = CASES.get(name, {})
    picture = tikz.draw(drawn(case["program"], case["point"]) if case else hostile())
    assert picture.isascii()
    bare = re.sub(r"\\[\\{}]", "", picture)
    assert bare.count("{") == bare.count("}")
    assert picture.count(r"\begin{") == picture.count(r"\end{") == 2
    assert all(line.endswith(";") for line in picture.split("backward}]\n")[1].splitlines()[:-2])


def test_an_svg_needs_nothing_from_elsewhere() -> None:
    picture = svg.draw(drawn(NEURON["program"], NEURON["point"], "fine"))
    assert not re.search(r"<script|https?://(?!www\.w3\.org/2000/svg)|url\(|@import|href", picture)
    assert "prefers-color-scheme:dark" in picture
    root = ElementTree.fromstring(picture)
    assert (root.get("role"), root.get("aria-labelledby")) == (
        "img", "circuit-title circuit-desc",
    )  # fmt: skip
    ids = [element.get("id") for element in root.iter() if element.get("id")]
    assert len(ids) == len(set(ids))


def test_the_description_says_the_computation() -> None:
    root = ElementTree.fromstring(svg.draw(drawn(*CHAIN)))
    assert root.findtext("{http://www.w3.org/2000/svg}desc") == (
        "A circuit of 3 inputs and 2 gates. x is -2.00, with gradient -4.00. y is 5.00, with "
        "gradient -4.00. z is -4.00, with gradient 3.00. q = x + y is 3.00, with gradient -4.00. "
        "f = q * z is -12.00, with gradient 1.00."
    )


def test_a_scalar_program_is_drawn_without_numpy_and_sympy() -> None:
    code = (
        "import sys, backprop\n"
        "from backprop.drawing import building, dot, mermaid, svg, text, tikz\n"
        "report = backprop.evaluate('x*y + exp(x)', x=1, y=2)\n"
        "drawing = building.circuit(report.program, report)\n"
        "for module in (dot, mermaid, svg, tikz): module.draw(drawing)\n"
        "text.draw(drawing, 80)\n"
        "print(*{'numpy', 'sympy', 'click', 'rich'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout == "\n"


# Large programs.

CHAIN_OF_10000 = "\n".join(["h0 = x", *(f"h{k} = sin(h{k - 1}*w)" for k in range(1, 5001))])
SAMPLES = "+".join(f"sigmoid(w*x{k} + b)" for k in range(1000))


def test_too_many_gates_are_refused() -> None:
    with pytest.raises(BackpropError) as refused:
        circuit(backprop.parse(SAMPLES))
    assert refused.value.render() == (
        "error: 3,999 gates are too many for a picture: 300 can be read\n"
        "help: --around STAGE draws what is near a stage, --collapse folds what repeats"
    )


def test_a_neighbourhood_shows_what_it_is_cut_from() -> None:
    program = backprop.parse(CHAIN_OF_10000)
    report = backprop.evaluate(program, x=0.5, w=1.2)
    drawing = circuit(program, report, 2, around(program, "h2000", 1))
    kinds = {node.name: node.kind for node in drawing.nodes}
    before, after = program.operands[program.names["h2000"]][0], program.names["h2000"] + 1
    labels = program.labels
    assert kinds == {
        labels[before]: "gate", "h2000": "gate", labels[after]: "gate", "h1999": "cut", "w": "cut",
        f"after-{labels[after]}": "cut",
    }  # fmt: skip


def test_the_branches_that_are_cut_off_have_the_rest_of_the_gradient() -> None:
    report = backprop.evaluate("a = x*y\nexp(x) + sin(x) + a", x=1, y=2)
    drawing = circuit(report.program, report, 2, around(report.program, "a", 1))
    assert [node.symbol for node in drawing.nodes if node.kind == "cut"] == ["… q3", "… 2 more"]
    wires = [wire for wire in drawing.wires if drawing.nodes[wire.start].name == "x"]
    total = sum(float(wire.numbers.exact_gradient) for wire in wires)
    assert total == pytest.approx(report.gradient["x"])


def test_a_stage_that_is_not_there_is_said_with_a_near_one() -> None:
    with pytest.raises(BackpropError) as refused:
        around(backprop.parse("num = x + 1\nnum*2"), "nun", 2)
    assert refused.value.render() == (
        "error: there is no stage called nun\nhelp: did you mean num?"
    )


def test_calls_of_a_function_are_boxes() -> None:
    program = backprop.parse("s(u, v) = tanh(u*v + 1)\na = s(x, w)\nb = a**2\nc = s(b, w)\na*c")
    parts = collapse(program)
    assert [(part.label, len(part.slots)) for part in parts if part.label] == [
        ("s: 3 gates", 3), ("s: 3 gates", 3),
    ]  # fmt: skip


def test_a_function_of_one_gate_stays_a_gate() -> None:
    parts = collapse(backprop.parse("s(u) = tanh(u)\ns(x)*s(y)"))
    assert [part.label for part in parts] == [""] * 5


@pytest.mark.parametrize("large", [CHAIN_OF_10000, SAMPLES])
def test_what_repeats_is_folded_whole(large: str) -> None:
    program = backprop.parse(large)
    parts = collapse(program)
    slots = sorted(slot for part in parts for slot in part.slots)
    assert slots == sorted({*program.stage_slots, *program.inputs.values()})
    drawing = circuit(program, None, 2, parts)
    assert len(drawing.nodes) < 20


@pytest.mark.parametrize("large", [CHAIN_OF_10000, SAMPLES])
def test_no_box_feeds_itself(large: str) -> None:
    program = backprop.parse(large)
    drawing = circuit(program, None, 2, collapse(program))
    assert len(topological(drawing)) == len(drawing.nodes)


@pytest.mark.parametrize(("times", "boxes"), [(2, []), (3, ["* tanh × 3: 6 gates"])])
def test_a_pattern_that_is_there_three_times_in_a_row_is_folded(
    times: int, boxes: list[str]
) -> None:
    names = ["x", *(f"a{k}" for k in range(times))]
    text = "\n".join(f"{names[k + 1]} = tanh({names[k]}*w)" for k in range(times))
    assert [part.label for part in collapse(backprop.parse(text)) if part.label] == boxes


# Arrays.


def test_a_wire_of_a_large_array_has_its_shape_and_no_more() -> None:
    values: dict[str, Any] = {"W": [[0.5] * 10] * 5, "X": [[1.0] * 3] * 10}
    report = backprop.evaluate("D = W @ X", values, upstream="ones")
    drawing = circuit(report.program, report)
    assert [(node.name, node.numbers.value, node.numbers.gradient) for node in drawing.nodes] == [
        ("W", "5x10, norm 3.54", "5x10, norm 21.21"), ("X", "10x3, norm 5.48", "10x3, norm 13.69"),
        ("D", "5x3, norm 19.36", "5x3, norm 3.87"), ("D", "", ""),
    ]  # fmt: skip
    for draw in FORMATS.values():
        assert draw(drawing)


# What a picture may not do.


def test_names_that_are_cut_stay_apart() -> None:
    names = [f"weight_of_the_hidden_layer_number_{k}_{'x' * 30}{k % 2}" for k in range(4)]
    report = backprop.evaluate(" + ".join(names), dict.fromkeys(names, 1.0))
    nodes = circuit(report.program, report).nodes
    symbols = [node.symbol for node in nodes if node.kind == "input"]
    assert len({*symbols}) == 4
    assert apart(["short", "a" * 30, "a" * 29 + "b", "a" * 28 + "bb"]) == {
        "short": "short", "a" * 30: "a" * 11 + "…" + "a" * 12,
        "a" * 29 + "b": "a" * 11 + "…" + "a" * 11 + "b",
        "a" * 28 + "bb": "a" * 11 + "…" + "a" * 10 + "bb",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("number", "decimals", "shown"),
    [(-0.000166, 4, "-0.000166"), (-0.000166, 2, "-0.000166"), (0.0498, 2, "0.0498"),
     (0.1, 2, "0.10"), (0.196612, 2, "0.20"), (-0.0, 2, "0.00"), (123456.0, 2, "1.23e+05"),
     (99.996, 2, "100.00"), (0.5, 0, "0.5")],
)  # fmt: skip
def test_a_number_never_loses_its_digits_to_zeros(number: float, decimals: int, shown: str) -> None:
    assert short(number, decimals) == shown


def test_graphviz_gets_inputs_at_the_left_and_operands_in_order() -> None:
    report = backprop.evaluate("a = x/y\nb = z - a\nb*x", x=1.0, y=2.0, z=3.0)
    lines = dot.draw(circuit(report.program, report)).splitlines()
    assert '  { rank=source; "input-x"; "input-y"; "input-z" }' in lines
    sides = {
        tuple(re.findall(r'"(.*?)"', line)[:2]): line.partition("headport=")[2].rstrip("]")
        for line in lines
        if "headport" in line
    }
    assert sides == {
        ("fork-input-x", "gate-a"): "nw", ("input-y", "gate-a"): "sw",
        ("input-z", "gate-b"): "nw", ("gate-a", "gate-b"): "sw",
    }  # fmt: skip


def test_a_fork_of_twenty_branches_has_room() -> None:
    text = "+".join(f"x*a{k}" for k in range(20))
    report = backprop.evaluate(text, {"x": 2.0, **{f"a{k}": float(k) for k in range(20)}})
    placed = layout(circuit(report.program, report), svg.Pixels())
    first, second = placed.channels[:2]
    assert first.right - first.left >= 160
    branches = [hop for hop in second.hops if hop.y in {one.end for one in first.hops}]
    ends = [hop.end for hop in sorted(branches, key=lambda hop: hop.y)]
    assert ends == sorted(ends)
    assert placed.crossings == 90  # the fewest with x in the middle of its twenty factors


def test_a_large_picture_is_drawn_smaller_as_a_png() -> None:
    def sized(width: int, height: int) -> str:
        return f'<svg xmlns="x" width="{width}" height="{height}">'

    assert zoom_for(sized(800, 600)) == 2
    assert zoom_for(sized(32_000, 100)) == 1
    assert zoom_for(sized(64_000, 100)) == 0.5
    assert zoom_for(sized(20_000, 20_000)) == pytest.approx(0.707, abs=0.001)
