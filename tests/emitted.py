"""Emitted code at work: Python and NumPy in a namespace of their own, C in one program, JavaScript
in one process of node. Each gives value and gradient of many functions at many points at once."""

from __future__ import annotations

import json
import math
import shutil
import struct
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

import numpy as np

import backprop
from backprop.arithmetic.ieee import VALUE
from backprop.emitting import emit
from backprop.engine.numbers import backward, forward
from backprop.language.syntax import Tree
from backprop.program.program import Program
from backprop.program.stage import stage

COMPILER = shutil.which("cc") or shutil.which("gcc") or shutil.which("clang")
NODE = shutil.which("node")
FLAGS = ("-std=c99", "-Wall", "-Wextra", "-Werror", "-pedantic", "-O2")
LANGUAGES = ("python", "numpy", *["c"] * bool(COMPILER), *["javascript"] * bool(NODE))

# What IEEE 754 computes alike everywhere.
EXACT = ("add", "sub", "neg", "mul", "div", "recip", "square", "shift", "scale", "unit", "sqrt", "abs",
         "max", "min", "where", "relu", "clip", "sign", "floor", "ceil", "round", "mod", "lt", "le", "gt", "ge",
         "eq", "ne")  # fmt: skip

# Gates that a language is refused for, with their slopes.
UNWRITTEN = {
    language: {"polygamma", "trigamma", *(["gamma"] if language == "javascript" else [])}
    for language in ("python", "numpy", "c", "javascript")
}

Answer = list[float]  # the value, then the gradient in the order of the inputs


@dataclass(frozen=True)
class Job:
    """A program, the points to try it at, and what the engine says there."""

    program: Program
    points: Sequence[Mapping[str, float]]
    ties: str = "notes"

    def emitted(self, language: str, name: str) -> str:
        return emit(self.program, language, name=name, ties=self.ties)

    def engine(self) -> list[Answer]:
        reports = [
            backprop.evaluate(self.program, point, ties=self.ties, allow_nonfinite=True)
            for point in self.points
        ]
        return [[report.value, *report.gradient.values()] for report in reports]


def job(
    text: str | Tree, *points: Mapping[str, float], gates: str = "fused", ties: str = "notes"
) -> Job:
    tree = backprop.parse(text).tree if isinstance(text, str) else text
    return Job(stage(tree, points[0] if points else (), gates), points, ties)


def written(language: str, jobs: Sequence[Job]) -> list[Job]:
    """The jobs that a language can do."""
    return [one for one in jobs if not UNWRITTEN[language].intersection(one.program.gates)]


def answers(language: str, jobs: Sequence[Job], folder: Path) -> list[list[Answer]]:
    """What emitted code gives for every job at every point."""
    ways = {"python": in_python, "numpy": in_numpy, "c": in_c, "javascript": in_javascript}
    return ways[language](jobs, folder)


def in_python(jobs: Sequence[Job], _folder: Path) -> list[list[Answer]]:
    found = []
    for work in jobs:
        scope: dict[str, Any] = {}
        exec(work.emitted("python", "emitted"), scope)  # noqa: S102
        names = parameters(work.program)
        rows = []
        for point in work.points:
            value, gradient = scope["emitted"](*[float(point[name]) for name in names])
            rows.append([value, *[gradient[name] for name in work.program.inputs]])
        found.append(rows)
    return found


def in_numpy(jobs: Sequence[Job], _folder: Path) -> list[list[Answer]]:
    """All points at once, as the entries of arrays; a single one as numbers."""
    found = []
    for work in jobs:
        scope: dict[str, Any] = {}
        exec(work.emitted("numpy", "emitted"), scope)  # noqa: S102
        fed = [[float(p[name]) for p in work.points] for name in parameters(work.program)]
        single = len(work.points) == 1
        value, gradient = scope["emitted"](*[column[0] if single else column for column in fed])
        assert {np.shape(slope) for slope in gradient.values()} <= {np.shape(value)}
        columns = [value, *[gradient[name] for name in work.program.inputs]]
        found.append([
            [float(np.broadcast_to(column, len(work.points))[k]) for column in columns]
            for k in range(len(work.points))
        ])  # fmt: skip
    return found


def parameters(program: Program) -> list[str]:
    """The inputs in the order of a Python function: those with defaults come last."""
    return sorted(program.inputs, key=lambda name: name in program.defaults)


def hexadecimal(number: float) -> str:
    """Exactly this double, as C's bits."""
    return f"0x{struct.unpack('<Q', struct.pack('<d', number))[0]:016x}"


