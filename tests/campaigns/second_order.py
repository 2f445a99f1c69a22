"""Hessians, their products with a direction and tangents of random programs: against differences
at 200 digits and JAX for numbers, autograd and JAX for arrays. JAX has to be installed.

    python -m tests.campaigns.second_order --count 2000 --arrays 300
"""

from __future__ import annotations

import argparse
import sys
import warnings
from collections import Counter
from importlib import import_module
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import array_programs
import numpy as np
import programs
from peers import SkipError
from second_order import Outcome, array_value, arrays, by_jax, direction, numbers

import backprop

ALIKE = 1e-7  # beside the largest number
DUST = 1e-5  # of the value: what JAX has left of an exact 0 is smaller than ALIKE times this


def near(ours: Any, theirs: Any, most: float) -> bool:
    return bool(np.allclose(ours, theirs, rtol=ALIKE, atol=ALIKE * most))


def with_jax(seed: str) -> Outcome:
    """Hessian, its product with a direction, and the derivative along it, as JAX has them."""
    sample = programs.sample(seed)
    if not sample.point:
        return Outcome(sample.text, "no inputs")
    tree = backprop.parse(sample.text).tree
    try:
        hessian, product, along = by_jax(sample, tree)
    except SkipError as reason:
        return Outcome(sample.text, str(reason))
    way = {name: 0.5 + 0.25 * k for k, name in enumerate(sample.point)}
    report = backprop.evaluate(sample.text, sample.point, hessian=True, hvp=way, jvp=way)
    if any(one.kind == "kink" for one in report.notices) or not report.finite:
        return Outcome(sample.text, "kink or not finite")
    motion = report.motion
    pairs = [
        (motion.hessian[a][b], float(hessian[a][b])) for a in sample.point for b in sample.point
    ]
    pairs += [(motion.hvp[1][a], float(product[a])) for a in sample.point]
    pairs.append((motion.jvp[1], along))
    if not np.all(np.isfinite([one for _, one in pairs])):
        return Outcome(sample.text, "JAX has no finite number there")
    most = max(abs(one) for _, one in pairs)
    most = max(most, DUST * max(1.0, abs(report.value)))
    if all(near(a, b, most) for a, b in pairs):
        return Outcome(sample.text, "agree")
    found = numbers(seed)  # which of the two has lost digits?
    verdict = "differ" if found.verdict == "differ" else f"JAX is off, and we {found.verdict}"
    return Outcome(sample.text, verdict, f"{sample.point} {pairs}")


def arrays_with_jax(seed: str) -> Outcome:
    jax, jnp = import_module("jax"), import_module("jax.numpy")
    found = array_programs.sample(seed)
    scope = {**array_programs.THEIRS}
    scope |= {name: getattr(jnp, name) for name in (*scope, "where") if hasattr(jnp, name)}
    scope |= {
        "sigmoid": lambda a: 1 / (1 + jnp.exp(-a)), "relu": lambda a: jnp.maximum(a, 0.0),
        "softplus": lambda a: jnp.log(1 + jnp.exp(a)), "softmax": jax.nn.softmax,
        "log_softmax": jax.nn.log_softmax, "logsumexp": jax.scipy.special.logsumexp,
        "norm": lambda a, axis=None, keepdims=False: jnp.sqrt(
            jnp.sum(a * a, axis=axis, keepdims=keepdims)),
        "reshape": lambda a, *shape: jnp.reshape(a, shape), "stack": lambda parts: jnp.stack(parts),
        "concatenate": lambda parts, axis=0: jnp.concatenate(parts, axis=axis),
        "solve": jnp.linalg.solve, "det": jnp.linalg.det, "inv": jnp.linalg.inv,
    }  # fmt: skip
    value, way = array_value(found, scope), direction(found.point)
    at = {name: jnp.asarray(x) for name, x in found.point.items()}
    moved = {name: jnp.asarray(x) for name, x in way.items()}
    _, theirs = jax.jvp(jax.grad(value), (at,), (moved,))
    _, along = jax.jvp(value, (at,), (moved,))
    report = backprop.evaluate(found.text, found.point, hvp=way, jvp=way, ties="split")
    if any(one.kind in ("kink", "tie", "switch") for one in report.notices):
        return Outcome(found.text, "kink")
    pairs = [(report.motion.hvp[1][name], np.asarray(one)) for name, one in theirs.items()]
    pairs.append((report.motion.jvp[1], np.asarray(along)))
    most = max(float(np.max(np.abs(one), initial=0.0)) for _, one in pairs)
    good = all(near(a, b, max(most, 1e-3)) for a, b in pairs)
    return Outcome(found.text, "agree" if good else "differ", str(pairs)[:500])


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--count", type=int, default=2000, help="how many programs of numbers")
    parser.add_argument("--arrays", type=int, default=300, help="how many programs on arrays")
    parser.add_argument("--seed", default="campaign")
    parser.add_argument("--without-jax", action="store_true")
    options = parser.parse_args(arguments)
    warnings.simplefilter("ignore")
    runs = [("differences", numbers, options.count), ("autograd", arrays, options.arrays)]
    if not options.without_jax:
        import_module("jax").config.update("jax_enable_x64", True)
        runs += [("JAX", with_jax, options.count), ("JAX, arrays", arrays_with_jax, options.arrays)]
    wrong = 0
    for title, run, count in runs:
        tally: Counter[str] = Counter()
        for number in range(count):
            found = run(f"{options.seed}:{number}")
            tally[found.verdict] += 1
            if found.verdict == "differ":
                wrong += 1
                print(f"{number}: {found.text}\n    {found.said}")
        print(f"{title}: {dict(tally)}", flush=True)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
