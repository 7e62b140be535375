"""`xcs.op`: declare what a slow callable is, and how it is to be called."""

from __future__ import annotations

import functools
import inspect
import sys
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import FunctionType, MethodType
from typing import Any, Literal, overload
from weakref import WeakSet

from xcs.frontend.array_packages import reached
from xcs.frontend.classify import Classification
from xcs.kernels import constants
from xcs.runtime import Policy, call_with_policy
from xcs.runtime.batching import (
    DEFAULT_MAX_BATCH,
    DEFAULT_MAX_WAIT_SECONDS,
    BatchForm,
    await_batched,
    call_batched,
)
from xcs.runtime.policies import RetryOn, await_with_policy

Kind = Literal["model", "tool", "function"]
Effects = Literal["pure", "unordered", "ordered"]

_POLICY_SETTINGS = tuple(Policy.__dataclass_fields__)
_CHOICES = {"kind": ("model", "tool", "function"), "effects": ("pure", "unordered", "ordered")}


@dataclass(frozen=True, eq=False)
class OperatorSpec:
    """The declaration of an operator.

    Attributes:
        declared: what was declared, bound if it is a method.
        given: the settings that were given, as `op` takes them.
        batch: how several calls are made as one.
        function: what a program calls. A coroutine function is called through one that follows the
            policy when it is awaited; to call it only makes the coroutine.
    """

    declared: Callable[..., Any]
    given: Mapping[str, Any]
    kind: str
    effects: str
    policy: Policy
    deterministic: bool
    function: Callable[..., Any]
    batch: BatchForm | None = None

    @classmethod
    def of(
        cls,
        declared: Callable[..., Any],
        given: Mapping[str, Any],
        batch: BatchForm | None = None,
    ) -> OperatorSpec:
        """Check and complete the settings. Raises ValueError for those that make no sense."""
        for name, choices in _CHOICES.items():
            if name in given and given[name] not in choices:
                expected = ", ".join(choices)
                raise ValueError(f"xcs.op({name}={given[name]!r}): expected one of {expected}")
        deterministic = given.get("deterministic", False)
        if not isinstance(deterministic, bool):
            raise ValueError(f"xcs.op(deterministic={deterministic!r}): expected True or False")
        settings = {name: given[name] for name in _POLICY_SETTINGS if name in given}
        try:
            policy = Policy(**settings)
        except ValueError as error:
            raise ValueError(f"xcs.op: {error}") from None
        function = declared
        if settings and _is_generator(declared):
            named = ", ".join(f"{name}={value!r}" for name, value in settings.items())
            raise ValueError(
                f"xcs.op({named}) on the generator function {_name(declared)}: its body runs while "
                "somebody iterates over it, where no policy reaches; declare a function that gives "
                "a list of the items, or give no policy"
            )
        if batch is None:
            batch = _batch_form(declared, given, policy)
        if batch is not None and _is_coroutine(declared):
            function = _awaiting_in_batch(declared, batch)
        elif policy != Policy() and _is_coroutine(declared):
            function = _awaiting(declared, policy)
        kind, effects = given.get("kind", "tool"), given.get("effects", "unordered")
        return cls(declared, given, kind, effects, policy, deterministic, function, batch)

    @property
    def classification(self) -> Classification:
        """What the optimiser may assume."""
        return Classification(
            self.kind,  # type: ignore[arg-type]
            self.effects,  # type: ignore[arg-type]
            f"declared {self.effects} by xcs.op",
            reaches=frozenset({"operator"}),
            mutates_args=self.effects == "ordered",
        )

    def policy_settings(self) -> dict[str, Any]:
        """The settings of the policy that differ from the default, for the IR."""
        if self.function is not self.declared:  # it follows the policy itself
            return {}
        default = Policy()
        return {
            name: value
            for name in _POLICY_SETTINGS
            if (value := getattr(self.policy, name)) != getattr(default, name)
        }


_declared: WeakSet[Any] = WeakSet()
"""The functions that programs call in place of operators."""


def is_operator(function: Any) -> bool:
    """Whether a function that a program calls is a declared operator, or of no source of its own.

    Of these, arguments and results are taken to be constants.
    """
    function = getattr(function, "__func__", function)
    return not isinstance(function, FunctionType) or function in _declared


