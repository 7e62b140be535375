"""The contract as a comparison: what a program did as plain Python, and what it did jitted."""

from __future__ import annotations

import functools
import logging
import threading
import types
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import jax
import numpy as np

from xcs import XCSExecutionError

TIMEOUT = 60.0
"""Seconds after which a call counts as hung."""

_ATOMS = (type(None), bool, int, str, bytes, range, slice, type(Ellipsis))
_BY_IDENTITY = (type, types.FunctionType, types.BuiltinFunctionType, types.ModuleType)


def freeze(*roots: Any) -> Any:
    """A value that two object graphs share exactly if a program could not tell them apart.

    Classes, order and content count, and so does which mutable objects are one and the same;
    the identity of immutable values does not. Objects of user classes are taken by attributes.
    """
    numbers: dict[int, int] = {}
    kept: list[Any] = []  # so that no id is used twice

    def visit(value: Any) -> Any:
        kind = type(value)
        if isinstance(value, _ATOMS):
            return kind.__qualname__, value
        if isinstance(value, float | complex):
            return kind.__qualname__, repr(value)
        if isinstance(value, np.generic):
            return kind.__qualname__, str(value.dtype), value.tobytes()
        if isinstance(value, jax.Array):
            is_key = jax.numpy.issubdtype(value.dtype, jax.dtypes.prng_key)
            data = np.asarray(jax.random.key_data(value) if is_key else value)
            return "jax.Array", str(value.dtype), value.shape, data.tobytes()
        if isinstance(value, _BY_IDENTITY) or hasattr(value, "__xcs_operator__"):
            return kind.__qualname__, getattr(value, "__name__", value)
        if isinstance(value, tuple):
            return kind.__qualname__, tuple(visit(v) for v in value)
        if isinstance(value, frozenset):
            return kind.__qualname__, frozenset(visit(v) for v in value)
        if isinstance(value, types.MethodType):
            return "method", value.__func__.__name__, visit(value.__self__)
        if id(value) in numbers:
            return "seen", numbers[id(value)]
        number = numbers[id(value)] = len(numbers)
        kept.append(value)
        return kind.__qualname__, number, inside(value)

    def inside(value: Any) -> Any:
        if isinstance(value, np.ndarray):
            return str(value.dtype), value.shape, value.tobytes()
        if isinstance(value, np.random.Generator):
            return visit(value.bit_generator.state)
        if isinstance(value, list | deque):
            return tuple(visit(v) for v in value)
        if isinstance(value, dict):
            return tuple((visit(k), visit(v)) for k, v in value.items())
        if isinstance(value, set):
            return frozenset(visit(v) for v in value)
        if isinstance(value, BaseException):
            return visit(value.args), visit(vars(value))
        if isinstance(value, functools.partial):
            return visit((value.func, value.args, value.keywords))
        if hasattr(value, "__dict__"):
            return visit(vars(value))
        slots = [name for c in type(value).__mro__ for name in getattr(c, "__slots__", ())]
        if slots:
            return tuple((name, visit(getattr(value, name, None))) for name in slots)
        return None if _is_address_only(value) else repr(value)

    return tuple(visit(root) for root in roots)


def _is_address_only(value: Any) -> bool:
    return type(value).__repr__ is object.__repr__ or isinstance(value, types.GeneratorType)


@dataclass(frozen=True)
class Outcome:
    """What one call came to. Two of them are equal if a caller could not tell the calls apart."""

    state: Any
    """The result, the arguments after the call, and whatever else the call could have changed."""
    error: type[BaseException] | None = None
    error_args: Any = None
    shown: str = ""

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, Outcome):
            return NotImplemented
        return self._compared == other._compared

    def __hash__(self) -> int:
        return hash(self.error)

    @property
    def _compared(self) -> Any:
        return self.state, self.error and self.error.__qualname__, self.error_args

    def __repr__(self) -> str:
        return self.shown


class Endless(BaseException):
    """A program does not come to an end soon."""


def observe(
    function: Callable[..., Any],
    args: Sequence[Any] = (),
    kwargs: Mapping[str, Any] | None = None,
    *,
    state: Callable[[], Any] = lambda: None,
) -> Outcome:
    """Call a function and record everything that a caller sees.

    `state` gives what the function may change outside its arguments.
    """
    kwargs = dict(kwargs or {})
    try:
        result = function(*args, **kwargs)
    except Endless:
        raise
    except BaseException as error:
        original = _original(error)
        seen = freeze(args, kwargs, state())
        details = freeze(original.args, _own_attributes(original))
        shown = f"raises {original!r}, then {(args, kwargs, state())}"
        return Outcome(seen, type(original), details, shown)
    seen = freeze(result, args, kwargs, state())
    return Outcome(seen, shown=f"returns {result!r}, then {(args, kwargs, state())}")


def _original(error: BaseException) -> BaseException:
    """The error that plain Python would have raised, which a wrapped one has to stand for."""
    if not isinstance(error, XCSExecutionError):
        return error
    original = error.original_error
    assert isinstance(error, type(original)), f"handlers of {type(original).__name__} would miss it"
    assert freeze(error.args) == freeze(original.args)
    return original


def _own_attributes(error: BaseException) -> dict[str, Any]:
    return {name: value for name, value in vars(error).items() if not name.startswith("__")}


class _Collect(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@contextmanager
def no_internal_error() -> Iterator[None]:
    """Fail where xcs falls back because of an error of its own, which it only logs."""
    handler, logger = _Collect(), logging.getLogger("xcs")
    logger.addHandler(handler)
    try:
        yield
    finally:
        logger.removeHandler(handler)
    for record in handler.records:
        cause = record.exc_info[1] if record.exc_info else None
        raise AssertionError(f"xcs logged a warning: {record.getMessage()}") from cause


def within_time(function: Callable[[], Any], seconds: float = TIMEOUT) -> Any:
    """Call a function in a thread of its own; fail if it is not back after some time."""
    results: list[Any] = []
    errors: list[BaseException] = []

    def call() -> None:
        try:
            results.append(function())
        except BaseException as error:
            errors.append(error)

    thread = threading.Thread(target=call, daemon=True)
    thread.start()
    thread.join(seconds)
    assert not thread.is_alive(), f"no result after {seconds} s: a deadlock"
    if errors:
        raise errors[0]
    return results[0]
