"""What PyTorch and JAX say of the cases of some tests, recorded for them.

    python -m tests.campaigns.recording pytorch > tests/cases/pytorch.json
    python -m tests.campaigns.recording jax > tests/cases/jax.json

Each needs its library beside what the tests need. A file names the versions. Random programs
stand in it with their points, so that it stays true when others are drawn.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from importlib import import_module
from itertools import islice
from pathlib import Path
from random import Random
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

import numpy as np
from array_cases import WHOLE
from comparing import asked
from jax_arrays import answer
from programs import sample
from pulling_back import conditioned
from test_array_engine import STACKS, stack
from test_array_programs import BATCH, LABELS
from test_arrays import net
from test_descend import MARKED, METHODS, RATED, START, layer
from test_descend_data import LINE, LOGISTIC, batches_of

from backprop.language.parser import parse
from campaigns.array_peers import undefined

PROGRAMS = {"torch": 120, "jax": 40}  # random ones
SHAPES, EACH = 40, 4  # of every gate on arrays


def torch() -> Any:
    return import_module("torch")


def optimizer(method: str, weights: list[Any]) -> Any:
    options = dict(METHODS[method])
    if method == "adam":
        return torch().optim.Adam(weights, lr=1e-3, betas=options["betas"])
    share = {"descent": 0.0, "nesterov": 0.9}.get(method, options.get("momentum"))
    return torch().optim.SGD(weights, lr=1e-3, momentum=share, nesterov=method == "nesterov")


def moves(method: str) -> dict[str, list[float]]:
    """x, y and the value of the valley of Rosenbrock, at some of the steps."""
    x, y = (torch().tensor(START[k], dtype=torch().float64, requires_grad=True) for k in "xy")
    mover, found = optimizer(method, [x, y]), {}
    for step in range(MARKED[-1] + 1):
        mover.zero_grad()
        loss = (1 - x) ** 2 + 100 * (y - x**2) ** 2
        loss.backward()
        if step in MARKED:
            found[str(step)] = [x.item(), y.item(), loss.item()]
        mover.step()
    return found


def moves_of_arrays(method: str) -> dict[str, Any]:
    start, data = layer()
    weights = torch().tensor(start, requires_grad=True)
    mover, found = optimizer(method, [weights]), {}
    for step in range(MARKED[-1] + 1):
        if step in MARKED:
            found[str(step)] = weights.detach().numpy().tolist()
        mover.zero_grad()
        torch().sum(torch().tanh(weights @ torch().tensor(data)) ** 2).backward()
        mover.step()
    return found


def rates(name: str) -> list[float]:
    schedulers = torch().optim.lr_scheduler
    made: dict[str, Callable[[Any], Any]] = {
        "cosine": lambda of: schedulers.CosineAnnealingLR(of, 50),
        "exponential": lambda of: schedulers.ExponentialLR(of, 0.99),
        "lr*0.5**floor(t/20)": lambda of: schedulers.StepLR(of, 20, 0.5),
        "linear": lambda of: schedulers.LinearLR(of, 1.0, 0.0, 50),
    }
    mover = torch().optim.SGD([torch().zeros(1, requires_grad=True)], lr=0.3)
    scheduler, found = made[name](mover), []
    for _ in range(50):
        found.append(scheduler.get_last_lr()[0])
        mover.step()
        scheduler.step()
    return found


def regression(program: str, batch: int | None) -> list[list[float]]:
    """w, b and the loss before each of 40 steps of Adam."""
    w, b = (torch().tensor(v, dtype=torch().float64, requires_grad=True) for v in (0.3, -0.1))
    mover, found = torch().optim.Adam([w, b], lr=0.05), []
    batches = batches_of(batch)
    for _ in range(40):
        x, y = (torch().tensor(column) for column in next(batches).values())
        line = w * x + b
        loss = torch().mean((line - y) ** 2)
        if program == LOGISTIC:
            crossed = torch().nn.functional.binary_cross_entropy_with_logits
            loss = crossed(line, (y > 0).double())
        found.append([w.item(), b.item(), loss.item()])
        mover.zero_grad()
        loss.backward()
        mover.step()
    return found


def tensors(values: dict[str, Any]) -> dict[str, Any]:
    return {name: torch().tensor(x, requires_grad=True) for name, x in values.items()}


def gradients(at: dict[str, Any]) -> dict[str, Any]:
    return {name: x.grad.numpy().tolist() for name, x in at.items()}


def cross_entropy() -> dict[str, Any]:
    at = tensors(BATCH)
    s = torch().relu(at["X"] @ at["W1"] + at["b1"]) @ at["W2"] + at["b2"]
    torch().nn.functional.cross_entropy(s, torch().tensor(LABELS)).backward()
    return gradients(at)


def network() -> dict[str, Any]:
    at = tensors(net())
    h = torch().tanh(at["W1"] @ at["x"] + at["b1"])
    p = torch().log_softmax(at["W2"] @ h + at["b2"], 0)
    (-p[2] + 0.01 * ((at["W1"] ** 2).sum() + (at["W2"] ** 2).sum())).backward()
    return gradients(at)


def product(a: tuple[int, ...], b: tuple[int, ...]) -> dict[str, Any]:
    one, other, upstream = stack(a, b)
    at = tensors({"A": one, "B": other})
    (at["A"] @ at["B"]).backward(torch().tensor(upstream))
    return gradients(at)


def programs(peer: str) -> list[dict[str, Any]]:
    """Random programs, with the gradient or why there is none."""
    found = []
    for number in range(PROGRAMS[peer]):
        one = sample(f"{peer}:{number}")
        answers, reasons = asked([peer], parse(one.text), one.point)
        said = answers.get(peer) or reasons[peer]
        row = {"text": one.text, "point": one.point, "value": one.value, "gradient": said}
        found.append({key: shown(value) for key, value in row.items()})
    return found


def shown(value: Any) -> Any:
    """JSON has no word for what is not finite, but strings."""
    if isinstance(value, dict):
        return {name: shown(inner) for name, inner in value.items()}
    return str(value) if isinstance(value, float) and not np.isfinite(value) else value


def pytorch() -> dict[str, Any]:
    torch().set_num_threads(1)
    return {
        "versions": f"torch {torch().__version__}, numpy {np.__version__}",
        "moves": {method: moves(method) for method in METHODS},
        "moves of arrays": {method: moves_of_arrays(method) for method in METHODS},
        "rates": {name: rates(name) for name in RATED},
        "regressions": [
            {"program": program, "batch": batch, "way": regression(program, batch)}
            for program in (LINE, LOGISTIC)
            for batch in (None, 5)
        ],
        "cross-entropy": cross_entropy(),
        "network": network(),
        "products": [product(a, b) for a, b, _ in STACKS],
        "programs": programs("torch"),
    }


def laid_out(value: Any) -> dict[str, Any]:
    array = np.asarray(value, dtype=float)
    return {"shape": [*array.shape], "entries": array.ravel().tolist()}


def arrays() -> list[dict[str, Any]]:
    """Cases of every gate on arrays, where JAX has a finite answer."""
    found = []
    for gate in WHOLE:
        cases = (WHOLE[gate](Random(f"{gate}:{number}")) for number in range(SHAPES))
        answered = ((case, answer(case)) for case in cases)
        told = (pair for pair in answered if pair[0].given and not undefined(*pair))
        for case, theirs in islice(told, EACH):
            found.append({
                "gate": gate, "text": case.text, "condition": conditioned(case),
                "given": {name: laid_out(value) for name, value in case.given.items()},
                "upstream": None if case.upstream is None else laid_out(case.upstream),
                "value": laid_out(theirs.value),
                "gradient": {name: laid_out(part) for name, part in theirs.gradient.items()},
            })  # fmt: skip
    return found


def jax() -> dict[str, Any]:
    library = import_module("jax")
    version = f"jax {library.__version__}"
    return {"versions": version, "programs": programs("jax"), "arrays": arrays()}


def lines(found: dict[str, Any]) -> str:
    """JSON with a line for each entry of what holds many."""
    rows = []
    for name, part in found.items():
        inner = json.dumps(part)
        if isinstance(part, list):
            inner = "[\n  " + ",\n  ".join(map(json.dumps, part)) + "\n ]"
        elif isinstance(part, dict):
            entries = [f"{json.dumps(key)}: {json.dumps(value)}" for key, value in part.items()]
            inner = "{\n  " + ",\n  ".join(entries) + "\n }"
        rows.append(f" {json.dumps(name)}: {inner}")
    return "{\n" + ",\n".join(rows) + "\n}\n"


if __name__ == "__main__":
    sys.stdout.write(lines({"pytorch": pytorch, "jax": jax}[sys.argv[1]]()))
