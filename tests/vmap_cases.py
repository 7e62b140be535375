"""Functions to map, by the class of the ops that matter in them."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax import lax

RNG = np.random.default_rng(0)


def normal(*shape: int) -> jax.Array:
    return jnp.asarray(RNG.normal(size=shape), jnp.float32)


X = normal(3, 4, 6)
V = normal(3, 6)
S = normal(3)
M = normal(3, 5, 5)
W = normal(6, 5)
LOWER = M[0] + 5 * jnp.eye(5)
LOW, MIDDLE, HIGH = jnp.arange(1.0, 6), jnp.arange(10.0, 15), jnp.arange(1.0, 6)
PLACES = jnp.asarray(RNG.integers(0, 4, (3, 2)), jnp.int32)
FIRST = PLACES[:, 0]
FLAGS = jnp.asarray([True, False, True])
KEYS = jax.random.split(jax.random.key(0), 3)
STATES = jnp.asarray(RNG.integers(0, 2**31, (3, 4)), jnp.uint32)


@dataclass
class Case:
    """A function, its arguments, and the axes."""

    name: str
    function: Callable[..., Any]
    args: tuple[Any, ...]
    axes: dict[str, Any]


def case(name: str, function: Callable[..., Any], *args: Any, **axes: Any) -> Case:
    return Case(name, function, args, axes)


def pooled(x: jax.Array) -> jax.Array:
    return lax.reduce_window(x, -jnp.inf, lax.max, (2, 2), (1, 1), "VALID")


def convolved(x: jax.Array, w: jax.Array, groups: int = 1, batches: int = 1) -> jax.Array:
    return lax.conv_general_dilated(
        x, w, (1, 1), "SAME", feature_group_count=groups, batch_group_count=batches
    )


def counted(limit: Any, x: jax.Array) -> Any:
    return lax.while_loop(
        lambda c: c[0] < limit, lambda c: (c[0] + 1, jnp.sin(c[1]) + c[0]), (0, x)
    )


ELEMENTWISE = [
    case("numbers", lambda x: jnp.sin(x) * 2 + 1, X),
    case("in place", lambda x: jnp.sin(x) * 2 + 1, X, in_axes=2, out_axes=1),
    case("negative axes", lambda x: -x, X, in_axes=-2, out_axes=-1),
    case("shared operand", lambda x, b: x + b, X, normal(6), in_axes=(1, None)),
    case("two axes", lambda x, y: x * y + x, X, jnp.moveaxis(X, 0, 1), in_axes=(0, 1)),
    case("scalar of each", lambda x, s: x * s, X, S),
    case("where", lambda p, x: jnp.where(p, x, 0.0), FLAGS, X),
    case("where of shared", jnp.where, FLAGS, X[0], X[1], in_axes=(0, None, None)),
    case("clamp", lambda lo, x: lax.clamp(lo, x, jnp.float32(1)), S, X),
    case("clamp shared", lambda lo, x: lax.clamp(lo, x, 1.0), S, X[0], in_axes=(0, None)),
    case("bitcast", lambda x: lax.bitcast_convert_type(x, jnp.uint8), X, in_axes=2),
    case("composite", jax.scipy.special.gammainc, abs(V) + 0.5, abs(V) + 0.1),
]

CONTRACTION = [
    case("matmul", lambda x, w: x @ w, X, W, in_axes=(0, None)),
    case("shared lhs", lambda w, x: w.T @ x.T, W, X, in_axes=(None, 0)),
    case("both", lambda x, y: x @ y.T, X, jnp.moveaxis(X, 0, 2), in_axes=(0, 2)),
    case("einsum", lambda x, y: jnp.einsum("ij,ijk->ik", x, y), X, normal(3, 4, 6, 2)),
    case("conv", convolved, normal(3, 2, 4, 8, 8), normal(5, 4, 3, 3), in_axes=(0, None)),
    case("kernels", convolved, normal(2, 4, 8, 8), normal(5, 3, 4, 3, 3), in_axes=(None, 1)),
    case("conv of both", convolved, normal(2, 3, 4, 8, 8), normal(5, 3, 4, 3, 3), in_axes=1),
    case(
        "grouped conv",
        functools.partial(convolved, groups=2),
        *(normal(2, 4, 3, 5, 5), normal(6, 2, 3, 3)),
        in_axes=(2, None),
    ),
    case(
        "grouped kernels",
        functools.partial(convolved, groups=2),
        *(normal(2, 4, 5, 5), normal(3, 6, 2, 3, 3)),
        in_axes=(None, 0),
    ),
    case(
        "batch groups",
        functools.partial(convolved, batches=2),
        *(normal(4, 3, 3, 5, 5), normal(6, 3, 3, 3)),
        in_axes=(1, None),
    ),
    case(
        "batch groups of both",
        functools.partial(convolved, batches=2),
        *(normal(3, 4, 3, 5, 5), normal(6, 3, 3, 3, 3)),
        in_axes=(0, 2),
    ),
]

REDUCTION = [
    case("reductions", lambda x: (jnp.argmax(x, 0), x.max(1), x.sum()), X, in_axes=2),
    case("mean", lambda x: (x - x.mean(-1, keepdims=True)) / x.std(-1, keepdims=True), X),
    case("any", lambda x: ((x > 0).any(0), (x > 0).all(1)), X, in_axes=1),
    case("reduce", lambda x: lax.reduce(x, 1.0, lambda a, b: a * b + 0 * a, (0,)), X, in_axes=1),
    case("cumulative", lambda x: (jnp.cumsum(x, 0), lax.cummax(x, 1, reverse=True)), X, in_axes=2),
    case("pooling", pooled, X, in_axes=1),
    case("windows", lambda x: lax.reduce_window(x, 1.0, lax.mul, (2, 2), (1, 1), "SAME"), X),
    case("gradient of pooling", jax.grad(lambda x: pooled(x).sum()), X),
]

REINDEXING = [
    case("reshape", lambda x: x.reshape(2, -1).T, X, in_axes=1),
    case("broadcast", lambda x: jnp.broadcast_to(x[:, None], (4, 5, 6)), X),
    case("concatenate", lambda x, y: jnp.concatenate([x, y]), X, normal(2, 6), in_axes=(0, None)),
    case("stack", lambda x: (jnp.stack([x, x], 1), jnp.stack([x, -x])), X, in_axes=1),
    case("stack shared", lambda x, y: jnp.stack([x, y], 1), X, X[0], in_axes=(0, None)),
    case("slices", lambda x: (x[1:3, ::2], x[::-1], jnp.tile(x, (2, 3))), X),
    case("slices in place", lambda x: (x[1:3, ::2], x[::-1], jnp.tile(x, (2, 3))), X, in_axes=2),
    case("split", lambda x: jnp.split(x, 2, axis=1), X, in_axes=1),
    case("unstack", lambda x: jnp.unstack(x, axis=1), X, in_axes=1),
    case("squeeze", lambda x: jnp.squeeze(x[:, :1], 1), X, in_axes=1),
    case("pad", lambda x: lax.pad(x, 3.0, [(1, 0, 1), (-1, 1, 0)]), X, in_axes=1),
    case("pad with each", lambda x, v: lax.pad(x, v, [(1, 0, 1), (-1, 1, 0)]), X, S),
    case(
        "pad shared",
        lambda x, v: lax.pad(x, v, [(1, 0, 0), (0, 1, 0)]),
        *(X[0], S),
        in_axes=(None, 0),
    ),
]

INDEXING = [
    case("gather", lambda x, i: x[i], X, PLACES),
    case("gather in order", lambda x, i: x[i], X, PLACES[0], in_axes=(0, None)),
    case("gather shared", lambda x, i: x[i], X[0], PLACES, in_axes=(None, 0)),
    case("gather or fill", lambda x: jnp.take(x, jnp.array([7, -9, 1]), 0, mode="fill"), X),
    case("slice of each", lambda x, i: lax.dynamic_slice(x, (i, 0), (2, 3)), X, FIRST),
    case(
        "same slice",
        lambda x, i: lax.dynamic_slice(x, (i, 0), (2, 3)),
        *(X, 1),
        in_axes=(0, None),
    ),
    case(
        "slices of shared",
        lambda x, i: lax.dynamic_slice(x, (i, i), (2, 3)),
        *(X[0], FIRST),
        in_axes=(None, 0),
    ),
    case(
        "update of each",
        lambda x, u, i: lax.dynamic_update_slice(x, u, (i, 0)),
        *(X, normal(2, 3), FIRST * 9),
        in_axes=(0, None, 0),
    ),
    case("same update", lambda x, u: x.at[1:3].set(u), X[0], normal(3, 2, 6), in_axes=(None, 0)),
    case("scatter", lambda x, i, v: x.at[i].add(v), X, PLACES, normal(3, 2, 6)),
    case(
        "scatter shared",
        lambda x, i, v: x.at[i].set(v, unique_indices=True),
        *(X[0], jnp.asarray([[0, 1], [2, 3], [3, 0]]), normal(2, 6)),
        in_axes=(None, 0, None),
    ),
    case(
        "scatter in order",
        lambda x, i, v: x.at[:, i].mul(v),
        *(X, PLACES[0], normal(3, 4, 2)),
        in_axes=(0, None, 0),
    ),
]

GENERATION = [
    case("iota", lambda x: x + jnp.arange(6.0), V),
    case("uniform", lambda key: jax.random.uniform(key, (4,)), KEYS),
    case("keys", jax.random.split, KEYS),
    case("seeds", lambda seed: jax.random.normal(jax.random.key(seed), (2,)), jnp.arange(3)),
    case("fold in", lambda i: jax.random.fold_in(jax.random.key(3), i), jnp.arange(3)),
    case("states", lambda s: lax.rng_bit_generator(s, (5,), jnp.uint32), STATES),
    case("shared key", lambda k, x: jax.random.normal(k, (6,)) + x, KEYS[0], V, in_axes=(None, 0)),
]

CONTROL = [
    case("loop", lambda x: lax.fori_loop(0, 3, lambda i, c: c * x + i, x), V),
    case("loop in step", lambda x: counted(4, x), X, out_axes=(None, 0)),
    case("loop of each", counted, FIRST, X),
    case("loop with constants", lambda n, x: counted(n, x + 1)[1] * x, FIRST, V),
    case(
        "nested loops", lambda n, x: lax.fori_loop(0, n, lambda i, c: counted(i, c)[1], x), FIRST, V
    ),
    case("scan", lambda c, xs: lax.scan(lambda c, x: (c + x, c * x), c, xs), V, X),
    case(
        "scan that joins",
        lambda c, xs: lax.scan(lambda c, x: (c + x, c * x), c, xs),
        *(V[0], X),
        in_axes=(None, 0),
    ),
    case(
        "scan that joins late",
        lambda y, xs: lax.scan(lambda c, x: ([c[1], c[2], x + y], c[0]), [jnp.zeros(6)] * 3, xs),
        *(V, X[0]),
        in_axes=(0, None),
    ),
    case(
        "scan of its own",
        lambda c, xs: lax.scan(lambda c, x: (c + 1, c * 2), c, xs),
        *(jnp.float32(0), X),
        in_axes=(None, 0),
        out_axes=None,
    ),
    case("map", lambda x: lax.map(lambda row: row @ row, x), X),
    case("branch of each", lambda p, x: lax.cond(p, jnp.sin, lambda x: x * 2, x), FLAGS, X),
    case(
        "one branch",
        lambda p, x: lax.cond(p, lambda x: (jnp.sin(x), 1.0), lambda x: (x, 2.0), x),
        *(True, X),
        in_axes=(None, 0),
        out_axes=(0, None),
    ),
    case("switch", lambda i, x: lax.switch(i, [jnp.sin, jnp.cos, lambda x: x], x), FIRST, X),
    case(
        "barrier",
        lambda x, y: lax.optimization_barrier((x, y)),
        *(X, S),
        in_axes=(1, None),
        out_axes=(0, None),
    ),
]

LIBRARY = [
    case("sort", lambda x: (jnp.sort(x, 0), jnp.argsort(x, -1)), X, in_axes=1),
    case("top k", lambda x: lax.top_k(x, 2), X, in_axes=1),
    case("fft", jnp.fft.rfft, X, in_axes=1),
    case("cholesky", lambda m: jnp.linalg.cholesky(m @ m.T + jnp.eye(5)), M),
    case("solve", jnp.linalg.solve, M, normal(3, 5)),
    case("qr", jnp.linalg.qr, M),
    case("svd", jnp.linalg.svd, M),
    case("eigh", lambda m: jnp.linalg.eigh(m + m.T), M),
    case("triangle", lambda b: lax.linalg.triangular_solve(LOWER, b, lower=True), normal(3, 2, 5)),
    case(
        "triangle on the left",
        lambda b: jax.scipy.linalg.solve_triangular(LOWER, b, lower=True),
        normal(3, 5, 2),
    ),
    case(
        "diagonals", lambda b: lax.linalg.tridiagonal_solve(LOW, MIDDLE, HIGH, b), normal(3, 5, 2)
    ),
]

TREES = [
    case("tree", lambda d: {"s": d["a"] + d["b"][0], "t": (d["b"][1],)}, {"b": (X, V), "a": S}),
    case(
        "axes in a tree",
        lambda d: d["x"] + d["y"],
        {"y": X[0], "x": X},
        in_axes=({"x": 0, "y": None},),
    ),
    case("nothing", lambda g, x: x if g is None else g, None, X),
    case("constant result", lambda x: (jnp.ones(3), x), X, out_axes=(1, 0)),
    case("result of all", lambda x: (jnp.ones(3), x), X, out_axes=(None, 0)),
    case("no argument", lambda x: x + 1, X, in_axes=None, axis_size=2),
]

CASES = {
    "elementwise": ELEMENTWISE,
    "contraction": CONTRACTION,
    "reduction": REDUCTION,
    "reindexing": REINDEXING,
    "indexing": INDEXING,
    "generation": GENERATION,
    "control": CONTROL,
    "library": LIBRARY,
    "trees": TREES,
}
