"""Descending: parameters moved against their gradient, step by step, until something is found."""
