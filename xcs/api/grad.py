"""`xcs.grad` and `xcs.value_and_grad`: derivatives through functions that call operators.

A function of array code alone is differentiated by JAX and compiled as one kernel. Any other one
runs as its program does, on arrays that record how they are computed (`xcs.kernels.tape`). What
operators are given and give are constants.
"""

from __future__ import annotations

import functools
import logging
import operator
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from xcs.api.array_program import has_tracer, jit_is_disabled
from xcs.api.function import JitFunction, Options
from xcs.api.taped import adapting_to
from xcs.frontend.classify import Classification, classify
from xcs.kernels import TapeArray, TapeTrace, constants, is_inexact, new_level, taping
from xcs.runtime import XCSError

_log = logging.getLogger("xcs")


def grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """The derivative of a function, as `jax.grad` gives it, compiled.

    The function may call operators, in any place: what they give are constants. Otherwise it is
    that of `jax.grad`, which says what the arguments mean.

    Args:
        fun: a function whose result is a real number, as an array. It may be jitted.
        argnums: by which positional arguments to differentiate: their positions.
        has_aux: whether the function gives a pair of the number and something else.
        holomorphic: whether arguments and result are complex and the function is holomorphic.
        allow_int: whether to differentiate by integers, where the derivative has dtype float0.

    Returns:
        A function of the same arguments that gives the derivatives, in the structure of the
        arguments; with `has_aux`, a pair of these and what else the function gives.

    Raises:
        TypeError: what `jax.grad` raises for wrong arguments and results; also if the result is
            None, text, or anything else that is no array. A call raises `xcs.XCSError` if the
            function calls operators and no array code leads from the arguments to the result.
    """
    return _differentiated(fun, Settings.of(argnums, has_aux, holomorphic, allow_int, False))


def value_and_grad(
    fun: Callable[..., Any],
    argnums: int | Sequence[int] = 0,
    has_aux: bool = False,
    holomorphic: bool = False,
    allow_int: bool = False,
) -> Callable[..., Any]:
    """A function's value and its derivative, as `jax.value_and_grad` gives them; see `grad`.

    Returns:
        A function that gives a pair of the value and the derivatives; with `has_aux`, the first of
        them is the pair that the function gives.
    """
    return _differentiated(fun, Settings.of(argnums, has_aux, holomorphic, allow_int, True))


grad.__xcs_transformation__ = True  # type: ignore[attr-defined] - for capture, which calls it
value_and_grad.__xcs_transformation__ = True  # type: ignore[attr-defined]


@dataclass(frozen=True)
class Settings:
    """What `grad` is told beside the function."""

    argnums: int | tuple[int, ...]
    has_aux: bool
    holomorphic: bool
    allow_int: bool
    with_value: bool

    @classmethod
    def of(
        cls, argnums: Any, has_aux: bool, holomorphic: bool, allow_int: bool, with_value: bool
    ) -> Settings:
        """Check the positions. Raises TypeError for those that are no integers."""
        if isinstance(argnums, list | tuple | range):
            argnums = tuple(map(operator.index, argnums))
        else:
            argnums = operator.index(argnums)
        return cls(argnums, has_aux, holomorphic, allow_int, with_value)

    def by_jax(self, function: Callable[..., Any]) -> Callable[..., Any]:
        """The function as JAX differentiates it."""
        transform = jax.value_and_grad if self.with_value else jax.grad
        return transform(function, self.argnums, self.has_aux, self.holomorphic, self.allow_int)

    def places(self, count: int) -> tuple[int, ...]:
        """The positions among so many arguments, from the front."""
        argnums = (self.argnums,) if isinstance(self.argnums, int) else self.argnums
        return tuple(place + count if place < 0 else place for place in argnums)


def _differentiated(fun: Callable[..., Any], settings: Settings) -> Callable[..., Any]:
    function = GradFunction(fun, settings)
    given = function.front.function
    given.__xcs_grad__ = function  # type: ignore[attr-defined]
    return given


