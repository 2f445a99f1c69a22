"""A reader of the LaTeX that `code --lang latex` writes, which finds what pdflatex stops at.

It knows the commands that pdflatex has set, and how many groups each takes
(cases/typeset.json, by campaigns/typesetting.py). How wide a line is only TeX can tell.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from recorded import recorded

from backprop.emitting.latex import HEAD, NEXT, TAIL

TOKEN = re.compile(
    r"\\(?:begin|end)\{\w+\*?\}|\\(?:left|right)(?:\\?[^A-Za-z]|\\[a-z]+)|\\(?:[A-Za-z]+|.)|\S",
    re.DOTALL,
)
COMMENT = re.compile(r"(?<!\\)%.*\n?")
MOST = {"align*": 3, "cases": 1, "bmatrix": 9}  # signs & in a row


class MissetError(Exception):
    """What pdflatex would not set."""


@dataclass
class Group:
    """What is open: braces, \\left, or an environment."""

    kind: str
    columns: int = 0
    wanted: int = 0  # groups that a command still takes
    scripts: str = ""  # those that the last thing has, and ... if one is about to come
    coming: bool = False
    text: bool = field(default=False)


def complaint(code: str) -> str:
    """The first thing that is wrong with a document; empty if nothing is."""
    document = COMMENT.sub("", code).strip()
    inner = document.removeprefix(HEAD).removesuffix(TAIL)
    if HEAD + inner + TAIL != document:
        return "it doesn't begin and end as documents do"
    try:
        for rows in inner.split(NEXT):
            read(rows)
    except MissetError as error:
        return str(error)
    return ""


def read(rows: str) -> None:
    if re.search(r"\n[ \t]*\n", rows.strip("\n")):
        raise MissetError("a paragraph ends inside an alignment")
    opened = [Group("align*")]
    before = ""
    for token in TOKEN.findall(rows):
        here = opened[-1]
        if here.wanted and token != "{":
            raise MissetError(f"{before} wants a group, and has {token}")
        if token == "{":
            follow(here)
            here.wanted = max(0, here.wanted - 1)
            opened.append(Group("{", text=before == r"\text"))
        elif token == "}":
            close(opened, "{")
            token = before if opened[-1].wanted else token
        elif token.startswith((r"\begin{", r"\left")):
            follow(here)
            opened.append(Group(token[7:-1] if token.startswith(r"\begin{") else "left"))
        elif token.startswith((r"\end{", r"\right")):
            close(opened, token[5:-1] if token.startswith(r"\end{") else "left")
        elif token in "^_":
            script(here, token)
        elif token in ("&", r"\\"):
            divide(here, token)
        elif token in ("$", "#", "~"):
            raise MissetError(f"a bare {token}")
        else:
            follow(here)
            here.wanted = wanted_by(token)
        before = token
    if len(opened) > 1 or opened[0].wanted:
        raise MissetError(f"{opened[-1].kind} is not closed")


def wanted_by(token: str) -> int:
    """How many groups something takes."""
    if not token.startswith("\\"):
        if not token.isascii():
            raise MissetError(f"{token} is no letter that TeX has")
        return 0
    commands: dict[str, int] = recorded("typeset")["commands"]
    if token not in commands:
        raise MissetError(f"nobody has seen TeX set {token}: run campaigns/typesetting.py")
    return commands[token]


def close(opened: list[Group], kind: str) -> None:
    group = opened.pop()
    if group.kind != kind or group.wanted or group.coming or not opened:
        raise MissetError(f"{kind} ends where {group.kind} is open")


def follow(group: Group) -> None:
    """Something comes next: a script of what was before, or a thing that may have scripts."""
    if not group.coming:
        group.scripts = ""
    group.coming = False


def script(group: Group, token: str) -> None:
    if group.text or group.coming or token in group.scripts:
        raise MissetError(f"{token} has no place here")
    group.scripts += token
    group.coming = True


def divide(group: Group, token: str) -> None:
    """A column ends, or a row."""
    if group.kind not in MOST:
        raise MissetError(f"{token} inside of {group.kind}")
    group.columns = group.columns + 1 if token == "&" else 0
    group.scripts = ""
    if group.columns > MOST[group.kind]:
        raise MissetError(f"too many & in {group.kind}")
