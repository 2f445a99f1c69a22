"""Everything in the README and the manual runs: console blocks with their output, the library
example, the commands that the continuous integration runs."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest
from readme import BLOCK, DOCUMENTS, README, ROOT, renewed

TEXT = README.read_text("utf-8")


@pytest.mark.skipif(not shutil.which("jq"), reason="the recipes need jq")
@pytest.mark.parametrize("path", DOCUMENTS, ids=lambda path: path.stem)
def test_every_console_block_prints_what_it_shows(path: Path) -> None:
    text = path.read_text("utf-8")
    assert renewed(text, quick=True) == text


def test_there_are_console_blocks() -> None:
    assert len(BLOCK.findall(TEXT)) >= 6
    assert sum(bool(BLOCK.search(path.read_text("utf-8"))) for path in DOCUMENTS) >= 20


PYTHON = [
    pytest.param(code, id=f"{path.stem}-{number}")
    for path in DOCUMENTS
    for number, code in enumerate(
        re.findall(r"```python\n(.*?)```", path.read_text("utf-8"), re.DOTALL)
    )
]


@pytest.mark.parametrize("code", PYTHON)
def test_the_python_examples_hold(code: str) -> None:
    exec(code, {})


def test_both_installs_are_what_the_integration_runs() -> None:
    integration = (ROOT / ".ci" / "run").read_text("utf-8")
    installs = re.findall(r"^python3 -m venv .*$", TEXT, re.MULTILINE)
    assert len(installs) == 2
    assert [line for line in installs if line not in integration] == []


def test_the_readme_is_read_in_a_few_minutes() -> None:
    assert len(TEXT.splitlines()) <= 260


@pytest.mark.parametrize(
    "document",
    [*DOCUMENTS, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"],
    ids=lambda path: path.stem,
)
def test_every_file_that_the_documents_link_exists(document: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)\)", document.read_text("utf-8")):
        assert (document.parent / target).exists(), target
