"""Notebooks: `%load_ext backprop`, and the cell magic `%%backprop`."""
