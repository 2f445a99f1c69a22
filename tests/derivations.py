"""Programs with their backward passes, as people write them, and the mistakes that people make.

Forward and backward are Python as well as the tool's language, so Python itself, run on both,
says whether a mistake changes any number.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

import numpy as np

Array = Any


class Derivation(NamedTuple):
    name: str
    forward: str
    backward: str
    inputs: dict[str, Any]  # an array is drawn for a shape
    fixed: tuple[str, ...] = ()  # inputs without a gradient
    output: str = "f"


class Mutant(NamedTuple):
    derivation: Derivation
    mistake: str
    line: int  # where it is; 0 if a line is gone
    variable: str  # whose gradient it is
    backward: str
    accepted: tuple[str, ...]


def scalar(name: str, forward: str, backward: str, **inputs: float) -> Derivation:
    return Derivation(name, forward.strip(), backward.strip(), inputs)


def arrays(
    name: str,
    forward: str,
    backward: str,
    fixed: tuple[str, ...] = (),
    output: str = "f",
    **inputs: Any,
) -> Derivation:
    return Derivation(name, forward.strip(), backward.strip(), inputs, fixed, output)


LABELS = [[1.0, 0.0, 0.0], [0.0, 0.0, 1.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.0]]

STAGES = """\
sigy = 1.0 / (1 + math.exp(-y))
num = x + sigy
sigx = 1.0 / (1 + math.exp(-x))
xpy = x + y
xpysqr = xpy**2
den = sigx + xpysqr
invden = 1.0 / den
f = num * invden
"""  # the eight stages of the notes

DERIVATIONS = (
    scalar("chain", "q = x + y\nf = q * z", "dq = z\ndz = q\ndx = 1.0 * dq\ndy = 1.0 * dq", x=-2.0, y=5.0, z=-4.0),
    scalar("stages", STAGES, """
dnum = invden
dinvden = num
dden = (-1.0 / (den**2)) * dinvden
dsigx = (1) * dden
dxpysqr = (1) * dden
dxpy = (2 * xpy) * dxpysqr
dx = (1) * dxpy
dy = (1) * dxpy
dx += ((1 - sigx) * sigx) * dsigx
dx += (1) * dnum
dsigy = (1) * dnum
dy += ((1 - sigy) * sigy) * dsigy
""", x=3.0, y=-4.0),
    scalar("neuron", """
dot = w0 * x0 + w1 * x1 + w2
f = 1.0 / (1 + math.exp(-dot))
""", """
ddot = (1 - f) * f
dw0 = x0 * ddot
dx0 = w0 * ddot
dw1 = x1 * ddot
dx1 = w1 * ddot
dw2 = 1.0 * ddot
""", w0=2.0, x0=-1.0, w1=-3.0, x1=-2.0, w2=-3.0),
    scalar("survey", """
a = math.log(x1)
b = x1 * x2
c = math.sin(x2)
d = a + b
f = d - c
""", """
dd = 1.0
dc = -1.0
da = dd
db = dd
dx2 = math.cos(x2) * dc
dx2 += x1 * db
dx1 = x2 * db
dx1 += (1 / x1) * da
""", x1=2.0, x2=5.0),
    scalar("patterns", """
p = x * y
m = np.maximum(z, w)
s = p + m
f = 2 * s
""", """
ds = 2.0
dp = ds
dm = ds
dx = y * dp
dy = x * dp
dz = (z >= w) * dm
dw = (w >= z) * dm
""", x=3.0, y=-4.0, z=2.0, w=-1.0),
    scalar("powers", """
u = x**3
v = np.sqrt(y)
r = u / v
t = np.exp(r)
f = t * x
""", """
dt = x
dx = t
dr = t * dt
du = (1 / v) * dr
dv = (-u / v**2) * dr
dx += 3 * x**2 * du
dy = 0.5 / v * dv
""", x=0.7, y=2.5),
    scalar("tanh", """
h = np.tanh(a * x)
g = np.cos(h)
k = h**2
f = g * k
""", """
dg = k
dk = g
dh = -np.sin(h) * dg
dh += 2 * h * dk
da = x * (1 - h**2) * dh
dx = a * (1 - h**2) * dh
""", a=0.8, x=-1.3),
    scalar("hinge", """
s1 = w * x
s2 = v * x
margin = s2 - s1 + 1
hinge = np.maximum(0, margin)
reg = w * w + v * v
f = hinge + 0.1 * reg
""", """
dhinge = 1.0
dreg = 0.1
dmargin = (margin > 0) * dhinge
ds2 = dmargin
ds1 = -dmargin
dw = x * ds1
dv = x * ds2
dx = w * ds1
dx += v * ds2
dw += 2 * w * dreg
dv += 2 * v * dreg
""", w=0.4, x=1.7, v=0.9),
    scalar("logistic", """
z = w * x + b
p = 1 / (1 + np.exp(-z))
f = -(y * np.log(p) + (1 - y) * np.log(1 - p))
""", """
dp = -y / p + (1 - y) / (1 - p)
dz = p * (1 - p) * dp
dw = x * dz
dx = w * dz
db = dz
dy = np.log(1 - p) - np.log(p)
""", w=0.6, x=-1.4, b=0.3, y=0.25),
    scalar("distance", """
