"""Random expressions in NumPy's words, evaluated by NumPy and by the tool: what both read has to
be one thing.

NumPy's side is Python's `eval` of texts that were made here, and of no others.
"""

from __future__ import annotations

import warnings
from random import Random
from typing import Any, NamedTuple

import numpy as np

from backprop import BackpropError, evaluate

POINT: dict[str, Any] = {
    "A": np.array([[0.5, -1.25, 2.0, 0.75], [1.5, 0.25, -0.5, 3.0], [-2.25, 1.0, 0.125, -0.75]]),
    "B": np.array([[1.0, -0.5, 0.25], [2.5, 0.75, -1.5], [-0.25, 1.25, 0.5], [0.375, -2.0, 1.75]]),
    "S": np.array([[2.5, 0.5, -0.25], [0.75, 3.0, 0.5], [-0.5, 0.25, 2.0]]),
    "T": np.arange(24.0).reshape(2, 3, 4) / 7 - 1.5,
    "v": np.array([0.5, -1.5, 2.25, 0.25]),
    "w": np.array([1.25, -0.75, 0.5]),
    "c": 0.75,
}
MATRICES, VECTORS = ("A", "B", "S"), ("v", "w")
ONE = ("np.exp({})", "np.log({})", "np.abs({})", "np.sqrt({})", "np.tanh({})", "np.sign({})", "np.floor({})",
       "np.ceil({})", "np.round({})", "np.square({})", "np.cbrt({})", "np.log1p({})", "np.expm1({})",
       "np.sin({})", "np.cos({})", "np.tan({})", "np.arctan({})", "np.sinh({})", "np.cosh({})", "np.arcsinh({})",
       "np.arcsin({})", "np.arccos({})", "np.arctanh({})", "np.arccosh({})", "np.log2({})", "np.log10({})",
       "np.exp2({})", "np.negative({})", "np.reciprocal({})", "np.sinc({})", "np.fabs({})", "np.rint({})",
       "np.trunc({})", "np.deg2rad({})", "np.rad2deg({})", "np.positive({})", "np.absolute({})", "1.0*np.isnan({})",
       "-{}", "+{}", "-{}**2", "abs({})", "1.0*({} > 0)", "1.0*({} <= 0.5)", "1.0*({} == 0.5)", "{}**2", "{}**-1",
       "{}**0.5", "2**{}", "np.clip({}, -1, 1)", "np.clip({}, 0, None)", "np.maximum({}, 0)", "np.maximum(0, {})",
       "np.where({0} > 0, {0}, 0)", "np.where({0} < 0.5, {0}, -{0})", "{} % 2", "{} // 0.5", "np.mod({}, 0.75)",
       "np.nan_to_num({})", "np.heaviside({}, 0.5)", "{}.clip(-1, 1)", "{}.round()", "{}.astype(float)",
       "{}.copy()", "np.exp(-{}**2/2)", "1/(1 + np.exp(-{}))", "1.0*np.logical_not({} > 0)", "np.float64({})",
       "np.asarray({})", "np.array({})", "np.zeros_like({})", "np.ones_like({})", "np.full_like({}, 2)")  # fmt: skip
PAIR = ("{} + {}", "{} - {}", "{}*{}", "{}/{}", "{}**{}", "np.add({}, {})", "np.subtract({}, {})",
        "np.multiply({}, {})", "np.divide({}, {})", "np.power({}, {})", "np.maximum({}, {})", "np.minimum({}, {})",
        "np.hypot({}, {})", "np.arctan2({}, {})", "np.logaddexp({}, {})", "np.fmax({}, {})", "np.fmod({}, {})",
        "1.0*({} > {})", "1.0*({} <= {})", "1.0*({} != {})", "{} @ {}", "np.dot({}, {})", "np.matmul({}, {})", "{}.dot({})",
        "np.outer({}, {})", "np.inner({}, {})", "np.vdot({}, {})", "np.kron({}, {})", "np.where({} > 0, {}, 1)",
        "np.linalg.solve({}, {})", "np.copysign({}, {})", "np.float_power({}, {})", "np.tensordot({}, {}, 1)",
        "np.cross({}, {})", "{} % {}", "np.true_divide({}, {})", "1.0*np.greater({}, {})", "np.logaddexp2({}, {})")  # fmt: skip
ALONG = ("np.sum({}{})", "np.mean({}{})", "np.max({}{})", "np.min({}{})", "np.prod({}{})", "np.std({}{})",
         "np.var({}{})", "np.amax({}{})", "np.amin({}{})", "np.cumsum({}{})", "np.cumprod({}{})",
         "np.linalg.norm({}{})", "np.median({}{})", "np.average({}{})", "np.ptp({}{})", "np.argmax({}{})",
         "np.nansum({}{})", "1.0*np.any({}{})", "1.0*np.all({}{})", "np.flip({}{})", "np.sort({}{})", "np.diff({}{})",
         "np.squeeze({}{})", "np.count_nonzero({}{})")  # fmt: skip