def in_c(jobs: Sequence[Job], folder: Path) -> list[list[Answer]]:
    """Every job in a file of its own would take minutes; here all are one translation unit, in
    which helpers that several need stand once."""
    assert COMPILER
    parts: dict[str, None] = {}
    rows: list[str] = []
    for number, work in enumerate(jobs):
        parts.update(dict.fromkeys(work.emitted("c", f"emitted_{number}").rstrip().split("\n\n")))
        for point in work.points:
            fed = [hexadecimal(float(point[name])) for name in work.program.inputs]
            rows.append(f"{number} {' '.join(fed)}")
    sizes = ", ".join(str(len(work.program.inputs)) for work in jobs)
    table = ", ".join(f"emitted_{number}" for number in range(len(jobs)))
    driver = DRIVER.replace("SIZES", sizes).replace("TABLE", table)
    (folder / "jobs.c").write_text("\n\n".join(["#include <stdio.h>", *parts, driver]), "utf-8")
    run = [COMPILER, *FLAGS, "-o", str(folder / "jobs"), str(folder / "jobs.c"), "-lm"]
    built = subprocess.run(run, capture_output=True, text=True, check=False)
    assert built.returncode == 0, built.stderr[:2000]
    done = subprocess.run(
        [str(folder / "jobs")], input="\n".join(rows), capture_output=True, text=True, check=True
    )
    lines = iter(done.stdout.splitlines())
    return [[[bits(word) for word in next(lines).split()] for _ in w.points] for w in jobs]


def bits(word: str) -> float:
    found: float = struct.unpack("<d", struct.pack("<Q", int(word, 16)))[0]
    return found


DRIVER = """
typedef double (*Emitted)(const double[], double[]);

int main(void) {
    static const Emitted emitted[] = {TABLE};
    static const int sizes[] = {SIZES};
    static double in[20000], grad[20000];
    int job;
    while (scanf("%d", &job) == 1) {
        union { double number; unsigned long bits; } one;
        for (int i = 0; i < sizes[job]; i++) {
            if (scanf("%lx", &one.bits) != 1) {
                return 1;
            }
            in[i] = one.number;
        }
        one.number = emitted[job](in, grad);
        printf("%lx", one.bits);
        for (int i = 0; i < sizes[job]; i++) {
            one.number = grad[i];
            printf(" %lx", one.bits);
        }
        printf("\\n");
    }
    return 0;
}
"""


def in_javascript(jobs: Sequence[Job], folder: Path) -> list[list[Answer]]:
    assert NODE
    work = []
    for number, one in enumerate(jobs):
        (folder / f"job{number}.mjs").write_text(one.emitted("javascript", "emitted"), "utf-8")
        points = [[hexadecimal(float(p[name])) for name in one.program.inputs] for p in one.points]
        work.append([list(one.program.inputs), points])
    (folder / "work.json").write_text(json.dumps(work), "utf-8")
    (folder / "run.mjs").write_text(RUNNER, "utf-8")
    done = subprocess.run(
        [NODE, "run.mjs"], capture_output=True, text=True, check=False, cwd=folder
    )
    assert done.returncode == 0, done.stderr[:2000]
    found = json.loads(done.stdout)
    return [[[bits(word) for word in row] for row in rows] for rows in found]


RUNNER = """
import { readFileSync } from "node:fs";
const view = new DataView(new ArrayBuffer(8));
const number = (word) => (view.setBigUint64(0, BigInt(word)), view.getFloat64(0));
const bits = (x) => {
    if (typeof x !== "number") throw new Error(`not a number: ${x}`);
    view.setFloat64(0, x);
    return view.getBigUint64(0).toString(16);
};
const answers = [];
let place = 0;
for (const [names, points] of JSON.parse(readFileSync("work.json", "utf-8"))) {
    const { emitted } = await import(`./job${place++}.mjs`);
    answers.push(points.map((point) => {
        const inputs = Object.create(null);
        names.forEach((name, k) => { inputs[name] = number(point[k]); });
        const { value, gradient } = emitted(inputs);
        return [value, ...names.map((name) => gradient[name])].map(bits);
    }));
}
console.log(JSON.stringify(answers));
"""


def ulps(found: float, expected: float) -> float:
    """How far a number is from what is expected, in units of its last place."""
    if found == expected or (found != found and expected != expected):
        return 0.0
    if not (math.isfinite(found) and math.isfinite(expected)):
        return math.inf
    return abs(found - expected) / math.ulp(expected)


def worst(found: Answer, expected: Answer) -> float:
    return max(ulps(a, b) for a, b in zip(found, expected, strict=True))


def conditioned(job: Job, point: Mapping[str, float], seed: int) -> Answer:
    """What the engine says if every stage's value is a last place off, as with another libm."""
    program, random = job.program, Random(seed)
    values = forward(program, point)
    get = values.__getitem__
    for slot, gate, operands in program.forward_steps():
        value = VALUE[gate](*map(get, operands))
        exact = gate in EXACT or not math.isfinite(value)
        values[slot] = value if exact else value + random.choice((-1, 1)) * math.ulp(value)
    back = backward(program, values, job.ties)
    return [values[program.output], *[back.gradient(slot) for slot in program.inputs.values()]]


def allowed(job: Job, point: Mapping[str, float], expected: Answer) -> float:
    """How many last places may be lost: four, and four times what one of every stage does."""
    nudged = [conditioned(job, point, seed) for seed in range(8)]
    return 4 + 4 * max(
        min(ulps(a, b), 1e300) for one in nudged for a, b in zip(one, expected, strict=True)
    )
