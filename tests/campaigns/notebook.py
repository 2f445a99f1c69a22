"""A real notebook, run by nbclient, and its pictures by a browser, in a light and a dark theme.

pip install nbclient ipykernel
PYTHONPATH=tests python -m campaigns.notebook FOLDER    # writes cells-light.png and cells-dark.png
"""

from __future__ import annotations

import html
import shutil
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

CELLS = (
    "%load_ext backprop\nimport numpy as np, backprop\nW = np.array([[1., 2.], [3., 4.]])\nx = np.array([1., -1.])",
    "%%backprop --x=-2 --y=5 --z=-4 --check\n(x+y)*z",
    "%%backprop --check --into kept\nsum(relu(W @ x))",
    "kept",
    "%%backprop --w=2 --b=1\nimport numpy as np\ndef f(w, b):\n    q = w * b\n    return np.sin(q) + q",
    '%%backprop --x=1 --y=2 --claim x="y - cos(x)"\nx*y + sin(x)',
    "%%backprop --x=2 --compare\nx*sin(x)",
    "%%backprop --x=4 --descend --lr=0.2\n(x-1)**2",
    "%%backprop --x=4 --explain\n(x-1)**2",
    "%%backprop --x=4 --draw\n(x-1)**2",
    "%%backprop --x=4\n(x-1",
    "def f(x):\n    return np.sum(np.maximum(x, 0)**2)\ndef df(x):\n    y = 2*np.maximum(x, 0)\n"
    "    dx = y * 1.000001\n    return dx\nbackprop.check_gradient(f, df, at={'x': x})",
    "backprop.grade('q = x*y\\nq + x', 'dq = 1\\ndx = y*dq\\ndy = x*dq', x=2, y=3)",
    "print(backprop.evaluate('x*y', x=2, y=3))\n[backprop.evaluate('x*y', x=2, y=3)]",
)  # fmt: skip
THEMES = {"light": ("true", "#fff", "#111"), "dark": ("false", "#111", "#eee")}


def run() -> Any:
    nbformat, nbclient = import_module("nbformat"), import_module("nbclient")
    book = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(one) for one in CELLS])
    nbclient.NotebookClient(book, timeout=120, kernel_name="python3").execute()
    return book


def shown(book: Any) -> str:
    """The cells and their outputs, as a page."""
    parts = []
    for cell in book.cells:
        parts.append(f"<pre>{html.escape(cell.source)}</pre>")
        for output in cell.outputs:
            data = output.get("data", {})
            text = data.get("text/plain") or output.get("text", "")
            parts.append(data.get("text/html") or f"<pre>{html.escape(text)}</pre>")
    return "".join(parts)


def main() -> None:
    folder = Path(sys.argv[1])
    body = shown(run())
    for theme, (light, ground, ink) in THEMES.items():
        page = folder / f"cells-{theme}.html"
        page.write_text(
            f'<meta charset="utf-8"><body data-jp-theme-light="{light}"'
            f' style="background:{ground};color:{ink};font-family:sans-serif">{body}', "utf-8",
        )  # fmt: skip
        browser = shutil.which("chromium") or "chromium"
        subprocess.run(
            [browser, "--headless", "--no-sandbox", "--disable-gpu", "--window-size=1100,5200",
             f"--screenshot={folder}/cells-{theme}.png", str(page)], check=True, capture_output=True,
        )  # fmt: skip


if __name__ == "__main__":
    main()
