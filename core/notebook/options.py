"""The options of a cell: what is to be shown, how, and the values of variables."""

from __future__ import annotations

import shlex
from dataclasses import dataclass, field
from typing import Any

from backprop.errors import UsageError, closest

DOES = ("check", "explain", "compare", "descend", "draw")  # at most one of them
TEXTS = ("wrt", "ties", "gates", "upstream", "seed", "into", "function", "method", "lr", "steps")


@dataclass
class Options:
    does: str = ""
    values: dict[str, str] = field(default_factory=dict)
    claims: dict[str, str] = field(default_factory=dict)
    texts: dict[str, str] = field(default_factory=dict)

    @property
    def into(self) -> str:
        return self.texts.get("into", "")

    @property
    def function(self) -> str:
        return self.texts.get("function", "")

    @property
    def program_options(self) -> dict[str, Any]:
        """What `evaluate` and `check` take."""
        found: dict[str, Any] = {
            name: self.texts[name] for name in ("ties", "gates", "upstream") if name in self.texts
        }
        if "wrt" in self.texts:
            found["wrt"] = [name.strip() for name in self.texts["wrt"].split(",")]
        if "seed" in self.texts:
            found["seed"] = whole("seed", self.texts["seed"])
        return found

    @property
    def choice(self) -> dict[str, Any]:
        """How to descend."""
        found: dict[str, Any] = {}
        if "method" in self.texts:
            found["method"] = self.texts["method"]
        if "lr" in self.texts:
            found["lr"] = number("lr", self.texts["lr"])
        if "steps" in self.texts:
            found["steps"] = whole("steps", self.texts["steps"])
        return found


def read_options(line: str) -> Options:
    """`--x=-2 --check --wrt x,y`; whatever is no option of ours is a variable."""
    try:
        words = shlex.split(line)
    except ValueError as error:
        raise UsageError(f"the options can't be read: {error}") from None
    found = Options()
    waiting = iter(words)
    for word in waiting:
        if not word.startswith("-") or word.strip("-") == "":
            near = closest(word, [*DOES])
            hint = f"did you mean --{near}?" if near else "values are written --x=2"
            raise UsageError(f"{word} is no option", hint=hint)
        name, equals, value = word.lstrip("-").partition("=")
        if name in DOES and not equals:
            if found.does:
                raise UsageError(f"--{found.does} and --{name} ask for different things")
            found.does = name
            continue
        if not equals:
            value = next(waiting, "")
            if not value:
                raise UsageError(f"--{name} needs a value", hint=f"--{name}=1")
        if name == "claim":
            claimed, equals, formula = value.partition("=")
            if not equals:
                raise UsageError(f"--claim takes NAME=EXPRESSION, not {value}")
            found.claims[claimed.strip()] = formula
        elif name in TEXTS:
            found.texts[name] = value
        else:
            found.values[name] = value
    return found


def whole(name: str, text: str) -> int:
    if not text.isdecimal():
        raise UsageError(f"--{name} is a whole number, not {text}")
    return int(text)


def number(name: str, text: str) -> float:
    try:
        return float(text)
    except ValueError:
        raise UsageError(f"--{name} is a number, not {text}") from None
