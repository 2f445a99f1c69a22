"""Gates on stacks of matrices, Cholesky's factor, and what sorts or multiplies along an axis."""

from __future__ import annotations

from backprop.gates import shapes
from backprop.gates.row import Gate, Kink

KEPT = "that of a"
ORDER = Kink("doubled(a, axis)", "order", "the order in which they stand",
             "any of theirs, by direction", "PyTorch and JAX do so too")  # fmt: skip
# The gate for a stack of matrices, by that for one.
STACKED = {"det": "dets", "logdet": "logdets", "inv": "invs", "solve": "solves"}

ROWS = (
    Gate(name="dets", symbol="det", form="det(a)", parameters="a", shape=shapes.of_squares,
         rows="dets",
         partials=("column(column(g))*cofactors(a)",), tangents=("spur(swap(cofactors(a)) @ d)",),
         flow="multiplies its gradient, for every matrix, by the cofactors",
         sizes="(..., n, n) is (...)"),
    Gate(name="logdets", symbol="logdet", form="logdet(a)", parameters="a",
         rows="logdets",
         shape=shapes.of_squares, partials=("column(column(g))*swap(invs(a))",),
         tangents=("spur(invs(a) @ d)",),
         flow="multiplies its gradient, for every matrix, by the inverse, transposed",
         sizes="(..., n, n) is (...)"),
    Gate(name="invs", symbol="inv", form="inv(a)", parameters="a", shape=shapes.inverses,
         rows="invs",
         partials=("-(swap(out) @ g @ swap(out))",), tangents=("-(out @ d @ out)",),
         flow="multiplies its gradient by minus its output, transposed, from both sides",
         sizes=KEPT),
    Gate(name="solves", symbol="solve", form="solve(a, b)", parameters="a b",
         rows="solves",
         shape=shapes.solutions,
         partials=("-(solves(swap(a), g) @ swap(out))", "solves(swap(a), g)"),
         tangents=("-solves(a, d @ out)", "solves(a, d)"),
         flow="works like solve on every matrix of its stacks; swap transposes each of them",
         sizes="(..., n, n) and (..., n, k) is (..., n, k), where ... broadcasts"),
    Gate(name="cholesky", parameters="a", shape=shapes.inverses,
         rows="cholesky",
         partials=("symmetric(solves(swap(out), swap(solves(swap(out), halved(swap(out) @ g)))))",),
         tangents=("out @ halved(solves(out, swap(solves(out, symmetric(d)))))",),
         flow="solves with its output, transposed, from both sides; both halves of a get half each",
         sizes=KEPT),
    Gate(name="svdvals", parameters="a", shape=shapes.of_columns, rows="svdvals",
         partials=("svdvals_back(g, a)",), tangents=("svdvals_moved(d, a)",),
         flow="multiplies its gradient, for every singular value, by the two vectors of that value",
         sizes="(..., m, n) is (..., k), where k is the smaller of m and n"),
    Gate(name="cumprod", parameters="a axis", tangents=("cumprod_moved(d, a, axis)", ""),
         partials=("cumprod_back(g, a, axis)", ""), shape=shapes.along,
         flow="hands every entry the products after it, without its own factor", sizes=KEPT),
    Gate(name="sort", parameters="a axis", tangents=("sorted_by(d, a, axis)", ""),
         partials=("unsorted(g, a, axis)", ""), shape=shapes.along, kink=ORDER,
         flow="puts its gradient back where the entries came from", sizes=KEPT),
    Gate(name="argsort", parameters="a axis", tangents=("0*d", ""), partials=("", ""),
         shape=shapes.along, flow="is made of whole numbers, so no gradient passes", sizes=KEPT),
)  # fmt: skip

CALLED = {
    "svdvals_back": "svdvals_back(g, a) is u*row(g) @ v, where a is u*row(out) @ v",
    "svdvals_moved": "svdvals_moved(d, a) is the diagonal of swap(u) @ d @ swap(v)",
    "cumprod_moved": "cumprod_moved(d, a, axis) is how the products move with d",
    "sorted_by": "sorted_by(d, a, axis) is d in the order of a",
    "spur": "spur(a) is the trace of every matrix",
    "halved": "halved(a) is the part of a below its diagonal, and half of that",
    "symmetric": "symmetric(a) is the mean of a and swap(a)",
    "cumprod_back": "cumprod_back(g, a, axis) sums, for every entry, g times the products that"
                    " have it, divided by it",
    "unsorted": "unsorted(g, a, axis) has the entries of g where those of a were",
}  # fmt: skip
