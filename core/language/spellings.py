"""THE TABLE OF SPELLINGS: what NumPy, PyTorch, JAX and SciPy call what is one function here.

A row has the name of the function, what it takes, and how it is spelled. Positions and defaults
are those of a spelling; names of arguments that mean the same are made one. What stands behind
a spelling is a gate of the same name, or a function of `reading/library`.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from backprop.errors import closest

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
    "pad_width": "width", "pad": "width", "constant_values": "value", "values": "value",
    "src": "source", "index": "indices", "kernel_size": "size", "alpha": "alpha", "xi": "x",
    "condlist": "conditions", "choicelist": "choices", "target": "b", "normalized_shape": "shape",
    "query": "a", "key": "b", "lhs": "a", "rhs": "weight", "window_strides": "stride",
    "rhs_dilation": "dilation", "feature_group_count": "groups",
    "lhs_dilation": "apart", "dimension_numbers": "letters",
    "attn_mask": "mask", "descending": "largest", "pvals": "p",
    "window_shape": "shape", "low": "low", "high": "high", "val": "value", "n": "n",
    "axisa": "axis", "xs": "a", "probs": "a", "start_dim": "start", "end_dim": "stop",
}  # fmt: skip

# Arguments that change nothing that is read here.
IGNORED = frozenset(
    ["dtype", "out", "device", "sparse_grad", "sorted", "overwrite_input", "requires_grad", "copy",
     "order", "subok", "casting", "like",
     "layout", "pin_memory", "memory_format", "non_blocking", "inplace", "precision",
     "generator", "preferred_element_type", "optimize", "stable", "weak_type"]
)  # fmt: skip


class Spelling(NamedTuple):
    """A function: what it is called here, what it takes, and whether it is a method too."""

    name: str
    parameters: tuple[tuple[str, bool], ...]  # each with whether it may be left out
    rest: str = ""  # a parameter that takes all further positions
    named: tuple[str, ...] = ()  # parameters after that one, which have no position


# name | what it takes, `?` after what may be left out, `*` before what takes the rest | spellings
# A spelling is a name in any module of the prefixes before it; a name that begins with a point
# is a method. n: NumPy, t: PyTorch, j: JAX, s: SciPy, m: math, r: Python's random.
TABLE = """
exp        | a            | ntj m:exp .exp .exp_
expm1      | a            | nt j s m:expm1
exp2       | a            | n t j s m:exp2
log        | a base?      | n t j m:log .log .log_
log1p      | a            | n t j s m:log1p .log1p
log2       | a            | n t j m:log2
log10      | a            | n t j m:log10
sqrt       | a            | n t j m:sqrt .sqrt .sqrt_
rsqrt      | a            | t j:rsqrt .rsqrt
cbrt       | a            | n j s m:cbrt
square     | a            | n t j:square .square
abs        | a            | n t j:abs nj:absolute n j m:fabs .abs .abs_
sign       | a            | n t j:sign t:sgn .sign
floor      | a            | n t j m:floor .floor .floor_
ceil       | a            | n t j m:ceil .ceil .ceil_
round      | a decimals?  | n t j:round n:around n j:rint .round .round_
neg        | a            | n j:negative t:neg t:negative .neg .neg_
recip      | a            | n t j:reciprocal .reciprocal .reciprocal_
sin        | a            | n t j m:sin .sin
cos        | a            | n t j m:cos .cos
tan        | a            | n t j m:tan .tan
asin       | a            | n t j:arcsin n t j m:asin
acos       | a            | n t j:arccos n t j m:acos
atan       | a            | n t j:arctan n t j m:atan
sinh       | a            | n t j m:sinh
cosh       | a            | n t j m:cosh
tanh       | a            | n t j m:tanh .tanh .tanh_
asinh      | a            | n t j:arcsinh n t j m:asinh
acosh      | a            | n t j:arccosh n t j m:acosh
atanh      | a            | n t j:arctanh n t j m:atanh
sigmoid    | a            | t j:sigmoid s:expit .sigmoid .sigmoid_
logsigmoid | a            | t:logsigmoid j:log_sigmoid s:log_expit
softplus   | a            | t j:softplus
relu       | a            | t j:relu t:relu_ .relu .relu_
leaky_relu | a slope?     | t j:leaky_relu
elu        | a alpha?     | t j:elu
silu       | a            | t j:silu j:swish
gelu       | a approximate? | t:gelu
gelu_tanh  | a approximate? | j:gelu
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
positive   | a            | n t j:positive
hardtanh   | a            | t:hardtanh j:hard_tanh
tanhshrink | a            | t:tanhshrink
hardsigmoid| a            | t:hardsigmoid j:hard_sigmoid
hardswish  | a            | t:hardswish j:hard_swish
deg2rad    | a            | n t j:deg2rad n j m:radians
rad2deg    | a            | n t j:rad2deg n j:degrees
heaviside  | a b          | n t j:heaviside
lerp       | a b weight   | t:lerp .lerp
addcmul    | c a b value? | t:addcmul
addcdiv    | c a b value? | t:addcdiv
floor_divide | a b        | n t j:floor_divide .floor_divide
add        | a b          | n t j:add .add .add_
sub        | a b          | n t j:subtract t:sub .sub .sub_
mul        | a b          | n t j:multiply t:mul .mul .mul_
div        | a b          | n t j:divide n t j:true_divide t:div .div .div_
pow        | a b          | n j:power n t j m:pow n:float_power .pow .pow_
mod        | a b          | n j:mod n t j:remainder .remainder
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
clip       | a min? max?  | n j t:clip t:clamp .clip .clamp .clamp_ .clip_
nan_to_num | a            | n t j:nan_to_num
isnan      | a            | n t j m:isnan
isinf      | a            | n t j m:isinf
isfinite   | a            | n t j m:isfinite
allclose   | a b          | n t j:allclose
sum        | a axis? dtype? out? keepdims? | n j:sum t:sum .sum
mean       | a axis? dtype? out? keepdims? | n j:mean t:mean .mean
prod       | a axis? dtype? out? keepdims? | n j t m:prod .prod
amax       | a axis? out? keepdims? | n j t:max n j:amax .max
amax_alone | a axis? keepdims? | t:amax .amax
amin       | a axis? out? keepdims? | n j t:min n j:amin .min
amin_alone | a axis? keepdims? | t:amin .amin
var        | a axis? dtype? out? ddof? keepdims? | n j t:var .var
std        | a axis? dtype? out? ddof? keepdims? | n j t:std .std
norm       | a p? axis? keepdims? | n j t:linalg.norm
vector_norm | a p? axis? keepdims? | n j t:linalg.vector_norm t:norm .norm
matrix_norm | a p? axis? keepdims? | n j t:linalg.matrix_norm
svdvals    | a            | n j t:linalg.svdvals
logsumexp  | a axis? b? keepdims? | s t j:logsumexp .logsumexp
softmax    | a axis?      | t j:softmax .softmax
softmax_all| a axis?      | s:softmax
log_softmax| a axis?      | t j:log_softmax .log_softmax
log_softmax_all | a axis? | s:log_softmax
cumsum     | a axis?      | n t j:cumsum .cumsum
cumprod    | a axis?      | n t j:cumprod .cumprod
ptp        | a axis? out? keepdims? | n j:ptp
average    | a axis? weights? returned? keepdims? | n j:average
diff       | a n? axis?   | n t j:diff .diff
trapezoid  | a x? dx? axis? | n t j:trapezoid n t:trapz
nansum     | a axis? dtype? out? keepdims? | n j t:nansum
nanprod    | a axis? dtype? out? keepdims? | n j:nanprod
nanmean    | a axis? dtype? out? keepdims? | n j t:nanmean
nanmax     | a axis? out? keepdims? | n j:nanmax
nanmin     | a axis? out? keepdims? | n j:nanmin
nanvar     | a axis? dtype? out? ddof? keepdims? | n j:nanvar
nanstd     | a axis? dtype? out? ddof? keepdims? | n j:nanstd
median     | a axis? out? overwrite_input? keepdims? | n j:median
median     | a axis? keepdims? | t:median .median
quantile   | a q axis? out? overwrite_input? method? keepdims? | n j:quantile
quantile   | a q axis? keepdims? | t:quantile .quantile
percentile | a q axis? out? overwrite_input? method? keepdims? | n j:percentile
any        | a axis? out? keepdims? | n t j:any .any
all        | a axis? out? keepdims? | n t j:all .all
argmax     | a axis? out? keepdims? | n t j:argmax .argmax
argmin     | a axis? out? keepdims? | n t j:argmin .argmin
argsort    | a axis?      | n t j:argsort .argsort
sort       | a axis?      | n t j:sort .sort
topk       | a k axis? largest? sorted? | t:topk .topk
top_k      | a k          | j:top_k
unique     | a return_index? return_inverse? return_counts? axis? | n j:unique
searchsorted | a b side?  | n j:searchsorted
searchsorted | a b right? side? | t:searchsorted
digitize   | a bins right?| n j:digitize
bucketize  | a bins right?| t:bucketize
count_nonzero | a axis?   | n t j:count_nonzero
nonzero    | a            | n t j:nonzero .nonzero
flatnonzero| a            | n j:flatnonzero
argwhere   | a            | n t j:argwhere
isin       | a b          | n t j:isin
isclose    | a b rtol? atol? | n t j:isclose
array_equal| a b          | n j:array_equal t:equal .equal
isneginf   | a            | n t j:isneginf
isposinf   | a            | n t j:isposinf
dot        | a b          | n j:dot t:dot .dot
vdot       | a b          | n t j:vdot
matmul     | a b          | n j t:matmul t:mm t:bmm t:mv .matmul .mm .bmm .mv
multi_dot  | arrays       | n t:linalg.multi_dot
baddbmm    | c a b        | t:baddbmm .baddbmm
inner      | a b          | n t j:inner
outer      | a b          | n t j:outer t:ger .outer
tensordot  | a b axes?    | n t j:tensordot
einsum     | text *arrays | n t j:einsum
addmm      | c a b        | t:addmm t:addmv .addmm
trace      | a            | n t j:trace .trace
diag       | a k?         | n t j:diag .diag
diagflat   | a k?         | n t j:diagflat
diagonal   | a k? axis1? axis2? | n t j:diagonal .diagonal
kron       | a b          | n t j:kron
cross      | a b axis?    | t j:cross t:linalg.cross .cross
cross      | a b axisa?   | n:cross
matrix_power | a n        | n t j:linalg.matrix_power t:matrix_power
pinv       | a            | n t j:linalg.pinv
svd        | a            | n:linalg.svd
eigh       | a            | n t j:linalg.eigh
qr         | a            | n t j:linalg.qr
det        | a            | n j t:linalg.det t:det
inv        | a            | n j t:linalg.inv t:inverse
cholesky   | a            | n j t:linalg.cholesky t:cholesky
solve      | a b          | n j t:linalg.solve
slogdet    | a            | n j t:linalg.slogdet t:slogdet
logdet     | a            | t:logdet .logdet
reshape    | a *shape     | n t j:reshape .reshape .view
ravel      | a            | n t j:ravel .ravel
flatten    | a start? stop? | t:flatten .flatten
transpose  | a *axes      | n j t:transpose .transpose .permute t:permute
swapaxes   | a axis1 axis2 | n t j:swapaxes t:swapdims .swapaxes
t          | a            | t:t .t
moveaxis   | a source destination | n t j:moveaxis t:movedim .movedim .moveaxis
squeeze    | a axis?      | n t j:squeeze .squeeze
expand_dims| a axis       | n j:expand_dims t:unsqueeze .unsqueeze
broadcast_to | a *shape   | n t j:broadcast_to .expand
expand_as  | a b          | .expand_as
view_as    | a b          | .view_as .reshape_as
tile       | a *times     | n t j:tile .tile
repeat     | a times axis?| n j:repeat t:repeat_interleave .repeat_interleave
repeated   | a *times axis? | .repeat
concatenate| arrays axis? | n j t:concatenate t:cat t:concat
stack      | arrays axis? | n t j:stack
hstack     | arrays       | n t j:hstack
vstack     | arrays       | n t j:vstack n:row_stack
column_stack | arrays     | n t j:column_stack
dstack     | arrays       | n t j:dstack
block      | arrays       | n j:block
insert     | a at value axis? | n j:insert
delete     | a at axis?   | n j:delete
append     | a b axis?    | n j:append
split      | a parts axis?| n j t:split n:array_split .split
hsplit     | a parts      | n t j:hsplit
vsplit     | a parts      | n t j:vsplit
dsplit     | a parts      | n t j:dsplit
sliding_window_view | a shape axis? | n:lib.stride_tricks.sliding_window_view
as_strided | a shape? strides? | n:lib.stride_tricks.as_strided t:as_strided .as_strided
unfold_along | a axis size step | .unfold
unfold     | a size dilation? padding? stride? | t:unfold
convolve   | a b mode?    | n j:convolve
correlate  | a b mode?    | n j:correlate
conv1d     | a weight bias? stride? padding? dilation? groups? | t:conv1d
conv2d     | a weight bias? stride? padding? dilation? groups? | t:conv2d
conv       | a weight stride padding | j:conv
conv_general | a weight stride padding apart? dilation? letters? groups? | j:conv_general_dilated
max_pool1d | a size stride? padding? | t:max_pool1d
max_pool2d | a size stride? padding? | t:max_pool2d
avg_pool1d | a size stride? padding? | t:avg_pool1d
avg_pool2d | a size stride? padding? | t:avg_pool2d
linear     | a weight bias? | t:linear
embedding  | a weight     | t:embedding
layer_norm | a shape weight? bias? eps? | t:layer_norm
normalize  | a p? axis? eps? | t:normalize
cosine_similarity | a b axis? eps? | t:cosine_similarity
attention  | a b value mask? dropout_p? is_causal? scale? | t:scaled_dot_product_attention
jax_attention | a b value bias? mask? scale? is_causal? | j:dot_product_attention
dropout    | a p? training? | t:dropout
narrow     | a axis start length | t:narrow .narrow
select_along | a axis at  | t:select .select
chunk      | a parts axis?| t:chunk .chunk
unbind     | a axis?      | t:unbind .unbind
flip       | a axis?      | n j:flip
flipped    | a *axes      | t:flip .flip
fliplr     | a            | n t j:fliplr
flipud     | a            | n t j:flipud
roll       | a shift axis?| n t j:roll .roll
rot90      | a k? axes?   | n t j:rot90
resize     | a *shape     | n j:resize
pad        | a width mode? value? | n j t:pad
tril       | a k?         | n t j:tril .tril
triu       | a k?         | n t j:triu .triu
atleast_1d | *arrays      | n t j:atleast_1d
atleast_2d | *arrays      | n t j:atleast_2d
atleast_3d | *arrays      | n t j:atleast_3d
take       | a indices axis? | n j t:take .take
take_along_axis | a indices axis | n j t:take_along_axis
gather     | a axis indices | t:gather .gather
index_select | a axis indices | t:index_select .index_select
scatter    | a axis indices source | t:scatter .scatter .scatter_
scatter_add| a axis indices source | t:scatter_add .scatter_add .scatter_add_
index_add  | a axis indices source alpha? | t:index_add .index_add .index_add_
index_copy | a axis indices source | t:index_copy .index_copy .index_copy_
index_fill | a axis indices value | t:index_fill .index_fill .index_fill_
put_along_axis | a indices value axis | n:put_along_axis
put        | a indices value | n:put
copyto     | a b          | n:copyto
fill_diagonal | a value   | n:fill_diagonal
second     | a b          | .copy_
bincount   | a weights? minlength? | n t j:bincount
masked_select | a mask    | t:masked_select .masked_select
compress   | c a axis?    | n j:compress
extract    | c a          | n j:extract
select     | conditions choices default? | n j:select
masked_fill| a mask value | t:masked_fill .masked_fill .masked_fill_
zeros      | *shape       | n t j:zeros
ones       | *shape       | n t j:ones
empty      | *shape       | n t j:empty
full       | shape value  | n t j:full
eye        | rows columns? k? | n j:eye n:identity
eye        | rows columns?| t:eye
tri        | rows columns? k? | n j:tri
zeros_like | a            | n t j:zeros_like n t j:empty_like .zero_
ones_like  | a            | n t j:ones_like
full_like  | a value      | n t j:full_like .fill .fill_
new_zeros  | a *shape     | .new_zeros
new_ones   | a *shape     | .new_ones
new_empty  | a *shape     | .new_empty
new_full   | a shape value| .new_full
array      | a            | n j:array n:float64 n:float32 t:tensor t:Tensor
same       | a            | n t j:asarray t:as_tensor t:from_numpy .cpu .numpy
same       | a *more      | .to .type_as .cuda .requires_grad_ .retain_grad
contiguous | a            | n:ascontiguousarray .contiguous
floats     | a            | n:asfarray .float .double
whole      | a            | n:int64 n:int32 n:int_ .long .int
truth      | a            | .bool
arange     | start stop? step? | n t j:arange
linspace   | start stop num? endpoint? | n j:linspace
linspace   | start stop num?   | t:linspace
logspace   | start stop num? endpoint? base? | n j:logspace
geomspace  | start stop num? endpoint? | n j:geomspace
meshgrid   | *arrays indexing? sparse? | n t j:meshgrid
indices    | shape        | n j:indices
ix         | *arrays      | n j:ix_
unravel_index | a shape   | n t j:unravel_index
ravel_multi_index | a shape | n j:ravel_multi_index
ndindex    | *shape       | n:ndindex
ndenumerate| a            | n:ndenumerate
nditer     | a flags? op_flags? | n:nditer
tril_indices | rows k? columns? | n j:tril_indices
triu_indices | rows k? columns? | n j:triu_indices
diag_indices | rows axes? | n j:diag_indices
broadcast_arrays | *arrays| n j:broadcast_arrays t:broadcast_tensors
one_hot    | a count?     | t j:one_hot
finfo      | a?           | n t j:finfo
add_at     | a indices b  | n:add.at
copy       | a            | n j:copy t:clone .copy .clone
astype     | a dtype?     | .astype .type
detach     | a            | .detach j:stop_gradient t:detach
item       | a            | .item .tolist
shape_of   | a            | n t j:shape
ndim_of    | a            | n j:ndim .dim
size_of    | a axis?      | n j:size .numel t:numel .nelement
sides      | a axis?      | .size
stride     | a axis?      | .stride
isscalar   | a            | n:isscalar
is_tensor  | a            | t:is_tensor
never      | a?           | n:iscomplexobj t:is_complex .is_complex t:cuda.is_available
mse_loss   | a b reduction? | t:mse_loss
cross_entropy | a b reduction? | t:cross_entropy
nll_loss   | a b reduction? | t:nll_loss
binary_cross_entropy | a b reduction? | t:binary_cross_entropy
bce_with_logits | a b reduction? | t:binary_cross_entropy_with_logits
l1_loss    | a b reduction? | t:l1_loss
huber_loss | a b reduction? delta? | t:huber_loss
smooth_l1_loss | a b reduction? beta? | t:smooth_l1_loss
kl_div     | a b reduction? log_target? | t:kl_div
randn      | *shape       | n:random.randn t:randn n:random.standard_normal
rand       | *shape       | n:random.rand t:rand n:random.random n:random.random_sample
normal     | loc? scale? shape? | n:random.normal t:normal
uniform    | low? high? shape?  | n:random.uniform r:uniform
randint    | low high? shape?   | n:random.randint n:random.integers t:randint
choice     | a shape? replace? p? | n:random.choice
permutation| a            | n:random.permutation t:randperm
shuffle    | a            | n:random.shuffle r:shuffle
binomial   | count p shape? | n:random.binomial
multinomial| count p shape? | n:random.multinomial
multinomial_rows | p num_samples? replacement? | t:multinomial .multinomial
multivariate_normal | mean cov shape? | n:random.multivariate_normal
bernoulli  | a            | t:bernoulli .bernoulli
exponential| a? shape?    | n:random.exponential
poisson    | a? shape?    | n:random.poisson
beta       | a b shape?   | n:random.beta
random_gamma | a b? shape? | n:random.gamma
laplace    | a? b? shape? | n:random.laplace
seed       | a?           | n:random.seed r:seed t:manual_seed t:cuda.manual_seed
generator  | a?           | n:random.default_rng n:random.RandomState n:random.Generator t:Generator
randn_like | a            | t:randn_like
rand_like  | a            | t:rand_like
normal_like| a loc? scale?| .normal_ t:nn.init.normal_ t:init.normal_
uniform_like | a low? high? | .uniform_ t:nn.init.uniform_ t:init.uniform_
of_zero_and_one | | r:random
between    | low high     | r:randint
one_of     | a            | r:choice
some_of    | a k          | r:sample
normal     | loc? scale?  | r:gauss r:normalvariate
"""

INITIALS = {"n": "numpy", "t": "torch", "j": "jax", "s": "scipy", "m": "math", "r": "random"}


@cache
def functions() -> dict[tuple[str, str], Spelling]:
    """The function that a module's name stands for; methods are of the module `.`."""
    found: dict[tuple[str, str], Spelling] = {}
    for line in TABLE.strip().splitlines():
        name, takes, spelled = (part.strip() for part in line.split("|"))
        words = takes.split()
        star = next((k for k, word in enumerate(words) if word[0] == "*"), len(words))
        parameters = [(word.rstrip("?"), word[-1] == "?") for word in words[:star]]
        rest = words[star][1:] if star < len(words) else ""
        named = [word.rstrip("?") for word in words[star + 1 :]]
        spelling = Spelling(name, tuple(parameters), rest, tuple(named))
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


def near_spelling(name: str) -> str:
    """A known function of the same module whose name is nearly this one: numpy.summ, numpy.sum."""
    module, _, path = name.partition(".")
    near = closest(path, [called for home, called in functions() if home == module])
    return f"{module}.{near}" if near else ""


METHODS = frozenset(
    [
        "sum",
        "mean",
        "prod",
        "var",
        "std",
        "norm",
        "vector_norm",
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
