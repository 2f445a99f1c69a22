"""Layers of PyTorch as plain Python. They are read like the source that uses them, never run."""
