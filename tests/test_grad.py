"""`xcs.grad` and `xcs.value_and_grad`: as JAX's, and through functions that call operators."""

from __future__ import annotations

import random
import threading
import types
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest

import xcs

X = jnp.asarray([0.5, -1.2, 2.0])
SEEN: list[Any] = []
LOG: list[Any] = []


@pytest.fixture(autouse=True)
def _fresh() -> None:
    SEEN.clear()
    LOG.clear()


@xcs.op(kind="model")
def score(text: str) -> float:
    SEEN.append(text)
    return 1.0 + len(text) / 4


@xcs.op
def look(value: Any) -> Any:
    SEEN.append(value)
    return np.tanh(np.asarray(value))


@xcs.op
def show(value: Any) -> str:
    return f"{float(value):.1f}"


@xcs.op(effects="ordered")
def save(value: Any) -> None:
    LOG.append(value)


@xcs.op
def refuse(text: str) -> float:
    raise ValueError("refused", text)


def same(found: Any, expected: Any) -> None:
    """Equal values, dtypes and structure, to a few bits."""
    assert jax.tree.structure(found) == jax.tree.structure(expected)
    for one, other in zip(jax.tree.leaves(found), jax.tree.leaves(expected), strict=True):
        assert jnp.result_type(one) == jnp.result_type(other)
        assert np.shape(one) == np.shape(other)
        if one.dtype != jax.dtypes.float0:
            np.testing.assert_allclose(one, other, rtol=2e-5, atol=1e-6)


# --- array code: what JAX gives -------------------------------------------------------------------


def quadratic(x: Any, w: Any = 2.0) -> Any:
    return (jnp.sin(x) * x**2 * w).sum()


def with_rest(x: Any) -> Any:
    return (x**2).sum(), {"double": 2 * x, "n": 3}


def of_tree(tree: Any, scale: Any) -> Any:
    return scale * (tree["a"] ** 2).sum() + tree["b"][0] * tree["b"][1]


TREE = {"a": X, "b": (jnp.asarray(2.0), 3.0)}


@pytest.mark.parametrize(
    ("function", "options", "args"),
    [
        (quadratic, {}, (X,)),
        (quadratic, {}, (np.asarray(X),)),
        (quadratic, {"argnums": 1}, (X, 3.0)),
        (quadratic, {"argnums": (0, 1)}, (X, 3.0)),
        (quadratic, {"argnums": [-1]}, (X, 3.0)),
        (quadratic, {"argnums": range(2)}, (X, 3.0)),
        (with_rest, {"has_aux": True}, (X,)),
        (of_tree, {"argnums": (0, 1)}, (TREE, 2.0)),
        (lambda z: z**3, {"holomorphic": True}, (1.0 + 2.0j,)),
        (lambda n: n * 2.5, {"allow_int": True}, (3,)),
        (lambda x: 1.0, {}, (2.0,)),
        (lambda x: x if x > 0 else -x, {}, (-2.0,)),
        (jax.jit(quadratic), {}, (X,)),
        (xcs.jit(quadratic), {}, (X,)),
    ],
)
def test_array_code(function: Any, options: Any, args: Any) -> None:
    same(xcs.grad(function, **options)(*args), jax.grad(function, **options)(*args))
    found = xcs.value_and_grad(function, **options)(*args)
    same(found, jax.value_and_grad(function, **options)(*args))


def test_array_code_is_one_kernel() -> None:
    compiled = xcs.grad(quadratic)
    compiled(X)
    assert compiled.__xcs_grad__.arrays.program is not None  # type: ignore[attr-defined]


# --- hybrid functions, against JAX where operators are constants ----------------------------------


def mixed(x: Any, names: Any = ("a", "bb")) -> Any:
    total = jnp.zeros(())
    for name in names:
        weight = score(name)
        hidden = jnp.tanh(x * weight)
        total = total + (look(x) * hidden).sum() * score(name + "!")
        if total > 1.0:
            total = total * 1.5
    return total


