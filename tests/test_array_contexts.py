"""What holds around array code: settings of JAX, its transformations, and what remembers arrays."""

import functools

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.custom_derivatives import zero_from_primal
from jax.experimental import jet
from jax.experimental.xla_metadata import set_xla_metadata

import xcs

X = jnp.arange(3.0)


def drawn(x):
    with jax.threefry_partitionable(True):
        inside = jax.random.randint(jax.random.key(72), (4,), 0, 1000)
    return x + inside + jax.random.randint(jax.random.key(72), (4,), 0, 1000)


@pytest.mark.parametrize("outside", [True, False])
def test_settings_that_a_function_makes_are_those_of_its_equations(outside):
    with jax.threefry_partitionable(outside):
        np.testing.assert_array_equal(xcs.jit(drawn)(jnp.ones(4)), jax.jit(drawn)(jnp.ones(4)))


def test_what_is_said_to_xla_arrives():
    def marked(x):
        with set_xla_metadata(mark="here"):
            return jnp.sin(x)

    assert "here" in xcs.jit(marked).lower(X).as_text("stablehlo")


# --- Transformations of jitted functions ----------------------------------------------------------


@functools.partial(jax.custom_jvp)
def product(x, y):
    return x * y


@product.defjvp
def _(primals, tangents):
    result = primals[0] * primals[1]
    return result, zero_from_primal(result, symbolic_zeros=True)


MATRIX = jnp.eye(3) * 2 + 0.1

TRANSFORMED = {
    "linear_transpose": lambda jit: jax.linear_transpose(jit(lambda x: (2 * x, x.sum())), X)(
        (X, jnp.float32(3))
    ),
    "transpose in part": lambda jit: jax.grad(
        lambda x: jax.scipy.sparse.linalg.cg(jit(lambda v: MATRIX @ v), x)[0].sum()
    )(X),
    "bicgstab": lambda jit: jax.scipy.sparse.linalg.bicgstab(jit(lambda v: MATRIX @ v), X)[0],
    "jet": lambda jit: jet.jet(jit(lambda x: jnp.exp(x) * x), (1.0,), ((1.0, 0.0, 0.5),)),
    "symbolic zeros": lambda jit: jax.jvp(jit(lambda x: product(x, x)), (2.0,), (1.0,)),
    "hessian": lambda jit: jax.hessian(jit(lambda x: jnp.sum(x**3)))(X),
    "map": lambda jit: jax.lax.map(jit(lambda x: x * x), X),
    "scan": lambda jit: jax.lax.scan(jit(lambda c, x: (c + x, c * x)), jnp.float32(0), X),
    "partial": lambda jit: functools.partial(jax.lax.scan, jit(lambda c, x: (c + x, c)))(0.0, X),
}


@pytest.mark.parametrize("name", TRANSFORMED)
def test_a_jitted_function_is_transformed_as_one_of_jax(name):
    transform = TRANSFORMED[name]
    expected = jax.tree.leaves(transform(jax.jit))
    for found in (transform(xcs.jit), xcs.jit(lambda: transform(xcs.jit))()):
        jax.tree.map(
            functools.partial(np.testing.assert_allclose, rtol=1e-5, atol=1e-6),
            jax.tree.leaves(found),
            expected,
        )


# --- Memoisers ------------------------------------------------------------------------------------


@functools.lru_cache
def table(size: int) -> jax.Array:
    return jnp.arange(size) * 2.0


def test_what_a_function_remembers_outlives_the_trace():
    jitted = xcs.jit(lambda x: x + table(3))
    np.testing.assert_allclose(jitted(X), X + jnp.arange(3) * 2)
    np.testing.assert_allclose(table(3), [0, 2, 4])
    np.testing.assert_allclose(jitted(jnp.ones((2, 3)))[1], [1, 3, 5])
    assert xcs.get_jit_stats(jitted)["execution_strategy"] == "fused"


# --- Options --------------------------------------------------------------------------------------


def test_options_that_name_nothing_are_errors():
    def function(x, /, y):
        return x

    with pytest.raises(ValueError, match="by position only"):
        xcs.jit(function, static_argnames="x")
    with pytest.raises(TypeError, match="expected ints"):
        xcs.jit(function, static_argnums="x")  # pyright: ignore[reportArgumentType, reportCallIssue]


def test_types_of_results_have_their_shardings():
    mesh = jax.sharding.Mesh(np.array(jax.devices()[:1]), ("d",))
    sharding = jax.sharding.NamedSharding(mesh, jax.sharding.PartitionSpec("d"))
    jitted = xcs.jit(lambda x: x * 2, out_shardings=sharding)
    assert jitted.eval_shape(X).sharding == sharding


def test_gamma_numbers_of_a_batch_are_those_of_jax():
    keys = jax.random.split(jax.random.key(0, impl="rbg"), 3)
    draw = lambda key: jax.random.gamma(key, 1.0)
    np.testing.assert_array_equal(xcs.vmap(draw)(keys), jax.vmap(draw)(keys))
