"""The public names: options, errors at the call, stages, statistics, explanations."""

import functools
import logging
import os

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.extend.core import Primitive
from jax.interpreters import mlir

import xcs
from xcs.api.config import ConfigError
from xcs.kernels import verify_stablehlo


@xcs.op(kind="model")
def ask(prompt: str) -> str:
    return f"<{prompt}>"


# --- R1 -------------------------------------------------------------------------------------------


def test_jit_keeps_what_wraps_keeps_and_is_idempotent():  # R1
    def shout(text: str) -> str:
        """Louder."""
        return ask(text).upper()

    jitted = xcs.jit(shout)

    assert jitted.__name__ == "shout"
    assert jitted.__doc__ == "Louder."
    assert jitted.__wrapped__ is shout
    assert xcs.jit(jitted) is jitted
    assert jitted("hi") == "<HI>"


def test_jit_takes_options_with_and_without_a_function():  # R1
    config = xcs.Config(max_workers=2)

    @xcs.jit(config=config)
    def first(text):
        return ask(text)

    second = xcs.jit(lambda text: ask(text), config=config)

    assert first("a") == second("a") == "<a>"


def test_a_wrapper_of_a_jitted_function_is_not_jitted_itself():
    inner = xcs.jit(lambda x: jnp.sin(x))
    seen = []

    @functools.wraps(inner)
    def noted(x):
        seen.append(x)
        return inner(x)

    assert not hasattr(noted, "trace")
    assert xcs.jit(noted) is not noted
    xcs.jit(noted)(1.0)
    assert len(seen) == 1
    assert jax.jit(inner).trace(1.0).jaxpr.out_avals[0].shape == ()


def test_an_option_of_jax_that_cannot_be_honoured_is_an_error():
    with pytest.raises(TypeError, match="unexpected option: backend"):
        xcs.jit(lambda x: x, backend="cpu")  # type: ignore[call-overload]
    hybrid = xcs.jit(lambda x: ask("a") + str(jnp.sin(x)), out_shardings=None)
    with pytest.raises(xcs.XCSError, match="out_shardings cannot be honoured"):
        hybrid(1.0)


# --- Bad input ------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"max_workers": 0}, "max_workers=0"),
        ({"max_workers": 2.5}, "max_workers=2.5"),
        ({"max_workers": True}, "max_workers=True"),
        ({"effects": "none"}, "'default' or 'strict'"),
        ({"console": "loud"}, "'held' or 'direct'"),
        ({"optimize": "fast"}, "'exact' or 'algebraic' or 'finite'"),
        ({"profile": 1}, "profile=1"),
    ],
)
def test_a_bad_option_is_named_where_it_is_given(options, message):
    with pytest.raises(ConfigError, match=message) as caught:
        xcs.Config(**options)
    assert isinstance(caught.value, xcs.XCSError | ValueError)


def test_what_cannot_be_called_cannot_be_jitted_nor_be_an_operator():
    with pytest.raises(TypeError, match="expects a callable, but was given 42"):
        xcs.jit(42)  # type: ignore[call-overload]
    with pytest.raises(TypeError, match="expects a callable, but was given 'ask'"):
        xcs.op("ask")  # type: ignore[call-overload]
    with pytest.raises(TypeError, match=r"expected an xcs.Config"):
        xcs.jit(ask, config={"max_workers": 1})  # type: ignore[call-overload]


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"kind": "robot"}, "kind='robot'"),
        ({"effects": "some"}, "effects='some'"),
        ({"retries": -1}, "retries=-1"),
        ({"timeout": 0}, "timeout=0"),
        ({"rate_limit": "often"}, "often"),
    ],
)
def test_a_bad_operator_option_is_named_where_it_is_given(options, message):
    with pytest.raises(ValueError, match=message):
        xcs.op(**options)


def test_an_unhashable_static_argument_is_an_error_at_the_call():
    @functools.partial(xcs.jit, static_argnames="shape")
    def zeros(shape):
        return jnp.zeros(shape)

    assert zeros((2, 3)).shape == (2, 3)
    with pytest.raises(TypeError, match="static argument 'shape' must be hashable"):
        zeros([2, 3])


def test_an_unknown_static_parameter_is_an_error_at_once():
    with pytest.raises(ValueError, match="no such parameter"):
        xcs.jit(lambda x: x, static_argnames="y")
    with pytest.raises(ValueError, match="has 1 parameters"):
        xcs.jit(lambda x: x, static_argnums=3)


