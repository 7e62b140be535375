"""Contractions: sums of products over shared dimensions."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.utils.enum_attribute import EnumAttribute
from xdsl.ir import Attribute, Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    irdl_attr_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.xtensor.base import (
    DIMS,
    TENSOR,
    Contraction,
    LaxOp,
    as_dims,
    check_axes,
    tensor_type,
    type_of,
    without,
)


class Precision(StrEnum):
    """How much of the operands' precision a contraction keeps on hardware with narrower units."""

    DEFAULT = "default"
    HIGH = "high"
    HIGHEST = "highest"


@irdl_attr_definition
class PrecisionAttr(EnumAttribute[Precision], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.precision"


class DotGeneralOp(LaxOp, lax="dot_general"):
    """Contracts dimensions of two tensors, over batch dimensions that both have.

    The result's dimensions are the batch dimensions, then the free ones of ``lhs``, then those of
    ``rhs``. Its element type may be wider than the operands'.
    """

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    lhs_batch = prop_def(DIMS)
    rhs_batch = prop_def(DIMS)
    lhs_contracting = prop_def(DIMS)
    rhs_contracting = prop_def(DIMS)
    lhs_precision = opt_prop_def(PrecisionAttr)
    rhs_precision = opt_prop_def(PrecisionAttr)
    result = result_def(TENSOR)

    traits = traits_def(Pure(), Contraction())

    assembly_format = (
        "$lhs `,` $rhs `batch` $lhs_batch `x` $rhs_batch "
        "`contract` $lhs_contracting `x` $rhs_contracting "
        "(`precision` $lhs_precision^ `x` $rhs_precision)? "
        "attr-dict `:` `(` type($lhs) `,` type($rhs) `)` `->` type($result)"
    )

    def __init__(
        self,
        lhs: SSAValue | Operation,
        rhs: SSAValue | Operation,
        *,
        contracting: tuple[Sequence[int], Sequence[int]],
        batch: tuple[Sequence[int], Sequence[int]] = ((), ()),
        element: Attribute | None = None,
        precision: tuple[Precision, Precision] | None = None,
    ) -> None:
        properties: dict[str, Attribute | None] = {
            "lhs_batch": as_dims(batch[0]),
            "rhs_batch": as_dims(batch[1]),
            "lhs_contracting": as_dims(contracting[0]),
            "rhs_contracting": as_dims(contracting[1]),
        }
        if precision is not None:
            properties["lhs_precision"] = PrecisionAttr(precision[0])
            properties["rhs_precision"] = PrecisionAttr(precision[1])
        left = type_of(lhs)
        super().__init__(operands=[lhs, rhs], result_types=[left], properties=properties)
        shape = self.infer_shape()
        self.result._type = tensor_type(  # pyright: ignore[reportPrivateUsage]
            shape, element or left.element_type
        )

    def infer_shape(self) -> tuple[int, ...]:
        """Return the result's shape; raise VerifyException where the dimensions do not match."""
        left, right = type_of(self.lhs).get_shape(), type_of(self.rhs).get_shape()
        left_batch, right_batch = self.lhs_batch.get_values(), self.rhs_batch.get_values()
        left_sum, right_sum = self.lhs_contracting.get_values(), self.rhs_contracting.get_values()
        check_axes("lhs dimensions", [*left_batch, *left_sum], len(left))
        check_axes("rhs dimensions", [*right_batch, *right_sum], len(right))
        for what, lhs_axes, rhs_axes in (
            ("batch", left_batch, right_batch),
            ("contracting", left_sum, right_sum),
        ):
            lhs_sizes = [left[axis] for axis in lhs_axes]
            rhs_sizes = [right[axis] for axis in rhs_axes]
            if lhs_sizes != rhs_sizes:
                raise VerifyException(
                    f"{what} dimensions must have equal sizes, got {lhs_sizes} and {rhs_sizes}"
                )
        return (
            *(left[axis] for axis in left_batch),
            *without(left, (*left_batch, *left_sum)),
            *without(right, (*right_batch, *right_sum)),
        )

    def verify_(self) -> None:
        left, right, result = type_of(self.lhs), type_of(self.rhs), type_of(self.result)
        if left.element_type != right.element_type:
            raise VerifyException(f"operands must have one element type, got {left} and {right}")
        if (self.lhs_precision is None) != (self.rhs_precision is None):
            raise VerifyException("precision must be given for both operands or for none")
        expected = self.infer_shape()
        if result.get_shape() != expected:
            raise VerifyException(f"expected a result of shape {list(expected)}, got {result}")
