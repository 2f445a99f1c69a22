"""Random command lines with the files that they name, run in this process, and what is wrong with
how one ended: a traceback, a hang, too much memory, JSON that is none, a control character.

    call = drawn(seed); found = flaw(call, folder)

The options are those that the commands declare, so that a new one is tried without a word here.
"""

from __future__ import annotations

import io
import json
import os
import signal
import sys
from collections.abc import Iterator, Sequence
from contextlib import chdir, contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import click
import numpy as np
from array_cases import DRAW
from programs import sample
from test_language_fuzz import TOKENS, soups
from trees import expressions, programs

from backprop.cli.commands import COMMANDS, group
from backprop.cli.main import run
from backprop.gates import GATES

SECONDS = 5.0
CHECKED = 30.0  # where SymPy is asked, whose second is of a processor that it may have to share
# What opens windows, reaches for other machines, waits for somebody, or starts other programs.
LEFT_OUT = {"open", "cluster", "help", "man", "port", "host", "timeout", "check_timeout"}
SERVING = {"play", "help", "completion"}  # the last two take no program
COSTLY = {"check": 0.02, "compare": 0.02}  # shares of these that are kept: they start SymPy
SAFE = {"eval": ["--no-check"], "batch": ["--check-rows=0"], "compare": ["--timeout=1", "--no-times"],
        "check": ["--timeout=1"], "improve": ["--timeout=1"]}  # fmt: skip
NUMBERS = (
    "2", "-0.5", "0", "1", "3", "10", "-1", "1e308", "-1e-320", "pi/3", "2/0", "nan", "inf", "0x1f", "1_0",
    "", " ", "x", "1e999", "True", "²", "5%", "1,5", "--x", "\x1b[31mred", "\udc80", "é", "1" * 400,
)  # fmt: skip
ARRAYS = (
    "[1,2]", "[[1,2],[3,4]]", "randn(2,3)", "zeros(3)", "[]", "[[]]", "[1,[2]]", "[nan]", "@w.npy", "@w.csv",
    "@point.json", "@none.npy", "@.", "randn(100000,100000)", "randn(-1)", "[" * 3000, "[1e999]", '["a"]', "eye(2)",
)  # fmt: skip
NAMES = ("x", "y", "z", "W", "q", "f", "e", "nobody", "", "x,y", "x,x", "\u202e", "x y", "@p.bp")
WORDS = ("json", "csv", "table", "a=b", "=", "x=", "=x", "x=0:1", "x=1:0", "0:", "W=2x3", "x=3", "W=1e9x1e9",
         "0.9,0.99", "agree", "kink,differ", "symbolic", "numeric", "cosine", "lr/(1+t)", "lr*", "\t", ";", "x=y",
         "0", "-", "@", "{}", '{"x": 2}', '{"x": NaN}', "[", "null", '{"x": [1, 2], "y": 3}')  # fmt: skip
FILES = ("p.bp", "q.py", "point.json", "t.csv", "t.jsonl", "t.parquet", "w.npy", "w.csv", "back.txt", "sheet.txt",
         "none.txt", ".", "", "-", "t.csv.gz", "*.csv", "[", "no/where.csv", "a" * 300, "odd\x1b.csv")  # fmt: skip
TARGETS = ("o.csv", "o.json", "o.svg", "o.dot", "o.mmd", "o.tex", "o.html", "o.jsonl", "o.tsv", "o.parquet",
           "o.npz", "o.c", "o.csv.gz", "o", ".", "", "no/o.csv", "odd\x1b.csv", "o.\u202e", "t.csv")  # fmt: skip
BACKWARD = (
    "dx = y\ndy = x\n",
    "dq = z\ndx = dq\ndx += 1\n",
    "dx = [y\n",
    "",
    "dx = 1/0",
    "\x1b[2J = 3",
)
CSV = ("x,y\n1,2\n3,4\n", "x,y\n1,q\n", "x;y\n1,5;2\n", "x\n", "", "x,x\n1,2\n", 'x,y\n"1\n,2', "\ufeffx,y\n1,2\n",
       "x,y\n1,2,3\n", "x,\x1b[31m\n1,2\n", "x,y\n\x00,1\n", "W,x\n1,2\n" * 50)  # fmt: skip
SOURCE = (
    "def f(x, y):\n    return x*y\n",
    "f = lambda x: x**2",
    "import os\n",
    "def f(:\n",
    "x = input()\n",
)


