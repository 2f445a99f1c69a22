"""Text as LaTeX shows it: what has a meaning there is escaped, Greek letters become commands."""

from __future__ import annotations

SPECIAL = {
    "\\": r"\textbackslash{}", "{": r"\{", "}": r"\}", "$": r"\$", "&": r"\&", "#": r"\#",
    "%": r"\%", "_": r"\_", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}",
    "*": r"\(\ast\)", "-": r"\(-\)", "+": r"\(+\)", "/": "/", "<": r"\(<\)", ">": r"\(>\)",
    "|": r"\(|\)", "·": r"\(\cdot\)", "…": r"\dots{}", "×": r"\(\times\)", '"': "''",
    "Σ": r"\(\Sigma\)", "√": r"\(\surd\)",
}  # fmt: skip
LETTERS = {
    "α": "alpha", "β": "beta", "γ": "gamma", "δ": "delta", "ε": "epsilon", "ζ": "zeta",
    "η": "eta", "θ": "theta", "ι": "iota", "κ": "kappa", "λ": "lambda", "μ": "mu", "ν": "nu",
    "ξ": "xi", "ο": "mathit{o}", "π": "pi", "ρ": "rho", "ς": "varsigma", "σ": "sigma",
    "τ": "tau", "υ": "upsilon", "φ": "phi", "χ": "chi", "ψ": "psi", "ω": "omega",
}  # fmt: skip


def escaped(text: str) -> str:
    """Text that LaTeX shows as it is; characters that it has no letter for as a question mark."""
    return "".join(map(letter, text))


def letter(char: str) -> str:
    if char in SPECIAL:
        return SPECIAL[char]
    if char in LETTERS:
        return rf"\(\{LETTERS[char]}\)"
    return char if char.isascii() and char.isprintable() else "?"