class GradFunction(JitFunction):
    """What stands behind a differentiated function.

    As a jitted function, it is what JAX makes of the function; that is used where it is one kernel.
    """

    def __init__(self, fun: Callable[..., Any], settings: Settings) -> None:
        self.by_jax = settings.by_jax(fun)
        super().__init__(self.by_jax, Options())
        self.fun, self.settings = fun, settings

    @functools.cached_property
    def program_to_run(self) -> Callable[..., Any]:
        """The function, jitted, so that its operators overlap."""
        if hasattr(self.fun, "__xcs_jit__"):
            return self.fun
        return JitFunction(self.fun, Options()).front.function

    @functools.cached_property
    def classification(self) -> Classification:
        """What may be assumed of calls of the function that is differentiated."""
        return classify(self.fun)

    @property
    def calls_operators(self) -> bool:
        """Whether the function may call operators, by its source."""
        return "operator" in self.classification.reaches

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Differentiate: by JAX if the function is array code, else while it runs."""
        if jit_is_disabled() or has_tracer((args, kwargs)):
            return self.by_jax(*args, **kwargs)
        call = None if self.calls_operators else self.arrays.describe(args, kwargs)
        if call is not None and self.arrays.refusal(call) is None:
            try:
                return self._call_array(args, kwargs, call)
            except Exception as error:
                self._check_error(error)
                _log.debug("the derivative of %s is not one kernel: %s", self.name, error)
                self.arrays.refuse(call, str(error))
        return self._taped(args, kwargs)

    def _taped(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Run the function on arrays that record how they are computed, and go back."""
        settings = self.settings
        places = settings.places(len(args))
        if not self._are_smooth(args, places):
            settings.by_jax(lambda *args, **kwargs: self._as_result(0.0))(*args, **kwargs)
        with taping() as trace:
            leaves, trees = zip(*(jax.tree_util.tree_flatten(args[i]) for i in places), strict=True)
            level = new_level()
            columns = [[_variable(trace, leaf, level) for leaf in column] for column in leaves]
            given = list(args)
            for place, tree, column in zip(places, trees, columns, strict=True):
                given[place] = tree.unflatten(column)
            with adapting_to(trace):
                result = self.program_to_run(*given, **kwargs)
            value, aux = self._number_and_rest(result)
            self._check(value, args, trace)
            variables = [v for column in columns for v in column if isinstance(v, TapeArray)]
            if isinstance(value, TapeArray) and value.level == level:
                found = iter(trace.gradients(value, variables))
            elif trace.met_operators or self.calls_operators:
                raise XCSError(self._no_path(value, trace))
            else:  # as in JAX
                found = (jnp.zeros_like(variable.primal) for variable in variables)
            primal = lambda v: _primal(v, level)
            gradients = tuple(
                tree.unflatten([_gradient(leaf, found) for leaf in column])
                for tree, column in zip(trees, columns, strict=True)
            )
        derivative = gradients[0] if isinstance(settings.argnums, int) else gradients
        value, aux = primal(value), jax.tree_util.tree_map(primal, aux)
        if not settings.with_value:
            return (derivative, aux) if settings.has_aux else derivative
        return ((value, aux) if settings.has_aux else value), derivative

    def _are_smooth(self, args: tuple[Any, ...], places: tuple[int, ...]) -> bool:
        """Whether JAX certainly differentiates by these arguments."""
        if self.settings.holomorphic or not all(0 <= place < len(args) for place in places):
            return False
        leaves = jax.tree_util.tree_leaves([args[place] for place in places])
        return bool(places) and all(
            isinstance(leaf, float)
            or (isinstance(leaf, jax.Array | np.ndarray) and leaf.dtype in _REAL)
            for leaf in leaves
        )

    def _as_result(self, value: Any) -> Any:
        """A value, as what the function gives."""
        value = value * (1 + 0j) if self.settings.holomorphic and type(value) is float else value
        return (value, None) if self.settings.has_aux else value

    def _number_and_rest(self, result: Any) -> tuple[Any, Any]:
        """The number that is differentiated, and what else there is."""
        if not self.settings.has_aux:
            return result, None
        if not isinstance(result, tuple | list) or len(result) != 2:
            self.settings.by_jax(lambda *_: result)(*[0.0] * self._count())
        value, aux = result
        return value, aux

    def _count(self) -> int:
        """How many arguments there have to be, at least."""
        return max((abs(place) + 1 for place in self.settings.places(0)), default=1)

    def _check(self, value: Any, args: tuple[Any, ...], trace: TapeTrace) -> None:
        """Raise what JAX raises for a result that has no derivative, or say why there is none."""
        known = constants(value)
        if isinstance(known, jax.Array | np.ndarray | float) and np.ndim(known) == 0:
            if not self.settings.holomorphic and np.asarray(known).dtype in _REAL:
                return
        elif not isinstance(known, jax.Array | np.ndarray | np.generic | int | complex):
            raise TypeError(
                f"Gradient only defined for scalar-output functions. Output of {self.name} was "
                f"{_described(known)}.{_because(trace)}"
            )
        number = 1j if self.settings.holomorphic else 1.0
        self.settings.by_jax(lambda *_: self._as_result(known))(*[number] * self._count())

    def _no_path(self, value: Any, trace: TapeTrace) -> str:
        by = self.settings.argnums
        which = f"argument {by}" if isinstance(by, int) else f"arguments {by}"
        return (
            f"{self.name}: no array code leads from {which} to the result, {_described(value)}, so "
            f"there is no derivative; what operators give is constant.{_because(trace)}"
        )


_REAL = frozenset(map(np.dtype, (np.float32, np.float64, np.float16, jnp.bfloat16)))


def _described(value: Any) -> str:
    if value is None:
        return "None"
    kind = "str" if isinstance(value, str) else type(value).__name__
    return f"{value!r:.60} ({kind})"


def _because(trace: TapeTrace) -> str:
    last = trace.last_conversion
    return f" The last array that left array code {last}" if last is not None else ""


def _variable(trace: TapeTrace, leaf: Any, level: int) -> Any:
    """What the function is given in place of a leaf; integers have no derivative."""
    if not is_inexact(leaf):
        return leaf
    value = leaf if isinstance(leaf, jax.Array) else jnp.asarray(leaf)
    return trace.variable(value, level)


def _gradient(leaf: Any, found: Iterator[Any]) -> Any:
    if isinstance(leaf, TapeArray):
        return next(found)
    return np.zeros(np.shape(leaf), jax.dtypes.float0)


def _primal(value: Any, level: int) -> Any:
    return value.primal if isinstance(value, TapeArray) and value.level == level else value
