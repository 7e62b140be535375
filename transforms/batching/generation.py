"""Batching of generation ops: of those that make random bits, as the others take no operands."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import i32
from xdsl.ir import Operation

from xcs.dialects import xtensor
from xcs.dialects.xtensor import dims_attr, tensor_type, type_of
from xcs.transforms.batching.batcher import Batched, Batcher, Rule, insert


def batch_rng_bit_generator(
    batch: Batcher, op: xtensor.RngBitGeneratorOp, key: Batched
) -> Sequence[Batched]:
    """The state of the first element gives the bits of all; the other states stay as they are.

    That is what JAX does: the generator makes many bits at once, and has no states side by side.
    """
    states = batch.at(key, 0)
    state, bits = type_of(op.key), type_of(op.bits)
    (words,) = state.get_shape()
    first = tensor_type((1, words), state.element_type)
    (row,) = batch.emit(
        xtensor.SliceOp,
        (states,),
        (first,),
        {
            "start_indices": dims_attr((0, 0)),
            "limit_indices": dims_attr((1, words)),
            "strides": dims_attr((1, 1)),
        },
    )
    whole = tensor_type(insert(bits.get_shape(), 0, batch.size), bits.element_type)
    next_state, made = batch.emit(
        type(op), (batch.reshape(row, (words,)),), (state, whole), op.properties
    )
    start = batch.constant(i32, 0)
    operands = (states, batch.reshape(next_state, (1, words)), start, start)
    (states,) = batch.emit(xtensor.DynamicUpdateSliceOp, operands, (states.type,))
    return [Batched(states, 0), Batched(made, 0)]


RULES: dict[type[Operation], Rule] = {
    xtensor.RngBitGeneratorOp: batch_rng_bit_generator,
}
