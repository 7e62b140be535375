"""Calls of array code in programs that do more: each such callee is compiled for itself.

What capture does not look into, such as the step of an optimiser or a module that is called, runs
as one kernel where it is array code alone, and else as Python would run it.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import jax
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Use

from xcs.api.function import JitFunction, Options
from xcs.dialects import orch
from xcs.frontend.array_packages import is_of_array_package

MAX_REGIONS = 512
"""Callees that are kept; the least recently used goes first."""


class _Region(JitFunction):
    """Array code that a program calls: one kernel, or plain Python, but never a program itself."""

    def __init__(self, callee: Any) -> None:
        super().__init__(functools.partial(callee), Options())
        self.name = getattr(callee, "__qualname__", type(callee).__qualname__)
        self._callee = callee

    def call(self, args: tuple[Any, ...], kwargs: dict[str, Any]) -> Any:
        """Call it as one kernel if it is one."""
        call = self.arrays.describe(args, kwargs)
        if call is not None and call.has_arrays and self.arrays.refusal(call) is None:
            try:
                return self._call_array(args, kwargs, call)
            except Exception as error:
                self._check_error(error)
                self.arrays.refuse(call, str(error))
        return self._callee(*args, **kwargs)


_known: OrderedDict[int, tuple[Any, Callable[..., Any]]] = OrderedDict()
_lock = threading.Lock()


def as_region(callee: Any) -> Callable[..., Any]:
    """What to call in place of a callable: the callable itself, unless it may be array code."""
    if not _may_be_region(callee):
        return callee
    key = _identity(callee)
    with _lock:
        found = _known.get(key)
        if found is None or found[0] != callee:
            found = _known[key] = callee, _Region(callee).front.function
            if len(_known) > MAX_REGIONS:
                _known.popitem(last=False)
        _known.move_to_end(key)
    return found[1]


def with_regions(module: ModuleOp, objects: Mapping[str, Any]) -> dict[str, Any]:
    """What a module refers to, with regions in place of the functions that its host code calls."""
    prepared = dict(objects)
    for op in module.walk():
        if isinstance(op, orch.ConstantOp) and isinstance(op.value, orch.RefAttr):
            if all(map(_is_called, op.result.uses)):
                key = op.value.key.data
                prepared[key] = as_region(objects[key])
    return prepared


def _is_called(use: Use) -> bool:
    op = use.operation
    if isinstance(op, orch.HostOp):
        names = op.argument_names()
        return use.index < len(names) and names[use.index] == "function"
    return False


def _identity(callee: Any) -> int:
    owner = getattr(callee, "__self__", None)  # a bound method is made anew at each look-up
    return id(callee) if owner is None else hash((id(owner), id(callee.__func__)))


def _may_be_region(callee: Any) -> bool:
    if isinstance(callee, type | _jitted_class()):
        return False
    return any(map(is_of_array_package, (callee, *type(callee).__mro__[:-1])))


@functools.cache
def _jitted_class() -> type:
    return type(jax.jit(lambda: None))
