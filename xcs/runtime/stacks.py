"""Lists of elements that are there as a whole: the rows of an array, the results of a kernel."""

from __future__ import annotations

import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Protocol, overload, runtime_checkable

from xcs.runtime.plain import is_jax_array


class _Elements(Sequence[Any]):
    """A sequence that is made of a list of elements, and reads like it."""

    elements: Sequence[Any]

    @overload
    def __getitem__(self, index: int, /) -> Any: ...

    @overload
    def __getitem__(self, index: slice, /) -> Sequence[Any]: ...

    def __getitem__(self, index: Any, /) -> Any:
        return self.elements[index]


class Stack(_Elements):
    """The elements along an array's first axis. It is taken apart when one of them is needed."""

    def __init__(self, array: Any):
        self.array = array

    @cached_property
    def elements(self) -> list[Any]:
        """The elements, each an array."""
        return list(self.array)

    def __len__(self) -> int:
        return len(self.array)


@dataclass(frozen=True, eq=False)
class Row:
    """An element that is still in its stack."""

    stack: Stack
    number: int

    def taken(self) -> Any:
        """The element itself."""
        return self.stack[self.number]


def row_of(elements: Sequence[Any], number: int) -> Any:
    """An element of a sequence; of a stack that cannot change, only which one it is.

    Raises IndexError if there is none.
    """
    if not isinstance(elements, Stack) or not is_jax_array(elements.array):
        return elements[number]
    return Row(elements, number) if 0 <= number < len(elements) else elements[number]


def array_of(values: Sequence[Any]) -> Any:
    """The array whose rows the values are, one by one and in order; None if they are not."""
    first = values[0]
    if not isinstance(first, Row) or len(first.stack) != len(values):
        return None
    stack = first.stack
    rows = (isinstance(v, Row) and v.stack is stack and v.number == i for i, v in enumerate(values))
    return stack.array if all(rows) else None


@runtime_checkable
class Batchable(Protocol):
    """A kernel that may be able to compute many elements at once."""

    def __call__(self, *args: Any) -> Sequence[Any]:
        """Each result for one element."""
        ...

    def batched(self, args: Sequence[Any], over: Sequence[int]) -> list[Sequence[Any]] | None:
        """Each result for all elements; None if they have to be computed one by one.

        The arguments at the positions `over` are sequences of the elements' arguments.
        """
        ...


Kernel = Callable[..., Sequence[Any]]


def launch_over(
    kernel: Kernel, args: Sequence[Any], over: Sequence[int], count: int
) -> Sequence[Sequence[Any]]:
    """Each of a kernel's `count` results as the sequence of what it is for each element.

    It does not fail: elements that cannot be computed at once are computed when they are taken.
    """
    over = [position for position in over if not isinstance(args[position], Same)]
    args = [arg.value if isinstance(arg, Same) else arg for arg in args]
    try:
        found = _at_once(kernel, args, over)
    except Exception:  # it shows again for the first element that is taken
        found = None
    if found is not None:
        return found
    rows = _Rows(kernel, args, over)
    return [_Column(rows, position) for position in range(count)]


def _at_once(
    kernel: Kernel, args: Sequence[Any], over: Sequence[int]
) -> Sequence[Sequence[Any]] | None:
    if over:
        return kernel.batched(args, over) if isinstance(kernel, Batchable) else None
    values = kernel(*args)
    # A list, say, is to be another one for each element.
    return [Same(value) for value in values] if all(map(is_jax_array, values)) else None


class Same(Sequence[Any]):
    """A list of as many elements as are taken, all of them one value."""

    def __init__(self, value: Any):
        self.value = value

    @overload
    def __getitem__(self, index: int, /) -> Any: ...

    @overload
    def __getitem__(self, index: slice, /) -> Sequence[Any]: ...

    def __getitem__(self, index: Any, /) -> Any:
        return self.value

    def __len__(self) -> int:
        return sys.maxsize


class _Rows:
    """A kernel's results for each element, computed when one of them is needed."""

    def __init__(self, kernel: Kernel, args: Sequence[Any], over: Sequence[int]):
        self.kernel, self.args, self.over = kernel, args, frozenset(over)
        self.size = min((len(args[position]) for position in over), default=sys.maxsize)
        self.known: dict[int, Sequence[Any]] = {}

    def row(self, number: int) -> Sequence[Any]:
        """All results for one element. Raises what the kernel raises for it."""
        if not -self.size <= number < self.size:
            raise IndexError("list index out of range")
        number %= self.size
        if number not in self.known:
            self.known[number] = self.kernel(
                *(arg[number] if i in self.over else arg for i, arg in enumerate(self.args))
            )
        return self.known[number]


class _Column(Sequence[Any]):
    """One result of a kernel for each element."""

    def __init__(self, rows: _Rows, position: int):
        self.rows, self.position = rows, position

    @overload
    def __getitem__(self, index: int, /) -> Any: ...

    @overload
    def __getitem__(self, index: slice, /) -> Sequence[Any]: ...

    def __getitem__(self, index: Any, /) -> Any:
        if isinstance(index, slice):
            return [self[i] for i in range(*index.indices(len(self)))]
        return self.rows.row(index)[self.position]

    def __len__(self) -> int:
        return self.rows.size
