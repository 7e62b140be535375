"""Binding the arguments of a call to parameters, as Python does, while capturing."""

from __future__ import annotations

import ast
from collections.abc import Mapping, Sequence
from typing import Any

from xcs.frontend.capture.values import Keywords, Pack, Value
from xcs.frontend.unsupported import Unsupported


def bind_parameters(
    parameters: ast.arguments,
    positional: Sequence[Value],
    keywords: Mapping[str, Value],
    defaults: Sequence[Value],
    kw_defaults: Mapping[str, Value],
    *,
    node: Any,
) -> dict[str, Value]:
    """The parameters' values.

    Raises `Unsupported` at the node for a call that does not fit, which is left for Python to
    refuse.
    """
    names = [a.arg for a in (*parameters.posonlyargs, *parameters.args)]
    only_positional = {a.arg for a in parameters.posonlyargs}
    rest = dict(keywords)
    env: dict[str, Value] = dict(zip(names, positional, strict=False))
    if len(positional) > len(names) and parameters.vararg is None:
        raise Unsupported("too many positional arguments", node)
    if parameters.vararg is not None:
        env[parameters.vararg.arg] = Pack(tuple(positional[len(names) :]))
    if twice := rest.keys() & set(names[: len(positional)]) - only_positional:
        raise Unsupported(f"arguments {sorted(twice)} given twice", node)
    for name in names[len(positional) :]:
        if name in rest and name not in only_positional:
            env[name] = rest.pop(name)
    for name in (a.arg for a in parameters.kwonlyargs):
        if name in rest:
            env[name] = rest.pop(name)
        elif name in kw_defaults:
            env[name] = kw_defaults[name]
    for name, value in zip(reversed(names), reversed(defaults), strict=False):
        env.setdefault(name, value)
    if parameters.kwarg is not None:
        env[parameters.kwarg.arg] = Keywords(rest)
    elif rest:
        raise Unsupported(f"unexpected arguments {sorted(rest)}", node)
    required = [*names, *(a.arg for a in parameters.kwonlyargs)]
    if missing := [name for name in required if name not in env]:
        raise Unsupported(f"missing arguments {missing}", node)
    return env


__all__ = ["bind_parameters"]
