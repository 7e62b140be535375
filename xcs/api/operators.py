"""`xcs.op`: declare what a slow callable is, and how it is to be called."""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Literal, overload

from xcs.frontend.classify import Classification
from xcs.runtime import Policy, call_with_policy

Kind = Literal["model", "tool", "function"]
Effects = Literal["pure", "unordered", "ordered"]


@dataclass(frozen=True, eq=False)
class OperatorSpec:
    """The declaration of an operator. `function` is what is called, bound if it is a method."""

    function: Callable[..., Any]
    kind: str
    effects: str
    policy: Policy
    deterministic: bool = False

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
        default = Policy()
        return {
            name: value
            for name in ("retries", "backoff", "timeout", "max_concurrency", "rate_limit")
            if (value := getattr(self.policy, name)) != getattr(default, name)
        }


class Operator:
    """A declared operator. It is called like the function it wraps, with its policy applied."""

    __xcs_operator__: OperatorSpec
    __qualname__: str

    def __init__(self, spec: OperatorSpec):
        functools.update_wrapper(self, spec.function)
        self.__xcs_operator__ = spec

    def __call__(self, *args: Any, **kwargs: Any) -> Any:
        """Call the function as its policy says."""
        spec = self.__xcs_operator__
        return call_with_policy(spec.function, spec.policy, args, kwargs)

    def __get__(self, instance: Any, owner: type | None = None) -> Operator:
        if instance is None:
            return self
        spec = self.__xcs_operator__
        bound = spec.function.__get__(instance, owner)  # type: ignore[attr-defined]
        return Operator(
            OperatorSpec(bound, spec.kind, spec.effects, spec.policy, spec.deterministic)
        )

    def __repr__(self) -> str:
        spec = self.__xcs_operator__
        return f"<xcs operator {self.__qualname__} ({spec.kind}, {spec.effects})>"


@overload
def op(fn: Callable[..., Any], /) -> Operator: ...


@overload
def op(
    *,
    kind: Kind = "tool",
    effects: Effects = "unordered",
    retries: int = 0,
    backoff: float | None = None,
    timeout: float | None = None,
    max_concurrency: int | None = None,
    rate_limit: str | None = None,
    deterministic: bool = False,
) -> Callable[[Callable[..., Any]], Operator]: ...


def op(
    fn: Callable[..., Any] | None = None,
    /,
    *,
    kind: Kind = "tool",
    effects: Effects = "unordered",
    retries: int = 0,
    backoff: float | None = None,
    timeout: float | None = None,
    max_concurrency: int | None = None,
    rate_limit: str | None = None,
    deterministic: bool = False,
) -> Operator | Callable[[Callable[..., Any]], Operator]:
    """Declare a callable to be an operator: a slow call that may overlap with others.

    Args:
        fn: the callable; without it, a decorator is returned.
        kind: "model", "tool", or "function" for anything else.
        effects: "pure" calls may be merged or dropped; "unordered" ones are kept, in any order;
            "ordered" ones run in program order, after everything before them has succeeded.
        retries: how often a failed call is tried again.
        backoff: seconds before the first retry at most; doubles with each.
        timeout: seconds after which a try raises TimeoutError.
        max_concurrency: calls at a time, in the whole process.
        rate_limit: calls per unit of time, "500/min".
        deterministic: equal calls give equal results, so one may stand for several.

    Raises:
        TypeError: if what is decorated cannot be called.
        ValueError: for an option that makes no sense.
    """
    for name, value, choices in (
        ("kind", kind, ("model", "tool", "function")),
        ("effects", effects, ("pure", "unordered", "ordered")),
    ):
        if value not in choices:
            raise ValueError(f"xcs.op({name}={value!r}): expected one of {', '.join(choices)}")
    settings: dict[str, Any] = {} if backoff is None else {"backoff": backoff}
    policy = Policy(
        retries=retries,
        timeout=timeout,
        max_concurrency=max_concurrency,
        rate_limit=rate_limit,
        **settings,
    )

    def declare(function: Callable[..., Any]) -> Operator:
        if isinstance(function, Operator):
            function = function.__xcs_operator__.function
        if not callable(function):
            raise TypeError(
                f"xcs.op expects a callable, but was given {function!r} "
                f"({type(function).__name__}); decorate a function, or pass options by keyword"
            )
        return Operator(OperatorSpec(function, kind, effects, policy, deterministic))

    return declare if fn is None else declare(fn)