def test_a_wrong_call_is_pythons_own_error():
    @xcs.jit
    def one(text):
        return ask(text)

    with pytest.raises(TypeError, match=r"one\(\) takes 1 positional argument but 2 were given"):
        one("a", "b")  # type: ignore[call-arg]


# --- Stages (R38) ---------------------------------------------------------------------------------


@xcs.jit
def mixed(x, weights, prompt):
    hidden = jnp.tanh(x @ weights)
    reply = ask(prompt)
    return hidden.sum() * len(reply), reply


ARGUMENTS = (jnp.ones((2, 3)), jnp.ones((3, 4)), "hi")


def test_types_stand_for_arrays_ahead_of_time():
    spec = jax.ShapeDtypeStruct((3,), jnp.float32)

    @xcs.jit
    def total(parts: dict[str, jax.Array], word: str):
        return parts["b"] - jnp.sin(parts["a"]), word

    arrays = {"b": jnp.ones(3), "a": jnp.arange(3.0)}
    lowered = total.lower({"b": spec, "a": spec}, "x")
    result, word = lowered.compile()(arrays, "y")
    np.testing.assert_allclose(result, total(arrays, "y")[0])
    assert word == "y"
    assert "stablehlo.sine" in lowered.as_text("stablehlo")


def test_a_jitted_function_has_what_one_of_jax_has():
    jitted = xcs.jit(lambda x: (jnp.sin(x), x.sum()))
    spec = jax.ShapeDtypeStruct((3,), jnp.bfloat16)
    assert jitted.eval_shape(spec) == jax.jit(jitted.__wrapped__).eval_shape(spec)
    jitted(jnp.ones(3))
    jitted.clear_cache()
    assert xcs.get_jit_stats(jitted)["programs"] == 0
    jitted(jnp.ones(3))
    assert xcs.get_jit_stats(jitted)["programs"] == 1
    with pytest.raises(TypeError, match=r"calls .*, so only a run tells"):
        mixed.eval_shape(*ARGUMENTS)


def test_each_stage_prints_and_the_compiled_program_runs():
    traced = mixed.trace(*ARGUMENTS)
    lowered = traced.lower()
    compiled = lowered.compile()

    assert "orch.call @tanh" in traced.as_text()
    assert "orch.launch @main_kernel_0" in lowered.as_text("split")
    assert "stablehlo.tanh" in lowered.as_text("stablehlo")
    assert compiled(*ARGUMENTS)[1] == "<hi>"
    with pytest.raises(TypeError, match="other kinds"):
        compiled(jnp.ones((5, 3)), jnp.ones((3, 4)), "hi")
    with pytest.raises(ValueError, match="no stage 'llvm'"):
        lowered.as_text("llvm")


def test_stablehlo_accepts_its_own_verifier():  # R38
    text = mixed.trace(*ARGUMENTS).lower().as_text("stablehlo")
    for module in text.split("// kernel ")[1:]:
        verify_stablehlo(module.partition("\n")[2])


def test_a_kernel_of_unknown_shape_shows_the_shapes_that_it_was_launched_on():
    @xcs.jit
    def total(prompt):
        return jnp.asarray([float(c) for c in ask(prompt).encode()]).sum()

    assert "known at its first launch" in total.trace("a").lower().as_text("stablehlo")
    total("a")
    assert "tensor<f32>" in total.trace("a").lower().as_text("stablehlo")


# --- Statistics and explanations ------------------------------------------------------------------


def test_stats_before_and_after_the_first_call():
    @xcs.jit
    def both(a, b):
        return ask(a) + ask(b)

    assert xcs.get_jit_stats(both) == {"status": "no_data"}
    both("x", "y")
    both("z", "y")
    stats = xcs.get_jit_stats(both)

    assert stats["calls"] == 2
    assert stats["execution_strategy"] == "parallel"
    assert stats["group_sizes"] == [2]
    assert stats["cache_hit_rate"] == 0.5
    assert stats["total_time_ms"] > 0
    with pytest.raises(TypeError, match=r"made by xcs.jit"):
        xcs.get_jit_stats(len)


