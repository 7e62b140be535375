"""Calls of array code in programs that do more: each such callee is compiled for itself.

What capture does not look into, such as the step of an optimiser or a module that is called, runs
as one kernel where it is array code alone, and else as Python would run it.
"""

from __future__ import annotations

import functools
import threading
import types
from collections import OrderedDict
from collections.abc import Callable, Mapping
from typing import Any

import jax
from xdsl.dialects.builtin import ModuleOp
from xdsl.ir import Use
from xdsl.rewriter import InsertPoint, Rewriter

from xcs.api.function import JitFunction, Options
from xcs.dialects import orch
from xcs.frontend.array_packages import is_of_array_package
from xcs.frontend.classify import classify
from xcs.frontend.interpretation.lookup import class_attribute
from xcs.frontend.source import is_library

MAX_REGIONS = 512
"""Callees that are kept; the least recently used goes first."""


class _Region(JitFunction):
    """Array code that a program calls: one kernel, or plain Python, but never a program itself."""

    def __init__(self, callee: Any) -> None:
        is_own = isinstance(callee, types.FunctionType) and callee.__module__ == __name__
        super().__init__(callee if is_own else functools.partial(callee), Options())
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
    """What to call in place of a callable: the callable itself, unless it may be array code.

    Modules, and objects whose methods are called, are arguments where they are pytrees: a step
    gives new ones, which are of the same form.
    """
    if not _may_be_region(callee):
        return callee
    owner = getattr(callee, "__self__", None)
    if isinstance(callee, types.MethodType) and _is_pytree(owner):
        return functools.partial(_region_of(callee.__func__, callee.__func__), owner)
    if _is_pytree(callee):
        return functools.partial(_region_of(type(callee), call), callee)
    return _region_of(callee, callee)


def call(callee: Any, *args: Any, **kwargs: Any) -> Any:
    """Call an object."""
    return callee(*args, **kwargs)


def _region_of(home: Any, callee: Any) -> Callable[..., Any]:
    """The region of a callable, which is kept for its home.

    What is called for the first time is called as it is: it may be a new function at each call.
    """
    with _lock:
        found = _known.pop(id(home), None)
        if found is None:
            found = home, callee
        elif found[1] is callee:
            found = home, _Region(callee).front.function
        _known[id(home)] = found
        if len(_known) > MAX_REGIONS:
            _known.popitem(last=False)
    return found[1]


def with_regions(module: ModuleOp, objects: Mapping[str, Any]) -> dict[str, Any]:
    """What a module refers to, with regions in place of the functions that its host code calls.

    Where an op calls what JAX has just made of a function, as in ``jax.vmap(model)(x)``, one region
    does both: the function is a new one at each call, but what it is made of is not.
    """
    prepared = dict(objects)
    declared = {op.sym_name.data: op for op in module.ops if isinstance(op, orch.OperatorOp)}
    for op in list(module.walk()):
        if isinstance(op, orch.InvokeOp) and (maker := _maker(op, declared)) is not None:
            call, function = maker
            if is_of_array_package(objects[function]):
                key = f"region_{len(prepared)}"
                prepared[key] = _join(call, op, objects[function], key)
    for op in module.walk():
        if isinstance(op, orch.ConstantOp) and isinstance(op.value, orch.RefAttr):
            if all(map(_is_called, op.result.uses)):
                key = op.value.key.data
                prepared[key] = as_region(objects[key])
    return prepared


def _maker(
    op: orch.InvokeOp, declared: Mapping[str, orch.OperatorOp]
) -> tuple[orch.CallOp, str] | None:
    """The call of JAX that makes what is invoked, for it alone, and the key of what is called."""
    call = op.callee.owner
    if not isinstance(call, orch.CallOp) or len(list(op.callee.uses)) != 1:
        return None
    operator = declared.get(call.callee.string_value())
    if operator is None or operator.ref is None or operator.kind.data not in ("tensor", "function"):
        return None
    if call.parent is not op.parent or call.starred_positions():
        return None
    return call, operator.ref.key.data


def _join(call: orch.CallOp, invoke: orch.InvokeOp, make: Any, key: str) -> Callable[..., Any]:
    """Have the invoking op call one function for both; gives that function."""
    names = call.keyword_names()
    count, keywords = len(call.arguments), invoke.keyword_names()
    function = orch.ConstantOp(orch.RefAttr(key))
    joined = orch.InvokeOp(
        function.result,
        [*call.arguments, *invoke.arguments],
        [result.type for result in invoke.results],
        after=invoke.after,
        keywords=keywords,
        starred=[count + position for position in invoke.starred_positions()],
    )
    joined.location = invoke.location
    Rewriter.replace_op(invoke, [function, joined], joined.results)
    for token in call.results[1:]:  # to make a function has no effect that others would wait for
        join = orch.JoinOp(call.after)
        Rewriter.insert_op(join, InsertPoint.before(call))
        token.replace_all_uses_with(join.results[0])
    Rewriter.erase_op(call)

    def make_and_call(*values: Any, **named: Any) -> Any:
        held, given = values[:count], values[count:]
        positional = held[: count - len(names)]
        made = make(*positional, **dict(zip(names, held[count - len(names) :], strict=True)))
        return made(*given, **named)

    return _Region(make_and_call).front.function


def _is_called(use: Use) -> bool:
    op = use.operation
    if isinstance(op, orch.HostOp):
        names = op.argument_names()
        return use.index < len(names) and names[use.index] == "function"
    return False


def _is_pytree(value: Any) -> bool:
    return not jax.tree_util.all_leaves([value])


def _may_be_region(callee: Any) -> bool:
    if isinstance(callee, type | _jitted_class()):
        return False
    return is_of_array_package(callee) or _is_module(type(callee))


@functools.lru_cache(maxsize=4096)
def _is_module(cls: type) -> bool:
    """Whether objects of a class are called to compute with arrays, and do no more."""
    if any(map(is_of_array_package, cls.__mro__[:-1])):
        return True
    called = class_attribute(cls, "__call__")
    if not isinstance(called, types.FunctionType) or is_library(called.__code__.co_filename):
        return False
    what = classify(called)
    return "tensor" in what.reaches and "operator" not in what.reaches


@functools.cache
def _jitted_class() -> type:
    return type(jax.jit(lambda: None))
