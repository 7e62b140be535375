"""Array code on pytrees of any kind: leaves that are no arrays, and objects changed in place."""

import dataclasses
import functools
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import export

import xcs

X = jnp.arange(6.0).reshape(2, 3)


@jax.tree_util.register_pytree_with_keys_class
class Layer:
    """A layer as libraries have it: its function and its rate are leaves beside the weights."""

    def __init__(self, weights, activation, rate=0.5):
        self.weights, self.activation, self.rate = weights, activation, rate

    def __call__(self, x):
        kept = x if self.rate > 0.25 else 2 * x  # a rate that is traced could not be asked
        return self.activation(kept @ self.weights) * self.rate

    def tree_flatten_with_keys(self):
        names = ("weights", "activation", "rate")
        return [(jax.tree_util.GetAttrKey(n), getattr(self, n)) for n in names], None

    def tree_flatten(self):
        return (self.weights, self.activation, self.rate), None

    @classmethod
    def tree_unflatten(cls, _, parts):
        made = object.__new__(cls)
        made.weights, made.activation, made.rate = parts
        return made


class State(NamedTuple):
    layers: list[Layer]
    count: Any
    name: str


@dataclasses.dataclass(frozen=True)
class Settings:
    scale: float
    names: tuple[str, ...]


def layer(activation=jnp.tanh) -> Layer:
    return Layer(jnp.ones((3, 2)) / 3, activation)


def assert_one_kernel(function, *args, **options):
    """The function's result, which is that of plain Python, made by one kernel."""
    jitted = xcs.jit(function, **options)
    result, again = jitted(*args), jitted(*args)
    expected = function(*args)
    for found in (result, again):
        assert jax.tree.structure(found) == jax.tree.structure(expected)
        for ours, theirs in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
            if isinstance(theirs, jax.Array | np.ndarray | float):
                np.testing.assert_allclose(ours, theirs, rtol=1e-6)
            else:
                assert ours == theirs
                assert type(ours) is type(theirs)
    stats = xcs.get_jit_stats(jitted)
    assert (stats["execution_strategy"], stats["fallback_reason"]) == ("fused", None)
    return jitted, result


# --- Leaves that are no arrays --------------------------------------------------------------------


def test_a_module_with_functions_and_settings_is_an_argument():
    assert_one_kernel(lambda layer, x: layer(x).sum(), layer(), X)


def test_a_module_is_a_result():
    def halved(layer: Layer, x):
        return jax.tree.map(lambda v: v / 2 if isinstance(v, jax.Array) else v, layer), layer(x)

    _, (made, _) = assert_one_kernel(halved, layer(), X)
    assert made.activation is jnp.tanh
    assert made.rate == 0.5


def test_a_module_is_made():
    def made(key):
        return Layer(jax.random.normal(key, (3, 2)), jax.nn.relu)

    _, result = assert_one_kernel(made, jax.random.key(0))
    assert result.activation is jax.nn.relu


def test_a_state_of_anything_goes_in_and_out():
    def step(state: State, x):
        for one in state.layers:
            x = one(x) @ jnp.ones((2, 3))
        return state._replace(count=state.count + 1), x

    _, (state, _) = assert_one_kernel(step, State([layer(), layer(jnp.sin)], 0, "run"), X)
    assert state.name == "run"


def test_texts_and_hashable_settings_belong_to_the_program():
    def chosen(x, how: str, settings: Settings):
        made = jnp.sin(x) if how == "sin" else jnp.cos(x)
        return made * settings.scale, len(settings.names)

    jitted, _ = assert_one_kernel(chosen, X, "sin", Settings(2.0, ("a", "b")))
    np.testing.assert_allclose(jitted(X, "cos", Settings(2.0, ()))[0], jnp.cos(X) * 2)


def test_donated_arrays_of_a_module_are_gone_and_the_rest_is_not():
    jitted = xcs.jit(lambda layer, x: (layer.weights + 1, layer(x)), donate_argnums=0)
    given = layer()
    jitted(given, X)
    assert given.weights.is_deleted()
    assert not X.is_deleted()


def test_a_chosen_static_argument_stays_one_beside_a_module():
    jitted = xcs.jit(lambda layer, x, n: sum(layer(x) for _ in range(n)), static_argnames="n")
    np.testing.assert_allclose(jitted(layer(), X, 3), layer()(X) * 3, rtol=1e-6)
    np.testing.assert_allclose(jitted(layer(), X, 2), layer()(X) * 2, rtol=1e-6)
    with pytest.raises(ValueError, match="'n' must be hashable"):
        jitted(layer(), X, [3])


