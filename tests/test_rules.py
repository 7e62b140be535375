"""Rules on the public API: what programs give and what they cost, under each set."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from xdsl.context import Context

import xcs
from xcs.api.pipeline import kernel_of_jaxpr
from xcs.frontend.jaxpr_import import hoist_constants, import_module
from xcs.tools.xcs_opt import main
from xcs.transforms.apply_rules import ApplyRules
from xcs.transforms.rules.driver import Driver
from xcs.transforms.rules.kinds import SETS
from xcs.transforms.rules.registry import indexed

N = 96


def normal(*shape: int, seed: int = 0) -> jax.Array:
    return jnp.asarray(np.random.default_rng(seed).normal(size=shape), jnp.float32)


A, B, C = (normal(N, N, seed=seed) for seed in range(3))
V = normal(N, seed=3)
I = jnp.arange(N)[::-1]  # noqa: E741

FORMS: dict[str, tuple[Callable[..., Any], tuple[Any, ...]]] = {
    "matrix and vector": (lambda a, b, v: (a @ b) @ v, (A, B, V)),
    "a row": (lambda a, b: (a @ b)[3], (A, B)),
    "a row at an index": (lambda a, b, i: (a @ b)[i], (A, B, I[2])),
    "rows at indices": (lambda a, b, i: (a @ b)[i], (A, B, I[:3])),
    "diagonal": (lambda a, b: jnp.diag(a @ b), (A, B)),
    "trace": (lambda a, b: jnp.trace(a @ b), (A, B)),
    "sum": (lambda a, b: jnp.sum(a @ b), (A, B)),
    "sums of rows": (lambda a, b: jnp.sum(a @ b, 1), (A, B)),
    "chain": (lambda a, b, c, v: a @ b @ c @ a @ b @ c @ a @ b @ c @ v, (A, B, C, V)),
    "identity": (lambda a: jnp.eye(N) @ a, (A,)),
    "diagonal matrix": (lambda v, a: jnp.diag(v) @ a, (V, A)),
    "one-hot": (lambda i, a: jax.nn.one_hot(i, N) @ a, (I, A)),
    "permutation": (lambda i, a: jnp.eye(N, dtype=a.dtype)[i] @ a, (I, A)),
    "common factor": (lambda a, b, c: a @ c + b @ c, (A, B, C)),
    "gradient": (jax.grad(lambda a, b, v: jnp.sum(jnp.abs((a @ b) @ v) ** 2)), (A, B, V)),
    "batch": (jax.vmap(lambda a, b, v: (a @ b) @ v), (A[None], B[None], V[None])),
}
EXACT = ("a row", "a row at an index", "rows at indices", "diagonal", "trace")
"""The forms whose every element stays the same sum of the same terms."""


def products(function: Callable[..., Any], arguments: tuple[Any, ...], rules: Any) -> int:
    """The products of two matrices in a function's kernel."""
    kernel, _ = kernel_of_jaxpr(jax.make_jaxpr(function)(*arguments), "f", rules)
    matrix = f"tensor<{N}x{N}xf32>"
    return kernel.text.count(f": ({matrix}, {matrix}) -> {matrix}")


@pytest.mark.parametrize("rules", ["exact", "algebraic", "finite"])
@pytest.mark.parametrize("form", FORMS)
def test_results_are_those_of_jax(form: str, rules: Any) -> None:  # R20
    function, arguments = FORMS[form]
    result = xcs.jit(function, config=xcs.Config(optimize=rules))(*arguments)
    np.testing.assert_allclose(result, jax.jit(function)(*arguments), rtol=2e-3, atol=2e-3)


@pytest.mark.parametrize("form", [form for form in FORMS if form not in ("common factor", "batch")])
def test_no_product_of_matrices_is_left(form: str) -> None:  # R20
    assert (products(*FORMS[form], "exact") == 0) == (form in EXACT)
    assert products(*FORMS[form], "algebraic") == 0
    assert products(*FORMS[form], "finite") == 0


def test_a_common_factor_is_multiplied_once() -> None:  # R20
    assert products(*FORMS["common factor"], "algebraic") == 1


@pytest.mark.parametrize("special", [np.nan, np.inf, -np.inf])
@pytest.mark.parametrize("rules", ["exact", "algebraic"])
@pytest.mark.parametrize("form", FORMS)
def test_what_is_not_finite_arrives_where_it_did(form: str, rules: Any, special: float) -> None:
    function, arguments = FORMS[form]
    for place, argument in enumerate(arguments):
        if not jnp.issubdtype(argument.dtype, jnp.floating):
            continue
        given = list(arguments)
        given[place] = argument.at[(1,) * argument.ndim if argument.shape[0] > 1 else 0].set(
            special
        )
        result = xcs.jit(function, config=xcs.Config(optimize=rules))(*given)
        expected = jax.jit(function)(*given)
        np.testing.assert_array_equal(jnp.isfinite(result), jnp.isfinite(expected))


