"""THE TABLE OF SPELLINGS: what NumPy, PyTorch, JAX and SciPy call what is one function here.

A row has the name of the function, what it takes, and how it is spelled. Positions and defaults
are those of a spelling; names of arguments that mean the same are made one. What stands behind
a spelling is a gate of the same name, or a function of `reading/library.py`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

# Prefixes that say where a function comes from, and what they are prefixes of.
MODULES: Mapping[str, str] = {
    "np": "numpy", "numpy": "numpy", "jnp": "jax", "jax.numpy": "jax", "cp": "numpy",
    "torch": "torch", "F": "torch", "torch.nn.functional": "torch", "nn.functional": "torch",
    "jax.nn": "jax", "jax.scipy.special": "jax", "jax.lax": "jax", "lax": "jax",
    "scipy.special": "scipy", "special": "scipy", "sp": "scipy", "math": "math", "cmath": "",
}  # fmt: skip

# Arguments by other names that mean the same.
SAME_ARGUMENT: Mapping[str, str] = {
    "dim": "axis", "keepdim": "keepdims", "input": "a", "x": "a", "arr": "a", "self": "a",
    "x1": "a", "x2": "b", "other": "b", "a_min": "min", "a_max": "max", "unbiased": "unbiased",
    "correction": "ddof", "dims": "axes", "axis1": "axis1", "dim0": "axis1", "dim1": "axis2",
    "shape": "shape", "size": "shape", "newshape": "shape", "sections": "parts", "chunks": "parts",
    "indices_or_sections": "parts", "split_size_or_sections": "parts", "reps": "times",
    "repeats": "times", "tensors": "arrays", "tup": "arrays", "seq": "arrays", "ord": "p",
    "exponent": "b", "fill_value": "value", "object": "a", "data": "a", "obj": "a", "m": "a",
    "v": "a", "condition": "c", "mat2": "b", "vec2": "b", "negative_slope": "slope",
    "a1": "a", "end": "stop", "steps": "num", "M": "columns", "N": "rows", "subscripts": "text",
    "equation": "text", "operands": "arrays", "num_classes": "count", "source": "source",
}  # fmt: skip

# Arguments that change nothing that is read here.
IGNORED = frozenset(
    ["dtype", "out", "device", "requires_grad", "copy", "order", "subok", "casting", "like",
     "layout", "pin_memory", "memory_format", "non_blocking", "inplace", "precision",
     "generator", "preferred_element_type", "optimize", "stable", "weak_type"]
)  # fmt: skip


class Spelling(NamedTuple):
    """A function: what it is called here, what it takes, and whether it is a method too."""

    name: str
    parameters: tuple[tuple[str, bool], ...]  # each with whether it may be left out
    rest: str = ""  # a parameter that takes all further positions


# name | what it takes, `?` after what may be left out, `*` before what takes the rest | spellings
# A spelling is a name in any module of the prefixes before it; a name that begins with a point
# is a method. n: NumPy, t: PyTorch, j: JAX, s: SciPy, m: math.
TABLE = """
exp        | a            | nt js m:exp .exp .exp_
expm1      | a            | nt j s m:expm1
exp2       | a            | n t j s m:exp2
log        | a base?      | n t j m:log .log
log1p      | a            | n t j s m:log1p .log1p
log2       | a            | n t j m:log2
log10      | a            | n t j m:log10
sqrt       | a            | n t j m:sqrt .sqrt
rsqrt      | a            | t j:rsqrt .rsqrt
cbrt       | a            | n j s m:cbrt
square     | a            | n t j:square .square
abs        | a            | n t j m:abs nj:absolute n j m:fabs .abs
sign       | a            | n t j:sign t:sgn .sign
floor      | a            | n t j m:floor .floor
ceil       | a            | n t j m:ceil .ceil
round      | a decimals?  | n t j:round n:around n j:rint .round
neg        | a            | n j:negative t:neg .neg
recip      | a            | n t j:reciprocal .reciprocal
sin        | a            | n t j m:sin .sin
cos        | a            | n t j m:cos .cos
tan        | a            | n t j m:tan .tan
asin       | a            | n t j:arcsin n t j m:asin
acos       | a            | n t j:arccos n t j m:acos
atan       | a            | n t j:arctan n t j m:atan
sinh       | a            | n t j m:sinh
cosh       | a            | n t j m:cosh
tanh       | a            | n t j m:tanh .tanh
asinh      | a            | n t j:arcsinh n t j m:asinh
acosh      | a            | n t j:arccosh n t j m:acosh
atanh      | a            | n t j:arctanh n t j m:atanh
sigmoid    | a            | t j:sigmoid s:expit .sigmoid
logsigmoid | a            | t:logsigmoid j:log_sigmoid s:log_expit
softplus   | a            | t j:softplus
relu       | a            | t j:relu .relu
leaky_relu | a slope?     | t j:leaky_relu
elu        | a alpha?     | t j:elu
silu       | a            | t j:silu j:swish
gelu       | a approximate? | t j:gelu
erf        | a            | t s m:erf j:erf
erfc       | a            | t s m:erfc j:erfc
sinc       | a            | n t j:sinc
lgamma     | a            | t m:lgamma s j:gammaln s:loggamma t:special.gammaln .lgamma
gamma      | a            | s j m:gamma
digamma    | a            | t s j:digamma s:psi t:special.digamma t:special.psi .digamma
polygamma  | n a          | s j t:polygamma t:special.polygamma
lbeta      | a b          | s j:betaln
erfinv     | a            | s j t:erfinv t:special.erfinv .erfinv
erfcinv    | a            | s:erfcinv
erfcx      | a            | s:erfcx t:special.erfcx
ndtr       | a            | s j:ndtr t:special.ndtr
log_ndtr   | a            | s j:log_ndtr t:special.log_ndtr
ndtri      | a            | s j:ndtri t:special.ndtri
i0e        | a            | s j:i0e t:special.i0e
i1e        | a            | s j:i1e t:special.i1e
i0         | a            | n s j t:i0 t:special.i0
i1         | a            | s j:i1 t:special.i1
xlogy      | a b          | s j t:xlogy t:special.xlogy
xlog1py    | a b          | s j:xlog1py t:special.xlog1py
entr       | a            | s j:entr t:special.entr
logit      | a            | s j t:logit t:special.logit .logit
log1mexp   | a            | j:log1mexp
softsign   | a            | t:softsign j:soft_sign
selu       | a            | t j:selu
mish       | a            | t j:mish
relu6      | a            | t j:relu6
add        | a b          | n t j:add .add
sub        | a b          | n t j:subtract t:sub .sub
mul        | a b          | n t j:multiply t:mul .mul
div        | a b          | n t j:divide n t j:true_divide t:div .div
pow        | a b          | n j:power n t j m:pow n:float_power .pow
mod        | a b          | n t j:mod n t j:remainder
fmod       | a b          | n t j m:fmod
trunc      | a            | n t j m:trunc n t j:fix
maximum    | a b          | n t j:maximum n j:fmax
minimum    | a b          | n t j:minimum n j:fmin
atan2      | a b          | n t j:arctan2 n t m:atan2
hypot      | a b          | n t j m:hypot
logaddexp  | a b          | n t j:logaddexp
gt         | a b          | n j:greater t:gt t:greater .gt
ge         | a b          | n j:greater_equal t:ge .ge
lt         | a b          | n j:less t:lt .lt
le         | a b          | n j:less_equal t:le .le
eq         | a b          | n j:equal t:eq .eq
ne         | a b          | n j:not_equal t:ne .ne
both       | a b          | n t j:logical_and
either     | a b          | n t j:logical_or
unlike     | a b          | n t j:logical_xor
negation   | a            | n t j:logical_not
where      | c a? b?      | n t j:where
clip       | a min? max?  | n j t:clip t:clamp .clip .clamp .clamp_
nan_to_num | a            | n t j:nan_to_num
isnan      | a            | n t j m:isnan
isinf      | a            | n t j m:isinf
isfinite   | a            | n t j m:isfinite
allclose   | a b          | n t j m:allclose
sum        | a axis? dtype? out? keepdims? | n j:sum t:sum .sum
mean       | a axis? dtype? out? keepdims? | n j:mean t:mean .mean
prod       | a axis? dtype? out? keepdims? | n j t m:prod .prod
amax       | a axis? out? keepdims? | n j t:max n j t:amax .max .amax
amin       | a axis? out? keepdims? | n j t:min n j t:amin .min .amin
var        | a axis? dtype? out? ddof? keepdims? | n j t:var .var
std        | a axis? dtype? out? ddof? keepdims? | n j t:std .std
norm       | a p? axis? keepdims? | n j t:linalg.norm t:norm .norm
logsumexp  | a axis? b? keepdims? | s t j:logsumexp .logsumexp
softmax    | a axis?      | t s j:softmax .softmax
log_softmax| a axis?      | t s j:log_softmax .log_softmax
cumsum     | a axis?      | n t j:cumsum .cumsum
cumprod    | a axis?      | n t j:cumprod .cumprod
any        | a axis? out? keepdims? | n t j:any .any
all        | a axis? out? keepdims? | n t j:all .all
argmax     | a axis? out? keepdims? | n t j:argmax .argmax
argmin     | a axis? out? keepdims? | n t j:argmin .argmin
argsort    | a axis?      | n t j:argsort .argsort
sort       | a axis?      | n j:sort
count_nonzero | a axis?   | n t j:count_nonzero
nonzero    | a            | n t j:nonzero n:flatnonzero .nonzero
dot        | a b          | n j:dot t:dot .dot
vdot       | a b          | n t j:vdot
matmul     | a b          | n j t:matmul t:mm t:bmm t:mv .matmul .mm .bmm .mv
inner      | a b          | n t j:inner
outer      | a b          | n t j:outer t:ger .outer
tensordot  | a b axes?    | n t j:tensordot
einsum     | text *arrays | n t j:einsum
addmm      | c a b        | t:addmm
trace      | a            | n t j:trace .trace
diag       | a            | n t j:diag
diagonal   | a            | n t j:diagonal .diagonal
det        | a            | n j t:linalg.det t:det
inv        | a            | n j t:linalg.inv t:inverse
cholesky   | a            | n j t:linalg.cholesky t:cholesky
solve      | a b          | n j t:linalg.solve
slogdet    | a            | n j t:linalg.slogdet t:slogdet t:logdet
reshape    | a *shape     | n t j:reshape .reshape .view
ravel      | a            | n t j:ravel .ravel
flatten    | a start? stop? | t:flatten .flatten
transpose  | a *axes      | n j t:transpose .transpose .permute t:permute
swapaxes   | a axis1 axis2 | n t j:swapaxes t:swapdims .swapaxes
t          | a            | t:t .t
moveaxis   | a source destination | n t j:moveaxis
squeeze    | a axis?      | n t j:squeeze .squeeze
expand_dims| a axis       | n j:expand_dims t:unsqueeze .unsqueeze
broadcast_to | a *shape   | n t j:broadcast_to .expand
expand_as  | a b          | .expand_as
view_as    | a b          | .view_as .reshape_as
tile       | a *times     | n t j:tile
repeat     | a times axis?| n j:repeat t:repeat_interleave .repeat_interleave
concatenate| arrays axis? | n j t:concatenate t:cat t:concat
stack      | arrays axis? | n t j:stack
hstack     | arrays       | n t j:hstack
vstack     | arrays       | n t j:vstack n:row_stack
column_stack | arrays     | n t j:column_stack
split      | a parts axis?| n j t:split n:array_split .split
hsplit     | a parts      | n t j:hsplit
vsplit     | a parts      | n t j:vsplit
sliding_window_view | a shape axis? | n:lib.stride_tricks.sliding_window_view
chunk      | a parts axis?| t:chunk .chunk
unbind     | a axis?      | t:unbind .unbind
flip       | a axis?      | n t j:flip .flip
fliplr     | a            | n t j:fliplr
flipud     | a            | n t j:flipud
roll       | a shift axis?| n t j:roll
pad        | a width mode? value? | n j t:pad
tril       | a k?         | n t j:tril .tril
triu       | a k?         | n t j:triu .triu
atleast_1d | *arrays      | n t j:atleast_1d
atleast_2d | *arrays      | n t j:atleast_2d
take       | a indices axis? | n j:take .take
take_along_axis | a indices axis | n j t:take_along_axis
gather     | a axis indices | t:gather .gather
index_select | a axis indices | t:index_select
masked_fill| a mask value | t:masked_fill .masked_fill
zeros      | *shape       | n t j:zeros
ones       | *shape       | n t j:ones
empty      | *shape       | n t j:empty
full       | shape value  | n t j:full
eye        | rows columns?| n t j:eye n:identity
zeros_like | a            | n t j:zeros_like n t j:empty_like
ones_like  | a            | n t j:ones_like
full_like  | a value      | n t j:full_like
array      | a            | n j:array n:float64 n:float32 t:tensor t:Tensor
same       | a            | n t j:asarray t:as_tensor t:from_numpy .cpu .numpy
same       | a *more      | .to .type_as .cuda .requires_grad_ .retain_grad
contiguous | a            | n:ascontiguousarray .contiguous
floats     | a            | n:asfarray .float .double
whole      | a            | n:int64 n:int32 n:int_ .long
arange     | start stop? step? | n t j:arange
linspace   | start stop num?   | n t j:linspace
meshgrid   | *arrays      | n t j:meshgrid
one_hot    | a count?     | t j:one_hot
finfo      | a?           | n t j:finfo
add_at     | a indices b  | n:add.at
copy       | a            | n j:copy t:clone .copy .clone
astype     | a dtype?     | .astype .type
detach     | a            | .detach j:stop_gradient t:detach
item       | a            | .item .tolist
shape_of   | a            | n t j:shape
ndim_of    | a            | n j:ndim .dim
size_of    | a axis?      | n j:size .numel t:numel .size
isscalar   | a            | n:isscalar
mse_loss   | a b reduction? | t:mse_loss
cross_entropy | a b reduction? | t:cross_entropy
nll_loss   | a b reduction? | t:nll_loss
binary_cross_entropy | a b reduction? | t:binary_cross_entropy
bce_with_logits | a b reduction? | t:binary_cross_entropy_with_logits
randn      | *shape       | n:random.randn t:randn n:random.standard_normal
rand       | *shape       | n:random.rand t:rand n:random.random n:random.random_sample
normal     | loc? scale? shape? | n:random.normal
uniform    | low? high? shape?  | n:random.uniform
randint    | low high? shape?   | n:random.randint n:random.integers t:randint
choice     | a shape? replace? p? | n:random.choice
permutation| a            | n:random.permutation t:randperm
binomial   | count p shape? | n:random.binomial
seed       | a?           | n:random.seed t:manual_seed
generator  | a?           | n:random.default_rng n:random.RandomState n:random.Generator t:Generator
randn_like | a            | t:randn_like
rand_like  | a            | t:rand_like
"""

INITIALS = {"n": "numpy", "t": "torch", "j": "jax", "s": "scipy", "m": "math"}


@cache
def functions() -> dict[tuple[str, str], Spelling]:
    """The function that a module's name stands for; methods are of the module `.`."""
    found: dict[tuple[str, str], Spelling] = {}
    for line in TABLE.strip().splitlines():
        name, takes, spelled = (part.strip() for part in line.split("|"))
        words = takes.split()
        rest = next((word[1:] for word in words if word[0] == "*"), "")
        parameters = [(word.rstrip("?"), word[-1] == "?") for word in words if word[0] != "*"]
        spelling = Spelling(name, tuple(parameters), rest)
        homes: list[str] = []
        for word in spelled.split():
            if word[0] == ".":
                found[".", word[1:]] = spelling
                continue
            letters, colon, called = word.partition(":")
            homes += [INITIALS[letter] for letter in letters]
            if colon:
                found |= {(home, called): spelling for home in homes}
                homes = []
    return found


