"""Programs whose pages are looked at: what a lecture shows, forks, a network, arrays, Python
source, and sixty gates; and what is asked of a page in the browser."""

from __future__ import annotations

from typing import Any

from browsing import Tab

from backprop import evaluate, read
from backprop.answer.report import Report

LAYERS = """
h1 = tanh(a1*x + b1*y + c1)
h2 = tanh(a2*x + b2*y + c2)
h3 = relu(a3*x + b3*y + c3)
s = sigmoid(v1*h1 + v2*h2 + v3*h3 + d)
-(t*log(s) + (1-t)*log(1-s))
"""
NETWORK = "\n".join([
    *(f"h{k} = tanh(w{k}*x + b{k}*y)" for k in range(1, 9)),
    "s = " + " + ".join(f"v{k}*h{k}" for k in range(1, 9)),
    "p = sigmoid(s)", "(p - t)**2 + 0.01*(v1**2 + v2**2 + v3**2)",
])  # fmt: skip
STAGED = """
sigy = 1.0 / (1 + exp(-y))
num = x + sigy
sigx = 1.0 / (1 + exp(-x))
xpy = x + y
xpysqr = xpy**2
den = sigx + xpysqr
invden = 1.0 / den
f = num * invden
"""
SOURCE = '''
def loss(w, b, x=0.5, t=1.0):
    """A neuron in a loop."""
    h = x
    for _ in range(4):
        h = w * h + b
        h = h / (1 + h * h)
    return (h - t) ** 2
'''


def numbered(names: str) -> dict[str, float]:
    """Values for the variables of a program, none of them round."""
    return {name: round(0.3 * (k % 5 + 1) * (-1) ** k, 2) for k, name in enumerate(names.split())}


def spread(count: int) -> dict[str, float]:
    names = [f"{letter}{k}" for letter in "wbv" for k in range(1, count + 1)]
    return numbered(" ".join([*names, "x", "y", "t"]))


def chain(length: int) -> str:
    """A program of so many gates, with forks on its way."""
    lines = ["g0 = x*y"]
    for k in range(1, length):
        way = ("{0} + x", "sin({0})", "{0}*y", "tanh({0})", "{0} - z")[k % 5]
        lines.append(f"g{k} = {way.format(f'g{k - 1}')}")
    return "\n".join(lines)


def report(name: str) -> Report:
    text, point = PROGRAMS[name]
    if name == "source":
        return evaluate(read(text, "loss"), point)
    return evaluate(text, point)


PROGRAMS: dict[str, tuple[str, dict[str, Any]]] = {
    "product": ("(x+y)*z", {"x": -2.0, "y": 5.0, "z": -4.0}),
    "neuron": ("1/(1+exp(-(w0*x0+w1*x1+w2)))",
               {"w0": 2.0, "w1": -3.0, "w2": -3.0, "x0": -1.0, "x1": -2.0}),
    "staged": (STAGED, {"x": 3.0, "y": -4.0}),
    "route": ("2*(x*y + max(z, w))", {"x": 3.0, "y": -4.0, "z": 2.0, "w": -1.0}),
    "fork": ("x*x + sin(x)*x + exp(x*y) - x/y", {"x": 1.5, "y": -0.5}),
    "small": ("log(1+a*b)/sqrt(a) + b**3", {"a": 0.001, "b": 250.0}),
    "functions": ("layer(u, w) = tanh(u*w + 1); b = layer(x, w1)**2; layer(b, w2)",
                  {"x": 1.0, "w1": 0.5, "w2": -2.0}),
    "network": (LAYERS, numbered("a1 b1 c1 a2 b2 c2 a3 b3 c3 v1 v2 v3 d x y") | {"t": 1.0}),
    "sixty": (NETWORK, spread(8)),
    "source": (SOURCE, {"w": 0.7, "b": 0.2, "x": 0.5, "t": 1.0}),
    "matrices": ("h = relu(W @ X + b)\nsum((h - Y)**2)",
                 {"W": [[1.0, 2.0], [3.0, -4.0], [0.5, 1.0]], "b": [[1.0], [0.0], [2.0]],
                  "X": [[1.0, 2.0, 0.3, 4.0], [-1.0, 2.0, 0.5, 0.1]],
                  "Y": [[1.0, 0.0, 1.0, 1.0], [0.0, 1.0, 0.0, 0.0], [1.0, 1.0, 0.0, 2.0]]}),
    "softmax": ("p = softmax(W @ x)\n-log(p[1])",
                {"W": [[0.1, 0.4, -0.2], [0.7, -0.3, 0.5]], "x": [1.0, -2.0, 0.5]}),
}  # fmt: skip
LARGE = (chain(300), {"x": 0.5, "y": 0.9, "z": 0.1})

