"""Random programs of array code under each set of rules: what jax.jit gives.

Arguments are small whole numbers, on which sums of products are exact in any order, so that a
rewrite that is wrong cannot hide behind a tolerance. Then some of them are not finite.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from array_expressions import Expression

import xcs
from tests.sweeps import sampled
from xcs.frontend.jaxpr_import import hoist_constants, import_module
from xcs.transforms.rules.calls import inline_next_to_products
from xcs.transforms.rules.driver import Driver
from xcs.transforms.rules.kinds import SETS
from xcs.transforms.rules.registry import indexed

PROGRAMS = 24


def applied_to(seed: int) -> Counter[str]:
    """The rules that rewrite a program, and how often, without those that clean up."""
    program = Expression(seed)
    opened, _ = hoist_constants(jax.make_jaxpr(program)(*program.arguments()))
    module, _ = import_module(opened, "f")
    inline_next_to_products(module)
    driver = Driver(indexed("algebraic"), SETS["algebraic"], cleanup=False)
    driver.run(module)
    module.verify()
    return Counter({name: c.applied for name, c in driver.statistics.rules.items() if c.applied})


def rewritten_programs() -> Iterator[int]:
    """Programs that some rule is about."""
    return (seed for seed in count() if applied_to(seed))


SEEDS = list(islice(rewritten_programs(), PROGRAMS))


def assert_same(result: Any, expected: Any) -> None:
    for one, other in zip(jax.tree.leaves(result), jax.tree.leaves(expected), strict=True):
        assert (one.shape, one.dtype) == (other.shape, other.dtype)
        np.testing.assert_array_equal(jnp.isfinite(one), jnp.isfinite(other))
        finite = np.isfinite(other)
        one, other = np.asarray(one)[finite], np.asarray(other)[finite]
        scale = np.max(np.abs(other), initial=1.0)
        np.testing.assert_allclose(one / scale, other / scale, rtol=0, atol=1e-5)


@pytest.mark.parametrize("seed", sampled(SEEDS, 3))
def test_random_programs_give_what_jax_gives(seed: int) -> None:  # R20, R41
    program = Expression(seed)
    theirs = jax.jit(program)
    for rules in ("exact", "algebraic"):
        ours = xcs.jit(program.__call__, config=xcs.Config(optimize=rules))
        arguments = program.arguments()
        assert_same(ours(*arguments), theirs(*arguments))
        for special in (np.nan, np.inf):
            arguments = program.arguments(special)
            assert_same(ours(*arguments), theirs(*arguments))


@pytest.mark.parametrize("seed", sampled(range(8), 4))
def test_programs_on_finite_numbers(seed: int) -> None:  # R20, R41
    program = Expression(100 + seed)
    arguments = program.arguments()
    ours = xcs.jit(program.__call__, config=xcs.Config(optimize="finite"))
    assert_same(ours(*arguments), jax.jit(program)(*arguments))


@pytest.mark.parametrize("seed", sampled(range(8), 4))
def test_programs_of_integers_are_exact(seed: int) -> None:  # R20, R41
    program = Expression(200 + seed, jnp.int32)
    arguments = program.arguments()
    for one, other in zip(
        xcs.jit(program.__call__)(*arguments), jax.jit(program)(*arguments), strict=True
    ):
        np.testing.assert_array_equal(one, other)


def test_random_programs_are_about_many_rules() -> None:
    assert len(sum(map(applied_to, SEEDS), Counter[str]())) >= 8
