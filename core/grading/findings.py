"""What can be found about a line of a backward pass. The names are part of the JSON."""

from __future__ import annotations

from backprop.grading.slips import SLIPS

BESIDE_SLIPS = {
    # Of a line.
    "overwrites": "= throws away what was there: gradients add up",
    "counted-twice": "this part was added before",
    "not-started": "+= adds to nothing",
    "too-early": "it uses a gradient that is not complete yet",
    "extra": "the line is too much",
    "missing-part": "a use of the variable passes nothing back",
    "missing-line": "no line gives a gradient that this one uses",
    "other-gradient": "it is the gradient of something else",
    "formula": "a gate passes something else back",
    "scale": "it is right but for a constant factor",
    "shapes": "shapes don't fit, or an entry isn't there",
    "not-given": "a name has no value yet",
    "diagonal": "the diagonal of the Jacobian alone",
    "value": "the value is wrong",
    "unreadable": "this can't be read here",
    "unknown-name": "a name that nothing defines",
}
FINDINGS = {name: text for name, text, _ in reversed(SLIPS)} | BESIDE_SLIPS