class Operator:
    """A declared operator. It is called like the function it wraps, with its policy applied."""

    __xcs_operator__: OperatorSpec
    __qualname__: str

    def __init__(self, spec: OperatorSpec):
        functools.update_wrapper(self, spec.declared)
        self.__xcs_operator__ = spec

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as its policy says; awaiting does so where it is a coroutine's."""
        spec = self.__xcs_operator__
        reached("the operator", spec.declared)
        args, kwargs = constants((args, kwargs))
        if spec.function is not spec.declared:
            return spec.function(*args, **kwargs)
        if spec.batch is not None:
            receiver = getattr(spec.declared, "__self__", None)
            return constants(call_batched(spec.batch, receiver, args, kwargs))
        return constants(call_with_policy(spec.function, spec.policy, args, kwargs))

    def __get__(self, instance: Any, owner: type | None = None) -> Operator:
        spec = self.__xcs_operator__
        bind = getattr(type(spec.declared), "__get__", None)
        if instance is None or bind is None:
            return self
        bound = bind(spec.declared, instance, owner)
        return _operator(OperatorSpec.of(bound, spec.given, spec.batch))

    def __set_name__(self, owner: type, name: str) -> None:
        spec = self.__xcs_operator__
        if spec.batch is not None and isinstance(spec.declared, FunctionType):
            spec.batch.methods.add(owner)

    def __reduce__(self) -> Any:
        """By module and name, as functions are, where these lead here; else by what it is made of.

        So an operator can go to another process, which has to be able to import its module.
        """
        if _named(getattr(self, "__module__", None), getattr(self, "__qualname__", "")) is self:
            return self.__qualname__
        spec = self.__xcs_operator__
        return _declare, (spec.declared, dict(spec.given))

    def __repr__(self) -> str:
        spec = self.__xcs_operator__
        return f"<xcs operator {_name(spec.declared)} ({spec.kind}, {spec.effects})>"


class CoroutineOperator(Operator):
    """An operator whose calls are awaited, as `iscoroutinefunction` says.

    asyncio's looks at an attribute, as does from Python 3.12 on that of inspect. It is the class's,
    since `functools.wraps` copies those of instances.
    """

    @property
    def _is_coroutine(self) -> Any:
        import asyncio.coroutines

        return getattr(asyncio.coroutines, "_is_coroutine", None)


if _mark := getattr(inspect, "markcoroutinefunction", None):
    _mark(CoroutineOperator)


@overload
def op(fn: Callable[..., Any], /) -> Operator: ...


@overload
def op(
    *,
    kind: Kind | None = None,
    effects: Effects | None = None,
    retries: int | None = None,
    backoff: float | None = None,
    timeout: float | None = None,
    max_concurrency: int | None = None,
    rate_limit: str | None = None,
    retry_on: RetryOn | None = None,
    max_retry_after: float | None = None,
    deterministic: bool | None = None,
    batch: Callable[..., Any] | None = None,
    max_batch: int | None = None,
    max_wait: float | None = None,
) -> Callable[[Callable[..., Any]], Operator]: ...


def op(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    kind: Kind | None = None,
    effects: Effects | None = None,
    retries: int | None = None,
    backoff: float | None = None,
    timeout: float | None = None,
    max_concurrency: int | None = None,
    rate_limit: str | None = None,
    retry_on: RetryOn | None = None,
    max_retry_after: float | None = None,
    deterministic: bool | None = None,
    batch: Callable[..., Any] | None = None,
    max_batch: int | None = None,
    max_wait: float | None = None,
) -> Operator | Callable[[Callable[..., Any]], Operator]:
    """Declare a callable to be an operator: a slow call that may overlap with others.

    What is declared twice has the settings of both declarations, which must not contradict each
    other. docs/policies.md tells what the policies mean together.

    Args:
        fn: the callable; without it, a decorator is returned.
        kind: "model", "tool" (the default), or "function" for anything else.
        effects: "pure" calls may be merged or dropped; "unordered" ones (the default) are kept, in
            any order; "ordered" ones run in program order, after everything before them has
            succeeded.
        retries: how often a failed call is tried again; by default never.
        backoff: seconds before the first retry at most, by default 0.5; doubles with each.
        timeout: seconds after which a try raises TimeoutError.
        max_concurrency: calls at a time, in the whole process.
        rate_limit: calls per unit of time, "500/min".
        retry_on: classes of the errors that are retried, or a function that says so of an error; by
            default all but programming errors, as TypeError and KeyError.
        max_retry_after: seconds to wait at most where a server asks for a wait, by default 60.
        deterministic: equal calls give equal results, so one may stand for several.
        batch: a function that makes several calls as one: it takes a list with the argument of each
            (a tuple of the arguments if there are several parameters), and gives the list of their
            results, in which an exception stands for a call that fails. Of a coroutine function it
            is one, of a method a method.
        max_batch: calls in a batch at most, by default 64.
        max_wait: seconds that a call waits at most for others, by default 0.005. It waits only
            while others may come.

    Raises:
        TypeError: if what is decorated cannot be called.
        ValueError: for an option that makes no sense.
    """
    options = {
        "kind": kind,
        "effects": effects,
        "retries": retries,
        "backoff": backoff,
        "timeout": timeout,
        "max_concurrency": max_concurrency,
        "rate_limit": rate_limit,
        "retry_on": retry_on,
        "max_retry_after": max_retry_after,
        "deterministic": deterministic,
        "batch": batch,
        "max_batch": max_batch,
        "max_wait": max_wait,
    }
    given = {name: value for name, value in options.items() if value is not None}
    OperatorSpec.of(_nothing, given)
    declare = lambda function: _declare(function, given)
    return declare if fn is None else declare(fn)


