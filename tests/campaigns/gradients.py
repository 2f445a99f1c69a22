"""Bugs planted in hand-written gradients: what this tool, torch.autograd.gradcheck and
jax.test_util.check_grads say of each, at the same point. Then functions whose gradients are right.

    PYTHONPATH=tests python -m campaigns.gradients            # writes tests/cases/gradient_bugs.txt

It needs PyTorch and JAX; the suite asks this tool alone, of a part of the bugs.
"""

from __future__ import annotations

import contextlib
import os
import sys
import tempfile
import time
import warnings
from collections.abc import Callable, Iterator
from importlib import import_module
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from gradient_bugs import FILE, HALF, KINDS, KINK, LAYERS, Bug, bugs, module_of, names_of, point
from right_gradients import right_gradients

import backprop

CASES = Path(__file__).parent.parent / "cases" / "gradient_bugs.txt"


class Said(NamedTuple):
    caught: bool
    seconds: float
    line: bool = False  # is the changed line named?


class Peers:
    def __init__(self) -> None:
        self.torch = import_module("torch")
        self.jax = import_module("jax")
        self.jax.config.update("jax_enable_x64", True)
        self.test_util = import_module("jax.test_util")

    @property
    def versions(self) -> str:
        return (
            f"PyTorch {self.torch.__version__}, JAX {self.jax.__version__}, NumPy {np.__version__}"
        )

    def function_of(self, module: Any, layer: str) -> Any:
        """A torch.autograd.Function with both passes of a layer."""
        torch = self.torch
        forward, backward = getattr(module, layer), getattr(module, f"{layer}_backward")

        class Layer(torch.autograd.Function):  # type: ignore[name-defined, misc]
            @staticmethod
            def forward(ctx: Any, *tensors: Any) -> Any:
                ctx.save_for_backward(*tensors)
                return torch.as_tensor(forward(*(one.detach().numpy() for one in tensors)))

            @staticmethod
            def backward(ctx: Any, dout: Any) -> Any:
                found = backward(dout.numpy(), *(one.detach().numpy() for one in ctx.saved_tensors))
                several = found if isinstance(found, tuple) else (found,)
                return tuple(torch.as_tensor(np.asarray(one, float)) for one in several)

        return Layer

    def gradcheck(self, module: Any, layer: str, at: dict[str, Any]) -> Said:
        torch = self.torch
        tensors = [torch.tensor(value, requires_grad=True) for value in at.values()]
        made = self.function_of(module, layer)
        return asked(lambda: torch.autograd.gradcheck(made.apply, tensors))

    def custom(self, module: Any, layer: str) -> Any:
        """A function of JAX with its own rule."""
        forward, backward = getattr(module, layer), getattr(module, f"{layer}_backward")
        f = self.jax.custom_vjp(forward)

        def pull(kept: Any, dout: Any) -> Any:
            found = backward(dout, *kept)
            return found if isinstance(found, tuple) else (found,)

        f.defvjp(lambda *args: (forward(*args), args), pull)
        return f

    def check_grads(self, module: Any, layer: str, at: dict[str, Any]) -> Said:
        f = self.custom(module, layer)
        args = [self.jax.numpy.asarray(value) for value in at.values()]
        return asked(lambda: self.test_util.check_grads(f, args, 1, modes=["rev"]))


def asked(check: Callable[[], Any]) -> Said:
    start = time.perf_counter()
    try:
        with warnings.catch_warnings(), contextlib.redirect_stderr(open(os.devnull, "w")):
            warnings.simplefilter("ignore")
            check()
        caught = False
    except Exception:  # it raises what it has found
        caught = True
    return Said(caught, time.perf_counter() - start)


def ours(f: Any, gradient: Any, at: dict[str, Any], line: int = 0) -> Said:
    start = time.perf_counter()
    found = backprop.check_gradient(f, gradient, at=at)
    seconds = time.perf_counter() - start
    return Said(not found.passed, seconds, [one.line for one in found.lines] == [line])


