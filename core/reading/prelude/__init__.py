"""Layers of PyTorch as plain Python. They are read like the source that uses them, never run."""

from pathlib import Path


def text_of(name: str) -> str:
    """The source of a file here."""
    return (Path(__file__).parent / f"{name}.py").read_text(encoding="utf-8")
