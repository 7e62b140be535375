"""Lowering of combiners: the functions of scalars by which elements are folded."""

from __future__ import annotations

from xdsl.ir import Attribute, Block, Operation, Region, SSAValue

from xcs.dialects import xtensor
from xcs.dialects.creation import create_op
from xcs.dialects.stablehlo import control, elementwise
from xcs.dialects.xtensor import Kind, kind_of, tensor_type
from xcs.transforms.convert_xtensor_to_stablehlo.emitter import Emitter

_MINMAX: dict[type[Operation], type[Operation]] = {
    elementwise.MaximumOp: xtensor.MaxOp,
    elementwise.MinimumOp: xtensor.MinOp,
}


def combine(
    emit: Emitter, combiner: type[Operation], lhs: SSAValue, rhs: SSAValue, element: Attribute
) -> SSAValue:
    """Combine two values; complex numbers are compared as xtensor.max and xtensor.min do it."""
    composed = _MINMAX.get(combiner)
    if composed is None or not kind_of(element) & Kind.COMPLEX:
        return emit.same(combiner, lhs, rhs)
    op = create_op(composed, (lhs, rhs), (lhs.type,), {}, emit.location)
    emit.lower(op)
    return emit.conversion.lowered[op.results[0]]


def combining_region(emit: Emitter, combiner: type[Operation], element: Attribute) -> Region:
    """Return the region that combines two elements by one op."""
    scalar = tensor_type((), element)
    block = Block(arg_types=(scalar, scalar))
    lhs, rhs = block.args
    body = emit.inner()
    result = combine(body, combiner, lhs, rhs, element)
    body.many(control.ReturnOp, (result,), ())
    return body.into_region(block)
