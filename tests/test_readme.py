"""Everything in the README runs: console blocks with their output, the library example, the
commands that the continuous integration runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from readme import BLOCK, README, renewed

ROOT = README.parent
TEXT = README.read_text("utf-8")


@pytest.mark.skipif(not shutil.which("jq"), reason="the recipes need jq")
def test_every_console_block_prints_what_it_shows() -> None:
    assert renewed(TEXT) == TEXT


def test_there_are_console_blocks() -> None:
    assert len(BLOCK.findall(TEXT)) >= 8


@pytest.mark.parametrize("code", re.findall(r"```python\n(.*?)```", TEXT, re.DOTALL))
def test_the_python_examples_hold(code: str) -> None:
    exec(code, {})


def test_both_installs_are_what_the_integration_runs() -> None:
    integration = (ROOT / ".ci" / "run").read_text("utf-8")
    installs = re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)
    assert len(installs) == 2
    assert [line for line in installs if line not in integration] == []


def test_every_file_that_the_documents_link_exists() -> None:
    for document in (README, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"):
        for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
            assert Path(ROOT / target).exists(), target
