"""Hand-made derivatives, both passes and worksheets, held against the right ones."""