class HangError(BaseException):
    """It took too long."""


@dataclass
class Call:
    args: list[str]
    text: str = ""  # of standard input
    files: dict[str, bytes] = field(default_factory=dict)

    def __str__(self) -> str:
        return f"{self.args!r} < {self.text!r} with {self.files!r}"


# What is asked.


@cache
def options(name: str) -> list[click.Option]:
    context = click.Context(group)
    command = group.get_command(context, name)
    assert command is not None
    params = (param for param in command.params if isinstance(param, click.Option))
    return [param for param in params if param.name not in LEFT_OUT]


@cache
def whole_texts() -> list[str]:
    return [text[:300] for text in expressions(21, 400, fancy=True) + programs(22, 400)]


def text_and_values(random: Random) -> tuple[str, dict[str, str]]:
    """A program, and values for its variables."""
    way = random.random()
    if way < 0.45:
        found = sample(f"lines {random.random()}")
        return found.text, {name: repr(value) for name, value in found.point.items()}
    if way < 0.6:
        drawn = DRAW[random.choice([*DRAW])](random)
        given = {name: np.asarray(value) for name, value in drawn.given.items()}
        return drawn.text, {name: json.dumps(value.tolist()) for name, value in given.items()}
    text = next(soups(random, 1)) if way < 0.7 else random.choice(whole_texts())
    if 0.7 <= way < 0.85:
        text = damaged(text, random)
    text = text.replace("\0", "")
    return text, {
        name: random.choice(NUMBERS) for name in ("x", "y", "z", "w_0", "beta") if name in text
    }


def damaged(text: str, random: Random) -> str:
    """The text with a few characters lost, doubled or others."""
    found = list(text)
    for _ in range(random.randrange(1, 4)):
        place = random.randrange(len(found) + 1)
        found[place : place + random.randrange(2)] = random.choice(("", random.choice(TOKENS)))
    return "".join(found)


def value_of(option: click.Option, random: Random, known: Sequence[str]) -> str:
    """Something for an option: mostly of the kind that it takes."""
    name = str(option.name)
    if isinstance(option.type, click.Choice) and random.random() < 0.9:
        return str(random.choice([*option.type.choices]))
    metavar = (option.metavar or "").upper()
    pool: Sequence[str] = WORDS + NAMES
    if isinstance(option.type, (click.types.IntParamType, click.types.FloatParamType)):
        pool = NUMBERS
    elif "FILE" in metavar or isinstance(option.type, click.Path):
        pool = (
            TARGETS
            if name
            in ("o", "output_file", "save", "trace", "plot", "summary", "write_expect", "target")
            else FILES
        )
        pool = pool if random.random() < 0.8 else FILES
    elif "NAME" in metavar or "STAGE" in metavar:
        name = random.choice([*known, *NAMES])
        pool = [name, f"{name}={random.choice(NUMBERS + ARRAYS)}", f"{name}={random.choice(WORDS)}"]
    elif "ARRAY" in metavar or "POINT" in metavar:
        pool = ARRAYS + FILES + WORDS
    return (
        random.choice(pool)
        if random.random() < 0.9
        else random.choice(WORDS + NUMBERS + NAMES + FILES)
    )


PLAIN = (
    "x*y",
    "x**2 + y",
    "exp(x)/y",
    "relu(w*x + b - y)",
    "log(x) + y",
    "(w*x + b - y)**2",
    "sum(W*x)",
    "x",
)


