"""Whole programs of array code give under `xcs.jit` what they give under `jax.jit`, bit for bit."""

from __future__ import annotations

import logging
import warnings
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax
from jax.sharding import Mesh, NamedSharding
from jax.sharding import PartitionSpec as P

import xcs
from tests.array_programs import PROGRAMS, normal
from tests.test_jit_parity import assert_same


@pytest.mark.parametrize("name", PROGRAMS)
def test_program_is_one_kernel_that_gives_what_jax_jit_gives(name, caplog):
    function, arguments, options = PROGRAMS[name]
    caplog.set_level(logging.DEBUG, "xcs")
    ours = xcs.jit(function, **options)
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "Some donated buffers were not usable")
        theirs = jax.jit(function, **options)(*arguments())

        assert_same(ours(*arguments()), theirs)
        assert_same(ours(*arguments()), theirs)
    stats = xcs.get_jit_stats(ours)
    assert stats["execution_strategy"] == "fused"
    assert stats["fallback_reason"] is None
    assert stats["primitives_without_op"] == {}
    assert "is not one kernel" not in caplog.text


# --- Uses of a jitted function --------------------------------------------------------------------


def energy(params: dict[str, jax.Array], x: jax.Array) -> jax.Array:
    hidden = jnp.tanh(x @ params["w"])
    with jax.named_scope("norm"):
        hidden = hidden / (1e-3 + jnp.sqrt(jnp.sum(hidden**2, -1, keepdims=True)))
    return jnp.sum(hidden * jnp.arange(2.0))


MESH = Mesh(np.array(jax.devices()[:1]), ("d",))
PARAMS = {"w": normal(0, 3, 2)}
X = normal(1, 4, 3)

USES = {
    "grad": lambda f: jax.grad(f),
    "grad of vmap": lambda f: jax.grad(lambda p, x: jax.vmap(f, (None, 0))(p, x).sum()),
    "vmap of grad": lambda f: jax.vmap(jax.grad(f), (None, 0)),
    "jit in jit": lambda f: jax.jit(lambda p, x: f(p, x) + f(p, 2 * x)),
    "remat": lambda f: jax.grad(jax.checkpoint(f, policy=jax.checkpoint_policies.dots_saveable)),
    "ahead of time": lambda f: jax.jit(f).lower(PARAMS, X).compile(),
    "export": lambda f: jax.export.export(jax.jit(f))(PARAMS, X).call,
    "shard_map": lambda f: jax.shard_map(
        lambda p, x: lax.psum(f(p, x), "d"), mesh=MESH, in_specs=(P(), P("d")), out_specs=P()
    ),
    "scan": lambda f: lambda p, x: lax.scan(lambda c, row: (c + f(p, row), c), 0.0, x),
}


@pytest.mark.parametrize("name", USES)
def test_uses_of_a_jitted_function(name):
    ours, theirs = (USES[name](jit(energy))(PARAMS, X) for jit in (xcs.jit, jax.jit))

    assert jax.tree.structure(ours) == jax.tree.structure(theirs)
    for mine, other in zip(jax.tree.leaves(ours), jax.tree.leaves(theirs), strict=True):
        assert jax.typeof(mine) == jax.typeof(other)
        np.testing.assert_allclose(mine, other, rtol=1e-5, atol=1e-6)


def test_types_text_and_cost_without_running():
    ours = jax.jit(xcs.jit(energy))
    shapes = jax.tree.map(lambda v: jax.ShapeDtypeStruct(v.shape, v.dtype), (PARAMS, X))

    assert jax.eval_shape(xcs.jit(energy), *shapes) == jax.eval_shape(jax.jit(energy), *shapes)
    lowered = ours.lower(*shapes)
    assert "stablehlo.tanh" in lowered.as_text()
    theirs = jax.jit(energy).lower(*shapes).compile().cost_analysis() or {}
    assert (lowered.compile().cost_analysis() or {})["flops"] == theirs["flops"]


def test_a_sharding_on_one_device_is_kept():
    place = NamedSharding(MESH, P("d"))

    def constrained(x):
        return lax.with_sharding_constraint(x * 2, place)

    assert xcs.jit(constrained)(X).sharding == jax.jit(constrained)(X).sharding


def test_x64():
    def mixed(x, n):
        total, rows = lax.scan(lambda c, r: (c + r.sum() * n, c), jnp.float64(0), x)
        return total, rows, jnp.arange(n.shape[0] if n.shape else 2), n / 3, x.astype(jnp.float32)

    with jax.enable_x64(True):
        for number in (3, 2.5, np.int32(4), np.float32(0.5)):
            x = jnp.asarray(np.asarray(X, np.float64))
            assert_same(
                xcs.jit(mixed)(x, jnp.asarray(number)), jax.jit(mixed)(x, jnp.asarray(number))
            )
            double = lambda n: jnp.asarray(n) * 2
            assert_same(xcs.jit(double)(number), jax.jit(double)(number))