def for_jax(text: str) -> str:
    return text.replace("import numpy as np", "import jax.numpy as np")


def of_bug(peers: Peers, bug: Bug, folder: Path, number: int) -> dict[str, Said]:
    module = module_of(bug.text, folder, f"bug_{number}")
    other = module_of(for_jax(bug.text), folder, f"jax_bug_{number}")
    return by_all(peers, module, other, bug.layer, point(bug.layer, bug.kind), bug.line)


def by_all(
    peers: Peers, module: Any, other: Any, layer: str, at: dict[str, Any], line: int = 0
) -> dict[str, Said]:
    forward, backward = getattr(module, layer), getattr(module, f"{layer}_backward")
    tensors = {
        name: peers.torch.tensor(value)
        for name, value in zip(names_of(layer), at.values(), strict=True)
    }
    arrays = {name: peers.jax.numpy.asarray(value) for name, value in at.items()}
    made = peers.function_of(module, layer)
    return {
        "NumPy": ours(forward, backward, at, line),
        "PyTorch": ours(
            made.apply, None, dict(zip(("a", "b", "c"), tensors.values(), strict=False))
        ),
        "JAX": ours(peers.custom(other, layer), None, arrays),
        "gradcheck": peers.gradcheck(module, layer, at),
        "check_grads": peers.check_grads(other, layer, at),
    }


COLUMNS = ("NumPy", "PyTorch", "JAX", "gradcheck", "check_grads")


def table(rows: dict[str, list[dict[str, Said]]]) -> Iterator[str]:
    heads = ("assert_gradient, NumPy", "PyTorch", "JAX", "torch gradcheck", "jax check_grads")
    yield "| what is wrong | bugs | line named | " + " | ".join(heads) + " |"
    yield "|:--|--:|--:|" + "--:|" * len(heads)
    for kind, found in rows.items():
        named = sum(one["NumPy"].line for one in found)
        cells = [cell([one[column] for one in found]) for column in COLUMNS]
        right = kind.startswith("nothing")
        yield f"| {kind} | {len(found)} | {'' if right else named} | {' | '.join(cells)} |"


def cell(found: list[Said]) -> str:
    """How many were caught, and how long one took, in the middle."""
    middle = sorted(one.seconds for one in found)[len(found) // 2]
    return f"{sum(one.caught for one in found)}, {middle * 1000:.0f} ms"


def main() -> None:
    peers = Peers()
    rows: dict[str, list[dict[str, Said]]] = {kind: [] for kind in KINDS}
    folder = Path(tempfile.mkdtemp())
    for number, bug in enumerate(bugs()):
        rows[bug.kind].append(of_bug(peers, bug, folder, number))
        print(
            bug.layer,
            bug.kind,
            {k: v.caught for k, v in rows[bug.kind][-1].items()},
            file=sys.stderr,
        )
    text = FILE.read_text("utf-8")
    module, other = module_of(text, folder, "right"), module_of(for_jax(text), folder, "jax_right")
    rows["nothing, at random points"] = [
        by_all(peers, module, other, one, point(one)) for one in LAYERS
    ]
    rows["nothing, at a kink"] = [
        by_all(peers, module, other, one, point(one, KINK)) for one in HALF
    ]
    alarms = [
        one.name for one in right_gradients() if ours(one.function, one.gradient, one.at).caught
    ]
    count = sum(1 for _ in right_gradients())
    lines = [
        f"Caught, and the time of one check in the middle. {peers.versions}.", "", *table(rows), "",
        f"Of {count} functions whose gradients are right, {len(alarms)} raise an alarm{': ' if alarms else '.'}"
        + ", ".join(alarms),
    ]  # fmt: skip
    CASES.write_text("\n".join(lines) + "\n", "utf-8")
    print("\n".join(lines))


if __name__ == "__main__":
    main()