def test_products_of_integers_are_exact_in_any_order() -> None:  # R20
    a, b, c = (jnp.round(100 * m).astype(jnp.int32) for m in (A, B, C))

    def chosen(a: Any, b: Any, c: Any) -> Any:
        return jnp.eye(N, dtype=a.dtype) @ a @ b @ c[0]

    np.testing.assert_array_equal(xcs.jit(chosen)(a, b, c), jax.jit(chosen)(a, b, c))
    kernel, _ = kernel_of_jaxpr(jax.make_jaxpr(chosen)(a, b, c), "f")
    assert kernel.text.count("stablehlo.dot_general") == 2


def test_a_loop_does_not_get_what_was_computed_before_it() -> None:
    def steps(a: Any, b: Any, v: Any) -> Any:
        product = a @ b
        return jax.lax.fori_loop(0, 9, lambda _, x: product @ x, v)

    kernel, _ = kernel_of_jaxpr(jax.make_jaxpr(steps)(A, B, V), "f", "algebraic")
    assert kernel.text.count("dot_general") == 2


def test_the_time_of_the_driver_grows_with_the_program() -> None:
    """Counted in what is tried, since time is the machine's."""
    tried = []
    for count in (200, 400):

        def chain(a: Any, b: Any, count: int = count) -> Any:
            for _ in range(count):
                a = jnp.tanh(a + b) @ b
            return a

        opened, _ = hoist_constants(jax.make_jaxpr(chain)(A, B))
        module, _ = import_module(opened, "f")
        driver = Driver(indexed("algebraic"), SETS["algebraic"])
        driver.run(module)
        tried.append(sum(counts.tried for counts in driver.statistics.rules.values()))
        assert driver.statistics.visited <= 3 * count + 10
    assert tried[1] <= 2.1 * tried[0]


def test_what_is_made_has_the_place_of_what_it_replaces() -> None:
    opened, _ = hoist_constants(jax.make_jaxpr(FORMS["matrix and vector"][0])(A, B, V))
    module, _ = import_module(opened, "f")
    ApplyRules("algebraic").apply(Context(), module)
    made = [op for op in module.walk() if op.name == "xtensor.dot_general"]
    assert len(made) == 2
    assert all("test_rules.py" in str(op.location) for op in made)


MODULE = """
func.func @f(%x: tensor<4xf32>) -> tensor<4xf32> {
  %0 = xtensor.neg %x : tensor<4xf32>
  %1 = xtensor.neg %0 : tensor<4xf32>
  func.return %1 : tensor<4xf32>
}
"""


def test_the_trace_says_what_was_tried_where(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "f.mlir"
    file.write_text(MODULE)
    assert main([str(file), "-p", "apply-rules", "--debug-rules"]) == 0
    told = capsys.readouterr().err
    assert "double negation: an operand is no neg" in told
    assert "double negation: applied: 41 ns -> 0 ns" in told
    assert "f.mlir" in told
    assert "1 applied      1 matched" in told


def test_an_unknown_set_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "f.mlir"
    file.write_text(MODULE)
    assert main([str(file), "-p", "apply-rules{rules=all}"]) == 1
    told = capsys.readouterr().err
    assert "unknown set of rules 'all'; expected exact, algebraic, finite" in told


def test_a_product_that_is_the_same_in_all_iterations_stays_one() -> None:
    """XLA computes it once; in another order, part of it would be computed each time."""

    def steps(a: Any, b: Any, v: Any) -> Any:
        return jax.lax.fori_loop(0, 9, lambda _, x: (a @ b) @ x, v)

    def chain(a: Any, b: Any, v: Any) -> Any:
        return jax.lax.fori_loop(0, 9, lambda _, x: x + (a @ b) @ v, v)

    def varying(a: Any, b: Any, v: Any) -> Any:
        return jax.lax.fori_loop(0, 9, lambda i, x: ((a * i) @ b) @ x, v)

    assert products(steps, (A, B, V), "algebraic") == 1
    assert products(chain, (A, B, V), "algebraic") == 0
    assert products(varying, (A, B, V), "algebraic") == 0


@xcs.op(kind="model")
def weight(name: str) -> float:
    return float(len(name))


def test_kernels_of_programs_that_call_operators_are_rewritten() -> None:  # R6, R20
    def program(a: Any, b: Any, v: Any, name: str) -> Any:
        return ((a @ b) @ v) * weight(name)

    jitted = xcs.jit(program, config=xcs.Config(optimize="algebraic"))
    np.testing.assert_allclose(jitted(A, B, V, "ab"), 2 * ((A @ B) @ V), rtol=1e-3, atol=1e-3)
    lowered = jitted.lower(A, B, V, "ab")
    assert "apply-rules{rules=algebraic" in lowered.pipeline
    text = lowered.as_text("stablehlo")
    assert text.count("stablehlo.dot_general") == 2
    assert f"-> tensor<{N}x{N}xf32>" not in text.replace("\n", " ")
