"""Contractions, in double precision where elements are floats."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from xdsl.ir import Attribute

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, kind_of, type_of, without
from xcs.transforms.evaluation.arrays import Array, dtype_of
from xcs.transforms.evaluation.interpreter import Arrays, CannotEvaluate, Interpreter, Rule
from xcs.transforms.evaluation.windows import Windows
from xcs.transforms.op_rules import Key


def summed_in(element: Attribute) -> Any:
    """The dtype in which sums of such elements are taken."""
    if kind_of(element) & Kind.FLOAT:
        return np.float64
    if kind_of(element) & Kind.COMPLEX:
        return np.complex128
    return np.int64 if kind_of(element) & Kind.INTEGER else dtype_of(element)


_PLAIN = (
    xtensor.DotAlgorithm.DEFAULT,
    xtensor.DotAlgorithm.F32_F32_F32,
    xtensor.DotAlgorithm.F64_F64_F64,
)
"""Algorithms that do not ask for less than the operands' own precision."""


def _dot(_: Interpreter, op: xtensor.DotGeneralOp, lhs: Array, rhs: Array) -> Arrays:
    algorithm = op.algorithm
    if algorithm is not None and algorithm.data not in _PLAIN:
        raise CannotEvaluate(f"how {algorithm.data.value} rounds is the platform's")
    wide = summed_in(type_of(op.result).element_type)
    pairs = [
        *zip(op.lhs_batch.get_values(), op.rhs_batch.get_values(), strict=True),
        *zip(op.lhs_contracting.get_values(), op.rhs_contracting.get_values(), strict=True),
    ]
    left = list(range(lhs.ndim))
    right = [lhs.ndim + dim for dim in range(rhs.ndim)]
    for one, other in pairs:
        right[other] = left[one]
    batch = [left[dim] for dim in op.lhs_batch.get_values()]
    used = (*op.lhs_batch.get_values(), *op.lhs_contracting.get_values())
    other = (*op.rhs_batch.get_values(), *op.rhs_contracting.get_values())
    out = [*batch, *without(left, used), *without(right, other)]
    return (np.einsum(lhs.astype(wide), left, rhs.astype(wide), right, out),)


def _convolution(
    _: Interpreter, op: xtensor.ConvGeneralDilatedOp, lhs: Array, rhs: Array
) -> Arrays:
    """Products of the kernel with each window, group by group."""
    wide = summed_in(type_of(op.result).element_type)
    lhs = lhs.transpose(op.lhs_dimensions.get_values()).astype(wide)
    rhs = rhs.transpose(op.rhs_dimensions.get_values()).astype(wide)
    windows = Windows(
        rhs.shape[2:],
        strides=op.strides,
        low=op.low,
        high=op.high,
        base_dilation=op.lhs_dilation,
        window_dilation=op.rhs_dilation,
        skipped=2,
    )
    groups = max(op.feature_groups, op.batch_groups)
    inputs = np.split(lhs, groups, 1 if op.feature_groups > 1 else 0)
    kernels = np.split(rhs, groups, 0)
    rank = len(rhs.shape) - 2
    places = list(range(3, 3 + rank))
    over = list(range(3 + rank, 3 + 2 * rank))
    made = [
        np.einsum(windows.of(x, 0), [0, 1, *places, *over], k, [2, 1, *over], [0, 2, *places])
        for x, k in zip(inputs, kernels, strict=True)
    ]
    return (np.concatenate(made, 1).transpose(np.argsort(op.out_dimensions.get_values())),)


RULES: Mapping[Key, Rule] = {
    xtensor.ConvGeneralDilatedOp: _convolution,
    xtensor.DotGeneralOp: _dot,
}
