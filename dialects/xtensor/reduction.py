"""Reductions: elements along some dimensions are folded into one."""

from __future__ import annotations

from abc import ABC
from collections.abc import Iterable, Sequence
from typing import Any

from xdsl.dialects.builtin import (
    TensorType,
)
from xdsl.ir import Attribute, Operation, Region, SSAValue
from xdsl.irdl import (
    IRDLOperation,
    SameVariadicOperandSize,
    operand_def,
    prop_def,
    region_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import IsolatedFromAbove, Pure
from xdsl.utils.exceptions import VerifyException

from xcs.dialects.xtensor.base import (
    DIMS,
    TENSOR,
    InferredOp,
    Kind,
    LaxOp,
    Reduction,
    TensorOf,
    as_dims,
    check_axes,
    check_region,
    check_result_types,
    dims_attr,
    kind_of,
    tensor_type,
    type_of,
    without,
)


class ReductionOp(InferredOp, ABC):
    """Folds the elements along ``axes``, in no particular order."""

    operand = operand_def(TENSOR)
    axes = prop_def(DIMS)

    traits = traits_def(Pure(), Reduction())

    assembly_format = "$operand `over` $axes attr-dict `:` type($operand) `->` type($result)"

    def __init_subclass__(cls, *, kinds: Kind = Kind.ANY, **kwargs: Any) -> None:
        cls.kinds = staticmethod(lambda: kinds)
        cls.operand = operand_def(TensorOf(kinds))
        super().__init_subclass__(**kwargs)

    @staticmethod
    def kinds() -> Kind:
        """Return the element kinds that the op takes."""
        return Kind.ANY

    def __init__(self, operand: SSAValue | Operation, axes: Iterable[int]) -> None:
        self._build([operand], {"axes": as_dims(axes)}, type_of(operand))

    def reduced_shape(self) -> tuple[int, ...]:
        """Return the operand's shape without the reduced axes."""
        shape, axes = type_of(self.operand).get_shape(), self.axes.get_values()
        check_axes("axes", axes, len(shape))
        return without(shape, axes)

    def infer_type(self) -> TensorType:
        return tensor_type(self.reduced_shape(), type_of(self.operand).element_type)


# fmt: off
class ReduceAndOp(ReductionOp, lax="reduce_and", kinds=Kind.BITS): ...
class ReduceMaxOp(ReductionOp, lax="reduce_max"): ...
class ReduceMinOp(ReductionOp, lax="reduce_min"): ...
class ReduceOrOp(ReductionOp, lax="reduce_or", kinds=Kind.BITS): ...
class ReduceProdOp(ReductionOp, lax="reduce_prod", kinds=Kind.NUMBER): ...
class ReduceSumOp(ReductionOp, lax="reduce_sum", kinds=Kind.NUMBER): ...
class ReduceXorOp(ReductionOp, lax="reduce_xor", kinds=Kind.BITS): ...
# fmt: on


class IndexReductionOp(ReductionOp, ABC):
    """Finds the index of an extreme element along one axis: the first one, or the first NaN."""

    def __init__(self, operand: SSAValue | Operation, axis: int, element: Attribute) -> None:
        source = type_of(operand).get_shape()
        result = tensor_type(without(source, (axis,)), element)
        IRDLOperation.__init__(
            self,
            operands=[operand],
            result_types=[result],
            properties={"axes": dims_attr((axis,))},
        )

    def infer_type(self) -> TensorType:
        element = type_of(self.result).element_type
        if not kind_of(element) & Kind.INTEGER:
            raise VerifyException(f"indices must be integers, got {self.result.type}")
        shape, axes = type_of(self.operand).get_shape(), self.axes.get_values()
        reduced = self.reduced_shape()
        if len(axes) != 1:
            raise VerifyException(f"expected one axis, got {list(axes)}")
        if shape[axes[0]] == 0:
            raise VerifyException("the reduced dimension must not be empty")
        return tensor_type(reduced, element)


# fmt: off
class ArgmaxOp(IndexReductionOp, lax="argmax", kinds=Kind.ORDERED): ...
class ArgminOp(IndexReductionOp, lax="argmin", kinds=Kind.ORDERED): ...
# fmt: on


def check_combined(
    inputs: Sequence[SSAValue], init_values: Sequence[SSAValue], body: Region
) -> tuple[int, ...]:
    """Return the one shape of tensors that are folded together by a function of their elements.

    Raises:
        VerifyException: if there are none, if shapes or element types do not match, or if the body
            is not a function of what is folded so far and of one element of each.
    """
    if not inputs:
        raise VerifyException("expected at least one operand")
    shape = type_of(inputs[0]).get_shape()
    if any(type_of(value).get_shape() != shape for value in inputs):
        raise VerifyException("the operands must have one shape")
    scalars = [tensor_type((), type_of(value).element_type) for value in inputs]
    if [value.type for value in init_values] != scalars:
        raise VerifyException("the initial values must be scalars like the operands' elements")
    check_region("the body", body, (*scalars, *scalars), scalars)
    return shape


class ReduceOp(LaxOp, lax="reduce"):
    """Folds tensors of one shape together, by a function of their elements.

    The body takes what has been folded so far, then one element of each tensor. The elements are
    taken in no particular order, starting from the initial values.
    """

    inputs = var_operand_def(TENSOR)
    init_values = var_operand_def(TENSOR)
    axes = prop_def(DIMS)
    body = region_def("single_block")
    outputs = var_result_def(TENSOR)

    irdl_options = (SameVariadicOperandSize(),)

    traits = traits_def(Pure(), Reduction(), IsolatedFromAbove())

    assembly_format = (
        "`(` $inputs `)` `from` `(` $init_values `)` `over` $axes "
        "attr-dict `:` functional-type(operands, results) $body"
    )

    def verify_(self) -> None:
        shape, axes = check_combined(self.inputs, self.init_values, self.body), self.axes
        check_axes("axes", axes.get_values(), len(shape))
        kept = without(shape, axes.get_values())
        expected = [tensor_type(kept, type_of(value).element_type) for value in self.inputs]
        check_result_types(self.outputs, expected)