METHOD = ("{}.sum({})", "{}.mean({})", "{}.max({})", "{}.min({})", "{}.prod({})", "{}.std({})", "{}.var({})",
          "{}.cumsum({})", "{}.argmax({})", "1.0*{}.any({})", "1.0*{}.all({})")  # fmt: skip
AXES = ("", "", ", axis=0", ", axis=1", ", axis=-1", ", 0", ", 1", ", -1", ", axis=0, keepdims=True",
        ", axis=1, keepdims=True", ", axis=None", ", axis=(0, 1)", ", keepdims=True", ", axis=2", ", axis=(0, 2)")  # fmt: skip
INDEX = ("[0]", "[-1]", "[1:]", "[:2]", "[::-1]", "[::2]", "[:, 1]", "[:, -1]", "[:, 1:]", "[..., 0]", "[0, :]",
         "[None]", "[:, None]", "[None, :]", "[..., None]", "[np.newaxis, :]", "[[0, 2]]", "[1, 1]", "[0][1]",
         "[:, ::-1]", "[[0, 1], [1, 0]]", "[:, [1, 0]]", "[-2:]", "[0, 1, 2]", "[:, :, 0]", "[0, ..., 1]", "[1:, :2]",
         "[True]", "[{0} > 0]", "[{0} > 0].sum()", "[({0} > 0)*({0} < 2)].mean()", "[np.maximum({0} > 1, {0} < 0)].sum()", "[0:2, None]", "[5:]", "[-1, :-1]", "[[True, False, True]]")  # fmt: skip
MOVED = ("{}.T", "{}.transpose()", "np.transpose({})", "{}.ravel()", "{}.flatten()", "{}.reshape(-1)",
         "{}.reshape(2, -1)", "{}.reshape((3, 4))", "np.reshape({}, (4, 3))", "np.reshape({}, -1)", "np.ravel({})",
         "np.diag({})", "np.trace({})", "{}.trace()", "np.tril({})", "np.triu({})", "{}.diagonal()", "np.diagonal({})",
         "np.linalg.det({})", "np.linalg.inv({})", "np.linalg.slogdet({})[1]", "np.linalg.norm({}, 1)",
         "np.linalg.norm({}, 2)", "np.linalg.norm({}, np.inf)", "np.linalg.norm({}, 'fro')", "np.linalg.norm({}, -1)",
         "np.linalg.norm({}, ord=1, axis=0)", "np.linalg.norm({}, axis=1, ord=2)", "np.expand_dims({}, 0)",
         "np.expand_dims({}, axis=1)", "np.tile({}, 2)", "np.repeat({}, 2)", "np.repeat({}, 2, axis=0)",
         "np.roll({}, 1)", "np.roll({}, 1, axis=0)", "np.flip({})", "np.fliplr({})", "np.flipud({})", "np.rot90({})",
         "np.concatenate([{0}, {0}])", "np.concatenate(({0}, {0}), axis=1)", "np.stack([{0}, {0}])",
         "np.stack(({0}, {0}), axis=1)", "np.vstack([{0}, {0}])", "np.hstack(({0}, {0}))", "np.swapaxes({}, 0, 1)",
         "np.transpose({}, (1, 0, 2))", "np.moveaxis({}, 0, -1)", "np.atleast_2d({})", "np.var({}, ddof=1)",
         "np.std({}, axis=0, ddof=1)", "{}.var(ddof=1)", "np.var({}, axis=-1, ddof=0.5, keepdims=True)",
         "{}*{}.shape[-1]", "np.zeros({}.shape) + {}", "np.full({}.shape, c)*{}", "np.sum({})/len({})",
         "np.ones({}.shape[:1])*len({})", "np.full((2, 3), {})", "np.eye(len({}))", "np.ones((len({}), 1)) + c",
         "{} if c > 0.5 else -{}", "{} if c > 1 or not c < 2 else 2*{}", "{}*1.0*(0 < c < 2)", "({} if 0 < c <= 0.75 != 1 else c)",
         "{}[0] if np.sum({}) > 1 and c < 1 else {}[-1]", "(0 if not c > 1 else 1)*{}", "{}[..., 0, None]", "{}[None, ..., 1:]",
         "np.sum(np.log({0}[{0} > 0]))", "np.mean({0}[{0} <= 0.5]**2 % 0.3)", "len({0}[{0} != c])*c", "np.prod({0}[{0} > -1])",
         "np.linalg.norm(({0}*c)[{0} < 1] + 1)", "{0}[{0} > 0].size*c", "np.sum({0}[{0} > 0]*{1}[{0} > 0])/{0}.size",
         "{}[0, None, ..., None]", "1.0*(1 < {}.ndim < 3)*c", "c*{}.size % 5", "1.0*(np.sum({}) > 0 < c)", "{}.squeeze()", "np.linalg.matrix_power({}, 2)", "np.sum({}, dtype=float)",
         "np.einsum('ij->ji', {})", "np.einsum('ij,ij->i', {0}, {0})", "np.sum({}[0])", "len({})", "{}.size",
         "{}.shape[0]", "{}.ndim", "np.mean({}, where={} > 0)", "np.pad({}, 1)", "np.append({}, 1)",           "np.broadcast_to({}, (3, 4))", "np.linspace(0, 1, 4)*{}", "np.arange(4)*{}", "np.eye(3) @ {}",
         "np.ones((3, 4))*{}", "np.full((3, 4), 2.0) - {}", "np.zeros(4) + {}", "np.array([1, 2, 3])*{}",
         "[1, 2, 3] + {}", "np.identity(3)*{}", "np.average({}, weights={})", "np.sum(np.array({}).T, 0)")  # fmt: skip
