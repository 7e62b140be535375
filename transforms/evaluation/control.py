"""Control ops, and composite ops of any class, which say themselves what they compute."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from xdsl.dialects.builtin import UnitAttr

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import type_of
from xcs.transforms.evaluation.arrays import Array, dtype_of
from xcs.transforms.evaluation.interpreter import Arrays, Interpreter, Rule
from xcs.transforms.op_rules import Key


def _barrier(_: Interpreter, op: xtensor.OptimizationBarrierOp, *operands: Array) -> Arrays:
    return operands


def _while(run: Interpreter, op: xtensor.WhileOp, *carried: Array) -> Arrays:
    values = list(carried)
    while run.region(op.condition, *values)[0]:
        values = run.region(op.body, *values)
    return values


def _cond(run: Interpreter, op: xtensor.CondOp, index: Array) -> Arrays:
    last = len(op.branches) - 1
    chosen = int(index)
    return run.region(op.branches[chosen if 0 <= chosen <= last else last])


def _scan(run: Interpreter, op: xtensor.ScanOp, *operands: Array) -> Arrays:
    count, length = len(op.inits), op.length.value.data
    carried, scanned = list(operands[:count]), operands[count:]
    order = range(length)[::-1] if isinstance(op.reverse, UnitAttr) else range(length)
    types = [type_of(result) for result in op.outputs[count:]]
    stacked = [np.zeros(t.get_shape(), dtype_of(t.element_type)) for t in types]
    for i in order:
        found = run.region(op.body, *carried, *(x[i] for x in scanned))
        carried = found[:count]
        for rows, row in zip(stacked, found[count:], strict=True):
            rows[i] = row
    return [*carried, *stacked]


def _composite(run: Interpreter, op: xtensor.CompositeOp, *operands: Array) -> Arrays:
    return run.region(op.definition, *operands)


RULES: Mapping[Key, Rule] = {
    xtensor.CompositeOp: _composite,
    xtensor.CondOp: _cond,
    xtensor.OptimizationBarrierOp: _barrier,
    xtensor.ScanOp: _scan,
    xtensor.WhileOp: _while,
}