# --- What programs read from outside --------------------------------------------------------------

SCALE = jnp.float32(2)
OFFSETS = np.array([1.0, 2.0], np.float32)
SETTINGS = {"rate": 0.5, "steps": [1, 2]}


class Holder:
    """A plain object: its class is no pytree, so that what uses it is interpreted."""

    def __init__(self) -> None:
        self.weight = jnp.ones(2)
        self.sizes = {"small": 1}

    @property
    def doubled(self) -> Any:
        return self.weight * 2

    def __call__(self, x: Any) -> Any:
        return x * self.doubled + self.sizes["small"]


def scaled(x: Any) -> Any:
    return x * SCALE


@pytest.mark.parametrize("given", ["a function", "a lambda", "a transformed function"])
def test_what_a_function_that_jax_is_given_reads_is_guarded(given, monkeypatch):
    holder = Holder()
    transformed = jax.vmap(scaled)

    @xcs.jit
    def mapped(x):
        if given == "a function":
            return jax.vmap(scaled)(x) * holder.weight
        if given == "a lambda":
            return jax.vmap(lambda row: row * SCALE)(x) * holder.weight
        return transformed(x) * holder.weight

    x = jnp.ones((3, 2))
    np.testing.assert_array_equal(mapped(x), 2 * x)
    monkeypatch.setitem(globals(), "SCALE", jnp.float32(5))
    np.testing.assert_array_equal(mapped(x), 5 * x)


def test_small_arrays_and_settings_from_outside_are_constants_that_are_guarded(monkeypatch, caplog):
    caplog.set_level(logging.DEBUG, "xcs")
    monkeypatch.setitem(globals(), "OFFSETS", OFFSETS.copy())

    @xcs.jit
    def shifted(x):
        for step in SETTINGS["steps"]:
            x = (x + OFFSETS) * SETTINGS["rate"] * step
        return x

    np.testing.assert_allclose(shifted(jnp.zeros(2)), [1.5, 3.0])
    assert "is not one kernel" not in caplog.text
    OFFSETS[0] = 5
    np.testing.assert_allclose(shifted(jnp.zeros(2)), [7.5, 3.0])
    monkeypatch.setitem(SETTINGS, "rate", 1.0)
    np.testing.assert_allclose(shifted(jnp.zeros(2)), [20.0, 8.0])


def test_an_object_that_can_be_called_is_jitted():
    holder = Holder()
    ours = xcs.jit(holder)

    assert_same(ours(jnp.ones(2)), jax.jit(holder)(jnp.ones(2)))
    assert xcs.get_jit_stats(ours)["execution_strategy"] == "fused"
    holder.weight = jnp.full(2, 3.0)
    np.testing.assert_array_equal(ours(jnp.ones(2)), [7.0, 7.0])
    holder.sizes["small"] = 2
    np.testing.assert_array_equal(ours(jnp.ones(2)), [8.0, 8.0])


class Counter(tuple):
    """A pytree with a method, which a subclass or a test may replace."""

    def grown(self, by: Any) -> Any:
        return Counter(part + by for part in self)


jax.tree_util.register_pytree_node(Counter, lambda c: (tuple(c), None), lambda _, c: Counter(c))


def test_a_changed_method_of_an_argument_is_seen(monkeypatch):
    @xcs.jit
    def grow(counter, by):
        return counter.grown(by)

    start = Counter((jnp.zeros(2), jnp.ones(2)))
    np.testing.assert_array_equal(grow(start, 1.0)[1], [2.0, 2.0])
    monkeypatch.setattr(Counter, "grown", lambda self, by: Counter(part - by for part in self))
    np.testing.assert_array_equal(grow(start, 1.0)[1], [0.0, 0.0])


def test_callbacks_inside_of_loops_happen_at_each_call(caplog):
    caplog.set_level(logging.DEBUG, "xcs")
    seen: list[float] = []

    @xcs.jit
    def noted(x):
        def body(carry, row):
            jax.debug.callback(lambda v: seen.append(float(v)), row, ordered=True)
            return carry + row, None

        return lax.scan(body, 0.0, x)[0]

    for _ in range(2):
        assert float(noted(jnp.arange(3.0))) == 3.0
    jax.effects_barrier()
    assert seen == [0.0, 1.0, 2.0] * 2
    assert "is not one kernel" not in caplog.text
