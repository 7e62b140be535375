"""Generation ops. The bits of `rng_bit_generator` and `rng_uniform` are the platform's own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, NoReturn, cast

import numpy as np
from xdsl.dialects.builtin import DenseIntOrFPElementsAttr
from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import type_of
from xcs.transforms.evaluation.arrays import Array, array_of, dtype_of
from xcs.transforms.evaluation.interpreter import Arrays, CannotEvaluate, Interpreter, Rule
from xcs.transforms.op_rules import Key


def _constant(_: Interpreter, op: xtensor.ConstantOp) -> Arrays:
    return (array_of(cast(DenseIntOrFPElementsAttr, op.value)),)


def _iota(_: Interpreter, op: xtensor.IotaOp) -> Arrays:
    result, dim = type_of(op.result), op.dimension.value.data
    shape = [1] * result.get_num_dims()
    shape[dim] = result.get_shape()[dim]
    count = np.arange(shape[dim]).astype(dtype_of(result.element_type)).reshape(shape)
    return (np.broadcast_to(count, result.get_shape()),)


def _iota_2x32(_: Interpreter, op: xtensor.Iota2x32ShapeOp) -> Arrays:
    shape = type_of(op.high).get_shape()
    count = np.arange(int(np.prod(shape)), dtype=np.uint64).reshape(shape)
    return count >> np.uint64(32), count & np.uint64(0xFFFFFFFF)


def _platform(_: Interpreter, op: Operation, *operands: Array) -> NoReturn:
    raise CannotEvaluate(f"the numbers of {op.name} are those of the platform's generator")


RULES: Mapping[Key, Rule] = {
    xtensor.ConstantOp: _constant,
    xtensor.Iota2x32ShapeOp: _iota_2x32,
    xtensor.IotaOp: _iota,
    xtensor.RngBitGeneratorOp: cast(Any, _platform),
    xtensor.RngUniformOp: cast(Any, _platform),
}
