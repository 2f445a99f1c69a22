"""Pictures and the system: a PNG by a converter that is installed, and a viewer to open it with.
Both are started directly, never through a shell."""

from __future__ import annotations

import math
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

from backprop.cli.saying import note
from backprop.errors import UsageError

# What reads an SVG from standard input and writes a PNG to standard output, so many times as large.
CONVERTERS = {
    "rsvg-convert": ("--format=png", "--zoom={zoom:g}"),
    "cairosvg": ("-", "--format", "png", "--scale", "{zoom:g}", "--output", "-"),
    "inkscape": ("--pipe", "--export-type=png", "--export-dpi={dots:g}", "--export-filename=-"),
    "magick": ("-background", "none", "-density", "{dots:g}", "svg:-", "png:-"),
    "convert": ("-background", "none", "-density", "{dots:g}", "svg:-", "png:-"),
}
ZOOM = 2.0
LARGEST = 32_000  # pixels of a side that converters take
AREA = 200e6  # pixels of all
SIGNATURE = b"\x89PNG\r\n\x1a\n"
SECONDS = 30
SUFFIXES = {"text": "txt", "mermaid": "mmd", "tikz": "tex"}
HINT = "install librsvg (rsvg-convert), CairoSVG or Inkscape; an SVG needs none: -o circuit.svg"


def png(svg: str) -> bytes:
    """The picture as the first converter that can makes it, smaller if it would be too large."""
    zoom, failed = zoom_for(svg), []
    if zoom < ZOOM:
        note(f"the picture is large: its PNG is drawn at {zoom / ZOOM:.0%} of the usual size")
    sizes = {"zoom": zoom, "dots": 96 * zoom}
    for name, options in CONVERTERS.items():
        program = shutil.which(name)
        if program is None:
            continue
        found, reason = converted(svg, [program, *(one.format(**sizes) for one in options)])
        if found.startswith(SIGNATURE):
            return found
        failed.append(f"{name} {reason}")
    if failed:
        raise UsageError(f"no PNG could be made: {'; '.join(failed)}", hint=HINT)
    raise UsageError("a PNG needs a converter, and none is installed", hint=HINT)


def zoom_for(svg: str) -> float:
    """Twice as large as the SVG says, or as large as can be."""
    size = re.search(r'<svg [^>]*width="(\d+)" height="(\d+)"', svg)
    width, height = (int(size[1]), int(size[2])) if size else (1, 1)
    most = min(LARGEST / max(width, height), math.sqrt(AREA / (width * height)))
    return min(ZOOM, most)


def converted(svg: str, command: list[str]) -> tuple[bytes, str]:
    """What a converter writes, and why it may be nothing."""
    try:
        done = subprocess.run(
            command, input=svg.encode("utf-8"), capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        return b"", f"took more than {SECONDS} seconds"
    except OSError as error:
        return b"", f"didn't start: {error.strerror or error}"
    said = done.stderr.decode("utf-8", "replace").strip().split("\n")[0]
    return done.stdout, f"failed{f': {said[:200]}' if said else ''}"


def fresh_file(kind: str) -> str:
    """A new file for a picture that is only looked at."""
    try:
        handle, path = tempfile.mkstemp(f".{SUFFIXES.get(kind, kind)}", "circuit-")
    except OSError as error:
        raise UsageError(
            f"no file can be made for the picture: {error.strerror or error}"
        ) from None
    os.close(handle)
    return path


def open_file(path: str) -> None:
    import webbrowser

    address = Path(path).resolve().as_uri()
    try:
        shown = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        shown = False
    if not shown:
        raise UsageError(f"no viewer was found; the picture is in {path}")
