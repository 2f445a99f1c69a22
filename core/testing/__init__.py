"""Gradients that people write in code, checked where they stand: `assert_gradient`, and pytest.

slopes.py    one-sided differences of a function along a line, each with its error
calling.py   what a function takes and returns: values, the gradients that are theirs
subjects.py  what f may be, as something that gives values and gradients at a point
foreign.py   functions of PyTorch and JAX, loaded only where one is given
points.py    the point and others around it
sources.py   the same functions read, graded line by line
judging.py   gradients compared with slopes, entry by entry and along directions
results.py   what was found: a GradientCheck
gradients.py check_gradient and assert_gradient
plugin.py    the fixture and the options of pytest
"""
