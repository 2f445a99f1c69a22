"""How every row of the table of spellings is called: what stands before the bar is the first
argument, and what a method is called on. Names are those of `POINT` and `CONSTANTS`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

RANDOM = np.random.default_rng(17)


def draw(*shape: int) -> Any:
    return RANDOM.normal(size=shape)


SQUARE = draw(3, 3) + 3 * np.eye(3)
POINT: Mapping[str, Any] = {
    "A": draw(3, 4), "B": draw(3, 4), "C": draw(4, 5), "D": draw(3, 5), "S": SQUARE,
    "R": draw(3, 3), "V": draw(4), "U": draw(4), "W": draw(3), "K": draw(5), "E": draw(2, 1),
    "P": RANDOM.uniform(0.1, 0.9, (3, 4)), "Q": RANDOM.uniform(1.1, 2.0, (3, 4)),
    "T": draw(2, 3, 4), "T2": draw(2, 4, 5), "T3": draw(2, 3, 5), "X": draw(2, 2, 5, 6),
    "F": draw(3, 2, 3, 2), "L": draw(2, 2, 7), "G": draw(3, 2, 3), "H4": draw(2, 3, 2, 4),
    "ONE": draw(1, 3, 1), "STACK": draw(2, 3, 3) + 3 * np.eye(3), "x": 0.7, "y": 1.3,
}  # fmt: skip
CONSTANTS: Mapping[str, Any] = {
    "I": np.array([2, 0, 1]), "I4": np.array([0, 2, 1, 1]), "J": RANDOM.integers(0, 3, (3, 4)),
    "J4": RANDOM.integers(0, 4, (3, 4)), "J2": RANDOM.integers(0, 3, (2, 4)),
    "M": RANDOM.random((3, 4)) < 0.5, "N": RANDOM.random((3, 4)) < 0.5,
    "Y": np.array([1, 0, 3]), "NAN": np.where(RANDOM.random((3, 4)) < 0.3, np.nan, draw(3, 4)),
    "INF": np.array([1.0, np.inf, -np.inf, np.nan]), "BINS": np.array([-1.0, -0.3, 0.2, 0.9]),
    "Z": np.array([0.0, 1.5, 0.0, 2.0]), "k": 3, "SPD": SQUARE @ SQUARE.T, "O": np.ones((2, 3)),
    "HOT": np.eye(4)[[1, 0, 3]], "PROBS": np.full((3, 4), 0.25), "four": np.full(4, 0.25),
}  # fmt: skip

EACH = """exp expm1 exp2 log log1p log2 log10 sqrt rsqrt cbrt square abs sign floor ceil round neg
 recip sin cos tan asin acos atan sinh cosh tanh asinh atanh sigmoid logsigmoid softplus relu silu
 erf erfc sinc positive softsign relu6 hardtanh mish tanhshrink selu hardsigmoid hardswish logit
 deg2rad rad2deg trunc isnan isinf isfinite lgamma gamma digamma erfinv erfcinv erfcx ndtr log_ndtr
 ndtri i0e i1e i0 i1 entr log1mexp"""
CALLS: Mapping[str, str] = {
    **dict.fromkeys(EACH.split(), "P; x"),
    "acosh": "Q; y",
    "sign": "A; x", "abs": "A; x", "relu": "A; x", "floor": "A; x", "ceil": "A; x",
    "trunc": "A; x", "neg": "A; x", "selu": "A", "silu": "A; x", "hardtanh": "A", "relu6": "A",
    "isnan": "INF; x", "isinf": "INF; x", "isfinite": "INF; x", "nan_to_num": "NAN",
    "isneginf": "INF", "isposinf": "INF",
    "round": "A; x",
    "leaky_relu": "A; A | 0.2", "elu": "A; A | 0.5", "gelu": "A; x", "gelu_tanh": "A; A | False",
    "heaviside": "A | 0.5; Z | 0.5", "xlogy": "Z | 2.0; P | Q", "lerp": "A | B, 0.3; A | B, P",
    "addcmul": "A | B, P; A | B, P, value=0.5", "addcdiv": "A | B, P; A | B, P, value=0.5",
    "floor_divide": "A | Q; x | y", "add": "A | B; A | 2; x | y", "sub": "A | B; A | 2",
    "mul": "A | B; A | 2", "div": "A | Q; A | 2", "pow": "P | Q; Q | 2; x | y",
    "mod": "A | Q; A | 0.7", "fmod": "A | Q; x | y", "maximum": "A | B; A | 0.1",
    "minimum": "A | B; A | 0.1", "atan2": "A | B; x | y", "hypot": "A | B; x | y",
    "logaddexp": "A | B", "polygamma": "1 | P; 2 | Q", "lbeta": "P | Q; x | y",
    "xlog1py": "Z | 2.0; P | Q",
    "both": "M | N; A | M", "either": "M | N; A | M", "unlike": "M | N; A | M",
    "negation": "M; A", "isclose": "A | B; A | A; A | B, 0.1, 0.5",
    "array_equal": "J | J; J | I", "allclose": "A | A; A | B", "isin": "J | I4; I | [0, 7]",
    **dict.fromkeys(["gt", "ge", "lt", "le", "eq", "ne"], "A | B; A | 0; J | 1"),
    "where": "M | A, B; M | A, 0.0; M; A > 0 | A, B",
    "clip": "A | -0.5, 0.5; A | min=-0.2; A | max=0.3; A | -0.5, B + 3",
    # along an axis
    "sum": "A; A | 0; A | -1, keepdims=True; T | (0, 2); J | 0", "mean": "A; A | 0; T | (0, 2)",
    "prod": "A; A | 0; A | 1, keepdims=True", "amax": "A; A | 0; A | axis=1, keepdims=True",
    "amin": "A; A | 0; A | axis=1, keepdims=True",
    "var": "A; A | 0; A | axis=1, ddof=1; A | 0, keepdims=True",
    "std": "A; A | 0; A | axis=1, ddof=1; A | 0, keepdims=True",
    "norm": "A; V | 1; V | 3; A | axis=1; A | 2, 0; V | INFINITE; A | 1; A | 2; A | -2; A | 'nuc'; T | 'nuc', (2, 0)",
    "vector_norm": "A; A | ord=1; V | ord=3; A | axis=1; A | axis=0, ord=INFINITE",
    "matrix_norm": "A; A | ord=2; T | ord=1; T | ord='nuc', keepdims=True", "svdvals": "A; T",
    "logsumexp": "A; A | 1; A | axis=0, keepdims=True", "softmax": "A; A | 0; A | axis=1",
    "log_softmax": "A; A | 0; A | axis=1", "softmax_all": "A; A | 0",
    "log_softmax_all": "A; A | 0", "cumsum": "A; A | 0; V; J | 1",
    "cumprod": "A; A | 0; V", "ptp": "A; A | 0; A | 1, keepdims=True",
    "average": "A; A | 0; A | axis=0, weights=P; A | 1, V; A | weights=P",
    "diff": "A; V; A | axis=0; A | 2, 1", "trapezoid": "A; V; A | axis=0; V | [0, 1, 3, 4]",
    **dict.fromkeys(["nansum", "nanprod", "nanmean", "nanmax", "nanmin", "nanvar", "nanstd"],
                    "NAN; NAN | 1; A | 0, keepdims=True"),
    "median": "A; A | 0; K; A | 1, keepdims=True", "quantile": "A | 0.3; A | [0.1, 0.8], 0; K | 1",
    "percentile": "A | 30; A | [10, 80], 0",
    "any": "M; M | 0; A > 0 | 1, keepdims=True", "all": "M; M | 0; A > 0 | 1",
    "argmax": "A; A | 0; A | 1, keepdims=True", "argmin": "A; A | 0", "argsort": "A; A | 0; V",
    "amax_alone": "A; A | 0; A | axis=1, keepdims=True", "amin_alone": "A; A | 0",
    "sort": "A; A | 0; V", "topk": "A | 2; A | 2, 0; A | k=1, largest=False",
    "unique": "J; J | return_counts=True; I4 | return_index=True, return_inverse=True",
    "searchsorted": "BINS | A; BINS | 0.4; BINS | A, side='right'", "digitize": "A | BINS; A | BINS, True",
    "bucketize": "A | BINS; A | BINS, right=True", "count_nonzero": "M; A > 0 | 0",
    "nonzero": "M; Z", "flatnonzero": "M", "argwhere": "M",
    # products
    "dot": "A | C; V | U; A | V; T | C; A | 2", "vdot": "V | U; A | B",
    "matmul": "A | C; V | U; A | V; V | C; T | T2; T | C", "multi_dot": "[A, C, C.T]",
    "baddbmm": "T3 | T, T2", "inner": "A | B; V | U", "outer": "V | U; W | V",
    "tensordot": "A | C, 1; T | T, ((0, 1), (0, 1)); A | B; T | C, ([2], [0])",
    "einsum": "'ij,jk->ik' | A, C; 'ij->j' | A; 'bij,bjk' | T, T2; 'ii' | S; '...i,i' | T, V",
    "addmm": "D | A, C", "trace": "S; S", "diag": "S; V; S | 1; V | -1", "diagflat": "V; A | 1",
    "diagonal": "A; A | 1; T | 0, 1, 2", "kron": "A | S; V | U; A | E",
    "cross": "S | R; R | W", "matrix_power": "S | 3; S | -1; S | 0",
    "pinv": "SPD", "svd": "SPD", "eigh": "SPD", "cholesky": "SPD", "qr": "SPD", "det": "S; STACK",
    "inv": "S; STACK", "solve": "S | W; S | D; STACK | W; STACK | T2[:, :3]; S | T2[:, :3]", "slogdet": "S; STACK", "logdet": "S @ S.T; STACK @ STACK.transpose(0, 2, 1)",
    # shapes
    "reshape": "A | (4, 3); A | (-1,); A | (2, -1)", "ravel": "A; A.T", "flatten": "A; T | 1",
    "transpose": "A; T | (1, 2, 0)", "swapaxes": "T | 0, 2", "t": "A", "moveaxis": "T | 0, 2; T | (0, 1), (1, 2)",
    "squeeze": "ONE; ONE | 0", "expand_dims": "A | 0; A | -1", "broadcast_to": "V | (3, 4); E | (2, 5)",
    "expand_as": "V | A", "view_as": "A.T | A", "tile": "V | 2; A | (2, 1); A | (2, 1, 2)",
    "repeat": "A | 2; A | 2, 0; V | [1, 0, 2, 1]", "repeated": "A | 2; A | 2, axis=0",
    "concatenate": "[A, B]; [A, B] | 1; (V, U)", "stack": "[A, B]; [A, B] | 1; [A, B] | -1; [x, y]",
    "hstack": "[A, B]; [V, U]", "vstack": "[A, V]; [V, U]", "column_stack": "[V, U]; [A, W]",
    "dstack": "[A, B]; [V, U]", "block": "[[A, B], [B, A]]; [V, U]",
    "insert": "V | 1, x; A | 1, W, axis=1; A | [0, 2], 0, axis=1; V | [1, 1], [5, 6]; A | 3, 9.0",
    "delete": "V | 1; A | [0, 2], 1; A | 0, axis=0; A | slice(0, 2), 1; V | 2",
    "append": "A | B; A | B, 0; V | x", "split": "A | 2, 1; K | [1, 3]; A | [1], 0; K | 1",
    "hsplit": "A | 2; V | [1]", "vsplit": "A | [1]", "dsplit": "T | 2",
    "sliding_window_view": "V | 2; A | (2, 3); A | 2, axis=1",
    "torch:as_strided": "A | (2, 2, 2), (4, 1, 1); V | (3, 2), (1, 1)", ".:as_strided": "V | (3, 2), (1, 1)",
    "as_strided": "A | (2, 2, 2), (32, 8, 8); V | (3, 2), (8, 8)",
    "unfold_along": "A | 1, 2, 1; K | 0, 3, 2", "unfold": "X | (3, 2); X | 2, 1, 1, 2; X | 2, dilation=2",
    "convolve": "K | W; W | K; K | W, 'same'; K | W, 'valid'; V | U, 'same'; W | K, 'same'",
    "correlate": "K | W; W | K; K | W, 'same'; K | W, 'full'; V | U, 'same'; W | K, 'full'; V | K, 'same'",
    "conv1d": "L | G; L | G, W, 2, 1; L | G, None, 1, 2, 2", "conv2d": "X | F; X | F, W, 2, 1; X | F, W, (1, 2), (0, 1), dilation=2; X | F, padding='same'; X[0] | F, W, 2; H4 | F[:, :1, :1, :], W, groups=3",
    "conv": "L | G, (2,), 'SAME'; X | F, (1, 2), 'VALID'", "top_k": "A | 2",
    "conv_general": "X | F, (1, 1), [(1, 0), (2, 1)], rhs_dilation=(2, 1); H4 | F[:, :1, :1, :], (1, 1), 'SAME', feature_group_count=3",
    "jax_attention": "H4 | H4, H4; H4 | H4, H4, is_causal=True",
    "max_pool1d": "L | 2; L | 3, 2, 1", "max_pool2d": "X | 2; X | (2, 3), 1; X | 3, 2, 1",
    "avg_pool1d": "L | 2; L | 3, 2, 1", "avg_pool2d": "X | 2; X | (2, 3), 1; X | 3, 2, 1",
    "linear": "A | D.T @ A; A | D.T @ A, K", "embedding": "J | A", "layer_norm": "A | 4; T | (3, 4), A, B; A | (4,), V, U, 0.1",
    "normalize": "A; A | 1.0, 0", "cosine_similarity": "A | B; A | B, 0", "attention": "T | T, T; T | T3.transpose(0, 2, 1)[:, :, [0, 1, 2, 0]], T; T | T, T, is_causal=True; H4 | H4, H4, scale=0.3",
    "narrow": "A | 1, 1, 2; A | 0, 0, 1", "select_along": "A | 1, 2; A | 0, -1", "chunk": "A | 2, 1; K | 3",
    "unbind": "A; A | 1", "flip": "A; A | 0; A | (0, 1)", "flipped": "A | 0; A | (0, 1)", "fliplr": "A",
    "flipud": "A", "roll": "A | 1; A | 1, 0; A | (1, 2), (0, 1)", "rot90": "A; A | 2; A | -1; T | 1, (1, 2)",
    "resize": "A | (2, 3); V | (2, 5)", "pad": "A | ((1, 0), (0, 2)); V | 2; A | 1; A | ((0, 1), (1, 1)), 'constant', constant_values=5; A | 1, 'edge'; A | 1, 'reflect'; A | 1, 'wrap'; A | ((0, 0), (1, 1)), mode='symmetric'",
    "torch:pad": "A | (1, 2); A | (0, 1, 2, 0), 'constant', 5.0; X | (1, 1, 0, 2), value=0.5; A | (1, 0), mode='replicate'; A | (1, 2), mode='reflect'; A | (2, 1), mode='circular'",
    "tril": "S; S | -1; A | 1", "triu": "S; S | -1; A | 1", "atleast_1d": "x; V", "atleast_2d": "x; V; A", "atleast_3d": "x; V; A; T",
    # places
    "take": "A | I; A | I, 0; A | [[0, 1], [2, 2]], axis=1; V | 2", "take_along_axis": "A | J4, 1; A | J[:1], 0; A | J, axis=0",
    "gather": "A | 1, J4[:2, :3]; A | 0, J2", "index_select": "A | 0, I; A | 1, I", "scatter": "A | 0, J2[:1], B; A | 1, I[:, None], x; A | 1, I[:, None], B",
    "scatter_add": "A | 0, J2, B; A | 1, J4, B", "index_add": "A | 0, I, B; A | 1, I4, B, alpha=2", "index_copy": "A | 0, I, B",
    "index_fill": "A | 0, I[:2], 3.0; A | 1, I, 0.5", "put_along_axis": "A | J4[:, :1], W[:, None], 1; A | I[:, None], 7.0, 1",
    "put": "A | [0, 5, 7], [1.0, 2.0, 3.0]; A | I, W", "copyto": "A | B; A | V", "fill_diagonal": "S | 0; A | x; S | W",
    "second": "A | B; A | V", "bincount": "I4; I4 | minlength=6; I4 | V; J4.ravel() | weights=A.ravel()",
    "masked_select": "A | M", "compress": "[True, False, True] | A, 0; [True, False, True, True] | A, axis=1", "extract": "M | A",
    "select": "[M, N] | [A, B]; [M, N] | [A, B], 5.0", "masked_fill": "A | M, 0.0; A | M, x", "add_at": "A | I4, C[:, :4]; A | (I, I), W; V | I4, 1.0",
    # new arrays
    **dict.fromkeys(["zeros", "ones"], "(2, 3); 3"), "empty": "(0, 3)", "full": "(2, 3) | 7.0; 3 | x", "eye": "3; 3 | 4; 3 | 4, 1", "torch:eye": "3; 3 | 4", "tri": "3; 3 | 4; 3 | 4, 1",
    "zeros_like": "A; x", "ones_like": "A; x", "full_like": "A | 2.5; A | x", "new_zeros": "A | 2, 3; A | (2, 3)", "new_ones": "A | 2, 3",
    "new_empty": "A | 0, 3", "new_full": "A | (2, 3), 4.0", "array": "[x, y]; [[1, 2], [3, 4]]; A", "numpy:float32": "[0.5, 1.25]; J",
    "numpy:empty_like": "np.zeros((0, 3))", "same": "A",
    "contiguous": "A.T; A", "floats": "J; A", "whole": "J; 3.0", "truth": "J; Z",
    "arange": "5; 2 | 7; 2 | 9, 3; 0 | 1, 0.25; 5 | 0, -1", "linspace": "0 | 1, 5; x | y, 4; 0 | 2, num=3", "logspace": "0 | 2, 5; 0 | x, 3",
    "geomspace": "1 | 100, 5", "meshgrid": "V | W; V | W, K; V | W, indexing='ij'; I | I4", "indices": "(2, 3)", "ix": "I | [0, 1]; [True, False, True] | I",
    "unravel_index": "5 | (2, 3); I | (2, 3)", "ravel_multi_index": "(I, I) | (3, 4); (1, 2) | (3, 4)", "ndindex": "2 | 3; (2, 3)", "ndenumerate": "A", "nditer": "A; T",
    "tril_indices": "3; 3 | -1; 3 | 1, 4", "triu_indices": "3; 3 | -1; 3 | 1, 4", "diag_indices": "3; 3 | 3", "broadcast_arrays": "A | V; W[:, None] | V, x",
    "one_hot": "I | 4; J | 3", "finfo": "float", "copy": "A; x", "astype": "A | float; J | float", "detach": "A; x", "item": "A[0, 0]; x",
    "shape_of": "A; V", "ndim_of": "A; T", "size_of": "A; T", "sides": "A; A | 0; T | -1", "stride": "A; T | 1", "isscalar": "3.0; [1]", "is_tensor": "A; 3", "never": "A",
    # losses
    "mse_loss": "A | B; A | B, reduction='sum'; A | B, reduction='none'", "cross_entropy": "A | Y; V | k; A | Y, reduction='none'; A | HOT",
    "nll_loss": "A | Y; A | Y, reduction='sum'", "binary_cross_entropy": "P | M * 1.0; P | P", "bce_with_logits": "A | M * 1.0; A | P",
    "l1_loss": "A | B; A | B, reduction='sum'", "huber_loss": "A | B; A | B, delta=0.5", "smooth_l1_loss": "A | B; A | B, beta=0.5; A | B, reduction='sum'",
    "kl_div": "A | P; A | P, reduction='batchmean'; A | B, log_target=True; A | P, reduction='sum'",
    # random numbers
    "randn": "2 | 3; 4", "rand": "2 | 3; 4", "normal": "1.0 | 2.0, (2, 3); x | y", "uniform": "1.0 | 2.0, (2, 3); x | y", "randint": "2 | 9, (2, 3); 5 | size=4; 3 | 8",
    "choice": "5 | 3; 5 | 2, False; V | 2, True, four; 9", "permutation": "5; I4; A", "shuffle": "A; I4", "binomial": "3 | 0.4, (2, 3); 1 | 0.5", "multinomial": "5 | four; 5 | four, 2",
    "multinomial_rows": "PROBS | 2; four | 3, True", "multivariate_normal": "[1.0, 2.0] | [[2.0, 0.3], [0.3, 1.0]], 3", "bernoulli": "P", "exponential": "2.0 | (2, 3)", "poisson": "2.0 | (2, 3)",
    "beta": "2.0 | 3.0, 4", "random_gamma": "2.0 | 1.5, 4", "laplace": "0.5 | 1.5, 4", "seed": "3", "generator": "3", "randn_like": "A", "rand_like": "A", "normal_like": "A; A | 1.0, 2.0",
    "uniform_like": "A; A | 1.0, 2.0", "of_zero_and_one": "", "random:gauss": "1.0 | 2.0; x | y", "random:normalvariate": "x | y", "math:prod": "V",
    "between": "2 | 5", "one_of": "[1.5, 2.5, 3.5]", "some_of": "[1.5, 2.5, 3.5, 4.5] | 2", "dropout": "A | 0.4; A | 0.4, False; A | training=False",
}  # fmt: skip
