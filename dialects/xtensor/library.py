"""Library ops: algorithms that are taken as a whole."""

from __future__ import annotations

from collections.abc import Sequence

from xdsl.dialects.builtin import (
    FloatAttr,
    StringAttr,
    TensorType,
    UnitAttr,
    i32,
)
from xdsl.dialects.utils import EnumAttribute
from xdsl.ir import Operation, SpacedOpaqueSyntaxAttribute, SSAValue
from xdsl.irdl import (
    ParsePropInAttrDict,
    irdl_attr_definition,
    operand_def,
    opt_prop_def,
    prop_def,
    result_def,
    traits_def,
    var_operand_def,
    var_result_def,
)
from xdsl.traits import Pure
from xdsl.utils.exceptions import VerifyException
from xdsl.utils.str_enum import StrEnum

from xcs.dialects.xtensor.base import (
    DIMS,
    INT,
    TENSOR,
    InferredOp,
    Kind,
    LaxOp,
    Library,
    TensorOf,
    as_dims,
    as_int,
    check_axes,
    check_result_types,
    complex_of,
    kind_of,
    real_part,
    tensor_type,
    type_of,
)


class SortOp(LaxOp, lax="sort"):
    """The operands, reordered alike along one dimension, so that the first ``num_keys`` ascend.

    Keys are compared in order of the operands. Zeros of either sign are equal, NaNs are equal and
    come last, and complex numbers are compared by their real part, then by their imaginary part.
    Where ``is_stable`` is not given, elements with equal keys may come in any order.
    """

    inputs = var_operand_def(TENSOR)
    dimension = prop_def(INT)
    num_keys = prop_def(INT)
    is_stable = opt_prop_def(UnitAttr)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Library())

    assembly_format = (
        "$inputs `along` $dimension `keys` $num_keys (`stable` $is_stable^)? attr-dict "
        "`:` functional-type(operands, results)"
    )

    def __init__(
        self,
        inputs: Sequence[SSAValue | Operation],
        dimension: int,
        *,
        num_keys: int = 1,
        is_stable: bool = True,
    ) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[[type_of(value) for value in inputs]],
            properties={
                "dimension": as_int(dimension),
                "num_keys": as_int(num_keys),
                "is_stable": UnitAttr() if is_stable else None,
            },
        )

    def verify_(self) -> None:
        types = [type_of(value) for value in self.inputs]
        if not 1 <= self.num_keys.value.data <= len(types):
            raise VerifyException(
                f"{len(types)} operands cannot be sorted by {self.num_keys.value.data} keys"
            )
        if len({tensor.get_shape() for tensor in types}) > 1:
            raise VerifyException(f"shapes differ: {', '.join(map(str, types))}")
        check_axes("dimension", (self.dimension.value.data,), types[0].get_num_dims())
        check_result_types(self.outputs, types)


class TopKOp(LaxOp, lax="top_k"):
    """The ``k`` largest elements along one dimension in descending order, and their indices.

    NaNs are largest; of equal elements the first comes first.
    """

    operand = operand_def(TensorOf(Kind.ORDERED))
    k = prop_def(INT)
    axis = prop_def(INT)
    values = result_def(TENSOR)
    indices = result_def(TENSOR)

    traits = traits_def(Pure(), Library())

    assembly_format = (
        "$operand `k` $k `along` $axis attr-dict `:` functional-type(operands, results)"
    )

    def __init__(self, operand: SSAValue | Operation, k: int, axis: int) -> None:
        super().__init__(
            operands=[operand],
            result_types=_found_types(type_of(operand), k, axis),
            properties={"k": as_int(k), "axis": as_int(axis)},
        )

    def verify_(self) -> None:
        source, k, axis = type_of(self.operand), self.k.value.data, self.axis.value.data
        _check_found(source, k, axis)
        check_result_types(self.results, _found_types(source, k, axis))


class ApproxTopKOp(LaxOp, lax="approx_top_k"):
    """Large (or small) elements along one dimension, which are likely the ``k`` largest, and where.

    ``recall_target`` is the share of the true ones to be expected. Without ``aggregate_to_topk``
    more elements than ``k`` may be found, in no order. The recall is estimated for a dimension of
    size ``reduction_input_size_override``, unless that is -1.
    """

    operand = operand_def(TensorOf(Kind.FLOAT))
    k = prop_def(INT)
    reduction_dimension = prop_def(INT)
    recall_target = prop_def(FloatAttr)
    is_max_k = opt_prop_def(UnitAttr)
    reduction_input_size_override = prop_def(INT)
    aggregate_to_topk = opt_prop_def(UnitAttr)
    values = result_def(TENSOR)
    indices = result_def(TENSOR)

    traits = traits_def(Pure(), Library())
    irdl_options = (ParsePropInAttrDict(),)

    assembly_format = (
        "$operand `k` $k `along` $reduction_dimension attr-dict "
        "`:` functional-type(operands, results)"
    )

    def verify_(self) -> None:
        source, axis = type_of(self.operand), self.reduction_dimension.value.data
        _check_found(source, self.k.value.data, axis)
        values = type_of(self.values)
        count = values.get_shape()[axis] if axis < values.get_num_dims() else 0
        if self.aggregate_to_topk is not None or count < self.k.value.data:
            count = self.k.value.data
        check_result_types(self.results, _found_types(source, count, axis))


