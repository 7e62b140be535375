"""Functions of array code alone are traced as they stand, and keep the contract all the same."""

from __future__ import annotations

import math
import subprocess
import sys
import textwrap
import time
import types
from functools import partial
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax import lax

import xcs
from xcs.frontend.array_code import array_code_guards

X = jnp.arange(6.0).reshape(2, 3)
SCALE = 2.0
COUNT = 0
TABLE = [1.0, 2.0]
LOG: list[str] = []
HELPERS = types.ModuleType("helpers")
exec("import jax.numpy as jnp\ndef shift(x):\n    return x + 1.0", HELPERS.__dict__)


def scale(x: jax.Array) -> jax.Array:
    return x * SCALE


def uses_global(x: jax.Array) -> jax.Array:
    return scale(x) + jnp.sum(x)


def uses_syntax(x: jax.Array, depth: int = 3) -> dict[str, jax.Array | int]:
    total, step = jnp.zeros_like(x), 0
    while step < depth:
        try:
            total = total + jnp.sin(x) ** step
        finally:
            step += 1
    (first, *rest) = [total * k for k in range(1, 4)]
    inner = lambda y: y * math.pi if x.ndim == 2 else y
    return {"first": inner(first), "rest": sum(rest)}


def uses_table(x: jax.Array) -> jax.Array:
    return x * TABLE[0]


def uses_clock(x: jax.Array) -> jax.Array:
    return x * 0 + time.perf_counter_ns() % 1000


def uses_generator(x: jax.Array) -> jax.Array:
    return x + np.random.default_rng().normal()


def logs(x: jax.Array) -> jax.Array:
    LOG.append("called")
    return jnp.sin(x)


def prints(x: jax.Array) -> jax.Array:
    print("called")
    return jnp.sin(x)


def rebinds(x: jax.Array) -> jax.Array:
    global COUNT
    COUNT += 1
    return jnp.sin(x)


def calls_operator(x: jax.Array) -> jax.Array:
    return jnp.sin(x) + answer(1)


@xcs.op(kind="model")
def answer(number: int) -> int:
    LOG.append(f"asked {number}")
    return number


def names(x: jax.Array) -> tuple[jax.Array, str]:
    return jnp.sin(x), "label"


@pytest.mark.parametrize("function", [scale, uses_global, uses_syntax])
def test_array_code_is_recognised(function: Any) -> None:
    assert array_code_guards(function) is not None


@pytest.mark.parametrize(
    "function",
    [uses_table, uses_clock, uses_generator, logs, prints, rebinds, calls_operator],
)
def test_what_is_more_than_array_code_is_not(function: Any) -> None:
    assert array_code_guards(function) is None


def test_a_submodule_that_jax_has_not_loaded_yet_is_array_code(tmp_path: Path) -> None:
    program = tmp_path / "program.py"
    program.write_text(
        textwrap.dedent("""
            import sys, jax, xcs

            @xcs.jit
            def f(x):
                return jax.scipy.special.polygamma(1, x)

            assert "jax.scipy.special" not in sys.modules
            f(jax.numpy.ones(3))
            print(xcs.get_jit_stats(f)["execution_strategy"])
        """)
    )
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert done.stdout == "fused\n"


def test_all_of_pythons_syntax_works_on_arrays() -> None:
    ours, jax_own = xcs.jit(uses_syntax)(X), jax.jit(uses_syntax)(X)
    assert ours.keys() == jax_own.keys()
    for key, value in ours.items():
        np.testing.assert_array_equal(value, jax_own[key])


def test_a_changed_global_of_a_helper_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    jitted = xcs.jit(uses_global)
    np.testing.assert_array_equal(jitted(X), uses_global(X))
    monkeypatch.setitem(globals(), "SCALE", 3.0)
    np.testing.assert_array_equal(jitted(X), uses_global(X))
    monkeypatch.setitem(globals(), "scale", jnp.cos)
    np.testing.assert_array_equal(jitted(X), uses_global(X))


def test_a_changed_function_of_a_users_module_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def through_module(x: jax.Array) -> jax.Array:
        return HELPERS.shift(x)

    HELPERS.__file__ = __file__
    jitted = xcs.jit(through_module)
    np.testing.assert_array_equal(jitted(X), X + 1)
    monkeypatch.setattr(HELPERS, "shift", jnp.exp2)
    np.testing.assert_array_equal(jitted(X), jnp.exp2(X))