dx1 = x - a
n = dx1**2 + y**2
r = np.sqrt(n)
f = 1 / r
""".replace("dx1", "u"), """
dr = -1 / r**2
dn = 0.5 / r * dr
du = 2 * u * dn
dy = 2 * y * dn
dx = du
da = -du
""", x=1.5, a=0.3, y=-0.8),
    arrays("matrix", "D = W.dot(X)", "dW = dD.dot(X.T)\ndX = W.T.dot(dD)", output="D", W=(5, 10), X=(10, 3)),
    arrays("square matrix", """
D = W @ X
E = D * D
f = np.sum(E)
""", """
dE = np.ones_like(E)
dD = 2 * D * dE
dW = dD @ X.T
dX = W.T @ dD
""", W=(4, 4), X=(4, 4)),
    arrays("softmax", """
s = X @ W + b
e = np.exp(s)
t = np.sum(e, axis=1, keepdims=True)
p = e / t
f = -np.sum(Y * np.log(p)) / 4
""", """
dp = -Y / p / 4
dt = np.sum(-e / t**2 * dp, axis=1, keepdims=True)
de = 1 / t * dp
de += dt
ds = e * de
dW = X.T @ ds
dX = ds @ W.T
db = np.sum(ds, axis=0)
""", ("Y",), X=(4, 2), W=(2, 3), b=(3,), Y=LABELS),
    arrays("net", """
z1 = X @ W1 + b1
h = np.maximum(0, z1)
z2 = h @ W2 + b2
diff = z2 - T
f = np.sum(diff**2)
""", """
ddiff = 2 * diff
dz2 = ddiff
dT = -ddiff
dh = dz2 @ W2.T
dW2 = h.T @ dz2
db2 = np.sum(dz2, axis=0)
dz1 = dh * (z1 > 0)
dW1 = X.T @ dz1
db1 = np.sum(dz1, axis=0)
dX = dz1 @ W1.T
""", X=(5, 3), W1=(3, 4), b1=(4,), W2=(4, 2), b2=(2,), T=(5, 2)),
    arrays("recurrent", """
h1 = np.tanh(W @ x1 + b)
h2 = np.tanh(W @ h1 + U @ x2 + b)
f = np.sum(h2 * v)
""", """
dh2 = v
dv = h2
dz2 = (1 - h2**2) * dh2
dW = np.outer(dz2, h1)
dU = np.outer(dz2, x2)
dx2 = U.T @ dz2
db = dz2
dh1 = W.T @ dz2
dz1 = (1 - h1**2) * dh1
dW += np.outer(dz1, x1)
dx1 = W.T @ dz1
db += dz1
""", W=(3, 3), U=(3, 2), x1=(3,), x2=(2,), b=(3,), v=(3,)),
    arrays("weights", """