def drawn(seed: str) -> Call:
    """A command line; the same for the same seed."""
    random = Random(seed)
    names = [name for name in COMMANDS if name not in SERVING]
    name = random.choice(names)
    while random.random() > COSTLY.get(name, 1.0):
        name = random.choice(names)
    text, values = text_and_values(random)
    tabled = name in ("batch", "descend") and random.random() < 0.8
    if tabled and random.random() < 0.7:
        text, values = random.choice(PLAIN), {"w": "0.5", "b": "-1"}
        values = {key: value for key, value in values.items() if key in text}
    units = [[f"--{key}={value}"] for key, value in values.items() if random.random() < 0.97]
    units += [asked(option, random, [*values]) for option in wished(name, random)]
    if random.random() < 0.05:
        units.append([f"--{random.choice(NAMES)}={random.choice(NUMBERS + ARRAYS)}"])
    if tabled:
        table = random.choice(("t.csv", "t.csv", "t.jsonl", random.choice(FILES)))
        units.append(["--data", table])
    if name == "code" and random.random() < 0.9:
        units.append(
            [
                "--lang",
                random.choice(("python", "c", "numpy", "javascript", "latex", "np", "tex", "java")),
            ]
        )
    random.shuffle(units)
    if name == "gates":
        units = units[: random.randrange(3)] if random.random() < 0.2 else []
        program = random.choice((*GATES, *TOKENS))
    else:
        program = random.choice(
            (text,) * 40 + ("@p.bp", "@p.bp", "@p.bp", "-", "-", "q.py:f", "@none.bp")
        )
    if name != "gates" or random.random() < 0.9:
        units.insert(random.randrange(len(units) + 1) if random.random() < 0.1 else 0, [program])
    args = [name, *SAFE.get(name, []), *(word for unit in units for word in unit)]
    if random.random() < 0.1:
        args = mutated(args, random)
    args = [clean(word) for word in args]
    told = "".join(args)
    held = files(random, text)
    there = {
        name: data
        for name, data in held.items()
        if name in told or "*" in told or "[" in told[-30:]
    }
    standard = (
        random.choice((text, text, *CSV, *BACKWARD, '{"x": 1}'))
        if "-" in args or "@-" in told
        else ""
    )
    return Call(args, standard, there)


def wished(name: str, random: Random) -> list[click.Option]:
    """Options; the one that starts SymPy rarely."""
    found = random.choices(options(name), k=random.choice((0, 0, 0, 1, 1, 2, 3)))
    return [option for option in found if option.name != "checked" or random.random() < 0.02]


def asked(option: click.Option, random: Random, known: Sequence[str]) -> list[str]:
    """The words of an option."""
    flag = random.choice(option.opts)
    if option.is_flag:
        return [flag]
    value = value_of(option, random, known)
    return [f"{flag}={value}"] if flag.startswith("--") and random.random() < 0.8 else [flag, value]


def clean(word: str) -> str:
    """What an operating system can hand over: bytes without a 0, whatever they mean."""
    return os.fsdecode(word.replace("\0", "").encode("utf-8", "surrogatepass")[:100_000])


def mutated(args: list[str], random: Random) -> list[str]:
    args = list(args)
    for _ in range(random.randrange(1, 3)):
        place = random.randrange(1, len(args)) if len(args) > 1 else 0
        match random.randrange(5):
            case 0:
                del args[place]
            case 1:
                args.insert(place, args[random.randrange(len(args))])
            case 2:
                args.insert(place, random.choice(TOKENS))
            case 3 if args[place].startswith("-") and args[place] not in SAFE.get(args[0], []):
                cut = random.randrange(len(args[place]) + 1)
                args[place] = args[place][:cut] + random.choice(TOKENS) + args[place][cut:]
            case _:
                random.shuffle(args)
                args.sort(key=lambda word: word not in COMMANDS)
        args = args or ["eval"]
    return args


def files(random: Random, text: str) -> dict[str, bytes]:
    rows = random.choice(CSV)
    found = {
        "p.bp": text.encode("utf-8", "replace"),
        "q.py": random.choice(SOURCE).encode(),
        "point.json": random.choice(('{"x": 2, "y": 3}', '{"x": [1, 2]}', '{"x": "1/3"}', "[1]", "{", '{"x": 1, "x": 2}')).encode(),
        "t.csv": rows.encode(),
        "t.jsonl": random.choice(('{"x": 1, "y": 2}\n', '{"x": 1}\n{"y": 2}\n', "[1]\n", "{\n", "")).encode(),
        "w.csv": rows.encode(),
        "back.txt": random.choice(BACKWARD).encode(),
        "odd\x1b.csv": rows.encode(),
    }  # fmt: skip
    if random.random() < 0.2:
        stream = io.BytesIO()
        np.save(
            stream,
            random.choice(
                (np.ones(3), np.ones((2, 3)), np.arange(3), np.array(["a"]), np.float64(2))
            ),
        )
        found["w.npy"] = stream.getvalue()
    if random.random() < 0.3:  # bytes that are lost, doubled or others
        name = random.choice([*found])
        data = bytearray(found[name])
        for _ in range(random.randrange(1, 4)):
            place = random.randrange(len(data) + 1)
            data[place : place + random.randrange(3)] = random.randbytes(random.randrange(3))
        found[name] = bytes(data)
    return found