def mixed_by_hand(x: Any, names: Any = ("a", "bb")) -> Any:
    known = np.tanh(np.asarray(X))
    total = jnp.zeros(())
    for name in names:
        hidden = jnp.tanh(x * (1.0 + len(name) / 4))
        total = total + (known * hidden).sum() * (1.0 + (len(name) + 1) / 4)
        if total > 1.0:
            total = total * 1.5
    return total


class Agent:
    """Holds arrays in attributes and containers."""

    def __init__(self, scale: Any) -> None:
        self.scale = scale
        self.history: list[Any] = []

    def step(self, x: Any, name: str) -> Any:
        self.history.append(x * self.scale)
        return self.history[-1] * score(name)


def by_objects(x: Any) -> Any:
    agent = Agent(x[0])
    values = {name: agent.step(x, name) for name in ("a", "bb", "ccc")}
    return jnp.stack(list(values.values())).sum() + len(agent.history)


def handling(x: Any) -> Any:
    y: Any
    try:
        y = x * refuse("a")
    except ValueError:
        y = x**2 * score("a")
    finally:
        y = y + 1.0
    return y.sum()


def recursive(x: Any, depth: int = 3) -> Any:
    if depth == 0:
        return x.sum()
    return score("a" * depth) * recursive(jnp.sin(x), depth - 1)


def looping(x: Any) -> Any:
    count = 0
    y = x
    while jnp.abs(y).sum() > 0.5 and count < 5:
        y = y * 0.5 * score("a" * count) / 1.5
        count += 1
    return (y**2).sum()


def with_library(x: Any) -> Any:
    weight = score("a")
    return jax.lax.scan(lambda c, v: (c + v * weight, c), 0.0, jnp.sin(x))[0] * score("bb")


def with_custom_rules(x: Any) -> Any:
    return (jax.nn.relu(x) * score("a") + jax.nn.softmax(x) * 2).sum() + jnp.linalg.norm(x)


@pytest.mark.parametrize(
    "function",
    [by_objects, handling, recursive, looping, with_library, with_custom_rules, mixed],
)
def test_hybrid_function(function: Callable[..., Any]) -> None:
    expected = jax.value_and_grad(function)(X)
    same(xcs.value_and_grad(function)(X), expected)
    same(xcs.value_and_grad(xcs.jit(function))(X), expected)
    same(xcs.jit(xcs.value_and_grad(function))(X), expected)
    same(jax.value_and_grad(xcs.jit(function))(X), expected)


@pytest.mark.parametrize(
    "function", [by_objects, handling, recursive, looping, with_library, with_custom_rules]
)
def test_finite_differences(function: Callable[..., Any]) -> None:
    with jax.enable_x64():
        x = jnp.asarray(np.asarray(X), jnp.float64)
        step = 1e-6
        differences = [
            (function(x.at[i].add(step)) - function(x.at[i].add(-step))) / (2 * step)
            for i in range(x.size)
        ]
        np.testing.assert_allclose(xcs.grad(function)(x), jnp.stack(differences), rtol=1e-5)


def test_operators_are_constants_and_see_arrays() -> None:
    same(xcs.value_and_grad(mixed)(X), jax.value_and_grad(mixed_by_hand)(X))
    assert all(isinstance(seen, str) or type(seen) is type(X) for seen in SEEN)


def test_text_and_numbers_of_arrays_are_those_of_python() -> None:
    def function(x: Any) -> Any:
        weight = score(f"{x[0]:.3f} {x.shape} {x[1]!s}") + score(str(float(x[0])))
        return weight * (x * np.asarray(x)).sum()

    found = xcs.grad(function)(X)
    assert sorted(SEEN) == sorted(["0.500 (3,) -1.2", "0.5"])
    same(found, (score(SEEN[0]) + score(SEEN[1])) * X)


def test_effects_keep_their_order() -> None:
    def function(x: Any) -> Any:
        for k in range(4):
            save((k, x[0]))
            x = x * score("a" * k)
        return x.sum()

    xcs.grad(function)(X)
    assert [k for k, _ in LOG] == [0, 1, 2, 3]
    assert all(type(value) is type(X) for _, value in LOG)


