"""Packages that are built on JAX: their functions are array code, unless it shows otherwise."""

from __future__ import annotations

import functools
import importlib.metadata
import inspect
import os
import re
import sys
import types
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, Final, TypeVar, get_origin

from xcs.frontend.source import is_library


def is_of_array_package(function: Any) -> bool:
    """Whether a callable is defined by JAX, or by an installed package that requires JAX."""
    home = function if isinstance(function, type | types.FunctionType) else None
    home = getattr(function, "__func__", home) or type(function)
    module = str(getattr(home, "__module__", None))
    if home is type(function) and module in ("builtins", "functools"):
        module = str(getattr(function, "__module__", None))
    return _requires_jax(module.partition(".")[0])


@functools.cache
def _requires_jax(package: str) -> bool:
    if package in ("jax", "jaxlib"):
        return True
    module = sys.modules.get(package)
    if module is None or not is_library(getattr(module, "__file__", None) or ""):
        return False
    try:
        names = [importlib.metadata.distribution(package).name]
    except importlib.metadata.PackageNotFoundError:
        names = importlib.metadata.packages_distributions().get(package, [])
    required = (line for name in names for line in importlib.metadata.requires(name) or ())
    return any(re.match(r"jax(lib)?\b(?!-)", line) and "extra" not in line for line in required)


# --- what they are given to call ---


def takes_function(function: Any, place: int | str) -> bool | None:
    """Whether a callable's parameter is annotated as a function; None if it is not annotated.

    The parameter is given by its position or its name.
    """
    try:
        parameters = list(inspect.signature(function).parameters.values())
    except (TypeError, ValueError):
        return None
    if isinstance(place, str):
        found = next((p for p in parameters if p.name == place), None)
    elif place < len(parameters):
        found = parameters[place]
    else:
        found = next((p for p in parameters if p.kind is p.VAR_POSITIONAL), None)
    if found is None:
        return None
    return _is_callable(found.annotation, getattr(inspect.unwrap(function), "__globals__", {}))


def _is_callable(annotation: Any, space: dict[str, Any]) -> bool | None:
    """Whether an annotation says that a parameter is a function; None for no annotation."""
    if annotation is inspect.Parameter.empty:
        return None
    if isinstance(annotation, str):
        names = re.findall(r"[^\W\d]\w*", annotation)
        return "Callable" in names or any(_is_of_callables(space.get(name)) for name in names)
    return "Callable" in repr(annotation) or _is_of_callables(annotation)


def _is_of_callables(found: Any) -> bool:
    bound = found.__bound__ if isinstance(found, TypeVar) else None
    return "Callable" in repr(bound) or get_origin(bound) is Callable


# --- what they do beside ---

_REACHES: Final = frozenset(
    {"subprocess.Popen", "os.system", "os.exec", "os.posix_spawn", "os.fork", "socket.connect"}
    | {"socket.sendto", "os.remove", "os.rename", "os.mkdir", "os.rmdir", "os.truncate", "open"}
)
"""Audit events of processes, the network and files."""

_refuse: ContextVar[Callable[[str], None] | None] = ContextVar("xcs_watching", default=None)


@contextmanager
def watching(refuse: Callable[[str], None]) -> Iterator[None]:
    """Call `refuse`, which raises, before code inside reaches operators, files or other processes.

    Files of installed packages may be read.
    """
    _listen()
    token = _refuse.set(refuse)
    try:
        yield
    finally:
        _refuse.reset(token)


def reached(what: str, function: Any = None) -> None:
    """Say that code reaches something that no array code does, a function perhaps."""
    if (refuse := _refuse.get()) is not None:  # which is asked at each call of an operator
        name = "" if function is None else f" {getattr(function, '__qualname__', function)}"
        refuse(f"reaches {what}{name}")


@functools.cache
def _listen() -> None:
    sys.addaudithook(_heard)


def _heard(event: str, details: tuple[Any, ...]) -> None:
    if event in _REACHES and _refuse.get() is not None:
        if event != "open" or not _is_code(details[0]):
            reached(f"{event} {details[0]!r}" if details else event)


def _is_code(path: Any) -> bool:
    """Whether the file belongs to an installed package, or is a module that is imported."""
    path = os.fsdecode(path) if isinstance(path, str | bytes | os.PathLike) else ""
    return is_library(path) or "__pycache__" in path or path.endswith((".py", ".so"))
