"""Pages in headless Chromium: labels that overlap in random settings of all sliders, gates of a step
that are out of sight, the time from a key to the answer, and what axe-core says.

python -m tests.campaigns.pages                     # 200 settings of each program
python -m tests.campaigns.pages --settings 20 neuron fork
python -m tests.campaigns.pages --large             # 300 gates
python -m tests.campaigns.pages --typing            # with the server of backprop play
python -m tests.campaigns.pages --axe axe.min.js    # the script of the npm package axe-core
python -m tests.campaigns.pages --shots FOLDER      # pictures to be looked at
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))

import page_programs
from browsing import Browser, Tab

from backprop import evaluate
from backprop.answer.report import Report
from backprop.drawing.page import page
from backprop.serving.serve import started

CALM = "prefers-reduced-motion:reduce"
THEMES = ("light", "dark")
SIZES = ((1280, 800), (400, 800))
THIRTY = page_programs.chain(30)
# A formula of 30 gates, typed key by key: the last keys, each of which leaves a program.
KEYS = [f"{THIRTY}\ng29*{number}" for number in range(10, 60)]
AXE = """
axe.run(document, {resultTypes: ['violations']}).then((found) => found.violations.map((one) =>
    [one.impact, one.id, one.nodes.length, one.nodes[0].html.slice(0, 120), one.nodes[0].any.map((a) => a.message).join()]))
"""


def reports(names: list[str], *, large: bool) -> dict[str, Report]:
    found = {name: page_programs.report(name) for name in names}
    return {"large": evaluate(*page_programs.LARGE)} if large else found


def opened(browser: Browser, folder: Path, report: Report, width: int, *features: str) -> Tab:
    file = folder / "page.html"
    file.write_text(page(report), "utf-8")
    tab = browser.tab(width, 800, features or (CALM,))
    tab.open(file.as_uri())
    return tab


def settings(browser: Browser, folder: Path, found: dict[str, Report], count: int) -> None:
    for name, report in found.items():
        began = time.monotonic()
        tab = opened(browser, folder, report, 1280)
        overlaps = sum(bool(page_programs.shuffled(tab, seed)) for seed in range(count))
        tab.run("reset()")
        lost = {1280: len(tab.run(page_programs.UNSEEN))}
        tab.resize(400, 800)
        time.sleep(0.3)
        lost[400] = len(tab.run(page_programs.UNSEEN))
        steps = tab.run("view.steps.length")
        print(
            f"{name:10} {report.program.size:4} gates: labels overlap in {overlaps} of {count} settings,"
            f" out of sight in {lost[1280]} and {lost[400]} of {steps} steps,"
            f" {time.monotonic() - began:.0f} s, complaints {tab.complaints[:2]}",
            flush=True,
        )
        tab.close()


def typing(browser: Browser) -> None:
    """From a key to the picture with its numbers."""
    with started(KEYS[0]) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        tab = browser.tab(1280, 800, (CALM,))
        tab.open(server.address)
        tab.until(
            "document.getElementById('text').dataset.shown === document.getElementById('text').value"
        )
        times = [tab.run(TYPED % json.dumps(text)) for text in KEYS]
        gates = tab.run("scene.gates")
        print(
            f"{gates} gates, {len(times)} programs: median {statistics.median(times):.0f} ms,"
            f" from {min(times):.0f} to {max(times):.0f} ms"
        )
        server.shutdown()


TYPED = """
new Promise((done) => {
    const field = document.getElementById('text');
    const began = performance.now();
    new MutationObserver((_, observer) => {
        observer.disconnect();
        requestAnimationFrame(() => done(performance.now() - began));
    }).observe(field, { attributeFilter: ['data-shown'] });
    field.value = %s;
    field.dispatchEvent(new Event('input'));
})
"""


def axe(browser: Browser, folder: Path, script: str) -> None:
    """What axe-core finds on ten pages, on each of their panels."""
    source = Path(script).read_text("utf-8")
    chosen = [*page_programs.PROGRAMS][:9]
    with started("(x+y)*z") as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        for name in [*chosen, "matrices", "play"]:
            for theme in THEMES:
                features = (CALM, f"prefers-color-scheme:{theme}")
                if name == "play":
                    tab = browser.tab(1280, 800, features)
                    tab.open(server.address)
                    tab.until("document.querySelectorAll('#picture svg').length === 1")
                else:
                    tab = opened(browser, folder, page_programs.report(name), 1280, *features)
                tab.run(source + "; 0")
                for panel in tab.run("tabs().map((one) => one.id.slice(4))"):
                    tab.run(f"showTab('{panel}')")
                    time.sleep(0.3)
                    found: list[Any] = tab.run(AXE)
                    if found:
                        print(name, theme, panel, found, flush=True)
                tab.close()
            print(f"{name}: looked at", flush=True)
        server.shutdown()


def shots(browser: Browser, folder: Path) -> None:
    for name, report in reports([*page_programs.PROGRAMS], large=False).items():
        for theme in THEMES:
            for width, _ in SIZES:
                place = Path(tempfile.mkdtemp())
                tab = opened(browser, place, report, width, CALM, f"prefers-color-scheme:{theme}")
                tab.run("go(Math.floor(view.steps.length * 0.6))")
                time.sleep(0.2)
                tab.screenshot(str(folder / f"{name}-{theme}-{width}.png"))
                tab.close()


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("names", nargs="*", default=[*page_programs.PROGRAMS])
    parser.add_argument("--settings", type=int, default=200)
    parser.add_argument("--large", action="store_true")
    parser.add_argument("--typing", action="store_true")
    parser.add_argument("--axe", metavar="FILE")
    parser.add_argument("--shots", metavar="FOLDER")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder, Browser() as browser:
        if asked.typing:
            typing(browser)
        elif asked.axe:
            axe(browser, Path(folder), asked.axe)
        elif asked.shots:
            shots(browser, Path(asked.shots))
        else:
            found = reports(asked.names, large=asked.large)
            settings(browser, Path(folder), found, asked.settings)


if __name__ == "__main__":
    main()
