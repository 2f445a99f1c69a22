"""What can be found about a line of a backward pass. The names are part of the JSON."""

from __future__ import annotations

FINDINGS = {
    # The number is wrong.
    "sign": "a sign is turned",
    "constant-factor": "a constant factor is missing or too much",
    "no-upstream": "the gradient that arrives is not multiplied in",
    "other-upstream": "the gradient of another stage is multiplied in",
    "upstream-twice": "the gradient that arrives is multiplied in twice",
    "no-local": "the local derivative is forgotten",
    "missing-factor": "one factor is forgotten",
    "extra-factor": "one factor is too much",
    "swapped": "the factors of a product are swapped: each gets the other's value",
    "wrong-value": "the local derivative is taken at another value",
    "wrong-index": "another entry of the array is meant",
    "function-itself": "the function itself stands for its derivative",
    "other-derivative": "it is the derivative of another function",
    "power-rule": "the exponent of the power rule is off",
    "no-square": "a square is missing",
    "other-gradient": "it is the gradient of something else",
    "transpose": "a transpose is missing or too much",
    "product-order": "the factors of a matrix product stand in the wrong order",
    "not-summed": "what was broadcast is not summed",
    "axis": "the sum runs along the wrong axis",
    "shape": "the shapes don't fit",
    "only-here": "the number is right at this point alone",
    "value": "the number is wrong",
    "forward": "a line of the forward pass computes something else",
    # The number is right, its place is not.
    "overwrites": "= throws away what was there: gradients add up",
    "not-started": "+= adds to nothing",
    "counted-twice": "this part has been added already",
    "extra": "no use of the variable passes this back",
    "too-early": "it uses a gradient that is not complete yet",
    "superseded": "a later = starts anew",
    "adds-nothing": "it adds nothing",
    # A part that no line holds.
    "missing": "one use of the variable is forgotten",
    "never": "the variable gets no gradient at all",
    # What can't be read.
    "unreadable": "this is not read here",
    "unknown-name": "a name that nothing defines",
    "too-large": "more than is graded",
}