def test_hybrid_stats():  # R6
    fresh = xcs.jit(mixed.__wrapped__)
    value, reply = fresh(*ARGUMENTS)
    stats = xcs.get_jit_stats(fresh)

    assert reply == "<hi>"
    np.testing.assert_allclose(value, mixed.__wrapped__(*ARGUMENTS)[0], rtol=1e-6)
    assert stats["execution_strategy"] == "hybrid"
    assert stats["tensor_operations"] == 2
    assert stats["orchestration_operations"] == 1


def test_explain_names_lines_and_reasons():
    @xcs.jit
    def parse(prompt):
        first, second = ask(prompt), ask(prompt + "?")

        class Reply:
            text = first

        return Reply.text, second

    text = parse.explain("x")
    start = parse.__wrapped__.__code__.co_firstlineno

    assert f"line {start + 2}: 2 calls run at once" in text
    assert f"line {start + 4}: stays plain Python: 'class' is not captured" in text


def test_explain_of_a_function_that_stays_python():
    @xcs.jit
    def numbers(n):
        yield n

    assert "a generator function" in numbers.explain(1)
    assert list(numbers(3)) == [3]
    assert xcs.get_jit_stats(numbers)["execution_strategy"] == "fallback"


# --- Array functions (R19, as far as they go) -----------------------------------------------------

PARAMETERS = {"w": jnp.arange(12.0).reshape(3, 4) / 10, "b": [jnp.ones(4), None]}


def mlp(params, x):
    return jax.nn.gelu(x @ params["w"] + params["b"][0])


def test_an_array_function_gives_what_jax_jit_gives():
    x = jnp.ones((2, 3))
    ours, theirs = xcs.jit(mlp), jax.jit(mlp)

    np.testing.assert_array_equal(ours(PARAMETERS, x), theirs(PARAMETERS, x))
    assert xcs.get_jit_stats(ours)["execution_strategy"] == "fused"


def test_array_functions_nest_in_jax_transformations():
    def loss(params, x):
        return mlp(params, x).sum()

    x = jnp.ones((5, 3))
    ours = xcs.jit(loss)
    expected = jax.grad(jax.jit(loss))(PARAMETERS, x)

    jax.tree.map(np.testing.assert_allclose, jax.grad(ours)(PARAMETERS, x), expected)
    rows = jax.vmap(ours, in_axes=(None, 0))(PARAMETERS, x[:, None])
    np.testing.assert_allclose(rows, jax.vmap(loss, in_axes=(None, 0))(PARAMETERS, x[:, None]))
    np.testing.assert_allclose(jax.jit(ours)(PARAMETERS, x), loss(PARAMETERS, x), rtol=1e-6)


def test_gradients_reach_what_an_array_function_closes_over():
    def outer(weights):
        inner = xcs.jit(lambda x: (jnp.sin(x) * weights).sum())
        return inner(jnp.ones(3))

    np.testing.assert_allclose(jax.grad(outer)(jnp.zeros(3)), jnp.sin(jnp.ones(3)), rtol=1e-6)


def test_weak_types_and_numbers_are_as_under_jax_jit():
    def scale(x, factor):
        return x * factor, factor + 1

    x = jnp.ones(3, jnp.bfloat16)
    for ours, theirs in zip(xcs.jit(scale)(x, 2.5), jax.jit(scale)(x, 2.5), strict=True):
        assert (ours.dtype, ours.weak_type) == (theirs.dtype, theirs.weak_type)


def test_a_number_that_is_a_shape_becomes_static():
    @xcs.jit
    def count(n, x):
        return jnp.arange(n) * x

    np.testing.assert_array_equal(count(3, 2.0), [0.0, 2.0, 4.0])
    np.testing.assert_array_equal(count(4, 2.0), [0.0, 2.0, 4.0, 6.0])


def test_a_changed_attribute_is_not_missed():  # R3
    class Model:
        def __init__(self):
            self.scale = jnp.float32(2.0)

        @xcs.jit
        def __call__(self, x):
            return jnp.tanh(x) * self.scale

    model = Model()
    before = model(jnp.ones(2))
    model.scale = jnp.float32(4.0)

    np.testing.assert_allclose(model(jnp.ones(2)), 2 * before, rtol=1e-6)