def test_operators_overlap() -> None:
    meeting = threading.Barrier(4, timeout=20)

    @xcs.op
    def meet(name: str) -> float:
        meeting.wait()
        return 2.0

    same(xcs.grad(lambda x: sum(meet(n) * x for n in "abcd"))(3.0), jnp.asarray(8.0))


def test_derivatives_overlap_in_programs() -> None:
    meeting = threading.Barrier(4, timeout=20)

    @xcs.op
    def meet(x: Any) -> float:
        meeting.wait()
        return 2.0

    derivative = xcs.grad(lambda x: meet(x) * x**2)
    xs = jnp.arange(4.0)
    same(xcs.jit(lambda xs: jnp.stack([derivative(x) for x in xs]))(xs), 4 * xs)
    same(xcs.vmap(derivative)(xs), 4 * xs)


def test_composition() -> None:
    cube = lambda x: score("abcd") * x**3
    two = jnp.asarray(2.0)
    for derivative in (xcs.grad(xcs.grad(cube)), jax.grad(xcs.grad(cube))):
        same(derivative(two), jnp.asarray(24.0))
    same(xcs.grad(xcs.grad(xcs.grad(cube)))(two), jnp.asarray(12.0))
    xs = jnp.arange(3.0)
    same(xcs.grad(lambda xs: xcs.vmap(cube)(xs).sum())(xs), 6 * xs**2)
    same(xcs.grad(lambda xs: (xcs.vmap(xcs.grad(cube))(xs)).sum())(xs), 12 * xs)
    square = lambda x: (x**2).sum()
    same(jax.vmap(xcs.grad(square))(jnp.ones((2, 3))), jnp.full((2, 3), 2.0))
    same(jax.jit(xcs.grad(square))(X), 2 * X)
    same(xcs.jit(xcs.grad(square))(X), 2 * X)


def test_inner_derivative_does_not_mix_with_the_outer() -> None:
    def outer(x: Any) -> Any:
        inner = xcs.grad(lambda y: score("abcd") * x * y)(1.0)  # 2 x
        return x * inner

    same(xcs.grad(outer)(3.0), jax.grad(lambda x: 2 * x * x)(3.0))


def test_aux_is_without_traces() -> None:
    def function(x: Any) -> Any:
        return (x**2).sum() * score("abcd"), {"x": x * 2, "text": f"{x[0]:.1f}", "n": None}

    derivative, aux = xcs.grad(function, has_aux=True)(X)
    same(derivative, 4 * X)
    same(aux["x"], 2 * X)
    assert (aux["text"], aux["n"]) == ("0.5", None)
    (value, again), _ = xcs.value_and_grad(function, has_aux=True)(X)
    assert again["text"] == "0.5"
    same(value + 1, 2 * (X**2).sum() + 1)


def test_arguments() -> None:
    def function(tree: Any, name: str, *, scale: Any = 1.0) -> Any:
        return scale * score(name) * ((tree["a"] ** 2).sum() + tree["b"] * 2.5)

    found = xcs.grad(function, allow_int=True)({"a": X, "b": 3}, "abcd", scale=jnp.asarray(2.0))
    same(found["a"], 8 * X)
    assert found["b"].dtype == jax.dtypes.float0
    by_two = xcs.grad(lambda name, x, y: score(name) * x * y, argnums=(1, 2))("abcd", 2.0, 5.0)
    same(by_two, (jnp.asarray(10.0), jnp.asarray(4.0)))
    complex_ = xcs.grad(lambda z: score("abcd") * z**2, holomorphic=True)(1.0 + 1.0j)
    same(complex_, jax.grad(lambda z: 2.0 * z**2, holomorphic=True)(1.0 + 1.0j))


