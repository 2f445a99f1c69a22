"""The version, which the output of every command and of every part of a long run carries."""

__version__ = "0.1.0"