def test_a_branch_on_an_array_is_taken_as_in_python():
    @xcs.jit
    def relu_or_negate(x):
        if x.sum() > 0:
            return x
        return -x

    np.testing.assert_array_equal(relu_or_negate(jnp.ones(2)), jnp.ones(2))
    np.testing.assert_array_equal(relu_or_negate(-jnp.ones(2)), jnp.ones(2))


def test_debug_print_still_prints(capsys):
    @xcs.jit
    def shown(x):
        jax.debug.print("x is {}", x)
        return x * 2

    assert shown(jnp.float32(3.0)) == 6.0
    jax.effects_barrier()
    assert "x is 3.0" in capsys.readouterr().out


def test_primitives_without_an_op_still_work_and_are_counted():
    twice = Primitive("twice_as_much")
    twice.def_abstract_eval(lambda x: x)
    mlir.register_lowering(twice, mlir.lower_fun(lambda x: x * 2, multiple_results=False))

    ours = xcs.jit(lambda x: twice.bind(x) + 1)

    np.testing.assert_array_equal(ours(jnp.array([3.0, 1.0])), [7.0, 3.0])
    assert xcs.get_jit_stats(ours)["primitives_without_op"] == {"twice_as_much": 1}


def test_random_keys():
    def draw(key):
        first, second = jax.random.split(key)
        return jax.random.normal(first, (3,)), jax.random.bits(second)

    key = jax.random.key(7)
    for ours, theirs in zip(xcs.jit(draw)(key), jax.jit(draw)(key), strict=True):
        np.testing.assert_array_equal(ours, theirs)


def test_an_error_in_array_code_is_pythons_and_names_the_line():  # R22
    @xcs.jit
    def product(a, b):
        return a @ b

    with pytest.raises(TypeError, match="dot_general requires") as caught:
        product(jnp.ones((2, 3)), jnp.ones((2, 3)))
    assert isinstance(caught.value, xcs.XCSExecutionError)


def test_nothing_is_logged_as_a_bug(caplog):
    with caplog.at_level(logging.WARNING, logger="xcs"):
        xcs.jit(mixed.__wrapped__)(*ARGUMENTS)
    assert not caplog.records


# --- What the world may change (R3) ---------------------------------------------------------------


def test_attributes_of_a_second_instance_are_guarded_too():
    class Layer:
        def __init__(self, bias):
            self.bias = bias

    class Model:
        def __init__(self, bias):
            self.layer = Layer(bias)

        @xcs.jit
        def __call__(self, x):
            return jnp.tanh(x) * 0 + self.layer.bias

    first, second = Model(jnp.zeros(2)), Model(jnp.ones(2))
    first(jnp.ones(2))
    second(jnp.ones(2))
    second.layer.bias = jnp.full(2, 7.0)

    np.testing.assert_array_equal(second(jnp.ones(2)), [7.0, 7.0])


def test_the_environment_is_read_at_each_call(monkeypatch):
    @xcs.jit
    def where(prompt):
        return ask(prompt + os.environ.get("XCS_TEST", "") + os.environ["XCS_TEST"])

    monkeypatch.setenv("XCS_TEST", "1")
    assert where("q") == "<q11>"
    monkeypatch.setenv("XCS_TEST", "2")
    assert where("q") == "<q22>"


TABLE = np.eye(2)


def test_a_numpy_array_that_changes_in_place_is_not_stale(monkeypatch):
    monkeypatch.setitem(globals(), "TABLE", np.eye(2))

    @xcs.jit
    def look_up(x):
        return x @ TABLE

    np.testing.assert_array_equal(look_up(jnp.ones(2)), [1.0, 1.0])
    TABLE[:] *= 3
    np.testing.assert_array_equal(look_up(jnp.ones(2)), [3.0, 3.0])


def test_a_loop_that_reads_what_it_appends_to_runs_in_order():
    @xcs.jit
    def debate(topic, rounds):
        turns = []
        for number in range(rounds):
            turns.append(ask(f"{topic} {number} {turns}"))
        return turns

    assert debate("t", 2) == debate.__wrapped__("t", 2)


def test_a_call_that_remembers_its_results_is_not_made_twice():
    made = []

    @functools.lru_cache
    def remembered(prompt):
        made.append(prompt)
        return prompt * 2

    @xcs.jit
    def all_of(prompts):
        return [remembered(prompt) for prompt in prompts]

    assert all_of(["a", "b", "a"]) == ["aa", "bb", "aa"]
    assert made == ["a", "b"]