def test_ever_new_values_are_no_part_of_ever_new_programs():
    def tagged(x, tag: str):
        return jnp.sin(x), tag

    jitted = xcs.jit(tagged)
    for number in range(40):
        assert jitted(X, f"tag {number}")[1] == f"tag {number}"
    assert xcs.get_jit_stats(jitted)["programs"] < 24


# --- Numbers --------------------------------------------------------------------------------------


def test_a_number_that_decides_what_is_done_belongs_to_the_program():
    def repeated(x, times: int):
        for _ in range(times):
            x = jnp.sin(x)
        return x, times + 1

    jitted, (_, count) = assert_one_kernel(repeated, X, 3)
    assert type(count) is int
    np.testing.assert_allclose(jitted(X, 5)[0], repeated(X, 5)[0], rtol=1e-6)


def test_any_other_number_is_data():
    jitted = xcs.jit(lambda x, n: jnp.sin(x) * n)
    for n in range(5):
        jitted(X, n)
    assert xcs.get_jit_stats(jitted)["cache_hit_rate"] == 0.8


# --- What is changed in place ---------------------------------------------------------------------


def test_what_a_step_does_to_a_module_is_done_to_the_callers():
    @xcs.jit
    def step(state: dict, x):
        state["w"] = state["w"] * 2 + x.sum()
        state["parts"][0] = x
        return jnp.sum(state["w"])

    def plain(state: dict, x):
        state["w"] = state["w"] * 2 + x.sum()
        state["parts"][0] = x
        return jnp.sum(state["w"])

    ours, theirs = ({"w": jnp.ones(2), "parts": [jnp.zeros(1)]} for _ in range(2))
    parts = ours["parts"]
    for _ in range(3):
        np.testing.assert_allclose(step(ours, X), plain(theirs, X))
    np.testing.assert_allclose(ours["w"], theirs["w"])
    assert ours["parts"] is parts
    assert parts[0].shape == X.shape
    assert xcs.get_jit_stats(step)["execution_strategy"] == "fused"


def test_an_object_that_is_passed_twice_is_one():
    @xcs.jit
    def step(a: dict, b: dict):
        a["w"] = a["w"] + 1
        return b["w"] * 1.0

    shared = {"w": jnp.zeros(2)}
    assert step(shared, shared).tolist() == [1, 1]
    assert step({"w": jnp.zeros(2)}, {"w": jnp.zeros(2)}).tolist() == [0, 0]


def test_what_grows_stays_python():
    @xcs.jit
    def step(history: list, x):
        history.append(x.sum())
        return x * 2

    history: list = []
    for _ in range(3):
        step(history, X)
    assert [float(v) for v in history] == [15.0] * 3


# --- What is read ---------------------------------------------------------------------------------

TRAINED = {"w"}


def test_a_set_that_is_read_is_looked_at_before_each_call():
    @xcs.jit
    def chosen(params: dict):
        return {name: value * 2 if name in TRAINED else value for name, value in params.items()}

    params = {"w": jnp.ones(1), "b": jnp.ones(1)}
    assert chosen(params)["b"].item() == 1
    assert xcs.get_jit_stats(chosen)["execution_strategy"] == "fused"
    TRAINED.add("b")
    try:
        assert chosen(params)["b"].item() == 2
    finally:
        TRAINED.discard("b")


# --- Stages ---------------------------------------------------------------------------------------


def test_stages_are_those_of_the_program_that_runs():
    jitted = xcs.jit(lambda x, y: (jnp.sin(x) @ y, x))
    spec = jax.ShapeDtypeStruct((3, 3), jnp.float32)
    traced = jitted.trace(spec, spec)
    lowered = traced.lower()
    compiled = lowered.compile(compiler_options={"xla_cpu_enable_fast_math": False})

    assert traced.jaxpr.out_avals[0].shape == (3, 3)
    assert "xtensor.sin" in traced.as_text()
    assert "xtensor.sin" in lowered.as_text()
    assert "stablehlo.sine" in lowered.as_text("stablehlo")
    assert lowered.as_text("hlo").startswith("HloModule")
    assert lowered.args_info
    assert lowered.in_avals
    assert lowered.out_info
    assert lowered.cost_analysis()["flops"] > 0
    assert compiled.memory_analysis().argument_size_in_bytes == 72
    assert compiled.input_shardings
    ones = jnp.ones((3, 3))
    np.testing.assert_allclose(compiled(ones, ones)[0], jnp.sin(ones) @ ones, rtol=1e-6)