# What comes of it.


class Kept(io.BytesIO):
    """What was written, also when the stream around it is closed."""

    def close(self) -> None:
        pass


@contextmanager
def streams(text: str) -> Iterator[tuple[Kept, Kept]]:
    """Standard streams of this process in memory."""
    before = sys.stdin, sys.stdout, sys.stderr
    out, err = Kept(), Kept()
    sys.stdin = io.TextIOWrapper(io.BytesIO(text.encode("utf-8", "replace")), "utf-8")
    sys.stdout = io.TextIOWrapper(out, "utf-8", write_through=True)
    sys.stderr = io.TextIOWrapper(err, "utf-8", write_through=True)
    try:
        yield out, err
    finally:
        sys.stdin, sys.stdout, sys.stderr = before


@contextmanager
def alarm(seconds: float) -> Iterator[None]:
    """So much time of the processor, and ten times that by the clock on a busy machine."""

    def ring(number: int, frame: FrameType | None) -> None:
        raise HangError

    timers = ((signal.SIGPROF, signal.ITIMER_PROF, 1), (signal.SIGALRM, signal.ITIMER_REAL, 10))
    before = [signal.signal(number, ring) for number, _, _ in timers]
    for _, timer, times in timers:
        signal.setitimer(timer, seconds * times)
    try:
        yield
    finally:
        for (number, timer, _), handler in zip(timers, before, strict=True):
            signal.setitimer(timer, 0)
            signal.signal(number, handler)


def flaw(call: Call, folder: Path) -> str:
    """What is wrong with the way that a command line ends; empty if nothing is."""
    seconds = CHECKED if {"check", "compare", "--checked"} & {*call.args} else SECONDS
    for name, data in call.files.items():
        (folder / name).write_bytes(data)
    code: Any = None
    with chdir(folder), streams(call.text) as (out, err):
        try:
            with alarm(seconds):
                code = run(call.args)
        except HangError:
            return f"takes more than {seconds:g} s"
        except BaseException as error:  # the point of it all
            return f"raises {error!r}"
    emptied(folder)
    return judged(call, code, out.getvalue(), err.getvalue())


def emptied(folder: Path) -> None:
    for path in folder.iterdir():
        if path.is_dir() and not path.is_symlink():
            emptied(path)
            path.rmdir()
        else:
            path.unlink()


def judged(call: Call, code: Any, out: bytes, err: bytes) -> str:
    try:
        said, answer = (
            err.decode("utf-8"),
            out.decode("utf-8", "strict" if text_out(call) else "replace"),
        )
    except UnicodeDecodeError as error:
        return f"writes what is no text: {error}"
    if code not in (0, 1, 2, 3):
        return f"ends with exit code {code!r}"
    if "defect of backprop" in said or "Traceback" in said:
        return f"has a defect: {said}"
    if "more memory" in said:
        return "needs too much memory"
    if (
        code == 2
        and "--quiet" not in call.args
        and not said.startswith("error: ")
        and "error" not in said
    ):
        return f"ends with 2 and says {said!r}"
    if odd := control(said):
        return f"says {odd!r} on stderr"
    if text_out(call) and (odd := control(answer)):
        return f"prints {odd!r}"
    if code in (0, 1, 3) and wants_json(call.args) and answer:
        return broken_json(answer)
    return ""


def text_out(call: Call) -> bool:
    """Is what is printed text of this tool's own, and not data of somebody's?"""
    return call.args[0] != "batch" and "png" not in " ".join(call.args)


def control(text: str) -> str:
    return "".join(
        sorted(
            {char for char in text if not char.isprintable() and char not in "\n\t"}
            - {"\u00a0", "\u2003"}
        )
    )


def wants_json(args: Sequence[str]) -> bool:
    return "--json" in args and not any(
        word.startswith(("--format", "--markdown", "--help", "--point")) for word in args
    )


def broken_json(answer: str) -> str:
    def refuse(name: str) -> None:
        raise ValueError(f"{name} is not JSON")

    try:
        for line in answer.splitlines():
            json.loads(line, parse_constant=refuse)
    except ValueError as error:
        try:
            json.loads(answer, parse_constant=refuse)
        except ValueError:
            return f"prints JSON that is none: {error}"
    return ""
