"""The walk: ops in order, each by its rule, on the arrays of its operands."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any, TypeAlias

import numpy as np
from xdsl.dialects import func
from xdsl.dialects.builtin import ModuleOp, TensorType
from xdsl.ir import Block, Operation, Region, SSAValue
from xdsl.traits import SymbolTable
from xdsl.utils.exceptions import DiagnosticException

from xcs.dialects.xtensor.base import type_of
from xcs.transforms.evaluation.arrays import Array, dtype_of

if TYPE_CHECKING:
    from xcs.transforms.op_rules import OpRules

Arrays: TypeAlias = "Sequence[Array]"

Rule: TypeAlias = "Callable[..., Arrays]"
"""Computes the arrays that an op's results are, given the interpreter, the op, and its operands."""


class CannotEvaluate(DiagnosticException):
    """An op whose value cannot be told: it has no rule, or depends on the platform."""


class Interpreter:
    """Evaluates tensor ops.

    Args:
        rules: what ops compute.
        steps: how many ops may be evaluated, loops included, before it gives up.
    """

    def __init__(self, rules: OpRules[Rule] | None = None, steps: int | None = None):
        if rules is None:
            from xcs.transforms.evaluation.rules import EVALUATORS

            rules = EVALUATORS
        self._rules = rules
        self._left = steps
        self._values: dict[SSAValue, Array] = {}

    def function(self, function: func.FuncOp, arguments: Arrays) -> list[Array]:
        """Call a function; return its results.

        Raises:
            CannotEvaluate: if it has an op whose value cannot be told, or takes too long.
        """
        block = function.body.block
        return self.block(
            block, [_as(a, arg) for a, arg in zip(arguments, block.args, strict=True)]
        )

    def block(self, block: Block, arguments: Arrays) -> list[Array]:
        """Evaluate a block for these arguments; return the operands of its terminator."""
        values = self._values
        values.update(zip(block.args, arguments, strict=True))
        for op in block.ops:
            if op is block.last_op:
                return [values[operand] for operand in op.operands]
            found = self.evaluate(op, [values[operand] for operand in op.operands])
            values.update(zip(op.results, found, strict=True))
        raise CannotEvaluate("a block without a terminator has no value")

    def region(self, region: Region, *arguments: Array) -> list[Array]:
        """The same, of a region's only block."""
        return self.block(region.block, arguments)

    def evaluate(self, op: Operation, operands: Arrays) -> list[Array]:
        """Return what an op's results are, for arrays of its operands' types.

        Raises:
            CannotEvaluate: if that cannot be told.
        """
        if self._left is not None:
            self._left -= 1
            if self._left < 0:
                raise CannotEvaluate("it takes too many steps")
        if isinstance(op, func.CallOp):
            return self.function(_callee(op), operands)
        rule = self._rules.of(type(op))
        if rule is None:
            raise CannotEvaluate(f"nothing says what {op.name} computes")
        with np.errstate(all="ignore"):
            found = rule(self, op, *operands)
            return [_as(array, result) for array, result in zip(found, op.results, strict=True)]


def _as(array: Any, value: SSAValue) -> Array:
    """The array in the type of the value that it is; computing may have been in a wider one."""
    tensor = value.type
    if not isinstance(tensor, TensorType):
        raise CannotEvaluate(f"{tensor} is no tensor")
    made = np.asarray(array)
    dtype = dtype_of(tensor.element_type)
    if made.dtype != dtype:
        made = made.astype(dtype)
    shape = type_of(value).get_shape()
    return made if made.shape == shape else np.broadcast_to(made, shape)


def _callee(call: func.CallOp) -> func.FuncOp:
    root = call.parent_op()
    while root is not None and not isinstance(root, ModuleOp):
        root = root.parent_op()
    found = None if root is None else SymbolTable.lookup_symbol(root, call.callee)
    if not isinstance(found, func.FuncOp) or found.is_declaration:
        raise CannotEvaluate(f"{call.callee} has no body")
    return found
