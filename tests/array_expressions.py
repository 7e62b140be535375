"""Random functions of array code that are about products: to test rules, and to time them."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

SIZES = (1, 12, 64, 64)


class Expression:
    """A random function of arrays: a list of steps, each of which adds a value.

    Args:
        seed: for another function.
        dtype: of its arguments.
        sizes: from which the dimensions are chosen; one of them more often, if it is there twice.
        most: elements of a value.
    """

    def __init__(
        self,
        seed: int,
        dtype: Any = jnp.float32,
        sizes: Sequence[int] = SIZES,
        most: float = 3e4,
    ) -> None:
        self.random, self.most = Random(seed), most
        self.values = np.random.default_rng(seed)
        self.dtype = dtype
        sizes = [self.random.choice(sizes) for _ in range(2)]
        self.shapes = [
            tuple(self.random.choice(sizes) for _ in range(self.random.choice((1, 2, 2, 2, 3))))
            for _ in range(4)
        ]
        self.steps: list[Callable[[list[Any]], Any]] = []
        known = [jax.ShapeDtypeStruct(shape, dtype) for shape in self.shapes]
        while len(self.steps) < 9:
            self._grow(known)

    def _grow(self, known: list[Any]) -> None:
        """Add one step that is valid for the shapes so far; late values are chosen more often."""
        makers = (
            *(self._product,) * 6,
            *(self._moved,) * 3,
            self._sum,
            self._part,
            self._taken,
            self._pointwise,
            self._scaled,
            self._diagonal,
            self._structured,
        )
        step = self.random.choice(makers)(known)
        if step is None:
            return
        made = jax.eval_shape(lambda *values: step(list(values)), *known)
        if 0 < np.prod(made.shape) < self.most and len(made.shape) <= 3:
            known.append(made)
            self.steps.append(step)

    def _pick(self, known: list[Any]) -> int:
        return self.random.choice([*range(len(known)), *[len(known) - 1] * 3])

    def _product(self, known: list[Any]) -> Any:
        i, j = self._pick(known), self._pick(known)
        left, right = known[i].shape, known[j].shape
        pairs = [(a, b) for a, size in enumerate(left) for b, s in enumerate(right) if s == size]
        if not pairs:
            return None
        a, b = self.random.choice(pairs)
        return lambda v: jnp.tensordot(v[i], v[j], ((a,), (b,)))

    def _moved(self, known: list[Any]) -> Any:
        i = self._pick(known)
        order = self.random.sample(range(len(known[i].shape)), len(known[i].shape))
        if self.random.random() < 0.3:
            return lambda v: v[i][None]
        return lambda v: jnp.transpose(v[i], order)

    def _sum(self, known: list[Any]) -> Any:
        i = self._pick(known)
        rank = len(known[i].shape)
        if not rank:
            return None
        axis = self.random.randrange(rank)
        return lambda v: jnp.sum(v[i], axis)

    def _part(self, known: list[Any]) -> Any:
        i = self._pick(known)
        if not known[i].shape:
            return None
        at = self.random.randrange(known[i].shape[0])
        whole = self.random.random() < 0.5
        return lambda v: v[i][at] if whole else v[i][..., : at % v[i].shape[-1] + 1]

    def _taken(self, known: list[Any]) -> Any:
        i = self._pick(known)
        if not known[i].shape:
            return None
        indices = jnp.asarray(self.values.integers(0, known[i].shape[0], 3))
        return lambda v: v[i][indices]

    def _pointwise(self, known: list[Any]) -> Any:
        i = self._pick(known)
        same = [j for j, value in enumerate(known) if value.shape == known[i].shape]
        j, op = self.random.choice(same), self.random.choice((jnp.add, jnp.subtract, jnp.multiply))
        return lambda v: op(v[i], v[j])

    def _scaled(self, known: list[Any]) -> Any:
        i = self._pick(known)
        scalars = [j for j, value in enumerate(known) if not value.shape]
        if scalars and self.random.random() < 0.7:
            j = self.random.choice(scalars)
            return lambda v: v[i] * v[j]
        return lambda v: -v[i] * 2

    def _diagonal(self, known: list[Any]) -> Any:
        square = [i for i, value in enumerate(known) if _is_square(value.shape)]
        if not square:
            return None
        i, take = self.random.choice(square), self.random.choice((jnp.diag, jnp.trace))
        return lambda v: take(v[i])

    def _structured(self, known: list[Any]) -> Any:
        i = self._pick(known)
        if not known[i].shape:
            return None
        size, dtype = known[i].shape[0], self.dtype
        indices = jnp.asarray(self.values.integers(-1, size + 1, 4))
        vectors = [j for j, value in enumerate(known) if value.shape == (size,)]
        choices: list[Any] = [
            lambda v: jnp.tensordot(jnp.eye(size, dtype=dtype), v[i], 1),
            lambda v: jnp.tensordot(jax.nn.one_hot(indices, size, dtype=dtype), v[i], 1),
        ]
        if vectors:
            j = self.random.choice(vectors)
            choices.append(lambda v: jnp.tensordot(jnp.diag(v[j]), v[i], 1))
        return self.random.choice(choices)

    def __call__(self, *arguments: Any) -> Any:
        values = list(arguments)
        for step in self.steps:
            values.append(step(values))
        return values[-1], values[-4]

    def arguments(self, special: float | None = None) -> list[Any]:
        made = [self.values.integers(-2, 3, shape).astype(self.dtype) for shape in self.shapes]
        if special is not None:
            for array in made[:2]:
                array.flat[self.random.randrange(array.size)] = special
        return [jnp.asarray(array) for array in made]


def _is_square(shape: tuple[int, ...]) -> bool:
    return len(shape) == 2 and shape[0] == shape[1]
