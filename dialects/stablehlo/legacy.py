"""Ops that are not in the specification any more, but that programs still hold."""

from xdsl.dialects.builtin import StringAttr
from xdsl.irdl import (
    IRDLOperation,
    irdl_op_definition,
    operand_def,
    prop_def,
    result_def,
    traits_def,
)
from xdsl.traits import Pure

from .base import (
    DIM,
    DIMS,
    QUANTIZABLE_TENSOR,
    TENSOR,
    check,
    check_same_element,
    check_shape,
    shape_of,
)
from .formats import Dims
from .forms import hlo_op


@hlo_op
class BroadcastOp(IRDLOperation):
    """The operand in every place of new dimensions, which come first."""

    name = "stablehlo.broadcast"
    operand = operand_def(TENSOR)
    broadcast_sizes = prop_def(DIMS)
    result = result_def(QUANTIZABLE_TENSOR)

    traits = traits_def(Pure())
    custom_directives = (Dims,)
    assembly_format = (
        "$operand `,` `sizes` `=` custom<Dims>($broadcast_sizes) attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )

    def verify_(self) -> None:
        check_same_element(self.operand, self.result)
        sizes = self.broadcast_sizes.get_values()
        check(min(sizes, default=0) >= 0, "sizes are never negative")
        check_shape("result", self.result, (*sizes, *shape_of(self.operand)))


@hlo_op
class EinsumOp(IRDLOperation):
    """Sums of products, as an equation between dimensions says: `"ij,jk->ik"`."""

    name = "stablehlo.einsum"
    lhs = operand_def(TENSOR)
    rhs = operand_def(TENSOR)
    einsum_config = prop_def(StringAttr)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "$lhs `,` $rhs `,` `config` `=` $einsum_config attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )


@hlo_op
class UnaryEinsumOp(IRDLOperation):
    """Sums of elements, as an equation between dimensions says: `"ij->i"`."""

    name = "stablehlo.unary_einsum"
    operand = operand_def(TENSOR)
    einsum_config = prop_def(StringAttr)
    result = result_def(TENSOR)

    traits = traits_def(Pure())
    assembly_format = (
        "$operand `,` `config` `=` $einsum_config attr-dict "
        "`:` custom<Signature>(type(operands), type(results))"
    )


@irdl_op_definition
class TorchIndexSelectOp(IRDLOperation):
    """The slices of the operand along a dimension at the places that `index` holds."""

    name = "stablehlo.torch_index_select"
    operand = operand_def(TENSOR)
    index = operand_def(TENSOR)
    dim = prop_def(DIM)
    batch_dims = prop_def(DIM)
    result = result_def(TENSOR)

    traits = traits_def(Pure())


OPS: list[type[IRDLOperation]] = [BroadcastOp, EinsumOp, TorchIndexSelectOp, UnaryEinsumOp]