def _check_found(source: TensorType, k: int, axis: int) -> None:
    check_axes("dimension", (axis,), source.get_num_dims())
    if not 0 <= k <= source.get_shape()[axis]:
        raise VerifyException(f"{source} does not have {k} elements along dimension {axis}")


def _found_types(source: TensorType, count: int, axis: int) -> list[TensorType]:
    """The types of ``count`` elements along an axis, and of their indices."""
    shape = source.get_shape()
    found = (*shape[:axis], count, *shape[axis + 1 :])
    return [tensor_type(found, source.element_type), tensor_type(found, i32)]


class FftType(StrEnum):
    """Which Fourier transform: forward or inverse, complex or of a real side."""

    FFT = "fft"
    IFFT = "ifft"
    RFFT = "rfft"
    IRFFT = "irfft"


@irdl_attr_definition
class FftTypeAttr(EnumAttribute[FftType], SpacedOpaqueSyntaxAttribute):
    name = "xtensor.fft_type"


class FftOp(InferredOp, lax="fft"):
    """A Fourier transform over the last dimensions, as many as ``fft_lengths`` has numbers.

    ``rfft`` takes reals and gives the first half of the last dimension, ``n // 2 + 1`` numbers;
    ``irfft`` takes such a half.
    """

    operand = operand_def(TensorOf(Kind.INEXACT))
    fft_type = prop_def(FftTypeAttr)
    fft_lengths = prop_def(DIMS)

    traits = traits_def(Pure(), Library())

    assembly_format = (
        "$operand $fft_type `lengths` $fft_lengths attr-dict `:` type($operand) `->` type($result)"
    )

    def __init__(
        self, operand: SSAValue | Operation, fft_type: FftType, fft_lengths: Sequence[int]
    ) -> None:
        properties = {"fft_type": FftTypeAttr(fft_type), "fft_lengths": as_dims(fft_lengths)}
        self._build([operand], properties, type_of(operand))

    def infer_type(self) -> TensorType:
        source, lengths = type_of(self.operand), self.fft_lengths.get_values()
        kind, element = self.fft_type.data, source.element_type
        shape, rank = source.get_shape(), source.get_num_dims() - len(lengths)
        half = (*lengths[:-1], lengths[-1] // 2 + 1) if lengths else ()
        takes, gives = lengths, lengths
        match kind:
            case FftType.RFFT:
                gives, result = half, complex_of(element)
            case FftType.IRFFT:
                takes, result = half, real_part(element)
            case _:
                result = element
        is_real = kind_of(element) is Kind.FLOAT
        if (
            not 1 <= len(lengths) <= 3
            or is_real != (kind is FftType.RFFT)
            or shape[max(rank, 0) :] != takes
        ):
            raise VerifyException(
                f"{kind} with lengths {list(lengths)} does not transform {source}"
            )
        return tensor_type((*shape[:rank], *gives), result)


class PrimitiveOp(LaxOp, lax="primitive"):
    """A JAX primitive that has no op of its own yet, as the StableHLO that JAX lowers it to.

    ``stablehlo`` is the text of a module whose public function ``@main`` takes this op's operands
    and returns its results.
    """

    primitive = prop_def(StringAttr, prop_name="name")
    stablehlo = prop_def(StringAttr)
    inputs = var_operand_def(TENSOR)
    outputs = var_result_def(TENSOR)

    traits = traits_def(Pure(), Library())

    assembly_format = (
        "$name `(` $inputs `)` `stablehlo` `=` $stablehlo "
        "attr-dict `:` functional-type(operands, results)"
    )

    def __init__(
        self,
        primitive: str,
        stablehlo: str,
        inputs: Sequence[SSAValue | Operation],
        outputs: Sequence[TensorType],
    ) -> None:
        super().__init__(
            operands=[inputs],
            result_types=[outputs],
            properties={"name": StringAttr(primitive), "stablehlo": StringAttr(stablehlo)},
        )

    def verify_(self) -> None:
        if "@main" not in self.stablehlo.data:
            raise VerifyException("expected the text of a StableHLO module with a function @main")
