"""Contractions: sums of products over shared dimensions."""

from __future__ import annotations

from abc import ABC
from collections.abc import Sequence
from typing import cast

from xdsl.dialects.builtin import FixedBitwidthType
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
    CompositeOp,
    Contraction,
    Kind,
    LaxOp,
    as_dims,
    check_axes,
    kind_of,
    real_part,
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


class DotAlgorithm(StrEnum):
    """The arithmetic that a contraction asks for: the types of both operands, and of the sums.

    These are ``jax.lax.DotAlgorithmPreset``. ``X3`` stands for three products in place of one,
    which together are more precise.
    """

    DEFAULT = "DEFAULT"
    ANY_F8_ANY_F8_F32 = "ANY_F8_ANY_F8_F32"
    ANY_F8_ANY_F8_F32_FAST_ACCUM = "ANY_F8_ANY_F8_F32_FAST_ACCUM"
    ANY_F8_ANY_F8_ANY = "ANY_F8_ANY_F8_ANY"
    ANY_F8_ANY_F8_ANY_FAST_ACCUM = "ANY_F8_ANY_F8_ANY_FAST_ACCUM"
    F16_F16_F16 = "F16_F16_F16"
    F16_F16_F32 = "F16_F16_F32"
    BF16_BF16_BF16 = "BF16_BF16_BF16"
    BF16_BF16_F32 = "BF16_BF16_F32"
    BF16_BF16_F32_X3 = "BF16_BF16_F32_X3"
    BF16_BF16_F32_X6 = "BF16_BF16_F32_X6"
    BF16_BF16_F32_X9 = "BF16_BF16_F32_X9"
    TF32_TF32_F32 = "TF32_TF32_F32"
    TF32_TF32_F32_X3 = "TF32_TF32_F32_X3"
    F32_F32_F32 = "F32_F32_F32"
    F64_F64_F64 = "F64_F64_F64"


@irdl_attr_definition
class DotAlgorithmAttr(EnumAttribute[DotAlgorithm], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.dot_algorithm"


_RANKS = (Kind.BOOL | Kind.INTEGER, Kind.FLOAT, Kind.COMPLEX)


def _promotion_rank(element: Attribute) -> tuple[int, int]:
    """Order element types by what a contraction of two of them gives: the kind, then the width."""
    (rank,) = (i for i, kinds in enumerate(_RANKS) if kind_of(element) & kinds)
    return rank, cast(FixedBitwidthType, real_part(element)).bitwidth


def check_contracted_element(elements: Sequence[Attribute], result: Attribute) -> None:
    """Require a result type that is no narrower than the operands'; floats may become narrower.

    This is the rule of ``preferred_element_type`` in lax.
    """
    promoted = max(elements, key=_promotion_rank)
    if not kind_of(promoted) & Kind.FLOAT and result != promoted:
        if _promotion_rank(result)[1] < _promotion_rank(promoted)[1]:
            raise VerifyException(f"{result} is narrower than {promoted}, which it is to hold")


_DIMENSIONS = "`batch` $lhs_batch `x` $rhs_batch `contract` $lhs_contracting `x` $rhs_contracting"


class DotGeneralOp(LaxOp, lax="dot_general"):
    """Contracts dimensions of two tensors, over batch dimensions that both have.

    The result's dimensions are the batch dimensions, then the free ones of ``lhs``, then those of
    ``rhs``. Its element type may be wider than the operands', which may differ.
    """

    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    lhs_batch = prop_def(DIMS)
    rhs_batch = prop_def(DIMS)
    lhs_contracting = prop_def(DIMS)
    rhs_contracting = prop_def(DIMS)
    lhs_precision = opt_prop_def(PrecisionAttr)
    rhs_precision = opt_prop_def(PrecisionAttr)
    algorithm = opt_prop_def(DotAlgorithmAttr)
    result = result_def(TENSOR)

    traits = traits_def(Pure(), Contraction())

    assembly_format = (
        f"$lhs `,` $rhs {_DIMENSIONS} "
        "(`precision` $lhs_precision^ `x` $rhs_precision)? (`algorithm` $algorithm^)? "
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
        algorithm: DotAlgorithm | None = None,
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
        if algorithm is not None:
            properties["algorithm"] = DotAlgorithmAttr(algorithm)
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
        if (self.lhs_precision is None) != (self.rhs_precision is None):
            raise VerifyException("precision must be given for both operands or for none")
        if self.algorithm is None:
            check_contracted_element((left.element_type, right.element_type), result.element_type)
        elif self.lhs_precision is not None:
            raise VerifyException("an algorithm takes the place of precisions")
        expected = self.infer_shape()
        if result.get_shape() != expected:
            raise VerifyException(f"expected a result of shape {list(expected)}, got {result}")


_DEFINITION = "custom<Definition>($inputs, type($inputs), type($outputs), $definition)"


class CompositeDotOp(CompositeOp, ABC, op_class=Contraction):
    """Base of the contractions that say what they compute."""

    lhs_batch = prop_def(DIMS)
    rhs_batch = prop_def(DIMS)
    lhs_contracting = prop_def(DIMS)
    rhs_contracting = prop_def(DIMS)

    assembly_format = f"{_DIMENSIONS} attr-dict {_DEFINITION}"


class RaggedDotGeneralOp(CompositeDotOp, lax="ragged_dot_general"):
    """Contracts groups of consecutive elements of a dimension of ``lhs``, each on its own.

    The operands are both tensors and the sizes of the groups along the dimension ``lhs_ragged``.
    """

    lhs_ragged = prop_def(DIMS)
    rhs_group = prop_def(DIMS)

    assembly_format = (
        f"{_DIMENSIONS} `ragged` $lhs_ragged `groups` $rhs_group attr-dict {_DEFINITION}"
    )


class ScaledDotOp(CompositeDotOp, lax="scaled_dot"):
    """Contracts tensors of narrow floats whose blocks have a scale each.

    The operands are both tensors, then the scales of both.
    """
