"""Does pdflatex set what `code --lang latex` writes, and which commands has it set?

    python -m tests.campaigns.typesetting > tests/cases/typeset.json

Every document of tests/test_code_latex.py is set, and must come out without an error and
without a line that is too long; every mistake that the tests plant must be refused. The commands
of these documents, and the groups that each takes, are what the tests know of TeX from then on.
Needs pdflatex with amsmath: texlive-latex-base has both.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from test_code_latex import MISTAKES, documents, mistaken

COMMAND = re.compile(r"\\(?:[A-Za-z]+|.)", re.DOTALL)
FRAMES = (r"\begin", r"\end", r"\left", r"\right", r"\\")


def typeset(code: str, folder: Path) -> str:
    """What TeX has to say: errors, and lines that are too long."""
    (folder / "it.tex").write_text(code, "utf-8")
    done = subprocess.run(
        ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "it.tex"],
        cwd=folder, capture_output=True, text=True, check=False, errors="replace",
    )  # fmt: skip
    said = re.findall(r"^(?:!|Overfull \\hbox|LaTeX Warning).*", done.stdout, re.MULTILINE)
    return "\n".join(said) if done.returncode == 0 else done.stdout[-500:]


def groups(code: str, place: int) -> int:
    """How many groups in braces follow a place."""
    count = depth = 0
    for char in code[place:]:
        depth += (char == "{") - (char == "}")
        if depth == 0 and char != "}":
            break
        count += depth == 1 and char == "{"
    return count


def commands(code: str) -> dict[str, int]:
    """Every command of a document, and the fewest groups that follow it."""
    body = code.partition(r"\begin{document}")[2]
    found: dict[str, int] = {}
    for one in COMMAND.finditer(re.sub(r"(?<!\\)%.*", "", body)):
        if one[0] not in FRAMES:
            count = groups(one.string, one.end())
            found[one[0]] = min(count, found.get(one[0], count))
    return found


def main() -> int:
    wrong, known = 0, dict[str, int]()
    with tempfile.TemporaryDirectory() as folder:
        for name, code in documents():
            if said := typeset(code, Path(folder)):
                wrong += 1
                print(f"{name}: {said}", file=sys.stderr)
            for command, count in commands(code).items():
                known[command] = min(count, known.get(command, count))
        for mistake in MISTAKES:
            if not typeset(mistaken(mistake), Path(folder)):
                wrong += 1
                print(f"TeX has nothing against {mistake}", file=sys.stderr)
    version = subprocess.run(["pdflatex", "--version"], capture_output=True, text=True, check=True)
    first = version.stdout.partition("\n")[0]
    json.dump({"versions": first, "commands": dict(sorted(known.items()))}, sys.stdout, indent=1)
    print()
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
