"""Hand-made derivatives, forward passes and worksheets, held against the right ones."""