w = [2,-3,-3]
x = [-1, -2]
dot = w[0]*x[0] + w[1]*x[1] + w[2]
f = 1.0 / (1 + math.exp(-dot))
""", """
ddot = (1 - f) * f
dx = [w[0] * ddot, w[1] * ddot]
dw = [x[0] * ddot, x[1] * ddot, 1.0 * ddot]
"""),
)  # fmt: skip


def point(derivation: Derivation, seed: int = 0) -> dict[str, Any]:
    """Values for the inputs: numbers as they are for seed 0, else others."""
    random = np.random.default_rng([seed, len(derivation.forward)])
    found: dict[str, Any] = {}
    for name, given in derivation.inputs.items():
        if isinstance(given, float):
            found[name] = given * (1 + 0.2 * seed) + 0.1 * seed
        elif isinstance(given, list):
            found[name] = np.array(given)
        else:
            found[name] = random.uniform(-1, 1, given)
    return found


def run(derivation: Derivation, backward: str, seed: int) -> dict[str, Any] | None:
    """The gradients of the inputs by Python itself; None if it stops."""
    names: dict[str, Any] = {"np": np, "math": math, **point(derivation, seed)}
    random = np.random.default_rng(seed + 7)
    with np.errstate(all="ignore"):
        exec(derivation.forward, names)
        names[f"d{derivation.output}"] = random.uniform(-1, 1, np.shape(names[derivation.output]))
        if not np.shape(names[derivation.output]):
            names["df"] = 1.0
        try:
            exec(backward, names)
            wanted = [name for name in derivation.inputs if name not in derivation.fixed]
            return {
                name: np.asarray(names[f"d{name}"], dtype=float) for name in wanted or ("x", "w")
            }
        except (NameError, ValueError, TypeError, KeyError):
            return None


def changes_numbers(derivation: Derivation, backward: str) -> bool:
    for seed in (0, 1, 2):
        right, found = run(derivation, derivation.backward, seed), run(derivation, backward, seed)
        assert right is not None
        if found is None or any(
            right[name].shape != found[name].shape
            or not np.allclose(right[name], found[name], rtol=1e-9)
            for name in right
        ):
            return True
    return False


LINE = re.compile(r"(d\w+) (\+?=) (.*)")
GRADIENT = re.compile(r"\bd[a-zA-Z]\w*\b")


def mutants(derivation: Derivation) -> Iterator[Mutant]:
    """One mistake each, at every line where it can be made."""
    lines = derivation.backward.split("\n")
    targets = [line.split()[0] for line in lines]
    for k, line in enumerate(lines):
        found = LINE.match(line)
        assert found
        target, update, right = found.groups()

        def made(
            mistake: str, new: str, *accepted: str, k: int = k, target: str = target
        ) -> Mutant:
            text = "\n".join([*lines[:k], *([new] if new else []), *lines[k + 1 :]])
            return Mutant(
                derivation, mistake, k + 1 if new else 0, target[1:], text, (mistake, *accepted)
            )

        yield made("sign", f"{target} {update} -({right})")
        yield made("constant-factor", f"{target} {update} 2 * ({right})")
        if update == "+=":
            yield made("overwrites", f"{target} = {right}")
            yield made("missing", "")
        elif targets.count(target) == 1:
            if target[1:] in target_names(derivation):
                yield made("never", "")
            yield made("not-started", f"{target} += {right}")
        if update == "+=" or targets.count(target) == 1:
            twice = f"{line}\n{target} += {right}"
            yield made("counted-twice", twice, "constant-factor")._replace(line=k + 2)
        upstreams = [
            name
            for name in dict.fromkeys(GRADIENT.findall(right))
            if name in targets or name == "dD"
        ]
        if (
            len(upstreams) == 1
            and "@" not in right
            and "dot(" not in right
            and "outer" not in right
        ):
            (name,) = upstreams
            before = targets[:k]
            if re.search(rf"\* {name}$", right):
                bare = re.sub(rf" \* {name}$", "", right)
                yield made(
                    "no-upstream", f"{target} {update} {bare}", "constant-factor", "sign", "value"
                )
                yield made(
                    "no-local",
                    f"{target} {update} {name}",
                    "constant-factor",
                    "sign",
                    "missing-factor",
                )
                yield made(
                    "upstream-twice",
                    f"{target} {update} {right} * {name}",
                    "constant-factor",
                    "sign",
                )
            for other in dict.fromkeys(before):
                if other not in (name, target):
                    new = re.sub(rf"\b{name}\b", other, right)
                    also = (
                        "constant-factor",
                        "sign",
                        "other-gradient",
                        "shape",
                        "swapped",
                        "no-local",
                        "missing-factor",
                    )
                    yield made("other-upstream", f"{target} {update} {new}", *also)
                    break
        values = [
            name
            for name in dict.fromkeys(re.findall(r"\b[a-zA-Z]\w*\b(?!\()", right))
            if name in target_names(derivation) and name != target[1:]
        ]
        if (
            values
            and target[1:] in target_names(derivation)
            and target[1:] not in right
            and "@" not in right
            and "dot" not in right
        ):
            new = re.sub(rf"\b{values[0]}\b", target[1:], right)
            others = ("swapped", "shape", "constant-factor", "other-gradient", "function-itself")
            yield made("wrong-value", f"{target} {update} {new}", *others)
        if "**2" in right:
            yield made(
                "no-square",
                f"{target} {update} {right.replace('**2', '')}",
                "power-rule",
                "missing-factor",
            )
            yield made(
                "power-rule", f"{target} {update} {right.replace('**2', '**3')}", "extra-factor"
            )
        if "(1 - " in right:
            yield made("sign", f"{target} {update} {right.replace('(1 - ', '(1 + ')}")
        for one, other in (("np.cos", "np.sin"), ("math.cos", "math.sin"), ("np.sin", "np.cos")):
            if one in right:
                new = right.replace(one, other)
                yield made(
                    "other-derivative", f"{target} {update} {new}", "function-itself", "value"
                )
        if ".T" in right:
            yield made(
                "transpose",
                f"{target} {update} {right.replace('.T', '')}",
                "product-order",
                "shape",
            )
        if product := re.fullmatch(r"(\S+) @ (\S+)", right):
            yield made(
                "product-order",
                f"{target} {update} {product[2]} @ {product[1]}",
                "shape",
                "transpose",
            )
        if summed := re.fullmatch(r"np\.sum\((.*), axis=(\d)(, keepdims=True)?\)", right):
            yield made(
                "not-summed",
                f"{target} {update} {summed[1]}",
                "shape",
                "other-gradient",
                "no-local",
            )
            new = right.replace(f"axis={summed[2]}", f"axis={1 - int(summed[2])}")
            yield made("axis", f"{target} {update} {new}", "shape")
        early = next((j for j in range(k) if targets[j] in upstreams), None)
        if early is not None and update == "=" and targets.count(target) == 1:
            moved = "\n".join([*lines[:early], line, *lines[early:k], *lines[k + 1 :]])
            yield Mutant(
                derivation, "too-early", early + 1, target[1:], moved, ("too-early", "unknown-name")
            )


def target_names(derivation: Derivation) -> set[str]:
    """The variables of the forward pass."""
    stages = {line.split(" ")[0] for line in derivation.forward.split("\n")}
    return stages | set(derivation.inputs)
