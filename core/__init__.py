"""backprop: gradients stage by stage, and whether they can be trusted."""

__version__ = "0.1.0"
