"""The manual: every file beside this one is a page of `backprop help`, named as its topic."""
