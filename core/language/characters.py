"""Characters outside ASCII: what the few that are read stand for, and what the rest mean.

A character that looks like an operator or a letter, but isn't that one, is refused by its
code point and name, with what to write for it.
"""

from __future__ import annotations

TYPOGRAPHIC = {
    "−": "-", "–": "-", "×": "*", "·": "*", "⋅": "*", "∗": "*", "÷": "/", "π": "pi",
}  # fmt: skip
SUPERSCRIPTS = {"²": "2", "³": "3"}

PRIME = "name a derivative dx, and leave quotes out"
QUOTES = "write the expression itself, without quotes"
GRADIENT = "the gradient comes by itself: write the function alone"
INVISIBLE = "delete it: it is invisible"
ENCODING = "the text is not valid UTF-8"
NAMES = "a name has Latin or small Greek letters, digits and _"
HINTS = {
    "≤": "write <=", "≥": "write >=", "≠": "write !=", "±": "write + or -", "•": "write *",
    "∙": "write *", "⊙": "write *", "∕": "write /", "⁄": "write /", "—": "write -",
    "‐": "write -", "‑": "write -", "√": "write √(x) or sqrt(x)", "∛": "write cbrt(x)",
    "∞": "write a finite number", "°": "write degrees in radians: x*pi/180",
    "∑": "write the sum out: a + b + c", "∏": "write the product out: a*b*c",
    "∂": GRADIENT, "∇": GRADIENT, "′": PRIME,
    "“": QUOTES, "”": QUOTES, "„": QUOTES, "«": QUOTES, "»": QUOTES, "‘": QUOTES, "’": PRIME,
    "‖": "write the length of (a, b) as hypot(a, b)", "…": "write all terms out",
    "\ufffd": ENCODING,
}  # fmt: skip
CYRILLIC = "асԁеһіјӏорԛѕԝхуАВСЕНІЈКМОРЅТХ", "acdehijlopqswxyABCEHIJKMOPSTX"
GREEK = "ΑΒΕΖΗΙΚΜΝΟΡΤΥΧ", "ABEZHIKMNOPTYX"
LATIN_LOOK = dict(zip(*CYRILLIC, strict=True)) | dict(zip(*GREEK, strict=True))


def greek_name(char: str) -> str:
    """`lambda` for λ; Unicode spells it without the b."""
    import unicodedata

    return unicodedata.name(char).split()[-1].lower().replace("lamda", "lambda")


# From α to ω; there are two of sigma.
GREEK_NAMES = [
    "alpha",
    "beta",
    "gamma",
    "delta",
    "epsilon",
    "zeta",
    "eta",
    "theta",
    "iota",
    "kappa",
    "lambda",
    "mu",
    "nu",
    "xi",
    "omicron",
    "pi",
    "rho",
    "sigma",
    "sigma",
    "tau",
    "upsilon",
    "phi",
    "chi",
    "psi",
    "omega",
]


def foreign(char: str) -> tuple[str, str] | None:
    """Why a character is not read and what to write instead, or nothing if it's plain text."""
    import unicodedata

    if char == "\n" or (char.isascii() and char.isprintable()):
        return None
    code = f"U+{ord(char):04X}"
    if char.isascii():
        return f"{code} is a control character and can't be used here", INVISIBLE
    name = unicodedata.name(char, "(a character without a name)")
    return f"{code} {name} can't be used here", meant(char, name)


def meant(char: str, name: str) -> str:
    """What to write for a character that is not read, if that can be told."""
    import unicodedata

    if char in HINTS:
        return HINTS[char]
    if char in LATIN_LOOK:
        return f"write the Latin letter {LATIN_LOOK[char]}, which looks the same"
    category = unicodedata.category(char)
    if category in ("Cf", "Cc"):
        return INVISIBLE
    if category == "Cs":
        return ENCODING
    plain = unicodedata.normalize("NFKC", char).replace("⁄", "/").replace("−", "-")
    kind = unicodedata.decomposition(char).partition(">")[0]
    if kind == "<super" and plain.isascii():
        return f"write a power with **, such as x**{plain if plain.isalnum() else plain + '1'}"
    if kind == "<sub" and plain.isascii():
        return f"write an index as part of the name, such as x{plain if plain.isalnum() else 1}"
    if kind == "<fraction":
        return f"write ({plain})"
    if len(plain) == 1 and "α" <= plain <= "ω" and plain != char:
        return f"write {plain} (U+{ord(plain):04X})"
    if name.startswith("GREEK CAPITAL LETTER ") and name.count(" ") == 3:
        return f"write its name: {greek_name(char).capitalize()}"
    if plain.isascii() and plain.isprintable():
        return f"write {plain}"
    if category[0] == "M":
        return "write the letter without it"
    return NAMES if category[0] == "L" else ""