@pytest.mark.parametrize("function", [lambda x, y: (x, y), lambda x, y: x + y])
def test_identities_and_functions_of_numbers_have_stages(function):
    for args in ((1.0, 2.0), (X, X)):
        result = xcs.jit(function).lower(*args).compile()(*args)
        jax.tree.map(np.testing.assert_array_equal, result, function(*args))


def test_stages_of_a_module_show_its_kernel():
    jitted = xcs.jit(lambda layer, x: layer(x))
    lowered = jitted.trace(layer(), X).lower()
    assert "stablehlo.tanh" in lowered.as_text("stablehlo")
    np.testing.assert_allclose(lowered.compile()(layer(), X), layer()(X), rtol=1e-6)


def test_a_jitted_function_is_exported_also_for_shapes_that_are_not_known():
    jitted = xcs.jit(lambda x, w: jnp.sin(x) @ w)
    (rows,) = export.symbolic_shape("rows")
    weights = jax.ShapeDtypeStruct((3, 2), jnp.float32)
    exported = export.export(jitted)(jax.ShapeDtypeStruct((rows, 3), jnp.float32), weights)
    for size in (1, 5):
        made = exported.call(jnp.ones((size, 3)), jnp.ones((3, 2)))
        np.testing.assert_allclose(made, jitted(jnp.ones((size, 3)), jnp.ones((3, 2))), rtol=1e-6)


def test_what_is_exported_is_made_for_the_platform_that_is_asked_for():
    choose = functools.partial(jax.lax.platform_dependent, cpu=jnp.exp, tpu=jnp.tanh)
    exported = export.export(xcs.jit(choose), platforms=("tpu",))(X)
    assert "tanh" in exported.mlir_module()


# --- Between operators ----------------------------------------------------------------------------


@xcs.op
def ask(question: str) -> str:
    return question + "!"


def test_modules_between_operators_are_kernels():
    @xcs.jit
    def program(layer: Layer, x, question: str):
        first = ask(question)
        one = layer(x[0])
        every = jax.vmap(layer)(x)
        return ask(first), one, every

    for weights in (jnp.ones((3, 2)), jnp.zeros((3, 2))):
        given = Layer(weights, jnp.tanh)
        answer, one, every = program(given, X, "why")
        assert answer == "why!!"
        np.testing.assert_allclose(one, given(X[0]), rtol=1e-6)
        np.testing.assert_allclose(every, given(X), rtol=1e-6)
    assert xcs.get_jit_stats(program)["not_compiled"] is None


def test_a_list_without_arrays_that_is_given_back_is_the_callers():
    names = ["a"]
    for function in (lambda x, names: names, lambda x, names: (jnp.sin(x), names)):
        found = xcs.jit(function)(X, names)
        assert (found if isinstance(found, list) else found[1]) is names


def test_functions_that_are_made_anew_are_one_form():
    @xcs.jit
    def applied(function, x):
        return function(x)

    for scale in (2.0, 3.0, 2.0, 3.0):
        np.testing.assert_allclose(applied(lambda v: jnp.sin(v) * 2, X), jnp.sin(X) * 2, rtol=1e-6)
        made = functools.partial(jnp.multiply, scale)
        np.testing.assert_allclose(applied(lambda v, made=made: made(v), X), X * scale, rtol=1e-6)
    assert xcs.get_jit_stats(applied)["cache_hit_rate"] > 0.3


def test_gradients_of_a_model_between_operators_are_kernels():
    def loss(layer, x):
        return jnp.sum(layer(x) ** 2)

    @xcs.jit
    def program(layer: Layer, x, question: str):
        first = ask(question)
        gradient = jax.grad(lambda w: loss(Layer(w, layer.activation), x))(layer.weights)
        value = jax.value_and_grad(loss, allow_int=True)
        return ask(first), gradient, value is not None

    for _ in range(2):
        answer, gradient, _ = program(layer(), X, "why")
        expected = jax.grad(lambda w: loss(Layer(w, jnp.tanh), X))(layer().weights)
        np.testing.assert_allclose(gradient, expected, rtol=1e-5)
        assert answer == "why!!"