NUMBERS = (
    "2",
    "0.5",
    "-1",
    "3",
    "1e-3",
    "np.pi",
    "np.e",
    "c",
    "c",
    "(c + 1)",
    "1/2",
    "np.float64(2)",
    "-c",
    "c**2",
)


class Text:
    """Draws expressions; most of them fit together, and what does not NumPy refuses."""

    def __init__(self, random: Random) -> None:
        self.random = random

    def atom(self) -> str:
        return self.random.choice((*MATRICES, *MATRICES, *VECTORS, *VECTORS, "T", "c"))

    def operand(self, depth: int) -> str:
        text = self.make(depth)
        plain = text.isidentifier() or (text.startswith("np.") and text.endswith(")"))
        return text if plain and self.random.random() < 0.8 else f"({text})"

    def make(self, depth: int) -> str:
        random = self.random
        if not depth or random.random() < 0.1:
            return self.atom()
        kind = random.choice(("one", "pair", "pair", "along", "method", "index", "moved", "bare"))
        if kind == "pair":
            other = self.operand(depth - 1) if random.random() < 0.7 else random.choice(NUMBERS)
            both = [self.operand(depth - 1), other]
            random.shuffle(both)
            return random.choice(PAIR).format(*both)
        a = self.operand(depth - 1)
        if kind == "along":
            return random.choice(ALONG).format(a, random.choice(AXES))
        if kind == "method":
            return random.choice(METHOD).format(a, random.choice(AXES).removeprefix(", "))
        if kind == "index":
            return a + random.choice(INDEX).format(a)
        if kind == "bare":  # precedence is Python's
            form = random.choice(
                ("-{}**2", "{} - {} - 1", "{}/{}*2", "2**{}**2", "{} + {}*2", "1.0*(1 - {} < {})")
            )
            return form.format(a, random.choice((a, "c", "2")))
        forms = ONE if kind == "one" else MOVED
        return random.choice(forms).format(*[a] * 3)


class Outcome(NamedTuple):
    kind: str  # equal, refused, other, crash or no NumPy
    text: str
    detail: str = ""


def outcome(seed: str) -> Outcome:
    """What became of the text of that seed."""
    random = Random(seed)
    text = Text(random).make(random.randint(1, 3))
    scope = {"np": np, **POINT}
    names = {name: POINT[name] for name in POINT if name in letters(text)}
    try:
        with warnings.catch_warnings(), np.errstate(all="ignore"):
            warnings.simplefilter("ignore")
            theirs = np.asarray(eval(text, {"__builtins__": BUILT_IN}, scope), dtype=float)  # noqa: S307
    except Exception as error:
        return Outcome("no NumPy", text, type(error).__name__)
    if not names or theirs.size > 1000:
        return Outcome("no NumPy", text, "no input, or large")
    try:
        ours = np.asarray(evaluate(text, names, upstream="ones" if theirs.ndim else None).value)
    except BackpropError as error:
        return Outcome("refused", text, f"{type(error).__name__}: {str(error).splitlines()[0]}")
    except Exception as error:
        return Outcome("crash", text, f"{type(error).__name__}: {error}")
    if ours.shape != theirs.shape:
        return Outcome("other", text, f"shape {ours.shape}, NumPy {theirs.shape}")
    return Outcome("equal" if close(ours, theirs) else "other", text, f"{ours}, NumPy {theirs}")


BUILT_IN = {
    "abs": abs,
    "max": max,
    "min": min,
    "sum": sum,
    "len": len,
    "float": float,
    "True": True,
}


def letters(text: str) -> set[str]:
    """The names that stand alone in a text."""
    words = "".join(one if one.isalnum() or one in "_." else " " for one in text).split()
    return {word.split(".")[0] for word in words}


def close(ours: Any, theirs: Any) -> bool:
    """Are they one number in every entry, but for a few last places of the largest?"""
    if not np.array_equal(np.isfinite(ours), np.isfinite(theirs)):
        return False
    known = np.isfinite(theirs)
    if not np.array_equal(ours[~known], theirs[~known], equal_nan=True):
        return False
    largest = np.max(np.abs(theirs[known]), initial=0.0)
    room = np.abs(theirs[known]) * 1e-13 + largest * 1e-14
    return bool(np.all(np.abs(ours[known] - theirs[known]) <= room + 1e-300))
