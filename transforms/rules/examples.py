"""Random values on which procedures apply, for the check: what equations say by themselves."""

from __future__ import annotations

from collections.abc import Callable, Sequence

from xdsl.dialects.builtin import TensorType
from xdsl.ir import SSAValue

from xcs.dialects import xtensor
from xcs.dialects.xtensor.base import Kind, tensor_type, type_of
from xcs.transforms.rules.instances import Sampler, Stuck, eye
from xcs.transforms.rules.labels import Dims
from xcs.transforms.rules.terms import attributes, contract, tensors
from xcs.transforms.rules.views import INDEX, splat, view

_PRODUCT = contract(*tensors("a b", Kind.NUMBER), attributes("d")[0])


def product(sampler: Sampler) -> SSAValue:
    """A product under any dimension numbers."""
    return sampler.term(_PRODUCT)


def taken_from_product(sampler: Sampler) -> SSAValue:
    """Rows or columns of a product, at indices."""
    value = product(sampler)
    shape = type_of(value).get_shape()
    if not shape or 0 in shape:
        raise Stuck
    indices = sampler.argument(tensor_type((sampler.size(), 1), INDEX))
    drawn = (
        sampler.random.randrange(len(shape)),
        xtensor.IndexModeAttr(xtensor.IndexMode.CLIP),
        None,
    )
    return sampler.made(view("take"), (value, indices), drawn)


def dynamic_slice_of_product(sampler: Sampler) -> SSAValue:
    """A part of a product, at scalar indices."""
    value = product(sampler)
    shape = type_of(value).get_shape()
    if not shape:
        raise Stuck
    indices = [sampler.argument(tensor_type((), INDEX)) for _ in shape]
    sizes = [sampler.random.randint(0, size) for size in shape]
    return sampler.add(xtensor.DynamicSliceOp(value, indices, sizes))


def diagonal_of_product(sampler: Sampler) -> SSAValue:
    """The diagonal of a square product, which sums over up to two dimensions."""
    element = sampler.type(Kind.NUMBER).element_type
    size, over = sampler.size(), sampler.shape(0, 2)
    first, second = sampler.random.randint(0, len(over)), sampler.random.randint(0, len(over))
    lhs = sampler.argument(tensor_type((*over[:first], size, *over[first:]), element))
    rhs = sampler.argument(tensor_type((*over[:second], size, *over[second:]), element))
    places = [[i + (i >= cut) for i in range(len(over))] for cut in (first, second)]
    dims = Dims((), (), tuple(places[0]), tuple(places[1]), element)
    return sampler.made(view("diagonal"), (sampler.add(dims.op(lhs, rhs)),), ())


# --- Structured operands --------------------------------------------------------------------------


def _against(sampler: Sampler, structured: SSAValue, axis: int) -> SSAValue:
    """The product of a structured operand with any other one, on either side."""
    of = type_of(structured)
    size = of.get_shape()[axis]
    shape = list(sampler.shape(0, 2))
    place = sampler.random.randint(0, len(shape))
    shape.insert(place, size)
    other = sampler.argument(tensor_type(tuple(shape), of.element_type))
    pairs = (axis,), (place,)
    if sampler.random.random() < 0.5:
        return sampler.add(xtensor.DotGeneralOp(structured, other, contracting=pairs))
    return sampler.add(xtensor.DotGeneralOp(other, structured, contracting=(pairs[1], pairs[0])))


def _square(sampler: Sampler) -> TensorType:
    size = sampler.size()
    return tensor_type((size, size), sampler.type(Kind.NUMBER).element_type)


def identity_product(sampler: Sampler) -> SSAValue:
    """A product with the identity."""
    of = _square(sampler)
    mask = sampler.add(eye(sampler, of.get_shape()))
    matrix = sampler.add(xtensor.ConvertElementTypeOp(mask, of.element_type))
    return _against(sampler, matrix, sampler.random.randrange(2))


def diagonal_product(sampler: Sampler) -> SSAValue:
    """A product with a diagonal matrix, made of a vector or of a matrix."""
    of = _square(sampler)
    size = of.get_shape()[0]
    shape = sampler.random.choice([(size,), (size, 1), (1, size), (size, size)])
    value = sampler.argument(tensor_type(shape, of.element_type))
    dims = [sampler.random.randrange(2)] if len(shape) == 1 else [0, 1]
    spread = sampler.add(xtensor.BroadcastInDimOp(value, of.get_shape(), dims))
    mask = sampler.add(eye(sampler, of.get_shape()))
    zeros = sampler.add(xtensor.ConstantOp(splat(of, 0)))
    matrix = sampler.add(xtensor.SelectNOp(mask, zeros, spread))
    return _against(sampler, matrix, sampler.random.randrange(2))