def spelling(module: str, name: str) -> Spelling | None:
    """The function of this name in a module, `.` for methods; None if it isn't known."""
    return functions().get((module, name))


METHODS = frozenset(
    [
        "sum",
        "mean",
        "prod",
        "var",
        "std",
        "norm",
        "max",
        "min",
        "exp",
        "log",
        "log1p",
        "sqrt",
        "square",
        "abs",
        "sign",
        "floor",
        "ceil",
        "round",
        "sin",
        "cos",
        "tan",
        "tanh",
        "sigmoid",
        "relu",
        "softmax",
        "log_softmax",
        "logsumexp",
        "cumsum",
        "reshape",
        "clip",
        "pow",
        "add",
        "sub",
        "mod",
        "mul",
        "div",
        "trace",
        "outer",
    ]
)


def method(name: str) -> str:
    """The function of the language that a method stands for: `x.sum(0)` is sum(x, 0)."""
    found = functions().get((".", name))
    plain = {"amax": "max", "amin": "min"}.get(found.name, found.name) if found else ""
    return plain if plain in METHODS else ""


def plain(text: str) -> str:
    """The function of the language that a name with its module stands for: scipy.special.expit is
    sigmoid. What the table doesn't have is the name alone."""
    prefix = max((one for one in MODULES if text.startswith(f"{one}.")), key=len, default="")
    name = text[len(prefix) + 1 :] if prefix else text
    found = functions().get((MODULES.get(prefix, ""), name))
    known = {"amax": "max", "amin": "min"}.get(found.name, found.name) if found else ""
    bare = name.removeprefix("linalg.").removeprefix("special.")
    return known if known in METHODS and known != bare else bare
