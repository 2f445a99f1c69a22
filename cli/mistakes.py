"""What people type by mistake, and what they meant: usage errors in plain words, with a remedy."""

from __future__ import annotations

import os
import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any

import click

from backprop.errors import BackpropError, LanguageError, ShapeError, UsageError, closest
from backprop.gates import names as gate_names

# Patterns, compiled when a mistake is looked for.
ASSIGNED = r"[^\W\d]\w*=(?!=)"
FILE_OF_ARRAY = r"[\w~./-]*\.(?:npy|csv|json)"
SHAPE = r"\d+(?:x\d+)+"
FILE_OF_TEXT = r"[\w~./ -]+\.(?:bp|txt|json)"
NOT_ONE_OF = r"'(.*)' is not one of "
NOT_A_NUMBER = r"'(.*)' is not a valid "
NOT_IN_RANGE = r"(\S+) is not in the range "
NO_VALUE = r"Option '(.*)' requires an argument\."


def mistyped(
    args: Sequence[str], fixed: Mapping[str, bool], names: Collection[str]
) -> UsageError | None:
    """The first word that can't have been meant as it stands, of those around the program."""
    place = 0
    while place < len(args):
        word = args[place]
        name, equals, _ = word.partition("=")
        after = args[place + 1 : place + 2]
        if word == "=" or after == ["="]:
            return spaced(args[max(0, place - (word == "=")) :])
        if not word.startswith("-") or word == "-":
            if re.match(ASSIGNED, word):
                return undashed([arg for arg in args if re.match(ASSIGNED, arg)])
            return UsageError(
                f"there is a word too many: {word}", hint="put the whole program in quotes"
            )
        if fixed.get(name) is False:
            if equals:
                return flag_with_value(word, names)
            place += 1
        elif equals or not (name in fixed or name.lstrip("-") in names):
            if not equals and word.startswith("--"):
                return None  # nobody knows whether it takes a value
            place += 1
        elif is_known(after, fixed, names):
            return UsageError(f"{word} has no value: {after[0]} follows", hint=f"{word}=...")
        else:
            place += 2
    return None


def is_known(word: Sequence[str], fixed: Mapping[str, bool], names: Collection[str]) -> bool:
    name = "".join(word).partition("=")[0]
    return name in fixed or (name.startswith("--") and name[2:] in names)


def spaced(args: Sequence[str]) -> UsageError:
    """`--z = -4`."""
    name, value = args[0], "".join(args[2:3]) or "..."
    return UsageError("an option and its = stand together", hint=f"write {name}={value}")


def undashed(words: Iterable[str]) -> UsageError:
    """`x=1 y=2`."""
    found = list(words)
    return UsageError(
        f"{found[0]} has no dashes", hint="write " + " ".join(f"--{word}" for word in found)
    )


def flag_with_value(word: str, names: Collection[str]) -> UsageError:
    """`--json=1`, for a variable json or none."""
    option, _, value = word.partition("=")
    name = option.lstrip("-")
    hint = f"for the variable {name}: --set {name}={value}" if name in names else f"write {option}"
    return UsageError(f"{option} takes no value", hint=hint)


def no_value(name: str, value: str) -> UsageError | None:
    """A value that is something else: the name of a file, a shape, a number with a comma."""
    text = value.strip()
    if text.removeprefix("-").isdecimal():
        return None
    if re.fullmatch(FILE_OF_ARRAY, text, re.ASCII):
        return UsageError(f"the value of {name} is {text}, the name of a file",
                          hint=f"--{name}=@{text} reads the file")  # fmt: skip
    if re.fullmatch(SHAPE, text):
        sizes = text.replace("x", ",")
        return UsageError(
            f"the value of {name} is {text}, a shape",
            hint=f"--shape {name}={text} where only shapes matter, or --{name}='randn({sizes})'",
        )
    if text.endswith(",") and text[:-1].strip() and not text.startswith(("[", "(")):
        return UsageError(
            f"the value of {name} ends with a comma", hint=f"write --{name}={text[:-1].strip()}"
        )
    return None


def file_meant(word: str) -> str:
    """A hint, if a PROGRAM that can't be read looks like a file without its @."""
    if word.startswith("@") or "\n" in word:
        return ""
    if os.path.isfile(word):
        return f"@{word} reads the program from the file"
    if re.fullmatch(FILE_OF_TEXT, word, re.ASCII):
        return f"@{word} reads a program from a file, but there is no such file here"
    return ""


def call_meant(name: str, others: Collection[str]) -> str:
    """`sin(x)`, if that may be meant by the name sinx; else nothing."""
    for gate in sorted(gate_names(), key=len, reverse=True):
        rest = name.removeprefix(gate)
        if (
            len(gate) > 1
            and rest != name
            and (rest in others or (len(rest) == 1 and rest.isalpha()))
        ):
            return f"{gate}({rest})"
    return ""


def derivative_meant(missing: Sequence[str], known: Collection[str]) -> str:
    """`dy/dx`, if that is what the missing variables are."""
    parts = [name[1:] for name in missing if name[:1] == "d" and name[1:] in known]
    return "/".join(f"d{part}" for part in parts) if len(parts) == len(missing) > 1 else ""


def worded(error: click.ClickException) -> tuple[str, str]:
    """What click complains about, in plain words, and a hint if there is a better one than the
    list of options."""
    message = error.format_message()
    if found := re.fullmatch(NO_VALUE, message):
        return f"{found[1]} has no value", f"{found[1]}=..." if found[1][:2] == "--" else ""
    param = getattr(error, "param", None)
    if not isinstance(error, click.BadParameter) or not isinstance(param, click.Option):
        return message, ""
    kind, option = param.type, param.opts[0]
    if isinstance(kind, click.Choice) and (found := re.match(NOT_ONE_OF, error.message, re.DOTALL)):
        choices = [str(choice) for choice in kind.choices]
        near = closest(found[1], choices)
        hint = f"did you mean {option} {near}?" if near else ""
        return f"{option} takes {either(choices)}; not {found[1]}", hint
    found = re.match(NOT_A_NUMBER, error.message, re.DOTALL) or re.match(
        NOT_IN_RANGE, error.message
    )
    if found and (numbers := wanted(kind)):
        return f"{option} takes {numbers}; not {found[1]}", ""
    return message, ""


def either(choices: Sequence[str]) -> str:
    return " or ".join(filter(None, [", ".join(choices[:-1]), choices[-1]]))


def wanted(kind: click.ParamType[Any]) -> str:
    """The numbers that an option takes, in words."""
    if isinstance(kind, (click.IntRange, click.FloatRange)):
        what = "a whole number" if isinstance(kind, click.IntRange) else "a number"
        low, high = kind.min, kind.max
        above = f"above {low}" if kind.min_open else f"of {low} or more"
        if high is None:
            return what if low is None else f"{what} {above}"
        if kind.min_open:
            return f"{what} {above}, {high} at most"
        return f"{what} from {low} to {high}"
    return {"integer": "a whole number", "float": "a number"}.get(kind.name, "")


def page_of(error: BackpropError) -> str:
    """The page of the manual that helps where no hint does."""
    if isinstance(error, ShapeError):
        return "arrays"
    if error.hint or not isinstance(error, LanguageError):
        return ""
    if error.origin.endswith((".py", ".ipynb")):
        return "python"
    return "language" if "expected " in error.message else ""