def one_hot_product(sampler: Sampler) -> SSAValue:
    """A product with one-hot vectors, some of which may be zero, or with a permutation."""
    if sampler.random.random() < 0.3:
        return _permuted(sampler)
    element = sampler.type(Kind.NUMBER).element_type
    shape = list(sampler.shape(0, 2))
    axis = sampler.random.randint(0, len(shape))
    indices = sampler.argument(tensor_type(tuple(shape), INDEX))
    shape.insert(axis, sampler.size())
    whole = tuple(shape)
    rest = [dim for dim in range(len(whole)) if dim != axis]
    spread = sampler.add(xtensor.BroadcastInDimOp(indices, whole, rest))
    count = sampler.add(xtensor.IotaOp(tensor_type(whole, INDEX), axis))
    mask = sampler.add(xtensor.EqOp(spread, count))
    return _against(sampler, sampler.add(xtensor.ConvertElementTypeOp(mask, element)), axis)


def _permuted(sampler: Sampler) -> SSAValue:
    """A product with rows of the identity, each of which is there."""
    of = _square(sampler)
    size = of.get_shape()[0]
    if size == 0:
        raise Stuck
    mask = sampler.add(eye(sampler, of.get_shape()))
    matrix = sampler.add(xtensor.ConvertElementTypeOp(mask, of.element_type))
    count = sampler.add(xtensor.IotaOp(tensor_type((size, 1), INDEX), 0))
    order = sampler.add(xtensor.RevOp(count, (0,)))
    mode = xtensor.IndexModeAttr(xtensor.IndexMode.PROMISE_IN_BOUNDS)
    return _against(sampler, sampler.made(view("take"), (matrix, order), (0, mode, None)), 1)


def zero_product(sampler: Sampler) -> SSAValue:
    """A product with zeros."""
    of = sampler.type(Kind.NUMBER)
    if not of.get_shape():
        raise Stuck
    zeros = sampler.add(xtensor.ConstantOp(splat(of, 0)))
    return _against(sampler, zeros, sampler.random.randrange(of.get_num_dims()))


# --- Networks -------------------------------------------------------------------------------------


def network(sampler: Sampler) -> SSAValue:
    """A random tree of products, sums, transposes, scalings, broadcasts and reshapes."""
    element = sampler.type(Kind.NUMBER).element_type
    leaves = sampler.random.randint(2, 5)
    values = [sampler.argument(tensor_type(sampler.shape(1, 3), element)) for _ in range(leaves)]
    while len(values) > 1:
        left, right = values.pop(0), values.pop(0)
        values.append(_moved(sampler, _joined(sampler, left, right)))
    last = type_of(values[0])
    if sampler.random.random() < 0.5:
        return sampler.add(
            xtensor.ReduceSumOp(values[0], sampler.subset(range(last.get_num_dims())))
        )
    return values[0]


def _joined(sampler: Sampler, left: SSAValue, right: SSAValue) -> SSAValue:
    """A product over dimensions that happen to have one size."""
    shapes = type_of(left).get_shape(), type_of(right).get_shape()
    pairs: list[tuple[int, int]] = []
    for i, size in enumerate(shapes[0]):
        taken = [right for _, right in pairs]
        fitting = [j for j, s in enumerate(shapes[1]) if s == size and j not in taken]
        if fitting and sampler.random.random() < 0.7:
            pairs.append((i, sampler.random.choice(fitting)))
    cut = sampler.random.randint(0, min(1, len(pairs)))
    batch, over = pairs[:cut], pairs[cut:]
    return sampler.add(
        xtensor.DotGeneralOp(left, right, contracting=_unzipped(over), batch=_unzipped(batch))
    )


def _unzipped(pairs: Sequence[tuple[int, int]]) -> tuple[list[int], list[int]]:
    return [left for left, _ in pairs], [right for _, right in pairs]


def _moved(sampler: Sampler, value: SSAValue) -> SSAValue:
    of = type_of(value)
    shape, rank = of.get_shape(), of.get_num_dims()
    match sampler.random.randrange(6):
        case 0:
            order = sampler.random.sample(range(rank), rank)
            return sampler.add(xtensor.TransposeOp(value, order))
        case 1:
            return sampler.add(xtensor.ReduceSumOp(value, sampler.subset(range(rank))))
        case 2:
            scale = sampler.argument(tensor_type((), of.element_type))
            spread = sampler.add(xtensor.BroadcastInDimOp(scale, shape))
            return sampler.add(xtensor.MulOp(spread, value))
        case 3:
            return sampler.add(xtensor.BroadcastInDimOp(value, (2, *shape), range(1, rank + 1)))
        case 4:
            return sampler.add(xtensor.ReshapeOp(value, (1, *shape)))
        case _:
            return value


Example = Callable[[Sampler], SSAValue]