def test_a_changed_closure_and_default_are_seen() -> None:
    factor = 2.0

    def inner(x: jax.Array, *, power: float = 2.0) -> jax.Array:
        return x**power * factor

    jitted = xcs.jit(inner)
    np.testing.assert_array_equal(jitted(X), X**2 * 2)
    factor = 5.0
    np.testing.assert_array_equal(jitted(X), X**2 * 5)
    inner.__kwdefaults__ = {"power": 1.0}
    np.testing.assert_array_equal(xcs.jit(lambda x: inner(x))(X), X * 5)


def test_a_shadowed_builtin_is_seen(monkeypatch: pytest.MonkeyPatch) -> None:
    def longest(x: jax.Array) -> jax.Array:
        return x * max(2, 3)

    jitted = xcs.jit(longest)
    np.testing.assert_array_equal(jitted(X), X * 3)
    monkeypatch.setitem(globals(), "max", min)
    np.testing.assert_array_equal(jitted(X), X * 2)


def test_effects_happen_at_each_call(capsys: pytest.CaptureFixture[str]) -> None:
    LOG.clear()
    for function in (logs, calls_operator, prints):
        jitted = xcs.jit(function)
        for _ in range(3):
            jitted(X)
    assert LOG == ["called"] * 3 + ["asked 1"] * 3
    assert capsys.readouterr().out == "called\n" * 3


def test_results_that_are_not_arrays_stay_what_they_are() -> None:
    values, label = xcs.jit(names)(X)
    assert label == "label"
    np.testing.assert_array_equal(values, jnp.sin(X))


def test_an_array_helper_between_operator_calls_gives_ordinary_containers() -> None:
    def parts(x: jax.Array) -> list[Any]:
        return [x + 1, {"twice": x * 2}]

    def program(x: jax.Array) -> Any:
        made = parts(x)
        made.append(answer(2))
        made[1]["thrice"] = x * 3
        return made

    plain, jitted = program(X), xcs.jit(program)(X)
    assert jax.tree.structure(plain) == jax.tree.structure(jitted)
    jax.tree.map(np.testing.assert_array_equal, plain, jitted)


def test_the_error_of_array_code_is_the_users_own() -> None:
    def checked(x: jax.Array) -> jax.Array:
        if x.ndim != 1:
            raise ValueError(f"expected a vector, got {x.shape}")
        return x

    with pytest.raises(ValueError, match="expected a vector"):
        xcs.jit(checked)(X)


def jitted_inside(x):
    @xcs.jit
    def twice(y):
        return jnp.sin(y) * 2

    return twice(x)


def jitted_inside_with_options(x):
    @xcs.jit(static_argnames="n")
    def times(y, n):
        return y * n

    return times(x, n=3)


def jitted_inside_of_a_loop(x):
    step = partial(xcs.jit, static_argnums=1)(lambda y, n: y * n)
    return lax.scan(lambda carry, _: (step(carry, 2), None), x, None, length=3)[0]


@pytest.mark.parametrize(
    "function", [jitted_inside, jitted_inside_with_options, jitted_inside_of_a_loop]
)
def test_what_is_jitted_inside_is_a_part_of_the_kernel(function):
    jitted = xcs.jit(function)
    assert jnp.array_equal(jitted(jnp.ones(3)), jax.jit(function)(jnp.ones(3)))
    assert xcs.get_jit_stats(jitted)["execution_strategy"] == "fused"
    assert "stablehlo" in jitted.lower(jnp.ones(3)).as_text("stablehlo")


def test_what_is_jitted_inside_is_no_more_than_the_function_is(capsys):
    def numbers(n):
        return xcs.jit(lambda m: m * n)(n)

    def prints(x):
        @xcs.jit
        def shown(y):
            print("shown")
            return y * 2

        return shown(x)

    assert xcs.jit(numbers)(100_000) == 10_000_000_000
    jitted = xcs.jit(prints)
    with pytest.warns(xcs.NotCompiledWarning, match="print"):
        jitted(jnp.ones(3))
    jitted(jnp.ones(3))
    assert capsys.readouterr().out == "shown\n" * 2
