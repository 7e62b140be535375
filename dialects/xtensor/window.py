"""Windows that slide over tensors: what describes them, and how many there are."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence

from xdsl.dialects.builtin import I64, DenseArrayBase
from xdsl.irdl import opt_prop_def, prop_def
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import DIMS, LaxOp


def window_counts(
    sizes: Sequence[int],
    window: Sequence[int],
    *,
    strides: DenseArrayBase[I64] | None,
    low: DenseArrayBase[I64] | None,
    high: DenseArrayBase[I64] | None,
    base_dilation: DenseArrayBase[I64] | None = None,
    window_dilation: DenseArrayBase[I64] | None = None,
) -> tuple[int, ...]:
    """Return how many windows there are along each dimension.

    Dilation spaces elements apart, and padding adds or takes off elements at both ends. What is not
    given does nothing: a stride or dilation of 1, no padding.

    Raises:
        VerifyException: if there is not one number for each dimension, or one is too small.
    """
    rank = len(sizes)
    columns = (
        _numbers("window sizes", window, rank, least=1),
        _numbers("strides", strides, rank, least=1),
        _numbers("low padding", low, rank, default=0),
        _numbers("high padding", high, rank, default=0),
        _numbers("base dilation", base_dilation, rank, least=1),
        _numbers("window dilation", window_dilation, rank, least=1),
    )
    return tuple(_count(*numbers) for numbers in zip(sizes, *columns, strict=True))


def _numbers(
    what: str,
    values: Sequence[int] | DenseArrayBase[I64] | None,
    rank: int,
    *,
    default: int = 1,
    least: int | None = None,
) -> Sequence[int]:
    if values is None:
        return (default,) * rank
    numbers = values.get_values() if isinstance(values, DenseArrayBase) else values
    if len(numbers) != rank:
        raise VerifyException(f"expected {what} for {rank} dimensions, got {list(numbers)}")
    if least is not None and any(number < least for number in numbers):
        raise VerifyException(f"{what} must be at least {least}, got {list(numbers)}")
    return numbers


def _count(
    size: int, window: int, stride: int, low: int, high: int, dilation: int, spacing: int
) -> int:
    room = low + _spaced(size, dilation) + high
    return max((room - _spaced(window, spacing)) // stride + 1, 0)


def _spaced(size: int, dilation: int) -> int:
    return 1 + dilation * (size - 1) if size else 0


class WindowedOp(LaxOp, ABC):
    """Base of the ops over windows of an operand, one number for each of its dimensions."""

    window = prop_def(DIMS)
    strides = opt_prop_def(DIMS)
    low = opt_prop_def(DIMS)
    high = opt_prop_def(DIMS)

    def counts(self, shape: Sequence[int]) -> tuple[int, ...]:
        """Return how many windows there are along each dimension of the given shape."""
        return window_counts(
            shape, self.window.get_values(), strides=self.strides, low=self.low, high=self.high
        )


class DilatedWindowedOp(WindowedOp, ABC):
    """Base of the ops whose operand or windows may be dilated, too."""

    base_dilation = opt_prop_def(DIMS)
    window_dilation = opt_prop_def(DIMS)

    def counts(self, shape: Sequence[int]) -> tuple[int, ...]:
        return window_counts(
            shape,
            self.window.get_values(),
            strides=self.strides,
            low=self.low,
            high=self.high,
            base_dilation=self.base_dilation,
            window_dilation=self.window_dilation,
        )


WINDOW = "`window` $window (`strides` $strides^)? (`low` $low^)? (`high` $high^)?"
"""The assembly format of a window."""

DILATED_WINDOW = (
    f"{WINDOW} (`base_dilation` $base_dilation^)? (`window_dilation` $window_dilation^)?"
)
"""The assembly format of a window that may be dilated."""
