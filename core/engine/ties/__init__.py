"""Ties: where a gate has no slope of its own, the function around it may still have one.

max(x, x), relu(x) - relu(-x), a clipped loss where clipping begins: gate by gate a convention
gets these wrong. So every input that reaches a tie is moved alone, a hair to the left and a hair
to the right. That gives its slopes. The answer is the first choice of branches that lies within
the slopes of all inputs: the notes' convention, then the branches along joint directions.

    conventions.py  what a tie may be decided by
    watch.py        which stages can tie, and which of these matter
    sides.py        how the output moves on one side
    numbers.py      a moved run of numbers, and of arrays in arrays.py
    exact.py        what only many digits can tell
    resolving.py    the slopes, and the choice
    wording.py      what the user hears of it
"""
