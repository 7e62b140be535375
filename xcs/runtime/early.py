"""Values that never change, and so are read without waiting for the writes before.

Tokens order the ops on an object, as writes could come between them. Of an object that turns out to
be immutable there are none: its ops give their values as soon as these can be had, and take their
places in the order when it is their turn.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from enum import Enum
from types import BuiltinFunctionType, FunctionType, ModuleType
from typing import TYPE_CHECKING, Any

from xcs.runtime.attributes import is_user_class, read_is_plain
from xcs.runtime.frames import Frame
from xcs.runtime.heap import RECORDS
from xcs.runtime.plain import IMMUTABLE, are_plain, is_jax_array
from xcs.runtime.plan import Access, OpPlan, Plan

if TYPE_CHECKING:
    from xcs.runtime.engine import Run

MAX_DEPTH = 8
"""Containers within containers that are looked at."""
_HOLDERS = frozenset({tuple, frozenset})
NAMED = (type, Enum, FunctionType, BuiltinFunctionType, ModuleType)
"""What is handed on, rather than read."""


def never_changes(value: Any, depth: int = MAX_DEPTH) -> bool:
    """Whether neither a value nor anything in it can change."""
    cls = type(value)
    if cls in IMMUTABLE and cls not in _HOLDERS:
        return True
    if cls in RECORDS or depth == 0:
        return False
    if cls in _HOLDERS or _is_named_tuple(cls):
        return all(never_changes(v, depth - 1) for v in value)
    if _is_frozen_record(cls):
        fields = dataclasses.fields(value)
        return all(never_changes(getattr(value, f.name, None), depth - 1) for f in fields)
    return isinstance(value, NAMED) or is_jax_array(value)


def _is_immutable(value: Any) -> bool:
    """Whether what a value itself says is always the same."""
    cls = type(value)
    return cls in IMMUTABLE or (cls not in RECORDS and (_is_named_tuple(cls) or _is_enum(value)))


def _is_enum(value: Any) -> bool:
    return isinstance(value, Enum)


def _is_named_tuple(cls: type) -> bool:
    if not issubclass(cls, tuple) or not hasattr(cls, "_fields"):
        return False
    names = ("__getitem__", "__len__", "__contains__", "__iter__")
    return all(getattr(cls, name) is getattr(tuple, name) for name in names)


def _is_frozen_record(cls: type) -> bool:
    parameters = getattr(cls, "__dataclass_params__", None)
    return parameters is not None and parameters.frozen and is_user_class(cls)


def is_comparable(plan: Plan, value: Any) -> bool:
    """Whether a value can be compared, or called with others, without side effects.

    And so that it does not matter what of it is not committed yet.
    """
    if callable(value):
        return plan.effects_of(value) == "pure" or value in _PURE_KEYS
    if type(value) in RECORDS or type(value) is tuple:
        return are_plain([value])
    return type(value).__eq__ is object.__eq__ or never_changes(value)


_PURE_KEYS = (len, str, int, float, abs, repr, str.lower, str.upper, str.strip)


Check = Callable[[Access, list[Any]], bool]
"""Whether the value of an op can be had from the frame's slots."""


def reads(access: Access, values: list[Any]) -> bool:
    """``getitem``, ``len`` and ``contains``."""
    return _is_immutable(values[access.target])


def reads_attribute(access: Access, values: list[Any]) -> bool:
    target = values[access.target]
    if type(target) in RECORDS:
        return False
    is_fixed = _is_immutable(target) or _is_frozen_record(type(target))
    return is_fixed and read_is_plain(target, access.name)


def calls_method(access: Access, values: list[Any]) -> bool:
    return type(values[access.target]) in IMMUTABLE and are_plain(
        values[slot] for slot in access.arguments
    )


def takes_version(access: Access, values: list[Any]) -> bool:
    return never_changes(values[access.target])


def runs(access: Access, values: list[Any]) -> bool:
    """Checked host code."""
    return all(never_changes(values[slot]) for slot in access.arguments)


def give(run: Run, frame: Frame, op: OpPlan) -> None:
    """Give the value of an op that has not its place in the order yet."""
    if frame.done[op.index] or run.was_given(frame, op):
        return
    try:
        value = op.evaluate(frame.values)  # type: ignore[misc]
    except BaseException as error:
        run.inline_failed(frame, op, error)
    else:
        run.give_early(frame, op, value)
