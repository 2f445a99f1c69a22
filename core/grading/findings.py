"""What can be found about a line of a backward pass. The names are part of the JSON."""

from __future__ import annotations

from backprop.grading.slips import SLIPS

BESIDE_SLIPS = {
    # Of a line.
    "overwrites": "= throws away what was there: gradients add up",
    "counted-twice": "this part was already added",
    "not-started": "+= has nothing to add to",
    "too-early": "it uses a gradient that is not complete yet",
    "extra": "the line should not be there",
    "missing-part": "the gradient of one use of the variable is missing",
    "missing-line": "no line computes a gradient that this one uses",
    "other-gradient": "it is the gradient of another variable",
    "formula": "the gate passes back another gradient",
    "scale": "it is right up to a constant factor",
    "shapes": "shapes don't fit, or an entry isn't there",
    "not-given": "a name has no value yet",
    "diagonal": "the diagonal of the Jacobian alone",
    "value": "the value is wrong",
    "unreadable": "this can't be read here",
    "unknown-name": "a name is not defined",
}
FINDINGS = {name: text for name, text, _ in reversed(SLIPS)} | BESIDE_SLIPS