def _nothing() -> None:
    """Stands for the callable while settings are checked before there is one."""


def _declare(function: Any, given: Mapping[str, Any]) -> Operator:
    if isinstance(function, Operator):
        inner = function.__xcs_operator__
        function, given = inner.declared, _merged(inner, given)
    if not callable(function):
        raise TypeError(
            f"xcs.op expects a callable, but was given {function!r} "
            f"({type(function).__name__}); decorate a function, or pass options by keyword"
        )
    return _operator(OperatorSpec.of(function, given))


def _operator(spec: OperatorSpec) -> Operator:
    with suppress(TypeError):  # of what cannot be told apart later
        _declared.add(getattr(spec.function, "__func__", spec.function))
    return CoroutineOperator(spec) if _is_coroutine(spec.declared) else Operator(spec)


def _merged(inner: OperatorSpec, given: Mapping[str, Any]) -> dict[str, Any]:
    for name, value in given.items():
        if name in inner.given and inner.given[name] != value:
            raise ValueError(
                f"xcs.op({name}={value!r}): {_name(inner.declared)} is declared with "
                f"{name}={inner.given[name]!r} already; say it once, or declare the function that "
                "the operator wraps: xcs.op(...)(operator.__wrapped__)"
            )
    return {**inner.given, **given}


def _batch_form(
    declared: Callable[..., Any], given: Mapping[str, Any], policy: Policy
) -> BatchForm | None:
    """The batch form that the settings declare. Raises ValueError for one that makes no sense."""
    batch = given.get("batch")
    if batch is None:
        if extra := {"max_batch", "max_wait"} & given.keys():
            raise ValueError(f"xcs.op({min(extra)}=...): there is no batch form; say batch=...")
        return None
    if not callable(batch):
        raise ValueError(f"xcs.op(batch={batch!r}): expected a function of a list")
    if given.get("effects") == "ordered":
        raise ValueError("xcs.op(batch=...): calls with effects='ordered' are made one by one")
    if declared is not _nothing and _is_coroutine(declared) != _is_coroutine(batch):
        one, other = ("a coroutine function", "a function")[:: 1 if _is_coroutine(declared) else -1]
        raise ValueError(f"xcs.op(batch={_name(batch)}): {other}, but {_name(declared)} is {one}")
    size = given.get("max_batch", DEFAULT_MAX_BATCH)
    wait = given.get("max_wait", DEFAULT_MAX_WAIT_SECONDS)
    try:
        return BatchForm(declared, batch, size, wait, policy)
    except ValueError as error:
        raise ValueError(f"xcs.op: {error}") from None


def _awaiting_in_batch(function: Callable[..., Any], form: BatchForm) -> Callable[..., Any]:
    receiver = getattr(function, "__self__", None)

    @functools.wraps(function)
    async def called(*args: Any, **kwargs: Any) -> Any:
        return await await_batched(form, receiver, args, kwargs)

    return called


def _awaiting(function: Callable[..., Any], policy: Policy) -> Callable[..., Any]:
    @functools.wraps(function)
    async def called(*args: Any, **kwargs: Any) -> Any:
        return await await_with_policy(function, policy, args, kwargs)

    return called


def _is_coroutine(function: Any) -> bool:
    return _is_a(inspect.iscoroutinefunction, function)


def _is_generator(function: Any) -> bool:
    kinds = (inspect.isgeneratorfunction, inspect.isasyncgenfunction)
    return any(_is_a(kind, function) for kind in kinds)


def _is_a(kind: Callable[[Any], bool], function: Any) -> bool:
    """Of a function, or of an object that has one for a call."""
    return kind(function) or kind(getattr(type(function), "__call__", None))  # noqa: B004


def _named(module: str | None, qualname: str) -> Any:
    """What a module has under a name; None if that is nothing."""
    found: Any = sys.modules.get(module or "")
    for part in qualname.split("."):
        found = getattr(found, part, None)
    return found


def _name(function: Any) -> str:
    if isinstance(function, MethodType):
        function = function.__func__
    return getattr(function, "__qualname__", None) or type(function).__qualname__
