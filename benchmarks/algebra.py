"""Array code as it is first written, under the rules, against the same written well under jax.jit.

What is written by hand is what a person who knows the algebra would write. Both run in turns on the
same arrays.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

import xcs
from benchmarks.contest import SUBJECT, Contest, timed
from benchmarks.models import MODELS
from tests.array_expressions import Expression

GOAL = 1.1
NEVER_SLOWER = 1.03
WORTH_TIMING = 1e6
"""Floating-point operations from which a program takes longer than its call."""
SIZE = 768
QUICK_SIZE = 32

Function = Callable[..., Any]


@dataclass(frozen=True)
class Form:
    """Array code as it is first written, and as it is written well.

    Attributes:
        name: what it computes.
        naive: the first form.
        by_hand: the second one.
        arguments: of which kinds: a matrix, a vector, indices `i`, one index `s`, vectors `w`.
        rules: the set of rules that leads from the one to the other.
    """

    name: str
    naive: Function
    by_hand: Function
    arguments: str
    rules: Any = "algebraic"


def _chain(*factors: Any) -> Any:
    result = factors[0]
    for factor in factors[1:]:
        result = result @ factor
    return result


def _chain_from_the_right(*factors: Any) -> Any:
    *rest, result = factors
    for factor in reversed(rest):
        result = factor @ result
    return result


def _norm(a: Any, b: Any, v: Any) -> Any:
    return jnp.sum(jnp.abs((a @ b) @ v) ** 2)


def _norm_by_hand(a: Any, b: Any, v: Any) -> Any:
    return jnp.sum(jnp.abs(a @ (b @ v)) ** 2)


def _gradient_by_hand(a: Any, b: Any, v: Any) -> Any:
    bv = b @ v
    return jnp.outer(2 * (a @ bv), bv)


FORMS = [
    Form("(A @ B) @ v", lambda a, b, v: (a @ b) @ v, lambda a, b, v: a @ (b @ v), "mmv"),
    Form("(A @ B)[3]", lambda a, b: (a @ b)[3], lambda a, b: a[3] @ b, "mm", "exact"),
    Form("(A @ B)[i]", lambda a, b, i: (a @ b)[i], lambda a, b, i: a[i] @ b, "mms", "exact"),
    Form(
        "diag(A @ B)",
        lambda a, b: jnp.diag(a @ b),
        lambda a, b: jnp.sum(a * b.T, 1),
        "mm",
        "exact",
    ),
    Form(
        "trace(A @ B)", lambda a, b: jnp.trace(a @ b), lambda a, b: jnp.sum(a * b.T), "mm", "exact"
    ),
    Form(
        "sum(A @ B)",
        lambda a, b: jnp.sum(a @ b),
        lambda a, b: jnp.sum(a, 0) @ jnp.sum(b, 1),
        "mm",
    ),
    Form(
        "row sums of A @ B",
        lambda a, b: jnp.sum(a @ b, 1),
        lambda a, b: a @ jnp.sum(b, 1),
        "mm",
    ),
    Form("a chain of six", _chain, _chain_from_the_right, "mmmmmv"),
    Form("a chain of ten", _chain, _chain_from_the_right, "mmmmmmmmmv"),
    Form(
        "eye @ A",
        lambda a: jnp.eye(len(a), dtype=a.dtype) @ a,
        lambda a: a + 0,
        "m",
        "finite",
    ),
    Form(
        "diag(v) @ A",
        lambda v, a: jnp.diag(v) @ a,
        lambda v, a: v[:, None] * a,
        "vm",
        "finite",
    ),
    Form(
        "one-hot @ A",
        lambda i, a: jax.nn.one_hot(i, len(a), dtype=a.dtype) @ a,
        lambda i, a: a[i],
        "im",
        "finite",
    ),
    Form("A @ C + B @ C", lambda a, b, c: a @ c + b @ c, lambda a, b, c: (a + b) @ c, "mmm"),
    Form("the gradient of |(A @ B) @ v|^2", jax.grad(_norm), _gradient_by_hand, "mmv"),
    Form(
        "the gradients by A, B and v",
        jax.grad(_norm, (0, 1, 2)),
        jax.grad(_norm_by_hand, (0, 1, 2)),
        "mmv",
    ),
    Form(
        "vmap of (A @ B) @ v over v",
        jax.vmap(lambda a, b, v: (a @ b) @ v, (None, None, 0)),
        lambda a, b, vs: (vs @ b.T) @ a.T,
        "mmw",
    ),
]
"""The forms. Those of the set ``finite`` are measured with what ``algebraic`` makes of them too."""


def contests(quick: bool) -> list[Contest]:
    """Each form, warm, from the call until its result is there."""
    size = QUICK_SIZE if quick else SIZE
    made = [_contest(form, size, form.rules, quick) for form in FORMS]
    guarded = [form for form in FORMS if form.rules == "finite"]
    return [*made, *(_contest(form, size, "algebraic", quick) for form in guarded)]


def never_slower(quick: bool) -> list[Contest]:
    """The ten models and fifty random programs, under algebraic rules and under jax.jit."""
    programs: list[tuple[str, Function, Any]] = [
        (model.name, model.function, model.make_arguments(quick))
        for model in (MODELS[:1] if quick else MODELS)
    ]
    sizes, most = ((1, 8), 1e4) if quick else ((1, 300, 400), 3e5)
    seed, count = 0, len(programs) + (1 if quick else 50)
    while len(programs) < count:
        expression, seed = Expression(seed, sizes=sizes, most=most), seed + 1
        function, arguments = _named(expression), expression.arguments()
        if quick or _flops(function, arguments) > WORTH_TIMING:
            programs.append((f"random program {seed}", function, arguments))
    return [_not_slower(name, function, args, quick) for name, function, args in programs]


def _flops(function: Function, arguments: list[Any]) -> float:
    """What XLA counts in the program that it makes."""
    costs = jax.jit(function).lower(*arguments).compile().cost_analysis() or {}
    return float(costs.get("flops", 0.0))


def _named(expression: Expression) -> Function:
    """The function with a name for each argument, which is what calls are fastest with."""
    return lambda a, b, c, d: expression(a, b, c, d)


def _not_slower(name: str, function: Function, arguments: Any, quick: bool) -> Contest:
    contenders = {
        SUBJECT: xcs.jit(function, config=xcs.Config(optimize="algebraic")),
        "jax.jit": jax.jit(function),
    }
    for jitted in contenders.values():
        jax.block_until_ready(jitted(*arguments))
    return Contest(
        f"{name}, algebraic",
        {name: _timed(jitted, arguments) for name, jitted in contenders.items()},
        rounds=3 if quick else 101,
        goals={"jax.jit": NEVER_SLOWER},
    )


def _contest(form: Form, size: int, rules: Any, quick: bool) -> Contest:
    arguments = [_argument(kind, size, seed) for seed, kind in enumerate(form.arguments)]
    contenders = {
        SUBJECT: xcs.jit(form.naive, config=xcs.Config(optimize=rules)),
        "by hand": jax.jit(form.by_hand),
    }
    first, second = (jitted(*arguments) for jitted in contenders.values())
    for one, other in zip(jax.tree.leaves(first), jax.tree.leaves(second), strict=True):
        scale = float(jnp.max(jnp.abs(other)))
        np.testing.assert_allclose(one / scale, other / scale, atol=1e-4)
    return Contest(
        f"{form.name}, {rules}",
        {name: _timed(jitted, arguments) for name, jitted in contenders.items()},
        rounds=3 if quick else 301,
        goals={} if form.rules != rules else {"by hand": GOAL},
    )


def _timed(jitted: Function, arguments: list[Any]) -> Callable[[], float]:
    return timed(lambda: jax.block_until_ready(jitted(*arguments)))


def _argument(kind: str, size: int, seed: int) -> Any:
    values = np.random.default_rng(seed)
    match kind:
        case "i":
            return jnp.asarray(values.integers(0, size, size))
        case "s":
            return jnp.asarray(size // 2)
        case _:
            shape = {"m": (size, size), "v": (size,), "w": (8, size)}[kind]
            return jnp.asarray(values.normal(size=shape) / size**0.5, jnp.float32)


if __name__ == "__main__":
    from benchmarks.contest import hold
    from benchmarks.report import table

    print(table({"algebra": [hold(c) for c in [*contests(False), *never_slower(False)]]}))
