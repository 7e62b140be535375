"""Nothing silent: array code that is left to Python, and functions that are compiled again."""

import warnings

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import xcs

X = jnp.arange(3.0)


def left_to_python(x):
    exec("y = 1")  # which nothing can be known of
    return jnp.sin(x) + 1


def test_array_code_that_is_left_to_python_says_so_once():
    jitted = xcs.jit(left_to_python)
    with pytest.warns(xcs.NotCompiledWarning, match=r"left_to_python .*exec") as caught:
        results = [jitted(X) for _ in range(3)]
    np.testing.assert_allclose(results[2], jnp.sin(X) + 1, rtol=1e-6)
    assert len(caught) == 1
    assert caught[0].filename == __file__
    assert "exec" in xcs.get_jit_stats(jitted)["not_compiled"]
    assert xcs.get_jit_stats(jitted)["times_not_compiled"] == 3
    assert "array code is not compiled: " in jitted.explain(X)


def test_what_is_required_to_be_compiled_is_or_fails():
    required = xcs.Config(require="compiled")
    with pytest.raises(xcs.NotCompiledError, match="exec"):
        xcs.jit(left_to_python, config=required)(X)
    np.testing.assert_allclose(xcs.jit(jnp.sin, config=required)(X), jnp.sin(X), rtol=1e-6)
    with pytest.raises(xcs.XCSError, match="require='all'"):
        xcs.Config(require="all")  # pyright: ignore[reportArgumentType]


@pytest.mark.parametrize(
    "function",
    [
        lambda x: jnp.sin(x),
        lambda x: jnp.sin(x) if x.sum() > 0 else x,
        lambda x: (print("in between"), jnp.sin(x))[1],
    ],
)
def test_what_is_compiled_in_whole_or_in_parts_is_not_warned_of(function, capsys):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        xcs.jit(function)(X)


def test_what_runs_as_jax_traced_it_is_shown():
    jitted = xcs.jit(lambda x: jax.pure_callback(np.sin, x, x))
    jitted(X)
    assert "calls back into Python" in xcs.get_jit_stats(jitted)["as_jax_traced_it"]
    assert "runs as JAX traced it: " in jitted.explain(X)


SCALE = 2.0


def test_stats_say_why_a_function_was_compiled_again(monkeypatch):
    jitted = xcs.jit(lambda x, how: jnp.sin(x) * SCALE if how == "a" else x)
    calls = {
        None: (X, "a"),
        "x was float32[3] and is float32[4]": (jnp.zeros(4), "a"),
        "how was 'a' and is 'b'": (jnp.zeros(4), "b"),
    }
    for reason, args in calls.items():
        jitted(*args)
        assert xcs.get_jit_stats(jitted)["last_recompiled"] == reason
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    jitted(X, "a")
    assert xcs.get_jit_stats(jitted)["last_recompiled"] == "the global 'SCALE' is another object"
    assert xcs.get_jit_stats(jitted)["compilations"] == 4


def test_ever_new_shapes_are_warned_of():
    jitted = xcs.jit(lambda x: x * 2)
    with pytest.warns(xcs.RecompiledWarning, match=r"compiled 33 times.* x was float32\[32\]"):
        [jitted(jnp.ones(size)) for size in range(1, 40)]


def test_arrays_that_are_not_donated_are_warned_of():
    @xcs.op
    def ask(question: str) -> str:
        return question

    jitted = xcs.jit(lambda x, q: (ask(q), x * 2), donate_argnums=0)
    with pytest.warns(xcs.NotDonatedWarning, match="not array code alone"):
        jitted(X, "a")
    assert not X.is_deleted()
