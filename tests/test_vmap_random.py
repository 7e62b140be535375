"""The pass `vmap` of random programs, over random axes, gives what `jax.vmap` gives."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from jax import lax

from xcs.api.mapped_kernel import Mapping, mapped_kernel

SIZE = 3
"""The size of the batch; dimensions of the programs' arrays have sizes up to it."""

Step = Callable[[jax.Array, jax.Array], jax.Array]


def last(x: jax.Array) -> int:
    """An axis that the array has; an array without axes is given one first."""
    return x.ndim - 1


def same_shape(x: jax.Array, y: jax.Array) -> jax.Array:
    """The numbers of an array, as many times as needed, in the shape of another."""
    return jnp.resize(y.ravel(), x.shape)


def at_least_1d(step: Step) -> Step:
    return lambda x, y: step(jnp.atleast_1d(x), y)


def counted(x: jax.Array, y: jax.Array) -> jax.Array:
    """A loop whose count depends on the data."""
    limit = jnp.clip(y.sum(), 0, 3).astype(int)
    return lax.fori_loop(0, limit, lambda i, c: jnp.cos(c) + i, x)


def scanned(x: jax.Array, y: jax.Array) -> jax.Array:
    carry, rows = lax.scan(lambda c, row: (c + row.sum(), row * c), y.sum(), x)
    return rows + carry


STEPS: dict[str, Step] = {
    "sin": lambda x, y: jnp.sin(x) + 0.5,
    "add": lambda x, y: x + same_shape(x, y),
    "multiply by a number": lambda x, y: x * y.sum(),
    "where": lambda x, y: jnp.where(x > 0, x, same_shape(x, y)),
    "choose": lambda x, y: jnp.where(y.sum() > 0, x, -x),
    "clip": lambda x, y: jnp.clip(x, -0.5, jnp.abs(y).max()),
    "bits": lambda x, y: lax.bitcast_convert_type(x, jnp.int32).astype(jnp.float32) * 1e-9,
    "outer": lambda x, y: jnp.tensordot(x, y.ravel()[:2], 0),
    "inner": at_least_1d(lambda x, y: jnp.tensordot(x, same_shape(x, y), axes=([-1], [-1]))),
    "sum": at_least_1d(lambda x, y: x.sum(last(x))),
    "max": at_least_1d(lambda x, y: x.max(0)),
    "argmin": at_least_1d(lambda x, y: jnp.argmin(x, last(x)).astype(jnp.float32)),
    "cumsum": at_least_1d(lambda x, y: jnp.cumsum(x, last(x))),
    "sort": at_least_1d(lambda x, y: jnp.sort(x, 0)),
    "flat": lambda x, y: x.ravel(),
    "transpose": lambda x, y: x.T,
    "expand": lambda x, y: x[None],
    "reverse": at_least_1d(lambda x, y: x[::-1]),
    "pad": at_least_1d(lambda x, y: jnp.pad(x, [(1, 0)] * x.ndim, constant_values=2.0)),
    "concatenate": at_least_1d(lambda x, y: jnp.concatenate([x, x + 1], last(x))),
    "stack": lambda x, y: jnp.stack([x, same_shape(x, y)], x.ndim),
    "take": at_least_1d(lambda x, y: x[jnp.clip(y.ravel().astype(int), 0, 2)]),
    "slice": at_least_1d(lambda x, y: lax.dynamic_slice_in_dim(x, y.sum().astype(int), 1, last(x))),
    "set": at_least_1d(lambda x, y: x.at[y.sum().astype(int)].set(y.max())),
    "loop": counted,
    "scan": at_least_1d(scanned),
    "branch": lambda x, y: lax.cond(y.sum() > 0, jnp.sin, lambda x: x * 2, x),
    "random": lambda x, y: x + jax.random.uniform(jax.random.key(7), x.shape),
    "barrier": lambda x, y: lax.optimization_barrier((x, y))[0],
}

ARRAYS = st.lists(st.integers(1, SIZE), max_size=2).map(tuple)


@st.composite
def programs(draw: Any) -> tuple[list[tuple[int, ...]], list[tuple[str, int, int]]]:
    """The shapes of the inputs, and steps: what is done to which two values."""
    shapes = draw(st.lists(ARRAYS, min_size=1, max_size=3))
    names = draw(st.lists(st.sampled_from(list(STEPS)), min_size=1, max_size=5))
    steps = []
    for number, name in enumerate(names):
        known = st.integers(0, len(shapes) + number - 1)
        steps.append((name, draw(known), draw(known)))
    return shapes, steps


def interpreted(steps: list[tuple[str, int, int]]) -> Callable[..., list[jax.Array]]:
    def run(*inputs: jax.Array) -> list[jax.Array]:
        values = list(inputs)
        for name, x, y in steps:
            value = STEPS[name](values[x], values[y])
            values.append(value.ravel()[:30] if value.size > 30 or value.ndim > 3 else value)
        return values[-2:]

    return run


@given(programs(), st.data())
@settings(max_examples=25, deadline=None)
def test_random_programs_over_random_axes(
    program: tuple[list[tuple[int, ...]], list[tuple[str, int, int]]], data: st.DataObject
) -> None:
    shapes, steps = program
    function = interpreted(steps)
    inputs, in_axes = [], []
    for number, shape in enumerate(shapes):
        axes = st.integers(-len(shape) - 1, len(shape))
        axis = data.draw(axes if number == 0 else st.none() | axes, label="in axis")
        whole = shape
        if axis is not None:
            place = axis % (len(shape) + 1)
            whole = (*shape[:place], SIZE, *shape[place:])
        inputs.append(np.random.default_rng(number).normal(size=whole).astype(np.float32))
        in_axes.append(axis)
    jaxpr = jax.make_jaxpr(function)(*(np.zeros(shape, np.float32) for shape in shapes))
    ranks = [len(aval.shape) for aval in jaxpr.out_avals]
    out_axes = [data.draw(st.integers(-rank - 1, rank), label="out axis") for rank in ranks]
    mapping = Mapping(
        SIZE,
        [
            None if axis is None else axis % value.ndim
            for axis, value in zip(in_axes, inputs, strict=True)
        ],
        [axis % (rank + 1) for axis, rank in zip(out_axes, ranks, strict=True)],
    )

    kernel, constants = mapped_kernel(jaxpr, "f", mapping)
    results = kernel.executable(*constants, *inputs)
    expected = jax.jit(jax.vmap(function, tuple(in_axes), out_axes))(*inputs)

    assert kernel.primitives == {}
    for result, value in zip(results, expected, strict=True):
        assert (result.dtype, result.shape) == (value.dtype, value.shape)
        np.testing.assert_allclose(result, value, rtol=1e-5, atol=1e-5)
