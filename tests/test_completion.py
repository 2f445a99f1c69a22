"""What Tab offers, in the shells themselves where they are installed."""

from __future__ import annotations

import fcntl
import os
import pty
import re
import select
import shutil
import struct
import subprocess
import sys
import termios
import time
from pathlib import Path

import forking
import pytest
from conftest import Command

CONTROL = re.compile(r"\x1b\[[0-9;?]*[a-zA-Z]|\x1b[=>]|\x07")
PYTHON = "def hinge(W, x):\n    return (W*x).sum()\n\n\ndef huber(zeta):\n    return zeta\n"
SETUP = {
    "bash": ["bash", "--norc", "--noprofile", "-i"],
    "zsh": ["zsh", "-f", "-i"],
}
BEFORE = {
    "bash": "PS1='> '",
    "zsh": "PS1='> '; autoload -U compinit; compinit -u -D",
}

# A line up to where Tab is pressed, and what it becomes.
COMPLETED = {
    "backprop ev": "backprop eval",
    "backprop eval @ne": "backprop eval @neuron.bp",
    "backprop eval @neuron.bp --we": "backprop eval @neuron.bp --weight",
    'backprop eval "alpha*y" --alp': 'backprop eval "alpha*y" --alpha',
    'backprop eval "x*y" --format=js': 'backprop eval "x*y" --format=json',
    'backprop eval "x*y" --format js': 'backprop eval "x*y" --format json',
    'backprop eval "x*y" --x=@ne': 'backprop eval "x*y" --x=@neuron.bp',
    'backprop eval "x*y" --at ne': 'backprop eval "x*y" --at neuron.bp',
    'backprop eval "x*y" --at=ne': 'backprop eval "x*y" --at=neuron.bp',
    'backprop eval "total*y" --wrt y,t': 'backprop eval "total*y" --wrt y,total',
    "backprop explain @neuron.bp --stage squ": "backprop explain @neuron.bp --stage squashed",
    "backprop eval loss.py:hi": "backprop eval loss.py:hinge",
    "backprop eval loss.py:huber --ze": "backprop eval loss.py:huber --zeta",
    "backprop check lo": "backprop check loss.py",
    "backprop gates sigm": "backprop gates sigmoid",
    "backprop help gloss": "backprop help glossary",
    "backprop descend x --schedule cosi": "backprop descend x --schedule cosine",
    "backprop code x --lang javas": "backprop code x --lang javascript",
    'backprop eval "(1+" --fu': 'backprop eval "(1+" --full',
    "backprop eval @nowhere.bp --fu": "backprop eval @nowhere.bp --full",
    "backprop eval - --fu": "backprop eval - --full",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "neuron.bp").write_text("s = weight*x + b\nsquashed = sigmoid(s)\n", "utf-8")
    (tmp_path / "loss.py").write_text(PYTHON, "utf-8")
    (tmp_path / "home").mkdir()
    return tmp_path


def environment(folder: Path) -> dict[str, str]:
    """Of a shell that finds the command which tests fork."""
    path = f"{Path(forking.script()).parent}:{Path(sys.executable).parent}:{os.environ['PATH']}"
    kept = {
        name: os.environ[name]
        for name in ("LD_LIBRARY_PATH", forking.VARIABLE)
        if name in os.environ
    }
    return kept | {"PATH": path, "HOME": str(folder / "home"), "TERM": "dumb", "LANG": "C.UTF-8"}


class Terminal:
    """A shell at a terminal of 200 columns."""

    def __init__(self, shell: str, folder: Path) -> None:
        self.ours, theirs = pty.openpty()
        fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", 40, 200, 0, 0))
        self.process = subprocess.Popen(
            SETUP[shell], stdin=theirs, stdout=theirs, stderr=theirs, cwd=folder,
            env=environment(folder), start_new_session=True,
        )  # fmt: skip
        os.close(theirs)
        self.type(f'{BEFORE[shell]}; eval "$(backprop completion {shell})"; echo rea"dy"\n')
        self.shows("ready\n")

    def type(self, keys: str) -> None:
        os.write(self.ours, keys.encode())

    def shows(self, end: str, seconds: float = 15) -> str:
        """What it prints until that stands there."""
        found, until = "", time.monotonic() + seconds
        while end not in found and time.monotonic() < until:
            if select.select([self.ours], [], [], 0.05)[0]:
                piece = os.read(self.ours, 1 << 16).decode("utf-8", "replace")
                found += CONTROL.sub("", piece).replace("\r", "")
        return found

    def after_tab(self, line: str, expected: str) -> str:
        """The line as it is seen after Tab, or whatever is seen in its place."""
        self.type(line + "\t")
        seen = self.shows(expected)
        self.type("\x15")  # away with the line
        self.shows("\n", 0.2)
        return expected if expected in seen else seen

    def close(self) -> None:
        self.process.kill()
        self.process.wait()
        os.close(self.ours)


@pytest.mark.parametrize(
    "shell",
    [
        pytest.param(name, marks=pytest.mark.skipif(not shutil.which(name), reason=f"needs {name}"))
        for name in SETUP
    ],
)
def test_tab_completes_the_line(shell: str, folder: Path) -> None:
    terminal = Terminal(shell, folder)
    try:
        found = {line: terminal.after_tab(line, after) for line, after in COMPLETED.items()}
    finally:
        terminal.close()
    assert found == COMPLETED


@pytest.mark.skipif(not shutil.which("fish"), reason="needs fish")
def test_fish_is_offered_the_same(folder: Path) -> None:
    wrong = {}
    for line, after in COMPLETED.items():
        script = "backprop completion fish | source; complete -C $argv[1]"
        done = subprocess.run(
            ["fish", "--no-config", "-c", script, line],
            capture_output=True, text=True, cwd=folder, env=environment(folder), check=False,
        )  # fmt: skip
        offers = [offer.partition("\t")[0] for offer in done.stdout.splitlines()]
        if after.split(" ")[-1] not in offers:
            wrong[line] = done.stdout + done.stderr
    assert wrong == {}


@pytest.mark.parametrize(
    "words",
    ["eval (1+ --x", "eval @nowhere --", "eval - --", "eval loss.py:", "evil x", "check x --backward",
     "eval @/ --", "eval nowhere.py:f --", "draw x --around ", "eval [ --wrt ", "eval @ne/ "],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_no_error_is_shown_in_a_prompt(
    command: Command, folder: Path, shell: str, words: str
) -> None:
    line = f"backprop {words}"
    done = command(
        COMP_WORDS=line.replace(" ", "\n"), cwd=folder, _BACKPROP_COMPLETE=f"{shell}_complete",
        COMP_CWORD=line.split(" ")[-1] if shell == "fish" else str(line.count(" ")),
    )  # fmt: skip
    assert done.stderr == ""
    assert "error" not in done.stdout


PLACES = {
    "bash": ".local/share/bash-completion/completions/backprop",
    "zsh": ".local/share/zsh/site-functions/_backprop",
    "fish": ".config/fish/completions/backprop.fish",
}


@pytest.mark.parametrize("shell", PLACES)
def test_install_writes_what_is_printed(command: Command, tmp_path: Path, shell: str) -> None:
    home = {"HOME": str(tmp_path), "XDG_DATA_HOME": "", "XDG_CONFIG_HOME": ""}
    done = command("completion", shell, "--install", **home)
    place = tmp_path / PLACES[shell]
    assert (done.stdout, done.returncode) == ("", 0)
    assert done.stderr.startswith(f"{place} is written; a new {shell} reads it\n")
    assert place.read_text("utf-8") == command("completion", shell).stdout