# What overlaps: texts that are visible, and how much of each lies in another.
OVERLAPS = """
(() => {
    const shown = [...document.querySelectorAll('#picture text')].filter((one) =>
        one.textContent && !one.classList.contains('hidden'));
    const boxes = shown.map((one) => [one.getBBox(), one]);
    const found = [];
    for (let a = 0; a < boxes.length; a++) {
        for (let b = a + 1; b < boxes.length; b++) {
            const [p, q] = [boxes[a][0], boxes[b][0]];
            const across = Math.min(p.x + p.width, q.x + q.width) - Math.max(p.x, q.x);
            // A line of text is higher than its letters: 4 of its pixels are air.
            const down = Math.min(p.y + p.height, q.y + q.height) - Math.max(p.y, q.y) - 4;
            if (across > 0.5 && down > 0.5) {
                found.push([boxes[a][1].textContent, boxes[b][1].textContent, across, down]);
            }
        }
    }
    return found;
})()
"""
# Every slider somewhere, by dice of this seed, which are thrown as many times as there are inputs.
SHUFFLE = """
(() => {
    let seed = %d;
    const dice = () => ((seed = (seed * 1103515245 + 12345) %% 2147483648) / 2147483648);
    for (const [place, input] of scene.inputs.entries()) {
        if (!input.array) {
            dice();
            point[place] = input.low + dice() * (input.high - input.low);
            controls[place].set(point[place]);
        }
    }
    compute();
})()
"""
# At every step: is the current gate within the part of the picture that is seen, and this on the
# screen, above the bar and beside the panel?
UNSEEN = """
(() => {
    const lost = [];
    for (let k = 1; k <= view.steps.length; k++) {
        go(k);
        const frame = document.getElementById('picture').getBoundingClientRect();
        for (const outline of document.querySelectorAll('#picture .at .outline')) {
            const box = outline.getBoundingClientRect();
            const inside = box.left >= frame.left - 1 && box.right <= frame.right + 1
                && box.top >= frame.top - 1 && box.bottom <= frame.bottom + 1
                && frame.top >= 0 && frame.bottom <= innerHeight;
            const map = document.getElementById('map').getBoundingClientRect();
            const covered = map.width && box.right > map.left && box.left < map.right
                && box.bottom > map.top && box.top < map.bottom;
            if (!inside || covered) {
                lost.push([k, box.left, box.right, box.top, box.bottom, frame.top, frame.bottom]);
            }
        }
        const bar = document.getElementById('bar').getBoundingClientRect();
        if (bar.bottom > innerHeight + 1 || bar.top < 0) {
            lost.push([k, 'bar', bar.top, bar.bottom]);
        }
        if (!document.querySelector('#picture .at .outline') && view.steps[k - 1].slot !== null) {
            lost.push([k, 'nothing is lit']);
        }
    }
    return lost;
})()
"""


def shuffled(tab: Tab, seed: int) -> list[Any]:
    """The texts that overlap in one random setting of all sliders."""
    tab.run(SHUFFLE % seed)
    found: list[Any] = tab.run(OVERLAPS)
    return found
