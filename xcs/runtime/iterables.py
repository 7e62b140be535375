"""What can be iterated over at once, and what one element at a time.

Taking the next element of a generator, or of any iterator that is not Python's own, runs code that
is not known. In Python it runs between the iterations, and so it does here.
"""

from __future__ import annotations

from collections import OrderedDict, deque
from collections.abc import Callable
from typing import Any

from xcs.runtime.attributes import is_user_class
from xcs.runtime.methods import ITERATED_AT_ONCE
from xcs.runtime.plain import is_array

_NO_INPUT = frozenset(
    type(iter(empty))
    for empty in (
        *([], (), {}, {}.values(), {}.items(), set(), range(0), "", "é", b"", bytearray()),
        *(deque(), OrderedDict()),
    )
) | {
    type(iter(range(1 << 70))), type(reversed([])), type(reversed({})), type(reversed({}.items())),
    type(reversed({}.values())), type(reversed(range(0))),
}  # fmt: skip
"""Iterators over builtin containers."""

_PURE_FUNCTIONS = frozenset({int, float, str, bool, len, tuple, repr, ord, chr, abs})


def is_taken_at_once(value: Any) -> bool:
    """Whether all elements can be taken at once: that runs no code of the user's, and succeeds."""
    cls = type(value)
    if cls in ITERATED_AT_ONCE or cls in _NO_INPUT:
        return True
    if cls is zip and len(value.__reduce__()) > 2:  # strict
        return False
    return _is_over(value, is_taken_at_once) or _is_array_or_sequence(value)


def runs_no_code(value: Any) -> bool:
    """Whether elements can be taken at any time, although taking one may fail."""
    if type(value) is map:
        function, *iterators = value.__reduce__()[1]
        return function in _PURE_FUNCTIONS and all(map(runs_no_code, iterators))
    return is_taken_at_once(value) or _is_over(value, runs_no_code)


def _is_over(value: Any, is_fine: Callable[[Any], bool]) -> bool:
    """Whether a value is one of Python's own iterators over others that are fine."""
    if type(value) not in (zip, enumerate, reversed):
        return False
    return all(is_fine(arg) for arg in value.__reduce__()[1] if not isinstance(arg, int))


def _is_array_or_sequence(value: Any) -> bool:
    return is_array(value) or (
        isinstance(value, list | tuple) and not _overrides_iteration(type(value))
    )


def may_run_code(value: Any) -> bool:
    """Whether it could be iterated over, and that would run code that is not known."""
    cls = type(value)
    if cls in ITERATED_AT_ONCE or not hasattr(cls, "__iter__"):
        return False
    return not runs_no_code(value)


def _overrides_iteration(cls: type) -> bool:
    return any("__iter__" in base.__dict__ and is_user_class(base) for base in cls.__mro__)
