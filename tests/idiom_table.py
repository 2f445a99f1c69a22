"""Both passes as people write them: which files, which functions, and values to run them at."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np

FOLDER = Path(__file__).parent / "idioms"
Maker = Callable[[np.random.Generator], Mapping[str, Any]]


class Idiom(NamedTuple):
    name: str
    file: str
    forward: str  # a function, or nothing for a script
    backward: str  # the same one, if it does both
    wanted: str  # the inputs whose gradients it gives, in that order
    make: Maker
    kept: str = "kept"  # how the backward function calls what the forward function returns beside

    @property
    def text(self) -> str:
        return text_of(self.file)

    @property
    def values(self) -> dict[str, Any]:
        drawn = self.make(np.random.default_rng(len(self.name)))
        return {
            name: value if isinstance(value, np.ndarray) else float(value)
            for name, value in drawn.items()
        }

    @property
    def together(self) -> bool:
        return self.forward == self.backward


@functools.cache
def text_of(file: str) -> str:
    return (FOLDER / f"{file}.py").read_text()


def arrays(**shapes: Any) -> Maker:
    """Arrays of these shapes; what is no shape is a value."""

    def make(random: np.random.Generator) -> dict[str, Any]:
        return {
            name: random.standard_normal(shape) if isinstance(shape, tuple) else shape
            for name, shape in shapes.items()
        }

    return make


def whole(*entries: Any) -> np.ndarray[Any, Any]:
    return np.array(entries)


LABELS = whole(0, 2, 1, 2)
BITS = whole([1.0, 0.0, 1.0, 1.0])
MASK = whole([1.0, 0.0, 1.0], [0.0, 1.0, 1.0], [1.0, 1.0, 0.0], [1.0, 0.0, 1.0])
BATCH = arrays(x=(5, 3), gamma=(3,), beta=(3,))
LSTM = {"Wx": (2, 12), "Wh": (3, 12), "b": (12,)}
GRU = {"Wz": (2, 3), "Wr": (2, 3), "Wc": (2, 3), "Uz": (3, 3), "Ur": (3, 3), "Uc": (3, 3)}
LINEAR = {"W": (3, 3), "X": (4, 3), "y": LABELS}
COLUMNS = {"W1": (3, 2), "b1": (3, 1), "W2": (1, 3), "b2": (1, 1)}

IDIOMS = [
    Idiom("affine", "layers", "affine_forward", "affine_backward", "x w b", arrays(x=(2, 3, 2), w=(6, 4), b=(4,))),
    Idiom("relu", "layers", "relu_forward", "relu_backward", "x", arrays(x=(4, 3))),
    Idiom("relu by a mask written", "layers", "rectified", "rectified_back", "x", arrays(x=(4, 3))),
    Idiom("leaky relu", "layers", "leaky_forward", "leaky_backward", "x", arrays(x=(4, 3))),
    Idiom("dropout", "layers", "dropout_forward", "dropout_backward", "x", arrays(x=(4, 3), mask=MASK)),
    Idiom("affine, relu and dropout", "layers", "sandwich_forward", "sandwich_backward", "x w b", arrays(x=(4, 2), w=(2, 3), b=(3,), mask=MASK)),
    Idiom("sigmoid with a dict", "layers", "sigmoid_forward", "sigmoid_backward", "x", arrays(x=(3, 2))),
    Idiom("softplus", "layers", "softplus_forward", "softplus_backward", "x", arrays(x=(3, 2))),
    Idiom("gelu", "layers", "gelu_forward", "gelu_backward", "x", arrays(x=(3, 2))),
    Idiom("batch norm in stages", "norms", "batchnorm_staged", "batchnorm_staged_back", "x gamma beta", BATCH),
    Idiom("batch norm, short", "norms", "batchnorm_forward", "batchnorm_short_back", "x gamma beta", BATCH),
    Idiom("batch norm with dvar and dmean", "norms", "batchnorm_forward", "batchnorm_paper_back", "x gamma beta", BATCH),
    Idiom("layer norm", "norms", "layernorm_forward", "layernorm_backward", "x gamma beta", arrays(x=(3, 4), gamma=(4,), beta=(4,))),
    Idiom("group norm", "norms", "groupnorm_forward", "groupnorm_backward", "x gamma beta", arrays(x=(2, 4, 2, 2), gamma=(1, 4, 1, 1), beta=(1, 4, 1, 1))),
    Idiom("rnn step", "recurrent", "rnn_step_forward", "rnn_step_backward", "x prev_h Wx Wh b", arrays(x=(3, 2), prev_h=(3, 4), Wx=(2, 4), Wh=(4, 4), b=(4,))),
    Idiom("rnn through time", "recurrent", "rnn_forward", "rnn_backward", "x h0 Wx Wh b", arrays(x=(2, 3, 2), h0=(2, 3), Wx=(2, 3), Wh=(3, 3), b=(3,)), "cache"),
    Idiom("lstm step", "recurrent", "lstm_step_forward", "lstm_step_backward", "x prev_h prev_c Wx Wh b", arrays(x=(2, 2), prev_h=(2, 3), prev_c=(2, 3), **LSTM)),
    Idiom("lstm through time", "recurrent", "lstm_forward", "lstm_backward", "x h0 Wx Wh b", arrays(x=(2, 3, 2), h0=(2, 3), **LSTM), "cache"),
    Idiom("gru step", "recurrent", "gru_forward", "gru_backward", "x h Wz Wr Wc Uz Ur Uc", arrays(x=(2, 2), h=(2, 3), **GRU)),
    Idiom("char rnn", "recurrent", "char_loss", "char_loss", "Win Wrec Wout brec bout", arrays(Win=(3, 4), Wrec=(3, 3), Wout=(4, 3), brec=(3, 1), bout=(4, 1), letters=whole(0, 2, 3, 2), following=whole(2, 3, 2, 1), hstart=np.zeros((3, 1)))),
    Idiom("svm in loops", "losses", "svm_naive", "svm_naive", "W", arrays(**LINEAR)),
    Idiom("svm without loops", "losses", "svm_vectorized", "svm_vectorized", "W", arrays(**LINEAR)),
    Idiom("softmax in loops", "losses", "softmax_naive", "softmax_naive", "W", arrays(**LINEAR)),
    Idiom("softmax without loops", "losses", "softmax_vectorized", "softmax_vectorized", "W", arrays(**LINEAR)),
    Idiom("softmax loss of scores", "losses", "softmax_loss", "softmax_loss", "x", arrays(x=(4, 3), y=LABELS)),
    Idiom("svm loss of scores", "losses", "svm_loss", "svm_loss", "x", arrays(x=(4, 3), y=LABELS)),
    Idiom("net of two layers", "losses", "two_layer_loss", "two_layer_loss", "W1 b1 W2 b2", arrays(X=(4, 2), W1=(2, 5), b1=(5,), W2=(5, 3), b2=(3,), y=LABELS)),
    Idiom("ridge regression", "losses", "regression_loss", "regression_gradient", "w b", arrays(w=(3,), b=0.4, X=(5, 3), y=(5,))),
    Idiom("logistic regression", "losses", "logistic_cost", "logistic_cost", "theta", arrays(theta=(3,), X=(4, 3), y=BITS[0])),
    Idiom("Z1, A1 and a cache", "course", "propagate", "backpropagate", "W1 b1 W2 b2", arrays(X=(2, 4), Y=BITS, **COLUMNS)),
    Idiom("three layers in one cache", "course", "deep_cost", "deep_gradients", "W1 b1 W2 b2 W3 b3", arrays(X=(2, 4), Y=BITS, W1=(3, 2), b1=(3, 1), W2=(2, 3), b2=(2, 1), W3=(1, 2), b3=(1, 1)), "cache"),
    Idiom("layers with their caches", "course", "layered_cost", "layered_backward", "W1 b1 W2 b2", arrays(X=(2, 4), Y=BITS, **COLUMNS)),
    Idiom("deltas of a book", "course", "book_cost", "book_backprop", "w1 b1 w2 b2", arrays(w1=(3, 2), b1=(3, 1), w2=(2, 3), b2=(2, 1), x=(2, 1), y=(2, 1))),
    Idiom("small steps", "torch_steps", "steps", "steps", "C W1 b1 gain bias W2 b2", arrays(C=(4, 2), W1=(4, 3), b1=(3,), gain=(1, 3), bias=(1, 3), W2=(3, 4), b2=(4,), Xb=whole([0, 1], [1, 3], [2, 0], [3, 3]), Yb=whole(1, 3, 0, 2))),
    Idiom("convolution", "images", "conv_forward", "conv_backward", "x w b", arrays(x=(1, 2, 3, 3), w=(2, 2, 2, 2), b=(2,))),
    Idiom("max pooling", "images", "pool_forward", "pool_backward", "x", arrays(x=(2, 2, 4, 4))),
    Idiom("average pooling", "images", "average_forward", "average_backward", "x", arrays(x=(2, 4, 4))),
    Idiom("embedding by add.at", "words", "embedding_forward", "embedding_backward", "W", arrays(ids=whole([0, 2], [2, 1]), W=(4, 3))),
    Idiom("embedding in a loop", "words", "lookup", "lookup_backward", "table", arrays(table=(4, 3), ids=whole(0, 2, 2))),
    Idiom("negative samples", "words", "negative_sampling", "negative_sampling_gradient", "center outside", arrays(center=(3,), outside=(5, 3), target=1.0, negatives=whole(0, 3, 3))),
    Idiom("naive softmax of words", "words", "naive_softmax", "naive_softmax", "center outside", arrays(center=(3,), outside=(5, 3), target=1.0)),
    Idiom("attention", "words", "attention_forward", "attention_backward", "X Wq Wk Wv", arrays(X=(4, 3), Wq=(3, 2), Wk=(3, 2), Wv=(3, 2))),
    Idiom("policy gradient", "words", "policy_loss", "policy_backward", "W1 W2", arrays(W1=(4, 3), W2=(4,), states=(5, 3), actions=whole(1.0, 0.0, 1.0, 1.0, 0.0), advantages=(5,))),
    Idiom("reinforce", "words", "reinforce", "reinforce", "theta", arrays(theta=(3, 2), features=(4, 3), chosen=whole(0, 1, 1, 0), rewards=whole(1.0, 0.0, -1.0, 2.0))),
    Idiom("a script", "script", "", "", "W1 b1 W2 b2 x", arrays(x=(2,), W1=(4, 2), b1=(4,), W2=(3, 4), b2=(3,), y=(3,))),
    Idiom("a script with scores", "spiral", "", "", "W b V c", arrays(X=(4, 2), W=(2, 5), b=(5,), V=(5, 3), c=(3,), y=LABELS)),
]  # fmt: skip