# --- errors ---------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("function", "options", "args"),
    [
        (lambda x: score("a") * x, {}, (X,)),
        (lambda x: score("a") * x, {}, (3,)),
        (lambda x: score("a") * x, {}, ("text",)),
        (lambda x: score("a") * x, {"argnums": 1}, (1.0,)),
        (lambda x: score("a") * x, {"holomorphic": True}, (1.0,)),
        (lambda x: score("a") * x * 1j, {}, (1.0,)),
        (lambda x: (score("a") * x).astype(int), {}, (jnp.asarray(1.0),)),
        (lambda x: score("a") * x, {"has_aux": True}, (1.0,)),
        (lambda x: [score("a") * x], {}, (1.0,)),
    ],
)
def test_errors_are_those_of_jax(function: Any, options: Any, args: Any) -> None:
    with pytest.raises((TypeError, ValueError)) as expected:
        jax.grad(function, **options)(*args)
    with pytest.raises(type(expected.value)) as found:
        xcs.grad(function, **options)(*args)
    assert str(found.value)[:40] == str(expected.value)[:40]


def test_wrong_positions() -> None:
    with pytest.raises(TypeError):
        xcs.grad(quadratic, argnums="x")  # type: ignore[arg-type]
    with pytest.raises(TypeError):
        xcs.grad(3)  # type: ignore[arg-type]


def test_results_without_a_derivative_are_named() -> None:
    with pytest.raises(TypeError, match=r"Output of .* was None"):
        xcs.grad(lambda x: None if score("a") else x)(1.0)
    with pytest.raises(TypeError, match=r"was 'got 1\.25' \(str\)"):
        xcs.grad(lambda x: f"got {score('a')}")(1.0)


def test_no_array_path() -> None:
    with pytest.raises(xcs.XCSError, match="no array code leads from argument 0") as error:
        xcs.grad(lambda x: score(f"{x}") * jnp.ones(()))(1.0)
    assert "became text at" in str(error.value)
    assert "test_grad.py" in str(error.value)
    with pytest.raises(xcs.XCSError, match="no array code"):
        xcs.grad(lambda x: score("a"))(1.0)


def test_errors_of_operators() -> None:
    with pytest.raises(ValueError, match="refused"):
        xcs.grad(lambda x: x * refuse("a"))(1.0)


# --- generated programs ---------------------------------------------------------------------------


def _program(seed: int) -> str:
    """A function of an array that calls operators in loops, branches, containers and `try`."""
    choose = random.Random(seed)
    lines = ["def program(x):", "    y, kept, table = x, [x], {}"]
    steps: list[Callable[[int], list[str]]] = [
        lambda n: [f"y = jnp.sin(y) * score('a' * {n})"],
        lambda n: [f"y = y * look(x) + kept[{n} % len(kept)]"],
        lambda n: ["kept.append(y * 0.5)"],
        lambda n: [f"table[{n} % 3] = y * score(show(y[0]))"],
        lambda n: [f"y = y + table.get({n} % 3, x)"],
        lambda n: [f"for k in range({n % 3 + 1}):", "    y = jnp.tanh(y) + score('b' * k) * x"],
        lambda n: [f"if y[{n} % 3] > 0.2:", "    y = y * score('c')", "else:", "    y = y - x"],
        lambda n: ["try:", f"    y = y * refuse('{n}')", "except ValueError:", "    y = y * 1.5"],
        lambda n: [f"y = sum([v * score('d' * i) for i, v in enumerate(kept)]) / {n + 1}"],
        lambda n: ["save(y[0])"],
        lambda n: ["y = jnp.where(y > 0, y, 0.1 * y)"],
    ]
    for _ in range(choose.randint(4, 9)):
        lines += [f"    {line}" for line in choose.choice(steps)(choose.randint(0, 5))]
    return "\n".join([*lines, "    return (y * y).mean() + sum(v.sum() for v in kept)", ""])


@pytest.mark.parametrize("seed", range(10))
def test_generated_program(seed: int, tmp_path: Path) -> None:
    file = tmp_path / "program.py"
    file.write_text(_program(seed))
    module = types.ModuleType("program")
    vars(module).update(globals())
    exec(compile(file.read_text(), str(file), "exec"), vars(module))
    expected = jax.value_and_grad(module.program)(X)
    logged = list(map(float, LOG))
    LOG.clear()
    same(xcs.value_and_grad(module.program)(X), expected)
    np.testing.assert_allclose(list(map(float, LOG)), logged, rtol=2e-5)
